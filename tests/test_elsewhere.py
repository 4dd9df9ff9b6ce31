"""Who is on another node is found, written to, asked about and put out as if they were on this one."""

from __future__ import annotations

import json

from twisted.internet.defer import Deferred

from tcpchat import records
from tcpchat.elsewhere import TOLD_WITHIN
from tcpchat.events import Joined, Kicked, Left, Said, Told, inbox
from tcpchat.limits import LONGEST_ABSENCE
from tcpchat.person import Seat
from tcpchat.places import Place
from tcpchat.records import KeptSession
from tcpchat.requests import Refused
from tcpchat.tickets import digest
from tests.afar import FAR, AfarCase


class KnownTests(AfarCase):
    def setUp(self) -> None:
        super().setUp()
        (self.anna,) = self.enter("anna")
        self.record = self.comes("s90", "zoe", "#lobby", "#sea")
        self.anna.sees()

    def test_they_are_seen_to_come_and_are_among_those_who_are_there(self) -> None:
        self.comes("s91", "yan", "#lobby")
        self.assertEqual(self.anna.sees(), ["*** yan joined #lobby."])
        self.assertEqual(self.anna.types("/who"), ["*** 3 people are in #lobby: anna, zoe, yan."])

    def test_what_is_told_of_them_but_for_how_idle_they_are(self) -> None:
        (told,) = self.anna.types("/whois zoe")
        self.assertEqual(told, "*** zoe is in #lobby, #sea, connected since 10:02.")
        *_, answer = self.anna.types("/json", "/whois zoe")
        self.assertIsNone(json.loads(answer)["idle"])

    def test_in_which_rooms_they_are_says_the_log(self) -> None:
        self.assertEqual([feed.stream for feed in self.person("s90").feeds], ["#lobby", "#sea"])
        self.happens("#sea", Left("s90", "zoe"))
        self.assertEqual((self.person("s90").rooms, self.seat("s90").address), (["#lobby"], FAR))

    def test_others_do_not_know_who_of_them_reads_the_audit_trail(self) -> None:
        self.happens("#audit", Joined("s90", "zoe"))
        self.changes("s90", self.record, rooms=("#audit", "#lobby"))
        self.assertEqual(self.person("s90").rooms, ["#lobby"])
        self.assertEqual([feed.stream for feed in self.person("s90").feeds], ["#audit", "#lobby"])

    def test_what_they_change_is_known(self) -> None:
        record = self.changes("s90", self.record, away="sailing", correspondent="s7", ignored={"eve": "@s6"})
        person = self.person("s90")
        self.assertEqual((person.away, person.correspondent), ("sailing", "s7"))
        self.assertEqual(person.ignored, {"eve": "@s6"})
        self.assertEqual(self.anna.types("/who"), ["*** 2 people are in #lobby: anna, zoe (away)."])
        self.changes("s90", record, nick="zora", away=None, account="s90")
        self.assertEqual((person.nick, person.away, person.account), ("zora", None, "s90"))

    def test_a_nickname_that_is_none_here_is_not_theirs(self) -> None:
        self.changes("s90", self.record, nick="no nick")
        self.assertEqual(self.person("s90").nick, "zoe")
        self.is_kept("s92", KeptSession("no nick", (), FAR, 0, node="there"))
        self.assertIsNone(self.chat.people.person("s92"))

    def test_a_broken_connection_is_known_as_one(self) -> None:
        self.assertFalse(self.person("s90").is_broken)
        self.changes("s90", self.record, broken=self.wall())
        self.assertTrue(self.person("s90").is_broken)

    def test_who_has_left_is_not_found_any_more(self) -> None:
        self.goes("s90", self.record)
        self.assertEqual(self.anna.sees(), ["*** zoe left #lobby."])
        self.assertEqual(self.anna.types("/whois zoe"), ['!!! Nobody here is called "zoe".'])
        self.is_kept("s90", None)

    def test_of_a_record_that_is_gone_nobody_is_there(self) -> None:
        self.is_kept("s90", None)
        self.assertIsNone(self.chat.people.person("s90"))

    def test_the_sessions_of_this_node_and_of_none_are_nobodys_elsewhere(self) -> None:
        for session, node in ("s93", "here"), ("s94", ""):
            self.is_kept(session, KeptSession("yan", (), FAR, 0, node=node))
            self.assertIsNone(self.chat.people.session(session))

    def test_what_is_done_with_them_here_is_done_by_their_node(self) -> None:
        seat, lobby = self.seat("s90"), self.chat.rooms.lobby
        seat.restyle()
        seat.stand_by(lobby, 1, "")
        seat.drop(lobby, "")
        seat.put_out_of(lobby)
        seat.heard_from(Told("s1", "anna", "zoe", "psst"))
        seat.follow_inbox(self.chat.inboxes.feed("s90"))
        seat.banish(Refused(""))
        self.assertEqual(self.person("s90").rooms, ["#lobby", "#sea"])
        self.assertEqual((seat.idle, seat.is_distant), (None, True))


