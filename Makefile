# Each target sets up .venv by itself, from pinned requirements, once.
#   make demo   one real mp4 through consent, upload and processing to published
#   make test   the whole test run         (make test ARGS="tests/runtime -k codec")
#   make up     everything on this machine, until Ctrl-C
#   make bench  our figures, beside those of raw pycurl, curl and googleapiclient  (make bench ARGS="transfer --gib 16")
#   make chaos  everything broken at random (make chaos SEEDS="3 7" ASSIGNMENTS=200 KILLS=100 DATABASE=sqlite SCENARIO=restore)
#   make clients  strangers' clients against the emulator (make clients ARGS="googleapis fb")
#   make fuzz   hostile input for a while  (make fuzz SECONDS=600 SEED=7 ARGS="--only clip_as_file")

PYTHON ?= python3
BIN := .venv/bin
CODE := domain transport media platforms store activities workflows runtime api cli emulator bench chaos fuzz testkit

# Where `make lock` writes: LOCK_DIR=/tmp/trial make lock
LOCK_DIR ?= .
LOCK := PATH="$(CURDIR)/$(BIN):$$PATH" uv pip compile pyproject.toml --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-header --no-annotate --upgrade --quiet

.PHONY: demo up test bench chaos fuzz clients lint types lock clean

demo: .venv/run.stamp
	@$(BIN)/castline demo $(ARGS)

up: .venv/run.stamp
	@$(BIN)/castline up $(ARGS)

# A test that ended its process is not run again: with one that hangs it would never end.
test: .venv/dev.stamp
	@$(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder --max-worker-restart 0 $(ARGS)

bench: .venv/dev.stamp
	@$(BIN)/python -m bench $(ARGS)

chaos: .venv/dev.stamp
	@$(BIN)/python -m chaos $(if $(SEED)$(SEEDS),--seed $(SEED) $(SEEDS)) $(if $(ASSIGNMENTS),--assignments $(ASSIGNMENTS)) \
		$(if $(KILLS),--kills $(KILLS)) $(if $(DATABASE),--database $(DATABASE)) \
		$(if $(SCENARIO),--scenario $(SCENARIO)) $(ARGS)

fuzz: .venv/dev.stamp
	@$(BIN)/python -m fuzz $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEED),--seed $(SEED)) $(ARGS)

clients: .venv/dev.stamp
	@$(BIN)/python -m tests.clients $(ARGS)

# The clients for Node that the tests run. Without them these tests are skipped.
tests/clients/node_modules: tests/clients/package.json
	@npm install --no-package-lock --no-audit --no-fund --silent --prefix tests/clients
	@touch $@

lint: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache

types: .venv/dev.stamp
	$(BIN)/mypy $(CODE) tests

# Pins what pyproject.toml asks for, again: for a server, for everything on one machine, for its tests.
# Needs uv, and the network.
lock:
	@PATH="$(CURDIR)/$(BIN):$$PATH" command -v uv >/dev/null || { \
		echo "make lock needs uv: https://docs.astral.sh/uv/"; exit 1; }
	$(LOCK) --group build -o $(LOCK_DIR)/requirements.txt
	$(LOCK) --extra local --group build -o $(LOCK_DIR)/requirements-local.txt
	$(LOCK) --extra local --group build --group dev -o $(LOCK_DIR)/requirements-dev.txt

clean:
	rm -rf .venv tests/clients/node_modules .pytest_cache .ruff_cache .mypy_cache .hypothesis .import_linter_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# What runs all of Castline here, and beside it what tests it. A stamp is older than its pins:
# install again.
.venv/run.stamp: requirements-local.txt pyproject.toml | .venv/bin/python
	@echo "Setting up .venv (once, a minute or two) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-local.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev.stamp: requirements-dev.txt .venv/run.stamp
	@echo "Adding what the tests need (once) ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

.venv/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not there. Castline needs Python 3.11 or newer."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is $$($(PYTHON) -V). Castline needs Python 3.11 or newer."; \
		echo "Name a newer one: PYTHON=python3.12 make $(or $(MAKECMDGOALS),demo)"; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
