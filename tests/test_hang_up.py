"""SIGHUP has the configuration read, unless it is the terminal that has gone."""

from __future__ import annotations

import os
import pty
import signal

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.hang_up import STDIN, HangUp


class Reactor:
    """Calls at once."""

    def callFromThread(self, call: object) -> None:
        assert callable(call)
        call()


class HangUpTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.heard: list[str] = []
        stdin = os.dup(STDIN)
        self.addCleanup(os.close, stdin)
        self.addCleanup(os.dup2, stdin, STDIN)

    def take(self, descriptor: int) -> None:
        """Read the standard input from somewhere."""
        os.dup2(descriptor, STDIN)
        os.close(descriptor)

    def hang_up(self) -> HangUp:
        made = HangUp(Reactor(), lambda: self.heard.append("read"), lambda: self.heard.append("end"))
        self.addCleanup(made.restore)
        return made

    def test_a_server_without_a_terminal_reads(self) -> None:
        self.take(os.open(os.devnull, os.O_RDONLY))
        self.hang_up()
        signal.raise_signal(signal.SIGHUP)
        signal.raise_signal(signal.SIGHUP)
        self.assertEqual(self.heard, ["read", "read"])

    def test_one_in_a_terminal_reads_while_that_is_there_and_ends_with_it(self) -> None:
        terminal, inside = pty.openpty()
        self.take(inside)
        self.hang_up()
        signal.raise_signal(signal.SIGHUP)
        os.close(terminal)
        signal.raise_signal(signal.SIGHUP)
        self.assertEqual(self.heard, ["read", "end"])

    def test_afterwards_all_is_as_before(self) -> None:
        before = signal.getsignal(signal.SIGHUP)
        self.hang_up().restore()
        self.assertEqual(signal.getsignal(signal.SIGHUP), before)
