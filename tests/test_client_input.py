"""Lines of standard input, read in a thread."""

from __future__ import annotations

import os
import termios
import threading

from twisted.internet.selectreactor import SelectReactor

from tcpchat.client.input import LOCAL, Input
from tcpchat.client.limits import LONGEST_LINE, MOST_READ
from tests.processes import PATIENCE


def test_what_is_typed_on_a_terminal_can_be_hidden_and_is_shown_again() -> None:
    ours, its = os.openpty()
    source = Input(SelectReactor(), lambda line: None, lambda: None, its)
    before = termios.tcgetattr(its)
    source.hide(False)
    assert termios.tcgetattr(its) == before
    for _ in range(2):
        source.hide(True)
        hidden = termios.tcgetattr(its)[LOCAL]
        assert not hidden & termios.ECHO and hidden & termios.ECHONL and hidden & termios.ICANON
    source.hide(False)
    assert termios.tcgetattr(its) == before
    os.close(ours)
    os.close(its)


def test_in_a_pipe_there_is_nothing_to_hide() -> None:
    ours, its = os.pipe()
    source = Input(SelectReactor(), lambda line: None, lambda: None, ours)
    source.hide(True)
    source.hide(False)
    os.close(ours)
    os.close(its)


def lines(data: bytes, deals: bool = True) -> list[str]:
    """Return the lines that are read of some input; without ``deals``, only those that may wait."""
    reactor = SelectReactor()
    ours, its = os.pipe()
    read: list[str] = []

    def line(text: str) -> None:
        read.append(text)
        if deals:
            source.dealt_with()
        elif len(read) == MOST_READ:
            reactor.callLater(0.2, reactor.stop)

    def write() -> None:
        with open(its, "wb") as pipe:
            pipe.write(data)

    source = Input(reactor, line, reactor.stop, ours)
    threading.Thread(target=write, daemon=True).start()
    reactor.callWhenRunning(source.start)
    reactor.callLater(PATIENCE, reactor.crash)
    reactor.run(installSignalHandlers=False)
    return read


def test_lines_have_either_end_and_the_last_may_have_none() -> None:
    assert lines(b"a\r\nb\n\nc") == ["a", "b", "", "c"]


def test_what_is_not_utf8_is_marked() -> None:
    assert lines(b"gr\xfc\xdfe\n") == ["gr��e"]


def test_a_line_that_does_not_end_is_cut() -> None:
    assert len(lines(b"x" * (3 * LONGEST_LINE))) > 1


def test_no_more_wait_than_are_dealt_with() -> None:
    assert len(lines(b"x\n" * (2 * MOST_READ), deals=False)) == MOST_READ
