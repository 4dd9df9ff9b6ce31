"""
This node among the others of a cluster: its own lease (own_lease.py), and theirs, which are watched.

The rules are in leases.py; what follows from a node's death, also from one's own, is done elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from tcpchat.calls import Calls
from tcpchat.leases import Leases
from tcpchat.logs.nats_terms import Change, Lost, Refusing, Unclear
from tcpchat.own_lease import NODE, Holder, Lease, OwnLease, decode
from tcpchat.roll_call import RollCall
from tcpchat.shared_bucket import Bucket

# How many times the others are looked at while one lease is renewed once.
LOOKS = 3

# Seconds for which this process must have stood still to have missed what the others did, and within which it
# has heard of that afterwards.
STANDSTILL = 1.0
CATCH_UP = 5.0


class Following(Holder, Protocol):
    """What follows from whose lease is lost."""

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
        calls: Calls,
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
        self._following = following
        self._leases = leases or Leases()
        self._own = OwnLease(
            bucket, calls, clock, name, new_incarnation, following, self._leases, self._seconds
        )
        self.roll_call = RollCall(calls, clock)
        self._stood = self._seconds() - clock.seconds()  # for how long, all in all, and some
        self._unsure_until = 0.0
        self._looking: IDelayedCall | None = None
        self._follows = False
        self._differs: dict[str, tuple[str, ...]] = {}  # whose operators are others, as was told

    # What others ask

    def is_fenced(self) -> bool:
        """
        Could the others take this node for dead, or will they soon?

        The clock is asked each time: a process that was stopped knows it before any timer has fired.
        """
        return self._leases.is_fenced(self._seconds())

    def was_stopped(self) -> bool:
        """Did this process stand still, and may not have heard yet what the others did meanwhile?"""
        now = self._clock.seconds()
        before, self._stood = self._stood, self._seconds() - now
        if self._stood - before > STANDSTILL:
            self._unsure_until = now + CATCH_UP
        return now < self._unsure_until

    def is_living(self, node: str) -> bool:
        """Has a node a lease?"""
        if node == self.name:
            return not self._own.is_stopped
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

    # To be one of them

    async def check(self) -> None:
        """
        See that no other server has this node's name; before anything is kept or taken away in its name.

        Raises:
            InUse: one has it.
        """
        self._follow()
        await self._own.check()

    async def open(self) -> None:
        """
        Take the lease, also one that an earlier server of this name has left; then keep it.

        Raises:
            InUse: it is another server's.
        """
        self._follow()
        await self._own.take()
        self._look_later()
        self.roll_call.start()

    def stop(self) -> Deferred[object]:
        """Be none of them any more; answer when the others have been told, if that can be."""
        if self._looking is not None and self._looking.active():
            self._looking.cancel()
        self.roll_call.stop()
        return self._own.stop()

    def _follow(self) -> None:
        if not self._follows:
            self._follows = True
            self._bucket.follow(NODE, self._seen)

    # Those of the others

    def _seen(self, change: Change) -> None:
        node = change.key.removeprefix(f"{NODE}.")
        if node == self.name:
            self._own.changed(change)
        elif change.value is None:
            self._leases.gone(node)
            self.roll_call.lost(node)
        else:
            self._leases.seen(node, change.revision, self._seconds())
            lease = decode(change.value)
            self.roll_call.seen(node, lease)
            self._compare(node, lease)

    def _compare(self, node: str, lease: Lease) -> None:
        """See that all configurations name the same operators; tell once of each that does not."""
        here, there = self._following.operators, lease.operators
        if there is None or lease.has_ended or there == here:
            self._differs.pop(node, None)
        elif self._differs.get(node) != there:
            self._differs[node] = there
            self.logger.warn(
                "The node {node} has other operators of the server than this one: {there}, and here {here}."
                " --operator is to be the same on all nodes",
                node=node, there=", ".join(there) or "none", here=", ".join(here) or "none",
            )  # fmt: skip

    def _look_later(self) -> None:
        if not self._own.is_stopped:
            self._looking = self._clock.callLater(self._leases.times.renew / LOOKS, self._look)

    def _look(self) -> None:
        self._look_later()
        self.was_stopped()
        for node, revision in self._leases.dead(self._seconds()):
            Deferred.fromCoroutine(self._end(node, revision)).addErrback(self._not_looked)
        if self.is_fenced():
            self._own.renew_now()  # this process was stopped, and no timer has noticed
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
