"""What can be asked for is one closed list of things that nobody can change once they are asked."""

from typing import Any, get_args

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat import requests
from tcpchat.discreet import Discreet
from tcpchat.requests import Asked, Code, NotUnderstood, Quit, Refused, Request, Say, Who

KINDS: tuple[type[Any], ...] = get_args(Request)
ASKED = st.one_of([st.builds(kind) for kind in KINDS])


class RequestTests(SynchronousTestCase):
    def test_everything_that_can_be_asked_for_is_in_the_list(self) -> None:
        here = {kind for kind in vars(requests).values() if isinstance(kind, type(Say))}
        self.assertEqual(here - set(KINDS), {Asked, Discreet})

    def test_what_asks_for_different_things_is_different_whatever_is_in_it(self) -> None:
        self.assertEqual(Say("x"), Say("x", ""))
        self.assertNotEqual(Quit("x"), Who("x"))

    @settings(deadline=None, database=None)
    @given(ASKED, st.text())
    def test_nobody_changes_what_was_asked_for(self, request: Request, text: str) -> None:
        for name in request.__struct_fields__:
            self.assertRaises(AttributeError, setattr, request, name, text)
        self.assertEqual(request, msgspec.structs.replace(request))


class RefusalTests(SynchronousTestCase):
    def test_a_refusal_is_a_sentence_and_a_code(self) -> None:
        refusal = Refused("Not now.")
        self.assertEqual((str(refusal), refusal.code, refusal.advice), ("Not now.", "refused", ""))
        refusal = Refused("Taken.", "nick-taken", "Take another.")
        self.assertEqual((refusal.code, refusal.advice), ("nick-taken", "Take another."))

    def test_what_is_not_understood_is_refused_as_a_bad_request(self) -> None:
        refusal: Refused = NotUnderstood("What?")
        self.assertEqual((str(refusal), refusal.code, refusal.advice), ("What?", "bad-request", ""))
        self.assertEqual(NotUnderstood("What?", "not-utf8").code, "not-utf8")

    def test_codes_are_words_that_programs_can_rely_on(self) -> None:
        codes = get_args(Code)
        self.assertEqual(list(codes), sorted(set(codes)))
        for code in codes:
            self.assertRegex(code, r"\A[a-z]+(-[a-z0-9]+)*\Z")
