"""A server whose patience ends after seconds, where that of ours takes minutes."""

from __future__ import annotations

from twisted.scripts.twistd import run

from tcpchat import listening, reader, service

# Seconds for the nickname, for a break to heal, and until a peer is dead.
PATIENCE = 3
DEAD = 4

if __name__ == "__main__":
    service.LONGEST_NAMELESS = PATIENCE  # type: ignore[attr-defined]
    service.GRACE = PATIENCE  # type: ignore[attr-defined]
    listening.KEEPALIVE.update(TCP_KEEPIDLE=1, TCP_KEEPINTVL=1, TCP_KEEPCNT=2)
    reader.DEAD_AFTER = DEAD
    run()
