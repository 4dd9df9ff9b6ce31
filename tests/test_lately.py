"""What a room knows of its last changes: the same as its log, as long as it knows it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.comings import Comings
from tcpchat.events import Entry, Event, Joined, Left, Presence, TopicSet
from tcpchat.lately import AND_SOME, FOR_EACH, MOST_OTHERS, Lately
from tcpchat.places import Place
from tcpchat.wire import PLAIN

SESSIONS = [*"abc", *(f"x{n}" for n in range(20))]
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(lambda who: Joined(who, who), st.sampled_from(SESSIONS)),
    st.builds(lambda who: Left(who, who), st.sampled_from(SESSIONS)),
    st.builds(lambda who: TopicSet(who, who, text="cats"), st.sampled_from(SESSIONS)),
)


def after(*entries: Entry, people: int = 0) -> Lately:
    lately = Lately()
    for entry in entries:
        lately.add(entry, people)
    return lately


def joined(*seqs: int) -> list[Entry]:
    return [Entry(seq, seq, Joined(f"s{seq}", f"n{seq}")) for seq in seqs]


class LatelyTests(SynchronousTestCase):
    def test_so_many_changes_are_known_for_each_of_the_people_and_the_last_of_them(self) -> None:
        people = 100
        number = FOR_EACH * people + AND_SOME
        lately = after(*joined(*range(1, number + 1)), people=people)
        self.assertIsNotNone(lately.between(Place(0, 0), Place(number, number), ""))
        for entry in joined(*range(number + 1, 10 * number)):
            lately.add(entry, people)
            self.assertLessEqual(len(lately), number)
        self.assertGreaterEqual(len(lately), number // 2 - 1)

    def test_when_all_have_gone_it_is_still_known_who_they_were(self) -> None:
        lately = Lately()
        for seq in range(1, 2001):
            lately.add(Entry(seq, 0, Joined(f"s{seq}", f"n{seq}")), seq)
        for seq in range(2001, 4001):
            lately.add(Entry(seq, 0, Left(f"s{seq - 2000}", f"n{seq - 2000}")), 4000 - seq)
        changes = lately.between(Place(2000, 2000), Place(4000, 4000), "s1")
        assert changes is not None
        self.assertTrue(changes.comings.line("#dev", PLAIN).startswith(b"*** n2, n3, "))
        self.assertTrue(changes.comings.line("#dev", PLAIN).endswith(b"n11 and 1989 others left #dev.\r\n"))

    def test_what_was_before_it_began_is_not_known(self) -> None:
        lately = Lately(7)
        self.assertIsNone(lately.between(Place(6, 7), Place(8, 8), ""))
        self.assertIsNotNone(lately.between(Place(7, 7), Place(8, 8), ""))

    def test_what_oneself_did_last_is_not_told_nor_its_time(self) -> None:
        lately = after(*joined(1, 2, 3))
        changes = lately.between(Place(0, 0), Place(3, 3), "s3")
        assert changes is not None
        self.assertEqual(changes.comings.line("#dev", PLAIN), b"*** n1, n2 joined #dev.\r\n")
        self.assertEqual(changes.comings.time, 2)

    def test_what_comes_after_the_place_is_not_told(self) -> None:
        topics = [Entry(seq, 0, TopicSet("a", "a", text="cats")) for seq in (1, 2, 3)]
        changes = after(*topics).between(Place(0, 0), Place(2, 2), "")
        assert changes is not None
        self.assertEqual(changes.others, topics[:2])

    def test_much_that_is_neither_coming_nor_going_is_left_to_the_log(self) -> None:
        topics = [Entry(seq, 0, TopicSet("a", "a", text="cats")) for seq in range(1, MOST_OTHERS + 2)]
        lately = after(*topics)
        self.assertIsNone(lately.between(Place(0, 0), Place(99, 99), ""))
        changes = lately.between(Place(1, 1), Place(99, 99), "")
        assert changes is not None
        self.assertEqual(changes.others, topics[1:])

    @settings(deadline=None, database=None)
    @given(
        st.lists(EVENTS, max_size=300),
        st.sampled_from(SESSIONS),
        *(st.integers(0, 320) for _ in range(4)),
        st.integers(0, 5),
    )
    def test_what_is_known_is_what_the_log_says(
        self, events: list[Event], viewer: str, a: int, b: int, c: int, d: int, people: int
    ) -> None:
        entries = [Entry(seq, 1000 + seq, event) for seq, event in enumerate(events, 1)]
        place, upto = Place(a, b), Place(c, d)
        changes = after(*entries, people=people).between(place, upto, viewer)
        if changes is None:
            return
        comings = Comings(viewer)
        others = []
        for entry in entries:
            if isinstance(entry.event, Presence):
                if place.presence < entry.seq <= upto.presence:
                    comings.add(entry)
            elif place.seq < entry.seq <= upto.seq:
                others.append(entry)
        self.assertEqual(changes.others, others)
        self.assertEqual(changes.comings.time, comings.time)
        if comings.time:
            self.assertEqual(changes.comings.line("#dev", PLAIN), comings.line("#dev", PLAIN))
