"""What a cluster is measured with works, in small; and its figures are put as they are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.cluster import Load, loads, ratio, row, used
from benchmarks.runs import NoFigures
from benchmarks.shares import shares
from tests.processes import PATIENCE

# Tells of which share of a core it has had, while it took all that it got for a second.
BUSY = """
import sys, time
sys.stdin.read()
began, before = time.monotonic(), time.process_time()
while time.monotonic() < began + 1:
    pass
print((time.process_time() - before) / (time.monotonic() - began))
"""


def figures(messages: float, busy: list[float]) -> dict[str, Any]:
    load = loads(1000, 5000, 10)[len(busy)]
    deliveries = messages * load.receivers
    return {
        "messages_per_s": messages, "deliveries_per_s": deliveries, "alone": deliveries / max(busy),
        "p50_ms": 2.345, "p99_ms": 19.99, "nodes_busy": busy, "nats_busy": 0.5, "load_busy": 0.25, "ok": True,
    }  # fmt: skip


def test_in_each_room_somebody_is_silent_and_hears_the_others() -> None:
    paced, one, two = loads(1000, 5000, 10)
    assert (paced.rooms, paced.receivers, "--senders=900" in paced.options) == (100, 9, True)
    assert (one.nodes, two.nodes, one.receivers) == (1, 2, 999)


def test_a_run_is_a_row() -> None:
    load = Load("A1000", 2, 1000, 1, ())
    assert row(load, figures(1000, [0.8, 0.5])) == (
        "| A1000 | 2 | 1,000 | 999,000 | 2.3 | 20.0 | 0.80, 0.50 | 0.50 | 0.25 | 1,248,750 | yes |"
    )


def test_what_a_second_node_brought_is_said_as_measured_and_as_it_would_be() -> None:
    _, one, two = loads(1000, 5000, 10)
    assert ratio([(one, figures(1000, [1.0]))]) == ""
    runs = [(one, figures(1000, [1.0])), (two, figures(1100, [0.5, 0.55]))]
    assert ratio(runs) == "2 nodes against 1: 1.10 times on this machine, 2.00 times with a core for each."


def test_with_a_share_for_each_it_is_said_what_the_second_one_brought() -> None:
    *_, one, two = loads(1000, 5000, 10, 0.45)
    assert (one.name, one.nodes, two.nodes, two.share) == ("A1000, 45% of a core each", 1, 2, 0.45)
    runs = [(one, figures(1000, [0.45])), (two, figures(1700, [0.45, 0.45]))]
    assert ratio(runs) == "2 nodes against 1, where each has 45% of a core: 1.70 times."


def test_a_process_with_a_share_of_a_core_uses_no_more() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as busy:
        try:
            with shares([busy.pid], 0.2):
                told, _ = busy.communicate(b"go", PATIENCE)
                assert float(told) < 0.3
        except NoFigures as why:
            assert "no shares of a core are to be had" in str(why)
            busy.kill()


def test_the_cpu_of_a_process_is_known() -> None:
    assert used(1) >= 0.0


def test_it_runs_in_small() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks.cluster", "--people", "40", "--rate", "100", "--duration", "1"],
        cwd=Path(__file__).parent.parent, capture_output=True, timeout=6 * PATIENCE, check=False,
    )  # fmt: skip
    shown = ended.stdout.decode()
    assert ended.returncode == 0, (shown, ended.stderr)
    assert shown.count("| yes |") == 3 and "2 nodes against 1: " in shown
