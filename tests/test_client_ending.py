"""With which status the client ends if it was never in."""

from __future__ import annotations

import pytest

from tcpchat.client.ending import NO_HOST, REFUSED, UNAVAILABLE, hopeless, not_sent
from tcpchat.client.happenings import Offline


@pytest.mark.parametrize(
    ("offline", "refusal", "status"),
    [
        (Offline("", 1, is_unknown=True), "", NO_HOST),
        (Offline("", 1, was_made=True), "Too many connections.", REFUSED),
        (Offline("", 1, was_made=True), "", 0),
        (Offline("", 1), "", UNAVAILABLE),
    ],
)
def test_it_is_tried_again_only_where_there_is_hope(offline: Offline, refusal: str, status: int) -> None:
    assert hopeless(offline, refusal) == status


def test_what_was_not_confirmed_is_told_one_by_one_and_then_counted() -> None:
    assert list(not_sent([])) == []
    assert list(not_sent(["a\nb\x1b"])) == ['Not sent, or not known to be: "a b"']
    told = list(not_sent(list("abcdefg")))
    assert told[4:] == ['Not sent, or not known to be: "e"', "Nor 2 more lines"]
