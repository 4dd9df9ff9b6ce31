"""
What a telnet client says about itself, and what it is answered (RFC 854 to 858, 860, 1073, 1091, 1184, 2066).
No I/O, no clock.

It is asked for nothing that it does not offer: a client that says little is to be left alone. But for one
thing: see `send_all_bytes`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import NamedTuple

from tcpchat import handed
from tcpchat.limits import (
    HIGHEST_WINDOW,
    LOWEST_WINDOW,
    MOST_COMMANDS,
    MOST_IDLE_COMMANDS,
    NARROWEST_WINDOW,
    PATIENCE_WITH_COMMANDS,
    WIDEST_WINDOW,
)
from tcpchat.telnet import Command, Negotiation, Parser, Part, Subnegotiation
from tcpchat.telnet_options import (
    BINARY,
    CHARSET,
    DO,
    DONT,
    ECHO,
    IAC,
    SB,
    SE,
    SUPPRESS_GO_AHEAD,
    TERMINAL_TYPE,
    TIMING_MARK,
    WILL,
    WINDOW_SIZE,
    WONT,
    Side,
)

# What the server does if the client asks for it, and what it lets the client do.
OFFERED = frozenset((BINARY, SUPPRESS_GO_AHEAD, CHARSET))
WELCOME = frozenset((BINARY, SUPPRESS_GO_AHEAD, TERMINAL_TYPE, WINDOW_SIZE, CHARSET))

KEEP_ALIVE = bytes((IAC, 0xF1))  # NOP

# RFC 860. After Ctrl-C telnet asks for it, and shows nothing more until it is answered: each time.
NO_TIMING_MARK = bytes((IAC, WONT, TIMING_MARK))


class Signal(IntEnum):
    """A command that says something of the line that is being typed, or asks for a sign of life."""

    END_OF_FILE = 0xEC  # RFC 1184
    SUSPEND = 0xED
    BREAK = 0xF3
    INTERRUPT = 0xF4
    ABORT_OUTPUT = 0xF5
    ARE_YOU_THERE = 0xF6
    ERASE_CHARACTER = 0xF7
    ERASE_LINE = 0xF8


SIGNALS = frozenset(Signal)
# Whoever holds a key down sends many of these, and each does something.
TYPED = frozenset((Signal.BREAK, Signal.INTERRUPT, Signal.ERASE_CHARACTER, Signal.ERASE_LINE))


class Answer(NamedTuple):
    """What is to be sent."""

    data: bytes


class Window(NamedTuple):
    """How many columns and lines are seen at once; 0: that is not known, or no longer."""

    width: int
    height: int


class Charset(NamedTuple):
    """In what encoding the client sends and reads text from now on."""

    name: str


class Abuse(NamedTuple):
    """The client does what none does: why the connection is to be ended. Nothing follows."""

    reason: str


Heard = bytes | Answer | Signal | Window | Charset | Abuse

TOO_LARGE = Abuse("That telnet subnegotiation is too long.")
TOO_MANY = Abuse("Too many telnet commands or keys.")

UNKNOWN_WINDOW = Window(0, 0)

# Of terminal types (RFC 1091) and character sets (RFC 2066).
IS, SEND = 0, 1
REQUEST, ACCEPTED, REJECTED = 1, 2, 3
WITH_TABLE = b"[TTABLE]"


class TelnetClient:
    """One client that has sent byte 255, and what was agreed on with it."""

    __slots__ = (
        "_began", "_commands", "_idle", "_is_over", "_parser", "_usable", "client", "negotiates", "server",
        "terminal", "window",
    )  # fmt: skip

    def __init__(self, usable: Callable[[str], bool]) -> None:
        """``usable`` tells of the name of a character set whether it can be agreed to."""
        self.client = Side(DO, DONT, WELCOME)
        self.server = Side(WILL, WONT, OFFERED)
        self.negotiates = False  # has it shown by a whole command that it is telnet?
        self.terminal = ""  # its type, if it has told it
        self.window = UNKNOWN_WINDOW
        self._usable = usable
        self._parser = Parser()
        self._commands = 0
        self._began = 0.0  # when the first of these commands came
        self._idle: deque[float] = deque(maxlen=MOST_IDLE_COMMANDS)  # when those came that changed nothing
        self._is_over = False

    def feed(self, data: bytes, now: float) -> Iterator[Heard]:
        """
        Yield what is in some bytes, in the order in which it came, each when what is before it is agreed on.

        ``now`` is in seconds, and never goes back.
        """
        for part in self._parser.feed(data):
            if self._is_over:
                return
            if isinstance(part, bytes):
                yield part
            else:
                yield from self._take(part, now)

    def take_for_letter(self, has_letter: bool) -> None:
        """Take byte 255 for a letter, or no longer, as long as it has not shown that it is telnet."""
        self._parser.has_letter = has_letter and not self.negotiates

    def hide_input(self, hidden: bool) -> bytes:
        """
        Have what is typed not shown, or shown again (RFC 857); return what is to be sent.

        The client shows it no longer because it believes that the server does.
        """
        return self.server.want(ECHO, hidden) if self.negotiates else b""

    def send_all_bytes(self) -> bytes:
        """
        Have the client send every byte as it is typed (RFC 856); return what is to be sent.

        inetutils' telnet takes some bytes of UTF-8 for keys: those that are Ctrl-C, Ctrl-O, Ctrl-Z with a
        bit more, as in many Cyrillic letters.
        """
        return self.client.want(BINARY, True)

    @property
    def expects_echo(self) -> bool:
        """Does it leave it to the server to show what is typed?"""
        return self.server.is_on(ECHO)

    @property
    def sends_characters(self) -> bool:
        """Does it send each character as it is typed, and leave it to the server to edit the line?"""
        return self.expects_echo or self.server.is_on(SUPPRESS_GO_AHEAD)

    def hand_on(self) -> handed.Terminal:
        """Return what was agreed on, for another process; how many commands came is counted anew there."""
        return handed.Terminal(
            client=self.client.hand_on(),
            server=self.server.hand_on(),
            parser=self._parser.hand_on(),
            negotiates=self.negotiates,
            type=self.terminal,
            window=self.window,
        )

    def go_on_from(self, it: handed.Terminal) -> None:
        """Have agreed on what another process had."""
        self.client.go_on_from(it.client)
        self.server.go_on_from(it.server)
        self._parser.go_on_from(it.parser)
        self.negotiates = it.negotiates
        self.terminal = it.type
        self.window = Window(*it.window)

    def _changed_nothing(self, now: float) -> list[Heard]:
        """Count a command that did nothing; return what is to be said of the one that is too many."""
        if len(self._idle) == MOST_IDLE_COMMANDS and now - self._idle[0] < PATIENCE_WITH_COMMANDS:
            return self._end(TOO_MANY)
        self._idle.append(now)
        return []

    def _take(self, part: Part, now: float) -> list[Heard]:
        if now - self._began >= PATIENCE_WITH_COMMANDS:
            self._began, self._commands = now, 0
        self._commands += 1
        if self._commands > MOST_COMMANDS:
            return self._end(TOO_MANY)
        match part:
            case Negotiation(verb, option):
                self.negotiates, self._parser.has_letter = True, False
                changed, heard = self._negotiate(verb, option)
            case Subnegotiation(option, about):
                changed, heard = self._talk(option, about)
            case Command(byte):
                # Below that none is a command; NOP, go ahead and the data mark of a Synch say nothing more.
                self.negotiates |= byte >= Signal.END_OF_FILE
                changed, heard = byte in TYPED, [Signal(byte)] if byte in SIGNALS else []
            case _:
                return self._end(TOO_LARGE)
        self._parser.is_telnet = self.negotiates
        return heard if changed else heard + self._changed_nothing(now)

    def _end(self, abuse: Abuse) -> list[Heard]:
        self._is_over = True
        return [abuse]

    def _negotiate(self, verb: int, option: int) -> tuple[bool, list[Heard]]:
        """Return whether what the client says of an option changes anything, and what was heard."""
        if option == TIMING_MARK:
            return False, [Answer(NO_TIMING_MARK)] if verb == DO else []
        side = self.client if verb in (WILL, WONT) else self.server
        answer, changed = side.heard(option, on=verb in (WILL, DO))
        heard: list[Heard] = [Answer(answer)] if answer else []
        if changed:
            if (verb, option) == (WILL, TERMINAL_TYPE):
                heard.append(_about(TERMINAL_TYPE, SEND))
            elif (verb, option) == (WONT, WINDOW_SIZE):
                heard += self._see(UNKNOWN_WINDOW)
            elif (verb, option) == (DO, CHARSET):
                heard.append(_about(CHARSET, REQUEST, b";UTF-8"))
        return changed, heard

    def _talk(self, option: int, about: bytes) -> tuple[bool, list[Heard]]:
        """Return whether what the client tells about an option changes anything, and what was heard."""
        if option == WINDOW_SIZE and self.client.is_on(WINDOW_SIZE) and len(about) == 4:
            heard = self._see(_window(about))
            return bool(heard), heard
        if option == TERMINAL_TYPE and self.client.is_on(TERMINAL_TYPE) and about[:1] == bytes((IS,)):
            self.terminal = about[1:41].decode("ascii", "ignore")
        elif option == CHARSET and (self.client.is_on(CHARSET) or self.server.is_on(CHARSET)) and about:
            return False, self._agree(about[0], about[1:])
        return False, []

    def _see(self, window: Window) -> list[Heard]:
        if window == self.window:
            return []
        self.window = window
        return [window]

    def _agree(self, word: int, rest: bytes) -> list[Heard]:
        """Agree on a character set: return what was heard."""
        if word == REQUEST:
            if rest.startswith(WITH_TABLE):
                rest = rest[len(WITH_TABLE) + 1 :]  # and the version of a table, which is not wanted
            name = self._choose(rest)
            if not name:
                return [_about(CHARSET, REJECTED)]
            return [_about(CHARSET, ACCEPTED, name.encode()), Charset(name)]
        if word == ACCEPTED and self.server.is_on(CHARSET):
            name = self._choose(b";" + rest)
            return [Charset(name)] if name else []
        return []

    def _choose(self, offered: bytes) -> str:
        """Return UTF-8, if that is in a list of names, or else the first that can be used; "" if none can."""
        separator, names = offered[:1], offered[1:]
        known = [name.decode("ascii", "replace") for name in names.split(separator)] if separator else []
        usable = [name for name in known if self._usable(name)]
        return next((name for name in usable if name.upper() == "UTF-8"), usable[0] if usable else "")


def _about(option: int, word: int, rest: bytes = b"") -> Answer:
    """Return a subnegotiation; there is no byte 255 in any of ours."""
    return Answer(bytes((IAC, SB, option, word)) + rest + bytes((IAC, SE)))


def _window(about: bytes) -> Window:
    width, height = int.from_bytes(about[:2]), int.from_bytes(about[2:])
    return Window(
        max(NARROWEST_WINDOW, min(width, WIDEST_WINDOW)) if width else 0,
        max(LOWEST_WINDOW, min(height, HIGHEST_WINDOW)) if height else 0,
    )
