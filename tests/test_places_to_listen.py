"""Which endpoints cannot both be listened on."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.places_to_listen import Place, called, overlap, place


class PlaceTests(SynchronousTestCase):
    def test_the_port_and_the_address_are_found_however_they_are_written(self) -> None:
        for description, expected in (
            ("tcp:8023", Place("8023", "")),
            ("tcp:port=8023:interface=127.0.0.1", Place("8023", "127.0.0.1")),
            ("tcp6:8023:interface=\\:\\:1", Place("8023", "\\:\\:1")),
            ("tcp6:8023:interface=\\:\\:", Place("8023", "")),
            ("ssl:8024:privateKey=k.pem", Place("8024", "")),
            ("haproxy:tcp:8025:interface=0.0.0.0", Place("8025", "")),
            ("tls:/etc/chat:8026", Place("8026", "")),
            ("unix:/run/chat", Place("unix:/run/chat", "")),
            ("unix:address=/run/chat:mode=660", Place("unix:/run/chat", "")),
        ):
            self.assertEqual(place(description), expected, description)

    def test_of_others_it_is_not_known(self) -> None:
        for description in "tcp:0", "tcp:http", "tcp", "unix", "systemd:domain=INET:index=0", "haproxy", "":
            self.assertIsNone(place(description), description)


class OverlapTests(SynchronousTestCase):
    def test_one_port_of_one_address(self) -> None:
        for one, other, is_same in (
            ("tcp:1", "tcp:1", True),
            ("tcp:1", "tcp6:1", True),
            ("tcp:1", "ssl:1:interface=127.0.0.1", True),
            ("tcp:1:interface=127.0.0.1", "tcp:1:interface=127.0.0.2", False),
            ("tcp:1", "tcp:2", False),
            ("tcp:0", "tcp:0", False),
            ("unix:a", "unix:a:mode=600", True),
            ("unix:a", "unix:b", False),
            ("unix:1", "tcp:1", False),
        ):
            self.assertEqual(overlap(one, other), is_same, (one, other))
            self.assertEqual(overlap(other, one), is_same, (other, one))


class CalledTests(SynchronousTestCase):
    def test_each_is_called_as_it_is_described_and_the_same_again_with_a_number(self) -> None:
        described = ["tcp:0", "tcp:1", "tcp:0", "tcp:0"]
        self.assertEqual(called(described), ["tcp:0", "tcp:1", "tcp:0 (2)", "tcp:0 (3)"])
        self.assertEqual(called([]), [])
