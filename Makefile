# Everything here works on a fresh machine with Python >= 3.11 and make. On Windows see README.md.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

$(VENV)/installed: requirements.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

.PHONY: install run test coverage check package bench bench-memory campaigns chaos chaos-orders soak wire docs docs-tables screens lock format clean
install: $(VENV)/installed

run: install
	$(BIN)/ibwire demo

# Twice as many at a time as two cores: about half of a test's time is waiting for processes and sockets.
WORKERS ?= 4
test: install
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal

# The suite with its coverage of src, and the README's badge: docs/coverage.svg. Too little is an error.
coverage: install
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal --cov --cov-report=
	$(BIN)/python -m coverage json -q
	$(BIN)/python tools/coverage_badge.py

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The wheel and the source distribution, and whether they work where nothing else is: a minute, needs a package index.
package: install
	rm -rf dist
	$(BIN)/python -m build --outdir dist .
	$(BIN)/python tools/check_package.py dist

bench: install
	$(BIN)/python -m benchmarks.ticks
	$(BIN)/python -m benchmarks.quotes
	$(BIN)/python -m benchmarks.ib_async_compat
	$(BIN)/python -m benchmarks.import_time
	$(BIN)/python -m benchmarks.limiter
	$(BIN)/python -m benchmarks.events
	$(BIN)/python -m benchmarks.orders
	$(BIN)/python -m benchmarks.recovery
	$(BIN)/python -m benchmarks.simulator

# Resident memory over ten million ticks, ib_async's and ours side by side: two minutes, Linux only.
bench-memory: install
	$(BIN)/python -m benchmarks.memory

campaigns: install
	IBWIRE_CAMPAIGN=1 $(BIN)/python -m pytest -q --durations=15 -m "campaign and not tws and not windows"

# As many seeds of chaos as one wants: make chaos SEEDS=5000 [WORLD=orders] [FIRST=0] [HOURS=6]
WORLD ?= session
SEEDS ?= 20
FIRST ?= 0
HOURS ?=
chaos: install
	$(BIN)/python -m tests.chaos.run --world $(WORLD) --seeds $(SEEDS) --first $(FIRST) $(if $(HOURS),--hours $(HOURS))

# Kills a trading process with SIGKILL, as often as one wants: make chaos-orders KILLS=5000 [SEED=1] [FIRST=0]
KILLS ?= 200
SEED ?= 1
chaos-orders: install
	$(BIN)/python -m tests.chaos.order_kills --kills $(KILLS) --first $(FIRST) --seed $(SEED)

# A session under a fault a minute, over TCP in real time; prints its memory. Not part of any other target.
soak: install
	$(BIN)/python -m benchmarks.soak --minutes 30

format: install
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

# Regenerate the wire code from src/ibwire/wire/schema/*.proto (needs its own, older protoc: see tools/requirements-wire.txt).
wire: install
	$(PYTHON) -m venv .venv-wire
	.venv-wire/bin/python -m pip install --quiet --disable-pip-version-check -r tools/requirements-wire.txt
	.venv-wire/bin/python tools/generate_wire.py
	$(BIN)/ruff check --quiet --fix-only src/ibwire/wire
	$(BIN)/ruff format --quiet src/ibwire/wire

# The documentation as a site, in site/. Needs no network; fails at any warning, so no link leads nowhere. The variable
# switches off what the theme prints at each build about a coming release of MkDocs.
docs: install
	NO_MKDOCS_2_WARNING=true $(BIN)/mkdocs build --strict

# Regenerate the pages of docs/ that are made from the code's own tables.
docs-tables: install
	$(BIN)/python tools/generate_error_docs.py
	$(BIN)/python tools/generate_settings_docs.py
	$(BIN)/python tools/generate_fault_matrix.py
	$(BIN)/python tools/generate_fault_docs.py
	$(BIN)/python tools/generate_request_docs.py
	$(BIN)/python tools/generate_cli_docs.py
	$(BIN)/python tools/generate_pacing_docs.py
	$(BIN)/python tools/generate_architecture_docs.py

# What commands look like in a terminal (docs/screens/*.svg), from real runs against a simulated gateway.
screens: install
	$(BIN)/python tools/make_screens.py

# Renew the locked set of requirements (needs uv).
lock:
	uv pip compile --quiet --universal --python-version 3.11 --extra dev --no-annotate --no-header pyproject.toml -o requirements.txt

clean:
	rm -rf $(VENV) .coverage coverage.json .venv-wire .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist site src/*.egg-info
