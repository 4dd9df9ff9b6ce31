PYTHON ?= python3
VENV   ?= .venv
ARGS   ?=

.PHONY: run test trial faults soak fuzz bench steps check coverage dist docs clean

run: $(VENV)/.installed
	$(VENV)/bin/twistd -n --pidfile= tcpchat $(ARGS)

test: $(VENV)/.installed
	$(VENV)/bin/python -m pytest $(ARGS)

# The rules' and the logs' own tests by the runner in whose style they are; test has them, and all the rest.
trial: $(VENV)/.checks-installed
	$(VENV)/bin/trial $$($(VENV)/bin/python -m tests.covered --names) tests.test_log_memory tests.test_log_sqlite

# The long form of tests/faults, about three quarters of an hour: docs/nothing-is-lost.md.
faults: $(VENV)/.installed
	TCPCHAT_KILLS=100 TCPCHAT_FULL=1 $(VENV)/bin/python -m pytest -s tests/faults $(ARGS)

# A server under attack, with 200 people who just talk: what it costs them, and what is left in the end.
soak: $(VENV)/.installed
	$(VENV)/bin/python -m tests.soak $(or $(SECONDS),300) $(ARGS)

# Input made up by atheris, each target for so long: tests/fuzz.
fuzz: $(VENV)/.fuzz-installed
	$(VENV)/bin/python -m tests.fuzz $(or $(SECONDS),60) $(TARGETS)

# tcpchat beside other servers, about an hour: docs/performance.md. QUICK=1: two minutes, nothing written.
bench: $(VENV)/.bench-installed
	$(VENV)/bin/python -m benchmarks $(if $(QUICK),--quick) $(if $(ROUNDS),--rounds=$(ROUNDS)) \
		$(if $(ONLY),--only='$(ONLY)') $(if $(SERVERS),--servers='$(SERVERS)') $(if $(SEED),--seed=$(SEED)) $(ARGS)

# What one message costs, step by step: docs/performance.md. Some seconds.
steps: $(VENV)/.installed
	$(VENV)/bin/python -m benchmarks.steps

check: $(VENV)/.checks-installed
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-logo

# Is every branch of the modules of rules taken by their own tests? Half a minute.
coverage: $(VENV)/.checks-installed
	$(VENV)/bin/python -m tests.covered $(ARGS)

# The documents as pages, in build/docs. A link that leads nowhere is an error.
docs: $(VENV)/.docs-installed
	$(VENV)/bin/python -m sphinx -q -W --keep-going -E -b html docs build/docs

$(VENV)/.installed: setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install -q --disable-pip-version-check -e '.[test]'
	touch $@

$(VENV)/.bench-installed: $(VENV)/.installed
	$(VENV)/bin/python -m pip install -q --disable-pip-version-check -e '.[test,bench]'
	touch $@

$(VENV)/.fuzz-installed: $(VENV)/.installed
	$(VENV)/bin/python -m pip install -q --disable-pip-version-check -e '.[test,fuzz]'
	touch $@

$(VENV)/.docs-installed: $(VENV)/.installed
	$(VENV)/bin/python -m pip install -q --disable-pip-version-check -e '.[test,docs]'
	touch $@

$(VENV)/.checks-installed: $(VENV)/.installed
	$(VENV)/bin/python -m pip install -q --disable-pip-version-check -e '.[test,check]'
	touch $@

# What is released, in dist/: docs/releasing.md.
dist: $(VENV)/.installed
	$(VENV)/bin/python -m tests.released build

clean:
	rm -rf $(VENV) build *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache _trial_temp*
