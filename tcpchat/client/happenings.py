"""What a link tells whoever uses it: facts, in the order in which they came. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

Fields = Mapping[str, Any]

# How a line of our server's begins that says that something was not done, and why (PROTOCOL.md, section 1).
COMPLAINT = "!!! "

# What somebody has to know of a server that says nothing.
MUTE = "Nothing has come from there yet. A port for TLS needs --tls."


class Online(NamedTuple):
    """
    There is a session with our server.

    ``is_back``: it is the one from before the break, and what was missed follows. ``is_new``: one
    from before is lost; what was missed may be in holes.
    """

    nick: str
    room: str  # the current one, with its sign; empty for none
    people: tuple[str, ...]  # the first of the others there
    others: int  # how many of them there are
    is_back: bool = False
    is_new: bool = False
    topic: str = ""  # of the room
    wanted: str = ""  # the nickname that was asked for, if it is another one


class Offline(NamedTuple):
    """
    The link is broken, or was not made, and will be tried again in so many seconds.

    ``is_unknown``: there is no such host. ``is_no_server``: what is there speaks no TLS, or is not the server
    that is meant. ``was_made``: there was a connection; ``was_closed``: and it was closed in good order.
    """

    why: str
    seconds: float
    is_unknown: bool = False
    is_no_server: bool = False
    was_made: bool = False
    was_closed: bool = False


class Caught(NamedTuple):
    """All that was missed has come: so many lines of others."""

    number: int


class Entry(NamedTuple):
    """Something that happened in a room, or in one's inbox (``@``): an object of docs/json.md."""

    fields: Fields

    @property
    def room(self) -> str:
        """Return the room with its sign, or ``@``."""
        return named(self.fields["room"])


class Hole(NamedTuple):
    """Entries of a room between two numbers were missed; they may be had by asking for history."""

    room: str
    after: int
    before: int


class Gap(NamedTuple):
    """Entries of a room between two numbers are not to be had any more."""

    room: str
    after: int
    before: int


class Entered(NamedTuple):
    """One is in a room now in which one was not."""

    room: str


class Gone(NamedTuple):
    """One is in a room no longer."""

    room: str


class Answer(NamedTuple):
    """What the server says to one alone: an object of docs/json.md that is no entry."""

    fields: Fields


class Done(NamedTuple):
    """A request was carried out; ``seq`` is its entry in the log, if it has one."""

    ref: str
    seq: int | None


class Refusal(NamedTuple):
    """A request was not carried out, and why."""

    ref: str
    code: str
    text: str


class Unknown(NamedTuple):
    """Whether a request was carried out cannot be known any more: the session was lost meanwhile."""

    ref: str
    fields: Fields


class NickWanted(NamedTuple):
    """A nickname has to be chosen; why the one before was refused."""

    text: str


class Foreign(NamedTuple):
    """
    The server is none of ours: there are only lines. It is told again if that is certain only later.

    ``is_mute``: nothing has come from it, and so it may wait for TLS. Where only ours will do, no more
    is known than that, and it is waited on.
    """

    is_again: bool = False
    is_mute: bool = False


class Ours(NamedTuple):
    """The server is ours after all, and slow: lines that were typed for another one are still to be done."""

    lines: tuple[str, ...]


class Line(NamedTuple):
    """A line of text: of another server, or what ours says before there is a session."""

    text: str
    is_whole: bool = True  # or it is a prompt, which has no end of line

    @property
    def complaint(self) -> str:
        """Return what our server says was not done; empty if it says something else."""
        return self.text.removeprefix(COMPLAINT) if self.text.startswith(COMPLAINT) else ""


class InputHidden(NamedTuple):
    """Another server wants what is typed not to be seen, as for a password, or seen again."""

    is_hidden: bool


Happening = (
    Online | Offline | Caught | Entry | Hole | Gap | Entered | Gone | Answer | Done | Refusal | Unknown
    | NickWanted | Foreign | Ours | Line | InputHidden
)  # fmt: skip


def named(room: str) -> str:
    """Return a room's name as people know it, from the one that JSON has."""
    return room if room == "@" else f"#{room}"
