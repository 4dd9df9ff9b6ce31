"""The manual page and the completions are those of the options, and a shell can use them."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from tcpchat.client.ending import BROKEN, INTERRUPTED, NO_HOST, REFUSED, UNAVAILABLE, USAGE
from tests.made import CONTRIB, made
from tests.processes import PATIENCE
from tests.ptys import CTRL_U, ENTER, TAB, Pty
from tests.test_clients import need

ENDINGS = USAGE, NO_HOST, UNAVAILABLE, BROKEN, REFUSED, INTERRUPTED


def test_they_are_made_of_the_options_as_they_are() -> None:
    for name, text in made().items():
        assert (CONTRIB / name).read_text() == text.rstrip() + "\n", "python -m tests.made makes them anew"


COMPLETED = [
    ("tcpchat sen", "tcpchat send"),
    ("tcpchat ban list --js", "tcpchat ban list --json"),
    ("tcpchat watch --si", "tcpchat watch --since"),
    ("tcpchat log ba", "tcpchat log backup"),
    ("tcpchat --notify des", "tcpchat --notify desktop"),
    ("tcpchat --pl", "tcpchat --plain"),
]


@pytest.mark.parametrize(("shell", "words", "load"), [
    ("bash", ("--norc", "--noprofile"), f"source {CONTRIB}/tcpchat"),
    ("zsh", ("-f",), f"fpath=({CONTRIB} $fpath); autoload -Uz compinit; compinit -u -D"),
])  # fmt: skip
def test_a_shell_completes_what_is_typed(shell: str, words: tuple[str, ...], load: str) -> None:
    with Pty(*words, program=need(shell)) as terminal:
        terminal.types(f"{load}; PS1='go: '{ENTER}")
        terminal.stands("go: ")
        for typed, completed in COMPLETED:
            terminal.types(typed + TAB)
            terminal.stands(f"go: {completed} ")
            terminal.types(CTRL_U)
            terminal.stands("go: ")


def test_fish_completes() -> None:
    fish = need("fish")
    for typed, completed in COMPLETED:
        script = f"source {CONTRIB}/tcpchat.fish; complete -C '{typed}'"
        shown = subprocess.run(
            [fish, "--no-config", "-c", script], capture_output=True, timeout=PATIENCE, check=True, text=True
        ).stdout
        assert completed.split()[-1] in [line.split("\t")[0] for line in shown.splitlines()]


def test_the_manual_page_can_be_read_without_a_warning() -> None:
    ended = subprocess.run(
        [need("man"), "--warnings", "-l", str(CONTRIB / "tcpchat.1")],
        capture_output=True,
        timeout=PATIENCE,
        check=True,
        env=os.environ | {"LC_ALL": "C.UTF-8", "MANWIDTH": "80"},
    )
    assert ended.stderr == b""
    assert "tcpchat - a group chat" in ended.stdout.decode() and "--since" in ended.stdout.decode()


def test_the_manual_page_has_each_example_in_a_line_what_it_ends_with_and_what_it_heeds() -> None:
    page = (CONTRIB / "tcpchat.1").read_text().replace("\\-", "-")
    sections = dict(re.findall(r"^\.SH ([A-Z ]+)\n((?:(?!\.SH).*\n)*)", page, re.MULTILINE))
    examples = sections["EXAMPLES"].splitlines()
    assert examples[0] == ".nf" and "tcpchat send --room dev 'build 17 passed'" in examples
    assert "tcpchat watch --room dev --since -1h | grep error" in examples
    for status in 0, *ENDINGS:
        assert f".TP\n\\fB{status}\\fR\n" in sections["EXIT STATUS"]
    assert ".TP\n\\fBTCPCHAT_SERVER\\fR\n" in sections["ENVIRONMENT"]
