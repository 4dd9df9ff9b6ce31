"""Sessions of an earlier server: who is waited for, who is put out, and what is still good."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tcpchat import records
from tcpchat.events import Left, Said
from tcpchat.limits import GRACE, LONGEST_ABSENCE
from tcpchat.records import KeptSession
from tcpchat.reviving import AT_ONCE, many_at_once
from tcpchat.room import LOBBY
from tcpchat.upkeep import UPKEEP
from tests.visitors import ChatCase, SlowStartLog, Visitor

RESTARTED = "server restarted"


class RevivingCase(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.enter("alice", "bob")

    def id_of(self, visitor: Visitor) -> str:
        return visitor.dialogue.reader.session

    def record(self, visitor: Visitor) -> KeptSession | None:
        kept = self.successResultOf(self.log.record(records.SESSION, self.id_of(visitor)))
        return None if kept is None else records.session(kept)

    def rewrite(self, visitor: Visitor, **fields: Any) -> None:
        """The store has something else in a session's record."""
        kept = self.record(visitor)
        assert kept is not None
        changed = msgspec.structs.replace(kept, **fields)
        self.log.keep(records.SESSION, self.id_of(visitor), records.encode(changed))

    def members(self, room: str = LOBBY) -> list[str]:
        return [member.nick for member in self.chat.rooms.find(room).room.members.values()]

    def left(self, room: str = LOBBY) -> list[tuple[str, str]]:
        """Return of whom a room's log says that they left, and why."""
        self.settle()
        entries = self.successResultOf(self.log.read(room, 0, 1000))
        return [(entry.event.nick, entry.event.reason) for entry in entries if isinstance(entry.event, Left)]

    def back(self, visitor: Visitor) -> list[str]:
        """Somebody comes back with the code of before; return what is shown then."""
        return self.come_back(visitor.code)[1]

    def no_server_for(self, seconds: float) -> None:
        """The server is killed; after a while, another one is started."""
        for call in list(self.clock.getDelayedCalls()):
            call.cancel()
        self.clock.advance(seconds)
        self.crash()

    def stranger_asks_for(self, nick: str) -> str:
        visitor = self.connect("198.51.100.7")
        visitor.sees()
        return visitor.types(nick)[0]


