"""
Who is banned or muted, where, and whether somebody is. No I/O, no clock.

A sanction has marks: keys of a nickname, a person's id, networks. Whoever one of them fits is hit by it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

import msgspec

from tcpchat import records, sentences
from tcpchat.limits import MOST_MARKED_NETWORKS, MOST_VERDICTS
from tcpchat.names import Name
from tcpchat.networks import mask, number, prefix
from tcpchat.records import KeptSanction

BAN, MUTE = "ban", "mute"

# In the place of a room: the whole server.
SERVER = ""

NEVER = float("inf")

# A mark with the kind and the room that it counts for.
_Key = tuple[Any, ...]


class Identity(NamedTuple):
    """By what somebody is known: the nickname, the person's id, and the address without a port."""

    name: Name
    person: str
    address: str


class Sanctions:
    """All bans and mutes, found by whom they hit: however many there are, that takes few look-ups."""

    def __init__(self, keep: Callable[[str, bytes | None], None]) -> None:
        """``keep`` keeps what becomes of a sanction by its id: the record, or None when it is lifted."""
        self._keep = keep
        # Is told of one that another node has made.
        self.arrived: Callable[[KeptSanction], object] = lambda sanction: None
        self._all: dict[str, KeptSanction] = {}  # by id, the oldest first
        self._marked: dict[_Key, dict[str, KeptSanction]] = {}  # by mark: those that have it, by id
        # By kind and room: versions and bits of the networks there, and how many have each.
        self._sizes: dict[_Key, Counter[tuple[int, int]]] = {}
        self._verdicts: dict[tuple[str, Identity], KeptSanction | None] = {}  # of mutes, as found lately
        self._soonest = NEVER  # when the first one may be over
        self.in_rooms = 0  # how many there are that are not for the whole server
        self.muted: Counter[str] = Counter()  # the rooms with mutes, and how many each has

    def restore(self, sanction: KeptSanction) -> None:
        """Have one that was kept before."""
        self._all[sanction.id] = sanction
        for mark in _marks(sanction):
            self._marked.setdefault(mark, {})[sanction.id] = sanction
        for network in map(mask, sanction.networks):
            sizes = self._sizes.setdefault((sanction.kind, sanction.room), Counter())
            sizes[prefix(network)[:2]] += 1
        self._soonest = min(self._soonest, _end(sanction))
        self.in_rooms += sanction.room != SERVER
        if sanction.kind == MUTE:
            self.muted[sanction.room] += 1
            self._verdicts.clear()

    def take_in(self, id: str, kept: bytes | None) -> None:
        """Another node has kept this of a sanction, or has lifted it."""
        self._drop(id)
        if kept is not None:
            sanction = records.sanction(kept)
            self.restore(sanction)
            self.arrived(sanction)

    def add(self, sanction: KeptSanction) -> KeptSanction:
        """
        Sanction somebody in place of those sanctions that are of the same name; return what it has become.

        The person and the networks that those have marked it marks, too: whoever was put out is not there
        to be looked at again.
        """
        for old in self.named(sanction):
            networks = dict.fromkeys((*old.networks, *sanction.networks))
            sanction = msgspec.structs.replace(
                sanction,
                account=sanction.account or old.account,
                networks=tuple(networks)[-MOST_MARKED_NETWORKS:],
            )
            self.remove(old.id)
        self.restore(sanction)
        self._keep(sanction.id, records.encode(sanction))
        return sanction

    def remove(self, id: str) -> None:
        """Lift a sanction, if there is such a one."""
        if self._drop(id):
            self._keep(id, None)

    def _drop(self, id: str) -> bool:
        """Have a sanction no longer; return whether there was one."""
        sanction = self._all.pop(id, None)
        if sanction is None:
            return False
        for mark in set(_marks(sanction)):
            del self._marked[mark][id]
            if not self._marked[mark]:
                del self._marked[mark]
        key = sanction.kind, sanction.room
        for network in map(mask, sanction.networks):
            self._sizes[key][prefix(network)[:2]] -= 1
        if sanction.networks and not _positive(self._sizes[key]):
            del self._sizes[key]
        self.in_rooms -= sanction.room != SERVER
        if sanction.kind == MUTE:
            self.muted[sanction.room] -= 1
            _positive(self.muted)
            self._verdicts.clear()
        return True

    def expire(self, now: int) -> None:
        """Lift those whose time (milliseconds since 1970, as always here) is over."""
        if self._soonest > now:
            return
        for sanction in self.list():
            if _is_over(sanction, now):
                self.remove(sanction.id)
        self._soonest = min(map(_end, self._all.values()), default=NEVER)

    def list(self, room: str | None = None) -> Sequence[KeptSanction]:
        """Return those of a room, or of the whole server, or without one all; the oldest first."""
        return [each for each in self._all.values() if room is None or each.room == room]

    def named(self, like: KeptSanction) -> Sequence[KeptSanction]:
        """
        Return those of a kind and room that are called as another one is.

        That is by a nickname like its, or if it has none, by the same networks.
        """
        found: dict[str, KeptSanction] = {}
        for mark in _marks(like):
            found |= self._marked.get(mark, {})
        if like.keys:
            return [each for each in found.values() if not set(each.keys).isdisjoint(like.keys)]
        return [each for each in found.values() if not each.keys and each.networks == like.networks]

    def find(self, kind: str, room: str, who: Identity, now: int) -> KeptSanction | None:
        """Return a sanction of a kind that hits somebody in a room or on the server, if one does."""
        hits: list[KeptSanction] = []
        for key in self._keys(kind, room, who):
            # Of those with the same mark the latest will do: a thousand may have marked one network.
            latest = reversed(self._marked.get(key, {}).values())
            hits += islice((each for each in latest if not _is_over(each, now)), 1)
        return max(hits, key=_end, default=None)

    def mute(self, room: str, who: Identity, now: int) -> KeptSanction | None:
        """Return the mute that hits somebody in a room, from what was found for them before, if it was."""
        known = (room, who)
        if known in self._verdicts:
            verdict = self._verdicts[known]
            if verdict is None or not _is_over(verdict, now):
                return verdict
        if len(self._verdicts) >= MOST_VERDICTS:
            self._verdicts.clear()
        self._verdicts[known] = found = self.find(MUTE, room, who, now)
        return found

    def _keys(self, kind: str, room: str, who: Identity) -> Iterator[_Key]:
        """Yield all marks that would hit somebody."""
        for key in who.name.keys:
            yield kind, room, *key
        yield kind, room, "person", who.person
        sizes = self._sizes.get((kind, room))
        if sizes and (ip := number(who.address)):
            for version, rest in sizes:
                if version == ip.version:
                    yield kind, room, version, rest, ip.value >> rest


