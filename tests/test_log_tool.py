"""``tcpchat log`` as operators use it: what it prints, and one clear line for what cannot be."""

from __future__ import annotations

import hashlib
import json
import os
import pty
import subprocess
import termios
from pathlib import Path

import pytest

from tests.processes import PATIENCE, Reading, Server
from tests.test_log_tools import TCPCHAT, change, make, refusal, run

COMMANDS = ("dump",), ("check",), ("backup", "copy")

KEYS = "epoch", "room", "seq", "time", "type", "from", "text"


def dumped(folder: Path, *options: str) -> list[dict[str, str | int]]:
    """Return what is printed of a log."""
    status, shown, complaint = run(folder, "dump", *options)
    assert (status, complaint) == (0, "")
    return [json.loads(line) for line in shown.splitlines()]


def contents(folder: Path) -> dict[str, tuple[str, int]]:
    """Return a digest of each file, and when it was changed; not of SQLite's own memory."""
    return {
        path.name: (hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns)
        for path in folder.iterdir()
        if path.is_file() and path.stat().st_size and not path.name.endswith("-shm")
    }


# Dump.


@pytest.mark.parametrize("version", [1, 3])
def test_rooms_are_printed_by_name_and_entries_by_number(tmp_path: Path, version: int) -> None:
    make(tmp_path / "tcpchat.sqlite3", version)
    assert [tuple(entry) for entry in dumped(tmp_path)] == [KEYS] * 6
    assert [tuple(entry.values()) for entry in dumped(tmp_path)] == [
        ("first", "Dev", 1, "2026-11-21T10:00:00.124Z", "topic", "ada", "engines"),
        ("first", "lobby", 1, "2026-11-21T10:00:00.124Z", "joined", "ada", ""),
        ("first", "lobby", 2, "2026-11-21T10:00:00.125Z", "message", "ada", "hello\nworld"),
        ("first", "lobby", 3, "2026-11-21T10:00:00.126Z", "action", "ada", "waves"),
        ("first", "lobby", 4, "2026-11-21T10:00:00.127Z", "renamed", "ada", "lovelace"),
        ("first", "lobby", 5, "2026-11-21T10:00:00.128Z", "left", "lovelace", "lunch"),
    ]


def test_private_messages_are_printed_when_they_are_asked_for(tmp_path: Path) -> None:
    make(tmp_path / "tcpchat.sqlite3")
    assert "psst" not in run(tmp_path, "dump")[1]
    *rooms, private = dumped(tmp_path, "--private")
    assert rooms == dumped(tmp_path)
    assert tuple(private) == (*KEYS, "to")
    assert tuple(private.values()) == (
        "first", "@s2", 1, "2026-11-21T10:00:00.124Z", "private", "ada", "psst", "bob",
    )  # fmt: skip
    assert "--private" in refusal(tmp_path, 64, "dump", "--private", "--room", "dev")


@pytest.mark.parametrize("typed", ["#Dev", "Dev", "#dev", "DEV"])
def test_one_room_is_printed(tmp_path: Path, typed: str) -> None:
    make(tmp_path / "tcpchat.sqlite3")
    assert [entry["text"] for entry in dumped(tmp_path, "--room", typed)] == ["engines"]


def test_a_room_that_is_not_there(tmp_path: Path) -> None:
    make(tmp_path / "tcpchat.sqlite3")
    for typed in "#de", "@s2", "", "#":
        assert repr(typed) in refusal(tmp_path, 64, "dump", "--room", typed)


def test_what_was_said_around_one_that_cannot_be_read_is_printed(tmp_path: Path) -> None:
    path = make(tmp_path / "tcpchat.sqlite3")
    change(path, "update entry set body = '{' where stream = 1 and seq = 3")
    status, shown, complaint = run(tmp_path, "dump", "--room", "lobby")
    assert status == 65 and len(shown.splitlines()) == 4
    assert complaint == (
        "tcpchat: Entry 3 of #lobby cannot be read.\n"
        "tcpchat: The log tcpchat.sqlite3 is damaged: 1 part of it cannot be read.\n"
    )


