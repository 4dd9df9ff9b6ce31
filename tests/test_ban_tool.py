"""``tcpchat ban`` as operators use it, with a server that runs and without one."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tcpchat import records
from tcpchat.alone import Alone
from tcpchat.names import nickname
from tcpchat.records import KeptSanction
from tests.processes import PATIENCE, Server
from tests.test_log_tools import TCPCHAT, make

STORE = "tcpchat.sqlite3"

CENTURY = 4_102_444_800_000  # 2100-01-01 00:00


def run(folder: Path, *typed: str) -> tuple[int, str]:
    """Run ``tcpchat ban``; return its status, and what it prints, or if nothing, what it complains of."""
    ended = subprocess.run(
        [TCPCHAT, "ban", *typed], cwd=folder, capture_output=True, timeout=PATIENCE, check=False
    )
    shown, complaint = ended.stdout.decode(), ended.stderr.decode()
    assert "Traceback" not in complaint and not (shown and complaint)
    return ended.returncode, shown or complaint


def sanctioned(path: Path) -> None:
    """Have a log with a ban of a room, a ban of the server, and a mute."""
    make(path)
    keys, other = nickname("eve").keys, nickname("mallory").keys
    kept = [
        KeptSanction(
            "b1", "ban", "#Dev", "eve", "anna", 1, CENTURY, "spam", keys, networks=("192.0.2.7/32",)
        ),
        KeptSanction("b2", "ban", "", "203.0.113.0/24", "carl", 2, networks=("203.0.113.0/24",)),
        KeptSanction("b3", "mute", "#Dev", "mallory", "anna", 3, None, "", other),
    ]

    async def work(store: Alone) -> None:
        for sanction in kept:
            store.log.keep(records.SANCTION, sanction.id, records.encode(sanction))

    Alone(str(path)).run(work)


LISTED = """\
ban   eve             from #Dev              until 2100-01-01 00:00  by anna  192.0.2.7/32    spam
ban   203.0.113.0/24  from the whole server  for good                by carl  203.0.113.0/24
mute  mallory         in #Dev                for good                by anna
"""


@pytest.mark.parametrize("is_running", [False, True])
def test_what_there_is_is_listed_and_lifted(tmp_path: Path, is_running: bool) -> None:
    sanctioned(tmp_path / STORE)
    with Server(tmp_path) as server:
        server.ready()
        if not is_running:
            assert server.terminate() == 0
        assert run(tmp_path, "list") == (0, LISTED)
        first, *_ = map(json.loads, run(tmp_path, "list", "--json")[1].splitlines())
        assert first == {
            "kind": "ban", "room": "#Dev", "whom": "eve", "networks": ["192.0.2.7/32"], "until": CENTURY,
            "by": "anna", "reason": "spam",
        }  # fmt: skip
        nothing = "There is no ban or mute of eve on the whole server, but in #Dev."
        assert run(tmp_path, "remove", "eve") == (64, f"tcpchat: {nothing}\n")
        assert run(tmp_path, "remove", "eve", "--room", "#dev") == (0, "Unbanned eve from #Dev.\n")
        assert run(tmp_path, "remove", "mallory", "--room", "dev") == (0, "Unmuted mallory in #Dev.\n")
        assert run(tmp_path, "remove", "203.0.113.0/24") == (0, "Unbanned 203.0.113.0/24.\n")
        assert run(tmp_path, "list") == (0, "")


def test_there_must_be_a_log(tmp_path: Path) -> None:
    for command in ("list",), ("remove", "eve"):
        status, line = run(tmp_path, *command)
        assert status == 71 and "No such file" in line
