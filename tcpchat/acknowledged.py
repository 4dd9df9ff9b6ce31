"""
How far somebody has certainly read: what their system has acknowledged, not what ours has sent.

What a socket took is not what the peer has. How many bytes are still on their way is known to the
system, but not what they were. So places are remembered together with how much had been sent then,
and count once that much has been acknowledged. No I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tcpchat.places import Place


class Traffic(NamedTuple):
    """
    What a connection has sent: bytes on their way, and bytes that the peer has acknowledged.

    The latter is None where the system does not count them. ``silence`` is for how many seconds
    the peer has acknowledged nothing at all.
    """

    queued: int
    acknowledged: int | None
    silence: float = 0


class _Mark(NamedTuple):
    """Everything before these places is acknowledged as soon as so many bytes are."""

    sent: int
    places: Mapping[str, Place]


class Acknowledged:
    """The places up to which the peer has acknowledged everything, by stream."""

    __slots__ = "_has_stopped", "_mark", "missing", "places", "sent"

    def __init__(self) -> None:
        self.places: dict[str, Place] = {}
        # Once it has stopped: where it would have gone on, and how many bytes may be missing.
        self.sent: dict[str, Place] = {}
        self._has_stopped = False
        self.missing: int | None = None
        self._mark: _Mark | None = None

    def begin(self, stream: str, place: Place) -> None:
        """A stream is shown from this place on, or would be."""
        self.places[stream] = place
        if self._has_stopped:
            self.sent[stream] = place

    def end(self, stream: str) -> None:
        """A stream is shown no more."""
        self.places.pop(stream, None)
        self.sent.pop(stream, None)

    def measure(self, traffic: Traffic | None, unsent: int, places: Mapping[str, Place]) -> None:
        """
        Take in how much has been sent by now.

        ``unsent`` are bytes that the connection has not been able to send yet, ``places`` what
        everything that was sent ends with, or before; also of other streams. Without ``traffic``
        nothing is known.
        """
        if traffic is None:
            return
        if not traffic.queued and not unsent:
            self._mark = None
            self._reach(places)
            return
        if traffic.acknowledged is None:
            return
        if self._mark and traffic.acknowledged >= self._mark.sent:
            self._reach(self._mark.places)
            self._mark = None
        if self._mark is None:
            own = {stream: places[stream] for stream in self.places if stream in places}
            self._mark = _Mark(traffic.acknowledged + traffic.queued + unsent, own)

    def _reach(self, places: Mapping[str, Place]) -> None:
        """Everything before these places is acknowledged."""
        for stream, place in self.places.items():
            there = places.get(stream)
            if there is not None and there != place:
                self.places[stream] = place.at_least(there)

    def stop(self, traffic: Traffic | None, unsent: int, places: dict[str, Place]) -> None:
        """Take in how it was at the end of the connection."""
        self.measure(traffic, unsent, places)
        self.places = dict(self.places)
        self._has_stopped = True
        self.sent = places
        self.missing = None if traffic is None else traffic.queued + unsent

    @property
    def certain(self) -> dict[str, Place]:
        """The places before which nothing is missing, whatever was on its way at the end."""
        return self.sent if self.missing == 0 else self.places
