"""At every door: who is banned is refused, from the room or the server, also after a restart and by login."""

from __future__ import annotations

import json
from itertools import product

import msgspec
from twisted.internet.defer import Deferred

from tcpchat.barring import Banished
from tcpchat.events import Banned, Joined, Left, Said
from tcpchat.logging_in import log_in, log_in_again
from tcpchat.present import Present
from tcpchat.records import KeptSanction
from tcpchat.session import Session
from tests.moderated import OwnRoomCase
from tests.visitors import Visitor

ELSEWHERE = "203.0.113.7"
BANNED = "!!! You are banned from #own: spam."
GONE = "!!! You are banned: spam."


class BarredCase(OwnRoomCase):
    def setUp(self) -> None:
        super().setUp()
        self.rita = self.log_in("rita", is_operator=True)
        self.look_away(self.rita)

    def assert_hung_up(self, visitor: Visitor, shown: list[str]) -> None:
        self.assertEqual(shown, [GONE])
        self.assertTrue(visitor.screen.closed)

    def do_next(self) -> None:
        """Let one of the things happen that are to happen now, and nothing behind it."""
        if self.clock.calls and self.clock.calls[0].getTime() <= self.clock.seconds():
            call = self.clock.calls.pop(0)
            call.called = 1
            call.func(*call.args, **call.kw)

    def session(self, visitor: Visitor) -> Session:
        session = self.chat.people.session(visitor.dialogue.reader.session)
        assert isinstance(session, Session)
        return session


class ComingInTests(BarredCase):
    def test_who_is_banned_from_the_server_by_nickname_is_told_so_and_hung_up_on(self) -> None:
        self.rita.types("/ban server hugo spam")
        for nick in "hugo", "HUGO", "/as Hugo", "/nick hug0":
            visitor = self.connect()
            visitor.sees()
            self.assert_hung_up(visitor, visitor.types(nick))
        visitor = self.connect()
        self.assertRegex(visitor.types("hugo2")[2], "You are hugo2")

    def test_and_by_address_whatever_the_nickname(self) -> None:
        self.rita.types("/ban server 203.0.113.0/24 spam")
        for address in ELSEWHERE, "::ffff:203.0.113.200":
            visitor = self.connect(address)
            self.assertRegex(visitor.sees()[0], "Welcome")
            self.assert_hung_up(visitor, visitor.types("peter", "hello", "peter2"))

    def test_what_was_piped_in_behind_it_is_not_said(self) -> None:
        self.rita.types("/ban server hugo spam")
        visitor = self.connect()
        visitor.sees()
        visitor.dialogue.received("/as hugo")
        visitor.dialogue.received("hello")
        visitor.dialogue.ended()
        self.assert_hung_up(visitor, visitor.sees())
        self.assertEqual(self.events("#lobby", Said), [])

    def test_after_a_wrong_answer_too(self) -> None:
        self.rita.types("/ban server hugo spam")
        visitor = self.connect()
        visitor.types("carl", "hugo")
        self.clock.advance(1)
        self.assertEqual(visitor.sees()[-1], GONE)
        self.assertTrue(visitor.screen.closed)

    def test_a_program_is_told_by_a_code(self) -> None:
        self.rita.types("/ban server hugo spam")
        visitor = self.connect()
        visitor.sees()
        (answer,) = visitor.types('{"type":"nick","nick":"hugo","ref":"r"}')
        self.assertEqual(
            json.loads(answer),
            {"type": "error", "code": "banned", "text": "You are banned: spam.", "ref": "r"},
        )
        self.assertTrue(visitor.screen.closed)

    def test_who_is_banned_from_the_lobby_is_asked_for_another_nickname(self) -> None:
        self.rita.types("/ban #lobby hugo spam")
        visitor = self.connect()
        visitor.sees()
        self.assertEqual(
            visitor.types("hugo"),
            ["!!! You are banned from #lobby: spam.", "*** What is your nickname?"],
        )
        visitor.dialogue.received("peter")
        self.clock.advance(1)
        self.assertRegex(visitor.sees()[0], "You are peter")
        self.assertIsNone(self.chat.people.find(self.chat.people.nickname("hugo")))

    def test_whoever_comes_in_while_they_are_banned_from_the_lobby_is_not_in(self) -> None:
        visitor = self.connect(ELSEWHERE)
        visitor.sees()
        visitor.dialogue.received("hugo")
        self.rita.dialogue.received(f"/ban #lobby {ELSEWHERE} spam")
        self.settle()
        self.assertNotIn("hugo", self.room("#lobby").others(""))
        self.assertEqual(visitor.sees()[-1], "*** You are no longer in #lobby. You are in no room.")

    def test_whoever_comes_in_while_they_are_banned_from_the_server_is_gone(self) -> None:
        visitor = self.connect(ELSEWHERE)
        visitor.dialogue.received("hugo")
        self.rita.dialogue.received(f"/ban server {ELSEWHERE} spam")
        self.settle()
        self.assertNotIn("hugo", self.room("#lobby").others(""))
        self.assertEqual(visitor.sees()[-1], GONE)
        self.assertTrue(visitor.screen.closed)
        self.assertIsNone(self.chat.people.find(self.chat.people.nickname("hugo")))
        self.clock.advance(30)
        self.assertEqual(self.events("#lobby", Left), [])


