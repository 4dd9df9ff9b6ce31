"""``tcpchat``: the client, the server, or the operator's tools, by the first word behind it."""

from __future__ import annotations

import sys
from typing import NoReturn

SERVE = "serve"
TOOLS = ("log", "account", "ban", "config", "mkcert", "top", "upgrade")


def main() -> NoReturn:
    """Do what the command line says, and end with its status. Only what that needs is imported."""
    first, *rest = sys.argv[1:] or [""]
    if first in TOOLS:
        from tcpchat import cli

        cli.main()
    if first == SERVE:
        from twisted.scripts.twistd import run

        # Its parser reads sys.argv, and names the plugin that takes the rest.
        sys.argv[:] = ["twistd", "--nodaemon", "--pidfile=", "tcpchat", *rest]
        run()
        sys.exit(0)
    from tcpchat.client.__main__ import main as join

    sys.exit(join(sys.argv[1:]))


if __name__ == "__main__":
    main()
