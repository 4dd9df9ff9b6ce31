"""
The last gate before every screen: no line passes it with a character that could do something there. No I/O.

Texts are cleaned on their way in (text.py), once. What stands in the log or the store may be older than
the rules, or come from elsewhere; a sentence of ours may hold what it should not. So each line is looked
at again on its way out, once for all who are shown the same bytes. What is stopped is counted, because
nothing should be.
"""

from __future__ import annotations

import regex

from tcpchat.text import DIRECTION, JOINER

# Controls (C0, DEL, C1), invisible format characters with all that turns the direction of what follows, lone
# surrogates, separators of lines and paragraphs. Whether a joiner or a mark stands in its place was judged on
# the way in; where it stands it does nothing to its neighbours.
_HARMFUL = regex.compile(rf"[[\p{{Cc}}\p{{Cf}}\p{{Cs}}\p{{Zl}}\p{{Zp}}]--[{JOINER}{DIRECTION}]]", regex.V1)
_STANDS_FOR_IT = "\N{REPLACEMENT CHARACTER}"


class Gate:
    """Lets texts pass and stops what is harmful in them; ``sanitizer_escape_total`` counts characters."""

    def __init__(self) -> None:
        self.sanitizer_escape_total = 0

    def harmless(self, text: str) -> str:
        """Return a text of one line, with something to be seen in the place of what could do harm."""
        # Nothing that Python calls printable is harmful; nearly every line is printable.
        if text.isprintable():
            return text
        passed, stopped = _HARMFUL.subn(_STANDS_FOR_IT, text)
        self.sanitizer_escape_total += stopped
        return passed


# The one gate of this process: what it has stopped is a matter of the whole server.
GATE = Gate()
