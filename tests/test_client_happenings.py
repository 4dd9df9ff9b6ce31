"""What a link tells: names of rooms as people know them."""

from __future__ import annotations

from tcpchat.client.happenings import Entry, Line, named


def test_a_room_has_its_sign_and_an_inbox_none() -> None:
    assert named("dev") == "#dev"
    assert named("@") == "@"
    assert Entry({"type": "message", "room": "dev", "seq": 1}).room == "#dev"


def test_what_our_server_complains_of_is_told_apart() -> None:
    assert Line("!!! Too many connections.").complaint == "Too many connections."
    assert Line("*** Welcome.").complaint == Line("hello !!! ").complaint == ""
