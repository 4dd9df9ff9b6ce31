"""What the tools have in common: the store that is typed, and how numbers are printed."""

from __future__ import annotations

import argparse

import pytest

from tcpchat import tool_orders
from tcpchat.columns import width
from tcpchat.store import InFile
from tcpchat.tools import Parser, Subject, WrongUsage, as_json, done, moment, number, table


def parser() -> Parser:
    """Return a command line with one tool of one command."""
    made = Parser("tcpchat")
    Subject(made.add_subparsers(), "tea", "", "").add("make", lambda typed: 0, "", "")
    return made


def test_the_store_is_a_path_behind_its_kind() -> None:
    parse = parser().parse_args
    assert parse(["tea", "make"]).store == InFile("tcpchat.sqlite3")
    assert parse(["tea", "make", "--store", "sqlite:/var/chat:1"]).store == InFile("/var/chat:1")
    for store in "memory:", "sqlite:", "chat.sqlite3", "":
        with pytest.raises(WrongUsage, match="There is no store"):
            parse(["tea", "make", "--store", store])


def test_a_command_is_not_careful_unless_it_says_so() -> None:
    typed = parser().parse_args(["tea", "make"])
    assert isinstance(typed, argparse.Namespace)
    assert typed.is_careful is False and typed.run(typed) == 0


def test_numbers_of_things() -> None:
    assert [number(n, "room") for n in (0, 1, 1204)] == ["0 rooms", "1 room", "1,204 rooms"]
    assert number(2, "entry", "entries") == "2 entries"


def test_times_are_printed_in_utc() -> None:
    assert moment(0) == "1970-01-01 00:00"
    assert moment(1_795_255_379_999) == "2026-11-21 10:02"


def test_columns_are_as_wide_as_they_have_to_be_and_empty_ones_left_out() -> None:
    assert list(table([])) == []
    rows = [("ada", "", "x", ""), ("\N{CJK UNIFIED IDEOGRAPH-6F22}" * 4, "", "yy", "z")]
    lines = [line.decode() for line in table(rows)]
    assert lines == ["ada       x\n", "\N{CJK UNIFIED IDEOGRAPH-6F22}" * 4 + "  yy  z\n"]
    assert width(lines[0][: lines[0].index("x")]) == width(lines[1][: lines[1].index("yy")])


def test_nothing_that_steers_a_terminal_is_printed() -> None:
    (line,) = table([("spam\x1b[2J\rmore\u202e",)])
    assert line.decode().removesuffix("\n").isprintable()


def test_programs_are_shown_an_object_in_a_line() -> None:
    sanction = tool_orders.Sanction("ban", "#own", "eve", [], None, "anna", "a\nb")
    assert as_json(sanction) == (
        b'{"kind":"ban","room":"#own","whom":"eve","networks":[],"until":null,"by":"anna","reason":"a\\nb"}\n'
    )


def test_what_was_done_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    assert done([tool_orders.Done("Added the account ada.")]) == 0
    assert capfd.readouterr().out == "Added the account ada.\n"
