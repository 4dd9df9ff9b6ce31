"""A tool has its work done whether a server has the store, comes just now, goes, or is not there."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tcpchat import asking
from tcpchat.asking import ask
from tcpchat.control_path import control_path
from tcpchat.logs.interface import CannotOpen, InUse
from tcpchat.tool_orders import Account, AddAccount, Done, ListAccounts
from tcpchat.tools import WrongUsage
from tests.processes import PATIENCE, Server
from tests.test_log_tools import limited, make
from tests.test_tool_orders import HASH

STORE = "tcpchat.sqlite3"


def accounts(path: Path) -> list[str]:
    """Return the nicknames that are listed."""
    return [answer.nickname for answer in ask(str(path), ListAccounts()) if isinstance(answer, Account)]


def test_without_a_server_and_with_one_it_is_the_same(tmp_path: Path) -> None:
    path = make(tmp_path / STORE)
    assert ask(str(path), AddAccount("ada", HASH)) == [Done("Added the account ada.")]
    with Server(tmp_path) as server:
        server.ready()
        assert ask(str(path), AddAccount("bob", HASH)) == [Done("Added the account bob.")]
        with pytest.raises(WrongUsage, match='"bob" is taken'):
            ask(str(path), AddAccount("bob", HASH))
        assert accounts(path) == ["ada", "bob"]
        server.kill()
    assert accounts(path) == ["ada", "bob"]
    with pytest.raises(WrongUsage, match='"bob" is taken'):
        ask(str(path), AddAccount("bob", HASH))


def test_what_a_server_has_said_is_done_outlives_its_sudden_end(tmp_path: Path) -> None:
    path = tmp_path / STORE
    with Server(tmp_path) as server:
        server.ready()
        ask(str(path), AddAccount("ada", HASH))
        server.kill()
    assert (tmp_path / "tcpchat.sqlite3.control").is_socket()
    assert accounts(path) == ["ada"]


def test_while_a_server_starts_and_ends_again_and_again_each_order_is_carried_out_once(
    tmp_path: Path,
) -> None:
    path = make(tmp_path / STORE)
    added: list[str] = []
    errors: list[Exception] = []
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            nick = f"ada-{len(added)}"
            try:
                ask(str(path), AddAccount(nick, HASH))
            except InUse as error:
                errors.append(error)  # a server that ended before it answered
            added.append(nick)
            over.wait(0.03)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        for _ in range(3):
            with Server(tmp_path) as server:
                server.ready()
                assert server.terminate() == 0
    finally:
        over.set()
        worker.join()
    assert errors == []
    assert sorted(accounts(path)) == sorted(added)
    assert len(added) > 3


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Have the store, as a server that does not answer yet."""
    with open(f"{path}.lock", "w+b") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.pwrite(lock.fileno(), b"4711\n", 0)
        yield


def test_who_has_the_store_and_does_not_answer_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make(tmp_path / STORE)
    monkeypatch.setattr(asking, "WAIT_FOR_SERVER", 0.2)
    with (
        held(path),
        pytest.raises(InUse, match=r"in use by another server \(process 4711\).*sqlite3\.control"),
    ):
        ask(str(path), ListAccounts())
    assert accounts(path) == []


@pytest.mark.parametrize("answered", [b"", b'{"answer":"done"', b"\xff\n", b'{"answer":"account"}\n'])
def test_a_server_that_ends_before_it_has_answered(tmp_path: Path, answered: bytes) -> None:
    path = make(tmp_path / STORE)
    with held(path), closing(socket.socket(socket.AF_UNIX)) as listening:
        listening.bind(control_path(str(path)))
        listening.listen()

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(answered)

        server = threading.Thread(target=serve)
        server.start()
        with pytest.raises(InUse, match="has not said whether it is done"):
            ask(str(path), AddAccount("ada", HASH))
        server.join()


def test_a_log_that_is_not_there_or_of_somebody_else(tmp_path: Path) -> None:
    with pytest.raises(CannotOpen, match="No such file"):
        ask(str(tmp_path / STORE), ListAccounts())
    assert not list(tmp_path.iterdir())


FILL = f"""
from tcpchat.asking import ask
from tcpchat.tool_orders import AddAccount

for number in range(1000):
    ask({STORE!r}, AddAccount(f"ada{{number}}", {HASH!r}))
    print(f"ada{{number}}", flush=True)
"""


def test_a_full_disk_says_so_and_nothing_has_changed(tmp_path: Path) -> None:
    path = make(tmp_path / STORE)
    ended = subprocess.run(
        [*limited(40), sys.executable, "-c", FILL],
        cwd=tmp_path, capture_output=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert b"NotWritten: The log tcpchat.sqlite3 cannot be written, and nothing was changed." in ended.stderr
    added = ended.stdout.decode().split()
    assert 0 < len(added) < 1000
    assert sorted(accounts(path)) == sorted(added)
