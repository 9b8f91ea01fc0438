# The one door: every target does its own set-up, and needs only python3 and make.
# Each installation is stamped, so a second call starts at once.

PYTHON ?= python3
UV ?= $(shell command -v uv 2>/dev/null)
BIN := .venv/bin
RUN := .venv/.run-installed
DEV := .venv/.dev-installed
BENCH := .venv/.bench-installed

SEEDS ?= 1000
PROBLEM ?= Design the write path of a shopping cart that must survive the loss of a data center
# The raw text reaches the program through the environment: neither make nor the shell expands it.
override PROBLEM := $(value PROBLEM)
export PROBLEM
# The tests start hundreds of interpreters: each would compile the program anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help debate test check format docs simulate mutants bench lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

debate: $(RUN) ## Debate PROBLEM='...' offline; ARGS='...' adds options
	@$(BIN)/dialectic debate --offline $(ARGS) -- "$$PROBLEM"

test: $(DEV) ## Run all tests; ARGS='-k words' selects
	@$(BIN)/python -m pytest -n auto $(ARGS)

check: $(DEV) ## Lint, formatting, types, import directions, tidiness
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest -n auto tests/architecture

format: $(DEV) ## Format the code and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(DEV) ## Write the generated reference pages again
	$(BIN)/python -m docs.generate

simulate: $(DEV) ## Simulate SEEDS=1000 debates under faults; failures go to tests/simulation/cases
	@$(BIN)/python -m dialectic_actors.testing.simulation --seeds $(SEEDS) \
		--save tests/simulation/cases $(ARGS)

mutants: $(DEV) ## Find all planted bugs again (five minutes) and write their table
	@PYTHONPATH=tests $(BIN)/python -m simulation.table

bench: $(BENCH) ## Measure ours beside the peers; ARGS='wall replay' selects
	@$(BIN)/python -m benchmarks $(ARGS)

lock: ## Pin all versions again; ARGS=--upgrade takes the newest
	@test -n "$(UV)" || { echo "make lock needs uv on the PATH" >&2; exit 1; }
	$(call compile,build,requirements.lock)
	$(call compile,dev --constraint requirements.lock,requirements-dev.lock)
	$(call compile,bench --constraint requirements.lock,requirements-bench.lock)

clean: ## Remove the environment and all caches; debates stay
	rm -rf .venv dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

define compile
@"$(UV)" pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	--generate-hashes --no-annotate --custom-compile-command "make lock" $(ARGS) \
	--group $(1) --output-file $(2)
endef

# uv where it is at hand, else the pip that comes with Python. Both take only what the lock names.
ifneq ($(UV),)
install := "$(UV)" pip install --quiet --compile-bytecode --python $(BIN)/python
else
install := $(BIN)/python -m pip install --quiet --disable-pip-version-check
endif

.venv/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: name it with make PYTHON=python3.12" >&2; exit 1; }
ifneq ($(UV),)
	@"$(UV)" venv --quiet --seed --clear --python $(PYTHON) .venv
else
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) cannot make environments: apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m venv --clear .venv
endif
	@touch $@

$(RUN): requirements.lock pyproject.toml | .venv/.created
	@echo "Installing the locked packages into .venv" >&2
	@$(install) --require-hashes -r requirements.lock
	@$(install) --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): requirements-dev.lock $(RUN)
	@echo "Installing the locked tools into .venv" >&2
	@$(install) --require-hashes -r requirements-dev.lock
	@touch $@

$(BENCH): requirements-bench.lock $(RUN)
	@echo "Installing the locked peers into .venv" >&2
	@$(install) --require-hashes -r requirements-bench.lock
	@touch $@
