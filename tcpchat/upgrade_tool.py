"""``tcpchat upgrade``: have a server that runs become the version that is installed now."""

from __future__ import annotations

import argparse

from tcpchat import tool_orders
from tcpchat.asking import ask
from tcpchat.store import InFile
from tcpchat.tools import SHAPE, Subjects, WrongUsage, add_store, done

EXAMPLES = """examples:
  tcpchat upgrade
  tcpchat upgrade --store sqlite:/var/lib/tcpchat/chat.sqlite3
"""

UPGRADE = """Have the server that runs become the version that is installed now, by the command line and the
configuration as they are now. Nobody is disconnected but by TLS. If the new version cannot start, it is said
why, and the server goes on as it is. The signal SIGUSR2 does the same. Ends with 0 when the new version runs.
"""


def add_to(subjects: Subjects) -> None:
    """Add the tool to the command line."""
    summary = "have a server that runs become the version that is installed now"
    command = subjects.add_parser("upgrade", help=summary, description=UPGRADE, epilog=EXAMPLES,
                                  formatter_class=SHAPE, allow_abbrev=False)  # fmt: skip
    add_store(command)
    command.set_defaults(run=_upgrade, is_careful=False)


def _upgrade(typed: argparse.Namespace) -> int:
    if not isinstance(typed.store, InFile):
        raise WrongUsage(tool_orders.NOT_IN_CLUSTERS)
    return done(ask(typed.store.path, tool_orders.Upgrade()))
