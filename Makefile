# One command for each thing that people do here; `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TIERS ?=

.PHONY: help demo test check kafka bench quality schemas lock clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# Exactly the packages of the lock file, by their hashes; then this project itself.
$(VENV)/installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] < (3, 11) and "Dealwire needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/installed-dev: requirements-dev.lock $(VENV)/installed
	$(BIN)/pip install --quiet --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/installed-train: requirements-train.lock $(VENV)/installed-dev
	$(BIN)/pip install --quiet --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-train.lock
	@touch $@

demo: $(VENV)/installed ## replay the seeds through an embedded broker into SQLite, and print the deals
	@$(BIN)/dealwire demo

test: check ## set up, then lint, types and all tests that can run here

check: $(VENV)/installed-dev ## what CI runs: ruff, mypy, tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest $(TIERS)

kafka: $(VENV)/installed ## run Apache Kafka on localhost:9092 from Maven's jars (needs Java 17 and mvn)
	@$(BIN)/python -m runtime.apache_kafka

bench: $(VENV)/installed-dev ## measure speed, latency and memory; takes a while
	$(BIN)/python -m benchmarks

quality: $(VENV)/installed-dev ## score the reader on every labelled set, and group its errors by cause
	$(BIN)/python -m benchmarks.quality

train: $(VENV)/installed-train ## train the models anew from corpus/; about an hour on two cores, and 6 GB of packages
	$(BIN)/python -m processors.training

schemas: $(VENV)/installed-dev ## write schemas/json and schemas/asyncapi.json anew from the models
	$(BIN)/python -m schemas.export

lock: ## renew the lock files (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml --group build -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml --group dev -o requirements-dev.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml --group train -o requirements-train.lock

clean: ## remove what was set up or built here
	rm -rf $(VENV) .kafka .mypy_cache .ruff_cache .pytest_cache .hypothesis build ./*.egg-info
