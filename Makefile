# Doors of the project; `make help` lists them.
SHELL := /bin/bash
PORT ?= 8000
PYTHON := .venv/bin/python
FLASK := .venv/bin/flask
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
export GCX_ENV ?= development

.PHONY: help setup demo dev test check bench bench-ledger bench-match bench-serving bench-everything clean translations

help: ## list the doors
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /  make \1\t/' | expand -t 22

setup: .venv/.ready static/vendor/.ready marketplace/translations/.ready ## environment in .venv and assets; nothing else

demo: setup ## demo data on SQLite, served on 127.0.0.1:8000 (PORT=)
	@PUBLIC_URL=http://127.0.0.1:$(PORT) $(FLASK) demo serve --port $(PORT)

dev: setup ## the same with auto-reload
	@mkdir -p var
	@$(FLASK) db upgrade
	@$(FLASK) demo load
	@PUBLIC_URL=http://127.0.0.1:$(PORT) $(FLASK) run --debug --port $(PORT)

test: setup ## everything: lint, types, contracts, unit, both databases, browser (ARGS="-k ledger")
	@tests/run $(ARGS)

check: setup ## lint, types and import contracts, in seconds
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy marketplace config.py wsgi.py
	@.venv/bin/lint-imports --no-cache
	@$(FLASK) materials check

bench: setup ## speed as ratios: listings per second, pages at 10k and 100k listings
	@$(PYTHON) bench/pages.py

bench-serving: setup ## speed of matching at 10k, 100k and 1M offers, as ratios (SIZES=)
	@$(PYTHON) bench/match.py $(SIZES)

bench-everything: setup ## everything against everything on one worker and on two (SIZE=)
	@$(PYTHON) bench/everything.py $(SIZE)

bench-ledger: setup ## append, verification, proofs and figures as ratios (ENTRIES=, DATABASE= an empty one)
	@$(PYTHON) bench/ledger.py --entries $(or $(ENTRIES),100000) $(if $(DATABASE),--database $(DATABASE))

bench-match: setup ## what each feature of the matcher is worth (ablation on the judged set)
	@$(PYTHON) bench/ablation.py

translations: .venv/.ready ## collect new strings into the catalogues
	@.venv/bin/pybabel -q extract -F babel.cfg -k _l -k lazy_gettext -k gettext -k ngettext:1,2 --no-location -o marketplace/translations/messages.pot .
	@.venv/bin/pybabel -q update -i marketplace/translations/messages.pot -d marketplace/translations --no-fuzzy-matching --ignore-obsolete --width 110

clean: ## remove what was built; keeps var/ (your data)
	rm -rf .venv .uv node_modules static/vendor static/vendor-dev .pytest_cache .mypy_cache .ruff_cache .hypothesis
	rm -f marketplace/translations/.ready
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.uv/bin/uv:
	@python3 -m venv .uv
	@.uv/bin/pip install --quiet --disable-pip-version-check uv

.venv/.ready: pyproject.toml uv.lock | $(filter .uv/bin/uv,$(UV))
	@$(UV) sync --frozen --quiet --compile-bytecode
	@touch $@

static/vendor/.ready: package.json package-lock.json static/build.mjs
	@npm ci --silent --no-audit --no-fund
	@npm run --silent build
	@touch $@

marketplace/translations/.ready: .venv/.ready $(wildcard marketplace/translations/*/LC_MESSAGES/*.po)
	@.venv/bin/pybabel -q compile -d marketplace/translations
	@touch $@
