"""What somebody typed, as it may be repeated in an answer. No I/O."""

from __future__ import annotations

from tcpchat.text import clean

# Characters: ample for what was nearly a name or a command. The rest of a pasted page says nothing more,
# and would push away what others said.
LONGEST_ECHO = 80


def echo(typed: str) -> str:
    """Return what was typed without what nobody should see of it, and cut if it is long."""
    if len(typed) <= LONGEST_ECHO:
        return clean(typed)
    return clean(typed[:LONGEST_ECHO]) + "..."
