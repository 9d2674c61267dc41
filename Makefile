# Two commands for a newcomer: `make demo` and `make test`. Everything else stands below.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEV := $(VENV)/.dev

.PHONY: demo test check fix docs bench clean setup

demo: $(READY)
	@$(BIN)/flagstate demo; code=$$?; [ $$code -eq 0 ] || [ $$code -eq 3 ] || [ $$code -ge 10 ]

test: $(DEV)
	@$(BIN)/python tools/missing.py
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not slow"

check: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/cog --check $(shell grep -lr --include=*.md '\[\[\[cog' README.md docs)
	$(BIN)/python tools/build_laws.py --check

fix: $(DEV)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(DEV)
	$(BIN)/cog -r $(shell grep -lr --include=*.md '\[\[\[cog' README.md docs)
	$(BIN)/python tools/check_laws.py
	$(BIN)/python tools/build_laws.py

bench: $(DEV)
	$(BIN)/python benchmarks/run.py
	FLAGSTATE_FULL=1 $(BIN)/python -m pytest -n auto --dist worksteal -m "slow or hypothesis"

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: name one with 'make PYTHON=python3.12 demo'."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "Python's venv is missing: install it ('apt install python3-venv' on Debian and Ubuntu)."; exit 1; }
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	@echo "Installing flagstate into $(VENV) …"
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e .
	@$(BIN)/python -m flagstate.cli doctor --compile
	@touch $@

$(DEV): $(READY)
	@$(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -r tools/dev.txt
	@touch $@

clean:
	rm -rf $(VENV) flagstate-demo .mypy_cache .ruff_cache .hypothesis
