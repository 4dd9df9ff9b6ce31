"""What is looked at before something is released."""

from __future__ import annotations

import sys
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tcpchat import __version__
from tests.released import Wrong, interpreters, look_at_bill, oldest_twisted, plain, trials, version


def part(name: str, version: str, purl: str = "pkg:pypi/x") -> dict[str, Any]:
    """Return a component of a bill of materials."""
    return {"name": name, "version": version, "purl": purl}


class ReleasedTests(SynchronousTestCase):
    def test_the_version_stands_in_one_place(self) -> None:
        self.assertEqual(version(), __version__)

    def test_each_python_is_tried_and_the_oldest_twisted_once(self) -> None:
        found = list(interpreters())
        self.assertIn(tuple(sys.version_info[:2]), {tuple(map(int, v.split(".")[:2])) for _, v in found})
        tried = trials()
        self.assertEqual({trial.version for trial in tried}, {version for _, version in found})
        self.assertEqual(tried[0].twisted, f"twisted=={oldest_twisted()}.*")
        self.assertEqual({trial.twisted for trial in tried[1:]}, {"twisted"})

    def test_names_are_compared_as_indexes_do(self) -> None:
        self.assertEqual(plain("Zope.Interface_x"), "zope-interface-x")

    def test_a_bill_names_what_is_installed_and_where_it_is_from(self) -> None:
        there = {"tcpchat": "1", "zope-interface": "2"}
        parts = [part("tcpchat", "1", "file:x"), part("zope.interface", "2"), part("pip", "3")]
        look_at_bill({"components": parts}, there)
        for wrong in parts[:1], [*parts, part("more", "1")], [parts[0], part("zope.interface", "3")]:
            self.assertRaises(Wrong, look_at_bill, {"components": wrong}, there)
        self.assertRaises(
            Wrong, look_at_bill, {"components": [parts[0], part("zope.interface", "2", "")]}, there
        )
