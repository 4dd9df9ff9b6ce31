"""The stream and the bucket in JetStream: found, or made as we want them; and questions to the stream."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from secrets import token_urlsafe

from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, StorageType, StreamConfig, StreamInfo
from nats.js.errors import APIError, NotFoundError

from tcpchat.logs import nats_monitoring
from tcpchat.logs.interface import Damaged
from tcpchat.logs.nats_answers import refusal
from tcpchat.logs.nats_connecting import Connecting
from tcpchat.logs.nats_connection import LATE, LOST, Connection
from tcpchat.logs.nats_facts import DUPLICATE_WINDOW, REPLICAS, weaknesses
from tcpchat.logs.nats_terms import Facts, Refusing, Stored, Unclear
from tcpchat.logs.nats_watching import Watching

# The stream's metadata names its epoch, and the form of what is in it; without one it is the first.
EPOCH = "tcpchat.epoch"
FORMAT = "tcpchat.format"
OWN_FORMAT = "1"

# Error codes of JetStream.
ONE_SERVER = 10074  # replicas are not possible
MADE_BY_ANOTHER = 10058  # the name is taken, by a stream with another configuration
NO_PEERS = 10005  # too few servers of a cluster are there

# Where NATS's own examples have a server's monitoring; ``-m`` and ``http_port`` of nats-server change it.
MONITORING = 8222

# Seconds to wait for an answer that leaders give at once.
QUICK = 1.0

# Seconds in which a stream must have what has come from it; a new leader first stores what a quorum has.
PATIENCE = 30.0

# Seconds until is tried again what no server could do, and until the operator is told of it again.
PAUSE = 0.5
REMINDER = 30.0


class Stream:
    """Finds or makes what is needed, and asks for single messages. All of it belongs to the loop."""

    def __init__(self, connecting: Connecting, name: str, warn: Callable[[str], None]) -> None:
        self.name = name
        self.subject = f"{name}.log.>"
        self._connecting = connecting
        self._warn = warn
        self._epoch = ""
        self._behind = 0.0  # since when the stream has less than has come from it
        self._warned = -REMINDER

    async def open(
        self, monitoring: Sequence[str], watching: Watching, makes: bool = True
    ) -> tuple[Facts, bool]:
        """
        Find the stream and the bucket, or make them, however long it takes; say whether markers may expire.

        ``monitoring`` is where servers tell about themselves: port 8222 of each, if nothing else is said.
        ``watching`` is told what the stream's copies are like.
        ``makes``: what is not there is made.

        Raises:
            Refusing: the servers do not allow it, or there is none and none is to be made.
            Damaged: the stream is another program's, or a newer tcpchat's.
        """
        while True:
            connection = await self._connecting.ready()
            try:
                stream = await self._find(connection, wanted(self.name), makes)
                check_format(stream, self.name, self.subject)
                bucket = await self._find(connection, wanted_bucket(self.name, stream), makes)
                watching.take(stream)
                copies = watching.copies.summary(stream.config.num_replicas or 1)
                return await self._facts(stream, monitoring, copies), bool(bucket.config.allow_msg_ttl)
            except Unclear as error:
                self._remind(str(error))
            except APIError as error:
                if is_final(error):
                    raise Refusing(f"NATS does not allow the stream {self.name}: {text(error)}") from None
                self._remind(text(error))
            await asyncio.sleep(PAUSE)

    def check(self, info: StreamInfo, after: int) -> None:
        """
        See whether the stream is still the one that was opened, and holds what came from it.

        Raises:
            Unclear: it is not; and if it stays so there will be no connection any more.
        """
        now = asyncio.get_running_loop().time()
        if self._epoch and epoch(info) != self._epoch:
            why = f"The stream {self.name} was made anew. Please start this server again."
        elif info.state.last_seq < after:
            why = f"The stream {self.name} has lost messages that were shown. Please start this server again."
            self._behind = self._behind or now
            if now - self._behind < PATIENCE:
                raise Unclear(why)  # a leader may be behind those who gave us the messages
        else:
            self._behind = 0.0
            return
        self._connecting.bar(why)
        raise Unclear(why)

    async def last(self, subject: str) -> Stored | None:
        """
        Return the last message of a subject.

        Raises:
            Unclear: there is no answer.
        """
        return await self._get(None, subject)

    async def end(self) -> int:
        """
        Return the last sequence.

        Raises:
            Unclear: there is no answer.
        """
        connection = self._current()
        try:
            info = await connection.ask(connection.hasty.stream_info(self.name))
        except APIError as error:
            raise Unclear(text(error)) from None
        return info.state.last_seq

    async def read(self, seq: int) -> Stored | None:
        """
        Return a message.

        Raises:
            Unclear: there is no answer.
        """
        return await self._get(seq, None)

    async def erase(self, seq: int) -> None:
        """
        Overwrite a message.

        Raises:
            Refusing, Unclear: see there.
        """
        try:
            await self._ask(lambda jetstream: jetstream.delete_msg(self.name, seq))
        except (Refusing, Unclear):
            # What is not there cannot be erased, and need not be.
            if await self.read(seq) is not None:
                raise

    async def purge(self, subject: str, before: int) -> None:
        """
        Take the messages of a subject before a sequence away.

        Raises:
            Refusing, Unclear: see there.
        """
        if before > 1:  # JetStream understands 0 as no limit
            await self._ask(lambda jetstream: jetstream.purge_stream(self.name, before, subject))

    async def _get(self, seq: int | None, subject: str | None) -> Stored | None:
        connection = self._current()
        try:
            found = await connection.ask(connection.hasty.get_msg(self.name, seq, subject))
        except NotFoundError:
            return None
        except APIError as error:
            raise Unclear(text(error)) from None
        return Stored(found.seq or 0, found.subject or "", found.data or b"")

    async def _ask(self, question: Callable[[JetStreamContext], Awaitable[object]]) -> None:
        connection = self._current()
        try:
            await connection.ask(question(connection.jetstream))
        except APIError as error:
            raise (Refusing if is_final(error) else Unclear)(text(error)) from None

    def _current(self) -> Connection:
        if self._connecting.current is None:
            raise Unclear(LOST)
        return self._connecting.current

    async def _find(self, connection: Connection, config: StreamConfig, makes: bool) -> StreamInfo:
        """Return a stream that is there, as it is; else make it."""
        jetstream, name = connection.jetstream, config.name or ""
        try:
            return await asyncio.wait_for(connection.ask(jetstream.stream_info(name)), QUICK)
        except TimeoutError:
            raise Unclear(LATE) from None  # a cluster that starts has no leader yet
        except NotFoundError:
            if not makes:
                raise Refusing(f"there is no stream {name}") from None
        try:
            return await connection.ask(jetstream.add_stream(config))
        except APIError as error:
            if error.err_code == MADE_BY_ANOTHER:
                return await connection.ask(jetstream.stream_info(name))
            if error.err_code != ONE_SERVER:
                raise
        return await connection.ask(jetstream.add_stream(config.evolve(num_replicas=1)))

    async def _facts(self, stream: StreamInfo, monitoring: Sequence[str], copies: str) -> Facts:
        self._epoch = epoch(stream)
        known = self._connecting.servers
        servers = await nats_monitoring.greetings(known)
        hosts = [server.rpartition(":")[0] for server in known]
        told = await nats_monitoring.ask_all(monitoring or [f"{host}:{MONITORING}" for host in hosts])
        sync_interval = nats_monitoring.weakest(servers, told)
        servers |= {one.name: one.version for one in told}
        weak = weaknesses(vars(stream.config), servers, sync_interval)
        return Facts(
            self._epoch, stream.state.first_seq, stream.state.last_seq, servers,
            stream.config.num_replicas or 1, sync_interval, tuple(weak), copies,
        )  # fmt: skip

    def _remind(self, why: str) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._warned >= REMINDER:
            self._warned = now
            self._warn(f"JetStream does not give the stream {self.name} yet ({why})")


def wanted(name: str) -> StreamConfig:
    """Return what the stream is to be, with a new epoch."""
    return StreamConfig(
        name=name,
        description="What was said in tcpchat",
        subjects=[f"{name}.log.>"],
        storage=StorageType.FILE,
        num_replicas=REPLICAS,
        discard=DiscardPolicy.NEW,
        duplicate_window=DUPLICATE_WINDOW,
        allow_direct=False,  # who asks what became of a line must not be answered from a copy
        allow_atomic=True,
        metadata={EPOCH: token_urlsafe(9), FORMAT: OWN_FORMAT},
    )


def wanted_bucket(name: str, stream: StreamInfo) -> StreamConfig:
    """Return what the bucket is to be: as nats-py makes one, but with the stream's replicas."""
    return StreamConfig(
        name=f"KV_{name}",
        description="What tcpchat keeps beside what was said",
        subjects=[f"$KV.{name}.>"],
        storage=StorageType.FILE,
        num_replicas=stream.config.num_replicas,
        max_msgs_per_subject=1,
        discard=DiscardPolicy.NEW,
        duplicate_window=DUPLICATE_WINDOW,
        allow_direct=False,
        allow_msg_ttl=True,
        allow_rollup_hdrs=True,
        deny_delete=True,
    )


def check_format(info: StreamInfo, name: str, subject: str) -> None:
    """
    See whether a stream is one of ours.

    Raises:
        Damaged: it is not, or it is of a form that is not known here.
    """
    if subject not in (info.config.subjects or ()):
        raise Damaged(f"The stream {name} is another program's; it was left as it is.")
    format = (info.config.metadata or {}).get(FORMAT, OWN_FORMAT)
    if format != OWN_FORMAT:
        raise Damaged(f"The stream {name} was made by a newer tcpchat (format {format}).")


def epoch(info: StreamInfo) -> str:
    """Return a stream's epoch: when it was made, if somebody else has made it."""
    made = (info.config.metadata or {}).get(EPOCH)
    return made or (info.created.strftime("%Y%m%dT%H%M%S%f") if info.created else "unknown")


def is_final(error: APIError) -> bool:
    """Return whether an error says that something is not allowed, rather than not possible at the moment."""
    code = error.err_code or 0
    passing = code in (NO_PEERS, MADE_BY_ANOTHER)
    return not passing and (error.code == 400 or isinstance(refusal(code, ""), Refusing))


def text(error: APIError) -> str:
    """Return what a server says of an error."""
    return error.description or str(error)
