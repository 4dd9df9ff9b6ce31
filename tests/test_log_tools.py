"""The operator's tools keep every log whole: the one that they read, and the one that they make."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from tcpchat.events import Acted, Event, Joined, Left, Renamed, Said, Told, TopicSet, encode, lines_said
from tcpchat.logs.interface import Damaged
from tcpchat.logs.sqlite_schema import SCHEMA, VERSION, new_volume
from tcpchat.logs.sqlite_tools import StoredLog
from tests.faults.test_log_process import STRACE, needs_strace
from tests.processes import PATIENCE, Server
from tests.test_log_sqlite import VERSION_3

TCPCHAT = str(Path(sys.executable).with_name("tcpchat"))

NOON = 1795255200123  # 2026-11-21 10:00:00.123

# What version 1 had, with its comments left out.
VERSION_1 = """
pragma application_id = 0x74637063;
pragma user_version = 1;
create table log (epoch text not null) strict;
create table stream (id integer primary key, name text not null unique) strict;
create table entry (
    stream integer not null references stream (id), seq integer not null, time integer not null,
    spoken integer not null, body text not null, primary key (stream, seq)
) strict, without rowid;
create index spoken on entry (stream, seq) where spoken;
"""

EVENTS: dict[str, list[Event]] = {
    "#lobby": [
        Joined("s1", "ada"),
        Said("s1", "ada", "hello\nworld", ref="a1"),
        Acted("s1", "ada", "waves"),
        Renamed("s1", "ada", "lovelace", ("#lobby",), "r1"),
        Left("s1", "lovelace", "lunch"),
    ],
    "#Dev": [TopicSet("s1", "ada", "engines")],
    "@s2": [Told("s1", "ada", "bob", "psst")],
}


def make(path: Path, version: int = VERSION, many: int = 0) -> Path:
    """Make a log, in WAL mode as a server leaves it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.executescript(
            f"begin; {SCHEMA if version == VERSION else VERSION_1} commit; pragma journal_mode=wal;"
        )
        database.execute("begin")
        database.execute("insert into log values ('first')")
        streams = EVENTS | ({"#many": [Said("s1", "ada", f"line {n}") for n in range(many)]} if many else {})
        for id, (name, events) in enumerate(streams.items(), 1):
            database.execute("insert into stream (id, name) values (?, ?)", (id, name))
            for seq, event in enumerate(events, 1):
                spoken = lines_said(event) if version == VERSION else bool(lines_said(event))
                row = (id, seq, NOON + seq, spoken, encode(event).decode())
                database.execute(
                    "insert into entry (stream, seq, time, spoken, body) values (?, ?, ?, ?, ?)", row
                )
        if version == VERSION:
            database.execute("update entry set ref = 's1 a1' where stream = 1 and seq = 2")
            database.execute("update stream set searchable = 5 where id = 1")
            for seq, text in (2, "hello world"), (3, "waves"):
                words = (1 << 40 | seq, text, "n616461")
                database.execute("insert into words1 (rowid, text, nick) values (?, ?, ?)", words)
            database.execute("insert into part (stream, volume, last) values (1, 1, 5)")
        database.execute("commit")
    return path


