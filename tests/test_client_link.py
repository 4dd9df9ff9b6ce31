"""A connection that breaks and is made again: timers by hand, and with a real server, cut again and again."""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any, cast

from OpenSSL.SSL import Error
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.epollreactor import EPollReactor
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost, DNSLookupError
from twisted.internet.interfaces import ISSLTransport
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.protocols.portforward import ProxyClient, ProxyClientFactory, ProxyFactory, ProxyServer
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import alsoProvides

from tcpchat.client.address import Address
from tcpchat.client.conversation import QUESTION, Conversation
from tcpchat.client.foreign import ForeignServer
from tcpchat.client.happenings import (
    Done,
    Entry,
    Foreign,
    Happening,
    Line,
    NickWanted,
    Offline,
    Online,
    Ours,
)
from tcpchat.client.limits import (
    LONGEST_DOUBT,
    LONGEST_IDLE,
    LONGEST_LINE,
    LONGEST_SILENCE,
    LONGEST_TRY,
    LONGEST_UNANSWERED,
    LONGEST_WAIT,
    NEXT_TRY,
    PAUSE,
    SHORTEST_WAIT,
    STEADY,
)  # fmt: skip
from tcpchat.client.link import Link
from tcpchat.client.tls import NotTrusted
from tcpchat.client.way import LEAVE_OUT, endpoint
from tests.faults.servers import dump, start
from tests.processes import PATIENCE

GREETING = b"*** Welcome to tcpchat.\r\n" + QUESTION.encode() + b"\r\n"
WELCOME = {
    "type": "welcome", "nick": "anna", "room": "lobby", "people": [], "others": 0, "session": "s1",
    "epoch": "e", "rooms": ["lobby"], "after": {"@": 0, "lobby": 0},
}  # fmt: skip


class Transport(StringTransport):
    """One of which a half can be closed."""

    half_closed = False

    def loseWriteConnection(self) -> None:
        self.half_closed = True


class LinkCase(SynchronousTestCase):
    """Somebody called anna; the server is played by the test."""

    foreign = True

    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()
        self.happened: list[Happening] = []
        self.link = Link(
            self.reactor,
            TCP4ClientEndpoint(cast(Any, self.reactor), "127.0.0.1", 8023),
            Conversation(["anna"]),
            self.happened.extend,
            lambda least, most: most,
            ForeignServer() if self.foreign else None,
        )
        self.link.start()

    @property
    def tries(self) -> int:
        return len(self.reactor.tcpClients)

    def connect(self) -> None:
        """The connection that was asked for is there."""
        self.transport = Transport()
        factory: Any = self.reactor.tcpClients[-1][2]
        self.wire = factory.buildProtocol(None)
        self.wire.makeConnection(self.transport)

    def hear(self, *said: bytes | dict[str, Any]) -> list[Happening]:
        """Take in what the server says; return what happens."""
        self.happened.clear()
        for each in said:
            self.wire.dataReceived(each if isinstance(each, bytes) else json.dumps(each).encode() + b"\n")
        return self.happened.copy()

    def lose(self, reason: Exception | None = None) -> list[Happening]:
        """The connection breaks."""
        self.happened.clear()
        self.wire.connectionLost(Failure(reason or ConnectionLost()))
        return self.happened.copy()

    def offline(self, happened: Sequence[Happening]) -> Offline:
        """Return what is told of a break."""
        (offline,) = happened
        assert isinstance(offline, Offline)
        return offline

    def sent(self) -> list[str]:
        """Return the lines that were sent."""
        data: bytes = self.transport.value()
        self.transport.clear()
        return data.decode().splitlines()


