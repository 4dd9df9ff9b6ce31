"""What is looked for of a line that was taken back, and where in a file."""

from __future__ import annotations

import os
import sqlite3
import struct
from contextlib import closing
from pathlib import Path

from tcpchat.events import Replied, Said, encode
from tcpchat.logs.sqlite_remains import (
    MOST_WORDS,
    dead,
    free_pages,
    pieces,
    unused,
    with_copies,
    word_piece,
    words_of,
)

PAGE = 4096


def page(kind: int, cells: int, content: int, gap: bytes, header: int = 0) -> bytes:
    """Return a page of a tree with so many cells, and something behind their pointers."""
    begin = header + (12 if kind in (2, 5) else 8) + 2 * cells
    whole = bytearray(b"L" * PAGE)
    whole[header : header + 8] = struct.pack(">BHHHB", kind, 0, cells, content, 0)
    whole[begin : content or PAGE] = gap.ljust((content or PAGE) - begin, b"\0")
    return bytes(whole)


def test_whose_it_is_its_beginning_and_its_end_are_looked_for() -> None:
    text = "the quick brown fox jumps over the lazy dog"
    body = encode(Said("s1", "ada", text)).decode()
    assert [*pieces(body, text)] == [
        b'1","nick":"ada","text":"the quick br',
        b'jumps over the lazy dog"',
    ]


def test_of_a_short_text_all_is_looked_for_and_where_it_ends() -> None:
    body = encode(Said("s1", "ada", 'a "b"')).decode()
    assert [*pieces(body, 'a "b"')] == [b'1","nick":"ada","text":"a \\"b\\""']


def test_a_quote_is_looked_for_and_nothing_if_there_is_none() -> None:
    body = encode(Replied("s1", "ada", "so", 1, "bob: so")).decode()
    assert [*pieces(body, "bob: so")] == [b'"so","about":1,"quote":"bob: so"']
    assert [*pieces(body, "")] == []


def test_what_shows_a_text_is_in_its_row_and_the_text_in_it() -> None:
    for text in "x", "Grüße, 東京", "y" * 5000, "one\ntwo\t\x01", "\U0001f600" * 9:
        body = encode(Said("s", "ada", text))
        assert all(piece in body for piece in pieces(body.decode(), text))


def test_long_words_are_looked_for_as_the_index_has_them() -> None:
    assert words_of("Überraschung! a rose is a rose, CANARY-canary 東京都庁舎前駅 x") == [
        "uberraschung",
        "canary",
    ]
    many = words_of(" ".join(f"word{n:09}" for n in range(MOST_WORDS + 1)))
    assert (len(many), many[0]) == (MOST_WORDS, "word000000000")


def test_of_a_very_long_word_the_part_that_it_shares_with_no_other() -> None:
    assert word_piece("uberraschung") == b"raschung"
    assert word_piece("canaries1") == b"canaries1"


def test_what_no_row_of_a_page_has_is_dead() -> None:
    for kind in 2, 5, 10, 13:
        assert dead(page(kind, 7, 1000, b"copy"), PAGE, False).rstrip(b"\0") == b"copy"
        assert dead(page(kind, 7, 1000, b""), PAGE, False) == b""
    assert dead(page(13, 0, 0, b"copy"), PAGE, False).rstrip(b"\0") == b"copy"


def test_a_page_that_is_in_no_tree_is_dead_as_a_whole() -> None:
    unused = b"\0\0\0\0copy".ljust(PAGE, b"\0")
    assert dead(page(13, 3, 1000, b"") + unused + bytes(PAGE), PAGE, False) == unused


def test_the_first_page_begins_with_the_header_of_the_file() -> None:
    first = page(13, 3, 1000, b"copy", header=100)
    assert dead(first, PAGE, True).rstrip(b"\0") == b"copy"
    assert dead(first + page(10, 2, 500, b"other"), PAGE, True).replace(b"\0", b"") == b"copyother"


def test_a_file_of_sqlite_has_its_rows_outside_of_what_is_dead(tmp_path: Path) -> None:
    path = os.fspath(tmp_path / "file")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("pragma secure_delete = on")
        database.execute("create table t (id integer primary key, x text)")
        database.executemany("insert into t (x) values (?)", [(f"row {n}",) for n in range(2000)])
    pages = Path(path).read_bytes()
    assert b"row 7" in pages
    assert b"row" not in dead(pages, PAGE, True)


