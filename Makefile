PYTHON ?= python3
VENV   ?= .venv
ARGS   ?=

.PHONY: run test check clean

run: $(VENV)/.installed
	$(VENV)/bin/twistd -n --pidfile= tcpchat $(ARGS)

test: $(VENV)/.installed
	$(VENV)/bin/python -m pytest $(ARGS)

check: $(VENV)/.checks-installed
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-logo

$(VENV)/.installed: setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install -q --disable-pip-version-check -e '.[test]'
	touch $@

$(VENV)/.checks-installed: $(VENV)/.installed
	$(VENV)/bin/python -m pip install -q --disable-pip-version-check -e '.[test,check]'
	touch $@

clean:
	rm -rf $(VENV) build *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache _trial_temp*