class OurServerTests(LinkCase):
    def test_nothing_is_sent_before_the_server_has_shown_that_it_is_ours(self) -> None:
        self.connect()
        self.assertEqual(self.sent(), [])
        self.assertEqual(self.hear(GREETING), [Line("*** Welcome to tcpchat.")])
        self.assertEqual(self.sent()[0], "/json")
        self.assertEqual(self.hear(WELCOME)[0], Online("anna", "#lobby", (), 0))
        self.assertFalse(self.link.is_foreign)

    def test_what_is_cut_anywhere_is_the_same(self) -> None:
        self.connect()
        for byte in GREETING + json.dumps(WELCOME).encode() + b"\r\n":
            self.reactor.advance(PAUSE)
            self.hear(bytes((byte,)))
        self.assertEqual(self.link.conversation.nick, "anna")

    def test_after_a_break_one_comes_back_and_asks_again(self) -> None:
        self.connect()
        self.hear(GREETING, WELCOME)
        ref = self.link.ask("say", text="hi")
        self.sent()
        (offline,) = self.lose()
        assert isinstance(offline, Offline)
        self.assertEqual(self.tries, 1)
        self.reactor.advance(offline.seconds)
        self.assertEqual(self.tries, 2)
        self.connect()
        self.hear(GREETING, WELCOME)
        self.assertEqual([json.loads(line)["ref"] for line in self.sent()], ["resume", ref])
        self.assertIn(Done(ref, 1), self.hear({"type": "ok", "ref": ref, "seq": 1}))

    def test_a_half_line_is_not_joined_with_the_next_connections(self) -> None:
        self.connect()
        self.hear(GREETING, WELCOME, b'{"type":"mess')
        self.reactor.advance(self.offline(self.lose()).seconds)
        self.connect()
        self.hear(GREETING, WELCOME)
        self.assertTrue(self.link.conversation.is_online)

    def test_the_waits_grow_to_the_longest_and_begin_anew_after_a_steady_time(self) -> None:
        waits = []
        for _ in range(7):
            self.connect()
            waits.append(self.offline(self.lose()).seconds)
            self.reactor.advance(waits[-1])
        self.assertEqual(waits, [2, 4, 8, 16, LONGEST_WAIT, LONGEST_WAIT, LONGEST_WAIT])
        self.connect()
        self.reactor.advance(STEADY + 1)
        self.assertEqual(self.offline(self.lose()).seconds, 2 * SHORTEST_WAIT)

    def test_a_try_that_fails_is_told_and_tried_again(self) -> None:
        self.happened.clear()
        self.reactor.tcpClients[-1][2].clientConnectionFailed(cast(Any, None), Failure(DNSLookupError("x")))
        self.assertEqual(self.offline(self.happened), Offline("There is no such host", 2, is_unknown=True))
        self.reactor.advance(2)
        self.assertEqual(self.tries, 2)

    def test_an_end_is_told_apart_from_a_break(self) -> None:
        self.connect()
        self.hear(GREETING)
        self.assertEqual(
            self.offline(self.lose(ConnectionDone())).why, "The server has closed the connection"
        )

    def test_what_is_no_line_of_ours_breaks_the_connection_off(self) -> None:
        self.connect()
        for said in b'{"type":1}\n', b"x" * (LONGEST_LINE + 1):
            self.hear(GREETING, WELCOME)
            (line,) = self.hear(said)
            self.assertIsInstance(line, Line)
            self.assertTrue(self.transport.disconnected or self.transport.disconnecting)
            self.lose()
            self.reactor.advance(LONGEST_WAIT)
            self.connect()

    def test_what_the_log_could_not_take_is_sent_again_in_a_while(self) -> None:
        self.connect()
        self.hear(GREETING, WELCOME)
        ref = self.link.ask("say", text="hi")
        self.sent()
        self.hear({"type": "error", "code": "not-sent", "text": "Full.", "ref": ref})
        self.assertEqual(self.sent(), [])
        self.reactor.advance(NEXT_TRY)
        self.assertEqual([json.loads(line)["ref"] for line in self.sent()], [ref])

    def test_so_is_that_one_is_back_where_the_log_cannot_take_it_yet(self) -> None:
        """As of a node of a cluster that has just come back itself."""
        self.connect()
        self.hear(GREETING, WELCOME)
        ref = self.link.ask("say", text="hi")
        self.reactor.advance(self.offline(self.lose()).seconds)
        self.connect()
        self.hear(GREETING)
        (resume,) = self.sent()
        for _ in range(3):
            self.hear({"type": "error", "code": "not-sent", "text": "Not sent.", "ref": "resume"})
            self.assertEqual(self.sent(), [])
            self.reactor.advance(NEXT_TRY)
            self.assertEqual(self.sent(), [resume])
        self.hear(WELCOME)
        self.assertEqual([json.loads(line)["ref"] for line in self.sent()], [ref])

    def test_a_nickname_may_be_chosen(self) -> None:
        self.connect()
        self.hear(GREETING)
        refused = {"type": "error", "code": "bad-nick", "text": "No.", "ref": "name"}
        self.assertEqual(self.hear(refused), [NickWanted("No.")])
        self.link.choose("berta")
        self.assertEqual(json.loads(self.sent()[-1])["nick"], "berta")

    def test_after_the_end_nothing_is_told_or_tried(self) -> None:
        self.connect()
        self.hear(GREETING, WELCOME)
        ended = self.link.stop()
        self.assertTrue(self.transport.disconnecting)
        self.assertEqual(self.lose(), [])
        self.successResultOf(ended)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_the_end_may_come_between_two_tries(self) -> None:
        self.connect()
        self.lose()
        self.successResultOf(self.link.stop())
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_how_long_it_takes_to_the_server_is_not_known_without_a_connection(self) -> None:
        self.assertIsNone(self.link.delay())


