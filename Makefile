# make demo   installs into .venv, then plays traffic into the live system and shows the pages
# make test   installs into .venv, then runs every test but the long ones
# make test-long  runs those: kills, restarts and rebuilds that take half an hour
# make chaos  kills, pauses, cuts off and starves every part under load, for 200 rounds
# make chaos-short  five minutes of it; make test holds one, and five with FORECOURT_CHAOS_MINUTES=5
# make fuzz  sends a live system spoiled requests, bodies and files, forty times as many as make test
# make check  formatting, lint, types and import contracts
PYTHON ?= python3
# Every process of a live system imports all of it: without this each would compile it first.
unexport PYTHONDONTWRITEBYTECODE
VENV := .venv
BIN := $(VENV)/bin
DEMO_ARGS ?=
TEST_ARGS ?=
CHAOS_ARGS ?=

.PHONY: demo test test-long chaos chaos-short fuzz check lock clean

demo: $(VENV)/.demo
	$(BIN)/forecourt demo $(DEMO_ARGS)

test: $(VENV)/.test
	$(BIN)/python -m pytest --numprocesses 2 $(TEST_ARGS)

test-long: $(VENV)/.test
	$(BIN)/python -m pytest -m long $(TEST_ARGS)

chaos: $(VENV)/.test
	$(BIN)/python -m tests.chaos $(CHAOS_ARGS)

chaos-short: $(VENV)/.test
	$(BIN)/python -m tests.chaos --minutes 5 $(CHAOS_ARGS)

fuzz: $(VENV)/.test
	$(BIN)/python -m pytest tests/fuzz -m long $(TEST_ARGS)

check: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lock: $(VENV)/.test
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --quiet \
		--no-header --no-annotate --output-file requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra test --universal --python-version 3.11 --quiet \
		--no-header --no-annotate --constraint requirements.lock --output-file requirements-test.lock

clean:
	rm -rf $(VENV) build out *.egg-info

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
		"Forecourt needs Python 3.11 or newer; this is %s. Name one: make PYTHON=python3.12 demo" \
		% sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(VENV)/bin/python requirements.lock pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

$(VENV)/.test: $(VENV)/.demo requirements-test.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements-test.lock
	touch $@
