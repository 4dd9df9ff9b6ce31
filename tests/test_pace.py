"""Too much too fast is delayed, not lost: lines wait for their budget, in order, however it all ends."""

from __future__ import annotations

import re
from itertools import count

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.python.failure import Failure

from tcpchat.dialogue import DELAYED
from tcpchat.doors.line import LineConnection, LineFactory
from tcpchat.echo import LONGEST_ECHO
from tcpchat.events import Said
from tcpchat.flow import Wait
from tcpchat.limits import GRACE, LONGEST_NAMELESS, LONGEST_OVERDRAFT, NO_LIMITS, Limits
from tcpchat.session import Session
from tests.test_line_door import Wire
from tests.visitors import ChatCase

# Where no network's budget counts.
HERE = "127.0.0.1"

TOLD = f"*** {DELAYED}"


class Network(Wire):
    """A wire that minds nothing after its end, as a real one."""

    def resumeProducing(self) -> None:
        if not self.disconnecting:
            super().resumeProducing()


class Client:
    """A client program on a wire: what it has sent stays in the network until the server reads on."""

    def __init__(self, case: PaceCase, address: str = HERE) -> None:
        self._case = case
        self._sent = b""
        self._has_ended = False
        self.was_read = b""
        connection = case.factory.buildProtocol(None)
        assert isinstance(connection, LineConnection)
        self.connection = connection
        self.connection.factory = case.factory
        self.wire = Network(case.clock, IPv4Address("TCP", address, 4711))
        self.connection.makeConnection(self.wire)
        case.clients.append(self)

    def sends(self, *lines: str, end: bool = False) -> None:
        """Send lines, and the end of the stream."""
        self._sent += "".join(f"{line}\n" for line in lines).encode()
        self._has_ended = self._has_ended or end
        self._case.settle()

    def move(self) -> bool:
        """Have the server read, if it does; tell whether it has."""
        if self.wire.producerState != "producing" or not (self._sent or self._has_ended):
            return False
        data, self._sent = self._sent[:65536], self._sent[65536:]
        if data:
            self.was_read += data
            self.connection.dataReceived(data)
        else:
            self._has_ended = False
            self.connection.readConnectionLost()
        return True

    def breaks_off(self) -> None:
        """Reset the connection: what the server has not read is gone."""
        self._sent, self._has_ended = b"", False
        self.connection.connectionLost(Failure(ConnectionLost()))

    def sees(self) -> list[str]:
        """Return the lines that have come since the last look."""
        self._case.settle()
        return self.wire.lines()

    @property
    def code(self) -> str:
        """With what one can come back."""
        session = self._case.chat.people.session(self.connection.dialogue.reader.session)
        assert isinstance(session, Session)
        return session.ticket.code


class PaceCase(ChatCase):
    limits: Limits = Limits()

    def setUp(self) -> None:
        super().setUp()
        self.clients: list[Client] = []
        self.factory = LineFactory(self.chat)
        (self.alice,) = self.enter("alice", address=HERE)

    def settle(self) -> None:
        super().settle()
        while any([client.move() for client in self.clients]):
            super().settle()

    def wait(self, seconds: float) -> None:
        """Let time pass, with everything that happens in it."""
        end = self.clock.seconds() + seconds
        while self.clock.seconds() < end:
            due = min([call.getTime() for call in self.clock.getDelayedCalls()] + [end])
            self.clock.rightNow = max(self.clock.rightNow, min(due, end))
            self.settle()

    def come_in(self, nick: str = "bob", address: str = HERE) -> Client:
        client = Client(self, address)
        client.sends(f"/as {nick}")
        client.sees()
        self.alice.sees()
        return client

    def hears(self) -> list[str]:
        """Return what was said since the last look."""
        return [line.partition("> ")[2] for line in self.alice.sees() if line.startswith("<")]


def numbers(*of: int) -> list[str]:
    return [str(n) for n in range(*of)]


