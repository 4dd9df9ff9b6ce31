"""
In the place of this program another one is executed, in the same process, with descriptors that stay open.

So nobody is told of another process: not systemd, a shell, a container of which this is the first process,
nor whoever reads a pidfile. What is handed on is in a file in memory.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

import msgspec
from twisted.internet.endpoints import AdoptedStreamServerEndpoint

from tcpchat import handed
from tcpchat.adopting import Listening
from tcpchat.started import Started

# What says in the environment which descriptor that is.
VARIABLE = "TCPCHAT_HANDED_ON"

# systemd's first descriptor (sd_listen_fds(3)).
FIRST_PASSED = 3

# What would end a process that does not yet know what to do about it.
SIGNALS = frozenset((signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGUSR2))


def passed(ports: Sequence[Listening], started: Started) -> dict[str, str]:
    """Return what has to be in the environment of sockets that systemd has passed."""
    numbers = [number for port in ports if (number := _passed_as(port)) is not None]
    names = started.environment.get("LISTEN_FDNAMES", "")
    many = names.count(":") + 1 if names else max(numbers, default=0) - FIRST_PASSED + 1
    return {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(many)} if numbers else {}


def become(it: handed.Handed, memory: int, ports: Sequence[Listening], started: Started) -> NoReturn:
    """
    Be the new version from here on, which goes on with ``it``, and with these ports.

    ``memory`` is what `in_memory` has returned.

    Raises:
        OSError: the system does not let it be.
    """
    # None of them is to end it while it does not yet know what to do about it.
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    environment = passed(ports, started)
    least = FIRST_PASSED + int(environment.get("LISTEN_FDS", "0"))
    it = msgspec.structs.replace(
        it,
        ports=[
            handed.Port(port.description, _kept(port.port.socket.fileno(), least))
            for port in ports
            if _passed_as(port) is None
        ],
        connections=[
            msgspec.structs.replace(each, descriptor=_kept(each.descriptor, least)) for each in it.connections
        ],
        tool=None if it.tool is None else _kept(it.tool, least),
    )
    with open(memory, "wb", closefd=False) as file:
        file.write(handed.encode(it))
    os.lseek(memory, 0, os.SEEK_SET)
    environment[VARIABLE] = str(_kept(memory, least))
    for port in ports:
        if lock := getattr(port.port, "lockFile", None):
            with suppress(OSError, ValueError):  # somebody has removed it
                lock.unlock()  # it is taken again, as if by another process
    _pass_on(ports, least)
    if started.pidfile:
        with suppress(OSError):
            os.unlink(started.pidfile)  # twistd would take itself for another server
    os.chdir(started.folder)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(started.command[0], started.command, {**started.environment, **environment})


def _passed_as(port: Listening) -> int | None:
    """Return as which descriptor systemd has passed a socket, if it has."""
    endpoint = getattr(port.endpoint, "_wrappedEndpoint", port.endpoint)  # behind a haproxy:
    return endpoint.fileno if isinstance(endpoint, AdoptedStreamServerEndpoint) else None


def _pass_on(ports: Sequence[Listening], least: int) -> None:
    """Put the sockets that systemd has passed where it puts them."""
    found = [(port.port.socket.fileno(), _passed_as(port)) for port in ports]
    # First away from where others are to be put.
    away = [(fcntl.fcntl(old, fcntl.F_DUPFD_CLOEXEC, least), new) for old, new in found if new is not None]
    for old, new in away:
        os.dup2(old, new, inheritable=True)


def _kept(descriptor: int, least: int) -> int:
    """Return a descriptor of the same, from a number on, that stays open in the next program."""
    if descriptor < least:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD, least)
    os.set_inheritable(descriptor, True)
    return descriptor


def in_memory() -> int:
    """
    Return the descriptor of a file that is nowhere but in memory, for what is handed on.

    Raises:
        OSError: there are too many descriptors, or the system has no such files.
    """
    return os.memfd_create("tcpchat")


def received() -> handed.Handed | None:
    """
    Return what the program before this one has handed on, if there was one.

    Raises:
        NotRead: this version does not understand it.
    """
    number = os.environ.pop(VARIABLE, "")
    if not number:
        return None
    with open(int(number), "rb") as file:
        it = handed.decode(file.read())
    for descriptor in [*(port.descriptor for port in it.ports), *(it.descriptor for it in it.connections)]:
        os.set_inheritable(descriptor, False)
    return it


def hear_signals() -> None:
    """Let signals come again that the program before this one has blocked."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
