"""The workloads: who is there, who talks, and how much."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

# A log of so many entries is what the one of `L0` is compared with, and of so many in a quick run.
MANY_ENTRIES = 10_000_000
SOME_ENTRIES = 2_000


@dataclass(frozen=True)
class Load:
    """One workload; ``options`` are chatload's."""

    name: str
    what: str
    shows: Literal["talk", "logins", "memory"]
    clients: int
    rooms: int = 1
    senders: int = 0  # everybody, if 0
    options: tuple[str, ...] = ()
    reference: str = ""  # the server whose cost in the same round is 1
    servers: tuple[str, ...] = ()  # all, if empty
    slow: tuple[str, ...] = ()  # servers into which so many come only in a minute or more
    entries: int = 0  # that the log holds already
    quickly: tuple[int, int] = 60, 1  # clients and rooms of a quick run

    def is_for(self, server: str) -> bool:
        """Say whether it is run with a server."""
        return server not in self.slow and server in (self.servers or (server,))

    def arguments(self) -> list[str]:
        """Return chatload's arguments."""
        numbers = {"clients": self.clients, "rooms": self.rooms, "senders": self.senders or self.clients}
        return [*(f"--{name}={number}" for name, number in numbers.items()), *self.options]

    def quick(self) -> Load:
        """Return a small one of the same kind."""
        clients, rooms = self.quickly
        return replace(
            self, clients=clients, rooms=rooms, slow=(), entries=min(self.entries, SOME_ENTRIES),
            options=(*self.options, "--duration=0.5", "--warmup=0"),
        )  # fmt: skip


def _paced(rate: int) -> tuple[str, ...]:
    return f"--rate={rate}", "--duration=4", "--warmup=0.5"


LOADS = {
    load.name: load
    for load in (
        Load("P", "50 messages a second into a room of 1,000", "talk", 1000, senders=4,
             options=_paced(50), reference="climit direct"),
        Load("PB", "3,000 messages a second in 100 rooms of 10", "talk", 1000, rooms=100,
             options=_paced(3000), reference="climit direct", quickly=(60, 6)),
        Load("A1000n0", "as much as it can: 4 people talk to 1,000, 16 messages of each on their way",
             "talk", 1000, senders=4, options=("--window=16", "--duration=2"), reference="climit tick"),
        Load("A5000", "as much as it can: 4 people talk to 5,000, 4 messages of each on their way",
             "talk", 5000, senders=4, reference="climit tick",
             options=("--window=4", "--duration=4", "--nap=5", "--drain=30"),
             slow=("ngIRCd", "ircd-hybrid", "twisted.words")),
        Load("B", "as much as it can: 100 rooms of 10, and all talk", "talk", 1000, rooms=100,
             options=("--window=1", "--duration=3"), reference="climit tick", quickly=(60, 6)),
        Load("E", "as much as it can: 100 people in one room, and all talk", "talk", 100,
             options=("--window=1", "--duration=3"), reference="climit tick", quickly=(30, 1)),
        Load("C", "2,000 people come into 200 rooms", "logins", 2000, rooms=200, senders=1,
             options=("--messages=1", "--burst=200"), reference="climit tick", quickly=(200, 20)),
        Load("D", "5,000 people in 500 rooms, and nobody talks", "memory", 5000, rooms=500, senders=1,
             options=("--idle", "--duration=2", "--burst=1000"), reference="climit tick",
             quickly=(200, 20)),
        Load("P100", "20 messages a second into a room of 100", "talk", 100, senders=4,
             options=_paced(20), reference="climit direct", servers=("tcpchat", "climit direct")),
        Load("P5000", "20 messages a second into a room of 5,000", "talk", 5000, senders=4,
             options=_paced(20), reference="climit direct", servers=("tcpchat", "climit direct")),
        Load("L0", "PB on an empty log", "talk", 1000, rooms=100, options=_paced(3000),
             servers=("tcpchat",), quickly=(60, 6)),
        Load("LN", f"PB on a log of {MANY_ENTRIES:,} entries", "talk", 1000, rooms=100,
             options=_paced(3000), servers=("tcpchat",), entries=MANY_ENTRIES, quickly=(60, 6)),
    )
}  # fmt: skip
