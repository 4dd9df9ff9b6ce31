"""What the options are: each with its help, and what it can be, in one place."""

from __future__ import annotations

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.config import CHANGEABLE, TABLES, Config, defaults, example, possible
from tcpchat.explanations import explanations
from tcpchat.limits import NO_LIMITS, Limits
from tcpchat.networks import networks
from tcpchat.store import InFile


class OptionsTests(SynchronousTestCase):
    def test_every_option_is_explained_and_has_words_for_what_it_can_be(self) -> None:
        self.assertEqual(set(explanations(Config)), set(Config.__struct_fields__))
        for name in Config.__struct_fields__:
            self.assertRegex(possible(name), "^[a-z]", name)

    def test_so_is_everything_in_the_tables(self) -> None:
        for kind in TABLES.values():
            self.assertEqual(set(explanations(kind)), set(kind.__struct_fields__))

    def test_whatever_has_no_default_has_an_example(self) -> None:
        for name, value in defaults().items():
            if value is None:
                self.assertIsNotNone(example(name), name)
        self.assertIsNone(example("history"))

    def test_the_tables_are_options(self) -> None:
        self.assertLess(set(TABLES), set(Config.__struct_fields__))
        self.assertEqual(defaults("limits"), msgspec.structs.asdict(Limits()))

    def test_what_can_be_changed_are_options(self) -> None:
        self.assertLess(CHANGEABLE, set(Config.__struct_fields__))


class ChosenTests(SynchronousTestCase):
    def test_the_default_is_a_file_here_with_limits(self) -> None:
        config = Config()
        self.assertEqual(config.chosen_store, InFile("tcpchat.sqlite3"))
        self.assertEqual(config.chosen_limits, Limits())
        self.assertEqual(config.trusted_networks, ())

    def test_what_is_meant(self) -> None:
        self.assertEqual(Config(limits="off").chosen_limits, NO_LIMITS)
        self.assertEqual(Config(limits=Limits(rooms=5)).chosen_limits, Limits(rooms=5))
        self.assertEqual(Config(trusted=("10.1.0.0/16",)).trusted_networks, networks(["10.1.0.0/16"]))
        self.assertEqual(Config(proxies=("10.2.0.5",)).proxy_networks, networks(["10.2.0.5"]))
