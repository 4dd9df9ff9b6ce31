"""The chat across crashes, restarts and full disks."""

from __future__ import annotations

import json

from tcpchat.events import Entry, Joined, Left, inbox
from tcpchat.limits import GRACE
from tests.visitors import ChatCase, Visitor

NOT_SENT = "!!! Not sent: the log cannot be written."
NOBODY_COMES_IN = "!!! Nobody can come in now, as the log cannot be written. Try again later."


class FullDiskCase(ChatCase):
    def told_as_gone(self) -> list[tuple[str, str]]:
        """Return of whom the lobby's log says that they left, and why."""
        entries = self.successResultOf(self.log.read("#lobby", 0, 100))
        return [(entry.event.nick, entry.event.reason) for entry in entries if isinstance(entry.event, Left)]


class CrashTests(FullDiskCase):
    def test_history_is_there_afterwards_and_for_a_while_whoever_was(self) -> None:
        (alice,) = self.enter("alice")
        alice.types("hello", "/topic tests", "/join #dev", "code")
        self.crash()
        bob = self.connect()
        where, _, *past = bob.types("bob")[2:]
        self.assertEqual(where, "*** You are bob, in #lobby with alice.")
        self.assertEqual(past, ["*** The last 1 line of #lobby:", "[10:02] <alice> hello", "*** Live now."])
        self.assertEqual(bob.types("/topic"), ["*** The topic of #lobby is: tests"])
        self.assertIn("[10:02] <alice> code", bob.types("/join #dev"))

    def test_who_is_not_back_in_20_seconds_has_left_and_that_is_told_once(self) -> None:
        self.enter("alice", "bob")
        self.crash()
        self.clock.advance(GRACE - 1)
        self.crash()
        self.clock.advance(GRACE - 0.1)
        self.settle()
        self.assertEqual(self.told_as_gone(), [])
        self.clock.advance(0.1)
        self.settle()
        gone = [("alice", "server restarted"), ("bob", "server restarted")]
        self.assertEqual(self.told_as_gone(), gone)
        self.crash()
        self.clock.advance(GRACE)
        self.settle()
        self.assertEqual(self.told_as_gone(), gone)

    def test_their_nicknames_are_kept_that_long_and_then_free(self) -> None:
        self.enter("alice")
        self.crash()
        self.assertIn('!!! "alice" is taken. Try "alice2".', self.connect().types("alice"))
        self.clock.advance(GRACE)
        self.enter("alice")

    def test_a_full_disk_does_not_keep_a_server_from_starting(self) -> None:
        self.enter("alice")
        for call in list(self.clock.getDelayedCalls()):
            call.cancel()
        self.log.full = True
        self.chat = self.make_chat(self.log)
        self.clock.advance(GRACE)
        self.settle()
        self.log.full = False
        self.clock.advance(1)
        (bob,) = self.enter("bob")
        self.assertEqual(bob.types("/who"), ["*** 1 person is in #lobby: bob."])
        self.assertEqual(self.told_as_gone(), [("alice", "server restarted")])


class FullDiskTests(FullDiskCase):
    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.enter("alice", "bob")
        self.log.full = True

    def test_a_line_that_is_not_kept_is_told_and_shown_to_nobody(self) -> None:
        self.assertEqual(self.bob.types("hello"), [NOT_SENT])
        self.assertEqual(self.bob.types("/msg alice hi"), [NOT_SENT])
        self.assertEqual(self.alice.sees(), [])

    def test_other_things_go_on(self) -> None:
        self.assertEqual(self.bob.types("/who"), ["*** 2 people are in #lobby: alice, bob."])

    def test_writing_goes_on_by_itself(self) -> None:
        self.bob.types("hello")
        self.log.full = False
        self.bob.types("hello again")
        self.assertEqual(self.alice.sees(), ["<bob> hello again"])

    def test_who_cannot_come_in_is_asked_again_and_the_name_is_free(self) -> None:
        carl = self.connect()
        carl.sees()
        self.assertEqual(carl.types("carl"), [NOBODY_COMES_IN, "*** What is your nickname?"])
        self.log.full = False
        carl.types("carl")
        self.clock.advance(0.2)
        self.assertEqual(carl.sees()[0], "*** You are carl, in #lobby with alice, bob.")

    def test_who_logs_in_is_told_the_same_and_so_is_a_program_by_its_code(self) -> None:
        self.log.full = False
        self.bob.types("/register bob-secret", "/quit")
        self.log.full = True
        bob, program = self.connect(), self.connect()
        bob.sees()
        self.assertIn(NOBODY_COMES_IN, bob.types("/login bob bob-secret"))
        program.sees()
        told, *_ = program.types('{"type":"nick","nick":"carl","ref":"a"}')
        self.assertEqual(json.loads(told)["code"], "not-sent")

    def test_what_was_piped_in_is_told_as_not_sent(self) -> None:
        carl = self.connect()
        carl.sees()
        carl.types("carl", "hello")
        carl.dialogue.ended()
        self.clock.advance(1)
        self.assertIn("!!! Not sent: Nobody can come in now, as the log cannot be written.", carl.sees()[-1])

    def test_of_who_cannot_come_in_nothing_is_kept(self) -> None:
        before = self.successResultOf(self.log.records("session")).keys()
        self.connect().types("carl")
        self.assertEqual(self.successResultOf(self.log.records("session")).keys(), before)
        self.assertEqual(self.bob.types("/msg carl hi"), ['!!! Nobody here is called "carl".'])

    def test_nor_is_anything_when_somebody_writes_to_them_meanwhile(self) -> None:
        before = self.successResultOf(self.log.records("session")).keys()
        carl = self.connect()
        carl.sees()
        carl.dialogue.received("carl")
        self.log.full = False  # it was too late for carl
        self.assertEqual(self.bob.types("/msg carl hi"), ['!!! Nobody here is called "carl".'])
        self.assertEqual(carl.sees(), [NOBODY_COMES_IN, "*** What is your nickname?"])
        self.assertEqual(self.successResultOf(self.log.records("session")).keys(), before)
        self.crash()
        bob, _ = self.come_back(self.bob.code)
        self.assertEqual(bob.types("/msg carl hi"), ['!!! Nobody here is called "carl".'])

    def test_a_name_a_room_and_a_leaving_that_are_not_kept_are_not_changed(self) -> None:
        for line in "/nick rob", "/join #dev", "/leave":
            self.assertEqual(self.bob.types(line), [NOT_SENT])
        self.log.full = False
        self.bob.types("hello")
        self.assertEqual(self.alice.sees(), ["<bob> hello"])
        self.enter("rob")

    def test_who_leaves_is_told_of_when_there_is_room_again(self) -> None:
        self.bob.breaks_off()
        self.settle()
        self.clock.advance(GRACE)
        self.assertEqual(self.alice.sees(), [])
        self.log.full = False
        self.clock.advance(1)
        self.assertEqual(self.alice.sees(), ["*** bob left #lobby: connection lost."])

    def test_a_name_is_changed_in_all_rooms_in_the_end(self) -> None:
        self.log.full = False
        self.bob.types("/join #dev")
        self.bob.dialogue.received("/nick rob")
        self.settle()
        self.assertEqual(self.alice.types("/who #dev")[-1], "*** 1 person is in #dev: rob.")
        self.assertEqual(self.alice.types("/who")[-1], "*** 2 people are in #lobby: alice, rob.")


