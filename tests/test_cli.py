"""The operator's tools as a whole: their help, and the exit status of what cannot be."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.processes import PATIENCE
from tests.test_log_tools import TCPCHAT

COMMANDS = {
    "log": ("dump", "check", "backup", "restore"),
    "account": ("list", "add", "password", "remove", "operator"),
    "ban": ("list", "remove"),
}


def shown(*words: str) -> str:
    """Return what is printed by a command that succeeds."""
    ended = subprocess.run([TCPCHAT, *words], capture_output=True, timeout=PATIENCE, check=True)
    return ended.stdout.decode()


@pytest.mark.parametrize("words", [(), *((subject,) for subject in COMMANDS)])
def test_help_names_what_there_is_and_has_examples(words: tuple[str, ...]) -> None:
    text = shown(*words, "--help")
    for name in COMMANDS[words[0]] if words else COMMANDS:
        assert f"    {name} " in text
    assert "\nexamples:\n  tcpchat " in text


@pytest.mark.parametrize(
    ("subject", "command"), [(subject, command) for subject, names in COMMANDS.items() for command in names]
)
def test_help_of_each_command_has_examples(subject: str, command: str) -> None:
    text = shown(subject, command, "--help")
    assert f"\nexamples:\n  tcpchat {subject} {command}" in text
    assert "--store STORE" in text and "sqlite:PATH" in text


@pytest.mark.parametrize("typed", [(), ("--colour",), ("log",), ("log", "burn")])
def test_what_is_no_command_is_one_line_and_64(typed: tuple[str, ...]) -> None:
    ended = subprocess.run([TCPCHAT, *typed], capture_output=True, timeout=PATIENCE, check=False)
    assert (ended.returncode, ended.stdout) == (64, b"")
    (line,) = ended.stderr.decode().splitlines()
    assert line.startswith("tcpchat: ") and "--help" in line


def test_no_reactor_is_needed() -> None:
    imported = "import sys, tcpchat.cli; sys.exit('twisted.internet.reactor' in sys.modules)"
    subprocess.run([sys.executable, "-c", imported], check=True)
