"""What the server tells over one connection: as text for people, or as JSON lines for programs."""

from __future__ import annotations

from collections.abc import Callable

from tcpchat import answers, jsonlines, render
from tcpchat.answers import Answer, Notice
from tcpchat.reader import Reader
from tcpchat.requests import Refused
from tcpchat.settings import Settings


class Telling:
    """Gives answers to a reader in the form that its connection has."""

    __slots__ = "_wall", "reader", "settings", "speaks_json", "width"

    def __init__(self, reader: Reader, wall: Callable[[], int]) -> None:
        """``wall`` tells the time in milliseconds since 1970."""
        self.reader = reader
        self.settings = Settings()
        self.speaks_json = False
        self.width = 0
        self._wall = wall

    # What a door learns of the terminal

    def window(self, width: int, height: int) -> None:
        """The terminal shows so many columns and lines; 0: that is not known, or no longer."""
        self.width = width

    def charset(self, name: str) -> None:
        """The terminal sends and shows text in an encoding from now on."""

    def speak_telnet(self) -> None:
        """The terminal's program speaks telnet."""

    @property
    def has_letter_255(self) -> bool:
        """Is byte 255 a letter in the terminal's encoding?"""
        return False

    # What it shows

    def tell(self, *texts: str) -> None:
        """Show a word from the server."""
        self.answer(*map(Notice, texts))

    def answer(self, *given: Answer) -> None:
        """Show answers."""
        self.reader.tell(b"".join(map(self.render, given)))

    def render(self, answer: Answer) -> bytes:
        """Return an answer in the form of the connection."""
        if self.speaks_json:
            return answer.json()
        return render.notices(answer.lines(answers.Style(self.settings.timezone, self._wall())))

    def speak_json(self, *first: Answer) -> None:
        """Show everything as JSON lines from now on, beginning with some answers."""
        self.speaks_json = True
        self.answer(*first)
        self.reader.restyle()

    def error(self, refusal: Refused, ref: str = "") -> bytes:
        """Return why something was not done, in the form of the connection."""
        if self.speaks_json:
            return jsonlines.error(refusal.code, str(refusal), ref)
        return render.error(str(refusal)) + (render.notice(refusal.advice) if refusal.advice else b"")

    def refuse(self, refusal: Refused, ref: str = "") -> None:
        """Tell why something was not done."""
        self.reader.tell(self.error(refusal, ref))
