"""What the tools have in common: the store that is typed, and how numbers are printed."""

from __future__ import annotations

import argparse

import pytest

from tcpchat.tools import Parser, Subject, WrongUsage, number


def parser() -> Parser:
    """Return a command line with one tool of one command."""
    made = Parser("tcpchat")
    Subject(made.add_subparsers(), "tea", "", "").add("make", lambda typed: 0, "", "")
    return made


def test_the_store_is_a_path_behind_its_kind() -> None:
    parse = parser().parse_args
    assert parse(["tea", "make"]).store == "tcpchat.sqlite3"
    assert parse(["tea", "make", "--store", "sqlite:/var/chat:1"]).store == "/var/chat:1"
    for store in "memory:", "sqlite:", "chat.sqlite3", "":
        with pytest.raises(WrongUsage, match=r"There is no store .* to work on: it is sqlite:PATH"):
            parse(["tea", "make", "--store", store])


def test_a_command_is_not_careful_unless_it_says_so() -> None:
    typed = parser().parse_args(["tea", "make"])
    assert isinstance(typed, argparse.Namespace)
    assert typed.is_careful is False and typed.run(typed) == 0


def test_numbers_of_things() -> None:
    assert [number(n, "room") for n in (0, 1, 1204)] == ["0 rooms", "1 room", "1,204 rooms"]
    assert number(2, "entry", "entries") == "2 entries"
