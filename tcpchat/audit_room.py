"""The room of the audit trail: what makes it another one than all others. No I/O."""

from __future__ import annotations

from tcpchat.events import Event, Joined, Left
from tcpchat.requests import Refused
from tcpchat.room import AUDIT, Room


class AuditRoom(Room):
    """
    What operators did, and what was reported to them.

    It is always there, and does not count among the rooms that there may be. Who may come in is decided
    where rooms are found by their names (rooms.py).
    """

    def __init__(self) -> None:
        super().__init__(AUDIT)

    def check(self, event: Event, is_admitted: bool = False) -> None:
        """
        Let people come and go, and nothing else happen: notes are not asked for (audit.py).

        Raises:
            Refused: it may not happen here.
        """
        if not isinstance(event, Joined | Left):
            raise Refused(f"Nobody says anything in {AUDIT}.", "forbidden")
        super().check(event, is_admitted)
