"""
What comes over from JetStream's stream, applied to this node's replica: in order, each message once.

It does no harm to apply a message again, as after a crash: the cursor is kept behind what it tells of.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from functools import partial
from typing import Protocol

import msgspec
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from tcpchat.events import Entry
from tcpchat.logs.batches import Take
from tcpchat.logs.interface import NotKept
from tcpchat.logs.nats_holes import AGAIN, Finding, Holes, Reading
from tcpchat.logs.nats_messages import Commit, decode
from tcpchat.logs.nats_terms import Stored
from tcpchat.logs.reporter import LONGEST_TURN
from tcpchat.logs.sqlite_replica import REPLICA, SQLiteReplica

# Under which the replica keeps up to where it has applied the stream.
CURSOR = "cursor"

# Seconds from one keeping of it to the next: so much is applied again after a crash.
KEPT_EACH = 0.5

# Messages that are being applied at once, and that have come and wait for that: some tens of MB.
MOST_UNDER_WAY = 4096
MOST_WAITING = 20_000


class Watching(Finding, Protocol):
    """What is told what comes over."""

    @property
    def cursor(self) -> int:
        """Up to where it was told."""

    def came(self, commit: Commit, at: int) -> None:
        """A message has come over, behind all before it."""

    def launch(self) -> None:
        """Publish what waited for that, before it is shown: NATS has its part to do meanwhile."""

    def applied(self, commit: Commit, at: int) -> Iterator[None]:
        """What it says holds in the replica, and the tails have it."""

    def forgets(self, commit: Commit) -> None:
        """What a message says is forgotten is about to be, and all before the message holds."""


class Applying:
    """Applies one message after the other."""

    logger = Logger()

    def __init__(
        self, link: Reading, store: SQLiteReplica, clock: IReactorTime, watching: Watching, cursor: int
    ) -> None:
        """``cursor`` is up to where the store has the stream."""
        self.is_stuck = False  # nothing can be written
        self._holes = Holes(link, store, clock, watching)
        self._store = store
        self._clock = clock
        self._watching = watching
        self._come: deque[Stored] = deque()
        self._room: Deferred[None] | None = None  # for more of that
        self._is_waiting = False
        self._under_way: dict[int, Stored] = {}
        self._ends: dict[str, int] = {}  # of the streams, as they will be
        self._last = cursor  # that came
        self._kept = cursor
        self._is_keeping = False
        self._until: list[tuple[int, Deferred[None]]] = []
        self._settling: Deferred[None] | None = None  # until all before the next message is applied
        self._shown: list[tuple[int, Commit]] = []  # in this turn, and nobody was told
        self._told: set[int] = set()  # of what is under way: it is not in the file yet, and everybody has it
        self._is_due = False  # the next turn

    @property
    def cursor(self) -> int:
        """Up to where the replica has the stream."""
        if self._under_way:
            return next(iter(self._under_way)) - 1
        return self._come[0].seq - 1 if self._come else self._last

    def until(self, seq: int) -> Deferred[None]:
        """Answer when the replica has the stream up to a sequence."""
        if self.cursor >= seq:
            return succeed(None)
        answer: Deferred[None] = Deferred()
        self._until.append((seq, answer))
        self._store.write()
        return answer

    def take(self, messages: list[Stored]) -> Deferred[None] | None:
        """Take what the link brings; if that is much, answer when there is room for more."""
        self._come += messages
        self._last = messages[-1].seq
        if not self._is_due:
            self._go_on()
        if len(self._come) > MOST_WAITING and self._room is None:
            self._room = Deferred()
        return self._room

    def level(self) -> Deferred[None]:
        """Answer when the replica has all that has come."""
        return self.until(self._last)

    def keep_cursor(self) -> None:
        """Keep up to where the stream was applied."""
        self._is_keeping = False
        if self.cursor > self._kept:
            self._kept = self.cursor
            self._store.keep(REPLICA, CURSOR, b"%d" % self._kept)

    def _next_turn(self) -> None:
        self._is_due = False
        self._go_on()

    def _go_on(self) -> None:
        end = self._clock.seconds() + LONGEST_TURN
        while (
            self._come and len(self._under_way) < MOST_UNDER_WAY and not (self._is_waiting or self.is_stuck)
        ):
            if self._clock.seconds() > end:
                if not self._is_due:
                    self._is_due = True
                    self._clock.callLater(0, self._next_turn)
                break
            message = self._come.popleft()
            at = message.seq
            try:
                commit = decode(message.payload)
            except msgspec.MsgspecError as error:
                self.logger.error("Message {at} is none of ours: {error}", at=at, error=str(error))
                continue
            self._under_way[at] = message
            if at > self._watching.cursor:
                self._watching.came(commit, at)
            last = self._ends.get(commit.stream) or self._store.last(commit.stream)
            if commit.entries and commit.entries[0].seq <= last + 1:
                self._take(at, commit, commit.entries)
            elif commit.entries or commit.forgets:
                self._is_waiting = True
                work = self._fill(at, commit) if commit.entries else self._forget(at, commit)
                Deferred.fromCoroutine(work).addErrback(self._failed).addBoth(self._continue)
            else:
                self._take(at, commit, ())
        self._watching.launch()
        self._show()
        if self._room is not None and len(self._come) <= MOST_WAITING // 2:
            room, self._room = self._room, None
            room.callback(None)
        self._advanced()

    def _continue(self, _: object) -> None:
        self._is_waiting = False
        self._go_on()

    def _take(self, at: int, commit: Commit, entries: list[Entry] | tuple[()], begins: bool = False) -> None:
        if entries:
            self._ends[commit.stream] = entries[-1].seq
        moves = [part.first for part in commit.again] if commit.again else ()
        item = Take(
            commit.stream, entries, at, commit.about, moves, begins, commit.forgets,
            partial(self._taken, at, commit), self._not_taken,
        )  # fmt: skip
        if self._store.may_show(item):
            self._store.add(item)
            if at not in self._told:
                self._shown.append((at, commit))
        else:
            self._show()
            self._store.take(item)

    def _show(self) -> None:
        """Have what has come be shown; whose it was is told that, though the file does not have it yet."""
        if not self._shown:
            return
        shown, self._shown = self._shown, []
        self._store.show()
        for at, commit in shown:
            self._told.add(at)
            self._reached(commit)
            try:
                for _ in self._watching.applied(commit, at):
                    pass
            except Exception:
                self.logger.failure("Something failed when it was told what message {at} says", at=at)

    def _reached(self, commit: Commit) -> None:
        if self._ends.get(commit.stream) == self._store.last(commit.stream):
            del self._ends[commit.stream]

    def _taken(self, at: int, commit: Commit) -> Iterator[None]:
        if at in self._told:
            self._told.discard(at)
        else:
            self._reached(commit)
            yield from self._watching.applied(commit, at)
        self._under_way.pop(at, None)
        if not self._come:
            self._advanced()
        elif not self._is_due:
            self._go_on()

    def _advanced(self) -> None:
        if not self._is_keeping and self.cursor > self._kept:
            self._is_keeping = True
            self._clock.callLater(KEPT_EACH, self.keep_cursor)
        if self._settling is not None and len(self._under_way) == 1:
            settling, self._settling = self._settling, None
            settling.callback(None)
        if self._until:
            cursor = self.cursor
            waiting, self._until = self._until, []
            for seq, answer in waiting:
                if seq <= cursor:
                    answer.callback(None)
                else:
                    self._until.append((seq, answer))

    def _not_taken(self, error: Exception | None) -> None:
        """It could not be written; all that is under way is tried again."""
        if not self.is_stuck:
            self.is_stuck = True
            self._clock.callLater(AGAIN, self._again)
            if (settling := self._settling) is not None:
                self._settling = None
                settling.errback(NotKept("the replica cannot be written"))

    def _again(self) -> None:
        self.is_stuck = False
        self._come.extendleft(reversed(self._under_way.values()))
        self._under_way.clear()
        self._ends.clear()
        self._go_on()

    def _failed(self, failure: Failure) -> None:
        if not failure.check(NotKept):
            self.logger.failure("Something failed while it was applied", failure)
        self._not_taken(None)

    async def _settled(self, at: int) -> None:
        """
        Wait until all before a message is applied, which is the last one that is under way.

        Raises:
            NotKept: something of that cannot be written.
        """
        self._show()
        if next(iter(self._under_way)) < at:
            self._settling = Deferred()
            self._store.write()
            await self._settling

    async def _fill(self, at: int, commit: Commit) -> None:
        """There is a hole before a message."""
        await self._settled(at)
        await self._holes.fill(commit.stream, commit.entries[0].seq)
        self._take(at, commit, commit.entries, True)

    async def _forget(self, at: int, commit: Commit) -> None:
        """Forget, which may take long: what comes behind it does not wait."""
        await self._settled(at)
        self._watching.forgets(commit)
        await self._holes.keep_room(commit)
        stream, upto = commit.stream, commit.forgets
        if self._store.last(stream) < upto:
            await self._store.forget(stream, self._store.last(stream))
            self._take(at, commit, (), True)
        else:
            self._holes.forget(stream, upto).addCallback(lambda _: self._take(at, commit, ()))