class BudgetTests(PaceCase):
    def test_ten_lines_at_once_are_said_at_once_and_the_eleventh_half_a_second_later(self) -> None:
        bob = self.come_in()
        bob.sends(*numbers(12))
        self.assertEqual(self.hears(), numbers(10))
        self.wait(0.49)
        self.assertEqual(self.hears(), [])
        self.wait(0.02)
        self.assertEqual(self.hears(), ["10"])
        self.wait(0.5)
        self.assertEqual(self.hears(), ["11"])

    def test_a_pasted_page_arrives_whole_and_in_order_at_two_lines_a_second(self) -> None:
        bob = self.come_in()
        bob.sends(*numbers(50))
        self.wait(19)
        self.assertEqual(len(self.hears()), 48)
        self.wait(1)
        self.assertEqual(self.hears(), ["48", "49"])

    def test_whose_lines_wait_for_three_seconds_is_told_once(self) -> None:
        bob = self.come_in()
        bob.sends(*numbers(10 + 6))
        self.wait(3)
        self.assertEqual(bob.sees(), [])
        bob.sends(*numbers(40))
        self.wait(0.5)
        self.assertEqual(bob.sees(), [TOLD])
        self.wait(60)
        self.assertEqual(bob.sees(), [])

    def test_and_again_in_the_next_flood(self) -> None:
        bob = self.come_in()
        for _ in range(2):
            bob.sends(*numbers(30))
            self.wait(60)
            self.assertEqual(bob.sees(), [TOLD])

    def test_a_program_is_not_told(self) -> None:
        bob = self.come_in()
        bob.sends("/json", *numbers(50))
        self.wait(60)
        self.assertNotIn(b'"notice"', bob.wire.value())

    def test_nothing_is_read_while_a_line_waits(self) -> None:
        bob = self.come_in()
        bob.sends(*numbers(11))
        self.assertEqual(bob.wire.producerState, "paused")
        self.wait(0.5)
        self.assertEqual(bob.wire.producerState, "producing")

    def test_what_has_not_been_said_for_a_while_may_be_said_at_once_but_no_more_than_a_burst(self) -> None:
        bob = self.come_in()
        bob.sends(*numbers(10))
        self.wait(60)
        self.hears()
        bob.sends(*numbers(20))
        self.assertEqual(len(self.hears()), 10)

    def test_bytes_are_paid_for_too(self) -> None:
        bob = self.come_in()
        line = "x" * 4095
        bob.sends(*[line] * 6)
        self.assertEqual(len(self.hears()), 4)
        self.wait(0.99)
        self.assertEqual(self.hears(), [])
        self.wait(1.02)
        self.assertEqual(self.hears(), [line, line])

    def test_a_paste_costs_its_bytes_and_not_its_lines(self) -> None:
        bob = self.come_in()
        bob.sends("/paste", *numbers(50), ".", *numbers(9))
        self.assertEqual(len(self.hears()), 50 + 9)
        bob.sends("10")
        self.assertEqual(self.hears(), [])

    def test_a_big_paste_waits_for_its_bytes(self) -> None:
        bob = self.come_in()
        for _ in range(2):
            bob.sends("/paste", *["x" * 400] * 40, ".")
        self.assertEqual(len(self.hears()), 40)
        self.wait(3)
        self.assertEqual(self.hears(), [])
        self.wait(1)
        self.assertEqual(len(self.hears()), 40)

    def test_forty_empty_lines_cost_as_much_as_ten(self) -> None:
        bob = self.come_in()
        bob.sends(*[""] * 36, "a")
        self.assertEqual(self.hears(), ["a"])
        bob.sends("b")
        self.assertEqual(self.hears(), [])
        self.wait(0.5)
        self.assertEqual(self.hears(), ["b"])

    def test_what_fails_costs_two(self) -> None:
        for failing in "/foo", "/whois nobody", '{"type":"nonsense"}':
            bob = self.come_in()
            bob.sends("/json", *[failing] * 4, "a", "b")  # in all 10
            self.assertEqual(self.hears(), ["a"], failing)
            bob.breaks_off()
            self.wait(GRACE)

    def test_what_shows_much_costs_five(self) -> None:
        bob = self.come_in()
        for asking in "/who", "/history", "/search words", "/rooms", '{"type":"who"}':
            self.wait(60)
            self.hears()
            bob.sends("/json", asking, *numbers(5))
            self.assertEqual(self.hears(), numbers(4), asking)

    def test_a_session_begins_with_its_whole_budget(self) -> None:
        client = Client(self)
        client.sends(*["1bad"] * 4, "bob", *numbers(11))
        self.wait(0.3)  # it is looked whether the end of the stream follows a name that was refused
        self.hears()
        client = Client(self)
        client.sends("/as eve", *numbers(11))
        self.assertEqual(self.hears(), numbers(10))

    def test_before_there_is_a_nickname_five_may_be_tried_and_then_one_a_second(self) -> None:
        client = Client(self)
        client.sees()
        for _ in range(8):  # 1.6 seconds bring three tokens
            client.sends("alice")
            self.wait(0.2)
        refused = [line for line in client.sees() if "is taken" in line]
        self.assertEqual(len(refused), 6)
        self.wait(1)
        self.assertIn('!!! "alice" is taken. Try "alice2".', client.sees())

    def test_who_waits_before_there_is_a_nickname_has_no_longer_for_it(self) -> None:
        client = Client(self)
        for _ in range(LONGEST_NAMELESS * 2):
            client.sends("alice")
            self.wait(0.5)
        self.assertEqual(client.sees()[-1], f"!!! No nickname within {LONGEST_NAMELESS} seconds.")
        self.assertTrue(client.wire.disconnecting)
        client.connection.connectionLost(Failure(ConnectionDone()))
        self.assertEqual(self.chat.pacing.waiting, set())

    def test_nothing_waits_of_garbage_from_who_is_gone_without_a_nickname(self) -> None:
        timers = len(self.clock.getDelayedCalls())
        for _ in range(10):
            client = Client(self)
            client.connection.dataReceived(b"\xff\n" * 5000)
            self.assertTrue(client.connection.has_lines)
            client.breaks_off()
            self.assertFalse(client.connection.has_lines)
        self.settle()
        self.assertEqual(self.chat.pacing.waiting, set())
        self.assertEqual(set(self.factory.connections), set())
        self.wait(60)  # one timer for all who have no nickname
        self.assertLessEqual(len(self.clock.getDelayedCalls()), timers)

    def test_a_line_that_comes_as_input_goes_on_and_has_to_wait_is_carried_out_before_the_end(self) -> None:
        bob = self.come_in()
        bob.sends(*numbers(10))
        resume = bob.wire.resumeProducing

        def go_on() -> None:
            bob.wire.resumeProducing = resume  # type: ignore[method-assign]
            resume()
            bob.connection.dialogue.received("the last")
            bob.connection.dialogue.ended()

        bob.wire.resumeProducing = go_on  # type: ignore[method-assign]
        flow = bob.connection.dialogue._flow
        flow.wait(Wait.LINES, True)
        bob.connection.dialogue._go_on()
        self.wait(1)
        self.assertEqual(self.hears()[-1], "the last")
        self.assertTrue(bob.connection.dialogue.is_over)

    def test_who_is_gone_while_lines_wait_for_their_turn_is_told_as_gone_behind_them(self) -> None:
        bob = self.come_in()
        bob.connection.dataReceived("".join(f"{line}\n" for line in numbers(40)).encode())
        bob.breaks_off()
        self.wait(14.2)
        self.assertEqual(self.hears(), numbers(38))
        self.assertEqual(set(self.factory.connections), {bob.connection})
        self.wait(1)
        self.assertEqual(self.hears(), ["38", "39"])
        self.assertEqual(set(self.factory.connections), set())
        self.wait(GRACE)
        self.assertEqual(self.alice.sees()[-1], "*** bob left #lobby: connection lost.")


