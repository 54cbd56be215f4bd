# Ampacity. `make help` lists what there is; every target makes what it needs first.

PYTHON ?= python3
PYTEST_OPTIONS ?=
HOUSE ?= tests/host/house
VENV := .venv
RUN := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed
MICROPYTHON := .cache/micropython/.there
MICROPYTHON32 := .cache/micropython32/.there
MBPOLL := .cache/mbpoll/.there
PORT_STUBS := .cache/port-stubs/.there
CORTEX_M3 := .cache/cortex-m3/.there
PYPY := .cache/pypy/.there

.PHONY: help setup demo test quick check conformance proof mutants bench soak nightly first-hour images micropython32 cortex-m3 cortex-m3-test pypy deb deb-ready deb-test deb-test-arm lock clean
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
unexport PYTHONDONTWRITEBYTECODE  # compiling every test anew in every process doubles the time of make test

help:  ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

setup: $(INSTALLED) $(MICROPYTHON) $(MBPOLL)  ## the Python environment in .venv, MicroPython and mbpoll in .cache

demo: $(INSTALLED)  ## a simulated site with a scripted sequence of events
	@$(MAKE) --silent $(MICROPYTHON) 2> /dev/null || true  # without one the demonstration says so and takes CPython
	@$(VENV)/bin/ampacity demo

test: $(INSTALLED) $(MICROPYTHON) $(MBPOLL)  ## every test, on CPython and on MicroPython, on all cores
	@$(RUN) -m pytest -n auto $(PYTEST_OPTIONS) tests

quick: $(INSTALLED) $(MICROPYTHON) $(MBPOLL)  ## the tests of the rooms that a change touches, under two minutes (BASE=main: since this branch left it)
	@PYTEST_OPTIONS="$(PYTEST_OPTIONS)" $(RUN) -m tools.quick $(if $(BASE),--base $(BASE)) $(QUICK_OPTIONS)

check: $(INSTALLED) $(MICROPYTHON) $(PORT_STUBS)  ## lint, types (also those of MicroPython's ports), syntax for MicroPython, rules of the repository, generated files; lists stale figures (FIGURES_OPTIONS=--strict: fails)
	@$(VENV)/bin/ruff check --quiet --output-format concise .
	@$(VENV)/bin/mypy
	@$(RUN) -m tools.micropython.port_types
	@$(RUN) -m tools.generated --check
	@$(RUN) -m tools.figures $(FIGURES_OPTIONS)
	@$(if $(HOUSE),$(RUN) -m pytest $(HOUSE))

conformance: $(INSTALLED) $(MICROPYTHON)  ## the test cases of OCPP 2.0.1 part 6 on both runtimes, and the page that lists them
	@$(RUN) -m pytest -n auto $(PYTEST_OPTIONS) tests/conformance
	@$(RUN) -m tools.ocpp_conformance

proof: $(INSTALLED) $(MICROPYTHON)  ## the whole evidence of the safety case: searches, rules, oracle, random trees, soak (PROOF_OPTIONS="--parts worlds,rules")
	@$(MAKE) --silent $(PYPY) 2> /dev/null || true  # without it the soak takes CPython, and twice as long
	@$(RUN) -m tests.proof $(PROOF_OPTIONS)

mutants: $(INSTALLED)  ## small defects in the trusted part of circuit/, and which of them no test of behaviour detects; fails below 95 %: SAMPLE=250, a new draw each time, SEED=27 repeats one (MUTANTS_OPTIONS=--page: into the safety case)
	@$(RUN) -m tools.mutants --least 95 --sample $(or $(SAMPLE),250) $(if $(SEED),--seed $(SEED)) $(MUTANTS_OPTIONS)

bench: $(INSTALLED) $(MICROPYTHON)  ## every figure of docs/benchmarks.md, measured on this machine
	@$(RUN) -m tools.bench $(BENCH_OPTIONS)

soak: $(INSTALLED)  ## a long simulated run of a busy garage with random faults: DAYS=30 SEED=1
	@$(RUN) -m tests.proof.soak --days $(or $(DAYS),30) --seed $(or $(SEED),1)

nightly: $(INSTALLED)  ## generated sites with new seeds: SITES=200 (for each failure the command that repeats it)
	@$(RUN) -m tests.drawn --new --sites $(or $(SITES),200) --seconds 1800

