"""
A look whether this version could take over: ``python -m tcpchat.upgrade_trial``, with what twistd was given.

A server that is about to be upgraded runs this first, while it goes on. Whatever does not work ends it with
a line that says why, and the server stays what it is.
"""

from __future__ import annotations

import sys
from typing import NoReturn

import msgspec
from twisted.python.usage import UsageError
from twisted.scripts._twistd_unix import ServerOptions

from tcpchat import __version__, tap
from tcpchat.handed import Able
from tcpchat.logs.interface import CannotOpen
from tcpchat.statuses import CANNOT_OPEN, USAGE


def main() -> NoReturn:
    """Do everything that can be done without taking anything away from the server that runs."""
    options = ServerOptions()
    try:
        options.parseOptions(sys.argv[1:])
        if not isinstance(options.subOptions, tap.Options):
            raise UsageError("that is no command line of twistd tcpchat")
        log = tap.check(options.subOptions)
    except UsageError as error:
        print(f"tcpchat: {error}", file=sys.stderr)
        sys.exit(USAGE)
    except CannotOpen as error:
        print(f"tcpchat: {error}", file=sys.stderr)
        sys.exit(CANNOT_OPEN)
    print(msgspec.json.encode(Able(__version__, log)).decode())
    sys.exit(0)


if __name__ == "__main__":
    main()
