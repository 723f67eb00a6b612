# Two commands do everything on a fresh machine with Python 3.11, git and make:
#   make demo   shows the main job, from an opened merge request to a green light
#   make test   passes the tests
# Everything lives in .venv; nothing outside this folder is changed.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup demo test check lint types imports rules schema bench lock clean

help: ## list the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

$(STAMP): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not installed; Mergewarden needs Python 3.11 (or: make PYTHON=/path/to/python3.11)"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

setup: $(STAMP) ## make the virtual environment with locked dependencies

demo: $(STAMP) ## show the main job against a GitLab stand-in (stays up; CI=true ends by itself)
	$(BIN)/python -m tests.demo

test: $(STAMP) ## pass the tests
	$(BIN)/python -m pytest -n 3 --dist loadscope

check: lint types imports test ## what CI runs

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

imports: $(STAMP)
	$(BIN)/lint-imports

rules: $(STAMP) ## compile our rules and run their samples
	$(BIN)/python -m rules.build
	$(BIN)/python -m pytest tests/rules

schema: $(STAMP) ## write the JSON schemas of policies anew
	$(BIN)/python -m bot.domain.policy_schema

bench: $(STAMP) ## measure the figures that we promise
	$(BIN)/python -m tests.benchmarks

lock: ## renew the two lock files (needs the network)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
		--extra dev --extra build --only-binary semgrep --output-file requirements.lock pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
		--extra build --only-binary semgrep --constraints requirements.lock --output-file requirements.run.lock pyproject.toml

clean: ## remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist *.egg-info
