"""Real servers and real clients for tests: processes and sockets on the loopback, never a sleep."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Self

# Far longer than anything takes, a server's start on a machine with a load of 30 too; a test that needs it
# has failed.
PATIENCE = 120.0

# The same for an upgrade, in which Python is started twice, on a machine that does much else.
PATIENCE_WITH_UPGRADES = 10 * PATIENCE

TWISTD = str(Path(sys.executable).with_name("twistd"))


def heed_keys() -> None:
    """
    Have a terminal's keys end the program that this process is about to become, as every terminal does.

    What runs beside others in a script, as .ci/run has it, ignores them, and so would all that it starts
    (POSIX, Shell Command Language, 2.11).
    """
    for number in signal.SIGINT, signal.SIGQUIT:
        signal.signal(number, signal.SIG_DFL)


class Reading:
    """Reads from a descriptor until something has come."""

    def __init__(self, source: IO[bytes] | socket.socket) -> None:
        self._source = source
        self._ended = False
        self.text = ""
        self.shown = ""  # what was waited for, and is forgotten otherwise

    def until(self, pattern: str, patience: float = PATIENCE) -> str:
        """Wait for a match of a regular expression; return all up to its end, and forget that."""
        end = time.monotonic() + patience
        while (found := re.search(pattern, self.text, re.MULTILINE)) is None:
            if self._ended or not self._more(end):
                raise AssertionError(f"{pattern!r} did not come; what came is {self.text!r}")
        seen, self.text = self.text[: found.end()], self.text[found.end() :]
        self.shown += seen
        return seen

    def has_told(self, pattern: str) -> bool:
        """Tell whether a match has come by now, which `until` would return at once."""
        while self._more(time.monotonic()) and not self._ended:
            pass
        return re.search(pattern, self.text, re.MULTILINE) is not None

    def rest(self) -> str:
        """Wait for the end; return what came before it."""
        end = time.monotonic() + PATIENCE
        while not self._ended:
            assert self._more(end), f"there is no end; what came is {self.text!r}"
        return self.text

    def _more(self, end: float) -> bool:
        poll = select.poll()  # select() knows no more than 1024 descriptors
        poll.register(self._source, select.POLLIN)
        if not poll.poll(max(0.0, end - time.monotonic()) * 1000):
            return False
        try:
            data = os.read(self._source.fileno(), 65536)
        except ConnectionResetError:
            data = b""
        self._ended = not data
        self.text += data.decode()
        return True


class Person(Reading):
    """Somebody who has connected with a socket."""

    def __init__(self, port: int, nick: str = "", host: str = "127.0.0.1", source: str = "") -> None:
        """``source`` is the address to come from, if it matters: all of 127.0.0.0/8 is this machine."""
        self.socket = socket.create_connection((host, port), PATIENCE, (source, 0) if source else None)
        super().__init__(self.socket)
        if nick:
            self.types(nick)
            self.until(rf"^\*\*\* You are {nick}, in #lobby.*\r\n")

    def types(self, *lines: str) -> None:
        """Type lines."""
        self.socket.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def hang_up(self) -> None:
        """Close the connection."""
        self.socket.close()

    def break_off(self) -> None:
        """Reset the connection, as a machine does that has crashed and come back."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()


class Program(Reading):
    """A client program, with what it shows."""

    def __init__(self, *command: str) -> None:
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert self.process.stdout is not None
        super().__init__(self.process.stdout)

    def types(self, *lines: str) -> None:
        """Type lines."""
        assert self.process.stdin is not None
        self.process.stdin.write("".join(f"{line}\n" for line in lines).encode())
        self.process.stdin.flush()

    def hang_up(self) -> None:
        """Give it the end of its input, and see that it ends."""
        assert self.process.stdin is not None and self.process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.process.stdout.close()


class Server(Reading):
    """A real ``twistd tcpchat`` on a free port."""

    def __init__(self, folder: Path, *options: str, listen: str = "tcp:0:interface=127.0.0.1") -> None:
        self.folder = folder
        listening = ["--listen", listen] if listen else []
        self.process = subprocess.Popen(
            [TWISTD, "-n", "--pidfile=", "tcpchat", *listening, *options],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert self.process.stdout is not None
        super().__init__(self.process.stdout)
        self.port = 0
        self._guests: list[Person | Program] = []

    def person(self, nick: str = "", host: str = "127.0.0.1", source: str = "") -> Person:
        """Somebody comes in with a socket; without a nickname they are asked for one."""
        person = Person(self.port, nick, host, source)
        self._guests.append(person)
        return person

    def program(self, *command: str) -> Program:
        """Somebody comes in with a program."""
        program = Program(*command)
        self._guests.append(program)
        return program

    def ready(self) -> Self:
        """Wait until people can come in."""
        ready = self.until(r"READY line \w+ .*:(\d+)$")
        self.port = int(ready.rpartition(":")[2])
        return self

    def terminate(self) -> int:
        """End it as an operator does; return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """End it as a power cut does."""
        self.process.kill()
        self.process.wait(PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for guest in self._guests:
            guest.hang_up()
        self.kill()
        assert self.process.stdout is not None
        log = self.shown + self.rest()
        self.process.stdout.close()
        assert "Traceback" not in log and "Unhandled" not in log, log