class WaitingTests(RevivingCase):
    def test_everybody_is_waited_for_20_seconds_from_the_start(self) -> None:
        self.clock.advance(100)
        self.crash()
        self.clock.advance(GRACE - 0.1)
        self.assertEqual((self.left(), self.members()), ([], ["alice", "bob"]))
        self.clock.advance(0.1)
        self.assertEqual(self.left(), [("alice", RESTARTED), ("bob", RESTARTED)])

    def test_so_is_whose_connection_had_broken_before(self) -> None:
        self.bob.breaks_off()
        self.clock.advance(GRACE - 1)
        self.crash()
        self.clock.advance(GRACE - 0.1)
        self.assertEqual(self.left(), [])
        self.clock.advance(0.1)
        self.assertIn(("bob", RESTARTED), self.left())

    def test_whose_time_was_over_before_stays_out_and_is_told_once(self) -> None:
        self.bob.breaks_off()
        self.clock.advance(GRACE)
        self.settle()
        self.crash()
        self.clock.advance(GRACE)
        self.assertEqual(self.left(), [("bob", "connection lost"), ("alice", RESTARTED)])

    def test_who_is_back_in_time_was_never_gone(self) -> None:
        self.crash()
        self.clock.advance(GRACE - 1)
        self.assertEqual(self.back(self.bob)[0], "*** You are bob, in #lobby with alice.")
        self.clock.advance(GRACE)
        self.assertEqual(self.left(), [("alice", RESTARTED)])

    def test_who_was_behind_goes_on_from_there_and_the_others_where_all_were(self) -> None:
        self.bob.stalls()
        self.alice.types("one", "two")
        self.clock.pump([0.5] * 6)
        self.crash()
        (carl,) = self.enter("carl")
        carl.types("three")
        said = ["one", "two", "three"]
        for visitor, missed in (self.bob, said), (self.alice, said[2:]):
            again = [line.partition("> ")[2] for line in self.back(visitor) if "> " in line]
            self.assertEqual(again, missed)

    def test_what_nobody_was_shown_before_a_kill_is_not_taken_for_shown_by_a_slow_start(self) -> None:
        self.clock.pump([0.5] * 6)
        for call in list(self.clock.getDelayedCalls()):
            call.cancel()
        log = SlowStartLog(self.clock, self.wall, self.log.epoch)
        log._streams, log._refs, log._records = self.log._streams, self.log._refs, self.log._records
        log.append(LOBBY, [Said("s9", "carl", "unseen")])
        self.clock.advance(0)
        self.log, self.opening = log, (0.25,) * 60
        self.chat = self.make_chat(log)
        self.assertIn("[10:02] <carl> unseen", self.back(self.alice))

    def test_what_is_kept_of_places_is_as_it_was_where_a_slow_start_is_ended(self) -> None:
        self.clock.pump([0.5] * 6)
        kept = self.successResultOf(self.log.records(records.SHOWN))
        self.chat.cursors.is_held = True
        self.alice.types("one")
        self.clock.pump([0.5] * 6)
        self.chat.cursors.stop()
        self.assertEqual(self.successResultOf(self.log.records(records.SHOWN)), kept)

    def test_a_crash_in_the_middle_of_a_farewell_does_not_take_the_rooms(self) -> None:
        kept = self.record(self.bob)
        assert kept is not None
        self.bob.types("/quit")
        # The entry was committed, and the record was not.
        self.log.keep(records.SESSION, self.id_of(self.bob), records.encode(kept))
        self.crash()
        self.assertEqual(self.back(self.bob)[0], "*** You are bob, in #lobby with alice.")

    def test_two_starts_in_a_row_wait_each_and_tell_once(self) -> None:
        for end in self.crash, self.restart:
            self.setUp()
            end()
            self.clock.advance(GRACE - 1)
            end()
            self.clock.advance(GRACE - 0.1)
            self.assertEqual(self.left(), [])
            self.clock.advance(0.1)
            self.assertEqual(self.left(), [("alice", RESTARTED), ("bob", RESTARTED)])
            end()
            self.clock.advance(GRACE)
            self.assertEqual(self.left(), [("alice", RESTARTED), ("bob", RESTARTED)])

    def test_who_is_waited_for_can_be_written_to_and_has_the_name(self) -> None:
        self.crash()
        (carl,) = self.enter("carl")
        self.assertEqual(carl.types("/msg bob psst"), ["[to bob] psst"])
        self.assertEqual(self.stranger_asks_for("bob"), '!!! "bob" is taken. Try "bob2".')
        self.assertIn("[10:02] [from carl] psst", self.back(self.bob))

    def test_after_that_the_name_is_free_and_the_code_still_good(self) -> None:
        self.crash()
        self.clock.pump([GRACE, GRACE])
        self.enter("bob", address="198.51.100.7")
        self.assertEqual(
            self.back(self.bob)[:2],
            ['*** "bob" is taken now. You are bob2.', "*** You are bob2, in #lobby with bob."],
        )

    def test_the_order_of_the_rooms_is_kept(self) -> None:
        self.bob.types("/join #dev", "/join #ops", "/join #lobby", "/join #dev")
        self.crash()
        bob, shown = self.come_back(self.bob.code)
        self.assertEqual(shown[0], "*** You are bob, in #dev.")
        self.assertEqual(bob.types("/leave")[-1], "*** You left #dev. You are in #lobby.")
        self.assertEqual(bob.types("/leave")[-1], "*** You left #lobby. You are in #ops.")

    def test_a_room_that_the_record_does_not_know_yet_is_the_current_one(self) -> None:
        self.bob.types("/join #dev")
        self.rewrite(self.bob, rooms=(LOBBY,))  # the entry was committed, and then it crashed
        self.crash()
        self.assertEqual(self.back(self.bob)[0], "*** You are bob, in #dev.")

    def test_a_room_that_was_left_just_before_stays_left(self) -> None:
        self.bob.types("/join #dev", "/leave")
        self.rewrite(self.bob, rooms=(LOBBY, "#dev"))
        self.crash()
        self.assertEqual(self.back(self.bob)[0], "*** You are bob, in #lobby with alice.")
        self.assertEqual(self.members("#dev"), [])

    def test_the_name_is_what_the_rooms_say(self) -> None:
        self.bob.types("/nick rob")
        self.rewrite(self.bob, nick="bob")
        self.crash()
        self.assertEqual(self.back(self.bob)[0], "*** You are rob, in #lobby with alice.")


