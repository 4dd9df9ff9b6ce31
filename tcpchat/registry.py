"""
Who has which nickname, also on the other nodes of a cluster.

What people hold here is known to `people` at once; a server alone needs no more. In a cluster each key of a
name is a claim in the bucket as well: whoever changes it there by compare-and-set has it. What is held here
is what the bucket is to say of it (`_own`), and what it does say is seen by everybody (`_known`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, NamedTuple

import msgspec
from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from tcpchat import claimed
from tcpchat.bucket import Bucket
from tcpchat.claimed import Claim
from tcpchat.claims import KEPT_FOR
from tcpchat.logs.interface import NotKept
from tcpchat.logs.nats_terms import Change, Lost, Refusing, Unclear
from tcpchat.names import Key, Name
from tcpchat.people import People
from tcpchat.requests import Refused

# A nickname that is held already, or will be if nobody else is first.
Claiming = Name | Coroutine[Deferred[Any], Any, Name]

# Seconds until what could not be put into the bucket is tried again.
AGAIN = 1.0

# How often somebody else may be first, one after the other, before it is given up.
MOST_RACES = 20

CANNOT = "the log cannot be written"


class _Known(NamedTuple):
    """What the bucket said of a key last: a claim, or that there is none any more."""

    claim: Claim | None
    revision: int


class _Taken(Exception):
    """Somebody else has it."""


class Shared(NamedTuple):
    """What the nodes of a cluster share, and which of them this is."""

    bucket: Bucket
    node: str
    is_living: Callable[[str], bool]  # has another node a lease?
    is_fenced: Callable[[], bool]  # could the others take this node for dead?


class Registry:
    """Claims nicknames, and lets them go, here and in the cluster, if there is one."""

    logger = Logger()

    def __init__(self, people: People, clock: IReactorTime) -> None:
        self._people = people
        self._clock = clock
        self._shared: Shared | None = None  # by a server alone nothing is
        self._own: dict[Key, Claim] = {}  # what is held here, or kept
        self._known: dict[Key, _Known] = {}
        self._locks: dict[Key, DeferredLock] = {}  # of those that are being settled
        self.term = 0  # how often everything that was held here was lost

    def share(self, shared: Shared) -> None:
        """Be one of a cluster's from now on."""
        self._shared = shared
        shared.bucket.follow(claimed.CLAIM, self._changed)

    @property
    def is_fenced(self) -> bool:
        """Could the other nodes take this one for dead, or will they soon?"""
        return self._shared is not None and self._shared.is_fenced()

    def is_living(self, node: str) -> bool:
        """Has another node a lease?"""
        return self._shared is not None and self._shared.is_living(node)

    def stop(self) -> None:
        """The server ends: what it held is as it is, and may be taken up by the next one."""
        self._shared = None

    def claim_at_once(self, typed: str, person: str, address: str, or_variant: bool = False) -> Claiming:
        """
        Hold a nickname as `claim` does, or begin to.

        It is held when this returns, or fails, if nobody else is to be asked; so costs nothing more then.
        """
        if self._shared is None:
            return self._people.claim(typed, person, address, or_variant)
        return self._claim(self._shared, typed, person, address, or_variant)

    async def claim(self, typed: str, person: str, address: str, or_variant: bool = False) -> Name:
        """
        Hold the nickname that somebody asks for, or with ``or_variant`` the first free one like it.

        Raises:
            Refused: it is no nickname, or it is taken.
            NotKept: the other nodes could not be asked; nothing is held.
        """
        claiming = self.claim_at_once(typed, person, address, or_variant)
        return claiming if isinstance(claiming, Name) else await claiming

    async def _claim(self, shared: Shared, typed: str, person: str, address: str, or_variant: bool) -> Name:
        term = self.term
        for _ in range(MOST_RACES):
            if shared.is_fenced():
                raise NotKept(CANNOT)
            held = self._people.names(person)
            name = self._people.claim(typed, person, address, or_variant)
            if await self._take(shared, name, person, address, is_new=name not in held):
                if self.term != term or shared.is_fenced():
                    self.release(name, person, address, is_kept=False)
                    raise NotKept(CANNOT)
                return name
        raise Refused(f'"{name.display}" is taken.', "nick-taken")

    def release(self, name: Name, person: str, address: str, is_kept: bool = True) -> None:
        """Hold a nickname no longer; if it ``is_kept``, only the same address can have it for a while."""
        self._people.release(name, person, address, is_kept)
        if self._shared is not None:
            self._let_go(self._shared, name, person, address, is_kept=is_kept)

    def pass_on(self, name: Name, person: str, heir: str = "") -> None:
        """Hold a nickname no longer whose person is on other nodes; on ``heir`` from now on."""
        self._people.release(name, person, "", is_kept=False)
        if self._shared is not None:
            self._let_go(self._shared, name, person, "", is_kept=False, heir=heir)

    def forget(self) -> None:
        """Everything that was held here is lost: the others have seen to it, or will."""
        self.term += 1
        for person in {claim.person for claim in self._own.values()}:
            for name in self._people.names(person):
                self._people.release(name, person, "", is_kept=False)
        self._own.clear()
        for key in self._known:
            self._show(key)

    def clean(self) -> None:
        """Have claims freed of nodes that are dead, and of this one for whom nobody is here."""
        shared = self._shared
        if shared is None or shared.is_fenced():
            return
        for key, (claim, _) in list(self._known.items()):
            if key in self._locks:
                continue
            if claim is None:
                del self._known[key]  # the bucket has long said so, and needs nothing to compare it with
                continue
            is_stale = shared.node in claim.nodes and key not in self._own
            if is_stale or not all(node == shared.node or shared.is_living(node) for node in claim.nodes):
                self._settle_surely(key)
        for key in [key for key in self._own if key not in self._known and key not in self._locks]:
            self._settle_surely(key)

    def _changed(self, change: Change) -> None:
        claim = None if change.value is None else claimed.decode(change.value)
        self._learn(claimed.name_key(change.key), claim, change.revision, is_settled=True)

    # What is held here

    async def _take(self, shared: Shared, name: Name, person: str, address: str, is_new: bool) -> bool:
        """Have the bucket say that a person has a name; tell whether nobody else was first."""
        claim = Claim(person, name.display, (shared.node,), address)
        for key in name.keys:
            self._own[key] = claim
        try:
            # One after the other, each time in this order: of those who want the same name one gets it.
            for key in name.keys:
                await self._settle(shared, key)
        except (_Taken, Unclear, Refusing) as why:
            if is_new:
                self.release(name, person, address, is_kept=False)
            if isinstance(why, _Taken):
                return False
            raise NotKept(CANNOT) from why
        return True

    def _let_go(
        self, shared: Shared, name: Name, person: str, address: str, is_kept: bool, heir: str = ""
    ) -> None:
        held = self._people.names(person)
        kept = Claim(person, name.display, (shared.node,), address, kept=True)
        for key in name.keys:
            if key not in self._own or self._own[key].person != person:
                continue
            other = next((it for it in held if key in it.keys), None)
            if other is not None:
                self._own[key] = msgspec.structs.replace(self._own[key], nick=other.display)
            elif is_kept:
                self._own[key] = kept
            else:
                del self._own[key]
            self._settle_surely(key, heir)
        if is_kept:
            self._clock.callLater(KEPT_FOR, self._keep_no_longer, name, kept)

    def _keep_no_longer(self, name: Name, kept: Claim) -> None:
        for key in name.keys:
            if self._own.get(key) is kept:
                del self._own[key]
                self._settle_surely(key)

    # The bucket

    def _settle_surely(self, key: Key, heir: str = "") -> None:
        """Have the bucket say of a key what is so here, in the end also when it cannot be reached now."""
        if self._shared is not None:
            settling = Deferred.fromCoroutine(self._settle(self._shared, key, heir))
            settling.addErrback(partial(self._not_settled, key, heir))

    def _not_settled(self, key: Key, heir: str, failure: Failure) -> None:
        if failure.check(Unclear, Refusing):
            self._clock.callLater(AGAIN, self._settle_surely, key, heir)
        elif not failure.check(_Taken):  # whoever has it has it
            self.logger.failure("A nickname could not be claimed or let go", failure)

    async def _settle(self, shared: Shared, key: Key, heir: str = "") -> None:
        """
        Have the bucket say of a key what is so here.

        Raises:
            _Taken: somebody else has it.
            Unclear: it could not be reached, or Refusing.
        """
        async with self._one_at_a_time(key):
            for _ in range(MOST_RACES):
                known = self._known.get(key, _Known(None, 0))
                wanted = self._wanted(shared, key, known.claim, heir)
                if wanted == known.claim:
                    return
                value = None if wanted is None else claimed.encode(wanted)
                revision = 0 if known.claim is None else known.revision
                try:
                    revision = await shared.bucket.put(claimed.bucket_key(key), value, revision)
                except Lost:
                    await self._ask(shared, key)
                else:
                    self._learn(key, wanted, revision)
            raise Unclear

    def _wanted(self, shared: Shared, key: Key, found: Claim | None, heir: str) -> Claim | None:
        own = self._own.get(key)
        if own is None:
            return claimed.left(found, shared.node, heir, shared.is_living)
        if found is not None and not claimed.is_free(found, own, shared.is_living):
            raise _Taken
        return claimed.joined(found, own, shared.is_living)

    async def _ask(self, shared: Shared, key: Key) -> None:
        """Learn what the bucket says of a key, which somebody else has changed just now."""
        change = await shared.bucket.get(claimed.bucket_key(key))
        if change is None or change.value is None:
            before = self._known.get(key, _Known(None, 0))
            revision = before.revision if change is None else change.revision
            self._known[key] = _Known(None, revision)
            self._show(key)
        else:
            self._learn(key, claimed.decode(change.value), change.revision)

    def _learn(self, key: Key, claim: Claim | None, revision: int, is_settled: bool = False) -> None:
        """The bucket says something of a key; what is older than what is known does not count."""
        if key in self._known and self._known[key].revision > revision:
            return
        if claim is None and is_settled:
            self._known.pop(key, None)
        else:
            self._known[key] = _Known(claim, revision)
        self._show(key)

    def _show(self, key: Key) -> None:
        """Have people here know what others hold."""
        known = self._known.get(key)
        claim = known.claim if known else None
        own = self._own.get(key)
        if claim is None or (own is not None and own.person == claim.person and own.kept == claim.kept):
            self._people.release_elsewhere(key)
        else:
            self._people.hold_elsewhere(key, claim.person, claim.address if claim.kept else None)

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
