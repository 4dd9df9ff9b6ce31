"""
The longest time for which a server did not answer, seen from outside.

Somebody alone in a room asks who is there, again and again. An answer that takes long has waited for
whatever the server's loop did meanwhile. It also holds the answer itself (well under a millisecond), what
the server waited for its core where other programs are on it, and what the asker waited for its own, which
the load is on too (little, where the system lets it have priority). So the CPU time that the server's
process took between question and answer is measured as well: the loop was busy for no longer than the
longest of the answers, and, as long as it computed and did not wait, for no longer than that.

What is shorter than the pause between two questions can go by unseen.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator

PAUSE = 0.002
PATIENCE = 60.0
ANSWER = b"*** 1 person is in #pulse"


class Pulse:
    """Asks a tcpchat, by a connection of its own."""

    def __init__(self, port: int, pid: int) -> None:
        self.longest_ms = 0.0
        self.longest_cpu_ms = 0.0
        # clock_getcpuclockid(3): the time that all threads of a process were running.
        self._cpu = ~pid << 3 | 2
        self.has_priority = False
        self._connection = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._answers = self._connection.makefile("rb")
        self._tell("pulse", "/join #pulse", "/leave #lobby", "/who")
        while not next(self._answers).startswith(ANSWER):
            pass
        self._ends = False
        self._thread = threading.Thread(target=self._run)

    def _tell(self, *lines: str) -> None:
        self._connection.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def _run(self) -> None:
        with contextlib.suppress(PermissionError):
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))  # of this thread alone
            self.has_priority = True
        with contextlib.suppress(OSError, StopIteration):
            while not self._ends:
                asked, cpu = time.perf_counter(), time.clock_gettime(self._cpu)
                self._tell("/who")
                while not next(self._answers).startswith(ANSWER):
                    pass
                self.longest_ms = max(self.longest_ms, (time.perf_counter() - asked) * 1000)
                self.longest_cpu_ms = max(self.longest_cpu_ms, (time.clock_gettime(self._cpu) - cpu) * 1000)
                time.sleep(PAUSE)

    @contextlib.contextmanager
    def beating(self) -> Iterator[Pulse]:
        """Ask from now on until the end."""
        self._thread.start()
        try:
            yield self
        finally:
            self._ends = True
            self._thread.join(PATIENCE)
            self._answers.close()
            self._connection.close()
