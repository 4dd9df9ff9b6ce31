"""Coming back: after a break, a farewell, a restart or a crash of the server, with nothing lost."""

from __future__ import annotations

import msgspec
from twisted.internet.defer import Deferred, fail

from tcpchat.events import Entry
from tcpchat.limits import FOLDED_FOR, GRACE, LARGEST_UNFOLDED_ROOM, MOST_UNCOMMITTED, NO_LIMITS
from tcpchat.logs.interface import Damaged
from tcpchat.nameless import LOOK_FOR_END
from tcpchat.returning import LONGEST_WAIT
from tcpchat.room import LOBBY
from tcpchat.surely import LOG_AGAIN
from tests.visitors import ChatCase, FullLog, LateLog, Visitor

TOO_OLD = "!!! That code is not known or too old."


def heard(lines: list[str]) -> list[str]:
    """Return what people said, without the rest of each line."""
    return [line.partition("> ")[2] for line in lines if "> " in line]


class BreakTests(ChatCase):
    """A break of the connection, and a new one."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.enter("alice", "bob")
        self.code = self.bob.code

    def test_the_code_is_told_behind_the_nickname(self) -> None:
        carl = self.connect()
        line = carl.types("carl")[3]
        self.assertRegex(
            line,
            r"^\*\*\* If the connection breaks, /resume [a-z-]+-\d\d-[a-z-]+-[a-z-]+ brings you back\.$",
        )

    def test_what_was_said_meanwhile_comes_behind_its_time(self) -> None:
        self.bob.breaks_off()
        self.alice.types("one", "/me waves")
        self.clock.advance(10)
        bob, shown = self.come_back(self.code)
        self.assertEqual(
            shown,
            [
                "*** You are bob, in #lobby with alice.",
                "*** While you were away: 2 lines.",
                "[10:02] <alice> one",
                "[10:02] * alice waves",
                "*** Live now.",
            ],
        )
        self.alice.types("two")
        self.assertEqual(bob.sees(), ["<alice> two"])

    def test_nothing_is_told_when_nothing_was_missed(self) -> None:
        self.alice.types("before")
        self.bob.sees()
        self.bob.breaks_off()
        self.assertEqual(self.come_back(self.code)[1], ["*** You are bob, in #lobby with alice."])

    def test_a_break_that_heals_is_not_shown(self) -> None:
        self.bob.breaks_off()
        self.clock.advance(19.9)
        self.come_back(self.code)
        self.clock.advance(60)
        self.assertEqual(self.alice.sees(), [])

    def test_one_that_does_not_is_shown_after_20_seconds(self) -> None:
        self.bob.breaks_off()
        self.clock.advance(20.1)
        self.assertEqual(self.alice.sees(), ["*** bob left #lobby: connection lost."])

    def test_who_is_back_later_is_shown_to_come(self) -> None:
        self.bob.breaks_off()
        self.clock.advance(20.1)
        self.alice.types("one")
        self.alice.sees()
        bob, shown = self.come_back(self.code)
        self.assertEqual(
            shown,
            [
                "*** You are bob, in #lobby with alice.",
                "*** While you were away: 1 line.",
                "[10:02] <alice> one",
                "*** Live now.",
            ],
        )
        self.assertEqual(self.alice.sees(), ["*** bob joined #lobby."])
        bob.types("here I am")
        self.assertEqual(self.alice.sees(), ["<bob> here I am"])

    def test_a_code_is_good_for_299_seconds_and_not_for_301(self) -> None:
        for seconds, first in (299, "*** You are bob, in #lobby with alice."), (301, TOO_OLD):
            self.setUp()
            self.bob.breaks_off()
            self.clock.pump([1] * seconds)
            self.assertEqual(self.come_back(self.code)[1][0], first)

    def test_each_break_has_its_own_five_minutes(self) -> None:
        for _ in range(3):
            self.bob.breaks_off()
            self.clock.pump([1] * 200)
            self.bob, shown = self.come_back(self.code)
            self.assertEqual(shown[0], "*** You are bob, in #lobby with alice.")
        self.clock.pump([1] * 400)
        self.assertEqual(self.come_back(self.code)[1][0], "*** You are bob, in #lobby with alice.")

    def test_a_code_can_be_typed_in_capitals_and_with_blanks_around(self) -> None:
        self.bob.breaks_off()
        self.assertEqual(
            self.come_back(f"  {self.code.upper()} ")[1], ["*** You are bob, in #lobby with alice."]
        )

    def test_what_had_not_arrived_comes_again(self) -> None:
        self.alice.types("one", "two", "three")
        self.bob.sees()
        self.bob.breaks_off(unacknowledged=len("<alice> three\r\n") + 1)
        self.alice.types("four")
        self.assertEqual(heard(self.come_back(self.code)[1]), ["two", "three", "four"])

    def test_the_number_of_the_entry_after_which_to_begin_can_be_told(self) -> None:
        self.alice.types("one", "two", "three")
        last = self.log.last(LOBBY)
        self.bob.sees()
        self.bob.breaks_off()
        self.assertEqual(heard(self.come_back(f"{self.code} {last - 2}")[1]), ["two", "three"])

    def test_a_number_beyond_the_end_is_the_end(self) -> None:
        self.bob.breaks_off()
        self.alice.types("one")
        bob, shown = self.come_back(f"{self.code} {10**17}")
        self.assertEqual(shown, ["*** You are bob, in #lobby with alice."])
        self.alice.types("two")
        self.assertEqual(bob.sees(), ["<alice> two"])

    def test_a_wrong_number_is_no_code(self) -> None:
        for rest in "-1", "x", "1 2", "":
            shown = self.come_back(f"{self.code} {rest}" if rest else "")[1]
            self.assertRegex(shown[0], "^!!! ")
            self.assertNotEqual(shown[0], TOO_OLD)

    def test_three_wrong_codes_end_the_connection(self) -> None:
        eve, shown = self.come_back("fig-42-moss-lamp")
        self.assertEqual(shown, [TOO_OLD, "*** What is your nickname?"])
        for _ in range(2):
            self.assertFalse(eve.screen.closed)
            eve.types("/resume fig-42-moss-lamp")
            self.clock.advance(0.2)
        self.assertEqual(eve.sees()[-1], TOO_OLD)
        self.assertTrue(eve.screen.closed)

    def test_the_right_code_after_a_wrong_one_is_good(self) -> None:
        bob, _ = self.come_back("fig-42-moss-lamp")
        bob.types(f"/resume {self.code}")
        self.clock.advance(0.2)
        self.assertEqual(bob.sees(), ["*** You are bob, in #lobby with alice."])

    def test_who_has_a_nickname_cannot_come_back_as_somebody_else(self) -> None:
        self.assertEqual(
            self.alice.types(f"/resume {self.code}"),
            ["!!! You are alice already. /resume answers the question for a nickname."],
        )

    def test_who_asks_for_the_name_is_told_what_to_do(self) -> None:
        self.bob.breaks_off()
        stranger = self.connect("198.51.100.7")
        stranger.sees()
        self.assertEqual(
            stranger.types("bob"),
            [
                '!!! "bob" is taken. Try "bob2".',
                "*** If it is yours: /resume CODE, or /login NICK.",
                "*** What is your nickname?",
            ],
        )

    def test_a_name_that_was_taken_meanwhile_is_taken(self) -> None:
        self.bob.breaks_off()
        self.clock.advance(20.1)
        self.enter("bob", address="198.51.100.7")
        shown = self.come_back(self.code)[1]
        self.assertEqual(
            shown[:2],
            ['*** "bob" is taken now. You are bob2.', "*** You are bob2, in #lobby with alice, bob."],
        )

    def test_a_new_name_is_kept(self) -> None:
        self.bob.types("/nick rob")
        self.bob.breaks_off()
        self.assertEqual(self.come_back(self.code)[1], ["*** You are rob, in #lobby with alice."])

    def test_lines_that_came_before_the_break_are_said(self) -> None:
        self.bob.dialogue.received("one")
        self.bob.dialogue.received("/topic tests")
        self.bob.dialogue.received("/topic")
        self.bob.dialogue.received("two")
        self.bob.breaks_off()
        self.assertEqual(
            self.alice.sees(), ["<bob> one", "*** bob set the topic of #lobby: tests", "<bob> two"]
        )

    def test_an_unfinished_paste_is_dropped_with_the_connection(self) -> None:
        self.bob.types("/paste", "half")
        self.bob.breaks_off()
        bob, _ = self.come_back(self.code)
        bob.types("whole")
        self.assertEqual(self.alice.sees(), ["<bob> whole"])

    def test_what_was_held_is_shown(self) -> None:
        self.bob.types("/hold")
        self.alice.types("one")
        self.bob.breaks_off()
        bob, shown = self.come_back(self.code)
        self.assertEqual(heard(shown), ["one"])
        self.alice.types("two")
        self.assertEqual(bob.sees(), ["<alice> two"])

    def test_what_a_stalled_reader_had_not_read_comes_again(self) -> None:
        self.alice.types("zero")
        self.clock.pump([0.5] * 3)
        self.bob.stalls(after=3)
        self.alice.types(*(f"line {n}" for n in range(500)))
        self.bob.breaks_off()
        self.assertEqual(heard(self.come_back(self.code)[1]), [f"line {n}" for n in range(500)])


class AgainTests(ChatCase):
    """Breaks in the middle of coming back, several at once."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.enter("alice", "bob")
        self.code = self.bob.code

    def test_a_break_in_the_middle_of_the_replay_loses_nothing(self) -> None:
        self.bob.breaks_off()
        self.alice.types(*(f"line {n}" for n in range(1000)))
        seen: list[str] = []
        for room in 0, 50, 5000, 20000:
            bob = self.connect()
            bob.sees()
            bob.stalls(after=room)
            bob.dialogue.received(f"/resume {self.code}")
            self.settle()
            bob.breaks_off()
            seen += heard(bob.screen.shown.decode().split("\r\n")[:-1])
        seen += heard(self.come_back(self.code)[1])
        self.assertEqual(list(dict.fromkeys(seen)), [f"line {n}" for n in range(1000)])

    def test_what_is_said_during_the_replay_is_not_lost_either(self) -> None:
        self.bob.breaks_off()
        self.alice.types("one")
        bob = self.connect()
        bob.stalls()
        bob.dialogue.received(f"/resume {self.code}")
        self.settle()
        self.alice.types("two")
        bob.breaks_off()
        self.alice.types("three")
        self.assertEqual(heard(self.come_back(self.code)[1]), ["one", "two", "three"])

    def test_a_replay_that_has_not_arrived_comes_again(self) -> None:
        self.bob.breaks_off()
        self.alice.types(*"123456789")
        bob, shown = self.come_back(self.code)
        missing = sum(len(line) + 2 for line in shown[5:])
        bob.breaks_off(unacknowledged=missing)
        self.assertEqual(heard(self.come_back(self.code)[1])[-6:], list("456789"))

    def test_who_breaks_off_again_before_anything_was_shown_is_shown_what_was_missed_and_no_more(
        self,
    ) -> None:
        self.alice.types("seen")
        self.bob.sees()
        self.bob.types("/quit")
        self.alice.types("missed")
        bob = self.connect()
        bob.dialogue.received(f"/resume {self.code}")
        bob.breaks_off()  # the entry that says that bob is back is not in the log yet
        self.settle()
        self.assertEqual(heard(self.come_back(self.code)[1]), ["missed"])

    def test_the_second_of_two_at_once_is_told_so(self) -> None:
        self.bob.types("/quit")
        first, second = self.connect(), self.connect()
        first.sees()
        second.sees()
        for bob in first, second:
            bob.dialogue.received(f"/resume {self.code}")
        self.assertEqual(first.sees(), ["*** You are bob, in #lobby with alice."])
        self.assertEqual(
            second.sees(), ["!!! Somebody comes back with that code just now.", "*** What is your nickname?"]
        )

    def test_ten_in_a_row_take_up_from_each_other(self) -> None:
        for n in range(10):
            self.alice.types(str(n))
            self.assertEqual(heard(self.bob.sees()), [str(n)])
            before, (self.bob, shown) = self.bob, self.come_back(self.code)
            self.assertEqual(heard(shown), [])
            self.assertEqual(before.sees(), ["*** Taken up from another connection."])
        self.clock.advance(60)
        self.assertEqual(self.alice.sees(), [])


