"""
Claims of nicknames in the bucket that the nodes of a cluster share, kept as they should be.

What is held here (`own`) is what the bucket is to say of each key, and what it does say (`known`) is seen by
everybody. The one is made of the other by compare-and-set, at once or in the end; so a change that got lost,
or of which nobody knows whether it was made, is no special case.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, NamedTuple

from twisted.internet.defer import Deferred, DeferredList, DeferredLock, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from tcpchat import claimed
from tcpchat.claimed import Claim
from tcpchat.logs.nats_terms import Change, Lost, Refusing, Unclear
from tcpchat.names import Key
from tcpchat.shared_bucket import Bucket

# Seconds until what could not be put into the bucket is tried again, and while somebody waits for that.
AGAIN = 1.0
SOON = 0.25

# Seconds for a link that has lost its server to find another one.
GRACE = 2.0

# Claims that are freed at the same time.
AT_ONCE = 64

# How often somebody else may be first, one after the other, before it is given up.
MOST_RACES = 20


class Shared(NamedTuple):
    """What the nodes of a cluster share, and which of them this is."""

    bucket: Bucket
    node: str
    is_living: Callable[[str], bool]  # has another node a lease?
    is_fenced: Callable[[], bool]  # could the others take this node for dead?
    was_stopped: Callable[[], bool] = lambda: False  # did this process just stand still?


class HeldElsewhere(Exception):
    """Somebody else has it."""


class _Known(NamedTuple):
    """What the bucket said of a key last: a claim, or that there is none any more."""

    claim: Claim | None
    revision: int


NOTHING = _Known(None, 0)


class Settling:
    """What one node claims, and what it knows of the others' claims."""

    logger = Logger()

    def __init__(
        self, shared: Shared, clock: IReactorTime, show: Callable[[Key, Claim | None], None]
    ) -> None:
        """``show`` is told what others hold, or keep, under a key: None if nobody does."""
        self.own: dict[Key, Claim] = {}  # what is held here, or kept
        self._shared = shared
        self._clock = clock
        self._tell = show
        self._known: dict[Key, _Known] = {}
        self._by_node: dict[str, set[Key]] = {}  # what each node claims
        self._suspect: set[Key] = set()  # keys of which the bucket says perhaps what nobody sees to
        self._locks: dict[Key, DeferredLock] = {}  # of those that are being settled
        self._stopped = False
        shared.bucket.follow(claimed.CLAIM, self._changed)

    def stop(self) -> None:
        """Try nothing again any more."""
        self._stopped = True

    def forget(self) -> None:
        """Nothing is held here any more: the others have seen to it, or will."""
        self.own.clear()
        self._suspect |= self._by_node.get(self._shared.node, set())
        for key in self._known:
            self._show(key)

    async def settle_patiently(self, key: Key, until: float) -> None:
        """
        Have the bucket say of a key what is so here, though a server may be dying: that takes some seconds.

        Raises:
            HeldElsewhere: somebody else has it.
            Unclear: no server can be reached, or none has done it until then, or Refusing.
        """
        shared, clock = self._shared, self._clock
        cut_since: float | None = None
        while True:
            try:
                await self.settle(key)
            except Unclear:
                now = clock.seconds()
                cut_since = None if shared.bucket.is_connected else now if cut_since is None else cut_since
                is_cut = cut_since is not None and now - cut_since >= GRACE
                if is_cut or now >= until or shared.is_fenced():
                    raise
                await deferLater(clock, SOON)
            else:
                return

    async def settle(self, key: Key, heir: str = "", dead: Collection[str] = ()) -> None:
        """
        Have the bucket say of a key what is so here; ``heir`` is the node where its person goes on.

        What ``dead`` nodes hold is freed.

        Raises:
            HeldElsewhere: somebody else has it.
            Unclear: it could not be reached, or Refusing.
        """
        async with self._one_at_a_time(key):
            for _ in range(MOST_RACES):
                claim, revision = self._known.get(key, NOTHING)
                wanted = self._wanted(key, claim, heir, dead)
                if wanted == claim:
                    return
                value = None if wanted is None else claimed.encode(wanted)
                name = claimed.bucket_key(key)
                try:
                    revision = await self._shared.bucket.put(name, value, 0 if claim is None else revision)
                except Lost:
                    await self._ask(key)
                else:
                    self._learn(key, wanted, revision)
            raise Unclear

    def settle_surely(self, key: Key, heir: str = "", dead: Collection[str] = ()) -> Deferred[None]:
        """
        Have the bucket say of a key what is so here, in the end also when it cannot be reached now.

        It answers when that was tried once.
        """
        if self._stopped:
            return succeed(None)
        settling = Deferred.fromCoroutine(self.settle(key, heir, dead))
        return settling.addErrback(partial(self._not_settled, key, heir))

    def _not_settled(self, key: Key, heir: str, failure: Failure) -> None:
        # Nodes that were dead may have come to life by the next time.
        if failure.check(Unclear, Refusing):
            self._clock.callLater(AGAIN, self.settle_surely, key, heir)
        elif not failure.check(HeldElsewhere):  # whoever has it has it
            self._suspect.add(key)
            self.logger.failure("A nickname could not be claimed or let go", failure)

    @property
    def nodes(self) -> set[str]:
        """All nodes that claim something."""
        return {*self._by_node}

    def clean(self, dead: Collection[str]) -> Deferred[Any]:
        """
        Have claims freed of nodes that are dead for certain, and of this one for whom nobody is here.

        It answers when that was tried once for each. All claims are never gone through: there may be many.
        """
        keys, self._suspect = self._suspect, set()
        for node in dead:
            keys |= self._by_node.get(node, set())
        waiting = iter(keys)

        async def clean_some() -> None:
            for key in waiting:
                # It may have been started anew by now, and have the same people.
                gone = [node for node in dead if not self._shared.is_living(node)]
                if key in self._locks:
                    self._suspect.add(key)
                elif self._is_wrong(key, gone):
                    await self.settle_surely(key, dead=gone)

        return DeferredList([Deferred.fromCoroutine(clean_some()) for _ in range(AT_ONCE)])

    def _is_wrong(self, key: Key, dead: Collection[str]) -> bool:
        """Tell whether the bucket has to be told of a key what is so."""
        claim, _ = self._known.get(key, NOTHING)
        if claim is None:
            self._known.pop(key, None)  # the bucket has long said so, and needs nothing to compare it with
            return key in self.own
        is_left = self._shared.node in claim.nodes and key not in self.own
        return is_left or not {*claim.nodes}.isdisjoint(dead)

    def _wanted(self, key: Key, found: Claim | None, heir: str, dead: Collection[str]) -> Claim | None:
        own = self.own.get(key)
        if own is None:
            return claimed.left(found, self._shared.node, heir, dead)
        if found is not None and not claimed.is_free(found, own):
            raise HeldElsewhere
        return claimed.joined(found, own, dead)

    async def _ask(self, key: Key) -> None:
        """Learn what the bucket says of a key, which somebody else has changed just now."""
        change = await self._shared.bucket.get(claimed.bucket_key(key))
        if change is None or change.value is None:
            revision = change.revision if change is not None else self._known.get(key, NOTHING).revision
            self._learn(key, None, revision)
        else:
            self._learn(key, claimed.decode(change.value), change.revision)

    def _changed(self, change: Change) -> None:
        key = claimed.name_key(change.key)
        self._learn(key, None if change.value is None else claimed.decode(change.value), change.revision)
        if self._known[key].claim is None and key not in self._locks:
            del self._known[key]

    def _learn(self, key: Key, claim: Claim | None, revision: int) -> None:
        """The bucket says something of a key; what is older than what is known does not count."""
        if key not in self._known or self._known[key].revision <= revision:
            self._sort(key, self._known.get(key, NOTHING).claim, claim)
            self._known[key] = _Known(claim, revision)
            self._show(key)

    def _sort(self, key: Key, before: Claim | None, claim: Claim | None) -> None:
        """Something else is known of a key."""
        for node in before.nodes if before is not None else ():
            keys = self._by_node[node]
            keys.discard(key)
            if not keys:
                del self._by_node[node]
        for node in claim.nodes if claim is not None else ():
            self._by_node.setdefault(node, set()).add(key)
        if claim is None or (self._shared.node in claim.nodes and key not in self.own):
            self._suspect.add(key)

    def _show(self, key: Key) -> None:
        """Have people here know what others hold."""
        claim = self._known.get(key, NOTHING).claim
        own = self.own.get(key)
        is_own = (
            claim is not None and own is not None and (own.person, own.kept) == (claim.person, claim.kept)
        )
        self._tell(key, None if is_own else claim)

    @asynccontextmanager
    async def _one_at_a_time(self, key: Key) -> AsyncIterator[None]:
        lock = self._locks.setdefault(key, DeferredLock())
        await lock.acquire()
        try:
            yield
        finally:
            lock.release()
            if not lock.locked and not lock.waiting:
                self._locks.pop(key, None)
