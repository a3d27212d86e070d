# Two commands do everything: `make bench` and `make test`. Both set up what they need first.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
DEVSTAMP := $(VENV)/.installed-dev
DOCSTAMP := $(VENV)/.installed-docs
ARGS   ?=
LOCK_FLAGS := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --quiet

# A cache of compiled modules is what makes a fresh app for every trial affordable; some machines switch it off.
export PYTHONDONTWRITEBYTECODE :=

# Without a home folder matplotlib's list of fonts is kept here, and pip keeps nothing; both would complain each time.
ifeq ($(HOME),)
export MPLCONFIGDIR := $(CURDIR)/.cache/matplotlib
export PIP_NO_CACHE_DIR := 1
endif

.PHONY: help bench smoke test test-long test-fast check lint types layers audit format setup serve locust doctor clean lock schema docs
.PHONY: bench-driver bench-scale bench-analysis bench-truth bench-soak bench-crash calibration

help:  ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

bench: setup  ## measure every claim of the article, judge, draw, report (about 8 minutes)
	$(BIN)/bench run $(ARGS)

smoke: setup  ## the same pipeline in about a minute; its verdicts are no evidence
	$(BIN)/bench run --profile smoke $(ARGS)

# Load has the machine to itself. 5: ARGS chose none of these tests.
test: $(DEVSTAMP)  ## run the tests, but for those that measure for minutes
	$(BIN)/python -m pytest -n 2 -m "not long and not load" $(ARGS) || [ $$? = 5 ]
	$(BIN)/python -m pytest -m "load and not long" $(ARGS) || [ $$? = 5 ]

test-long: $(DEVSTAMP)  ## run the tests that measure for minutes: whole apps, soak, crash (wants a quiet machine)
	$(BIN)/python -m pytest -m long $(ARGS)

# The markers are set in tests/support/load_groups.py. What has become slow is named at the end.
test-fast: $(DEVSTAMP)  ## run those without load, browser, database or waiting (under 30 seconds)
	$(BIN)/python -m pytest -n 2 -m "not long and not load and not browser and not postgres and not slow" \
		--durations=5 --durations-min=1 $(ARGS)

format: $(DEVSTAMP)  ## mend what ruff can mend, and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

check: lint types layers audit  ## lint, format, types, layers, dependencies; never edits

lint: $(DEVSTAMP)  ## ruff alone: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DEVSTAMP)  ## mypy alone
	$(BIN)/mypy
	cd locustfiles && ../$(BIN)/mypy --config-file ../pyproject.toml --strict *.py

layers: $(DEVSTAMP)  ## import-linter alone: who may import whom
	$(BIN)/lint-imports

audit: $(DEVSTAMP)  ## the dependencies alone: pinned, hashed, installed as locked, no known faults; asks nobody
	$(BIN)/python -m harness.commands.dependencies

serve: setup  ## serve the app and all it needs on port 8000, for curl and /docs
	$(BIN)/bench serve $(ARGS)

locust: setup  ## Locust's own web UI against `make serve`: its route /sleep/def, unless ARGS="--path /sleep/async-native"
	$(BIN)/locust -f locustfiles/closed.py --web-host 127.0.0.1 $(ARGS)

doctor: setup  ## is this machine fit to measure on
	$(BIN)/bench doctor $(ARGS)

setup: $(STAMP)  ## make .venv from the locked, hashed requirements

# What was wheeled is not compiled ahead (half the install's time); Python does it for what is used.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "handlerbench needs Python 3.11 or newer; $$($(PYTHON) --version) is too old. Try: make PYTHON=python3.12 bench"; exit 6; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --no-build-isolation --no-index -e .
	@touch $@

$(DEVSTAMP): $(STAMP) requirements-dev.lock
	$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

$(DOCSTAMP): $(STAMP) requirements-docs.lock
	$(PIP) --require-hashes -r requirements-docs.lock
	@touch $@

lock:  ## renew the locks from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --extra build $(LOCK_FLAGS) -o requirements.lock
	uv pip compile pyproject.toml --extra build --extra dev --constraint requirements.lock $(LOCK_FLAGS) \
		-o requirements-dev.lock
	uv pip compile --group docs --constraint requirements-dev.lock $(LOCK_FLAGS) -o requirements-docs.lock

schema: setup  ## write the pages of docs that follow from models and tables again
	$(BIN)/python -m harness.commands.schema
	$(BIN)/python -m harness.commands.generated_docs

docs: $(DOCSTAMP)  ## build docs as a site in build/docs, offline; a link or an anchor that leads nowhere fails
	$(BIN)/python -m harness.commands.docs_site

bench-driver: setup  ## what the driver costs beside Locust's own users, wrk and h2load (wants a quiet machine)
	$(BIN)/python -m benchmarks.driver_cost $(ARGS)

bench-scale: setup  ## what two driver processes do beside one, and what their master costs (wants a quiet machine)
	$(BIN)/python -m benchmarks.scale $(ARGS)

bench-analysis: setup  ## what ten million requests cost recorder and report
	$(BIN)/python -m benchmarks.analysis_scale $(ARGS)

bench-truth: setup  ## does it find what is planted, and see what h2load sees (wants a quiet machine)
	$(BIN)/python -m benchmarks.truth $(ARGS)

bench-soak: setup  ## an hour of load: does anything grow, is anything miscounted (ARGS="--minutes 30")
	$(BIN)/python -m benchmarks.soak $(ARGS)

bench-crash: setup  ## 200 SIGKILLs of random parts at random moments: is anything lost or left
	$(BIN)/python -m benchmarks.crash $(ARGS)

calibration: setup  ## is the judge honest, and what does it find
	$(BIN)/python -m benchmarks.calibration $(ARGS)

clean:  ## remove what the project made, never results
	rm -rf $(VENV) build *.egg-info .mypy_cache locustfiles/.mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .cache
	find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +
