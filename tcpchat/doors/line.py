"""
The line door: telnet, nc, and everything else that sends and shows lines of text.

It moves bytes: what a line means, and what is shown, is not known here.
"""

from __future__ import annotations

from codecs import BOM_UTF8

from twisted.internet import tcp, unix
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IHalfCloseableProtocol,
    IHandshakeListener,
)
from twisted.internet.protocol import connectionDone
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure
from zope.interface import implementer

from tcpchat import handed
from tcpchat.acknowledged import Traffic
from tcpchat.admission import Visit
from tcpchat.deadlines import Deadlines
from tcpchat.dialogue import Dialogue
from tcpchat.drain import Drain
from tcpchat.ear import Ear
from tcpchat.entrance import Entrance, TurnedAway, host
from tcpchat.factories import AnyServerFactory
from tcpchat.fanout.direct import outcome
from tcpchat.limits import LARGEST_TELNET_READ, LINES_A_TURN, LONGEST_LINE, LONGEST_OBJECT, TELNET_SILENCE
from tcpchat.lines import TOO_LONG_OBJECT, Endless, LineReader, TooLong
from tcpchat.nameless import connected, turn_away
from tcpchat.requests import NotUnderstood
from tcpchat.screen import Sending
from tcpchat.secured import Secured
from tcpchat.service import Chat
from tcpchat.sockets import traffic, traffic_below
from tcpchat.strangers import LONGEST_START, by_bytes
from tcpchat.tally import TALLY
from tcpchat.telnet_options import IAC
from tcpchat.transports import Server
from tcpchat.upgraded import gone_on

TOO_LONG = f"That line is longer than {LONGEST_LINE} bytes and was not sent."
TOO_LONG_JSON = f"That line is longer than {LONGEST_OBJECT} bytes and was not sent."
ENDLESS = "That line never ends."

# Seconds for whoever is hung up on: to read what was said before, and then to hang up as well
# (if it still sends something when the socket is closed, a reset destroys what it has not read).
READ_THE_REST = 30
HANG_UP_TOO = 2

# Reads of what came while input had to wait, when no more is read after it: 64 KiB.
LAST_READS = 16

# Transports whose bytes go to the socket as they are. Beneath that of TLS is one, too: what it is given
# goes out as plain text.
DIRECT = (Server, tcp.Server, unix.Server)


