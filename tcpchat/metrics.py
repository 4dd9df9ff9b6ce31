"""
The server's figures as Prometheus reads them: read off what is there when somebody asks, and never before.

Each is explained in docs/metrics.md, with what to do about it. No label has the name of a person or a room,
or anything else that people choose: there are as many series as are listed here, and no more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol, get_args

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector, CollectorRegistry

from tcpchat import __version__
from tcpchat.counted import Connected, Facts
from tcpchat.gate import GATE
from tcpchat.histogram import Histogram
from tcpchat.logs.commits import Commits
from tcpchat.requests import Code
from tcpchat.service import Chat
from tcpchat.tally import TALLY

PHASES = "nameless", "named", "leaving"

# What is counted under ``limit``: the names that they have in [limits], but for wrong passwords, of which
# several limits are one to who meets them.
LIMITS = (
    "connections_per_48", "connections_per_network", "connections_per_private_48",
    "connections_per_private_network", "drop_from", "minutes_of_flooding", "new_connections_per_network",
    "new_connections_per_private_network", "penalty_from", "penalty_private_from", "seconds_nameless",
    "spare_descriptors", "tls_handshakes", "tokens", "wrong_passwords",
)  # fmt: skip


class Clustered(Protocol):
    """What is known of the other nodes of a cluster."""

    @property
    def is_connected(self) -> bool:
        """Can NATS be reached?"""

    @property
    def is_fenced(self) -> bool:
        """May the others take this node for dead, so that it takes no lines?"""

    @property
    def living(self) -> int:
        """How many nodes have a lease, this one among them."""

    @property
    def publishes(self) -> Commits:
        """How it has gone to have the servers keep what is this node's."""


class Serving(NamedTuple):
    """What there is to be counted once the log is open."""

    chat: Chat
    store: Facts
    connections: Callable[[], Iterable[Connected]]
    cluster: Clustered | None


def _counter(name: str, text: str, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(f"tcpchat_{name}", text, value=value)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"tcpchat_{name}", text, value=value)


def _histogram(name: str, text: str, histogram: Histogram) -> HistogramMetricFamily:
    return HistogramMetricFamily(
        f"tcpchat_{name}", text, buckets=histogram.up_to(), sum_value=histogram.total
    )


class Figures(Collector):
    """All of them; ``serving`` is set when the log is open, and ``is_ready`` is asked each time."""

    def __init__(self, delays: Histogram, is_ready: Callable[[], bool]) -> None:
        """``delays`` are those of the reactor, in seconds."""
        self.serving: Serving | None = None
        self._delays = delays
        self._is_ready = is_ready

    def register(self) -> CollectorRegistry:
        """Return a registry that has these alone."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        return registry

    def describe(self) -> Iterable[Metric]:
        """Nothing is looked at before somebody asks."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield every figure."""
        yield InfoMetricFamily("tcpchat_build", "The version of this server.", {"version": __version__})
        yield _gauge("ready", "1 while people can come in.", self._is_ready())
        yield _histogram("reactor_delay_seconds", "How late the reactor is: all wait so long.", self._delays)
        yield from _tallied()
        if self.serving is not None:
            yield from _people(self.serving)
            yield from _log(self.serving)
            if self.serving.cluster is not None:
                yield from _cluster(self.serving.cluster)


def _tallied() -> Iterator[Metric]:
    tally = TALLY
    yield _counter("connections", "Connections that came in.", tally.connections)
    yield _counter("lines_in", "Lines that were taken from connections.", tally.lines_in)
    yield _counter("lines_out", "Entries that were shown live, once for each reader.", tally.lines_out)
    yield _counter("deliveries", "Batches that were shown live, once for each reader.", tally.deliveries)
    refusals = CounterMetricFamily(
        "tcpchat_refusals", "What was asked for and not done, by code.", labels=["code"]
    )
    for code in get_args(Code):
        refusals.add_metric([code], tally.refusals.get(code, 0))
    yield refusals
    limits = CounterMetricFamily(
        "tcpchat_limits_hit", "Times that somebody had to wait or stay out.", labels=["limit"]
    )
    for limit in LIMITS:
        limits.add_metric([limit], tally.limits.get(limit, 0))
    yield limits
    yield _counter(
        "sanitizer_escapes", "Harmful characters that the last gate stopped.", GATE.sanitizer_escape_total
    )


def _people(serving: Serving) -> Iterator[Metric]:
    chat = serving.chat
    yield _gauge("people", "People who are there; in a cluster, on all nodes.", chat.people.number)
    yield _gauge("rooms", "Rooms that are open.", chat.rooms.number)
    yield _gauge("sessions_resumable", "Sessions that can be taken up.", chat.resumable.number)
    numbers: Counter[tuple[str, bool, str]] = Counter()
    stalled = unsent = 0
    for door, encrypted, phase, size in serving.connections():
        numbers[door, encrypted, phase] += 1
        if size:
            stalled += 1
            unsent += size
    connections = GaugeMetricFamily(
        "tcpchat_connections_open", "Connections, by door and state.", labels=["door", "encrypted", "state"]
    )
    for encrypted in False, True:
        for phase in PHASES:
            label = "yes" if encrypted else "no"
            connections.add_metric(["line", label, phase], numbers["line", encrypted, phase])
    yield connections
    yield _gauge("readers_stalled", "Connections that did not take all that they were shown.", stalled)
    yield _gauge("unsent_bytes", "Bytes that wait in this process for readers.", unsent)
    yield _gauge("connections_delayed", "Connections whose lines wait.", len(chat.pacing.waiting))
    yield _gauge("lines_uncommitted", "Lines that are on their way to the log.", chat.uncommitted.number)


def _log(serving: Serving) -> Iterator[Metric]:
    store, commits = serving.store, serving.chat.log.commits
    yield InfoMetricFamily(
        "tcpchat_log",
        "What the log is, and what a shown line survives.",
        {"store": store.store, "durability": store.durability, "replicas": str(store.replicas)},
    )
    yield _gauge("log_weaknesses", "Things weaker than recommended.", store.weaknesses)
    yield _histogram("commit_seconds", "How long a commit to this node's file takes.", commits.seconds)
    yield _histogram("commit_items", "How many items a commit holds.", commits.items)
    yield _counter("commit_failures", "Commits that could not be made.", commits.failures)


def _cluster(cluster: Clustered) -> Iterator[Metric]:
    publishes = cluster.publishes
    yield _gauge("cluster_connected", "1 while NATS can be reached.", cluster.is_connected)
    yield _gauge("cluster_fenced", "1 while this node may not take lines.", cluster.is_fenced)
    yield _gauge("cluster_nodes", "Nodes that have a lease, this one among them.", cluster.living)
    yield _histogram("publish_seconds", "How long a quorum takes to have a batch.", publishes.seconds)
    yield _histogram("publish_items", "How many items a published batch holds.", publishes.items)
    yield _counter("publish_failures", "Batches of which a try was not acknowledged.", publishes.failures)