class NetworkTests(PaceCase):
    def crowd(self, address: str, number: int) -> list[Client]:
        people = [self.come_in(f"p{n}", address) for n in range(number)]
        self.wait(60)
        self.hears()
        return people

    def test_the_people_of_one_network_have_thirty_together_and_then_ten_a_second(self) -> None:
        for person in self.crowd("192.0.2.7", 4):
            person.sends(*numbers(10))
        self.assertEqual(len(self.hears()), 30)
        self.wait(0.45)
        self.assertEqual(len(self.hears()), 4)
        self.wait(0.6)
        self.assertEqual(len(self.hears()), 6)

    def test_in_a_private_network_it_is_two_hundred_a_second(self) -> None:
        for person in self.crowd("192.168.1.7", 4):
            person.sends(*numbers(10))
        self.assertEqual(len(self.hears()), 30)
        self.wait(0.06)
        self.assertEqual(len(self.hears()), 10)

    def test_on_this_machine_only_the_sessions_own_counts(self) -> None:
        for person in self.crowd(HERE, 8):
            person.sends(*numbers(10))
        self.assertEqual(len(self.hears()), 80)

    def test_another_network_is_not_concerned(self) -> None:
        for person in self.crowd("192.0.2.7", 4):
            person.sends(*numbers(10))
        self.hears()
        stranger = Client(self, "198.51.100.1")
        stranger.sends("/as eve", *numbers(10))
        self.assertEqual(self.hears(), numbers(10))


