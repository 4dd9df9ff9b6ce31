"""Talking by number: /re, /edit, /rm and /context; and that nothing is left of what was taken back."""

from __future__ import annotations

import json
from typing import Any

from tcpchat import audit
from tcpchat.audit import AUDIT
from tcpchat.events import Entry, Gone, Noted, Said
from tcpchat.records import KeptAccount
from tcpchat.render import View
from tcpchat.session import Session
from tests.visitors import ChatCase, LateLog, Visitor

LIVE = "*** Live now."


def ask(visitor: Visitor, type: str, **fields: Any) -> list[dict[str, Any]]:
    """Have a program ask for something, and return what it is sent."""
    lines = visitor.types(json.dumps({"type": type} | fields))
    return [json.loads(line) for line in lines if line.startswith("{")]


class NumberCase(ChatCase):
    """Alice and Bob are in #lobby, and know the number of each line."""

    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.enter("alice", "bob")

    @property
    def last(self) -> int:
        """The number of the last line in #lobby."""
        return self.log.last("#lobby")

    def say(self, who: Visitor, *lines: str) -> int:
        """Have somebody say something; return the number of the last line."""
        who.types(*lines)
        for visitor in self.alice, self.bob:
            visitor.sees()
        return self.last


class ReplyTests(NumberCase):
    def test_it_is_shown_with_who_and_what_is_answered(self) -> None:
        number = self.say(self.alice, "who is there?")
        self.assertEqual(self.bob.types(f"/re {number} me"), [])
        self.assertEqual(self.alice.sees(), [f"<bob> (re {number} alice: who is there?) me"])

    def test_ones_own_is_shown_with_an_echo(self) -> None:
        number = self.say(self.alice, "hello")
        self.bob.types("/set echo on")
        self.assertEqual(self.bob.types(f"/re {number} hi"), [f"<bob> (re {number} alice: hello) hi"])

    def test_it_can_be_answered_and_found_and_is_in_history(self) -> None:
        number = self.say(self.alice, "one")
        self.bob.types(f"/re {number} two")
        self.alice.types(f"/re {number + 1} three")
        self.assertEqual(self.bob.sees(), [f"<alice> (re {number + 1} bob: two) three"])
        for question, lines in ("/history 2", 2), ("/search two", 1):
            shown = self.bob.types(question)
            self.assertEqual(shown[1], f"[10:02] <bob> (re {number} alice: one) two")
            self.assertEqual(len(shown), lines + 2)

    def test_what_is_answered_in_another_room_by_a_program(self) -> None:
        number = self.say(self.alice, "here")
        self.bob.types("/join #dev", "/json")
        entry, ok = ask(self.bob, "re", number=number, text="there", room="lobby", ref="a")
        self.assertEqual(
            {key: entry[key] for key in ("type", "room", "from", "text", "re", "quote")},
            {"type": "message", "room": "lobby", "from": "bob", "text": "there", "re": number,
             "quote": "alice: here"},
        )  # fmt: skip
        self.assertEqual(ok, {"type": "ok", "ref": "a", "seq": number + 1})
        self.assertEqual(self.alice.sees(), [f"<bob> (re {number} alice: here) there"])

    def test_the_same_reference_again_says_nothing_twice(self) -> None:
        number = self.say(self.alice, "here")
        self.bob.types("/json")
        for _ in range(2):
            shown = ask(self.bob, "re", number=number, text="there", ref="a")
            self.assertEqual(shown[-1], {"type": "ok", "ref": "a", "seq": number + 1})
        self.assertEqual(self.last, number + 1)

    def test_what_nobody_said_cannot_be_answered(self) -> None:
        number = self.say(self.alice, "/topic tests")
        for wrong in 1, number, number + 1, 10**18 - 1:
            refusal = f"!!! There is no line {wrong} in #lobby that could be answered."
            self.assertEqual(self.bob.types(f"/re {wrong} what?"), [refusal])
        self.assertEqual(self.alice.sees(), [])

    def test_what_is_no_longer_kept_cannot_be_answered(self) -> None:
        number = self.say(self.alice, "old")
        self.say(self.alice, "new")
        self.log.forget("#lobby", number)
        self.assertRegex(self.bob.types(f"/re {number} what?")[0], "^!!! There is no line")

    def test_only_in_a_room_that_one_is_in(self) -> None:
        self.bob.types("/leave")
        self.assertEqual(self.bob.types("/re 1 what?"), ["!!! You are in no room. /join #lobby"])

    def test_it_keeps_its_place_among_what_is_said_around_it(self) -> None:
        number = self.say(self.alice, "hello")
        self.bob.types(
            "one", f"/re {number} two", "three", f"/re {number} four", f"/edit {number + 1} ONE", "five"
        )
        self.assertEqual(
            [line.split()[-1] for line in self.alice.sees()], ["one", "two", "three", "four", "ONE", "five"]
        )


