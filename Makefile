# Everything runs in .venv, made on first use from the hash-locked requirements.txt.
PYTHON ?= python3
MODEL ?= model
URL ?= http://localhost:8050
BIN := .venv/bin

.PHONY: up check test test-all test-units test-scripts coverage lint lint-scripts bench blog screenshots first-minutes reference site links lock clean
.DEFAULT_GOAL := up

$(BIN)/.installed: requirements.txt pyproject.toml
	@$(PYTHON) -I car_classifier/preflight.py --install .
	@echo "Installing TensorFlow and the rest into .venv: 3.6 GB, some minutes"
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --disable-pip-version-check --require-hashes --requirement requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

up:  ## The page on http://localhost:8050; it shows how the demo model is made, once
	@$(PYTHON) -I car_classifier/preflight.py 8050 8501
	@$(MAKE) --silent $(BIN)/.installed
	$(BIN)/car-classifier up --resume-with "make up"

PYTEST := $(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

check: $(BIN)/.installed  ## Lint, types and the unit tests of both languages; what to run while you write
	@$(MAKE) --no-print-directory --jobs 2 --output-sync lint lint-scripts test-scripts test-units

test: $(BIN)/.installed test-scripts  ## Tests, in two processes, but for the longest; screenshots land in artefacts/
	$(PYTEST) -m "not long" --durations 10

test-all: $(BIN)/.installed test-scripts  ## All tests
	$(PYTEST) --durations 10

coverage: $(BIN)/.installed test-scripts  ## All tests, and the share of each room that they reach
	$(PYTEST) --durations 10 --cov --cov-report=
	$(BIN)/coverage json --quiet -o build/coverage.json
	$(BIN)/python -m tests.support.coverage_by_room build/coverage.json

test-units: $(BIN)/.installed
	$(PYTEST) -m "not (slow or long)" --durations 10

lint: $(BIN)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The scripts of the pages need no Node.js to run: these targets are for those who change them.
lint-scripts:
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory node_modules/.installed && npm run --silent lint; \
	else echo "Node.js is not installed: the linters of the scripts are left out."; fi

test-scripts:
	@if command -v node >/dev/null; then npm test --silent; \
	else echo "Node.js is not installed: the unit tests of the scripts are left out."; fi

node_modules/.installed: package-lock.json
	npm ci --silent --no-audit --no-fund
	touch $@

bench: $(BIN)/.installed  ## Cost of an explanation; MODEL=folder for another than model/
	$(BIN)/python -m benchmarks explain-cost $(MODEL)

blog: $(BIN)/.installed  ## Run the series and write its notebooks and pages; PARTS=part_2_serving for one, PROSE=1 after a change of texts alone
	$(BIN)/python -m blog.build $(if $(PROSE),--prose) $(PARTS)

screenshots: $(BIN)/.installed  ## Pictures of every page for the README; URL=address of a running dashboard
	$(BIN)/python -m docs.screenshots $(URL)

first-minutes: $(BIN)/.installed  ## Five pictures of the first minutes of make up; start it just before, on a folder without a model
	$(BIN)/python -m docs.first_minutes $(URL)

reference: $(BIN)/.installed  ## docs/reference: the pages that are written from the code
	$(BIN)/python -m docs.reference.generate

site: $(BIN)/.installed  ## All documentation as one site, in build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --config-file docs/site/mkdocs.yml

links: site  ## Ask every address outside that the site links to; needs the network
	$(BIN)/uv tool run --from linkchecker==10.6.0 linkchecker --check-extern --no-status \
		--ignore-url '^https?://(localhost|127\.)' build/site/index.html

LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --python-version 3.11 \
	--custom-compile-command "make lock" pyproject.toml

lock: $(BIN)/.installed  ## Compile the lock files from pyproject.toml; --upgrade with ARGS=--upgrade
	$(LOCK) --all-extras --output-file requirements.txt $(ARGS)
	$(LOCK) --extra dashboard --extra postgres --extra heic --constraint requirements.txt --output-file dashboard/requirements.txt $(ARGS)
	$(LOCK) --extra classifier --extra postgres --constraint requirements.txt --output-file deploy/classifier/requirements.txt $(ARGS)

clean:  ## Remove what tools made; photos and models stay
	rm -rf .venv node_modules .mypy_cache .pytest_cache .ruff_cache build artefacts *.egg-info
	find . -name __pycache__ -not -path './.git/*' -type d -prune -exec rm -rf {} +
