"""How lines look on terminals that can more or less."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpchat.client.drawing import Paints, colour, cut, draw, on_the_way, paints, status, waiting
from tcpchat.client.happenings import Foreign
from tcpchat.client.model import Model
from tcpchat.client.shown import Pending, Room, Rule, Shown
from tcpchat.client.wording import Line, error, notice
from tcpchat.columns import width

NOON = datetime(2026, 11, 21, 12, 2, tzinfo=UTC)
PLAIN = Paints()
FULL = Paints(256, True)


def drawn(what: Line | Rule, how: Paints = PLAIN, for_me: bool = False, columns: int = 80) -> str:
    return draw(Shown(what, for_me), "#dev", how, columns, UTC, NOON)


def said(text: str, room: str = "#dev", time: float = NOON.timestamp()) -> Line:
    return Line("<bob> ", text, "bob", room, 9, time)


@pytest.mark.parametrize(
    ("environment", "how"),
    [
        ({}, PLAIN),
        ({"TERM": "dumb"}, PLAIN),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, PLAIN),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, FULL),
        ({"TERM": "xterm"}, Paints(16, True)),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, FULL),
        ({"TERM": "linux"}, Paints(16, False)),
        ({"TERM": "vt220"}, PLAIN),
        ({"TERM": "screen-256color"}, Paints(256, False)),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7006"}, Paints(256, True, True)),
        ({"TERM": "xterm", "KONSOLE_VERSION": "220500", "NO_COLOR": "1"}, Paints(0, False, True)),
    ],
)
def test_what_a_terminal_can_is_told_by_the_environment(environment: dict[str, str], how: Paints) -> None:
    assert paints(environment) == how


def test_without_colours_there_is_nothing_but_text() -> None:
    assert drawn(said("hi")) == "12:02 <bob> hi\r\n"
    assert drawn(said("a\n  b", "#ops")) == "12:02 #ops <bob> a\r\n12:02 #ops <bob>   b\r\n"
    assert drawn(notice("hello")) == "*** hello\r\n"
    assert drawn(error("No.")) == "!!! No.\r\n"
    assert drawn(Line("", "plain")) == "plain\r\n"
    assert drawn(said("see https://example.org."), for_me=True) == "12:02 <bob> see https://example.org.\r\n"


def test_where_a_terminal_orders_scripts_a_name_stays_before_what_is_said() -> None:
    hebrew = Line("<דנה> ", "את", "דנה", "#dev", 9)
    assert drawn(hebrew) == "<דנה> את\r\n"
    assert drawn(hebrew, Paints(orders=True)) == "<דנה> \u200eאת\r\n"
    assert drawn(said("את", time=0), Paints(orders=True)) == "<bob> את\r\n"


def test_another_day_is_told() -> None:
    assert drawn(said("hi", time=NOON.timestamp() - 86400)) == "2026-11-20 12:02 <bob> hi\r\n"


def test_a_rule_is_across_the_window() -> None:
    assert drawn(Rule("#dev"), columns=20) == "── #dev ───────────\r\n"
    assert width(drawn(Rule("#dev"), columns=250).strip()) < 80
    assert drawn(Rule("#dev: a long topic"), columns=10).endswith("topic ──\r\n")


def test_colours_are_ended_in_each_line() -> None:
    for what in said("a\nb"), notice("x"), error("x"), Rule("x"):
        for line in drawn(what, FULL, True).split("\r\n")[:-1]:
            assert line.endswith(("\x1b[0m", "a", "b")) and "\x1b[" in line


def test_a_nickname_has_one_colour() -> None:
    assert colour("Bob", 256) == colour("bob", 256) != ""
    assert re.fullmatch(r"\x1b\[3[1-6]m", colour("bob", 16))
    assert colour("bob", 0) == ""
    assert len({colour(f"nick{n}", 256) for n in range(200)}) > 15


def test_links_are_links_without_the_end_of_the_sentence() -> None:
    shown = drawn(said("(see https://example.org/x?y=1.)"), FULL)
    assert "\x1b]8;;https://example.org/x?y=1\x1b\\https://example.org/x?y=1\x1b]8;;\x1b\\.)" in shown
    assert "\x1b]8" not in drawn(said("see https://example.org"), Paints(256, False))


def test_what_is_cut_has_as_much_as_there_is_room_for() -> None:
    assert [cut("漢字 text", columns) for columns in range(11)] == [
        "", "…", "…", "漢…", "漢…", "漢字…", "漢字 …", "漢字 t…", "漢字 te…", "漢字 text", "漢字 text",
    ]  # fmt: skip


@given(st.text(max_size=40), st.integers(1, 50))
def test_what_is_cut_fits(text: str, columns: int) -> None:
    shown = cut(text, columns)
    assert width(shown) <= columns
    assert shown == text or text.startswith(shown[:-1])


def test_the_status_tells_of_each_room_and_of_the_link() -> None:
    model = Model(lambda fields: ())
    assert status(model, None, 0) == "nobody yet  connecting"
    model.take(Foreign())
    assert status(model, None, 0) == "another kind of server  online"
    assert status(model, 0.002, 0) == "another kind of server  2 ms"
    model = Model(lambda fields: ())
    model.nick, model.current, model.link, model.is_online = "anna", "#dev", "online", True
    model.rooms = {
        "#lobby": Room("#lobby", {"anna"}, 3, unread=7, mentions=2),
        "#dev": Room("#dev", {"anna", "bob"}),
        "#ops": Room("#ops", {"anna"}),
    }
    assert status(model, 0.0421, 0) == "1:#lobby 4 +7 !2  [2:#dev 2]  3:#ops 1  anna  42 ms"
    assert status(model, None, 0).endswith("anna  online")
    model.pending = {"1": Pending("hi", "#dev", 10.0), "2": Pending("ho", "#dev", 12.0)}
    assert status(model, None, 10.5).endswith("online, 2 on the way")
    assert status(model, None, 13).endswith("online, 2 on the way for 3 s")
    model.is_online, model.link = False, "trying again in 5 s"
    assert status(model, 0.1, 10).endswith("anna  trying again in 5 s, 2 on the way")


def test_what_is_on_the_way_and_what_waits_is_seen_and_no_password() -> None:
    model = Model(lambda fields: [])
    model.pending["1"] = Pending("said", "#dev", 0.0)
    model.early += ["typed early", "/login anna secret"]
    assert waiting(model) == ["said", "typed early", "/login"]
    assert list(on_the_way(["a\nb", "a long line"], 10)) == ["… a\n", "… a long…\n"]
    assert list(on_the_way(list("abcdefg"), 10))[:2] == ["… 2 before these\n", "… c\n"]
