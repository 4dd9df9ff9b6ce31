"""How somebody wants to see lines: of what ``/set`` changes, that which a client has to do. No I/O."""

from __future__ import annotations

from datetime import tzinfo
from typing import NamedTuple

from tcpchat.client.happenings import Fields
from tcpchat.client.wording import Line
from tcpchat.settings import AS_AT_FIRST


class Seeing(NamedTuple):
    """With numbers or without, and with times in which zone: None is the local one."""

    numbers: bool = False
    zone: tzinfo | None = None

    def changed(self, asked: Fields) -> Seeing:
        """
        Return how it is after a request that the server has carried out.

        Raises:
            NotUnderstood: it is a time zone that is not known here.
        """
        match asked:
            case {"type": "set", "name": "numbers", "value": value}:
                return self._replace(numbers=AS_AT_FIRST.changed("numbers", value).numbers)
            case {"type": "set", "name": "timezone", "value": value}:
                return self._replace(zone=AS_AT_FIRST.changed("timezone", value).timezone)
        return self

    def line(self, it: Line) -> Line:
        """Return a line as it is to be shown."""
        return it._replace(is_numbered=True) if self.numbers else it
