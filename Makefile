# webref: every command a person or a machine needs. `make help` lists them.

SHELL := /bin/bash
.DEFAULT_GOAL := help

PORT ?= 8484
DATA ?= data
ROWS ?=
FAULTS ?=

# The first Python that is new enough, unless PYTHON names one.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/runtime.stamp
DEVELOPMENT := $(VENV)/development.stamp
MODULES := web/node_modules/.stamp
AUDIT := tests/audit/node_modules/.stamp
PROVIDER := tests/oidc/node_modules/.stamp
SITE := build/web/index.html

WEB_SOURCES := $(shell find web -path web/node_modules -prune -o -path web/src/generated -prune -o -type f -print 2>/dev/null)
PYTHON_ROOMS := domain workers schema api tests

.PHONY: help setup run test test-python test-web nightly faults check check-python check-web format lock words schema migration bench screenshots clean

help: ## Show this list
	@echo "webref: a self-hosted reference board. What you can do here:"
	@echo
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'
	@echo
	@echo "make run PORT=9000 DATA=/srv/webref    other port, other data folder"
	@echo "make bench ROWS=\"S1 I3\"                only these rows"

setup: $(RUNTIME) $(SITE) ## Set up all that `make run` needs, without running it

run: setup ## Set up and serve webref (PORT=8484 DATA=data)
	@exec $(BIN)/webref serve --port "$(PORT)" --data "$(DATA)"

test: test-web test-python ## Set up and run every test

test-python: $(DEVELOPMENT) $(SITE) $(AUDIT) $(PROVIDER)
	$(BIN)/pytest $(PYTEST_ARGS)

test-web: $(MODULES) web/src/generated
	npm --prefix web test

nightly: $(DEVELOPMENT) $(SITE) ## The long proofs: 10,000 runs of the state machine, 50 seeds of eight clients, 100,000 spoilt files, 200 boards
	HYPOTHESIS_PROFILE=nightly $(BIN)/pytest tests/domain/test_machine.py tests/journeys/test_eight_clients.py \
		tests/domain/test_mutations.py tests/journeys/test_geometry.py $(PYTEST_ARGS)

faults: $(DEVELOPMENT) $(SITE) ## Thirty faults under load, the invariants after each, for hours (FAULTS="F1 F7 --seeds 3")
	@$(BIN)/python -m tests.faults $(FAULTS)

check: check-python check-web ## Format, lint, types, import contracts, schema and migration drift

check-python: $(DEVELOPMENT)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.drift

check-web: $(MODULES) web/src/generated
	npm --prefix web run check

format: $(DEVELOPMENT) $(MODULES) ## Format everything, and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	npm --prefix web run --silent format

words: $(MODULES) web/src/generated ## Make room in the translations for new words of the web app; says which
	@npm --prefix web run --silent words

schema: $(DEVELOPMENT) ## Print the schema into schema/schema.graphql
	$(BIN)/webref export-schema --output schema/schema.graphql

migration: $(DEVELOPMENT) ## Let Piccolo write a migration for changed tables
	PICCOLO_CONF=domain.piccolo_conf $(BIN)/piccolo migrations new webref --auto

lock: $(DEVELOPMENT) ## Pin all dependencies anew (exact versions, hashes, no index named), also for Nix
	for name in requirements requirements-dev tests/swift/requirements; do \
		$(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --universal --python-version 3.11 \
			--no-annotate --custom-compile-command "make lock" $$name.in -o $$name.lock; done
	npm --prefix web install --package-lock-only --ignore-scripts
	node -e 'const fs = require("fs"), path = "web/package-lock.json", lock = JSON.parse(fs.readFileSync(path));'\
	'for (const one of Object.values(lock.packages)) delete one.funding;'\
	'fs.writeFileSync(path, JSON.stringify(lock, null, 2) + "\n")'
	$(MAKE) --no-print-directory $(DEVELOPMENT)
	$(BIN)/python -m tests.nix.pins
	$(BIN)/python -m tests.nix.node_modules

bench: $(DEVELOPMENT) $(SITE) ## Measure; prints a table and writes build/bench.json (ROWS="S1 I3")
	$(BIN)/python -m tests.benchmarks $(ROWS)

screenshots: $(DEVELOPMENT) $(SITE) ## Make the pictures of the README anew
	WEBREF_SCREENSHOTS=build/pictures $(BIN)/pytest tests/journeys -m browser $(PYTEST_ARGS)
	for shown in docs/pictures/*.png; do cp build/pictures/$$(basename $$shown) $$shown; done

clean: ## Remove all that was built or installed (never the data folder)
	rm -rf $(VENV) build tests/audit/node_modules tests/oidc/node_modules web/node_modules web/src/generated *.egg-info
	find $(PYTHON_ROOMS) migrations -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "webref needs Python 3.11 or newer: install it, or say make PYTHON=/path/to/python"; exit 1; }
	@echo "==> Python environment ($$($(PYTHON) --version))"
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing; on Debian and Ubuntu: apt install python3-venv"; rm -rf $(VENV); exit 1; }

$(RUNTIME): requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "==> Python packages"
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --progress-bar on --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(DEVELOPMENT): requirements-dev.lock $(RUNTIME)
	@echo "==> Python packages for development and tests"
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --progress-bar on --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

$(MODULES): web/package-lock.json
	@node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' 2>/dev/null \
		|| { echo "webref needs Node.js 20 or newer to build its web app"; exit 1; }
	@echo "==> Packages of the web app"
	@npm --prefix web ci --ignore-scripts --no-audit --no-fund
	@touch $@

$(AUDIT): tests/audit/package-lock.json
	@echo "==> Audit suite of GraphQL over HTTP"
	@npm --prefix tests/audit ci --ignore-scripts --no-audit --no-fund
	@touch $@

$(PROVIDER): tests/oidc/package-lock.json
	@echo "==> Provider of OpenID Connect, for the tests"
	@npm --prefix tests/oidc ci --ignore-scripts --no-audit --no-fund
	@touch $@

web/src/generated: $(MODULES) schema/schema.graphql $(WEB_SOURCES)
	@npm --prefix web run --silent generate
	@touch $@

$(SITE): $(MODULES) schema/schema.graphql $(WEB_SOURCES)
	@echo "==> Web app"
	@npm --prefix web run --silent build -- --logLevel warn
	@touch $@
