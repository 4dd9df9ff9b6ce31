"""What the log says of those who have left, and who waits until it does."""

from __future__ import annotations

from collections.abc import Sequence

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.departures import Departures
from tcpchat.events import Event, Left


class DeparturesTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.logged: list[tuple[str, Sequence[Event]]] = []
        self.answers: list[Deferred[object]] = []
        self.departures = Departures(self.log_surely)

    def log_surely(self, parts: Sequence[tuple[str, Sequence[Event]]]) -> Deferred[object]:
        self.logged += parts
        self.answers.append(Deferred())
        return self.answers[-1]

    def test_each_room_is_told_by_the_nickname_that_they_have_there(self) -> None:
        self.departures.tell("s1", "", {"#lobby": "bob", "#dev": "rob"}, "bye")
        self.assertEqual(
            self.logged,
            [
                ("#lobby", [Left("s1", "bob", "bye", is_gone=True)]),
                ("#dev", [Left("s1", "rob", "bye", is_gone=True)]),
            ],
        )

    def test_who_was_in_no_room_has_left_already(self) -> None:
        self.departures.tell("s1", "", {}, "")
        self.assertEqual(self.logged, [])
        self.successResultOf(self.departures.told("s1"))

    def test_whoever_waits_for_a_person_waits_until_the_log_has_it(self) -> None:
        self.departures.tell("s2", "s1", {"#lobby": "bob"}, "")
        waiting = [self.departures.told("s1") for _ in range(2)]
        for each in waiting:
            self.assertNoResult(each)
        self.successResultOf(self.departures.told("s2"))  # that is only a session
        self.answers[0].callback(None)
        for each in [*waiting, self.departures.told("s1")]:
            self.successResultOf(each)

    def test_who_is_told_of_twice_has_left_when_the_log_has_both(self) -> None:
        for _ in range(2):
            self.departures.tell("s1", "", {"#lobby": "bob"}, "")
        waiting = self.departures.told("s1")
        self.answers[0].callback(None)
        self.assertNoResult(waiting)
        self.assertTrue(self.departures.is_telling("s1"))
        self.answers[1].callback(None)
        self.successResultOf(waiting)
        self.assertFalse(self.departures.is_telling("s1"))
