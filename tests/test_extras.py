"""What is installed only where it is asked for. Who has it not is told so in test_cluster.py."""

from __future__ import annotations

import sys

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.extras import has_cluster


class ClusterTests(SynchronousTestCase):
    def test_it_is_there_or_not(self) -> None:
        self.assertTrue(has_cluster())
        there = {name: module for name, module in sys.modules.items() if name == "nats"}
        self.addCleanup(sys.modules.update, there)
        self.addCleanup(sys.modules.pop, "nats", None)
        sys.modules["nats"] = None  # type: ignore[assignment]
        self.assertFalse(has_cluster())
