"""Coming in: the greeting, the question, and what is an answer to it."""

from __future__ import annotations

from tcpchat.limits import GRACE, LONGEST_NAMELESS, MOST_WRONG_CODES, Limits
from tcpchat.nameless import TIME_TO_READ
from tcpchat.requests import NotUnderstood
from tests.visitors import ChatCase, Visitor

WELCOME = "*** Welcome to tcpchat. {} in #lobby. /help lists the commands, /quit leaves."
QUESTION = "*** What is your nickname?"
# Three words, of which some have hyphens, and two digits.
TICKET = r"^\*\*\* If the connection breaks, /resume [a-z-]+-\d\d-[a-z-]+-[a-z-]+ brings you back\.$"


class ComingInTests(ChatCase):
    def test_the_first_is_greeted_and_asked(self) -> None:
        self.assertEqual(self.connect().sees(), [WELCOME.format("0 people are"), QUESTION])

    def test_the_greeting_counts_who_is_there(self) -> None:
        self.enter("alice")
        self.assertEqual(self.connect().sees()[0], WELCOME.format("1 person is"))
        self.enter("bob")
        self.assertEqual(self.connect().sees()[0], WELCOME.format("2 people are"))

    def test_the_operators_greeting_takes_its_place(self) -> None:
        self.chat = self.make_chat(self.log, greeting=("Ada's lab.", "Be kind."))
        self.assertEqual(self.connect().sees(), ["*** Ada's lab.", "*** Be kind.", QUESTION])

    def test_an_answer_brings_one_into_the_lobby_and_the_others_are_told(self) -> None:
        (alice,) = self.enter("alice")
        bob = self.connect()
        bob.sees()
        self.assertEqual(bob.types("bob")[0], "*** You are bob, in #lobby with alice.")
        self.assertEqual(alice.sees(), ["*** bob joined #lobby."])

    def test_with_what_one_comes_back_is_told_next_and_is_of_each_alone(self) -> None:
        alice, bob = self.connect().types("alice")[3:], self.connect().types("bob")[3:]
        for shown in alice, bob:
            self.assertEqual(len(shown), 1)
            self.assertRegex(shown[0], TICKET)
        self.assertNotEqual(alice, bob)

    def test_who_is_alone_is_told_just_where(self) -> None:
        self.assertEqual(self.connect().types("bob")[2], "*** You are bob, in #lobby.")

    def test_ten_are_named_and_the_others_counted(self) -> None:
        nicks = "ada ben cid dov eve fay gus hal ivy joe kim lea".split()
        self.enter(*nicks)
        shown = self.connect().types("zoe")[2]
        self.assertEqual(shown, f"*** You are zoe, in #lobby with {', '.join(nicks[:10])} and 2 others.")

    def test_nothing_is_shown_before_it_is_in_the_log(self) -> None:
        (alice,) = self.enter("alice")
        bob = self.connect()
        before = bob.screen.shown
        bob.dialogue.received("bob")
        self.assertEqual((bob.screen.shown, alice.screen.shown.count(b"bob")), (before, 0))
        self.settle()
        self.assertIn(b"You are bob", bob.screen.shown)

    def test_the_last_lines_of_the_room_come_behind_their_times(self) -> None:
        (alice,) = self.enter("alice")
        alice.types(*(f"line {n}" for n in range(12)))
        where, ticket, *past = self.connect().types("bob")[2:]
        self.assertEqual(where, "*** You are bob, in #lobby with alice.")
        self.assertRegex(ticket, TICKET)
        self.assertEqual(
            past,
            [
                "*** The last 10 lines of #lobby:",
                *(f"[10:02] <alice> line {n}" for n in range(2, 12)),
                "*** Live now.",
            ],
        )

    def test_lines_typed_ahead_are_said_once_one_is_in(self) -> None:
        (alice,) = self.enter("alice")
        bot = self.connect()
        bot.types("/as ci-bot", "build 17 passed", "/me waves")
        self.assertEqual(
            alice.sees(), ["*** ci-bot joined #lobby.", "<ci-bot> build 17 passed", "* ci-bot waves"]
        )

    def test_after_60_seconds_without_a_nickname_one_is_hung_up_on(self) -> None:
        slow = self.connect()
        slow.sees()
        self.clock.advance(59)
        self.assertEqual(slow.types("b b"), ['!!! "b b" is not a nickname: it has a space.', QUESTION])
        self.clock.advance(1)
        self.assertEqual(slow.sees(), ["!!! No nickname within 60 seconds."])
        self.assertTrue(slow.screen.closed)

    def test_with_a_nickname_the_60_seconds_are_over(self) -> None:
        timers = len(self.clock.getDelayedCalls())
        (alice,) = self.enter("alice")
        self.clock.advance(61)
        self.assertEqual(len(self.clock.getDelayedCalls()), timers)
        self.assertFalse(alice.screen.closed)

    def test_who_goes_without_a_nickname_is_not_told_of(self) -> None:
        timers = len(self.clock.getDelayedCalls())
        (alice,) = self.enter("alice")
        gone = [self.connect() for _ in range(3)]
        for visitor in gone:
            visitor.breaks_off()
        self.assertEqual(len(self.clock.getDelayedCalls()), timers + 1, "one timer is for all of them")
        self.clock.advance(GRACE)
        self.assertEqual(alice.sees(), [])
        self.clock.advance(LONGEST_NAMELESS)
        self.assertEqual(len(self.clock.getDelayedCalls()), timers)
        for visitor in gone:
            self.assertEqual(visitor.sees()[2:], [], "it was too late for somebody who is gone")


