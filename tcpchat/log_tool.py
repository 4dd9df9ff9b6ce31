"""``tcpchat log dump|check|backup|restore``: what an operator does with the store, by hand or by cron."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from itertools import islice

import msgspec
from tqdm import tqdm

from tcpchat.dump import fields
from tcpchat.logs.interface import CannotOpen, Damaged
from tcpchat.logs.sqlite_salvage import Progress
from tcpchat.logs.sqlite_tools import ALL, ROOMS, NotWritten, StoredLog, Vacancy
from tcpchat.store import InCluster, InFile, Store
from tcpchat.text import clean
from tcpchat.tools import STDOUT, Subject, Subjects, WrongUsage, number, stdout

# A damaged file can have as many problems as entries; nobody reads more than these.
MOST_PROBLEMS = 100

EXAMPLES = """examples:
  tcpchat log dump --room '#dev' | jq -r .text
  tcpchat log check --store sqlite:/var/lib/tcpchat/chat.sqlite3
  tcpchat log backup chat-monday.sqlite3
  tcpchat log restore chat-monday.sqlite3 --store sqlite:new.sqlite3
"""

DUMP = """Print the log as JSON lines, one an entry, by room and number, with the keys epoch, room, seq, time,
type (message, action, joined, left, renamed, topic, edited, removed, gone, audit, kicked, ...), from and
text; some types have more, such as re, about, nick or seconds. The server may run meanwhile. Of a damaged
log every entry is printed that can be read; what cannot is told on standard error, and the status is 65. Of
a cluster, the whole stream is copied first, into the folder for temporary files (TMPDIR).

examples:
  tcpchat log dump > chat.jsonl
  tcpchat log dump --room '#dev' | jq -r 'select(.type == "message") | .from + ": " + .text'
"""

CHECK = """Look whether the log is whole: one line and status 0, or what is wrong in a line each and 65. The
server may run meanwhile. A backup can be checked like any other log.

examples:
  tcpchat log check
  tcpchat log check --store sqlite:chat-monday.sqlite3
  tcpchat log check --store nats://n1:4222,n2:4222,n3:4222
"""

BACKUP = """Copy the log into FILE, which must not exist. The server may run meanwhile, and goes on writing.

examples:
  tcpchat log backup chat-monday.sqlite3
  tcpchat log backup /backup/chat-$(date +%F).sqlite3 --store sqlite:/var/lib/tcpchat/chat.sqlite3
"""

RESTORE = """Make the log of the backup FILE: no server runs, and there is no log yet. It gets a new epoch, so
that programs do not take it for the log that they know.

examples:
  tcpchat log restore chat-monday.sqlite3
  tcpchat log restore chat-monday.sqlite3 --store sqlite:/var/lib/tcpchat/chat.sqlite3
