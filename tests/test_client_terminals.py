"""The client on terminals of every width and kind, in other locales, and with text of every script."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest

from tests.commands import ENVIRONMENT, TCPCHAT, at, run
from tests.faults.servers import dump
from tests.faults.servers import start as start_server
from tests.processes import PATIENCE, Server
from tests.ptys import ENTER, Pty
from tests.test_clients import need

LEFT, ERASE = "\x1b[D", "\x7f"

NO_LOCALE: dict[str, Any] = {"LANG": "", "LC_ALL": "", "LC_CTYPE": ""}

# Python takes what is typed and shown for UTF-8 where a locale says nothing (PEP 538, 540), but not so.
ASCII_ALONE = NO_LOCALE | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with start_server(tmp_path) as running:
        yield running.ready()


def said(server: Server) -> list[str]:
    return [record.text for record in dump(server.folder) if record.type == "message"]


@pytest.mark.parametrize("columns", [20, 21, 39, 40, 80, 132, 250])
def test_what_is_typed_and_shown_is_whole_at_any_width(server: Server, columns: int) -> None:
    with Pty(at(server), "--nick", "anna", columns=columns) as anna:
        anna.sees("1:#lobby 1")
        bob = server.person("bob")
        anna.types(
            "漢字かな交じり文 👍 e\u0301 and words that go on for more than one row of a narrow window"
        )
        for number in range(5):
            bob.types(f"{number} " + "漢字" * 30, f"{number} 👍 ñandú e\u0301 " + "word " * 40)
        bob.types("done")
        anna.sees("<bob> done$")
        anna.types(ENTER)
        bob.until("<anna> 漢字かな交じり文 👍 é and words .* narrow window\r\n")
        anna.sees("漢字かな")
        assert len(re.findall("(?:漢字){30}\r+\n", anna.sent.decode())) == 5
        anna.until(lambda: anna.line.rstrip() == "#lobby")


def test_the_window_changes_while_lines_come_in(server: Server) -> None:
    with Pty(at(server), "--nick", "anna") as anna:
        anna.sees("1:#lobby 1")
        bob = server.person("bob")
        anna.types("half a li")
        number = 0
        for columns, lines in [(20, 5), (250, 60), (33, 24), (80, 8), (120, 40), (20, 24), (80, 24)] * 2:
            anna.resize(columns, lines)
            bob.types(*[f"line {n} 漢" for n in range(number, number + 20)])
            number += 20
        anna.sees(f"<bob> line {number - 1} 漢$")
        anna.stands("#lobby half a li")
        anna.types(f"ne{ENTER}")
        bob.until("<anna> half a line\r\n")
        shown = re.findall(r"line (\d+) 漢\r+\n", anna.sent.decode())
        assert [int(each) for each in shown] == list(range(number))
        rows = anna.rows
        assert sum("1:#lobby" in row for row in rows) == 1, rows


def test_what_is_written_from_right_to_left_stays_in_order(server: Server) -> None:
    with Pty(at(server), "--nick", "דנה") as dana:
        dana.sees(r"\[1:#lobby 1\]  דנה")
        amal, bob = server.person("أمل"), server.person("bob")
        amal.types("مُحَمَّد said שלום at 10:30", "(أهلا) דנה!")
        bob.types("plain text")
        dana.sees("<bob> plain text$")
        rows = [row.partition(" ")[2] for row in dana.rows if "<" in row]
        # A terminal puts what it gets into its order itself; what pyte keeps is in the order of speaking.
        assert [normalize("NFC", row) for row in rows] == [
            normalize("NFC", "<أمل> مُحَمَّد said שלום at 10:30"),
            "<أمل> (أهلا) דנה!",
            "<bob> plain text",
        ]
        dana.types("שלומ עולם 123")
        dana.stands("#lobby שלומ עולם 123")
        dana.types(LEFT * 9 + ERASE + "ם")
        dana.stands("#lobby שלום")
        dana.types(ENTER)
        bob.until("<דנה> שלום עולם 123\r\n")
        dana.types(f"/msg أمل سلام{ENTER}")
        amal.until(r"\[from דנה\] سلام\r\n")
        dana.sees(r"\[to أمل\] سلام$")
        dana.types(f"/join #חדר{ENTER}hi{ENTER}")
        dana.sees(r"1:#lobby 3  \[2:#חדר 1\]  דנה")
        dana.sees("<דנה> hi$")


@pytest.mark.parametrize("locale", [NO_LOCALE, NO_LOCALE | {"LC_ALL": "C"}, NO_LOCALE | {"LC_ALL": "POSIX"}])
def test_without_a_locale_it_is_utf8(server: Server, locale: dict[str, Any]) -> None:
    with Pty(at(server), "--nick", "anna", **locale) as anna:
        anna.sees("1:#lobby 1")
        bob = server.person("bob")
        bob.types("grüß dich 漢字")
        anna.sees("<bob> grüß dich 漢字$")
        anna.types(f"schön{ENTER}")
        bob.until("<anna> schön\r\n")
    ended = run(at(server), "--nick", "carl", typed="ähm\n/history\n", **locale)
    assert ended.status == 0 and "<carl> ähm\n" in ended.shown and ended.complaints == ""


def test_where_there_is_nothing_but_ascii_the_rest_is_marked(server: Server) -> None:
    with Pty(at(server), "--nick", "anna", **ASCII_ALONE) as anna:
        anna.sees("1:#lobby 1")
        bob = server.person("bob")
        bob.types("grüß dich 漢字")
        anna.sees(r"<bob> gr\?\? dich \?\?$")
        anna.types(f"/join #dev{ENTER}")
        anna.sees(r"\[2:#dev 1\]")
        anna.types(f"/join #lobby{ENTER}hi{ENTER}")
        bob.until("<anna> hi\r\n")
        assert anna.sent.isascii()
    for words in ("--plain",), ():
        ended = run(*words, at(server), typed="hi\n/history\n", **ASCII_ALONE)
        assert ended.status == 0 and ended.complaints == "" and "gr?? dich ??\n" in ended.shown


@pytest.mark.parametrize("locale", [NO_LOCALE, ASCII_ALONE])
def test_what_is_typed_in_another_encoding_is_marked(server: Server, locale: dict[str, Any]) -> None:
    with Pty(at(server), "--nick", "anna", **locale) as anna:
        anna.sees("1:#lobby 1")
        bob = server.person("bob")
        anna.process.send(b"gr\xfc\xdfe\r")
        bob.until("<anna> gr\ufffd+e\r\n")
        anna.sees("<anna> gr.+e$")


@pytest.mark.parametrize(
    ("terminal", "has_colours", "has_links"),
    [
        ({"TERM": "linux"}, True, False),
        ({"TERM": "vt100"}, False, False),
        ({"TERM": "xterm"}, True, True),
        ({"TERM": "screen-256color"}, True, False),
        ({"TERM": "tmux-256color"}, True, True),
        ({"TERM": "no-such-terminal"}, True, True),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, False, False),
        ({"TERM": "linux", "NO_COLOR": "1"}, False, False),
    ],
)
def test_each_terminal_gets_what_it_knows(
    server: Server, terminal: dict[str, Any], has_colours: bool, has_links: bool
) -> None:
    bob = server.person("bob")
    with Pty(at(server), "--nick", "anna", **terminal) as anna:
        anna.sees("1:#lobby 2")
        bob.types("see https://example.org, anna")
        anna.sees("<bob> see https://example.org, anna$")
        anna.types(f"hi{ENTER}")
        anna.sees("<anna> hi$")
        assert bool(re.search(rb"\x1b\[[0-9;]*(?<![0-9])3[0-9]", anna.sent)) == has_colours
        assert (b"\x1b]8;;https://example.org\x1b\\" in anna.sent) == has_links
        assert b"\x1b[6n" not in anna.sent  # the terminal is asked for nothing


class Tmux:
    """A window of tmux with a program in it."""

    def __init__(self, folder: Path, *command: str) -> None:
        self._tmux = [need("tmux"), "-u", "-S", str(folder / "tmux"), "-f", os.devnull]
        self._do("new-session", "-d", "-x", "80", "-y", "20", *command)

    def resize(self, columns: int) -> None:
        self._do("resize-window", "-x", str(columns), "-y", "20")

    def types(self, text: str) -> None:
        self._do("send-keys", text)

    def rows(self, pattern: str) -> list[str]:
        return [row for row in self._do("capture-pane", "-p").splitlines() if pattern in row]

    def all_lines(self) -> list[str]:
        """Return the lines that were shown, also what has scrolled out, as before they wrapped."""
        return self._do("capture-pane", "-pJ", "-S", "-100").splitlines()

    def until(self, holds: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < end, self.rows("")

    def close(self) -> None:
        self._do("kill-server")

    def _do(self, *words: str) -> str:
        return subprocess.run(
            [*self._tmux, *words], capture_output=True, check=True, env=ENVIRONMENT
        ).stdout.decode()


def test_in_tmux_the_status_stands_there_once_however_often_the_window_is_narrowed(
    server: Server, tmp_path: Path
) -> None:
    with closing(Tmux(tmp_path, TCPCHAT, at(server), "--nick", "annaliese-the-second")) as anna:
        anna.until(lambda: bool(anna.rows("[1:#lobby 1]")))
        anna.types("half a line that is long")
        anna.until(lambda: bool(anna.rows("is long")))
        for columns in 30, 20, 60, 24:
            anna.resize(columns)
            whole = "second  " if columns == 60 else "…"
            anna.until(lambda whole=whole: [whole in row for row in anna.rows("1:#lobby")] == [True])  # type: ignore[misc]
        assert "*** You are annaliese-the-second, in #lobby." in anna.all_lines()
