"""
The link to NATS: what the log needs of it, in the reactor's thread.

nats-py needs asyncio, so it runs in a thread of its own (docs/adr/0026-*). All methods are called in the
reactor's thread, and everything is answered and called back there. Order: what `follow` gives was given
before the answer to a `publish` only if the server sent it first; a log waits for its own message in `follow`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twisted.internet.defer import Deferred

from tcpchat.logs.nats_terms import Change, Facts, Lost, Message, Refusing, Stored, Unclear

__all__ = ["Change", "Facts", "Link", "Lost", "Message", "Refusing", "Stored", "Unclear"]


class Link:
    """
    One connection to a NATS cluster: a stream (NAME, subjects ``NAME.log.>``) and a bucket (NAME).

    It connects again for ever, to any of the servers. While there is no connection everything that is
    asked fails at once with `Unclear`; nothing is put by to be sent later.
    """

    is_connected: bool

    def __init__(
        self,
        reactor: object,
        servers: Sequence[str],
        name: str,
        connected: Callable[[bool], None],
        node: str = "",
    ) -> None:
        """
        ``servers`` are ``HOST:PORT``. ``connected`` is called with each change, True first; with False
        within 2 s of a server that answers no more. ``node`` marks what `put` puts (`Change.node`).
        """

    def open(self) -> Deferred[Facts]:
        """
        Connect, and find the stream and the bucket, or make them; a stream that is there is not changed.

        It waits for servers for ever: cancel it to give up.
        """
        raise NotImplementedError

    def publish(self, messages: Sequence[Message], timeout: float) -> Deferred[int]:
        """
        Try once to add a message to the stream, or several as one atomic batch: all of them or none.

        Answers with the stream sequence of the last one when a quorum has it; so also when one of the same
        id is there already. A batch has at most one message a subject, and at most 1,000. Fails with
        `Lost`, `Refusing` (nothing was added then) or, after ``timeout`` seconds at the latest, `Unclear`.
        """
        raise NotImplementedError

    def follow(self, after: int, take: Callable[[list[Stored]], None]) -> None:
        """
        Give every message of the stream after a sequence, once, in order, in batches, over broken connections.

        Sequences that were erased or purged are left out.
        """
        raise NotImplementedError

    def last(self, subject: str) -> Deferred[Stored | None]:
        """Answer with the last message of a subject, from the stream's leader. `Unclear`."""
        raise NotImplementedError

    def read(self, seq: int) -> Deferred[Stored | None]:
        """Answer with the message of a stream sequence, None if there is none (any more). `Unclear`."""
        raise NotImplementedError

    def erase(self, seq: int) -> Deferred[None]:
        """Overwrite a message in the stream; answer also when it is gone already. `Refusing`, `Unclear`."""
        raise NotImplementedError

    def purge(self, subject: str, before: int) -> Deferred[None]:
        """Take the messages of a subject before a stream sequence away. `Refusing`, `Unclear`."""
        raise NotImplementedError

    def put(self, key: str, value: bytes | None, revision: int | None = None) -> Deferred[int]:
        """
        Put a value under a key of the bucket, None to remove it; answer with its revision.

        ``revision`` None: whatever is there now; 0: there must be none (removed is none); else that must be
        the key's last one. `Lost`, `Refusing`, `Unclear`.
        """
        raise NotImplementedError

    def get(self, key: str) -> Deferred[Change | None]:
        """Answer with what is under a key, from the bucket's leader. `Unclear`."""
        raise NotImplementedError

    def watch(self, take: Callable[[list[Change]], None]) -> Deferred[None]:
        """
        Give every key of the bucket, and then every change, in order, over broken connections.

        Answers when what is there has been given. Of several changes of one key only the last may be given.
        """
        raise NotImplementedError

    def close(self) -> Deferred[None]:
        """End the connection and the thread; what is not answered fails with `Unclear`."""
        raise NotImplementedError
