"""
The records of a log on NATS: what all nodes keep in the bucket, with a copy of it in memory.

The copy is what the bucket told last, and over it what this node has kept and the bucket does not have
yet. What was not done for certain is tried again, but not when another node's value has come since it was
kept: that one is newer, and ours was there before it, or might as well have been.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple, Protocol

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from tcpchat.logs.nats_keys import bucket_key, parts
from tcpchat.logs.nats_terms import Change, Refusing

# Records that are on their way at once.
IN_FLIGHT = 64

# Seconds until is tried again what was not done, or what the bucket has no room for.
PAUSE = 0.2
LONG_PAUSE = 1.0

# Tells that another node has kept a record (its key and value), or removed it (None).
Changed = Callable[[str, bytes | None], None]

# Takes a change of the bucket as it is, whoever made it.
Take = Callable[[Change], None]


class Putting(Protocol):
    """What is needed of the link."""

    def put(self, key: str, value: bytes | None, revision: int | None = None) -> Deferred[int]:
        """As `Link.put` does."""

    def watch(self, take: Callable[[list[Change]], None]) -> Deferred[None]:
        """As `Link.watch` does."""


class Wanted(NamedTuple):
    """A value that the bucket is to have, and the number of the first `keep` that this waits for."""

    value: bytes | None
    number: int
    seen: int  # the revision of the key when it was kept: whatever is newer came after it


class NatsRecords:
    """Keeps records, and knows those of the other nodes. What is promised is in `interface.Log`."""

    logger = Logger()

    def __init__(self, link: Putting, node: str, later: Callable[..., object]) -> None:
        """``node`` is this node's name, ``later`` calls something after so many seconds."""
        self._link = link
        self._node = node
        self._later = later
        self._known: dict[str, dict[str, Change]] = {}  # by kind and bucket key
        self._queued: dict[str, Wanted] = {}  # in the order in which they are sent
        self._flying: dict[str, Wanted] = {}
        self._paused: dict[str, Wanted] = {}  # tried and not done
        self._number = 0  # of the last `keep`
        self._unkept: dict[int, None] = {}  # the numbers of those that are not durable, ascending
        self._gates: deque[tuple[int, Deferred[None]]] = deque()  # ascending, too
        self.heard = 0  # the revision up to which the bucket has told everything
        self._changed: dict[str, list[Changed]] = {}
        self._takers: dict[str, list[Take]] = {}
        self._is_open = False
        self._is_halted = False  # for a moment: the bucket does not answer
        self._is_resuming = False  # will what is paused be tried again, without any doing?
        self._is_refused = False  # and the operator was told

    def open(self) -> Deferred[None]:
        """Follow the bucket; answer when all that is in it is known here. Nobody is told of that."""

        def opened(_: None) -> None:
            self._is_open = True

        return self._link.watch(self._take).addCallback(opened)

    def keep(self, kind: str, key: str, value: bytes | None) -> None:
        """Keep a record, or remove it with None; it is tried until it is done."""
        name = bucket_key(self._node, kind, key)
        self._number += 1
        # Whoever waits for the one that is queued or has failed waits for this one: it takes its place.
        before = self._queued.get(name) or self._paused.pop(name, None)
        number = before.number if before else self._number
        self._unkept[number] = None
        newest = self._change(name)
        self._queued[name] = Wanted(value, number, newest.revision if newest else 0)
        self._send()

    @property
    def is_kept(self) -> bool:
        """Whether everything that was given to `keep` is durable."""
        return not self._unkept

    def kept(self) -> Deferred[None]:
        """Answer when everything that was given to `keep` so far is durable (at once if it is)."""
        if not self._unkept:
            return succeed(None)
        answer: Deferred[None] = Deferred()
        self._gates.append((self._number, answer))
        return answer

    def record(self, kind: str, key: str) -> bytes | None:
        """Return a record as it was kept last, here or elsewhere, durable yet or not."""
        name = bucket_key(self._node, kind, key)
        if wanted := self._wanted(name):
            return wanted.value
        known = self._known.get(kind, {}).get(name)
        return known.value if known else None

    def find(self, kind: str, key: str) -> Change | None:
        """Return what the bucket last told of a record, with its revision: for compare-and-set."""
        return self._known.get(kind, {}).get(bucket_key(self._node, kind, key))

    def put(self, kind: str, key: str, value: bytes | None, revision: int) -> Deferred[int]:
        """
        Keep a record if its revision is the expected one (0: if there is none); answer with the new one.

        Fails as `Link.put` does. What was given to `keep` before should be kept by then.
        """
        name = bucket_key(self._node, kind, key)

        def put(revision: int) -> int:
            self._put(Change(name, value, revision, self._node))
            return revision

        return self._link.put(name, value, revision).addCallback(put)

    def records(self, kind: str) -> dict[str, bytes]:
        """Return every record of a kind, by key: of `SHOWN` this node's own."""
        return self.records_of(self._node, kind)

    def records_of(self, node: str, kind: str) -> dict[str, bytes]:
        """Return every record of a kind, by key: of `SHOWN` those of a node."""
        values = {name: change.value for name, change in self._known.get(kind, {}).items()}
        for wanted in (self._flying, self._paused, self._queued):  # the newest last
            for name, (value, _, _) in wanted.items():
                if name.startswith(f"{kind}."):
                    values[name] = value
        found = {}
        for name, value in values.items():
            whose, _, key = parts(name)
            if value is not None and whose in ("", node):
                found[key] = value
        return found

    def watch(self, kind: str, changed: Changed) -> None:
        """Have ``changed`` called for each record of a kind that another node keeps or removes."""
        self._changed.setdefault(kind, []).append(changed)

    def follow(self, kind: str, take: Take) -> None:
        """Have every change of a kind given as the bucket tells it, also what is there and what is ours."""
        self._takers.setdefault(kind, []).append(take)
        for change in list(self._known.get(kind, {}).values()):
            take(change)

    def close(self) -> Deferred[None]:
        """Answer when what was kept is durable, for which the link has to be open."""
        return self.kept()

    # What is to be put.

    def _send(self) -> None:
        while not self._is_halted and len(self._flying) < IN_FLIGHT:
            # One value of a key at a time: they take effect in the order of the calls.
            name = next((name for name in self._queued if name not in self._flying), None)
            if name is None:
                return
            wanted = self._flying[name] = self._queued.pop(name)
            self._link.put(name, wanted.value).addCallbacks(
                self._done, self._failed, callbackArgs=(name,), errbackArgs=(name,)
            )

    def _done(self, revision: int, name: str) -> None:
        wanted = self._flying.pop(name)
        if self._is_refused:
            self._is_refused = False
            self.logger.info("Records can be kept again")
        newest = self._change(name)
        if newest and newest.revision > revision:  # another node's, which came over this one
            self._tell(newest)
            self._clear(newest)
        self._put(Change(name, wanted.value, revision, self._node))
        self._settle(wanted.number)
        self._send()

    def _failed(self, failure: Failure, name: str) -> None:
        wanted = self._flying.pop(name)
        is_refused = failure.check(Refusing) is not None
        if is_refused and not self._is_refused:
            self._is_refused = True
            self.logger.warn("Records cannot be kept: {error}", error=failure.getErrorMessage())
        if newer := self._queued.get(name):
            # It takes this one's place, also for those who wait for this one.
            self._queued[name] = newer._replace(number=wanted.number)
            self._unkept.pop(newer.number, None)
        else:
            self._paused[name] = wanted
        self._is_halted = self._is_halted or not is_refused
        if not self._is_resuming:
            self._is_resuming = True
            self._later(LONG_PAUSE if is_refused else PAUSE, self._resume)

    def _resume(self) -> None:
        """Try again what was not done."""
        self._is_halted = self._is_resuming = False
        paused, self._paused = self._paused, {}
        for name, wanted in paused.items():
            newest = self._change(name)
            if newest and newest.revision > wanted.seen and newest.node != self._node:
                self._settle(wanted.number)
                self._tell(newest)
                self._clear(newest)
            else:
                self._queued.setdefault(name, wanted)
        self._send()

    def _settle(self, number: int) -> None:
        """Answer those who waited for this one last."""
        del self._unkept[number]
        oldest = next(iter(self._unkept), self._number + 1)
        while self._gates and self._gates[0][0] < oldest:
            self._gates.popleft()[1].callback(None)

    def _wanted(self, name: str) -> Wanted | None:
        return self._queued.get(name) or self._paused.get(name) or self._flying.get(name)

    # What is there.

    def _change(self, name: str) -> Change | None:
        return self._known.get(parts(name)[1], {}).get(name)

    def _take(self, changes: list[Change]) -> None:
        for change in changes:
            self.heard = max(self.heard, change.revision)
            is_news = self._learn(change)
            self._clear(change)
            if is_news:
                self._tell(change)

    def _tell(self, change: Change) -> None:
        """Tell what another node has kept, unless this one is about to put something over that."""
        if self._is_open and change.node != self._node and not self._wanted(change.key):
            _, kind, key = parts(change.key)
            for changed in self._changed.get(kind, ()):
                self._call(changed, key, change.value)

    def _put(self, change: Change) -> None:
        """The bucket has what we have put; if it has told so already, it may have told more since."""
        if change.revision > self.heard:
            self._learn(change)
        else:
            self._clear(change)

    def _learn(self, change: Change) -> bool:
        """Take a change in, if it is news."""
        kind = parts(change.key)[1]
        known = self._known.setdefault(kind, {})
        old = known.get(change.key)
        if old and old.revision >= change.revision:
            return False
        known[change.key] = change
        for take in self._takers.get(kind, ()):
            self._call(take, change)
        return True

    def _clear(self, change: Change) -> None:
        """Forget that a record was removed, unless it has to be known for one that is to be put."""
        if change.value is None and not self._wanted(change.key):
            known = self._known.get(parts(change.key)[1], {})
            if (last := known.get(change.key)) and last.value is None:
                del known[change.key]

    def _call(self, call: Callable[..., None], *arguments: object) -> None:
        try:
            call(*arguments)
        except Exception:
            self.logger.failure("Something failed when it was told of a record")
