"""One person over several connections, and coming back by an account: with what was missed."""

from __future__ import annotations

import json
from collections.abc import Coroutine, Hashable
from typing import Any, cast

from twisted.internet.defer import Deferred

from tcpchat.events import Joined, Left, Said, Told
from tcpchat.logging_in import log_in, log_in_again
from tcpchat.logs.interface import NotKept
from tcpchat.present import Present
from tcpchat.records import KeptAccount
from tcpchat.session import Session
from tests.visitors import ChatCase, Visitor


class LoggingInCase(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.account = KeptAccount("a1", "bob", "", 0)
        self.chat.accounts.keep(self.account)
        (self.alice,) = self.enter("alice")

    def begin(self, coroutine: Coroutine[Deferred[Any], Any, Any]) -> Deferred[Any]:
        answer: Deferred[Any] = Deferred.fromCoroutine(coroutine)
        self.settle()
        return answer

    def log_in(self, *first: str) -> Visitor:
        visitor = self.connect()
        visitor.types(*first)
        account = self.chat.accounts.get("a1")
        assert account is not None
        self.chat.nameless.cancel(cast(Hashable, visitor.dialogue._state))  # as a login does
        self.successResultOf(self.begin(log_in(visitor.dialogue, account, Present)))
        return visitor

    def events(self, stream: str, *kinds: type) -> list[Any]:
        entries = self.successResultOf(self.log.read(stream, 0, 1000))
        return [entry.event for entry in entries if isinstance(entry.event, kinds)]

    def session(self, visitor: Visitor) -> Session:
        session = self.chat.people.session(visitor.dialogue.reader.session)
        assert isinstance(session, Session)
        return session


class SeveralConnectionsTests(LoggingInCase):
    def test_who_logs_in_comes_in_as_everybody_does(self) -> None:
        bob = self.log_in()
        shown = bob.sees()
        self.assertEqual(shown[0], "*** You are bob, in #lobby with alice.")
        self.assertRegex(shown[1], r"^\*\*\* If the connection breaks, /resume \S+ brings you back\.$")
        self.assertEqual(self.alice.sees(), ["*** bob joined #lobby."])

    def test_over_a_second_connection_the_others_notice_nothing(self) -> None:
        self.log_in()
        self.alice.sees()
        desk = self.log_in()
        self.assertEqual(desk.sees()[0], "*** You are bob, in #lobby with alice.")
        self.assertEqual(self.alice.sees(), [])
        self.assertEqual(len(self.events("#lobby", Joined)), 2)
        self.assertEqual(self.alice.types("/who"), ["*** 2 people are in #lobby: alice, bob."])

    def test_every_connection_sees_everything_but_what_was_typed_over_it(self) -> None:
        phone, desk = self.log_in(), self.log_in()
        phone.sees(), desk.sees()
        self.alice.types("hello")
        self.assertEqual((phone.sees(), desk.sees()), (["<alice> hello"], ["<alice> hello"]))
        phone.types("from the phone")
        self.assertEqual((phone.sees(), desk.sees()), ([], ["<bob> from the phone"]))
        self.alice.types("/msg bob psst")
        self.assertEqual((phone.sees(), desk.sees()), (["[from alice] psst"], ["[from alice] psst"]))
        self.assertEqual(desk.types("/reply yes"), ["[to alice] yes"])
        self.assertEqual(phone.sees(), ["[to alice] yes"])

    def test_the_rooms_are_those_of_the_person_and_the_current_one_is_the_connection_s(self) -> None:
        phone, desk = self.log_in(), self.log_in()
        phone.sees(), desk.sees()
        phone.types("/join #dev")
        self.assertEqual(
            desk.sees(),
            [
                "*** You are in #dev now, too: you joined it over another connection.",
                "*** bob is an operator of #dev now.",
            ],
        )
        desk.types("in the lobby")
        self.assertEqual(phone.types("in dev"), ["#lobby <bob> in the lobby"])
        self.assertEqual(desk.sees(), ["#dev <bob> in dev"])
        self.assertEqual(desk.types("/leave #dev"), ["*** You left #dev. You are in #lobby."])
        self.assertEqual(phone.sees(), ["*** bob left #dev.", "*** You left #dev. You are in #lobby."])
        self.assertEqual(len(self.events("#dev", Left)), 1)

    def test_a_program_is_shown_from_its_own_coming_on_a_room_that_is_joined_elsewhere(self) -> None:
        phone, program = self.log_in(), self.log_in("/json")
        program.sees()
        phone.types("/join #dev")
        shown = [json.loads(line) for line in program.sees()]
        self.assertEqual(
            [(each["type"], each["seq"]) for each in shown if each.get("room") == "dev"],
            [("joined", 1), ("opped", 2)],
        )

    def test_a_new_nickname_is_the_person_s(self) -> None:
        phone, desk = self.log_in(), self.log_in()
        phone.types("/nick rob")
        self.assertEqual(desk.sees()[-1], "*** bob is now known as rob.")
        desk.types("it is me")
        self.assertEqual(self.alice.sees()[-1], "<rob> it is me")
        self.assertEqual(self.chat.people.find(self.chat.people.nickname("bob")), None)

    def test_who_is_ignored_and_being_away_are_the_person_s(self) -> None:
        phone, desk = self.log_in(), self.log_in()
        phone.types("/ignore alice", "/away lunch")
        desk.sees()
        self.assertEqual(self.alice.types("hello", "/whois bob")[-1], "*** bob is away: lunch")
        self.assertEqual((phone.sees(), desk.sees()), ([], []))
        desk.types("/unignore alice")
        self.alice.types("again")
        self.assertEqual(phone.sees(), ["<alice> again"])

    def test_leaving_is_when_the_last_one_goes(self) -> None:
        phone, desk = self.log_in(), self.log_in()
        self.alice.sees()
        phone.types("/quit")
        self.clock.advance(30)
        self.assertEqual(self.alice.sees(), [])
        self.assertEqual(self.alice.types("/whois bob")[0][:22], "*** bob is in #lobby, ")
        desk.types("/quit bye")
        self.assertEqual(self.alice.sees(), ["*** bob left #lobby: bye."])

    def test_a_connection_that_breaks_beside_another_one_is_told_nobody(self) -> None:
        phone, desk = self.log_in(), self.log_in()
        self.alice.sees()
        phone.breaks_off()
        self.clock.advance(60)
        self.assertEqual(self.alice.sees(), [])
        desk.breaks_off()
        self.clock.advance(60)
        self.assertEqual(self.alice.sees(), ["*** bob left #lobby: connection lost."])

    def test_each_connection_comes_back_by_its_own_code(self) -> None:
        phone, desk = self.log_in(), self.log_in()
        phone.sees(), desk.sees()
        phone.breaks_off()
        self.clock.advance(60)  # it has left, and the person has not
        self.alice.types("missed")
        again, shown = self.come_back(phone.code)
        self.assertEqual(shown[0], "*** You are bob, in #lobby with alice.")
        self.assertEqual([line[-14:] for line in shown[2:3]], ["<alice> missed"])
        self.assertEqual((len(self.events("#lobby", Joined)), self.events("#lobby", Left)), (2, []))
        desk.sees()
        again.types("here")
        self.assertEqual(desk.sees(), ["<bob> here"])

    def test_two_who_log_in_at_once_are_one_person(self) -> None:
        phone, desk = self.connect(), self.connect()
        both = [Deferred.fromCoroutine(log_in(it.dialogue, self.account, Present)) for it in (phone, desk)]
        self.settle()
        for each in both:
            self.successResultOf(each)
        self.assertEqual(len(self.events("#lobby", Joined)), 2)  # alice, and bob
        self.assertEqual(self.chat.logging_in, {})

    def test_who_logs_in_right_behind_their_farewell_has_left_and_come_again(self) -> None:
        bob, again = self.log_in(), self.connect()
        again.sees()
        bob.dialogue.received("/quit")  # the log does not say so yet
        self.successResultOf(self.begin(log_in(again.dialogue, self.account, Present)))
        self.assertIn("bob", self.alice.types("/who")[-1])
        again.types("here")
        self.assertEqual(self.alice.sees()[-1], "<bob> here")
        self.assertEqual(len(self.events("#lobby", Joined)), 3)

    def test_who_comes_back_by_a_code_while_they_log_in_is_one_person_and_comes_in_once(self) -> None:
        bob = self.log_in()
        code = self.session(bob).ticket.code
        bob.types("/quit")
        back, again = self.connect(), self.connect()
        back.dialogue.received(f"/resume {code}")  # the log does not say so yet
        self.successResultOf(self.begin(log_in(again.dialogue, self.account, Present)))
        self.assertEqual(len(self.events("#lobby", Joined)), 3)
        self.assertEqual(self.alice.types("/who")[-1], "*** 2 people are in #lobby: alice, bob.")
        back.sees(), again.sees()
        self.alice.types("hello")
        self.assertEqual((back.sees(), again.sees()), (["<alice> hello"], ["<alice> hello"]))
        self.assertEqual(self.chat.logging_in, {})

    def test_after_a_crash_they_are_one_person_still(self) -> None:
        phone, desk = self.log_in(), self.log_in("/json")
        self.alice.types("hello")
        codes = phone.code, json.loads(self.welcome(desk))["code"]
        self.crash()
        self.assertEqual(len(self.chat.people.person("a1").sessions), 2)  # type: ignore[union-attr]
        visitors = [self.come_back(code)[0] for code in codes]
        visitors[0].types("one")
        self.assertIn("<bob> one", visitors[1].sees())
        self.assertEqual([it.account for it in self.events("#lobby", Said)], ["", "a1"])

    def welcome(self, visitor: Visitor) -> str:
        shown = visitor.screen.shown.decode()
        return next(line for line in shown.splitlines() if '"type":"welcome"' in line)

    def test_after_a_crash_who_does_not_come_back_has_left_once(self) -> None:
        self.log_in(), self.log_in()
        self.crash()
        self.clock.advance(60)
        self.assertEqual([it.nick for it in self.events("#lobby", Left)].count("bob"), 1)


class AwayTests(LoggingInCase):
    def test_on_coming_back_one_is_shown_what_was_missed(self) -> None:
        bob = self.log_in()
        bob.types("/join #dev", "bye")
        bob.types("/quit")
        self.clock.advance(86400)
        self.alice.types("in the lobby", "/join #dev", "in dev")
        shown = self.log_in().sees()
        self.assertEqual(shown[0], "*** You are bob, in #dev with alice.")
        self.assertEqual(shown[2], "*** While you were away: 3 lines.")
        self.assertEqual([line.split("] ")[1] for line in shown[3:6]], [
            "#lobby <alice> in the lobby", "<alice> in dev", "*** alice joined #dev.",
        ])  # fmt: skip
        self.assertEqual(shown[6:], ["*** Live now."])

    def test_what_was_seen_is_not_shown_again_and_who_missed_nothing_is_told_so_by_nothing(self) -> None:
        bob = self.log_in()
        self.alice.types("seen")
        bob.types("/quit")
        shown = self.log_in().sees()
        self.assertFalse([line for line in shown if "away" in line or "seen" in line], shown)

    def test_at_most_500_lines_come_and_more_by_more(self) -> None:
        self.log_in().types("/quit")
        for number in range(1203):
            self.alice.types(f"line {number}")
        bob = self.log_in()
        shown = bob.sees()
        self.assertEqual(shown[2], "*** While you were away: 1203 lines.")
        self.assertEqual([line.split("> ")[1] for line in shown[3:-2]], [f"line {n}" for n in range(500)])
        self.assertEqual(shown[-2:], ["*** 703 more: /more", "*** Live now."])
        self.alice.types("now")
        self.assertEqual(bob.sees(), ["<alice> now"])
        shown = bob.types("/more")
        self.assertEqual(
            [line.split("> ")[1] for line in shown[:-2]], [f"line {n}" for n in range(500, 1000)]
        )
        self.assertEqual(shown[-2:], ["*** 203 more: /more", "*** Live now."])
        shown = bob.types("/more")
        self.assertEqual(
            [line.split("> ")[1] for line in shown[:-1]], [f"line {n}" for n in range(1000, 1203)]
        )
        self.assertTrue(bob.types("/more")[0].startswith("!!! There is nothing"))

    def test_a_program_is_sent_every_entry(self) -> None:
        self.log_in().types("/quit")
        for number in range(600):
            self.alice.types(f"line {number}")
        shown = [json.loads(line) for line in self.log_in("/json").sees() if line.startswith("{")]
        missed = [it["seq"] for it in shown if it["type"] in ("message", "joined", "left", "hidden")]
        self.assertEqual(missed, list(range(missed[0], missed[0] + len(missed))))
        self.assertEqual(len([it for it in shown if it["type"] == "message"]), 600)

    def test_private_messages_wait(self) -> None:
        self.log_in().types("/quit")
        self.alice.sees()
        self.assertEqual(
            self.alice.types("/msg bob are you there?"),
            ["*** bob is not here now: it waits.", "[to bob] are you there?"],
        )
        bob = self.log_in()
        self.assertIn("[from alice] are you there?", " ".join(bob.sees()))
        self.assertEqual(bob.types("/reply now I am"), ["[to alice] now I am"])
        bob.types("/quit")
        self.assertEqual([it.text for it in self.events("@a1", Told)], ["are you there?", "now I am"])
        self.alice.types("/reply good")
        self.assertIn("[from alice] good", " ".join(self.log_in().sees()))

    def test_nobody_else_can_be_written_to_who_is_not_there(self) -> None:
        self.assertEqual(self.alice.types("/msg carl hi"), ['!!! Nobody here is called "carl".'])

    def test_a_room_that_one_has_left_is_not_come_back_to(self) -> None:
        bob = self.log_in()
        bob.types("/join #dev", "/leave #dev", "/quit")
        self.assertEqual(self.log_in().sees()[0], "*** You are bob, in #lobby with alice.")

    def test_settings_and_who_is_ignored_are_kept_with_the_account(self) -> None:
        bob = self.log_in()
        bob.types("/set echo on", "/set timezone Europe/Paris", "/ignore alice", "/quit")
        again = self.log_in()
        again.sees()
        self.assertEqual(again.types("hello"), ["<bob> hello"])
        self.alice.types("not heard")
        self.assertEqual(again.sees(), [])
        self.assertIn("timezone Europe/Paris", again.types("/set")[0])

    def test_what_was_set_on_the_way_in_stays(self) -> None:
        self.log_in().types("/set joins none", "/set echo on", "/quit")
        self.assertIn("joins folded", self.log_in("/set joins folded").types("/set")[-1])

    def test_all_of_it_outlives_a_crash_and_a_day(self) -> None:
        bob = self.log_in()
        bob.types("/join #dev", "/set echo on")
        self.clock.advance(2)
        self.crash()
        (self.alice,) = self.enter("carl")
        self.clock.advance(86400)
        self.alice.types("/join #dev", "missed")
        shown = self.log_in().sees()
        self.assertEqual(shown[0], "*** You are bob, in #dev with carl.")
        self.assertEqual(len([line for line in shown if line.endswith("<carl> missed")]), 1)

    def test_who_read_most_of_several_connections_is_where_the_account_goes_on(self) -> None:
        phone, desk = self.log_in(), self.log_in()
        phone.stalls()
        self.alice.types("read at the desk")
        desk.types("/quit")
        phone.breaks_off(unacknowledged=10)
        self.clock.advance(60)
        self.assertNotIn("read at the desk", " ".join(self.log_in().sees()))


class GhostTests(LoggingInCase):
    def test_who_logs_in_takes_the_place_of_the_connection_that_broke(self) -> None:
        bob = self.log_in()
        self.alice.sees()
        bob.breaks_off()
        self.alice.types("missed")
        again = self.log_in()
        shown = again.sees()
        self.assertEqual(shown[0], "*** You are bob, in #lobby with alice.")
        self.assertTrue(shown[3].endswith("<alice> missed"), shown)
        self.assertEqual(again.code, bob.code)
        self.clock.advance(60)
        self.assertEqual(self.alice.sees(), [])
        self.assertEqual(len(self.events("#lobby", Joined)), 2)

    def test_after_a_crash_too_and_with_a_code_that_is_good(self) -> None:
        old = self.log_in().code
        self.crash()
        bob = self.log_in()
        self.assertNotEqual(bob.code, old)
        for code in bob.code, old:
            bob.breaks_off()
            bob, shown = self.come_back(code)
            self.assertEqual(shown[0], "*** You are bob, in #lobby with alice.")

    def test_a_log_that_cannot_be_written_lets_nobody_in(self) -> None:
        visitor = self.connect()
        self.log.full = True
        self.failureResultOf(self.begin(log_in(visitor.dialogue, self.account, Present)), NotKept)
        self.log.full = False
        self.assertEqual(self.chat.people.person("a1"), None)
        self.assertEqual(self.log_in().sees()[0], "*** You are bob, in #lobby with alice.")


class AgainTests(LoggingInCase):
    def test_a_guest_goes_on_as_whom_they_log_in_as(self) -> None:
        (guest,) = self.enter("bobby")
        self.alice.sees()
        again = log_in_again(self.session(guest), self.account, Present)
        self.successResultOf(self.begin(again))
        self.assertEqual(guest.sees()[0], "*** You are bob, in #lobby with alice.")
        self.assertEqual(
            self.alice.sees(), ["*** bobby left #lobby: logged in as bob.", "*** bob joined #lobby."]
        )
        guest.types("me")
        self.assertEqual(self.alice.sees(), ["<bob> me"])
        self.alice.types("you")
        self.assertEqual(guest.sees(), ["<alice> you"])
        self.alice.types("/msg bob psst")
        self.assertEqual(guest.sees(), ["[from alice] psst"])
        guest.breaks_off()
        self.clock.advance(30)
        self.assertEqual(self.alice.sees()[-1], "*** bob left #lobby: connection lost.")
        self.assertEqual(self.alice.types("/nick bobby")[-1], "*** alice is now known as bobby.")
