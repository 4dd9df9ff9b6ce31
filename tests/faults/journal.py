"""What a client wrote down: what it sent, and what came of it. One journal a client, JSON lines on disk."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

# The room of private messages, as programs call it: each has one of their own.
INBOX = "@"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something that a client noted, and when: in monotonic seconds."""

    at: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True)
class Connected(Note):
    """A connection was made. If it takes up a session: after which entries it asked to go on."""

    after: dict[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Broke(Note):
    """The connection is over, whoever ended it."""


@dataclass(frozen=True, slots=True)
class Claimed(Note):
    """A nickname was asked for; the server may add a number to it."""

    nick: str


@dataclass(frozen=True, slots=True)
class Named(Note):
    """The server said who the client is from now on, and what its log is called ("": it did not)."""

    nick: str
    epoch: str = ""


@dataclass(frozen=True, slots=True)
class Entered(Note):
    """The client is in a room, and owed every entry after one."""

    room: str
    after: int


@dataclass(frozen=True, slots=True)
class Went(Note):
    """The client is in a room no longer."""

    room: str


@dataclass(frozen=True, slots=True)
class Sent(Note):
    """
    A line was sent; the same ``ref`` means the same line, sent again ("": it has none, and is another).

    ``to`` is the nickname that a private one is for.
    """

    room: str
    text: str
    ref: str = ""
    to: str = ""


@dataclass(frozen=True, slots=True)
class Acknowledged(Note):
    """The server said that what had this ``ref`` is done, and as what it is in the log."""

    ref: str
    seq: int | None


@dataclass(frozen=True, slots=True)
class Refused(Note):
    """The server said that what had this ``ref`` is not done."""

    ref: str
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Shown(Note):
    """
    An entry was shown, as news or as a ``replay``.

    ``seq`` is None where the client is not told it. ``text`` is what the dump has as such.
    """

    room: str
    seq: int | None
    type: str
    nick: str
    text: str
    replay: bool = False


@dataclass(frozen=True, slots=True)
class Gap(Note):
    """It was said that the entries between two are not to be had."""

    room: str
    after: int
    before: int


NOTES = {
    kind.__name__: kind
    for kind in (Connected, Broke, Claimed, Named, Entered, Went, Sent, Acknowledged, Refused, Shown, Gap)
}


class Journal:
    """
    The notes of one client, in the order in which things happened to it.

    ``sees_all`` says that it is shown every entry of its rooms; otherwise only what people say.
    """

    def __init__(self, who: str, notes: Iterable[Note] = (), sees_all: bool = True) -> None:
        self.who = who
        self.sees_all = sees_all
        self.notes = list(notes)

    def add(self, note: Note) -> None:
        """Write something down."""
        self.notes.append(note)

    def save(self, folder: Path) -> None:
        """Write the journal to a file of its own."""
        with (folder / f"{self.who}.jsonl").open("w") as file:
            print(json.dumps({"who": self.who, "sees_all": self.sees_all}), file=file)
            for note in self.notes:
                print(json.dumps({"note": type(note).__name__, **asdict(note)}), file=file)


def load(path: Path) -> Journal:
    """Return a journal from its file."""
    with path.open() as file:
        journal = Journal(**json.loads(next(file)))
        for line in file:
            fields = json.loads(line)
            journal.add(NOTES[fields.pop("note")](**fields))
    return journal
