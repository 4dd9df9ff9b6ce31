"""
``tcpchat log|account|ban|config|mkcert|top|upgrade``: the operator's tools, by hand or by cron.

What cannot be is one clear line and an exit status of its own, as with the server.
"""

from __future__ import annotations

import signal
import sys
from typing import NoReturn

from tcpchat import (
    __version__,
    account_tool,
    ban_tool,
    config_tool,
    log_tool,
    mkcert,
    scraping,
    statuses,
    top,
    upgrade_tool,
)
from tcpchat.logs.interface import CannotOpen, Damaged, InUse
from tcpchat.logs.sqlite_tools import NotWritten
from tcpchat.text import clean
from tcpchat.tools import SHAPE, Parser, WrongUsage

STATUSES: dict[type[Exception], int] = {
    WrongUsage: statuses.USAGE,
    Damaged: statuses.DAMAGED,
    CannotOpen: statuses.CANNOT_OPEN,
    NotWritten: statuses.LOG_FAILED,
    InUse: statuses.IN_USE,
}


def main() -> NoReturn:
    """Do what the command line says, and end with its status."""
    try:
        typed = _parser().parse_args()
        for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, _end if typed.is_careful else signal.SIG_DFL)
        status = typed.run(typed)
    except BrokenPipeError:
        status = 0  # whoever reads has seen enough
    except tuple(STATUSES) as error:
        print(f"tcpchat: {clean(str(error))}", file=sys.stderr)
        status = STATUSES[type(error)]
    except scraping.Unreachable as error:
        print(f"tcpchat: {clean(str(error))}", file=sys.stderr)
        status = error.status
    sys.exit(status)


def _end(number: int, frame: object) -> NoReturn:
    """End by a signal, once what is half done has been cleared up."""
    raise SystemExit(128 + number)


def _parser() -> Parser:
    parser = Parser("tcpchat", description="tcpchat's tools; the server is twistd tcpchat.",
                    epilog=log_tool.EXAMPLES, formatter_class=SHAPE, allow_abbrev=False)  # fmt: skip
    parser.add_argument("--version", action="version", version=__version__)
    subjects = parser.add_subparsers(metavar="SUBJECT", required=True)
    for tool in log_tool, account_tool, ban_tool, config_tool, mkcert, top, upgrade_tool:
        tool.add_to(subjects)
    return parser
