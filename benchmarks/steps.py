"""
What one message costs, step by step, as a table in Markdown: ``make steps``.

    B        1000 people in 100 rooms of 10, a line from each of them in one turn of the reactor: one commit
    alone    one line in a room of 10, and a commit for it

All of it is the server's own but the transports of the connections, and the members of the crowds, which
take whatever they are handed. It is timed in the CPU time of one thread, the kernel's included: waiting for
the disk, or for another thread, is not in it; nor is the reactor's loop. The system's part is that of one
line: in B there is one send for each message (of what nine others said), alone there are nine.
"""

from __future__ import annotations

import os
import platform
import resource
import socket
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from itertools import count, starmap
from statistics import mean, median
from typing import NamedTuple, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from benchmarks.figures import short
from tcpchat.commands import parse
from tcpchat.doors.line import LineConnection, LineFactory
from tcpchat.events import Event
from tcpchat.fanout.direct import DirectCrowd
from tcpchat.fanout.interface import Member
from tcpchat.limits import NO_LIMITS
from tcpchat.lines import LineReader
from tcpchat.logs.batches import GATHERED_FOR, Batches, Post
from tcpchat.logs.interface import Posted
from tcpchat.logs.memory import MemoryLog
from tcpchat.logs.sqlite_file import SQLiteFile
from tcpchat.logs.sqlite_numbering import Numbering
from tcpchat.opening import milliseconds
from tcpchat.room_feed import RoomFeed
from tcpchat.service import Chat
from tcpchat.telnet_options import IAC
from tcpchat.turns import collect_little_at_once

T = TypeVar("T")

SCRATCH = "/var/tmp"  # on a disk: /tmp may be in memory
LINE = b"~cafe.%05x.%08x~" + b"x" * 42 + b"\r\n"  # the text has 64 bytes


class Situation(NamedTuple):
    """How many people there are, and who of them says a line in each round."""

    name: str
    people: int
    rooms: int
    talkers: int
    rounds: int


SITUATIONS = Situation("B", 1000, 100, 1000, 100), Situation("alone", 10, 1, 1, 2000)

STEPS = {
    "text": "1. bytes, lines, text",
    "request": "2. what it asks for, made safe",
    "in": "3. the whole way in, 1 and 2 included: from bytes to the log's queue",
    "begin": "4. a transaction begun",
    "number": "5. numbered and encoded",
    "insert": "6. rows put into SQLite",
    "commit": "7. committed, with fdatasync",
    "show": "8. rendered and handed to the room, without a send",
    "tell": "9. told what came of it",
    "receive": "10. the system: one recv",
    "send": "11. the system: one send",
}
OURS = "in", "begin", "number", "insert", "commit", "show", "tell"
CHECKPOINT = "besides, now and then: what was committed moved into the file (mean)"

# What it takes to look at the clock.
IDLE = min(-time.thread_time() + time.thread_time() for _ in range(1000))


class Takers(DirectCrowd):
    """A crowd whose members take everything, each at the cost of a call."""

    def enter(self, session: str, member: Member) -> None:
        self._sends[session] = len


class Queued(MemoryLog):
    """A log that queues what is posted as the one on disk does; what becomes of it is done step by step."""

    batches: Batches

    def post(self, stream: str, event: Event, posted: Posted) -> None:
        self.batches.add(Post(stream, event, milliseconds(), posted))


