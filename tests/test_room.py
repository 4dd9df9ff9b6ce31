"""A room is what its entries make it, whatever they are."""

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat import records
from tcpchat.events import (
    Acted,
    Banned,
    Entry,
    Event,
    Hidden,
    Invited,
    Joined,
    Kicked,
    Left,
    Locked,
    Opped,
    Renamed,
    Said,
    Slowed,
    TopicSet,
    Unlocked,
)  # fmt: skip
from tcpchat.requests import Refused
from tcpchat.room import Member, Room

# Few sessions, so that they come twice, leave without having come, and are renamed after leaving.
SESSIONS = st.sampled_from("abcde")
NICKS = st.sampled_from(["ann", "bob", "eve"])
PLAIN: st.SearchStrategy[Event] = st.one_of(
    st.builds(Joined, SESSIONS, NICKS),
    st.builds(Joined, SESSIONS, NICKS),
    st.builds(Left, SESSIONS, NICKS),
    st.builds(Renamed, SESSIONS, NICKS, NICKS, st.just(("#dev",)), st.just("r1")),
    st.builds(TopicSet, SESSIONS, NICKS, NICKS),
    st.builds(Said, SESSIONS, NICKS, NICKS),
)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    PLAIN,
    PLAIN,
    st.builds(Joined, SESSIONS, NICKS, st.just(1), account=SESSIONS),
    st.builds(Kicked, SESSIONS, NICKS, NICKS, SESSIONS),
    st.builds(Banned, SESSIONS, NICKS, NICKS, st.lists(SESSIONS).map(tuple)),
    st.builds(Locked, SESSIONS, NICKS),
    st.builds(Unlocked, SESSIONS, NICKS),
    st.builds(Invited, SESSIONS, NICKS, NICKS, SESSIONS),
    st.builds(Opped, SESSIONS, NICKS, NICKS, SESSIONS),
    st.builds(Slowed, SESSIONS, NICKS, st.integers(0, 3)),
    st.builds(Hidden, SESSIONS, NICKS),
)


def folded(events: list[Event]) -> Room:
    room = Room("#dev")
    for seq, event in enumerate(events, 1):
        room.apply(Entry(seq, 0, event))
    return room


