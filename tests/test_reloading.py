"""The configuration is read anew: all of it is taken over, or nothing."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs, formatEvent
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.config import Config, WrongConfig
from tcpchat.config_changes import Changes
from tcpchat.configuring import Chosen
from tcpchat.reload import Reloaded
from tcpchat.reloading import Reloading

WRONG = "The configuration is wrong: nothing has changed."


class ReloadingTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.chosen: Chosen | WrongConfig = Chosen(Config(), ())
        self.taken: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
        self.noted: list[str] = []
        self.refused: list[str] = []
        self.waits: Deferred[None] | None = None
        self.obstacle: WrongConfig | None = None
        self.reloading = Reloading(Chosen(Config(), ()), self.read, self.take, self.noted.append)

    def read(self) -> Chosen:
        if isinstance(self.chosen, WrongConfig):
            raise self.chosen
        return self.chosen

    async def take(self, found: Changes, greeting: tuple[str, ...]) -> list[str]:
        if self.waits is not None:
            await self.waits
        if self.obstacle is not None:
            raise self.obstacle
        self.taken.append((found.now, greeting))
        return self.refused

    def begin(self) -> Deferred[Reloaded]:
        return Deferred.fromCoroutine(self.reloading.reload())

    def test_what_can_be_changed_is_taken_over_and_the_rest_is_told(self) -> None:
        self.chosen = Chosen(Config(history=3, store="memory:"), ("Hello",))
        with capturedLogs() as events:
            done = self.successResultOf(self.begin())
        self.assertEqual(done, Reloaded(("motd", "history"), ("store",)))
        self.assertEqual(self.taken, [(("motd", "history"), ("Hello",))])
        self.assertEqual(self.reloading.config, Config(history=3))
        told = "The configuration was read again: changed motd, history; only a restart changes store."
        self.assertEqual([formatEvent(event) for event in events], [told])
        self.assertEqual(self.successResultOf(self.begin()), Reloaded((), ("store",)))

    def test_what_was_refused_is_answered_with_what_was_changed(self) -> None:
        self.chosen = Chosen(Config(history=3), ())
        self.refused = ["ssl:8024: the certificate stays as it was."]
        done = self.successResultOf(self.begin())
        self.assertEqual(done, Reloaded(("history",), (), ("ssl:8024: the certificate stays as it was.",)))

    def test_a_wrong_one_changes_nothing_and_the_log_tells_each_line(self) -> None:
        self.chosen = WrongConfig("chat.toml:1: one.\nchat.toml:2: two.")
        with capturedLogs() as events:
            self.failureResultOf(self.begin(), WrongConfig)
        self.assertEqual(
            [formatEvent(event) for event in events], ["chat.toml:1: one.", "chat.toml:2: two.", WRONG]
        )
        self.assertEqual((self.taken, self.reloading.config), ([], Config()))

    def test_what_cannot_be_taken_over_changes_nothing(self) -> None:
        self.chosen = Chosen(Config(history=3), ())
        self.obstacle = WrongConfig("Cannot listen.")
        self.failureResultOf(self.begin(), WrongConfig)
        self.assertEqual(self.reloading.config, Config())
        self.obstacle = None
        self.assertEqual(self.successResultOf(self.begin()).changed, ("history",))

    def test_one_is_done_after_the_other(self) -> None:
        self.waits = Deferred()
        self.chosen = Chosen(Config(history=3), ())
        first = self.begin()
        self.chosen = Chosen(Config(history=4), ())
        second = self.begin()
        self.assertNoResult(second)
        self.waits.callback(None)
        self.assertEqual(self.successResultOf(first).changed, ("history",))
        self.assertEqual(self.successResultOf(second).changed, ("history",))
        self.assertEqual(self.reloading.config.history, 4)

    def test_it_can_be_looked_at_before(self) -> None:
        self.chosen = Chosen(Config(history=3), ())
        self.assertEqual(self.reloading.look(), Reloaded(("history",), ()))
        self.assertEqual((self.taken, self.reloading.config), ([], Config()))

    def test_what_a_signal_has_changed_is_noted_and_nothing_else(self) -> None:
        self.reloading.by_signal()
        self.chosen = WrongConfig("chat.toml:1: one.")
        self.reloading.by_signal()
        self.assertEqual(self.noted, [])
        self.chosen = Chosen(Config(history=3), ())
        self.reloading.by_signal()
        self.assertEqual(self.noted, ["changed history"])
