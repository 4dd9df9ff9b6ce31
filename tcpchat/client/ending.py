"""With which status the client ends."""

from __future__ import annotations

import os

from tcpchat.client.happenings import Offline

# The exit statuses, as in sysexits.h.
USAGE, NO_HOST, UNAVAILABLE, REFUSED = os.EX_USAGE, os.EX_NOHOST, os.EX_UNAVAILABLE, os.EX_NOPERM
BROKEN = os.EX_SOFTWARE

# What a shell says of a program that Ctrl-C has ended.
INTERRUPTED = 130


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
