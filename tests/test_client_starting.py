"""What the client imports before it does something: people wait for it, and scripts do each time."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import ENVIRONMENT, TCPCHAT, at
from tests.faults.servers import start
from tests.ptys import CTRL_D, Pty

TOLD = {"PYTHONPROFILEIMPORTTIME": "1"}

# Of a module that is imported the name stands behind how long it took.
IMPORTED = re.compile(rb"^import time: +\d+ \| +\d+ \| +([\w.]+)\r?$", re.MULTILINE)

# What takes long, and is for a terminal, for an encrypted connection, for what is said, or for the server.
SLOW = {"asyncio", "cryptography", "msgspec", "prompt_toolkit", "regex", "twisted", "wcwidth"}
OF_SERVER = {"argon2", "sqlite3", "xkcdpass", "tcpchat.session"}


def imported(*words: str, typed: str = "") -> set[str]:
    """Run it to its end; return what it has imported."""
    ended = subprocess.run(
        [sys.executable, TCPCHAT, *words], input=typed.encode(), capture_output=True, check=True,
        env=ENVIRONMENT | TOLD,
    )  # fmt: skip
    return {name.decode() for name in IMPORTED.findall(ended.stderr)}


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["send", "--help"], ["watch", "--help"]])
def test_to_be_told_of_the_options_costs_next_to_nothing(words: list[str]) -> None:
    modules = imported(*words)
    assert "tcpchat.client.options" in modules
    assert not modules & (SLOW | OF_SERVER | {"urllib.parse"})


def test_what_is_sent_by_a_script_needs_no_terminal_and_no_encryption(tmp_path: Path) -> None:
    with start(tmp_path).ready() as server:
        for words in ["send", "--server", at(server)], [at(server), "--nick", "bot"]:
            modules = imported(*words, typed="hi\n")
            assert "tcpchat.client.link" in modules
            assert not modules & ({"cryptography", "prompt_toolkit"} | OF_SERVER)


def test_one_can_type_before_all_is_imported(tmp_path: Path) -> None:
    with start(tmp_path).ready() as server:
        with Pty(at(server), "--nick", "anna", PYTHONPROFILEIMPORTTIME="1") as anna:
            anna.until(lambda: b"\x1b[?2004h" in anna.sent)  # from the first drawing on
            anna.types("typed early\r")
            bob = server.person("bob")
            anna.until(lambda: b"<anna> " in anna.sent)
            bob.types("seen")
            anna.until(lambda: b"seen" in anna.sent)
            anna.types(CTRL_D)
            assert anna.ends() == 0
        prompt = anna.sent.index(b"\x1b[?2004h")
        assert not {b"twisted", b"tcpchat.client.link"} & set(IMPORTED.findall(anna.sent[:prompt]))
        assert {b"twisted", b"tcpchat.client.link"} <= set(IMPORTED.findall(anna.sent[prompt:]))
        assert anna.sent.count(b"typed early") >= 2  # as it was typed, and as it was said
