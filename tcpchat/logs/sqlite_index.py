"""How far the index over what was said in rooms has come, and how it is kept up by the thread that writes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from tcpchat.events import Spoken, decode
from tcpchat.logs.sqlite_remains import word_piece
from tcpchat.logs.sqlite_volumes import Row, Volumes
from tcpchat.names import NotAName, nickname
from tcpchat.queries import words

# What goes into the index in one transaction, about a millisecond: lines wait for that long.
SLICE = 64
LARGEST_SLICE = 16_384  # characters

# How often parts of the index are joined behind a slice that is not made in an idle moment: more than enough
# for it not to fall behind, a slice and all that follows from it takes less than two.
MERGES = 4


class Index:
    """
    What is in the index and what is not yet, as the thread that writes knows it.

    Inboxes are never in it.
    """

    def __init__(self, writer: sqlite3.Connection, volumes: Volumes) -> None:
        self.waiting = 0  # entries that are not in the index
        self.volumes = volumes
        self._writer = writer
        self._done: dict[int, int] = {}
        self._behind: dict[int, int] = {}
        self._merges = 0  # that are due

    def holds(self, stream: int, upto: int) -> None:
        """Take note of what the index holds of a stream."""
        if stream in self._behind:
            self.waiting -= max(min(upto, self._behind[stream]) - self._done[stream], 0)
            if upto >= self._behind[stream]:
                del self._behind[stream]
        self._done[stream] = max(upto, self._done.get(stream, 0))

    def begin(self, stream: int, kept_after: int) -> None:
        """
        Go on behind an entry, up to which nothing is kept, within a transaction.

        What was not added by now never will be, and goes: later it would be taken out of what it is not in.
        """
        self._writer.execute(
            "delete from entry where stream = ? and seq > ? and seq <= ?",
            (stream, self._done.get(stream, 0), kept_after),
        )
        self.holds(stream, kept_after)

    def grew(self, stream: int, upto: int) -> None:
        """Take note of what was appended to a room's stream."""
        done = self._done.setdefault(stream, 0)
        if upto > done:
            self.waiting += upto - self._behind.get(stream, done)
            self._behind[stream] = upto

    @property
    def is_at_rest(self) -> bool:
        """Whether there is nothing to do."""
        return not self._behind and self.volumes.is_at_rest

    @property
    def has_merges_due(self) -> bool:
        """Whether parts are to be joined before there are more of them."""
        return self._merges > 0 and self.volumes.has_to_merge

    def lacks(self, wanted: Mapping[int, int]) -> list[int]:
        """Return the streams that are not in the index up to a number."""
        return [stream for stream, upto in wanted.items() if self._done.get(stream, 0) < upto]

    def work(self, streams: Iterable[int] = ()) -> int:
        """
        Do a little, preferably for some streams; return the characters that were written.

        Parts of the index that are to be joined with others come first: all of them, unless there is a hurry.
        """
        hurried = [*streams]
        if self.has_merges_due or (self.volumes.has_to_merge and not hurried):
            self._merges -= 1
            return self.volumes.merge()
        if hurried or self._behind:
            self._merges = MERGES
            return self._add(hurried or [*self._behind])
        return self.volumes.tidy()

    def _add(self, streams: Sequence[int]) -> int:
        rows: dict[int, list[Row]] = {}
        done: dict[int, int] = {}
        lines = size = 0
        self._writer.execute("begin immediate")
        for stream in streams[:SLICE]:
            done[stream] = self._behind[stream]
            rows[stream] = []
            for seq, body in self._writer.execute(
                "select seq, body from entry indexed by spoken where spoken"
                " and stream = ? and seq > ? and seq <= ? order by seq limit ?",
                (stream, self._done[stream], self._behind[stream], SLICE),
            ).fetchall():
                rows[stream] += _rows([(seq, body)])
                lines += 1
                size += len(body)
                if lines == SLICE or size > LARGEST_SLICE:
                    done[stream] = seq
                    break
            else:
                continue
            break
        self.volumes.add(rows, done)
        self._writer.executemany(
            "update stream set searchable = ? where id = ?", [(seq, stream) for stream, seq in done.items()]
        )
        self._writer.execute("commit")
        self.volumes.added()
        for stream, seq in done.items():
            self.holds(stream, seq)
        return size

    def has(self, stream: int, seq: int) -> bool:
        """Whether an entry of a stream is in it, if it is a line."""
        return seq <= self._done.get(stream, 0)

    def missing(self, stream: int, seq: int, words: Iterable[str]) -> list[bytes]:
        """Return what shows that words are there, of those that are not, or no more, in a line's volume."""
        return [word_piece(word) for word in words if not self.volumes.has_word(stream, seq, word)]

    def take_back(self, stream: int, entries: Iterable[tuple[int, str]]) -> None:
        """Take out what people said, by its numbers, in any order, within a transaction."""
        self.volumes.remove(stream, self._rows_in(stream, entries), at_once=True)

    def forget(self, stream: int, entries: Iterable[tuple[int, str]], upto: int) -> None:
        """Take out what people said, in order, of the entries up to a number, within a transaction."""
        self.volumes.remove(stream, self._rows_in(stream, entries), at_once=False)
        self.volumes.forget(stream, upto)
        self._merges = MERGES

    def _rows_in(self, stream: int, entries: Iterable[tuple[int, str]]) -> list[Row]:
        return sorted(_rows([entry for entry in entries if self.has(stream, entry[0])]))


def _rows(entries: Iterable[tuple[int, str]]) -> Iterator[Row]:
    """Return what the index has of entries; of what is no line, it has nothing."""
    for seq, body in entries:
        try:
            event = decode(body)
        except msgspec.MsgspecError:
            continue  # damaged: whoever reads it will be told
        if isinstance(event, Spoken):
            yield Row(seq, words(event.text), nick_word(fold(event.nick)))


def fold(nick: str) -> str:
    """Return what nicknames that are the same have in common."""
    try:
        return nickname(nick).fold
    except NotAName:  # any more
        return nick


def nick_word(fold: str) -> str:
    """Return the one word that a folded nickname is in the index."""
    return "n" + fold.encode(errors="replace").hex()
