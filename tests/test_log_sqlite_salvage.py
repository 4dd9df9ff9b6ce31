"""A log of which pages are damaged, in whatever way: what can be read of it is, and what cannot is told."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tcpchat.events import Said, encode
from tcpchat.logs.interface import Found
from tcpchat.logs.sqlite_salvage import ONE, Salvage
from tcpchat.logs.sqlite_tools import ALL, ROOMS, StoredLog
from tests.test_log_tools import EVENTS, change, make, run

PAGE = 4096
MANY = 3000

# Where the streams of `make` are.
IDS = {"#lobby": 1, "#Dev": 2, "@s2": 3, "#many": 4}


def read(path: Path, names: tuple[str, str] = ALL) -> tuple[list[Found], list[str]]:
    """Return what can be read, and what is told of the rest."""
    lost: list[str] = []
    with closing(StoredLog(str(path))) as log:
        return list(log.entries(names, lambda done, total: None, lost.append)), lost


def root(path: Path, name: str) -> int:
    """Return the page from which a table or an index is reached."""
    with closing(sqlite3.connect(path)) as database:
        (page,) = database.execute("select rootpage from sqlite_schema where name = ?", (name,)).fetchone()
        return int(page)


def leaves(path: Path) -> list[int]:
    """Return the pages that have nothing but entries of #many: of SQLite, leaves of an index."""
    data = path.read_bytes()
    pages = (data[at : at + PAGE] for at in range(0, len(data), PAGE))
    return [number for number, page in enumerate(pages, 1) if page[0] == 0x0A and b'"line ' in page]


def overwrite(path: Path, page: int, data: bytes = b"\xff") -> None:
    """Damage a page."""
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE)
        file.write((data * PAGE)[:PAGE])


def numbers(found: list[Found], name: str = "#many") -> list[int]:
    return [it.entry.seq for it in found if it.stream == name]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("whole") / "log", many=MANY)


