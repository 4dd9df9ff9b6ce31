"""What is installed only where it is asked for."""

from __future__ import annotations

import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.extras import has_cluster
from tests.processes import PATIENCE


class ClusterTests(SynchronousTestCase):
    def test_the_tests_have_it(self) -> None:
        self.assertTrue(has_cluster())

    def test_who_has_it_not_is_told_so_before_anything_else(self) -> None:
        hidden = "import sys, importlib.abc\nclass Hidden(importlib.abc.MetaPathFinder):\n"
        hidden += "    def find_spec(self, name, path, target=None):\n"
        hidden += "        if name == 'nats': raise ModuleNotFoundError(name)\n"
        hidden += "sys.meta_path.insert(0, Hidden())\n"
        found = "from tcpchat.extras import has_cluster; sys.exit(has_cluster())"
        ended = subprocess.run([sys.executable, "-c", hidden + found], timeout=PATIENCE, check=False)
        self.assertEqual(ended.returncode, 0)
