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
BROWSER_PACKAGES := chromium chromium-driver firefox-esr fonts-noto-cjk poppler-utils
# Every extra but the drivers of object stores, of which each user needs one at most.
EXTRAS := --extra rasters --extra sheets --extra hotspots --extra report
CLIENT_PACKAGES := gdal-bin python3-gdal
QGIS_PACKAGES := python3-qgis gdal-bin fonts-dejavu-core

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo test test-clients test-qgis lint pictures picture-qgis bench browser clients qgis pins clean env
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

help:  ## Show what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

demo: env  ## Install, then run the main job on the data that ship: map and GeoPackage in out/demo
	@$(VENV)/bin/corridor demo --out $(OUT) --overwrite

test: env browser lint  ## Install, then format, lint, types, tests, doctests and the README's commands
	$(PY) -m pytest -n $(JOBS) --ignore=tests/clients --ignore=tests/pyqgis --ignore=tests/benchmarks

test-clients: env clients  ## Open the GeoPackage with Debian's GDAL and the validator of the standard
	$(PY) -m pytest -n 0 tests/clients

test-qgis: env qgis  ## Open every layer in QGIS without a screen, draw the corridor, look at the pixels
	$(PY) -m pytest -n 0 tests/pyqgis

lint: env  ## Format, lint and types alone
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy

pictures: env browser  ## Take the pictures of the demo's page, with two scenarios, and report into docs/img
	$(VENV)/bin/corridor demo --out $(OUT)_pictures --overwrite \
	  --scenario green_corridor_2030 --scenario e_methanol_container_30_percent
	PYTHONPATH=tests $(PY) -m browser.pictures $(OUT)_pictures/map.html docs/img
	$(PY) docs/make_report_pictures.py $(OUT)_pictures docs/img

picture-qgis: demo qgis  ## Draw the demo's GeoPackage in QGIS into docs/img
	QT_QPA_PLATFORM=offscreen /usr/bin/python3 tests/pyqgis/session.py $(OUT)_qgis $(OUT)/study.gpkg
	cp $(OUT)_qgis/qgis_3832.png docs/img/qgis_3832.png

bench: env  ## Time the chain against its floor and the naive way; writes docs/performance*.md
	$(PY) -m tests.benchmarks.run --write docs/performance.md
	$(PY) -m tests.benchmarks.files --write docs/performance_files.md

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
	@if command -v chromium >/dev/null && command -v chromedriver >/dev/null && command -v firefox-esr >/dev/null && command -v pdftotext >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update && $(APT) $(BROWSER_PACKAGES); \
	else echo "found no chromium, chromedriver, firefox-esr or pdftotext; expected all; install them: $(APT) $(BROWSER_PACKAGES)" >&2; exit 1; fi

clients:  ## Find or install the GIS programs of test-clients
	@if command -v ogrinfo >/dev/null && /usr/bin/python3 -c 'import osgeo_utils' 2>/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update && $(APT) $(CLIENT_PACKAGES); \
	else echo "found no GDAL programs; expected them; install them: $(APT) $(CLIENT_PACKAGES)" >&2; exit 1; fi

qgis:  ## Find or install QGIS for test-qgis
	@if /usr/bin/python3 -c 'import qgis.core' 2>/dev/null && command -v gdalwarp >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update && $(APT) $(QGIS_PACKAGES); \
	else echo "found no PyQGIS or gdalwarp; expected both; install them: $(APT) $(QGIS_PACKAGES)" >&2; exit 1; fi

pins:  ## Renew requirements/all.txt (needs uv); names no host
	uv pip compile pyproject.toml $(EXTRAS) --group test --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-emit-index-url --upgrade -o requirements/all.txt
	@! grep -nE 'https?://|--(extra-)?index' requirements/all.txt

clean:  ## Remove the environment and what was made
	rm -rf $(VENV) out build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find corridor layers maps tests -name __pycache__ -type d -prune -exec rm -rf {} +
