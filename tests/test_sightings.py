"""What the operator's log tells of who comes and goes."""

from __future__ import annotations

from twisted.logger import LogEvent, formatEvent, globalLogPublisher

from tests.visitors import ChatCase


class SightingsTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.events: list[LogEvent] = []
        globalLogPublisher.addObserver(self.events.append)  # type: ignore[arg-type]
        self.addCleanup(globalLogPublisher.removeObserver, self.events.append)  # type: ignore[arg-type]
        self.chat.sightings.are_told = True

    def told(self) -> list[tuple[str, object]]:
        """Return what was told since the last look, and of which session."""
        told = [(formatEvent(event), event["session"]) for event in self.events]
        self.events.clear()
        return told

    def test_somebody_comes_in_breaks_off_is_back_and_leaves(self) -> None:
        (bob,) = self.enter("bob")
        self.assertEqual(
            self.told(),
            [
                ("Somebody has connected from 192.0.2.1", "c1"),
                ("bob has come in by c1 from 192.0.2.1", "s1"),
            ],
        )
        bob.breaks_off()
        self.assertEqual(self.told(), [("bob is no longer connected", "s1")])
        again, _ = self.come_back(bob.code, "192.0.2.7")
        self.assertEqual(
            self.told(),
            [("Somebody has connected from 192.0.2.7", "c2"), ("bob is back by c2 from 192.0.2.7", "s1")],
        )
        again.types("/quit canary")
        self.assertEqual(self.told(), [("bob has left", "s1")])

    def test_who_is_not_back_in_time_has_left(self) -> None:
        (bob,) = self.enter("bob")
        bob.breaks_off()
        self.told()
        self.clock.advance(20)
        self.assertEqual(self.told(), [("bob has left", "s1")])

    def test_somebody_goes_without_a_nickname(self) -> None:
        nobody = self.connect()
        nobody.types("1 2 3", "/resume canary", "/quit")
        self.clock.pump([1, 1])
        (_, connected), wrong, gone = self.told()
        self.assertEqual(wrong, ("A wrong code from 192.0.2.1", connected))
        self.assertEqual(gone, ("Somebody has gone without a nickname", connected))

    def test_who_could_not_come_in_is_told_of_by_the_connection_still(self) -> None:
        nobody = self.connect()
        self.log.full = True
        nobody.types("bob")
        self.log.full = False
        nobody.types("/quit")
        self.clock.pump([1, 1])
        self.assertEqual([session for _, session in self.told()], ["c1", "c1"])

    def test_nothing_is_told_unless_it_is_wanted(self) -> None:
        self.chat.sightings.are_told = False
        (bob,) = self.enter("bob")
        bob.types("/quit")
        self.assertEqual(self.told(), [])
