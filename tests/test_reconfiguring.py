"""What the operator has changed holds for those who are there, too, and nobody is hung up on."""

from __future__ import annotations

from typing import Any

import msgspec
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred

from tcpchat.config import Config
from tcpchat.entrance import Entrance
from tcpchat.limits import NO_LIMITS, Limits
from tcpchat.reconfiguring import reconfigure
from tcpchat.room import AUDIT
from tests.visitors import ChatCase, Visitor

NO_ROOM = "!!! There is no room #audit. /rooms lists the rooms."


class ReconfiguringCase(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.entrance = Entrance(self.clock, self.limits)
        self.visitors: list[Visitor] = []

    def connect(self, address: str = "192.0.2.1") -> Visitor:
        self.visitors.append(super().connect(address))
        return self.visitors[-1]

    def change(self, greeting: tuple[str, ...] = (), **options: Any) -> None:
        """Have the operator change options."""
        dialogues = [visitor.dialogue for visitor in self.visitors]
        done = reconfigure(self.chat, self.entrance, dialogues, Config(**options), greeting, set(options))
        self.successResultOf(Deferred.fromCoroutine(done))
        self.settle()


class OptionTests(ReconfiguringCase):
    def test_who_connects_is_greeted_anew(self) -> None:
        self.change(("Good evening",), motd="motd")
        self.assertEqual(self.connect().sees()[0], "*** Good evening")

    def test_newcomers_choose_nicknames_as_is_allowed_now_and_who_is_there_keeps_theirs(self) -> None:
        (zoe,) = self.enter("Zo\u00eb")
        self.change(nicknames="ascii")
        self.assertIn("is not a nickname", self.connect().types("Ren\u00e9")[2])
        self.assertEqual(zoe.types("/who"), ["*** 1 person is in #lobby: Zo\u00eb."])
        self.assertIn("is not a room", zoe.types("/join #caf\u00e9")[0])
        self.change(nicknames="any")
        self.enter("Ren\u00e9")

    def test_what_may_be_forgotten_is_asked_each_time(self) -> None:
        (bob,) = self.enter("bob")
        bob.types("one", "two", "three")
        self.change(retention=msgspec.convert({"entries": 1}, type(Config().retention)))
        self.successResultOf(self.run_upkeep())
        self.assertEqual(self.log.kept_after("#lobby"), 3)

    def run_upkeep(self) -> Deferred[None]:
        running = Deferred.fromCoroutine(self.chat.forgetting.run())
        self.settle()
        return running

    def test_comings_are_told_if_that_is_wanted_now(self) -> None:
        self.change(log_level="debug")
        self.assertTrue(self.chat.sightings.are_told)
        self.change(log_level="info")
        self.assertFalse(self.chat.sightings.are_told)


class HistoryTests(ReconfiguringCase):
    history = 2

    def setUp(self) -> None:
        super().setUp()
        (self.bob,) = self.enter("bob")
        self.bob.types("one", "two", "three", "four")

    def past(self) -> list[str]:
        """Return what a newcomer is shown of the past."""
        visitor = self.connect()
        shown = [line.partition("<bob> ")[2] for line in visitor.types("eve") if "<bob>" in line]
        visitor.types("/quit")
        return shown

    def test_newcomers_are_shown_less_or_more_at_once(self) -> None:
        self.assertEqual(self.past(), ["three", "four"])
        self.change(history=1)
        self.assertEqual(self.past(), ["four"])
        self.change(history=3)
        self.assertEqual(self.past(), ["two", "three", "four"])
        self.bob.types("five")
        self.assertEqual(self.past(), ["three", "four", "five"])
        self.change(history=0)
        self.assertEqual(self.past(), [])
        self.change(history=10)
        self.assertEqual(self.past(), ["one", "two", "three", "four", "five"])

    def test_what_was_taken_back_is_not_shown_again(self) -> None:
        self.bob.types("/rm 4")
        self.change(history=10)
        self.assertEqual(self.past(), ["one", "two", "four"])


class OperatorTests(ReconfiguringCase):
    operators = ("anna",)

    def test_who_becomes_one_or_is_none_any_more_is_told_at_once(self) -> None:
        anna, bob = self.enter("anna", "bob", address="127.0.0.1")
        for visitor in anna, bob:
            self.has_account(visitor)
            self.chat.overseeing.changed(visitor.session.person.account)
        self.settle()
        anna.sees()
        self.change(operator=("bob",))
        self.assertIn("*** You are no longer an operator of the server.", "\n".join(anna.sees()))
        self.assertIn("*** You are an operator of the server.", "\n".join(bob.sees()))
        self.assertEqual(anna.types(f"/history {AUDIT}"), [NO_ROOM])
        self.assertEqual(anna.types("/lockdown"), ["!!! Only an operator of the server may do that."])
        self.assertEqual(bob.types("/lockdown"), ["*** Everybody may come in."])


class LimitTests(ReconfiguringCase):
    def test_how_many_rooms_there_may_be_and_one_may_be_in(self) -> None:
        (bob,) = self.enter("bob")
        bob.types("/join #a", "/join #b")
        self.change(limits=msgspec.structs.replace(NO_LIMITS, rooms_per_person=3))
        self.assertIn("!!!", bob.types("/join #c")[0])
        self.change(limits=msgspec.structs.replace(NO_LIMITS, rooms=3))
        self.assertIn("There are 3 rooms already", bob.types("/join #c")[0])
        self.change(limits="off")
        self.assertIn("*** You are bob, in #c.", bob.types("/join #c"))

    def test_who_is_choosing_a_nickname_has_the_time_that_there_is_now(self) -> None:
        first = self.connect()
        self.clock.advance(5)
        second = self.connect()
        self.change(limits=Limits(seconds_nameless=20))
        self.clock.advance(14)
        self.assertFalse(first.screen.closed)
        self.clock.advance(1)
        self.assertEqual(first.sees()[-1], "!!! No nickname within 20 seconds.")
        self.change(limits=Limits(seconds_nameless=60))
        self.clock.advance(45 - 0.1)
        self.assertEqual(second.sees()[-1], "*** What is your nickname?")
        self.clock.advance(0.2)
        self.assertEqual(second.sees()[-1], "!!! No nickname within 60 seconds.")

    def test_those_whose_time_is_over_by_now_go_at_once(self) -> None:
        visitor = self.connect()
        self.clock.advance(30)
        self.change(limits=Limits(seconds_nameless=20))
        self.assertEqual(visitor.sees()[-1], "!!! No nickname within 20 seconds.")

    def test_who_talks_without_limits_has_some_from_then_on(self) -> None:
        bob, eve = self.enter("bob", "eve")
        self.change(limits=Limits(tokens=2, tokens_a_second=1))
        bob.types("one", "two", "three")
        self.assertEqual(eve.sees(), ["<bob> one", "<bob> two"])
        self.clock.advance(1)
        self.assertEqual(eve.sees(), ["<bob> three"])

    def test_what_waits_when_they_are_lifted_waits_no_longer_and_stays_in_order(self) -> None:
        bob, eve = self.enter("bob", "eve")
        self.change(limits=Limits(tokens=1, tokens_a_second=1))
        bob.types("one", "two", "three", "four")
        self.assertEqual(eve.sees(), ["<bob> one"])
        self.change(limits="off")
        self.assertEqual(eve.sees(), ["<bob> two", "<bob> three", "<bob> four"])
        bob.types("five")
        self.assertEqual(eve.sees(), ["<bob> five"])
        self.clock.advance(60)
        self.assertEqual(eve.sees(), [])

    def test_a_session_takes_its_budget_with_it_to_another_connection(self) -> None:
        bob, eve = self.enter("bob", "eve")
        code = bob.code
        self.change(limits=Limits(tokens=3, tokens_a_second=1))
        bob.types("one", "two")
        back, _ = self.come_back(code)
        back.types("three", "four")
        self.assertEqual(eve.sees(), ["<bob> one", "<bob> two", "<bob> three"])
        self.clock.advance(1)
        self.assertEqual(eve.sees(), ["<bob> four"])

    def test_who_is_about_to_go_is_left_alone(self) -> None:
        bob, eve = self.enter("bob", "eve")
        self.change(limits=Limits(tokens=1, tokens_a_second=1))
        bob.types("one", "two", "three")
        bob.dialogue.ended()
        self.change(limits=Limits(tokens=1, tokens_a_second=1))
        for _ in range(5):
            self.clock.advance(1)
        self.assertEqual(eve.sees(), ["<bob> one", "<bob> two", "<bob> three", "*** bob left #lobby."])

    def test_networks_that_are_trusted_now_share_no_budget(self) -> None:
        bob, eve = self.enter("bob", "eve")
        limits = Limits(tokens=100, network_tokens=1, network_tokens_a_second=1)
        self.change(limits=limits)
        bob.types("one", "two")
        self.assertEqual(eve.sees(), ["<bob> one"])
        self.change(limits=limits, trusted=("192.0.2.0/24",))
        bob.types("three")
        self.assertEqual(eve.sees(), ["<bob> two", "<bob> three"])

    def test_what_has_been_tried_counts_also_when_less_is_allowed(self) -> None:
        attempts = self.chat.attempts
        for _ in range(3):
            attempts.failed("bob", "192.0.2.1", 0)
        self.assertEqual(attempts.delay("bob", "192.0.2.1", 0), 0)  # there are no limits, so nothing counts
        self.change(limits=Limits(wrong_passwords_per_nickname=4))
        for _ in range(3):
            attempts.failed("bob", "192.0.2.1", 0)
        self.assertEqual(attempts.delay("bob", "192.0.2.1", 0), 0)
        self.change(limits=Limits(wrong_passwords_per_nickname=2))
        self.assertGreater(attempts.delay("bob", "192.0.2.1", 0), 0)
        self.change(limits="off")
        self.assertEqual(attempts.delay("bob", "192.0.2.1", 0), 0)


class EntranceTests(ReconfiguringCase):
    def turned_away(self, address: str) -> bool:
        return self.entrance.turn_away(IPv4Address("TCP", address, 1), False) is not None

    def test_who_came_without_limits_counts_once_there_are_some(self) -> None:
        visits = [self.entrance.enter("192.0.2.1", False) for _ in range(3)]
        self.assertFalse(self.turned_away("192.0.2.1"))
        self.change(limits=Limits(connections_per_network=3))
        self.assertTrue(self.turned_away("192.0.2.1"))
        self.entrance.leave(visits[0])
        self.assertFalse(self.turned_away("192.0.2.1"))

    def test_networks_that_are_trusted_now_are_refused_no_more(self) -> None:
        self.change(limits=Limits(connections_per_network=1))
        self.entrance.enter("192.0.2.1", False)
        self.assertTrue(self.turned_away("192.0.2.1"))
        self.change(limits=Limits(connections_per_network=1), trusted=("192.0.2.0/24",))
        self.assertFalse(self.turned_away("192.0.2.1"))
