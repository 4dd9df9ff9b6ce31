"""What the SQLite log takes over from another one, of which it is a replica, in one transaction."""

from __future__ import annotations

import sqlite3
from contextlib import suppress

import msgspec

from tcpchat.events import Event
from tcpchat.logs.batches import Take
from tcpchat.logs.interface import NoSuchEntry
from tcpchat.logs.sqlite_index import Index
from tcpchat.logs.sqlite_numbering import Numbering
from tcpchat.logs.sqlite_removal import take_back


class Missing(Exception):
    """There are entries between those that are there and those that are to be added."""


def take(writer: sqlite3.Connection, index: Index, numbering: Numbering, item: Take) -> int:
    """
    Add the entries that are not there yet; return how many characters were written beside them.

    Raises:
        Missing: some between are not there either, and nothing says that they are no longer kept.
    """
    name = item.stream
    stream = numbering.stream(name)
    last = stream.seq if stream else 0
    new = item.entries
    if new and new[0].seq <= last:
        new = [entry for entry in new if entry.seq > last]
    size = 0
    if new:
        if new[0].seq > last + 1:
            if not item.begins:
                raise Missing(f"{name} has {last} entries, and not those before {new[0].seq}")
            _begin(index, numbering, name, new[0].seq - 1)
        if item.about:
            numbering.insert()  # what is removed may be among it
            with suppress(NoSuchEntry):  # of the stream's own, who said so was sure; it is forgotten
                taken = take_back(writer, index, numbering.stream(name), item.about)
                numbering.replace(name, taken.left)
                size = taken.size
        for _, time, event in new:
            numbering.add(name, _with_free_ref(writer, numbering, event) if event.ref else event, time)
        numbering.place(name, new[0].seq, item.at)
    elif item.begins and item.forgets > last:
        _begin(index, numbering, name, item.forgets)
    if item.forgets and stream:
        writer.execute(
            "delete from place where stream = ?1"
            " and seq < (select max(seq) from place where stream = ?1 and seq <= ?2 + 1)",
            (stream.id, item.forgets),
        )
    for first in item.moves:
        numbering.place(name, first, item.at)
    return size


def _begin(index: Index, numbering: Numbering, name: str, kept_after: int) -> None:
    numbering.insert()  # what goes may be among it
    index.begin(numbering.begin(name, kept_after), kept_after)


def _with_free_ref(writer: sqlite3.Connection, numbering: Numbering, event: Event) -> Event:
    """
    Return an event without its reference, if that was used before.

    Two nodes may have used one at once in two rooms. The first entry counts, for all of them.
    """
    numbering.insert()
    ref = f"{event.session} {event.ref}"
    used = writer.execute(
        "select 1 from entry indexed by ref where ref is not null and ref = ?", (ref,)
    ).fetchone()
    return msgspec.structs.replace(event, ref="") if used else event
