"""A new version says whether it could take over; whatever else it does, it is a line why it does not."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from twisted.internet import reactor as installed
from twisted.trial.unittest import TestCase

from tcpchat.handed import Able
from tcpchat.started import Started
from tcpchat.trying_out import NotUpgraded, Trial
from tests.processes import PATIENCE

reactor: Any = installed

SAYS = """print('{"version":"%s","log":"/x","reads":[1]}')"""


class TrialTests(TestCase):
    timeout = 10 * PATIENCE

    def started(self, code: str) -> Started:
        """Return how a version is started of which that is all."""
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        folder = Path(temporary.name)
        package = folder / "tcpchat"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "upgrade_trial.py").write_text(code)
        around = {"PYTHONPATH": str(folder), "NOTIFY_SOCKET": "/systemd"}
        return Started(str(folder), around, (sys.executable, "twistd"), ("-n", "tcpchat"))

    async def ask(self, code: str, **passed: str) -> Able:
        """Try such a version out."""
        return await Trial().run(reactor, self.started(code), passed)

    async def why(self, code: str) -> str:
        try:
            await self.ask(code)
        except NotUpgraded as why:
            return str(why)
        raise AssertionError("it could take over")

    async def test_what_it_prints_last_is_what_it_says(self) -> None:
        found = await self.ask(f"print('by the way'); {SAYS % 9}")
        self.assertEqual(found, Able("9", "/x", (1,)))

    async def test_it_is_given_what_twistd_was_given_and_does_not_tell_systemd_that_it_is_ready(self) -> None:
        code = (
            "import os, sys; assert sys.argv[1:] == ['-n', 'tcpchat'] and 'NOTIFY_SOCKET' not in os.environ"
        )
        self.assertEqual((await self.ask(f"{code}\n{SAYS % 9}")).version, "9")

    async def test_sockets_that_were_passed_are_for_its_own_number(self) -> None:
        code = "import os; assert os.environ['LISTEN_PID'] == str(os.getpid()) != '1'"
        self.assertEqual((await self.ask(f"{code}\n{SAYS % 9}", LISTEN_PID="1", LISTEN_FDS="2")).version, "9")

    async def test_why_it_cannot_is_the_last_line_that_it_tells(self) -> None:
        for code, why in (
            ("import nothing.there", "ModuleNotFoundError: No module named 'nothing'."),
            ("import sys; sys.exit('tcpchat: The log is damaged.')", "The log is damaged."),
            ("import sys; sys.exit(3)", "it ended with status 3."),
            ("import os; os.kill(os.getpid(), 9)", "it was ended by signal 9."),
        ):
            self.assertEqual(await self.why(code), f"The new version cannot start: {why}")

    async def test_one_that_says_nothing_or_does_not_understand_does_not_take_over(self) -> None:
        for code in "", "print('hello')", "print('{}')":
            self.assertIn("has not said whether", await self.why(code))
        why = await self.why((SAYS % 9).replace("[1]", "[2, 3]"))
        self.assertEqual(why, "Version 9 cannot go on from this one: restart the server.")

    async def test_what_cannot_be_started_at_all_does_not_take_over(self) -> None:
        try:
            await Trial().run(reactor, Started("/", {}, ("/nowhere/python",), ()), {})
        except NotUpgraded as why:
            self.assertIn("The new version cannot", str(why))
        else:
            raise AssertionError("it could take over")

    async def test_one_that_is_waited_for_no_longer_is_ended(self) -> None:
        trial = Trial()
        trial.end()  # it has not begun yet
        reactor.callLater(0, trial.end)
        try:
            await trial.run(reactor, self.started("import time; time.sleep(600)"), {})
        except NotUpgraded as why:
            self.assertIn("ended by signal 9", str(why))
        else:
            raise AssertionError("it could take over")
