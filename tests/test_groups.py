"""No test is forgotten when they run side by side."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.covered import rules
from tests.groups import FAULTS, HERE, groups


class GroupsTests(SynchronousTestCase):
    def test_every_file_is_in_one_group_or_is_that_of_a_module_of_rules(self) -> None:
        files = {path.name for path in HERE.glob("test_*.py")}
        of_rules = {f"tests/test_{module.replace('.', '_')}.py" for module in rules()}
        found = [file for group in groups(files) for file in group]
        self.assertEqual(sorted(found), sorted(({f"tests/{name}" for name in files} | {FAULTS}) - of_rules))

    def test_there_are_tests_nowhere_else(self) -> None:
        below = {path.parent.relative_to(HERE).parts[:1] for path in HERE.rglob("test_*.py")}
        self.assertEqual(below, {(), ("faults",)})

    def test_those_that_belong_together_are(self) -> None:
        names = [
            "test_client_link.py",
            "test_two_nodes.py",
            "test_feed.py",
            "test_session.py",
            "test_room.py",
        ]
        self.assertEqual(
            groups(names)[1:],
            [
                ["tests/test_client_link.py"],
                ["tests/test_two_nodes.py"],
                ["tests/test_feed.py"],
                ["tests/test_session.py"],
            ],
        )
