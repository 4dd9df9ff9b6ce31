"""A fold in a crowd is shown a few at a time: to everybody once, whatever happens meanwhile."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.events import Entry, Joined
from tcpchat.fanout.direct import DirectCrowd
from tcpchat.folding import Folding
from tcpchat.limits import FOLDED_FOR, LARGEST_UNFOLDED_ROOM
from tcpchat.places import Place
from tcpchat.room_feed import SHARE
from tcpchat.wire import PLAIN, Wire
from tests.test_room_feed import STEPS, AnyCrowdCase
from tests.visitors import FakeScreen, FullLog, Visitor


class BusyClock(Clock):
    """
    A clock by which everything takes its time: whoever looks at it twice sees that.

    One `advance` is one turn: what is to be called at once by what is called in it is for the next one.
    """

    took = 0.0

    def seconds(self) -> float:
        self.rightNow += self.took
        return super().seconds()

    def advance(self, amount: float) -> None:
        self.rightNow += amount
        for call in [call for call in self.calls if call.getTime() <= self.rightNow]:
            if call.active():
                self.calls.remove(call)
                call.called = 1
                call.func(*call.args, **call.kw)


class FoldingTests(SynchronousTestCase):
    def setUp(self) -> None:
        entries = [Entry(seq, 0, Joined(f"s{seq}", f"n{seq}")) for seq in (4, 5, 7)]
        self.screens = {session: FakeScreen() for session in ("s4", "s7", "old")}
        self.crowd = DirectCrowd()
        for session, screen in self.screens.items():
            self.crowd.enter(session, screen)
        self.folding = Folding(entries, "#lobby", self.screens)
        self.fell_behind: list[tuple[bytes, int | Exception]] = []

    def was_shown(self, data: bytes, taken: int | Exception) -> None:
        self.fell_behind.append((data, taken))

    def show(self, wire: Wire = PLAIN) -> list[str]:
        order = []
        while (session := self.folding.next()) is not None:
            order.append(session)
            self.folding.show(session, dict.fromkeys(self.screens, self), self.crowd, wire)
        return order

    def test_it_knows_from_where_to_where_it_tells(self) -> None:
        self.assertEqual((self.folding.before, self.folding.upto), (3, Place(7, 7)))

    def test_everybody_has_a_turn_and_who_came_is_told_who_came_after_them(self) -> None:
        self.assertEqual(sorted(self.show()), ["old", "s4", "s7"])
        self.assertEqual(self.screens["old"].shown, b"*** n4, n5, n7 joined #lobby.\r\n")
        self.assertEqual(self.screens["s4"].shown, b"*** n5, n7 joined #lobby.\r\n")
        self.assertEqual((self.screens["s7"].shown, self.fell_behind), (b"", []))

    def test_who_comes_to_it_later_has_a_turn_too(self) -> None:
        self.show()
        self.folding.add("old")
        self.assertEqual(self.show(), ["old"])

    def test_each_is_shown_it_as_their_terminal_has_it(self) -> None:
        self.folding = Folding([Entry(4, 0, Joined("s1", "zoë"))], "#lobby", ["old", "s4"])
        for wire, line in ((PLAIN, "*** zoë joined"), (Wire("latin-1", 0, False), "*** zoë joined")):
            self.screens["old"].shown = b""
            self.folding.add("old")
            self.show(wire)
            self.assertTrue(self.screens["old"].shown.startswith(line.encode(wire.codec)), wire)

    def test_who_does_not_take_all_of_it_is_told_how_much_they_took(self) -> None:
        self.screens["old"].room = 9
        self.show()
        self.assertEqual(self.fell_behind, [(b"*** n4, n5, n7 joined #lobby.\r\n", 9)])


class InPartsCase(AnyCrowdCase):
    """A chat whose turns have time for two people only, once ``busy.took`` says so."""

    def setUp(self) -> None:
        super().setUp()
        self.clock = self.busy = BusyClock()
        self.log = FullLog(self.clock, self.wall)
        self.chat = self.make_chat(self.log)


class InPartsTests(InPartsCase):
    def setUp(self) -> None:
        super().setUp()
        self.crowd = self.enter(*(f"u{n}" for n in range(LARGEST_UNFOLDED_ROOM + 25)))
        self.clock.advance(2 * FOLDED_FOR)
        for visitor in self.crowd:
            visitor.sees()
        self.comer = self.come("zoe")
        self.busy.took = SHARE * 0.6

    def come(self, nick: str) -> Visitor:
        visitor = self.connect()
        visitor.types(nick)
        return visitor

    def begin(self) -> tuple[Visitor, Visitor]:
        """Let one part of the fold be shown; return somebody who has it, and somebody who has not."""
        self.clock.advance(FOLDED_FOR)
        told = [visitor for visitor in self.crowd if b"zoe" in visitor.screen.shown]
        self.assertTrue(0 < len(told) < 5, len(told))
        (other, *_) = (visitor for visitor in self.crowd if visitor not in told)
        return told[0], other

    def times_told(self, visitor: Visitor) -> int:
        self.settle()
        return visitor.screen.shown.count(b"zoe joined")

    def test_a_part_is_shown_a_turn_and_in_the_end_all(self) -> None:
        self.begin()
        self.clock.advance(0)
        told = [visitor for visitor in self.crowd if b"zoe" in visitor.screen.shown]
        self.assertLess(len(told), 10)
        self.assertEqual({self.times_told(visitor) for visitor in self.crowd}, {1})
        self.assertEqual(self.times_told(self.comer), 0)

    def test_what_is_said_meanwhile_is_shown_at_once(self) -> None:
        told, other = self.begin()
        self.comer.dialogue.received("hello")
        self.clock.pump([0] * 2)
        self.assertIn(b"<zoe> hello", told.screen.shown)
        self.assertIn(b"<zoe> hello", other.screen.shown)
        self.assertNotIn(b"zoe joined", other.screen.shown)
        self.assertEqual(self.times_told(other), 1)

    def test_who_has_it_and_falls_behind_meanwhile_is_not_told_again(self) -> None:
        told, _ = self.begin()
        self.fall_behind(told)
        self.catch_up(told)
        self.assertEqual(self.times_told(told), 1)

    def test_who_falls_behind_before_that_is_told_from_the_log(self) -> None:
        _, other = self.begin()
        self.fall_behind(other)
        self.assertEqual(self.times_told(other), 0)  # all the others are told meanwhile
        other.reads()
        self.assertEqual(self.times_told(other), 1)

    def test_who_is_back_before_it_is_over_is_told_with_the_others(self) -> None:
        self.begin()
        soon = [visitor for visitor in self.crowd if b"zoe" not in visitor.screen.shown][-6]
        for visitor in soon, self.crowd[0]:  # one who misses their turn, and one whose turn is to come
            self.fall_behind(visitor)
        self.clock.pump([0] * 2)
        for visitor in soon, self.crowd[0]:
            self.assertNotIn(b"zoe joined", visitor.screen.shown + visitor.screen.kept)
            self.catch_up(visitor)
        self.assertEqual([self.times_told(visitor) for visitor in (soon, self.crowd[0])], [1, 1])

    def fall_behind(self, visitor: Visitor) -> None:
        visitor.stalls()
        self.comer.dialogue.received("hello")
        self.clock.pump([0] * 2)
        self.assertFalse(visitor.dialogue.reader.is_live)

    def catch_up(self, visitor: Visitor) -> None:
        """Let somebody read on, and be there before the fold is over."""
        screen = visitor.screen
        screen.room, screen.shown, screen.kept = None, screen.shown + screen.kept, b""
        visitor.dialogue.reader.drained()
        self.clock.pump([0] * 3)
        self.assertTrue(visitor.dialogue.reader.is_live)
        self.assertIn(0, {other.screen.shown.count(b"zoe joined") for other in self.crowd})

    def test_who_takes_up_the_session_from_elsewhere_is_told_once_all_the_same(self) -> None:
        for visitor in self.begin():
            before = visitor.screen.shown.count(b"zoe joined")
            self.busy.took = 0
            again, lines = self.come_back(visitor.code)
            self.clock.advance(2 * FOLDED_FOR)
            lines += again.sees()
            told = before + sum("zoe joined" in line for line in lines)
            self.assertEqual(told, 1, lines)

    def test_who_comes_meanwhile_is_not_told_what_was_before(self) -> None:
        self.begin()
        late = self.come("yan")
        self.busy.took = 0
        self.clock.advance(2 * FOLDED_FOR)
        self.assertEqual([line for line in late.sees() if "joined" in line], [])
        (line,) = (line for line in self.crowd[0].sees() if "yan" in line)
        self.assertEqual(line, "*** yan joined #lobby.")

    def test_when_the_server_ends_all_are_shown_it_at_once(self) -> None:
        self.begin()
        self.chat.stop()
        self.assertEqual({visitor.screen.shown.count(b"zoe joined") for visitor in self.crowd}, {1})


class AnyCrowdInPartsTests(InPartsCase):
    def setUp(self) -> None:
        super().setUp()
        self.busy.took = SHARE * 0.6

    @settings(max_examples=100, deadline=None)
    @given(STEPS, st.integers(0, 60))
    def test_every_coming_going_and_line_is_shown_once(self, steps: list[str], room: int) -> None:
        self.check_that_all_is_shown_once(steps, room)