@implementer(IHalfCloseableProtocol, IHandshakeListener)
class LineConnection(LineOnlyReceiver):
    """One connection of the line door; the screen of its session."""

    delimiter = b"\n"
    transport: tcp.Connection
    factory: LineFactory
    _loss: str | None = None  # why the connection is gone, until the dialogue knows

    def __init__(self, factory: LineFactory, before: handed.Connection | None = None) -> None:
        """``before`` is what another process has handed on, if it is from there."""
        self.factory = factory
        self._before = before
        self._reader = LineReader()
        self._ear: Ear | None = None  # for a client that has sent byte 255
        self._start: bytes | None = b""  # as long as it may show that this is another protocol
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
        """Somebody has connected: they are greeted at once, if they have not been here all the time."""
        self._direct = type(self.transport) in DIRECT
        self.socket: Sending | None = None
        if self._direct:
            self.socket = self.transport.getHandle()
        elif isinstance(self.transport, Secured):
            self.socket = self.transport
        if self.socket is not None:
            self._hear_of_drain()
        self.dialogue: Dialogue
        if self._before is not None:
            self._go_on_from(self._before)
            self._before = None
            return
        address = host(self.transport.getPeer())
        visit = self.factory.enter(self, address)
        self.dialogue = connected(self.factory.chat, self, address, visit)

    def handshakeCompleted(self) -> None:
        """TLS is agreed on."""
        self.factory.secured(self)

    def dataReceived(self, data: bytes) -> None:
        """Take in some bytes, cut anywhere."""
        if self._closing or self._deaf or (self._start is not None and self._is_stranger(data)):
            return
        if self.dialogue.speaks_json:
            self._reader.lines.longest_object = LONGEST_OBJECT
        try:
            if self._ear is not None or IAC in data:
                self._hear(data)
            else:
                self._reader.feed(data)
        except Endless:
            self._take_lines()
            self.dialogue.cut_off(ENDLESS)
            return
        self._take_lines()

    def lineReceived(self, line: bytes) -> None:
        """Take in a line without its end."""
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
        self._drain = None  # which refers to this
        if self._ear is not None:
            self._ear.stop()
        if self._hang_up and self._hang_up.active():
            self._hang_up.cancel()
        farewell = reason.check(ConnectionDone) is not None
        if farewell:
            # With TLS, which has no half-closed connections, this was the end of the stream.
            self._reader.end()
        self._loss = "" if farewell else "connection lost"
        self.dialogue.unread()
        self._take_lines()

    # What the session calls: this is its screen

    def show(self, data: bytes) -> int | Exception:
        """Send what goes at once; over any other transport that is nothing: all goes the way of `keep`."""
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

    @property
    def is_encrypted(self) -> bool:
        """Can nobody on the way read what comes?"""
        return self.factory.is_tls

    def hide_input(self, hides: bool) -> None:
        """Have the peer not show what is typed, or show it again, if it is telnet."""
        if self._ear is not None:
            self._ear.hide_input(hides)

    def stop_listening(self) -> None:
        """Take nothing more from the network; what has come is input still."""
        if self._direct and not (self._deaf or self._no_more_input or self._gone):
            for _ in range(LAST_READS):
                if self.transport.doRead() is not None:  # there is no more
                    break
        self._deaf = True
        if not (self._no_more_input or self._gone):
            self.transport.pauseProducing()

    def close(self) -> None:
        """Hang up once everything was sent, and the peer has had time to read it."""
        if self._gone:
            self._lose()
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

    # From one process to the next

    @property
    def can_be_handed_on(self) -> bool:
        """Could another process go on with it? With TLS it knows no key, and what ends is not worth it."""
        return self._direct and not (self._closing or self._gone) and self.dialogue.can_be_handed_on

    def hand_on(self) -> handed.Connection:
        """
        Return all about it for another process, once it is at rest; nothing more is done with it here.

        Not either if that fails by a fault of ours: then it is to be aborted.
        """
        self._closing = True
        self.factory.leave(self)
        transport = self.transport
        transport.stopReading()
        transport.stopWriting()
        unsent = transport.dataBuffer[transport.offset :] + b"".join(transport._tempDataBuffer)
        terminal = None if self._ear is None else self._ear.hand_on()
        reading = self.dialogue.reader.hand_on(unsent)
        who, conversation = self.dialogue.hand_on()
        return handed.Connection(
            self.transport.getHandle().fileno(),
            self.dialogue.address,
            who,
            self._reader.hand_on(),
            conversation,
            reading,
            terminal,
            self._first,
            self._start,
        )

    def _go_on_from(self, before: handed.Connection) -> None:
        """Be as in another process. Nothing is done before `go_on`: first all others are to be there."""
        visit = self.factory.enter(self, before.address, is_new=False)
        self._reader.go_on_from(before.input, before.conversation.lines)
        if before.conversation.speaks_json:
            self._reader.lines.longest_object = LONGEST_OBJECT
        self._first, self._start = before.is_first, before.start
        self.dialogue = gone_on(self.factory.chat, self, before, visit)
        if before.terminal is not None:
            self._listen_to_telnet().go_on_from(before.terminal)

    def go_on(self) -> None:
        """Do what is to be done next."""
        self._take_lines()

    # The rest

    def _listen_to_telnet(self) -> Ear:
        self._ear = Ear(self._reader, self.dialogue, self.factory.telnets)
        self.transport.bufferSize = LARGEST_TELNET_READ
        return self._ear

    def _is_stranger(self, data: bytes) -> bool:
        """Turn a program away whose first bytes show that it takes this port for another one."""
        assert self._start is not None
        start = self._start + data[:LONGEST_START]
        stranger = by_bytes(start)
        self._start = start if len(start) < LONGEST_START else None
        if stranger:
            turn_away(self.dialogue, stranger)
        return stranger is not None

    def _hear(self, data: bytes) -> None:
        """Take in some bytes of a client that has sent byte 255."""
        if self._ear is None:
            # A line before may set an encoding in which that byte is a letter.
            before, data = data[: data.index(IAC)], data[data.index(IAC) :]
            self._reader.feed(before)
            self._take_lines()
            self._ear = self._listen_to_telnet()
        if abuse := self._ear.hear(data, self.factory.chat.clock.seconds()):
            self._take_lines()
            self.dialogue.cut_off(abuse)

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
        if self.socket is None:
            # Twisted's own TLS calls a producer all the time while it is registered.
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
            if isinstance(line, bytes):
                self.lineReceived(line)
            elif isinstance(line, TooLong):
                self._first = False
                why = TOO_LONG_JSON if line is TOO_LONG_OBJECT else TOO_LONG
                self.dialogue.received(NotUnderstood(why, "too-long"))
            else:
                self.dialogue.received(line)
            taken += 1
            if taken == LINES_A_TURN:
                self._rest()
        TALLY.lines_in += taken
        self._taking_lines = False
        if self._gone:
            if self._closing or not self._reader.lines:
                self._lose()
        elif self._no_more_input and not (self._paused or self._closing or self._resting):
            self.dialogue.ended()

    def _lose(self) -> None:
        """Have the dialogue know that the connection is gone; what lines there are, it takes no more."""
        loss, self._loss = self._loss, None
        if loss is not None:
            self._reader.lines.clear()
            self.dialogue.lost(loss)
            self.factory.leave(self)

    def _rest(self) -> None:
        """Let the others have their turns before the next line is taken."""
        self._resting = True
        if not (self._no_more_input or self._gone):
            self.transport.pauseProducing()
        self.factory.chat.clock.callLater(0, self._rested)

    def _rested(self) -> None:
        self._resting = False
        if not self._paused:
            self.resume()

    @property
    def _takes_lines(self) -> bool:
        """Is the next line to be taken?"""
        return not (self._closing or self._paused or self._resting)

    def _measure(self) -> Traffic | None:
        return traffic(self.transport.getHandle()) if self._direct else traffic_below(self.transport)

    def _abort_after(self, seconds: float) -> None:
        if self._hang_up and self._hang_up.active():
            self._hang_up.cancel()
        self._hang_up = self.factory.chat.clock.callLater(seconds, self.abort)


