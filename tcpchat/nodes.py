"""
This node among the others of a cluster: its lease is renewed, theirs are watched.

The rules are in leases.py; what follows from a node's death, also from one's own, is done elsewhere.
A lease is a key of the bucket, with an incarnation in it: what has been made up for it when it was taken.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from tcpchat.bucket import Bucket
from tcpchat.leases import Leases
from tcpchat.logs.nats_terms import Change, Lost, Refusing, Unclear

# Before a node's name, in the bucket's key of its lease.
NODE = "node"

# Seconds until is tried again what has not succeeded, or is not known to have.
AGAIN = 1.0

# Seconds until a lease is tried for again that was refused: the bucket is full, perhaps.
LONG = 5.0

# How many times the others are looked at while one lease is renewed once.
LOOKS = 3

# Seconds between two looks whether what was done while this node had no lease has been heard of.
SOON = 0.05


class Lease(msgspec.Struct, frozen=True):
    """What a lease says: a server that has been started anew, or has lost it, has another incarnation."""

    incarnation: str


class Following(Protocol):
    """What follows from whose lease is lost."""

    def have_lease(self, revision: int) -> None:
        """This node has a lease, with this revision."""

    async def catch_up(self) -> None:
        """Wait until what the others have logged has come. Raises `Unclear`."""

    def cut_off(self) -> None:
        """This node's lease was taken: nobody is there over it any more, and nothing more is taken here."""

    def back(self) -> None:
        """This node has a lease again."""

    def ousted(self) -> None:
        """Another server has this node's name: one of the two has to end, and it is this one."""

    def bury(self, node: str) -> None:
        """A node is dead, and it is this one that shows its people as gone."""

    def look(self) -> None:
        """Some time has passed: see to what a node has left undone that has died itself."""


