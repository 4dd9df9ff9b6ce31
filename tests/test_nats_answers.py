"""What a NATS server's answer means: done, not done, or not known."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.logs.nats_answers import (
    AlreadyThere,
    IdsNotAllowed,
    NotTaken,
    PerhapsLost,
    Place,
    is_removal,
    outcome,
    place,
)  # fmt: skip
from tcpchat.logs.nats_terms import Lost, Refusing, Unclear


def error(code: int, text: str = "") -> bytes:
    """Return what a server answers that does not do something."""
    return json.dumps({"error": {"code": 400, "err_code": code, "description": text}, "stream": "s"}).encode()


class OutcomeTests(SynchronousTestCase):
    def test_an_acknowledgement_tells_the_sequence_also_of_what_was_there(self) -> None:
        self.assertEqual(outcome(b'{"stream":"s","seq":17}'), 17)
        self.assertEqual(outcome(b'{"stream":"s","seq":17,"duplicate":true}'), 17)

    def test_errors_are_told_apart_by_what_is_certain(self) -> None:
        for code, text, expected in (
            (10071, "wrong last sequence: 5", Lost),
            (10164, "wrong last sequence", PerhapsLost),
            (10077, "maximum bytes exceeded", Refusing),
            (10077, "store is closed", Unclear),  # the others may have it
            (10158, "duplicate message id is in process", Unclear),  # an earlier try is on its way
            (10054, "message size exceeds maximum allowed", Refusing),
            (10174, "atomic publish is disabled", Refusing),
            (10176, "atomic publish batch is incomplete", NotTaken),
            (10163, "expected last sequence per subject temporarily unavailable", NotTaken),
            (10201, "atomic publish batch contains duplicate message id", AlreadyThere),
            (10177, "atomic publish unsupported header used: Nats-Msg-Id", IdsNotAllowed),
            (99999, "something new", Unclear),
        ):
            came = outcome(error(code, text))
            self.assertIs(type(came), expected, text)
            self.assertEqual(str(came), text)

    @given(st.binary(max_size=50) | st.builds(lambda each: json.dumps(each).encode(), st.text() | st.none()))
    def test_what_is_not_understood_is_not_known(self, answer: bytes) -> None:
        self.assertIsInstance(outcome(answer), Unclear)

    def test_an_answer_without_a_sequence_is_not_known(self) -> None:
        for answer in (b"{}", b'{"seq":null}', b'{"error":7}', b'{"error":{"err_code":"x"}}', b"[]", b""):
            self.assertIsInstance(outcome(answer), Unclear, answer)


class PlaceTests(SynchronousTestCase):
    def test_where_a_message_stands_is_read_from_its_reply_subject(self) -> None:
        self.assertEqual(place("$JS.ACK.chat.c.1.170.12.1795255323123.3"), Place(170, 12, 3))

    def test_also_where_there_is_a_domain(self) -> None:
        reply = "$JS.ACK.hub.ACC.chat.c.1.170.12.1795255323123.3.rnd"
        self.assertEqual(place(reply), Place(170, 12, 3))


class RemovalTests(SynchronousTestCase):
    def test_a_removal_says_so_in_its_headers(self) -> None:
        for headers in ({"KV-Operation": "DEL"}, {"KV-Operation": "PURGE"}, {"Nats-Marker-Reason": "MaxAge"}):
            self.assertTrue(is_removal(headers))
        for other in (None, {}, {"Tcpchat-Node": "n"}, {"KV-Operation": "PUT"}):
            self.assertFalse(is_removal(other))
