"""A store without a server: opened only where there is one, written whole, closed, and then free again."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred

from tcpchat.administration import carry_out
from tcpchat.alone import Alone
from tcpchat.logs.interface import CannotOpen, Damaged, InUse
from tcpchat.tool_orders import AddAccount, Answer, Done, ListAccounts, Order
from tests.processes import PATIENCE
from tests.test_log_tools import limited, make
from tests.test_tool_orders import HASH


def ask(path: Path, order: Order) -> list[Answer]:
    """Have an order carried out on a store."""
    return Alone(str(path)).run(lambda store: carry_out(store, order))


@pytest.mark.parametrize("version", [(), (1,)])
def test_what_is_done_is_there_the_next_time(tmp_path: Path, version: tuple[int, ...]) -> None:
    path = make(tmp_path / "log", *version)
    assert ask(path, AddAccount("ada", HASH)) == [Done("Added the account ada.")]
    account, _ = ask(path, ListAccounts())
    assert getattr(account, "nickname", "") == "ada"
    assert not (tmp_path / "log-wal").exists()
    with closing(sqlite3.connect(path)) as database:
        (body,) = database.execute(
            "select body from entry join stream on stream = id where name = '#audit'"
        ).fetchone()
        assert "added the account ada" in body


def test_there_must_be_a_store(tmp_path: Path) -> None:
    with pytest.raises(CannotOpen, match="No such file"):
        Alone(str(tmp_path / "log"))
    assert os.listdir(tmp_path) == []
    (tmp_path / "log").write_bytes(b"Dear Ada, this is no log.\n" * 100)
    with pytest.raises(Damaged, match="not a log of tcpchat"):
        Alone(str(tmp_path / "log"))
    assert os.listdir(tmp_path) == ["log"]


def test_nobody_else_has_the_store_meanwhile(tmp_path: Path) -> None:
    path = make(tmp_path / "log")

    async def work(store: Alone) -> None:
        with pytest.raises(InUse):
            Alone(str(path))

    Alone(str(path)).run(work)
    Alone(str(path)).run(work)


def test_work_that_fails_closes_the_store_too(tmp_path: Path) -> None:
    path = make(tmp_path / "log")

    async def work(store: Alone) -> None:
        raise LookupError("nothing there")

    for _ in range(2):
        with pytest.raises(LookupError):
            Alone(str(path)).run(work)


FILL = f"""
from tcpchat import tool_orders
from tcpchat.administration import carry_out
from tcpchat.alone import Alone

async def fill(store):
    for number in range(1000):
        await carry_out(store, tool_orders.AddAccount(f"ada{{number}}", {HASH!r}))
        print(f"ada{{number}}", flush=True)

Alone("log").run(fill)
"""


def test_what_a_full_disk_does_not_take_is_refused_whole(tmp_path: Path) -> None:
    path = make(tmp_path / "log")
    ended = subprocess.run(
        [*limited(256), sys.executable, "-c", FILL],
        cwd=tmp_path, capture_output=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert b"NotKept" in ended.stderr, ended
    *accounts, _ = ask(path, ListAccounts())
    added = ended.stdout.decode().split()
    assert 0 < len(added) < 1000
    assert sorted(added) == [getattr(account, "nickname", "") for account in accounts]


def test_nobody_is_there(tmp_path: Path) -> None:
    async def work(store: Alone) -> None:
        assert not store.is_here("s1")
        answer: Deferred[bytes | None] = store.log.record("account", "s1")
        assert await answer is None

    Alone(str(make(tmp_path / "log"))).run(work)