class LineFactory(AnyServerFactory):
    """Makes the connections of the line door, and holds them while they last."""

    noisy = False

    def __init__(self, chat: Chat, entrance: Entrance | None = None) -> None:
        """``entrance`` is that of all doors."""
        self.chat = chat
        self.connections: dict[LineConnection, Visit | None] = {}
        self.telnets = Deadlines(chat.clock, TELNET_SILENCE)
        self._entrance = entrance or Entrance(chat.clock, chat.limits)
        self.is_tls = False

    def with_tls(self) -> LineFactory:
        """Return one for connections with TLS, which holds them together with these."""
        factory = LineFactory(self.chat, self._entrance)
        factory.connections = self.connections
        factory.is_tls = True
        return factory

    def buildProtocol(self, addr: IAddress | None) -> LineConnection | TurnedAway:
        """Somebody connects, who is turned away if there are too many."""
        return self._entrance.turn_away(addr, self.is_tls) or LineConnection(self)

    def enter(self, connection: LineConnection, address: str, is_new: bool = True) -> Visit | None:
        """Hold a connection from an address from now on; one that is not ``is_new`` was another process's."""
        visit = self.connections[connection] = self._entrance.enter(address, self.is_tls, is_new)
        return visit

    def secured(self, connection: LineConnection) -> None:
        """A connection has agreed on TLS."""
        if visit := self.connections.get(connection):
            visit.secured()

    def leave(self, connection: LineConnection) -> None:
        """A connection is gone, unless it was before."""
        if connection in self.connections:
            self._entrance.leave(self.connections.pop(connection))