class TakeOverTests(ChatCase):
    """The old connection is alive, or the server believes so."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.old = self.enter("alice", "bob")
        self.code = self.old.code

    def test_the_old_connection_is_told_and_closed(self) -> None:
        new, shown = self.come_back(self.code)
        self.assertEqual(shown, ["*** You are bob, in #lobby with alice."])
        self.assertEqual(self.old.sees(), ["*** Taken up from another connection."])
        self.assertTrue(self.old.screen.closed)
        self.alice.types("hello")
        self.assertEqual((new.sees(), self.old.sees()), (["<alice> hello"], []))

    def test_nothing_that_happens_to_the_old_one_matters(self) -> None:
        new, _ = self.come_back(self.code)
        self.old.dialogue.received("/quit")
        self.old.dialogue.received("ghost")
        self.old.breaks_off()
        self.clock.advance(30)
        new.types("still here")
        self.assertEqual(self.alice.sees(), ["<bob> still here"])

    def test_what_was_typed_there_is_still_said_and_first(self) -> None:
        new = self.connect()
        new.sees()
        for line in "one", "/topic tests", "two":
            self.old.dialogue.received(line)
        new.dialogue.received(f"/resume {self.code}")
        new.dialogue.received("three")
        self.assertEqual(
            self.alice.sees(),
            ["<bob> one", "*** bob set the topic of #lobby: tests", "<bob> two", "<bob> three"],
        )

    def test_what_was_typed_there_is_said_in_the_room_for_which_it_was_meant(self) -> None:
        new = self.connect()
        new.sees()
        self.old.dialogue.received("/join #secret")
        self.old.dialogue.received("for #secret alone")
        new.dialogue.received(f"/resume {self.code}")
        self.assertEqual(heard(self.alice.sees()), [])

    def test_a_stalled_reader_goes_on_elsewhere(self) -> None:
        self.old.stalls(after=10)
        self.alice.types("one", "two")
        _new, shown = self.come_back(self.code)
        self.assertEqual(heard(shown), ["one", "two"])
        self.assertFalse(self.old.screen.closed)
        self.clock.advance(31)
        self.assertTrue(self.old.screen.aborted)

    def test_the_old_connection_is_answered_no_more_than_can_be_held_though_all_is_done(self) -> None:
        self.old.stalls()
        held = 0
        while not self.old.screen.paused:
            self.old.dialogue.received("/help")
            held = len(self.old.screen.kept)
        longest = len("\r\n".join(self.alice.types("/help")))
        for _ in range(20):
            self.old.dialogue.received("/help")
        self.old.dialogue.received("hello")
        self.come_back(self.code)
        self.assertEqual(heard(self.alice.sees()), ["hello"])
        self.assertLess(len(self.old.screen.kept), held + 2 * longest)
        self.assertTrue(self.old.screen.closed)

    def test_it_is_told_once_though_more_had_come_than_was_taken_in(self) -> None:
        old, rest = self.old, [b"last"]

        def resume() -> None:
            """Give what was not taken in, as the door does."""
            old.screen.paused = False
            while rest:
                old.dialogue.received(rest.pop())

        old.screen.resume = resume  # type: ignore[method-assign]
        new = self.connect()
        new.sees()
        old.dialogue.received("/join #dev")
        for _ in range(MOST_UNCOMMITTED):
            old.dialogue.received("/who")
        self.assertTrue(old.screen.paused)
        new.types(f"/resume {self.code}")
        self.assertEqual(sum("Taken up" in line for line in old.sees()), 1)
        self.assertEqual(rest, [])

    def test_one_who_holds_everything_is_closed_too(self) -> None:
        self.old.types("/hold")
        self.alice.types("one")
        _, shown = self.come_back(self.code)
        self.assertEqual(heard(shown), ["one"])
        self.assertTrue(self.old.screen.closed)

    def test_what_had_not_arrived_there_comes_here(self) -> None:
        self.alice.types("one", "two")
        self.old.sees()
        self.old.screen.on_its_way = len("<alice> two\r\n")
        self.assertEqual(heard(self.come_back(self.code)[1])[-1:], ["two"])

    def test_lines_of_a_paste_that_is_not_over_are_not_said_one_by_one(self) -> None:
        self.old.types("/paste", "one")
        self.old.dialogue.received("two")
        new, _ = self.come_back(self.code)
        new.types("hello")
        self.assertEqual(self.alice.sees(), ["<bob> hello"])

    def test_what_a_program_has_sent_is_not_said_as_it_stands(self) -> None:
        self.old.types("/json")
        new = self.connect()
        new.sees()
        self.old.dialogue.received('{"type":"say","text":"one","ref":"1"}')
        self.old.dialogue.received("/topic")
        self.old.dialogue.received('{"type":"say","text":"two","ref":"2"}')
        new.dialogue.received(f"/resume {self.code}")
        self.assertEqual(self.alice.sees(), ["<bob> one", "<bob> two"])

    def test_a_private_message_meanwhile_comes_once(self) -> None:
        self.alice.types("/msg bob before")
        self.old.sees()
        new = self.connect()
        new.sees()
        self.alice.dialogue.received("/msg bob now")
        shown = new.types(f"/resume {self.code}")
        self.assertEqual(shown[1:], ["[from alice] now"])
        self.assertEqual(self.old.sees(), ["*** Taken up from another connection."])


class FarewellTests(ChatCase):
    """After /quit, or the end of the stream."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.enter("alice", "bob")
        self.code = self.bob.code

    def test_it_is_told_at_once_and_one_can_come_back(self) -> None:
        for farewell in self.bob.dialogue.ended, lambda: self.bob.dialogue.received("/quit good night"):
            self.setUp()
            farewell = self.bob.dialogue.ended if farewell.__name__ == "ended" else farewell
            farewell()
            self.assertRegex(self.alice.sees()[0], r"^\*\*\* bob left #lobby(: good night)?\.$")
            self.alice.types("one")
            _bob, shown = self.come_back(self.code)
            self.assertEqual(
                shown,
                [
                    "*** You are bob, in #lobby with alice.",
                    "*** While you were away: 1 line.",
                    "[10:02] <alice> one",
                    "*** Live now.",
                ],
            )
            self.assertEqual(self.alice.sees(), ["*** bob joined #lobby."])

    def test_back_before_the_farewell_is_in_the_log(self) -> None:
        bob = self.connect()
        bob.sees()
        self.bob.dialogue.received("/quit")
        self.assertEqual(bob.types(f"/resume {self.code}"), ["*** You are bob, in #lobby with alice."])
        bob.types("hello")
        self.assertEqual(heard(self.alice.sees()), ["hello"])

    def test_the_name_is_free_to_the_same_address_at_once_and_then_taken(self) -> None:
        self.bob.dialogue.ended()
        self.enter("bob")
        self.assertEqual(self.come_back(self.code)[1][0], '*** "bob" is taken now. You are bob2.')

    def test_what_the_old_connection_still_reads_takes_nothing_from_the_new_one(self) -> None:
        for is_quit in True, False:
            self.setUp()
            self.bob.stalls(after=3)
            self.alice.types("one")
            if is_quit:
                self.bob.dialogue.received("/quit")
            else:
                self.bob.dialogue.ended()
            self.settle()
            new, shown = self.come_back(self.code)
            self.assertEqual(heard(shown), ["one"])
            self.bob.reads()
            self.alice.types("two", "/msg bob three")
            self.assertEqual(new.sees(), ["<alice> two", "[from alice] three"])
            new.types("four")
            self.alice.sees()
            new.breaks_off()
            self.clock.advance(GRACE - 0.1)
            self.assertEqual(self.alice.sees(), [])
            self.clock.advance(0.1)
            self.assertEqual(self.alice.sees(), ["*** bob left #lobby: connection lost."])
            self.alice.types("five")
            self.assertEqual(heard(self.come_back(self.code)[1]), ["five"])

    def test_it_is_good_for_five_minutes(self) -> None:
        for seconds, first in (299, "*** You are bob, in #lobby with alice."), (301, TOO_OLD):
            self.setUp()
            self.bob.types("/quit")
            self.clock.pump([1] * seconds)
            self.assertEqual(self.come_back(self.code)[1][0], first)

    def test_private_messages_are_not_sent_to_nobody(self) -> None:
        self.bob.types("/quit")
        self.assertEqual(self.alice.types("/msg bob psst")[-1], '!!! Nobody here is called "bob".')

    def test_the_next_of_that_name_reads_nothing_of_the_last(self) -> None:
        self.alice.types("/msg bob secret")
        self.bob.types("/quit")
        (other,) = self.enter("bob")
        shown = other.types("/json", "/history", "/search secret", "/more")
        self.assertNotIn("secret", "".join(line for line in shown if "search" not in line))

    def test_a_replay_of_rooms_is_exact_after_a_farewell(self) -> None:
        for visitor in self.alice, self.bob:
            visitor.types("/join #dev")
        self.alice.types("before")
        self.bob.sees()
        self.bob.types("/quit")
        self.alice.types("in dev", "/join #lobby", "in lobby")
        self.assertEqual(heard(self.come_back(self.code)[1]), ["in lobby", "in dev"])

    def test_who_cannot_be_put_out_of_the_log_in_time_is_told_so(self) -> None:
        self.log.full = True
        self.bob.types("/quit")
        back, _ = self.come_back(self.code)
        self.clock.advance(LONGEST_WAIT)
        self.assertEqual(
            back.sees()[0], "!!! Nobody can come in now, as the log cannot be written. Try again later."
        )
        self.assertFalse(back.screen.aborted)
        self.log.full = False
        self.clock.advance(LOG_AGAIN)
        back.types(f"/resume {self.code}")
        self.clock.advance(LOOK_FOR_END)
        self.assertIn("*** You are bob, in #lobby with alice.", back.sees())


