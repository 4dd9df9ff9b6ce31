"""What somebody types is what our server understands of a program."""

from __future__ import annotations

import json

import pytest

from tcpchat.client.typed import KINDS, QUESTIONS, Typing, Wish, missing, seen, wish
from tcpchat.commands import COMMANDS, parse
from tcpchat.json_requests import understand
from tcpchat.limits import LONGEST_LINE, LONGEST_PASTE
from tcpchat.operator_requests import Hide
from tcpchat.requests import Refused, Request, Say

LOCAL = "hold", "go", "resume", "json", "paste"


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in LOCAL])
def test_a_command_means_the_same_when_it_is_asked_for_in_json(name: str) -> None:
    typed = COMMANDS[name].example
    wanted = wish(typed, "")
    assert wanted is not None
    understood = understand(json.dumps({"type": wanted.kind, **wanted.fields})).request
    assert understood == parse(typed)


def test_every_request_is_known() -> None:
    asked = {type(parse(command.example)) for command in COMMANDS.values()} - {Hide}
    assert asked - set(KINDS) == {
        type(parse(f"/{name} x" if name == "resume" else f"/{name}")) for name in LOCAL
    }


def test_what_names_no_room_is_about_the_one_where_it_is_typed() -> None:
    assert wish("hi", "#dev") == Wish("say", {"text": "hi", "room": "#dev"})
    assert wish("/topic", "#dev") == Wish("topic", {"room": "#dev"})
    assert wish("/leave #ops", "#dev") == Wish("leave", {"room": "#ops"})
    assert wish("/hide", "#dev") == Wish("hide", {"room": "#dev"})
    assert wish("/unhide #ops", "#dev") == Wish("unhide", {"room": "#ops"})


def test_a_search_that_names_no_room_is_in_all_of_them() -> None:
    assert wish("/search x", "#dev") == Wish("search", {"text": "x"})


def test_several_lines_are_one_message_whatever_they_begin_with() -> None:
    assert wish("/a\n  b", "#dev") == Wish("say", {"text": "/a\n  b", "room": "#dev"})


def test_nothing_asks_for_nothing() -> None:
    assert wish("  ", "#dev") is None


@pytest.mark.parametrize("typed", ["/hold", "/go", "/resume fig-42-moss-lamp", "/json"])
def test_what_the_client_does_by_itself_is_refused_with_a_sentence(typed: str) -> None:
    with pytest.raises(Refused, match=f"^{typed.split()[0]} is not needed here: .*\\.$"):
        wish(typed, "#dev")


@pytest.mark.parametrize(
    ("typed", "fields"),
    [
        ("/login anna", ["password"]), ("/register", ["password"]), ("/unregister", ["password"]),
        ("/password", ["old", "new"]), ("/password battery-staple", ["new"]), ("/who", []), ("/lock", []),
        ("/login anna correct-horse", []), ("/register correct-horse", []),
    ],
)  # fmt: skip
def test_a_password_that_was_left_out_is_asked_for(typed: str, fields: list[str]) -> None:
    wanted = wish(typed, "#dev")
    assert wanted is not None
    asked = []
    while field := missing(wanted):
        assert QUESTIONS[field].endswith("password:") or QUESTIONS[field] == "Password:"
        asked.append(field)
        wanted.fields[field] = "x"
    assert asked == fields


def test_a_paste_ends_with_a_dot_or_with_all_input() -> None:
    for ending in True, False:
        typing = Typing()
        assert typing.take("hi", "#dev") == Wish("say", {"text": "hi", "room": "#dev"})
        for line in "/paste", "  a", "/b":
            assert typing.take(line, "#dev") is None
        said = typing.take(".", "#dev") if ending else typing.end("#dev")
        assert said == Wish("say", {"text": "  a\n/b", "room": "#dev"})
        assert typing.end("#dev") is None


def test_a_paste_that_is_too_long_is_refused_and_over() -> None:
    typing = Typing()
    for line in "/paste", *["x"] * LONGEST_PASTE:
        typing.take(line, "#dev")
    said = typing.take(".", "#dev")
    assert said is not None
    for line in "/paste", *["x"] * (LONGEST_PASTE + 1):
        typing.take(line, "#dev")
    with pytest.raises(Refused):
        typing.take(".", "#dev")
    assert typing.take("hi", "#dev") == Wish("say", {"text": "hi", "room": "#dev"})


def test_a_wish_is_for_a_request() -> None:
    request: Request = Say("hi")
    assert KINDS[type(request)] == "say"


def test_of_what_waits_no_password_is_seen() -> None:
    assert seen("/login anna secret") == "/login"
    assert [seen(line) for line in ("/me waves", "hi there", "/", "")] == ["/me waves", "hi there", "/", ""]


LONG = "x" * LONGEST_LINE


@pytest.mark.parametrize("line", [f"{LONG}x", f"a\n{LONG}x\nb", f"/whois {LONG[:4080]}"])
def test_what_the_server_would_not_take_for_its_length_is_refused_before(line: str) -> None:
    with pytest.raises(Refused, match="longer than 4096 bytes and was not sent") as refused:
        wish(line, "#dev")
    assert refused.value.code == "too-long"
    for whole in LONG, f"a\n{LONG}\nb", "\n".join([LONG] * 3):
        assert wish(whole, "#dev") == Wish("say", {"text": whole, "room": "#dev"})


def test_what_is_no_ascii_takes_no_more_than_its_bytes() -> None:
    assert wish("ä" * 2000, "#dev") is not None
