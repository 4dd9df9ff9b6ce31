"""What is said between a log and its link to NATS: messages, changes, facts, and what can go wrong."""

from __future__ import annotations

from typing import NamedTuple


class Lost(Exception):
    """Somebody else was first: the expected sequence (or revision) is not the last one any more."""


class Refusing(Exception):
    """The server refuses it, for certain: it is full, or does not allow it; the text says why."""


class Unclear(Exception):
    """No answer in time, or the connection broke: it may have been done or not."""


class Message(NamedTuple):
    """A message to publish."""

    subject: str
    payload: bytes
    expected: int  # the stream sequence of the subject's last message: 0 where there must be none
    id: str  # under which it lands once within `DUPLICATE_WINDOW`, however often it is tried


class Stored(NamedTuple):
    """A message from the stream, with its stream sequence."""

    seq: int
    subject: str
    payload: bytes


class Change(NamedTuple):
    """A key of the bucket with its value, None where it was removed."""

    key: str
    value: bytes | None
    revision: int
    node: str = ""  # of the link that put it there


class Facts(NamedTuple):
    """What the servers say about themselves and about the stream, when the link was opened."""

    epoch: str  # made with the stream
    first: int  # the first stream sequence that is there
    last: int  # the last stream sequence: 0 for a stream that nothing was published to
    servers: dict[str, str]  # the version of each server that is known, by its name
    replicas: int
    sync_interval: str | None  # such as "always" or "2m0s"; None where no server tells
    weak: tuple[str, ...]  # a sentence for each thing that is weaker than recommended, for operators
    copies: str = ""  # how the stream's copies are, as a part of a sentence
