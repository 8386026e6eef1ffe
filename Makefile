# Everything runs in .venv, made on first use from the hash-locked requirements.txt.
PYTHON ?= python3
MODEL ?= model
URL ?= http://localhost:8050
BIN := .venv/bin

.PHONY: up test test-all lint bench screenshots lock clean
.DEFAULT_GOAL := up

$(BIN)/.installed: requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

up: $(BIN)/.installed  ## Demo model (made once), model server and dashboard on http://localhost:8050
	$(BIN)/car-classifier up

# The files with the longest tests are early in the order of their names.
PYTEST := $(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder --durations 15

test: $(BIN)/.installed  ## Tests, in two processes, but for the longest; screenshots land in artefacts/
	$(PYTEST) -m "not long"

test-all: $(BIN)/.installed  ## All tests, as CI runs them
	$(PYTEST)

lint: $(BIN)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(BIN)/.installed  ## Cost of an explanation; MODEL=folder for another than model/
	$(BIN)/python -m benchmarks explain-cost $(MODEL)

screenshots: $(BIN)/.installed  ## Pictures of every page for the README; URL=address of a running dashboard
	$(BIN)/python docs/screenshots.py $(URL)

LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --python-version 3.11 \
	--custom-compile-command "make lock" pyproject.toml

lock: $(BIN)/.installed  ## Compile the lock files anew from pyproject.toml; --upgrade with ARGS=--upgrade
	$(LOCK) --all-extras --output-file requirements.txt $(ARGS)
	$(LOCK) --extra dashboard --constraint requirements.txt --output-file dashboard/requirements.txt $(ARGS)
	$(LOCK) --extra classifier --constraint requirements.txt --output-file deploy/classifier/requirements.txt $(ARGS)

clean:  ## Remove what tools made; photos and models stay
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache build artefacts *.egg-info
	find . -name __pycache__ -not -path './.git/*' -type d -prune -exec rm -rf {} +