class NamesTests(BarredCase):
    def test_nobody_takes_a_banned_name_in_a_room(self) -> None:
        self.anna.types("/ban hugo spam")
        self.eve.sees()
        for line in "/nick Hugo", "/nick hug0", "/as hugo":
            self.assertEqual(self.eve.types(line), [BANNED])
        self.assertEqual(self.eve.types("hello"), [])
        self.assertEqual(self.anna.sees()[-1], "<eve> hello")
        self.carl.types("/nick hugo")
        self.assertEqual(self.carl.types("/join #own"), ["*** carl is now known as hugo.", BANNED][1:])

    def test_nor_one_that_is_banned_from_the_server_but_they_may_stay(self) -> None:
        self.rita.types("/ban server hugo spam")
        self.assertEqual(self.eve.types("/nick hugo"), [GONE])
        self.assertFalse(self.eve.screen.closed)
        (peter,) = self.enter("peter")
        self.assertRegex(peter.types("/nick eve")[0], "is taken")

    def test_the_name_that_was_refused_is_free(self) -> None:
        self.anna.types("/ban hugo spam")
        self.eve.types("/nick hugo")
        self.carl.sees()
        self.assertEqual(self.carl.types("/nick hugo"), ["*** carl is now known as hugo."])


class ComingBackTests(BarredCase):
    def setUp(self) -> None:
        super().setUp()
        (self.dora,) = self.enter("dora", address=ELSEWHERE)
        self.dora.types("/join #own")
        self.look_away(self.rita, self.dora)

    def test_who_was_put_out_while_broken_comes_back_without_the_room(self) -> None:
        self.dora.breaks_off()
        self.anna.types("/ban dora spam", "a secret")
        again, shown = self.come_back(self.dora.code, ELSEWHERE)
        self.assertRegex(shown[0], "You are dora, in #lobby")
        self.assertNotIn("secret", "".join(shown))
        self.assertEqual(again.types("/join #own"), [BANNED])

    def test_who_has_left_comes_back_without_it_too(self) -> None:
        self.dora.types("/quit")
        self.anna.types("/ban dora spam")
        _, shown = self.come_back(self.dora.code, "198.51.100.1")
        self.assertEqual(shown[0], BANNED)
        self.assertRegex(shown[1], "You are dora, in #lobby")
        self.assertEqual([it.nick for it in self.events("#own", Joined)].count("dora"), 1)

    def test_who_comes_back_from_a_banned_network_goes_out_of_the_room(self) -> None:
        self.anna.types("/ban 198.51.100.0/24 spam")
        self.dora.breaks_off()
        again, shown = self.come_back(self.dora.code, "198.51.100.1")
        self.assertEqual(shown[0], BANNED)
        self.assertRegex(shown[1], "You are dora, in #lobby")
        self.assertEqual(self.anna.sees()[-1], "*** dora left #own: banned.")
        self.assertEqual(again.types("/join #own"), [BANNED])
        self.assertNotIn("dora", self.own().others(""))

    def test_who_may_not_be_here_does_not_come_back(self) -> None:
        self.rita.types("/ban server 198.51.100.0/24 spam")
        self.dora.breaks_off()
        visitor, shown = self.come_back(self.dora.code, "198.51.100.1")
        self.assert_hung_up(visitor, shown)
        _, shown = self.come_back(self.dora.code, ELSEWHERE)
        self.assertRegex(shown[0], "You are dora, in #own")

    def test_nor_who_has_left(self) -> None:
        self.dora.types("/quit")
        self.rita.types("/ban server dora spam")
        visitor, shown = self.come_back(self.dora.code, "198.51.100.1")
        self.assert_hung_up(visitor, shown)
        self.assertEqual([it.nick for it in self.events("#lobby", Joined)].count("dora"), 1)

    def test_who_is_banned_while_they_come_back_is_gone(self) -> None:
        visitor = self.connect(ELSEWHERE)
        visitor.sees()
        visitor.dialogue.received(f"/resume {self.dora.code}")
        self.rita.dialogue.received("/ban server dora spam")
        self.settle()
        self.assertEqual(visitor.sees()[-1], GONE)
        self.assertTrue(visitor.screen.closed)
        self.assertTrue(self.dora.screen.closed)
        self.assertIsNone(self.chat.people.find(self.chat.people.nickname("dora")))
        self.assertNotIn("dora", self.room("#lobby").others(""))

    def test_who_has_left_and_is_banned_while_they_come_back_is_gone(self) -> None:
        self.dora.types("/quit")
        visitor = self.connect(ELSEWHERE)
        visitor.sees()
        visitor.dialogue.received(f"/resume {self.dora.code}")
        self.rita.dialogue.received("/ban server dora spam")
        self.settle()
        self.clock.advance(1)
        self.assertEqual(visitor.sees()[-1], GONE)
        self.assertIsNone(self.chat.people.find(self.chat.people.nickname("dora")))
        self.assertNotIn("dora", self.room("#lobby").others(""))


