"""A password that was about to be said to everybody."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.commands import parse
from tcpchat.passwords import WARNING, is_mistyped
from tcpchat.requests import NotUnderstood, Say
from tests.visitors import ChatCase

MISTYPED = (
    "login bob secret", "Login bob secret", "login bob correct horse battery", "login secret",
    " /login bob secret", " login bob secret", "\\login bob secret", "7login bob secret", ".login bob secret",
    "-/login bob secret", "identify secret", " /register x", "register secret", ",register my secret",
    "pass secret", "/ pass secret", "unregister secret", "password old new", " /password old new",
    "PASSWD old new", "7password a b c", "login  bob\tsecret ",
)  # fmt: skip
SAID = (
    "login", "login:", "register", "password", "my login is bob", "logins are slow", "password?",
    "password reset is broken", "register here, please", "pass me the salt", "passwords are bad",
    "\"login\" does not work", "identifying eve", "hello", "…", "17login bob secret", "unregister",
    "the password is secret",
)  # fmt: skip


class MistypedTests(SynchronousTestCase):
    def test_what_looks_like_a_password(self) -> None:
        for line in MISTYPED:
            self.assertTrue(is_mistyped(line), line)

    def test_what_does_not(self) -> None:
        for line in SAID:
            self.assertFalse(is_mistyped(line), line)

    def test_such_a_line_is_not_said(self) -> None:
        for line in MISTYPED:
            refusal = self.assertRaises(NotUnderstood, parse, line)
            self.assertNotIn("secret", str(refusal))
        for line in SAID:
            self.assertEqual(parse(line), Say(line))

    def test_two_slashes_say_it_all_the_same(self) -> None:
        self.assertEqual(parse("//login bob secret"), Say("/login bob secret"))

    @given(st.sampled_from(" \t./\\-_!7"), st.integers(0, 4000))
    def test_however_long_what_stands_in_front_it_is_no_matter_of_time(self, front: str, number: int) -> None:
        line = front * number
        self.assertFalse(is_mistyped(line))
        self.assertEqual(is_mistyped(f"{line}login bob x"), number <= (1 if front == "7" else 8))


class RoomTests(ChatCase):
    def test_nobody_hears_it_and_it_is_in_no_log(self) -> None:
        alice, bob = self.enter("alice", "bob")
        for line in "login bob canary", " /register canary", "/login bob canary", "/password old canary":
            (answer,) = bob.types(line)
            self.assertTrue(answer.startswith("!!! "))
            self.assertNotIn("canary", answer)
        self.assertTrue(bob.types("login bob canary")[0].startswith(f"!!! {WARNING}"))
        self.assertEqual(alice.sees(), [])
        self.assertNotIn("canary", " ".join(alice.types("/history 50", "/search canary")))
