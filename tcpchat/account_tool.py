"""``tcpchat account list|add|password|remove|operator``: who has an account, also while the server runs."""

from __future__ import annotations

import argparse
import getpass
import sys

from tcpchat import tool_orders
from tcpchat.asking import carried_out
from tcpchat.hashing import Hashing
from tcpchat.limits import LONGEST_LINE
from tcpchat.names import Name, NotAName, nickname
from tcpchat.passwords import check
from tcpchat.requests import Refused
from tcpchat.tool_orders import Order
from tcpchat.tools import Subject, Subjects, WrongUsage, add_replica, as_json, done, moment, stdout, table

EXAMPLES = """examples:
  tcpchat account add anna
  tcpchat account operator anna
  tcpchat account list --store sqlite:/var/lib/tcpchat/chat.sqlite3
"""

LIST = """Print every account in a line: its nickname, when it was registered and was here last (UTC), whether
it is an operator of the server, and its rooms.

examples:
  tcpchat account list
  tcpchat account list --json | jq -r 'select(.operator) | .nickname'
"""

ADD = """Make an account. Its password is asked for; or, if standard input is no terminal, it is the one line
that comes there.

examples:
  tcpchat account add anna
  tcpchat account add anna < password
"""

PASSWORD = """Give an account another password, which is asked for as with add. Who is there by the old one
stays.

examples:
  tcpchat account password anna
  tcpchat account password anna < password
"""

REMOVE = """Remove an account: its nickname is free. Who is there by it stays as a guest.

examples:
  tcpchat account remove anna
  tcpchat account remove anna --store sqlite:/var/lib/tcpchat/chat.sqlite3
"""

OPERATOR = """Make an account an operator of the whole server, who may moderate every room and reads #audit;
with --off it is one no more. Who is an operator by the server's own option --operator stays one.

examples:
  tcpchat account operator anna
  tcpchat account operator anna --off
"""


def add_to(subjects: Subjects) -> None:
    """Add the tool and its commands to the command line."""
    summary = "accounts: list, add, password, remove, operator"
    account = Subject(subjects, "account", summary, EXAMPLES)
    listing = account.add("list", _list, "print every account", LIST)
    listing.add_argument(
        "--json", action="store_true", help="as JSON lines; times are milliseconds since 1970"
    )
    add_replica(listing)
    for command in (
        account.add("add", _add, "make an account", ADD),
        account.add("password", _password, "give an account another password", PASSWORD),
        account.add("remove", _remove, "remove an account", REMOVE),
        operator := account.add("operator", _operator, "make an account an operator", OPERATOR),
    ):
        command.add_argument("nick", metavar="NICK", help="the account's nickname")
        # A password that is asked for is not shown; that ends with the tool.
        command.set_defaults(is_careful=True)
        add_replica(command)
    operator.add_argument("--off", action="store_true", help="an operator no more")


def _list(typed: argparse.Namespace) -> int:
    answers = carried_out(typed, tool_orders.ListAccounts())
    accounts = [answer for answer in answers if isinstance(answer, tool_orders.Account)]
    with stdout() as out:
        for line in map(as_json, accounts) if typed.json else table(map(_columns, accounts)):
            out.write(line)
    return 0


def _columns(account: tool_orders.Account) -> tuple[str, ...]:
    """Return what is printed of an account."""
    if account.here:
        seen = "here now"
    else:
        seen = f"seen {moment(account.seen)}" if account.seen else "never here"
    return (
        account.nickname,
        f"registered {moment(account.registered)}",
        seen,
        "operator" if account.operator else "",
        " ".join(account.rooms),
    )


def _add(typed: argparse.Namespace) -> int:
    return _do(typed, tool_orders.AddAccount(typed.nick, _hash(typed.nick)))


def _password(typed: argparse.Namespace) -> int:
    return _do(typed, tool_orders.SetPassword(typed.nick, _hash(typed.nick)))


def _remove(typed: argparse.Namespace) -> int:
    return _do(typed, tool_orders.RemoveAccount(typed.nick))


def _operator(typed: argparse.Namespace) -> int:
    return _do(typed, tool_orders.SetOperator(typed.nick, not typed.off))


def _do(typed: argparse.Namespace, order: Order) -> int:
    return done(carried_out(typed, order))


def _hash(nick: str) -> str:
    """
    Ask for a password; return its hash.

    Raises:
        WrongUsage: it cannot be one.
    """
    try:
        name: Name = nickname(nick)
        password = check(_asked(nick), name)
    except NotAName as reason:
        raise WrongUsage(f'"{nick}" is not a nickname: {reason}.') from reason
    except Refused as why:
        raise WrongUsage(str(why)) from why
    hashes: list[str] = []
    Hashing().hash(password).addCallback(hashes.append)
    return hashes[0]


def _asked(nick: str) -> str:
    """Return the password that somebody types twice, or that another program gives."""
    if sys.stdin is not None and sys.stdin.isatty():
        try:
            typed = getpass.getpass(f"Password for {nick}: ")
            if getpass.getpass("Once more: ") != typed:
                raise WrongUsage("Those were two passwords, and nothing was changed.")
        except EOFError:
            raise WrongUsage("There was no password, and nothing was changed.") from None
        return typed
    try:
        # What is longer is no password, and is refused as too long.
        line = sys.stdin.buffer.readline(LONGEST_LINE) if sys.stdin is not None else b""
        password = line.removesuffix(b"\n").removesuffix(b"\r").decode()
    except UnicodeDecodeError:
        raise WrongUsage("That password is not UTF-8.") from None
    if not line:
        raise WrongUsage("There was no password on standard input, and nothing was changed.")
    return password
