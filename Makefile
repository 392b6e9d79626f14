# make demo | test | proofs | gpu | browser | docs | notebook | lint | bench: each makes .venv and installs first, if need be.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: demo test proofs gpu browser docs notebook lint bench clean

demo: $(INSTALLED)
	$(BIN)/sedkd-search --env street --trials 12
	$(BIN)/sedkd front --env street

test: $(INSTALLED)
	$(BIN)/python -m pytest

proofs: $(INSTALLED)
	$(BIN)/python -m pytest -m slow

gpu: $(INSTALLED)
	$(BIN)/python -m pytest -n 0 tests/train/test_cuda.py tests/test_two_devices.py tests/trial/test_running.py
	$(BIN)/python benchmarks/cohort.py --device cuda

browser: $(INSTALLED)
	npm install --no-save --no-audit --no-fund onnxruntime-web@1.30.0
	$(BIN)/python -m pytest -n 0 tests/browser tests/review/test_page.py

docs: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --editable ".[docs]"
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict

notebook: $(INSTALLED)
	$(BIN)/python -m pip install --quiet --editable ".[notebook]"
	$(BIN)/python -m pytest -n 0 -m slow tests/test_notebook.py

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(INSTALLED)
	$(BIN)/python benchmarks/steps.py

$(INSTALLED): pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	touch $@

clean:
	rm -rf .venv build *.egg-info
