"""What is shown on a terminal, as values."""

from __future__ import annotations

from tcpchat.client import wording
from tcpchat.client.limits import MOST_KEPT
from tcpchat.client.shown import Room, Rule, Shown, notice


def test_in_a_room_are_those_who_are_known_by_name_and_the_others() -> None:
    assert Room("#dev", {"anna", "bob"}, 3).number == 5


def test_who_comes_and_goes_is_known_or_counted() -> None:
    room = Room("#dev", {"anna", "bob", "carl"}, 1)
    for it in [
        {"type": "joined", "nick": "eve"},
        {"type": "left", "nick": "bob"},
        {"type": "kicked", "nick": "somebody"},
        {"type": "left", "nick": "one more than are known of"},
        {"type": "banned", "nick": "carl"},
        {"type": "renamed", "old": "anna", "new": "berta"},
        {"type": "topic", "text": "engines"},
        {"type": "message", "text": "hi"},
    ]:
        room.happened(it)
    assert (room.people, room.others, room.topic) == ({"berta", "eve"}, 0, "engines")


def test_a_room_keeps_so_many_lines() -> None:
    room = Room("#dev")
    room.kept.extend(Shown(Rule(str(number))) for number in range(MOST_KEPT + 1))
    assert len(room.kept) == MOST_KEPT and room.kept[0] == Shown(Rule("1"))


def test_a_word_from_the_client_is_printed_as_one_of_the_servers() -> None:
    assert notice("hello") == Shown(wording.notice("hello"))
