"""A server's figures at a glance: two readings of its page, as a few lines for people. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from tcpchat.text import clean

Labels = frozenset[tuple[str, str]]

# Seconds that nobody should have to wait: how often they do is shown.
LATE = "0.05"

NOTHING = "-"


class NoFigures(Exception):
    """What was read are no figures of a tcpchat; the text is a part of a sentence that says why."""


class Reading(NamedTuple):
    """What a page of figures said, at a time in seconds, and what `/healthz` said: empty if all was well."""

    at: float
    values: Mapping[tuple[str, Labels], float]
    wrong: str

    def get(self, name: str, **labels: str) -> float:
        """Return a figure: the sum of all that have these labels; 0 if there is none."""
        wanted = labels.items()
        return sum(
            value
            for (known, has), value in self.values.items()
            if known == f"tcpchat_{name}" and wanted <= has
        )

    def label(self, name: str, label: str) -> str:
        """Return a label of a figure, of which there is one."""
        return next(
            (
                clean(value)
                for known, labels in self.values
                if known == f"tcpchat_{name}"
                for key, value in labels
                if key == label
            ),
            "?",
        )


def reading(at: float, page: str, wrong: str) -> Reading:
    """
    Return what a page says that was read at a time.

    Raises:
        NoFigures: it is no such page.
    """
    try:
        families = list(text_string_to_metric_families(page))
    except Exception as error:  # of the parser, of which each kind of nonsense has its own
        raise NoFigures("what is there are no figures") from error
    values = {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
        if sample.name.startswith("tcpchat_")
    }
    if ("tcpchat_ready", frozenset()) not in values:
        raise NoFigures("what is there are no figures of tcpchat")
    return Reading(at, values, clean(wrong))


class _Between:
    """What happened between two readings; nothing is known of that if the server was started anew."""

    def __init__(self, before: Reading, now: Reading) -> None:
        self._before = before
        self._now = now
        self._seconds = now.at - before.at
        start = "process_start_time_seconds"
        self._is_known = self._seconds > 0 and before.get(start) == now.get(start)

    def more(self, name: str, **labels: str) -> float:
        """Return by how much a figure grew."""
        return self._now.get(name, **labels) - self._before.get(name, **labels)

    def rate(self, name: str) -> str:
        """Return by how much a figure grew in a second."""
        return f"{self.more(name) / self._seconds:.1f}" if self._is_known else NOTHING

    def mean(self, name: str, scale: float, unit: str) -> str:
        """Return what a histogram's figures were on average."""
        number = self.more(f"{name}_count")
        if not (self._is_known and number):
            return NOTHING
        return f"{self.more(f'{name}_sum') / number * scale:.1f}{unit}"

    def late(self) -> str:
        """Return how often the reactor was late."""
        number = self.more("reactor_delay_seconds_count")
        if not (self._is_known and number):
            return NOTHING
        in_time = self.more("reactor_delay_seconds_bucket", le=LATE)
        return f"{100 * (1 - in_time / number):.1f} %"

    def core(self) -> str:
        """Return how much of a core the process used."""
        if not self._is_known:
            return NOTHING
        return f"{100 * self.more('process_cpu_seconds_total') / self._seconds:.0f} %"


def _count(number: float, one: str, many: str) -> str:
    return f"{number:.0f} {one if number == 1 else many}"


def lines(where: str, before: Reading, now: Reading) -> list[str]:
    """Return what is shown of the server at an address; ``before`` is an earlier reading."""
    between = _Between(before, now)
    get = now.get

    def states(state: str) -> float:
        return get("connections_open", state=state)

    memory = get("process_resident_memory_bytes") / 2**20
    replicas = _count(float(now.label("log_info", "replicas").replace("?", "0")), "replica", "replicas")
    is_ready = "people can come in" if get("ready") else "nobody can come in"
    if get("ready") and now.wrong:  # who is there can read, but whoever comes in has to be written down
        is_ready = "nobody new can come in"
    rows = [
        ("people", f"{get('people'):.0f}",
         f"in {_count(get('rooms'), 'room', 'rooms')}, "
         f"{_count(get('sessions_resumable'), 'session', 'sessions')}"),
        ("connections", f"{get('connections_open'):.0f}",
         f"{states('named'):.0f} named, {states('nameless'):.0f} nameless, {states('leaving'):.0f} leaving;"
         f" {get('connections_open', encrypted='yes'):.0f} with TLS"),
        ("stalled", f"{get('readers_stalled'):.0f}",
         f"{get('unsent_bytes'):.0f} bytes wait for them,"
         f" {get('connections_delayed'):.0f} wait for their budget"),
        ("lines in", between.rate("lines_in_total"), "a second"),
        ("lines out", between.rate("lines_out_total"),
         f"a second, in {between.rate('deliveries_total')} deliveries"),
        ("refused", between.rate("refusals_total"),
         f"a second; {between.rate('limits_hit_total')} limits hit"),
        ("commit", between.mean("commit_seconds", 1000, " ms"),
         f"on average, {between.rate('commit_seconds_count')} a second,"
         f" {between.mean('commit_items', 1, '')} items each, {get('commit_failures_total'):.0f} failed"),
        ("reactor", between.mean("reactor_delay_seconds", 1000, " ms"),
         f"late on average, {between.late()} over 50 ms"),
        ("process", between.core(),
         f"of a core, {memory:.0f} MiB, {get('process_open_fds'):.0f} descriptors"
         f" of {get('process_max_fds'):.0f}"),
        ("log", now.label("log_info", "store"),
         f"durability {now.label('log_info', 'durability')}, {replicas}, "
         f"{now.wrong or 'written well'}"),
    ]  # fmt: skip
    if get("cluster_nodes"):
        cut = "cut off" if get("cluster_fenced") or not get("cluster_connected") else "connected"
        rows.append(
            ("cluster", f"{get('cluster_nodes'):.0f}",
             f"nodes, this one {cut}; {between.mean('publish_seconds', 1000, ' ms')} to publish")
        )  # fmt: skip
    version = now.label("build_info", "version")
    return [
        f"tcpchat, version {version} at {where}: {is_ready}",
        "",
        *(f"  {name:<11}{figure:>10}    {text}" for name, figure, text in rows),
    ]
