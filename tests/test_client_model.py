"""What somebody at a terminal is shown, as a value."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.client import wording
from tcpchat.client.happenings import (
    Answer,
    Caught,
    Done,
    Entered,
    Entry,
    Foreign,
    Gap,
    Gone,
    Happening,
    Hole,
    InputHidden,
    Line,
    NickWanted,
    Offline,
    Online,
    Ours,
    Refusal,
    Unknown,
)  # fmt: skip
from tcpchat.client.limits import MOST_KEPT, READ_BEFORE
from tcpchat.client.model import Model
from tcpchat.client.shown import Rule, Shown


def entry(seq: int, text: str = "", room: str = "lobby", nick: str = "bob", **more: Any) -> Entry:
    fields = {"type": "message", "room": room, "seq": seq, "time": "2026-11-21T10:02:00.000Z"}
    return Entry(fields | {"from": nick, "text": text or f"line {seq}"} | more)


def happened(seq: int, kind: str, room: str = "lobby", **more: Any) -> Entry:
    fields = {"type": kind, "room": room, "seq": seq, "time": "2026-11-21T10:02:00.000Z"}
    return Entry(fields | more)


class ModelCase(SynchronousTestCase):
    """Anna is in the lobby with bob, and in #dev."""

    def setUp(self) -> None:
        self.model = Model(lambda fields: wording.answer(fields, UTC, 0.0))
        self.model.take(Online("anna", "#lobby", ("bob",), 1))
        self.model.take(Entered("#lobby"))
        self.model.take(Entered("#dev"))

    def see(self, *happenings: Happening) -> list[str]:
        """Something happens: return what is printed."""
        return self.text([it for each in happenings for it in self.model.take(each)])

    def text(self, shown: list[Shown]) -> list[str]:
        return [
            f"-- {it.what.text}" if isinstance(it.what, Rule) else line
            for it in shown
            for line in ([""] if isinstance(it.what, Rule) else it.what.lines(self.model.current))
        ]


