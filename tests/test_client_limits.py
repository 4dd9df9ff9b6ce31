"""The client's limits fit the server's."""

from __future__ import annotations

from tcpchat.client import limits
from tcpchat.limits import LARGEST_PASTE, MOST_UNCOMMITTED


def test_the_server_takes_what_is_on_the_way() -> None:
    assert 1 <= limits.MOST_ON_THE_WAY < MOST_UNCOMMITTED


def test_no_line_of_ours_is_too_long() -> None:
    assert limits.LONGEST_LINE > len(r"\u0000") * LARGEST_PASTE


def test_waits_grow() -> None:
    assert 0 < limits.SHORTEST_WAIT < limits.LONGEST_WAIT < limits.STEADY