class EditTests(NumberCase):
    def test_everybody_is_shown_what_it_says_now_oneself_too(self) -> None:
        number = self.say(self.bob, "at ten")
        shown = [f"*** bob edited {number}: at eleven"]
        self.assertEqual(self.bob.types(f"/edit {number} at eleven"), shown)
        self.assertEqual(self.alice.sees(), shown)

    def test_in_a_room_that_is_not_current_it_is_named(self) -> None:
        number = self.say(self.bob, "at ten")
        self.alice.types("/join #dev")
        self.bob.types(f"/edit {number} at eleven")
        self.assertEqual(self.alice.sees(), [f"*** bob edited {number} in #lobby: at eleven"])

    def test_it_is_found_and_in_history(self) -> None:
        number = self.say(self.bob, "at ten")
        self.say(self.bob, f"/edit {number} at eleven")
        line = f"[10:02] *** bob edited {number}: at eleven"
        self.assertEqual(self.alice.types("/history 1")[1], line)
        self.assertEqual(self.alice.types("/search eleven")[1], line)

    def test_only_ones_own(self) -> None:
        number = self.say(self.alice, "mine")
        self.assertEqual(
            self.bob.types(f"/edit {number} yours"),
            [f"!!! Line {number} in #lobby is not yours: only who said it can correct it."],
        )

    def test_who_has_the_nickname_now_is_somebody_else(self) -> None:
        number = self.say(self.alice, "mine")
        self.alice.types("/nick anna")
        self.bob.types("/nick alice")
        self.assertRegex(self.bob.types(f"/edit {number} yours")[0], "^!!! Line .* is not yours")
        self.assertIn(f"*** anna edited {number}: ours", self.alice.types(f"/edit {number} ours"))

    def test_what_was_said_over_another_connection_of_ones_account_is_ones_own(self) -> None:
        me = self.bob.dialogue.reader.session
        self.log.append("#lobby", [Said("s99", "bob", "by phone", account=me), Said("s99", "bob", "a guest")])
        self.clock.advance(0)
        self.bob.sees()
        number = self.last - 1
        self.assertEqual(self.bob.types(f"/edit {number} x"), [f"*** bob edited {number}: x"])
        self.assertRegex(self.bob.types(f"/edit {number + 1} x")[0], "^!!! Line .* is not yours")

    def test_an_edit_corrects_the_line_that_an_edit_before_has_corrected(self) -> None:
        number = self.say(self.bob, "one")
        self.say(self.bob, f"/edit {number} two")
        self.assertEqual(self.bob.types(f"/edit {number + 1} three"), [f"*** bob edited {number}: three"])

    def test_actions_answers_and_pastes_can_be_corrected(self) -> None:
        for said in (["/me waves"], ["/re 3 yes"], ["/paste", "a", "b", "."]):
            self.say(self.alice, "hello")
            number = self.say(self.bob, *said)
            self.assertEqual(self.bob.types(f"/edit {number} x"), [f"*** bob edited {number}: x"])

    def test_in_json(self) -> None:
        number = self.say(self.bob, "one")
        self.bob.types("/json")
        entry, ok = ask(self.bob, "edit", number=number, text="two", ref="a")
        self.assertEqual((entry["type"], entry["about"], entry["text"]), ("edited", number, "two"))
        self.assertEqual(ok["seq"], entry["seq"])


