"""What is undone when something is not in the log, and when that is known only later."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from tcpchat.logs.interface import NotKept, Unknown
from tcpchat.logs.outcomes import settle


def what_follows(why: Exception) -> list[str]:
    followed: list[str] = []
    settle(why, lambda: followed.append("undone"), lambda: followed.append("goes on"))
    return followed


def test_what_is_not_kept_is_undone_at_once() -> None:
    assert what_follows(NotKept("the disk is full")) == ["undone"]


def test_where_nobody_will_ever_know_nothing_is_done() -> None:
    assert what_follows(Unknown("no answer")) == []


def test_what_is_known_later_is_undone_or_goes_on_then() -> None:
    for is_there, what in (True, "goes on"), (False, "undone"):
        known: Deferred[bool] = Deferred()
        why = Unknown("no answer", known)
        first, second = what_follows(why), what_follows(why)
        assert first == []
        known.callback(is_there)
        assert first == second == [what]
    known = Deferred()
    settle(Unknown("no answer", known), lambda: None)
    known.callback(True)
