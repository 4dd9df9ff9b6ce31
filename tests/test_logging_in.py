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

    def test_a_program_is_shown_its_coming_also_when_it_came_over_another_connection(self) -> None:
        phone, bot = self.log_in(), self.log_in("/json")
        bot.sees()
        phone.types("/join #dev", "hello")
        entries = [json.loads(line) for line in bot.sees()]
        seqs = [(it["type"], it["seq"]) for it in entries if it.get("room") == "dev"]
        self.assertEqual(seqs, [("joined", 1), ("opped", 2), ("message", 3)])

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

    def test_what_the_other_connection_has_not_been_shown_for_certain_is_shown(self) -> None:
        dead = self.log_in()
        self.alice.types("read")
        self.clock.pump([0.4] * 5)
        dead.screen.on_its_way = len("<alice> not read\r\n[from alice] psst\r\n")
        self.alice.types("not read", "/msg bob psst")
        desk = self.log_in()
        shown = desk.sees()
        self.assertEqual(shown[0], "*** You are bob, in #lobby with alice.")
        self.assertEqual(shown[2], "*** While you were away: 2 lines.")
        self.assertEqual([it[8:] for it in shown[3:5]], ["[from alice] psst", "<alice> not read"])
        self.assertEqual(shown[5:], ["*** Live now."])
        self.alice.types("more")
        self.assertEqual(desk.sees(), ["<alice> more"])
        third = self.log_in()
        self.assertEqual(third.sees()[2], "*** The last 3 lines of #lobby:")  # over the desk all was read
        third.types("/quit")
        desk.types("/quit")
        self.assertEqual(self.log_in().sees()[2], "*** The last 3 lines of #lobby:")

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

    def test_who_resumes_and_logs_in_at_once_is_one_person(self) -> None:
        first, second = self.log_in(), self.log_in()
        codes = first.code, second.code
        second.types("/quit")
        first.types("/quit")
        self.alice.sees()
        for back in (0, 1), (0,):
            visitors = [self.connect() for _ in back]
            for number, visitor in zip(back, visitors, strict=True):
                visitor.dialogue.received(f"/resume {codes[number]}")
            third = self.log_in()
            self.settle()
            person = self.chat.people.person("a1")
            assert person is not None
            self.assertEqual(len(person.sessions), len(back) + 1)
            self.assertEqual(self.alice.sees(), ["*** bob joined #lobby."])
            for visitor in (*visitors, third):
                visitor.types("/quit")
            self.assertEqual(self.alice.sees(), ["*** bob left #lobby."])

    def test_a_room_that_is_gone_into_over_two_connections_at_once_is_left_at_once(self) -> None:
        first, second = self.log_in(), self.log_in()
        for visitor in first, second:
            visitor.dialogue.received("/join #dev")
        self.settle()
        for visitor in first, second:
            self.assertEqual([feed.stream for feed in self.session(visitor).feeds].count("#dev"), 1)
        first.types("/leave #dev")
        for visitor in first, second:
            self.assertEqual([feed.stream for feed in self.session(visitor).feeds], ["#lobby"])
        first.types("hello")
        self.assertEqual(self.alice.sees()[-1], "<bob> hello")

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

    def test_who_becomes_a_program_right_behind_their_return_is_told_what_follows(
        self,
    ) -> None:
        bob = self.log_in()
        code = self.session(bob).ticket.code
        bob.types("/quit")
        self.alice.types("hello")
        back = self.connect()
        back.sees()
        back.dialogue.received(f"/resume {code}")
        back.dialogue.received("/json")
        self.settle()
        shown = [json.loads(line) for line in back.sees() if line.startswith("{")]
        self.assertEqual([each.get("seq") for each in shown], [3, 4, 5, None])
        self.assertEqual(shown[-1]["after"], {"@": 0, "lobby": 5})

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

    def test_when_somebody_was_there_last_is_known_also_if_the_server_has_not_seen_them_go(self) -> None:
        self.clock.advance(10)
        self.log_in()
        came = self.chat.wall()
        self.clock.advance(10)
        self.crash()
        account = self.chat.accounts.get("a1")
        assert account is not None
        self.assertEqual(account.seen, came)

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

    def test_settings_are_the_account_s_but_an_encoding_is_the_terminal_s(self) -> None:
        desk = self.log_in()
        desk.types("/set numbers on", "/set encoding latin-1")
        phone = self.log_in()
        phone.sees()
        self.assertRegex(phone.types("/set")[0], "numbers on.*encoding utf-8")
        self.assertRegex(desk.types("/set")[0], "numbers on.*encoding latin-1")
        desk.types("/quit"), phone.types("/quit")
        again = self.log_in("/set encoding cp437")
        again.sees()
        self.assertRegex(again.types("/set")[0], "numbers on.*encoding cp437")

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

    def miss(self) -> Visitor:
        """Log in where 501 lines were missed, of which the last one is left for /more; another one comes."""
        self.log_in().types("/quit")
        for number in range(501):
            self.alice.types(f"line {number}")
        bob = self.log_in()
        self.assertEqual(bob.sees()[-2:], ["*** 1 more: /more", "*** Live now."])
        self.alice.types("now")
        self.assertEqual(bob.sees(), ["<alice> now"])
        self.clock.pump([0.4] * 5)
        return bob

    def texts(self, shown: list[str]) -> list[str]:
        return [line.split("<alice> ")[1] for line in shown if "<alice> " in line]

    def test_what_was_left_for_more_is_missed_still_if_the_connection_breaks_before(self) -> None:
        self.miss().breaks_off()
        self.alice.types("then")
        shown = self.log_in().sees()
        self.assertEqual(shown[2], "*** While you were away: 3 lines.")
        self.assertEqual(self.texts(shown), ["line 500", "now", "then"])

    def test_so_it_is_after_a_break_that_was_told_the_others(self) -> None:
        self.miss().breaks_off()
        self.clock.advance(60)
        self.assertEqual(self.texts(self.log_in().sees()), ["line 500", "now"])

    def test_so_it_is_after_a_crash(self) -> None:
        self.miss()
        self.crash()
        self.assertEqual(self.texts(self.log_in().sees()), ["line 500", "now"])

    def test_what_one_did_not_want_to_see_before_one_left_is_not_missed(self) -> None:
        self.miss().types("/quit")
        self.alice.types("then")
        self.assertEqual(self.texts(self.log_in().sees()), ["then"])

    def test_what_was_seen_by_more_is_not_missed(self) -> None:
        bob = self.miss()
        self.assertEqual(self.texts(bob.types("/more")), ["line 500"])
        self.clock.pump([0.4] * 5)
        bob.breaks_off()
        self.alice.types("then")
        self.assertEqual(self.texts(self.log_in().sees()), ["then"])

    def test_of_a_room_that_was_left_nothing_is_missed(self) -> None:
        bob = self.miss()
        bob.types("/leave")
        self.alice.types("without bob")
        bob.types("/join #lobby")
        self.clock.pump([0.4] * 5)
        bob.breaks_off()
        self.alice.types("then")
        self.assertEqual(self.texts(self.log_in().sees()), ["then"])

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
