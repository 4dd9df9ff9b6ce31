"""
``tcpchat log dump|check|backup|restore``: what an operator does with the store, by hand or by cron.

What cannot be is one clear line and an exit status of its own, as with the server.
"""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from itertools import islice
from typing import BinaryIO, NoReturn

import msgspec
from tqdm import tqdm

from tcpchat import __version__, statuses
from tcpchat.dump import fields
from tcpchat.logs.interface import CannotOpen, Damaged, InUse
from tcpchat.logs.sqlite_tools import ALL, ROOMS, NotWritten, Progress, StoredLog, Vacancy
from tcpchat.text import clean

# A damaged file can have as many problems as entries; nobody reads more than these.
MOST_PROBLEMS = 100

STDOUT = 1

EXAMPLES = """examples:
  tcpchat log dump --room '#dev' | jq -r .text
  tcpchat log check --store sqlite:/var/lib/tcpchat/chat.sqlite3
  tcpchat log backup chat-monday.sqlite3
  tcpchat log restore chat-monday.sqlite3 --store sqlite:new.sqlite3
"""

DUMP = """Print the log as JSON lines, one an entry, by room and number, with the keys epoch, room, seq, time,
type (message, action, joined, left, renamed, topic, edited, removed, gone, audit, kicked, ...), from and
text; some types have more, such as re, about, nick or seconds. The server may run meanwhile.

examples:
  tcpchat log dump > chat.jsonl
  tcpchat log dump --room '#dev' | jq -r 'select(.type == "message") | .from + ": " + .text'
"""

CHECK = """Look whether the log is whole: one line and status 0, or what is wrong in a line each and 65. The
server may run meanwhile. A backup can be checked like any other log.

examples:
  tcpchat log check
  tcpchat log check --store sqlite:chat-monday.sqlite3
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


class WrongUsage(Exception):
    """What was typed cannot be done; the text is one line that says why."""


STATUSES: dict[type[Exception], int] = {
    WrongUsage: statuses.USAGE,
    Damaged: statuses.DAMAGED,
    CannotOpen: statuses.CANNOT_OPEN,
    NotWritten: statuses.LOG_FAILED,
    InUse: statuses.IN_USE,
}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise WrongUsage(f"{message} (see {self.prog} --help)")


def main() -> NoReturn:
    """Do what the command line says, and end with its status."""
    try:
        typed = _parser().parse_args()
        for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, _end if typed.makes else signal.SIG_DFL)
        status = typed.run(typed)
    except BrokenPipeError:
        status = 0  # whoever reads has seen enough
    except tuple(STATUSES) as error:
        print(f"tcpchat: {clean(str(error))}", file=sys.stderr)
        status = STATUSES[type(error)]
    sys.exit(status)


def _end(number: int, frame: object) -> NoReturn:
    """End by a signal, once what is half made has been removed."""
    raise SystemExit(128 + number)


def _parser() -> argparse.ArgumentParser:
    shape = argparse.RawDescriptionHelpFormatter
    parser = _Parser("tcpchat", description="tcpchat's tools; the server is twistd tcpchat.", epilog=EXAMPLES,
                     formatter_class=shape, allow_abbrev=False)  # fmt: skip
    parser.add_argument("--version", action="version", version=__version__)
    subjects = parser.add_subparsers(metavar="log", required=True)
    log = subjects.add_parser("log", help="the log: dump, check, backup, restore", epilog=EXAMPLES,
                              formatter_class=shape, allow_abbrev=False)  # fmt: skip
    commands = log.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, run: Callable[[argparse.Namespace], int], summary: str, text: str) -> _Parser:
        command: _Parser = commands.add_parser(name, help=summary, description=text,
                                               formatter_class=shape, allow_abbrev=False)  # fmt: skip
        command.add_argument("--store", default="sqlite:tcpchat.sqlite3", type=_path, metavar="sqlite:PATH",
                             help="where the log is kept (sqlite:tcpchat.sqlite3)")  # fmt: skip
        command.set_defaults(run=run, makes=False)
        return command

    dump = add("dump", _dump, "print the log as JSON lines", DUMP)
    which = dump.add_mutually_exclusive_group()
    which.add_argument("--room", metavar="ROOM", help="this room alone, such as '#dev'")
    which.add_argument("--private", action="store_true", help="also private messages, with the key to")
    add("check", _check, "look whether the log is whole", CHECK)
    for making in (
        add("backup", _backup, "copy the log, while the server runs", BACKUP),
        add("restore", _restore, "make the log of a backup", RESTORE),
    ):
        making.add_argument("file", metavar="FILE", help="the backup")
        making.set_defaults(makes=True)
    return parser


def _path(store: str) -> str:
    """Return the path in what was typed as the store."""
    kind, _, path = store.partition(":")
    if kind != "sqlite" or not path:
        raise WrongUsage(f"There is no store {store!r} to work on: it is sqlite:PATH.")
    return path


def _dump(typed: argparse.Namespace) -> int:
    with closing(StoredLog(typed.store)) as log, _stdout() as out:
        names = ALL if typed.private else ROOMS
        if typed.room is not None:
            if (room := log.room(typed.room)) is None:
                raise WrongUsage(f"There is no room {typed.room!r} in the log {typed.store}.")
            names = (room, room)
        with _bar(os.isatty(STDOUT)) as progress:
            for found in log.entries(names, progress):
                out.write(msgspec.json.encode(fields(log.epoch, *found)) + b"\n")
    return 0


def _check(typed: argparse.Namespace) -> int:
    with closing(StoredLog(typed.store)) as log, _stdout() as out:
        with _bar() as progress:
            problems = list(islice(log.problems(progress), MOST_PROBLEMS))
        for problem in problems:
            out.write(clean(problem).encode() + b"\n")
        if problems:
            out.flush()
            more = " or more" if len(problems) == MOST_PROBLEMS else ""
            raise Damaged(f"The log {typed.store} is damaged: {_number(len(problems), 'problem')}{more}.")
        rooms, entries = log.count()
        known = f"{_number(rooms, 'room')}, {_number(entries, 'entry', 'entries')}, epoch {log.epoch}"
        out.write(f"OK: {known}.\n".encode())
    return 0


def _backup(typed: argparse.Namespace) -> int:
    with closing(StoredLog(typed.store)) as log:
        with _making(typed.file, os.path.abspath(typed.file)) as unfinished, _bar() as progress:
            log.copy_to(unfinished, log.epoch, progress)
    return 0


def _restore(typed: argparse.Namespace) -> int:
    with closing(StoredLog(typed.file)) as log, closing(Vacancy(typed.store)) as vacancy:
        with _making(typed.store, vacancy.real) as unfinished, _bar() as progress:
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


def _number(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


@contextmanager
def _stdout() -> Iterator[BinaryIO]:
    try:
        with open(STDOUT, "wb", closefd=False) as out:
            yield out
    except BrokenPipeError:
        raise
    except OSError as error:
        raise NotWritten(f"The output cannot be written: {error.strerror}.") from error
