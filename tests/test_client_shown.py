"""What is shown on a terminal, as values."""

from __future__ import annotations

from tcpchat.client.limits import MOST_KEPT
from tcpchat.client.shown import Room, Rule, Shown


def test_in_a_room_are_those_who_are_known_by_name_and_the_others() -> None:
    assert Room("#dev", {"anna", "bob"}, 3).number == 5


def test_a_room_keeps_so_many_lines() -> None:
    room = Room("#dev")
    room.kept.extend(Shown(Rule(str(number))) for number in range(MOST_KEPT + 1))
    assert len(room.kept) == MOST_KEPT and room.kept[0] == Shown(Rule("1"))
