"""What the server tells over one connection: as text for people, or as JSON lines for programs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from tcpchat import answers, handed, jsonlines, render
from tcpchat.answers import Answer, Notice
from tcpchat.columns import usual
from tcpchat.encoding import UTF8
from tcpchat.reader import Reader
from tcpchat.requests import NotUnderstood, Refused
from tcpchat.settings import AS_AT_FIRST, Settings
from tcpchat.tally import TALLY
from tcpchat.wire import PLAIN, Wire

NOT_UTF8 = "That line is not UTF-8 and was not sent. /set encoding latin-1 if your terminal uses it."


class Telling:
    """Gives answers to a reader in the form that its connection has, and takes lines in that form."""

    __slots__ = (
        "_has_charset", "_telnet", "_wall", "_width", "reader", "settings", "speaks_json", "was_recoded",
    )  # fmt: skip

    def __init__(self, reader: Reader, wall: Callable[[], int]) -> None:
        """``wall`` tells the time in milliseconds since 1970."""
        self.reader = reader
        self.settings = AS_AT_FIRST
        self.speaks_json = False
        self.was_recoded = False  # was anything ever shown in another encoding than UTF-8?
        self._has_charset = False
        self._telnet = False
        self._width = 0
        self._wall = wall

    @property
    def wire(self) -> Wire:
        """What the bytes of a line depend on beside its text; programs take them as they are."""
        encoding = self.settings.encoding
        if self.speaks_json or (encoding == UTF8 and not self._width):
            return PLAIN  # in UTF-8 nothing of telnet's can be meant
        return Wire(encoding.codec, self._width, self._telnet and encoding != UTF8)

    def decode(self, line: bytes) -> str | NotUnderstood:
        """Return a line as text, or its refusal; what programs send is UTF-8."""
        encoding = UTF8 if self.speaks_json else self.settings.encoding
        try:
            return line.decode(encoding.codec)
        except UnicodeDecodeError:
            if encoding == UTF8:
                return NotUnderstood(NOT_UTF8, "not-utf8")
            advice = "/set encoding utf-8 if your terminal uses it."
            return NotUnderstood(f"That line is not {encoding} and was not sent. {advice}", "not-utf8")

    # Between a door and the terminal

    def window(self, width: int, height: int) -> None:
        """The terminal has so many columns and lines, or 0 if they are not known any more."""
        width = usual(width)
        if width != self._width:
            self._width = width
            self.reader.restyle()

    def charset(self, name: str) -> None:
        """The terminal has an encoding; nothing changes if it cannot be used."""
        with suppress(NotUnderstood):
            self.change("encoding", name)
            self._has_charset = True

    def speak_telnet(self) -> None:
        """The terminal's program speaks telnet."""
        if not self._telnet:
            self._telnet = True
            self.reader.restyle()

    @property
    def has_letter_255(self) -> bool:
        """Is byte 255 a letter in the terminal's encoding?"""
        return not self.speaks_json and self.settings.encoding.has_letter_255

    # What can be set

    def change(self, name: str, value: str) -> None:
        """
        Give a setting a value as it was typed, and show everything as it says from now on.

        Raises:
            NotUnderstood: there is no such setting, or it cannot have that value.
        """
        self.settings = self.settings.changed(name, value)
        self._note_encoding()
        self.reader.restyle()

    def adopt(self, settings: Settings) -> None:
        """Go on with a session's settings, but in the encoding that this terminal was said to have."""
        if self._has_charset or self.settings.encoding != UTF8:
            settings = replace(settings, encoding=self.settings.encoding)
        self.settings = settings
        self._note_encoding()

    def _note_encoding(self) -> None:
        self.was_recoded |= self.settings.encoding != UTF8

    # From one process to the next

    def _agreed(self) -> handed.Conversation:
        """Return what the terminal and its person have said of it, for another process."""
        return handed.Conversation(
            settings={} if self.settings == AS_AT_FIRST else dict(self.settings.describe()),
            speaks_json=self.speaks_json,
            was_recoded=self.was_recoded,
            has_charset=self._has_charset,
            is_telnet=self._telnet,
            width=self._width,
        )

    def _agree(self, it: handed.Conversation) -> None:
        """Know what they have said to another process."""
        self.settings = AS_AT_FIRST
        for name, value in it.settings.items():
            with suppress(NotUnderstood):  # of a setting that there is no more
                self.settings = self.settings.changed(name, value)
        self.speaks_json, self.was_recoded = it.speaks_json, it.was_recoded
        self._has_charset, self._telnet, self._width = it.has_charset, it.is_telnet, it.width

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
        style = answers.Style(self.settings.timezone, self._wall())
        return render.notices(answer.lines(style), self.wire)

    def speak_json(self, *first: Answer) -> None:
        """Show everything as JSON lines from now on, beginning with some answers."""
        self.speaks_json = True
        self.answer(*first)
        self.reader.restyle()

    def error(self, refusal: Refused, ref: str = "") -> bytes:
        """Return why something was not done, in the form of the connection."""
        TALLY.refused(refusal.code)
        if self.speaks_json:
            return jsonlines.error(refusal.code, str(refusal), ref)
        wire = self.wire
        advice = render.notice(refusal.advice, wire) if refusal.advice else b""
        return render.error(str(refusal), wire) + advice

    def refuse(self, refusal: Refused, ref: str = "") -> None:
        """Tell why something was not done."""
        self.reader.tell(self.error(refusal, ref))
