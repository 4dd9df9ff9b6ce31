"""The line door: bytes in and out, however they are cut, and every way in which a connection ends."""

from __future__ import annotations

import json
from random import Random
from typing import cast

from twisted.internet import tcp
from twisted.internet.address import IPv6Address
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.test.iosim import FakeTransport, connect

from tcpchat.doors.line import LineConnection, LineFactory
from tcpchat.limits import GRACE, LARGEST_READ, TELNET_SILENCE
from tcpchat.nameless import LOOK_FOR_END
from tcpchat.session import Session
from tests.visitors import ChatCase

QUESTION = b"*** What is your nickname?\r\n"


class Wire(StringTransport):
    """A transport that has sent in the next turn what it is given, unless its peer has stalled."""

    stalled = False
    aborting = False

    def __init__(self, clock: Clock, address: IAddress | None = None) -> None:
        super().__init__(peerAddress=address)
        self._clock = clock

    def write(self, data: bytes) -> None:
        super().write(data)
        if not self.stalled:
            self._clock.callLater(0, self.drain)

    def drain(self) -> None:
        """The peer has read everything."""
        self.stalled = False
        if self.producer is not None:
            self.producer.resumeProducing()

    def abortConnection(self) -> None:
        self.aborting = True

    def lines(self) -> list[str]:
        """Return the lines that were sent since the last look."""
        data: str = self.value().decode()
        self.clear()
        assert data == "" or data.endswith("\r\n"), data
        return data.split("\r\n")[:-1]