def change(path: Path, statement: str) -> None:
    """Change a log as no server would."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute(statement)


def run(folder: Path, *command: str, wrapper: tuple[str, ...] = ()) -> tuple[int, str, str]:
    """Run ``tcpchat log`` in a folder; return its status and what it prints on either channel."""
    ended = subprocess.run(
        [*wrapper, TCPCHAT, "log", *command], cwd=folder, capture_output=True, timeout=PATIENCE, check=False
    )
    shown, complaint = ended.stdout.decode(), ended.stderr.decode()
    assert "Traceback" not in complaint, complaint
    return ended.returncode, shown, complaint


def refusal(folder: Path, status: int, *command: str, wrapper: tuple[str, ...] = ()) -> str:
    """Return the one line that says why something is not done."""
    ended, shown, complaint = run(folder, *command, wrapper=wrapper)
    assert (ended, shown) == (status, ""), complaint
    (line,) = complaint.splitlines()
    assert line.startswith("tcpchat: ")
    return line


def names(folder: Path) -> set[str]:
    """Return what is in a folder, but for what is beside an open log."""
    return {
        name
        for name in os.listdir(folder)
        if not name.endswith(("-shm", ".lock")) and (folder / name).stat().st_size
    }


def problems(path: Path) -> list[str]:
    with closing(StoredLog(str(path))) as log:
        return list(log.problems(lambda done, total: None))


def limited(blocks: int) -> tuple[str, ...]:
    """Have no file grow beyond so many KB: as on a full disk."""
    return ("bash", "-c", f'ulimit -f {blocks}; exec "$@"', "bash")


# Check.


@pytest.mark.parametrize("version", [1, VERSION])
def test_a_log_that_is_whole(tmp_path: Path, version: int) -> None:
    make(tmp_path / "tcpchat.sqlite3", version, many=1197)
    assert run(tmp_path, "check") == (0, "OK: 3 rooms, 1,204 entries, epoch first.\n", "")


def test_what_is_forgotten_is_not_missed(tmp_path: Path) -> None:
    path = make(tmp_path / "log")
    change(path, "delete from entry where stream = 1 and seq = 1")
    change(path, "update stream set kept_after = 1 where id = 1")
    change(path, "delete from entry where stream = 2")
    change(path, "update stream set kept_after = 1, searchable = 1 where id = 2")
    assert problems(path) == []


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("delete from entry where stream = 1 and seq = 3", "Entry 4 of #lobby stands where 3 should"),
        ("delete from entry where stream = 1 and seq = 1", "Entry 2 of #lobby stands where 1 should"),
        ("update stream set kept_after = 1 where id = 2", "Entry 1 of #Dev stands where 2 should"),
        ("update entry set time = 1 where stream = 1 and seq = 3", "Entry 3 of #lobby is from before"),
        ("update entry set time = 1 << 60 where stream = 2", "Entry 1 of #Dev is from"),
        ("update entry set spoken = 1 where seq = 2", "Entry 2 of #lobby is counted as 1 lines"),
        ("update entry set ref = 's1 a2' where ref notnull", "Entry 2 of #lobby is found as 's1 a2'"),
        ("update entry set about = 1 where seq = 2", "Entry 2 of #lobby is found as one about 1, which"),
        ("update entry set body = '{' where stream = 2", "Entry 1 of #Dev cannot be read"),
        ("update entry set body = cast(x'ff' as text) where stream = 2", "Entry 1 of #Dev cannot be read"),
        ("update stream set searchable = 6 where id = 1", "#lobby can be searched up to 6, but ends with 5"),
        ("insert into words1 (rowid, text) values (1 << 40 | 6, 'later')", "index for search"),
        ("insert into words1 (rowid, text) values (3 << 40 | 1, 'psst')", "index for search"),
        ("insert into words1 (rowid, text) values (7, 'nowhere')", "index for search"),
        ("insert into words1 (rowid, text) values (2 << 40 | 1, 'unnoticed')", "index for search"),
        ("update part set last = 2", "index for search"),
        ("update part set stream = 3", "index for search"),
        ("drop table words1", "SQLite says: no such table: words1"),
        ("delete from stream where id = 2", "1 entries are of no stream"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, statement: str, said: str) -> None:
    path = make(tmp_path / "log")
    change(path, statement)
    (problem,) = problems(path)
    assert said in problem


def test_what_is_in_the_volume_of_another_part_is_wrong(tmp_path: Path) -> None:
    path = make(tmp_path / "log")
    for statement in (*new_volume(2), "insert into part (stream, volume, last) values (1, 2, 5)"):
        change(path, statement)
    change(path, "update part set last = 3 where volume = 1")
    assert problems(path) == []
    change(path, "insert into words2 (rowid, text) values (1 << 40 | 4, 'where it belongs')")
    assert problems(path) == []
    change(path, "insert into words2 (rowid, text) values (1 << 40 | 3, 'where the one before is')")
    assert problems(path) == ["The index for search has entries that are forgotten, private or not there."]


def test_the_index_of_version_3_is_looked_through(tmp_path: Path) -> None:
    path = tmp_path / "log"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(VERSION_3)
    change(path, "delete from stream where id = 3")
    change(path, "update entry set spoken = 1")
    assert problems(path) == []
    change(path, "insert into words (rowid, text) values (1 << 40 | 2, 'later')")
    assert problems(path) == ["The index for search has entries that are forgotten, private or not there."]


def test_what_is_wrong_is_a_line_each_and_a_status(tmp_path: Path) -> None:
    path = make(tmp_path / "tcpchat.sqlite3", many=300)
    change(path, "update entry set spoken = 9 where stream < 3")
    change(path, "update entry set spoken = 9 where stream = 4")
    status, shown, complaint = run(tmp_path, "check")
    assert status == 65
    assert len(shown.splitlines()) == 100
    assert complaint == "tcpchat: The log tcpchat.sqlite3 is damaged: 100 problems or more.\n"


def test_bytes_that_were_changed_on_the_disk(tmp_path: Path) -> None:
    path = make(tmp_path / "tcpchat.sqlite3", many=5000)
    with path.open("r+b") as file:
        file.seek(path.stat().st_size - 8 * 4096)
        file.write(b"\xff" * 4096)
    before = path.read_bytes()
    status, shown, complaint = run(tmp_path, "check")
    assert status == 65 and "SQLite says" in shown and complaint.startswith("tcpchat: ")
    assert "is damaged" in refusal(tmp_path, 65, "backup", "copy")
    assert path.read_bytes() == before and names(tmp_path) == {"tcpchat.sqlite3"}


def test_a_log_without_its_name(tmp_path: Path) -> None:
    change(make(tmp_path / "log"), "delete from log")
    with pytest.raises(Damaged):
        StoredLog(str(tmp_path / "log"))


# Backup.


@pytest.mark.parametrize("version", [1, VERSION])
def test_a_backup_is_one_whole_file_for_its_owner_alone(tmp_path: Path, version: int) -> None:
    make(tmp_path / "tcpchat.sqlite3", version)
    assert run(tmp_path, "backup", "copy") == (0, "", "")
    alone = tmp_path / "alone"
    alone.mkdir()
    copy = (tmp_path / "copy").rename(alone / "copy")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    of_the_copy = run(alone, "dump", "--private", "--store", "sqlite:copy")
    assert of_the_copy == run(tmp_path, "dump", "--private")
    assert run(alone, "check", "--store", "sqlite:copy") == run(tmp_path, "check")
    assert os.listdir(alone) == ["copy"]


def test_a_backup_overwrites_nothing(tmp_path: Path) -> None:
    make(tmp_path / "tcpchat.sqlite3")
    (tmp_path / "letter").write_text("Dear Ada")
    (tmp_path / "link").symlink_to("nowhere")
    for name in "letter", "link", "tcpchat.sqlite3":
        assert f"{name} is there already" in refusal(tmp_path, 71, "backup", name)
    assert (tmp_path / "letter").read_text() == "Dear Ada"
    assert "/nowhere/copy cannot be made" in refusal(tmp_path, 71, "backup", "/nowhere/copy")


def test_a_backup_of_what_a_server_writes_without_end(tmp_path: Path) -> None:
    make(tmp_path / "tcpchat.sqlite3", version=1, many=60_000)
    with Server(tmp_path, "--limits", "off") as server:
        alice = server.ready().person("alice")
        alice.types("/set echo on")
        ended = threading.Event()

        def talk() -> None:
            number = 0
            while not ended.is_set():
                alice.types(f"before {number}")
                alice.until(f"<alice> before {number}\r\n")
                number += 1

        talking = threading.Thread(target=talk)
        talking.start()
        try:
            assert run(tmp_path, "backup", "copy") == (0, "", "")
        finally:
            ended.set()
            talking.join(PATIENCE)
        alice.types("after")
        alice.until("<alice> after\r\n")
        assert run(tmp_path, "check", "--store", "sqlite:copy")[1].startswith("OK: 3 rooms, 60,")
        assert run(tmp_path, "check")[0] == 0
        assert "after" not in run(tmp_path, "dump", "--room", "lobby", "--store", "sqlite:copy")[1]


def test_a_backup_on_a_full_disk(tmp_path: Path) -> None:
    make(tmp_path / "tcpchat.sqlite3", many=10_000)
    said = refusal(tmp_path, 74, "backup", "copy", wrapper=limited(500))
    assert said.startswith("tcpchat: copy cannot be written: ")
    assert names(tmp_path) == {"tcpchat.sqlite3"}


@needs_strace
@pytest.mark.parametrize(("signal", "status"), [("TERM", 143), ("INT", 130), ("HUP", 129)])
def test_a_backup_that_is_ended_leaves_nothing(tmp_path: Path, signal: str, status: int) -> None:
    make(tmp_path / "tcpchat.sqlite3", many=10_000)
    at_work = f"inject=pwrite64:signal={signal}:when=100"
    ended, shown, complaint = run(
        tmp_path, "backup", "copy", wrapper=(*STRACE, "-o", os.devnull, "-e", at_work)
    )
    assert (ended, shown, complaint) == (status, "", "")
    assert names(tmp_path) == {"tcpchat.sqlite3"}


@needs_strace
def test_a_backup_that_is_killed_is_not_there_and_can_be_made_again(tmp_path: Path) -> None:
    make(tmp_path / "tcpchat.sqlite3", many=10_000)
    at_work = "inject=pwrite64:signal=KILL:when=100"
    run(tmp_path, "backup", "copy", wrapper=(*STRACE, "-o", os.devnull, "-e", at_work))
    assert not (tmp_path / "copy").exists()
    (unfinished,) = names(tmp_path) - {"tcpchat.sqlite3"}
    assert unfinished.startswith("copy.") and unfinished.endswith(".new")
    assert run(tmp_path, "backup", "copy") == (0, "", "")
    assert run(tmp_path, "check", "--store", "sqlite:copy")[0] == 0


@needs_strace
@pytest.mark.parametrize(("call", "error"), [("pwrite64", "ENOSPC"), ("fsync", "EIO"), ("link", "EIO")])
def test_a_disk_that_fails_at_a_backup(tmp_path: Path, call: str, error: str) -> None:
    make(tmp_path / "tcpchat.sqlite3", many=1000)
    fault = f"inject={call}:error={error}:when={'20+' if call == 'pwrite64' else '1+'}"
    also = ("-e", "inject=rename:error=EIO") if call == "link" else ()
    wrapper = (*STRACE, "-o", os.devnull, "-e", fault, *also)
    assert "copy cannot be written" in refusal(tmp_path, 74, "backup", "copy", wrapper=wrapper)
    assert names(tmp_path) == {"tcpchat.sqlite3"}


@needs_strace
def test_a_backup_where_a_file_can_have_no_second_name(tmp_path: Path) -> None:
    make(tmp_path / "tcpchat.sqlite3")
    wrapper = (*STRACE, "-o", os.devnull, "-e", "inject=link:error=EPERM")
    assert run(tmp_path, "backup", "copy", wrapper=wrapper) == (0, "", "")
    assert names(tmp_path) == {"tcpchat.sqlite3", "copy"}


# Restore.


@pytest.mark.parametrize("version", [1, VERSION])
def test_a_restored_log_has_all_but_the_name_of_the_first(tmp_path: Path, version: int) -> None:
    make(tmp_path / "copy", version)
    assert run(tmp_path, "restore", "copy", "--store", "sqlite:new") == (0, "", "")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o600
    assert run(tmp_path, "check", "--store", "sqlite:new")[0] == 0
    entries = [
        [
            json.loads(line)
            for line in run(tmp_path, "dump", "--private", "--store", f"sqlite:{name}")[1].splitlines()
        ]
        for name in ("copy", "new")
    ]
    (new,) = {entry.pop("epoch") for entry in entries[1]}
    (first,) = {entry.pop("epoch") for entry in entries[0]}
    assert first == "first" != new and entries[0] == entries[1]


def test_a_server_goes_on_from_a_restored_log(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        server.ready().person("alice").types("remember this")
        server.person("bob").until(r"<alice> remember this\r\n")
        assert run(tmp_path, "backup", "copy") == (0, "", "")
    assert "move it away" in refusal(tmp_path, 71, "restore", "copy")
    (tmp_path / "tcpchat.sqlite3").rename(tmp_path / "old")
    if (left := tmp_path / "tcpchat.sqlite3-wal").exists() and left.stat().st_size:
        assert "-wal is there already" in refusal(tmp_path, 71, "restore", "copy")
        left.rename(tmp_path / "old-wal")
    assert run(tmp_path, "restore", "copy") == (0, "", "")
    with Server(tmp_path) as server:
        carol = server.ready().person("carol")
        carol.types("/history 5")
        carol.until("<alice> remember this\r\n")


def test_nothing_is_restored_while_a_server_has_the_log(tmp_path: Path) -> None:
    make(tmp_path / "copy")
    with Server(tmp_path) as server:
        server.ready()
        assert str(server.process.pid) in refusal(tmp_path, 75, "restore", "copy")
        (tmp_path / "tcpchat.sqlite3").rename(tmp_path / "away")  # and nobody knows why
        assert str(server.process.pid) in refusal(tmp_path, 75, "restore", "copy")
        assert not (tmp_path / "tcpchat.sqlite3").exists()


def test_a_part_of_an_old_log_is_not_taken_for_one_of_the_new(tmp_path: Path) -> None:
    make(tmp_path / "copy")
    for part in "tcpchat.sqlite3-wal", "tcpchat.sqlite3-journal":
        (tmp_path / part).write_bytes(b"old")
        assert f"{part} is there already" in refusal(tmp_path, 71, "restore", "copy")
        (tmp_path / part).unlink()


def test_a_backup_that_is_damaged_is_not_restored(tmp_path: Path) -> None:
    path = make(tmp_path / "copy", many=5000)
    with path.open("r+b") as file:
        file.seek(path.stat().st_size - 8 * 4096)
        file.write(b"\xff" * 4096)
    assert "copy is damaged" in refusal(tmp_path, 65, "restore", "copy")
    assert names(tmp_path) == {"copy"}


def test_a_log_is_restored_wholly_or_not_at_all(tmp_path: Path) -> None:
    make(tmp_path / "copy", many=10_000)
    assert "cannot be written" in refusal(tmp_path, 74, "restore", "copy", wrapper=limited(500))
    assert names(tmp_path) == {"copy"}
    assert "/nowhere/log" in refusal(tmp_path, 71, "restore", "copy", "--store", "sqlite:/nowhere/log")
