"""Where everybody is: kept often enough, never too far; and the laws of never missing anything."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tcpchat import records
from tcpchat.acknowledged import Acknowledged
from tcpchat.cursors import LOOKED_AT_ANYWAY, ROUND, Cursors
from tcpchat.events import Entry, Said, Told
from tcpchat.logs.memory import MemoryLog
from tcpchat.places import Place
from tests.visitors import ChatCase, Visitor


class Somebody:
    """Whose reader is where the tests say."""

    def __init__(self, **places: int) -> None:
        self.acknowledged = Acknowledged()
        self.looks = 0
        self.move(**places)

    def move(self, **places: int) -> None:
        self.acknowledged.places = {f"#{room}": Place(seq, seq) for room, seq in places.items()}

    def look_at_traffic(self, floor: Mapping[str, Place]) -> None:
        self.looks += 1


class Late(Somebody):
    """Whose peer acknowledges what is on its way when one looks, but always after that."""

    on_its_way: Mapping[str, Place] = {}

    def look_at_traffic(self, floor: Mapping[str, Place]) -> None:
        super().look_at_traffic(floor)
        self.acknowledged.places = {**self.acknowledged.places, **self.on_its_way}
        self.on_its_way = {stream: floor[stream] for stream in self.acknowledged.places}


class CursorsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.log = MemoryLog(self.clock, lambda: 0)
        self.settled = {"#lobby": Place(9, 9), "#dev": Place(5, 5)}
        self.cursors = Cursors(self.log, self.clock, lambda: dict(self.settled))
        self.cursors.start()

    def own(self, session: str) -> dict[str, int] | None:
        kept = self.successResultOf(self.log.record(records.PLACE, session))
        return {stream: place.seq for stream, place in records.places(kept).items()} if kept else None

    def shown(self, stream: str = "#lobby") -> int | None:
        kept = self.successResultOf(self.log.records(records.SHOWN))
        place = records.shown(kept).get(stream)
        return place.seq if place else None

    def go_on(self, seconds: float = 1.0) -> None:
        self.clock.pump([0.05] * round(seconds / 0.05 + 1))

    def test_who_is_where_all_are_has_no_place_of_their_own(self) -> None:
        self.cursors.watch("s1", Somebody(lobby=9, dev=5), {})
        self.go_on()
        self.assertEqual((self.shown(), self.shown("#dev"), self.own("s1")), (9, 5, None))

    def test_of_several_nodes_each_keeps_where_its_own_people_are(self) -> None:
        self.log.node = "here"
        self.cursors.watch("s1", Somebody(lobby=9), {})
        self.go_on()
        self.assertEqual((self.shown(), self.shown("#dev")), (9, None))
        self.cursors.watch("s2", Somebody(dev=3), {})
        self.go_on()
        self.assertEqual((self.shown("#dev"), self.own("s2")), (5, {"#dev": 3}))

    def test_of_several_nodes_each_keeps_many_rooms_in_few_records(self) -> None:
        self.log.node = "here"
        rooms = [f"r{n}" for n in range(100)]
        self.settled |= {f"#{room}": Place(9, 9) for room in rooms} | {"@s1": Place(3, 3)}
        reader = Somebody(**dict.fromkeys(rooms, 9))
        reader.acknowledged.places["@s1"] = Place(3, 3)
        self.cursors.watch("s1", reader, {})
        self.go_on()
        self.assertEqual([self.shown(stream) for stream in ("#r0", "#r99", "@s1")], [9, 9, 3])
        kept = self.successResultOf(self.log.records(records.SHOWN))
        self.assertEqual(kept.keys(), {"@s1", *(records.group(f"#{room}") for room in rooms)})
        self.assertEqual(len(kept), 1 + records.GROUPS)
        self.settled["#r7"] = Place(12, 12)
        self.go_on()
        self.assertEqual((self.shown("#r7"), self.shown("#r8")), (12, 9))

    def test_whose_peer_acknowledges_a_moment_later_has_no_place_of_their_own(self) -> None:
        late = Late(lobby=9)
        self.cursors.watch("s1", late, {})
        for seq in range(10, 30):
            self.settled["#lobby"] = Place(seq, seq)
            self.go_on(ROUND)
            self.assertIsNone(self.own("s1"))
        self.assertGreater(late.looks, 20)

    def test_who_is_behind_has_a_place_where_they_are(self) -> None:
        self.cursors.watch("s1", Somebody(lobby=3, dev=5), {})
        self.go_on()
        self.assertEqual((self.shown(), self.own("s1")), (9, {"#lobby": 3}))

    def test_who_has_caught_up_has_it_no_longer(self) -> None:
        bob = Somebody(lobby=3)
        self.cursors.watch("s1", bob, {})
        self.go_on()
        bob.move(lobby=9)
        self.go_on()
        self.assertIsNone(self.own("s1"))

    def test_everybody_who_may_be_behind_is_looked_at_once_in_half_a_second(self) -> None:
        people = [Somebody(lobby=8) for _ in range(100)]
        for n, somebody in enumerate(people):
            self.cursors.watch(f"s{n}", somebody, {})
        self.go_on(0.4)
        self.assertEqual({somebody.looks for somebody in people}, {1})

    def test_who_was_shown_nothing_new_is_looked_at_but_now_and_then(self) -> None:
        people = [Somebody(lobby=9) for _ in range(100)]
        for n, somebody in enumerate(people):
            self.cursors.watch(f"s{n}", somebody, {})
        self.go_on(ROUND * (LOOKED_AT_ANYWAY - 2))
        self.assertEqual({somebody.looks for somebody in people}, {0})
        self.go_on(ROUND * 4)
        self.assertEqual({somebody.looks for somebody in people}, {1})

    def test_what_came_in_the_round_is_not_said_to_be_shown_before_everybody_was_looked_at(self) -> None:
        self.go_on()
        bob = Somebody(lobby=9)
        self.cursors.watch("s1", bob, {})
        self.settled["#lobby"] = Place(12, 12)
        for _ in range(40):
            self.clock.advance(0.05)
            if self.shown() == 12:
                break
        self.assertEqual((self.shown(), self.own("s1")), (12, {"#lobby": 9}))

    def test_who_has_come_back_is_behind_until_what_was_before_that_is_read(self) -> None:
        bob = Somebody(lobby=9)  # where the others are, but the last entry is that bob is back
        self.cursors.rest("s1", {"#lobby": Place(9, 9)})
        self.cursors.watch("s1", bob, {"#lobby": Place(11, 11)})
        self.go_on()
        self.assertEqual(self.own("s1"), {"#lobby": 9})
        bob.move(lobby=11)
        self.go_on()
        self.assertIsNone(self.own("s1"))

    def test_who_is_gone_stays_where_they_were(self) -> None:
        bob = Somebody(lobby=3)
        self.cursors.watch("s1", bob, {})
        self.cursors.rest("s1", {"#lobby": Place(2, 2)})
        bob.move(lobby=9)
        self.go_on()
        self.assertEqual((self.own("s1"), bob.looks), ({"#lobby": 2}, 0))

    def test_who_is_forgotten_is_nowhere_and_so_is_their_stream(self) -> None:
        self.settled["@s1"] = Place(3, 3)
        self.go_on()
        self.assertEqual(self.shown("@s1"), 3)
        del self.settled["@s1"]  # they have left
        self.go_on()
        self.cursors.rest("s1", {"#lobby": Place(2, 2)})
        self.cursors.forget("s1", "@s1")
        self.go_on()
        self.assertEqual((self.own("s1"), self.shown("@s1"), self.shown()), (None, None, 9))

    def test_the_end_looks_at_everybody_once_more(self) -> None:
        self.cursors.watch("s1", Somebody(lobby=3), {})
        self.settled["#lobby"] = Place(12, 12)
        self.cursors.stop()
        self.assertEqual((self.shown(), self.own("s1")), (12, {"#lobby": 3}))
        self.assertEqual(self.clock.getDelayedCalls(), [])


STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["lobby", "dev", "msg", "burst"]), st.just(0)),
        st.tuples(st.sampled_from(["wait"]), st.sampled_from([0.05, 0.3, 1.1, 25])),
        st.tuples(st.sampled_from(["stall", "stalled resume"]), st.integers(0, 400)),
        st.tuples(st.just("arrive"), st.floats(0, 1)),
        st.tuples(
            st.sampled_from(["read", "ask", "break", "end", "resume", "crash", "restart", "rename"]),
            st.just(0),
        ),
    ),
    max_size=30,
)


class NothingIsLostCase(ChatCase):
    """Alice talks; Bob's connection stalls, breaks, comes back; the server is killed."""

    def begin(self) -> None:
        self.setUp()
        self.said = 0
        self.bob: Visitor
        self.alice, self.bob = self.enter("alice", "bob")
        self.codes = self.alice.code, self.bob.code
        for visitor in self.alice, self.bob:
            visitor.types("/join #dev")
        self.session = next(
            iter({m for m in self.chat.rooms.find("#dev").room.members} - {self.id_of("alice")})
        )
        self.first = {stream: self.log.last(stream) for stream in ("#lobby", "#dev")}
        self.prepare()
        self.alice.sees()
        self.bob.sees()
        self.skipped = len(self.bob.screen.shown)
        self.arrived = self.skipped  # bytes that this connection's peer has
        self.connected = True
        self.since = 0.0
        self.read: list[list[str]] = []  # of each connection before

    def prepare(self) -> None:
        """Have Bob ready."""

    def id_of(self, nick: str) -> str:
        members = self.chat.rooms.find("#lobby").room.members
        (found,) = (session for session, member in members.items() if member.nick == nick)
        return found

    def go(self, step: str, value: float) -> None:
        match step:
            case "lobby" | "dev":
                self.alice.types(f"/join #{step}", f"line {self.next()}")
            case "burst":
                self.alice.types(*(f"line {self.next()} {'x' * 50}" for _ in range(80)))
            case "msg":
                self.alice.types(f"/msg bob line {self.next()}")
            case "rename":
                self.alice.types("/as alice")
            case "wait" if self.clock.seconds() + value - self.since < 250:
                self.measured()
                self.clock.advance(value)
            case "stall" if not self.bob.screen.kept:
                self.bob.stalls(after=int(value))
            case "read":
                self.bob.reads()
            case "arrive":
                self.arrived += int((len(self.bob.screen.shown) - self.arrived) * value)
            case "ask":
                self.bob.dialogue.received("/topic")
            case "break" | "end" if self.connected:
                self.measured()
                self.bob.dialogue.lost("connection lost" if step == "break" else "")
                self.gone()
            case "resume" | "stalled resume":
                self.resume(None if step == "resume" else int(value))
            case "crash" | "restart":
                self.measured()
                if step == "crash":
                    self.crash()
                else:
                    self.restart(self.alice, *([self.bob] if self.connected else []))
                if self.connected:
                    self.gone()
                self.alice, _ = self.come_back(self.codes[0])
        self.settle()
        self.measured()

    def next(self) -> int:
        self.said += 1
        return self.said

    def measured(self) -> None:
        """What is not acknowledged is what has not arrived."""
        self.bob.screen.on_its_way = len(self.bob.screen.shown) - self.arrived

    def gone(self) -> None:
        """The connection is over: what has arrived was read, and no more."""
        self.connected = False
        self.since = self.clock.seconds()
        *lines, _ = self.bob.screen.shown[self.skipped : self.arrived].decode().split("\n")
        self.read.append([line.rstrip("\r") for line in lines])
        self.arrived = self.skipped = 0
        self.bob.screen.shown = b""

    def resume(self, room: int | None) -> None:
        """Come back, whether or not the old connection is there."""
        self.measured()
        old, self.bob = self.bob, self.connect()
        self.settle()
        if room is not None:
            self.bob.stalls(after=room)
        for line in self.first_lines():
            self.bob.dialogue.received(line)
        if self.connected:
            new, self.bob = self.bob, old
            self.gone_by_takeover()
            self.bob = new
        self.settle()
        self.connected = True
        self.arrived = self.skipped = 0

    def gone_by_takeover(self) -> None:
        self.gone()

    def first_lines(self) -> list[str]:
        return [f"/resume {self.codes[1]}"]

    def finish(self) -> list[str]:
        """Come back for good, and return all that was read."""
        self.resume(None)
        self.bob.reads()
        self.arrived = len(self.bob.screen.shown)
        self.gone()
        return [line for lines in self.read for line in lines]

    def entries(self, stream: str) -> list[Entry]:
        after = self.first.get(stream, 0)
        return self.successResultOf(self.log.read(stream, after, 10**6))


