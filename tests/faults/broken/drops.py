"""A server that drops the lines for which a reader has no room."""

from __future__ import annotations

from twisted.scripts.twistd import run

from tcpchat.showing import Showing

whole = Showing.was_shown


def was_shown(self: Showing, data: bytes, taken: int | Exception) -> None:
    if isinstance(taken, int) and taken < len(data):
        data = data[: data.find(b"\n", taken) + 1]  # the rest of the line that was begun
    whole(self, data, taken)


if __name__ == "__main__":
    Showing.was_shown = was_shown  # type: ignore[method-assign]
    run()