TOO_LATE = "!!! No nickname within 60 seconds."


class DeadlineTests(ChatCase):
    """The minute begins when somebody connects, and nothing that they do makes it longer."""

    def assert_ends(self, visitor: Visitor, last: list[str], shown: bool = True) -> None:
        """See that it is over after a minute, and not before."""
        self.clock.advance(LONGEST_NAMELESS - self.clock.seconds() - 0.01)
        visitor.sees()
        self.assertFalse(visitor.screen.closed or visitor.screen.aborted)
        self.clock.advance(0.01)
        self.settle()
        if shown:
            self.assertEqual(visitor.sees(), last)
            self.assertTrue(visitor.screen.closed)
        self.clock.advance(TIME_TO_READ)
        self.assertTrue(visitor.screen.aborted)

    def test_who_says_nothing(self) -> None:
        self.assert_ends(self.connect(), [TOO_LATE])

    def test_who_asks_for_help_and_tries_names_all_the_time(self) -> None:
        self.enter("alice")
        visitor = self.connect()
        visitor.types("/resume a-1-b-c")
        for line in ["/help", "alice", "no nickname", "/set echo on", "/foo", "", "/nick"] * 8:
            visitor.types(line)
            self.clock.advance(1)
        self.assert_ends(visitor, [TOO_LATE])

    def test_a_program_too(self) -> None:
        visitor = self.connect()
        visitor.types("/json", '{"type":"who"}', '{"type":"as","nick":"!"}')
        self.assert_ends(
            visitor, ['{"type":"error","code":"refused","text":"No nickname within 60 seconds."}']
        )

    def test_whose_line_waits_for_the_end_of_the_stream(self) -> None:
        visitor = self.connect()
        visitor.types("no nickname")
        self.clock.advance(LONGEST_NAMELESS - self.clock.seconds() - 0.02)
        visitor.types("neither is this")  # it is looked at only after a while
        self.assert_ends(visitor, [], shown=False)

    def test_who_does_not_read(self) -> None:
        visitor = self.connect()
        visitor.stalls()
        visitor.types("/help", "/help")
        self.assert_ends(visitor, [], shown=False)

    def test_whose_answers_wait_to_be_read_and_whose_input_waits_for_that(self) -> None:
        visitor = self.connect()
        visitor.stalls()
        visitor.types(*["/help"] * 200)
        self.assertTrue(visitor.screen.paused)
        visitor.dialogue.ended()  # though they send nothing more, and may read
        self.assert_ends(visitor, [], shown=False)

    def test_it_can_be_set(self) -> None:
        self.limits = Limits(seconds_nameless=1)
        self.chat = self.make_chat(self.log)
        visitor = self.connect()
        visitor.sees()
        self.clock.advance(0.99)
        self.assertEqual(visitor.sees(), [])
        self.clock.advance(0.01)
        self.assertEqual(visitor.sees(), ["!!! No nickname within 1 second."])

    def test_who_is_named_in_time_stays(self) -> None:
        visitor = self.connect()
        self.clock.advance(LONGEST_NAMELESS - 0.01)
        visitor.types("bob")
        self.clock.advance(LONGEST_NAMELESS)
        self.assertFalse(visitor.screen.closed or visitor.screen.aborted)


