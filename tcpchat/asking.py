"""How a tool has something done with a store: by itself, or by the server that has it open."""

from __future__ import annotations

import argparse
import errno
import os
import socket
import time
from glob import escape, glob

import msgspec

from tcpchat import statuses, tool_orders
from tcpchat.administration import carry_out
from tcpchat.alone import Alone
from tcpchat.control_path import SUFFIX, control_path, reachable
from tcpchat.deeds import Refusal
from tcpchat.logs.interface import CannotOpen, InUse, NotKept
from tcpchat.logs.sqlite_tools import NotWritten
from tcpchat.store import InFile
from tcpchat.tool_orders import Answer, Order
from tcpchat.tools import WrongUsage

# Seconds for a server to come up, or to end, that has the store and answers nobody: a large log takes some.
WAIT_FOR_SERVER = 10.0
TRY_AGAIN = 0.05

# Seconds for a server to answer: a commit to a disk that hangs takes as long as the disk.
WAIT_FOR_ANSWER = 30.0

# The same for the next version of it: to be tried out, and to start.
WAIT_FOR_UPGRADE = 300.0

# Seconds for a node of a cluster to do so: whoever waits would rather ask another one.
WAIT_FOR_NODE = 10.0

# What connecting fails with where nobody listens (any more, or yet).
NOBODY_THERE = errno.ENOENT, errno.ECONNREFUSED, errno.EAGAIN


def carried_out(typed: argparse.Namespace, order: Order) -> list[Answer]:
    """
    Have an order carried out on the store that was typed, as `ask` does.

    Of a cluster, a node does that which runs here.
    """
    if isinstance(typed.store, InFile):
        return ask(typed.store.path, order)
    return _without_refusal(_ask_node(typed.replica, order))


def ask(path: str, order: Order) -> list[Answer]:
    """
    Have an order carried out on the log ``path``; return what it is answered, but for the end.

    Raises:
        WrongUsage: it cannot be done.
        CannotOpen: or another of its kinds: the log, or the server that has it, cannot be reached.
        NotWritten: the disk does not take it.
    """
    return _without_refusal(_ask(path, order))


def _without_refusal(answers: list[Answer]) -> list[Answer]:
    """Return answers, unless the last of them is that it cannot be."""
    end = answers[-1]
    if isinstance(end, tool_orders.NotDone):
        raise NotWritten(end.text) if end.status == statuses.LOG_FAILED else WrongUsage(end.text)
    return answers


def _ask_node(replica: str, order: Order) -> list[Answer]:
    """Ask a node that runs here: the one with a replica, or of several workers the first that answers."""
    stem, end = os.path.splitext(os.path.realpath(replica))
    # Those of workers are numbered (`store.numbered`).
    workers = sorted(glob(f"{escape(stem)}-*{escape(end)}{SUFFIX}"))
    for path in replica, *(worker.removesuffix(SUFFIX) for worker in workers):
        if (answered := _ask_server(path, order, WAIT_FOR_NODE)) is not None:
            return answered
    raise CannotOpen(
        f"No node of the cluster answers here, at {control_path(replica)}: this works where one runs,"
        " with its --replica."
    )


def _ask(path: str, order: Order) -> list[Answer]:
    """Ask whoever has the store, which may be somebody else the next moment."""
    until = time.monotonic() + WAIT_FOR_SERVER
    while True:
        try:
            return _do(path, order)
        except InUse as in_use:
            if (answered := _ask_server(path, order)) is not None:
                return answered
            if time.monotonic() > until:
                raise InUse(f"{in_use} It does not answer at {control_path(path)}.") from in_use
        time.sleep(TRY_AGAIN)


def _do(path: str, order: Order) -> list[Answer]:
    """Carry out an order on a store that no server has."""
    store = Alone(path)
    try:
        return store.run(lambda store: carry_out(store, order))
    except Refusal as why:
        return [tool_orders.NotDone(str(why))]
    except NotKept as error:
        raise NotWritten(f"The log {path} cannot be written, and nothing was changed.") from error


def _ask_server(path: str, order: Order, patience: float = WAIT_FOR_ANSWER) -> list[Answer] | None:
    """Have a server carry out an order; return what it answers, None if nobody is there."""
    with socket.socket(socket.AF_UNIX) as connection:
        if isinstance(order, tool_orders.Upgrade):
            patience = WAIT_FOR_UPGRADE
        connection.settimeout(patience)
        try:
            with reachable(control_path(path)) as address:
                connection.connect(address)
        except OSError as error:
            if error.errno in NOBODY_THERE:
                return None
            raise CannotOpen(
                f"The server that has {path} cannot be reached: {os.strerror(error.errno or 0)}."
            ) from error
        try:
            connection.sendall(tool_orders.encode(order) + b"\n")
            with connection.makefile("rb") as lines:
                answers = [tool_orders.answer(line) for line in lines]
        except TimeoutError:
            raise InUse(
                f"The server that has {path} has not answered within {patience:.0f} s: whether it is done is"
                " not known."
            ) from None
        except (OSError, msgspec.MsgspecError):
            answers = []
    if not answers or not isinstance(answers[-1], tool_orders.Done | tool_orders.NotDone):
        raise InUse(f"The server that has {path} has not said whether it is done.")
    return answers
