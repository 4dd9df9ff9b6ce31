"""Which way of fanout is chosen, where the kernel offers io_uring and where it forbids it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from unittest import SkipTest

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.fanout.choice import Wanted, choose
from tcpchat.fanout.interface import Unavailable

TESTS = Path(__file__).parent

CHOOSE = """
from tcpchat.fanout.choice import choose
from tcpchat.fanout.interface import Unavailable
for wanted in "auto", "direct", "uring":
    try:
        choice = choose(wanted)
    except Unavailable as error:
        print(wanted, "Unavailable", error, sep=": ")
    else:
        print(wanted, choice.fanout.name, choice.reason, sep=": ")
"""


class ChoiceTests(SynchronousTestCase):
    def chosen(self, wanted: Wanted) -> tuple[str, str]:
        try:
            choice = choose(wanted)
        except Unavailable as error:
            raise SkipTest(str(error)) from error
        self.addCleanup(choice.fanout.close)
        return choice.fanout.name, choice.reason

    def test_the_best_is_chosen_where_it_can_be_had(self) -> None:
        self.chosen("uring")  # or the test ends here
        self.assertEqual(self.chosen("auto"), ("uring", "the kernel offers it"))

    def test_what_is_wanted_is_chosen(self) -> None:
        self.assertEqual(self.chosen("direct"), ("direct", "as set"))
        self.assertEqual(self.chosen("uring"), ("uring", "as set"))

    def test_where_the_kernel_forbids_the_best_the_other_is_chosen_and_why_is_told(self) -> None:
        shown = subprocess.run(
            [sys.executable, TESTS / "without_io_uring.py", sys.executable, "-c", CHOOSE],
            cwd=TESTS.parent, env=os.environ | {"PYTHONPATH": str(TESTS.parent)},
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        self.assertEqual(
            shown,
            "auto: direct: io_uring: Operation not permitted\n"
            "direct: direct: as set\n"
            "uring: Unavailable: io_uring: Operation not permitted\n",
        )
