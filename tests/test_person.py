"""Somebody over one connection or several: idle as the liveliest, broken as all of them."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.events import Told, inbox
from tcpchat.feed import Feed
from tcpchat.names import nickname
from tcpchat.person import Person
from tcpchat.requests import Refused
from tcpchat.room import Room
from tcpchat.room_feed import RoomFeed


class Connection:
    """A session of somebody."""

    is_distant = False
    feeds: tuple[RoomFeed, ...] = ()
    idle: float | None

    def __init__(self, id: str, idle: float = 0.0, is_broken: bool = False) -> None:
        self.id = id
        self.address = ""
        self.idle = idle
        self.is_broken = is_broken
        self.rooms = ["#lobby"]
        self.heard: list[str] = []
        self.followed: list[str] = []
        self.restyled = 0

    def restyle(self) -> None:
        self.restyled += 1

    def stand_by(self, feed: RoomFeed, seq: int, why: str) -> None:
        """Nobody comes into rooms here."""

    def drop(self, feed: RoomFeed, why: str) -> None:
        """Nor goes out of any."""

    def heard_from(self, event: Told) -> None:
        self.heard.append(event.text)

    def follow_inbox(self, feed: Feed) -> None:
        self.followed.append(feed.stream)

    def put_out_of(self, feed: RoomFeed) -> None:
        self.rooms = []

    def banish(self, why: Refused) -> None:
        raise AssertionError(why)


class PersonTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.phone, self.desk = Connection("s1", 60.0, is_broken=True), Connection("s2", 5.0)
        self.bob = Person("s1", nickname("Bob"), 0, "s1")
        self.bob.sessions = self.phone, self.desk

    def test_it_is_idle_as_long_as_the_connection_that_is_so_for_the_shortest(self) -> None:
        self.assertEqual((self.bob.nick, self.bob.idle, self.bob.rooms), ("Bob", 5.0, ["#lobby"]))

    def test_how_idle_it_is_is_not_known_of_one_who_is_on_another_node_too(self) -> None:
        self.desk.idle = None
        self.assertIsNone(self.bob.idle)

    def test_it_is_here_while_one_connection_is_of_this_node(self) -> None:
        self.desk.is_distant = True
        self.assertTrue(self.bob.is_here)
        self.phone.is_distant = True
        self.assertFalse(self.bob.is_here)

    def test_over_all_of_them_one_is_put_out_of_a_room(self) -> None:
        self.bob.put_out_of(RoomFeed(Room("#lobby"), Clock(), lambda: 0, 10))
        self.assertEqual((self.phone.rooms, self.desk.rooms), ([], []))

    def test_it_is_broken_when_all_are(self) -> None:
        self.assertFalse(self.bob.is_broken)
        self.desk.is_broken = True
        self.assertTrue(self.bob.is_broken)

    def test_by_another_nickname_every_connection_sees_things_another_way(self) -> None:
        self.bob.rename(nickname("Rob"))
        self.assertEqual((self.bob.nick, self.phone.restyled, self.desk.restyled), ("Rob", 1, 1))

    def test_every_connection_hears_what_is_private(self) -> None:
        self.bob.heard_from(Told("s9", "eve", "Bob", "psst"))
        self.bob.follow_inbox(Feed(inbox("s1"), lambda: 0))
        for connection in self.phone, self.desk:
            self.assertEqual((connection.heard, connection.followed), (["psst"], ["@s1"]))
