"""The rooms: found by name, and after a restart what they were before it."""

from __future__ import annotations

import msgspec

from tcpchat import records
from tcpchat.events import Joined, Said, TopicSet
from tcpchat.limits import GRACE, NO_LIMITS
from tcpchat.rooms import KEPT_EVERY, READ_TO_OPEN
from tests.visitors import ChatCase


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


class OpeningTests(ChatCase):
    history = 3

    def kept(self) -> dict[str, bytes]:
        return self.successResultOf(self.log.records(records.ROOM))

    def test_a_room_of_a_name_that_is_none_any_more_is_left_alone(self) -> None:
        self.log.append("#not a room", [Said("s", "old", "hello")])
        self.settle()
        self.crash()
        (alice,) = self.enter("alice")
        self.assertEqual(alice.types("/rooms"), ["*** #lobby: 1 person"])

    def test_an_inbox_is_no_room(self) -> None:
        alice, _bob = self.enter("alice", "bob")
        alice.types("/msg bob hi", "/leave")
        self.crash()
        self.assertEqual([feed.stream for feed in self.chat.rooms], ["#lobby"])

    def test_a_room_is_what_its_log_says_however_long_that_is(self) -> None:
        alice, bob = self.enter("alice", "bob")
        alice.types("/join #dev", "/topic old")
        for _ in range(READ_TO_OPEN // 2 + 1):
            bob.types("/join #dev", "/leave")
        alice.types("/topic new", "one", "two", "three", "four")
        self.crash()
        (carl,) = self.enter("carl")
        self.assertEqual(
            carl.types("/join #dev", "/topic"),
            [
                "*** You are carl, in #dev with alice.",
                "*** The last 3 lines of #dev:",
                *(f"[10:02] <alice> {text}" for text in ("two", "three", "four")),
                "*** Live now.",
                "*** The topic of #dev is: new",
            ],
        )

    def test_a_room_that_was_kept_goes_on_from_there(self) -> None:
        alice, bob = self.enter("alice", "bob")
        alice.types("/join #dev", "/topic cats")
        self.restart(alice, bob)
        self.assertEqual(sorted(self.kept()), ["#dev", "#lobby"])
        self.enter("carl")  # after what was kept
        self.crash()
        (dora,) = self.enter("dora")
        self.assertEqual(dora.types("/who"), ["*** 4 people are in #lobby: alice, bob, carl, dora."])
        self.assertEqual(dora.types("/rooms")[-1], "*** #dev: 1 person: cats")

    def test_what_the_log_has_forgotten_is_still_known_of_a_kept_room(self) -> None:
        alice, bob = self.enter("alice", "bob")
        bob.types("/topic cats")
        self.restart(alice, bob)
        self.successResultOf(self.log.forget("#lobby", self.log.last("#lobby")))
        self.crash()
        (carl,) = self.enter("carl")
        self.assertEqual(
            carl.types("/who", "/topic"),
            ["*** 3 people are in #lobby: alice, bob, carl.", "*** The topic of #lobby is: cats"],
        )
        self.clock.advance(GRACE)
        self.assertEqual(len(carl.sees()), 2)  # alice and bob are put out, once each

    def test_a_room_is_kept_once_so_much_has_changed_in_it_and_not_before(self) -> None:
        alice, bob = self.enter("alice", "bob")
        for _ in range(KEPT_EVERY // 2 - 2):
            bob.types("/leave", "/join #lobby")
        alice.types("/topic cats")
        self.chat.rooms.keep()
        self.assertEqual(self.kept(), {})
        alice.types("/topic dogs")
        self.chat.rooms.keep()
        room = records.room(self.kept()["#lobby"])
        self.assertEqual((room.seq, room.topic), (self.log.last("#lobby"), "dogs"))
        self.assertEqual([member.nick for member in room.members], ["alice", "bob"])

    def test_a_big_room_is_kept_once_as_much_has_changed_as_there_are_people(self) -> None:
        people = 2 * KEPT_EVERY
        self.log.append("#lobby", [Joined(f"x{n}", f"x{n}") for n in range(people)])
        for changes, kept in (people - 1, people), (1, 2 * people):
            self.settle()
            self.chat.rooms.keep()
            self.log.append("#lobby", [TopicSet("x1", "x1", text="cats")] * changes)
            self.settle()
            self.chat.rooms.keep()
            self.assertEqual(records.room(self.kept()["#lobby"]).seq, kept)


class CountedRoomsTests(ChatCase):
    limits = msgspec.structs.replace(NO_LIMITS, rooms=2)

    def test_a_room_that_is_empty_does_not_count_and_the_lobby_is_always_there(self) -> None:
        alice, bob = self.enter("alice", "bob")
        alice.types("/join #a")
        self.assertEqual(
            bob.types("/join #b"), ["!!! There are 2 rooms already, and that is all that there may be."]
        )
        alice.types("/leave")
        bob.sees()
        self.assertEqual(bob.types("/join #b"), ["*** You are bob, in #b."])
        alice.types("/leave")
        bob.types("/leave #lobby")
        self.assertEqual(alice.types("/join #lobby"), ["*** You are alice, in #lobby."])
