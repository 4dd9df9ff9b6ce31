"""
This node's own lease: taken, renewed, and given up where it cannot be had.

A lease is a key of the bucket, with an incarnation in it: what has been made up for it when it was taken.
The node keeps that in its replica, so that it knows its own after a crash, and takes it over at once then.
Any other one may be a living server's of the same name: that is called, and if it does not answer it has the
time of a renewal.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from tcpchat.calls import Calls
from tcpchat.leases import Leases
from tcpchat.logs.interface import InUse
from tcpchat.logs.nats_terms import Change, Lost, Refusing, Unclear
from tcpchat.shared_bucket import Bucket

# Before a node's name, in the bucket's key of its lease.
NODE = "node"

# Seconds until is tried again what has not succeeded, or is not known to have.
AGAIN = 1.0

# Seconds until a lease is tried for again that was refused: the bucket is full, perhaps.
LONG = 5.0

# Seconds between two looks whether something has been heard of.
SOON = 0.05


class Lease(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a lease says: a server that has been started anew, or has lost it, has another incarnation."""

    incarnation: str
    has_ended: bool = False  # of itself: what it had may be taken up by the next one of that name
    operators: tuple[str, ...] | None = None  # whom its configuration names, folded; None: it does not tell


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Lease).decode


class Holder(Protocol):
    """Whose lease it is: what becomes of it follows there."""

    def have_lease(self, revision: int) -> None:
        """This node has a lease, with this revision."""

    async def recall(self) -> str:
        """Return the incarnation that was given to `remember` last, also by an earlier server."""

    def remember(self, incarnation: str) -> None:
        """Keep the incarnation of this node's lease, for itself."""

    @property
    def operators(self) -> tuple[str, ...]:
        """The nicknames that this node's configuration names as operators, folded: the same on all nodes."""

    async def catch_up(self) -> None:
        """Wait until what the others have logged has come. Raises `Unclear`."""

    def cut_off(self) -> None:
        """This node's lease was taken: nobody is there over it any more, and nothing more is taken here."""

    def back(self) -> None:
        """This node has a lease again."""

    def ousted(self) -> None:
        """Another server has this node's name: this one has to end."""


