"""A screen is given no more than it takes; answers wait for it in their order, and not without end."""

from __future__ import annotations

from collections.abc import Mapping

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tcpchat import handed
from tcpchat.limits import MOST_HELD_ANSWERS
from tcpchat.logs.interface import Log
from tcpchat.places import Place
from tcpchat.render import View
from tcpchat.replays import Replay, Viewer
from tcpchat.showing import REPLAY, Showing
from tests.visitors import FakeScreen


class Owner:
    """Who is told to ask for no more, and notes it."""

    def __init__(self) -> None:
        self.told: list[bool] = []

    def view(self, stream: str) -> View:
        return View()

    def hold_answers(self, hold: bool) -> None:
        self.told.append(hold)


class Shower(Showing):
    """What shows, and notes what else is to be done."""

    def __init__(self, screen: FakeScreen, owner: Owner) -> None:
        super().__init__(screen, owner)
        self.done: list[str] = []

    def stop(self) -> None:
        self._gone = True
        self.done.append("stop")

    def _fall_behind(self) -> None:
        self.done.append("fall behind")

    def _advance(self) -> None:
        self.done.append("advance")


class Past:
    """Something to be read from the log."""

    def __init__(self, is_over: bool = False) -> None:
        self.is_over = is_over

    def read(self, log: Log, viewer: Viewer) -> Deferred[bytes]:
        raise NotImplementedError

    def places(self) -> Mapping[str, Place]:
        return {}

    def hand_on(self) -> handed.Replay:
        raise NotImplementedError


class ShowingTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.screen = FakeScreen()
        self.owner = Owner()
        self.showing = Shower(self.screen, self.owner)

    def test_what_is_taken_is_shown_and_that_is_all(self) -> None:
        self.showing.tell(b"one")
        self.showing.tell(b"")
        self.assertEqual((self.screen.shown, self.showing.done, self.owner.told), (b"one", [], []))

    def test_what_is_not_taken_is_kept_with_what_comes_behind_it(self) -> None:
        self.screen.room = 4
        self.showing.tell(b"one two ")
        self.showing.tell(b"three")
        self.assertEqual((self.screen.shown, self.screen.kept), (b"one ", b"two three"))
        self.assertEqual(self.showing.done, ["fall behind"])
        self.screen.kept = b""
        self.showing.drained()
        self.showing.drained()  # nothing was unsent any more
        self.assertEqual(self.showing.done, ["fall behind", "advance"])

    def test_who_reads_nothing_is_asked_for_no_more_until_it_is_read(self) -> None:
        self.screen.room = 0
        self.showing.tell(b"x" * (MOST_HELD_ANSWERS // 2))
        self.assertFalse(self.showing.holds_much)
        self.showing.tell(b"x")
        self.assertTrue(self.showing.holds_much)
        self.showing.tell(b"x" * (MOST_HELD_ANSWERS // 2 - 1))
        self.assertEqual(self.owner.told, [])
        self.showing.tell(b"x")
        self.assertEqual(self.owner.told, [True])
        self.showing.drained()
        self.assertEqual((self.owner.told, self.showing.holds_much), ([True, False], False))

    def test_behind_a_replay_answers_wait_for_their_turn(self) -> None:
        past: Replay = Past()
        self.showing.replay(past)
        self.showing.tell(b"and that was all")
        self.assertEqual((self.screen.shown, self.showing.done), (b"", ["fall behind", "advance"]))

    def test_so_many_replays_are_held_and_one_that_has_nothing_is_none(self) -> None:
        self.showing.replay(Past(is_over=True))
        for _ in range(MOST_HELD_ANSWERS // REPLAY):
            self.showing.replay(Past())
        self.assertEqual(self.owner.told, [])
        self.showing.replay(Past())
        self.assertEqual(self.owner.told, [True])

    def test_a_broken_socket_is_hung_up_on_and_shown_nothing_more(self) -> None:
        self.screen.lost = True
        self.showing.tell(b"one")
        self.screen.lost = False
        self.showing.tell(b"two")
        self.showing.replay(Past())
        self.assertEqual((self.showing.done, self.screen.aborted), (["fall behind", "stop"], True))
        self.assertEqual((self.showing.is_gone, self.screen.shown, self.screen.kept), (True, b"", b""))
