"""What our server tells in JSON is worded as it words it for people."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from tcpchat import answers, events, jsonlines, render
from tcpchat.ban_list import BanList
from tcpchat.client import wording
from tcpchat.client.happenings import Online
from tcpchat.client.wording import Line
from tcpchat.records import KeptSanction
from tcpchat.room_list import AboutRoom, Rooms

NOON = 1_795_262_400_000
ME, OTHER = "anna", "bob"

HAPPENED: list[events.Event] = [
    events.Said("s", OTHER, "hello"),
    events.Said("s", OTHER, "two\n  lines"),
    events.Acted("s", OTHER, "waves"),
    events.Replied("s", OTHER, "me too", 7, "carl: shall we"),
    events.Replied("s", OTHER, "to what is gone", 7, ""),
    events.Edited("s", OTHER, "at eleven", 7),
    events.Noted("s", OTHER, "banned eve"),
    events.Removed("s", OTHER, 7),
    events.Joined("s", OTHER),
    events.Left("s", OTHER),
    events.Left("s", OTHER, "lunch"),
    events.Renamed("s", OTHER, "rob", ("#dev",), "1"),
    events.TopicSet("s", OTHER, "engines"),
    events.Announced("s", OTHER, "at noon", "1"),
    events.Opped("s", OTHER, "eve", "t"),
    events.Deopped("s", OTHER, "eve", "t"),
    events.Kicked("s", OTHER, "eve", "t", "spam"),
    events.Banned("s", OTHER, "eve", ("t",), 60, "spam"),
    events.Banned("s", OTHER, "eve", ("t",), None, "", everywhere=True),
    events.Unbanned("s", OTHER, "eve"),
    events.Muted("s", OTHER, "eve", None, "spam"),
    events.Unmuted("s", OTHER, "eve"),
    events.Invited("s", OTHER, "eve", "t"),
    events.Slowed("s", OTHER, 10),
    events.Locked("s", OTHER),
    events.Unlocked("s", OTHER),
    events.Hidden("s", OTHER),
    events.Unhidden("s", OTHER),
]


def told(event: events.Event, stream: str = "#dev", **view: Any) -> dict[str, Any]:
    """Return an event as the server tells it to programs."""
    page = jsonlines.Page([events.Entry(9, NOON, event)], stream, render.View(json=True, **view))
    it: dict[str, Any] = msgspec.json.decode(page.shared)
    return it


def worded(it: dict[str, Any], current: str = "") -> list[str]:
    line = wording.entry(it, ME)
    return [] if line is None else list(line.lines(current))


@pytest.mark.parametrize("event", HAPPENED, ids=lambda event: type(event).__name__)
@pytest.mark.parametrize("is_current", [True, False])
def test_what_happened_is_worded_as_for_people(event: events.Event, is_current: bool) -> None:
    page = render.Page([events.Entry(9, NOON, event)], "#dev", render.View(current=is_current), NOON)
    shown = page.shared.decode().splitlines()
    ours = worded(told(event), "#dev" if is_current else "#lobby")
    if isinstance(event, events.Edited | events.Removed) and not is_current:
        shown = [line.replace(" in #dev", "") for line in shown]
    assert ours == shown and shown


def test_of_a_server_that_says_nothing_it_is_told_that_it_may_be_for_tls() -> None:
    said, mute = ([line.text for line in wording.elsewhere(is_mute)] for is_mute in (False, True))
    assert len(said) == 1 and mute[:-1] == said and "needs --tls" in mute[-1]


def test_who_comes_in_is_told_where_with_whom_and_about_what() -> None:
    def told(*it: Any, **more: Any) -> list[str]:
        return [line for each in wording.come_in(Online(*it, **more)) for line in each.lines("")]

    assert told("anna", "", (), 0) == ["*** You are anna, in no room."]
    assert told("anna", "#dev", (OTHER,), 2, topic="en\x1bgines") == [
        "*** You are anna, in #dev with bob and 1 other.", "*** The topic of #dev is: engines",
    ]  # fmt: skip
    for wanted, why in ("root", "is reserved"), ("eve", "is taken"), ("no name", "is not to be had"):
        assert (
            told("x2", "#dev", (), 0, wanted=wanted)[0]
            == f'*** "{wanted}" {why}. /nick changes your nickname.'
        )


def test_a_private_message_is_to_or_from_somebody() -> None:
    assert worded(told(events.Told("s", OTHER, ME, "lunch?"), "@x")) == ["[from bob] lunch?"]
    assert worded(told(events.Told("s", ME, OTHER, "yes"), "@x")) == ["[to bob] yes"]
    invited = events.Invited("s", OTHER, ME, "x", "#own")
    assert worded(told(invited, "@x")) == ["*** bob invites you to #own: /join #own"]


def test_what_is_hidden_or_of_a_newer_server_is_not_shown() -> None:
    assert worded({"type": "hidden", "room": "dev", "seq": 9}) == []
    assert worded({"type": "exploded", "room": "dev", "seq": 9, "time": "2026-11-21T12:00:00.000Z"}) == []
    assert worded(told(events.Joined("s", OTHER), joins="none")) == []


def test_a_line_knows_its_place() -> None:
    line = wording.entry(told(events.Said("s", OTHER, "hello")) | {"replay": True}, ME)
    assert line == Line("<bob> ", "hello", OTHER, "#dev", 9, NOON / 1000, True)
    assert line.is_spoken


def test_what_a_server_should_not_have_sent_is_made_harmless() -> None:
    it = told(events.Said("s", OTHER, "x")) | {"text": "a\x1b[2Jb\nc\x07", "from": "b\x1bob"}
    assert worded(it) == ["#dev <bob> a[2Jb", "#dev <bob> c"]


EVE = KeptSanction(
    "1", "ban", "#dev", "eve", OTHER, NOON, NOON + 60_000, "spam", (("fold", "eve"),), "", ("10.0.0.1",)
)
CARL = KeptSanction("2", "mute", "#dev", "carl", OTHER, NOON)

ANSWERS: list[answers.Answer] = [
    answers.Notice("hello"),
    answers.Help(["/a                              do it", "/b  do that"]),
    answers.Settings({"echo": "on", "joins": "all"}),
    answers.Join(ME, "#dev", [OTHER], 1),
    answers.Who("#dev", [ME, OTHER], [OTHER]),
    answers.WhoIs(OTHER, ["#dev"], NOON, 5, "lunch"),
    answers.WhoIs(OTHER, [], NOON, 5, None),
    answers.WhoIs(OTHER, ["#dev"], NOON, 5, None, "bobby", ["#dev"], True),
    answers.Lockdown(True),
    answers.Reload(["limits"], ["store"]),
    BanList("#dev", [EVE, CARL], NOON, True),
    BanList("", [EVE], NOON, False),
    BanList("#dev", [], NOON, False),
    answers.Seen(OTHER, None),
    answers.Seen(OTHER, NOON),
    Rooms([AboutRoom("#dev", 2, "engines"), AboutRoom("#ops", 1, "", True)], 3),
    Rooms([]),
    answers.Topic("#dev", "engines"),
    answers.Topic("#dev", ""),
]


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: type(answer).__name__)
def test_an_answer_is_worded_as_for_people(answer: answers.Answer) -> None:
    shown = [f"*** {line}" for line in answer.lines(answers.Style(UTC, NOON))]
    ours = wording.answer(msgspec.json.decode(answer.json()), UTC, NOON / 1000)
    assert [each for line in ours for each in line.lines()] == shown


def test_errors_and_what_is_not_known() -> None:
    (line,) = wording.answer({"type": "error", "code": "refused", "text": "No."}, UTC, 0)
    assert list(line.lines()) == ["!!! No."]
    assert wording.answer({"type": "exploded"}, UTC, 0) == []


def test_an_answer_is_made_harmless_too() -> None:
    (line,) = wording.answer({"type": "help", "text": ["/a\x1b[2J            b\x07"]}, UTC, 0)
    assert line.text == "/a[2J            b"


def test_what_is_no_longer_kept_is_counted() -> None:
    assert wording.gap("#dev", 1).text == "1 line of #dev is no longer kept."
    assert wording.gap("@", 2).text == "2 lines are no longer kept."


def test_a_time_stands_with_its_day() -> None:
    assert wording.stamped(NOON / 1000, UTC) == "[2026-11-21 12:00] "


def test_a_nickname_is_found_as_a_word() -> None:
    found = wording.mention("an.na")
    for text in "an.na", "hi An.Na!", "(an.na)":
        assert found.search(text)
    for text in "anxna", "an.nab", "x-an.na", "an.na-x", "an.na1":
        assert not found.search(text)


def test_what_was_not_fetched_is_told() -> None:
    assert wording.hole("#dev", 2, "Look.").text == "2 more entries of #dev came meanwhile. Look."


def test_of_what_nobody_can_know_no_password_is_shown() -> None:
    said = {"type": "say", "text": "one\ntwo"}
    assert wording.unknown(said).text == "It is not known whether this was said: one two"
    asked = wording.unknown({"type": "register", "password": "secret"}).text
    assert asked == "It is not known whether this was done: register"


def test_without_a_zone_it_is_the_local_one() -> None:
    seen = {"type": "seen", "nick": "bob", "time": "2026-11-21T10:02:00.000Z"}
    local = datetime.fromtimestamp(0).astimezone().tzinfo
    assert wording.answer(seen, None, 0) == wording.answer(seen, local, 0)
