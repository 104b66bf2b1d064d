# Everything that is done with this repository; `make` lists it. Needs make and Python 3.11, 3.12 or 3.13.

PYTHON ?=
STAGE ?= dev
AWS_DEFAULT_REGION ?= eu-central-1
export AWS_DEFAULT_REGION

VENV := .venv
BIN := $(VENV)/bin
PACKAGE := build/package-$(STAGE)
PIP_INSTALL := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --no-input
PYTEST_ARGS ?=
WORKERS ?= auto
OPERATIONS ?= 100000
SEED ?=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help run demo test bench schemathesis soak test-chains check lint types contracts openapi openapi-check package format clean

help:  ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.installed  ## Run the whole system on this machine (make run PORT=9000, ENGINE=dynamodb-local, …)
	@exec $(BIN)/python -m sandbox

demo: $(VENV)/.installed-dev  ## Play the whole story against a running sandbox, step by step
	@exec $(BIN)/python -m sandbox.demo

test: $(VENV)/.installed-dev  ## Run all tests (make test PYTEST_ARGS="-m 'not slow' -x", WORKERS=0 in one process)
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(PYTEST_ARGS)

bench: $(VENV)/.installed-dev  ## Print what each operation costs, one figure a line
	@$(BIN)/python -m benchmarks

soak: $(VENV)/.installed-dev  ## A hundred thousand random operations, audited (make soak OPERATIONS=5000 SEED=7)
	@$(BIN)/python -m tests.soak.run --operations $(OPERATIONS) $(if $(SEED),--seed $(SEED))

test-chains: $(VENV)/.installed-dev  ## Run one contract suite over every chain's node, simulated and real
	$(BIN)/python -m sandbox.nodes
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal tests/chains/test_*_contract.py $(PYTEST_ARGS)

schemathesis: $(VENV)/.installed-dev  ## Ask the API 200 examples an operation against its own document (about 20 minutes)
	$(BIN)/python -m tests.contract.conformance --examples 200

check: lint types contracts openapi-check package test  ## Do all that CI does

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/.installed-dev
	$(BIN)/mypy

contracts: $(VENV)/.installed-dev
	$(BIN)/lint-imports

format: $(VENV)/.installed-dev  ## Format the code and repair what the linter can
	$(BIN)/ruff check --fix-only --quiet
	$(BIN)/ruff format

openapi: $(VENV)/.installed-dev  ## Write docs/openapi.json anew from the routes
	$(BIN)/python -m chalicelib.api.openapi --write docs/openapi.json

openapi-check: $(VENV)/.installed-dev
	$(BIN)/python -m chalicelib.api.openapi --check docs/openapi.json

package: $(VENV)/.installed-dev  ## Build and check the deployment's template and zip (make package STAGE=prod)
	@find chalicelib -name __pycache__ -type d -prune -exec rm -rf {} +
	$(BIN)/chalice package --stage $(STAGE) --merge-template infra/resources.json $(PACKAGE)
	$(BIN)/cfn-lint --regions $(AWS_DEFAULT_REGION) --template $(PACKAGE)/sam.json
	$(BIN)/python infra/check_template.py $(PACKAGE)/sam.json

clean:  ## Remove what was built and cached; .venv, .engine and the sandbox's data stay
	rm -rf build .chalice/deployments .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find app.py chalicelib sandbox tests benchmarks infra -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp says that the environment holds what the requirements file named when it was last installed.
$(VENV)/.installed: requirements.txt $(VENV)/.created
	@echo "Installing requirements.txt into $(VENV) …"
	@$(PIP_INSTALL) -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt requirements.txt $(VENV)/.created
	@echo "Installing requirements-dev.txt into $(VENV) …"
	@$(PIP_INSTALL) -r requirements-dev.txt
	@touch $(VENV)/.installed $@

$(VENV)/.created:
	@for candidate in $(or $(PYTHON),python3.11 python3.12 python3.13 python3); do \
	  if "$$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then \
	    "$$candidate" -m venv $(VENV) && touch $@ && exit 0; exit 1; \
	  fi; \
	done; \
	echo "Sluice needs Python 3.11, 3.12 or 3.13: install one, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1
