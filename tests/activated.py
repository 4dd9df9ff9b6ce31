"""For tests: a server started as systemd starts one whose port it holds itself (sd_listen_fds, sd_notify)."""

from __future__ import annotations

import os
import queue
import socket
import subprocess
import threading
from pathlib import Path
from typing import Self

from tests.processes import PATIENCE, TWISTD, Reading

# The first descriptor that is passed on.
FIRST = 3

# What systemd's own start of a process does: put the socket where it is looked for, and say whose it is.
START = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES=sys.argv[2])
os.environ["WATCHDOG_PID"] = str(os.getpid())
os.execv(sys.argv[3], sys.argv[3:])
"""


class Manager:
    """A service manager that holds a port, and hears what the service says."""

    name = "tcpchat"

    def __init__(self, folder: Path, watchdog: float = 30.0) -> None:
        """``watchdog`` is how many seconds the service may be silent."""
        self.folder = folder
        self.port = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True, backlog=4096)
        self.notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notified.bind(str(folder / "notify"))
        self._said: queue.SimpleQueue[list[str]] = queue.SimpleQueue()
        # Whatever nobody waits for is taken, too: there is little room for what is not.
        self._listening = threading.Thread(target=self._listen, daemon=True)
        self._listening.start()
        self._watchdog = watchdog
        self._service: subprocess.Popen[bytes] | None = None
        self.log = ""

    def start(self, *options: str) -> subprocess.Popen[bytes]:
        """Start the service, and wait until it says that it is ready."""
        listen = f"systemd:domain=INET6:name={self.name}"
        command = [TWISTD, "-n", "--pidfile=", "tcpchat", "--listen", listen, *options]
        descriptor = os.dup(self.port.fileno())
        environment = os.environ | {
            "NOTIFY_SOCKET": str(self.folder / "notify"),
            "WATCHDOG_USEC": str(int(self._watchdog * 1e6)),
        }
        self._service = subprocess.Popen(
            ["python3", "-c", START, str(descriptor), self.name, *command],
            cwd=self.folder, pass_fds=[descriptor], env=environment,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        os.close(descriptor)
        assert self.hears("READY=1")[1] == f"MAINPID={self._service.pid}"
        return self._service

    def _listen(self) -> None:
        while said := self.notified.recv(4096):
            self._said.put(said.decode().split("\n"))

    def hears(self, first: str) -> list[str]:
        """Wait until the service says something that begins so; return its lines."""
        while True:
            lines = self._said.get(timeout=PATIENCE)
            if lines[0] == first:
                return lines

    def stop(self) -> int:
        """End the service as systemd does; return its exit status."""
        assert self._service is not None and self._service.stdout is not None
        self._service.terminate()
        self.hears("STOPPING=1")
        status = self._service.wait(PATIENCE)
        self.log += Reading(self._service.stdout).rest()
        self._service.stdout.close()
        self._service = None
        return status

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._service is not None and self._service.stdout is not None:
            self._service.kill()
            self._service.wait(PATIENCE)
            self._service.stdout.close()
        self.port.close()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self.notified.getsockname())  # ends the listening
        self._listening.join()
        self.notified.close()