class FrozenServerTests(LinkCase):
    """The connection is there, and nothing comes over it."""

    foreign = False

    def test_one_that_does_not_greet_is_tried_anew(self) -> None:
        self.connect()
        self.reactor.advance(LONGEST_TRY)
        self.assertTrue(self.transport.disconnected)
        offline = self.offline(self.lose(ConnectionAborted()))
        self.assertTrue(offline.why.startswith("There is no answer"), offline.why)
        self.assertTrue(offline.was_made)
        self.reactor.advance(offline.seconds)
        self.assertEqual(self.tries, 2)

    def test_one_that_was_quiet_for_long_is_asked_and_that_is_shown_to_nobody(self) -> None:
        self.connect()
        self.hear(GREETING, WELCOME)
        self.sent()
        for answer in {"type": "ok", "ref": "ping"}, {"type": "error", "code": "unknown-type", "text": "?"}:
            self.reactor.advance(LONGEST_IDLE)
            self.assertEqual(self.sent(), ['{"type": "ping", "ref": "ping"}'])
            self.assertEqual(self.hear({**answer, "ref": "ping"}), [])
        self.reactor.advance(LONGEST_IDLE)
        self.reactor.advance(LONGEST_UNANSWERED)
        self.assertTrue(self.transport.disconnected)

    def test_what_was_asked_for_meanwhile_is_asked_for_again_at_the_next_one(self) -> None:
        self.connect()
        self.hear(GREETING, WELCOME)
        self.link.ask("say", text="hello")
        self.sent()
        self.reactor.advance(LONGEST_UNANSWERED)
        self.assertTrue(self.transport.disconnected)
        self.reactor.advance(self.offline(self.lose(ConnectionAborted())).seconds)
        self.connect()
        self.hear(GREETING, WELCOME)
        self.assertIn('{"type": "say", "ref": "1", "text": "hello"}', self.sent())

    def test_after_the_end_nothing_is_waited_for(self) -> None:
        self.connect()
        self.hear(GREETING, WELCOME)
        self.link.ask("quit")
        self.link.stop()
        self.lose()
        self.assertEqual(self.reactor.getDelayedCalls(), [])