class FloodTests(PaceCase):
    def test_ten_minutes_without_a_break_end_it_and_the_last_line_said_is_told(self) -> None:
        bob = self.come_in()
        bob.sends(*numbers(5000))
        self.wait(599.9)
        self.assertFalse(bob.wire.disconnecting)
        self.wait(0.2)
        said = self.hears()
        self.assertEqual(said, numbers(10 + 2 * 600))
        self.assertEqual(bob.sees(), [TOLD, f'!!! Flooding. The last line that was said is: "{said[-1]}"'])
        self.assertTrue(bob.wire.disconnecting)
        self.wait(600)
        self.assertEqual(self.hears(), [])
        self.assertEqual(self.chat.pacing.waiting, set())

    def test_a_break_before_that_begins_them_anew(self) -> None:
        bob = self.come_in()
        for _ in range(3):
            bob.sends(*numbers(1100))
            self.wait(556)
        self.assertEqual(len(self.hears()), 3300)
        self.assertEqual(bob.sees(), [TOLD] * 3)

    def test_the_line_that_is_told_is_cut_and_is_the_last_one_of_a_paste(self) -> None:
        bob = self.come_in()
        bob.sends(*["x"] * 1199, "/paste", "one", "y" * 100, ".", *["/foo"] * 100)
        self.wait(700)
        self.assertEqual(
            bob.sees()[-1], f'!!! Flooding. The last line that was said is: "{"y" * LONGEST_ECHO}..."'
        )

    def test_who_has_said_nothing_is_told_so(self) -> None:
        bob = self.come_in()
        bob.sends(*["/foo"] * 1000)
        self.wait(601)
        self.assertEqual(bob.sees()[-1], '!!! Flooding. The last line that was said is: ""')

    def test_it_comes_as_json_to_programs(self) -> None:
        bob = self.come_in()
        bob.sends("/json", *["x"] * 2000)
        self.wait(601)
        self.assertIn(b'{"type":"error","code":"flooding","text":"Flooding. The last line', bob.wire.value())

    def test_who_has_sent_the_end_of_the_stream_is_told_too(self) -> None:
        bob = self.come_in()
        bob.sends(*["x"] * 2000, end=True)
        self.wait(601)
        self.assertEqual(bob.sees()[-1], '!!! Flooding. The last line that was said is: "x"')
        self.assertEqual(self.alice.sees()[-1], "*** bob left #lobby.")


class MinutesTests(PaceCase):
    limits = msgspec.structs.replace(Limits(), minutes_of_flooding=None)

    def test_without_that_limit_one_may_go_on(self) -> None:
        bob = self.come_in()
        bob.sends(*["x"] * 1500)
        self.wait(800)
        self.assertEqual(len(self.hears()), 1500)


class EndTests(PaceCase):
    def test_at_the_end_of_the_stream_what_waits_is_still_said_before_the_farewell(self) -> None:
        client = Client(self)
        client.sends("/as bot", *numbers(20), end=True)
        self.assertEqual(self.hears(), numbers(10))
        self.assertFalse(client.wire.disconnecting)
        self.wait(5)
        self.assertEqual(self.alice.sees(), [*(f"<bot> {n}" for n in range(10, 20)), "*** bot left #lobby."])
        self.assertTrue(client.wire.disconnecting)

    def test_after_a_break_too_and_only_then_it_is_a_break(self) -> None:
        bob = self.come_in()
        bob.sends(*numbers(20))
        bob.connection.dataReceived(b"unfinished")
        bob.breaks_off()
        self.wait(5)
        self.assertEqual(self.hears(), numbers(20))
        self.wait(GRACE - 1)
        self.assertEqual(self.alice.sees(), [])
        self.wait(1)
        self.assertEqual(self.alice.sees(), ["*** bob left #lobby: connection lost."])

    def test_garbage_of_who_is_gone_is_not_waited_for(self) -> None:
        bob = self.come_in()
        bob.sends(*numbers(10), *["/foo"] * 200, "last")
        bob.breaks_off()
        self.wait(3)
        self.assertEqual(self.hears(), [*numbers(10), "last"])

    def test_nothing_behind_quit_takes_effect_and_quit_takes_its_turn(self) -> None:
        bob = self.come_in()
        bob.sends(*numbers(12), "/quit bye", *numbers(100, 1000))
        self.wait(1.4)
        self.assertFalse(bob.wire.disconnecting)
        self.wait(60)
        self.assertEqual(self.alice.sees(), [*(f"<bob> {n}" for n in range(12)), "*** bob left #lobby: bye."])
        self.assertEqual(bob.sees(), ["*** Goodbye."])
        self.assertEqual(self.chat.pacing.waiting, set())

    def test_there_is_one_timer_for_a_connection_that_waits_and_none_for_others(self) -> None:
        bob = self.come_in()
        timers = len(self.clock.getDelayedCalls())
        bob.sends(*numbers(10))
        self.assertEqual(len(self.clock.getDelayedCalls()), timers)
        bob.sends(*numbers(90))
        self.assertEqual(len(self.clock.getDelayedCalls()), timers + 1)
        self.wait(50)
        self.assertEqual(len(self.clock.getDelayedCalls()), timers)


