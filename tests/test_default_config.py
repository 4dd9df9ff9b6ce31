"""The file with every option says what is so without it."""

from __future__ import annotations

import re
import tomllib

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.checking import check, together
from tcpchat.config import CHANGEABLE, TABLES, Config
from tcpchat.default_config import default_config


class DefaultConfigTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.text = default_config()

    def test_it_changes_nothing(self) -> None:
        config, faults = together(check(tomllib.loads(self.text)))
        self.assertEqual(faults, [])
        # Its table is what "on" means.
        self.assertEqual(config.limits, Config().chosen_limits)
        self.assertEqual(msgspec.structs.replace(config, limits="on"), Config())

    def test_every_option_and_limit_is_in_it_once(self) -> None:
        names = re.findall(r"^(?:#(?=\w+ = )|\[)?(\w+)(?: = |\]$)", self.text, re.MULTILINE)
        inside = [name for kind in TABLES.values() for name in kind.__struct_fields__]
        self.assertEqual(sorted(names), sorted([*Config.__struct_fields__, *inside]))

    def test_what_has_no_default_is_right_as_it_is_shown(self) -> None:
        shown = re.sub(r"^#(?=\w+ = )", "", self.text, flags=re.MULTILINE)
        config, faults = together(check(tomllib.loads(shown)))
        self.assertEqual(faults, [])
        self.assertEqual((config.node, config.motd), ("chat-1", "motd.txt"))

    def test_it_says_what_needs_a_restart(self) -> None:
        parts = {part.splitlines()[-1].lstrip("#["): part for part in self.text.split("\n\n")}
        for name in Config.__struct_fields__:
            (part,) = [text for line, text in parts.items() if re.match(rf"{name}\b", line)]
            self.assertEqual(
                "A change needs a restart." in " ".join(part.replace("\n#", "").split()),
                name not in CHANGEABLE,
                name,
            )

    def test_its_lines_fit_into_a_window(self) -> None:
        self.assertLessEqual(max(map(len, self.text.splitlines())), 110)
