"""The rooms: found by name, and after a restart what they were before it."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Sequence

import msgspec
from twisted.internet.defer import Deferred

from tcpchat import records
from tcpchat.events import Event, Joined, Left, Said, TopicSet
from tcpchat.limits import GRACE, NO_LIMITS
from tcpchat.rooms import KEPT_EVERY, READ_TO_OPEN
from tcpchat.upkeep import UPKEEP
from tests.afar import AfarCase
from tests.visitors import ChatCase, LateLog, Visitor


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
        self.assertEqual({feed.stream for feed in self.chat.rooms}, {"#lobby", "#audit"})

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


class ClosingTests(ChatCase):
    def look(self, times: int = 1) -> None:
        """Let it be looked after the rooms so many times."""
        for _ in range(times):
            self.clock.advance(UPKEEP)
            self.settle()

    def open(self) -> list[str]:
        """Return the rooms that are open, but for that of the audit trail, which always is."""
        return [feed.stream for feed in self.chat.rooms if feed is not self.chat.rooms.audit]

    def test_a_room_that_everybody_has_left_is_gone_within_a_minute_and_the_lobby_is_not(self) -> None:
        (alice,) = self.enter("alice")
        alice.types("/join #dev", "hello", "/leave", "/leave")
        self.assertEqual(self.open(), ["#lobby", "#dev"])
        for _ in range(60):
            self.clock.advance(1)
        self.assertEqual(self.open(), ["#lobby"])
        self.assertEqual(alice.types("/rooms"), ["*** #lobby: 0 people"])
        self.assertEqual(alice.types("/who #dev"), ["!!! There is no room #dev. /rooms lists the rooms."])

    def test_nothing_of_it_stays_but_its_name(self) -> None:
        (alice,) = self.enter("alice")
        timers = len(self.clock.getDelayedCalls())
        alice.types("/set joins folded", "/join #dev", "/leave")
        dev = weakref.ref(self.chat.rooms.find("#dev"))
        self.look(2)
        gc.collect()
        self.assertIsNone(dev())
        self.assertLessEqual(len(self.clock.getDelayedCalls()), timers)

    def test_its_log_stays_and_opens_it_again(self) -> None:
        alice, bob = self.enter("alice", "bob")
        alice.types("/join #dev", "/topic cats", "hello", "/leave")
        self.look(2)
        self.assertEqual(
            bob.types("/join #dev", "/topic"),
            [
                "*** You are bob, in #dev.",
                "*** The last 1 line of #dev:",
                "[10:02] <alice> hello",
                "*** Live now.",
                "*** The topic of #dev is: cats",
            ],
        )
        self.assertEqual(alice.types("/join #dev")[0], "*** You are alice, in #dev with bob.")
        bob.sees()
        alice.types("again")
        self.assertEqual(bob.sees(), ["<alice> again"])
        entries = self.successResultOf(self.log.read("#dev", 0, 100))
        self.assertEqual([entry.seq for entry in entries], list(range(1, 8)))

    def test_it_is_the_same_room_by_every_name_that_looks_like_its_own(self) -> None:
        alice, bob = self.enter("alice", "bob")
        for name in "#MIKE", "#rnike", "#mike":
            alice.types("/join #mike", "/leave")
            self.look(2)
            self.assertEqual(self.open(), ["#lobby"])
            self.assertEqual(bob.types(f"/join {name}")[0], "*** You are bob, in #mike.")
            bob.types("/leave")
        streams: dict[str, int] = self.successResultOf(self.log.streams())
        self.assertEqual(sorted(streams), ["#lobby", "#mike"])

    def test_one_to_which_nobody_ever_came_is_forgotten_altogether(self) -> None:
        (alice,) = self.enter("alice")
        self.log.full = True
        self.assertIn("Not sent", alice.types("/join #dev")[0])
        self.assertEqual(self.open(), ["#lobby", "#dev"])
        self.look(2)
        self.assertEqual(self.open(), ["#lobby"])
        self.log.full = False
        self.assertEqual(alice.types("/join #DEV"), ["*** You are alice, in #DEV."])

    def test_one_look_does_not_close_it_nor_do_two_between_which_somebody_came(self) -> None:
        alice, bob = self.enter("alice", "bob")
        alice.types("/join #dev", "/leave")
        self.look()
        bob.types("/join #dev", "/leave")
        self.look()
        self.assertEqual(self.open(), ["#lobby", "#dev"])
        self.look()
        self.assertEqual(self.open(), ["#lobby"])

    def test_one_with_somebody_whose_connection_is_broken_stays_for_as_long_as_they(self) -> None:
        (alice,) = self.enter("alice")
        alice.types("/join #dev")
        alice.breaks_off()
        self.clock.advance(GRACE - 0.01)
        self.assertEqual(self.open(), ["#lobby", "#dev"])
        self.look(5)
        self.assertEqual(self.open(), ["#lobby"])

    def test_who_comes_back_opens_it_again(self) -> None:
        alice, bob = self.enter("alice", "bob")
        alice.types("/join #dev", "hello")
        code = alice.code
        alice.breaks_off()
        self.look(6)
        self.assertEqual(self.open(), ["#lobby"])
        alice, shown = self.come_back(code)
        self.assertEqual(shown[0], "*** You are alice, in #dev.")
        bob.types("/join #dev")
        alice.sees()
        bob.types("hi")
        self.assertEqual(alice.sees(), ["<bob> hi"])

    def test_who_is_about_to_come_keeps_it_open(self) -> None:
        (alice,) = self.enter("alice")
        kept: list[Deferred[list[list[int]]]] = []
        append = self.log.append_all

        def hang(parts: Sequence[tuple[str, Sequence[Event]]]) -> Deferred[list[list[int]]]:
            kept.append(Deferred())
            return kept[-1].addCallback(lambda _: append(parts))

        self.log.append_all = hang  # type: ignore[method-assign]
        alice.types("/join #dev")
        self.look(10)
        self.assertEqual(self.open(), ["#lobby", "#dev"])
        self.log.append_all = append  # type: ignore[method-assign]
        kept[0].callback([])
        self.assertEqual(alice.sees(), ["*** You are alice, in #dev."])

    def test_two_who_open_it_at_once_are_in_one_room(self) -> None:
        log = LateLog(self.clock, self.wall)
        self.chat = self.make_chat(log)
        alice, bob = self.enter("alice", "bob")
        alice.types("/join #dev", "/leave")
        self.look(2)
        log.late = 1.0
        alice.types("/join #dev")
        bob.types("/join #DEV")
        for _ in range(10):
            self.clock.advance(1)
            self.settle()
        log.late = None
        self.assertIn("*** You are alice, in #dev.", alice.sees())
        self.assertIn("*** You are bob, in #dev with alice.", bob.sees())
        bob.types("hi")
        self.assertIn("<bob> hi", alice.sees())

    def test_after_a_restart_an_empty_one_is_gone_soon(self) -> None:
        alice, bob = self.enter("alice", "bob")
        alice.types("/join #dev", "/leave")
        bob.types("/join #work")
        self.crash()
        self.look(2)
        self.assertEqual(self.open(), ["#lobby", "#work"])

    def test_what_the_log_has_forgotten_is_still_known_of_a_closed_one(self) -> None:
        (alice,) = self.enter("alice")
        alice.types("/join #dev", "/topic cats", "/leave")
        self.look(2)
        self.successResultOf(self.log.forget("#dev", self.log.last("#dev")))
        self.assertEqual(alice.types("/join #dev", "/topic")[-1], "*** The topic of #dev is: cats")


class NumberOfRoomsTests(ChatCase):
    limits = msgspec.structs.replace(NO_LIMITS, rooms=1000, rooms_per_person=20)

    def people(self, number: int) -> list[Visitor]:
        return list(self.enter(*(f"n{n}" for n in range(number))))

    def test_a_thousand_rooms_and_no_more(self) -> None:
        people = self.people(53)
        for n, person in enumerate(people[:52]):
            person.types(*(f"/join #r{n}x{m}" for m in range(19)))
        self.assertEqual(len(list(self.chat.rooms)), 990)  # with #audit, which does not count
        last = people[52]
        last.types(*(f"/join #last{n}" for n in range(11)))
        self.assertEqual(
            last.types("/join #another"),
            ["!!! There are 1000 rooms already, and that is all that there may be."],
        )
        self.assertEqual(last.types("/join #r0x0")[0], "*** You are n52, in #r0x0 with n0.")

    def test_rooms_that_are_made_and_left_do_not_pile_up(self) -> None:
        self.limits = msgspec.structs.replace(NO_LIMITS, rooms=5)
        self.chat = self.make_chat(self.log)
        (alice,) = self.enter("alice")
        for n in range(50):
            alice.types(f"/join #r{n}")
            self.assertLessEqual(len(list(self.chat.rooms)), 6)  # with #audit
            alice.types("/leave")
        self.assertEqual(alice.types("/join #r0")[0], "*** You are alice, in #r0.")


class SeveralNodesTests(AfarCase):
    def test_a_new_room_of_another_node_is_open_before_what_happens_there_is_shown(self) -> None:
        self.happens("#sea", Joined("s90", "zoe"), TopicSet("s90", "zoe", "fish"))
        self.assertEqual((self.room("#sea").topic, [*self.room("#sea").members]), ("fish", ["s90"]))

    def test_a_closed_one_is_opened_again_as_it_is(self) -> None:
        (anna,) = self.enter("anna")
        anna.types("/join #sea", "/topic fish", "/leave")
        for _ in range(2):
            self.clock.advance(UPKEEP)
            self.settle()
        self.assertIsNone(self.chat.rooms.open_room("#sea"))
        self.happens("#sea", Joined("s90", "zoe"))
        self.assertEqual((self.room("#sea").topic, [*self.room("#sea").members]), ("fish", ["s90"]))
        self.assertEqual(anna.types("/join sea")[0], "*** You are anna, in #sea with zoe.")

    def test_what_was_on_its_way_while_one_was_closed_is_seen_at_the_next_look(self) -> None:
        (anna,) = self.enter("anna")
        anna.types("/join #sea", "/leave")
        for _ in range(2):
            self.clock.advance(UPKEEP)
            self.settle()
        self.log.append("#sea", [Joined("s90", "zoe")])
        self.settle()
        self.assertIsNone(self.chat.rooms.open_room("#sea"))
        self.clock.advance(UPKEEP)
        self.settle()
        self.assertEqual([*self.room("#sea").members], ["s90"])

    def test_a_stream_that_is_no_room_is_left_alone(self) -> None:
        self.happens("#no room", Said("s90", "zoe", "hello"))
        self.assertIsNone(self.chat.rooms.open_room("#no room"))

    def test_of_two_that_look_alike_all_nodes_find_the_same(self) -> None:
        (anna,) = self.enter("anna")
        anna.types("/join #mike", "/join #lobby")
        self.happens("#MIKE", Joined("s90", "zoe"))
        self.happens("#rnike", Joined("s91", "yan"))
        self.assertEqual(self.chat.rooms.find("#Mike").stream, "#MIKE")
        self.assertEqual([*self.room("#rnike").members], ["s91"])
        self.happens("#MIKE", Left("s90", "zoe"))
        for _ in range(2):
            self.clock.advance(UPKEEP)
            self.settle()
        self.assertIsNone(self.chat.rooms.open_room("#MIKE"))
        self.assertEqual(anna.types("/join #mike")[-1], "*** You are anna, in #mike.")

    def test_a_room_is_kept_before_the_log_forgets_at_another_nodes_wish(self) -> None:
        (anna,) = self.enter("anna")
        anna.types("/join #sea", "/topic fish")
        self.log.forgetting("#sea")
        kept = self.successResultOf(self.log.record(records.ROOM, "#sea"))
        assert kept is not None
        self.assertEqual(records.room(kept).topic, "fish")

    def test_a_room_that_cannot_be_opened_is_told_the_operator(self) -> None:
        (anna,) = self.enter("anna")
        anna.types("/join #sea", "/leave")
        for _ in range(2):
            self.clock.advance(UPKEEP)
            self.settle()
        self.log.keep(records.ROOM, "#sea", b"no JSON")
        self.happens("#sea", Joined("s90", "zoe"))
        self.assertEqual(len(self.flushLoggedErrors(msgspec.DecodeError)), 1)
        self.assertIsNone(self.chat.rooms.open_room("#sea"))