class StartTests(AfarCase):
    def test_a_node_that_starts_knows_who_is_on_the_others(self) -> None:
        self.comes("s90", "zoe", "#lobby")
        self.crash()
        self.assertEqual(self.person("s90").rooms, ["#lobby"])

    def test_a_server_alone_does_not_look(self) -> None:
        self.comes("s90", "zoe", "#lobby")
        self.log.node = ""
        self.crash()
        seat = self.chat.people.session("s90")
        self.assertTrue(seat is None or not seat.is_distant)


class PrivateTests(AfarCase):
    def setUp(self) -> None:
        super().setUp()
        (self.anna,) = self.enter("anna")
        self.record = self.comes("s90", "zoe", "#lobby")
        self.anna.sees()

    def test_somebody_there_is_written_to_and_nobody_here_follows_their_inbox(self) -> None:
        self.assertEqual(self.anna.types("/msg zoe hello"), ["[to zoe] hello"])
        self.assertEqual([feed.stream for feed in self.chat.inboxes], [inbox(self.anna.session.id)])
        (entry,) = self.successResultOf(self.log.read(inbox("s90"), 0, 10))
        self.assertEqual(entry.event, Told(self.anna.session.id, "anna", "zoe", "hello"))

    def test_that_they_are_away_is_told(self) -> None:
        self.changes("s90", self.record, away="sailing")
        self.assertEqual(
            sorted(self.anna.types("/msg zoe hello")), ["*** zoe is away: sailing", "[to zoe] hello"]
        )

    def test_what_somebody_there_writes_is_shown_at_once_and_can_be_answered(self) -> None:
        id = self.anna.session.id
        self.happens(inbox(id), Told("s90", "zoe", "anna", "psst"))
        self.assertEqual(self.anna.sees(), ["[from zoe] psst"])
        self.happens(inbox(id), Told("s90", "zoe", "anna", "well?"))
        self.assertEqual(self.anna.sees(), ["[from zoe] well?"])
        self.assertEqual(self.anna.types("/reply yes"), ["[to zoe] yes"])

    def test_who_is_not_heard_is_no_correspondent(self) -> None:
        self.anna.types("/ignore zoe")
        self.happens(inbox(self.anna.session.id), Told("s90", "zoe", "anna", "psst"))
        self.assertEqual(self.anna.sees(), [])
        self.assertIsNone(self.anna.session.person.correspondent)

    def test_the_inbox_of_somebody_who_is_not_here_is_not_followed(self) -> None:
        self.happens(inbox("s90"), Told("s95", "yan", "zoe", "psst"))
        self.happens(inbox("s96"), Told("s95", "yan", "bob", "psst"))
        self.assertEqual(list(self.chat.inboxes), [])

    def test_what_came_while_a_connection_was_broken_comes_after_resuming(self) -> None:
        self.anna.breaks_off()
        self.happens(inbox(self.anna.session.id), Told("s90", "zoe", "anna", "psst"))
        _, shown = self.come_back(self.anna.code)
        self.assertIn("[10:02] [from zoe] psst", shown)


