# Bulou. `make` alone lists what can be done.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS_TEST ?= 2

.DEFAULT_GOAL := help
.PHONY: help install install-dev run test nightly check format messages migration vendor vendor-check lock bench clean

help:  ## list what can be done
	@grep -hE '^[a-z-]+:.*?## ' $(MAKEFILE_LIST) | awk -F ':.*?## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(VENV)/.runtime: requirements.txt requirements.lock
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.txt
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	@touch $@

install: $(VENV)/.runtime  ## make .venv with what the product needs

install-dev: $(VENV)/.dev  ## and with what its tests need

run: install  ## start everything on this machine, with the demo district when the database is empty
	$(BIN)/python run.py

test: install-dev  ## run every test that this machine can run
	$(BIN)/python -m pytest -n $(WORKERS_TEST) --dist loadgroup

nightly: install-dev  ## seek new examples for the tests of properties, many more of them (an hour)
	HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest -n $(WORKERS_TEST) --dist loadgroup -m hypothesis

bench: install-dev  ## measure imports, cards, finding people, check-in, reports and plans, on databases of their own
	$(BIN)/python -m bench.roster_import
	$(BIN)/python -m bench.cards
	$(BIN)/python -m bench.find_people
	$(BIN)/python -m bench.checkin
	$(BIN)/python -m bench.reports
	$(BIN)/python -m bench.reach_plan

check: install-dev  ## lint, format, types, templates
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/djlint templates --lint --quiet

format: install-dev  ## put the code into its form
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

messages: install-dev  ## gather messages for translation and compile the catalogue
	$(BIN)/pybabel extract --omit-header --no-location --sort-output -k lazy -k _ -F babel.cfg -o messages.pot .
	$(BIN)/pybabel update --init-missing --ignore-pot-creation-date --no-fuzzy-matching --ignore-obsolete -l en -i messages.pot -d app/translations
	$(BIN)/pybabel compile -d app/translations
	@rm messages.pot

migration: install-dev  ## write a migration for changed models (NAME="what changes")
	$(BIN)/flask --app app db revision --autogenerate -m "$(NAME)"

vendor:  ## fetch the front-end libraries by their lock file into static/vendor
	npm ci --ignore-scripts
	node scripts/vendor.mjs

vendor-check:  ## check that static/vendor is what the lock file gives
	npm ci --ignore-scripts
	node scripts/vendor.mjs --check

lock: install-dev  ## write requirements.lock from requirements.txt
	$(BIN)/pip-compile --quiet --generate-hashes --strip-extras --no-emit-index-url --no-emit-find-links --output-file requirements.lock requirements.txt

clean:  ## remove what was made, but no data
	rm -rf $(VENV) node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis
