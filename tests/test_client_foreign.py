"""What another server sends: lines, prompts, and telnet's own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.client.foreign import ForeignServer, harmless
from tcpchat.client.happenings import Happening, InputHidden, Line
from tcpchat.client.limits import LONGEST_LINE
from tcpchat.telnet_options import (
    DO,
    DONT,
    ECHO,
    IAC,
    SB,
    SE,
    SUPPRESS_GO_AHEAD,
    TERMINAL_TYPE,
    WILL,
    WINDOW_SIZE,
    WONT,
)  # fmt: skip

LINEMODE = 34


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("hello", "hello"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPq never ended", ""),
        ("\x1b(Bplain\x1bc", "plain"),
        ("\x9b1mred\x9b0m", "red"),
        ("HP:20> \x1b[3", "HP:20>"),
        ("a\x07b\rc", "abc"),
        ("a\tb", "a b"),
        ("grüß \u202egnirts", "grüß gnirts"),
    ],
)
def test_what_would_do_something_to_a_terminal_is_left_out(sent: str, shown: str) -> None:
    assert harmless(sent) == shown


class ForeignServerTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.server = ForeignServer("xterm")

    def hear(self, data: bytes) -> list[Happening]:
        return list(self.server.feed(data))

    def test_lines_have_any_of_the_ends_that_there_are(self) -> None:
        self.assertEqual(self.hear(b"a\nb\r\nc\r\0d"), [Line("a"), Line("b"), Line("c")])
        self.assertEqual(self.hear(b"\n"), [Line("d")])

    def test_what_has_no_end_for_a_moment_is_a_prompt_once(self) -> None:
        self.hear(b"Name: ")
        self.assertEqual(list(self.server.quiet()), [Line("Name:", False)])
        self.assertEqual(list(self.server.quiet()), [])
        self.assertEqual(self.hear(b"\r\nhi\r\n"), [Line("Name:"), Line("hi")])

    def test_go_ahead_and_the_end_of_a_record_end_a_prompt(self) -> None:
        self.assertEqual(self.hear(b"Name: \xff\xf9"), [Line("Name:", False)])
        self.assertEqual(self.hear(b"\xff\xf1"), [])
        self.assertEqual(self.hear(b"\r\n" + bytes((IAC, WILL, 25)) + b"> \xff\xef")[-1], Line(">", False))
        self.assertEqual(self.server.outgoing(), bytes((IAC, DO, 25)))

    def test_what_was_typed_ends_a_prompt_but_not_what_was_not_seen_yet(self) -> None:
        self.hear(b"Name: ")
        list(self.server.quiet())
        self.hear(b"Wel")
        self.server.answered()
        self.assertEqual(self.hear(b"come\r\n"), [Line("Welcome")])
        self.hear(b"half a ")
        self.server.answered()
        self.assertEqual(self.hear(b"line\r\n"), [Line("half a line")])

    def test_at_the_end_what_has_no_end_is_a_line(self) -> None:
        self.hear(b"bye")
        self.assertEqual(list(self.server.end()), [Line("bye")])
        self.assertEqual(list(self.server.end()), [])

    def test_a_line_that_does_not_end_is_cut(self) -> None:
        self.assertEqual(self.hear(b"x" * LONGEST_LINE), [])
        self.assertEqual(self.hear(b"x"), [Line("x" * (LONGEST_LINE + 1))])

    def test_nothing_is_answered_that_was_not_asked(self) -> None:
        self.hear(b"hello\r\n")
        self.server.resized(80, 24)
        self.assertEqual(self.server.outgoing(), b"")

    def test_the_window_is_told_when_it_is_asked_for_and_when_it_changes(self) -> None:
        self.server.resized(255, 24)
        self.hear(bytes((IAC, DO, WINDOW_SIZE)))
        told = bytes((IAC, SB, WINDOW_SIZE, 0, 255, 255, 0, 24, IAC, SE))
        self.assertEqual(self.server.outgoing(), bytes((IAC, WILL, WINDOW_SIZE)) + told)
        self.server.resized(255, 24)
        self.assertEqual(self.server.outgoing(), b"")
        self.server.resized(80, 25)
        self.assertEqual(self.server.outgoing(), bytes((IAC, SB, WINDOW_SIZE, 0, 80, 0, 25, IAC, SE)))

    def test_the_type_of_the_terminal_is_told_when_it_is_asked_for(self) -> None:
        ask = bytes((IAC, SB, TERMINAL_TYPE, 1, IAC, SE))
        self.hear(ask)
        self.assertEqual(self.server.outgoing(), b"")
        self.hear(bytes((IAC, DO, TERMINAL_TYPE)) + ask)
        told = bytes((IAC, SB, TERMINAL_TYPE, 0)) + b"xterm" + bytes((IAC, SE))
        self.assertEqual(self.server.outgoing(), bytes((IAC, WILL, TERMINAL_TYPE)) + told)

    def test_input_is_hidden_as_long_as_the_server_says_that_it_shows_it(self) -> None:
        self.assertEqual(self.hear(bytes((IAC, WILL, ECHO))), [InputHidden(True)])
        self.assertEqual(self.hear(bytes((IAC, WILL, ECHO))), [])
        self.assertEqual(self.hear(bytes((IAC, WONT, ECHO))), [InputHidden(False)])
        self.assertEqual(self.server.outgoing(), bytes((IAC, DO, ECHO, IAC, DONT, ECHO)))

    def test_the_rest_is_refused_once(self) -> None:
        compress = 86  # MCCP's second version
        self.hear(bytes((IAC, WILL, compress, IAC, WILL, compress)))
        self.assertEqual(self.server.outgoing(), bytes((IAC, DONT, compress)))
        self.hear(bytes((IAC, DO, LINEMODE, IAC, DO, LINEMODE, IAC, WILL, LINEMODE)))
        self.hear(bytes((IAC, WILL, SUPPRESS_GO_AHEAD, IAC, DO, ECHO)))
        self.assertEqual(self.server.outgoing(), bytes((
            IAC, WONT, LINEMODE, IAC, DONT, LINEMODE, IAC, DO, SUPPRESS_GO_AHEAD, IAC, WONT, ECHO,
        )))  # fmt: skip

    @given(st.binary(max_size=200), st.data())
    def test_how_the_bytes_are_cut_does_not_matter(self, data: bytes, cuts: st.DataObject) -> None:
        at = cuts.draw(st.integers(0, len(data)))
        whole, cut = ForeignServer(), ForeignServer()
        shown = [it for it in whole.feed(data) if it != Line("", False)]
        parts = [*cut.feed(data[:at]), *cut.feed(data[at:])]
        self.assertEqual([it for it in parts if it != Line("", False)], shown)
        self.assertEqual(cut.outgoing(), whole.outgoing())