class OwnLease:
    """Has this node's lease, as long as others do not take it away."""

    logger = Logger()

    def __init__(
        self,
        bucket: Bucket,
        calls: Calls,
        clock: IReactorTime,
        name: str,
        new_incarnation: Callable[[], str],
        holder: Holder,
        leases: Leases,
        seconds: Callable[[], float],
    ) -> None:
        """As for `nodes.Nodes`."""
        self.is_stopped = False
        self._name = name
        self._key = f"{NODE}.{name}"
        self._bucket = bucket
        self._calls = calls
        self._clock = clock
        self._seconds = seconds
        self._new_incarnation = new_incarnation
        self._holder = holder
        self._leases = leases
        self._incarnation = ""  # of the lease, while there is one
        self._wanted = ""  # of one that is being taken
        self._revision = 0
        self._heard = Change(self._key, None, 0)  # what the bucket has told of it last
        self._left = 0  # the revision of one that is nobody's
        self._is_asking = False  # is a renewal on its way?
        self._renewing: IDelayedCall | None = None

    # To have one

    async def check(self) -> None:
        """
        See that no other server runs under this node's name.

        Raises:
            InUse: one does.
        """
        while not self.is_stopped:
            try:
                await self._expected()
            except Unclear:
                await deferLater(self._clock, AGAIN)
            else:
                return

    async def take(self) -> None:
        """
        Take the lease, also one that an earlier server of this name has left; then keep it.

        Raises:
            InUse: another server has it.
        """
        self._wanted = self._new_incarnation()
        value = encode(Lease(self._wanted, operators=self._holder.operators))
        while not self.is_stopped:
            try:
                revision = await self._expected()
                asked = self._seconds()
                self._holder.remember(self._wanted)
                self._revision = await self._bucket.put(self._key, value, revision)
                # Who had this node for dead has changed much: nothing is done here before it is known what.
                while self._heard.revision < self._revision and not self.is_stopped:
                    await deferLater(self._clock, SOON)
                await self._holder.catch_up()
            except (Lost, Unclear):
                await deferLater(self._clock, AGAIN)
                continue
            except Refusing as error:
                self.logger.warn(
                    "The lease of this node, {node}, is refused: {error}", node=self._name, error=error
                )
                await deferLater(self._clock, LONG)
                continue
            if self._seconds() - asked > self._leases.times.renew:
                continue  # that took long
            self._incarnation = self._wanted
            self._calls.attend(self._incarnation)
            self._renewed(asked)
            self._renew_later(self._leases.times.renew)
            return

    async def _expected(self) -> int:
        """
        Return the revision of the lease that may be taken over: 0 if there is none.

        Raises:
            InUse: it is another server's.
            Unclear: the bucket cannot be asked.
        """
        found = await self._bucket.get(self._key)
        if found is None or found.value is None:
            return 0
        lease = decode(found.value)
        if lease.has_ended or found.revision == self._left or lease.incarnation == self._wanted:
            return found.revision
        is_free = await self._is_nobody_there()
        if not is_free or lease.incarnation != await self._holder.recall():
            await self._doubt(found.revision)
        self._left = found.revision
        return found.revision

    async def _is_nobody_there(self) -> bool:
        """
        Tell whether nobody is connected under this node's name, for all that the servers know.

        Raises:
            InUse: somebody answers.
        """
        try:
            word = await self._calls.call(self._name)
        except Unclear:
            return False  # it is stopped, or its machine is gone
        if word is not None:
            raise self._in_use()
        return True

    async def _doubt(self, revision: int) -> None:
        """
        Wait for as long as a living server needs to renew its lease.

        Raises:
            InUse: it was renewed, or somebody answers.
            Unclear: it could not have been seen.
        """
        doubt = self._leases.times.doubt
        self.logger.warn(
            "The node name {node} is, or was, another server's, which does not answer: this one waits"
            " {doubt} s to see whether it lives",
            node=self._name, doubt=round(doubt),
        )  # fmt: skip
        end = self._clock.seconds() + doubt
        while self._clock.seconds() < end and not self.is_stopped:
            if self._heard.revision > revision:
                if self._heard.value is None or decode(self._heard.value).has_ended:
                    return
                raise self._in_use()
            if not self._bucket.is_connected:
                raise Unclear
            await deferLater(self._clock, AGAIN)
            await self._is_nobody_there()

    def _in_use(self) -> InUse:
        return InUse(
            f"Another server of this cluster is the node {self._name}, and runs: give each its own --node."
        )

    # To keep it

    def stop(self) -> Deferred[object]:
        """
        Renew no more; answer when the others have been told, if that can be.

        The lease is not given back: a server that is started anew has the same people. If there is none, they
        are gone when the lease is over.
        """
        self.is_stopped = True
        if self._renewing is not None and self._renewing.active():
            self._renewing.cancel()
        incarnation, self._incarnation = self._incarnation, ""
        if not incarnation or self._is_asking or not self._bucket.is_connected:
            return succeed(None)
        ended = encode(Lease(incarnation, has_ended=True))
        told = self._bucket.put(self._key, ended, self._revision)
        return told.addErrback(lambda failure: failure.trap(Lost, Refusing, Unclear) and None)

    def _renewed(self, asked: float) -> None:
        self._leases.renewed(asked)
        self._holder.have_lease(self._revision)

    def _renew_later(self, seconds: float) -> None:
        if not self.is_stopped:
            self._renewing = self._clock.callLater(seconds, self._renew)

    def renew_now(self) -> None:
        """Renew it before its time, if that is not being done: something may be wrong with it."""
        if self._renewing is not None and self._renewing.active():
            self._renewing.cancel()
            self._renew()

    def _renew(self) -> None:
        if self._is_asking or not self._incarnation:
            return
        self._is_asking = True
        renewing = Deferred.fromCoroutine(self._ask())
        renewing.addErrback(self._failed)

    def _failed(self, failure: Failure) -> None:
        self._is_asking = False
        self.logger.failure("The lease could not be renewed", failure)
        self._renew_later(AGAIN)

    async def _ask(self) -> None:
        asked = self._seconds()
        again = AGAIN
        is_taken = False
        try:
            self._revision = await self._bucket.put(
                self._key,
                encode(Lease(self._incarnation, operators=self._holder.operators)),
                self._revision,
            )
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
            self._renew_later(again)

    async def _has_lost(self) -> bool:
        """Find out why the lease is not as it was left: a renewal that was unclear may have succeeded."""
        try:
            found = await self._bucket.get(self._key)
        except Unclear:
            return False
        if found is None or found.value is None:
            return True
        self._revision = found.revision
        if decode(found.value).incarnation != self._incarnation:
            self._oust()
        return False

    def _oust(self) -> None:
        self._incarnation = ""
        self._leases.lost()
        self.stop()
        self._holder.ousted()

    async def _begin_anew(self) -> None:
        """The others have taken this node for dead: it was stopped, or cut off."""
        if not self._incarnation:
            return  # that is seen to already
        self._incarnation = ""
        self._leases.lost()
        self.logger.warn(
            "This node, {node}, was stopped or cut off for so long that the others took it for dead",
            node=self._name,
        )
        self._holder.cut_off()
        try:
            await self.take()
        except InUse:
            self._oust()
        if self._incarnation:
            self._holder.back()

    def changed(self, change: Change) -> None:
        """The bucket tells of it: if it was not this node that changed it, find out at once."""
        self._heard = max(self._heard, change, key=lambda it: it.revision)
        if change.revision > self._revision:
            self.renew_now()
