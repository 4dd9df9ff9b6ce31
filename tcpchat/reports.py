"""How often people report lines to the operators. No I/O, no clock."""

from __future__ import annotations

from tcpchat.limits import MOST_REPORTS, REPORTS_WITHIN


class Reports:
    """
    When each person has reported something lately. Times are monotonic seconds.

    Whoever has not is not known: it is no more than have reported something within that while.
    """

    def __init__(self) -> None:
        self._times: dict[str, tuple[float, ...]] = {}  # who has done it last is the last

    def __len__(self) -> int:
        return len(self._times)

    def take(self, person: str, now: float) -> bool:
        """Count a report of a person, unless it is one too many: return whether it is not."""
        begin = now - REPORTS_WITHIN
        while (first := next(iter(self._times), None)) is not None and self._times[first][-1] <= begin:
            del self._times[first]
        times = tuple(time for time in self._times.get(person, ()) if time > begin)
        if len(times) >= MOST_REPORTS:
            return False
        self._times.pop(person, None)
        self._times[person] = *times, now
        return True
