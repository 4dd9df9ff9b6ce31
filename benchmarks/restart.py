"""
A restart with many people connected by our client: how long until all are back, and is anything lost?

    python -m benchmarks.restart [PEOPLE]

Somebody says numbered lines all the time. The server is ended by SIGTERM and started again, while its
port stays open, as with systemd's socket. All are links of the client (tcpchat/client/link.py), in one
process, each with its own random pauses. In the end everybody must have read every line once, and in order.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from itertools import islice
from pathlib import Path

from twisted.internet.epollreactor import EPollReactor

from tcpchat.client.address import Address
from tcpchat.client.conversation import Conversation
from tcpchat.client.happenings import Entry, Happening, Online
from tcpchat.client.link import Link
from tcpchat.client.way import endpoint
from tests.activated import Manager

# Seconds between two lines, until the server is ended, and for the last lines to come in the end.
EACH = 0.2
BEFORE = 2.0
LONGEST = 120.0

# How many connect at once: each is greeted, and everybody is told.
AT_ONCE = 20


class Reader:
    """One of many, as far as it is counted."""

    def __init__(self, restart: Restart, nick: str) -> None:
        self.read: list[int] = []
        self.welcomes = 0
        self.is_back = False
        self.link = Link(
            restart.reactor, endpoint(restart.reactor, restart.address), Conversation([nick]),
            partial(self._happened, restart), random.uniform,
        )  # fmt: skip

    def _happened(self, restart: Restart, happened: Sequence[Happening]) -> None:
        for it in happened:
            match it:
                case Online(is_back=is_back):
                    self.welcomes += 1
                    self.is_back = is_back
                    restart.came()
                case Entry(fields) if fields["type"] == "message":
                    self.read.append(int(fields["text"]))
                case _:
                    pass


class Restart:
    """One measurement."""

    def __init__(self, people: int, manager: Manager) -> None:
        self.reactor = EPollReactor()
        self.address = Address("127.0.0.1", manager.port.getsockname()[1])
        self.manager = manager
        self.readers = [Reader(self, f"reader{number}") for number in range(people)]
        self.said = 0
        self.came_back: list[float] = []  # seconds after the signal
        self._began = 0.0
        self._to_start = iter(self.readers)
        self._is_ended = False

    def run(self) -> None:
        """Have all come in, restart the server, and wait until all have read everything."""
        self.reactor.callWhenRunning(self._let_in)
        self.reactor.callLater(LONGEST + 0.1 * len(self.readers), self.reactor.stop)
        self.reactor.run(installSignalHandlers=False)

    def _let_in(self) -> None:
        for reader in islice(self._to_start, AT_ONCE):
            reader.link.start()

    def came(self) -> None:
        """Somebody is in, or back."""
        if self._began:
            self.came_back.append(time.monotonic() - self._began)
        elif (come := sum(reader.welcomes > 0 for reader in self.readers)) == len(self.readers):
            self._say()
            self.reactor.callLater(BEFORE, self.reactor.callInThread, self._restart)
        elif come % AT_ONCE == 0:
            self._let_in()

    def _say(self) -> None:
        self.readers[0].link.ask("say", room="#lobby", text=str(self.said))
        self.said += 1
        if len(self.came_back) < len(self.readers):
            self.reactor.callLater(EACH, self._say)
        else:
            self._until_all_is_read()

    def _restart(self) -> None:
        self._began = time.monotonic()
        self.manager.stop()
        self.manager.start("--limits", "off")

    def _until_all_is_read(self) -> None:
        if all(len(reader.read) >= self.said for reader in self.readers):
            self.reactor.stop()
        else:
            self.reactor.callLater(EACH, self._until_all_is_read)


def main() -> int:
    """Measure, and print it; return the exit status: 1 if anything was lost, or came twice."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.restart")
    parser.add_argument("people", type=int, nargs="?", default=1000)
    typed = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Manager(Path(folder)) as manager:
        manager.start("--limits", "off")
        restart = Restart(typed.people, manager)
        restart.run()
        manager.stop()
    back = sorted(restart.came_back)
    wrong = [reader for reader in restart.readers if reader.read != list(range(restart.said))]
    anew = sum(not reader.is_back for reader in restart.readers)
    print(
        f"{len(back)} of {typed.people} came back, {anew} of them anew:"
        f" half within {back[len(back) // 2]:.1f} s, all within {back[-1]:.1f} s."
        f" Each was to read {restart.said} lines; {len(wrong)} readers have not read all, once and in order."
    )
    return bool(wrong or anew or len(back) != typed.people)


if __name__ == "__main__":
    sys.exit(main())
