"""A connection that is made again whenever it breaks, and what is said over it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import ISSLTransport
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure

from tcpchat.client import way
from tcpchat.client.conversation import OURS, Conversation, NotJson, may_be_ours
from tcpchat.client.foreign import ForeignServer
from tcpchat.client.happenings import Foreign, Happening, Line, Offline, Ours
from tcpchat.client.limits import (
    LONGEST_DOUBT,
    LONGEST_LINE,
    LONGEST_SILENCE,
    LONGEST_WAIT,
    NEXT_TRY,
    PAUSE,
    SHORTEST_WAIT,
    STEADY,
)
from tcpchat.client.pulse import Pulse
from tcpchat.client.timers import Timers


class Link:
    """
    What is said with a server, whatever becomes of the connections.

    ``happened`` is told what comes, in order, some at a time; ``jitter`` draws a number between two.
    """

    def __init__(
        self,
        reactor: Any,
        endpoint: Any,
        conversation: Conversation,
        happened: Callable[[Sequence[Happening]], None],
        jitter: Callable[[float, float], float],
        foreign: ForeignServer | None = None,
        silence: float = LONGEST_SILENCE,
        shun: Callable[[str], bool] = lambda host: False,
    ) -> None:
        """
        ``foreign`` is how to talk to another server, for which one is taken that says nothing for ``silence``
        seconds; without it, ours is waited for. ``shun`` is as for `Pulse`.
        """
        self.conversation = conversation
        self.is_foreign = False
        self.is_certain = False  # that it is foreign?
        self._reactor = reactor
        self._endpoint = endpoint
        self._happened = happened
        self._jitter = jitter
        self._server = foreign
        self._is_ours = foreign is None
        self._wire: Any = None
        self._unfinished = b""
        self.is_mute = False  # has nothing come over this connection, which is not by TLS?
        self._silence = silence
        self._pulse = Pulse(reactor, self._ask_for_life, shun)
        self._typed: list[str] = []  # lines for another server, until there is one
        self._tried: list[str] = []  # the one that it has got already, if that is not certain
        self._tries = 0
        self._began = 0.0  # when it was begun to connect
        self._since = 0.0  # when the connection was made
        self._timers = Timers(reactor)
        self._attempt: Deferred[Any] | None = None
        self._stopped: Deferred[None] | None = None

    def start(self) -> None:
        """Connect."""
        self._began = self._reactor.seconds()
        self._attempt = self._endpoint.connect(Factory.forProtocol(lambda: way.Wire(self)))
        self._attempt.addErrback(self._failed)

    def stop(self) -> Deferred[None]:
        """Close the connection once all is sent that was given to it; nothing is told any more."""
        self._happened = lambda happened: None
        self._timers.cancel_all()
        self._pulse.stop()
        self._stopped = Deferred()
        if self._wire is not None:
            self._wire.transport.loseConnection()
            return self._stopped
        if self._attempt is not None:
            self._attempt.cancel()
        return succeed(None)

    def ask(self, kind: str, **fields: Any) -> str:
        """Ask our server for something; return what it is called in its answer."""
        ref = self.conversation.ask(kind, **fields)
        self._flush()
        return ref

    def choose(self, nick: str) -> None:
        """Answer that a nickname is wanted."""
        self.conversation.choose(nick)
        self._flush()

    def type(self, line: str) -> None:
        """Send a line to another server, over the next connection if there is none."""
        self._typed.append(line)
        if self._server is not None:
            self._server.answered()
        self._flush()

    @property
    def takes_lines(self) -> bool:
        """Would a line for another server go out at once? As long as that is not certain, one does."""
        return self.is_certain or (self.is_foreign and not (self._tried or self._typed))

    def end(self) -> None:
        """Nothing more will be typed: close this half of the connection, if it has any, as ``nc -N`` does."""
        if self._wire is not None and not ISSLTransport.providedBy(self._wire.transport):
            self._wire.transport.loseWriteConnection()

    def resized(self, width: int, height: int) -> None:
        """The window has another size."""
        if self._server is not None:
            self._server.resized(width, height)
            self._flush()

    def delay(self) -> float | None:
        """Return how many seconds it takes to the server and back, if the system knows."""
        return None if self._wire is None else way.delay(self._wire.transport)

    # What a connection tells

    def connected(self, wire: way.Wire) -> None:
        """A connection is there."""
        self._wire = wire
        self._attempt = None
        self._since = self._reactor.seconds()
        self._unfinished = b""
        self.is_mute = not ISSLTransport.providedBy(wire.transport)
        way.watch(self._wire.transport)
        if self._server is not None and not self._is_ours and not self.is_foreign:
            # To connect takes as long as to the server and back.
            silence = max(self._silence, 3 * (self._since - self._began))
            self._timers.later("silence", silence, self._is_silent)
        elif self._server is None and self.is_mute:
            self._timers.later("mute", LONGEST_DOUBT, lambda: self._tell([Foreign(is_mute=True)]))
        self._pulse.connected(wire.transport, self._is_ours)
        self._flush()

    def received(self, data: bytes) -> None:
        """Some bytes have come."""
        self.is_mute = self.is_mute and data.startswith(way.TLS_ALERT)
        if self.is_mute:
            return
        self._timers.cancel("mute")
        self._pulse.heard(self._is_ours)
        self._timers.later("pause", PAUSE, self._is_quiet)
        if "silence" in self._timers:
            silence = LONGEST_DOUBT if self.is_foreign else self._silence
            self._timers.later("silence", silence, self._is_silent)
        self._tell(self._take(data))

    def lost(self, reason: Failure) -> None:
        """The connection is over."""
        happened = list(self._server.end()) if self._server is not None and self.is_certain else []
        self._wire = None
        reason = self._pulse.lost(reason)
        self._timers.cancel("silence", "mute", "pause")
        self.is_foreign = self.is_certain or bool(self._tried)
        self.conversation.broken()
        if self._stopped is not None:
            self._stopped.callback(None)
        else:
            self._happened([*happened, self._try_later(reason, was_made=True)])

    def _failed(self, reason: Failure) -> None:
        self._attempt = None
        if self._stopped is None:
            self._happened([self._try_later(reason, was_made=False)])

    def _try_later(self, reason: Failure, was_made: bool) -> Offline:
        if self._reactor.seconds() - self._since > STEADY:
            self._tries = 0
        self._tries += 1
        wait = self._jitter(SHORTEST_WAIT, min(LONGEST_WAIT, SHORTEST_WAIT * 2.0**self._tries))
        self._since = self._reactor.seconds() + wait
        self._timers.later("start", wait, self.start)
        is_unknown = not was_made and way.is_unknown(reason)
        is_no_server = way.is_no_server(reason)
        return Offline(
            way.why(reason, is_unknown, was_made and self.is_mute),
            wait,
            is_unknown,
            is_no_server,
            was_made=was_made and not is_no_server,
            was_closed=reason.check(ConnectionDone) is not None,
        )

    # What comes

    def _take(self, data: bytes) -> list[Happening]:
        if self.is_certain and self._server is not None:
            return list(self._server.feed(data))
        *lines, self._unfinished = (self._unfinished + data).split(b"\n")
        happened: list[Happening] = []
        for number, line in enumerate(lines):
            if not self._is_ours and not line.startswith(OURS):
                self._unfinished = b"\n".join((*lines[number:], self._unfinished))
                return happened + self._take_for_foreign()
            try:
                happened += self.conversation.take(line.removesuffix(b"\r"))
            except NotJson as error:
                return [*happened, self._break_off(str(error))]
            if self.conversation.is_begun and not self._is_ours:
                happened += self._take_for_ours()
        if len(self._unfinished) > LONGEST_LINE:
            return [*happened, self._break_off("The server has sent a line without an end.")]
        return happened

    def _break_off(self, why: str) -> Line:
        self._wire.transport.abortConnection()
        return Line(why)

    def _take_for_ours(self) -> list[Happening]:
        """The server is ours; what was typed for another one it has taken for a nickname, if for anything."""
        self._is_ours = True
        self._timers.cancel("silence")
        lines = (*self._tried, *self._typed)
        self._tried.clear()
        self._typed.clear()
        was_foreign, self.is_foreign = self.is_foreign, False
        return [Ours(lines)] if was_foreign else []

    def _take_for_foreign(self) -> list[Happening]:
        """The server is none of ours; what has come and was not shown yet is its own."""
        assert self._server is not None
        foreign = Foreign(self.is_foreign)
        self.is_foreign = self.is_certain = True
        self._timers.cancel("silence")
        data, self._unfinished = self._unfinished, b""
        return [foreign, *self._server.feed(data)]

    def _is_silent(self) -> None:
        """It is none of ours, it seems; but a link may be slow, or the server frozen and others there."""
        if not self._tried and self._pulse.goes_elsewhere():
            return
        if self.is_foreign or self._unfinished:
            self._tell([*self._take_for_foreign(), *self._prompt()])
        else:
            self.is_foreign = True
            self._timers.later("silence", LONGEST_DOUBT, self._is_silent)
            self._tell([Foreign(is_mute=self.is_mute)])

    def _is_quiet(self) -> None:
        if not self.is_certain and (self._is_ours or may_be_ours(self._unfinished)):
            self._tell(list(self.conversation.quiet()))
        else:
            self._tell([*(() if self.is_certain else self._take_for_foreign()), *self._prompt()])

    def _prompt(self) -> list[Happening]:
        return list(self._server.quiet()) if self._server is not None else []

    def _ask_for_life(self) -> None:
        self.conversation.ping()
        self._flush()

    def _ask_again(self) -> None:
        self.conversation.ask_again()
        self._flush()

    # What goes out

    def _tell(self, happened: list[Happening]) -> None:
        if self.conversation.is_to_ask_again and "again" not in self._timers:
            self._timers.later("again", NEXT_TRY, self._ask_again)
        self._flush()
        if happened:
            self._happened(happened)

    def _flush(self) -> None:
        if self._wire is None:
            return
        data = b""
        if self._server is not None and self.is_foreign:
            data = self._server.outgoing()
            # Ours takes the first line for a nickname, which does no harm, and would say the second.
            most = len(self._typed) if self.is_certain else 1 - len(self._tried)
            now, self._typed = self._typed[:most], self._typed[most:]
            self._tried = [] if self.is_certain else self._tried + now
            data += b"".join(line.encode(errors="replace") + b"\r\n" for line in now)
        elif self.conversation.is_begun:
            data = self.conversation.outgoing()
        if data:
            self._wire.transport.write(data)
            if self._is_ours:
                self._pulse.sent()
