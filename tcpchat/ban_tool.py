"""``tcpchat ban list|remove``: who is banned or muted, and where, also while the server runs."""

from __future__ import annotations

import argparse

from tcpchat import tool_orders
from tcpchat.asking import carried_out
from tcpchat.tools import Subject, Subjects, add_replica, as_json, done, moment, stdout, table

EXAMPLES = """examples:
  tcpchat ban list
  tcpchat ban remove eve --room '#dev'
"""

LIST = """Print every ban and mute in a line: whom it is of, where, until when (UTC), by whom, which networks
it marks, and why.

examples:
  tcpchat ban list
  tcpchat ban list --json | jq -r 'select(.room == "") | .whom'
"""

REMOVE = """Lift the bans and mutes of somebody in a room, or without one on the whole server. WHO is a
nickname, an address or a network, as it is listed.

examples:
  tcpchat ban remove eve
  tcpchat ban remove 203.0.113.0/24 --room '#dev'
"""


def add_to(subjects: Subjects) -> None:
    """Add the tool and its commands to the command line."""
    ban = Subject(subjects, "ban", "bans and mutes: list, remove", EXAMPLES)
    listing = ban.add("list", _list, "print every ban and mute", LIST)
    listing.add_argument(
        "--json", action="store_true", help="as JSON lines; times are milliseconds since 1970"
    )
    remove = ban.add("remove", _remove, "lift bans and mutes", REMOVE)
    remove.add_argument("whom", metavar="WHO", help="a nickname, an address or a network")
    remove.add_argument("--room", default="", metavar="ROOM", help="in this room, such as '#dev'")
    for command in listing, remove:
        add_replica(command)


def _list(typed: argparse.Namespace) -> int:
    answers = carried_out(typed, tool_orders.ListSanctions())
    sanctions = [answer for answer in answers if isinstance(answer, tool_orders.Sanction)]
    with stdout() as out:
        for line in map(as_json, sanctions) if typed.json else table(map(_columns, sanctions)):
            out.write(line)
    return 0


def _columns(sanction: tool_orders.Sanction) -> tuple[str, ...]:
    """Return what is printed of a ban or mute."""
    preposition = "from" if sanction.kind == "ban" else "in"
    return (
        sanction.kind,
        sanction.whom,
        f"{preposition} {sanction.room or 'the whole server'}",
        f"until {moment(sanction.until)}" if sanction.until is not None else "for good",
        f"by {sanction.by}",
        " ".join(sanction.networks),
        sanction.reason,
    )


def _remove(typed: argparse.Namespace) -> int:
    return done(carried_out(typed, tool_orders.LiftSanctions(typed.whom, typed.room)))
