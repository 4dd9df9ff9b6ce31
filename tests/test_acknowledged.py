"""How far somebody has certainly read, told from how many bytes are still on their way."""

from __future__ import annotations

from unittest import TestCase

from hypothesis import given
from hypothesis import strategies as st

from tcpchat.acknowledged import Acknowledged, Traffic
from tcpchat.places import Place


def at(seq: int) -> dict[str, Place]:
    return {"#lobby": Place(seq, seq)}


class AcknowledgedTests(TestCase):
    def setUp(self) -> None:
        self.acknowledged = Acknowledged()
        self.acknowledged.begin("#lobby", Place(1, 1))

    def test_with_nothing_on_its_way_everything_was_read(self) -> None:
        self.acknowledged.measure(Traffic(0, None), 0, at(5))
        self.assertEqual(self.acknowledged.places, at(5))

    def test_what_is_on_its_way_may_not_have_been_read(self) -> None:
        self.acknowledged.measure(Traffic(10, 100), 0, at(5))
        self.assertEqual(self.acknowledged.places, at(1))

    def test_what_the_connection_could_not_send_yet_has_not_been_read(self) -> None:
        self.acknowledged.measure(Traffic(0, 100), 10, at(5))
        self.assertEqual(self.acknowledged.places, at(1))

    def test_a_place_counts_once_all_that_was_sent_then_is_acknowledged(self) -> None:
        self.acknowledged.measure(Traffic(10, 100), 5, at(5))
        self.acknowledged.measure(Traffic(20, 114), 5, at(9))
        self.assertEqual(self.acknowledged.places, at(1))
        self.acknowledged.measure(Traffic(20, 115), 5, at(9))
        self.assertEqual(self.acknowledged.places, at(5))
        self.acknowledged.measure(Traffic(20, 139), 5, at(12))
        self.assertEqual(self.acknowledged.places, at(5))
        self.acknowledged.measure(Traffic(20, 140), 5, at(12))
        self.assertEqual(self.acknowledged.places, at(9))

    def test_where_nothing_is_known_nothing_changes(self) -> None:
        self.acknowledged.measure(None, 0, at(5))
        self.acknowledged.measure(Traffic(10, None), 0, at(5))
        self.assertEqual(self.acknowledged.places, at(1))

    def test_a_stream_that_came_later_is_where_it_began(self) -> None:
        self.acknowledged.measure(Traffic(10, 100), 0, at(5))
        self.acknowledged.begin("#dev", Place(7, 7))
        self.acknowledged.measure(Traffic(10, 110), 0, at(9) | {"#dev": Place(8, 8)})
        self.assertEqual(self.acknowledged.places, at(5) | {"#dev": Place(7, 7)})

    def test_a_stream_that_is_over_is_forgotten(self) -> None:
        self.acknowledged.measure(Traffic(10, 100), 0, at(5))
        self.acknowledged.end("#lobby")
        self.acknowledged.measure(Traffic(10, 110), 0, {})
        self.assertEqual(self.acknowledged.places, {})

    def test_at_the_end_it_is_known_how_much_may_be_missing(self) -> None:
        self.acknowledged.stop(Traffic(10, 100), 5, at(5))
        self.assertEqual((self.acknowledged.missing, self.acknowledged.sent), (15, at(5)))
        self.assertEqual(self.acknowledged.certain, at(1))

    def test_with_nothing_missing_the_end_is_certain(self) -> None:
        self.acknowledged.stop(Traffic(0, None), 0, at(5))
        self.assertEqual((self.acknowledged.missing, self.acknowledged.certain), (0, at(5)))

    def test_what_is_followed_after_the_end_would_have_gone_on_where_it_begins(self) -> None:
        self.acknowledged.stop(Traffic(0, None), 0, at(5))
        self.acknowledged.begin("@s1", Place(0, 0))
        self.assertEqual(self.acknowledged.certain, at(5) | {"@s1": Place(0, 0)})
        self.acknowledged.end("@s1")
        self.assertEqual(self.acknowledged.certain, at(5))

    def test_where_nothing_is_known_of_the_end_the_last_measure_is_certain(self) -> None:
        self.acknowledged.measure(Traffic(0, None), 0, at(3))
        self.acknowledged.stop(None, 0, at(5))
        self.assertEqual((self.acknowledged.missing, self.acknowledged.certain), (None, at(3)))


class AnyTrafficTests(TestCase):
    @given(st.lists(st.tuples(st.integers(0, 30), st.floats(0, 1)), max_size=50))
    def test_a_place_is_never_too_far_and_never_goes_back(self, steps: list[tuple[int, float]]) -> None:
        """In each step so many bytes are sent, which end an entry each, and some are acknowledged."""
        acknowledged = Acknowledged()
        acknowledged.begin("#lobby", Place(0, 0))
        ends = [0]  # after so many bytes each entry was there
        arrived = before = 0
        for size, share in steps:
            ends.append(ends[-1] + size)
            arrived += int((ends[-1] - arrived) * share)
            acknowledged.measure(Traffic(ends[-1] - arrived, arrived), 0, at(len(ends) - 1))
            seq = acknowledged.places["#lobby"].seq
            self.assertLessEqual(ends[seq], arrived)
            self.assertGreaterEqual(seq, before)
            before = seq