class RoomTests(ModelCase):
    def test_lines_of_the_room_in_which_one_looks_are_printed(self) -> None:
        self.assertEqual(self.see(entry(1, "hi")), ["<bob> hi"])
        self.assertEqual(self.model.rooms["#lobby"].unread, 0)

    def test_lines_of_another_are_counted_and_shown_when_one_looks(self) -> None:
        self.assertEqual(self.see(*(entry(n, room="dev") for n in range(1, 4)), entry(4, "Anna!", "dev")), [])
        room = self.model.rooms["#dev"]
        self.assertEqual((room.unread, room.mentions), (4, 1))
        self.assertEqual(self.text(self.model.look("#dev")), [
            "-- #dev", "-- new since you looked", "<bob> line 1", "<bob> line 2",
            "<bob> line 3", "<bob> Anna!",
        ])  # fmt: skip
        self.assertEqual((room.unread, room.mentions), (0, 0))
        self.assertEqual(self.model.current, "#dev")

    def test_a_bit_of_what_was_read_stands_before_what_is_new(self) -> None:
        self.model.look("#dev")
        self.see(*(entry(n, room="dev") for n in range(1, 9)))
        self.model.look("#lobby")
        self.see(entry(9, room="dev"), happened(10, "joined", "dev", nick="eve"))
        shown = self.text(self.model.look("#dev"))
        self.assertEqual(len(shown), 1 + READ_BEFORE + 1 + 2)
        self.assertEqual(shown[READ_BEFORE:], [
            "<bob> line 8", "-- new since you looked", "<bob> line 9", "*** eve joined #dev.",
        ])  # fmt: skip

    def test_what_is_typed_on_the_way_to_a_room_is_for_that_one(self) -> None:
        self.model.asked("1", "join", {"room": "Ops"}, 0.0)
        self.assertEqual((self.model.current, self.model.aim), ("#lobby", "#Ops"))
        self.see(Refusal("1", "forbidden", "No."))
        self.assertEqual(self.model.aim, "#lobby")
        self.model.asked("2", "join", {"room": "#ops"}, 0.0)
        self.see(Answer({"type": "join", "room": "ops", "nick": "anna", "people": [], "others": 0}))
        self.assertEqual((self.model.current, self.model.aim), ("#ops", "#ops"))
        self.model.asked("3", "join", {"room": "#dev"}, 0.0)
        self.model.look("#lobby")
        self.assertEqual(self.model.aim, "#lobby")

    def test_where_nothing_is_new_nothing_is_marked(self) -> None:
        self.see(happened(1, "topic", "dev", by="bob", text="engines"))
        self.assertEqual(self.model.rooms["#dev"].unread, 0)
        self.assertEqual(self.text(self.model.look("#dev"))[0], "-- #dev: engines")
        self.assertEqual(self.model.look("#dev"), [])
        self.assertEqual(self.model.look("#nowhere"), [])

    def test_of_what_is_unread_so_much_is_kept(self) -> None:
        self.see(*(entry(n, room="dev") for n in range(1, MOST_KEPT + 11)))
        shown = self.text(self.model.look("#dev"))
        self.assertEqual(shown[2], "<bob> line 11")
        self.assertEqual(len(shown), 2 + MOST_KEPT)

    def test_rooms_have_numbers(self) -> None:
        self.assertEqual([self.model.numbered(n) for n in (0, 1, 2, 3)], ["", "#lobby", "#dev", ""])

    def test_what_is_past_or_of_no_room_is_printed_wherever_one_looks(self) -> None:
        self.assertEqual(self.see(entry(1, "old", "dev", replay=True)), ["#dev <bob> old"])
        private = happened(1, "private", "@", to="anna", text="psst", **{"from": "bob"})
        (shown,) = self.model.take(private)
        self.assertTrue(shown.is_for_me)
        self.assertEqual(self.text([shown]), ["[from bob] psst"])

    def test_the_first_entry_that_was_shown_is_known(self) -> None:
        room = self.model.rooms["#lobby"]
        self.assertEqual(room.oldest, 0)
        self.see(entry(9, replay=True), entry(12), entry(8, replay=True), entry(13))
        self.assertEqual(room.oldest, 8)

    def test_who_names_one_says_it_to_one(self) -> None:
        for text, is_for_me in {
            "anna: hi": True,
            "hi ANNA!": True,
            "annabel": False,
            "an-anna": False,
        }.items():
            (shown,) = self.model.take(entry(1, text))
            self.assertEqual(shown.is_for_me, is_for_me, text)
        (mine,) = self.model.take(entry(1, "anna", nick="anna"))
        self.assertFalse(mine.is_for_me)

    def test_ones_own_lines_elsewhere_are_not_unread(self) -> None:
        self.see(entry(1, room="dev", nick="anna"))
        self.assertEqual(self.model.rooms["#dev"].unread, 0)

    def test_what_is_hidden_is_not_shown(self) -> None:
        self.assertEqual(self.see(Entry({"type": "hidden", "room": "lobby", "seq": 1})), [])


class PeopleTests(ModelCase):
    def people(self, room: str = "#lobby") -> list[str]:
        return sorted(self.model.rooms[room].people)

    def test_who_comes_and_goes_is_known(self) -> None:
        self.assertEqual(self.people(), ["anna", "bob"])
        self.see(
            happened(1, "joined", nick="eve"),
            happened(2, "joined", nick="carl"),
            happened(3, "renamed", old="bob", new="rob"),
            happened(4, "left", nick="carl", reason=""),
            happened(5, "kicked", nick="eve", by="anna", reason=""),
        )
        self.assertEqual(self.people(), ["anna", "rob"])
        self.see(happened(6, "banned", nick="rob", by="anna", seconds=None, reason=""))
        self.assertEqual(self.people(), ["anna"])

    def test_those_who_are_not_named_are_counted(self) -> None:
        self.model.take(Online("anna", "#lobby", ("bob",), 5))
        self.assertEqual(self.model.rooms["#lobby"].number, 6)
        self.see(happened(1, "left", nick="somebody", reason=""))
        self.assertEqual(self.model.rooms["#lobby"].number, 5)
        who = {"type": "who", "room": "lobby", "people": ["anna", "bob", "carl"], "away": []}
        self.see(Answer(who))
        self.assertEqual((self.people(), self.model.rooms["#lobby"].number), (["anna", "bob", "carl"], 5))

    def test_one_may_be_called_something_else(self) -> None:
        self.see(happened(1, "renamed", old="anna", new="berta"))
        self.assertEqual(self.model.nick, "berta")
        (shown,) = self.model.take(entry(2, "hi berta"))
        self.assertTrue(shown.is_for_me)

    def test_what_happens_in_a_room_in_which_one_is_not_is_shown(self) -> None:
        self.assertEqual(self.see(happened(1, "joined", "ops", nick="eve")), ["*** eve joined #ops."])