class DoorCase(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.factory = LineFactory(self.chat)
        (self.alice,) = self.enter("alice")

    def dial(self) -> tuple[LineConnection, Wire]:
        connection = LineConnection(self.factory)
        wire = Wire(self.clock)
        connection.makeConnection(wire)
        self.settle()
        return connection, wire

    def dial_as(self, nick: bytes) -> tuple[LineConnection, Wire]:
        connection, wire = self.dial()
        connection.dataReceived(nick + b"\n")
        self.settle()
        wire.clear()
        self.alice.sees()
        return connection, wire


class InputTests(DoorCase):
    def test_a_connection_is_greeted_and_held_by_the_factory(self) -> None:
        connection, wire = self.dial()
        self.assertEqual(len(wire.lines()), 2)
        self.assertEqual(set(self.factory.connections), {connection})

    def test_every_end_of_line_cut_anywhere(self) -> None:
        said = "grüß\r\none\ntwo\r\0three 🙂\r\n".encode()
        for size in (1, 2, 3, 5, 7, len(said)):
            connection, _wire = self.dial_as(b"bob")
            for start in range(0, len(said), size):
                connection.dataReceived(said[start : start + size])
            self.assertEqual(
                self.alice.sees(), ["<bob> grüß", "<bob> one", "<bob> two", "<bob> three 🙂"], size
            )
            connection.dataReceived(b"/quit\n")
            self.alice.sees()

    def test_a_line_that_is_not_utf8_is_refused_and_all_goes_on(self) -> None:
        connection, wire = self.dial_as(b"bob")
        connection.dataReceived(b"gr\xfc\xdf\nhello\n")
        self.assertEqual(self.alice.sees(), ["<bob> hello"])
        self.assertEqual(
            wire.lines(),
            ["!!! That line is not UTF-8 and was not sent. /set encoding latin-1 if your terminal uses it."],
        )

    def test_a_byte_order_mark_at_the_beginning_is_no_part_of_the_text(self) -> None:
        for first in b"\xef\xbb\xbfbob\n", b"\n\xef\xbb\xbfcarl\n", b"\xef":
            connection, _ = self.dial()
            connection.dataReceived(first)
            self.settle()
        connection.dataReceived(b"\xbb\xbfdora\n")
        self.settle()
        nicks = ["bob", "carl", "dora"]
        self.assertEqual(self.alice.sees(), [f"*** {nick} joined #lobby." for nick in nicks])
        connection.dataReceived(b"\xef\xbb\xbfhello\n")
        self.assertEqual(self.alice.sees(), ["<dora> hello"])

    def test_lines_come_and_go_in_the_encoding_that_is_set(self) -> None:
        connection, wire = self.dial_as(b"bob")
        connection.dataReceived(b"/set encoding latin-1\r\ngr\xfc\xdf\r\n")
        self.assertEqual(self.alice.types("\u00e9\u20ac\u00ff"), ["<bob> gr\u00fc\u00df"])
        self.assertEqual(wire.value(), b"*** encoding is latin-1.\r\n<alice> \xe9?\xff\r\n")

    def test_to_telnet_a_byte_255_goes_twice(self) -> None:
        connection, wire = self.dial_as(b"bob")
        connection.dataReceived(b"\xff\xf1/set encoding latin-1\r\n\xff\xf1\xff\xff\r\n")
        self.assertEqual(self.alice.types("\u00ff"), ["<bob> \u00ff"])
        self.assertTrue(wire.value().endswith(b"<alice> \xff\xff\r\n"))

    def test_a_line_that_is_too_long_is_refused_whole_and_all_goes_on(self) -> None:
        connection, wire = self.dial_as(b"bob")
        connection.dataReceived(b"x" * 4097 + b"\r\n" + b"y" * 4096 + b"\r\n")
        self.assertEqual(self.alice.sees(), ["<bob> " + "y" * 4096])
        self.assertEqual(wire.lines(), ["!!! That line is longer than 4096 bytes and was not sent."])

    def test_a_program_pastes_as_much_as_people_do_however_much_of_it_is_escaped(self) -> None:
        connection, wire = self.dial_as(b"bob")
        lines = ["\u00e9" * 2047] * 4
        for ref, ascii_only in ("1", True), ("2", False):
            said = json.dumps({"type": "say", "text": "\n".join(lines), "ref": ref}, ensure_ascii=ascii_only)
            connection.dataReceived(b"/json\n")
            for start in range(0, len(said), LARGEST_READ):
                connection.dataReceived(said[start : start + LARGEST_READ].encode())
            connection.dataReceived(b"\n")
            self.assertEqual(self.alice.sees(), [f"<bob> {line}" for line in lines])
            self.assertIn(f'{{"type":"ok","ref":"{ref}","seq":'.encode(), wire.value().splitlines()[-1])

    def test_what_is_too_long_for_a_program_is_refused_whole_and_all_goes_on(self) -> None:
        connection, wire = self.dial_as(b"bob")
        connection.dataReceived(b"/json\n")
        wire.clear()
        for line in b"{" + b"x" * 53248, b"x" * 4097:
            connection.dataReceived(line)
            connection.dataReceived(b"\nhello\n")
            self.assertEqual(self.alice.sees(), ["<bob> hello"])
        errors = [json.loads(line) for line in wire.value().splitlines()]
        self.assertEqual(
            [(error["code"], error["text"]) for error in errors if error["type"] == "error"],
            [
                ("too-long", f"That line is longer than {most} bytes and was not sent.")
                for most in (53248, 4096)
            ],
        )

    def test_a_brace_in_front_makes_a_persons_line_no_longer(self) -> None:
        connection, wire = self.dial_as(b"bob")
        connection.dataReceived(b"{" * 4097 + b"\n")
        self.assertEqual(wire.lines(), ["!!! That line is longer than 4096 bytes and was not sent."])

    def test_64_kib_without_an_end_of_line_end_the_connection(self) -> None:
        connection, wire = self.dial_as(b"bob")
        for _ in range(17):
            connection.dataReceived(b"x" * 4096)
        self.settle()
        self.assertTrue(wire.disconnecting)
        self.assertEqual(self.alice.sees(), ["*** bob left #lobby."])

    def test_input_stops_between_two_lines_and_goes_on(self) -> None:
        connection, wire = self.dial_as(b"bob")
        connection.dataReceived(b"".join(b"%d\n" % n for n in range(1000)))
        self.assertEqual(wire.producerState, "paused")
        self.assertEqual(len(self.alice.sees()), 1000)
        self.assertEqual(wire.producerState, "producing")

    def test_send_line_shows_a_line(self) -> None:
        connection, wire = self.dial_as(b"bob")
        connection.sendLine(b"*** hello")
        self.assertEqual(wire.lines(), ["*** hello"])


class TelnetTests(DoorCase):
    def test_nobody_is_sent_a_telnet_byte_who_has_sent_none(self) -> None:
        connection, wire = self.dial()
        connection.dataReceived(b"bob\nhello\n/who\n/quit\n")
        connection.hide_input(True)
        self.settle()
        self.clock.advance(TELNET_SILENCE)
        self.assertNotIn(b"\xff", wire.value())

    def test_its_bytes_are_taken_out_of_the_text_and_answered(self) -> None:
        connection, wire = self.dial()
        wire.clear()
        connection.dataReceived(b"\xff\xfb\x1f\xff\xfd\x01b\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0ob\n")
        self.assertTrue(wire.value().startswith(b"\xff\xfd\x1f\xff\xfc\x01"))
        self.alice.sees()
        wire.clear()
        connection.dataReceived(b"g\xff\xf9r\xc3\xff\xfd\x03\xbc\xff\xf1\n")
        self.assertEqual(self.alice.sees(), ["<bob> grü"])
        self.assertEqual(wire.value(), b"\xff\xfb\x03")

    def test_ctrl_c_in_telnet_drops_the_line_and_does_not_make_it_deaf(self) -> None:
        connection, wire = self.dial_as(b"bob")
        connection.dataReceived(b"never min\xff\xf4\xff\xfd\x06hello\r\n")
        self.assertEqual(wire.value(), b"\xff\xfc\x06")
        self.assertEqual(self.alice.sees(), ["<bob> hello"])

    def test_who_asks_whether_somebody_is_there_is_told_by_a_notice(self) -> None:
        connection, wire = self.dial_as(b"bob")
        connection.dataReceived(b"hel\xff\xf6lo\r\n")
        self.assertEqual(wire.lines(), ["*** Yes, this is tcpchat."])
        self.assertEqual(self.alice.sees(), ["<bob> hello"])

    def test_the_windows_size_goes_to_the_dialogue_and_of_many_the_last(self) -> None:
        connection, _ = self.dial()
        sizes = b"".join(b"\xff\xfa\x1f\x00%c\x00\x18\xff\xf0" % width for width in (80, 81, 90))
        connection.dataReceived(b"\xff\xfb\x1f" + sizes)
        self.assertEqual(connection.dialogue.wire.width, 90)

    def test_a_character_set_that_is_agreed_on_is_that_of_what_follows_both_ways(self) -> None:
        connection, wire = self.dial()
        connection.dataReceived(b"\xff\xfb\x2a\xff\xfa\x2a\x01;EBCDIC;KOI8-R\xff\xf0bob\n")
        self.settle()
        self.alice.sees()
        wire.clear()
        connection.dataReceived("привет Ъ\n".encode("koi8-r").replace(b"\xff", b"\xff\xff"))
        self.assertEqual(self.alice.sees(), ["<bob> привет Ъ"])
        self.alice.types("Ъ")
        self.assertEqual(wire.value(), b"<alice> \xff\xff\r\n")

    def test_where_byte_255_is_a_letter_nc_says_it_and_reads_it(self) -> None:
        connection, wire = self.dial_as(b"bob")
        connection.dataReceived(b"/set encoding cp1251\n")
        wire.clear()
        for line in ("я", "моя, пять", "Тая"):
            connection.dataReceived(line.encode("cp1251") + b"\n")
            self.assertEqual(self.alice.sees(), [f"<bob> {line}"])
        self.alice.types("я")
        self.assertEqual(wire.value(), b"<alice> \xff\r\n")

    def test_where_it_is_a_letter_lines_that_come_with_the_word_of_it_are_said_whole(self) -> None:
        connection, _ = self.dial()
        lines = ("/set encoding koi8-r", "/as bob", "ПОДЪЁМ", "ЪЩ", "")
        connection.dataReceived("\n".join(lines).encode("koi8-r"))
        self.settle()
        self.assertEqual(self.alice.sees()[1:], ["<bob> ПОДЪЁМ", "<bob> ЪЩ"])

    def test_both_ends_of_file_mean_quit(self) -> None:
        for end in (b"\x04", b"\x04\n", b"\x04\r\n", b"\xff\xec"):
            connection, wire = self.dial_as(b"bob")
            connection.dataReceived(b"bye\n" + end)
            connection.dataReceived(b"no more\n")
            self.assertEqual(self.alice.sees(), ["<bob> bye", "*** bob left #lobby."], end)
            self.assertEqual(wire.lines(), ["*** Goodbye."])
            self.assertTrue(wire.disconnecting)

    def test_without_a_nickname_too(self) -> None:
        connection, wire = self.dial()
        wire.clear()
        connection.dataReceived(b"\xff\xec")
        self.settle()
        self.assertEqual(wire.lines(), ["*** Goodbye."])

    def test_at_the_end_of_file_a_paste_is_sent_and_so_is_what_is_unfinished(self) -> None:
        connection, wire = self.dial_as(b"bob")
        connection.dataReceived(b"/paste\none\ntwo\xff\xec")
        self.assertEqual(self.alice.sees(), ["<bob> one", "<bob> two", "*** bob left #lobby."])
        self.assertEqual(wire.lines()[-1:], ["*** Goodbye."])

    def test_a_paste_that_is_refused_at_the_end_of_file_is_told_before_it_is_over(self) -> None:
        connection, wire = self.dial_as(b"bob")
        connection.dataReceived(b"/paste\n\xff\xff\n\x04")
        self.assertEqual(self.alice.sees(), ["*** bob left #lobby."])
        lines = wire.lines()
        self.assertEqual([lines[-2][:4], lines[-1]], ["!!! ", "*** Goodbye."])

    def test_an_option_loop_ends_the_connection_and_nothing_after_it_is_said(self) -> None:
        connection, wire = self.dial_as(b"bob")
        connection.dataReceived(b"one\n" + b"\xff\xfd\xc8" * 100 + b"two\n")
        self.assertEqual(self.alice.sees(), ["<bob> one", "<bob> two"])
        self.assertFalse(wire.disconnecting)
        connection.dataReceived(b"three\n\xff\xfd\xc8four\n")
        self.assertEqual(self.alice.sees(), ["<bob> three", "*** bob left #lobby."])
        self.assertTrue(wire.disconnecting)
        self.assertEqual(wire.value().count(b"\xff\xfc\xc8"), 1)

    def test_a_subnegotiation_of_4096_bytes_is_borne_and_one_of_more_is_not(self) -> None:
        connection, wire = self.dial_as(b"bob")
        connection.dataReceived(b"\xff\xfa\x18" + b"x" * 4095 + b"\xff\xf0hello\n")
        self.assertEqual(self.alice.sees(), ["<bob> hello"])
        connection.dataReceived(b"\xff\xfa\x18" + b"x" * 4096)
        self.assertEqual(self.alice.sees(), ["*** bob left #lobby."])
        self.assertEqual(wire.lines(), ["!!! That telnet subnegotiation is too long."])

    def test_a_password_is_hidden_from_telnet_alone(self) -> None:
        connection, wire = self.dial_as(b"bob")
        connection.hide_input(True)
        self.assertEqual(wire.value(), b"")
        connection.dataReceived(b"\xff\xff")
        connection.hide_input(True)
        self.assertEqual(wire.value(), b"")
        connection.dataReceived(b"\xff\xff\n\xff\xfb\x03")
        wire.clear()
        connection.hide_input(True)
        connection.dataReceived(b"\xff\xfd\x01sec\x7fcret\r\0")
        connection.hide_input(False)
        self.assertEqual(wire.value(), b"\xff\xfb\x01\r\n\xff\xfc\x01")

    def test_telnet_that_is_silent_is_sent_nothing_every_minute(self) -> None:
        connection, wire = self.dial_as(b"bob")
        connection.dataReceived(b"\xff\xfb\x03")
        wire.clear()
        self.clock.advance(TELNET_SILENCE - 1)
        self.assertEqual(wire.value(), b"")
        self.clock.advance(1)
        self.assertEqual(wire.value(), b"\xff\xf1")
        self.clock.advance(TELNET_SILENCE)
        self.assertEqual(wire.value(), b"\xff\xf1" * 2)
        connection.connectionLost(Failure(ConnectionDone()))
        self.clock.advance(TELNET_SILENCE)
        self.assertEqual(wire.value(), b"\xff\xf1" * 2)

    def test_whatever_comes_the_server_bears_it(self) -> None:
        random = Random(5)
        for _ in range(100):
            connection, _ = self.dial()
            for _ in range(20):
                bytes_ = random.choices(range(256), [1] * 239 + [5] * 16 + [100], k=random.randrange(200))
                connection.dataReceived(bytes(bytes_))
                self.settle()
        self.alice.sees()
        self.assertEqual(self.alice.types("/topic"), ["*** #lobby has no topic."])
        self.assertEqual(self.flushLoggedErrors(), [])


class StrangerTests(DoorCase):
    def turned_away(self, start: bytes) -> list[bytes]:
        """Return what each is told that begins with this, whole and byte by byte."""
        told = []
        for size in (1, len(start)):
            connection, wire = self.dial()
            wire.clear()
            for at in range(0, len(start), size):
                connection.dataReceived(start[at : at + size])
            self.clock.advance(LOOK_FOR_END)
            self.settle()
            self.assertTrue(wire.disconnecting, start)
            told.append(wire.value())
        self.assertEqual(self.alice.sees(), [])
        return told

    def test_other_protocols_are_told_in_one_line_that_this_is_none(self) -> None:
        for start in (
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n\nbob\nhello\n",
            b"SSH-2.0-OpenSSH_9.2\r\nbob\r\nhello\r\n",
            b"EHLO mail.example.org\r\nbob\r\nhello\r\n",
            b"PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\nbob\r\nhello\r\n",
            b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0cbob\nhello\n",
            b"\x05\x02\x00\x02",
            "bob\nhello\n".encode("utf-16-le"),
            "bob\r\nhello\r\n".encode("utf-16-be"),
        ):
            for told in self.turned_away(start):
                lines = told.split(b"\r\n")
                self.assertEqual((lines[-2][:4], lines[-1]), (b"!!! ", b""), start)

    def test_tls_is_told_that_this_port_is_not_tls(self) -> None:
        for told in self.turned_away(b"\x16\x03\x01\x02\x00\x01"):
            self.assertEqual(told, b"!!! That is TLS, and this port is not TLS.\r\n")

    def test_socks_4_begins_with_the_byte_of_ctrl_d_and_is_turned_away_in_either_case(self) -> None:
        bytewise, whole = self.turned_away(b"\x04\x01\x1f\x57\x7f\x00\x00\x01bob\0")
        self.assertEqual(bytewise, b"*** Goodbye.\r\n")
        self.assertEqual(whole[:4], b"!!! ")

    def test_http_is_answered_as_such_and_by_a_sentence(self) -> None:
        for request in (
            b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"POST /x HTTP/1.1\r\n\r\nbob\r\nhello\r\n",
            b"POST\r\nbob\r\nhello\r\n",
        ):
            for told in self.turned_away(request):
                self.assertTrue(told.startswith(b"HTTP/1.1 400 "), told)
                self.assertTrue(
                    told.endswith(b"\r\n\r\n!!! This is a chat for telnet and nc, and no web server.\r\n")
                )

    def test_a_request_whose_first_line_is_too_long_is_known_by_its_host(self) -> None:
        for told in self.turned_away(b"GET /" + b"x" * 5000 + b" HTTP/1.1\r\nHost: localhost\r\nbob\r\n"):
            self.assertIn(b"HTTP/1.1 400 ", told)

    def test_after_a_refused_nickname_too(self) -> None:
        connection, wire = self.dial()
        connection.dataReceived(b"alice\n")
        self.settle()
        wire.clear()
        connection.dataReceived(b"POST / HTTP/1.1\r\nbob\r\n")
        self.clock.advance(LOOK_FOR_END)
        self.assertIn(b"HTTP/1.1 400 ", wire.value())
        self.assertEqual(self.alice.sees(), [])

    def test_with_a_nickname_it_can_be_said_also_typed_ahead(self) -> None:
        connection, _ = self.dial()
        connection.dataReceived(b"bob\nPOST / HTTP/1.1\r\nHost: me\r\nEHLO you\r\nSSH-2.0-x\r\n")
        self.assertEqual(
            self.alice.sees()[1:],
            ["<bob> POST / HTTP/1.1", "<bob> Host: me", "<bob> EHLO you", "<bob> SSH-2.0-x"],
        )

    def test_a_byte_order_mark_before_the_first_line_is_taken_off(self) -> None:
        connection, _ = self.dial()
        connection.dataReceived(b"\xef\xbb\xbfbob\r\nhello\r\n")
        self.assertEqual(self.alice.sees(), ["*** bob joined #lobby.", "<bob> hello"])


class OutputTests(DoorCase):
    def test_a_stalled_peer_is_handed_little_and_gets_all(self) -> None:
        _connection, wire = self.dial_as(b"bob")
        wire.stalled = True
        self.alice.types(*["x" * 1000] * 500)
        self.assertLess(len(wire.value()), 100_000)
        while True:
            wire.drain()
            self.settle()
            if len(wire.value().split(b"\r\n")) == 501:
                break

    def test_an_ip4_address_inside_ip6_is_that_address(self) -> None:
        connection = LineConnection(self.factory)
        wire = Wire(self.clock, IPv6Address("TCP", "::ffff:192.0.2.7", 4711))
        connection.makeConnection(wire)
        self.assertEqual(connection.dialogue.address, "192.0.2.7")


class EndTests(DoorCase):
    def test_at_the_end_of_the_stream_all_is_done_and_answered_first(self) -> None:
        connection, wire = self.dial()
        connection.dataReceived(b"/as ci-bot\nbuild 17 passed\nunfini")
        connection.dataReceived(b"shed")
        connection.readConnectionLost()
        self.assertFalse(wire.disconnecting)
        self.settle()
        self.assertTrue(wire.disconnecting)
        self.assertEqual(wire.lines()[2], "*** You are ci-bot, in #lobby with alice.")
        self.assertEqual(
            self.alice.sees(),
            [
                "*** ci-bot joined #lobby.",
                "<ci-bot> build 17 passed",
                "<ci-bot> unfinished",
                "*** ci-bot left #lobby.",
            ],
        )

    def test_many_lines_before_the_end_are_all_said(self) -> None:
        connection, _ = self.dial()
        connection.dataReceived(b"bob\n" + b"".join(b"%d\n" % n for n in range(1000)))
        connection.readConnectionLost()
        self.assertEqual(self.alice.sees()[1:-1], [f"<bob> {n}" for n in range(1000)])

    def test_after_a_reset_an_unfinished_line_is_dropped(self) -> None:
        connection, _ = self.dial_as(b"bob")
        connection.dataReceived(b"unfinished")
        connection.connectionLost(Failure(ConnectionLost()))
        self.clock.advance(GRACE)
        self.assertEqual(self.alice.sees(), ["*** bob left #lobby: connection lost."])
        self.assertEqual(set(self.factory.connections), set())

    def test_the_lines_of_a_lost_connection_are_taken_by_turns_and_its_end_comes_behind_them(self) -> None:
        connection, _ = self.dial_as(b"bob")
        connection.dataReceived(b"".join(b"%d\n" % n for n in range(100)))
        connection.connectionLost(Failure(ConnectionDone()))
        self.assertTrue(connection.has_lines)
        self.assertEqual(set(self.factory.connections), {connection})
        self.assertEqual(self.alice.sees(), [*(f"<bob> {n}" for n in range(100)), "*** bob left #lobby."])
        self.assertEqual(set(self.factory.connections), set())

    def test_the_first_refusal_ends_who_is_gone_without_a_nickname(self) -> None:
        for lines in b"no nickname\ncarl\n" * 500, b"\xff\n" * 500, b"/as a b\n" * 500:
            for reason in ConnectionDone(), ConnectionLost():
                timers = len(self.clock.getDelayedCalls())
                connection, _ = self.dial()
                connection.dataReceived(lines)
                connection.connectionLost(Failure(reason))
                self.assertTrue(connection.dialogue.is_over or connection.dialogue.is_ending)
                self.assertEqual(self.alice.sees(), [])
                self.assertEqual(set(self.factory.connections), set())
                self.clock.advance(LOOK_FOR_END)
                self.assertTrue(connection.dialogue.is_over)
                self.assertEqual(len(self.clock.getDelayedCalls()), timers)

    def test_without_half_closing_the_end_of_the_stream_is_a_farewell_too(self) -> None:
        connection, _ = self.dial_as(b"bob")
        connection.dataReceived(b"unfinished")
        connection.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(self.alice.sees(), ["<bob> unfinished", "*** bob left #lobby."])

    def test_what_comes_behind_quit_is_not_heard(self) -> None:
        connection, wire = self.dial_as(b"bob")
        connection.dataReceived(b"/quit\nhello\n")
        connection.dataReceived(b"hello\n")
        self.assertEqual(self.alice.sees(), ["*** bob left #lobby."])
        self.assertEqual(wire.lines(), ["*** Goodbye."])

    def test_lines_that_wait_for_their_turn_are_said_when_the_session_is_taken_up_elsewhere(self) -> None:
        connection, _ = self.dial_as(b"bob")
        session = self.chat.people.session(connection.dialogue.reader.session)
        assert isinstance(session, Session)
        new = self.connect()
        new.sees()
        connection.dataReceived(b"".join(b"%d\n" % n for n in range(200)))
        new.dialogue.received(f"/resume {session.ticket.code}")
        new.dialogue.received("behind them")
        said = self.alice.sees()
        self.assertEqual(said, [*(f"<bob> {n}" for n in range(200)), "<bob> behind them"])

    def test_when_the_server_ends_lines_that_wait_for_their_turn_are_still_taken(self) -> None:
        connection, _ = self.dial_as(b"bob")
        connection.dataReceived(b"/foo\n" * 100 + b"last words\n")
        connection.dialogue.finish("The server restarts.")
        self.assertFalse(connection.is_settled)
        self.assertEqual(self.alice.sees(), ["<bob> last words"])
        self.assertTrue(connection.is_settled)

    def test_who_does_not_hang_up_is_hung_up_on(self) -> None:
        connection, wire = self.dial_as(b"bob")
        connection.dataReceived(b"/quit\n")
        self.settle()
        self.assertFalse(wire.aborting)
        self.clock.advance(30)
        self.assertTrue(wire.aborting)

    def test_one_that_cannot_be_handed_on_by_a_fault_is_gone_once(self) -> None:
        (alice, _), (bob, wire) = self.dial(), self.dial()
        # No socket is beneath this one that could be handed on.
        self.assertRaises(AttributeError, bob.hand_on)
        bob.abort()
        bob.connectionLost(Failure(ConnectionLost()))
        self.assertTrue(wire.aborting)
        self.assertEqual(list(self.factory.connections), [alice])

    def test_who_hangs_up_leaves_no_timer(self) -> None:
        timers = len(self.clock.getDelayedCalls())
        connection, _ = self.dial_as(b"bob")
        connection.dataReceived(b"/quit\n")
        self.settle()
        connection.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(len(self.clock.getDelayedCalls()), timers)


class SimulatedNetworkTests(DoorCase):
    def test_a_conversation_over_a_simulated_network(self) -> None:
        received: list[bytes] = []

        class Client(Protocol):
            def dataReceived(self, data: bytes) -> None:
                received.append(data)

        client, server = Client(), self.factory.buildProtocol(None)
        pump = connect(
            server, FakeTransport(server, isServer=True), client, FakeTransport(client, isServer=False)
        )
        cast(tcp.Connection, client.transport).write(b"bob\r\nhello\r\n")
        for _ in range(5):
            pump.flush()
            self.settle()
        self.assertEqual(self.alice.sees(), ["*** bob joined #lobby.", "<bob> hello"])
        self.alice.types("hi")
        pump.flush()
        lines = b"".join(received).split(b"\r\n")
        self.assertEqual(
            (lines[2], lines[4:]), (b"*** You are bob, in #lobby with alice.", [b"<alice> hi", b""])
        )
