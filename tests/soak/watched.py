"""
The server as twistd runs it, which tells on SIGUSR1 what cannot be seen from outside.

``python -m tests.soak.watched FILE OPTION ...``: the number of timers goes into the file.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Any

from twisted.scripts import twistd


def main(told: str, *options: str) -> None:
    """Run the server."""

    def tell(*_: object) -> None:
        from twisted.internet import reactor as installed

        reactor: Any = installed
        whole = Path(f"{told}.new")
        whole.write_text(str(len(reactor.getDelayedCalls())))
        whole.rename(told)

    signal.signal(signal.SIGUSR1, tell)
    sys.argv = ["twistd", "-n", "--pidfile=", "tcpchat", *options]
    twistd.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
