"""What operators do in their rooms: that it happens, to all at once, and nothing behind it."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from tcpchat.events import Joined, Kicked, Left, Noted, Opped, Renamed, Said
from tcpchat.limits import LATE_LINES, LONGEST_PASSWORD, LONGEST_SLOW
from tcpchat.ordering import make_first_operator
from tcpchat.room import AUDIT
from tcpchat.session import Session
from tests.moderated import AccountCase, OwnRoomCase
from tests.visitors import Visitor


class FirstOperatorTests(AccountCase):
    def test_who_comes_with_an_account_into_a_new_room_is_its_operator(self) -> None:
        anna = self.log_in("anna")
        anna.sees()
        self.assertEqual(
            anna.types("/join #own"),
            ["*** You are anna, in #own.", "*** anna is an operator of #own now."],
        )
        self.assertEqual(self.room("#own").operators, {"a-anna": "anna"})
        self.assertEqual([type(it) for it in self.events("#own", Joined, Opped)], [Joined, Opped])

    def test_the_next_one_is_not(self) -> None:
        anna, bob = self.log_in("anna"), self.log_in("bob")
        anna.types("/join #own")
        self.assertEqual(bob.types("/join #own")[-1], "*** You are bob, in #own with anna.")
        self.assertEqual(list(self.room("#own").operators), ["a-anna"])

    def test_nor_when_there_is_none_any_more(self) -> None:
        anna, bob = self.log_in("anna"), self.log_in("bob")
        anna.types("/join #own", "/deop anna")
        bob.types("/join #own")
        self.assertEqual(self.room("#own").operators, {})

    def test_of_two_at_once_it_is_one(self) -> None:
        anna, bob = self.log_in("anna"), self.log_in("bob")
        anna.dialogue.received("/join #own")
        bob.dialogue.received("/join #own")
        self.settle()
        self.assertEqual(len(self.events("#own", Joined)), 2)
        self.assertEqual(len(self.events("#own", Opped)), 1)

    def test_whose_coming_is_not_kept_leaves_that_to_the_next_one(self) -> None:
        anna, bob = self.log_in("anna"), self.log_in("bob")
        self.log.full = True
        anna.types("/join #own")
        self.log.full = False
        bob.types("/join #own")
        self.assertEqual(list(self.room("#own").operators), ["a-bob"])

    def test_a_guest_is_none_nor_is_anybody_in_the_lobby(self) -> None:
        (eve,) = self.enter("eve")
        eve.types("/join #own")
        self.log_in("anna")
        self.assertEqual((self.room("#own").operators, self.room("#lobby").operators), ({}, {}))

    def test_a_guest_who_registers_is_one_where_there_never_was(self) -> None:
        anna = self.log_in("anna")
        anna.types("/join #old")
        (eve,) = self.enter("eve")
        eve.types("/join #old", "/join #new", "/join #newer")
        session = self.chat.people.session(eve.dialogue.reader.session)
        assert isinstance(session, Session)
        session.person.account = session.id
        opped = Deferred.fromCoroutine(make_first_operator(session))
        self.settle()
        self.successResultOf(opped)
        self.assertEqual(
            eve.sees(), ["*** eve is an operator of #new now.", "*** eve is an operator of #newer now."]
        )
        self.assertEqual(list(self.room("#old").operators), ["a-anna"])
        self.assertIsNone(self.successResultOf(Deferred.fromCoroutine(make_first_operator(session))))


class OpTests(OwnRoomCase):
    def test_an_operator_makes_another(self) -> None:
        bob = self.log_in("bob")
        self.look_away(bob)
        self.assertEqual(self.anna.types("/op bob"), ["*** bob is an operator of #own now, by anna."])
        self.assertEqual(self.eve.sees(), ["*** bob is an operator of #own now, by anna."])
        self.assertEqual(self.anna.types("/op bob"), ["!!! bob is an operator of #own already."])
        self.assertEqual(self.anna.types("/deop bob"), ["*** bob is no longer an operator of #own, by anna."])
        self.assertEqual(self.anna.types("/deop bob"), ["!!! bob is no operator of #own."])

    def test_who_has_no_account_cannot_be_one(self) -> None:
        self.assertEqual(
            self.anna.types("/op eve"),
            ["!!! eve has no account. /register makes one, and an operator needs it."],
        )
        self.assertEqual(self.anna.types("/deop eve"), ["!!! eve is no operator of #own."])
        self.assertEqual(self.anna.types("/op nobody"), ['!!! Nobody here is called "nobody".'])

    def test_who_has_one_need_not_be_here(self) -> None:
        self.register("bob")
        self.anna.types("/op bob")
        self.assertEqual(self.own().operators, {"a-anna": "anna", "a-bob": "bob"})

    def test_operators_are_the_same_after_a_crash(self) -> None:
        self.crash()
        self.assertEqual(self.own().operators, {"a-anna": "anna"})


class KickTests(OwnRoomCase):
    def test_who_is_kicked_sees_it_and_is_out(self) -> None:
        self.anna.types("/kick eve be nice")
        self.assertEqual(
            self.eve.sees(),
            [
                "*** eve was kicked from #own by anna: be nice.",
                "*** You are no longer in #own. You are in #lobby.",
            ],
        )
        self.assertEqual(self.anna.sees(), [])
        self.assertNotIn("eve", [member.nick for member in self.own().members.values()])
        self.anna.types("not for eve")
        self.assertEqual(self.eve.sees(), [])
        self.assertEqual(self.eve.types("/who"), ["*** 3 people are in #lobby: anna, eve, carl."])

    def test_what_was_typed_for_the_room_is_not_said_in_another_one(self) -> None:
        self.anna.types("/lock", "/kick eve")
        self.eve.sees()
        refused = "!!! You are no longer in #own: that was not sent. You are in #lobby."
        lines = "a secret", "/me whispers", "/topic secret", "/re 1 secret", "/edit 1 secret", "/rm 1"
        self.assertEqual(self.eve.types(*lines), [refused] * 6)
        self.clock.advance(LATE_LINES - 0.1)
        self.assertEqual(self.eve.types("the end of a paste"), [refused])
        self.assertEqual(self.carl.sees(), [])
        self.clock.advance(0.1)
        self.assertEqual(self.eve.types("typed for a long while", "hello"), [refused])
        self.assertEqual(self.carl.sees(), ["<eve> hello"])

    def test_what_is_typed_for_another_room_is(self) -> None:
        self.anna.types("/kick eve")
        self.eve.types("/join #lobby", "hello")
        self.assertEqual(self.carl.sees(), ["<eve> hello"])
        self.eve.types("/join #own", "/join #lobby")
        self.anna.types("/kick eve")
        self.eve.types("hello", "/json", '{"type":"say","room":"lobby","text":"you"}')
        self.assertEqual(self.carl.sees(), ["<eve> hello", "<eve> you"])
        self.eve.types("/join #own")
        self.anna.types("/kick eve")
        self.eve.types('{"type":"say","room":"lobby","text":"again"}')
        self.assertEqual(self.carl.sees(), ["<eve> again"])

    def test_nor_is_what_is_typed_while_the_room_is_left_over_another_connection(self) -> None:
        desk, phone = self.log_in("rob"), self.log_in("rob")
        desk.types("/join #own")
        phone.types("/join #own")
        self.look_away(desk, phone)
        phone.types("/leave", "hello")
        self.assertEqual(desk.types("a secret")[-1][:31], "!!! You are no longer in #own: ")
        self.assertEqual(self.carl.sees(), ["<rob> hello"])

    def test_without_a_reason_from_another_room_and_in_the_last_one(self) -> None:
        self.eve.types("/leave #lobby")
        self.anna.types("/join #lobby")
        self.look_away()
        self.assertEqual(self.anna.types("/kick #own eve"), ["*** eve was kicked from #own by anna."])
        self.assertEqual(
            self.eve.sees(),
            [
                "*** eve was kicked from #own by anna.",
                "*** You are no longer in #own. You are in no room.",
            ],
        )

    def test_a_program_is_told_the_same(self) -> None:
        self.eve.types("/json")
        self.anna.types("/kick eve spam")
        kicked, notice = map(json.loads, self.eve.sees())
        self.assertEqual(
            {name: kicked[name] for name in ("type", "room", "by", "nick", "reason")},
            {"type": "kicked", "room": "own", "by": "anna", "nick": "eve", "reason": "spam"},
        )
        self.assertEqual(notice["text"], "You are no longer in #own. You are in #lobby.")

    def test_what_is_asked_for_with_a_reference_is_done_once(self) -> None:
        self.anna.types("/json")
        for _ in range(2):
            *_, ok = self.anna.types('{"type":"kick","nick":"eve","reason":"spam","ref":"k1"}')
            self.assertEqual(json.loads(ok), {"type": "ok", "ref": "k1", "seq": 4})
        self.assertEqual(len(self.events("#own", Kicked)), 1)

    def test_nothing_of_theirs_is_logged_behind_it(self) -> None:
        for line in "one more", "/me waves", "/topic mine", "/nick rob", "/leave", "/quit":
            (eve,) = self.enter("dan")
            eve.types("/join #own")
            self.anna.dialogue.received("/kick dan")  # on its way to the log, and then:
            eve.dialogue.received(line)
            self.settle()
            seqs = self.successResultOf(self.log.read("#own", 0, 1000))
            last = max(entry.seq for entry in seqs if isinstance(entry.event, Kicked))
            self.assertEqual([entry.event for entry in seqs if entry.seq > last], [], line)
            eve.dialogue.quit("")
            self.settle()

    def test_what_they_said_before_is_there(self) -> None:
        self.eve.dialogue.received("said before")
        self.anna.dialogue.received("/kick eve")
        self.settle()
        self.assertEqual([type(it) for it in self.events("#own", Said, Kicked)], [Said, Kicked])

    def test_who_cannot_be_kicked_for_the_disk_is_full_goes_on(self) -> None:
        self.log.full = True
        self.anna.dialogue.received("/kick eve")
        self.assertEqual(self.anna.sees(), ["!!! Not sent: the log cannot be written."])
        self.log.full = False
        self.eve.types("still here")
        self.assertEqual(self.anna.sees(), ["<eve> still here"])

    def test_who_leaves_while_that_fails_has_left(self) -> None:
        self.log.full = True
        self.anna.dialogue.received("/kick eve")
        self.eve.dialogue.received("/quit")
        self.settle()
        self.log.full = False
        self.clock.advance(30)
        self.settle()
        self.assertNotIn("eve", [member.nick for member in self.own().members.values()])
        self.assertEqual(len(self.events("#own", Left)), 1)

    def test_who_is_behind_is_shown_what_was_before_it_and_nothing_after(self) -> None:
        self.eve.stalls()
        self.anna.types("before", "/kick eve", "after")
        shown = self.eve.reads()
        self.assertIn("<anna> before", "\n".join(shown))
        self.assertIn("eve was kicked from #own by anna.", "\n".join(shown))
        self.assertIn("*** You are no longer in #own. You are in #lobby.", shown)
        self.assertNotIn("after", "\n".join(shown))
        self.assertEqual(self.carl.types("live?"), [])
        self.assertEqual(self.eve.sees(), ["<carl> live?"])

    def test_who_holds_as_well(self) -> None:
        self.eve.types("/hold")
        self.anna.types("before", "/kick eve", "after")
        shown = "\n".join(self.eve.types("/go"))
        self.assertIn("<anna> before", shown)
        self.assertNotIn("after", shown)

    def test_who_is_away_with_a_broken_connection_is_not_shown_what_comes_after_it(self) -> None:
        self.eve.breaks_off()
        self.anna.types("/kick eve", "canary")
        eve, shown = self.come_back(self.eve.code)
        self.assertIn("*** You are eve, in #lobby with anna, carl.", shown)
        self.assertNotIn("canary", "\n".join(shown))
        self.assertEqual(eve.types("/history #own"), ["!!! You are not in #own. /join #own"])

    def test_nor_after_a_crash_of_the_server(self) -> None:
        self.eve.breaks_off()
        self.anna.types("/kick eve", "canary")
        code = self.eve.code
        self.crash()
        _, shown = self.come_back(code)
        self.assertIn("*** You are eve, in #lobby with anna, carl.", shown)
        self.assertNotIn("canary", "\n".join(shown))

    def test_in_one_commit_with_other_lines_nothing_after_it_is_shown(self) -> None:
        self.anna.dialogue.received("/kick eve")
        self.anna.dialogue.received("straight after")
        self.assertEqual(self.eve.sees()[-1], "*** You are no longer in #own. You are in #lobby.")

    def test_all_connections_of_an_account_are_out(self) -> None:
        phone, desk = self.log_in("bob"), self.log_in("bob")
        phone.types("/join #own")
        phone.sees(), desk.sees()
        self.anna.types("/kick bob")
        out = "*** You are no longer in #own. You are in #lobby."
        self.assertEqual((phone.sees()[-1], desk.sees()[-1]), (out, out))
        account = self.chat.accounts.get("a-bob")
        assert account is not None
        self.assertEqual(list(account.rooms), ["#lobby"])

    def test_one_s_self_strangers_and_operators_of_the_server_are_not_kicked(self) -> None:
        root = self.log_in("ruth", is_operator=True)
        root.types("/join #own")
        self.look_away()
        self.assertEqual(self.anna.types("/kick anna"), ["!!! That is you. /leave #own"])
        self.assertEqual(self.anna.types("/kick carl"), ["!!! carl is not in #own."])
        self.assertEqual(self.anna.types("/kick ruth"), ["!!! ruth is an operator of the server."])
        self.assertEqual(root.types("/kick anna")[-1], "*** anna was kicked from #own by ruth.")

    def test_in_a_big_room_who_comes_and_goes_is_still_told_folded(self) -> None:
        crowd = self.enter(*(f"n{n}" for n in range(60)))
        for visitor in crowd:
            visitor.types("/join #own")
        self.look_away(*crowd)
        self.anna.types("/kick n59 spam")
        self.assertEqual(crowd[59].sees()[-1], "*** You are no longer in #own. You are in #lobby.")
        self.clock.advance(2)
        self.settle()
        self.assertEqual([line for line in crowd[59].sees() if "#own" in line], [])
        self.assertIn("*** n59 was kicked from #own by anna: spam.", crowd[0].sees())

    def test_from_outside_it_is_told_as_well(self) -> None:
        root = self.log_in("ruth", is_operator=True)
        root.sees()
        self.assertEqual(root.types("/kick #own eve"), ["*** eve was kicked from #own by ruth."])

    def test_a_renaming_at_the_same_time_is_in_the_other_rooms(self) -> None:
        self.anna.dialogue.received("/kick eve")
        self.eve.dialogue.received("/nick rob")
        self.settle()
        self.assertEqual((len(self.events("#own", Renamed)), len(self.events("#lobby", Renamed))), (0, 1))


# Who does what at the same moment: None is the time for all of it to happen.
DEEDS = st.sampled_from(
    ["/kick eve", "/kick bob", "/kick eve", "/lock", "/unlock", "/invite eve", "/op bob", "hello"]
)
DOINGS = st.sampled_from(
    ["hello", "/me waves", "/topic t", "/nick new", "/nick old", "/join #own", "/leave #own", "/join #lobby"]
)
RACES = st.lists(
    st.one_of(
        st.none(),
        st.tuples(st.just("anna"), DEEDS),
        st.tuples(st.sampled_from(["bob", "eve", "eve"]), DOINGS),
        st.tuples(st.sampled_from(["bob", "eve", "eve"]), DOINGS),
    ),
    min_size=4,
    max_size=20,
)


class RaceLaws(OwnRoomCase):
    @settings(deadline=None, database=None, max_examples=80)
    @given(RACES)
    def test_whatever_happens_at_once_nobody_does_anything_in_a_room_that_they_are_not_in(
        self, steps: list[tuple[str, str] | None]
    ) -> None:
        self.setUp()  # each time anew
        bob = self.log_in("bob")
        bob.types("/join #own")
        visitors: dict[str, Visitor] = {"anna": self.anna, "bob": bob, "eve": self.eve}
        for step in steps:
            if step is None:
                self.settle()
                continue
            who, line = step
            visitors[who].dialogue.received(line)
        self.settle()
        inside = set[str]()
        for entry in self.successResultOf(self.log.read("#own", 0, 1000)):
            event = entry.event
            if isinstance(event, Joined):
                self.assertNotIn(event.person, inside)
                inside.add(event.person)
            elif isinstance(event, Kicked):
                inside.discard(event.target)
            else:
                self.assertIn(event.person, inside | {"a-anna"}, event)
                if isinstance(event, Left):
                    inside.discard(event.person)
        self.assertEqual(set(self.own().members), inside)
        for visitor in visitors.values():
            session = self.chat.people.session(visitor.dialogue.reader.session)
            assert isinstance(session, Session)
            rooms = {feed.stream for feed in self.chat.rooms if session.person.id in feed.room.members}
            self.assertEqual(set(session.rooms), rooms)
            self.assertEqual(set(session.dialogue.reader.places()) - {"@" + session.person.id}, rooms)
        self.assertEqual(self.own().going_out, set())


class SlowTests(OwnRoomCase):
    def setUp(self) -> None:
        super().setUp()
        self.anna.types("/slow 10")
        self.look_away()

    def test_a_line_in_so_many_seconds(self) -> None:
        self.assertEqual(self.eve.types("one"), [])
        self.clock.advance(3)
        why = ["!!! #own is slow: your next line can be said in 7 seconds."]
        self.assertEqual(self.eve.types("two"), why)
        self.assertEqual(self.eve.types("/me waves"), why)
        self.clock.advance(6.5)
        self.assertEqual(self.eve.types("x"), ["!!! #own is slow: your next line can be said in 1 second."])
        self.clock.advance(0.5)
        self.assertEqual(self.eve.types("three"), [])
        self.assertEqual(self.anna.sees(), ["<eve> one", "<eve> three"])

    def test_not_for_operators_nor_for_what_is_not_said_nor_elsewhere(self) -> None:
        self.anna.types("a", "b")
        self.eve.types("/join #lobby", "a", "b")
        self.assertEqual(self.carl.sees(), ["<eve> a", "<eve> b"])
        self.assertEqual(len(self.events("#own", Said)), 2)

    def test_a_topic_is_said_too(self) -> None:
        self.eve.types("/topic one")
        self.assertRegex(self.eve.types("/topic two")[0], "^!!! #own is slow")
        self.assertEqual(self.anna.sees(), ["*** eve set the topic of #own: one"])

    def test_it_is_told_changed_and_ended(self) -> None:
        self.assertEqual(self.anna.types("/slow"), ["*** #own is slow: one line in 10s each."])
        self.assertEqual(self.anna.types("/slow 10"), ["!!! #own is like that already."])
        self.assertEqual(self.anna.types("/slow 1m"), ["*** #own was slowed by anna: one line in 1m each."])
        self.assertEqual(self.anna.types("/slow off"), ["*** #own is no longer slowed, by anna."])
        self.assertEqual(self.anna.types("/slow"), ["*** #own is not slow."])
        self.assertEqual(self.eve.types("a", "b")[2:], [])
        self.assertEqual(len(self.events("#own", Said)), 2)

    def test_the_longest(self) -> None:
        self.assertEqual(
            self.anna.types(f"/slow {LONGEST_SLOW}"), ["*** #own was slowed by anna: one line in 6h each."]
        )
        self.assertEqual(
            self.anna.types(f"/slow {LONGEST_SLOW + 1}"), ["!!! 6h is the longest. /lock lets nobody in."]
        )

    def test_a_program_is_told_why(self) -> None:
        self.eve.types("one", "/json")
        error = json.loads(self.eve.types('{"type":"say","text":"two","ref":"r"}')[0])
        self.assertEqual((error["type"], error["code"], error["ref"]), ("error", "slow", "r"))


class LockTests(OwnRoomCase):
    CLOSED = "!!! #own is locked. Ask one of its operators for an invitation."

    def test_its_password_can_be_typed(self) -> None:
        self.anna.types("/json")
        for password in "two words", " before", "behind\n":
            answers = self.anna.types(json.dumps({"type": "lock", "password": password}))
            (answer,) = map(json.loads, answers)
            self.assertEqual((answer["code"], answer["text"]), ("bad-request", "A password has no blanks."))
        self.assertFalse(self.own().order.is_locked)

    def test_a_locked_room_is_closed_to_who_is_not_invited(self) -> None:
        self.assertEqual(self.anna.types("/lock"), ["*** #own was locked by anna."])
        self.assertEqual(self.eve.sees(), ["*** #own was locked by anna."])
        self.assertEqual(self.carl.types("/join #own"), [self.CLOSED])
        self.assertEqual(self.anna.types("/lock"), ["!!! #own is locked already."])
        self.assertEqual(self.anna.types("/unlock"), ["*** #own was unlocked by anna."])
        self.assertEqual(self.anna.types("/unlock"), ["!!! #own is not locked."])
        self.assertEqual(self.carl.types("/join #own")[0], "*** You are carl, in #own with anna, eve.")

    def test_who_is_invited_is_told_and_may_come_in(self) -> None:
        self.anna.types("/lock")
        self.look_away()
        self.assertEqual(self.anna.types("/invite carl"), ["*** carl was invited to #own by anna."])
        self.assertEqual(self.carl.sees(), ["*** anna invites you to #own: /join #own"])
        self.assertEqual(self.carl.types("/join #own"), ["*** You are carl, in #own with anna, eve."])
        self.assertEqual(self.anna.types("/invite carl")[-1], "!!! carl is in #own already.")
        self.carl.types("/leave #own")
        self.assertEqual(self.carl.types("/join #own")[0], "*** You are carl, in #own with anna, eve.")

    def test_an_invitation_ends_with_a_kick(self) -> None:
        self.anna.types("/lock", "/invite carl")
        self.carl.types("/join #own")
        self.anna.types("/kick carl")
        self.carl.sees()
        self.assertEqual(self.carl.types("/join #own"), [self.CLOSED])

    def test_one_that_is_taken_back_was_not_used(self) -> None:
        self.anna.types("/lock", "/invite carl")
        self.assertEqual(self.anna.types("/kick carl")[-1], "*** carl was kicked from #own by anna.")
        self.carl.sees()
        self.assertEqual(self.carl.types("/join #own"), [self.CLOSED])

    def test_who_is_not_here_finds_the_invitation_on_coming_in(self) -> None:
        self.register("bob")
        self.anna.types("/lock", "/invite bob")
        self.assertIn("anna invites you to #own: /join #own", "\n".join((bob := self.log_in("bob")).sees()))
        self.assertEqual(bob.types("/join #own"), ["*** You are bob, in #own with anna, eve."])

    def test_a_program_is_invited_too(self) -> None:
        self.carl.types("/json")
        self.anna.types("/invite carl")
        invited = json.loads(self.carl.sees()[0])
        self.assertEqual(
            {name: invited[name] for name in ("type", "room", "by", "nick", "into")},
            {"type": "invited", "room": "@", "by": "anna", "nick": "carl", "into": "own"},
        )

    def test_an_invitation_is_not_for_the_next_one_of_that_name(self) -> None:
        self.anna.types("/lock", "/invite carl")
        self.carl.types("/quit")
        (carl,) = self.enter("carl")
        self.assertEqual(carl.types("/join #own"), [self.CLOSED])

    def test_operators_of_the_room_and_of_the_server_come_in(self) -> None:
        bob, ruth = self.log_in("bob"), self.log_in("ruth", is_operator=True)
        self.anna.types("/op bob", "/lock")
        self.look_away(bob, ruth)
        self.assertEqual(bob.types("/join #own"), ["*** You are bob, in #own with anna, eve."])
        self.assertEqual(ruth.types("/join #own"), ["*** You are ruth, in #own with anna, eve, bob."])

    def test_an_account_that_was_inside_is_only_away(self) -> None:
        bob = self.log_in("bob")
        bob.types("/join #own")
        bob.types("/quit")
        self.anna.types("/lock", "while bob is away")
        shown = self.log_in("bob").sees()
        self.assertEqual(shown[0], "*** You are bob, in #own with anna, eve.")
        self.assertIn("<anna> while bob is away", "\n".join(shown))

    def test_until_it_has_left_or_was_kicked(self) -> None:
        for going in "/leave #own", "":
            bob = self.log_in("bob")
            bob.types("/join #own")
            self.anna.types("/lock")
            if going:
                bob.types(going)
            else:
                self.anna.types("/kick bob")
            bob.types("/quit")
            self.assertNotIn("in #own", self.log_in("bob").sees()[0])
            (bob_now,) = [it for it in self.chat.people._people.values() if it.nick == "bob"]
            bob_now.sessions[-1].dialogue.quit("")  # type: ignore[attr-defined]
            self.settle()
            self.anna.types("/unlock")

    def test_an_absent_account_is_kicked_too(self) -> None:
        bob = self.log_in("bob")
        bob.types("/join #own", "/quit")
        self.anna.types("/lock")
        self.assertEqual(self.anna.types("/kick bob")[-1], "*** bob was kicked from #own by anna.")
        self.assertEqual(self.log_in("bob").sees()[0], "*** You are bob, in #lobby with anna, eve, carl.")

    def test_a_guest_who_breaks_off_and_comes_back_is_in_it(self) -> None:
        self.anna.types("/lock")
        self.eve.breaks_off()
        self.clock.advance(60)  # everybody has been told that she is gone
        self.settle()
        self.anna.types("while eve is away")
        shown = self.come_back(self.eve.code)[1]
        self.assertEqual(shown[0], "*** You are eve, in #own with anna.")
        self.assertIn("<anna> while eve is away", "\n".join(shown))

    def test_one_who_left_before_it_was_locked_is_not(self) -> None:
        self.eve.types("/quit")
        self.anna.types("/lock", "canary")
        shown = self.come_back(self.eve.code)[1]
        self.assertEqual(shown[0], self.CLOSED)
        self.assertEqual(shown[1], "*** You are eve, in #lobby with anna, carl.")
        self.assertNotIn("canary", "\n".join(shown))

    def test_the_lobby_and_the_audit_trail_are_neither_locked_nor_hidden(self) -> None:
        ruth = self.log_in("ruth", is_operator=True)
        ruth.sees()
        self.assertEqual(ruth.types("/lock #lobby"), ["!!! #lobby cannot be locked."])
        self.assertEqual(ruth.types("/hide #lobby"), ["!!! #lobby cannot be hidden."])

    def test_a_lock_is_the_same_after_a_crash(self) -> None:
        self.anna.types("/lock", "/invite carl")
        self.crash()
        (dan,) = self.enter("dan")
        self.assertEqual(dan.types("/join #own"), [self.CLOSED])

    def test_a_password_that_is_too_long(self) -> None:
        longest = "x" * LONGEST_PASSWORD
        self.assertEqual(self.anna.types(f"/lock {longest}"), ["*** #own was locked by anna."])
        self.assertEqual(self.anna.types(f"/lock {longest}x"), ["!!! A password has at most 128 bytes."])


class HideTests(OwnRoomCase):
    def test_a_hidden_room_is_listed_to_who_is_in_it(self) -> None:
        self.assertEqual(self.anna.types("/hide"), ["*** #own was hidden by anna: /rooms leaves it out."])
        self.assertEqual(self.anna.types("/hide"), ["!!! #own is hidden already."])
        self.assertEqual(self.carl.types("/rooms"), ["*** #lobby: 3 people"])
        self.assertIn("*** #own: 2 people", self.eve.types("/rooms"))
        self.assertEqual(self.carl.types("/join #own")[0], "*** You are carl, in #own with anna, eve.")
        self.assertEqual(self.anna.types("/unhide")[-1], "*** #own is listed again, by anna.")
        self.assertEqual(self.anna.types("/unhide"), ["!!! #own is listed already."])


class AuditTests(OwnRoomCase):
    def test_each_deed_is_noted(self) -> None:
        self.register("bob")
        for typed, noted in (
            ("/op bob", "made bob an operator of #own"),
            ("/deop bob", "made bob no operator of #own any more"),
            ("/kick eve be nice", "kicked eve from #own: be nice"),
            ("/slow 10", "slowed #own to one line in 10s"),
            ("/slow off", "let everybody in #own say as much as they like"),
            ("/lock", "locked #own"),
            ("/lock key", "locked #own with a password"),
            ("/unlock", "unlocked #own"),
            ("/invite carl", "invited carl to #own"),
            ("/hide", "hid #own"),
            ("/unhide", "listed #own"),
        ):
            self.anna.types(typed)
            self.assertEqual(self.events(AUDIT, Noted)[-1].text, noted)
            self.assertEqual(self.events(AUDIT, Noted)[-1].nick, "anna")

    def test_what_only_shows_something_is_not(self) -> None:
        self.anna.types("/slow", "/kick nobody")
        self.assertEqual(self.events(AUDIT, Noted), [])

    def test_no_password_is_in_the_log_nor_in_what_is_shown(self) -> None:
        self.anna.types("/lock hunter22")
        self.assertNotIn("hunter22", repr(self.events("#own", object)) + repr(self.events(AUDIT, object)))
        self.assertNotIn("argon2", self.eve.screen.shown.decode() + repr(self.events("#own", object)))


class RealAccountsTests(AccountCase):
    def test_who_registers_in_a_room_of_their_own_is_its_operator(self) -> None:
        (eve,) = self.enter("eve")
        eve.types("/join #new")
        shown = eve.types("/register battery-staple-horse")
        self.assertIn("*** eve is an operator of #new now.", shown)
        self.assertEqual(eve.types("/lock")[-1], "*** #new was locked by eve.")

    def test_who_has_given_the_account_up_becomes_the_operator_of_nothing_more(self) -> None:
        (eve,) = self.enter("eve")
        eve.types("/register battery-staple-horse", "/unregister battery-staple-horse", "/join #newer")
        self.assertEqual(self.room("#newer").operators, {})
        bob = self.log_in("bob")
        bob.types("/join #bobs", "/op eve")
        self.assertEqual(list(self.room("#bobs").operators), ["a-bob"])