@pytest.fixture
def path(whole: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "tcpchat.sqlite3"
    copy.write_bytes(whole.read_bytes())
    return copy


def test_of_one_that_is_whole_all_is_read_and_nothing_told(path: Path) -> None:
    found, lost = read(path)
    assert lost == [] and numbers(found) == [*range(1, MANY + 1)]
    assert [it.entry.event for it in found if it.stream == "#lobby"] == EVENTS["#lobby"]
    assert {it.stream for it in found} == {*IDS}
    assert {it.stream for it in read(path, ROOMS)[0]} == {*IDS} - {"@s2"}


def test_what_stands_behind_several_damaged_pages_is_read(path: Path) -> None:
    pages = leaves(path)
    for page in pages[20], pages[30], pages[31]:
        overwrite(path, page)
    found, lost = read(path)
    known = numbers(found)
    assert MANY - 300 < len(known) < MANY - 60
    assert known == sorted(set(known)) and {1, MANY} < {*known}
    told = [line for line in lost if line.startswith("Of #many entries ")]
    assert told == lost and 2 <= len(lost) <= 3


def test_by_the_tool_all_is_printed_and_the_status_is_not_0(path: Path) -> None:
    pages = leaves(path)
    for page in pages[20], pages[30]:
        overwrite(path, page)
    status, shown, complaint = run(path.parent, "dump")
    assert status == 65 and len(shown.splitlines()) == len(read(path, ROOMS)[0])
    *told, last = complaint.splitlines()
    assert last == "tcpchat: The log tcpchat.sqlite3 is damaged: 2 parts of it cannot be read."
    assert [line.partition(" entries ")[0] for line in told] == ["tcpchat: Of #many"] * 2


def test_where_nothing_leads_to_the_entries_that_is_told_of_each_stream(path: Path) -> None:
    overwrite(path, root(path, "entry"))
    found, lost = read(path)
    assert found == []
    assert lost == [f"What {name} has behind entry 0 cannot be read." for name in sorted(IDS)]


def test_where_the_log_has_no_name_any_more_its_entries_are_read(path: Path) -> None:
    overwrite(path, root(path, "log"))
    found, lost = read(path)
    assert lost == ["The name of the log, its epoch, cannot be read."] and len(numbers(found)) == MANY
    status, shown, _ = run(path.parent, "check")
    assert status == 65 and "SQLite says" in shown


def test_without_the_table_of_streams_they_are_known_from_their_index_and_the_other_way_round(
    path: Path,
) -> None:
    before = path.read_bytes()
    for table in "stream", "sqlite_autoindex_stream_1":
        path.write_bytes(before)
        overwrite(path, root(path, table))
        found, lost = read(path)
        assert lost == [] and len(numbers(found)) == MANY
    overwrite(path, root(path, "stream"))
    assert read(path) == ([], ["Not all rooms and inboxes are known any more."])


def test_a_stream_that_ends_too_early_without_a_word_is_told(path: Path) -> None:
    """As where a page has come to stand in the place of another one."""
    change(path, "delete from entry where stream = 1 and seq > 3")
    found, lost = read(path)
    assert numbers(found, "#lobby") == [1, 2, 3]
    assert lost == ["What #lobby has behind entry 3 cannot be read."]


def test_what_is_forgotten_is_not_missed(path: Path) -> None:
    change(path, "delete from entry where stream = 2")
    change(path, "update stream set kept_after = 1, searchable = 1 where id = 2")
    change(path, "delete from entry where stream = 4 and seq <= 100")
    change(path, "update stream set kept_after = 100 where id = 4")
    found, lost = read(path)
    assert lost == [] and numbers(found)[0] == 101 and numbers(found, "#Dev") == []


def test_one_entry_that_cannot_be_read_is_told_by_its_number(path: Path) -> None:
    change(path, "update entry set body = '{' where stream = 4 and seq = 7")
    change(path, "update entry set time = -1 where stream = 4 and seq = 9")
    found, lost = read(path)
    assert lost == ["Entry 7 of #many cannot be read.", "Entry 9 of #many cannot be read."]
    assert numbers(found) == [n for n in range(1, MANY + 1) if n not in (7, 9)]


def test_what_is_not_even_of_the_right_type_is_no_entry() -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(
            "create table stream (id integer primary key, name text, kept_after, searchable);"
            "create table entry (stream, seq, time, body, primary key (stream, seq)) without rowid;"
            "insert into stream values (1, '#lobby', x'00', 'many')"
        )
        said = encode(Said("s1", "ada", "hello")).decode()
        for row in (1, 5, said), (2, None, said), (3, 5, None), (4, 5, said), ("five", 5, said):
            database.execute("insert into entry values (1, ?, ?, ?)", row)
        lost: list[str] = []
        found = list(Salvage(database, lambda done, total: None, lost.append).entries(ROOMS))
    assert [it.entry.seq for it in found] == [1, 4]
    assert lost == [
        "Of #lobby entries 2 to 3 cannot be read.", "What #lobby has behind entry 4 cannot be read."
    ]  # fmt: skip


@given(
    damaged=st.lists(st.integers(2, 60), min_size=1, max_size=6),
    data=st.sampled_from((b"\xff", b"\0", b"\x0a", b"\x02\0\0\0\x05\x0f")),
)
def test_whatever_pages_are_damaged_everything_is_found_that_sqlite_finds(
    whole: Path, damaged: list[int], data: bytes
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log")
        path.write_bytes(whole.read_bytes())
        for page in damaged:
            overwrite(path, page, data)
        with closing(sqlite3.connect(path)) as database:
            lost: list[str] = []
            found = list(Salvage(database, lambda done, total: None, lost.append).entries(("#many", "#many")))
            known = {it.entry.seq: it.entry.event for it in found}
            for seq in range(1, MANY + 1):
                if seq in known:
                    assert known[seq] == Said("s1", "ada", f"line {seq - 1}")
                    continue
                try:
                    row = database.execute(ONE, (IDS["#many"], seq)).fetchone()
                except sqlite3.DatabaseError:
                    continue
                assert row is None or lost == ["Not all rooms and inboxes are known any more."]
