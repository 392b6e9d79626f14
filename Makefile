# make demo | test | proofs | lint | bench: each makes .venv and installs first, if need be.
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: demo test proofs lint bench clean

demo: $(INSTALLED)
	$(BIN)/sedkd-search --env street --trials 12
	$(BIN)/sedkd front --env street

test: $(INSTALLED)
	$(BIN)/python -m pytest

proofs: $(INSTALLED)
	$(BIN)/python -m pytest -m slow

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
