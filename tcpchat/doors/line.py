"""
The line door: telnet, nc, and everything else that sends and shows lines of text.

It moves bytes: what a line means, and what is shown, is not known here.
"""

from __future__ import annotations

import socket
from codecs import BOM_UTF8

from twisted.internet import tcp, unix
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IHalfCloseableProtocol,
)
from twisted.internet.protocol import ServerFactory, connectionDone
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure
from zope.interface import implementer

from tcpchat.acknowledged import Traffic
from tcpchat.dialogue import Dialogue
from tcpchat.drain import Drain
from tcpchat.fanout.direct import outcome
from tcpchat.limits import LONGEST_LINE
from tcpchat.lines import Endless, LineReader, TooLong, is_other_protocol
from tcpchat.nameless import connected
from tcpchat.requests import NotUnderstood
from tcpchat.service import Chat
from tcpchat.sockets import traffic
from tcpchat.telnet import TelnetFilter
from tcpchat.transports import Server

TOO_LONG = f"That line is longer than {LONGEST_LINE} bytes and was not sent."
ENDLESS = "That line never ends."
OTHER_PROTOCOL = "This is a chat for telnet and nc, and not what your program takes it for."

# Seconds for whoever is hung up on: to read what was said before, and then to hang up as well
# (if it still sends something when the socket is closed, a reset destroys what it has not read).
READ_THE_REST = 30
HANG_UP_TOO = 2

# Lines taken from one connection before it is the others' turn: 65,536 line ends fit into one read.
LINES_A_TURN = 64

# Transports whose bytes go to the socket as they are. Beneath that of TLS is one, too: what it is given
# goes out as plain text.
DIRECT = (Server, tcp.Server, unix.Server)


