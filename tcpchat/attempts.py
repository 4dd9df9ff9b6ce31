"""
How often somebody may try passwords, and register. No I/O, no clock.

Wrong passwords beyond what is allowed are slowed and never refused: to lock an account would let anybody
keep its owner out. Times are seconds of a clock that only goes forward.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

from tcpchat.limits import (
    KNOWN_NETWORK_FACTOR,
    LOGIN_DELAY,
    MOST_COUNTED,
    NETWORKS_OF_ACCOUNT,
    Limits,
)
from tcpchat.networks import Kind, Network, Trusted, network
from tcpchat.requests import Refused

MINUTE, HOUR = 60.0, 3600.0

# In what time the wrong passwords of a limit are forgotten.
PER_NICKNAME = 15 * MINUTE
PER_NETWORK = FROM_STRANGERS = HOUR


class Counts:
    """How often something has happened lately, by key: it is forgotten little by little."""

    def __init__(self, most: int | None, seconds: float, factor: int = 1) -> None:
        """
        So often in so many seconds may it happen; None: as often as it likes.

        To some it may happen ``factor`` times as often.
        """
        self._most = most
        self._seconds = seconds
        self._factor = factor
        self._counts: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()  # so many; when it was last

    def __len__(self) -> int:
        return len(self._counts)

    def change(self, most: int | None) -> None:
        """So often may it happen from now on; what has happened counts."""
        self._most = most
        if most is None:
            self._counts.clear()

    def add(self, key: Hashable, now: float) -> None:
        """It has happened."""
        if self._most is None:
            return
        self._counts[key] = min(self._count(key, now) + 1, self._most * self._factor), now
        self._counts.move_to_end(key)
        over = now - self._seconds * self._factor
        while len(self._counts) > MOST_COUNTED or self._oldest <= over:
            self._counts.popitem(last=False)

    def is_enough(self, key: Hashable, now: float, factor: int = 1) -> bool:
        """Would it be too often, once more?"""
        return self._most is not None and self._count(key, now) + 1 > self._most * factor

    def _count(self, key: Hashable, now: float) -> float:
        assert self._most is not None
        count, at = self._counts.get(key, (0.0, now))
        return max(0.0, count - (now - at) * self._most / self._seconds)

    @property
    def _oldest(self) -> float:
        return next(iter(self._counts.values()))[1]


class Attempts:
    """Wrong passwords by nickname and by network, and who has registered from where."""

    def __init__(self, limits: Limits, trusted: Trusted = ()) -> None:
        """Of ``trusted`` networks, as of this machine, who registers is counted among all only."""
        self._trusted = trusted
        self._by_both = Counts(limits.wrong_passwords_per_nickname, PER_NICKNAME, KNOWN_NETWORK_FACTOR)
        self._by_network = Counts(limits.wrong_passwords_per_network, PER_NETWORK)
        self._by_strangers = Counts(limits.wrong_passwords_from_strangers, FROM_STRANGERS)
        self._known: OrderedDict[str, tuple[str, ...]] = OrderedDict()  # by nickname: their networks
        self._registered = Counts(limits.registrations, HOUR)
        self._registered_nearby = {
            Kind.PUBLIC: Counts(limits.registrations_per_network, HOUR),
            Kind.PRIVATE: Counts(limits.registrations_per_private_network, HOUR),
        }

    def change(self, limits: Limits, trusted: Trusted) -> None:
        """Other limits hold from now on; what has happened counts."""
        self._trusted = trusted
        self._by_both.change(limits.wrong_passwords_per_nickname)
        self._by_network.change(limits.wrong_passwords_per_network)
        self._by_strangers.change(limits.wrong_passwords_from_strangers)
        self._registered.change(limits.registrations)
        self._registered_nearby[Kind.PUBLIC].change(limits.registrations_per_network)
        self._registered_nearby[Kind.PRIVATE].change(limits.registrations_per_private_network)

    def delay(self, nick: str, address: str, now: float) -> float:
        """
        Return how many seconds somebody has to wait who gives a password for a nickname.

        ``nick`` is folded. Whether anybody has registered it makes no difference: nobody is to find that out.
        """
        where = self._network(address).key
        both = nick, where
        if self._is_known(nick, where):
            slow = self._by_both.is_enough(both, now, KNOWN_NETWORK_FACTOR)
        else:
            slow = (
                self._by_both.is_enough(both, now)
                or self._by_network.is_enough(where, now)
                or self._by_strangers.is_enough(nick, now)
            )
        return LOGIN_DELAY if slow else 0.0

    def failed(self, nick: str, address: str, now: float) -> None:
        """It was the wrong password."""
        where = self._network(address).key
        self._by_both.add((nick, where), now)
        self._by_network.add(where, now)
        if not self._is_known(nick, where):
            self._by_strangers.add(nick, now)

    def succeeded(self, nick: str, address: str) -> None:
        """It was the right one: from there its owner comes."""
        where = self._network(address).key
        others = tuple(other for other in self._known.pop(nick, ()) if other != where)
        self._known[nick] = (*others, where)[-NETWORKS_OF_ACCOUNT:]
        if len(self._known) > MOST_COUNTED:
            self._known.popitem(last=False)

    def register(self, address: str, now: float) -> None:
        """
        Count somebody who registers.

        Raises:
            Refused: too many did.
        """
        whence = self._network(address)
        nearby = self._registered_nearby.get(whence.kind)
        if nearby is not None and nearby.is_enough(whence.key, now):
            raise Refused("Too many have registered from your network. Try again in an hour.", "too-many")
        if self._registered.is_enough("", now):
            raise Refused("Too many have registered just now. Try again in some minutes.", "too-many")
        if nearby is not None:
            nearby.add(whence.key, now)
        self._registered.add("", now)

    def _network(self, address: str) -> Network:
        return network(address, self._trusted)

    def _is_known(self, nick: str, where: str) -> bool:
        return where in self._known.get(nick, ())