class BigRoomTests(ChatCase):
    """Where who comes and goes is told once a second, joined in one line."""

    def test_who_came_in_the_last_second_is_told_once(self) -> None:
        self.enter(*(f"n{n}" for n in range(LARGEST_UNFOLDED_ROOM)))
        alice, bob = self.enter("alice", "bob")
        self.clock.advance(FOLDED_FOR)
        alice.sees()
        bob.sees()
        bob.breaks_off()
        self.enter("carl")
        back, shown = self.come_back(bob.code)
        self.clock.advance(FOLDED_FOR)
        told = [line for line in shown[1:] + back.sees() if "carl" in line]
        self.assertEqual(told, ["*** carl joined #lobby."])
        self.assertEqual(alice.sees(), ["*** carl joined #lobby."])


class DamagedLog(FullLog):
    """A log that cannot be read for a while."""

    damaged = False

    def read(self, stream: str, after: int, limit: int) -> Deferred[list[Entry]]:
        return fail(Damaged("a page is torn")) if self.damaged else super().read(stream, after, limit)


class DamagedTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.log = self.damaged = DamagedLog(self.clock, self.wall)
        self.chat = self.make_chat(self.log)
        self.alice, self.bob = self.enter("alice", "bob")

    def test_who_could_not_come_back_is_as_after_a_break(self) -> None:
        for breaks in True, False:
            self.setUp()
            self.alice.types("one")
            self.bob.sees()
            self.bob.screen.on_its_way = 1  # so that it is looked in the log what that was
            if breaks:
                self.bob.breaks_off(unacknowledged=1)
                self.clock.advance(GRACE - 1)
            self.damaged.damaged = True
            new, _ = self.come_back(self.bob.code)
            self.assertEqual(len(self.flushLoggedErrors(Damaged)), 1)
            self.assertTrue(new.screen.aborted)
            self.clock.advance(GRACE - 0.1)
            self.assertEqual(self.alice.sees(), [])
            self.damaged.damaged = False
            self.clock.advance(0.1)
            self.assertEqual(self.alice.sees(), ["*** bob left #lobby: connection lost."])
            self.assertEqual(heard(self.come_back(self.bob.code)[1]), ["one"])


