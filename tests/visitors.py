"""People for tests: a chat on a log in memory and a clock moved by hand, and screens that remember."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import count
from typing import Any, TypeVar

from argon2 import PasswordHasher
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.acknowledged import Traffic
from tcpchat.dialogue import Dialogue
from tcpchat.events import Entry, Event, Removed
from tcpchat.from_afar import heed
from tcpchat.gate import GATE
from tcpchat.hashing import Hashing
from tcpchat.limits import KEEP_ALL, NO_LIMITS, Limits, Retention
from tcpchat.logs.interface import Found, Log, NotKept, Parts
from tcpchat.logs.memory import MemoryLog
from tcpchat.nameless import connected
from tcpchat.records import KeptAccount
from tcpchat.requests import Refused
from tcpchat.reviving import revive
from tcpchat.service import Chat
from tcpchat.session import Session

T = TypeVar("T")

# Nobody's password is kept by this: it takes a thousandth of the time.
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

# Saturday, 21 November 2026, 10:02 UTC.
MORNING = 1_795_255_320_000


class FullLog(MemoryLog):
    """A log on a disk that can be full."""

    full = False

    def append_all(self, parts: Sequence[tuple[str, Sequence[Event]]]) -> Deferred[list[list[int]]]:
        return self._refusal() if self.full else super().append_all(parts)

    def forget(self, stream: str, upto: int) -> Deferred[None]:
        return self._refusal() if self.full else super().forget(stream, upto)

    def remove(self, stream: str, about: int, event: Removed, also: Parts = ()) -> Deferred[list[int]]:
        return self._refusal() if self.full else super().remove(stream, about, event, also)

    def _refusal(self) -> Deferred[Any]:
        answer: Deferred[Any] = Deferred()
        self._clock.callLater(0, answer.errback, NotKept("the log cannot be written"))
        return answer

    def after_a_crash(self) -> FullLog:
        """Return what a server finds here that starts after this one was killed."""
        log = type(self)(self._clock, self._wall, self.epoch)
        log._streams, log._refs, log._records = self._streams, self._refs, self._records
        log.node = self.node
        return log


class SlowStartLog(FullLog):
    """A log that takes a second to find all records of a kind, as on a busy machine."""

    def records(self, kind: str) -> Deferred[dict[str, bytes]]:
        found: Deferred[dict[str, bytes]] = Deferred()
        super().records(kind).addCallback(lambda known: self._clock.callLater(1, found.callback, known))
        return found


class LateLog(FullLog):
    """A log that takes a while to answer what is asked, as one on disk does."""

    late: float | None = None

    def _answer(self, answer: Deferred[T]) -> Deferred[T]:
        if self.late is None:
            return answer
        later: Deferred[T] = Deferred()
        delay = self.late
        answer.addCallback(lambda known: self._clock.callLater(delay, later.callback, known))
        return later

    def read(self, stream: str, after: int, limit: int) -> Deferred[list[Entry]]:
        return self._answer(super().read(stream, after, limit))

    def read_spoken(self, stream: str, after: int, upto: int, limit: int) -> Deferred[list[Entry]]:
        return self._answer(super().read_spoken(stream, after, upto, limit))

    def find_ref(self, session: str, ref: str) -> Deferred[Found | None]:
        return self._answer(super().find_ref(session, ref))

    def record(self, kind: str, key: str) -> Deferred[bytes | None]:
        return self._answer(super().record(kind, key))


class FakeScreen:
    """A screen whose reader can stall: it takes ``room`` bytes, or everything."""

    socket = None

    def __init__(self) -> None:
        self.shown = b""
        self.kept = b""
        self.room: int | None = None
        self.lost = False
        self.on_its_way = 0
        self.paused = False
        self.hides = False
        self.deaf = False
        self.closed = False
        self.aborted = False

    def show(self, data: bytes) -> int | Exception:
        assert not self.kept, "shown something while something was unsent"
        if self.lost:
            return ConnectionError("gone")
        taken = len(data) if self.room is None else min(self.room, len(data))
        if self.room is not None:
            self.room -= taken
        self.shown += data[:taken]
        return taken

    def keep(self, data: bytes) -> None:
        self.kept += data

    def traffic(self) -> Traffic | None:
        """So much of what was shown has not been acknowledged."""
        return Traffic(self.on_its_way, len(self.shown) - self.on_its_way)

    has_lines = False
    is_encrypted = False

    def pause(self) -> None:
        assert not self.paused
        self.paused = True

    def resume(self) -> None:
        assert self.paused
        self.paused = False

    def hide_input(self, hides: bool) -> None:
        self.hides = hides

    def stop_listening(self) -> None:
        self.deaf = True

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.aborted = True


class Visitor:
    """Somebody at the keyboard, of a terminal that takes ``encoding``."""

    encoding = "utf-8"

    def __init__(self, case: ChatCase, address: str) -> None:
        self._case = case
        self._read = 0
        self.screen = FakeScreen()
        self.dialogue: Dialogue = connected(case.chat, self.screen, address)

    def types(self, *lines: str | bytes | Refused) -> list[str]:
        """Type lines (bytes are what the door takes), and return what is shown then."""
        for line in lines:
            self.dialogue.received(line)
        return self.sees()

    def sees(self) -> list[str]:
        """Return the lines that have come since the last look."""
        self._case.settle()
        new, self._read = self.screen.shown[self._read :], len(self.screen.shown)
        *lines, rest = new.decode(self.encoding).replace("}\n", "}\r\n").split("\r\n")
        assert not rest, "half a line was shown"
        return lines

    def reads(self) -> list[str]:
        """Read on after a stall, and return what has come since the last look."""
        screen = self.screen
        screen.room = None
        while screen.kept:
            screen.shown, screen.kept = screen.shown + screen.kept, b""
            self.dialogue.reader.drained()
            self._case.settle()
        return self.sees()

    def stalls(self, after: int = 0) -> None:
        """Read nothing more, once so many bytes more have come."""
        self.screen.room = after

    def breaks_off(self, unacknowledged: int = 0) -> None:
        """The cable is pulled; so many of the last bytes have not arrived."""
        self.screen.on_its_way = unacknowledged
        self.dialogue.lost("connection lost")

    @property
    def session(self) -> Session:
        """The session of somebody who has come in."""
        session = self._case.chat.people.session(self.dialogue.reader.session)
        assert isinstance(session, Session)
        return session

    @property
    def code(self) -> str:
        """With what one can come back after a break."""
        (code,) = re.findall(r"/resume (\S+) brings you back", self.screen.shown.decode())
        return str(code)


class ChatCase(SynchronousTestCase):
    """A chat, and people who come into it."""

    limits: Limits = NO_LIMITS
    history = 10
    retention: Retention = KEEP_ALL
    operators: tuple[str, ...] = ()  # the nicknames that the configuration names
    node = ""  # the name of the log's node, of a cluster
    opening: tuple[float, ...] = (0, 0, 0)  # seconds that pass, one after the other, while it is opened

    stopped_at_gate = 0  # characters that the output gate is expected to stop

    def setUp(self) -> None:
        stopped = GATE.sanitizer_escape_total
        self.addCleanup(lambda: self.assertEqual(GATE.sanitizer_escape_total - stopped, self.stopped_at_gate))
        ids = count(1)
        self._new_id = lambda: f"s{next(ids)}"
        self._chance = lambda size: next(ids).to_bytes(size)
        self.clock = Clock()
        self.log = FullLog(self.clock, self.wall)
        self.log.node = self.node
        self.chat = self.make_chat(self.log)

    def wall(self) -> int:
        """Return the time of day, which goes on with the clock."""
        return MORNING + int(self.clock.seconds() * 1000)

    def make_chat(self, log: Log, ascii_names: bool = False, greeting: tuple[str, ...] = ()) -> Chat:
        """Return a chat on a log, opened."""
        chat = Chat(
            log,
            self.clock,
            self.wall,
            self._new_id,
            self._chance,
            self.limits,
            self.history,
            ascii_names,
            greeting,
            self.retention,
            hashing=Hashing(argon2=CHEAP),
            operators=self.operators,
        )

        async def open() -> None:
            heed(chat)
            await chat.open()
            await revive(chat)

        opening = Deferred.fromCoroutine(open())
        self.clock.pump(self.opening)
        self.successResultOf(opening)
        return chat

    def crash(self, ascii_names: bool = False) -> None:
        """The server is killed, and another one is started."""
        for call in list(self.clock.getDelayedCalls()):
            call.cancel()
        self.log = self.log.after_a_crash()
        self.chat = self.make_chat(self.log, ascii_names)

    def restart(self, *visitors: Visitor) -> None:
        """The server ends as an operator has it end, with these who are connected; another one starts."""
        self.chat.stop()
        for visitor in visitors:
            visitor.dialogue.lost("")
        self.settle()
        self.chat.close()
        self.crash()

    def has_account(self, visitor: Visitor, is_operator: bool = False) -> str:
        """Let somebody who is there have registered; return the account's id. What that shows is lost."""
        session = visitor.session
        account = KeptAccount(session.id, session.nick, "", self.wall(), is_operator=is_operator)
        self.chat.accounts.keep(account)
        session.person.account = account.id
        session.keep()
        visitor.sees()
        return account.id

    def settle(self) -> None:
        """Let everything happen that is to happen now."""
        while any(call.getTime() <= self.clock.seconds() for call in self.clock.getDelayedCalls()):
            self.clock.advance(0)

    def connect(self, address: str = "192.0.2.1") -> Visitor:
        """Somebody connects."""
        return Visitor(self, address)

    def come_back(self, secret: str, address: str = "192.0.2.1") -> tuple[Visitor, list[str]]:
        """Somebody connects and takes up a session; return what is shown then, too."""
        visitor = self.connect(address)
        visitor.sees()
        return visitor, visitor.types(f"/resume {secret}")

    def enter(self, *nicks: str, address: str = "192.0.2.1") -> tuple[Visitor, ...]:
        """People come in; what they were shown while they did is forgotten."""
        visitors = []
        for nick in nicks:
            visitor = self.connect(address)
            assert visitor.types(nick)[2].startswith("*** You are"), nick
            visitors.append(visitor)
        for visitor in visitors:
            visitor.sees()
        return tuple(visitors)
