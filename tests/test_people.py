"""Who is there is found by nickname and by session; who is about to come, once the others know."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.events import Told
from tcpchat.feed import Feed
from tcpchat.names import nickname
from tcpchat.people import People
from tcpchat.person import Person
from tcpchat.requests import Refused
from tcpchat.room_feed import RoomFeed

HOME, CAFE = "192.0.2.1", "198.51.100.7"


class Seat:
    """A session, of which the connection may be broken."""

    idle = 0.0
    is_broken = False
    is_distant = False
    feeds: tuple[RoomFeed, ...] = ()
    address = HOME

    def __init__(self, id: str) -> None:
        self.id = id
        self.rooms: list[str] = []

    def restyle(self) -> None:
        """Nobody sees anything here."""

    def heard_from(self, event: Told) -> None:
        """Nobody writes here."""

    def stand_by(self, feed: RoomFeed, seq: int, why: str) -> None:
        """Nobody comes into rooms."""

    def drop(self, feed: RoomFeed, why: str) -> None:
        """Nor goes out of any."""

    def follow_inbox(self, feed: Feed) -> None:
        """Nor is anybody shown anything."""

    def put_out_of(self, feed: RoomFeed) -> None:
        """Nor is anybody in a room."""

    def banish(self, why: Refused) -> None:
        """Nor may anybody be sent away."""


class PeopleTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.lobby: set[str] = set()
        self.people = People(Clock(), False, lambda session: session in self.lobby)

    def somebody(self, id: str, nick: str) -> Person:
        person = Person(id, self.people.claim(nick, id, HOME), 0)
        person.sessions = (Seat(id),)
        return person

    def enter(self, person: Person) -> Seat:
        (seat,) = person.sessions
        assert isinstance(seat, Seat)
        self.people.enter(person, seat)
        return seat

    def test_who_has_entered_is_found_by_nickname_and_session_until_they_leave(self) -> None:
        anna = self.somebody("s1", "anna")
        seat = self.enter(anna)
        self.assertIs(self.people.find(nickname("ANNA")), anna)
        self.assertEqual((self.people.person("s1"), self.people.session("s1")), (anna, seat))
        self.assertTrue(self.people.leave(anna, seat))
        self.assertEqual((self.people.find(anna.name), self.people.person("s1")), (None, None))
        self.assertIsNone(self.people.session("s1"))

    def test_who_is_there_twice_is_gone_with_the_last_session(self) -> None:
        anna = self.somebody("s1", "anna")
        first, second = self.enter(anna), Seat("s2")
        anna.sessions = first, second
        self.people.enter(anna, second)
        self.assertFalse(self.people.leave(anna, first))
        self.assertEqual((self.people.find(anna.name), anna.sessions), (anna, (second,)))
        self.assertEqual((self.people.session("s1"), self.people.session("s2")), (None, second))
        self.assertTrue(self.people.leave(anna, second))
        self.assertIsNone(self.people.find(anna.name))

    def test_who_comes_in_here_and_on_another_node_at_once_is_one_person(self) -> None:
        there, here = self.somebody("a1", "anna"), self.somebody("a1", "anna")
        far, near = self.enter(there), here.sessions[0]
        far.is_distant = True
        self.people.enter(here, near)
        self.assertEqual((self.people.person("a1"), here.sessions), (here, (far, near)))

    def test_who_could_not_come_in_here_is_not_gone_from_another_node(self) -> None:
        there, here = self.somebody("a1", "anna"), self.somebody("a1", "anna")
        self.enter(there)
        self.assertFalse(self.people.leave(here, here.sessions[0]))
        self.assertIs(self.people.person("a1"), there)

    def test_a_session_that_goes_on_elsewhere_is_that_one(self) -> None:
        anna = self.somebody("s1", "anna")
        seat, far = self.enter(anna), Seat("s1")
        anna.sessions = seat, far
        self.people.enter(anna, far)
        self.assertFalse(self.people.leave(anna, seat))
        self.assertIs(self.people.session("s1"), far)

    def test_who_is_expected_is_found_once_the_lobby_knows_them(self) -> None:
        anna = self.somebody("s1", "anna")
        self.people.expect(anna)
        self.assertIsNone(self.people.find(anna.name))
        self.lobby.add("s1")
        self.assertIs(self.people.find(anna.name), anna)

    def test_who_could_not_come_in_is_not_found(self) -> None:
        anna = self.somebody("s1", "anna")
        self.lobby.add("s1")
        self.people.expect(anna)
        self.people.withdraw(anna)
        self.assertIsNone(self.people.find(anna.name))

    def test_of_somebody_it_is_known_whether_they_are_away_or_their_connection_is_broken(
        self,
    ) -> None:
        anna = self.somebody("s1", "anna")
        seat = self.enter(anna)
        self.assertEqual((self.people.is_away("s1"), self.people.is_broken("anna")), (False, False))
        anna.away, seat.is_broken = "", True
        self.assertEqual((self.people.is_away("s1"), self.people.is_broken("Anna")), (True, True))
        self.assertEqual((self.people.is_away("s2"), self.people.is_broken("bert")), (False, False))

    def test_a_taken_name_is_refused_with_one_that_is_free_or_that_one_is_had(self) -> None:
        self.somebody("s1", "anna")
        refusal = self.assertRaises(Refused, self.people.claim, "anna", "s2", CAFE)
        self.assertEqual((str(refusal), refusal.code), ('"anna" is taken. Try "anna2".', "nick-taken"))
        self.assertEqual(self.people.claim("anna", "s2", CAFE, or_variant=True).display, "anna2")

    def test_what_is_no_nickname_is_refused_with_the_reason(self) -> None:
        refusal = self.assertRaises(Refused, self.people.nickname, "an na")
        self.assertEqual(refusal.code, "bad-nick")
        self.assertIn('"an na" is not a nickname: ', str(refusal))
        ascii_only = People(Clock(), True, lambda session: False)
        self.assertRaises(Refused, ascii_only.nickname, "zoë")
        self.assertEqual(self.people.nickname("zoë").display, "zoë")

    def test_a_released_name_is_kept_for_its_address_or_not_at_all(self) -> None:
        anna, bert = self.somebody("s1", "anna"), self.somebody("s2", "bert")
        self.people.release(anna.name, "s1", HOME)
        self.assertRaises(Refused, self.people.claim, "anna", "s3", CAFE)
        self.people.claim("anna", "s3", HOME)
        self.people.release(bert.name, "s2", HOME, is_kept=False)
        self.people.claim("bert", "s3", CAFE)

    def test_everybody_who_is_there_is_gone_through(self) -> None:
        anna, eve, carl = self.somebody("s1", "anna"), self.somebody("s2", "eve"), self.somebody("s3", "carl")
        self.enter(anna)
        self.people.expect(eve)
        self.people.expect(carl)
        self.lobby.add("s2")
        self.assertEqual(list(self.people), [anna, eve])
