# Every target sets itself up: the environment is made in .venv, and again when the lock or pyproject.toml has changed.
# Another interpreter: make PYTHON=python3.12 test

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.installed
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: run dashboard test slow bench clean help

run: $(READY) ## compare one and two more psychologists in Stange with today, and write out/stange.html
	@mkdir -p out
	$(BIN)/trinn compare 3413 --scenario "one municipal=low_threshold.psychologist.fte+=1" \
		--scenario "one in each=low_threshold.psychologist.fte+=1,bup.psychologist.fte+=1" --report out/stange.html

dashboard: $(READY) ## serve the dashboard to this machine's browser
	$(BIN)/trinn dashboard

test: $(READY) ## format, lint, types, import contracts, then all tests but the slow ones
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache --no-logo
	@sh .ci/browser
	@$(BIN)/trinn run loss --replications 2 >/dev/null # compiles the engine once, before many processes want it
	$(BIN)/pytest -n auto --dist loadgroup -m "not slow"

slow: $(READY) ## all tests, the slow statistical ones included
	@sh .ci/browser
	$(BIN)/pytest -n auto --dist loadgroup -m "slow or not slow" --cov --cov-report=term

bench: $(READY) ## measure the speed of the engine and of the dashboard
	$(BIN)/python -m benchmarks.engine
	$(BIN)/python -m benchmarks.dashboard

clean: ## remove .venv, caches and build files; what lies in out/ stays
	@echo "Removing .venv, caches and build files"
	@rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@rm -rf .coverage .coverage.* coverage.xml htmlcov
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | while IFS="$$(printf '\t')" read -r name text; do printf 'make %-6s %s\n' "$$name" "$$text"; done

$(READY): requirements.lock pyproject.toml
	@PYTHON="$(PYTHON)" sh .ci/preflight
	@echo "Setting up .venv from requirements.lock (the first time takes a minute or two)"
	@$(PYTHON) -m venv .venv
	@$(PIP) install -r requirements.lock
	@$(PIP) install --no-build-isolation --no-deps -e .
	@touch $@
