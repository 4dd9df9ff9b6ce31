"""
The link to NATS: what the log needs of it, in the reactor's thread.

nats-py needs asyncio, so it runs in a thread of its own (docs/adr/0026-*). All methods are called in the
reactor's thread, and everything is answered and called back there, in the order in which the servers sent it.
That an own message is acknowledged says nothing of whether `follow` has given it yet.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Protocol

from twisted.internet.defer import Deferred, fail, succeed
from twisted.logger import Logger

from tcpchat.logs.nats_bucket import Bucket, BucketFollower
from tcpchat.logs.nats_calling import Calling
from tcpchat.logs.nats_connecting import Connecting
from tcpchat.logs.nats_following import StreamFollower
from tcpchat.logs.nats_publishing import Done, Publishing
from tcpchat.logs.nats_stream import Stream
from tcpchat.logs.nats_terms import Change, Facts, Lost, Message, Refusing, Stored, Unclear
from tcpchat.logs.nats_thread import LoopThread
from tcpchat.logs.nats_watching import Watching

__all__ = ["Change", "Facts", "Link", "Lost", "Message", "Reactor", "Refusing", "Stored", "Unclear"]

# Seconds for what has no time of its own.
PATIENCE = 4.0

# Seconds for a node to answer a call.
CALL = 1.5

PORT = 4222

CLOSED = "the link to NATS is closed"


class Reactor(Protocol):
    """What is needed of Twisted's reactor."""

    def callFromThread(self, callable: Callable[..., Any], /, *arguments: Any) -> Any:
        """Call something in the reactor's thread, for callers that are not in it."""

    def callLater(self, delay: float, callable: Callable[..., Any], /, *arguments: Any) -> Any:
        """Call something after so many seconds, for callers that are in it."""


