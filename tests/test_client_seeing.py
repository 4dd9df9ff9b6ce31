"""Of what somebody sets, a client does what only it can do: numbers, and its own times."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from tcpchat.client.seeing import Seeing
from tcpchat.client.wording import Line, notice
from tcpchat.requests import NotUnderstood


def test_lines_have_numbers_as_the_servers_own_have() -> None:
    seeing = Seeing().changed({"type": "set", "name": "numbers", "value": "on"})
    said = Line("<bob> ", "a\nb", "bob", "#dev", 9)
    assert list(seeing.line(said).lines("#dev")) == ["9 <bob> a", "9 <bob> b"]
    assert list(seeing.line(said).lines("#lobby")) == ["9 #dev <bob> a", "9 #dev <bob> b"]
    assert list(seeing.line(notice("Hello.")).lines("#dev")) == ["*** Hello."]
    seeing = seeing.changed({"type": "set", "name": "numbers", "value": "off"})
    assert list(seeing.line(said).lines("#dev")) == ["<bob> a", "<bob> b"]


def test_times_are_in_a_zone_that_is_known() -> None:
    seeing = Seeing().changed({"type": "set", "name": "timezone", "value": "Europe/Paris"})
    assert seeing.zone == ZoneInfo("Europe/Paris")
    with pytest.raises(NotUnderstood):
        seeing.changed({"type": "set", "name": "timezone", "value": "Nowhere/At_all"})


def test_anything_else_is_the_servers_matter() -> None:
    for asked in {"type": "set", "name": "joins", "value": "none"}, {"type": "set"}, {"type": "say"}:
        assert Seeing().changed(asked) == Seeing()