class NoRoomForMoreTests(ChatCase):
    limits = msgspec.structs.replace(NO_LIMITS, rooms=2)

    def test_who_cannot_come_back_to_a_room_comes_back_to_the_others(self) -> None:
        alice, bob = self.enter("alice", "bob")
        bob.types("/join #dev", "/quit")
        alice.types("/join #ops")
        _, shown = self.come_back(bob.code)
        self.assertRegex(shown[0], "^!!! There are 2 rooms already")
        self.assertIn("*** You are bob, in #lobby with alice.", shown)
        alice.types("/join #lobby")
        self.assertEqual(alice.types("/who"), ["*** 2 people are in #lobby: alice, bob."])


class RestartTests(ChatCase):
    """The server has ended, by itself or not, and another one has started."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.enter("alice", "bob")
        self.codes = self.alice.code, self.bob.code
        self.clock.advance(2)

    def back(self) -> tuple[tuple[Visitor, list[str]], tuple[Visitor, list[str]]]:
        return self.come_back(self.codes[0]), self.come_back(self.codes[1])

    def test_after_an_end_everybody_is_back_and_nothing_comes_twice(self) -> None:
        self.alice.types("before")
        self.bob.sees()
        self.restart(self.alice, self.bob)
        (alice, shown), (bob, shown_to_bob) = self.back()
        self.assertEqual(shown, ["*** You are alice, in #lobby with bob."])
        self.assertEqual(shown_to_bob, ["*** You are bob, in #lobby with alice."])
        alice.types("after")
        self.assertEqual(bob.sees(), ["<alice> after"])

    def test_after_a_crash_nothing_older_than_a_second_comes_again(self) -> None:
        self.alice.types("old")
        self.bob.sees()
        self.clock.pump([0.05] * 21)
        self.alice.types("young")
        self.bob.sees()
        self.crash()
        _, (_, shown) = self.back()
        self.assertNotIn("old", heard(shown))
        self.assertIn("young", heard(shown))

    def test_who_was_behind_at_the_crash_misses_nothing(self) -> None:
        self.bob.stalls(after=5)
        self.alice.types(*map(str, range(10)))
        self.clock.pump([0.5] * 10)
        self.crash()
        _, (_, shown) = self.back()
        self.assertEqual(heard(shown), [*map(str, range(10))])

    def test_what_had_not_arrived_at_the_crash_comes_again(self) -> None:
        self.bob.screen.on_its_way = 1
        self.alice.types("one")
        self.bob.sees()
        self.bob.screen.on_its_way = len("<alice> one\r\n")
        self.clock.pump([0.5] * 4)
        self.crash()
        self.assertEqual(heard(self.back()[1][1]), ["one"])

    def test_a_second_end_changes_nothing(self) -> None:
        for end in self.crash, self.restart:
            self.setUp()
            self.bob.breaks_off()
            self.alice.types("one")
            self.clock.pump([0.5] * 4)
            for _ in range(2):
                end()
                self.clock.advance(5)
            self.assertEqual(heard(self.come_back(self.codes[1])[1]), ["one"])

    def test_who_is_not_back_in_20_seconds_has_left(self) -> None:
        self.crash()
        alice, _ = self.come_back(self.codes[0])
        self.clock.advance(19.9)
        self.assertEqual(alice.sees(), [])
        self.clock.advance(0.2)
        self.assertEqual(alice.sees(), ["*** bob left #lobby: server restarted."])
        self.assertEqual(self.come_back(self.codes[1])[1][0], "*** You are bob, in #lobby with alice.")
        self.assertEqual(alice.sees(), ["*** bob joined #lobby."])

    def test_the_name_is_kept_for_as_long(self) -> None:
        self.crash()
        stranger = self.connect("198.51.100.7")
        stranger.sees()
        self.assertEqual(stranger.types("bob")[0], '!!! "bob" is taken. Try "bob2".')

    def test_a_farewell_before_it_stays_one(self) -> None:
        self.bob.types("/quit")
        self.alice.types("one")
        self.crash()
        alice, _ = self.come_back(self.codes[0])
        self.assertEqual(alice.types("/who"), ["*** 1 person is in #lobby: alice."])
        self.assertEqual(heard(self.come_back(self.codes[1])[1]), ["one"])

    def test_the_five_minutes_begin_anew(self) -> None:
        for seconds, first in (299, "*** You are bob, in #lobby"), (301, TOO_OLD):
            self.setUp()
            self.bob.types("/quit")
            self.clock.pump([1] * 150)
            self.crash()
            self.clock.pump([1] * seconds)
            self.assertEqual(
                self.come_back(self.codes[1])[1][0].partition(" with")[0].rstrip("."), first.rstrip(".")
            )

    def test_everything_that_one_has_set_is_there(self) -> None:
        for end in lambda: self.crash(), lambda: self.restart(self.alice, self.bob):
            self.setUp()
            self.bob.types(
                "/set echo on",
                "/set timezone Europe/Paris",
                "/ignore eve",
                "/away lunch",
                "/join #dev",
                "/set encoding CP437",
            )
            end()
            (alice, _), (bob, shown) = self.back()
            self.assertEqual(shown[0], "*** You are bob, in #dev.")
            self.assertEqual(bob.types("mine"), ["<bob> mine"])
            self.assertEqual(
                bob.types("/set")[0].split(", ")[-2:], ["timezone Europe/Paris", "encoding cp437"]
            )
            self.assertEqual(bob.types("/unignore eve"), ["*** You hear eve again."])
            self.assertEqual(alice.types("/whois bob")[-1], "*** bob is away: lunch")

    def test_one_can_answer_whoever_wrote_last(self) -> None:
        for end in lambda: self.restart(self.alice, self.bob), lambda: self.crash():
            self.setUp()
            self.alice.types("/msg bob psst")
            self.bob.sees()
            self.clock.pump([0.5] * 4)
            end()
            (alice, _), (bob, _) = self.back()
            self.assertEqual(bob.types("/reply yes"), ["[to alice] yes"])
            self.assertEqual(alice.sees(), ["[from bob] yes"])

    def test_private_messages_outlive_it(self) -> None:
        self.alice.types("/msg bob before")
        self.bob.sees()
        self.clock.pump([0.5] * 4)
        self.bob.breaks_off()
        self.alice.types("/msg bob meanwhile")
        self.crash()
        (alice, _), (bob, shown) = self.back()
        self.assertEqual(shown[2], "[10:02] [from alice] meanwhile")
        alice.types("/msg bob after")
        self.assertEqual(bob.sees(), ["[from alice] after"])

    def test_a_line_that_was_not_committed_was_never_shown(self) -> None:
        self.alice.dialogue.received("half")
        self.crash()
        (_alice, shown), (_, shown_to_bob) = self.back()
        self.assertEqual(heard(shown + shown_to_bob), [])

    def test_who_came_in_just_before_it_is_known(self) -> None:
        (carl,) = self.enter("carl")
        self.crash()
        self.assertEqual(self.come_back(carl.code)[1][0], "*** You are carl, in #lobby with alice, bob.")


class LateTests(ChatCase):
    """What can happen while the log is read for somebody who comes back."""

    def setUp(self) -> None:
        super().setUp()
        self.late = LateLog(self.clock, self.wall)
        self.log = self.late
        self.chat = self.make_chat(self.log)
        self.alice, self.bob = self.enter("alice", "bob")
        for visitor in self.alice, self.bob:
            visitor.types("/join #dev")
        self.alice.types("in dev", "/join #lobby", "in lobby")
        self.bob.sees()
        self.bob.screen.on_its_way = len("<alice> in dev\r\n#lobby <alice> in lobby\r\n")
        self.new = self.connect()
        self.new.sees()
        self.late.late = 0.2

    def test_the_old_connection_can_break(self) -> None:
        self.new.dialogue.received(f"/resume {self.bob.code}")
        self.bob.dialogue.lost("connection lost")
        self.clock.pump([0.2] * 10)
        self.assertEqual(heard(self.new.sees()), ["in lobby", "in dev"])

    def test_the_old_connection_can_say_farewell(self) -> None:
        self.new.dialogue.received(f"/resume {self.bob.code}")
        self.bob.dialogue.received("/quit")
        self.clock.pump([0.2] * 10)
        self.new.types("/join #lobby", "here")
        self.assertEqual(heard(self.alice.sees()), ["here"])

    def test_the_old_connection_can_go_to_another_room(self) -> None:
        self.alice.types("/join #ops", "long ago", "/join #lobby")
        self.new.dialogue.received(f"/resume {self.bob.code}")
        self.bob.dialogue.received("/join #ops")
        self.clock.pump([0.2] * 10)
        missed = heard(self.new.sees())
        self.assertNotIn("long ago", missed)
        self.assertIn("in lobby", missed)

    def test_the_20_seconds_can_be_over(self) -> None:
        self.bob.dialogue.lost("connection lost")
        self.clock.advance(19.9)
        self.new = self.connect()
        self.new.dialogue.received(f"/resume {self.bob.code}")
        self.clock.pump([0.2] * 10)
        self.new.types("/join #lobby", "here")
        self.assertEqual(heard(self.alice.sees()), ["here"])
