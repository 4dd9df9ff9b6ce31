"""Which feeds a reader follows and how far it is in each: live, behind, and from one to the other."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.events import Entry, Joined, Said
from tcpchat.feed import Feed
from tcpchat.following import Followed, Following
from tcpchat.places import Place
from tcpchat.render import View
from tcpchat.room import Room
from tcpchat.room_feed import RoomFeed
from tcpchat.screen import Screen
from tests.visitors import FakeScreen

FOLDED = View(joins="folded")


class Somebody:
    """Who is handed what is live; nothing else is decided here."""

    session = "s1"

    def __init__(self) -> None:
        self.kept = FakeScreen()
        self.screen: Screen = self.kept
        self.following = Following(self)

    def was_shown(self, data: bytes, taken: int | Exception) -> None:
        """It took all of it."""

    def follows_several(self) -> bool:
        return False

    def seen_elsewhere(self, entries: Sequence[Entry]) -> set[int]:
        return set()

    def has_new(self, feed: Followed, upto: Place) -> bool:
        return self.following.has_new(feed, upto)

    @property
    def shown(self) -> list[str]:
        return self.kept.shown.decode().split("\r\n")[:-1]


class FollowingCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.reader = Somebody()
        self.following = self.reader.following
        self.lobby, self.dev = (
            RoomFeed(Room(name), self.clock, lambda: 0, 10) for name in ("#lobby", "#dev")
        )

    def happens(self, feed: Feed, *texts: str) -> None:
        """Somebody else says something, or comes in for an empty text."""
        for seq, text in enumerate(texts, feed.shown + 1):
            event = Said("s2", "eve", text) if text else Joined(f"s{seq}0", "carl")
            feed.deliver([Entry(seq, 0, event)])

    def start(self, feed: Feed, view: View | None = None) -> None:
        self.following.add(feed, view or View(), Place(feed.shown, feed.shown))


class LiveTests(FollowingCase):
    def test_who_follows_nothing_is_live_and_behind_in_nothing(self) -> None:
        self.assertEqual((self.following.is_live, len(self.following)), (True, 0))
        self.assertEqual((self.following.behind(), self.following.places()), (None, {}))

    def test_one_who_starts_where_the_others_are_is_handed_what_comes(self) -> None:
        self.happens(self.lobby, "before")
        self.start(self.lobby)
        self.happens(self.lobby, "after")
        self.assertEqual(self.reader.shown, ["<eve> after"])
        self.assertTrue(self.lobby in self.following and self.dev not in self.following)
        self.assertEqual(self.following.places(), {"#lobby": Place(2, 2)})

    def test_one_who_starts_behind_is_handed_nothing_of_any_feed(self) -> None:
        self.start(self.dev)
        self.happens(self.lobby, "one")
        self.following.add(self.lobby, View(), Place(0, 0))
        self.happens(self.lobby, "two")
        self.happens(self.dev, "here")
        self.assertEqual((self.following.is_live, self.reader.shown), (False, []))
        self.assertEqual(self.following.places(), {"#lobby": Place(0, 0), "#dev": Place(0, 0)})
        self.assertIn(self.following.behind(), (self.lobby, self.dev))

    def test_one_who_falls_behind_stays_where_the_others_were_then(self) -> None:
        self.start(self.lobby)
        self.happens(self.lobby, "one")
        self.following.fall_behind()
        self.assertIsNone(self.following.behind())
        self.happens(self.lobby, "two")
        self.assertEqual(self.following.place(self.lobby), Place(1, 1))
        self.assertIs(self.following.behind(), self.lobby)
        self.following.fall_behind()  # again
        self.assertEqual(self.following.place(self.lobby), Place(1, 1))

    def test_one_who_has_caught_up_is_live_again(self) -> None:
        self.start(self.lobby)
        self.following.fall_behind()
        self.happens(self.lobby, "one")
        self.following.move(self.lobby, Place(1, 1))
        self.assertIsNone(self.following.behind())
        self.following.go_live()
        self.happens(self.lobby, "two")
        self.assertEqual((self.following.is_live, self.reader.shown), (True, ["<eve> two"]))

    def test_what_is_followed_no_longer_is_handed_to_nobody(self) -> None:
        for live in True, False:
            self.setUp()
            self.start(self.lobby)
            self.start(self.dev)
            if not live:
                self.following.fall_behind()
            self.following.remove(self.lobby)
            self.happens(self.lobby, "one")
            self.happens(self.dev, "two")
            self.assertEqual(self.reader.shown, ["<eve> two"] if live else [])
            self.assertEqual(list(self.following.places()), ["#dev"])

    def test_after_clear_nothing_is_followed(self) -> None:
        self.start(self.lobby)
        self.start(self.dev)
        self.following.clear()
        self.happens(self.lobby, "one")
        self.happens(self.dev, "one")
        self.assertEqual((len(self.following), self.reader.shown), (0, []))


class ViewTests(FollowingCase):
    def test_a_new_view_holds_for_what_comes(self) -> None:
        self.start(self.lobby)
        self.start(self.dev)
        self.following.restyle(lambda stream: View(current=stream == "#lobby"))
        self.happens(self.lobby, "one")
        self.happens(self.dev, "two")
        self.assertEqual(self.reader.shown, ["<eve> one", "#dev <eve> two"])
        self.assertEqual(self.following.view(self.dev), View(current=False))

    def test_so_it_does_after_having_been_behind(self) -> None:
        self.start(self.lobby)
        self.following.fall_behind()
        self.following.restyle(lambda stream: View(current=False))
        self.following.go_live()
        self.happens(self.lobby, "one")
        self.assertEqual(self.reader.shown, ["#lobby <eve> one"])

    def test_who_is_shown_folded_what_comes_is_shown_it_before_that_ends(self) -> None:
        self.start(self.lobby, FOLDED)
        self.happens(self.lobby, "")
        self.assertEqual(self.reader.shown, [])
        self.following.restyle(lambda stream: View())
        self.assertEqual(self.reader.shown, ["*** carl joined #lobby."])
        self.clock.advance(2)
        self.assertEqual(len(self.reader.shown), 1)
        self.assertEqual(self.following.place(self.lobby), Place(1, 1))

    def test_one_who_comes_within_the_second_has_nothing_of_before_it_to_be_shown(self) -> None:
        other = Somebody()
        other.session = "s3"
        other.following.add(self.lobby, FOLDED, Place(0, 0))
        self.happens(self.lobby, "", "")
        self.start(self.lobby, FOLDED)
        self.assertTrue(self.following.is_live)
        self.assertEqual(self.following.place(self.lobby).presence, 2)
        self.following.fall_behind()
        self.assertEqual(self.following.place(self.lobby).presence, 2)

    def test_a_screen_that_is_found_broken_meanwhile_follows_nothing(self) -> None:
        class Broken(Somebody):
            def was_shown(self, data: bytes, taken: int | Exception) -> None:
                following.clear()

        reader = Broken()
        following = reader.following
        for feed in self.lobby, self.dev:
            following.add(feed, FOLDED, Place(0, 0))
        self.happens(self.lobby, "")
        reader.kept.lost = True
        following.restyle(lambda stream: View())
        self.happens(self.lobby, "one")
        self.happens(self.dev, "one")
        self.assertEqual((len(following), reader.shown), (0, []))


class AnyOrderTests(FollowingCase):
    def numbered(self, stream: str) -> View:
        return View(numbered=stream == "#lobby")

    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["say", "say", "come", "behind", "read", "live", "add", "remove", "restyle"]),
                st.booleans(),
            ),
            max_size=30,
        )
    )
    def test_what_is_handed_over_and_what_is_read_are_together_everything_once(
        self, steps: list[tuple[str, bool]]
    ) -> None:
        self.setUp()
        log: dict[str, list[str]] = {"#lobby": [], "#dev": []}
        got: dict[str, list[str]] = {"#lobby": [], "#dev": []}
        wanted: dict[str, list[str]] = {"#lobby": [], "#dev": []}

        def read() -> bool:
            """Read on in one feed that is behind, as reader.py does."""
            feed = self.following.behind()
            if feed is None:
                return False
            place = self.following.place(feed)
            got[feed.stream] += log[feed.stream][place.seq :]
            last = len(log[feed.stream])
            self.following.move(feed, Place(last, last))
            return True

        for number, (step, in_lobby) in enumerate(steps):
            feed = self.lobby if in_lobby else self.dev
            if step in ("say", "come"):
                text = f"{number}" if step == "say" else ""
                before = len(self.reader.shown)
                self.happens(feed, text)
                log[feed.stream].append(text)
                if feed in self.following:
                    wanted[feed.stream].append(text)
                if len(self.reader.shown) > before:
                    got[feed.stream].append(text)
            elif step == "behind":
                self.following.fall_behind()
            elif step == "read":
                read()
            elif step == "live" and not self.following.is_live and self.following.behind() is None:
                self.following.go_live()
            elif step == "add" and feed not in self.following:
                self.start(feed)
            elif step == "remove" and feed in self.following:
                self.following.remove(feed)
                got[feed.stream], wanted[feed.stream] = [], []
            elif step == "restyle":
                self.following.restyle(self.numbered if in_lobby else lambda stream: View())
            for followed, place in self.following.places().items():
                self.assertLessEqual(max(place), len(log[followed]))
        while not self.following.is_live and read():
            pass
        self.assertEqual(got, wanted)
