"""Rooms and an inbox, what happens there, and who is shown a replay of it."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.events import Event, Said, inbox
from tcpchat.feed import Feed
from tcpchat.limits import LARGEST_CHUNK
from tcpchat.logs.memory import MemoryLog
from tcpchat.render import View
from tcpchat.replays import Replay
from tcpchat.room import Room
from tcpchat.room_feed import RoomFeed


class Bob:
    """Who is shown a replay; in #lobby at the moment."""

    session = person = "bob"

    def __init__(self, view: View = View()) -> None:  # noqa: B008 (it cannot change)
        self._view = view

    def view(self, stream: str) -> View:
        return self._view._replace(current=stream == "#lobby")


class ReplayCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.log = MemoryLog(self.clock, lambda: 1)
        self.bob = Bob()
        self.lobby, self.dev = (
            RoomFeed(Room(name), self.clock, lambda: 1, 10) for name in ("#lobby", "#dev")
        )
        self.inbox = Feed(inbox("bob"), lambda: 1)

    def happen(self, stream: str, *events: Event) -> None:
        self.log.append(stream, events)
        self.clock.advance(0)

    def say(self, stream: str, *texts: str) -> None:
        self.happen(stream, *(Said("alice", "alice", text) for text in texts))

    def piece(self, replay: Replay) -> list[str]:
        data: bytes = self.successResultOf(replay.read(self.log, self.bob))
        self.assertLessEqual(len(data), LARGEST_CHUNK)
        return [line.removeprefix("[00:00] ") for line in data.decode().splitlines()]

    def all(self, replay: Replay) -> list[str]:
        lines = []
        while not replay.is_over:
            lines += self.piece(replay)
        return lines