class OtherServerTests(LinkCase):
    def test_one_that_says_something_else_is_none_of_ours(self) -> None:
        self.connect()
        self.link.type("north")
        self.assertEqual(
            self.hear(b"Welcome to the dungeon.\r\n"), [Foreign(), Line("Welcome to the dungeon.")]
        )
        self.assertEqual(self.sent(), ["north"])

    def test_so_is_one_that_asks_without_an_end_of_line(self) -> None:
        self.connect()
        self.assertEqual(self.hear(b"Name: "), [])
        self.reactor.advance(PAUSE)
        self.assertEqual(self.happened, [Foreign(), Line("Name:", False)])

    def test_and_one_that_says_nothing(self) -> None:
        self.connect()
        self.reactor.advance(LONGEST_SILENCE)
        self.assertEqual(self.happened, [Foreign(is_mute=True)])
        self.link.type("hello")
        self.assertEqual(self.sent(), ["hello"])
        self.assertEqual(self.hear(b"hello\r\n"), [Foreign(is_again=True), Line("hello")])

    def test_of_one_that_said_nothing_it_is_told_that_it_may_be_for_tls(self) -> None:
        self.connect()
        self.assertIn("needs --tls", self.offline(self.lose()).why)
        self.reactor.advance(LONGEST_WAIT)
        self.connect()
        self.assertEqual(self.hear(b"\x15\x03\x01\x00\x02\x02\x46"), [])
        self.assertIn("needs --tls", self.offline(self.lose(ConnectionDone())).why)
        self.reactor.advance(LONGEST_WAIT)
        self.connect()
        self.hear(b"Name:\r\n", b"\x15\x03\r\n")
        (offline,) = [it for it in self.lose() if isinstance(it, Offline)]
        self.assertNotIn("--tls", offline.why)

    def test_until_that_is_certain_it_gets_one_line(self) -> None:
        """Which ours would take for a nickname; and of what it has not said, none is lost."""
        self.connect()
        self.assertFalse(self.link.takes_lines)
        self.reactor.advance(LONGEST_SILENCE)
        self.assertTrue(self.link.takes_lines)
        self.link.type("one")
        self.link.type("two")
        self.assertEqual((self.sent(), self.link.is_certain), (["one"], False))
        self.assertFalse(self.link.takes_lines)
        self.reactor.advance(LONGEST_DOUBT)
        self.assertEqual((self.sent(), self.link.is_certain), (["two"], True))
        self.assertTrue(self.link.takes_lines)
        self.link.type("three")
        self.assertEqual(self.sent(), ["three"])

    def test_what_looks_like_ours_and_goes_no_further_is_its_prompt(self) -> None:
        self.connect()
        self.hear(b"*** Log in: ")
        self.reactor.advance(LONGEST_SILENCE)
        self.assertEqual(self.happened, [Foreign(), Line("*** Log in:", False)])

    def test_who_is_far_away_has_more_time_for_that(self) -> None:
        self.reactor.advance(2 * LONGEST_SILENCE)
        self.connect()
        self.reactor.advance(6 * LONGEST_SILENCE - 1)
        self.assertEqual(self.happened, [])
        self.reactor.advance(1)
        self.assertEqual(self.happened, [Foreign(is_mute=True)])

    def test_but_ours_may_be_slow(self) -> None:
        self.connect()
        self.reactor.advance(LONGEST_SILENCE)
        for byte in GREETING:
            self.hear(bytes((byte,)))
        self.assertFalse(self.link.is_foreign)
        self.assertEqual(self.sent()[0], "/json")
        self.hear(WELCOME)
        self.assertTrue(self.link.conversation.is_online)

    def test_what_was_typed_for_another_is_done_then(self) -> None:
        self.connect()
        self.reactor.advance(LONGEST_SILENCE)
        self.link.type("one")
        self.link.type("two")
        self.assertEqual(self.sent(), ["one"])
        self.hear(b"*** Welcome to tcpchat.\r\n")
        self.reactor.advance(LONGEST_DOUBT - 1)
        self.assertEqual(self.hear(QUESTION.encode() + b"\r\n"), [Ours(("one", "two"))])
        self.assertEqual(self.sent()[0], "/json")
        _, online, *_ = self.hear(b"*** You are one, in #lobby.\r\n", WELCOME)
        self.assertEqual(online, Online("anna", "#lobby", (), 0))
        self.reactor.advance(LONGEST_DOUBT)
        self.assertFalse(self.link.is_foreign)

    def test_a_break_before_anything_was_said_is_followed_by_another_look(self) -> None:
        self.connect()
        self.reactor.advance(LONGEST_SILENCE)
        self.lose()
        self.assertFalse(self.link.is_foreign)
        self.reactor.advance(LONGEST_WAIT)
        self.connect()
        self.hear(GREETING)
        self.assertEqual(self.sent()[0], "/json")

    def test_one_that_takes_a_line_and_hangs_up_is_another(self) -> None:
        self.connect()
        self.reactor.advance(LONGEST_SILENCE)
        self.link.type("one")
        self.lose()
        self.assertTrue(self.link.is_foreign)

    def test_telnet_is_answered(self) -> None:
        self.connect()
        self.link.resized(80, 24)
        self.hear(b"\xff\xfd\x1fhi\r\n")
        self.assertEqual(self.transport.value(), b"\xff\xfb\x1f\xff\xfa\x1f\0\x50\0\x18\xff\xf0")
        self.transport.clear()
        self.link.resized(90, 24)
        self.assertEqual(self.transport.value(), b"\xff\xfa\x1f\0\x5a\0\x18\xff\xf0")

    def test_its_last_words_are_told_and_what_is_typed_waits_for_the_next_connection(self) -> None:
        self.connect()
        self.hear(b"Hi.\r\nBye")
        line, _ = self.lose()
        self.assertEqual(line, Line("Bye"))
        self.link.type("again")
        self.reactor.advance(LONGEST_WAIT)
        self.connect()
        self.assertEqual(self.sent(), ["again"])

    def test_the_end_of_what_is_typed_is_told(self) -> None:
        self.link.end()
        self.connect()
        self.link.end()
        self.assertTrue(self.transport.half_closed)

    def test_an_encrypted_connection_has_no_halves(self) -> None:
        self.connect()
        alsoProvides(self.transport, ISSLTransport)
        self.link.end()
        self.assertFalse(self.transport.half_closed)

    def test_how_a_connection_ended_is_told(self) -> None:
        no_tls, no_cipher = (
            Error([("SSL routines", "", why)]) for why in ("wrong version number", "no shared cipher")
        )
        for reason, why, is_no_server, was_made, was_closed in [
            (ConnectionDone(), "The server has closed the connection", False, True, True),
            (ConnectionLost(), "The connection is broken", False, True, False),
            (no_tls, LEAVE_OUT, True, False, False),
            (no_cipher, "TLS has failed: no shared cipher", True, False, False),
            (Error(), "TLS has failed: ", True, False, False),
            (NotTrusted("It is another one"), "It is another one", True, False, False),
        ]:
            self.connect()
            self.hear(b"*** Welcome")
            it = self.offline(self.lose(reason))
            told = (it.why, it.is_no_server, it.was_made, it.was_closed)
            self.assertEqual(told, (why, is_no_server, was_made, was_closed))
            self.reactor.advance(LONGEST_WAIT)


