"""
Three nodes in one process, and people who come, go and come back on any of them while nodes die.

In the end everybody is there once, under a name that nobody else has. ``TCPCHAT_FULL=1`` searches for long.
"""

from __future__ import annotations

import os
from random import Random

from tcpchat import claimed
from tests.sharing import SharedCase
from tests.visitors import Visitor

FULL = bool(os.environ.get("TCPCHAT_FULL"))
ROUNDS, STEPS = (300, 160) if FULL else (6, 80)
NODES = "east", "north", "west"

OFTEN = "enter", "say", "say", "resume", "break", "quit", "nick", "join", "wait", "wait"
SELDOM = "kill", "cut", "heal", "slow"


class ClusterSearch(SharedCase):
    def setUp(self) -> None:
        super().setUp()
        self.start("north")
        self.people: dict[str, Visitor] = {}  # by the code with which they come back

    def test_whatever_happens_everybody_is_there_once_in_the_end(self) -> None:
        for seed in range(ROUNDS):
            self.setUp()
            self.random = Random(seed)
            done = [self.step() for _ in range(STEPS)]
            self.heal()
            self.check(f"seed {seed}: {done}")

    def step(self) -> str:
        """Let something happen."""
        name = self.random.choice([it for it in NODES if not self.nodes[it].log.is_dead])
        what = self.random.choice(OFTEN + SELDOM)
        node = self.go(name)
        match what:
            case "enter":
                self.enter_somebody()
            case "resume" if self.people:
                self.resume_somebody()
            case "kill" if self.random.random() < 0.2:
                self.kill(name)
                self.passes(self.random.choice([1, 30, 100]))
                self.start(name)
            case "cut":
                node.bucket.cut()
            case "heal":
                node.bucket.heal()
            case "slow":
                node.bucket.late = self.random.choice([0.0, 0.05])
            case "wait":
                self.passes(self.random.choice([0.5, 5, 25, 60]))
            case _ if self.people:
                self.somebody_does(what)
        self.settle()
        return f"{what} {name}"

    def enter_somebody(self) -> None:
        visitor = self.connect(f"192.0.2.{self.random.randrange(5)}")
        visitor.sees()
        nick = f"p{self.random.randrange(8)}"
        visitor.dialogue.received(self.random.choice([nick, f"/as {nick}"]))
        self.passes(0.5)
        if "brings you back" in visitor.screen.shown.decode():
            self.people[visitor.code] = visitor

    def resume_somebody(self) -> None:
        code = self.random.choice(list(self.people))
        visitor = self.people[code] = self.connect("192.0.2.9")
        visitor.sees()
        visitor.dialogue.received(f"/resume {code}")
        self.passes(self.random.choice([0, 0.5, 4]))

    def somebody_does(self, what: str) -> None:
        visitor = self.random.choice(list(self.people.values()))
        if visitor.screen.closed:
            return
        if what == "break":
            visitor.breaks_off()
            return
        lines = {
            "say": "hello",
            "quit": "/quit",
            "nick": f"/nick p{self.random.randrange(8)}",
            "join": self.random.choice(["/join #dev", "/leave #dev", "/join #lobby"]),
        }
        if what in lines:
            visitor.dialogue.received(lines[what])

    def heal(self) -> None:
        """Have everything work again, and time to see to it."""
        for node in self.nodes.values():
            node.bucket.late = 0.0
            node.bucket.heal()
        self.passes(130)

    def check(self, what: str) -> None:
        """See that everybody is there once, and has their name."""
        crowd = self.crowd()
        self.assertEqual(len({*crowd}), len(crowd), what)
        sessions: dict[str, str] = {}  # the node of each
        names: dict[str, tuple[str, set[str]]] = {}  # by the bucket's key: whose, and on which nodes
        for name, node in self.nodes.items():
            for person in node.chat.people:
                for seat in person.sessions:
                    if not seat.is_distant:
                        self.assertEqual(sessions.setdefault(seat.id, name), name, what)
                for key in person.name.keys if person.is_here else ():
                    whose, nodes = names.setdefault(claimed.bucket_key(key), (person.id, set()))
                    self.assertEqual(whose, person.id, what)
                    nodes.add(name)
        self.assertLessEqual(self.chat.rooms.lobby.room.members.keys(), sessions.keys(), what)
        kept = {key: claimed.decode(self.values.value(key) or b"") for key in self.values.keys(claimed.CLAIM)}
        held = {key: (it.person, {*it.nodes}) for key, it in kept.items() if not it.kept}
        self.assertEqual(held, names, what)
