"""A room is what its entries make it, whatever they are."""

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat import records
from tcpchat.events import Acted, Entry, Event, Joined, Left, Renamed, Said, TopicSet
from tcpchat.requests import Refused
from tcpchat.room import Member, Room

# Few sessions, so that they come twice, leave without having come, and are renamed after leaving.
SESSIONS = st.sampled_from("abcde")
NICKS = st.sampled_from(["ann", "bob", "eve"])
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(Joined, SESSIONS, NICKS),
    st.builds(Joined, SESSIONS, NICKS),
    st.builds(Left, SESSIONS, NICKS),
    st.builds(Renamed, SESSIONS, NICKS, NICKS, st.just(("#dev",)), st.just("r1")),
    st.builds(TopicSet, SESSIONS, NICKS, NICKS),
    st.builds(Said, SESSIONS, NICKS, NICKS),
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

    @settings(deadline=None, database=None)
    @given(st.lists(EVENTS, max_size=40))
    def test_who_is_there_is_whoever_came_and_did_not_leave_since(self, events: list[Event]) -> None:
        room = folded(events)
        last = {event.session: event for event in events if isinstance(event, Joined | Left)}
        there = {session for session, event in last.items() if isinstance(event, Joined)}
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
        for session, member in folded(events).members.items():
            event = events[member.since - 1]
            self.assertIsInstance(event, Joined)
            self.assertEqual(event.session, session)

    @settings(deadline=None, database=None)
    @given(st.lists(EVENTS, max_size=40), EVENTS)
    def test_what_passes_the_check_takes_effect(self, events: list[Event], event: Event) -> None:
        room = folded(events)
        inside = event.session in room.members
        try:
            room.check(event)
        except Refused:
            self.assertEqual(inside, isinstance(event, Joined))
        else:
            room.apply(Entry(len(events) + 1, 0, event))
            self.assertEqual(event.session in room.members, not isinstance(event, Left))
