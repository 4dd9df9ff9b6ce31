"""How a server says goodbye: people are told, and what was received from them is still done."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from twisted.logger import Logger

from tcpchat.doors.line import LineConnection
from tcpchat.served import Served
from tcpchat.waiting import until

logger = Logger()

FAREWELL = "The server restarts, back in about 10 s. A line that was shown is kept."

LOG_HAS_FAILED = "The log has failed, and the server ends. What was not shown is perhaps not kept."

# Seconds at the end for what was received to be committed and shown, for that to be read, for other nodes
# to be told, and for the log to be closed: less than five together, whoever does not read and however slow
# the disk is.
COMMIT_THE_REST = 3.0
READ_THE_REST = 1.0
TELL_THE_OTHERS = 0.2
CLOSE_THE_LOG = 0.7

# The same where another version is to go on with it, which has to wait for that anyway.
CLOSE_THE_LOG_SURELY = 60.0


async def say_goodbye(reactor: Any, served: Served, is_busy: Callable[[], bool], has_failed: bool) -> None:
    """
    Tell everybody that it is over, finish what was received, and hang up.

    As long as it ``is_busy`` that is waited for, too. ``has_failed``: the log has.
    """
    served.chat.stop()
    connections = served.connections
    told = LOG_HAS_FAILED if has_failed else FAREWELL
    _with_each(connections, lambda it: it.dialogue.finish(told))
    await until(reactor, lambda: all(it.is_settled for it in connections) and not is_busy(), COMMIT_THE_REST)
    _with_each(connections, LineConnection.close)
    await until(reactor, lambda: not served.connections, READ_THE_REST)
    _with_each(served.connections, LineConnection.abort)
    served.chat.close()


def _with_each(connections: Iterable[LineConnection], do: Callable[[LineConnection], object]) -> None:
    """Do something with each connection: a fault of ours with one is no reason to leave the log open."""
    for connection in connections:
        try:
            do(connection)
        except Exception:
            logger.failure("A connection could not be ended", session=connection.dialogue.reader.session)