class TextLawTests(NothingIsLostCase):
    @settings(max_examples=150, deadline=None)
    @given(STEPS)
    def test_whoever_reads_what_arrives_misses_nothing(self, steps: list[tuple[str, float]]) -> None:
        self.begin()
        for step in steps:
            self.go(*step)
        read = self.finish()
        for stream in "#lobby", "#dev", f"@{self.session}":
            said = [
                _number(entry.event.text)
                for entry in self.entries(stream)
                if isinstance(entry.event, Said | Told) and "line" in entry.event.text
            ]
            came = [_number(line) for line in read if re.search(r" line \d+", line)]
            of_stream = [number for number in came if number in set(said)]
            self.assertEqual(list(dict.fromkeys(of_stream)), said)
        known: set[int] = set()
        for line in read:
            if re.search(r" line \d+", line):
                self.assertFalse(_number(line) in known and not line.startswith("["), line)
                known.add(_number(line))


def _number(text: str) -> int:
    found = re.search(r"line (\d+)", text)
    assert found
    return int(found[1])


class ProgramLawTests(NothingIsLostCase):
    """Bob is a program, which says after which numbers it goes on."""

    def prepare(self) -> None:
        lines = self.bob.types("/json")
        self.token = json.loads(lines[0])["session"]
        self.start = json.loads(lines[0])["after"]

    def first_lines(self) -> list[str]:
        return ["/json", json.dumps({"type": "resume", "session": self.token, "after": self.after})]

    def resume(self, room: int | None) -> None:
        # A program that comes back has given up the old connection, and what is on it.
        if self.connected:
            self.measured()
            self.gone_of_its_own()
        self.after = dict(self.start)
        for fields in self.fields():
            self.after[fields["room"]] = fields["seq"]
        super().resume(room)

    def gone_of_its_own(self) -> None:
        """The program reads no more of it; the server does not know that."""
        shown = self.bob.screen.shown
        self.gone()
        self.bob.screen.shown = shown
        self.bob.screen.on_its_way = 0

    def fields(self) -> list[dict[str, Any]]:
        known = [json.loads(line) for lines in self.read for line in lines if line.startswith("{")]
        return [each for each in known if "seq" in each and each["type"] != "ok"]

    @settings(max_examples=150, deadline=None)
    @given(STEPS)
    def test_each_entry_comes_once_and_none_is_left_out(self, steps: list[tuple[str, float]]) -> None:
        self.begin()
        for step in steps:
            self.go(*step)
        self.finish()
        for room, stream in ("lobby", "#lobby"), ("dev", "#dev"), ("@", f"@{self.session}"):
            seqs = [each["seq"] for each in self.fields() if each["room"] == room]
            first = self.start.get(room, 0)
            self.assertEqual(seqs, list(range(first + 1, self.log.last(stream) + 1)), room)
