"""``tcpchat upgrade`` where there is nothing that it could upgrade."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.commands import TCPCHAT
from tests.processes import PATIENCE


def run_tool(folder: Path, *words: str) -> tuple[int, str, str]:
    """Return with which status it ends, and what it prints."""
    done = subprocess.run(
        [TCPCHAT, *words], cwd=folder, capture_output=True, text=True, timeout=10 * PATIENCE
    )
    return done.returncode, done.stdout, done.stderr


def test_nodes_of_a_cluster_and_logs_in_memory_are_refused(tmp_path: Path) -> None:
    for store, why in (
        ("nats://127.0.0.1:4222", "Nodes of a cluster are upgraded by restarting them one after the other."),
        ("memory:", "There is no store 'memory:' to work on"),
    ):
        status, said, wrong = run_tool(tmp_path, "upgrade", "--store", store)
        assert (status, said) == (64, "") and wrong.startswith(f"tcpchat: {why}")


def test_where_there_is_no_log_there_is_no_server(tmp_path: Path) -> None:
    status, said, wrong = run_tool(tmp_path, "upgrade")
    assert (status, said) == (71, "") and wrong.count("\n") == 1
