"""
The whole server in one process, and people who do anything at any time while the log is in trouble.

Hypothesis chooses what happens; RELIABILITY.md's promises must hold whatever it chooses. `TCPCHAT_FULL=1`
has it search for long.
"""

from __future__ import annotations

import gc
import os
from itertools import count
from typing import Any, cast

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from twisted.internet.defer import Deferred
from twisted.logger import LogLevel, globalLogPublisher

from tcpchat import sockets
from tcpchat.doors.line import LineFactory
from tcpchat.events import Spoken
from tcpchat.hashing import Hashing
from tcpchat.limits import (
    GRACE,
    LARGEST_CHUNK,
    LONGEST_ABSENCE,
    MOST_HELD_ANSWERS,
    MOST_UNCOMMITTED,
    NO_LIMITS,
)
from tcpchat.reviving import revive
from tcpchat.service import Chat
from tcpchat.upkeep import UPKEEP
from tests.searching.guests import SESSION, Guest, session_over
from tests.searching.log import GOOD, Mood, TroubledLog
from tests.searching.network import Link, Network, SystemCalls
from tests.searching.promises import Promises, Sent
from tests.searching.witness import Witness, demand
from tests.visitors import CHEAP, MORNING

FULL = bool(os.environ.get("TCPCHAT_FULL"))

PASSWORD = "three-plain-words"

PEOPLE = 5
# Some have two terminals.
TERMINALS = PEOPLE + 2
NAMES = ("ann", "bob", "cyd", "Bob2", "δ-4", "eve", "Fay_")
ROOMS = ("#lobby", "#dev", "#Δ")

# What stands beside a mark: what a terminal obeys, what is long, what looks like something else.
TEXTS = {
    "plain": "hello",
    "escapes": "hello \x1b[2J\x9b2J\u202e\u2028*** bob left #lobby.",
    "forged": "hello <bob> [from bob] [10:02] " + " " * 40 + "x",
    "long": "hello " + "é" * 1500,
    "format": "hello {nick} %s \\x1b e" + "\u0301" * 7,
}

# More than waits for one person at most, and than one connection takes in a turn.
MANY = MOST_UNCOMMITTED + 20

# What one connection may have unsent: answers, a piece of the log, and the answer that was too much.
MOST_UNSENT = 2 * MOST_HELD_ANSWERS + LARGEST_CHUNK

# Calls that are always there: where everybody is, and what need be kept no longer, is looked at.
ALWAYS = 2

MOODS = st.sampled_from(
    [
        GOOD,
        GOOD,
        Mood(delay=0.01, most=1),
        Mood(delay=0.5, most=3, last_first=True),
        Mood(delay=0.1, answers=0.2, reads=(0.3, None)),
        Mood(most=2, last_first=True, answers=0, reads=(0, 0.5)),
        Mood(delay=3),
    ]
)

guests = st.integers(0, TERMINALS - 1)
# How many turns of the reactor follow before the next thing happens; None: until all is done.
turns = st.sampled_from([0, 1, 2, None, None])


