"""Passwords that may be chosen, and those that were about to be said to everybody."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat import passwords
from tcpchat.commands import parse
from tcpchat.limits import LONGEST_PASSWORD, SHORTEST_PASSWORD
from tcpchat.names import nickname
from tcpchat.passwords import MOST_TYPED, WARNING, check, is_mistyped, is_too_long, normal
from tcpchat.requests import NotUnderstood, Refused, Say
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


class ChoosingTests(SynchronousTestCase):
    def check(self, password: str, nick: str = "bob") -> str:
        return check(password, nickname(nick))

    def refusal(self, password: str, nick: str = "bob") -> str:
        refusal = self.assertRaises(Refused, self.check, password, nick)
        return str(refusal)

    def test_it_has_at_least_eight_bytes(self) -> None:
        self.assertIn("too short", self.refusal("q7-xkfw"))
        self.assertEqual(len("q7-xkfwz"), SHORTEST_PASSWORD)
        self.assertEqual(self.check("q7-xkfwz"), "q7-xkfwz")
        self.assertEqual(self.check("\u0436\u0443\u043a\u0438"), "\u0436\u0443\u043a\u0438")

    def test_it_has_at_most_128_bytes_in_nfc(self) -> None:
        self.assertEqual(self.check("q7" * 64), "q7" * 64)
        self.assertIn("too long", self.refusal("q7" * 64 + "x"))
        self.assertEqual(self.check("e\u0301" * 64), "\u00e9" * 64)
        self.assertIn("too long", self.refusal("e\u0301" * 64 + "x"))
        self.assertEqual(LONGEST_PASSWORD, 128)

    def test_what_is_far_too_long_is_not_even_normalized(self) -> None:
        for size in MOST_TYPED, MOST_TYPED + 1:
            typed = "e\u0301" * (size // 2) + "x" * (size % 2)
            self.assertEqual(normal(typed) == typed, size > MOST_TYPED)
            self.assertTrue(is_too_long(normal(typed)))

    def test_it_is_not_the_nickname_nor_what_looks_like_it(self) -> None:
        for password in "margarete", "Margarete", "MARGARETE", "rnargarete":
            self.assertIn("is your nickname", self.refusal(password, "margarete"))
        self.assertIn("is your nickname", self.refusal("Mar-garete", "mar-garete"))
        self.assertEqual(self.check("margarete2", "margarete"), "margarete2")
        self.assertEqual(self.check("it is margarete", "margarete"), "it is margarete")

    def test_it_is_none_that_is_tried_first(self) -> None:
        for password in "password", "PassW0rd", "12345678", "qwertyuiop", "iloveyou", "trustno1", "baseball":
            self.assertIn("tried first", self.refusal(password))
        self.check("correct-horse")

    def test_a_thousand_are_tried_first(self) -> None:
        self.assertEqual(len(passwords._common()), 1000)
        for password in passwords._common():
            self.assertEqual(password, password.casefold())
            self.assertLessEqual(SHORTEST_PASSWORD, len(password))

    @settings(deadline=None, database=None)
    @given(st.text())
    def test_whatever_is_typed_is_allowed_or_refused(self, typed: str) -> None:
        try:
            password = self.check(typed)
        except Refused:
            return
        self.assertTrue(8 <= len(password.encode()) <= 128)
        self.assertEqual(self.check(password), password)


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

    def test_nor_taken_for_a_nickname_and_repeated(self) -> None:
        for line in MISTYPED:
            refusal = self.assertRaises(NotUnderstood, parse, line, nameless=True)
            self.assertNotIn("secret", str(refusal))

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
            *_, answer = answers = bob.types(line)
            self.assertTrue(answer.startswith("!!! "))
            self.assertNotIn("canary", " ".join(answers))
        self.assertTrue(bob.types("login bob canary")[0].startswith(f"!!! {WARNING}"))
        self.assertEqual(alice.sees(), [])
        self.assertNotIn("canary", " ".join(alice.types("/history 50", "/search canary")))
