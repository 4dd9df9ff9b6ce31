"""Many in one room: what one coming or going costs does not grow with how many are there."""

from __future__ import annotations

import json
from collections.abc import Iterable

from twisted.internet.defer import Deferred

from tcpchat.answers import MOST_TOLD
from tcpchat.events import Entry, Event, Joined, Left
from tcpchat.limits import FOLDED_FOR, GRACE, LARGEST_UNFOLDED_ROOM, MOST_NAMED
from tests.visitors import ChatCase, FullLog, Visitor

MANY = 4 * LARGEST_UNFOLDED_ROOM


class CountingLog(FullLog):
    """A log that counts the entries that are read from it."""

    were_read = 0

    def read(self, stream: str, after: int, limit: int) -> Deferred[list[Entry]]:
        return super().read(stream, after, limit).addCallback(self._count)

    def read_unspoken(self, stream: str, after: int, upto: int, limit: int) -> Deferred[list[Entry]]:
        return super().read_unspoken(stream, after, upto, limit).addCallback(self._count)

    def _count(self, entries: list[Entry]) -> list[Entry]:
        self.were_read += len(entries)
        return entries


class BigRoomCase(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.log = self.counting = CountingLog(self.clock, self.wall)
        self.chat = self.make_chat(self.log)
        self.happen(Joined(f"n{n}", f"n{n}") for n in range(LARGEST_UNFOLDED_ROOM + 1))

    def happen(self, events: Iterable[Event]) -> None:
        self.log.append("#lobby", list(events))
        self.settle()

    def fold(self) -> None:
        self.clock.advance(FOLDED_FOR)
        self.settle()

    def program(self) -> Visitor:
        visitor = self.connect()
        visitor.types("/json")
        return visitor


class ComingAndGoingTests(BigRoomCase):
    def test_one_line_a_second_is_shown_however_many_come_and_go(self) -> None:
        alice, bob = self.enter("alice", "bob")
        bob.types("/set joins all")
        self.fold()
        alice.sees()
        bob.sees()
        sizes = []
        for number in 10, 1000:
            crowd = [f"x{number}.{n}" for n in range(number)]
            for begin in range(0, number, 5):  # commit by commit
                self.happen(Joined(who, "x") for who in crowd[begin : begin + 5])
                self.happen(Left(who, "x") for who in crowd[begin : begin + 5])
            self.assertEqual(alice.sees() + bob.sees(), [])
            before = len(alice.screen.shown)
            self.fold()
            sizes.append(len(alice.screen.shown) - before)
            (line,) = alice.sees()
            self.assertEqual(bob.sees(), [line])
        self.assertLess(sizes[1] - sizes[0], 40)  # the digits of two numbers, and their words

    def test_a_program_is_shown_each_entry_and_nothing_else(self) -> None:
        bot = self.program()
        bot.types("/as bot")
        self.happen(Joined(f"x{n}", "x") for n in range(MANY))
        self.fold()
        self.assertEqual([json.loads(line)["type"] for line in bot.sees() if line], ["joined"] * MANY)

    def test_a_newcomer_is_told_a_number_and_a_few_names(self) -> None:
        self.happen(Joined(f"x{n}", f"x{n}") for n in range(MANY))
        here = MANY + LARGEST_UNFOLDED_ROOM + 1
        shown = self.connect().types("alice")
        self.assertRegex(shown[2], rf"in #lobby with n0, .*, n9 and {here - MOST_NAMED} others\.$")
        welcome = json.loads(self.program().types("/as bot")[0])
        self.assertEqual((len(welcome["people"]), welcome["others"]), (MOST_TOLD, here + 1))

    def test_a_newcomer_reads_nothing_from_the_log_of_who_came_before(self) -> None:
        self.happen(Joined(f"x{n}", f"x{n}") for n in range(MANY))
        before = self.counting.were_read
        self.enter("alice", "bob")
        self.fold()
        self.assertEqual(self.counting.were_read, before)


class ComingBackTests(BigRoomCase):
    def read_by_returners(self, number: int) -> int:
        """Return how much is read from the log when so many go together and come back together."""
        visitors = self.enter(*(f"p{n}" for n in range(number)))
        codes = [visitor.code for visitor in visitors]
        for visitor in visitors:
            visitor.breaks_off()
        self.clock.advance(GRACE)
        self.fold()
        before = self.counting.were_read
        back = [self.connect() for _ in codes]
        for visitor, code in zip(back, codes, strict=True):
            visitor.dialogue.received(f"/resume {code}")
        for visitor in back:
            self.assertIn("*** Live now.", visitor.sees())
        return self.counting.were_read - before

    def test_what_everybody_missed_is_not_read_by_everybody(self) -> None:
        self.assertLess(self.read_by_returners(MANY), 4 * MANY)