class AskingTests(ModelCase):
    def test_what_is_said_waits_until_it_is_in_the_log(self) -> None:
        self.model.asked("1", "say", {"text": "hi", "room": "#lobby"}, 5.0)
        self.model.asked("2", "msg", {"text": "psst", "to": "bob"}, 6.0)
        self.assertEqual([it.text for it in self.model.pending.values()], ["hi", "[to bob] psst"])
        self.assertEqual(self.see(Done("1", 9)), [])
        self.assertEqual(list(self.model.pending), ["2"])

    def test_of_other_requests_nothing_is_shown(self) -> None:
        self.model.asked("1", "login", {"nick": "anna", "password": "secret"}, 5.0)
        self.assertEqual(self.model.pending, {})

    def test_what_was_not_said_is_given_back(self) -> None:
        self.model.asked("1", "say", {"text": "hi", "room": "#lobby"}, 5.0)
        self.assertEqual(self.see(Refusal("1", "muted", "No.")), ["!!! No.", "*** Not said: hi"])
        self.assertEqual(self.see(Refusal("2", "refused", "No.")), ["!!! No."])
        self.model.asked("3", "say", {"text": "hi", "room": "#lobby"}, 5.0)
        unknown = self.see(Unknown("3", {"type": "say", "text": "hi"}))
        self.assertEqual(unknown, ["!!! It is not known whether this was said: hi"])
        self.assertEqual(self.model.pending, {})

    def test_one_goes_to_the_room_that_one_has_asked_for_and_to_no_other(self) -> None:
        answer = {"type": "join", "nick": "anna", "room": "Ops", "people": ["eve"], "others": 1}
        self.model.asked("1", "join", {"room": "#ops"}, 5.0)
        self.assertEqual(self.see(Answer(answer)), ["-- #Ops", "*** You are anna, in #Ops with eve."])
        self.assertEqual(self.model.current, "#Ops")
        self.see(Answer(answer | {"room": "docs"}))
        self.assertEqual(self.model.current, "#Ops")
        self.assertEqual(self.model.rooms["#docs"].number, 2)

    def test_who_is_out_and_in_again_at_once_looks_where_they_did(self) -> None:
        """A break that the server has taken for a farewell."""
        left = happened(1, "left", nick="anna", reason="")
        self.see(Gone("#dev"), left, Gone("#lobby"))
        self.assertEqual(self.model.current, "")
        self.assertEqual(
            self.see(Entered("#lobby"), happened(2, "joined", nick="anna"))[-1], "*** anna joined #lobby."
        )
        self.assertEqual(self.model.current, "#lobby")
        self.assertEqual(self.model.rooms["#lobby"].people, {"anna", "bob"})
        self.assertEqual(self.see(Gone("#nowhere")), [])

    def test_what_was_asked_for_of_the_past_stands_between_two_rules(self) -> None:
        self.see(entry(1))
        self.model.asked("1", "history", {"room": "#lobby"}, 5.0)
        past = entry(7, replay=True), entry(9, "new"), entry(8, replay=True)
        self.assertEqual(self.see(*past, Done("1", None)), [
            "<bob> new", "-- The last 2 lines of #lobby", "<bob> line 7", "<bob> line 8", "-- live now",
        ])  # fmt: skip
        self.model.asked("2", "context", {"room": "#lobby", "number": 7}, 5.0)
        self.assertEqual(self.see(entry(7, replay=True), Done("2", None)), [
            "-- Around 7 in #lobby", "7 <bob> line 7", "-- live now",
        ])  # fmt: skip

    def test_what_brings_nothing_is_answered_too(self) -> None:
        self.model.asked("1", "search", {"text": "zzzz"}, 5.0)
        self.assertEqual(self.see(Done("1", None)), ["*** Nothing was found."])
        self.model.asked("2", "more", {}, 5.0)
        self.assertEqual(self.see(Refusal("2", "refused", "No.")), ["!!! No."])
        self.model.asked("3", "more", {}, 5.0)
        self.assertEqual(len(self.see(Gap("#dev", 3, 5), Done("3", None))), 1)
        self.model.asked("4", "context", {}, 5.0)
        self.assertEqual(len(self.see(Unknown("4", {"type": "context"}))), 1)

    def test_after_a_break_what_was_asked_for_is_not_shown_twice(self) -> None:
        self.see(entry(1))
        self.model.asked("1", "search", {"text": "x"}, 5.0)
        self.see(entry(7, replay=True), Offline("It is broken", 1.0))
        self.assertEqual(self.see(entry(7, replay=True), Done("1", None)), [
            "-- 1 line found", "<bob> line 7", "-- live now",
        ])  # fmt: skip

    def test_answers_are_shown(self) -> None:
        self.assertEqual(self.see(Answer({"type": "topic", "room": "dev", "text": "engines"})), [
            "*** The topic of #dev is: engines"
        ])  # fmt: skip
        self.assertEqual(self.model.rooms["#dev"].topic, "engines")
        self.assertEqual(self.see(Answer({"type": "notice", "text": "Away."})), ["*** Away."])

    def test_rooms_that_were_listed_are_known_though_one_is_in_none_of_them(self) -> None:
        for name in "ops", "far":
            self.see(Answer({"type": "rooms", "rooms": [{"room": name, "people": 1, "topic": ""}]}))
        self.assertEqual(self.model.listed, {"#ops", "#far"})

    def test_who_leaves_a_room_looks_into_the_last_one(self) -> None:
        self.model.look("#dev")
        self.assertEqual(self.see(Gone("#lobby")), [])
        self.model.take(Entered("#ops"))
        self.assertEqual(self.see(Gone("#dev")), ["-- #ops"])
        self.assertEqual(self.see(Gone("#ops")), [])
        self.assertEqual(self.model.current, "")


