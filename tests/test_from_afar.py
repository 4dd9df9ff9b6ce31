"""What another node does takes its effect on the people of this one: bans, announcements, rooms gone into."""

from __future__ import annotations

import msgspec

from tcpchat import records
from tcpchat.events import Announced, Banned, Joined, Left, Renamed, Said
from tcpchat.from_afar import AGAIN, ENFORCE_AFTER
from tcpchat.names import nickname
from tcpchat.records import KeptSanction
from tcpchat.sanctions import BAN, MUTE, SERVER
from tcpchat.upkeep import UPKEEP
from tests.afar import AfarCase

EVES = KeptSanction("b1", BAN, SERVER, "eve", "zoe", 0, reason="spam", keys=nickname("eve").keys)


class BanTests(AfarCase):
    def setUp(self) -> None:
        super().setUp()
        self.anna, self.eve = self.enter("anna", "eve")

    def is_banned(self, sanction: KeptSanction) -> None:
        """Another node has banned somebody."""
        self.chat.sanctions.take_in(sanction.id, records.encode(sanction))

    def second_passes(self) -> None:
        self.clock.advance(ENFORCE_AFTER)
        self.settle()

    def test_who_is_banned_there_from_the_server_is_hung_up_on_here(self) -> None:
        self.is_banned(EVES)
        banned = Banned("s90", "zoe", "eve", (self.eve.session.id,), None, "spam", True, "c1")
        self.happens("#lobby", banned)
        self.assertEqual(self.anna.sees(), ["*** eve was banned by zoe: spam."])
        self.second_passes()
        self.assertEqual(self.eve.sees()[-1], "!!! You are banned: spam.")
        self.assertTrue(self.eve.screen.closed)
        self.assertEqual((self.anna.sees(), self.events("#lobby", Left)), ([], []))
        self.assertEqual(self.connect().types("eve")[2], "!!! You are banned: spam.")

    def test_also_who_came_in_at_the_same_time(self) -> None:
        self.is_banned(EVES)
        self.second_passes()
        self.assertEqual(self.eve.sees(), ["!!! You are banned: spam."])
        self.assertEqual(self.anna.sees(), ["*** eve left #lobby."])

    def test_who_is_told_of_the_ban_while_coming_in_does_not_stay(self) -> None:
        zoe = self.connect()
        zoe.sees()
        zoe.dialogue.received("zoe")
        self.is_banned(msgspec.structs.replace(EVES, keys=nickname("zoe").keys))
        self.assertEqual(zoe.sees()[-1], "!!! You are banned: spam.")
        self.assertTrue(zoe.screen.closed)

    def test_what_is_lifted_at_once_puts_nobody_out(self) -> None:
        self.is_banned(EVES)
        self.chat.sanctions.take_in("b1", None)
        self.second_passes()
        self.assertEqual(self.eve.sees(), [])

    def test_an_operator_of_the_server_is_never_hit(self) -> None:
        self.log_in("zed", is_operator=True)
        self.is_banned(msgspec.structs.replace(EVES, keys=(), networks=("192.0.2.0/24",)))
        self.second_passes()
        self.assertEqual(self.anna.sees()[-1], "!!! You are banned: spam.")
        self.assertIsNotNone(self.chat.people.person("a-zed"))

    def test_who_is_banned_from_a_room_and_still_there_is_put_out_of_it(self) -> None:
        self.anna.types("/join #own")
        self.eve.types("/join #own")
        self.anna.sees()
        self.is_banned(msgspec.structs.replace(EVES, room="#own"))
        self.second_passes()
        self.assertEqual(
            self.eve.sees(),
            [
                "*** You are no longer in #own. You are in #lobby.",
                "!!! You are banned from #own: spam.",
            ],
        )
        self.assertEqual(self.anna.sees(), ["*** eve left #own: banned."])
        self.assertEqual(self.eve.types("/join #own"), ["!!! You are banned from #own: spam."])

    def test_of_a_room_that_is_not_open_nobody_is_put_out(self) -> None:
        self.is_banned(msgspec.structs.replace(EVES, room="#nowhere"))
        self.second_passes()
        self.assertEqual(self.eve.sees(), [])

    def test_who_is_muted_there_cannot_speak_here(self) -> None:
        self.is_banned(msgspec.structs.replace(EVES, kind=MUTE, room="#lobby"))
        self.second_passes()
        self.assertEqual(self.eve.types("hello"), ["!!! You are muted in #lobby: spam."])

    def test_who_is_on_the_other_node_is_hung_up_on_there(self) -> None:
        self.comes("s90", "zoe", "#lobby")
        self.anna.sees()
        self.is_banned(msgspec.structs.replace(EVES, keys=nickname("zoe").keys))
        self.second_passes()
        self.assertEqual((self.anna.sees(), self.events("#lobby", Left)), ([], []))


