"""One commit of the SQLite log: all of what it holds, or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from tcpchat.logs.batches import Append, Item, Keep, Post, Probe, Remove, Take
from tcpchat.logs.interface import NoSuchEntry
from tcpchat.logs.sqlite_file import SQLiteFile, Stream
from tcpchat.logs.sqlite_index import Index
from tcpchat.logs.sqlite_numbering import Growth, Numbering
from tcpchat.logs.sqlite_records import keep
from tcpchat.logs.sqlite_removal import take_back
from tcpchat.logs.sqlite_taking import take

# The record, by kind and key, that is written to see whether anything can be.
PROBE = "probe", ""


class Committed(NamedTuple):
    """
    What one commit held, what came of each item, and what was added to each stream.

    Of a post or a removal its number comes, of an append its numbers in each stream, of a record nothing;
    and of what could not be removed, why.
    """

    items: Sequence[Item]
    outcomes: Sequence[Any]
    growths: Mapping[str, Growth]
    has_removed: bool


def commit(file: SQLiteFile, index: Index, streams: Mapping[str, Stream], items: Sequence[Item]) -> Committed:
    """
    Write some items, of which ``streams`` says what was before them.

    When it fails, the transaction is still there, for whoever calls it to end.
    """
    writer = file.writer
    outcomes: list[Any] = []
    records: dict[tuple[str, str], bytes | None] = {}  # of several of one key the last one counts
    size = 0
    has_removed = False
    writer.execute("begin immediate")
    numbering = Numbering(writer, streams)
    add = numbering.add
    for item in items:
        match item:
            case Post():
                outcomes.append(add(item.stream, item.event, item.time))
            case Append():
                outcomes.append(
                    [[add(name, event, item.time) for event in events] for name, events in item.parts]
                )
            case Remove():
                numbering.insert()  # what is removed may be among it
                try:
                    taken = take_back(writer, index, numbering.stream(item.stream), item.about)
                    numbering.replace(item.stream, taken.left)
                    size += taken.size
                    outcomes.append(add(item.stream, item.event, item.time))
                    for name, events in item.also:
                        for event in events:
                            add(name, event, item.time)
                    has_removed = True
                except NoSuchEntry as reason:
                    outcomes.append(reason.with_traceback(None))
            case Take():
                size += take(writer, index, numbering, item)
                has_removed = has_removed or bool(item.about)
                outcomes.append(None)
            case Keep():
                records[item.kind, item.key] = item.value
                outcomes.append(None)
            case Probe():
                records[PROBE] = item.value
                outcomes.append(None)
    numbering.insert()
    size += keep(writer, records) if records else 0
    writer.execute("commit")
    file.wrote(len(numbering.growths), size + numbering.size)
    return Committed(items, outcomes, numbering.growths, has_removed)
