"""Every key of a TOML file has the line on which it stands, however it is written."""

from __future__ import annotations

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.toml_lines import Key, lines

EVERY_WAY = '''\
# store = "commented out"
store = "memory:"   # a remark with ] and "
"log-format" = 'json'

listen = [
    "tcp:1",  # the first
    "tcp:2", "tcp:]3#",
]
text = """
motd = 5
a "quoted" \\""" one"""""
plain = \'\'\'
rooms = 1
\'\'\'\'
when = 1979-05-27 07:32:00
inside = { a = 1, b = { c = [ 2,
  3 ] } }
empty = []

[limits] # a table
rooms . max = 3
"a.b" = "\\u00e9"
[limits.deeper]
x = -1.5

[[many]]
y = 1
[[many]]
y = 2
"\\u00e9" = true'''

WHERE: dict[Key, int] = {
    ("store",): 2, ("log-format",): 3,
    ("listen",): 5, ("listen", 0): 6, ("listen", 1): 7, ("listen", 2): 7,
    ("text",): 9, ("plain",): 12, ("when",): 15,
    ("inside",): 16, ("inside", "a"): 16, ("inside", "b"): 16, ("inside", "b", "c"): 16,
    ("inside", "b", "c", 0): 16, ("inside", "b", "c", 1): 17, ("empty",): 18,
    ("limits",): 20, ("limits", "rooms"): 21, ("limits", "rooms", "max"): 21, ("limits", "a.b"): 22,
    ("limits", "deeper"): 23, ("limits", "deeper", "x"): 24,
    ("many",): 26, ("many", "y"): 27, ("many", "é"): 30,
}  # fmt: skip


def keys(value: Any, key: Key = ()) -> set[Key]:
    """Return the keys of all that is in a value."""
    inside: Any = value.items() if isinstance(value, dict) else enumerate(value)
    found: set[Key] = set()
    for name, part in inside:
        found.add((*key, name))
        if isinstance(part, dict | list):
            found |= keys(part, (*key, name))
    return found


PIECES = st.sampled_from(
    [
        "a",
        "b",
        "c",
        ".",
        "=",
        " ",
        "\n",
        '"',
        "'",
        '"""',
        "'''",
        "\\",
        "[",
        "]",
        "{",
        "}",
        ",",
        "#",
        "1",
        "[[",
    ]
)
VALUES = st.sampled_from([
    "1", "true", "-1.5e3", "07:32:00", "1979-05-27 07:32:00", '"x # ]"', "'\\'", '""', "''", '"\\" ="',
    '"""\na = 1\n"""', "'''\n[b]\n'''", '"""a"""""', "[]", "[ # one\n 1, [2, 'a'],\n]", "{}",
    "{ a = 1, b.c = [3] }", "{'a' = '}'}",
])  # fmt: skip
NAMES = st.sampled_from(["a", "b-c", "1", "'a b'", '"x\\ty"', "a.b", "b . 'c'", '"".z'])
PAIRS = st.builds(
    lambda name, value, end: f"{name} = {value}{end}\n", NAMES, VALUES, st.sampled_from(["", " # a"])
)
HEADS = st.builds("[{}]\n".format, NAMES)


class LinesTests(SynchronousTestCase):
    def test_whatever_way_it_is_written(self) -> None:
        tomllib.loads(EVERY_WAY)
        self.assertEqual(lines(EVERY_WAY), WHERE)

    def test_nothing_is_set_in_an_empty_file(self) -> None:
        for text in "", "\n", "# only a remark":
            self.assertEqual(lines(text), {})

    def test_lines_may_end_as_on_windows(self) -> None:
        self.assertEqual(lines("a = 1\r\nb = [\r\n2]\r\n"), {("a",): 1, ("b",): 2, ("b", 0): 3})

    @given(st.lists(st.one_of(PAIRS, HEADS, st.just("\n"), st.just("# [x]\n"))).map("".join))
    def test_whatever_tomllib_finds_has_a_line_and_nothing_else_has(self, text: str) -> None:
        try:
            found = keys(tomllib.loads(text))
        except tomllib.TOMLDecodeError:
            return
        self.assertEqual(set(lines(text)), found, text)

    @given(st.lists(PIECES, max_size=20).map("".join))
    def test_the_same_of_odd_files(self, text: str) -> None:
        try:
            found = keys(tomllib.loads(text))
        except tomllib.TOMLDecodeError:
            return
        # Several tables with one name have numbers in between, which the lines are found without.
        depth = 1 if "[[" in text else None
        self.assertEqual({key[:depth] for key in lines(text)}, {key[:depth] for key in found}, text)
