"""A server that swaps two lines now and then, for one reader alone."""

from __future__ import annotations

from itertools import count

from twisted.scripts.twistd import run

from tcpchat.doors.line import LineConnection

SECOND = 1

whole = LineConnection.connectionMade
numbers = count()


def connectionMade(self: LineConnection) -> None:
    whole(self)
    if next(numbers) != SECOND:
        return
    show = self.transport.writeSomeData

    def show_swapped(data: bytes) -> int | Exception:
        lines = data.splitlines(keepends=True)
        if len(lines) > 1 and all(b'"type":"message"' in line for line in lines[-2:]):
            lines[-2:] = lines[:-3:-1]
        return show(b"".join(lines))

    self.show = show_swapped  # type: ignore[method-assign]
    self.socket = None  # or a crowd would hand over to that


if __name__ == "__main__":
    LineConnection.connectionMade = connectionMade  # type: ignore[method-assign]
    run()
