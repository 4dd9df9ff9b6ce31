"""The chat across restarts and full disks."""

from __future__ import annotations

from tcpchat.events import Joined, Said
from tests.visitors import ChatCase


class RestartTests(ChatCase):
    def restart(self) -> None:
        """The server dies, and another one starts on the same log."""
        self.chat = self.make_chat(self.log)

    def test_history_is_there_after_a_restart(self) -> None:
        (alice,) = self.enter("alice")
        alice.types("hello", "/topic tests", "/join #dev", "code")
        self.restart()
        bob = self.connect()
        self.assertEqual(
            bob.types("bob")[2:],
            [
                "*** You are bob, in #lobby.",
                "*** The last 1 line of #lobby:",
                "[10:02] <alice> hello",
                "*** Live now.",
            ],
        )
        self.assertEqual(bob.types("/topic"), ["*** The topic of #lobby is: tests"])
        self.assertIn("[10:02] <alice> code", bob.types("/join #dev"))

    def test_whom_a_dead_server_left_behind_is_put_out_once(self) -> None:
        self.enter("alice", "bob")
        self.restart()
        self.restart()
        entries = self.successResultOf(self.log.read("#lobby", 2, 10))
        self.assertEqual(
            [(entry.event.nick, getattr(entry.event, "reason", "")) for entry in entries],
            [("alice", "server restarted"), ("bob", "server restarted")],
        )

    def test_their_nicknames_are_free(self) -> None:
        self.enter("alice")
        self.restart()
        self.enter("alice")

    def test_a_room_of_a_name_that_is_none_any_more_is_left_alone(self) -> None:
        self.log.append("#not a room", [Said("s", "old", "hello")])
        self.settle()
        self.restart()
        self.enter("alice")

    def test_a_full_disk_does_not_keep_a_server_from_starting(self) -> None:
        self.enter("alice")
        self.log.full = True
        self.restart()
        self.log.full = False
        self.clock.advance(1)
        (bob,) = self.enter("bob")
        self.assertEqual(bob.types("/who"), ["*** 1 person is in #lobby: bob."])


class FullDiskTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.enter("alice", "bob")
        self.log.full = True

    def test_a_line_that_is_not_kept_is_told_and_shown_to_nobody(self) -> None:
        self.assertEqual(self.bob.types("hello"), ["!!! Not sent: the log cannot be written."])
        self.assertEqual(self.bob.types("/msg alice hi"), ["!!! Not sent: the log cannot be written."])
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
        refused = ["!!! Not sent: the log cannot be written.", "*** What is your nickname?"]
        self.assertEqual(carl.types("carl"), refused)
        self.log.full = False
        carl.types("carl")
        self.clock.advance(0.2)
        self.assertEqual(carl.sees(), ["*** You are carl, in #lobby with alice, bob."])

    def test_a_name_a_room_and_a_leaving_that_are_not_kept_are_not_changed(self) -> None:
        for line in "/nick rob", "/join #dev", "/leave":
            self.assertEqual(self.bob.types(line), ["!!! Not sent: the log cannot be written."])
        self.log.full = False
        self.bob.types("hello")
        self.assertEqual(self.alice.sees(), ["<bob> hello"])
        self.enter("rob")

    def test_who_leaves_is_told_of_when_there_is_room_again(self) -> None:
        self.bob.breaks_off()
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


class LookAlikeRoomTests(ChatCase):
    def test_rooms_that_look_alike_are_one(self) -> None:
        alice, bob = self.enter("alice", "bob")
        alice.types("/join #mike")
        self.assertEqual(bob.types("/join #rnike")[-1], "*** You are bob, in #mike with alice.")

    def test_ascii_names_only(self) -> None:
        self.chat = self.make_chat(self.log, ascii_names=True)
        visitor = self.connect()
        self.assertRegex(visitor.types("zo\u00eb")[2], '^!!! "zo\u00eb" is not a nickname: ')
        (alice,) = self.enter("alice")
        self.assertRegex(alice.types("/join #caf\u00e9")[-1], "^!!! .* is not a room: ")


class StoppedTests(ChatCase):
    def test_who_is_there_when_the_server_ends_is_not_put_out_by_it(self) -> None:
        (alice,) = self.enter("alice")
        self.chat.stop()
        alice.dialogue.lost("")
        self.settle()
        entries = self.successResultOf(self.log.read("#lobby", 0, 10))
        self.assertEqual([type(entry.event) for entry in entries], [Joined])