class OddTests(RevivingCase):
    """What the store holds, and does not fit any more."""

    def test_who_is_in_a_room_and_has_no_record_is_put_out_at_once(self) -> None:
        self.log.keep(records.SESSION, self.id_of(self.bob), None)
        self.crash()
        self.assertEqual((self.left(), self.members()), ([("bob", RESTARTED)], ["alice"]))
        self.assertEqual(self.back(self.bob)[0], "!!! That code is not known or too old.")
        self.enter("bob")

    def test_who_is_in_no_room_comes_back_to_none(self) -> None:
        self.bob.types("/leave")
        self.crash()
        self.assertEqual(self.back(self.bob), ["*** You are bob, in no room. /join #lobby"])

    def test_who_is_in_no_room_keeps_the_name_for_20_seconds_and_goes_without_a_word(self) -> None:
        self.bob.types("/leave")
        before = self.left()
        self.crash()
        self.assertEqual(self.stranger_asks_for("bob"), '!!! "bob" is taken. Try "bob2".')
        self.back(self.alice)
        self.clock.pump([GRACE, GRACE])
        self.assertEqual(self.left(), before)
        self.enter("bob", address="198.51.100.7")

    def test_whose_name_is_not_allowed_any_more_is_put_out_at_once(self) -> None:
        (olga,) = self.enter("Ольга")
        self.crash(ascii_names=True)
        self.assertEqual((self.left(), self.members()), ([("Ольга", RESTARTED)], ["alice", "bob"]))
        self.assertRegex(self.back(olga)[0], '^!!! "Ольга" is not a nickname: ')
        self.assertEqual(self.back(self.bob)[0], "*** You are bob, in #lobby with alice.")

    def test_and_comes_back_to_the_rooms_when_it_is_allowed_again(self) -> None:
        (olga,) = self.enter("Ольга")
        self.crash(ascii_names=True)
        self.settle()
        self.crash()
        self.assertEqual(self.back(olga)[0], "*** You are Ольга, in #lobby with alice, bob.")

    def test_a_setting_or_a_value_that_there_is_no_more_is_left_out_and_the_others_are_kept(self) -> None:
        self.rewrite(self.bob, settings={"colour": "on", "joins": "sometimes", "echo": "on"})
        self.crash()
        bob, _ = self.come_back(self.bob.code)
        self.assertEqual(bob.types("mine"), ["<bob> mine"])
        self.assertEqual(
            bob.types("/set"),
            [
                "*** echo on, joins all, timestamps off, numbers off, bell off, color off, timezone UTC, "
                "encoding utf-8"
            ],
        )

    def test_of_two_with_one_name_the_second_gets_another(self) -> None:
        self.alice.types("/leave")
        self.rewrite(self.alice, nick="bob")
        self.crash()
        shown = [self.back(visitor)[0] for visitor in (self.alice, self.bob)]
        nicks = {line.split()[3].rstrip(",") for line in shown}
        self.assertEqual(nicks, {"bob", "bob2"})

    def test_who_does_not_come_back_leaves_no_record_behind(self) -> None:
        self.bob.breaks_off()
        self.no_server_for(LONGEST_ABSENCE + 1)
        self.clock.pump([0.5] * int(2 * (GRACE + UPKEEP)))
        self.assertEqual(self.members(), [])
        self.assertNotIn(None, (self.record(self.alice), self.record(self.bob)))
        self.clock.pump([0.5] * int(2 * (LONGEST_ABSENCE - GRACE)))
        self.settle()
        self.assertEqual((self.record(self.alice), self.record(self.bob)), (None, None))


class FarewellTests(RevivingCase):
    """Those who had left before."""

    def setUp(self) -> None:
        super().setUp()
        self.bob.types("/quit bye")
        self.settle()

    def test_they_are_not_waited_for_and_not_told_of_again(self) -> None:
        self.crash()
        self.assertEqual(self.members(), ["alice"])
        self.clock.advance(GRACE)
        self.assertEqual(self.left(), [("bob", "bye"), ("alice", RESTARTED)])

    def test_their_name_is_free(self) -> None:
        self.crash()
        self.enter("bob", address="198.51.100.7")

    def test_they_come_back_to_their_rooms(self) -> None:
        self.alice.types("one")
        self.crash()
        self.assertEqual(
            self.back(self.bob),
            [
                "*** You are bob, in #lobby with alice.",
                "*** While you were away: 1 line.",
                "[10:02] <alice> one",
                "*** Live now.",
            ],
        )

    def test_one_of_whom_the_log_does_not_say_so_yet_is_put_out_at_once(self) -> None:
        self.rewrite(self.alice, has_left=True, rooms=(LOBBY,))
        self.crash()
        self.assertEqual(self.left(), [("bob", "bye"), ("alice", RESTARTED)])
        self.assertEqual(self.back(self.alice)[0], "*** You are alice, in #lobby.")


