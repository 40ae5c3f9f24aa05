# One command each: `make help` names them. Everything is installed into .venv; nothing else is touched.

# The first Python that is new enough; another one by name: make PYTHON=python3.12
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
FOUND := $(shell for p in python3 python3.13 python3.12 python3.11; do \
  $$p -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$p && break; done)
PYTHON ?= $(or $(FOUND),python3)
VENV := .venv
PY := $(VENV)/bin/python
OUT ?= out/demo
JOBS ?= 2
APT := apt-get install -y --no-install-recommends
BROWSER_PACKAGES := chromium chromium-driver firefox-esr fonts-noto-cjk
CLIENT_PACKAGES := gdal-bin python3-gdal

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo test test-clients lint pictures bench browser clients pins clean env
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

help:  ## Show what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

demo: env  ## Install, then run the main job on the data that ship: map and GeoPackage in out/demo
	@$(VENV)/bin/corridor demo --out $(OUT) --overwrite

test: env browser lint  ## Install, then format, lint, types, tests, doctests and the README's commands
	$(PY) -m pytest -n $(JOBS) --ignore=tests/clients --ignore=tests/benchmarks

test-clients: env clients  ## Open the GeoPackage with Debian's GDAL and the validator of the standard
	$(PY) -m pytest -n 0 tests/clients

lint: env  ## Format, lint and types alone
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy

pictures: demo browser  ## Take the pictures of the demo's page into docs/img
	PYTHONPATH=tests $(PY) -m browser.pictures $(OUT)/map.html docs/img

bench: env  ## Time the chain against its floor and the naive way; writes docs/performance.md
	$(PY) -m tests.benchmarks.run --write docs/performance.md

# Environment: pinned packages by hash, then the project itself. A stamp is renewed when what it stands for changes.

env: $(VENV)/.project

$(VENV)/bin/python:
	@$(PYTHON) -c '$(NEW_ENOUGH)' 2>/dev/null || { found=$$($(PYTHON) --version 2>/dev/null) || found="no $(PYTHON)"; \
	  echo "found $$found; expected Python 3.11 or newer; name one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "found $(PYTHON) without venv; expected it; install it: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.pins: requirements/all.txt $(VENV)/bin/python
	$(PY) -m pip install --quiet --require-hashes --only-binary :all: -r requirements/all.txt
	@touch $@

$(VENV)/.project: pyproject.toml $(VENV)/.pins
	$(PY) -m pip install --quiet --no-build-isolation --no-deps -e .
	@touch $@

# Programs that are no Python packages: found, or installed by root, or the line that installs them.

browser:  ## Find or install the browsers that look at the map
	@if command -v chromium >/dev/null && command -v chromedriver >/dev/null && command -v firefox-esr >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update && $(APT) $(BROWSER_PACKAGES); \
	else echo "found no chromium, chromedriver or firefox-esr; expected all; install them: $(APT) $(BROWSER_PACKAGES)" >&2; exit 1; fi

clients:  ## Find or install the GIS programs of test-clients
	@if command -v ogrinfo >/dev/null && /usr/bin/python3 -c 'import osgeo_utils' 2>/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update && $(APT) $(CLIENT_PACKAGES); \
	else echo "found no GDAL programs; expected them; install them: $(APT) $(CLIENT_PACKAGES)" >&2; exit 1; fi

pins:  ## Renew requirements/all.txt (needs uv); names no host
	uv pip compile pyproject.toml --all-extras --group test --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-emit-index-url --upgrade -o requirements/all.txt
	@! grep -nE 'https?://|--(extra-)?index' requirements/all.txt

clean:  ## Remove the environment and what was made
	rm -rf $(VENV) out build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find corridor layers maps tests -name __pycache__ -type d -prune -exec rm -rf {} +
