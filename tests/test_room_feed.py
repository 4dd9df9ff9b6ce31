"""Big rooms: who comes and goes is shown once a second, to everybody once."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.events import Edited, Entry, Event, Removed, Replied, Said
from tcpchat.limits import LARGEST_UNFOLDED_ROOM
from tcpchat.room import Room
from tcpchat.room_feed import RoomFeed
from tests.visitors import ChatCase, Visitor


class BigRoomTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.crowd = self.enter(*(f"u{n}" for n in range(2, LARGEST_UNFOLDED_ROOM + 2)))
        self.watcher = self.crowd[0]
        self.seconds_pass()

    def seconds_pass(self) -> None:
        self.clock.advance(2)
        for visitor in self.crowd:
            visitor.sees()

    def come(self, *nicks: str) -> list[Visitor]:
        visitors = []
        for nick in nicks:
            visitors.append(self.connect())
            visitors[-1].dialogue.received(nick)
            self.settle()
        return visitors

    def test_in_a_room_of_fifty_each_coming_is_shown_at_once(self) -> None:
        self.crowd[-1].types("/leave")
        self.watcher.sees()
        self.come("anna")
        self.assertEqual(self.watcher.sees(), ["*** anna joined #lobby."])

    def test_beyond_it_they_are_shown_once_a_second_in_one_line(self) -> None:
        _anna, _bert = self.come("anna", "bert")
        self.crowd[1].types("/quit")
        self.assertEqual(self.watcher.sees(), [])
        self.clock.advance(1)
        self.assertEqual(self.watcher.sees(), ["*** anna, bert joined, u3 left #lobby."])
        self.clock.advance(5)
        self.assertEqual(self.watcher.sees(), [])

    def test_who_came_sees_those_who_came_later_and_not_oneself(self) -> None:
        anna, _bert, carl = self.come("anna", "bert", "carl")
        self.clock.advance(1)
        self.assertEqual(anna.sees()[4:], ["*** bert, carl joined #lobby."])
        self.assertEqual(carl.sees()[4:], [])

    def test_what_is_said_meanwhile_is_shown_at_once(self) -> None:
        (anna,) = self.come("anna")
        anna.types("hello")
        self.assertEqual(self.watcher.sees(), ["<anna> hello"])
        self.clock.advance(1)
        self.assertEqual(self.watcher.sees(), ["*** anna joined #lobby."])

    def test_many_are_counted(self) -> None:
        self.come(*(f"anna{n}" for n in range(2, 30)))
        self.clock.advance(1)
        named = ", ".join(f"anna{n}" for n in range(2, 12))
        self.assertEqual(self.watcher.sees(), [f"*** {named} and 18 others joined #lobby."])

    def test_one_who_stalls_meanwhile_is_shown_it_once(self) -> None:
        self.come("anna")
        self.watcher.stalls()
        self.crowd[1].types("hello")
        self.come("bert")
        self.clock.advance(1)
        self.come("carl")
        self.assertEqual(self.watcher.reads(), ["<u3> hello", "*** anna, bert joined #lobby."])
        self.clock.advance(1)
        self.assertEqual(self.watcher.sees(), ["*** carl joined #lobby."])

    def test_one_who_catches_up_before_the_second_is_over_is_shown_it_once_too(self) -> None:
        self.come("anna")
        self.watcher.stalls()
        self.crowd[1].types("hello")
        self.come("bert")
        self.assertEqual(self.watcher.reads(), ["<u3> hello"])
        self.clock.advance(1)
        self.assertEqual(self.watcher.sees(), ["*** anna, bert joined #lobby."])

    def test_one_who_stalls_within_a_commit_misses_nothing_of_it(self) -> None:
        self.come("anna")
        self.watcher.stalls(after=70_000)
        for n in range(60):
            self.crowd[1].dialogue.received(f"{n} " + "x" * 4000)
        shown = [line.split()[1] for line in self.watcher.reads() if line.startswith("<u3>")]
        self.assertEqual(shown, [str(n) for n in range(60)])

    def test_one_who_stalls_on_a_commit_in_which_somebody_came_is_told_of_them(self) -> None:
        self.come("anna")
        self.seconds_pass()
        self.watcher.stalls()
        bert = self.connect()
        bert.dialogue.received("bert")
        self.crowd[1].dialogue.received("hello")
        self.settle()
        self.clock.advance(1)
        self.assertEqual(sorted(self.watcher.reads()), ["*** bert joined #lobby.", "<u3> hello"])

    def test_when_the_room_is_small_again_it_goes_on_at_once(self) -> None:
        self.come("anna")
        self.seconds_pass()
        self.crowd[1].types("/quit")
        self.crowd[2].types("/quit")
        self.clock.advance(1)
        self.assertEqual(self.watcher.sees(), ["*** u3, u4 left #lobby."])
        self.crowd[3].types("/quit")
        self.assertEqual(self.watcher.sees(), ["*** u5 left #lobby."])

    def test_nothing_of_it_is_lost_when_the_server_ends(self) -> None:
        self.come("anna")
        self.chat.stop()
        self.assertEqual(self.watcher.sees(), ["*** anna joined #lobby."])


class ProgramInABigRoomTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.crowd = self.enter(*(f"u{n}" for n in range(2, LARGEST_UNFOLDED_ROOM + 3)))
        self.clock.advance(2)
        self.program, self.person = self.crowd[:2]
        self.program.types("/json")
        self.person.sees()

    def read(self, lines: list[str]) -> list[tuple[int, str]]:
        entries = [json.loads(line) for line in lines]
        return [(entry["seq"], entry["type"]) for entry in entries if "seq" in entry]

    def test_a_program_is_shown_each_at_once_and_with_its_number(self) -> None:
        last = self.log.last("#lobby")
        anna, _bert = self.enter("anna", "bert")
        anna.types("hello", "/quit")
        self.assertEqual(
            self.read(self.program.sees()),
            [(last + 1, "joined"), (last + 2, "joined"), (last + 3, "message"), (last + 4, "left")],
        )
        self.assertEqual(self.person.sees(), ["<anna> hello"])
        self.clock.advance(1)
        self.assertEqual(self.person.sees(), ["*** anna, bert joined, anna left #lobby."])
        self.assertEqual(self.program.sees(), [])

    def test_one_that_stalls_is_caught_up_without_a_hole(self) -> None:
        last = self.log.last("#lobby")
        self.program.stalls(after=7)
        for nick in "anna", "bert", "carl":
            (visitor,) = self.enter(nick)
            visitor.types("hello", "/quit")
            self.clock.advance(0.6)
        self.program.dialogue.received("hi")
        numbers = [seq for seq, _ in self.read(self.program.reads())]
        self.assertEqual(numbers, list(range(last + 1, self.log.last("#lobby") + 1)))

    def test_a_change_to_json_repeats_and_loses_nobody_who_was_yet_to_be_shown(self) -> None:
        last = self.log.last("#lobby")
        self.enter("anna")
        shown = self.person.types("/json")
        (bert,) = self.enter("bert")
        bert.types("/quit")
        self.clock.advance(2)
        folded = [line for line in shown if line.startswith("***")]
        entries = self.read([line for line in [*shown, *self.person.sees()] if line.startswith("{")])
        self.assertEqual(folded, ["*** anna joined #lobby."])
        self.assertEqual(entries, [(last + 2, "joined"), (last + 3, "left")])


class FoldedByChoiceTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.enter("alice", "bob")
        self.bob.types("/set joins folded")

    def test_in_a_small_room_it_concerns_but_oneself(self) -> None:
        self.enter("anna", "bert")
        self.assertEqual(self.bob.sees(), [])
        self.assertEqual(self.alice.sees(), ["*** anna joined #lobby.", "*** bert joined #lobby."])
        self.clock.advance(1)
        self.assertEqual((self.bob.sees(), self.alice.sees()), (["*** anna, bert joined #lobby."], []))

    def test_a_change_of_mind_loses_and_repeats_nothing(self) -> None:
        self.enter("anna")
        self.assertEqual(self.bob.types("/set joins all")[0], "*** anna joined #lobby.")
        self.enter("bert")
        self.alice.types("/set joins folded")
        self.clock.advance(1)
        self.assertEqual(self.bob.sees(), ["*** bert joined #lobby."])

    def test_a_stalled_one_is_caught_up_folded(self) -> None:
        self.bob.stalls()
        self.alice.types("hello")
        self.enter("anna", "bert")
        self.clock.advance(1)
        self.assertEqual(self.bob.reads(), ["<alice> hello", "*** anna, bert joined #lobby."])

    def test_none_shows_nobody(self) -> None:
        self.bob.types("/set joins none")
        self.enter("anna")
        self.clock.advance(1)
        self.assertEqual(self.bob.sees(), [])


STEPS = st.lists(
    st.sampled_from(["come", "go", "say", "stall", "read", "tick", "settle", "all", "folded"]), max_size=60
)


class AnyCrowdCase(ChatCase):
    def check_that_all_is_shown_once(self, steps: list[str], room: int) -> None:
        """Let people come, go and talk before two who read as they like: ``room`` bytes, then a pause."""
        self.setUp()
        watchers = self.enter("anna", "bert")
        shown: list[list[str]] = [[], []]
        here: list[tuple[str, Visitor]] = []
        told: list[str] = []
        said = came = 0
        for step in steps:
            watcher = watchers[said % 2]
            match step:
                case "come":
                    visitor, nick = self.connect(), f"v{'abcdefghij'[came // 10]}{'abcdefghij'[came % 10]}"
                    visitor.dialogue.received(nick)
                    here.append((nick, visitor))
                    told.append(f"{nick} joined")
                    came += 1
                case "go" if here:
                    nick, visitor = here.pop(0)
                    self.settle()
                    visitor.dialogue.received("/quit")
                    told.append(f"{nick} left")
                case "say" if here:
                    here[-1][1].dialogue.received(f"line {said}")
                    said += 1
                case "stall" if not watcher.screen.kept:
                    watcher.stalls(after=room)
                case "read":
                    shown[said % 2] += watcher.reads()
                case "tick":
                    self.clock.advance(0.6)
                case "settle":
                    self.settle()
                case "all" | "folded":
                    watcher.dialogue.received(f"/set joins {step}")
        self.settle()
        self.clock.advance(2)
        for _ in range(2):
            for number, watcher in enumerate(watchers):
                shown[number] += watcher.reads()
            self.clock.advance(2)
        for lines in shown:
            heard = [line.rpartition(" ")[2] for line in lines if "> line " in line]
            self.assertEqual(heard, [str(n) for n in range(said)])
            self.assertEqual(sorted(self.presence(lines)), sorted(told))

    @staticmethod
    def presence(lines: list[str]) -> list[str]:
        """Take folded lines apart: ``*** a, b joined, c left #lobby.``"""
        found: list[str] = []
        for line in lines:
            if line.startswith("*** v"):
                nicks: list[str] = []
                for word in line[4:].replace(",", "").split():
                    if word in ("joined", "left"):
                        found += [f"{nick} {word}" for nick in nicks]
                        nicks = []
                    else:
                        nicks.append(word)
        return found


