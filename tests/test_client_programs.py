"""What a program asks for in JSON lines through the client, and what it is told."""

from __future__ import annotations

import json

import pytest

from tcpchat.client.happenings import Answer, Caught, Done, Entry, Refusal
from tcpchat.client.programs import line, request, told
from tcpchat.client.typed import Wish
from tcpchat.requests import NotUnderstood


def test_a_request_is_asked_for_under_a_name_of_the_clients_own() -> None:
    assert request('{"type":"say","text":"hi","ref":7}') == (Wish("say", {"text": "hi"}), 7)
    assert request('{"type":"who"}') == (Wish("who", {}), None)


@pytest.mark.parametrize("typed", ["{", "[]", '"say"', '{"text":"hi"}', "[" * 100_000])
def test_what_is_no_object_with_a_type_is_not_understood(typed: str) -> None:
    with pytest.raises(NotUnderstood, match="not a JSON object with a type"):
        request(typed)


def test_entries_and_answers_are_told_as_they_are() -> None:
    fields = {"type": "who", "room": "dev", "people": ["grüß"]}
    assert told(Entry(fields), None) == told(Answer(fields), None) == fields
    assert json.loads(line(fields)) == fields and "grüß" in line(fields)


def test_what_is_done_or_refused_is_told_under_the_programs_name_for_it() -> None:
    assert told(Done("1", 17), 7) == {"type": "ok", "ref": 7, "seq": 17}
    assert told(Done("1", None), "a") == {"type": "ok", "ref": "a"}
    assert told(Done("1", 17), None) is None
    refused = {"type": "error", "code": "muted", "text": "No."}
    assert told(Refusal("1", "muted", "No."), 7) == refused | {"ref": 7}
    assert told(Refusal("1", "muted", "No."), None) == refused


def test_what_the_link_does_is_nothing_of_the_servers() -> None:
    assert told(Caught(1), None) is None
