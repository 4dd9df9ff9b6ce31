"""What operators are told of a stream and its servers."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.logs.nats_facts import interval, is_new_enough, weaknesses

GOOD: dict[str, Any] = {
    "num_replicas": 3,
    "storage": "file",
    "discard": "new",
    "duplicate_window": 120.0,
    "allow_atomic": True,
    "max_msgs_per_subject": -1,
    "deny_delete": False,
}
SERVERS = {"n1": "2.12.3", "n2": "2.15.1"}


class WeaknessesTests(SynchronousTestCase):
    def test_nothing_is_said_when_all_is_well(self) -> None:
        self.assertEqual(weaknesses(GOOD, SERVERS, "always"), [])

    def test_each_weakness_is_one_sentence(self) -> None:
        for name, value, said in (
            ("num_replicas", 1, "The stream has 1 replica: what it holds is lost with its server."),
            ("num_replicas", None, "The stream has 1 replica: what it holds is lost with its server."),
            ("num_replicas", 2, "The stream has 2 replicas: use 3."),
            (
                "storage",
                "memory",
                "The stream is kept in memory: what it holds is lost when the servers end.",
            ),
            (
                "discard",
                "old",
                "The stream forgets old messages when it is full (set discard to new).",
            ),
            (
                "max_age",
                3600.0,
                "The stream forgets messages after a time of its own (set max_age to 0).",
            ),
            (
                "max_msgs_per_subject",
                5,
                "The stream forgets old messages of a room (set max_msgs_per_subject to -1).",
            ),
            ("duplicate_window", 60.0, "The stream remembers ids for less than 120 s (duplicate_window)."),
            (
                "allow_atomic",
                None,
                "The stream takes no batches: set allow_atomic, or /rm and coming in to rooms fail.",
            ),
            ("deny_delete", True, "The stream lets nothing be erased: what is taken back stays in it."),
            ("deny_purge", True, "The stream lets nothing be erased: what is taken back stays in it."),
        ):
            self.assertEqual(weaknesses({**GOOD, name: value}, SERVERS, "always"), [said])

    def test_servers_that_are_too_old_are_named(self) -> None:
        said = weaknesses(GOOD, {"n2": "2.12.2", "n1": "2.9.10", "n3": "2.12.3"}, "always")
        self.assertEqual(
            said,
            [
                "The NATS server n1 is version 2.9.10: use 2.12.3 or newer.",
                "The NATS server n2 is version 2.12.2: use 2.12.3 or newer.",
            ],
        )

    def test_how_they_write_is_told_or_that_it_is_not_known(self) -> None:
        self.assertEqual(
            weaknesses(GOOD, SERVERS, "120 s"),
            [
                "The servers write to disk every 120 s: a power cut may take what was shown"
                " (set sync_interval: always)."
            ],
        )
        self.assertEqual(
            weaknesses(GOOD, SERVERS, None),
            ["Whether the servers write to disk before they answer (sync_interval) is not known."],
        )


class VersionTests(SynchronousTestCase):
    def test_versions_are_compared_as_numbers(self) -> None:
        for version, expected in (
            ("2.12.3", True),
            ("2.12.10", True),
            ("2.15.1-beta.2", True),
            ("3.0.0", True),
            ("2.12.2", False),
            ("2.9.25", False),
            ("dev", False),
        ):
            self.assertEqual(is_new_enough(version), expected, version)


class IntervalTests(SynchronousTestCase):
    def test_it_is_read_from_what_monitoring_tells_of_jetstream(self) -> None:
        for config, expected in (
            ({"sync_interval": 120_000_000_000}, "120 s"),
            ({"sync_interval": 120_000_000_000, "sync_always": True}, "always"),
            ({}, None),
        ):
            self.assertEqual(interval({"config": config}), expected)
        self.assertIsNone(interval({}))