class RoomTests(SynchronousTestCase):
    def test_a_new_room_is_empty(self) -> None:
        room = Room("#dev")
        self.assertEqual((room.name, room.members, room.topic), ("#dev", {}, ""))

    def test_people_are_in_it_in_the_order_of_their_coming(self) -> None:
        room = folded([Joined("a", "ann"), Joined("b", "bob"), Left("a", "ann"), Joined("a", "ann")])
        self.assertEqual(list(room.members.items()), [("b", Member("bob", 2)), ("a", Member("ann", 4))])

    def test_who_is_renamed_keeps_the_place(self) -> None:
        room = folded([Joined("a", "ann"), Joined("b", "bob"), Renamed("a", "ann", "ada", ("#dev",), "r1")])
        self.assertEqual(list(room.members.items()), [("a", Member("ada", 1)), ("b", Member("bob", 2))])

    def test_who_comes_twice_is_there_once_since_the_first_time(self) -> None:
        room = folded([Joined("a", "ann"), Joined("b", "bob"), Joined("a", "ada")])
        self.assertEqual(list(room.members.items()), [("a", Member("ann", 1)), ("b", Member("bob", 2))])

    def test_who_is_not_there_can_neither_leave_nor_be_renamed(self) -> None:
        room = folded([Joined("a", "ann"), Left("b", "ann"), Renamed("b", "ann", "bob", ("#dev",), "r1")])
        self.assertEqual(room.members, {"a": Member("ann", 1)})

    def test_the_others_are_those_who_came_before(self) -> None:
        room = folded([Joined("a", "ann"), Joined("b", "bob"), Joined("c", "eve")])
        for session, before, others in (
            ("a", 1, []), ("a", 2, []), ("a", 3, ["bob"]), ("b", 2, ["ann"]), ("b", 4, ["ann", "eve"]),
            ("nobody", 4, ["ann", "bob", "eve"]), ("nobody", 0, []),
        ):  # fmt: skip
            self.assertEqual(list(room.others(session, before)), others)
            self.assertEqual(room.count_others(session, before), len(others))

    def test_who_is_put_out_is_not_in_it(self) -> None:
        room = folded([Joined("a", "ann"), Joined("b", "bob"), Joined("c", "eve"), Joined("d", "dan")])
        self.assertEqual(room.apply(Entry(5, 0, Kicked("a", "ann", "bob", "b"))), ["b"])
        self.assertEqual(room.apply(Entry(6, 0, Kicked("a", "ann", "bob", "b"))), [])
        self.assertEqual(room.apply(Entry(7, 0, Banned("a", "ann", "eve", ("c", "x", "d")))), ["c", "d"])
        self.assertEqual(room.apply(Entry(8, 0, Left("a", "ann"))), [])
        self.assertEqual((room.members, room.count_people(0)), ({}, 0))

    def test_who_was_only_away_is_in_it_as_since_the_first_time(self) -> None:
        room = folded([Joined("a", "ann"), Joined("b", "bob"), Joined("c", "eve", 2), Locked("a", "ann")])
        self.assertEqual(room.members["c"], Member("eve", 3, 2))
        self.assertEqual([room.floor(each) for each in "abc"], [0, 1, 1])

    def test_a_new_room_lacks_an_operator_until_it_had_one(self) -> None:
        room = folded([Joined("a", "ann")])
        self.assertTrue(room.lacks_operator)
        room.is_founding = True
        self.assertFalse(room.lacks_operator)
        room.is_founding = False
        room.apply(Entry(2, 0, Opped("a", "ann", "ann", "a")))
        self.assertEqual((room.lacks_operator, room.operators), (False, {"a": "ann"}))
        self.assertFalse(Room("#lobby").lacks_operator)

    def test_it_counts_what_has_changed_since_it_was_kept(self) -> None:
        room = folded([Joined("a", "ann"), TopicSet("a", "ann", "cats")])
        self.assertEqual((room.seq, room.changes), (2, 2))

    def test_one_who_was_never_here_has_all_for_others(self) -> None:
        room = folded([Joined("a", "ann"), Joined("b", "bob")])
        self.assertEqual(list(room.others("c")), ["ann", "bob"])
        self.assertEqual(list(room.others("a")), ["bob"])


class CheckTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.room = folded([Joined("a", "ann")])

    def assert_refused(self, why: str, event: Event, code: str = "refused") -> None:
        refusal = self.assertRaises(Refused, self.room.check, event)
        self.assertEqual((str(refusal), refusal.code), (why, code))

    def test_who_is_inside_may_do_all_but_come_in(self) -> None:
        for event in (
            Said("a", "ann", "x"), Acted("a", "ann", "x"), TopicSet("a", "ann", "x"), Left("a", "ann"),
            Renamed("a", "ann", "ada", ("#dev",), "r1"),
        ):  # fmt: skip
            self.room.check(event)
        self.assert_refused("You are in #dev already.", Joined("a", "ann"))

    def test_who_is_outside_may_only_come_in_even_under_the_name_of_somebody_inside(self) -> None:
        self.room.check(Joined("b", "bob"))
        for event in (
            Said("b", "ann", "x"), Acted("b", "ann", "x"), TopicSet("b", "ann", "x"), Left("b", "ann"),
            Renamed("b", "ann", "bob", ("#dev",), "r1"),
        ):  # fmt: skip
            self.assert_refused("You are not in #dev. /join #dev", event, "not-member")

    def test_who_is_being_put_out_is_outside_already(self) -> None:
        self.room.going_out.add("a")
        for event in Said("a", "ann", "x"), Left("a", "ann"), TopicSet("a", "ann", "x"):
            self.assert_refused("You are not in #dev. /join #dev", event, "not-member")
        self.room.put_out(["a"])
        self.assertEqual(self.room.going_out, set())

    def test_into_a_locked_room_come_those_who_are_let_in(self) -> None:
        self.room.apply(Entry(2, 0, Locked("a", "ann")))
        why = "#dev is locked. Ask one of its operators for an invitation."
        self.assert_refused(why, Joined("b", "bob"), "forbidden")
        self.room.check(Joined("b", "bob"), is_admitted=True)
        self.room.check(Joined("b", "bob", 1))

    def test_a_check_changes_nothing(self) -> None:
        self.room.check(Joined("b", "bob"))
        self.room.check(Left("a", "ann"))
        self.assertEqual(self.room.members, {"a": Member("ann", 1)})


