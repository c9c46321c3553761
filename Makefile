# make movie   set up and make films/galapagos/film.mp4 (or another: make movie MOVIE=name)
# make test    set up and run the tests
# make heavy   the tests with real servers and a browser, where those are installed
# make live    the tests that ask the real providers, for cents, where their keys are set
# make check   format, lint, types, import contracts, tests
# make dev     Dagster's UI and daemon on this project
# make bench   the benchmarks, by hand

PYTHON ?= python3
MOVIE ?= galapagos
BIN := .venv/bin

.PHONY: movie test heavy live check format dev bench clean

movie: .venv/.movies
	@$(BIN)/movies make $(MOVIE)

# Tests sync what they write; memory does that at once, so their folders are there where there is room.
ROOM := $(shell df -Pm /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 4000 { print "/dev/shm" }')

# Processes that are killed, real servers and a browser, on a busy machine: what failed is tried once more, and told.
test: .venv/.test
	$(if $(ROOM),TMPDIR=$(ROOM)) $(BIN)/pytest -n auto -m "not heavy and not live" --reruns 1

heavy: .venv/.test
	$(BIN)/pytest -m "heavy and not live" --reruns 1 --reruns-delay 5

live: .venv/.test
	$(BIN)/pytest -m live tests/live

check: .venv/.check
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

format: .venv/.check
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

dev: .venv/.movies
	$(BIN)/dagster dev

bench: .venv/.test
	for file in bench/*.py; do $(BIN)/python $$file || exit 1; done

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.venv/.movies: pyproject.toml constraints.txt
	@echo "setting up .venv (about a minute, once)" >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

.venv/.test: .venv/.movies
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@

.venv/.check: .venv/.test
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,check]'
	@touch $@