class TwiceTests(AfarCase):
    """Anna has an account, and is on this node; then on the other one, too."""

    def setUp(self) -> None:
        super().setUp()
        self.anna = self.log_in("anna")
        (self.bob,) = self.enter("bob")
        self.anna.sees()
        self.far = self.comes("s90", "anna", account="a-anna", rooms=("#lobby",))

    def left(self) -> list[Left]:
        return self.events("#lobby", Left)

    def test_both_sessions_are_one_persons(self) -> None:
        self.assertEqual(self.person("a-anna").sessions, (self.anna.session, self.seat("s90")))
        self.assertTrue(self.person("a-anna").is_here)

    def test_she_has_not_left_while_she_is_there(self) -> None:
        self.anna.types("/quit")
        self.assertEqual((self.bob.sees(), self.left()), ([], []))
        self.assertEqual(self.bob.types("/whois anna")[0], "*** anna is in #lobby, connected since 10:02.")
        self.goes("s90", self.far)
        self.assertEqual(self.bob.sees(), ["*** anna left #lobby."])
        self.clock.advance(TOLD_WITHIN)
        self.settle()
        self.assertEqual(len(self.left()), 1)

    def test_nobody_follows_her_inbox_here_once_she_is_only_there(self) -> None:
        self.bob.types("/msg anna psst")
        self.anna.types("/quit")
        self.assertEqual([feed.stream for feed in self.chat.inboxes], [inbox(self.bob.session.id)])

    def test_she_has_not_left_when_that_session_ends(self) -> None:
        self.goes("s90", self.far, is_told=False)
        self.clock.advance(TOLD_WITHIN)
        self.settle()
        self.assertEqual((self.left(), self.person("a-anna").sessions), ([], (self.anna.session,)))

    def test_if_she_leaves_both_at_once_and_neither_node_tells_this_one_does(self) -> None:
        self.anna.types("/quit good night")
        self.goes("s90", self.far, is_told=False)
        self.assertEqual(self.left(), [])
        self.clock.advance(TOLD_WITHIN)
        self.settle()
        self.assertEqual([(left.nick, left.reason) for left in self.left()], [("anna", "good night")])

    def test_if_she_is_back_meanwhile_nobody_does(self) -> None:
        self.anna.types("/quit")
        self.goes("s90", self.far, is_told=False)
        self.comes("s91", "anna", account="a-anna", rooms=("#lobby",))
        self.clock.advance(TOLD_WITHIN)
        self.settle()
        self.assertEqual(self.left(), [])

    def test_of_one_who_was_back_here_and_has_left_last_nothing_is_left_to_tell(self) -> None:
        self.anna.types("/quit")
        again = self.log_in("anna")
        self.goes("s90", self.far, is_told=False)
        again.types("/quit")
        self.clock.advance(TOLD_WITHIN)
        self.settle()
        self.assertEqual(len(self.left()), 1)

    def test_what_she_changes_there_she_has_changed_here(self) -> None:
        self.changes("s90", self.far, nick="ann", ignored={"bob": inbox(self.bob.session.id)})
        self.assertEqual(self.anna.session.nick, "ann")
        self.bob.types("psst")
        self.assertEqual(self.anna.sees(), [])
        self.assertIn("bob", self.anna.session.ignored_lately)

    def test_what_has_not_changed_there_does_not_undo_what_has_here(self) -> None:
        self.anna.types("/away thinking")
        self.changes("s90", self.far, correspondent="s7")
        self.assertEqual(self.person("a-anna").away, "thinking")