class HurryTests(PaceCase):
    """No time to wait: the server ends, or the session goes on over another connection."""

    def test_a_page_that_waits_is_said_before_what_comes_over_the_new_connection(self) -> None:
        bob = self.come_in()
        bob.sends(*numbers(50))
        new = Client(self)
        new.sends(f"/resume {bob.code}", "behind them")
        self.assertEqual(self.hears(), numbers(50))
        self.assertEqual(bob.sees(), ["*** Taken up from another connection."])
        self.wait(20)
        self.assertEqual(self.hears(), [])
        self.wait(0.5)
        self.assertEqual(self.hears(), ["behind them"])

    def test_what_is_more_than_that_is_told_as_not_sent_on_both(self) -> None:
        most = 10 + 2 * LONGEST_OVERDRAFT
        bob = self.come_in()
        bob.sends(*numbers(most + 10))
        new = Client(self)
        new.sees()
        new.sends(f"/resume {bob.code}")
        self.assertEqual(self.hears(), numbers(most))
        unsaid = f'!!! Not sent: too much came too fast. The last line that was said is: "{most - 1}"'
        self.assertEqual(bob.sees(), [unsaid, "*** Taken up from another connection."])
        self.assertEqual(new.sees()[:2], [unsaid, "*** You are bob, in #lobby with alice."])

    def test_as_much_as_that_is_said(self) -> None:
        most = 10 + 2 * LONGEST_OVERDRAFT
        bob = self.come_in()
        bob.sends(*numbers(most))
        Client(self).sends(f"/resume {bob.code}")
        self.assertEqual(self.hears(), numbers(most))
        self.assertEqual(bob.sees(), ["*** Taken up from another connection."])

    def test_coming_back_again_and_again_does_not_bring_more(self) -> None:
        bob = self.come_in()
        for _ in range(20):
            bob.sends(*numbers(100))
            new = Client(self)
            new.sends(f"/resume {bob.code}")
            bob = new
        self.assertEqual(len(self.hears()), 10 + 2 * LONGEST_OVERDRAFT)

    def test_so_it_is_for_one_whose_connection_has_broken_meanwhile(self) -> None:
        bob = self.come_in()
        bob.sends(*numbers(50))
        code = bob.code
        bob.breaks_off()
        new = Client(self)
        new.sends(f"/resume {code}")
        self.assertEqual(self.hears(), numbers(50))
        self.assertIn("*** You are bob, in #lobby with alice.", new.sees())

    def test_when_the_server_ends_what_has_come_is_said_or_told_as_not_sent(self) -> None:
        most = 10 + 2 * LONGEST_OVERDRAFT
        bob, eve = self.come_in("bob"), self.come_in("eve")
        bob.sees()
        bob.sends(*numbers(most + 100))
        eve.sends(*numbers(20))
        self.hears()
        self.chat.stop()
        for client in bob, eve:
            client.connection.dialogue.finish("The server restarts.")
        self.settle()
        self.assertTrue(bob.connection.is_settled and eve.connection.is_settled)
        self.assertEqual(sorted(self.hears()), sorted([*numbers(10, most), *numbers(10, 20)]))
        told = [[line for line in client.sees() if line[0] in "*!"] for client in (bob, eve)]
        unsaid = f'!!! Not sent: too much came too fast. The last line that was said is: "{most - 1}"'
        # He has sent more lines than are taken in one turn: which of the two is told first is open.
        self.assertEqual(sorted(told[0]), sorted([unsaid, "*** The server restarts."]))
        self.assertEqual(told[1], ["*** The server restarts."])
        self.assertEqual(self.chat.pacing.waiting, set())

    def test_so_are_the_lines_of_one_who_is_gone(self) -> None:
        bob = self.come_in()
        bob.sends(*numbers(20))
        bob.breaks_off()
        self.chat.stop()
        self.assertEqual(self.hears(), numbers(20))

    def test_what_comes_when_the_server_is_about_to_end_need_not_wait_either(self) -> None:
        bob = self.come_in()
        self.chat.stop()
        bob.sends(*numbers(20))
        self.assertEqual(self.hears(), numbers(20))


