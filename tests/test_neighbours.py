"""Two nodes on a real NATS server are one chat: what people of one do concerns those of the other at once."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from tcpchat.events import Left, inbox
from tcpchat.limits import Retention
from tests.neighbours import NeighboursCase

FAR = "198.51.100.7"


class TalkTests(NeighboursCase):
    def test_all_that_people_do_about_each_other_works_over_two_nodes(self) -> None:
        anna, bob = self.enter(self.east, "anna"), self.enter(self.west, "bob")
        anna.sees_soon("bob joined #lobby.")
        anna.says("hello")
        self.assertEqual(bob.sees_soon("hello"), ["<anna> hello"])

        self.assertEqual(anna.asks("/msg bob psst", "psst"), ["[to bob] psst"])
        self.assertEqual(bob.sees_soon("psst"), ["[from anna] psst"])
        self.assertEqual(bob.asks("/reply yes?", "yes?"), ["[to anna] yes?"])
        self.assertEqual(anna.sees_soon("yes?"), ["[from bob] yes?"])
        anna.asks("/reply no", "no")
        bob.sees_soon("[from anna] no")
        self.assertEqual([it.stream for it in self.east.chat.inboxes], [inbox(anna.session.id)])

        bob.asks("/away eating", "away")
        self.turns.until(lambda: self.east.chat.people.is_away(bob.session.id))
        self.assertIn("*** bob is away: eating", anna.asks("/msg bob there?", "eating", "there?"))
        self.assertIn("bob is in #lobby, connected since", anna.asks("/whois bob", "is away")[0])
        self.assertEqual(anna.asks("/who", "#lobby"), ["*** 2 people are in #lobby: anna, bob (away)."])
        self.assertEqual(anna.asks("/seen bob", "here"), ["*** bob is here now."])

        bob.sees_soon("there?")
        bob.asks("/nick rob", "now known as rob")
        anna.sees_soon("*** bob is now known as rob.")
        self.assertIn("*** rob is in #lobby", anna.asks("/whois rob", "is away")[0])
        anna.asks("/ignore rob", "no longer hear rob")
        bob.asks("/msg anna hear me", "hear me")
        box = inbox(anna.session.id)
        self.turns.until(lambda: self.east.log.last(box) == self.west.log.last(box))
        anna.asks("/unignore rob", "hear rob again")
        id = bob.session.id
        bob.asks("/quit bye", "Goodbye")
        self.assertEqual(anna.sees_soon("left"), ["*** rob left #lobby: bye."])
        self.turns.until(lambda: self.east.chat.people.person(id) is None)
        anna.asks("/seen rob", "*** rob was last here at")

    def test_what_was_missed_in_private_is_shown_to_who_comes_back(self) -> None:
        anna, bob = self.enter(self.east, "anna"), self.enter(self.west, "bob")
        id = bob.session.id
        bob.breaks_off()
        anna.sees_soon("bob joined")
        anna.asks("/msg bob one", "[to bob] one")
        anna.says("two")
        lobby = self.west.chat.rooms.lobby
        self.turns.until(lambda: self.west.log.last(inbox(id)) == 1 and len(lobby.recent) == 1)
        again = type(bob)(self.west, "192.0.2.1")
        shown = again.asks(f"/resume {bob.code}", "Live now")
        missed = [line.partition("] ")[2] for line in shown[-3:-1]]
        self.assertEqual(missed, ["[from anna] one", "<anna> two"])

    def test_rooms_of_the_other_node_are_there_and_locked_ones_let_in_who_is_invited(self) -> None:
        self.register(self.east, "anna")
        anna, bob = self.log_in(self.east, "anna"), self.enter(self.west, "bob")
        anna.asks("/join #sea", "operator of #sea")
        self.turns.until(lambda: self.west.chat.rooms.open_room("#sea") is not None)
        self.turns.until(lambda: "*** #sea: 1 person" in bob.asks("/rooms", "#lobby"))
        anna.asks("/lock", "locked")
        self.turns.until(lambda: self.west.chat.rooms.find("sea").room.order.is_locked)
        self.assertIn("!!! #sea is locked", bob.asks("/join #sea", "#sea")[-1])
        anna.asks("/invite bob", "invited")
        bob.sees_soon("invites you to #sea")
        bob.asks("/join #sea", "You are bob, in #sea with anna.")
        anna.sees_soon("bob joined #sea.")
        anna.asks("/kick bob spam", "*** bob was kicked from #sea by anna: spam.")
        bob.sees_soon("You are no longer in #sea.")


class OrderTests(NeighboursCase):
    operators = ("anna",)

    def setUp(self) -> None:
        super().setUp()
        self.register(self.east, "anna")
        self.anna = self.log_in(self.east, "anna")
        self.eve = self.enter(self.west, "eve", FAR)
        self.bob = self.enter(self.west, "bob")
        self.anna.sees_soon("eve joined", "bob joined")
        self.turns.until(lambda: len(list(self.east.chat.people)) == 3)

    def test_a_ban_from_the_server_puts_out_who_is_on_the_other_node_within_a_second(self) -> None:
        self.anna.asks("/ban server eve spam", "eve was banned by anna: spam.")
        self.soon(lambda: self.eve.screen.closed)
        self.assertEqual(self.eve.sees()[-1], "!!! You are banned: spam.")
        self.bob.sees_soon("*** eve was banned by anna: spam.")
        for node in self.east, self.west:
            again = type(self.bob)(node, FAR)
            again.asks("eve", "You are banned: spam.")
        entries = self.turns.wait(self.east.log.read("#lobby", 0, 1000))
        self.assertEqual([it.event for it in entries if isinstance(it.event, Left)], [])
        self.anna.asks("/unban server eve", "no longer banned")
        self.turns.until(lambda: not self.west.chat.sanctions.list())
        self.enter(self.west, "eve", FAR)

    def test_a_mute_and_a_ban_from_a_room_hold_there(self) -> None:
        self.anna.asks("/mute eve", "eve was muted in #lobby by anna.")
        self.turns.until(lambda: bool(self.west.chat.sanctions.muted))
        self.assertIn("!!! You are muted in #lobby.", self.eve.asks("hello", "muted in"))
        self.eve.asks("/join #sea", "You are eve, in #sea")
        self.turns.until(lambda: self.east.chat.rooms.open_room("#sea") is not None)
        self.anna.asks("/join #sea", "You are anna, in #sea")
        self.anna.asks("/ban eve spam", "eve was banned from #sea by anna: spam.")
        self.eve.sees_soon("You are no longer in #sea.")
        self.turns.until(lambda: len(self.west.chat.sanctions.list("#sea")) == 1)
        self.eve.asks("/join #sea", "You are banned from #sea: spam.")

    def test_the_lockdown_and_announcements_are_everywheres(self) -> None:
        self.bob.asks("/leave", "You left #lobby")
        self.anna.asks("/lockdown on", "Only people with an account")
        self.turns.until(lambda: self.west.chat.lockdown.is_on)
        type(self.bob)(self.west, FAR).asks("zoe", "Only people with an account may come in now.")
        self.anna.asks("/announce back at ten", "back at ten")
        self.bob.sees_soon("*** Announcement from anna: back at ten")
        self.eve.sees_soon("*** Announcement from anna: back at ten")


class AccountTests(NeighboursCase):
    def test_an_account_is_good_on_both_nodes_as_it_is_now(self) -> None:
        bob = self.enter(self.east, "bob")
        bob.asks("/register correct-horse", "You are registered as bob.")
        self.turns.until(lambda: self.west.chat.accounts.get(bob.session.id) is not None)
        far = self.log_in(self.west, "bob")
        self.turns.until(lambda: len(bob.session.person.sessions) == 2)
        far.asks("/password correct-horse battery-staple", "Your password is changed.")
        self.turns.until(
            lambda: (
                self.east.chat.accounts.get(bob.session.person.id)
                == self.west.chat.accounts.get(bob.session.person.id)
            )
        )
        refused = type(bob)(self.east, FAR)
        refused.asks("/login bob correct-horse", "!!!")
        refused.asks("/login bob battery-staple", "You are bob")

    def test_over_two_nodes_somebody_is_one_and_has_left_with_the_last(self) -> None:
        self.register(self.east, "bob")
        anna = self.enter(self.east, "anna")
        near = self.log_in(self.east, "bob")
        far = self.log_in(self.west, "bob")
        anna.sees_soon("bob joined #lobby.")
        self.turns.until(lambda: len(near.session.person.sessions) == 2)
        far.asks("/join #sea", "You are bob, in #sea")
        near.sees_soon("You are in #sea now, too")
        near.says("ahoy")
        near.asks("/join #sea", "You are bob, in #sea")
        near.says("ship ahoy")
        far.sees_soon("<bob> ship ahoy")
        anna.asks("/msg bob hi", "[to bob] hi")
        near.sees_soon("[from anna] hi")
        far.sees_soon("[from anna] hi")
        near.asks("/quit", "Goodbye")
        self.turns.until(lambda: far.session.person.sessions == (far.session,))
        self.assertEqual(anna.asks("/who", "#lobby")[-1], "*** 2 people are in #lobby: anna, bob.")
        far.asks("/quit", "Goodbye")
        anna.sees_soon("*** bob left #lobby.")
        lefts = self.turns.wait(self.east.log.read("#lobby", 0, 100))
        self.assertEqual(len([it for it in lefts if isinstance(it.event, Left)]), 1)


class ForgettingTests(NeighboursCase):
    retention = Retention(None, 5)

    def test_a_node_that_never_had_what_is_forgotten_knows_the_rooms_all_the_same(self) -> None:
        self.register(self.east, "anna")
        anna = self.log_in(self.east, "anna")
        anna.asks("/join #sea", "operator of #sea")
        anna.asks("/topic fish", "fish")
        anna.asks("/lock", "locked")
        for number in range(10):
            anna.says(f"line {number}")
        self.turns.until(lambda: self.west.log.last("#sea") == 14)
        self.stop(self.west)
        self.turns.wait(Deferred.fromCoroutine(self.east.chat.forgetting.run()))
        self.assertEqual(self.east.log.kept_after("#sea"), 9)
        for name in "west", "north":  # one that had them, and has not kept the room since; and a new one
            node = self.start(name)
            self.assertEqual(node.log.kept_after("#sea"), 9, name)
            feed = node.chat.rooms.open_room("#sea")
            assert feed is not None
            self.assertEqual([member.nick for member in feed.room.members.values()], ["anna"], name)
            self.assertEqual((feed.room.topic, feed.room.order.is_locked), ("fish", True), name)
            self.assertEqual(feed.room.operators, {"a-anna": "anna"}, name)