class SecretsTests(RevivingCase):
    def welcome(self, visitor: Visitor) -> Mapping[str, Any]:
        (line, *_) = visitor.types("/json")
        return dict(json.loads(line))

    def test_the_code_is_good_after_two_starts_and_the_tokens_too(self) -> None:
        tokens = [self.welcome(self.bob)["session"]]
        for _ in range(2):
            self.crash()
            bob, shown = self.come_back(self.bob.code)
            self.assertEqual(shown[0], "*** You are bob, in #lobby with alice.")
            welcome = self.welcome(bob)
            self.assertEqual(welcome["code"], self.bob.code)
            tokens.append(welcome["session"])
        self.assertEqual(len(set(tokens)), 3)
        for token in tokens:
            self.crash()
            self.assertEqual(self.come_back(token)[1][0], "*** You are bob, in #lobby with alice.")

    def test_with_the_first_token_the_code_is_known_again(self) -> None:
        token = self.welcome(self.bob)["session"]
        self.crash()
        bob, _ = self.come_back(token)
        welcome = self.welcome(bob)
        self.assertEqual((welcome["session"], welcome["code"]), (token, self.bob.code))

    def test_five_minutes_from_the_start_count_whenever_the_connection_broke(self) -> None:
        for end in "break", "farewell", "crash":
            for seconds, is_good in (LONGEST_ABSENCE - 1, True), (LONGEST_ABSENCE + 1, False):
                self.setUp()
                if end == "break":
                    self.bob.breaks_off()
                elif end == "farewell":
                    self.bob.types("/quit")
                self.no_server_for(2 * LONGEST_ABSENCE)
                self.clock.pump([0.5] * (2 * seconds))
                self.assertEqual(self.back(self.bob)[0].startswith("*** You are bob"), is_good, seconds)


class ManyTests(SynchronousTestCase):
    """In a cluster each of them has to wait for the others' word."""

    def setUp(self) -> None:
        self.begun: list[str] = []
        self.waiting: list[Deferred[None]] = []

    async def revive(self, session: str, record: KeptSession) -> None:
        self.begun.append(session)
        answer: Deferred[None] = Deferred()
        self.waiting.append(answer)
        await answer

    def begin(self, *people: list[str]) -> Deferred[None]:
        record = KeptSession("anna", (), "192.0.2.1", 0, ())
        sessions = [[(session, record) for session in each] for each in people]
        return Deferred.fromCoroutine(many_at_once(self.revive, sessions))

    def test_so_many_wait_at_once_and_begin_in_their_order(self) -> None:
        people = [[f"s{n}"] for n in range(AT_ONCE + 2)]
        done = self.begin(*people)
        self.assertEqual(self.begun, [session for (session,) in people[:AT_ONCE]])
        self.waiting[5].callback(None)
        self.assertEqual(self.begun[AT_ONCE:], [f"s{AT_ONCE}"])
        for n, waiting in enumerate(self.waiting):
            self.assertNoResult(done)
            if n != 5:
                waiting.callback(None)
        self.successResultOf(done)
        self.assertEqual(len(self.begun), len(people))

    def test_two_sessions_of_one_person_do_not(self) -> None:
        self.begin(["first", "second"], ["other"])
        self.assertEqual(self.begun, ["first", "other"])
        self.waiting[0].callback(None)
        self.assertEqual(self.begun, ["first", "other", "second"])

    def test_one_that_fails_keeps_no_others_from_it(self) -> None:
        done = self.begin(["a"], ["b"])
        self.waiting[0].errback(ZeroDivisionError())
        self.assertNoResult(done)
        self.waiting[1].callback(None)
        self.failureResultOf(done, ZeroDivisionError)
