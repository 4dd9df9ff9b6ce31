"""
What people do over two nodes, all at once and in any order: both nodes know the same of them in the end.

The choices are made by chance, but the same ones each time.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from tcpchat.records import KeptAccount
from tcpchat.session import Session
from tests.sharing import SharedCase
from tests.visitors import Visitor

SEEDS = range(20)
STEPS = 40
PASSWORD = "correct-horse"

# What somebody may type who is connected; the rest of each is chosen.
LINES = {
    "/join": ("#sea", "#isle"), "/leave": ("",), "/nick": ("xena", "yves", "anna"), "hello": ("",),
    "/msg": ("anna psst", "bert psst", "carl psst"), "/away": ("eating",), "/back": ("",),
}  # fmt: skip


class SeveralNodesTests(SharedCase):
    def test_both_nodes_know_the_same_and_nobody_is_left_behind(self) -> None:
        for seed in SEEDS:
            with self.subTest(seed):
                if seed:
                    self.doCleanups()
                    self.setUp()
                self._chooses = random.Random(seed)
                self._connected: list[Visitor] = []
                self._codes: list[str] = []
                self._try()

    def _try(self) -> None:
        hash = self.successResultOf(self.chat.hashing.hash(PASSWORD))
        for nick in "anna", "bert":
            self.chat.accounts.keep(KeptAccount(f"a-{nick}", nick, hash, 0))
        self.passes(1)
        for _ in range(STEPS):
            self._step()
            if self._chooses.random() < 0.5:
                self.settle()
        self.passes(5)
        self.assertEqual([*self._wrong()], [])
        for visitor in self._still_connected():
            visitor.dialogue.received("/quit")
        self.passes(100)
        self.assertEqual([*self._wrong(), *self._left_over()], [])

    def _still_connected(self) -> list[Visitor]:
        return [visitor for visitor in self._connected if not visitor.dialogue.is_over]

    # What they do

    def _step(self) -> None:
        choose = self._chooses.choice
        connected = self._still_connected()
        match choose(["login", "login", "guest", "resume", "quit", "break", "wait", *["line"] * 7]):
            case "login":
                self._connect(f"/login {choose(('anna', 'bert'))} {PASSWORD}")
            case "guest":
                self._connect(choose(("carl", "dora")))
            case "resume" if self._codes:
                self._connect(f"/resume {choose(self._codes)}")
            case "wait":
                self.passes(choose((1, 5, 25)))
            case what if connected:
                visitor = choose(connected)
                if b"brings you back" in visitor.screen.shown:
                    self._codes.append(visitor.code)
                if what == "break":
                    visitor.breaks_off()
                elif what == "quit":
                    visitor.dialogue.received("/quit")
                else:
                    line = choose(list(LINES))
                    visitor.dialogue.received(f"{line} {choose(LINES[line])}".strip())

    def _connect(self, line: str) -> None:
        self.go(self._chooses.choice(("east", "west")))
        visitor = self.connect()
        visitor.dialogue.received(line)
        self._connected.append(visitor)

    # What is wrong then

    def _wrong(self) -> Iterator[str]:
        """Yield what the nodes do not agree on, and who is not where the log says that they are."""
        rooms = {
            name: {
                feed.stream: {person: member.nick for person, member in feed.room.members.items()}
                for feed in node.chat.rooms
                if feed.room.members
            }
            for name, node in self.nodes.items()
        }
        if rooms["east"] != rooms["west"]:
            yield f"the rooms differ: {rooms}"
        here: dict[str, list[str]] = {}
        for name, node in self.nodes.items():
            for person in node.chat.people:
                for session in person.sessions:
                    if isinstance(session, Session):
                        here.setdefault(person.id, []).append(session.id)
                        inside = {room for room, people in rooms[name].items() if person.id in people}
                        if inside != {feed.stream for feed in session.feeds}:
                            yield f"{session.id} of {person.nick} on {name} is not in {inside}"
                        if {rooms[name][room][person.id] for room in inside} - {person.nick}:
                            yield f"{person.nick} on {name} is called otherwise in a room"
        here = {person: sorted(sessions) for person, sessions in here.items()}
        for name, node in self.nodes.items():
            known = {it.id: sorted(session.id for session in it.sessions) for it in node.chat.people}
            if known != here:
                yield f"{name} knows of {known}, but there are {here}"

    def _left_over(self) -> Iterator[str]:
        """Yield who is still somewhere though everybody has left."""
        for name, node in self.nodes.items():
            people = [person.nick for person in node.chat.people]
            inside = [feed.stream for feed in node.chat.rooms if feed.room.members]
            inboxes = [feed.stream for feed in node.chat.inboxes]
            if people or inside or inboxes:
                yield f"{name}: {people}, {inside}, {inboxes}"
