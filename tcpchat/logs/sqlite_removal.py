"""What goes from the SQLite log, in one transaction: a line that was taken back, or some that are old."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from tcpchat.events import Edited, Event, Fact, Gone, Replied, Spoken, decode, encode, lines_said
from tcpchat.logs.interface import NoSuchEntry
from tcpchat.logs.sqlite_file import Stream
from tcpchat.logs.sqlite_index import Index
from tcpchat.logs.sqlite_reading import ABOUT
from tcpchat.logs.sqlite_remains import pieces, words_of

# Entries that go in one transaction when a stream is shortened: some milliseconds.
FORGOTTEN_AT_ONCE = 128


def tombstone(event: Fact) -> Gone:
    """Return what is left of an event: whose it was, and its reference, so that it is not said again."""
    return Gone(event.session, event.nick, ref=event.ref, account=event.account)


class TakenBack(NamedTuple):
    """What stands under the numbers of what was taken back now, and how many characters were written."""

    left: Mapping[int, Event]
    size: int


def take_back(writer: sqlite3.Connection, index: Index, stream: Stream | None, about: int) -> TakenBack:
    """
    Make tombstones of a line and of its edits, and empty the quotes in the replies to them.

    Within a transaction. What the file may still hold of it is noted in the table ``removed``, for
    `sqlite_cleaning.Cleaning`.

    Raises:
        NoSuchEntry: people did not say it, or it is gone already.
    """
    gone, replies = find_gone(writer, stream, about) if stream else ({}, {})
    if stream is None or not gone:
        raise NoSuchEntry(f"There is no line {about}.")
    index.take_back(stream.id, [(number, body) for number, (body, _) in gone.items()])
    pieces_left: set[bytes] = set()
    left: dict[int, Event] = {}
    for number, (body, event) in gone.items():
        pieces_left.update(pieces(body, event.text))
        if index.has(stream.id, number):
            pieces_left.update(index.missing(stream.id, number, words_of(event.text)))
        left[number] = tombstone(event)
    for number, (body, reply) in replies.items():
        pieces_left.update(pieces(body, reply.quote))
        left[number] = msgspec.structs.replace(reply, quote="")
    rows = [
        (encode(new).decode(), lines_said(new), getattr(new, "about", None), stream.id, number)
        for number, new in left.items()
    ]
    writer.executemany("update entry set body = ?, spoken = ?, about = ? where stream = ? and seq = ?", rows)
    writer.executemany("insert into removed (piece) values (?)", [(piece,) for piece in pieces_left])
    return TakenBack(left, sum([len(body) for body, _ in gone.values()]) + sum([len(row[0]) for row in rows]))


def find_gone(
    writer: sqlite3.Connection, stream: Stream, about: int
) -> tuple[dict[int, tuple[str, Spoken]], dict[int, tuple[str, Replied]]]:
    """Return, by number, a line with its edits and theirs, and the replies to any of them, as stored."""
    gone: dict[int, tuple[str, Spoken]] = {}
    replies: dict[int, tuple[str, Replied]] = {}
    rows = writer.execute(
        "select seq, body from entry where stream = ? and seq = ? and spoken", (stream.id, about)
    ).fetchall()
    found = [(number, body, decode(body)) for number, body in rows]
    while found:
        number, body, event = found.pop()
        if isinstance(event, Replied) and number != about:
            replies[number] = body, event
        elif isinstance(event, Edited) or number == about:
            gone[number] = body, event
            rows = writer.execute(
                f"select seq, body from {ABOUT} stream = ? and about = ? and seq > ?",
                (stream.id, number, number),
            ).fetchall()
            found += [(later, body, decode(body)) for later, body in rows]
    return gone, replies


def forget_some(writer: sqlite3.Connection, index: Index, stream: Stream, upto: int) -> tuple[int, int]:
    """Remove the first entries of a stream; return the last of them, and how much text they had."""
    upto = min(upto, stream.kept_after + FORGOTTEN_AT_ONCE)
    these = (stream.id, upto)
    writer.execute("begin immediate")
    spoken = writer.execute(
        "select seq, body from entry indexed by spoken where spoken and stream = ? and seq <= ?", these
    ).fetchall()
    index.forget(stream.id, spoken, upto)
    writer.execute("delete from entry where stream = ? and seq <= ?", these)
    writer.execute("update stream set kept_after = ?2, searchable = max(searchable, ?2) where id = ?1", these)
    writer.execute("commit")
    return upto, sum([len(body) for _, body in spoken])
