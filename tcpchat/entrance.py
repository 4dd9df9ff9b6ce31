"""
What every door has in front of it: whoever connects is counted, or turned away with one line.

Turning somebody away costs little: no dialogue begins, and nobody else is asked.
"""

from __future__ import annotations

import random
import resource
from collections.abc import Callable
from typing import Any

import msgspec
from twisted.internet import tcp, unix
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from tcpchat.admission import Admission, Visit
from tcpchat.deadlines import Deadlines
from tcpchat.limits import LINGERING, MOST_LINGERING, NO_LIMITS, Limits
from tcpchat.networks import Network, Trusted, network
from tcpchat.render import error
from tcpchat.tally import TALLY

# Seconds between two lines of the server's log that tell of refusals for the same reason.
TELL_AGAIN = 60

# What the system says if it allows any number of descriptors.
ENDLESS = resource.RLIM_INFINITY

# Nobody is refused by these.
UNCOUNTED = msgspec.structs.replace(NO_LIMITS, networks_known=Limits().networks_known)

FULL = "The server is full. Try again later."
MORE_DESCRIPTORS = "allow more descriptors (ulimit -n), or lower spare_descriptors in [limits]"


def host(address: IAddress | None) -> str:
    """Return a peer's address without its port; IPv4 inside IPv6 (on a dual-stack socket) as IPv4."""
    found: str = getattr(address, "host", "unix")
    return found.removeprefix("::ffff:")


class Entrance:
    """Counts the connections of all doors, and finds out who has to be turned away."""

    logger = Logger()

    def __init__(
        self,
        clock: IReactorTime,
        limits: Limits,
        trusted: Trusted = (),
        descriptors: Callable[[], int] = lambda: ENDLESS,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """
        ``descriptors`` tells how many the system allows, which can change; ``chance`` gives numbers
        from 0 to 1.

        Networks that are ``trusted`` are refused for want of room only, as is this machine.
        """
        self._descriptors = descriptors
        self._clock = clock
        self._trusted = trusted
        self._chance = chance
        self._open = 0
        self._lingering = 0
        self._moments = Deadlines(clock, LINGERING)
        self._admission = Admission(limits)
        self.change(limits, trusted)
        self._told: dict[str, tuple[float, int]] = {}  # by remedy: when, and how many not told of since

    def change(self, limits: Limits, trusted: Trusted) -> None:
        """Other limits hold from now on; who is connected stays, and counts."""
        self._spare = limits.spare_descriptors
        self._trusted = trusted
        # Who is there is known also without limits, for when there are some; but not of endless networks.
        self._admission.limits = limits if limits != NO_LIMITS else UNCOUNTED

    def turn_away(self, address: IAddress | None, is_tls: bool) -> TurnedAway | None:
        """Return what to answer somebody with who connects, unless they may come in."""
        if self._is_full:
            TALLY.hit("spare_descriptors")
            self._tell(network(host(address), self._trusted), FULL, MORE_DESCRIPTORS)
            return TurnedAway(self, FULL)
        found = network(host(address), self._trusted)
        refusal = self._admission.refusal(found, self._clock.seconds(), self._chance, is_tls)
        if refusal is None:
            return None
        TALLY.hit(refusal.limit.split()[0])
        self._tell(found, refusal.text, f"raise {refusal.limit} in [limits], or list the network in trusted")
        return TurnedAway(self, refusal.text)

    @property
    def _is_full(self) -> bool:
        if self._spare is None or not self._open:
            return False
        descriptors = self._descriptors()
        return descriptors != ENDLESS and self._open >= descriptors - self._spare

    def enter(self, address: str, is_tls: bool, is_new: bool = True) -> Visit | None:
        """
        Somebody comes in; the visit is for `leave`, None if it is not counted.

        Who is not ``is_new`` has been here all the time, over another process.
        """
        self._open += 1
        TALLY.connections += 1
        found = network(address, self._trusted)
        return self._admission.begin(found, self._clock.seconds(), is_tls, is_new)

    def leave(self, visit: Visit | None) -> None:
        """Somebody's connection is gone."""
        self._open -= 1
        if visit is not None:
            visit.end(self._clock.seconds())

    def linger(self, refused: TurnedAway, call: Callable[[], object]) -> bool:
        """Give somebody refused a moment, and have something called after it; not if too many have one."""
        if self._lingering >= MOST_LINGERING:
            return False
        self._lingering += 1
        self._moments.set(refused, call)
        return True

    def gone(self, refused: TurnedAway) -> None:
        """Somebody refused, who was given a moment, is gone."""
        self._lingering -= 1
        self._moments.cancel(refused)

    def _tell(self, found: Network, reason: str, remedy: str) -> None:
        """Tell the operator, but not of each: in a flood there are many."""
        now = self._clock.seconds()
        told, untold = self._told.get(remedy, (now - TELL_AGAIN, 0))
        if now < told + TELL_AGAIN:
            self._told[remedy] = told, untold + 1
            return
        self._told[remedy] = now, 0
        self.logger.warn(
            "Refused a connection from {network} ({kind}), and {untold} more since this was told last:"
            " {reason} To allow it: {remedy}.",
            network=found.key,
            kind=found.kind.name.lower(),
            untold=untold,
            reason=reason,
            remedy=remedy,
        )


class TurnedAway(Protocol):
    """A connection that is told why it is refused, and closed."""

    transport: Any

    def __init__(self, entrance: Entrance, why: str) -> None:
        self._entrance = entrance
        self._line = error(why)
        self._lingers = False

    def connectionMade(self) -> None:
        """
        Tell, and close.

        Who has sent something already is likely to lose the line to a reset if that is not read. So some
        are given time; when there are many, it has to be over before the next one is accepted.
        """
        is_plain = isinstance(self.transport, tcp.Server | unix.Server)
        self._lingers = self._entrance.linger(self, self._abort)
        if self._lingers:
            self.transport.write(self._line)
            if is_plain:
                self.transport.loseWriteConnection()
            else:
                self.transport.loseConnection()  # of TLS, once the line was sent
        elif is_plain:
            self.transport.writeSomeData(self._line)
            self.transport.connectionLost(Failure(ConnectionDone()))
        else:
            self._abort()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The connection is gone."""
        if self._lingers:
            self._entrance.gone(self)

    def _abort(self) -> None:
        self.transport.abortConnection()
