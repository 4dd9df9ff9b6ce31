"""What /ban alone answers: who is banned and muted. No I/O."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tcpchat import jsonlines
from tcpchat.answers import Answer, Style
from tcpchat.limits import MOST_LISTED
from tcpchat.records import KeptSanction
from tcpchat.render import count
from tcpchat.sanctions import BAN, because, remaining


class BanList(Answer, frozen=True, tag="ban"):
    """
    The latest bans and mutes of a room, or without one those of the server, the oldest first.

    ``now`` is in milliseconds since 1970. Where somebody connects from is only for those who
    ``see_addresses``; what an operator has typed is for all who may ask.
    """

    room: str
    sanctions: Sequence[KeptSanction]
    now: int
    see_addresses: bool

    def lines(self, style: Style) -> Iterator[str]:
        if not self.sanctions:
            yield f"Nobody is banned from {self.room}, or muted." if self.room else "Nobody is banned."
        if unseen := self._unseen:
            yield f"{count(unseen, 'earlier one is', 'earlier ones are')} not shown here."
        for each in self._latest:
            done = "banned" if each.kind == BAN else "muted"
            where = f" {'from' if each.kind == BAN else 'in'} {self.room}" if self.room else ""
            also = f" Also: {', '.join(networks)}." if (networks := self._networks(each)) else ""
            yield f"{each.whom} is {done}{where} by {each.by}{because(each, self.now)}{also}"

    def json(self) -> bytes:
        return jsonlines.line(
            {
                "type": "ban",
                "room": jsonlines.room(self.room),
                "sanctions": [self._fields(each) for each in self._latest],
                "more": self._unseen,
            }
        )

    @property
    def _latest(self) -> Sequence[KeptSanction]:
        return self.sanctions[-MOST_LISTED:]

    @property
    def _unseen(self) -> int:
        return max(0, len(self.sanctions) - MOST_LISTED)

    def _networks(self, sanction: KeptSanction) -> Sequence[str]:
        return sanction.networks if self.see_addresses and sanction.keys else ()

    def _fields(self, sanction: KeptSanction) -> dict[str, Any]:
        fields = {
            "kind": sanction.kind,
            "nick": sanction.whom,
            "by": sanction.by,
            "time": jsonlines.time(sanction.time),
            "seconds": remaining(sanction, self.now),
            "reason": sanction.reason,
        }
        networks = self._networks(sanction)
        return fields | {"networks": networks} if networks else fields