class RestartTests(BarredCase):
    def test_bans_and_mutes_hold_after_the_server_was_killed(self) -> None:
        (dora,) = self.enter("dora", address=ELSEWHERE)
        dora.types("/join #own")
        self.anna.types("/ban dora spam", "/mute eve 1h")
        self.rita.types("/ban server 198.51.100.0/24 spam")
        self.crash()
        again, shown = self.come_back(dora.code, ELSEWHERE)
        self.assertRegex(shown[0], "You are dora, in #lobby")
        self.assertEqual(again.types("/join #own"), [BANNED])
        eve, _ = self.come_back(self.eve.code)
        self.assertEqual(eve.types("hello"), ["!!! You are muted in #own for 1h."])
        visitor = self.connect("198.51.100.1")
        visitor.sees()
        self.assert_hung_up(visitor, visitor.types("peter"))

    def test_also_if_it_was_killed_before_all_was_in_the_log(self) -> None:
        (dora,) = self.enter("dora", address=ELSEWHERE)
        dora.types("/join #own")
        self.chat.sanctions.add(
            KeptSanction(
                "k", "ban", "#own", "dora", "anna", 0, reason="spam", account=dora.dialogue.reader.session
            )
        )
        self.settle()
        self.crash()
        self.assertIn("dora", self.own().others(""))
        _, shown = self.come_back(dora.code, ELSEWHERE)
        self.assertEqual(shown[0], BANNED)
        self.assertNotIn("dora", self.own().others(""))

    def test_what_was_lifted_stays_lifted(self) -> None:
        self.anna.types("/ban eve", "/unban eve")
        self.crash()
        eve, _ = self.come_back(self.eve.code)
        self.assertEqual(eve.types("/join #own")[-1], "*** You are eve, in #own with anna.")