def test_the_pages_are_told_that_have_a_copy() -> None:
    pages = page(13, 3, 1000, b"a copy") + page(13, 3, 1000, b"") + page(5, 3, 1000, b"another")
    assert with_copies([b"none", b"other", b"copy"], pages, PAGE, False) == [0, 2]
    assert with_copies([b"none"], pages, PAGE, False) == []
    assert with_copies([b"LLL"], pages, PAGE, False) == [], "that is in rows"
    first = page(13, 3, 1000, b"copy", header=100)
    assert with_copies([b"copy"], first + pages, PAGE, True) == [0, 1]


def test_what_is_unused_in_a_page_is_between_its_head_and_its_rows(tmp_path: Path) -> None:
    path = os.fspath(tmp_path / "file")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("create table t (id integer primary key, x text)")
        database.executemany("insert into t (x) values (?)", [(f"row {n}",) for n in range(2000)])
    whole = bytearray(Path(path).read_bytes())
    for number in range(len(whole) // PAGE):
        gap = unused(bytes(whole[number * PAGE : (number + 1) * PAGE]), not number)
        assert gap is not None and 0 < gap.start <= gap.stop <= PAGE
        whole[number * PAGE + gap.start : number * PAGE + gap.stop] = b"x" * (gap.stop - gap.start)
    Path(path).write_bytes(whole)
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("pragma integrity_check").fetchall() == [("ok",)]
        assert database.execute("select count(*) from t where x = 'row ' || (id - 1)").fetchall() == [(2000,)]


def test_nothing_is_unused_in_what_only_looks_like_a_page_of_a_tree() -> None:
    rows = struct.pack(">3H", 1000, 2000, 3000)
    whole = bytearray(page(13, 3, 1000, b""))
    whole[8:14] = rows
    assert unused(bytes(whole), False) == slice(14, 1000)
    for kind, content, places in (
        (0, 1000, (1000, 2000, 3000)),  # the rest of a row, or a free page
        (13, 1000, (999, 2000, 3000)),  # a row before the first one
        (13, 1000, (1000, 2000, 4096)),  # one behind the page
        (13, 13, (1000, 2000, 3000)),  # rows that begin in the head
        (13, 4097, (1000, 2000, 3000)),
    ):
        whole[:14] = struct.pack(">BHHHB3H", kind, 0, 3, content, 0, *places)
        assert unused(bytes(whole), False) is None
    whole[:8] = struct.pack(">BHHHB", 13, 0, 0, 1000, 0)
    assert unused(bytes(whole), False) is None, "it has no rows"
    whole[:8] = struct.pack(">BHHHB", 13, 0, 65535, 1000, 0)
    assert unused(bytes(whole), False) is None, "more rows than it has room for"


def test_free_pages_are_those_that_sqlite_counts(tmp_path: Path) -> None:
    path = os.fspath(tmp_path / "file")
    with closing(sqlite3.connect(path)) as database:
        database.execute("create table t (id integer primary key, x)")
        database.execute("create table kept (x)")
        for table in "t", "kept", "t":
            database.executemany(f"insert into {table} (x) values (?)", [(bytes(3000),)] * 1500)
        database.commit()
        empty = Path(path).read_bytes()
        database.execute("drop table t")
        database.commit()
        (number,) = database.execute("pragma freelist_count").fetchone()
    whole = bytearray(Path(path).read_bytes())
    assert free_pages(lambda number: empty[number * PAGE : (number + 1) * PAGE]) == {}
    free = free_pages(lambda number: bytes(whole[number * PAGE : (number + 1) * PAGE]))
    assert len(free) == number > 2000
    assert len([needed for needed in free.values() if needed]) > 1, "the list is longer than a page"
    for number, needed in free.items():
        whole[number * PAGE + needed : (number + 1) * PAGE] = b"x" * (PAGE - needed)
    Path(path).write_bytes(whole)
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("pragma integrity_check").fetchall() == [("ok",)]
        assert database.execute("select count(*) from kept").fetchall() == [(1500,)]
        database.execute("insert into kept select zeroblob(3000) from kept")
        assert database.execute("pragma integrity_check").fetchall() == [("ok",)]


def test_a_list_of_free_pages_that_goes_in_a_circle_has_an_end() -> None:
    first = bytes(32) + struct.pack(">I", 2) + bytes(PAGE - 36)
    pages = [
        first,
        struct.pack(">III", 3, 1, 4).ljust(PAGE, b"\0"),
        struct.pack(">II", 2, 0).ljust(PAGE, b"\0"),
    ]
    assert free_pages(pages.__getitem__) == {1: 12, 2: 8, 3: 0}
