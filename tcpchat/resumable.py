"""Which sessions can be taken up again, by which secret, and for how long. No I/O."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from tcpchat.tickets import digests


class _Until(NamedTuple):
    """A session can be taken up until then."""

    time: float
    session: str


class Resumable:
    """The sessions that have tickets. Times are monotonic seconds and must not run backwards."""

    def __init__(self) -> None:
        self._sessions: dict[str, str] = {}  # by the digest of each secret
        self._digests: dict[str, tuple[str, ...]] = {}  # by session
        self._until: dict[str, float] = {}  # of those whose connection has broken
        self._expiring: deque[_Until] = deque()  # about in the order of time

    def add(self, session: str, digests: tuple[str, ...]) -> None:
        """Let a session be taken up with what has one of these digests (`digests`), until it expires."""
        self.remove(session)
        self._digests[session] = digests
        for each in digests:
            self._sessions[each] = session

    def expire(self, session: str, time: float) -> None:
        """Let a session be taken up no longer than until then."""
        self._until[session] = time
        self._expiring.append(_Until(time, session))

    def holds(self, session: str) -> bool:
        """Tell whether a session can be taken up, as far as was seen to it."""
        return session in self._digests

    def remove(self, session: str) -> None:
        """Let a session be taken up no more."""
        self._until.pop(session, None)
        for each in self._digests.pop(session, ()):
            del self._sessions[each]

    @property
    def number(self) -> int:
        """How many can be."""
        return len(self._digests)

    def find(self, secret: str, now: float) -> str | None:
        """Return the session that a secret belongs to, if it can be taken up."""
        session = next(filter(None, map(self._sessions.get, digests(secret))), None)
        if session is None or self._until.get(session, now) < now:
            return None
        return session

    def expired(self, now: float) -> list[str]:
        """Remove the sessions whose time is over, and return them."""
        over = []
        while self._expiring and self._expiring[0].time < now:
            time, session = self._expiring.popleft()
            if self._until.get(session) == time:  # and not longer by now, or for good
                self.remove(session)
                over.append(session)
        return over
