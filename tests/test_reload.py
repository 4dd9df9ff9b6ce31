"""What is told of a configuration that was read anew."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.reload import Reloaded, nothing_to_reload


class ReloadedTests(SynchronousTestCase):
    def test_it_says_what_changed_and_what_needs_a_restart(self) -> None:
        for changed, restart, told in (
            (("limits", "history"), (), "changed limits, history"),
            ((), (), "nothing has changed"),
            ((), ("store",), "nothing has changed; only a restart changes store"),
            (("motd",), ("store", "node"), "changed motd; only a restart changes store, node"),
        ):
            self.assertEqual(str(Reloaded(changed, restart)), told)

    def test_without_a_server_there_is_nothing_to_read(self) -> None:
        reading = Deferred.fromCoroutine(nothing_to_reload())
        self.assertEqual(self.successResultOf(reading), Reloaded((), ()))