class TwiceTests(AfarCase):
    """Anna has an account, and is on this node and on another one."""

    def setUp(self) -> None:
        super().setUp()
        self.anna = self.log_in("anna")
        (self.bob,) = self.enter("bob")
        self.anna.sees()
        self.far = self.comes("s90", "anna", account="a-anna", rooms=("#lobby",))

    def test_into_a_room_she_goes_with_both(self) -> None:
        self.happens("#sea", Joined("s90", "anna", account="a-anna"), Said("s90", "anna", "ahoy"))
        self.assertEqual(
            self.anna.sees(),
            [
                "*** You are in #sea now, too: you joined it over another connection.",
                "#sea <anna> ahoy",
            ],
        )
        self.assertEqual(self.anna.session.current.stream, "#lobby")
        self.assertEqual(self.bob.types("/join #sea")[0], "*** You are bob, in #sea with anna.")

    def test_also_into_one_that_is_closed_here(self) -> None:
        self.anna.types("/join #sea", "/leave")
        for _ in range(2):
            self.clock.advance(UPKEEP)
            self.settle()
        self.assertIsNone(self.chat.rooms.open_room("#sea"))
        self.happens("#sea", Joined("s90", "anna", account="a-anna"))
        self.assertEqual(
            self.anna.sees()[-1], "*** You are in #sea now, too: you joined it over another connection."
        )

    def test_by_another_nickname_she_is_known_at_once(self) -> None:
        self.happens("#lobby", Renamed("s90", "anna", "ann", ("#lobby",), "c1", account="a-anna"))
        self.assertEqual(self.anna.session.nick, "ann")
        self.happens("#lobby", Renamed("s90", "ann", "no nick", ("#lobby",), "c2", account="a-anna"))
        self.assertEqual(self.anna.session.nick, "ann")
        self.anna.types("/nick anne")
        self.assertEqual(self.person("a-anna").nick, "anne")

    def test_once(self) -> None:
        joined = Joined("s90", "anna", account="a-anna")
        self.happens("#sea", joined)
        self.anna.sees()
        self.happens("#sea", joined)
        self.assertEqual(self.anna.session.feeds, [*dict.fromkeys(self.anna.session.feeds)])

    def test_a_program_is_shown_its_coming(self) -> None:
        self.anna.types("/json")
        self.happens("#sea", Joined("s90", "anna", account="a-anna"))
        self.assertIn('"type":"joined","room":"sea","seq":1', self.anna.sees()[-1])

    def test_out_of_a_room_as_well(self) -> None:
        self.happens("#lobby", Left("s90", "anna", account="a-anna"))
        self.assertEqual(
            self.anna.sees(), ["*** anna left #lobby.", "*** You left #lobby. You are in no room."]
        )
        self.assertEqual(self.bob.sees(), ["*** anna left #lobby."])

    def test_what_a_session_did_on_the_node_that_it_was_on_before_counts(self) -> None:
        self.happens("#lobby", Left(self.anna.session.id, "anna", account="a-anna"))
        self.assertEqual(self.anna.sees()[-1], "*** You left #lobby. You are in no room.")

    def test_who_is_back_before_a_slow_node_tells_that_they_were_gone_is_in_the_room(self) -> None:
        self.happens("#lobby", Left(self.bob.session.id, "bob", "connection lost", is_gone=True))
        self.assertEqual(
            self.anna.sees(), ["*** bob left #lobby: connection lost.", "*** bob joined #lobby."]
        )
        self.bob.sees()
        self.bob.types("still here")
        self.assertEqual(self.anna.sees(), ["<bob> still here"])

    def test_whoever_was_not_here_yet_when_it_happened_is_in_all_rooms(self) -> None:
        feed = self.chat.rooms.open_room("#sea")
        self.assertIsNone(feed)
        self.chat.rooms.been_shown = lambda feed, entries: None
        self.happens("#sea", Joined("s90", "anna", account="a-anna"))
        self.assertEqual(self.anna.sees(), [])
        self.changes("s90", self.far, rooms=("#lobby", "#sea"))
        self.assertEqual(
            self.anna.sees(), ["*** You are in #sea now, too: you joined it over another connection."]
        )

    def test_as_banned_from_where_the_other_one_is_connected(self) -> None:
        self.happens("#lobby", Left("s90", "anna", "banned", account="a-anna"))
        self.assertEqual(self.anna.sees()[1:], ["*** You are no longer in #lobby. You are in no room."])

    def test_who_was_taken_for_gone_by_a_node_that_did_not_know_better_is_back_at_once(self) -> None:
        self.goes("s90", self.far, is_told=False)
        self.happens("#lobby", Left("s90", "anna", account="a-anna"))
        self.assertEqual(self.bob.sees(), ["*** anna left #lobby.", "*** anna joined #lobby."])
        self.anna.types("still here")
        self.assertEqual(self.bob.sees(), ["<anna> still here"])

    def test_also_of_one_who_is_not_known_any_more_to_have_been_there(self) -> None:
        self.happens("#lobby", Left("s91", "anna", "connection lost", account="a-anna"))
        self.assertEqual(
            self.bob.sees(), ["*** anna left #lobby: connection lost.", "*** anna joined #lobby."]
        )

    def test_if_that_cannot_be_logged_now_it_is_later(self) -> None:
        self.goes("s90", self.far, is_told=False)
        self.log.append("#lobby", [Left("s90", "anna", account="a-anna")])
        self.log.full = True
        self.settle()
        self.clock.advance(3 * AGAIN)
        self.settle()
        self.assertEqual(self.anna.types("hello")[-1], "!!! You are not in #lobby. /join #lobby")
        self.log.full = False
        self.clock.advance(AGAIN)
        self.settle()
        self.assertEqual(self.bob.sees(), ["*** anna left #lobby.", "*** anna joined #lobby."])
        self.anna.types("hello")
        self.assertEqual(self.bob.sees(), ["<anna> hello"])

    def test_who_is_gone_meanwhile_is_not_back(self) -> None:
        self.goes("s90", self.far, is_told=False)
        self.log.append("#lobby", [Left("s90", "anna", account="a-anna")])
        self.log.full = True
        self.settle()
        self.anna.types("/quit")
        self.log.full = False
        self.clock.advance(3 * AGAIN)
        self.settle()
        self.assertEqual(self.bob.sees(), ["*** anna left #lobby."])

    def test_of_a_room_that_she_is_not_in_she_is_told_nothing(self) -> None:
        self.happens("#sea", Left("s90", "anna", account="a-anna"))
        self.assertEqual(self.anna.sees(), [])

    def test_what_she_does_here_is_done_already(self) -> None:
        self.assertEqual(self.anna.types("/join #sea")[0], "*** You are anna, in #sea.")
        self.assertEqual(self.anna.types("/leave"), ["*** You left #sea. You are in #lobby."])

    def test_who_becomes_an_operator_there_is_in_the_audit_trails_room_here(self) -> None:
        self.happens("#audit", Joined("s90", "anna", account="a-anna"))
        self.assertEqual(self.anna.sees(), ["*** You are an operator of the server. You are in #audit, too."])


class AnnouncedTests(AfarCase):
    def test_who_is_in_no_room_is_told_once_what_is_announced_there(self) -> None:
        anna, bob = self.enter("anna", "bob")
        anna.types("/leave")
        bob.sees()
        for room in "#lobby", "#sea":
            self.happens(room, Announced("s90", "zoe", "back at ten", "c1"))
        told = ["*** Announcement from zoe: back at ten"]
        self.assertEqual((anna.sees(), bob.sees()), (told, told))

    def test_who_is_on_the_other_node_is_told_there(self) -> None:
        self.comes("s90", "zoe")
        self.happens("#lobby", Announced("s91", "yan", "back at ten", "c1"))
        self.assertEqual(self.person("s90").rooms, [])

    def test_of_ones_own_everybody_is_told_already(self) -> None:
        anna = self.log_in("anna", is_operator=True)
        (bob,) = self.enter("bob")
        bob.types("/leave")
        anna.types("/announce back at ten")
        self.assertEqual(len(bob.sees()), 1)
