"""What a session needs from a connection, whatever its wire: a door gives it one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from tcpchat.acknowledged import Traffic

# Hands over what goes at once: how many bytes that was, or why none will ever go.
Show = Callable[[bytes], int | Exception]


class Sending(Protocol):
    """A socket, or what sends as one does."""

    def send(self, data: bytes, /) -> int:
        """
        Send something at once; return how many bytes were taken.

        Raises:
            OSError: none was, this time or ever: the rules of a socket that does not block.
        """


class Screen(Protocol):
    """What a session needs from a connection."""

    @property
    def show(self) -> Show:
        """Show something; after it took less than all, not to be called until `Reader.drained`."""

    @property
    def socket(self) -> Sending | None:
        """What `show` hands over to, if that is one to which bytes can be sent at once."""

    def keep(self, data: bytes) -> None:
        """Send what `show` did not take, and what is told meanwhile, as the person reads."""

    def traffic(self) -> Traffic | None:
        """
        Return how much of what was sent has arrived; None where that cannot be known.

        It can be asked as long as the connection is there, and once more when it is gone.
        """

    @property
    def has_lines(self) -> bool:
        """Are there lines that have come and were not given to the dialogue yet?"""

    def pause(self) -> None:
        """Take no more input: leave it in the network."""

    def resume(self) -> None:
        """Take input again."""

    def hide_input(self, hides: bool) -> None:
        """Have the person's own terminal not show what is typed, or show it again, where that can be had."""

    @property
    def is_encrypted(self) -> bool:
        """Can nobody on the way read what comes?"""

    def stop_listening(self) -> None:
        """Take nothing more from the network; what has come is input still."""

    def close(self) -> None:
        """Hang up once everything shown so far has been sent."""

    def abort(self) -> None:
        """Hang up at once: the connection is broken."""


class Nowhere:
    """The screen of somebody who is not connected."""

    def show(self, data: bytes) -> int | Exception:
        return len(data)

    socket = None

    def keep(self, data: bytes) -> None:
        """Nobody reads it."""

    def traffic(self) -> Traffic | None:
        return None

    has_lines = False
    is_encrypted = True

    def hide_input(self, hides: bool) -> None:
        """Nobody types."""

    def pause(self) -> None:
        """There is no input."""

    resume = stop_listening = close = abort = pause


NOWHERE = Nowhere()