class ComingBackTests(AfarCase):
    def test_a_session_of_another_node_can_be_taken_up_by_its_code_while_there(self) -> None:
        record = self.comes("s90", "zoe", "#lobby", secrets=(digest("fig-42-moss-lamp"),))
        find = self.chat.resumable.find
        self.assertEqual(find("fig-42-moss-lamp", self.clock.seconds()), "s90")
        self.changes("s90", record, broken=self.wall())
        self.clock.advance(LONGEST_ABSENCE + 1)
        self.assertIsNone(find("fig-42-moss-lamp", self.clock.seconds()))
        self.changes("s90", record, broken=None)
        self.assertEqual(find("fig-42-moss-lamp", self.clock.seconds()), "s90")
        self.is_kept("s90", None)
        self.assertIsNone(find("fig-42-moss-lamp", self.clock.seconds()))

    def test_a_session_that_goes_on_here_is_none_of_the_other_node(self) -> None:
        self.comes("s90", "zoe", "#lobby")
        person = self.person("s90")
        self.assertIs(self.chat.elsewhere.go_on_here("s90"), person)
        self.assertIsNone(self.chat.people.session("s90"))
        self.assertIsNone(self.chat.elsewhere.go_on_here("s90"))

    def test_a_session_of_this_node_that_goes_on_there_is_told(self) -> None:
        (anna,) = self.enter("anna")
        session = anna.session
        moved: list[Seat] = []
        self.chat.elsewhere.moved = moved.append
        kept = self.successResultOf(self.log.record(records.SESSION, session.id))
        assert kept is not None
        self.changes(session.id, records.session(kept), node="there")
        self.assertEqual(moved, [session])
        self.assertTrue(self.seat(session.id).is_distant)
        self.assertFalse(self.chat.people.leave(session.person, session))
        self.assertEqual(self.person(session.id).sessions, (self.seat(session.id),))

    def test_where_it_was_is_known_from_what_its_node_keeps(self) -> None:
        self.happens("#lobby", Joined("s91", "yve"))
        self.comes("s90", "zoe", "#lobby")
        behind = records.encode({"#lobby": Place(1, 1)})
        self.assertEqual(self.chat.elsewhere.places(self.seat("s90"), behind), {"#lobby": Place(1, 1)})
        self.assertEqual(self.chat.elsewhere.places(self.seat("s90"), None), {"#lobby": Place(2, 2)})
        (anna,) = self.enter("anna")
        self.assertEqual(self.chat.elsewhere.places(anna.session, behind), {})

    def test_whoever_comes_from_there_waits_until_the_log_says_that_they_have_left(self) -> None:
        self.register("anna")
        far = self.comes("s90", "anna", "#lobby", account="a-anna")
        self.goes("s90", far, is_told=False)
        told = Deferred.fromCoroutine(self.chat.elsewhere.until_told("a-anna"))
        self.assertNoResult(told)
        self.happens("#lobby", Left("s90", "anna", account="a-anna"))
        self.clock.advance(0.1)
        self.successResultOf(told)

    def test_they_do_not_wait_for_ever(self) -> None:
        far = self.comes("s90", "zoe", "#lobby")
        self.goes("s90", far, is_told=False)
        told = Deferred.fromCoroutine(self.chat.elsewhere.until_told("s90"))
        self.clock.pump([0.1] * 40)
        self.successResultOf(told)

    def test_a_session_that_is_somebody_elses_now_is(self) -> None:
        record = self.comes("s90", "anna", "#lobby", account="a-anna")
        self.changes("s90", record, account="")
        self.assertIsNone(self.chat.people.person("a-anna"))
        self.assertEqual(self.person("s90").sessions, (self.seat("s90"),))


class RoomTests(AfarCase):
    def test_a_room_that_another_node_opens_is_here_as_well(self) -> None:
        (anna,) = self.enter("anna")
        self.comes("s90", "zoe", "#sea")
        self.happens("#sea", Said("s90", "zoe", "ahoy"))
        self.assertEqual(anna.types("/rooms"), ["*** #lobby: 1 person", "*** #sea: 1 person"])
        self.assertEqual(
            anna.types("/join #sea"),
            [
                "*** You are anna, in #sea with zoe.",
                "*** The last 1 line of #sea:",
                "[10:02] <zoe> ahoy",
                "*** Live now.",
            ],
        )

    def test_who_is_there_is_put_out_by_an_operator_here(self) -> None:
        anna = self.log_in("anna")
        anna.types("/join #own")
        self.comes("s90", "zoe", "#own")
        self.assertEqual(anna.sees(), ["*** zoe joined #own."])
        self.assertEqual(anna.types("/kick zoe"), ["*** zoe was kicked from #own by anna."])
        self.assertEqual(self.events("#own", Kicked)[0].target, "s90")
        self.assertEqual(self.person("s90").rooms, [])
        self.assertEqual(
            anna.types("/lock", "/invite zoe"),
            ["*** #own was locked by anna.", "*** zoe was invited to #own by anna."],
        )
        self.assertEqual([feed.stream for feed in self.chat.inboxes], [inbox("a-anna")])