first-hour: $(INSTALLED)  ## the commands of docs/install.md as a new user, from git clone to a configured controller, with the seconds of each; needs a network
	@$(RUN) -m tests.first_hour $(FIRST_HOUR_OPTIONS)

images: $(INSTALLED) $(MICROPYTHON32)  ## each microcontroller board from its image to its role, on the 32-bit runtime with the heap of the board
	@$(RUN) -m tests.host.build.board_image

micropython32: $(MICROPYTHON32)  ## a MicroPython with 32-bit objects as on a board, and TLS, in .cache/micropython32

cortex-m3: $(CORTEX_M3)  ## MicroPython on an emulated Cortex-M3, for rows of the bench and cortex-m3-test, in .cache/cortex-m3

cortex-m3-test: $(INSTALLED) $(CORTEX_M3)  ## the firmware on an emulated board: mpremote, flash, Modbus over machine.UART, an update and back; four minutes
	@$(RUN) -m tools.cortex_m3.try_out

pypy: $(PYPY)  ## PyPy, on which the soak of make proof is twice as fast, in .cache/pypy

deb: $(INSTALLED)  ## a Debian package of the newest commit, in dist (DEB_OPTIONS="--arch arm64 --check": built twice and compared)
	@$(RUN) -m tools.deb.build $(DEB_OPTIONS)

deb-test-arm: $(INSTALLED)  ## the package in a Debian for ARM under qemu-user: ARCH=arm64 or armhf; needs root and a network
	@$(RUN) -m tools.deb.emulated --arch $(or $(ARCH),arm64) $(DEB_TEST_OPTIONS)

deb-test: $(INSTALLED)  ## the package in a clean Debian under its systemd, from installation to purge; needs root and a network (DEB_TEST_OPTIONS="--suite trixie --lintian")
	@$(RUN) -m tools.deb.try_out $(DEB_TEST_OPTIONS)

deb-ready: $(INSTALLED)  ## whether deb-test can be run here: root, namespaces, Debian's packages; makes the minimal Debian that it takes
	@$(RUN) -m tools.deb.try_out --ready $(DEB_TEST_OPTIONS)

lock:  ## write requirements.lock anew from pyproject.toml (needs uv)
	@uv pip compile --quiet --universal --python-version 3.11 --extra linux --extra simulation --extra boards --extra dev --generate-hashes \
		--no-emit-index-url --no-header --output-file requirements.lock pyproject.toml

clean:  ## remove the environment, the runtimes and everything built
	rm -rf $(VENV) .cache build dist out .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

$(INSTALLED): requirements.lock pyproject.toml
	@command -v $(PYTHON) > /dev/null || \
		{ echo "make: no $(PYTHON) here; install Python 3.11 or newer (Debian: apt-get install python3 python3-venv)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "make: $(PYTHON) is older than 3.11; name a newer one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2> /dev/null || \
		{ echo "make: $(PYTHON) has no venv module; Debian: apt-get install python3-venv" >&2; exit 1; }
	@$(RUN) -c '' 2> /dev/null || $(PYTHON) -m venv --clear $(VENV)
	@$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(MICROPYTHON): $(INSTALLED) tools/micropython/get.py tools/micropython/debian.py
	@$(RUN) -m tools.micropython.get
	@mkdir -p $(@D) && touch $@

$(PORT_STUBS): $(INSTALLED) tools/micropython/port_types.py tools/micropython/port_stubs.lock
	@$(RUN) -m tools.micropython.port_types --get
	@mkdir -p $(@D) && touch $@

$(MBPOLL): $(INSTALLED) tools/mbpoll.py tools/micropython/debian.py
	@$(RUN) -m tools.mbpoll
	@mkdir -p $(@D) && touch $@

$(CORTEX_M3): $(INSTALLED) tools/micropython/build_m3.py tools/micropython/debian.py $(wildcard tools/cortex_m3/*.[chim]* tools/cortex_m3/frozen/*)
	@$(RUN) -m tools.micropython.build_m3
	@mkdir -p $(@D) && touch $@

$(PYPY): $(INSTALLED) tools/pypy.py tools/micropython/debian.py
	@$(RUN) -m tools.pypy
	@mkdir -p $(@D) && touch $@

$(MICROPYTHON32): $(INSTALLED) tools/micropython/build32.py tools/micropython/debian.py tools/micropython/mbedtls_board.h
	@$(RUN) -m tools.micropython.build32
	@mkdir -p $(@D) && touch $@
