"""Requests that a password is missing of, here and in the next process."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.questions import Missing
from tcpchat.requests import ChangePassword, Login, Register, Unregister
from tests.handing import over


class MissingTests(SynchronousTestCase):
    def test_what_is_typed_completes_it(self) -> None:
        for request, missing, complete in (
            (Register(""), "password", Register("typed")),
            (Login("anna"), "password", Login("anna", "typed")),
            (ChangePassword("old", ""), "new", ChangePassword("old", "typed")),
            (ChangePassword("", ""), "old", ChangePassword("typed", "")),
            (Unregister(""), "password", Unregister("typed")),
        ):
            asked = Missing(request, missing)
            self.assertEqual(asked.completed("typed"), complete)
            self.assertEqual(Missing.going_on_from(over(asked.hand_on())).completed("typed"), complete)
