# Everything a developer or a machine runs. Each target sets up what it needs, on a machine with Python ≥ 3.11.

PYTHON ?= python3
PIP = PIP_DISABLE_PIP_VERSION_CHECK=1 $(1)/bin/python -m pip install --quiet
BIN = .venv/bin

.PHONY: install demo test lint types test-chaos test-unit test-integration browser engines check kill chaos long format bench locks clean

# Compiled at once, as an installed wheel is: a command, and each loop that a worker takes up, begins sooner.
install: .venv/.ready

.venv/.ready: requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(call PIP,.venv) --require-hashes -r requirements/dev.txt
	$(call PIP,.venv) --no-deps --no-build-isolation --editable .
	.venv/bin/python -m compileall -q boucle
	@touch $@

.venv-run/.ready: requirements/run.txt requirements/build.txt pyproject.toml
	$(PYTHON) -m venv .venv-run
	$(call PIP,.venv-run) --require-hashes -r requirements/run.txt -r requirements/build.txt
	$(call PIP,.venv-run) --no-deps --no-build-isolation --editable .
	.venv-run/bin/python -m compileall -q boucle
	@touch $@

# The main job on a fictional company: about 400 responses in, every loop closed, one report out.
demo: .venv-run/.ready
	.venv-run/bin/boucle demo

# Four at a time: tests of processes and of workflows wait much. Each part's output is shown when it is done.
# Without hypothesis, where no test draws examples: its plugin loads all of it to say that there were none.
UNDRAWN = -p no:hypothesispytest
PARTS = test-processes-a-to-e test-processes-f-to-z test-integration test-chaos \
	test-workflows-f-to-z test-workflows-a-to-e test-unit
SIDE_BY_SIDE = $(MAKE) --no-print-directory -j4 --output-sync=target

test: .venv/.ready browser engines
	@$(SIDE_BY_SIDE) $(PARTS)

test-processes-%:
	$(BIN)/pytest $(UNDRAWN) --durations=10 -o cache_dir=.pytest_cache/processes-$* --deselect tests/e2e/test_chaos.py tests/e2e/test_[$(subst -to-,-,$*)]*.py

# Its short form, which mostly waits. BOUCLE_CHAOS_SEED=N repeats a run's choices.
test-chaos:
	$(BIN)/pytest $(UNDRAWN) -s -o cache_dir=.pytest_cache/chaos tests/e2e/test_chaos.py

test-unit:
	$(BIN)/pytest --durations=10 -o cache_dir=.pytest_cache/unit tests/house tests/unit

test-integration:
	$(BIN)/pytest --durations=10 -o cache_dir=.pytest_cache/integration tests/integration

test-workflows-%:
	$(BIN)/pytest $(UNDRAWN) --durations=10 -o cache_dir=.pytest_cache/workflows-$* tests/workflows/test_[$(subst -to-,-,$*)]*.py

# The demo's report is opened in a real browser: Debian's, installed where it is missing.
browser:
	@command -v chromium >/dev/null || (apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium)

# What must hold before a change lands: format, lint, types, shape, arrows, all tests.
check: .venv/.ready lint browser engines
	@$(SIDE_BY_SIDE) types $(PARTS)

lint: .venv/.ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: .venv/.ready
	$(BIN)/mypy

# The long form of the kill test: 2,000 responses, 23 kills. BOUCLE_KILL_SEED=N repeats a run's choices.
kill: .venv/.ready
	BOUCLE_KILLS=full $(BIN)/pytest -s tests/e2e/test_kills.py

# 500 loops of every play, random acts, 210 blows: processes killed, Temporal's file deleted; takes most of an hour.
chaos: .venv/.ready
	BOUCLE_CHAOS=full $(BIN)/pytest -s tests/e2e/test_chaos.py

# Eight engines over 100,000 evaluations; 10,000 mutated files; 10,000 questions asked two ways; 1,000 races of each kind;
# 10,000 calendars counted minute by minute; a loop of 5,000 acts.
long: .venv/.ready engines
	BOUCLE_DIFFERENTIAL=full $(BIN)/pytest -s tests/e2e/test_engines_agree.py
	BOUCLE_MUTATIONS=full $(BIN)/pytest -s tests/unit/test_mutations.py
	BOUCLE_AGREEMENT=full $(BIN)/pytest -s tests/unit/test_two_ways.py
	BOUCLE_STARTER_MUTANTS=full $(BIN)/pytest -s tests/integration/test_starters.py
	BOUCLE_RACES=full $(BIN)/pytest -s tests/integration/test_races.py
	BOUCLE_TEST_CALENDARS=full $(BIN)/pytest -s tests/unit/test_working_time.py
	BOUCLE_LONG_LIVES=full $(BIN)/pytest -s tests/workflows/test_long_lives.py

format: .venv/.ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Other engines of the same language, each in an environment of its own, to be held against ours.
engines: .venv/.ready
	$(BIN)/python -m tests.oracles.environments

bench: .venv/.ready engines
	$(BIN)/python -m benchmarks

# The lock files, after a change of pyproject.toml. Needs uv; they name no index.
locks:
	uv pip compile -q pyproject.toml --generate-hashes --no-header --no-emit-index-url --universal --python-version 3.11 -o requirements/run.txt
	uv pip compile -q requirements/build.in --generate-hashes --no-header --no-emit-index-url --universal --python-version 3.11 -o requirements/build.txt
	for engine in requirements/oracles/*.in; do uv pip compile -q $$engine --generate-hashes --no-header --no-emit-index-url --universal --python-version 3.11 -o $${engine%.in}.txt; done
	uv pip compile -q pyproject.toml --group dev --generate-hashes --no-header --no-emit-index-url --universal --python-version 3.11 -c requirements/run.txt -o requirements/dev.txt

clean:
	rm -rf .venv .venv-run .venv-oracles build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
