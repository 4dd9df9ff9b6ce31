"""Who said a line in a slow room, and when: how long until their next one. No I/O, no clock."""

from __future__ import annotations

from tcpchat.limits import MOST_SLOWED


class Slowness:
    """When each said something last. Times are monotonic seconds and must not run backwards."""

    def __init__(self) -> None:
        self._said: dict[str, float] = {}  # by person, the latest last

    def __len__(self) -> int:
        return len(self._said)

    def wait(self, person: str, seconds: int, now: float) -> float:
        """Return for how long somebody may say nothing yet; if that is 0, count what they say now."""
        said = self._said.get(person)
        if said is not None and now < said + seconds:
            return said + seconds - now
        self._said.pop(person, None)
        self._said[person] = now
        self._forget(now - seconds)
        return 0

    def _forget(self, before: float) -> None:
        """Forget those whose time is over, and beyond the limit those who wait the longest already."""
        while len(self._said) > MOST_SLOWED or next(iter(self._said.values())) <= before:
            del self._said[next(iter(self._said))]
