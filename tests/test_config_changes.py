"""What of another configuration can be taken over, and what is left as it was."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.config import Config
from tcpchat.config_changes import Changes, changes
from tcpchat.limits import Limits

BEFORE = Config(history=5, store="memory:")


class ChangesTests(SynchronousTestCase):
    def test_the_same_changes_nothing(self) -> None:
        same = Config(history=5, store="memory:", limits=Limits())  # which are those that are on
        self.assertEqual(changes(BEFORE, same, False), Changes(BEFORE, (), ()))

    def test_what_needs_a_restart_stays_as_it_was_and_is_told_again(self) -> None:
        chosen = Config(history=6, store="sqlite:chat", durability="crash")
        found = changes(BEFORE, chosen, False)
        self.assertEqual(
            found, Changes(Config(history=6, store="memory:"), ("history",), ("store", "durability"))
        )
        self.assertEqual(changes(found.config, chosen, False).restart, ("store", "durability"))

    def test_a_greeting_changes_in_its_file_alone(self) -> None:
        self.assertEqual(changes(BEFORE, BEFORE, True), Changes(BEFORE, ("motd",), ()))

    def test_what_cannot_be_changed_here_needs_a_restart(self) -> None:
        chosen = Config(history=6, store="memory:", listen=("tcp:1",))
        self.assertEqual(changes(BEFORE, chosen, False).now, ("listen", "history"))
        found = changes(BEFORE, chosen, False, frozenset({"listen"}))
        self.assertEqual((found.now, found.restart, found.config.listen), (("history",), ("listen",), ()))