class RoomLaws(SynchronousTestCase):
    @settings(deadline=None, database=None)
    @given(st.lists(EVENTS, max_size=40), st.lists(EVENTS, max_size=10))
    def test_a_room_that_was_kept_goes_on_as_if_nothing_had_been(
        self, before: list[Event], after: list[Event]
    ) -> None:
        room = folded(before)
        kept = records.room(records.encode(room.kept()))
        again = Room("#dev")
        again.restore(kept)
        for seq, event in enumerate(after, len(before) + 1):
            room.apply(Entry(seq, 0, event))
            again.apply(Entry(seq, 0, event))
        self.assertEqual(list(again.members.items()), list(room.members.items()))
        self.assertEqual((again.topic, again.seq), (room.topic, room.seq))
        self.assertEqual(again.order.kept(), room.order.kept())
        self.assertEqual([again.floor(each) for each in "abcde"], [room.floor(each) for each in "abcde"])

    @settings(deadline=None, database=None)
    @given(st.lists(EVENTS, max_size=40))
    def test_who_is_there_is_whoever_came_and_did_not_leave_nor_was_put_out_since(
        self, events: list[Event]
    ) -> None:
        room, there = folded(events), set[str]()
        for event in events:
            match event:
                case Joined():
                    there.add(event.person)
                case Left():
                    there.discard(event.person)
                case Kicked() | Banned():
                    there -= {event.target} if isinstance(event, Kicked) else set(event.targets)
        self.assertEqual(set(room.members), there)
        topics = [event.text for event in events if isinstance(event, TopicSet)]
        self.assertEqual(room.topic, topics[-1] if topics else "")

    @settings(deadline=None, database=None)
    @given(st.lists(EVENTS, max_size=40), SESSIONS, st.integers(0, 42))
    def test_the_others_are_all_who_came_before_an_entry_but_oneself(
        self, events: list[Event], session: str, before: int
    ) -> None:
        room = folded(events)
        others = [
            member.nick
            for other, member in sorted(room.members.items(), key=lambda item: item[1].since)
            if other != session and member.since < before
        ]
        self.assertEqual(list(room.others(session, before)), others)
        self.assertEqual(room.count_others(session, before), len(others))

    @settings(deadline=None, database=None)
    @given(st.lists(EVENTS, max_size=40), st.integers(0, 42))
    def test_whoever_came_after_an_entry_is_told_and_counted(self, events: list[Event], after: int) -> None:
        room = folded(events)
        people = [(session, member) for session, member in room.members.items() if member.since > after]
        self.assertEqual(list(room.people(after)), people)
        self.assertEqual(room.count_people(after), len(people))

    @settings(deadline=None, database=None)
    @given(st.lists(EVENTS, max_size=40))
    def test_it_is_occupied_while_somebody_is_there(self, events: list[Event]) -> None:
        occupied = {"#ops"}
        room, again = Room("#dev", occupied), set[str]()
        for seq, event in enumerate(events, 1):
            room.apply(Entry(seq, 0, event))
            self.assertEqual(occupied, {"#dev", "#ops"} if room.members else {"#ops"})
        Room("#dev", again).restore(room.kept())
        self.assertEqual(again, occupied - {"#ops"})

    @settings(deadline=None, database=None)
    @given(st.lists(EVENTS, max_size=40))
    def test_the_entry_that_brought_somebody_in_says_so(self, events: list[Event]) -> None:
        for person, member in folded(events).members.items():
            event = events[member.since - 1]
            self.assertIsInstance(event, Joined)
            self.assertEqual(event.person, person)

    @settings(deadline=None, database=None)
    @given(st.lists(EVENTS, max_size=40), PLAIN)
    def test_what_passes_the_check_takes_effect(self, events: list[Event], event: Event) -> None:
        room = folded(events)
        inside = event.session in room.members
        try:
            room.check(event)
        except Refused as refusal:
            is_closed = refusal.code == "forbidden"
            self.assertEqual(inside or is_closed, isinstance(event, Joined))
            self.assertTrue(room.order.is_locked or not is_closed)
        else:
            room.apply(Entry(len(events) + 1, 0, event))
            self.assertEqual(event.session in room.members, not isinstance(event, Left))
