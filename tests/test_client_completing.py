"""What may be meant by the beginning of a word."""

from __future__ import annotations

import pytest

from tcpchat.client.completing import completions

ROOMS = "#lobby", "#Dev", "#docs"
NICKS = "Bob", "berta", "carl"


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("/who", [("/who ", 4), ("/whois ", 4)]),
        ("/JO", [("/join ", 3)]),
        ("/join #d", [("#Dev ", 2), ("#docs ", 2)]),
        ("see #L", [("#lobby ", 2)]),
        ("b", [("berta: ", 1), ("Bob: ", 1)]),
        ("ask b", [("berta ", 1), ("Bob ", 1)]),
        ("/msg ", [("berta ", 0), ("Bob ", 0), ("carl ", 0)]),
        ("/msg C", [("carl ", 1)]),
        ("", []),
        ("hello ", []),
        ("see /wh", []),
        ("xyz", []),
    ],
)
def test_the_last_word_may_become(line: str, meant: list[tuple[str, int]]) -> None:
    assert list(completions(line, ROOMS, NICKS)) == meant
