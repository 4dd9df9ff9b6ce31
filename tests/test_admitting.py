"""Into a locked room with its password: who knows it comes in, and who guesses has to wait."""

from __future__ import annotations

import json

from twisted.internet.defer import Deferred

from tcpchat.hashing import Hashing
from tcpchat.limits import LOGIN_DELAY, NO_LIMITS, Limits
from tests.moderated import OwnRoomCase

CLOSED = "!!! #own is locked: /join #own PASSWORD."
WRONG = "!!! That is not the password of #own."
IN = "*** You are carl, in #own with anna, eve."


class PasswordTests(OwnRoomCase):
    def setUp(self) -> None:
        super().setUp()
        self.anna.types("/lock open-sesame")
        self.look_away()

    def test_who_has_it_comes_in(self) -> None:
        self.assertEqual(self.carl.types("/join #own"), [CLOSED])
        self.assertEqual(self.carl.types("/join #own open"), [WRONG])
        self.assertEqual(self.carl.types("/join #own open-sesame"), [IN])
        self.assertEqual(self.anna.sees(), ["*** carl joined #own."])

    def test_a_program_does_as_well(self) -> None:
        self.carl.types("/json")
        error = json.loads(self.carl.types('{"type":"join","room":"own","password":"x","ref":"1"}')[0])
        self.assertEqual((error["code"], error["ref"]), ("forbidden", "1"))
        self.carl.types('{"type":"join","room":"own","password":"open-sesame"}')
        self.assertEqual(len(self.own().members), 3)

    def test_who_is_invited_or_an_operator_needs_none(self) -> None:
        ruth = self.log_in("ruth", is_operator=True)
        self.anna.types("/invite carl")
        self.carl.sees()
        self.assertEqual(self.carl.types("/join #own"), [IN])
        self.assertIn("in #own with", ruth.types("/join #own")[-1])

    def test_who_is_in_already_is_not_asked(self) -> None:
        self.assertEqual(self.eve.types("/join #own wrong"), ["*** You are eve, in #own with anna."])

    def test_of_an_open_room_and_of_one_that_has_no_password_it_opens_nothing(self) -> None:
        self.anna.types("/lock")
        self.carl.types("/join #own open-sesame")
        self.assertEqual(len(self.own().members), 2)
        self.anna.types("/unlock")
        self.carl.types("/join #own whatever")
        self.assertEqual(len(self.own().members), 3)

    def test_it_is_the_same_after_a_crash(self) -> None:
        self.crash()
        (dan,) = self.enter("dan")
        self.assertEqual(dan.types("/join #own"), [CLOSED])
        self.assertEqual(dan.types("/join #own open-sesame"), ["*** You are dan, in #own with anna, eve."])

    def test_who_was_kicked_may_come_back_with_it(self) -> None:
        self.anna.types("/kick eve")
        self.eve.sees()
        self.assertEqual(self.eve.types("/join #own"), [CLOSED])
        self.assertEqual(self.eve.types("/join #own open-sesame"), ["*** You are eve, in #own with anna."])


class LateTests(OwnRoomCase):
    """It takes a while until a password is checked."""

    def setUp(self) -> None:
        super().setUp()
        self.anna.types("/lock open-sesame")
        self.look_away()
        self.checking: list[Deferred[None]] = []

        def run(work):  # type: ignore[no-untyped-def]
            later: Deferred[None] = Deferred()
            self.checking.append(later)
            return later.addCallback(lambda _: work())

        self.chat.hashing = Hashing(run)
        self.assertEqual(self.carl.types("/join #own open-sesame"), [])

    def check(self) -> list[str]:
        for later in self.checking:
            later.callback(None)
        return self.carl.sees()

    def test_nobody_waits_but_who_gave_it(self) -> None:
        self.eve.types("meanwhile")
        self.assertEqual(self.anna.sees(), ["<eve> meanwhile"])
        self.assertEqual(self.check(), [IN])

    def test_a_lock_that_has_been_changed_meanwhile_is_the_one_that_counts(self) -> None:
        self.anna.types("/lock")
        self.assertEqual(self.check(), ["!!! #own is locked. Ask one of its operators for an invitation."])

    def test_one_that_has_ended_meanwhile_lets_everybody_in(self) -> None:
        self.anna.types("/unlock")
        self.assertEqual(self.check(), [IN])

    def test_who_was_invited_meanwhile_is_in(self) -> None:
        self.anna.types("/invite carl")
        self.assertIn(IN, self.check())


class GuessingTests(OwnRoomCase):
    limits: Limits = Limits(
        **{name: None for name in NO_LIMITS.__struct_fields__} | {"wrong_passwords_per_nickname": 5}
    )

    def test_after_some_wrong_ones_each_waits(self) -> None:
        self.anna.types("/lock open-sesame")
        self.carl.sees()
        for _ in range(5):
            self.assertEqual(self.carl.types("/join #own guess"), [WRONG])
        self.assertEqual(self.carl.types("/join #own guess"), [])
        self.clock.advance(LOGIN_DELAY - 0.1)
        self.assertEqual(self.carl.sees(), [])
        self.clock.advance(0.1)
        self.assertEqual(self.carl.sees(), [WRONG])
        self.assertEqual(self.carl.types("/join #own open-sesame"), [])
        self.clock.advance(LOGIN_DELAY)
        self.assertEqual(self.carl.sees(), [IN])
        (dan,) = self.enter("dan", address="198.51.100.7")  # from elsewhere
        self.assertEqual(dan.types("/join #own nearly"), [WRONG])
