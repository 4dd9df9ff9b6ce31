"""How commits are measured."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.logs.commits import Commits


class CommitsTests(SynchronousTestCase):
    def test_time_and_size_of_each_are_counted_and_failures_alone(self) -> None:
        commits = Commits()
        commits.made(0.002, 3)
        commits.made(20.0, 2000)
        commits.failed()
        self.assertEqual((commits.seconds.number, commits.seconds.total), (2, 20.002))
        self.assertEqual((commits.items.number, commits.items.total), (2, 2003))
        self.assertEqual(commits.failures, 1)
        self.assertEqual(dict(commits.seconds.up_to())["0.0025"], 1)
        self.assertEqual(dict(commits.items.up_to())["4"], 1)