class WaitForOursTests(LinkCase):
    foreign = False

    def test_what_is_none_of_ours_is_told_and_not_talked_to(self) -> None:
        self.connect()
        self.assertEqual(self.hear(b"Welcome to the dungeon.\r\n"), [Line("Welcome to the dungeon.")])
        self.reactor.advance(LONGEST_DOUBT)
        self.link.resized(80, 24)
        self.assertEqual(self.sent(), [])

    def test_one_that_says_nothing_may_wait_for_tls(self) -> None:
        self.connect()
        self.hear(b"\x15\x03\x01")
        self.reactor.advance(LONGEST_DOUBT - 1)
        self.assertEqual(self.happened, [])
        self.reactor.advance(1)
        self.assertEqual((self.happened, self.sent()), ([Foreign(is_mute=True)], []))
        self.lose()
        self.reactor.advance(LONGEST_WAIT)
        self.connect()
        self.hear(GREETING)
        self.reactor.advance(LONGEST_DOUBT)
        self.assertNotIn(Foreign(is_mute=True), self.happened)

    def test_one_with_tls_that_says_nothing_does_not(self) -> None:
        factory: Any = self.reactor.tcpClients[-1][2]
        self.transport = Transport()
        alsoProvides(self.transport, ISSLTransport)
        factory.buildProtocol(None).makeConnection(self.transport)
        self.reactor.advance(LONGEST_DOUBT)
        self.assertEqual(self.happened, [])


class Cut:
    """A way to a server that is cut after some bytes, which may be within a line."""

    def __init__(self, reactor: Any, port: int, random: Random) -> None:
        self.breaks = 0
        self.most = 50
        cut = self

        class Back(ProxyClient):
            def dataReceived(self, data: bytes) -> None:
                cut.passes(self, data)

        class BackFactory(ProxyClientFactory):
            protocol = Back

        class There(ProxyServer):
            clientProtocolFactory = BackFactory

            def connectionMade(self) -> None:
                cut.left = random.randrange(200, 3000)
                self.reactor = reactor
                ProxyServer.connectionMade(self)

            def dataReceived(self, data: bytes) -> None:
                cut.passes(self, data)

        factory = ProxyFactory("127.0.0.1", port)
        factory.protocol = There
        self.port = reactor.listenTCP(0, factory, interface="127.0.0.1")
        self.left = 0

    def passes(self, end: Any, data: bytes) -> None:
        if self.breaks >= self.most:
            end.peer.transport.write(data)
            return
        end.peer.transport.write(data[: self.left])
        self.left -= len(data)
        if self.left <= 0:
            self.breaks += 1
            end.transport.abortConnection()
            end.peer.transport.abortConnection()


