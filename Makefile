# make run    the desk on http://localhost:8000/ (PORT=…), with a database and a demo company of its own
# make test   every test, in parallel; some of them: make test ARGS="tests/staff -k roles"
# make check  style, types, layers, templates, migrations, translations, deployment settings
# make bench  the measurements of bench/; one of them: make bench NAME=offers ARGS="--worlds 4 --only drifting"
# make lock   requirements/*.txt anew from pyproject.toml

PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
# The lock names every package there is to install, so pip has no dependencies to look for.
INSTALL := $(BIN)/python -m pip install --quiet --no-compile --no-deps --require-hashes --requirement
COMPILE := $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url pyproject.toml
export KVAR_DEMO ?= 1
export PIP_DISABLE_PIP_VERSION_CHECK = 1
# Every start would compile a thousand modules anew where the environment forbids keeping them.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test check bench lock
.NOTPARALLEL:

run: .venv/run
	@$(BIN)/python manage.py serve

test: .venv/dev
	@$(BIN)/python -m tests $(ARGS)

check: .venv/dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/lint-imports
	@$(BIN)/mypy
	@$(BIN)/djlint --lint --quiet templates
	@$(BIN)/python manage.py makemigrations --check --dry-run
	@$(BIN)/python manage.py messages --check
	@secret=$$($(BIN)/python -c "import secrets; print(secrets.token_urlsafe(64))"); \
		env -u KVAR_DEMO SECRET_KEY=$$secret KVAR_VOUCHER_KEY=$$secret ALLOWED_HOSTS=desk.example.com KVAR_VAR=var/test \
		$(BIN)/python manage.py check --deploy --fail-level WARNING

bench: .venv/dev .venv/bench/installed .venv/peers/installed
	@$(BIN)/python -m bench $(NAME) $(ARGS)

lock: .venv/dev
	$(COMPILE) --output-file requirements/run.txt
	$(COMPILE) --extra dev --constraint requirements/run.txt --output-file requirements/dev.txt
	$(COMPILE:pyproject.toml=bench/pyproject.toml) --constraint requirements/run.txt --output-file requirements/bench.txt
	$(COMPILE:pyproject.toml=bench/peers/pyproject.toml) --constraint requirements/run.txt --output-file requirements/peers.txt

# A stamp is written last: an installation that was interrupted begins anew.
.venv/python:
	@test -n "$(PYTHON)" || { echo "Kvar needs Python 3.11 or newer."; exit 1; }
	@$(PYTHON) -m venv --clear .venv || { rm -rf .venv; echo "Python's venv module is incomplete; the system's package is called python3-venv."; exit 1; }
	@touch $@

.venv/run: requirements/run.txt | .venv/python
	@echo "Installing what Kvar runs on into .venv …"
	@$(INSTALL) requirements/run.txt
	@touch $@

.venv/dev: requirements/dev.txt | .venv/python
	@echo "Installing what Kvar is built with into .venv …"
	@$(INSTALL) requirements/dev.txt
	@touch .venv/run $@

# What the engine and the complaints' pages are measured against lives apart: nothing of it is seen by the desk.
.venv/bench/installed .venv/peers/installed: .venv/%/installed: requirements/%.txt | .venv/python
	@echo "Installing what the bench compares with into .venv/$* …"
	@$(PYTHON) -m venv --clear .venv/$*
	@.venv/$*/bin/python -m pip install --quiet --no-compile --require-hashes --requirement requirements/$*.txt
	@touch $@