class RemoveTests(NumberCase):
    def entries(self, stream: str = "#lobby") -> list[Entry]:
        return self.successResultOf(self.log.read(stream, 0, 1000))

    def make_operator(self, visitor: Visitor) -> None:
        """Make somebody an operator of #lobby."""
        person = self.chat.people.person(visitor.dialogue.reader.session)
        assert person is not None
        person.account = person.id
        self.chat.accounts.keep(KeptAccount(person.id, person.nick, "", 0))
        self.chat.rooms.lobby.room.operators[person.id] = person.nick

    def test_everybody_is_told(self) -> None:
        number = self.say(self.bob, "oops")
        self.assertEqual(self.bob.types(f"/rm {number}"), [f"*** bob removed {number}."])
        self.assertEqual(self.alice.sees(), [f"*** bob removed {number}."])
        self.assertIsInstance(self.entries()[number - 1].event, Gone)

    def test_in_a_room_that_is_not_current_it_is_named(self) -> None:
        number = self.say(self.bob, "oops")
        self.alice.types("/join #dev")
        self.bob.types(f"/rm {number}")
        self.assertEqual(self.alice.sees(), [f"*** bob removed {number} in #lobby."])

    def test_not_what_others_said(self) -> None:
        number = self.say(self.alice, "mine")
        self.assertEqual(
            self.bob.types(f"/rm {number}"),
            [f"!!! Line {number} in #lobby is not yours: only who said it, or an operator, can remove it."],
        )

    def test_not_what_is_gone_or_was_never_said(self) -> None:
        number = self.say(self.bob, "oops")
        self.bob.types(f"/rm {number}")
        for wrong in number, number + 1, number + 2, 1:
            for command, what in ("rm", "removed"), ("edit", "corrected"), ("re", "answered"):
                text = "" if command == "rm" else " x"
                self.assertEqual(
                    self.bob.types(f"/{command} {wrong}{text}"),
                    [f"!!! There is no line {wrong} in #lobby that could be {what}."],
                )

    def test_an_operator_removes_anybodys_and_that_is_noted_without_the_text(self) -> None:
        number = self.say(self.alice, "insults")
        self.make_operator(self.bob)
        self.assertEqual(self.bob.types(f"/rm {number}"), [f"*** bob removed {number}."])
        (noted,) = self.entries(AUDIT)
        assert isinstance(noted.event, Noted)
        self.assertEqual(
            (noted.event.nick, noted.event.text), ("bob", f"removed {number} of alice from #lobby")
        )

    def test_an_operators_own_is_not_noted(self) -> None:
        number = self.say(self.bob, "oops")
        self.make_operator(self.bob)
        self.assertEqual(self.bob.types(f"/rm {number}"), [f"*** bob removed {number}."])
        self.assertEqual(self.entries(AUDIT), [])

    def test_nothing_is_removed_from_the_audit_trail(self) -> None:
        session = self.chat.people.session(self.bob.dialogue.reader.session)
        assert isinstance(session, Session)
        self.make_operator(self.bob)
        stream, notes = audit.note(session, "did something")
        self.log.append("#lobby", notes)
        self.bob.sees()
        self.assertEqual(stream, AUDIT)
        for command in f"/rm {self.last}", f"/edit {self.last} x":
            self.assertRegex(self.bob.types(command)[-1], "^!!! There is no line")

    def test_when_the_log_is_full_it_stays_and_can_be_tried_again(self) -> None:
        number = self.say(self.bob, "oops")
        self.log.full = True
        self.assertEqual(self.bob.types(f"/rm {number}"), ["!!! Not sent: the log cannot be written."])
        self.log.full = False
        self.assertEqual(self.bob.types(f"/rm {number}"), [f"*** bob removed {number}."])

    def test_the_same_twice_at_once_is_done_once(self) -> None:
        number = self.say(self.bob, "oops")
        shown = self.bob.types(f"/rm {number}", f"/rm {number}")
        self.assertEqual(len([line for line in shown if line == f"*** bob removed {number}."]), 1)
        self.assertEqual(len(shown), 2)

    def test_who_is_not_in_the_room_any_more_removes_nothing(self) -> None:
        number = self.say(self.bob, "oops")
        self.bob.types("/join #dev", "/leave #lobby", "/json")
        (error,) = ask(self.bob, "rm", number=number, room="lobby")
        self.assertEqual(error["code"], "not-member")

    def test_in_json_the_entry_is_hidden_from_then_on(self) -> None:
        number = self.say(self.bob, "oops")
        self.bob.types("/json")
        entry, ok = ask(self.bob, "rm", number=number, ref="a")
        self.assertEqual((entry["type"], entry["by"], entry["about"]), ("removed", "bob", number))
        self.assertEqual(ok, {"type": "ok", "ref": "a", "seq": number + 1})
        self.bob.breaks_off()
        again = self.connect()
        shown = ask(again, "resume", session=self.token(self.bob), after={"lobby": number - 1})
        entries = [(it["type"], it["seq"]) for it in shown if "room" in it and "seq" in it]
        self.assertEqual(entries, [("hidden", number), ("removed", number + 1)])

    def token(self, visitor: Visitor) -> str:
        session = self.chat.people.session(visitor.dialogue.reader.session)
        assert isinstance(session, Session)
        return session.ticket.token


