"""By how this process was started another one like it can be."""

from __future__ import annotations

import os
import subprocess
import sys

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.started import how_started

SHOW = "import sys; from tcpchat.started import how_started; print(*how_started().command, sep='\\n')"


class StartedTests(SynchronousTestCase):
    def test_it_is_the_whole_command_line_by_the_same_interpreter(self) -> None:
        command = [sys.executable, "-W", "ignore", "-c", SHOW, "one", "two words"]
        told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout
        self.assertEqual(told.splitlines(), command)

    def test_it_is_known_where_and_with_what_around_it(self) -> None:
        started = how_started("chat.pid")
        self.assertEqual((started.folder, started.pidfile), (os.getcwd(), "chat.pid"))
        self.assertEqual(started.options, tuple(sys.argv[1:]))
        os.environ["TCPCHAT_TRIED"] = "1"
        self.addCleanup(os.environ.pop, "TCPCHAT_TRIED")
        self.assertNotIn("TCPCHAT_TRIED", started.environment)
