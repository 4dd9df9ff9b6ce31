"""What a telnet client says beside its lines, and what becomes of it: an ear for each who sent byte 255."""

from __future__ import annotations

from contextlib import suppress

from tcpchat import handed
from tcpchat.deadlines import Deadlines
from tcpchat.dialogue import Dialogue
from tcpchat.encoding import NotUsable, find
from tcpchat.lines import LineReader
from tcpchat.telnet_client import KEEP_ALIVE, Abuse, Answer, Charset, Window
from tcpchat.terminal import Terminal

HERE = "Yes, this is tcpchat."  # telnet's own question: are you there?


class Ear:
    """Hears one client, for one dialogue."""

    __slots__ = "_dialogue", "_silent", "_terminal"

    def __init__(self, reader: LineReader, dialogue: Dialogue, silent: Deadlines) -> None:
        """``silent`` holds those who have said nothing for a while."""
        self._dialogue = dialogue
        self._silent = silent
        self._terminal = Terminal(reader, _usable)

    def hear(self, data: bytes, now: float) -> str:
        """
        Take in some bytes, at a time in seconds; return why the connection is to be ended, or nothing.

        Raises:
            Endless: there was no end of line for very long.
        """
        self._terminal.take_for_letter(self._dialogue.has_letter_255)
        window: Window | None = None
        abuse = ""
        for told in self._terminal.feed(data, now):
            match told:
                case Answer(answer):
                    self._dialogue.reader.tell(answer)
                case Window():
                    window = told  # while a corner is dragged only the last counts
                case Charset(name):
                    self._dialogue.charset(name)
                case Abuse(reason):
                    abuse = reason
                case _:
                    self._dialogue.tell(HERE)
        if window is not None:
            self._dialogue.window(*window)
        if self._terminal.is_telnet:
            self._dialogue.speak_telnet()
            self._wait()
        return abuse

    def hide_input(self, hides: bool) -> None:
        """Have the client not show what is typed, or show it again."""
        self._dialogue.reader.tell(self._terminal.hide_input(hides))

    def stop(self) -> None:
        """The client is gone."""
        self._silent.cancel(self)

    def hand_on(self) -> handed.Terminal:
        """Return how the client is, for another process."""
        self.stop()
        return self._terminal.hand_on()

    def go_on_from(self, it: handed.Terminal) -> None:
        """Hear a client that another process has heard."""
        self._terminal.go_on_from(it)
        if self._terminal.is_telnet:
            self._wait()

    def _wait(self) -> None:
        self._silent.set(self, self._keep_alive)

    def _keep_alive(self) -> None:
        self._dialogue.reader.tell(KEEP_ALIVE)
        self._wait()


def _usable(charset: str) -> bool:
    """Can lines come and go in this character set?"""
    with suppress(NotUsable):
        find(charset)
        return True
    return False