"""


def add_to(subjects: Subjects) -> None:
    """Add the tool and its commands to the command line."""
    log = Subject(subjects, "log", "the log: dump, check, backup, restore", EXAMPLES)
    dump = log.add("dump", _dump, "print the log as JSON lines", DUMP)
    which = dump.add_mutually_exclusive_group()
    which.add_argument("--room", metavar="ROOM", help="this room alone, such as '#dev'")
    which.add_argument("--private", action="store_true", help="also private messages, with the key to")
    log.add("check", _check, "look whether the log is whole", CHECK)
    for making in (
        log.add("backup", _backup, "copy the log, while the server runs", BACKUP),
        log.add("restore", _restore, "make the log of a backup", RESTORE),
    ):
        making.add_argument("file", metavar="FILE", help="the backup")
        making.set_defaults(is_careful=True)


@contextmanager
def _opened(store: Store, problems: list[str]) -> Iterator[StoredLog]:
    """Open a log to read it; ``problems`` are added that are known before."""
    if isinstance(store, InFile):
        with closing(StoredLog(store.path)) as log:
            yield log
        return
    # What a cluster needs takes a while to import.
    from tcpchat.copying import copied

    assert isinstance(store, InCluster)
    with copied(store) as copy, closing(StoredLog(copy.path)) as log:
        log.path = str(store)
        problems += copy.problems
        for weak in copy.weak:
            print(f"tcpchat: {weak}", file=sys.stderr)
        yield log


def _path(typed: argparse.Namespace) -> str:
    """Return the path of a store that is a file."""
    if not isinstance(typed.store, InFile):
        raise WrongUsage("The log of a cluster is backed up and restored by NATS: see docs/clustering.md.")
    return typed.store.path


def _dump(typed: argparse.Namespace) -> int:
    lost = 0

    def tell(what: str) -> None:
        nonlocal lost
        lost += 1
        if lost <= MOST_PROBLEMS:
            tqdm.write(f"tcpchat: {clean(what)}", file=sys.stderr)

    with _opened(typed.store, []) as log, stdout() as out:
        names = ALL if typed.private else ROOMS
        if typed.room is not None:
            if (room := log.room(typed.room)) is None:
                raise WrongUsage(f"There is no room {typed.room!r} in the log {log.path}.")
            names = (room, room)
        with _bar(os.isatty(STDOUT)) as progress:
            for found in log.entries(names, progress, tell):
                out.write(msgspec.json.encode(fields(log.epoch, *found)) + b"\n")
    if lost:
        raise Damaged(f"The log {log.path} is damaged: {number(lost, 'part')} of it cannot be read.")
    return 0


def _check(typed: argparse.Namespace) -> int:
    problems: list[str] = []
    with _opened(typed.store, problems) as log, stdout() as out:
        with _bar() as progress:
            problems += islice(log.problems(progress), MOST_PROBLEMS)
        for problem in problems:
            out.write(clean(problem).encode() + b"\n")
        if problems:
            out.flush()
            more = " or more" if len(problems) >= MOST_PROBLEMS else ""
            raise Damaged(f"The log {log.path} is damaged: {number(len(problems), 'problem')}{more}.")
        rooms, entries = log.count()
        known = f"{number(rooms, 'room')}, {number(entries, 'entry', 'entries')}, epoch {log.epoch}"
        out.write(f"OK: {known}.\n".encode())
    return 0


def _backup(typed: argparse.Namespace) -> int:
    with closing(StoredLog(_path(typed))) as log:
        with _making(typed.file, os.path.abspath(typed.file)) as unfinished, _bar() as progress:
            log.copy_to(unfinished, log.epoch, progress)
    return 0


def _restore(typed: argparse.Namespace) -> int:
    path = _path(typed)
    with closing(StoredLog(typed.file)) as log, closing(Vacancy(path)) as vacancy:
        with _making(path, vacancy.real) as unfinished, _bar() as progress:
            # What is said from now on has numbers that were given before.
            log.copy_to(unfinished, secrets.token_urlsafe(9), progress)
    return 0


@contextmanager
def _making(called: str, path: str) -> Iterator[str]:
    """Have a file made under another name: under its own it is whole or not there."""
    folder, name = os.path.split(path)
    if os.path.lexists(path):
        raise CannotOpen(f"{called} is there already, and nothing is overwritten.")
    try:
        file, unfinished = tempfile.mkstemp(".new", f"{name}.", folder)  # for its owner alone
    except OSError as error:
        raise CannotOpen(f"{called} cannot be made: {error.strerror}.") from error
    try:
        yield unfinished
        os.fsync(file)
        _name(unfinished, path)
        _sync(folder)
    except FileExistsError as error:
        raise CannotOpen(f"{called} is there already, and nothing is overwritten.") from error
    except OSError as error:
        raise NotWritten(f"{called} cannot be written: {error.strerror}.") from error
    except NotWritten as error:
        raise NotWritten(f"{called} cannot be written: {error}.") from error
    finally:
        os.close(file)
        for left_over in unfinished, unfinished + "-journal":
            with suppress(FileNotFoundError):
                os.remove(left_over)


def _name(unfinished: str, path: str) -> None:
    """Give a file its name: as `os.rename`, but never another file's."""
    try:
        os.link(unfinished, path)
    except FileExistsError:
        raise
    except OSError:  # there are disks where a file can have no second name
        os.rename(unfinished, path)


def _sync(folder: str) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@contextmanager
def _bar(hidden: bool = False) -> Iterator[Progress]:
    """Show how far it is, if somebody looks on."""
    with tqdm(disable=hidden or None, leave=False) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield progress
