"""Folders for tests in trial's style: trial's own would be left in the checkout by pytest."""

from __future__ import annotations

import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase


def a_folder(case: SynchronousTestCase) -> Path:
    """Return an empty folder that is there until the test has ended."""
    folder = tempfile.TemporaryDirectory()
    case.addCleanup(folder.cleanup)
    return Path(folder.name)
