"""``tcpchat top``: a server's figures in the terminal, live; or once, as text for scripts."""

from __future__ import annotations

import argparse
import os
import sys
import time

from tcpchat.glance import lines
from tcpchat.scraping import PORT, Page, page, read
from tcpchat.tools import SHAPE, Subjects, WrongUsage, stdout

# Seconds from one reading to the next.
INTERVAL = 2.0

EXAMPLES = """examples:
  tcpchat top chat.example.org
  tcpchat top --once localhost:8025

The server has to be started with --metrics, such as tcp:8025. q ends it. What each figure is, and what to do
about it, is in docs/metrics.md.
"""


def where(typed: str) -> Page:
    """
    Return the page that is meant.

    Raises:
        WrongUsage: it is none.
    """
    try:
        return page(typed)
    except ValueError as error:
        raise WrongUsage(str(error)) from error


def seconds(typed: str) -> float:
    """Return an interval."""
    value = float(typed)
    if not 0.1 <= value <= 3600:
        raise ValueError
    return value


def add_to(subjects: Subjects) -> None:
    """Add it to the command line."""
    summary = "a server's figures, live: people, rates, delays"
    command = subjects.add_parser("top", help=summary, description=summary, epilog=EXAMPLES,
                                  formatter_class=SHAPE, allow_abbrev=False)  # fmt: skip
    command.add_argument("page", metavar="HOST[:PORT]", type=where,
                         help=f"where the server has its figures: its --metrics (port {PORT})")  # fmt: skip
    command.add_argument("--once", action="store_true",
                         help="print them once, as text; also where there is no terminal")  # fmt: skip
    command.add_argument("--interval", metavar="SECONDS", type=seconds, default=INTERVAL,
                         help=f"from one reading to the next, 0.1 to 3600 ({INTERVAL:g})")  # fmt: skip
    command.set_defaults(run=run, is_careful=True)


def run(typed: argparse.Namespace) -> int:
    """Show them; return the exit status."""
    first = read(typed.page)
    if typed.once or not is_terminal():
        time.sleep(typed.interval)
        shown = lines(str(typed.page), first, read(typed.page))
        with stdout() as out:
            out.writelines(f"{line}\n".encode() for line in shown)
        return 0
    from tcpchat.top_live import show

    return show(typed.page, first, typed.interval, read)


def is_terminal() -> bool:
    """Is there one that can be drawn on?"""
    return sys.stdout.isatty() and sys.stdin.isatty() and os.environ.get("TERM", "dumb") != "dumb"
