"""
Who may connect: how many from one network, and who has to wait a while first. No I/O.

What is counted together is a `Network`; those of this machine, and those that the operator trusts,
are never counted nor refused. Time comes in as seconds of a clock that only goes forward, chance
as a number from 0 to 1.

The penalties are those of OpenSSH's PerSourcePenalties, the early drop is its MaxStartups.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

from tcpchat.limits import Limits
from tcpchat.networks import Kind, Network
from tcpchat.render import count

# Seconds in one step of counting who is new, and how many whole steps that counts for: nobody can
# come more often than is allowed in any 10 minutes, and what is over is over after 11 at most.
STEP = 60
STEPS = 10

# Networks that are looked at, each time that somebody connects, whether they need be known still.
LOOKED_AT = 2


class Offence(Enum):
    """How somebody went who never had a nickname; the value is the limit that has its penalty."""

    NAMELESS = "penalty_nameless"
    WRONG_CODE = "penalty_wrong_code"
    TOO_LATE = "penalty_too_late"


class Refusal(NamedTuple):
    """Why somebody may not connect: for them, and the limit by which the operator can change that."""

    text: str
    limit: str


class _Known:
    """What is known of one network."""

    __slots__ = "came", "is_barred", "now_open", "penalty_until"

    def __init__(self) -> None:
        self.now_open = 0
        self.came: list[int] = []  # a step, how many came in it, the next step, …
        self.penalty_until = 0.0
        self.is_barred = False  # until then

    def forget_before(self, step: int) -> None:
        """Forget who came before a step."""
        while self.came and self.came[0] < step:
            del self.came[:2]

    def add(self, step: int) -> None:
        """Somebody came."""
        if self.came and self.came[-2] == step:
            self.came[-1] += 1
        else:
            self.came += step, 1

    def is_void(self, now: float) -> bool:
        """Would nothing change if this were forgotten?"""
        self.forget_before(_step(now) - STEPS)
        return not self.now_open and not self.came and self.penalty_until <= now


class Visit:
    """One connection that is counted. Whoever has begun one has to end it."""

    __slots__ = "_admission", "_known", "_network", "is_in_handshake", "is_nameless", "offence"

    def __init__(self, admission: Admission, network: Network, known: _Known | None, is_tls: bool) -> None:
        self._admission = admission
        self._network = network
        self._known = known
        self.is_in_handshake = is_tls
        self.is_nameless = True
        self.offence = Offence.NAMELESS  # if it ends now

    def named(self) -> None:
        """Somebody has a nickname now."""
        if self.is_nameless:
            self.is_nameless = False
            self._admission.nameless -= 1

    def secured(self) -> None:
        """The handshake of TLS is done."""
        if self.is_in_handshake:
            self.is_in_handshake = False
            self._admission.handshakes -= 1

    def end(self, now: float) -> None:
        """The connection is gone."""
        self._admission.end(self._network, self._known, self.offence if self.is_nameless else None, now)
        self.named()
        self.secured()


class Admission:
    """Counts who is connected, and says who may not be."""

    def __init__(self, limits: Limits) -> None:
        self.nameless = 0  # connections that are counted and have no nickname yet
        self.handshakes = 0  # of those, with TLS that is not agreed on yet
        self.limits = limits
        self._known: OrderedDict[str, _Known] = OrderedDict()  # by the network's key
        self._wider: dict[str, int] = {}  # connections, by the wider network

    def __len__(self) -> int:
        """Return how many networks are known."""
        return len(self._known)

    def refusal(
        self, network: Network, now: float, chance: Callable[[], float], is_tls: bool = False
    ) -> Refusal | None:
        """Return why somebody may not connect, if so."""
        if network.is_exempt:
            return None
        known = self._known.get(network.key)
        reason = None
        if known is not None:
            reason = self._penalty(network, known, now) or self._caps(network, known, now)
        return reason or self._wider_cap(network) or self._early_drop(chance, is_tls)

    def begin(self, network: Network, now: float, is_tls: bool = False, is_new: bool = True) -> Visit | None:
        """
        Count somebody who connects; None if they are not counted.

        Who is not ``is_new`` has been here all the time, over another process.
        """
        if network.is_exempt:
            return None
        self._forget_some(now)
        known = self._known.get(network.key)
        if known is None and len(self._known) < (self.limits.networks_known or math.inf):
            known = self._known[network.key] = _Known()
        if known is not None:
            known.now_open += 1
            if is_new:
                known.add(_step(now))
        if network.wider:
            self._wider[network.wider] = self._wider.get(network.wider, 0) + 1
        self.nameless += 1
        self.handshakes += is_tls
        return Visit(self, network, known, is_tls)

    def end(self, network: Network, known: _Known | None, offence: Offence | None, now: float) -> None:
        """Count somebody no longer; called by their `Visit`."""
        if network.wider:
            self._wider[network.wider] -= 1
            if not self._wider[network.wider]:
                del self._wider[network.wider]
        if known is None:
            return
        known.now_open -= 1
        if offence is not None:
            self._punish(known, network.kind, getattr(self.limits, offence.value) or 0, now)
        if known.is_void(now):
            del self._known[network.key]

    def _punish(self, known: _Known, kind: Kind, penalty: float, now: float) -> None:
        limits = self.limits
        is_private = kind is Kind.PRIVATE
        least = limits.penalty_private_from if is_private else limits.penalty_from
        if least is None:
            return
        if known.penalty_until <= now:
            known.penalty_until, known.is_barred = now, False
        longest = now + (limits.penalty_longest or math.inf)
        known.penalty_until = min(known.penalty_until + penalty, longest)
        known.is_barred = known.is_barred or known.penalty_until >= now + least

    def _penalty(self, network: Network, known: _Known, now: float) -> Refusal | None:
        if not known.is_barred or known.penalty_until <= now:
            return None
        wait = count(math.ceil(known.penalty_until - now), "second", "seconds")
        text = f"Too many connections from your network ended without a nickname. Try again in {wait}."
        return Refusal(text, "penalty_private_from" if network.kind is Kind.PRIVATE else "penalty_from")

    def _caps(self, network: Network, known: _Known, now: float) -> Refusal | None:
        limits, key = self.limits, "connections_per_network"
        most, most_new = limits.connections_per_network, limits.new_connections_per_network
        if network.kind is Kind.PRIVATE:
            key = "connections_per_private_network"
            most = limits.connections_per_private_network
            most_new = limits.new_connections_per_private_network
        if most is not None and known.now_open >= most:
            return Refusal(f"Too many connections from your network: at most {most} at once.", key)
        known.forget_before(_step(now) - STEPS)
        if most_new is not None and sum(known.came[1::2]) >= most_new:
            text = f"Too many connections from your network: at most {most_new} in 10 minutes."
            return Refusal(text, f"new_{key}")
        return None

    def _wider_cap(self, network: Network) -> Refusal | None:
        key, most = "connections_per_48", self.limits.connections_per_48
        if network.kind is Kind.PRIVATE:
            key, most = "connections_per_private_48", self.limits.connections_per_private_48
        if most is None or self._wider.get(network.wider, 0) < most:
            return None
        return Refusal(f"Too many connections from the networks around yours: at most {most} at once.", key)

    def _early_drop(self, chance: Callable[[], float], is_tls: bool) -> Refusal | None:
        """Refuse none, some by chance, or all, the more of them there are who have no nickname yet."""
        if is_tls and self.handshakes >= (self.limits.tls_handshakes or math.inf):
            return Refusal("Too many connect with TLS just now. Try again in a moment.", "tls_handshakes")
        first, all_from = self.limits.drop_from, self.limits.drop_all_from
        if first is None or all_from is None or self.nameless < first:
            return None
        if self.nameless < all_from:
            least = (self.limits.drop_percent or 0) / 100
            if chance() >= least + (1 - least) * (self.nameless - first) / (all_from - first):
                return None
        text = "Too many people are choosing a nickname just now. Try again in a moment."
        return Refusal(text, "drop_from and drop_all_from")

    def _forget_some(self, now: float) -> None:
        """Forget some of the networks that need not be known: one after another they all have their turn."""
        for _ in range(min(LOOKED_AT, len(self._known))):
            key, known = self._known.popitem(last=False)
            if not known.is_void(now):
                self._known[key] = known


def _step(now: float) -> int:
    return int(now // STEP)