class AnyCrowdTests(AnyCrowdCase):
    @settings(max_examples=150, deadline=None)
    @given(STEPS, st.integers(0, 60))
    def test_every_coming_going_and_line_is_shown_once(self, steps: list[str], room: int) -> None:
        self.check_that_all_is_shown_once(steps, room)


class RemovalTests(SynchronousTestCase):
    """Of what was taken back, nothing stays at hand for newcomers."""

    def setUp(self) -> None:
        self.feed = RoomFeed(Room("#dev"), Clock(), lambda: 0, 4)
        self.seq = 0

    def happen(self, *events: Event) -> None:
        first, self.seq = self.seq + 1, self.seq + len(events)
        self.feed.deliver([Entry(seq, 0, event) for seq, event in enumerate(events, first)])

    def recent(self) -> list[tuple[int, str]]:
        return [(it.seq, getattr(it.event, "quote", "")) for it in self.feed.recent]

    def test_it_is_gone_with_its_edits_and_what_is_quoted_of_them(self) -> None:
        self.happen(Said("s", "bob", "x"), Edited("s", "bob", "y", 1), Replied("s", "al", "a", 1, "bob: x"))
        self.happen(Replied("s", "al", "b", 2, "bob: y"), Removed("s", "bob", 1))
        self.assertEqual((self.recent(), self.feed.removals), ([(3, ""), (4, "")], 1))

    def test_what_is_quoted_of_something_else_stays(self) -> None:
        self.happen(Said("s", "bob", "x"), Said("s", "bob", "y"), Replied("s", "al", "a", 1, "bob: x"))
        self.happen(Edited("s", "bob", "z", 1), Removed("s", "bob", 2))
        self.assertEqual(self.recent(), [(1, ""), (3, "bob: x"), (4, "")])

    def test_what_is_quoted_of_what_is_not_at_hand_may_be_of_an_edit(self) -> None:
        self.happen(Said("s", "bob", "x"), Edited("s", "bob", "y", 1), Said("s", "al", "a"))
        self.happen(Replied("s", "al", "a", 2, "bob: y"), Said("s", "al", "b"), Said("s", "al", "c"))
        self.happen(Removed("s", "bob", 1))
        self.assertEqual(self.recent(), [(3, ""), (4, ""), (5, ""), (6, "")])

    def test_in_one_batch_as_in_several(self) -> None:
        self.happen(Said("s", "bob", "x"), Said("s", "al", "a"), Removed("s", "bob", 1), Said("s", "al", "b"))
        self.assertEqual(self.recent(), [(2, ""), (4, "")])

    def test_where_nothing_is_at_hand(self) -> None:
        self.happen(Removed("s", "bob", 1))
        self.assertEqual((self.recent(), self.feed.removals), ([], 1))
