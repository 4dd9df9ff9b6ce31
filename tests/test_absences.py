"""Up to where accounts have read: the furthest of their connections, kept, and forgotten with a room."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.absences import Absences
from tcpchat.logs.memory import MemoryLog
from tcpchat.places import Place
from tcpchat.records import encode


class AbsencesTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.log = MemoryLog(Clock(), lambda: 0)
        self.absences = Absences(self.log)

    def reopened(self) -> Absences:
        absences = Absences(self.log)
        self.successResultOf(Deferred.fromCoroutine(absences.open()))
        return absences

    def test_of_who_was_never_away_nothing_is_known(self) -> None:
        self.assertEqual(self.absences.places("a1"), {})

    def test_the_furthest_place_in_each_stream_counts(self) -> None:
        self.absences.note("a1", {"#lobby": Place(5, 3), "#dev": Place(2, 2)})
        self.absences.note("a1", {"#lobby": Place(4, 6), "@a1": Place(1, 1)})
        known = {"#lobby": Place(5, 6), "#dev": Place(2, 2), "@a1": Place(1, 1)}
        self.assertEqual(self.absences.places("a1"), known)
        self.assertEqual(self.reopened().places("a1"), known)

    def test_what_another_node_has_noted_counts_from_then_on(self) -> None:
        self.absences.note("a1", {"#lobby": Place(5, 3)})
        self.absences.take_in("a1", encode({"#lobby": Place(7, 7)}))
        self.assertEqual(self.absences.places("a1"), {"#lobby": Place(7, 7)})
        self.absences.take_in("a1", None)
        self.absences.take_in("a2", None)
        self.assertEqual(self.absences.places("a1"), {})

    def test_a_room_that_was_left_is_forgotten_or_all_of_it(self) -> None:
        self.absences.note("a1", {"#lobby": Place(5, 3), "#dev": Place(2, 2)})
        self.absences.forget("a1", "#dev")
        self.assertEqual(self.reopened().places("a1"), {"#lobby": Place(5, 3)})
        self.absences.forget("a1")
        self.absences.forget("a2", "#dev")
        self.assertEqual(self.reopened().places("a1"), {})
        self.assertEqual(self.absences.places("a1"), {})
