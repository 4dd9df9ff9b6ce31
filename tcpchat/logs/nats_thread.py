"""A thread with an asyncio loop, for a library that needs one, and the way to it and back (ADR 26)."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from tcpchat.logs.reporter import Reporter

# Seconds for what runs in the loop to end.
LONGEST_END = 3.0


class LoopThread:
    """
    Calls into an asyncio loop from the reactor's thread, and back: in order, and many at once.

    What is asked for in one turn of the reactor wakes the loop once, and what the loop reports in one
    turn of its own wakes the reactor once.
    """

    logger = Logger()

    def __init__(self, name: str, from_thread: Callable[..., Any], later: Callable[..., Any]) -> None:
        """``from_thread`` and ``later`` are the reactor's ``callFromThread`` and ``callLater``."""
        self.loop = asyncio.new_event_loop()
        self.loop.set_exception_handler(self._fail)
        self._from_thread = from_thread
        self._reporter = Reporter(from_thread, partial(later, 0))
        self._calls: deque[tuple[Callable[..., object], tuple[Any, ...]]] = deque()
        self.is_started = False
        self.turn = 0  # how often what was noted was sent: what is in a list that was noted goes with it
        self._is_woken = False
        self._is_sending = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended: Deferred[None] = Deferred()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    # In the reactor's thread.

    def start(self) -> None:
        """Begin to do what is asked for."""
        self.is_started = True
        self._thread.start()

    def do(self, call: Callable[..., object], *arguments: Any) -> None:
        """Have something called in the loop."""
        self._calls.append((call, arguments))
        if not self._is_woken:
            self._is_woken = True
            self.loop.call_soon_threadsafe(self._take_in)

    def end(self) -> Deferred[None]:
        """End what was spawned, then the thread; answer when that is done. The last call of all."""
        self.do(self.spawn, self._end())
        return self._ended

    # In the loop.

    def note(self, report: Callable[..., Any], *arguments: Any) -> None:
        """Have something called in the reactor's thread, behind what was noted before."""
        self._reporter.note(report, *arguments)
        if not self._is_sending:
            self._is_sending = True
            self.loop.call_soon(self._send)

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something that may take a while; if it fails, the operator is told."""
        task = self.loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
        self.loop.close()
        self._from_thread(self._ended.callback, None)

    def _take_in(self) -> None:
        self._is_woken = False  # before the first is taken: whoever comes later wakes again
        while self._calls:
            call, arguments = self._calls.popleft()
            try:
                call(*arguments)
            except Exception:
                self.tell(Failure())

    def _send(self) -> None:
        self._is_sending = False
        self.turn += 1
        self._reporter.send()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self.tell(Failure(error))

    def _fail(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """
        Something failed within the library, which has its own ways to deal with that.

        It may be called in any thread: by the garbage collector.
        """
        why = str(context.get("exception") or context.get("message"))
        self._from_thread(partial(self.logger.debug, "NATS: {why}", why=why))

    def tell(self, failure: Failure) -> None:
        """Tell the operator of a bug."""
        self.note(self.logger.failure, "Something failed in the thread for NATS", failure)

    async def _end(self) -> None:
        others = [task for task in asyncio.all_tasks(self.loop) if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        if others:
            await asyncio.wait(others, timeout=LONGEST_END)
        self.loop.call_soon(self.loop.call_soon, self.loop.stop)  # behind what is noted until then
