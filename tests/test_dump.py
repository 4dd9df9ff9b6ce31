"""What is printed of each kind of entry."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from tcpchat.dump import fields
from tcpchat.events import (
    Acted,
    Announced,
    Banned,
    Deopped,
    Edited,
    Entry,
    Event,
    Gone,
    Hidden,
    Invited,
    Joined,
    Kicked,
    Left,
    Locked,
    Muted,
    Noted,
    Opped,
    Removed,
    Renamed,
    Replied,
    Said,
    Slowed,
    Told,
    TopicSet,
    Unbanned,
    Unhidden,
    Unlocked,
    Unmuted,
)  # fmt: skip

EVENTS: list[tuple[Event, str, str, dict[str, Any]]] = [
    (Said("s", "ada", "hi"), "message", "hi", {}),
    (Acted("s", "ada", "waves"), "action", "waves", {}),
    (Replied("s", "ada", "yes", 3, "bob: is it?"), "message", "yes", {"re": 3, "quote": "bob: is it?"}),
    (Edited("s", "ada", "no", 4), "edited", "no", {"about": 4}),
    (Noted("s", "ada", "banned eve"), "audit", "banned eve", {}),
    (Removed("s", "ada", 5), "removed", "", {"about": 5}),
    (Gone("s", "ada"), "gone", "", {}),
    (Joined("s", "ada"), "joined", "", {}),
    (Left("s", "ada", "lunch"), "left", "lunch", {}),
    (Renamed("s", "ada", "eva", ("#lobby",), "i"), "renamed", "eva", {}),
    (TopicSet("s", "ada", "engines"), "topic", "engines", {}),
    (Told("s", "ada", "bob", "psst"), "private", "psst", {"to": "bob"}),
    (Announced("s", "ada", "soon", "i"), "announced", "soon", {}),
    (Opped("s", "ada", "bob", "a1"), "opped", "", {"nick": "bob"}),
    (Deopped("s", "ada", "bob", "a1"), "deopped", "", {"nick": "bob"}),
    (Kicked("s", "ada", "eve", "p", "spam"), "kicked", "spam", {"nick": "eve"}),
    (Banned("s", "ada", "eve", ("p",), 60, "spam"), "banned", "spam", {"nick": "eve", "seconds": 60}),
    (Unbanned("s", "ada", "eve"), "unbanned", "", {"nick": "eve"}),
    (Muted("s", "ada", "eve"), "muted", "", {"nick": "eve", "seconds": None}),
    (Unmuted("s", "ada", "eve"), "unmuted", "", {"nick": "eve"}),
    (Invited("s", "ada", "bob", "p"), "invited", "", {"nick": "bob"}),
    (Slowed("s", "ada", 5), "slowed", "", {"seconds": 5}),
    (Locked("s", "ada", "$argon2id$x"), "locked", "", {"password": True}),
    (Unlocked("s", "ada"), "unlocked", "", {}),
    (Hidden("s", "ada"), "hidden", "", {}),
    (Unhidden("s", "ada"), "unhidden", "", {}),
]


@pytest.mark.parametrize(("event", "kind", "text", "more"), EVENTS, ids=lambda value: type(value).__name__)
def test_an_entry_is_printed_with_its_type_its_text_and_what_only_it_has(
    event: Event, kind: str, text: str, more: dict[str, Any]
) -> None:
    shown = fields("e", "#dev", Entry(7, 1795255200005, event))
    first = {"epoch": "e", "room": "dev", "seq": 7, "time": "2026-11-21T10:00:00.005Z"}
    assert list(shown.items()) == [*(first | {"type": kind, "from": "ada", "text": text} | more).items()]


def test_each_kind_of_event_is_here() -> None:
    assert {type(event) for event, *_ in EVENTS} == set(get_args(Event))


def test_an_inbox_is_called_by_its_person() -> None:
    assert fields("e", "@s2", Entry(1, 0, Joined("s", "ada")))["room"] == "@s2"
