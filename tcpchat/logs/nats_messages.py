"""What the messages of the stream in JetStream hold, and by which subjects: plain data. No I/O."""

from __future__ import annotations

from hashlib import sha256
from urllib.parse import quote

import msgspec

from tcpchat.events import Entry
from tcpchat.records import KeptRoom

# Characters of a subject's last part. NATS takes some 4,000 for a whole one; a room's name has 96 of
# UTF-8 at most, which are 288 here.
LONGEST_TOKEN = 400

# Bytes of one message. NATS takes 1 MiB if its operator has not changed that.
LARGEST_MESSAGE = 1_000_000


class TooLarge(Exception):
    """It is more than a message may hold."""


class Rewritten(msgspec.Struct, frozen=True, array_like=True):
    """Entries as they are now, of a message that is erased because of what they were."""

    first: int
    entries: list[Entry]


class Commit(msgspec.Struct, frozen=True, omit_defaults=True):
    """
    One message: what one node has added to one stream, all of it or nothing.

    A message without entries says something about the stream, for those who keep a replica of it.
    """

    id: str  # the message's own
    node: str
    stream: str
    entries: list[Entry] = []
    lease: int = 0  # of the node, when it was published: for people who look
    about: int = 0  # the entry that the first one, a `Removed`, takes back
    gone: list[int] = []  # the entries whose text it takes with it
    again: list[Rewritten] = []  # what those messages held that are erased
    erases: list[int] = []  # their stream sequences
    forgets: int = 0  # the number up to which entries are kept no longer
    room: KeptRoom | None = None  # what a room was after some entry, by what is forgotten and more


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Commit).decode


def encode(commit: Commit) -> bytes:
    """
    Return a message's payload.

    Raises:
        TooLarge: it is more than a message may hold.
    """
    payload = _encode(commit)
    if len(payload) > LARGEST_MESSAGE:
        raise TooLarge(f"{len(payload)} bytes")
    return payload


def decode(payload: bytes) -> Commit:
    """
    Return what a message holds.

    Raises:
        msgspec.MsgspecError: it is none of ours.
    """
    return _decode(payload)


def token(stream: str) -> str:
    """Return a stream's name as a part of a subject: what NATS does not allow there is encoded."""
    encoded = quote(stream, safe="").replace(".", "%2E")
    # The name itself stands in each message.
    return encoded if len(encoded) <= LONGEST_TOKEN else "%%" + sha256(stream.encode()).hexdigest()


def subject(name: str, stream: str) -> str:
    """Return the subject of a stream of ours, in the stream ``name`` of JetStream."""
    return f"{name}.log.{token(stream)}"
