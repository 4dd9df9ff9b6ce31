"""What goes from the SQLite log, in one transaction: a line that was taken back, or some that are old."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from tcpchat.events import Edited, Event, Fact, Gone, Replied, Spoken, decode, encode, lines_said
from tcpchat.logs.interface import NoSuchEntry
from tcpchat.logs.sqlite_file import Stream
from tcpchat.logs.sqlite_reading import ABOUT
from tcpchat.logs.sqlite_remains import pieces, words_of
from tcpchat.logs.sqlite_search import Index

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
    found = "select body from entry where stream = ? and seq = ? and spoken"
    row = stream and writer.execute(found, (stream.id, about)).fetchone()
    if stream is None or row is None:
        raise NoSuchEntry(f"There is no line {about}.")
    gone: dict[int, str] = {about: row[0]}
    replies: dict[int, Replied] = {}
    for seq in (waiting := [about]):
        for number, body in writer.execute(
            f"select seq, body from {ABOUT} stream = ? and about = ?", (stream.id, seq)
        ).fetchall():
            match decode(body):
                case Edited() if number not in gone:
                    gone[number] = body
                    waiting.append(number)
                case Replied() as reply:
                    replies[number] = reply
    index.remove(stream.id, gone.items())
    pieces_left: set[bytes] = set()
    left: dict[int, Event] = {}
    for number, body in gone.items():
        event = decode(body)
        assert isinstance(event, Spoken)  # as the row says
        pieces_left.update(pieces(body, event.text))
        if index.has(stream.id, number):
            pieces_left.update(index.missing(words_of(event.text)))
        left[number] = tombstone(event)
    for number, reply in replies.items():
        if number not in gone:
            pieces_left.update(pieces(encode(reply).decode(), reply.quote))
            left[number] = msgspec.structs.replace(reply, quote="")
    rows = [
        (encode(event).decode(), lines_said(event), getattr(event, "about", None), stream.id, number)
        for number, event in left.items()
    ]
    writer.executemany("update entry set body = ?, spoken = ?, about = ? where stream = ? and seq = ?", rows)
    writer.executemany("insert into removed (piece) values (?)", [(piece,) for piece in pieces_left])
    return TakenBack(left, sum([len(body) for body in (*gone.values(), *[row[0] for row in rows])]))


def forget_some(writer: sqlite3.Connection, index: Index, stream: Stream, upto: int) -> tuple[int, int]:
    """Remove the first entries of a stream; return the last of them, and how much text they had."""
    upto = min(upto, stream.kept_after + FORGOTTEN_AT_ONCE)
    these = (stream.id, upto)
    writer.execute("begin immediate")
    spoken = writer.execute(
        "select seq, body from entry indexed by spoken where spoken and stream = ? and seq <= ?", these
    ).fetchall()
    index.remove(stream.id, spoken)
    writer.execute("delete from entry where stream = ? and seq <= ?", these)
    writer.execute("update stream set kept_after = ?2, searchable = max(searchable, ?2) where id = ?1", these)
    writer.execute("commit")
    return upto, sum([len(body) for _, body in spoken])
