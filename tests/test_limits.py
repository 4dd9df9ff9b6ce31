"""That limits limit something; what each one does is tested where it acts."""

import ast
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tcpchat import limits
from tcpchat.checking import check
from tcpchat.limits import NO_LIMITS, Limits


class LimitsTests(SynchronousTestCase):
    def test_every_limit_is_used_somewhere(self) -> None:
        names = {name for name in vars(limits) if name.isupper()}
        used = {
            alias.name
            for path in Path(limits.__file__).parent.rglob("*.py")
            for node in ast.walk(ast.parse(path.read_bytes()))
            if isinstance(node, ast.ImportFrom) and node.module == "tcpchat.limits"
            for alias in node.names
        }
        self.assertEqual(names - used, set())

    def test_without_limits_none_is_left(self) -> None:
        for name in Limits.__struct_fields__:
            self.assertIsNone(getattr(NO_LIMITS, name), name)

    def test_every_limit_for_people_can_be_set_in_a_file_and_has_a_default(self) -> None:
        for name in Limits.__struct_fields__:
            self.assertIsInstance(getattr(Limits(), name), int)
            self.assertEqual(check({"limits": {name: 1}}).values["limits"], Limits(**{name: 1}))