class Talk:
    """People who are there, and what each step took of their messages: µs for one, round by round."""

    def __init__(self, situation: Situation, folder: str) -> None:
        self.took: dict[str, list[float]] = {step: [] for step in (*STEPS, CHECKPOINT)}
        self._readers = [LineReader() for _ in range(situation.talkers)]
        self._pairs = [connect() for _ in self._readers]
        self._file = SQLiteFile(f"{folder}/log", "FULL")
        self._streams = dict(self._file.streams)  # numbered from 1 on, which nobody here minds
        self._clock, ids = Clock(), count()
        self._log = Queued(self._clock, milliseconds)
        self._log.batches = Batches(self._clock.callLater, self._clock.seconds)
        arguments = self._log, self._clock, milliseconds, lambda: f"s{next(ids):011}", os.urandom, NO_LIMITS
        factory = LineFactory(chat := Chat(*arguments, crowd=Takers))
        Deferred.fromCoroutine(chat.open())
        self._connections = [LineConnection(factory) for _ in range(situation.people)]
        for number, connection in enumerate(self._connections):
            transport = StringTransport()
            connection.makeConnection(transport)
            connection.dataReceived(b"nick%d\r\n/join #room%d\r\n" % (number, number % situation.rooms))
            while transport.producer or not connection.is_settled:
                if transport.producer:  # there is something to read
                    transport.producer.resumeProducing()
                self._clock.advance(0)
        self._feeds = {feed.stream: feed for feed in chat.rooms}

    def _lap(self, step: str, act: Callable[[], T]) -> T:
        begin = time.thread_time()
        result = act()
        self.took[step].append((time.thread_time() - begin - IDLE) * 1e6 / len(self._readers))
        return result

    def round(self, lines: Sequence[bytes]) -> None:
        """Have each who talks say a line."""
        texts = self._lap("text", lambda: [*map(text_of, self._readers, lines)])
        self._lap("request", lambda: [*map(parse, texts)])
        self._lap("in", lambda: [*map(LineConnection.dataReceived, self._connections, lines)])
        self._clock.advance(2 * GATHERED_FOR)
        batch = self._log.batches.next(0)
        posts = [item for item in batch.items if isinstance(item, Post)] if batch else []
        assert len(posts) == len(lines), "they did not go together"
        writer = self._file.writer
        self._lap("begin", lambda: writer.execute("begin immediate"))
        numbering = Numbering(writer, self._streams)
        seqs = self._lap("number", lambda: [numbering.add(it.stream, it.event, it.time) for it in posts])
        self._lap("insert", numbering.insert)
        self._lap("commit", lambda: writer.execute("commit"))
        self._file.wrote(len(numbering.growths), numbering.size)
        self._lap(CHECKPOINT, self._file.checkpoint)
        self._streams |= {name: growth.moved() for name, growth in numbering.growths.items()}
        grown = [(self._feeds[name], growth.entries) for name, growth in numbering.growths.items()]
        self._lap("show", lambda: [*starmap(RoomFeed.deliver, grown)])
        self._lap("tell", lambda: [it.posted(seq) for it, seq in zip(posts, seqs, strict=True)])
        self._log.batches.finished()
        assert all(connection.is_settled for connection in self._connections), "not all of it was shown"
        for (_, peer), line in zip(self._pairs, lines, strict=True):
            peer.sendall(line)
        self._lap("receive", lambda: [ours.recv(1000) for ours, _ in self._pairs])
        self._lap("send", lambda: [ours.send(LINE) for ours, _ in self._pairs])
        assert all(peer.recv(1000) == LINE for _, peer in self._pairs), "the system cut a line"

    def close(self) -> None:
        """Let go of the file and the connections."""
        connections = self._file.reader, self._file.searcher, self._file.writer
        for end in *connections, self._file, *sum(self._pairs, ()):
            end.close()


def text_of(lines: LineReader, data: bytes) -> str:
    """Do with what came what the line door does with it."""
    if IAC not in data:
        lines.feed(data)
    line = lines.lines.take()
    assert isinstance(line, bytes)
    return line.decode()


def connect() -> tuple[socket.socket, socket.socket]:
    """Return both ends of a TCP connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        peer = socket.create_connection(listener.getsockname())
        ours, _ = listener.accept()
    return ours, peer


def measure(situation: Situation) -> dict[str, list[float]]:
    """Return what each step took in each round, in µs a message."""
    with tempfile.TemporaryDirectory(dir=SCRATCH) as folder, closing(Talk(situation, folder)) as talk:
        for number in range(situation.rounds):
            talk.round([LINE % (talker, number) for talker in range(situation.talkers)])
    return talk.took


def table(situations: Sequence[Situation], took: Mapping[str, Mapping[str, list[float]]]) -> str:
    """Return the figures in Markdown."""
    rows: dict[str, list[float]] = {}
    for name, _, _, talkers, _ in situations:
        figures = {text: took[name][step] for step, text in STEPS.items()}
        figures["3 to 9 together"] = [*map(sum, zip(*[took[name][step] for step in OURS], strict=True))]
        figures["7, for the whole commit"] = [each * talkers for each in took[name]["commit"]]
        figures[CHECKPOINT] = [mean(took[name][CHECKPOINT])]
        for text, values in figures.items():
            rows.setdefault(text, []).extend((min(values), median(values)))
    heading = "".join(f" {it.name}: lowest | median |" for it in situations)
    lines = [f"| µs of CPU a message |{heading}", "|---|" + "--:|" * 2 * len(situations)]
    lines += [f"| {text} | {' | '.join(map(short, values))} |" for text, values in rows.items()]
    rounds = ", ".join(f"{it.name} {it.rounds:,} rounds of {it.talkers:,}" for it in situations)
    return "\n".join([*lines, "", f"*CPython {platform.python_version()}; {rounds}.*"])


def main() -> None:
    """Print the table."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    collect_little_at_once()
    print(table(SITUATIONS, {situation.name: measure(situation) for situation in SITUATIONS}))


if __name__ == "__main__":
    main()