class StoppedTests(ChatCase):
    def test_who_is_there_when_the_server_ends_is_not_put_out_by_it(self) -> None:
        (alice,) = self.enter("alice")
        self.chat.stop()
        alice.dialogue.lost("")
        self.settle()
        self.clock.advance(GRACE)
        self.settle()
        entries = self.successResultOf(self.log.read("#lobby", 0, 10))
        self.assertEqual([type(entry.event) for entry in entries], [Joined])

    def test_after_close_nothing_of_the_chat_waits_for_its_time(self) -> None:
        (alice,) = self.enter("alice")
        self.restart(alice)  # which closes the chat
        timers = len(self.clock.getDelayedCalls())
        self.clock.advance(GRACE)
        self.settle()
        self.assertEqual(len(self.clock.getDelayedCalls()), timers - 1)  # alice was waited for


class PeopleTests(ChatCase):
    def test_of_who_has_left_it_is_kept_when(self) -> None:
        alice, bob = self.enter("alice", "bob")
        self.assertEqual(bob.types("/seen alice"), ["*** alice is here now."])
        alice.types("/quit")
        bob.sees()
        self.clock.advance(3600)
        self.assertEqual(bob.types("/seen ALICE"), ["*** alice was last here at 10:02."])
        self.assertEqual(bob.types("/seen carl"), ['!!! Nobody called "carl" was ever here.'])

    def test_a_break_counts_from_its_end_and_lasts_over_a_restart(self) -> None:
        alice, bob = self.enter("alice", "bob")
        alice.breaks_off()
        self.assertEqual(bob.types("/seen alice"), ["*** alice is here now."])
        self.clock.advance(GRACE)
        self.settle()
        self.restart(bob)
        (carl,) = self.enter("carl")
        self.assertEqual(carl.types("/seen alice"), ["*** alice was last here at 10:02."])


class AtOnceTests(ChatCase):
    """Who is shown something may answer before those who did it are told that it is in the log."""

    def when_shown(self, stream: str, visitor: Visitor, line: str) -> None:
        """Have somebody say something as soon as something is shown, once."""

        def answer(entries: list[Entry]) -> None:
            end()
            visitor.dialogue.received(line)

        end = self.log.tail(stream, self.log.last(stream), answer)

    def test_whoever_is_shown_to_have_come_can_be_spoken_to(self) -> None:
        (bob,) = self.enter("bob")
        self.when_shown("#lobby", bob, "/msg carol welcome")
        (carol,) = self.enter("carol")
        self.assertIn("[to carol] welcome", bob.sees())
        carol.sees()
        self.assertIn(b"[from bob] welcome", carol.screen.shown)

    def test_a_reply_goes_to_whoever_was_shown_last(self) -> None:
        alice, bob, carol = self.enter("alice", "bob", "carol")
        alice.types("/msg bob hello")
        person = self.chat.people.find(self.chat.people.nickname("bob"))
        assert person is not None
        self.when_shown(inbox(person.id), bob, "/reply yes")
        self.assertIn("[from bob] yes", carol.types("/msg bob a secret?"))
        self.assertNotIn("[from bob] yes", alice.sees())
