# README.md says what to run. Everything these make lives in .venv and .data.
PYTHON = python3
PORT ?= 8000
TOPIC = python
LANGUAGE = pt
NODES = 15
MINUTES = 5
# `local`: answers of the tests' own content server instead of the real sources, without a network.
SOURCES =
# Left empty: for anybody, without a week plan.
LEVEL =
HOURS =

BIN := $(CURDIR)/.venv/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: setup setup-dev demo run test bench load screenshots lint format messages chaos audit clean

# What runs Reune. Does nothing while requirements.txt stays as it is.
setup: .venv/installed

# And what tests and checks it.
setup-dev: .venv/installed-dev

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'Reune needs Python 3.11 or later. Name yours: make PYTHON=python3.11 …'; exit 1; }
	$(PYTHON) -m venv .venv

.venv/installed: requirements.txt | .venv/bin/python
	$(PIP_INSTALL) -r requirements.txt
	@touch $@

.venv/installed-dev: requirements-dev.txt requirements.txt | .venv/bin/python
	$(PIP_INSTALL) -r requirements-dev.txt
	@touch $@ .venv/installed

# And what `make bench` compares it with.
.venv/installed-bench: requirements-bench.txt requirements.txt | .venv/bin/python
	$(PIP_INSTALL) -r requirements-bench.txt
	@touch $@ .venv/installed

demo: setup
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python $(if $(filter local,$(SOURCES)),-m tests.content) manage.py generate_path "$(TOPIC)" --language "$(LANGUAGE)" --nodes "$(NODES)" \
		$(if $(LEVEL),--level "$(LEVEL)") $(if $(HOURS),--hours-per-week "$(HOURS)") \
		--fresh --with-worker

run: setup
	@$(BIN)/python manage.py migrate --verbosity 0
	@echo "Reune is at http://localhost:$(PORT). Ctrl-C stops it."
	@PORT=$(PORT) PATH="$(BIN):$$PATH" exec $(BIN)/python -m reune.embedded_postgres honcho start

test: setup-dev
	$(BIN)/python -m pytest --numprocesses 3 --dist worksteal

# Kill everything at random while hundreds of tasks run, and check that none is lost; then send the
# API requests that nobody thought of. Ten minutes.
chaos: setup-dev
	$(BIN)/python -m tests.chaos.run --seed 1 --seed 2 --seed 3 --tasks 400 --kills 70 --seconds 80
	SCHEMATHESIS_EXAMPLES=100 $(BIN)/python -m pytest tests/test_schemathesis.py

# Reune beside others, about fifteen minutes; the results go to bench/RESULTS.md.
bench: .venv/installed-bench
	$(BIN)/python -m bench

# Everything that clients do, for a while: fails if a task is lost, a call fails or memory grows.
load: setup-dev
	$(BIN)/python -m bench.load --minutes $(MINUTES) --most-growth 2 --most-memory 250

# The pictures of the documentation, taken of the real pages; needs chromium.
screenshots: setup-dev
	$(BIN)/python -m tests.browser.screenshots

# The URL is never connected to: without one, looking at the settings would start a database.
lint: export DATABASE_URL = postgres://lint
lint: export SECRET_KEY = lint
lint: setup-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: setup-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Collect the texts to translate into locale/*/LC_MESSAGES/django.po, and compile these.
messages: setup-dev
	$(BIN)/pybabel --quiet extract --keywords=gettext_lazy --no-location --sort-output --project=Reune --output=.data/django.pot reune tasks learning_paths
	$(BIN)/pybabel --quiet update --no-fuzzy-matching --ignore-obsolete --domain=django --input-file=.data/django.pot --output-dir=locale
	$(BIN)/pybabel --quiet compile --domain=django --directory=locale

# Known holes in what production depends on; asks PyPI.
audit: .venv/bin/python
	$(BIN)/python -m venv .venv/audit
	.venv/audit/bin/pip install --quiet --disable-pip-version-check pip-audit==2.10.1
	.venv/audit/bin/pip-audit --strict --no-deps --disable-pip --requirement requirements.txt

clean:
	rm -rf .venv .data .mypy_cache .pytest_cache .ruff_cache .hypothesis