class Link:
    """
    One connection to a NATS cluster: a stream (NAME, subjects ``NAME.log.>``) and a bucket (NAME).

    It connects again for ever, to any of the servers. While there is no connection everything that is
    asked fails at once with `Unclear`; nothing is put by to be sent later.
    """

    logger = Logger()

    def __init__(
        self,
        reactor: Reactor,
        servers: Sequence[str],
        name: str,
        connected: Callable[[bool], None],
        node: str = "",
        monitoring: Sequence[str] = (),
    ) -> None:
        """
        ``servers`` are ``HOST:PORT``, or URLs. ``connected`` is called with each change, True first; with
        False within 2 s of a server that answers no more. ``node`` marks what `put` puts (`Change.node`).
        ``monitoring`` is where servers tell of themselves, if not at port 8222 of each (`Facts`).
        """
        self.is_connected = False
        self._connected = connected
        self._monitoring = monitoring
        self._is_closed = False
        self._open: set[Deferred[Any]] = set()
        self._thread = thread = LoopThread("NATS", reactor.callFromThread, reactor.callLater)
        places = [server if has_port(server) else f"{server}:{PORT}" for server in servers]
        changed, warn = partial(thread.note, self._changed), partial(thread.note, self._tell, True)
        tell = partial(thread.note, self._tell)
        self._connecting = Connecting(places, node or "tcpchat", changed, tell)
        self._stream = Stream(self._connecting, name, warn)
        self._watching = Watching(self._connecting, name, tell)
        self._publishing = Publishing(self._connecting, thread.spawn, name, node)
        self._bucket = Bucket(self._connecting, self._publishing, thread, name)
        wanted = partial(thread.note, self._turn_wanted)
        self._calling = Calling(self._connecting, thread.spawn, name, wanted)
        self.wanted: Callable[[str, str], object] = lambda node, stream: None  # a turn, by a node
        self._node = node

    def open(self, makes: bool = True) -> Deferred[Facts]:
        """
        Connect, and find the stream and the bucket, or make them; a stream that is there is not changed.

        It waits for servers for ever: `close` gives up. Fails with `Refusing` if they do not allow it, or
        there is no stream and none is to be made, and with `Damaged` if there is one that is not ours.
        """
        self._thread.start()
        self._thread.do(lambda: self._thread.spawn(self._connecting.run()))
        return self._ask(self._find, makes)

    def publish(
        self,
        messages: Sequence[Message],
        timeout: float,
        failed: Callable[[Exception], object],
        added: Callable[[int], object] | None = None,
    ) -> None:
        """
        Try once to add a message to the stream, or several as one atomic batch: all of them or none.

        ``failed`` is called with `Lost`, `Refusing` (nothing was added then) or, after ``timeout`` seconds at
        the latest, `Unclear`. Whoever follows the stream sees what was added; ``added`` is called with the
        stream sequence of the last one when a quorum has it, so also when one of the same id is there
        already. A batch has at most one message a subject, and at most 1,000.
        """
        if self._is_closed:
            failed(Unclear(CLOSED))
            return
        done = partial(self._published, failed, added)
        self._thread.do(self._publishing.publish, messages, self._thread.loop.time() + timeout, done)

    def follow(
        self,
        after: int,
        take: Callable[[list[Stored]], Deferred[None] | None],
        caught_up: Callable[[], None] = lambda: None,
    ) -> None:
        """
        Give every message of the stream after a sequence, once, in order, over broken connections.

        Sequences that were erased or purged are left out. Where ``take`` returns a Deferred, it has much to
        do: the server is asked for more when that answers. ``caught_up`` is called once, when all that was
        there at the beginning has been given. When the stream turns out to be another one, or to have lost
        what was given, the operator is told, and there is no connection any more.
        """
        self._thread.do(self._follow, after, take, caught_up)

    def last(self, subject: str) -> Deferred[Stored | None]:
        """Answer with the last message of a subject, from the stream's leader. `Unclear`."""
        return self._ask(self._stream.last, subject)

    def end(self) -> Deferred[int]:
        """Answer with the stream's last sequence, from its leader. `Unclear`."""
        return self._ask(self._stream.end)

    def read(self, seq: int) -> Deferred[Stored | None]:
        """Answer with the message of a stream sequence, None if there is none (any more). `Unclear`."""
        return self._ask(self._stream.read, seq)

    def erase(self, seq: int) -> Deferred[None]:
        """Overwrite a message in the stream; answer also when it is gone already. `Refusing`, `Unclear`."""
        return self._ask(self._stream.erase, seq)

    def purge(self, subject: str, before: int) -> Deferred[None]:
        """Take the messages of a subject before a stream sequence away. `Refusing`, `Unclear`."""
        return self._ask(self._stream.purge, subject, before)

    def put(self, key: str, value: bytes | None, revision: int | None = None) -> Deferred[int]:
        """
        Put a value under a key of the bucket, None to remove it; answer with its revision.

        ``revision`` None: whatever is there now; 0: there must be none (removed is none); else that must be
        the key's last one. `Lost`, `Refusing`, `Unclear`.
        """
        return self._do(self._bucket.put, key, value, revision, self._thread.loop.time() + PATIENCE)

    def get(self, key: str) -> Deferred[Change | None]:
        """Answer with what is under a key, from the bucket's leader. `Unclear`."""
        return self._ask(self._bucket.get, key)

    def watch(self, take: Callable[[list[Change]], None]) -> Deferred[None]:
        """
        Give every key of the bucket, and then every change, in order, over broken connections.

        Answers when what is there has been given. Of several changes of one key only the last may be given.
        """
        return self._do(self._watch, take)

    def call(self, node: str) -> Deferred[str | None]:
        """As `calls.Calls` has it: a node's word, None where nobody listens for it, or `Unclear`."""
        return self._do(self._calling.call, node, self._thread.loop.time() + CALL)

    def attend(self, word: str) -> None:
        """Answer calls for this node, with a word, from now on."""
        self._thread.do(self._calling.attend, self._node, word)

    def ask_turn(self, node: str, stream: str) -> None:
        """Have a node let this one add to one of our streams before it does so again, if it is there."""
        self._thread.do(self._calling.ask_turn, node, self._node, stream)

    def _turn_wanted(self, node: str, stream: str) -> None:
        self.wanted(node, stream)

    def close(self) -> Deferred[None]:
        """End the connection and the thread; what is not answered fails with `Unclear`."""
        if self._is_closed or not self._thread.is_started:
            self._is_closed = True
            return succeed(None)
        self._is_closed = True
        return self._thread.end().addCallback(self._ended)

    def _do(self, call: Callable[..., None], *arguments: Any) -> Deferred[Any]:
        """Have something called in the loop that is given ``done`` as its last argument."""
        if self._is_closed:
            return fail(Unclear(CLOSED))
        answer: Deferred[Any] = Deferred()
        self._open.add(answer)
        self._thread.do(call, *arguments, partial(self._thread.note, self._answer, answer))
        return answer

    def _ask(self, question: Callable[..., Awaitable[Any]], *arguments: Any) -> Deferred[Any]:
        return self._do(self._run, partial(question, *arguments))

    def _answer(self, answer: Deferred[Any], came: Any) -> None:
        if answer in self._open:
            self._open.discard(answer)
            if isinstance(came, Exception):
                answer.errback(came)
            else:
                answer.callback(came)

    def _changed(self, is_connected: bool) -> None:
        if self.is_connected != is_connected and not self._is_closed:
            self.is_connected = is_connected
            self._connected(is_connected)

    def _tell(self, is_bad: bool, text: str) -> None:
        if not self._is_closed:
            (self.logger.warn if is_bad else self.logger.info)("{text}", text=text)

    def _ended(self, _: None) -> None:
        self.is_connected = False
        unanswered, self._open = self._open, set()
        for answer in unanswered:
            answer.errback(Unclear(CLOSED))

    # In the loop.

    async def _find(self, makes: bool) -> Facts:
        facts, self._publishing.has_markers = await self._stream.open(self._monitoring, self._watching, makes)
        self._thread.spawn(self._watching.run())
        return facts

    def _published(
        self,
        failed: Callable[[Exception], object],
        added: Callable[[int], object] | None,
        came: int | Exception,
    ) -> None:
        if isinstance(came, Exception):
            self._thread.note(failed, came)
        elif added:
            self._thread.note(added, came)

    def _run(self, question: Callable[[], Awaitable[Any]], done: Done) -> None:
        self._thread.spawn(_told(question, done))

    def _follow(
        self, after: int, take: Callable[[list[Stored]], Deferred[None] | None], caught_up: Callable[[], None]
    ) -> None:
        stream = self._stream
        follower = StreamFollower(
            self._connecting, self._thread, stream.name, stream.subject, after, take, caught_up, stream.check
        )
        self._thread.spawn(follower.run())

    def _watch(self, take: Callable[[list[Change]], None], done: Callable[[None], None]) -> None:
        reached = partial(done, None)
        follower = BucketFollower(self._connecting, self._thread, self._bucket, take, reached)
        self._thread.spawn(follower.run())


async def _told(question: Callable[[], Awaitable[Any]], done: Callable[[Any], None]) -> None:
    try:
        came = await question()
    except Exception as error:
        came = error
    done(came)


def has_port(server: str) -> bool:
    """Return whether a server's address names its port."""
    return server.rpartition(":")[2].isdigit()
