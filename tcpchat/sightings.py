"""Who comes and goes, for operators who want to know: names and addresses, and never what is said."""

from __future__ import annotations

from itertools import count

from twisted.logger import Logger


class Sightings:
    """
    Tells the log of connections and sessions, if that is wanted.

    Each is told with the session's id, or before there is one, with that of the connection.
    """

    logger = Logger()

    def __init__(self) -> None:
        self.are_told = False
        self._connections = count(1)

    def new_connection(self) -> str:
        """Return an id for a connection; no session has such a short one."""
        return f"c{next(self._connections)}"

    def tell(self, what: str, session: str, nick: str = "", address: str = "", connection: str = "") -> None:
        """Tell what has happened to whom, in words that may hold ``{nick}`` and the others."""
        if self.are_told:
            self.logger.debug(what, session=session, nick=nick, address=address, connection=connection)
