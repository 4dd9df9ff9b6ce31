"""A bucket in memory that nodes share, each by a link of its own that can be cut, or lose answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from tcpchat.logs.nats_terms import Change, Lost, Refusing, Unclear


class Values:
    """What is in the bucket."""

    def __init__(self) -> None:
        self.changes: dict[str, Change] = {}  # the last one of each key, also where it was removed
        self.revision = 0
        self.links: list[MemoryBucket] = []
        self.attending: dict[str, MemoryBucket] = {}  # who answers when a node is called

    def value(self, key: str) -> bytes | None:
        """Return what is under a key."""
        change = self.changes.get(key)
        return change.value if change else None

    def keys(self, kind: str) -> set[str]:
        """Return the keys of a kind that have a value."""
        return {key for key in self.changes if key.startswith(f"{kind}.") and self.value(key) is not None}

    def put(self, key: str, value: bytes | None, revision: int | None, node: str) -> int:
        """Put a value, or raise `Lost`."""
        there = self.changes.get(key)
        last = there.revision if there else 0
        if revision is not None and revision != last and not (revision == 0 and self.value(key) is None):
            raise Lost
        self.revision += 1
        self.changes[key] = Change(key, value, self.revision, node)
        for link in self.links:
            link.tell()
        return self.revision


class MemoryBucket:
    """
    One node's link to it: all that is asked takes a turn, or ``late`` seconds, there and back.

    What `shared_bucket.Bucket` and `calls.Calls` promise holds.
    """

    word = ""  # with which calls are answered

    late = 0.0
    is_cut = False  # nothing gets through, in either direction
    loses_answers = False  # what is asked is done, and the answer gets lost
    refuses = False  # there is no room
    is_idle = False  # nothing is done that is asked
    is_deaf = False  # what has changed is not told

    def __init__(self, clock: IReactorTime, values: Values, node: str = "") -> None:
        self._clock = clock
        self.values = values
        self._node = node
        self._takers: list[tuple[str, Callable[[Change], None]]] = []
        self._told = 0  # the last revision that the takers were given
        self._is_telling = False
        self.puts = 0
        values.links.append(self)

    @property
    def is_connected(self) -> bool:
        return not self.is_cut

    def put(self, key: str, value: bytes | None, revision: int | None = None) -> Deferred[int]:
        self.puts += 1
        return self._ask(lambda: self.values.put(key, value, revision, self._node))

    def get(self, key: str) -> Deferred[Change | None]:
        def found() -> Change | None:
            return None if self.values.value(key) is None else self.values.changes[key]

        return self._ask(found)

    def _ask(self, do: Callable[[], Any]) -> Deferred[Any]:
        answer: Deferred[Any] = Deferred()

        def arrive() -> None:
            if self.is_cut or self.is_idle:
                answer.errback(Unclear())
                return
            try:
                if self.refuses:
                    raise Refusing("the bucket is full")
                outcome = do()
            except (Lost, Refusing) as error:
                outcome = error
            self._clock.callLater(self.late, come_back, outcome)

        def come_back(outcome: Any) -> None:
            if self.is_cut or self.loses_answers:
                answer.errback(Unclear())
            elif isinstance(outcome, Lost | Refusing):
                answer.errback(outcome)
            else:
                answer.callback(outcome)

        self._clock.callLater(self.late, arrive)
        return answer

    def call(self, node: str) -> Deferred[str | None]:
        answer: Deferred[str | None] = Deferred()
        called = self.values.attending.get(node)
        if self.is_cut or called is None or called.is_cut:
            if self.is_cut:
                self._clock.callLater(self.late, answer.errback, Unclear())
            else:
                self._clock.callLater(self.late, answer.callback, None)
            return answer
        late = self._clock.callLater(1.5, lambda: answer.errback(Unclear()))

        def answered() -> None:
            if late.active():
                late.cancel()
                answer.callback(called.word)

        called._clock.callLater(self.late, answered)  # one that is stopped has a clock that stands still
        return answer

    def attend(self, word: str) -> None:
        self.word = word
        self.values.attending[self._node] = self

    def follow(self, kind: str, take: Callable[[Change], None]) -> None:
        for change in sorted(self.values.changes.values(), key=lambda it: it.revision):
            if change.key.startswith(f"{kind}.") and change.value is not None:
                take(change)
        self._takers.append((kind, take))
        self._told = self.values.revision

    def cut(self) -> None:
        """Let nothing through any more."""
        self.is_cut = True

    def heal(self) -> None:
        """Let everything through again; what has changed meanwhile comes now."""
        self.is_cut = self.is_deaf = False
        self.tell()

    def tell(self) -> None:
        """Have the takers told what has changed."""
        if not (self.is_cut or self.is_deaf or self._is_telling):
            self._is_telling = True
            self._clock.callLater(self.late, self._tell)

    def _tell(self) -> None:
        self._is_telling = False
        if self.is_cut or self.is_deaf:
            return
        news = sorted(self.values.changes.values(), key=lambda it: it.revision)
        news = [change for change in news if change.revision > self._told]
        self._told = self.values.revision
        for change in news:
            for kind, take in self._takers:
                if change.key.startswith(f"{kind}."):
                    take(change)