class LinkTests(ModelCase):
    def test_a_break_is_told_once_and_its_end(self) -> None:
        (told,) = self.see(Offline("The connection is broken", 2.0))
        self.assertIn("The connection is broken. ", told)
        self.assertEqual(self.see(Offline("Nothing listens there", 4.4)), [])
        self.assertEqual((self.model.link, self.model.is_online), ("trying again in 4 s", False))
        self.assertEqual(self.see(Online("anna", "#lobby", (), 0, is_back=True)), ["*** Connected again."])
        self.assertEqual(self.see(Caught(3)), ["-- live now; missed: 3 lines"])
        self.assertEqual(self.see(Caught(0)), [])
        self.assertEqual((self.model.link, self.model.is_online), ("online", True))
        self.assertEqual(self.model.rooms["#lobby"].number, 2)

    def test_what_was_missed_is_headed(self) -> None:
        mine, theirs = entry(1, nick="anna"), entry(2, "hi")
        shown = self.see(Online("anna", "#lobby", (), 0, is_back=True), mine, theirs, entry(3), Caught(2))
        self.assertEqual(shown, [
            "<anna> line 1", "-- while you were away", "<bob> hi", "<bob> line 3",
            "-- live now; missed: 2 lines",
        ])  # fmt: skip
        self.see(Online("anna", "#lobby", (), 0, is_back=True), Caught(0))
        self.assertEqual(self.see(theirs), ["<bob> hi"])

    def test_coming_in_is_told(self) -> None:
        self.model = Model(lambda fields: ())
        self.assertEqual(
            self.see(Online("anna", "#lobby", ("bob",), 1)), ["*** You are anna, in #lobby with bob."]
        )
        about = Online("anna", "#lobby", (), 0, topic="engines")
        self.assertEqual(self.see(about)[1:], ["*** The topic of #lobby is: engines"])
        self.assertEqual(self.model.rooms["#lobby"].topic, "engines")
        self.model = Model(lambda fields: ())
        self.assertEqual(self.see(Online("anna", "", (), 0)), ["*** You are anna, in no room."])
        self.assertEqual(self.see(Online("anna", "", (), 0, is_back=True)), [])

    def test_who_comes_back_is_not_greeted_again_but_told_what_is_wrong(self) -> None:
        told = self.see(Line("*** Welcome."), Line("!!! Too many connections."))
        self.assertEqual(told, ["!!! Too many connections."])
        self.model = Model(lambda fields: ())
        self.assertEqual(self.see(Line("*** Welcome.")), ["*** Welcome."])

    def test_the_topic_of_a_room_stands_in_the_rule_when_one_comes_in(self) -> None:
        self.model.asked("1", "join", {"room": "#own"}, 0.0)
        joined = {
            "type": "join",
            "nick": "anna",
            "room": "own",
            "people": [],
            "others": 0,
            "topic": "engines",
        }
        self.assertEqual(self.see(Answer(joined))[0], "-- #own: engines")

    def test_a_new_session_begins_with_new_rooms_and_what_was_unread_is_not_lost(self) -> None:
        self.see(entry(1, room="dev"))
        told = self.see(Online("anna2", "#lobby", ("bob",), 1, is_new=True))
        self.assertEqual(told[-1], "*** You are anna2, in #lobby with bob.")
        self.assertIn("is over", told[0])
        self.assertEqual(
            (list(self.model.rooms), self.model.current, self.model.nick), (["#lobby"], "#lobby", "anna2")
        )
        self.see(Entered("#dev"), entry(9, room="dev"))
        self.assertEqual(self.model.rooms["#dev"].unread, 2)

    def test_with_a_new_session_one_still_looks_where_one_did(self) -> None:
        """What is half typed for that room goes to no other."""
        self.model.look("#dev")
        self.see(Online("anna", "#lobby", (), 0, is_new=True))
        self.assertEqual((list(self.model.rooms), self.model.current), (["#lobby"], "#dev"))
        self.see(Entered("#dev"))
        self.assertEqual(self.see(entry(9, "hi", room="dev")), ["<bob> hi"])

    def test_what_is_missing_is_told(self) -> None:
        (told,) = self.see(Hole("#dev", 3, 7))
        self.assertIn("3 more entries of #dev came meanwhile", told)
        self.assertEqual(self.model.rooms["#dev"].oldest, 7)  # what is paged to goes on from there
        self.assertEqual(len(self.see(Hole("#ops", 3, 7))), 1)
        self.assertEqual(self.see(Gap("#dev", 3, 5)), ["*** 1 line of #dev is no longer kept."])

    def test_a_nickname_is_wanted(self) -> None:
        self.assertEqual(self.see(NickWanted("No.")), ["!!! No.", "*** What is your nickname?"])
        self.assertTrue(self.model.wants_nick)

    def test_another_servers_lines_and_prompts(self) -> None:
        told, line = self.see(Foreign(), Line("Welcome"))
        self.assertTrue(told.startswith("*** This is another kind of server"))
        self.assertEqual(line, "Welcome")
        self.assertTrue(self.model.is_foreign)
        self.assertEqual(self.see(Line("Name:", False), InputHidden(True)), [])
        self.assertEqual((self.model.prompt, self.model.is_input_hidden), ("Name:", True))
        self.see(Line("Hi"))
        self.assertEqual(self.model.prompt, "")
        self.assertEqual(self.see(Foreign(is_again=True)), [])
        self.assertIn("after all", *self.see(Ours(())))
        self.assertFalse(self.model.is_foreign)

    def test_what_is_typed_for_another_server_stands_behind_its_prompt_unless_it_is_hidden(self) -> None:
        self.assertEqual(self.text(self.model.typed("look\x07")), ["> look"])
        self.see(Line("Name:", False))
        self.assertEqual(self.text(self.model.typed("anna")), ["Name: anna"])
        self.assertEqual(self.model.prompt, "")
        self.see(InputHidden(True))
        self.assertEqual(self.model.typed("secret"), [])
        self.see(Line("Password:", False))
        self.assertEqual(self.text(self.model.typed("secret")), ["Password: "])