@implementer(IHalfCloseableProtocol)
class LineConnection(LineOnlyReceiver):
    """One connection of the line door; the screen of its session."""

    delimiter = b"\n"
    transport: tcp.Connection
    factory: LineFactory

    def __init__(self, factory: LineFactory) -> None:
        self.factory = factory
        self._reader = LineReader()
        self._telnet = TelnetFilter()
        self._drain: Drain | None = None
        self._first = True
        self._paused = False
        self._resting = False
        self._taking_lines = False
        self._no_more_input = False
        self._deaf = False
        self._closing = False
        self._gone = False
        self._last_traffic: Traffic | None = None
        self._hang_up: IDelayedCall | None = None

    # What Twisted calls

    def connectionMade(self) -> None:
        """Somebody has connected: they are greeted at once."""
        self._direct = type(self.transport) in DIRECT
        self.socket: socket.socket | None = self.transport.getHandle() if self._direct else None
        if self._direct:
            self._hear_of_drain()
        self.factory.connections.add(self)
        self.dialogue: Dialogue = connected(self.factory.chat, self, self._address())

    def dataReceived(self, data: bytes) -> None:
        """Take in some bytes, cut anywhere."""
        if self._closing or self._deaf:
            return
        if self._telnet.has_work(data):
            data, answer = self._telnet.feed(data)
            self.dialogue.speak_telnet()
            self.dialogue.reader.tell(answer)
        try:
            self._reader.feed(data)
        except Endless:
            self._take_lines()
            self.dialogue.cut_off(ENDLESS)
            return
        self._take_lines()
        if self._first and is_other_protocol(self._reader.unfinished):
            self.dialogue.cut_off(OTHER_PROTOCOL)

    def lineReceived(self, line: bytes) -> None:
        """Take in a line without its end."""
        if self._first and is_other_protocol(line + b"\n"):
            self.dialogue.cut_off(OTHER_PROTOCOL)
            return
        if self._first:
            self._first = not line
            line = line.removeprefix(BOM_UTF8)  # some programs begin a text with it
        self.dialogue.received(line)

    @property
    def is_settled(self) -> bool:
        """Is every line done that has come, and shown what there is to show?"""
        return self.dialogue.is_settled and not self._resting

    def sendLine(self, line: bytes) -> None:
        """Show a line."""
        self.dialogue.reader.tell(line + b"\r\n")

    def readConnectionLost(self) -> None:
        """The peer sends nothing more, but may still read."""
        if self._closing:
            self.transport.loseConnection()
            return
        self._no_more_input = True
        self._reader.end()
        self._take_lines()

    def writeConnectionLost(self) -> None:
        """Everything was sent, and that there is no more: the peer may hang up now."""
        if self._no_more_input:
            self.transport.loseConnection()
        else:
            self._abort_after(HANG_UP_TOO)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The connection is gone, for whatever reason; the lines that came before it are taken still."""
        self._gone = True
        self.factory.connections.discard(self)
        if self._hang_up and self._hang_up.active():
            self._hang_up.cancel()
        farewell = reason.check(ConnectionDone) is not None
        if farewell:
            # With TLS, which has no half-closed connections, this was the end of the stream.
            self._reader.end()
        self._take_lines()
        self.dialogue.lost("" if farewell else "connection lost")

    # What the session calls: this is its screen

    def show(self, data: bytes) -> int | Exception:
        """Send what goes at once; with TLS that is nothing, and all goes the way of `keep`."""
        if self.socket is None:
            return 0
        try:
            return self.socket.send(data)
        except OSError as error:
            return outcome(error)

    def keep(self, data: bytes) -> None:
        """Send something as the peer reads; `drained` follows."""
        self.transport.write(data)
        if self._drain is None:
            self._hear_of_drain()

    def traffic(self) -> Traffic | None:
        """Return how much of what was sent has arrived, as far as the system knows."""
        return self._last_traffic if self._gone else self._measure()

    @property
    def has_lines(self) -> bool:
        """Are there lines that have come and were not given to the dialogue yet?"""
        return bool(self._reader.lines)

    def pause(self) -> None:
        """Take no more input: leave it in the network."""
        self._paused = True
        if not (self._no_more_input or self._gone):
            self.transport.pauseProducing()

    def resume(self) -> None:
        """Take input again."""
        self._paused = False
        if not (self._deaf or self._resting):
            self._listen()
        self._take_lines()

    def stop_listening(self) -> None:
        """Take nothing more from the network; what has come is input still."""
        self._deaf = True
        if not (self._no_more_input or self._gone):
            self.transport.pauseProducing()

    def close(self) -> None:
        """Hang up once everything was sent, and the peer has had time to read it."""
        if self._closing or self._gone:
            return
        self._closing = True
        self._listen()  # for the peer's end of the stream
        self._hear_no_more()
        self._abort_after(READ_THE_REST)
        if self._direct:
            self.transport.loseWriteConnection()
        else:
            self.transport.loseConnection()

    def abort(self) -> None:
        """Hang up at once: the connection is broken."""
        if not self._gone:
            self.transport.abortConnection()

    # The rest

    def _listen(self) -> None:
        # After the end of the stream this would find that end again.
        if not (self._no_more_input or self._gone):
            self.transport.resumeProducing()

    def _hear_of_drain(self) -> None:
        self._drain = Drain(self)
        self._drain.register(self.transport)

    def _hear_no_more(self) -> None:
        if self._drain is not None:
            self._drain = None
            self.transport.unregisterProducer()

    def drained(self) -> None:
        """The transport has sent everything that it was given."""
        if not self._direct:
            # TLS calls a producer all the time while it is registered.
            self._hear_no_more()
        self.dialogue.reader.drained()

    def stopped(self) -> None:
        """The transport closes its socket."""
        self._last_traffic = self._measure()

    def _take_lines(self) -> None:
        """Give the session line after line, until it wants no more, or it is the others' turn."""
        if self._taking_lines:
            return  # the session wants more while it takes one
        self._taking_lines = True
        taken = 0
        while self._reader.lines and self._takes_lines:
            line = self._reader.lines.take()
            if isinstance(line, TooLong):
                self._first = False
                self.dialogue.received(NotUnderstood(TOO_LONG, "too-long"))
            else:
                self.lineReceived(line)
            taken += 1
            if taken == LINES_A_TURN and not self._gone:
                self._rest()
        self._taking_lines = False
        if self._no_more_input and not (self._paused or self._closing or self._gone or self._resting):
            self.dialogue.ended()

    def _rest(self) -> None:
        """Let the others have their turns before the next line is taken."""
        self._resting = True
        if not self._no_more_input:
            self.transport.pauseProducing()
        self.factory.chat.clock.callLater(0, self._rested)

    def _rested(self) -> None:
        self._resting = False
        if not self._paused:
            self.resume()

    @property
    def _takes_lines(self) -> bool:
        """Is the next line to be taken? Nothing waits for room once the connection is gone."""
        return not self._closing and (self._gone or not (self._paused or self._resting))

    def _measure(self) -> Traffic | None:
        if self.socket is not None:
            return traffic(self.socket)
        # The transport of TLS stands on that of TCP, which has what it was given in a buffer still.
        transport = getattr(self.transport, "transport", self.transport)
        connection = getattr(transport, "socket", None)
        if not isinstance(connection, socket.socket):
            return None
        known = traffic(connection)
        if known is None:
            return None
        unsent = len(transport.dataBuffer) - transport.offset + transport._tempDataLen
        return known._replace(queued=known.queued + unsent)

    def _abort_after(self, seconds: float) -> None:
        if self._hang_up and self._hang_up.active():
            self._hang_up.cancel()
        self._hang_up = self.factory.chat.clock.callLater(seconds, self.abort)

    def _address(self) -> str:
        """Return the peer's address; IPv4 inside IPv6 (on a dual-stack socket) as IPv4."""
        host: str = getattr(self.transport.getPeer(), "host", "unix")
        return host.removeprefix("::ffff:")


class LineFactory(ServerFactory["LineConnection"]):
    """Makes the connections of the line door, and holds them while they last."""

    noisy = False

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self.connections: set[LineConnection] = set()

    def buildProtocol(self, addr: IAddress | None) -> LineConnection:
        """Somebody connects."""
        return LineConnection(self)