class Nodes:
    """Has this node's lease, and knows who else has one."""

    logger = Logger()

    def __init__(
        self,
        bucket: Bucket,
        clock: IReactorTime,
        name: str,
        new_incarnation: Callable[[], str],
        following: Following,
        leases: Leases | None = None,
        seconds: Callable[[], float] | None = None,
    ) -> None:
        """
        ``name`` is this node's, which no other has. ``seconds`` tells the time by which leases last: it goes
        on while the process is stopped, which ``clock`` need not do.
        """
        self.name = name
        self._bucket = bucket
        self._clock = clock
        self._seconds = seconds or clock.seconds
        self._new_incarnation = new_incarnation
        self._following = following
        self._leases = leases or Leases()
        self._incarnation = ""
        self._revision = 0  # of the own lease
        self._heard = 0  # the last revision of it that the bucket has told of, and of all that was before it
        self._is_asking = False  # is a renewal on its way?
        self._calls: dict[str, IDelayedCall] = {}  # of the renewing and the looking
        self._stopped = False

    # What others ask

    def is_fenced(self) -> bool:
        """
        Could the others take this node for dead, or will they soon?

        The clock is asked each time: a process that was stopped knows it before any timer has fired.
        """
        return self._leases.is_fenced(self._seconds())

    def is_living(self, node: str) -> bool:
        """Has a node a lease?"""
        if node == self.name:
            return not self._stopped
        return self._leases.is_living(node, self._seconds())

    @property
    def living(self) -> int:
        """How many nodes have a lease, this one among them."""
        return self._leases.living(self._seconds())

    async def is_gone(self, node: str) -> bool:
        """Tell whether a node has no lease for certain: what was seen of it may be old."""
        try:
            found = await self._bucket.get(f"{NODE}.{node}")
        except Unclear:
            return False
        if found is not None and found.value is not None:
            self._leases.seen(node, found.revision, self._seconds())
            return False
        self._leases.gone(node)
        return True

    # The own lease

    async def open(self) -> None:
        """Take the lease, also one that an earlier server of this name has left; then keep it."""
        self._bucket.follow(NODE, self._seen)
        await self._take()
        self._later("look", self._leases.times.renew / LOOKS, self._look)

    def stop(self) -> None:
        """
        Renew no more. The lease is not given back: a server that is started anew has the same people.

        If there is none, they are gone when the lease is over.
        """
        self._stopped = True
        for call in self._calls.values():
            if call.active():
                call.cancel()

    async def _take(self) -> None:
        incarnation = self._new_incarnation()
        value = msgspec.json.encode(Lease(incarnation))
        while not self._stopped:
            try:
                found = await self._bucket.get(self._key)
                revision = found.revision if found is not None and found.value is not None else 0
                asked = self._seconds()
                self._revision = await self._bucket.put(self._key, value, revision)
                # Who had this node for dead has changed much: nothing is done here before it is known what.
                while self._heard < self._revision and not self._stopped:
                    await deferLater(self._clock, SOON)
                await self._following.catch_up()
            except (Lost, Unclear):
                await deferLater(self._clock, AGAIN)
                continue
            except Refusing as error:
                self.logger.warn(
                    "The lease of this node, {node}, is refused: {error}", node=self.name, error=error
                )
                await deferLater(self._clock, LONG)
                continue
            if self._seconds() - asked > self._leases.times.renew:
                continue  # that took long
            self._incarnation = incarnation
            self._renewed(asked)
            self._later("renew", self._leases.times.renew, self._renew)
            return

    def _renewed(self, asked: float) -> None:
        self._leases.renewed(asked)
        self._following.have_lease(self._revision)

    @property
    def _key(self) -> str:
        return f"{NODE}.{self.name}"

    def _later(self, what: str, seconds: float, call: Callable[[], None]) -> None:
        if not self._stopped:
            self._calls[what] = self._clock.callLater(seconds, call)

    def _renew(self) -> None:
        if self._is_asking or not self._incarnation:
            return
        self._is_asking = True
        renewing = Deferred.fromCoroutine(self._ask())
        renewing.addErrback(self._failed)

    def _failed(self, failure: Failure) -> None:
        self._is_asking = False
        self.logger.failure("The lease could not be renewed", failure)
        self._later("renew", AGAIN, self._renew)

    async def _ask(self) -> None:
        value = msgspec.json.encode(Lease(self._incarnation))
        asked = self._seconds()
        again = AGAIN
        is_taken = False
        try:
            self._revision = await self._bucket.put(self._key, value, self._revision)
        except Lost:
            is_taken = await self._has_lost()
        except (Refusing, Unclear):
            pass
        else:
            self._renewed(asked)
            again = max(0.0, asked + self._leases.times.renew - self._seconds())
        self._is_asking = False
        if is_taken:
            await self._begin_anew()
        elif self._incarnation:
            self._later("renew", again, self._renew)

    async def _has_lost(self) -> bool:
        """Find out why the lease is not as it was left: a renewal that was unclear may have succeeded."""
        try:
            found = await self._bucket.get(self._key)
        except Unclear:
            return False
        if found is None or found.value is None:
            return True
        self._revision = found.revision
        if msgspec.json.decode(found.value, type=Lease).incarnation != self._incarnation:
            self._oust()
        return False

    def _oust(self) -> None:
        self._incarnation = ""
        self._leases.lost()
        self.stop()
        self._following.ousted()

    async def _begin_anew(self) -> None:
        """The others have taken this node for dead: it was stopped, or cut off."""
        if not self._incarnation:
            return  # that is seen to already
        self._incarnation = ""
        self._leases.lost()
        self.logger.warn(
            "This node, {node}, was stopped or cut off for so long that the others took it for dead",
            node=self.name,
        )
        self._following.cut_off()
        await self._take()
        if self._incarnation:
            self._following.back()

    # Those of the others

    def _seen(self, change: Change) -> None:
        node = change.key.removeprefix(f"{NODE}.")
        if node == self.name:
            self._heard = max(self._heard, change.revision)
            self._own_changed(change)
        elif change.value is None:
            self._leases.gone(node)
        else:
            self._leases.seen(node, change.revision, self._seconds())

    def _own_changed(self, change: Change) -> None:
        """The own lease has changed: if it was not this node that did it, find out at once."""
        if change.revision > self._revision:
            self._renew_now()

    def _renew_now(self) -> None:
        call = self._calls.get("renew")
        if call is not None and call.active():
            call.cancel()
            self._renew()

    def _look(self) -> None:
        self._later("look", self._leases.times.renew / LOOKS, self._look)
        for node, revision in self._leases.dead(self._seconds()):
            Deferred.fromCoroutine(self._end(node, revision)).addErrback(self._not_looked)
        if self.is_fenced():
            self._renew_now()  # this process was stopped, and no timer has noticed
        else:
            self._following.look()

    def _not_looked(self, failure: Failure) -> None:
        self.logger.failure("A dead node could not be buried", failure)

    async def _end(self, node: str, revision: int) -> None:
        """Take a dead node's lease away: if it was not renewed meanwhile, and nobody else was first."""
        try:
            await self._bucket.put(f"{NODE}.{node}", None, revision)
        except (Lost, Refusing, Unclear):
            return  # whoever has a lease no more, and was not buried, is found by a look
        self._leases.gone(node)
        self._following.bury(node)