def test_a_log_is_printed_while_a_server_writes_it_and_after_it_was_killed(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        alice = server.ready().person("alice")
        alice.types("/set echo on", "before", "/me waves")
        alice.until(r"\* alice waves\r\n")
        running = dumped(tmp_path, "--room", "lobby")
        assert [entry["text"] for entry in running] == ["", "before", "waves"]
        assert run(tmp_path, "check")[0] == 0
        alice.types("after")
        alice.until("<alice> after\r\n")
        server.kill()
        before = contents(tmp_path)
        assert "tcpchat.sqlite3-wal" in before
        assert [entry["text"] for entry in dumped(tmp_path, "--room", "lobby")][:4] == [
            "",
            "before",
            "waves",
            "after",
        ]
        (tmp_path / "tcpchat.sqlite3-shm").unlink()  # as if the machine had died
        assert dumped(tmp_path, "--room", "lobby")[:3] == running
        assert run(tmp_path, "check")[0] == 0
        assert contents(tmp_path) == before


def test_a_log_in_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    make(tmp_path / "tcpchat.sqlite3")
    mounted = subprocess.run(
        ["unshare", "-rm", "bash", "-c", 'mount -o bind,ro . . 2>/dev/null && cd "$PWD" && exec "$@"', "bash",
         TCPCHAT, "log", "check"],
        cwd=tmp_path, capture_output=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    if not mounted.stdout and not mounted.stderr:
        pytest.skip("nobody may mount anything here")
    assert mounted.stdout.startswith(b"OK: 2 rooms"), mounted.stderr
    assert os.listdir(tmp_path) == ["tcpchat.sqlite3"]


# Output.


def test_who_reads_no_further_ends_it(tmp_path: Path) -> None:
    make(tmp_path / "tcpchat.sqlite3", many=20_000)
    ended = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {TCPCHAT} log dump | head -1"],
        cwd=tmp_path, capture_output=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert len(ended.stdout.splitlines()) == 1


@pytest.mark.parametrize("command", ["dump", "check"])
@pytest.mark.parametrize("output", [">/dev/full", ">&-"])
def test_output_that_cannot_be_written(tmp_path: Path, command: str, output: str) -> None:
    make(tmp_path / "tcpchat.sqlite3")
    ended = subprocess.run(
        ["bash", "-c", f"{TCPCHAT} log {command} {output}"],
        cwd=tmp_path, capture_output=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert ended.returncode == 74
    (line,) = ended.stderr.decode().splitlines()
    assert line.startswith("tcpchat: The output cannot be written: ")


@pytest.mark.parametrize("command", COMMANDS)
def test_who_looks_on_is_shown_how_far_it_is(tmp_path: Path, command: tuple[str, ...]) -> None:
    make(tmp_path / "tcpchat.sqlite3", many=20_000)
    ours, its = pty.openpty()
    termios.tcsetwinsize(its, (24, 80))  # a new one has no room for anything
    with open(ours, "rb", buffering=0) as screen, open(its, "wb"):
        subprocess.run(
            [TCPCHAT, "log", *command],
            cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=its, timeout=PATIENCE, check=True,
        )  # fmt: skip
        Reading(screen).until("it/s")


# What cannot be.


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ((), "COMMAND"),
        (("burn",), "burn"),
        (("dump", "--stor", "sqlite:x"), "--stor"),
        (("dump", "--store", "memory:"), "memory:"),
        (("dump", "--store", "sqlite:"), "sqlite:"),
        (("dump", "--store", "chat.sqlite3"), "chat.sqlite3"),
        (("dump", "copy"), "copy"),
        (("check", "--room", "dev"), "--room"),
        (("backup",), "FILE"),
        (("backup", "one", "two"), "two"),
        (("restore",), "FILE"),
    ],
)
def test_a_wrong_word_is_named(tmp_path: Path, typed: tuple[str, ...], said: str) -> None:
    assert said in refusal(tmp_path, 64, *typed)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", [*COMMANDS, ("restore", "tcpchat.sqlite3", "--store", "sqlite:new")])
def test_a_file_that_is_no_log_is_left_as_it_is(tmp_path: Path, command: tuple[str, ...]) -> None:
    path = tmp_path / "tcpchat.sqlite3"
    assert "No such file" in refusal(tmp_path, 71, *command)
    assert not list(tmp_path.iterdir())

    def refused(status: int, said: str) -> None:
        before = contents(tmp_path)
        assert said in refusal(tmp_path, status, *command)
        assert contents(tmp_path) == before
        path.unlink()

    path.touch()
    refused(65, "is empty")
    path.write_bytes(b"Dear Ada, this is not a log.\n" * 100)
    refused(65, "is not a log of tcpchat")
    change(path, "create table recipes (name text)")
    refused(65, "is a database of another program")
    change(make(path), "pragma user_version = 99")
    refused(65, "newer tcpchat (version 99)")
    change(make(path), "drop table log")
    refused(65, "is damaged: no such table: log")
    path.write_bytes(make(tmp_path / "whole").read_bytes()[:4096])
    (tmp_path / "whole").unlink()
    refused(65, "is damaged: ")
    os.mkfifo(path)
    refused(71, "it is not a file")
    path.mkdir()
    assert "it is not a file" in refusal(tmp_path, 71, *command)