class NicknameTests(ChatCase):
    def answer(self, *lines: str) -> list[str]:
        visitor = self.connect()
        visitor.sees()
        return visitor.types(*lines)

    def test_a_taken_one_is_refused_with_one_that_is_free(self) -> None:
        self.enter("bob")
        self.assertEqual(self.answer("bob"), ['!!! "bob" is taken. Try "bob2".', QUESTION])

    def test_the_free_one_is_really_free(self) -> None:
        self.enter("bob", "bob2")
        self.assertEqual(self.answer("BOB"), ['!!! "BOB" is taken. Try "BOB3".', QUESTION])

    def test_of_two_who_ask_for_one_at_once_one_gets_it(self) -> None:
        first, second = self.connect(), self.connect()
        first.dialogue.received("bob")
        second.dialogue.received("bob")
        self.assertEqual(first.sees()[-2], "*** You are bob, in #lobby.")
        self.assertEqual(second.sees()[-2:], ['!!! "bob" is taken. Try "bob2".', QUESTION])

    def test_as_takes_the_first_free_one(self) -> None:
        self.enter("bob", "bob2")
        self.assertEqual(self.answer("/as bob")[0], "*** You are bob3, in #lobby with bob, bob2.")

    def test_nick_is_an_answer_too(self) -> None:
        self.assertEqual(self.answer("/nick bob")[0], "*** You are bob, in #lobby.")

    def test_of_one_whose_connection_is_broken_it_is_told_how_to_have_it_again(self) -> None:
        (bob,) = self.enter("bob")
        bob.breaks_off()
        self.assertEqual(
            self.answer("bob"),
            [
                '!!! "bob" is taken. Try "bob2".',
                "*** If it is yours: /resume CODE, or /login NICK.",
                QUESTION,
            ],
        )

    def test_a_reserved_one_is_taken(self) -> None:
        self.assertEqual(self.answer("Admin")[0], '!!! "Admin" is taken. Try "Admin2".')

    def test_what_cannot_be_shown_is_not_echoed(self) -> None:
        shown = self.answer("b\x1b[2Job")
        self.assertTrue(shown[0].startswith('!!! "b[2Job" is not a nickname: '), shown)

    def test_an_empty_line_is_asked_again(self) -> None:
        self.assertEqual(self.answer(""), [QUESTION])

    def test_some_commands_work_before(self) -> None:
        self.assertEqual(self.answer("/set echo on"), ["*** echo is on.", QUESTION])
        self.assertEqual(self.answer("/help nick")[-1], QUESTION)

    def test_the_others_do_not(self) -> None:
        for command in "//hello", "/foo":
            shown = self.answer(command)
            self.assertTrue(shown[0].startswith("!!! There is no command /"), shown)
            self.assertEqual(shown[1:], [QUESTION])

    def test_who_tries_one_that_works_later_is_told_so(self) -> None:
        for command, name in ("/who", "who"), ("/msg bob hello", "msg"):
            shown = self.answer(command)
            self.assertTrue(shown[0].startswith(f"!!! There is no command /{name}. Did you mean /"), shown)
            self.assertEqual(shown[1:], [f"*** /{name} works once you have a nickname.", QUESTION])

    def test_a_line_that_the_door_refused_is_no_answer(self) -> None:
        visitor = self.connect()
        visitor.sees()
        self.assertEqual(visitor.types(NotUnderstood("No.")), ["!!! No.", QUESTION])

    def test_a_wrong_code_is_asked_again_and_the_third_ends_it(self) -> None:
        visitor = self.connect()
        visitor.sees()
        for _ in range(MOST_WRONG_CODES - 1):
            shown = visitor.types("/resume fig-42-moss-lamp")
            self.clock.advance(0.2)
            self.assertEqual(shown + visitor.sees(), ["!!! That code is not known or too old.", QUESTION])
        visitor.types("/resume fig-42-moss-lamp", "bob")
        self.clock.advance(0.2)
        self.assertEqual(visitor.sees(), ["!!! That code is not known or too old."])
        self.assertTrue(visitor.screen.closed)

    def test_one_can_leave_at_once(self) -> None:
        visitor = self.connect()
        visitor.sees()
        self.assertEqual(visitor.types("/quit"), ["*** Goodbye."])
        self.assertTrue(visitor.screen.closed)


