"""
What one version of the server hands on to the next one, as a value: ports, and all about connections.

It goes from one process to the next in memory, never to a disk: there are secrets in it, and what people
have typed. A field that is new has a default, and one that is gone is skipped, so that versions can follow
each other either way; where that is not enough, `FORMAT` is another one. No I/O.
"""

from __future__ import annotations

from enum import IntEnum

import msgspec

# What this version writes, and what it can go on from.
FORMAT = 1
READS = (1,)

# An entry's number, and that of the last one that says who came or went: places.Place.
Where = tuple[int, int]


class Mark(IntEnum):
    """What stands in the place of a line."""

    TOO_LONG = 0
    END_OF_FILE = 1
    TOO_LONG_OBJECT = 2


Line = bytes | Mark


class _Value(msgspec.Struct, frozen=True):
    def __repr__(self) -> str:
        """Tell nothing: what is here was typed by people, or is to be shown to them."""
        return f"{type(self).__name__}(...)"


# What comes over a connection


class Options(_Value, frozen=True):
    """Telnet's options of one side: the names of their states, and those that were refused."""

    states: dict[int, str] = {}
    refused: list[int] = []


class Parser(_Value, frozen=True):
    """Where in telnet's own bytes."""

    state: str = "TEXT"
    verb: int = 0
    kept: bytes = b""
    size: int = 0
    is_telnet: bool = False
    has_letter: bool = False


class Typing(_Value, frozen=True):
    """A line that the server edits."""

    after_cr: bool = False
    escape: str = "NONE"
    unshown: bytes = b""  # the beginning of a character


class Terminal(_Value, frozen=True):
    """A client that has sent byte 255, and what was agreed on with it."""

    client: Options = Options()
    server: Options = Options()
    parser: Parser = Parser()
    typing: Typing = Typing()
    negotiates: bool = False
    type: str = ""
    window: tuple[int, int] = (0, 0)
    hides: bool = False
    asked_for_all: bool = False


class Input(_Value, frozen=True):
    """What has come: lines that wait, and the beginning of one."""

    lines: list[Line] = []
    unfinished: bytes = b""
    dropped: int = 0


class Paste(_Value, frozen=True):
    """Lines that are to be one message, and why they cannot be."""

    lines: list[str] = []
    refusal: tuple[str, str] | None = None  # its text and its code


class Question(_Value, frozen=True):
    """A request of which a password is missing: the next line is that, whatever it looks like."""

    request: str
    fields: dict[str, str] = {}
    missing: str = "password"


class Conversation(_Value, frozen=True):
    """What was settled between a dialogue and whoever is at the other end."""

    settings: dict[str, str] = {}
    speaks_json: bool = False
    was_recoded: bool = False
    has_charset: bool = False
    is_telnet: bool = False
    width: int = 0
    knows_password: bool = False
    wrong_passwords: int = 0
    idle: float = 0.0
    levels: tuple[float, float] | None = None  # of what may be sent: tokens, bytes
    paste: Paste | None = None
    question: Question | None = None
    lines: list[Line] = []  # those that wait


# What is yet to be shown


class Past(_Value, frozen=True, tag=True):
    """What was said between two entries, and what is told behind it."""

    stream: str
    after: int
    upto: int
    end: bytes = b""
    numbered: bool = False


class Results(_Value, frozen=True, tag=True):
    """Single entries, and what is told behind them."""

    found: list[tuple[str, int]]
    end: bytes = b""


class Part(_Value, frozen=True):
    """What somebody missed in one stream."""

    stream: str
    after: Where
    upto: Where


class Missed(_Value, frozen=True, tag=True):
    """What somebody missed."""

    parts: list[Part]
    counts: bool = False
    lines: int | None = None  # how many they are, if that is known
    mentions: bool = False  # is it yet to be told by which one is mentioned?
    page: int | None = None  # lines that are shown at once, where it is not all of them
    renamings: list[str] = []


Replay = Past | Results | Missed


class Reading(_Value, frozen=True):
    """What one connection was shown, and what is yet to be: the places in each stream that is followed."""

    places: dict[str, Where] = {}
    acknowledged: dict[str, Where] = {}
    left_over: dict[str, Where] = {}
    renamings: list[str] = []  # that were shown in one room, and are not in the next
    answers: list[bytes | Replay] = []
    unsent: bytes = b""
    held: int = 0
    is_holding: bool = False


# What /more shows


class Lines(_Value, frozen=True, tag=True):
    stream: str
    wanted: int
    upto: int


class Matches(_Value, frozen=True, tag=True):
    phrases: list[str]
    nick: str
    wanted: int
    ranges: list[tuple[str, int, int]]


class People(_Value, frozen=True, tag=True):
    stream: str
    after: int
    named: int


class Rooms(_Value, frozen=True, tag=True):
    after: tuple[int, str]


class LeftOver(_Value, frozen=True, tag=True):
    parts: list[Part]
    lines: int


Page = Lines | Matches | People | Rooms | LeftOver


# Who it is


class Nameless(_Value, frozen=True, tag=True):
    """Nobody yet."""

    refusal: str | None = None
    wrong_codes: int = 0
    lines: int = 0


class Present(_Value, frozen=True, tag=True):
    """Somebody who has a session: what the store does not know of it."""

    session: str
    token: str
    code: str
    rooms: list[str] = []  # the current one last
    ignored_lately: list[str] = []
    lost: tuple[str, float] | None = None  # the room that was taken from them, so many seconds ago
    page: Page | None = None


class Connection(_Value, frozen=True):
    """A connection, and its descriptor."""

    descriptor: int
    address: str
    who: Nameless | Present
    input: Input = Input()
    conversation: Conversation = Conversation()
    reading: Reading = Reading()
    terminal: Terminal | None = None
    is_first: bool = True  # is the next line the first one?
    start: bytes | None = b""  # as long as it may show that another protocol is spoken


class Port(_Value, frozen=True):
    """A socket that listens: its descriptor, by what its endpoint is called."""

    description: str
    descriptor: int


class Handed(_Value, frozen=True):
    """All of it."""

    version: str  # of who hands it on
    since: float  # on the system's own clock, when everything came to rest
    ports: list[Port] = []
    connections: list[Connection] = []
    tool: int | None = None  # the descriptor of the operator's tool, which waits for an answer
    ends: bool = False  # has the operator had the server end meanwhile?
    format: int = FORMAT


class Able(_Value, frozen=True):
    """What a version says of itself that could take over."""

    version: str
    log: str  # the file that it would open
    reads: tuple[int, ...] = READS  # the formats that it can go on from


class NotRead(Exception):
    """It cannot be gone on from; the text is one line that says why."""


encode = msgspec.msgpack.Encoder().encode
able = msgspec.json.Decoder(Able).decode
_decode = msgspec.msgpack.Decoder(Handed).decode


class _Format(msgspec.Struct):
    format: int


def decode(data: bytes) -> Handed:
    """
    Return what was handed on.

    Raises:
        NotRead: another version has done that, in a way that this one does not know.
    """
    try:
        found = msgspec.msgpack.decode(data, type=_Format).format
        if found in READS:
            return _decode(data)
    except msgspec.MsgspecError as error:
        raise NotRead(f"What was handed over cannot be read: {error}.") from error
    raise NotRead(f"What was handed over is of format {found}, and this version does not know that.")
