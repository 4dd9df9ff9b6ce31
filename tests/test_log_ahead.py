"""What is shown and not yet in a file: found until the file has it."""

from __future__ import annotations

from tcpchat.events import Entry, Said
from tcpchat.logs.ahead import Ahead


def entries(first: int, *refs: str) -> list[Entry]:
    return [Entry(seq, seq, Said("s1", "ada", "hello", ref=ref)) for seq, ref in enumerate(refs, first)]


def test_what_is_behind_a_number_is_given_a_few_at_a_time() -> None:
    ahead = Ahead()
    assert ahead.after("#a", 0, 10) == [] and ahead.first("#a") is None and not ahead.has("#a")
    ahead.add("#a", entries(5, "", "", ""))
    ahead.add("#a", entries(8, ""))
    for after, limit, numbers in (0, 9, [5, 6, 7, 8]), (5, 2, [6, 7]), (7, 9, [8]), (8, 9, []), (0, 0, []):
        assert [entry.seq for entry in ahead.after("#a", after, limit)] == numbers
    assert (ahead.first("#a"), ahead.first("#b")) == (5, None)


def test_what_is_written_is_here_no_longer() -> None:
    ahead = Ahead()
    ahead.add("#a", entries(5, "", "", ""))
    ahead.written("#a", 6)
    assert ahead.first("#a") == 7
    ahead.written("#b", 6)
    ahead.written("#a", 9)
    assert not ahead.has("#a")


def test_a_reference_is_found_until_it_is_written() -> None:
    ahead = Ahead()
    ahead.add("#a", entries(1, "r1", "", "r2"))
    assert (ahead.find_ref("s1", "r1"), ahead.find_ref("s2", "r1")) == ("#a", "")
    ahead.written("#a", 2)
    assert (ahead.find_ref("s1", "r1"), ahead.find_ref("s1", "r2")) == ("", "#a")
