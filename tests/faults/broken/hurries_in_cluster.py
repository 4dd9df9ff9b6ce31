"""A node whose lease is over after seconds, and that takes others for dead as soon."""

from __future__ import annotations

from twisted.scripts.twistd import run

from tcpchat import service
from tcpchat.leases import Leases, Times

# As long as nothing else is slow: a machine that tests other things too stops processes for a second.
TIMES = Times(renew=1.0, fence=3.0, dead=5.0)
# Seconds for a break to heal.
PATIENCE = 3

if __name__ == "__main__":
    Leases.__init__.__defaults__ = (TIMES,)
    service.GRACE = PATIENCE  # type: ignore[attr-defined]
    run()
