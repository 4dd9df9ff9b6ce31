"""
A telnet client at work: its commands act on the line that is being typed. No I/O, no clock.

From bytes to lines it goes: telnet.py takes out what is no text, telnet_client.py says what that means,
editing.py edits for those who leave it to the server, lines.py cuts lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from tcpchat import handed
from tcpchat.editing import Echo, Editor, TooManyKeys
from tcpchat.lines import LineReader, is_cut
from tcpchat.telnet_client import TOO_MANY, Abuse, Answer, Charset, Signal, TelnetClient, Window

# What a client sends in the place of keys.
KEYS = frozenset((Signal.SUSPEND, Signal.BREAK, Signal.INTERRUPT, Signal.ABORT_OUTPUT))

# What is not about the line: it is for whoever has the connection. Of the signals only `ARE_YOU_THERE`.
Told = Answer | Window | Charset | Abuse | Signal


class Terminal:
    """Puts what a telnet client sends into a `LineReader`."""

    __slots__ = "_asked_for_all", "_client", "_editor", "_hides", "_is_over", "_reader"

    def __init__(self, reader: LineReader, usable: Callable[[str], bool]) -> None:
        """``usable`` tells of the name of a character set whether it can be agreed to."""
        self._reader = reader
        self._client = TelnetClient(usable)
        self._editor = Editor(reader)
        self._hides = False
        self._is_over = False
        self._asked_for_all = False

    @property
    def is_telnet(self) -> bool:
        """Has the client shown that it is telnet?"""
        return self._client.negotiates

    def feed(self, data: bytes, now: float) -> Iterator[Told]:
        """
        Take in some bytes, at a time in seconds; yield what there is to do because of them.

        Raises:
            Endless: there was no end of line for very long.
        """
        for heard in self._client.feed(data, now):
            if self._is_over:
                return
            if heard in KEYS and not self._asked_for_all and is_cut(self._reader.unfinished):
                # Nobody presses a key within a character: the client has taken the rest of it for one.
                self._asked_for_all = True
                yield Answer(self._client.send_all_bytes())
            match heard:
                case bytes():
                    yield from self._take(heard, now)
                case Signal.END_OF_FILE:
                    self._reader.end_of_file()
                case Signal.ERASE_CHARACTER:
                    self._reader.erase_character()
                case Signal.INTERRUPT | Signal.BREAK | Signal.ERASE_LINE:
                    self._reader.erase_line()
                case Signal.SUSPEND | Signal.ABORT_OUTPUT:
                    pass  # nothing is to be suspended; what others say is not aborted
                case _:
                    yield heard

    def take_for_letter(self, has_letter: bool) -> None:
        """Take byte 255 for a letter, or no longer, as long as the client has not shown that it is telnet."""
        self._client.take_for_letter(has_letter)

    def hide_input(self, hides: bool) -> bytes:
        """Have what is typed not shown, or shown again; return what is to be sent."""
        self._hides = hides
        return self._client.hide_input(hides)

    def hand_on(self) -> handed.Terminal:
        """Return how it is, for another process; what has come is the reader's."""
        return msgspec.structs.replace(
            self._client.hand_on(),
            typing=self._editor.hand_on(),
            hides=self._hides,
            asked_for_all=self._asked_for_all,
        )

    def go_on_from(self, it: handed.Terminal) -> None:
        """Be as it was in another process."""
        self._client.go_on_from(it)
        self._editor.go_on_from(it.typing)
        self._hides = it.hides
        self._asked_for_all = it.asked_for_all

    def _take(self, text: bytes, now: float) -> Iterator[Told]:
        if not self._client.sends_characters:
            self._reader.feed(text)
            return
        try:
            shown = self._editor.feed(text, self._echo, now)
        except TooManyKeys:
            self._is_over = True
            yield TOO_MANY
        else:
            if shown:
                yield Answer(shown)

    @property
    def _echo(self) -> Echo:
        if not self._client.expects_echo:
            return Echo.CLIENT
        return Echo.NOBODY if self._hides else Echo.SERVER