def test_of_500_lines_over_a_link_that_breaks_50_times_each_is_in_the_log_once(
    tmp_path: Path,
) -> None:
    reactor = EPollReactor()
    lines = [f"line {number}" for number in range(500)]
    done: list[str] = []
    seen: list[int] = []
    with start(tmp_path).ready() as server:
        cut = Cut(reactor, server.port, Random(7))

        def happened(happenings: Sequence[Happening]) -> None:
            for it in happenings:
                if isinstance(it, Done):
                    done.append(it.ref)
                elif isinstance(it, Entry) and it.room == "#lobby":
                    seen.append(it.fields["seq"])
            if len(done) == len(lines) and reactor.running:
                reactor.stop()

        address = Address("127.0.0.1", cut.port.getHost().port)
        link = Link(reactor, endpoint(reactor, address), Conversation(["anna"]), happened, lambda *_: 0.01)
        link.start()
        refs = [link.ask("say", room="#lobby", text=line) for line in lines]
        reactor.callLater(PATIENCE, reactor.crash)
        reactor.run(installSignalHandlers=False)
        assert server.terminate() == 0
    assert cut.breaks == 50
    assert done == refs
    logged = [record.text for record in dump(tmp_path) if record.type == "message"]
    assert logged == lines
    assert seen == sorted(set(seen)) == list(range(seen[0], seen[-1] + 1))
    assert len(seen) >= len(lines)


class Slow:
    """A way to a server on which everything takes some seconds."""

    def __init__(self, reactor: Any, port: int, seconds: float) -> None:
        def passes(end: Any, data: bytes) -> None:
            reactor.callLater(seconds, lambda: end.peer and end.peer.transport.write(data))

        class Back(ProxyClient):
            def dataReceived(self, data: bytes) -> None:
                passes(self, data)

        class BackFactory(ProxyClientFactory):
            protocol = Back

        class There(ProxyServer):
            clientProtocolFactory = BackFactory

            def connectionMade(self) -> None:
                self.reactor = reactor
                ProxyServer.connectionMade(self)

            def dataReceived(self, data: bytes) -> None:
                passes(self, data)

        factory = ProxyFactory("127.0.0.1", port)
        factory.protocol = There
        self.port = reactor.listenTCP(0, factory, interface="127.0.0.1")


def test_over_a_link_that_is_slower_than_silence_ours_is_found_out_and_nothing_is_lost(
    tmp_path: Path,
) -> None:
    reactor = EPollReactor()
    told: list[Happening] = []
    with start(tmp_path).ready() as server:
        slow = Slow(reactor, server.port, 0.3)

        def happened(happenings: Sequence[Happening]) -> None:
            told.extend(happenings)
            for it in happenings:
                match it:
                    case Foreign():
                        link.type("one")
                        link.type("two")
                    case Ours(lines):
                        for line in lines:
                            link.ask("say", room="#lobby", text=line)
                    case Done("2", _):
                        reactor.stop()

        address = Address("127.0.0.1", slow.port.getHost().port)
        link = Link(
            reactor, endpoint(reactor, address), Conversation(["anna"]), happened, max, ForeignServer(),
            silence=0.05,
        )  # fmt: skip
        link.start()
        reactor.callLater(PATIENCE, reactor.crash)
        reactor.run(installSignalHandlers=False)
        assert server.terminate() == 0
    assert [it for it in told if isinstance(it, Foreign | Ours)] == [
        Foreign(is_mute=True),
        Ours(("one", "two")),
    ]
    assert link.conversation.nick == "anna"
    assert [record.text for record in dump(tmp_path) if record.type == "message"] == ["one", "two"]


def test_how_long_it_takes_to_the_server_is_known_from_the_system(tmp_path: Path) -> None:
    reactor = EPollReactor()
    told: list[float | None] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = Address("127.0.0.1", listening.getsockname()[1])
        conversation = Conversation(["anna"])

        def happened(happenings: Sequence[Happening]) -> None:
            if not told:
                told.append(link.delay())
                reactor.stop()

        link = Link(reactor, endpoint(reactor, address), conversation, happened, max)
        link.start()

        def greet() -> None:
            connection, _ = listening.accept()
            connection.sendall(b"*** Hello.\r\n")

        reactor.callInThread(greet)
        reactor.callLater(PATIENCE, reactor.crash)
        reactor.run(installSignalHandlers=False)
    (delay,) = told
    assert delay is not None and 0 < delay < 1