class PipedInTests(ChatCase):
    """What comes from printf 'bob\\nhello\\n' | nc -N, where bob is taken."""

    def setUp(self) -> None:
        super().setUp()
        (self.bob,) = self.enter("bob")
        self.pipe = self.connect()
        self.pipe.sees()

    def test_what_comes_behind_a_refused_name_is_not_another_name(self) -> None:
        self.pipe.types("bob", "hello")
        self.pipe.dialogue.ended()
        self.clock.advance(0.2)
        self.assertEqual(self.pipe.sees(), ['!!! Not sent: "bob" is taken. Try "bob2".'])
        self.assertEqual((self.bob.sees(), self.pipe.screen.closed), ([], True))

    def test_nor_is_it_behind_a_line_that_the_door_refused(self) -> None:
        self.pipe.types(NotUnderstood("That line is not UTF-8."), "hello")
        self.pipe.dialogue.ended()
        self.clock.advance(0.2)
        self.assertEqual(self.pipe.sees(), ["!!! Not sent: That line is not UTF-8."])
        self.assertEqual(self.bob.sees(), [])

    def test_a_name_refused_alone_ends_it_too(self) -> None:
        self.pipe.types("bob")
        self.pipe.dialogue.ended()
        self.assertEqual(self.pipe.sees(), ['!!! Not sent: "bob" is taken. Try "bob2".'])

    def test_an_answer_is_taken_when_no_end_follows(self) -> None:
        self.assertEqual(self.pipe.types("bob", "carl")[-1], QUESTION)
        self.clock.advance(0.2)
        self.assertEqual(self.pipe.sees()[0], "*** You are carl, in #lobby with bob.")

    def test_so_is_one_after_another(self) -> None:
        self.pipe.types("bob", "b b", "carl", "hello")
        self.clock.pump([0.2] * 3)
        self.assertEqual(self.bob.sees(), ["*** carl joined #lobby.", "<carl> hello"])

    def test_a_whole_file_behind_a_refused_name_is_no_answer(self) -> None:
        for line in ["bob", *["word"] * 70]:
            self.pipe.dialogue.received(line)
        self.assertTrue(self.pipe.screen.paused)
        self.clock.advance(0.2)
        self.assertEqual(self.pipe.sees()[-1], '!!! Not sent: "bob" is taken. Try "bob2".')
        self.assertEqual((self.bob.sees(), self.pipe.screen.closed), ([], True))

    def test_an_end_without_anything_just_ends(self) -> None:
        self.pipe.dialogue.ended()
        self.assertEqual((self.pipe.sees(), self.pipe.screen.closed), ([], True))

    def test_no_timer_is_left(self) -> None:
        timers = len(self.clock.getDelayedCalls())
        pipe = self.connect()
        pipe.types("bob", "hello")
        pipe.breaks_off()
        self.clock.advance(0.2)
        self.assertEqual(len(self.clock.getDelayedCalls()), timers)