class WholeServer(RuleBasedStateMachine):
    """What people and disks can do to a server."""

    def __init__(self) -> None:
        super().__init__()
        self.network = Network()
        self.log = TroubledLog(self.network, self.wall)
        self.promises = Promises(self.log, self._sits_down)
        self.guests = [Guest(number, number % PEOPLE) for number in range(TERMINALS)]
        self._witnesses: dict[Link, Witness] = {}
        self._numbers = count(1)
        self._failures: list[Any] = []
        self._fcntl = vars(sockets)["fcntl"]
        vars(sockets)["fcntl"] = SystemCalls
        globalLogPublisher.addObserver(cast(Any, self._observe))
        self._start()

    def wall(self) -> int:
        """Return the time of day."""
        return MORNING + int(self.network.seconds() * 1000)

    def _observe(self, event: Any) -> None:
        if "log_failure" in event or event.get("log_level") in (LogLevel.error, LogLevel.critical):
            self._failures.append(event)

    def _are_gone(self, marks: set[str]) -> None:
        """What was removed just now: nobody is shown it who has not been sent it already."""
        for link in self.network.links:
            witness = self._witnesses[link]
            witness.on_its_way |= dict.fromkeys(marks, link.sent + link.unsent)

    def _start(self) -> None:
        self.log.on_gone = self._are_gone
        self.chat = Chat(
            self.log,
            self.network,
            self.wall,
            lambda: f"{SESSION}{next(self._numbers)}",
            lambda size: next(self._numbers).to_bytes(size),
            NO_LIMITS,
            hashing=Hashing(argon2=CHEAP),
        )

        async def open() -> None:
            await self.chat.open()
            await revive(self.chat)

        opened: list[None] = []
        Deferred.fromCoroutine(open()).addCallback(opened.append)
        self.network.settle()
        demand(opened, "the server does not start")
        self.factory = LineFactory(self.chat)

    def _sits_down(self, person: str) -> bool:
        known = self.chat.people.person(person)
        return known is not None and len(known.sessions) > 1

    def mark(self, guest: int, room: str = "", to: str = "") -> str:
        """Return a word that has never been typed."""
        mark = f"k{next(self._numbers)}q"
        self.promises.sent[mark] = Sent(self.guests[guest].owner, room, to)
        return mark

    def go_on(self, turns: int | None) -> None:
        """Let the server work."""
        if turns is None:
            self.network.settle()
        for _ in range(turns or 0):
            self.network.turn()

    def guest(self, number: int) -> Guest:
        """Return somebody, who comes if they are not there."""
        guest = self.guests[number]
        if not guest.is_connected:
            self.connect(number, 4096)
        return guest

    def connect(self, number: int, size: int, by: str = "") -> None:
        """Somebody connects; the old connection, if there is one, is not read any more."""
        guest = self.guests[number]
        self.look()
        if guest.link is not None:
            guest.link.flows = 0
        if by not in ("token", "after"):
            guest.asked.clear()  # a person does not know what was done
        link = Link(self.network, len(self.network.links) + 1, f"192.0.2.{guest.owner}", size)
        guest.connects(link)
        self._witnesses[link] = guest.witness
        witness = guest.witness

        def is_sent(data: bytes) -> None:
            self.promises.is_sent(witness, guest.owner, session_over(link), data)

        link.on_sent = is_sent
        self.network.connect(self.factory, link)

    # People

    @rule(number=guests, size=st.sampled_from([300, 4096, 65536]), turns=turns)
    def somebody_connects(self, number: int, size: int, turns: int | None) -> None:
        self.connect(number, size)
        self.go_on(turns)

    @initialize(names=st.permutations(NAMES), programs=st.sets(guests), registered=st.sets(guests))
    def some_come_in(self, names: list[str], programs: set[int], registered: set[int]) -> None:
        for number in range(PEOPLE - 1):
            if number in programs:
                self.guest(number).types("/json")
            self._ask_for(number, "as", names[number])
            if number in registered:
                self.guest(number).types(f"/register {PASSWORD}-{number}")
        self.network.settle()

    def _ask_for(self, number: int, how: str, name: str) -> None:
        self.promises.asked[self.guests[number].owner].add(name)
        self.guest(number).types(f"/{how} {name}")

    @rule(number=guests, name=st.sampled_from(NAMES), turns=turns)
    def somebody_takes_a_name(self, number: int, name: str, turns: int | None) -> None:
        self._ask_for(number, "as", name)
        self.go_on(turns)

    @rule(number=guests, name=st.sampled_from(NAMES), turns=turns)
    def somebody_asks_for_a_name(self, number: int, name: str, turns: int | None) -> None:
        self._ask_for(number, "nick", name)
        self.go_on(turns)

    @rule(
        number=guests,
        text=st.sampled_from(list(TEXTS)),
        act=st.booleans(),
        cut=st.integers(0, 9),
        turns=turns,
    )
    def somebody_talks(self, number: int, text: str, act: bool, cut: int, turns: int | None) -> None:
        guest, mark = self.guest(number), self.mark(number)
        guest.witness.typed.append((mark,))
        guest.types(f"{'/me ' if act else ''}{mark} {TEXTS[text]}", kept_back=cut)
        self.go_on(turns)

    @rule(number=guests, turns=turns)
    def somebody_pours(self, number: int, turns: int | None) -> None:
        guest = self.guest(number)
        marks = [self.mark(number) for _ in range(MANY)]
        guest.witness.typed.extend((mark,) for mark in marks)
        guest.types(*(f"{mark} hello" for mark in marks))
        self.go_on(turns)

    @rule(number=guests, turns=turns)
    def somebody_pastes(self, number: int, turns: int | None) -> None:
        guest, marks = self.guest(number), (self.mark(number), self.mark(number))
        guest.witness.typed.append(marks)
        guest.types("/paste", f"    {marks[0]} hello", f"{marks[1]} hello", ".")
        self.go_on(turns)

    @rule(number=guests, name=st.sampled_from(NAMES), reply=st.booleans(), turns=turns)
    def somebody_writes(self, number: int, name: str, reply: bool, turns: int | None) -> None:
        guest, mark = self.guest(number), self.mark(number, to="?" if reply else name)
        guest.witness.typed.append((mark,))
        guest.types(f"/reply {mark} hello" if reply else f"/msg {name} {mark} hello")
        self.go_on(turns)

    @rule(
        number=guests,
        kind=st.sampled_from(["say", "me", "msg"]),
        room=st.sampled_from(["", *ROOMS]),
        name=st.sampled_from(NAMES),
        again=st.booleans(),
        turns=turns,
    )
    def a_program_asks(
        self, number: int, kind: str, room: str, name: str, again: bool, turns: int | None
    ) -> None:
        guest = self.guest(number)
        if not guest.speaks_json:
            guest.types("/json")
        mark = self.mark(number, to=name) if kind == "msg" else self.mark(number, room=room)
        where = {"to": name} if kind == "msg" else {"room": room} if room else {}
        guest.asks(mark, type=kind, text=f"{mark} hello", **where)
        if again:
            guest.types(guest.asked[mark].decode())
        self.go_on(turns)

    @rule(number=guests, room=st.sampled_from(ROOMS), leave=st.booleans(), turns=turns)
    def somebody_joins_or_leaves(self, number: int, room: str, leave: bool, turns: int | None) -> None:
        self.guest(number).types(f"/{'leave' if leave else 'join'} {room}")
        self.go_on(turns)

    @rule(
        number=guests,
        line=st.sampled_from(
            [
                "/who", "/rooms", "/history 3", "/history", "/more", "/search hello", "/topic hello", "/json",
                "/topic", "/whois bob", "/seen bob", "/away", "/back", "/help", "/set", "/set echo on",
                "/set joins folded", "/set joins none", "/set joins all", "/set numbers on", "/foo", "",
                '{"type":"who"}', '{"type":"history","limit":5}', '{"type":"foo"}', "{", "\ufeffx\x00\x04",
            ]
        ),
        turns=turns,
    )  # fmt: skip
    def somebody_asks(self, number: int, line: str, turns: int | None) -> None:
        self.guest(number).types(line)
        self.go_on(turns)

    @rule(number=guests, name=st.sampled_from(NAMES), stop=st.booleans(), turns=turns)
    def somebody_ignores(self, number: int, name: str, stop: bool, turns: int | None) -> None:
        guest = self.guest(number)
        guest.types(f"/{'unignore' if stop else 'ignore'} {name}")
        self.promises.ignoring.add(guest.owner)
        self.go_on(turns)

    @rule(number=guests, turns=turns)
    def somebody_holds(self, number: int, turns: int | None) -> None:
        guest = self.guest(number)
        guest.types("/hold")
        guest.is_holding = True
        self.go_on(turns)

    # Accounts

    @rule(number=guests, turns=turns)
    def somebody_registers(self, number: int, turns: int | None) -> None:
        guest = self.guest(number)
        guest.types(f"/register {PASSWORD}-{guest.owner}")
        self.go_on(turns)

    @rule(number=guests, name=st.sampled_from(NAMES), after=st.sampled_from(["", "/json"]), turns=turns)
    def somebody_logs_in(self, number: int, name: str, after: str, turns: int | None) -> None:
        """By an account of their own, if they know of one; otherwise they guess."""
        guest = self.guest(number)
        own = [it.registered for it in self.guests if it.owner == guest.owner and it.registered]
        name = own[-1] if own else name
        self.promises.asked[guest.owner].add(name)
        if after:
            guest.types(after)
        guest.types(f"/login {name} {PASSWORD}-{guest.owner}")
        self.go_on(turns)

    @rule(number=guests, turns=turns)
    def somebody_logs_in_anew(self, number: int, turns: int | None) -> None:
        """Over another connection: the old one still looks alive."""
        self.connect(number, 4096)
        self.somebody_logs_in(number, NAMES[0], "", turns)

    # By number

    def _line(self, guest: Guest, back: int, own: bool) -> int:
        """Return the number of a line lately said in a room, where somebody is, perhaps of their own."""
        rooms = [room for room, members in self.promises.members.items() if guest.person in members]
        said = [
            entry.seq
            for room in rooms
            for entry in self.log.held(room)[-50:]
            if isinstance(entry.event, Spoken) and (not own or entry.event.person == guest.person)
        ]
        return said[-1 - back % len(said)] if said else 1

    @rule(
        number=guests,
        back=st.integers(0, 5),
        own=st.booleans(),
        what=st.sampled_from(["re", "edit", "rm", "rm", "context"]),
        turns=turns,
    )
    def somebody_goes_by_number(
        self, number: int, back: int, own: bool, what: str, turns: int | None
    ) -> None:
        guest = self.guest(number)
        line = self._line(guest, back, own)
        if what in ("re", "edit"):
            mark = self.mark(number)
            guest.witness.typed.append((mark,))
            guest.types(f"/{what} {line} {mark} hello")
        else:
            guest.types(f"/{what} {line}")
        self.go_on(turns)

    @rule(number=guests, other=guests, stalls=st.booleans(), holds=st.booleans(), turns=turns)
    def somebody_takes_a_line_back(
        self, number: int, other: int, stalls: bool, holds: bool, turns: int | None
    ) -> None:
        """While somebody else reads no more, or holds, and is shown what is left of it afterwards."""
        self.guest(other)
        if stalls:
            self.somebody_reads_no_more(other, 10)
        if holds:
            self.somebody_holds(other, None)
        self.somebody_talks(number, "plain", act=False, cut=0, turns=None)
        self.somebody_goes_by_number(other, 0, False, "re", turns)
        self.somebody_goes_by_number(number, 0, True, "rm", turns)
        self.somebody_reads_on(other, turns)
        self.somebody_asks(other, "/history 3", None)

    # Operators

    @rule(
        number=guests,
        name=st.sampled_from(NAMES),
        what=st.sampled_from(["/kick {}", "/mute {} 1m", "/unmute {}", "/ban {} 1m", "/unban {}", "/op {}"]),
        turns=turns,
    )
    def an_operator_moderates(self, number: int, name: str, what: str, turns: int | None) -> None:
        self.guest(number).types(what.format(name))
        self.go_on(turns)

    # Connections

    @rule(number=guests, after=st.sampled_from([0, 1, 50, 1000]))
    def somebody_reads_no_more(self, number: int, after: int) -> None:
        link = self.guests[number].link
        if link is not None:
            link.flows = after

    @rule(number=guests, turns=turns)
    def somebody_reads_on(self, number: int, turns: int | None) -> None:
        link = self.guests[number].link
        if link is not None:
            link.flows = None
        self.go_on(turns)

    @rule(number=guests, how=st.sampled_from(["reset", "end", "quit", "lingers"]), turns=turns)
    def somebody_goes(self, number: int, how: str, turns: int | None) -> None:
        guest = self.guest(number)
        assert guest.link is not None
        if how == "reset":
            guest.link.reset()
        elif how == "end":
            guest.types()
            guest.link.end()
        else:
            guest.link.lingers = how == "lingers"
            guest.types("/quit see you")
        self.go_on(turns)

    @rule(number=guests, by=st.sampled_from(["code", "token", "after"]), turns=turns)
    def somebody_comes_back(self, number: int, by: str, turns: int | None) -> None:
        self.connect(number, 4096, by)
        self.guests[number].comes_back(by)
        self.go_on(turns)

    @rule(
        number=guests, other=guests, lines=st.integers(1, 3), by=st.sampled_from(["code", "after", "login"])
    )
    def somebody_misses_something(self, number: int, other: int, lines: int, by: str) -> None:
        self.somebody_reads_no_more(number, 10)
        for _ in range(lines):
            self.somebody_talks(other, "plain", act=False, cut=0, turns=None)
        if by == "login":
            self.somebody_logs_in_anew(number, turns=None)
        else:
            self.somebody_comes_back(number, by, turns=None)

    @rule(number=guests)
    def somebody_asks_much_and_does_not_read(self, number: int) -> None:
        guest = self.guest(number)
        assert guest.link is not None
        guest.link.flows = 0
        guest.types(*["/help"] * MANY)
        self.network.settle()

    # Time and the log

    @rule(seconds=st.sampled_from([0.05, 0.5, 2, GRACE + 1, 70, LONGEST_ABSENCE + 11]))
    def time_goes_by(self, seconds: float) -> None:
        self.network.wait(seconds)

    @rule(mood=MOODS)
    def the_disk_changes(self, mood: Mood) -> None:
        self.log.mood = mood

    @rule(number=st.integers(1, 3))
    def the_disk_refuses(self, number: int) -> None:
        self.log.refuses = number

    @rule(is_full=st.booleans())
    def the_disk_is_full_or_has_room(self, is_full: bool) -> None:
        self.log.is_full = is_full

    @rule(turns=turns)
    def the_disk_hangs(self, turns: int | None) -> None:
        if self.log.hangs:
            self.log.wake()
        else:
            self.log.hangs = True
        self.go_on(turns)

    @rule(written=st.integers(0, 10))
    def the_server_is_killed(self, written: int) -> None:
        for guest in self.guests:
            if guest.link is not None:
                guest.link.reset()
        self.network.crash()
        self.log = self.promises.log = self.log.after_a_crash(written)
        self._start()

    @rule()
    def everything_comes_to_rest(self) -> None:
        self.log.mood, self.log.is_full, self.log.refuses = GOOD, False, 0
        self.log.wake()
        for guest in self.guests:
            if guest.link is not None:
                guest.link.flows = None
            guest.types(*["/go"] * (guest.is_connected and guest.is_holding))
            guest.is_holding = False
        self.network.wait(8)
        self.network.wait(2)  # who has poured is looked at once more, a moment after their first line
        self.look()
        self.promises.check_log()
        for guest in self.guests:
            link = guest.link
            if link is not None and guest.is_connected and not link.protocol.dialogue.is_over:
                self.promises.check_at_rest(guest.witness, guest.session, link.protocol.dialogue.speaks_json)
                demand(not guest.asked or not guest.session, "P5, never answered:", guest.asked)
            elif link is not None and (link.has_ended or link.was_reset) and not link.lingers:
                demand(link.is_closed, "never closed:", guest)

    # What holds at any time

    @invariant()
    def look(self) -> None:
        self.promises.check()
        for guest in self.guests:
            if guest.link is not None:
                if guest.session:
                    self.promises.knows(guest.session, guest.person, guest.owner)
                for line in self.promises.has_arrived(guest.witness, guest.session, guest.link.arrived):
                    guest.reads(line)
        self.promises.look_at_log()

    @invariant()
    def nothing_of_ours_has_failed(self) -> None:
        demand(not self._failures, "failures:", self._failures)

    @invariant()
    def nothing_grows(self) -> None:
        for link in self.network.links:
            demand(link.unsent <= MOST_UNSENT, "P9, unsent:", link.unsent)
        most = MOST_UNCOMMITTED * len(self.network.links)
        demand(self.chat.uncommitted.number <= most, "P9, uncommitted:", self.chat.uncommitted.number)

    def teardown(self) -> None:
        try:
            if not self._failures:
                self.everything_comes_to_rest()
                self._all_go()
        finally:
            globalLogPublisher.removeObserver(cast(Any, self._observe))
            vars(sockets)["fcntl"] = self._fcntl

    def _all_go(self) -> None:
        for link in self.network.links:
            link.reset()
        for _ in range(4):
            self.network.wait((GRACE + LONGEST_ABSENCE + UPKEEP) / 2)
        self.promises.check_log()
        demand(not self.factory.connections, "connections of nobody")
        there = [name for name in NAMES if self.chat.people.find(self.chat.people.nickname(name))]
        demand(not there, "there and not connected:", there)
        demand(not any(self.promises.members.values()), "in a room:", self.promises.members)
        demand(not (self.chat.leaving or self.chat.returning), "on the way", self.chat.leaving)
        demand(not self.chat.uncommitted.number, "uncommitted:", self.chat.uncommitted.number)
        calls = self.network.getDelayedCalls()
        demand(len(calls) <= ALWAYS, "P9, timers of nobody:", calls)
        self.promises.check()
        gc.collect()  # a failure that nobody has handled is told when it goes
        self.nothing_of_ours_has_failed()


WholeServer.TestCase.settings = settings(
    max_examples=20000 if FULL else 150,
    stateful_step_count=60 if FULL else 40,
    derandomize=not FULL,  # of what it finds by chance not everybody who runs the tests is to be the finder
    suppress_health_check=list(HealthCheck),
)


class WholeServerTests(WholeServer.TestCase):  # type: ignore[valid-type, misc]
    @classmethod
    def setUpClass(cls) -> None:
        """Let go now of what earlier tests left, which may say in the log that it has failed."""
        super().setUpClass()
        gc.collect()
        gc.freeze()
        cls.addClassCleanup(gc.unfreeze)
