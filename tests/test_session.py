"""One person's presence, whatever the connection: what others know, and what is kept of it."""

from __future__ import annotations

from tcpchat import records
from tcpchat.limits import GRACE, LONGEST_ABSENCE
from tcpchat.membership import Membership
from tcpchat.names import Name, nickname
from tcpchat.requests import Refused
from tcpchat.room import LOBBY
from tcpchat.session import Session
from tests.kept import SessionCase
from tests.visitors import ChatCase


class KnownTests(SessionCase):
    def test_others_may_know_who_where_since_when_and_how_idle(self) -> None:
        self.bob.types("/join #dev")
        self.clock.advance(30)
        self.assertEqual((self.session.nick, self.session.rooms), ("bob", ["#dev", "#lobby"]))
        self.assertEqual((self.session.person.since, self.session.idle), (self.wall() - 30_000, 30))
        self.assertEqual((self.session.person.away, self.session.is_broken), (None, False))

    def test_what_one_says_goes_to_the_room_that_was_current_last(self) -> None:
        self.bob.types("/join #dev", "/join #lobby")
        self.assertEqual(self.session.current.stream, "#lobby")
        self.bob.types("/leave")
        self.assertEqual(self.session.current.stream, "#dev")
        self.bob.types("/leave")
        refusal = self.assertRaises(Refused, lambda: self.session.current)
        self.assertEqual((str(refusal), refusal.code), ("You are in no room. /join #lobby", "not-member"))

    def test_how_a_stream_is_seen_follows_from_the_room_the_settings_and_who_is_ignored(self) -> None:
        self.bob.types("/join #dev", "/set echo on", "/set joins none", "/set timestamps on")
        self.bob.types("/set numbers on", "/set timezone Europe/Paris", "/ignore alice", "/ignore eve")
        view = self.session.view("#dev")
        self.assertEqual((view.current, self.session.view("#lobby").current), (True, False))
        self.assertEqual(
            (view.echo, view.joins, view.stamped, view.numbered, str(view.zone)),
            (True, "none", True, True, "Europe/Paris"),
        )
        alice = "@" + self.session_of(self.alice).id
        self.assertEqual(view.ignored, {"alice", alice, "eve"})

    def test_a_program_is_told_of_the_current_room_and_all_rooms(self) -> None:
        self.bob.types("/join #dev")
        welcome = Membership(self.session).welcome({"@": 0, "dev": 1, "lobby": 2})
        self.assertEqual((welcome.nick, welcome.room, welcome.people), ("bob", "dev", []))
        self.assertEqual((welcome.rooms, welcome.after), (["lobby", "dev"], {"@": 0, "dev": 1, "lobby": 2}))
        self.assertEqual((welcome.session, welcome.code), self.session.ticket)
        self.bob.types("/leave", "/leave")
        self.assertEqual(Membership(self.session).welcome({}).room, "")


class EndTests(SessionCase):
    def test_a_break_is_told_nobody_for_20_seconds(self) -> None:
        self.bob.breaks_off()
        self.clock.advance(GRACE - 0.1)
        self.assertEqual(self.alice.sees(), [])
        self.assertTrue(self.session.is_broken)
        kept = self.kept(self.session)
        assert kept is not None
        self.assertEqual((kept.broken, kept.has_left), (self.session.broken, False))
        self.clock.advance(0.1)
        self.assertEqual(self.alice.sees(), ["*** bob left #lobby: connection lost."])
        kept = self.kept(self.session)
        assert kept is not None
        self.assertTrue(kept.has_left)

    def test_whose_connection_is_broken_is_still_there_to_be_written_to_and_told_of(self) -> None:
        self.bob.breaks_off()
        self.assertEqual(self.alice.types("/msg bob hi"), ["[to bob] hi"])
        self.assertEqual(self.alice.types("/who"), ["*** 2 people are in #lobby: alice, bob."])
        self.clock.advance(GRACE)
        self.assertEqual(self.alice.types("/msg bob hi")[-1], '!!! Nobody here is called "bob".')

    def test_a_farewell_is_told_at_once_and_in_every_room(self) -> None:
        self.bob.types("/join #dev")
        self.alice.types("/join #dev")
        self.bob.types("/quit bye")
        self.assertEqual(self.alice.sees()[-2:], ["*** bob left #lobby: bye.", "*** bob left #dev: bye."])
        kept = self.kept(self.session)
        assert kept is not None
        self.assertEqual((kept.has_left, kept.rooms), (True, ("#lobby", "#dev")))

    def test_when_the_server_ends_nobody_has_left(self) -> None:
        self.chat.stop()
        self.bob.dialogue.lost("")
        self.clock.advance(GRACE)
        self.settle()
        kept = self.kept(self.session)
        assert kept is not None
        self.assertEqual((kept.has_left, self.alice.sees()), (False, []))

    def test_after_five_minutes_nothing_is_known_any_more(self) -> None:
        for visitor, line in ((self.bob, "/quit"), (self.alice, "")):
            visitor.types(line)
            visitor.breaks_off()
        self.clock.advance(LONGEST_ABSENCE - 1)
        self.assertIsNotNone(self.kept(self.session))
        self.assertIsNotNone(self.chat.resumable.find(self.session.ticket.code, self.clock.seconds()))
        self.clock.advance(1.1)
        self.assertIsNone(self.chat.resumable.find(self.session.ticket.code, self.clock.seconds()))
        self.clock.advance(10)  # until it is looked what need be kept no longer
        self.assertEqual(self.successResultOf(self.log.records(records.SESSION)), {})
        self.assertEqual(self.successResultOf(self.log.records(records.PLACE)), {})

    def test_who_is_back_in_time_was_never_gone(self) -> None:
        self.bob.breaks_off()
        self.clock.advance(GRACE - 0.1)
        self.session.stay()
        self.session.be_back(self.session.ticket)
        self.session.register((LOBBY,))
        self.clock.advance(GRACE)
        self.assertEqual((self.alice.sees(), self.session.is_broken), ([], False))
        kept = self.kept(self.session)
        assert kept is not None
        self.assertIsNone(kept.broken)

    def test_who_could_not_come_in_is_not_known(self) -> None:
        self.session.withdraw()
        self.assertIsNone(self.kept(self.session))
        self.assertIsNone(self.chat.resumable.find(self.session.ticket.code, 0))
        self.assertEqual(self.alice.types("/msg bob hi"), ['!!! Nobody here is called "bob".'])