class ContextTests(NumberCase):
    def test_five_lines_before_and_after_with_their_numbers(self) -> None:
        first = self.say(self.alice, "line 0")
        self.say(self.alice, *(f"line {n}" for n in range(1, 20)))
        shown = self.bob.types(f"/context {first + 9}")
        self.assertEqual(
            shown,
            [
                f"*** Around {first + 9} in #lobby:",
                *(f"[10:02] {first + n} <alice> line {n}" for n in range(4, 15)),
                LIVE,
            ],
        )

    def test_at_the_beginning_and_at_the_end_there_are_fewer(self) -> None:
        first = self.say(self.alice, "line 0")
        self.say(self.alice, *(f"line {n}" for n in range(1, 20)))
        for n, lines in (0, 6), (1, 7), (18, 7), (19, 6):
            shown = self.bob.types(f"/context {first + n}")
            self.assertEqual(len(shown) - 2, lines)
            self.assertIn(f"[10:02] {first + n} <alice> line {n}", shown)

    def test_around_what_was_taken_back_is_the_rest(self) -> None:
        number = self.say(self.alice, "one", "two", "three") - 1
        self.say(self.alice, f"/rm {number}")
        self.assertEqual(
            self.bob.types(f"/context {number}")[1:-1],
            [f"[10:02] {number - 1} <alice> one", f"[10:02] {number + 1} <alice> three"],
        )

    def test_what_is_not_there_and_what_is_no_longer_kept(self) -> None:
        self.say(self.alice, "one", "two")
        self.log.forget("#lobby", self.last - 1)
        for wrong in self.last - 1, self.last + 1:
            self.assertEqual(
                self.bob.types(f"/context {wrong}"),
                [f"!!! There is no line {wrong} in #lobby that could be shown."],
            )
        self.assertEqual(len(self.bob.types(f"/context {self.last}")), 3)

    def test_a_program_is_shown_entries_alone(self) -> None:
        number = self.say(self.alice, "one", "two") - 1
        self.bob.types("/json")
        *entries, ok = ask(self.bob, "context", number=number, ref="a")
        self.assertEqual([(it["seq"], it["replay"]) for it in entries], [(number, True), (number + 1, True)])
        self.assertEqual(ok, {"type": "ok", "ref": "a"})


class FloorTests(NumberCase):
    """What somebody may not read is not to be had by its number."""

    def test_it_is_as_if_it_were_not_there(self) -> None:
        number = self.say(self.bob, "secret", "open") - 1
        room = self.chat.rooms.lobby.room
        self.patch(room, "floor", lambda person: number)
        for command in f"/re {number} x", f"/edit {number} x", f"/rm {number}", f"/context {number}":
            self.assertRegex(self.bob.types(command)[0], "^!!! There is no line")
        self.assertEqual(self.bob.types(f"/context {number + 1}")[1:-1], [f"[10:02] {number + 1} <bob> open"])


