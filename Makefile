# make demo | test | proofs | gpu | lint | bench: each makes .venv and installs first, if need be.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: demo test proofs gpu lint bench clean

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
