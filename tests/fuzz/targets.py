"""What is fuzzed: each a function of some bytes that raises if something does not hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import count
from types import MappingProxyType

import pyte
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import LogLevel, globalLogPublisher

from tcpchat.commands import parse
from tcpchat.doors.line import LineFactory
from tcpchat.json_requests import understand
from tcpchat.limits import NO_LIMITS
from tcpchat.logs.memory import MemoryLog
from tcpchat.requests import Refused
from tcpchat.service import Chat
from tcpchat.text import clean
from tests.visitors import MORNING

COLUMNS, ROWS = 80, 60
ABOVE = 5  # rows above that in which something is shown

# Longer input says nothing new, and makes the search slow.
LONGEST = 1024

# Telnet's own bytes (RFC 854, 855), which may be answered before the lines that came with them.
TELNET = re.compile(rb"\xff(?:[\xfb-\xfe].|\xfa(?:[^\xff]|\xff[^\xf0])*\xff\xf0|[^\xfb-\xfe])", re.DOTALL)

# Where a line wider than the window may be broken.
BREAK = re.compile(rb"\r\n    | ")

# The answer to telnet's "are you there", without blanks, in text and in JSON.
HERE = b"***Yes,thisistcpchat.", b'{"type":"notice","text":"Yes,thisistcpchat."}'

CTRL_D = b"\x04"


class _Trouble:
    """Hears of everything that the server logs as its own fault."""

    def __init__(self) -> None:
        self.events: list[object] = []

    def __call__(self, event: Mapping[str, object]) -> None:
        if "log_failure" in event or event.get("log_level") in (LogLevel.error, LogLevel.critical):
            self.events.append(event)


class _Wire(StringTransport):
    """A transport that takes everything at once, and can be aborted."""

    def abortConnection(self) -> None:
        self.disconnecting = True


def _talk(*chunks: bytes) -> tuple[list[bytes], list[object]]:
    """Have somebody send this to a server; return what they are shown, and what is in the log then."""
    clock, ids = Clock(), count(1)
    log = MemoryLog(clock, lambda: MORNING)

    def chance(size: int) -> bytes:
        return next(ids).to_bytes(size)

    chat = Chat(log, clock, lambda: MORNING, lambda: f"s{next(ids)}", chance, NO_LIMITS)
    opened = Deferred.fromCoroutine(chat.open())
    clock.pump([0] * 3)
    assert opened.called
    connection, wire = LineFactory(chat).buildProtocol(None), _Wire()
    connection.makeConnection(wire)
    for chunk in chunks:
        connection.dataReceived(chunk)
    for seconds in (0, 0, 0, 0.3, 0, 0.3, 0, 1, 0):
        clock.advance(seconds)
        if wire.producer is not None:
            wire.producer.resumeProducing()
    entries: list[object] = list(log._streams.get("#lobby", []))
    chat.close()
    # What telnet asks for is answered at once, in front of what waits for the log, and so perhaps before a
    # line that asks for JSON; and a window that is told of may be there for the lines that came with it:
    # where they are broken is no difference.
    shown = BREAK.sub(b"", TELNET.sub(b"", wire.value())).splitlines()
    return sorted(b"here" if line in HERE else line for line in shown), entries


def door(data: bytes) -> None:
    """Bytes of telnet and text: no failure, nothing harmful, and the same however they are cut."""
    size, data = data[:1], data[1:]
    trouble = _Trouble()
    globalLogPublisher.addObserver(trouble)  # type: ignore[arg-type]
    try:
        step = size[0] % 16 + 1 if size else 1
        cut = _talk(*(data[at : at + step] for at in range(0, len(data), step)))
        # Ctrl-D ends a connection when it has come and nothing behind it: for that it does matter.
        assert _talk(data) == cut or CTRL_D in data, "it matters how the bytes are cut"
    finally:
        globalLogPublisher.removeObserver(trouble)  # type: ignore[arg-type]
    assert not trouble.events, trouble.events


def command(data: bytes) -> None:
    """A line of text: a request, or a refusal of which no terminal takes harm."""
    line = data.decode("utf-8", "ignore").replace("\n", "")
    for nameless in True, False:
        try:
            parse(line, nameless)
        except Refused as refusal:
            _is_harmless(str(refusal))


def request(data: bytes) -> None:
    """A program's line: a request, or a refusal of which no terminal takes harm."""
    try:
        understand(data.decode("utf-8", "ignore").replace("\n", ""))
    except Refused as refusal:
        _is_harmless(str(refusal))


def cleaning(data: bytes) -> None:
    """A text, cleaned: a terminal shows it in its place, and is as before otherwise."""
    text = clean(data.decode("utf-8", "ignore"))
    assert clean(text) == text, "cleaned twice it is something else"
    _is_harmless(text)


def _is_harmless(text: str) -> None:
    """See that a terminal which shows this in a line has only that line more."""
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.Stream(screen)
    stream.feed("above\r\n" * ABOVE)
    before, above = _state(screen), _rows(screen, range(ABOVE))
    stream.feed(f"<bob> {text[:LONGEST]}\r\n")
    row = screen.cursor.y
    assert _rows(screen, range(ABOVE)) == above, "the rows above"
    assert not "".join(_rows(screen, range(row, ROWS))).strip(), "the rows below"
    assert screen.cursor.x == 0 and row > ABOVE, "where the next line begins"
    assert _rows(screen, [ABOVE])[0].startswith("<bob>"), "what stands in front"
    assert _state(screen) == before, "how the terminal is set"


def _rows(screen: pyte.Screen, rows: Iterable[int]) -> list[str]:
    """Return what is in some rows, where anything was written at all."""
    return ["".join(cell.data for _, cell in sorted(screen.buffer[row].items())) for row in rows]


def _state(screen: pyte.Screen) -> tuple[object, ...]:
    look = screen.cursor.attrs
    modes = frozenset(screen.mode)
    return modes, screen.margins, screen.charset, screen.title, screen.icon_name, look, screen.cursor.hidden


TARGETS: Mapping[str, Callable[[bytes], None]] = MappingProxyType(
    {"door": door, "command": command, "request": request, "cleaning": cleaning}
)
