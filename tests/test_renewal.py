"""Certificates are looked at every few seconds, and the operator is told what came of it."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.internet.testing import EventLoggingObserver
from twisted.logger import LogLevel, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.certificates import of_files
from tcpchat.renewal import LOOK_EVERY, Renewal
from tests.certified import write
from tests.folders import a_folder


class RenewalTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = a_folder(self)
        write(self.folder)
        self.clock = Clock()
        key, certificate = self.folder / "key.pem", self.folder / "cert.pem"
        self.renewal = Renewal(self.clock, [of_files("ssl:8024", str(key), str(certificate))])
        self.events = EventLoggingObserver()
        globalLogPublisher.addObserver(self.events)
        self.addCleanup(globalLogPublisher.removeObserver, self.events)

    def told(self) -> list[tuple[LogLevel, str]]:
        """What the operator has been told since the last look, and how bad it is."""
        found = [(event["log_level"], event["log_format"].format(**event)) for event in self.events]
        self.events._events.clear()
        return found

    def test_what_has_changed_is_read_within_seconds_and_told_in_one_line(self) -> None:
        self.renewal.start()
        new = write(self.folder, "another.example")
        self.clock.pump([LOOK_EVERY] * 2)
        ((level, text),) = self.told()
        self.assertIs(level, LogLevel.info)
        self.assertIn(new.fingerprint, text)
        self.clock.pump([LOOK_EVERY] * 2)
        self.assertEqual(self.told(), [])

    def test_what_is_broken_is_told_in_one_line(self) -> None:
        self.renewal.start()
        (self.folder / "cert.pem").write_text("broken")
        self.clock.pump([LOOK_EVERY] * 5)
        ((level, text),) = self.told()
        self.assertIs(level, LogLevel.error)
        self.assertIn("the certificate stays as it was", text)

    def test_all_are_read_anew_when_the_operator_says_so(self) -> None:
        self.renewal.start()
        (outcome,) = self.renewal.reload()
        self.assertEqual(self.told(), [(LogLevel.info, outcome.text)])
        self.assertIn("was read", outcome.text)

    def test_a_key_that_others_may_read_is_told_at_the_start(self) -> None:
        (self.folder / "key.pem").chmod(0o644)
        self.renewal.start()
        ((level, text),) = self.told()
        self.assertIs(level, LogLevel.warn)
        self.assertIn("mode 0644", text)

    def test_once_stopped_or_without_certificates_it_does_nothing(self) -> None:
        self.renewal.start()
        self.renewal.stop()
        nothing = Renewal(self.clock, [])
        nothing.start()
        nothing.stop()
        self.assertEqual((self.clock.getDelayedCalls(), nothing.reload()), ([], []))

    def test_others_can_be_looked_after_while_some_are(self) -> None:
        self.renewal.change([])
        write(self.folder, "another.example")
        self.clock.pump([LOOK_EVERY] * 2)
        self.assertEqual(self.told(), [])
        key = self.folder / "key.pem"
        key.chmod(0o644)
        others = [of_files("ssl:8025", str(key), str(self.folder / "cert.pem"))]
        for _ in range(2):  # what is looked after already is told of once
            self.renewal.change(others)
        ((level, _),) = self.told()
        self.assertIs(level, LogLevel.warn)
        write(self.folder, "a.third.example")
        self.clock.pump([LOOK_EVERY] * 2)
        self.assertIn("ssl:8025", self.told()[0][1])