def fits(sanction: KeptSanction) -> Callable[[Identity], bool]:
    """Return what tells of one person after the other whether a sanction hits them, whatever the time is."""
    keys = set(sanction.keys)
    networks = [prefix(mask(network)) for network in sanction.networks]

    def hits(who: Identity) -> bool:
        if who.person == sanction.account or not keys.isdisjoint(who.name.keys):
            return True
        ip = number(who.address) if networks else None
        return ip is not None and any(
            version == ip.version and ip.value >> rest == begin for version, rest, begin in networks
        )

    return hits


def _positive(numbers: Counter[Any]) -> Counter[Any]:
    """Leave out what there is none of any more."""
    numbers += Counter()
    return numbers


def _marks(sanction: KeptSanction) -> Iterator[_Key]:
    """Yield the marks of a sanction."""
    for key in sanction.keys:
        yield sanction.kind, sanction.room, *key
    if sanction.account:
        yield sanction.kind, sanction.room, "person", sanction.account
    for network in map(mask, sanction.networks):
        yield sanction.kind, sanction.room, *prefix(network)


def remaining(sanction: KeptSanction, now: int) -> int | None:
    """Return how many seconds are left of a sanction, as people would say it; None: it is for good."""
    if sanction.until is None:
        return None
    seconds = max(1, -(-(sanction.until - now) // 1000))
    unit = 3600 if seconds >= 86400 else 60 if seconds >= 3600 else 1
    return -(-seconds // unit) * unit


def because(sanction: KeptSanction, now: int) -> str:
    """Return the end of a sentence: for how long a sanction still is, and why."""
    return sentences.because(sanction.reason, remaining(sanction, now))


def _end(sanction: KeptSanction) -> float:
    return NEVER if sanction.until is None else sanction.until


def _is_over(sanction: KeptSanction, now: int) -> bool:
    return sanction.until is not None and sanction.until <= now