class LoginTests(BarredCase):
    def test_an_account_that_is_banned_from_a_room_comes_in_without_it(self) -> None:
        hugo = self.log_in("hugo", address="198.51.100.1")
        hugo.types("/join #own")
        self.anna.types("/ban hugo spam")
        hugo.types("/quit")
        again = self.log_in("hugo", address=ELSEWHERE)
        self.assertRegex(again.sees()[0], "You are hugo, in #lobby")
        self.assertEqual(again.types("/join #own"), [BANNED])

    def test_one_that_was_away_when_it_was_banned_is_told(self) -> None:
        hugo = self.log_in("hugo", address="198.51.100.1")
        hugo.types("/join #own", "/quit")
        self.anna.types("/ban 203.0.113.0/24 spam")
        again = self.log_in("hugo", address=ELSEWHERE)
        self.assertEqual(again.sees()[0], BANNED)
        self.assertNotIn("hugo", self.own().others(""))

    def test_one_more_connection_from_a_banned_network_ends_the_membership(self) -> None:
        desk = self.log_in("hugo", address="198.51.100.1")
        desk.types("/join #own")
        self.anna.types("/ban 203.0.113.0/24 spam")
        desk.sees()
        phone = self.log_in("hugo", address=ELSEWHERE)
        self.assertIn(BANNED, phone.sees())
        self.assertEqual(desk.sees(), ["*** You are no longer in #own. You are in #lobby."])
        self.assertEqual(self.anna.sees()[-1], "*** hugo left #own: banned.")

    def test_one_that_is_banned_from_the_server_does_not_come_in(self) -> None:
        account = self.register("hugo")
        self.rita.types("/ban server hugo spam")
        visitor = self.connect(ELSEWHERE)
        coming = Deferred.fromCoroutine(log_in(visitor.dialogue, account, Present))
        self.settle()
        self.assertEqual(str(self.failureResultOf(coming, Banished).value), GONE[4:])
        self.assertEqual(self.events("#lobby", Banned), [])

    def test_a_guest_who_logs_in_as_one_that_is_banned_stays_who_they_are_until_hung_up_on(self) -> None:
        account = self.register("hugo")
        self.rita.types("/ban server hugo spam")
        before = len(self.events("#lobby", Left))
        coming = Deferred.fromCoroutine(log_in_again(self.session(self.carl), account, Present))
        self.settle()
        refusal = self.failureResultOf(coming, Banished).value
        self.assertEqual(len(self.events("#lobby", Left)), before)
        present = self.carl.dialogue._state
        assert present is not None
        present.refused(refusal)
        self.settle()
        self.assertTrue(self.carl.screen.closed)

    def test_an_operator_of_the_server_comes_in_from_wherever(self) -> None:
        self.rita.types("/ban server 0.0.0.0/0", "/ban #lobby 0.0.0.0/0")
        rita = self.log_in("rita", address=ELSEWHERE)
        self.assertRegex(rita.sees()[0], "You are rita, in #lobby")

    def test_at_whichever_moment_of_a_login_the_account_is_banned_it_is_not_in_the_room(self) -> None:
        for where, stream in (("#own", "#own"), ("server", "#lobby")):
            for moment in range(6):
                nick = f"{'ABCDEF'[moment]}{where[-3:]}x"
                account = msgspec.structs.replace(
                    self.register(nick), rooms={"#lobby": 1, "#own": 1, "#dev": 1}
                )
                self.chat.accounts.keep(account)
                visitor = self.connect(ELSEWHERE)
                coming = Deferred.fromCoroutine(log_in(visitor.dialogue, account, Present))
                coming.addErrback(lambda failure: failure.trap(Banished))
                for _ in range(moment):
                    self.do_next()
                self.rita.dialogue.received(f"/ban {where} {nick} spam")
                self.settle()
                self.clock.advance(1)
                self.settle()
                self.assertNotIn(nick, self.room(stream).others(""), (where, moment))
                self.assertEqual(self.flushLoggedErrors(), [])

    def test_at_whichever_moment_of_coming_or_coming_back_somebody_is_banned_they_are_not_in(self) -> None:
        for where, stream in (("#own", "#own"), ("server", "#lobby"), ("#lobby", "#lobby")):
            for comes, moment in product(("new", "broken", "left"), range(8)):
                nick = f"{'ABCDEFGH'[moment]}{where[-1]}{comes}"
                address = f"10.1.{moment}.{len(comes)}"
                visitor = self.connect(address)
                if comes != "new":
                    visitor.types(nick, "/join #own", *["/quit"][: comes == "left"])
                    visitor.breaks_off()
                    self.settle()
                    code, visitor = visitor.code, self.connect(address)
                visitor.dialogue.received(nick if comes == "new" else f"/resume {code}")
                for _ in range(moment):
                    self.do_next()
                self.rita.dialogue.received(f"/ban {where} {address} spam")
                self.settle()
                self.clock.advance(1)
                self.settle()
                self.assertNotIn(nick, self.room(stream).others(""), (where, comes, moment))
                self.assertEqual(visitor.screen.closed, where == "server", (where, comes, moment))
                self.assertEqual(self.flushLoggedErrors(), [])
                self.rita.types(f"/unban {where} {address}")
                visitor.types("/quit")
