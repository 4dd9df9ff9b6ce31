"""What is in the file of the SQLite log, and how an older file becomes one like it."""

from __future__ import annotations

import sqlite3

# "tcpc": says in the file's header whose it is (SQLite's PRAGMA application_id).
APPLICATION_ID = 0x74637063
VERSION = 4

TABLES = "log", "stream", "entry", "record", "volume", "part", "removed"

# The parts that are the same in a new file and in one that was made by version 1.
_INDEXES = """
create index spoken on entry (stream, seq, spoken) where spoken;
create index unspoken on entry (stream, seq) where not spoken;
create unique index ref on entry (ref) where ref is not null;
"""
_ABOUT = """
create index about on entry (stream, about) where about is not null;
"""
_RECORD = """
create table record (
    kind text not null,       -- what it is a record of
    key text not null,        -- which of that kind
    value blob not null,      -- as it was given to keep
    primary key (kind, key)
) strict, without rowid;
"""
# SQLite's own joining of parts would now and then keep a commit waiting for long: sqlite_volumes.py does it
# in small steps. It would begin by itself with 2,000 parts of one size, of which there never are so many.
_WORDS = """
create virtual table {table} using fts5 (
    text,                     -- what was said, made ready by queries.words
    nick,                     -- who said it: one word, "n" and the folded nickname's UTF-8 in hex
    content = '', tokenize = 'unicode61 remove_diacritics 2'
)
"""
_PACED = (
    "insert into {table} ({table}, rank) values ('automerge', 0), ('crisismerge', 1999), ('usermerge', 16)"
)

_VOLUMES = """
create table volume (
    id integer primary key,   -- its lines are in the table words<id>, each under its stream << 40 | seq
    lines integer not null default 0,         -- how many were added, without those that are gone
    size integer not null default 0,          -- how many characters were added
    deleted integer not null default 0,       -- lines that are gone, and in a part of it still
    to_join integer not null default 0        -- what IN_TIME and SOON say in sqlite_volumes.py, or 0
) strict;
create table part (
    stream integer not null references stream (id),
    volume integer not null references volume (id),
    last integer not null,    -- the stream's last entry in it; the first is behind the volume's before it
    primary key (stream, volume)
) strict, without rowid;
create index part_volume on part (volume);
"""


def new_volume(number: int) -> tuple[str, ...]:
    """Return what makes a volume of the index for search."""
    table = f"words{number}"
    return (
        _WORDS.format(table=table),
        _PACED.format(table=table),
        f"insert into volume (id) values ({number})",
    )


_REMOVED = """
create table removed (
    id integer primary key,
    piece blob not null       -- of what was taken back, until no copy of it is in the file any more
) strict;
"""

SCHEMA = f"""
pragma application_id = {APPLICATION_ID};
pragma user_version = {VERSION};
create table log (
    epoch text not null       -- the log's own name, made with it: (epoch, seq) is never used twice
) strict;
create table stream (
    id integer primary key,   -- short, because it stands in every entry
    name text not null unique,                -- "#lobby" for a room, "@SESSION" for an inbox
    kept_after integer not null default 0,    -- entries up to this number are no longer kept
    searchable integer not null default 0     -- entries up to this number are in a volume
) strict;
create table entry (
    stream integer not null references stream (id),
    seq integer not null,     -- 1, 2, 3, ... within the stream
    time integer not null,    -- milliseconds since 1970, UTC; for display: the order is by seq
    spoken integer not null,  -- lines that people said in it: what history is made of; else 0
    ref text,                 -- "SESSION REF", if the session had a name for its request
    about integer,            -- the number of the entry that it answers, edits or removes
    body text not null,       -- the event as JSON, see events.py
    primary key (stream, seq)
) strict, without rowid;
{_INDEXES}{_ABOUT}{_RECORD}{_REMOVED}{_VOLUMES}{";".join(new_volume(1))};"""

# Version 1 had 1 for whatever people said. A line feed is "\n" in JSON.
_FROM_1 = rf"""
drop index spoken;
alter table stream add column kept_after integer not null default 0;
alter table stream add column searchable integer not null default 0;
alter table entry add column ref text;
update entry set spoken = 1 + length(body ->> 'text') - length(replace(body ->> 'text', char(10), ''))
    where spoken and instr(body, '\n');
{_INDEXES}{_RECORD}{_WORDS.format(table="words")};"""

# In JSON a quote in a text is \", so what is found is the key.
_FROM_2 = f"""
alter table entry add column about integer;
update entry set about = body ->> 'about' where instr(body, '"about":');
{_ABOUT}{_REMOVED}"""

# The index was one table, whatever its size. It is the first volume, and closed.
_FROM_3 = f"""
{_VOLUMES}
alter table words rename to words1;
{_PACED.format(table="words1")};
insert into volume (id, lines, to_join)
    select 1, coalesce(sum(searchable - kept_after), 0), 2 * exists (select 1 from removed)
    from stream where name between '#' and '#\U0010ffff';
insert into part (stream, volume, last) select id, 1, searchable from stream
    where name between '#' and '#\U0010ffff' and searchable > kept_after;
{";".join(new_volume(2))};
pragma user_version = {VERSION};
"""


def migrate(writer: sqlite3.Connection) -> None:
    """Bring an older file to this version: wholly, or not at all."""
    (version,) = writer.execute("pragma user_version").fetchone()
    if version < VERSION:
        changes = (_FROM_1 if version < 2 else "") + (_FROM_2 if version < 3 else "") + _FROM_3
        with writer:
            writer.executescript(f"begin immediate; {changes} commit;")
