"""Whether somebody knows a password: alike where there is no account, and slow for whoever guesses."""

from __future__ import annotations

from typing import Any

from argon2 import PasswordHasher

from tcpchat.authenticating import ENOUGH, WRONG, WRONG_LOGIN
from tcpchat.hashing import Hashing
from tcpchat.limits import HASHED_AT_ONCE, HASHES_WAITING, LOGIN_DELAY, MOST_WRONG_PASSWORDS, Limits
from tcpchat.names import nickname
from tcpchat.records import KeptAccount
from tests.test_hashing import ManyTests
from tests.visitors import ChatCase, Visitor

QUESTION = "*** What is your nickname?"
PLAIN = "*** This connection is not encrypted."
HOME, CAFE = "192.0.2.1", "198.51.100.7"


class LoginCase(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        for nick in "bob", "anna":
            (visitor,) = self.enter(nick, address=HOME)
            visitor.types(f"/register {nick}-secret", "/quit")
        self.clock.advance(60)

    def stranger(self, address: str = CAFE) -> Visitor:
        """Somebody who has been asked for a nickname."""
        visitor = self.connect(address)
        visitor.sees()
        return visitor

    def tries(self, visitor: Visitor, *lines: str) -> list[str]:
        """Type lines, each after the answer to the one before; return all answers."""
        seen = []
        for line in lines:
            seen += visitor.types(line)
            self.clock.advance(1)  # whether a line follows a refusal at once is looked at
            seen += visitor.sees()
        return seen

    def account(self, nick: str) -> KeptAccount:
        account = self.chat.accounts.find(nickname(nick))
        assert account is not None
        return account

    def fails(self, number: int, nick: str = "bob", address: str = CAFE) -> None:
        """Be wrong so often, over as many connections as that takes."""
        for _ in range(number):
            visitor = self.stranger(address)
            seen = visitor.types(f"/login {nick} wrong")
            self.clock.advance(LOGIN_DELAY)
            self.assertIn(f"!!! {WRONG_LOGIN}", seen + visitor.sees())
            visitor.dialogue.lost("")


class WrongTests(LoginCase):
    def test_the_right_one_brings_in(self) -> None:
        seen = self.tries(self.stranger(), "/login bob bob-secret")
        self.assertEqual(seen[:2], [PLAIN, "*** You are bob, in #lobby."])

    def test_a_wrong_one_and_an_unknown_name_are_answered_alike(self) -> None:
        for line in (
            "/login bob wrong",
            "/login nobody wrong",
            "/login nobody bob-secret",
            "/login bob " + "x" * 4000,
        ):
            self.assertEqual(
                self.tries(self.stranger(), line), [PLAIN, f"!!! {WRONG_LOGIN}", QUESTION], line[:20]
            )

    def test_as_much_is_done_for_an_unknown_name(self) -> None:
        verified: list[str | bytes] = []

        class Watched(PasswordHasher):
            def verify(self, hash: str | bytes, password: str | bytes) -> Any:
                verified.append(hash)
                return super().verify(hash, password)

        self.chat.hashing = Hashing(argon2=Watched(1, 8, 1))
        for line in "/login bob wrong", "/login nobody wrong", "/login anna " + "x" * 200:
            self.tries(self.stranger(), line)
        parameters = {str(hash).split("$")[1:4][-1] for hash in verified}
        self.assertEqual((len(verified), parameters), (3, {"m=8,t=1,p=1"}))

    def test_a_password_is_the_same_however_its_letters_are_put_together(self) -> None:
        (eve,) = self.enter("eve")
        eve.types("/register caf\u00e9-secret", "/quit")
        self.assertIn(
            "*** You are eve, in #lobby.", self.tries(self.stranger(), "/login eve cafe\u0301-secret")
        )

    def test_it_is_found_by_what_looks_like_the_nickname(self) -> None:
        self.assertIn("*** You are bob, in #lobby.", self.tries(self.stranger(), "/login B0B bob-secret"))

    def test_what_is_no_nickname_is_told_and_no_attempt(self) -> None:
        visitor = self.stranger()
        seen = self.tries(visitor, *["/login 7 x"] * 4)
        self.assertEqual(len([line for line in seen if '"7" is not a nickname' in line]), 4)
        self.assertFalse(visitor.screen.closed)

    def test_three_over_one_connection_end_it(self) -> None:
        visitor = self.stranger()
        seen = self.tries(visitor, "/login bob a", "/login nobody b")
        self.assertEqual((seen[-1], visitor.screen.closed), (QUESTION, False))
        seen = self.tries(visitor, "/login bob c", "/login bob bob-secret")
        self.assertEqual((seen, visitor.screen.closed), ([f"!!! {WRONG_LOGIN}", f"!!! {ENOUGH}"], True))
        self.assertEqual(MOST_WRONG_PASSWORDS, 3)

    def test_so_do_three_of_somebody_who_is_there(self) -> None:
        (eve,) = self.enter("eve")
        eve.types("/register eve-secret")
        seen = self.tries(eve, "/password a new-secret", "/unregister b", "/password c new-secret")
        self.assertEqual(seen, [f"!!! {WRONG}"] * 3 + [f"!!! {ENOUGH}"])
        self.assertTrue(eve.screen.closed)
        self.assertIn("*** You are eve, in #lobby.", self.tries(self.stranger(), "/login eve eve-secret"))

    def test_a_program_is_told_by_a_code(self) -> None:
        visitor = self.stranger()
        seen = visitor.types('{"type":"login","nick":"bob","password":"wrong","ref":"a"}')
        error = f'{{"type":"error","code":"bad-login","text":"{WRONG_LOGIN}","ref":"a"}}'
        self.assertIn(error, seen)
        self.clock.advance(1)
        seen = visitor.types('{"type":"login","nick":"bob","password":"bob-secret","ref":"b"}')
        self.assertEqual(seen[0][:31], '{"type":"welcome","nick":"bob",')
        self.assertIn('{"type":"ok","ref":"b"', " ".join(seen))

    def test_what_was_wrong_is_nowhere(self) -> None:
        self.tries(self.stranger(), "/login bob canary-one", "/login bob", "canary-two")
        self.assertNotIn("canary", repr(vars(self.log)))
        self.assertNotIn("canary", repr(vars(self.chat.attempts)))


class RenewingTests(LoginCase):
    def test_a_hash_of_former_parameters_is_made_anew_by_who_logs_in(self) -> None:
        former = self.account("bob").password
        self.chat.hashing = Hashing(argon2=PasswordHasher(2, 16, 1))
        self.tries(self.stranger(), "/login bob wrong")
        self.assertEqual(self.account("bob").password, former)
        self.tries(self.stranger(), "/login bob bob-secret", "/quit")
        self.assertIn("m=16,t=2", self.account("bob").password)
        self.assertIn("*** You are bob, in #lobby.", self.tries(self.stranger(), "/login bob bob-secret"))

    def test_one_of_these_parameters_stays(self) -> None:
        former = self.account("bob").password
        self.tries(self.stranger(), "/login bob bob-secret")
        self.assertEqual(self.account("bob").password, former)


class SlowTests(LoginCase):
    limits = Limits(tokens=None, connections_per_network=None, new_connections_per_network=None)

    def logs_in(self, nick: str = "bob", address: str = CAFE) -> float:
        """Log in; return how long that took."""
        visitor = self.stranger(address)
        seen = visitor.types(f"/login {nick} {nick}-secret")
        seconds = 0.0
        while not any(f"You are {nick}" in line for line in seen):
            self.clock.advance(0.5)
            seconds += 0.5
            self.assertLess(seconds, 60)
            seen = visitor.sees()
        visitor.types("/quit")
        self.clock.advance(1)
        return seconds

    def test_after_five_wrong_ones_the_answer_comes_late_and_the_right_one_is_right_still(
        self,
    ) -> None:
        self.fails(4)
        self.assertEqual(self.logs_in(), 0)
        self.fails(25)
        self.assertEqual(self.logs_in(), LOGIN_DELAY)

    def test_its_owner_is_not_slowed_where_they_have_been(self) -> None:
        self.fails(25)
        self.assertEqual(self.logs_in(address=HOME), 0)
        self.assertEqual(self.logs_in("anna", CAFE), LOGIN_DELAY)
        self.assertEqual(self.logs_in("anna", CAFE), 0)  # now they have been there, too

    def test_an_unknown_name_is_slowed_alike(self) -> None:
        for nick in "bob", "nobody":
            self.fails(5, nick)
            visitor = self.stranger()
            self.assertEqual(visitor.types(f"/login {nick} wrong"), [PLAIN])
            self.clock.advance(LOGIN_DELAY - 0.1)
            self.assertEqual(visitor.sees(), [])
            self.clock.advance(0.1)
            self.assertEqual(visitor.sees(), [f"!!! {WRONG_LOGIN}", QUESTION])


class BusyTests(LoginCase):
    def test_when_too_many_log_in_one_is_told_so_and_it_does_not_count(self) -> None:
        many = ManyTests("run_later")
        many.setUp()
        self.chat.hashing = many.hashing
        waiting = [self.stranger() for _ in range(HASHED_AT_ONCE + HASHES_WAITING)]
        for visitor in waiting:
            self.assertEqual(visitor.types("/login bob wrong"), [PLAIN])
        late = self.stranger()
        busy = "!!! Too many log in just now. Try again in a moment."
        self.assertEqual(self.tries(late, *["/login bob bob-secret"] * 4), [PLAIN, *[busy, QUESTION] * 4])
        for visitor in waiting:
            many.finish()
            self.assertEqual(visitor.sees(), [f"!!! {WRONG_LOGIN}", QUESTION])
        late.types("/login bob bob-secret")
        self.clock.advance(1)
        many.finish()
        self.assertIn("*** You are bob, in #lobby.", late.sees())

    def test_what_is_typed_ahead_waits_until_it_is_decided(self) -> None:
        many = ManyTests("run_later")
        many.setUp()
        self.chat.hashing = many.hashing
        visitor = self.stranger()
        visitor.types("/login bob bob-secret", "hello")
        visitor.dialogue.ended()
        self.assertEqual(visitor.sees(), [])
        (anna,) = self.enter("eve")
        many.finish()
        self.settle()
        self.assertEqual(
            anna.sees(),
            ["*** bob joined #lobby.", "<bob> hello", "*** bob left #lobby."],
        )

    def test_an_account_that_is_removed_meanwhile_is_none(self) -> None:
        many = ManyTests("run_later")
        many.setUp()
        self.chat.hashing = many.hashing
        visitor = self.stranger()
        visitor.types("/login bob bob-secret")
        self.chat.accounts.remove(self.account("bob").id)
        many.finish()
        self.assertEqual(visitor.sees(), [f"!!! {WRONG_LOGIN}", QUESTION])
