"""The proxy between nodes and NATS: it knows acknowledgements, and does to them what it is told."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator
from random import Random

import pytest

from tests.faults.proxy import Faults, Frames, Proxy, is_acknowledgement
from tests.processes import PATIENCE

INFO = b'INFO {"server_id":"A","connect_urls":["127.0.0.1:1"],"version":"2.12.3"}\r\n'
MESSAGE = b'MSG chat.log.lobby 1 14\r\n{"stream":\r\n1}\r\n'
HEADERS = b"HMSG a.b 2 _INBOX.x 12 15\r\nNATS/1.0\r\n\r\nabc\r\n"


def acknowledgement(seq: int) -> bytes:
    """Return that something was stored."""
    body = json.dumps({"stream": "chat", "seq": seq}).replace(" ", "").encode()
    return b"MSG _INBOX.abc 1 %d\r\n%s\r\n" % (len(body), body)


FRAMES = [INFO, b"PING\r\n", MESSAGE, HEADERS, acknowledgement(7), b"+OK\r\n", b"-ERR 'no'\r\n"]


def test_frames_are_the_same_however_they_come() -> None:
    data = b"".join(FRAMES)
    assert list(Frames().feed(data)) == FRAMES
    drip = Frames()
    assert [frame for n in range(len(data)) for frame in drip.feed(data[n : n + 1])] == FRAMES


def test_an_acknowledgement_is_known_by_what_is_in_it() -> None:
    no_answer = MESSAGE.replace(b'{"stream":', b'{"strand":')
    assert [is_acknowledgement(frame) for frame in [*FRAMES, no_answer]] == [
        frame in (MESSAGE, acknowledgement(7)) for frame in [*FRAMES, no_answer]
    ]


class Ends:
    """A server behind a proxy, and a node in front of it, which have found each other."""

    def __init__(self, faults: Faults | None = None) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.listening.settimeout(PATIENCE)
        self.proxy = Proxy([self.listening.getsockname()[1]], Random(1), faults)
        self.node = self.dial()
        self.server = self.listening.accept()[0]
        self.server.settimeout(PATIENCE)

    def dial(self) -> socket.socket:
        """Connect to the proxy."""
        return socket.create_connection(("127.0.0.1", self.proxy.ports[0]), PATIENCE)

    def close(self) -> None:
        self.node.close()
        self.server.close()
        self.listening.close()
        self.proxy.close()


@contextlib.contextmanager
def ends(faults: Faults | None = None) -> Iterator[Ends]:
    """Let a node and a server find each other, and clean up after them."""
    made = Ends(faults)
    try:
        yield made
    finally:
        made.close()


def read(source: socket.socket, length: int) -> bytes:
    """Return so many bytes, or what there is before the end."""
    data = b""
    while len(data) < length and (more := source.recv(length - len(data))):
        data += more
    return data


def test_what_is_said_goes_through_both_ways_but_for_where_other_servers_are() -> None:
    with ends() as it:
        it.node.sendall(b"PUB a 3\r\nabc\r\n")
        assert read(it.server, 14) == b"PUB a 3\r\nabc\r\n"
        it.server.sendall(INFO + MESSAGE)
        line, _, rest = read(it.node, len(INFO + MESSAGE) - len('"connect_urls":["127.0.0.1:1"],')).partition(
            b"\r\n"
        )
        assert json.loads(line[5:]) == {"server_id": "A", "version": "2.12.3"}
        assert MESSAGE.startswith(rest)


def test_every_second_acknowledgement_is_lost_until_they_are_spared() -> None:
    with ends(Faults(lost=2)) as it:
        it.server.sendall(b"".join(map(acknowledgement, range(1, 6))) + b"PING\r\n")
        expected = b"".join(map(acknowledgement, (1, 3, 5))) + b"PING\r\n"
        assert read(it.node, len(expected)) == expected
        assert (it.proxy.acknowledged, it.proxy.lost) == (5, 2)
        it.proxy.spare()
        it.server.sendall(acknowledgement(6))
        assert read(it.node, len(acknowledgement(6))) == acknowledgement(6)


def test_one_that_is_late_comes_behind_what_was_sent_after_it() -> None:
    with ends(Faults(late=2, longest=0.2)) as it:
        it.server.sendall(acknowledgement(1) + acknowledgement(2) + b"PING\r\n")
        expected = acknowledgement(1) + b"PING\r\n" + acknowledgement(2)
        assert read(it.node, len(expected)) == expected


@pytest.mark.parametrize("to_node", [False, True])
def test_a_connection_is_cut_in_the_middle_of_something(to_node: bool) -> None:
    with ends() as it:
        source, sink = (it.server, it.node) if to_node else (it.node, it.server)
        source.sendall(MESSAGE)
        assert read(sink, len(MESSAGE)) == MESSAGE
        it.proxy.cut(to_node)
        source.sendall(MESSAGE)
        assert read(sink, 1 << 20) == MESSAGE[: len(MESSAGE) // 2]
        assert it.proxy.cuts == 1


def test_who_is_refused_is_cut_off_and_comes_back_when_it_heals() -> None:
    with ends() as it:
        it.proxy.refuse()
        with contextlib.suppress(ConnectionError):
            assert read(it.node, 1) == b""
        with it.dial() as other, contextlib.suppress(ConnectionError):
            assert read(other, 1) == b""
        it.proxy.heal()
        with it.dial() as again, it.listening.accept()[0] as server:
            again.sendall(b"PING\r\n")
            assert read(server, 6) == b"PING\r\n"


def test_in_a_silence_nothing_comes_and_after_it_everything() -> None:
    with ends() as it:
        it.proxy.silence()
        it.node.sendall(b"PING\r\n")
        it.server.settimeout(0.2)
        with pytest.raises(TimeoutError):
            it.server.recv(1)
        it.server.settimeout(PATIENCE)
        it.proxy.heal()
        assert read(it.server, 6) == b"PING\r\n"
