"""What may be meant by the beginning of a word."""

from __future__ import annotations

import pytest

from tcpchat.client.completing import completions
from tcpchat.settings import Settings

ROOMS = "#lobby", "#Dev", "#docs"
NICKS = "Bob", "berta", "carl"


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("/who", [("/who ", 4), ("/whois ", 4)]),
        ("/JO", [("/join ", 3)]),
        ("/j", [("/join ", 2), ("/json ", 2)]),
        ("/w", [("/msg ", 2), ("/who ", 2), ("/whois ", 2)]),
        ("/q", [("/query ", 2), ("/quit ", 2)]),
        ("/join ", [("#Dev ", 0), ("#docs ", 0), ("#lobby ", 0)]),
        ("/j d", [("#Dev ", 1), ("#docs ", 1)]),
        ("/leave #l", [("#lobby ", 2)]),
        ("/help wh", [("who ", 2), ("whois ", 2)]),
        ("/? /wh", [("who ", 3), ("whois ", 3)]),
        ("/set ", [(f"{name} ", 0) for name in vars(Settings())]),
        ("/set e", [("echo ", 1), ("encoding ", 1)]),
        ("/set echo c", [("carl ", 1)]),
        ("/nosuch c", [("carl ", 1)]),
        ("/more c", [("carl ", 1)]),
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
