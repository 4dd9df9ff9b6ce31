"""A reader who stalls is caught up from the log: every line, once, in order, at constant cost."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tcpchat.limits import GRACE, LARGEST_CHUNK
from tests.visitors import ChatCase


class StalledReaderTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob, self.carl = self.enter("alice", "bob", "carl")

    def test_who_reads_on_gets_every_line_in_order(self) -> None:
        self.bob.stalls(after=30)
        self.alice.types(*(f"line {n}" for n in range(1000)))
        self.assertEqual(len(self.carl.sees()), 1000)
        self.assertEqual(self.bob.reads(), [f"<alice> line {n}" for n in range(1000)])

    def test_a_stall_costs_no_more_than_a_chunk(self) -> None:
        self.bob.stalls()
        for _ in range(50):
            self.alice.types(*["x" * 4000] * 20)
            self.assertLess(len(self.bob.screen.kept), 2 * LARGEST_CHUNK)

    def test_who_is_being_caught_up_is_never_handed_more_than_a_chunk(self) -> None:
        self.bob.stalls()
        self.alice.types(*["x" * 4000] * 200)
        screen = self.bob.screen
        while screen.kept:
            self.assertLess(len(screen.kept), 2 * LARGEST_CHUNK)
            screen.shown, screen.kept = screen.shown + screen.kept, b""
            screen.room = 0
            self.bob.dialogue.reader.drained()
            self.settle()
        self.assertEqual(len(self.bob.reads()), 200)

    def test_what_is_said_while_one_is_being_caught_up_comes_in_order_too(self) -> None:
        self.bob.stalls(after=5)
        self.alice.types(*map(str, range(100)))
        self.bob.screen.room = None
        self.bob.screen.shown, self.bob.screen.kept = self.bob.screen.shown + self.bob.screen.kept, b""
        self.bob.dialogue.reader.drained()
        self.alice.dialogue.received("100")
        self.alice.dialogue.received("101")
        self.assertEqual(self.bob.sees(), [f"<alice> {n}" for n in range(102)])

    def test_a_stalled_reader_is_still_heard(self) -> None:
        self.bob.stalls()
        self.alice.types("hello")
        self.bob.dialogue.received("I only write")
        self.assertEqual(self.carl.sees(), ["<alice> hello", "<bob> I only write"])

    def test_answers_come_though_lines_wait(self) -> None:
        self.bob.stalls()
        self.alice.types("one", "two")
        self.bob.dialogue.received("/topic")
        shown = self.bob.reads()
        self.assertEqual(sorted(shown), ["*** #lobby has no topic.", "<alice> one", "<alice> two"])
        self.assertLess(shown.index("<alice> one"), shown.index("<alice> two"))

    def test_all_rooms_are_caught_up(self) -> None:
        self.bob.types("/join #dev")
        self.alice.types("/join #dev")
        self.bob.sees()
        self.bob.stalls()
        self.alice.types("dev 1", "/join #lobby", "lobby 1", "/msg bob psst", "/join #dev", "dev 2")
        shown = self.bob.reads()
        self.assertEqual([line for line in shown if "dev" in line], ["<alice> dev 1", "<alice> dev 2"])
        self.assertEqual([line for line in shown if "lobby 1" in line], ["#lobby <alice> lobby 1"])
        self.assertEqual(shown.count("[from alice] psst"), 1)

    def test_a_room_that_was_left_while_stalled_is_over(self) -> None:
        self.bob.stalls()
        self.alice.types("one")
        self.bob.dialogue.received("/leave")
        self.settle()
        self.alice.types("two")
        shown = self.bob.reads()
        self.assertNotIn("<alice> two", shown)
        self.assertIn("*** You left #lobby. You are in no room.", shown)

    def test_coming_into_a_room_while_stalled_misses_nothing_there(self) -> None:
        self.carl.types("/join #dev")
        self.bob.stalls()
        self.alice.types("one")
        self.bob.dialogue.received("/join #dev")
        self.settle()
        self.carl.types("in dev")
        shown = self.bob.reads()
        self.assertEqual(shown[0], "<alice> one")
        self.assertEqual(shown[-1], "<carl> in dev")

    def test_a_socket_that_is_found_broken_is_hung_up_on_and_not_for_a_farewell(self) -> None:
        self.bob.screen.lost = True
        self.alice.types("hello")
        self.assertTrue(self.bob.screen.aborted)
        self.bob.breaks_off()
        self.clock.advance(GRACE)
        self.assertIn("*** bob left #lobby: connection lost.", self.alice.sees())

    def test_who_breaks_off_while_stalled_leaves_nothing_behind(self) -> None:
        timers = len(self.clock.getDelayedCalls())
        self.bob.stalls()
        self.alice.types("hello")
        self.bob.breaks_off()
        self.alice.types("hello?")
        self.clock.advance(GRACE)
        self.settle()
        self.assertEqual(len(self.clock.getDelayedCalls()), timers)


class AnyStallTests(ChatCase):
    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(st.sampled_from(["say", "stall", "read", "rename", "join", "other", "go"]), max_size=40),
        st.integers(0, 60),
    )
    def test_whatever_happens_every_line_comes_once_and_in_order(self, steps: list[str], room: int) -> None:
        self.setUp()
        alice, bob = self.enter("alice", "bob")
        said = 0
        shown: list[str] = []
        for step in steps:
            match step:
                case "say":
                    alice.dialogue.received(f"line {said}")
                    said += 1
                case "stall":
                    if not bob.screen.kept:
                        bob.stalls(after=room)
                case "read":
                    shown += bob.reads()
                case "rename":
                    alice.types("/as alice")
                case "join":
                    bob.dialogue.received("/join #dev")
                case "other":
                    bob.dialogue.received("/topic")
                case "go":
                    self.settle()
        bob.screen.room = None
        shown += bob.reads()
        heard = [line.split("> ")[1] for line in shown if "> line" in line and not line.startswith("[")]
        self.assertEqual(heard, [f"line {n}" for n in range(said)])