class CanaryTests(NumberCase):
    """Nothing of what was taken back is to be had, by any way there is."""

    def setUp(self) -> None:
        super().setUp()
        self.number = self.say(self.alice, "a canary sings")
        self.say(self.alice, f"/edit {self.number} a canary flies")
        self.say(self.bob, f"/re {self.number} nice", f"/re {self.number + 1} higher")

    def remove(self) -> None:
        self.alice.types(f"/rm {self.number}")

    def assert_nothing(self, shown: list[str]) -> None:
        self.assertNotIn("canary", "".join(shown))

    def ask_everything(self, who: Visitor) -> list[str]:
        """Ask for everything that may show lines; return what is shown."""
        number = self.number
        shown = []
        for command in (
            "/history", "/history 2", "/more", "/more", "/search canary", "/search flies", "/search nice",
            "/more", "/search from:alice", f"/context {number}", f"/context {number + 1}",
            f"/context {self.last}", f"/re {number} x", f"/edit {number} x", f"/re {number + 1} x",
            f"/rm {number}", "/topic", "/whois alice", "/seen alice", "/set", "/rooms", "/who",
            "/join #lobby", "/hold", "/go",
        ):  # fmt: skip
            shown += who.types(command)
        return shown

    def test_by_no_command_neither_for_people_nor_for_programs(self) -> None:
        shown = self.ask_everything(self.bob)
        self.assertIn("canary sings", "".join(shown))
        self.assertIn("canary flies", "".join(shown))
        self.remove()
        shown = self.ask_everything(self.bob)
        self.assert_nothing(shown)
        self.assertIn(f"[10:02] <bob> (re {self.number}) nice", shown)
        self.bob.types("/json")
        self.assert_nothing(self.ask_everything(self.bob))

    def test_newcomers_and_who_comes_to_the_room(self) -> None:
        self.assertIn("canary", "".join(self.connect().types("carl")))
        self.remove()
        dora = self.connect()
        self.assert_nothing(dora.types("dora"))
        self.assert_nothing(dora.types("/json", "/leave", "/join #lobby"))
        self.crash()
        self.assert_nothing(self.connect().types("fred"))

    def test_who_comes_back(self) -> None:
        for is_program in False, True:
            for end in (lambda: None), self.crash:
                self.setUp()
                (eve,) = self.enter("eve")
                code = eve.code
                self.bob.types(f"/re {self.number} again")
                eve.breaks_off(unacknowledged=10_000)
                self.remove()
                end()
                again = self.connect()
                shown = again.types(*["/json"] * is_program, f"/resume {code} 1")
                self.assertIn("again", "".join(shown))
                self.assert_nothing(shown)

    def test_who_holds_or_does_not_read(self) -> None:
        carl, dora, fred = self.enter("carl", "dora", "fred")
        fred.types("/json")
        carl.types("/hold")
        for slow in dora, fred:
            slow.stalls()
        self.alice.types("first")
        number = self.say(self.bob, "another canary")
        self.say(self.bob, f"/edit {number} yet another canary", f"/re {number} why?")
        self.say(self.bob, f"/rm {number}")
        for lines in carl.types("/go"), dora.reads(), fred.reads():
            self.assert_nothing(lines)
            self.assertIn("first", "".join(lines))
            self.assertIn("why?", "".join(lines))

    def test_who_is_shown_the_past_while_they_do_not_read(self) -> None:
        self.bob.types("/join #dev", "/leave #lobby", "/hold")
        self.bob.stalls()
        for line in "/join #lobby", "/history", "/join #dev", "/search canary", "/history #lobby":
            self.bob.dialogue.received(line)
            self.settle()
        self.remove()
        shown = self.bob.reads()
        self.assertIn("(re", "".join(shown))
        self.assert_nothing(shown)

    def test_what_is_kept_at_hand(self) -> None:
        feed = self.chat.rooms.lobby
        entries = self.successResultOf(feed.read(self.log, self.number - 1))
        self.assertIn(b"canary", feed.render(entries, View(), self.bob.dialogue.reader))
        self.alice.types("hello")
        self.remove()
        texts = [getattr(it.event, "text", "") + getattr(it.event, "quote", "") for it in feed.recent]
        self.assertEqual(texts, ["nice", "higher", "hello"])
        self.assertEqual((feed._read, feed._shown), (None, None))


class LateTests(NumberCase):
    """The log takes a while to answer: meanwhile a line may be taken back."""

    log: LateLog

    def setUp(self) -> None:
        super().setUp()
        self.log = LateLog(self.clock, self.wall)
        self.chat = self.make_chat(self.log)
        self.alice, self.bob = self.enter("alice", "bob")

    def test_what_is_taken_back_while_it_is_looked_for_is_neither_answered_nor_corrected(self) -> None:
        number = self.say(self.alice, "canary")
        for command in f"/re {number} x", f"/edit {number} x", f"/rm {number}":
            self.log.late = 1
            self.bob.dialogue.received(command)
            self.settle()
            self.log.late = None
        self.alice.types(f"/rm {number}")
        self.clock.pump([1] * 3)
        shown = [*self.alice.sees(), *self.bob.sees()]
        self.assertNotIn("canary", "".join(shown))
        self.assertNotIn("edited", "".join(shown))

    def test_who_is_behind_and_reads_it_meanwhile_is_shown_nothing_of_it(self) -> None:
        self.bob.types("/hold")
        number = self.say(self.alice, "canary", "hello") - 1
        self.log.late = 1
        self.bob.dialogue.received("/go")
        self.settle()
        self.log.late = None
        self.alice.types(f"/rm {number}")
        self.clock.pump([1] * 9)
        shown = self.bob.sees()
        self.assertEqual(shown[1:], ["<alice> hello", f"*** alice removed {number}."])

    def test_history_that_is_read_meanwhile_has_nothing_of_it(self) -> None:
        number = self.say(self.alice, "canary")
        for question in "/history", "/search canary", f"/context {number}":
            self.log.late = 1
            self.bob.dialogue.received(question)
            self.settle()
            self.log.late = None
        self.alice.types(f"/rm {number}")
        self.clock.pump([1] * 9)
        self.assertNotIn("canary", "".join(self.bob.sees()))