class NameTests(SessionCase):
    def test_a_name_is_held_beside_the_one_that_one_has_until_it_is_given_back(self) -> None:
        name = self.session.claim("rob")
        assert isinstance(name, Name)
        self.assertEqual(name.display, "rob")
        self.assertRaises(Refused, self.session_of(self.alice).claim, "rob")
        self.assertRaises(Refused, self.session_of(self.alice).claim, "bob")
        self.session.release(name)
        self.assertEqual(self.session_of(self.alice).claim("rob"), name)

    def test_of_a_taken_one_the_first_variant_that_is_free(self) -> None:
        self.assertEqual(self.session.claim("alice", or_variant=True), nickname("alice2"))


class BellTests(ChatCase):
    """Who has asked for it hears a bell when they are mentioned, or written to."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob, self.carl = self.enter("alice", "bob", "carl")
        self.assertEqual(self.bob.types("/set bell on"), ["*** bell is on."])

    def test_it_rings_when_one_is_mentioned_in_any_room_and_when_one_is_written_to(self) -> None:
        self.bob.types("/join #dev", "/join #lobby")
        self.alice.types("bob: hi", "bobby", "/me asks Bob", "/msg bob hi", "/join #dev", "@bob")
        self.assertEqual(
            self.bob.sees(),
            [
                "<alice> bob: hi\a", "<alice> bobby", "* alice asks Bob\a", "[from alice] hi\a",
                "*** alice joined #dev.", "#dev <alice> @bob\a",
            ],
        )  # fmt: skip
        self.assertNotIn("\a", "".join(self.carl.sees()))

    def test_it_rings_by_the_nickname_that_one_has(self) -> None:
        self.bob.types("/nick rob")
        self.alice.types("bob: hi", "rob: hi")
        self.assertEqual(self.bob.sees(), ["<alice> bob: hi", "<alice> rob: hi\a"])

    def test_not_any_more_when_it_is_set_off(self) -> None:
        self.bob.types("/set bell off")
        self.alice.types("bob: hi", "/msg bob hi")
        self.assertEqual(self.bob.sees(), ["<alice> bob: hi", "[from alice] hi"])

    def test_not_by_what_one_says_oneself_nor_by_whom_one_does_not_hear(self) -> None:
        self.bob.types("/set echo on", "/ignore alice")
        self.assertEqual(self.bob.types("bob"), ["<bob> bob"])
        self.assertEqual(self.bob.types("/msg carl bob"), ["[to carl] bob"])
        self.alice.types("bob")
        self.assertEqual(self.bob.sees(), [])

    def test_not_by_what_is_of_the_past(self) -> None:
        self.alice.types("bob: hi")
        self.bob.sees()
        self.assertNotIn("\a", "".join(self.bob.types("/history", "/search hi", "/context 5")))

    def test_who_held_or_did_not_read_hears_it_with_the_line(self) -> None:
        self.bob.types("/hold")
        self.alice.types("bob: hi", "hello")
        self.assertEqual(self.bob.types("/go")[1:], ["<alice> bob: hi\a", "<alice> hello"])

    def test_it_is_set_still_after_a_break(self) -> None:
        code = self.bob.dialogue.reader.session
        session = self.chat.people.session(code)
        assert isinstance(session, Session)
        self.bob.breaks_off()
        bob, shown = self.come_back(session.ticket.code)
        self.alice.types("bob: hi")
        self.assertEqual((bob.sees(), "\a" in "".join(shown)), (["<alice> bob: hi\a"], False))

    def test_nobody_can_ring_it_for_others(self) -> None:
        self.alice.types("a\abob\a")
        self.assertEqual(self.bob.sees(), ["<alice> abob"])
