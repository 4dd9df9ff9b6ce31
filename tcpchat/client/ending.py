"""With which status the client ends."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from tcpchat.client.happenings import Offline
from tcpchat.client.limits import MOST_SHOWN_PENDING
from tcpchat.render import count
from tcpchat.text import clean

# The exit statuses, as in sysexits.h.
USAGE, NO_HOST, UNAVAILABLE, REFUSED = os.EX_USAGE, os.EX_NOHOST, os.EX_UNAVAILABLE, os.EX_NOPERM
BROKEN = os.EX_SOFTWARE

# What a shell says of a program that Ctrl-C has ended.
INTERRUPTED = 130


def not_sent(texts: Sequence[str]) -> Iterator[str]:
    """Tell of what was said, and was not confirmed when somebody left: of some one by one."""
    for text in texts[:MOST_SHOWN_PENDING]:
        yield f'Not sent, or not known to be: "{clean(text.replace(chr(10), " "))}"'
    if (rest := len(texts) - MOST_SHOWN_PENDING) > 0:
        yield f"Nor {count(rest, 'more line', 'more lines')}"


def hopeless(offline: Offline, refusal: str) -> int:
    """
    Return with which status to end if there was no session before this; 0: it is to be tried again.

    ``refusal`` is what the server has said before it closed the connection, if it has said anything.
    """
    if offline.is_unknown:
        return NO_HOST
    if refusal:
        return REFUSED
    return 0 if offline.was_made else UNAVAILABLE
