"""Somebody comes back to another node than has them: nothing is lost, and nobody else notices."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from twisted.internet.defer import Deferred

from tcpchat import records
from tcpchat.burying import LONGEST_UNKNOWN
from tcpchat.handovers import LONGEST_SILENCE
from tcpchat.logging_in import log_in
from tcpchat.moving import LATE
from tcpchat.names import nickname
from tcpchat.present import Present
from tcpchat.records import KeptSanction
from tcpchat.sanctions import BAN, SERVER
from tests.sharing import SharedCase
from tests.visitors import Visitor

TAKEN_UP = "*** Taken up from another connection."


class MovingCase(SharedCase):
    """Anna and bob are on "east", carl is on "west"; anna comes back to "west"."""

    def setUp(self) -> None:
        super().setUp()
        self.anna = self.enter_at("east", "anna")
        self.bob = self.enter_at("east", "bob")
        self.carl = self.enter_at("west", "carl")
        for visitor in self.anna, self.bob, self.carl:
            visitor.sees()

    def resume(self, secret: str, node: str = "west", seconds: float = 0.5) -> tuple[Visitor, list[str]]:
        self.go(node)
        visitor, shown = self.come_back(secret)
        self.passes(seconds)
        return visitor, shown + visitor.sees()


class ResumeTests(MovingCase):
    def test_while_she_is_connected_she_is_taken_up_there_and_told_so_here(self) -> None:
        anna, shown = self.resume(self.anna.code)
        self.assertEqual(shown, ["*** You are anna, in #lobby with bob, carl."])
        self.assertEqual(self.anna.sees(), [TAKEN_UP])
        self.assertTrue(self.anna.screen.closed)
        anna.types("here I am")
        self.assertEqual(self.bob.sees(), ["<anna> here I am"])
        self.assertEqual(self.carl.sees(), ["<anna> here I am"])
        self.passes(60)
        self.assertEqual((self.bob.sees(), self.carl.sees()), ([], []))
        self.assertEqual(sorted(self.crowd()), ["anna", "bob", "carl"])

    def test_after_a_break_she_is_shown_what_she_missed_and_nobody_is_told(self) -> None:
        self.bob.types("before")
        self.anna.sees()
        self.anna.breaks_off()
        self.bob.types("one")
        self.carl.types("two")
        self.carl.sees()
        anna, shown = self.resume(self.anna.code)
        self.assertEqual(
            shown,
            [
                "*** You are anna, in #lobby with bob, carl.",
                "*** While you were away: 2 lines.",
                "[10:02] <bob> one",
                "[10:02] <carl> two",
                "*** Live now.",
            ],
        )
        self.bob.sees()
        self.passes(60)
        self.assertEqual((self.bob.sees(), self.carl.sees()), ([], []))
        self.bob.types("three")
        self.assertEqual(anna.sees(), ["<bob> three"])

    def test_what_had_not_arrived_comes_again(self) -> None:
        self.bob.types("one")
        self.anna.sees()
        self.anna.breaks_off(unacknowledged=len("<bob> one\r\n"))
        _, shown = self.resume(self.anna.code)
        self.assertIn("[10:02] <bob> one", shown)

    def test_her_lines_that_had_come_are_said_before(self) -> None:
        for line in "one", "two":
            self.anna.dialogue.received(line)
        _, shown = self.resume(self.anna.code)
        self.assertEqual(self.bob.sees(), ["<anna> one", "<anna> two"])
        self.assertEqual(shown[0], "*** You are anna, in #lobby with bob, carl.")

    def test_her_settings_and_rooms_go_with_her(self) -> None:
        self.anna.types("/join #dev", "/set timestamps on", "/ignore bob", "/away soon")
        anna, shown = self.resume(self.anna.code)
        self.assertEqual(shown, ["*** You are anna, in #dev."])
        self.assertIn("soon", " ".join(self.carl.types("/whois anna")))
        self.bob.types("hello")
        self.carl.sees()
        self.carl.types("hi")
        self.assertEqual(anna.sees(), ["[10:02] #lobby <carl> hi"])

    def test_her_private_messages_come_there(self) -> None:
        self.bob.types("/msg anna one")
        self.anna.sees()
        anna, _ = self.resume(self.anna.code)
        self.bob.types("/msg anna two")
        self.assertEqual(anna.sees(), ["[from bob] two"])
        anna.types("/reply three")
        self.assertEqual(self.bob.sees()[-1], "[from anna] three")

    def test_she_can_come_back_and_go_on_and_come_back_again(self) -> None:
        secret = self.anna.code
        for n in range(1, 6):
            node = ("west", "east")[n % 2]
            visitor, shown = self.resume(secret, node)
            self.assertEqual(shown[0], "*** You are anna, in #lobby with bob, carl.", n)
            visitor.types(str(n))
            self.assertEqual(self.bob.sees(), [f"<anna> {n}"])
            self.assertEqual(self.carl.sees(), [f"<anna> {n}"])
        self.passes(60)
        self.assertEqual((self.bob.sees(), self.carl.sees()), ([], []))

    def test_her_nickname_goes_with_her(self) -> None:
        anna, _ = self.resume(self.anna.code)
        self.passes(30)
        for node in "east", "west":
            self.go(node)
            self.assertEqual(
                self.connect("198.51.100.7").types("anna")[2], '!!! "anna" is taken. Try "anna2".'
            )
        anna.types("/quit")
        self.passes(25)
        self.assertEqual(self.bob.sees(), ["*** anna left #lobby."])
        self.go("east")
        self.assertEqual(self.connect("198.51.100.7").types("anna")[2][:17], "*** You are anna,")

    def test_a_wrong_code_is_wrong_everywhere(self) -> None:
        _, shown = self.resume("fig-42-moss-lamp")
        self.assertEqual(shown[0], "!!! That code is not known or too old.")

    def test_who_said_farewell_comes_back_there_too(self) -> None:
        self.anna.types("/quit")
        self.assertEqual(self.bob.types("one"), ["*** anna left #lobby."])
        _, shown = self.resume(self.anna.code)
        self.assertEqual(shown[0], "*** You are anna, in #lobby with bob, carl.")
        self.assertIn("[10:02] <bob> one", shown)
        self.assertEqual(self.bob.sees(), ["*** anna joined #lobby."])

    def test_who_is_still_there_over_another_node_is_in_the_rooms_that_they_are_in_by_now(self) -> None:
        self.go("east")
        account = self.chat.accounts.get(self.has_account(self.anna))
        assert account is not None
        self.go("west")
        phone = self.connect()
        self.passes(0.25)
        coming = Deferred.fromCoroutine(log_in(phone.dialogue, account, Present))
        self.passes(0.5)
        self.successResultOf(coming)
        phone.types("/quit")
        self.anna.types("/join #dev", "/join #lobby")
        self.passes(0.5)
        phone, shown = self.resume(phone.code)
        self.assertEqual(shown[0], "*** You are anna, in #lobby with bob, carl.")
        self.assertEqual(sorted(feed.stream for feed in phone.session.feeds), ["#dev", "#lobby"])
        self.anna.types("/quit")
        self.passes(5)
        self.assertEqual([line for line in self.bob.sees() if "left" in line], [])

    def test_what_the_node_that_had_her_keeps_of_her_too_late_does_not_hang_up_on_her(self) -> None:
        self.go("east")
        key = records.SESSION, self.anna.session.id
        kept = self.successResultOf(self.at.log.record(*key))
        assert kept is not None
        anna, _ = self.resume(self.anna.code)
        left = msgspec.structs.replace(records.session(kept), has_left=True)
        self.nodes["east"].log.keep(*key, records.encode(left))  # it was cut off when she said farewell to it
        self.passes(1)
        self.assertEqual((anna.sees(), anna.screen.closed), ([], False))
        kept = self.successResultOf(self.at.log.record(*key))
        assert kept is not None
        self.assertEqual((records.session(kept).node, records.session(kept).has_left), ("west", False))

    def test_who_left_after_a_break_comes_back_there_too(self) -> None:
        self.anna.breaks_off()
        self.passes(21)
        self.assertEqual(self.carl.sees(), ["*** anna left #lobby: connection lost."])
        _, shown = self.resume(self.anna.code)
        self.assertEqual(shown[0], "*** You are anna, in #lobby with bob, carl.")
        self.assertEqual(self.carl.sees(), ["*** anna joined #lobby."])

    def test_who_may_not_come_in_there_is_on_no_node_and_gone_once(self) -> None:
        self.go("east")
        person = self.anna.session.person.id
        self.go("west")
        self.chat.sanctions.add(
            KeptSanction("x1", BAN, SERVER, "192.0.2.66", "carl", self.wall(), networks=("192.0.2.66/32",))
        )
        visitor, shown = self.come_back(self.anna.code, "192.0.2.66")
        self.passes(1)
        self.assertEqual(self.anna.sees(), [TAKEN_UP])
        self.assertIn("banned", (shown + visitor.sees())[0])
        self.passes(2 * LONGEST_UNKNOWN)
        self.assertEqual(self.bob.sees(), ["*** anna left #lobby: connection lost."])
        self.assertEqual(sorted(self.crowd()), ["bob", "carl"])
        for node in self.nodes.values():
            self.assertIsNone(node.chat.people.person(person))

    def test_of_two_nodes_that_want_her_at_once_one_has_her(self) -> None:
        self.start("north")
        visitors = []
        for name in "west", "north":
            self.go(name)
            visitors.append(self.connect())
        for visitor in visitors:
            visitor.sees()
        for visitor in visitors:
            visitor.dialogue.received(f"/resume {self.anna.code}")
        self.passes(5)
        shown = sorted(visitor.sees()[0] for visitor in visitors)
        self.assertIn("*** You are anna, in #lobby with bob, carl.", shown)
        self.assertEqual(sorted(self.crowd()), ["anna", "bob", "carl"])
        here = [visitor for visitor in visitors if not visitor.screen.closed]
        is_in = [visitor for visitor in here if "You are anna" in visitor.screen.shown.decode()]
        self.assertEqual(len(is_in), 1)


class ProgramTests(MovingCase):
    def setUp(self) -> None:
        super().setUp()
        self.go("east")
        self.bot = self.connect()
        shown = [json.loads(line) for line in self.bot.types("/json", '{"type":"nick","nick":"bot"}')[2:]]
        self.token = next(it["session"] for it in shown if it["type"] == "welcome")
        self.seen = [it["seq"] for it in shown if it.get("room") == "lobby" and "seq" in it]
        for visitor in self.bob, self.carl:
            visitor.sees()

    def entries(self, lines: list[str]) -> list[dict[str, Any]]:
        return [it for it in map(json.loads, lines) if "seq" in it and it["type"] != "ok"]

    def test_a_program_gets_each_entry_once_wherever_it_goes_on(self) -> None:
        numbers = list(self.seen)
        visitor = self.bot
        for n in range(6):
            self.bob.types(f"before {n}")
            numbers += [it["seq"] for it in self.entries(visitor.sees())]
            if n % 2:
                visitor.breaks_off()
            self.carl.types(f"after {n}")
            self.go(("west", "east")[n % 2])
            visitor = self.connect()
            after = {"lobby": numbers[-1]}
            visitor.sees()
            resume = json.dumps({"type": "resume", "session": self.token, "after": after})
            visitor.dialogue.received(resume)
            self.passes(0.5)
            numbers += [it["seq"] for it in self.entries(visitor.sees())]
        last = self.nodes["east"].log.last("#lobby")
        self.assertEqual(numbers, list(range(numbers[0], last + 1)))


class DeadNodeTests(MovingCase):
    """The node that has her is dead, and nobody knows it yet."""

    def setUp(self) -> None:
        super().setUp()
        self.bob.types("one")
        for visitor in self.anna, self.carl:
            visitor.sees()
        self.passes(2)
        self.kill("east")
        self.carl.types("two")

    def test_she_goes_on_after_what_she_was_shown(self) -> None:
        anna, shown = self.resume(self.anna.code, seconds=LONGEST_SILENCE + 0.5)
        self.assertEqual(
            shown,
            [
                f"*** {LATE}",
                "*** You are anna, in #lobby with bob, carl.",
                "*** While you were away: 1 line.",
                "[10:02] <carl> two",
                "*** Live now.",
            ],
        )
        anna.types("here I am")
        self.assertEqual(self.carl.sees(), ["<anna> here I am"])

    def test_she_is_never_shown_as_gone_and_the_others_are_once(self) -> None:
        anna, _ = self.resume(self.anna.code, seconds=LONGEST_SILENCE + 1)
        self.passes(120)
        self.assertEqual(self.carl.sees(), ["*** bob left #lobby: connection lost."])
        self.assertEqual(self.crowd(), ["carl", "anna"] if self.crowd()[0] == "carl" else ["anna", "carl"])
        self.assertEqual(anna.sees(), ["*** bob left #lobby: connection lost."])

    def test_her_nickname_is_still_hers(self) -> None:
        self.resume(self.anna.code, seconds=LONGEST_SILENCE + 1)
        self.passes(120)
        self.assertEqual(self.connect("198.51.100.7").types("anna")[2], '!!! "anna" is taken. Try "anna2".')
        self.assertEqual(self.connect("198.51.100.7").types("bob")[2][:16], "*** You are bob,")


class YoungTests(MovingCase):
    """Her node dies before it has kept how far anything was shown, a moment after she came in."""

    def setUp(self) -> None:
        super().setUp()
        self.carl.types("one")
        self.kill("east")
        self.carl.types("two")

    def missed(self, shown: list[str]) -> list[str]:
        """Return what was said, without its time."""
        return [line.partition("] ")[2] for line in shown if "] <" in line]

    def test_she_misses_nothing(self) -> None:
        _, shown = self.resume(self.anna.code, seconds=LONGEST_SILENCE + 0.5)
        self.assertEqual(self.missed(shown), ["<carl> one", "<carl> two"])

    def test_nor_when_she_was_shown_as_gone_meanwhile(self) -> None:
        self.passes(60)
        self.assertIn("*** anna left #lobby: connection lost.", self.carl.sees())
        _, shown = self.resume(self.anna.code, seconds=LONGEST_SILENCE + 0.5)
        self.assertEqual(self.missed(shown), ["<carl> one", "<carl> two"])


class LoginTests(MovingCase):
    """Anna has an account."""

    def setUp(self) -> None:
        super().setUp()
        self.anna.types("/register correct-horse")
        self.passes(0.5)
        for visitor in self.anna, self.bob, self.carl:
            visitor.sees()

    def log_in(self, node: str, seconds: float = 0.5) -> tuple[Visitor, list[str]]:
        self.go(node)
        visitor = self.connect("198.51.100.7")
        visitor.sees()
        visitor.dialogue.received("/login anna correct-horse")
        self.passes(seconds)
        return visitor, visitor.sees()

    def test_she_is_on_two_nodes_at_once_as_one_person(self) -> None:
        other, shown = self.log_in("west")
        self.assertIn("*** You are anna, in #lobby with bob, carl.", shown)
        other.types("over there")
        self.anna.types("over here")
        self.assertEqual(self.bob.sees(), ["<anna> over there", "<anna> over here"])
        self.assertEqual((self.anna.screen.closed, other.screen.closed), (False, False))
        self.carl.types("/msg anna hi")
        self.settle()
        self.assertIn("[from carl] hi", self.anna.sees())
        self.assertIn("[from carl] hi", other.sees())

    def test_she_is_gone_when_she_has_left_both(self) -> None:
        other, _ = self.log_in("west")
        self.anna.types("/quit")
        self.passes(25)
        self.assertEqual(self.bob.sees(), [])
        self.go("east")
        self.assertIn("is taken", self.connect("192.0.2.77").types("anna")[2])
        other.types("/quit")
        self.passes(25)
        self.assertEqual(self.bob.sees(), ["*** anna left #lobby."])
        self.assertEqual(self.crowd(), ["bob", "carl"])

    def test_after_a_break_she_is_taken_up_there_and_has_missed_nothing(self) -> None:
        self.anna.breaks_off()
        self.bob.types("one")
        _, shown = self.log_in("west")
        self.assertIn("[10:02] <bob> one", shown)
        self.passes(60)
        self.assertEqual(self.bob.sees(), [])
        self.assertEqual(len(self.at.chat.people.sessions()), 3)

    def test_when_her_node_is_dead_she_is_shown_what_that_did_not_show_for_certain(self) -> None:
        self.passes(2)
        self.kill("east")
        self.carl.types("one")
        _, shown = self.log_in("west", 1)
        self.assertIn("[10:02] <carl> one", shown)
        self.passes(120)
        self.assertEqual(self.carl.sees(), ["*** bob left #lobby: connection lost."])
        self.assertEqual(sorted(self.crowd()), ["anna", "carl"])

    def test_what_she_has_missed_since_her_node_was_buried_comes_when_she_logs_in(self) -> None:
        self.passes(2)
        self.kill("east")
        self.passes(120)
        self.carl.types("one")
        _, shown = self.log_in("west")
        self.assertIn("[10:02] <carl> one", [line.replace("[10:04]", "[10:02]") for line in shown])
        self.assertIn("*** anna joined #lobby.", self.carl.sees())

    def test_a_new_name_over_one_node_is_hers_on_the_other(self) -> None:
        other, _ = self.log_in("west")
        self.anna.types("/nick zoe")
        self.passes(10)
        self.anna.types("/quit")
        self.passes(30)
        self.go("east")
        self.assertIn("is taken", self.connect("192.0.2.77").types("zoe")[2])
        other.types("hi")
        self.assertEqual(self.bob.sees()[-1], "<zoe> hi")

    def test_two_renames_of_her_at_once_are_one_after_the_other(self) -> None:
        self.go("east")
        second, _ = self.log_in("east")
        self.anna.dialogue.received("/nick zoe")
        second.dialogue.received("/nick yve")
        self.passes(1)
        shown = [line for line in self.bob.sees() if "known as" in line]
        self.assertEqual(shown, ["*** anna is now known as zoe.", "*** zoe is now known as yve."])
        self.passes(30)
        self.assertEqual(self.at.chat.people.names(self.anna.session.person.id), (nickname("yve"),))