class NoLimitsTests(PaceCase):
    limits = NO_LIMITS

    def test_without_limits_nothing_waits(self) -> None:
        bob = self.come_in()
        bob.sends(*numbers(2000))
        self.assertEqual(self.hears(), numbers(2000))
        self.assertEqual(self.chat.pacing.waiting, set())


# What a person does, one after the other: send some lines, wait a while. And how it ends.
LINES = st.lists(
    st.sampled_from(
        ["say"] * 6 + ["json", "paste", "", "/foo", "/nick rob", "/join #lobby", "/hold", "/who"]
    ),
    max_size=12,
)
STEPS = st.lists(LINES | st.integers(0, 24).map(lambda quarters: quarters / 4), max_size=8)
ENDS = st.sampled_from(
    ["", "end", "quit", "break", "resume", "break resume", "end resume", "stop", "end stop"]
)


class AnyScheduleTests(PaceCase):
    def setUp(self) -> None:
        """Each example has a chat of its own."""

    def said(self) -> list[str]:
        """Return what bob has said, as the log has it."""
        events = [entry.event for entry in self.successResultOf(self.log.read("#lobby", 0, 10_000))]
        return [line for it in events if isinstance(it, Said) for line in it.text.split("\n")]

    def lines(self, kinds: list[str]) -> list[str]:
        """Return lines to send, with something else in each that says something."""
        lines = []
        for kind in kinds:
            number = str(next(self.numbers))
            match kind:
                case "say":
                    lines.append(number)
                case "json":
                    lines.append(f'{{"type":"say","text":"{number}"}}')
                case "paste":
                    lines += ["/paste", number, number, "."]
                case command:
                    lines.append(command)
        return lines

    @settings(max_examples=100, deadline=None)
    @given(STEPS, ENDS)
    def test_what_is_said_is_what_was_sent_in_order_never_too_fast_and_in_the_end_all_of_it(
        self, steps: list[list[str] | float], how: str
    ) -> None:
        super().setUp()
        self.numbers = count()
        bob = self.come_in()
        code = bob.code
        bob.sends("/json")
        sent: list[str] = []
        tokens = 10.0
        for step in steps:
            if isinstance(step, float):
                self.wait(step)
                tokens += 2 * step
            else:
                lines = self.lines(step)
                bob.sends(*lines)
                sent += re.findall("[0-9]+", "".join(f" {line}" for line in lines))
            said = self.said()
            self.assertEqual(said, sent[: len(said)])
            self.assertLessEqual(len(set(said)), tokens)  # of a paste both lines are the same
        if "end" in how:
            bob.sends(end=True)
        if "quit" in how:
            bob.sends("/quit", "never")
        if "break" in how:
            bob.breaks_off()
        # What the server has not read when a connection breaks, or is not read from any more, was never sent.
        if how not in ("", "end", "quit"):
            sent = re.findall("[0-9]+", bob.was_read.decode())
        if "resume" in how:
            Client(self).sends(f"/resume {code}", "behind")
            sent.append("behind")
        if "stop" in how:
            self.chat.stop()
            bob.connection.dialogue.finish("The server restarts.")
        self.settle()
        while self.chat.pacing.waiting:
            self.wait(10)
        self.wait(GRACE)
        self.assertEqual(self.said(), sent)
        farewells = sum(" left #lobby" in line for line in self.alice.sees())
        if how not in ("end resume", "end stop"):  # which may come before or after the farewell
            self.assertEqual(farewells, how in ("end", "quit", "break"))
