"""In a slow room each may say a line in so many seconds."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.limits import MOST_SLOWED
from tcpchat.slowness import Slowness


class SlownessTests(SynchronousTestCase):
    def test_the_first_line_is_said_at_once_and_the_next_when_the_time_is_over(self) -> None:
        slowness = Slowness()
        self.assertEqual(slowness.wait("a", 10, 100.0), 0)
        self.assertEqual(slowness.wait("a", 10, 103.0), 7)
        self.assertEqual(slowness.wait("a", 10, 109.5), 0.5)
        self.assertEqual(slowness.wait("a", 10, 110.0), 0)
        self.assertEqual(slowness.wait("a", 10, 111.0), 9)

    def test_each_waits_alone(self) -> None:
        slowness = Slowness()
        self.assertEqual([slowness.wait(who, 10, 100.0) for who in "abc"], [0, 0, 0])

    def test_what_is_refused_does_not_begin_the_time_anew(self) -> None:
        slowness = Slowness()
        self.assertEqual([slowness.wait("a", 10, now) for now in (0.0, 9.0, 10.0)], [0, 1, 0])

    def test_who_said_nothing_for_so_long_is_forgotten(self) -> None:
        slowness = Slowness()
        for number in range(100):
            slowness.wait(str(number), 10, float(number))
        self.assertEqual(len(slowness), 10)

    def test_not_more_are_remembered_than_may_be(self) -> None:
        slowness = Slowness()
        for number in range(MOST_SLOWED):
            slowness.wait(str(number), 10, 0.0)
        self.assertEqual((len(slowness), slowness.wait("0", 10, 1.0)), (MOST_SLOWED, 9))
        slowness.wait("one more", 10, 1.0)
        self.assertEqual((len(slowness), slowness.wait("0", 10, 1.0)), (MOST_SLOWED, 0))

    @settings(deadline=None, database=None)
    @given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 20)), max_size=40), st.integers(1, 30))
    def test_between_two_lines_of_one_person_there_is_always_the_time(
        self, tries: list[tuple[str, float]], seconds: int
    ) -> None:
        slowness, now, said = Slowness(), 0.0, dict[str, float]()
        for who, later in tries:
            now += later
            wait = slowness.wait(who, seconds, now)
            free = who not in said or now >= said[who] + seconds
            self.assertEqual(wait == 0, free)
            if free:
                said[who] = now
