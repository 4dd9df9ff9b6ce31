"""What each line costs the budget of whoever sends it, by text and by JSON alike. No I/O."""

from __future__ import annotations

from tcpchat.limits import LONGEST_LINE
from tcpchat.requests import (
    Asked,
    ChangePassword,
    ChooseNick,
    Context,
    History,
    Join,
    Leave,
    ListRooms,
    Login,
    More,
    Refused,
    Register,
    Remove,
    Resume,
    Search,
    TakeNick,
    Unregister,
    Who,
)

# What asks for nothing that there is costs so much; what is refused, at least.
FAILED = 2.0

# What is said, and everything else that one person is told in a line or two.
ORDINARY = 1.0

# What everybody in a room is told by the server, and what many are told: each is in the log, and may be a
# new room, or take something out of the index. What shows up to 500 lines, of which most were read from
# the log.
COSTS: dict[type, float] = {
    type(None): 0.25,  # a line with nothing in it
    ChooseNick: 3.0,
    TakeNick: 3.0,
    Join: 3.0,
    Leave: 3.0,
    Remove: 3.0,
    History: 5.0,
    ListRooms: 5.0,
    More: 5.0,
    Search: 5.0,
    Who: 5.0,
    Context: 5.0,
    # What has a password hashed, which takes some ten milliseconds of a processor.
    Register: 5.0,
    Login: 5.0,
    ChangePassword: 5.0,
    Unregister: 5.0,
}

# Before there is a nickname nobody is told anything: what costs is that names and codes are tried.
NAMELESS_COSTS = COSTS | {ChooseNick: FAILED, TakeNick: FAILED, Resume: FAILED, Login: FAILED}

# A line as it was understood. Those of a paste are taken as they are.
Step = Asked | str | Refused


def tokens(step: Step, is_nameless: bool) -> float:
    """Return what a line costs before it is carried out. Of a line of a paste the bytes alone count."""
    if isinstance(step, Asked):
        return (NAMELESS_COSTS if is_nameless else COSTS).get(type(step.request), ORDINARY)
    return FAILED if isinstance(step, Refused) else 0.0


def size(line: str | bytes | Refused) -> int:
    """Return how many bytes a line had, with its end. One that was too long counts as the longest."""
    if isinstance(line, Refused):
        return LONGEST_LINE + 1 if line.code == "too-long" else 1
    return (len(line) if isinstance(line, bytes) or line.isascii() else len(line.encode())) + 1
