"""
What stands between one chat node and the NATS servers, and does to what goes through what networks do.

It runs in a thread of its own. It knows of NATS's protocol only where messages from the servers
begin and end, to tell acknowledgements from the rest.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from random import Random

# A message of a server's with a body, and of how many bytes that is: the last word of its line.
_MESSAGE = re.compile(rb"H?MSG .* (\d+)", re.IGNORECASE)
# How JetStream's answer to a publish begins.
_ACKNOWLEDGEMENT = b'{"stream":'
_CHUNK = 65536
# A reset in place of a farewell.
_ABRUPT = b"\1\0\0\0\0\0\0\0"


class Frames:
    """Cuts what a NATS server sends into whole messages, however it comes."""

    def __init__(self) -> None:
        self._unfinished = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield each message that is complete with this."""
        self._unfinished += data
        while b"\r\n" in self._unfinished:
            line = self._unfinished[: self._unfinished.index(b"\r\n")]
            length = len(line) + 2
            if found := _MESSAGE.fullmatch(line):
                length += int(found[1]) + 2
            if len(self._unfinished) < length:
                return
            frame, self._unfinished = self._unfinished[:length], self._unfinished[length:]
            yield frame


def is_acknowledgement(frame: bytes) -> bool:
    """Tell whether a server says with it that something was stored."""
    return frame.startswith(b"MSG ") and frame.partition(b"\r\n")[2].startswith(_ACKNOWLEDGEMENT)


class Faults:
    """
    What is done to the acknowledgements that go through.

    Of so many one is lost (0: none), of so many one is late, by up to so many seconds.
    """

    def __init__(self, lost: int = 0, late: int = 0, longest: float = 0.0) -> None:
        self.lost = lost
        self.late = late
        self.longest = longest


class Proxy:
    """One port for each server. Its methods are called in any thread but its own."""

    def __init__(self, targets: Sequence[int], random: Random, faults: Faults | None = None) -> None:
        self.acknowledged = self.lost = self.late = 0  # acknowledgements, and what became of some
        self.cuts = 0  # connections that were cut in the middle of something
        self._targets = targets
        self._random = random
        self._faults = faults or Faults()
        self._sockets = [socket.create_server(("127.0.0.1", 0)) for _ in targets]
        self.ports = [listening.getsockname()[1] for listening in self._sockets]
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._loop = self._runner.get_loop()
        self._ended = asyncio.Event()
        self._flows = asyncio.Event()
        self._flows.set()
        self._is_refusing = False
        self._pipes: set[_Pipe] = set()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def refuse(self) -> None:
        """Break off all connections, and every new one."""

        def start() -> None:
            self._is_refusing = True
            for pipe in list(self._pipes):
                pipe.break_off()

        self._do(start)

    def silence(self) -> None:
        """Let nothing through, and say nothing of it: as a cable does that was pulled."""
        self._do(self._flows.clear)

    def heal(self) -> None:
        """Let everything through again, also what was held back."""

        def heal() -> None:
            self._is_refusing = False
            self._flows.set()

        self._do(heal)

    def cut(self, to_node: bool) -> None:
        """Break each connection off in the middle of what goes to the node next, or comes from it."""

        def cut() -> None:
            for pipe in self._pipes:
                pipe.cut(to_node)

        self._do(cut)

    def spare(self) -> None:
        """Lose no acknowledgement from now on, and delay none."""
        self._faults = Faults()

    def close(self) -> None:
        """End it."""

        self.refuse()
        self._do(self._ended.set)
        self._thread.join()

    def _do(self, what: Callable[[], object]) -> None:
        self._loop.call_soon_threadsafe(what)

    def _run(self) -> None:
        with self._runner:
            self._runner.run(self._serve())

    async def _serve(self) -> None:
        servers = [
            await asyncio.start_server(self._answering(target), sock=listening)
            for target, listening in zip(self._targets, self._sockets, strict=True)
        ]
        await self._ended.wait()
        for server in servers:
            server.close()

    def _answering(
        self, target: int
    ) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await self._connect(target, reader, writer)
            writer.close()

        return answer

    async def _connect(self, target: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_refusing:
            _set_abrupt(writer)
            return
        from_server, to_server = await asyncio.open_connection("127.0.0.1", target)
        pipe = _Pipe(self, writer, to_server)
        if self._is_refusing:  # by now
            pipe.break_off()
            return
        self._pipes.add(pipe)
        try:
            ways = pipe.carry(reader, to_server), pipe.carry(from_server, writer, Frames())
            tasks = [asyncio.create_task(way) for way in ways]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)  # a broken connection is no news
        finally:
            self._pipes.discard(pipe)
            to_server.close()

    async def flow(self) -> None:
        """Wait until something may go through."""
        await self._flows.wait()

    def delay(self, frame: bytes) -> float | None:
        """Return for how many seconds a message of a server's is held back: None for ever."""
        if not is_acknowledgement(frame):
            return 0.0
        self.acknowledged += 1
        if self._faults.lost and self.acknowledged % self._faults.lost == 0:
            self.lost += 1
            return None
        if self._faults.late and self.acknowledged % self._faults.late == 0:
            self.late += 1
            return self._random.uniform(0, self._faults.longest)
        return 0.0


class _Pipe:
    """A connection of the node's, and the one to a server that belongs to it."""

    def __init__(self, proxy: Proxy, node: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self._proxy = proxy
        self._ends = (node, server)
        self._to_cut: asyncio.StreamWriter | None = None

    def break_off(self) -> None:
        """Reset both ends."""
        for writer in self._ends:
            _set_abrupt(writer)
            writer.close()

    def cut(self, to_node: bool) -> None:
        """Break off in the middle of what goes to one side next."""
        self._to_cut = self._ends[0 if to_node else 1]

    async def carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, frames: Frames | None = None
    ) -> None:
        """Carry everything from one end to the other, until there is no more."""
        while data := await reader.read(_CHUNK):
            await self._proxy.flow()
            for frame in [data] if frames is None else frames.feed(data):
                if writer.is_closing():
                    return
                if self._to_cut is writer:
                    self._proxy.cuts += 1
                    writer.write(frame[: len(frame) // 2])
                    writer.close()  # what was written is sent before that
                    return
                if frames is None:
                    writer.write(frame)
                else:
                    self._hand_over(frame, writer)
            await writer.drain()

    def _hand_over(self, frame: bytes, writer: asyncio.StreamWriter) -> None:
        delay = self._proxy.delay(frame)
        if delay:
            asyncio.get_running_loop().call_later(delay, _write_late, writer, frame)
        elif delay is not None:
            writer.write(_without_others(frame))


def _without_others(frame: bytes) -> bytes:
    """Leave out where a cluster's other servers are, of which each tells: no proxy is in front of those."""
    if not frame.startswith(b"INFO "):
        return frame
    told = json.loads(frame.partition(b" ")[2])
    told.pop("connect_urls", None)
    return b"INFO " + json.dumps(told).encode() + b"\r\n"


def _write_late(writer: asyncio.StreamWriter, frame: bytes) -> None:
    if not writer.is_closing():
        writer.write(frame)


def _set_abrupt(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABRUPT)
