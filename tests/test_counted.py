"""What figures are made of."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.counted import Connected, Facts


class CountedTests(SynchronousTestCase):
    def test_nothing_in_it_says_who_it_is(self) -> None:
        self.assertEqual(Connected._fields, ("door", "encrypted", "phase", "unsent"))
        self.assertEqual(Facts._fields, ("store", "durability", "replicas", "weaknesses"))
