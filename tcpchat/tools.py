"""What the tools on the command line have in common: how they are described, what they print and refuse."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import BinaryIO, NoReturn, TypeAlias

import msgspec

from tcpchat import tool_orders
from tcpchat.columns import width
from tcpchat.logs.sqlite_tools import NotWritten
from tcpchat.store import REPLICA, InMemory, NoStore, Store, store
from tcpchat.text import clean

STDOUT = 1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

SHAPE = argparse.RawDescriptionHelpFormatter


class WrongUsage(Exception):
    """What was typed cannot be done; the text is one line that says why."""


class Parser(argparse.ArgumentParser):
    """A part of the command line; what is wrong in it is `WrongUsage`."""

    def error(self, message: str) -> NoReturn:
        raise WrongUsage(f"{message} (see {self.prog} --help)")


Subjects: TypeAlias = "argparse._SubParsersAction[Parser]"


class Plain:
    """What a family of commands is about, as in ``tcpchat config``."""

    def __init__(self, subjects: Subjects, name: str, summary: str, examples: str) -> None:
        """Add it to the command line."""
        parser = subjects.add_parser(name, help=summary, epilog=examples, formatter_class=SHAPE,
                                     allow_abbrev=False)  # fmt: skip
        self._commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(self, name: str, run: Callable[[argparse.Namespace], int], summary: str, text: str) -> Parser:
        """Add a command, which ``run`` carries out; it returns the exit status."""
        command = self._commands.add_parser(name, help=summary, description=text, formatter_class=SHAPE,
                                            allow_abbrev=False)  # fmt: skip
        # Is it to end by a signal only once it has cleared up?
        command.set_defaults(run=run, is_careful=False)
        return command


class Subject(Plain):
    """The same for commands that work on a store, as in ``tcpchat log``."""

    def add(self, name: str, run: Callable[[argparse.Namespace], int], summary: str, text: str) -> Parser:
        """Add a command, which is told the store."""
        command = super().add(name, run, summary, text)
        add_store(command)
        return command


def add_store(command: Parser) -> None:
    """Let a command be told which store it is about."""
    command.add_argument("--store", default="sqlite:tcpchat.sqlite3", type=_store, metavar="STORE",
                         help="where the log is kept: sqlite:PATH, or in a cluster nats://"
                              "HOST:PORT[,HOST:PORT...][/NAME] (sqlite:tcpchat.sqlite3)")  # fmt: skip


def _store(typed: str) -> Store:
    """Return the store that was typed."""
    try:
        found = store(typed)
    except NoStore as error:
        raise WrongUsage(str(error)) from error
    if isinstance(found, InMemory):
        raise WrongUsage("There is no store 'memory:' to work on: it ends with its server.")
    return found


def add_replica(command: Parser) -> None:
    """Let a command be told which node of a cluster is to do what it asks for."""
    command.add_argument("--replica", default=REPLICA, metavar="PATH",
                         help=f"of a cluster: the replica of a node that runs here ({REPLICA})")  # fmt: skip


def number(number: int, one: str, many: str = "") -> str:
    """Return a number of things: ``1 room``, ``1,204 entries``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def moment(time: int) -> str:
    """Return a time in milliseconds since 1970 as it is printed, in UTC."""
    return (EPOCH + timedelta(milliseconds=time)).strftime("%Y-%m-%d %H:%M")


def table(rows: Iterable[tuple[str, ...]]) -> Iterator[bytes]:
    """Yield rows as lines, each column as wide as it has to be, and none that is empty everywhere."""
    cleaned = [tuple(map(clean, row)) for row in rows]
    columns = [column for column in zip(*cleaned, strict=True) if any(column)]
    widths = [max(map(width, column)) for column in columns]
    for cells in zip(*columns, strict=True):
        line = "  ".join(cell + " " * (wide - width(cell)) for cell, wide in zip(cells, widths, strict=True))
        yield line.rstrip().encode() + b"\n"


def as_json(answer: tool_orders.Account | tool_orders.Sanction) -> bytes:
    """Return an answer as programs are shown it: a JSON object in a line."""
    return msgspec.json.encode(msgspec.structs.asdict(answer)) + b"\n"


def done(answers: Sequence[tool_orders.Answer]) -> int:
    """Print what was done; return the exit status."""
    (answer,) = answers
    assert isinstance(answer, tool_orders.Done)
    with stdout() as out:
        out.write(f"{answer.text}\n".encode())
    return 0


@contextmanager
def stdout() -> Iterator[BinaryIO]:
    """
    Print something, as bytes.

    Raises:
        NotWritten: the disk, say, does not take it.
    """
    try:
        with open(STDOUT, "wb", closefd=False) as out:
            yield out
    except BrokenPipeError:
        raise
    except OSError as error:
        raise NotWritten(f"The output cannot be written: {error.strerror}.") from error
