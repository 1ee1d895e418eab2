# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORES ?= 2
# further options of pip, such as where CPU builds of torch lie
PIP_ARGS ?=
PIP := $(BIN)/pip install --quiet --no-compile $(PIP_ARGS) -c constraints.txt
EXTRAS := cluster,augment,graphs,restoration,oracles
KERNEL_TESTS = $(shell grep -rl --include='*.py' 'mark\.kernels' tests)

# modules are compiled when they are first imported, where pip would compile all, and kept, also where the shell says no
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help install install-docs install-extras install-all demo test test-kernels test-slow check format bench docs clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-14s %s\n", $$1, $$2}' Makefile

install: $(VENV)/.installed  ## build .venv with pinned versions

$(VENV)/.installed: setup.cfg pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) -e '.[dev]'
	touch $@

install-docs: $(VENV)/.docs-installed  ## .venv with what builds the site, too

$(VENV)/.docs-installed: $(VENV)/.installed
	$(PIP) -e '.[docs]'
	touch $@

install-extras: $(VENV)/.extras-installed  ## .venv with every optional part, too, and what tests alone need

$(VENV)/.extras-installed: $(VENV)/.installed
	$(PIP) -e '.[$(EXTRAS)]'
	touch $@

install-all: $(VENV)/.all-installed  ## .venv with all of this at once

$(VENV)/.all-installed: setup.cfg pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) -e '.[dev,docs,$(EXTRAS)]'
	touch $(addprefix $(VENV)/,.installed .docs-installed .extras-installed .all-installed)

demo: install  ## score a sample of NAS-Bench-201, rank it, draw it: into demo/
	$(BIN)/nasinit demo --out demo --workers $(CORES)

test: install-all check test-kernels  ## lint, types, import contracts, then the tests, which build the site
	$(BIN)/python -m pytest -n $(CORES) --dist loadscope

test-kernels: install  ## the tests that could hang on the processor, with the kernels of a plain one (part of test)
	ATEN_CPU_CAPABILITY=default ONEDNN_MAX_CPU_ISA=SSE41 $(BIN)/python -m pytest -n $(CORES) -m "kernels and not slow" $(KERNEL_TESTS)

test-slow: install-all  ## the tests that take minutes each, and the properties on examples drawn anew
	$(BIN)/python -m pytest -n $(CORES) -m slow
	$(BIN)/python -m pytest -n $(CORES) -m "hypothesis and not slow" --hypothesis-profile=new

check: install  ## lint, format, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: install  ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: install  ## seconds, passes and ratios of the proxies on this machine; how cost grows (20 million rows: 7 GB of disk)
	$(BIN)/python tests/speed/bench_proxies.py
	$(BIN)/python tests/speed/bench_growth.py

docs: install-docs  ## the documentation, into site/: open site/index.html
	@$(BIN)/python -c "import sys; sys.exit('the site is built by Python 3.11 or later' if sys.version_info < (3, 11) else 0)"
	$(BIN)/python -m mkdocs build --strict

clean:  ## remove what the commands above made
	rm -rf $(VENV) demo site build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
