"""
Is each module of rules tried whole, by its own tests? ``python -m tests.covered [MODULE ...]``

Those are the modules that may reach no wire, disk, clock or reactor: setup.cfg lists them. Each is run in
a process of its own by tests/test_MODULE.py alone, and every branch of it has to be taken. ``--names``
prints the names of those tests.
"""

from __future__ import annotations

import io
import multiprocessing
import sys
from configparser import ConfigParser
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import coverage
import pytest

HERE = Path(__file__).parent


def rules() -> list[str]:
    """Return the names of the modules of rules."""
    setup = ConfigParser()
    setup.read(HERE.parent / "setup.cfg")
    listed = setup["importlinter:contract:pure"]["source_modules"].split()
    return [name.removeprefix("tcpchat.") for name in listed]


def missed(module: str) -> str:
    """Run a module's own tests, and return what is wrong: empty if they pass and take every branch."""
    shown = io.StringIO()
    tests = f"test_{module.replace('.', '_')}.py"
    source = f"tcpchat/{module.replace('.', '/')}.py"
    measured = coverage.Coverage(data_file=None, branch=True, include=[source])
    with redirect_stdout(shown), redirect_stderr(shown):
        with measured.collect():
            status = pytest.main(["-qq", "-p", "no:cacheprovider", "--disable-warnings", str(HERE / tests)])
        if status == pytest.ExitCode.OK and measured.report(show_missing=True) == 100:
            return ""
    return f"tests/{tests} is not enough for {source}:\n{shown.getvalue()}"


def main() -> int:
    """Say what is not tried; return the exit status."""
    if sys.argv[1:] == ["--names"]:
        print(*(f"tests.test_{module.replace('.', '_')}" for module in rules()))
        return 0
    modules = sys.argv[1:] or rules()
    # A process each: what another module's tests have imported or had remembered would not be seen here.
    with multiprocessing.get_context("spawn").Pool(maxtasksperchild=1) as pool:
        wrong = [text for text in pool.imap(missed, modules, chunksize=1) if text]
    print(*wrong, f"{len(modules) - len(wrong)} of {len(modules)} modules are tried whole.", sep="\n")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
