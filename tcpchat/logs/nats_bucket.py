"""The bucket: values under keys, put by compare-and-set where that matters, and watched by every node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from nats.js.api import DeliverPolicy, StreamInfo
from nats.js.errors import APIError, NotFoundError

from tcpchat.logs.nats_answers import PerhapsLost, is_removal
from tcpchat.logs.nats_client import Arrival
from tcpchat.logs.nats_connecting import Connecting
from tcpchat.logs.nats_connection import LOST
from tcpchat.logs.nats_following import Follower
from tcpchat.logs.nats_publishing import MARKER, NODE, SOON, Done, Publishing
from tcpchat.logs.nats_terms import Change, Lost, Unclear
from tcpchat.logs.nats_thread import LoopThread

# Seconds without a connection after which all keys are looked at: by then markers may have gone.
LONG = MARKER / 2


class Bucket:
    """Asks for values and puts them. All of it belongs to the loop."""

    def __init__(self, connecting: Connecting, publishing: Publishing, thread: LoopThread, name: str) -> None:
        self.stream = f"KV_{name}"
        self.prefix = f"$KV.{name}."
        self._connecting = connecting
        self._publishing = publishing
        self._thread = thread

    def put(self, key: str, value: bytes | None, revision: int | None, deadline: float, done: Done) -> None:
        """Put a value, None to remove it; ``revision`` is as in `Link.put`."""
        self._put(self.prefix + key, value, revision, revision, deadline, done)

    def _put(
        self,
        subject: str,
        value: bytes | None,
        revision: int | None,
        expected: int | None,
        deadline: float,
        done: Done,
    ) -> None:
        def came(what: int | Exception) -> None:
            if isinstance(what, PerhapsLost) or (isinstance(what, Lost) and revision == 0):
                self._thread.spawn(self._look(subject, value, revision or 0, deadline, done))
            else:
                done(what)

        self._publishing.put(subject, value, expected, deadline, came)

    async def _look(
        self, subject: str, value: bytes | None, revision: int, deadline: float, done: Done
    ) -> None:
        """
        See whether the race was lost, and try again if not.

        A key that was removed is as free as one that never was: then the marker's revision is expected.
        And a leader may not have the expected revision yet.
        """
        try:
            last = await self._last(subject)
        except Unclear as error:
            done(error)
            return
        there = last.revision if last else 0
        if revision == 0 and (last is None or last.value is None):
            expected = there
        elif there <= revision:
            expected = revision
        else:
            done(Lost(f"the last revision is {there}"))
            return
        self._thread.loop.call_later(SOON, self._put, subject, value, revision, expected, deadline, done)

    async def get(self, key: str) -> Change | None:
        """
        Return what is under a key.

        Raises:
            Unclear: there is no answer.
        """
        change = await self._last(self.prefix + key)
        return change if change and change.value is not None else None

    async def _last(self, subject: str) -> Change | None:
        connection = self._connecting.current
        if connection is None:
            raise Unclear(LOST)
        try:
            found = await connection.ask(connection.jetstream.get_last_msg(self.stream, subject))
        except NotFoundError:
            return None
        except APIError as error:
            raise Unclear(str(error)) from None
        value = None if is_removal(found.headers) else found.data or b""
        key = subject.removeprefix(self.prefix)
        return Change(key, value, found.seq or 0, _node(found.headers))


class BucketFollower(Follower):
    """Gives every key, and every change, to the reactor's thread, in batches."""

    needs_headers = True

    def __init__(
        self,
        connecting: Connecting,
        thread: LoopThread,
        bucket: Bucket,
        take: Callable[[list[Change]], None],
        reached: Callable[[], None],
    ) -> None:
        super().__init__(connecting, thread, bucket.stream, bucket.prefix + ">")
        self._prefix = len(bucket.prefix)
        self._take_batch = take
        self._reached: Callable[[], None] | None = reached
        self._batch: list[Change] = []
        self._known: set[str] = set()  # the keys that are there
        self._unseen: set[str] | None = None  # those that have not come again, while all keys come
        self._heard = 0.0

    def begin(self, info: StreamInfo) -> dict[str, Any]:
        is_anew = not self.after or info.state.last_seq < self.after
        if is_anew or self._thread.loop.time() - self._heard > LONG:
            self._unseen = set(self._known)
            return {"deliver_policy": DeliverPolicy.LAST_PER_SUBJECT}
        return super().begin(info)

    def came(self, seq: int, message: Arrival) -> None:
        key = message.subject[self._prefix :]
        self._heard = self._thread.loop.time()
        if is_removal(message.headers):
            self._known.discard(key)
            self._add(Change(key, None, seq, _node(message.headers)))
        else:
            self._known.add(key)
            self._add(Change(key, message.data, seq, _node(message.headers)))
        if self._unseen:
            self._unseen.discard(key)

    def _add(self, change: Change) -> None:
        if not self._batch:
            self._thread.loop.call_soon(self.flush)
        self._batch.append(change)

    def flush(self) -> None:
        if self._batch:
            batch, self._batch = self._batch, []
            self._thread.note(self._take_batch, batch)

    def caught_up(self) -> None:
        self._heard = self._thread.loop.time()
        unseen, self._unseen = self._unseen or (), None
        for key in unseen:
            self._known.discard(key)
            self._add(Change(key, None, self.after))
        if self._reached:
            self.flush()
            self._thread.note(self._reached)
            self._reached = None


def _node(headers: dict[str, str] | None) -> str:
    return unquote(headers.get(NODE, "")) if headers else ""
