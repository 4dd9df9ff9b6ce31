"""What is said with our server over one connection after another: nothing lost, nothing twice."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.client.conversation import QUESTION, Conversation, NotJson, may_be_ours
from tcpchat.client.happenings import (
    Answer,
    Caught,
    Done,
    Entered,
    Entry,
    Gap,
    Gone,
    Happening,
    Hole,
    Line,
    NickWanted,
    Online,
    Refusal,
    Unknown,
)
from tcpchat.client.limits import MOST_ON_THE_WAY

ANNA = Online("anna", "#lobby", (), 0)


def said(seq: int, room: str = "lobby", **more: Any) -> dict[str, Any]:
    """Return what a line in a room looks like."""
    return {"type": "message", "room": room, "seq": seq, "time": "…", "from": "bob", "text": f"{seq}"} | more


class ConversationCase(SynchronousTestCase):
    """Somebody called anna; the server is played by the test."""

    def setUp(self) -> None:
        self.conversation = Conversation(["anna"])

    def hear(self, *objects: dict[str, Any]) -> list[Happening]:
        """Take in what the server says."""
        return [it for each in objects for it in self.conversation.take(json.dumps(each).encode())]

    def sent(self) -> list[dict[str, Any]]:
        """Return what is sent, but for the line that asks for JSON."""
        lines = self.conversation.outgoing().split(b"\n")
        return [json.loads(line) for line in lines if line.startswith(b"{")]

    def welcome(self, session: str = "s1", epoch: str = "e", **more: Any) -> list[Happening]:
        """The server lets somebody in, or in again."""
        return self.hear(
            {"type": "welcome", "nick": "anna", "room": "lobby", "people": [], "others": 0, "epoch": epoch,
             "session": session, "rooms": ["lobby"], "after": {"@": 0, "lobby": 10}} | more
        )  # fmt: skip

    def come_in(self) -> None:
        """Connect for the first time."""
        list(self.conversation.take(QUESTION.encode()))
        self.welcome()
        self.sent()

    def come_back(self, **more: Any) -> list[Happening]:
        """Connect after a break."""
        self.conversation.broken()
        list(self.conversation.take(QUESTION.encode()))
        return self.welcome(**more)


class ComingInTests(ConversationCase):
    def test_json_is_asked_for_when_the_server_has_asked_for_a_nickname(self) -> None:
        self.assertEqual(list(self.conversation.take(b"*** Welcome.")), [Line("*** Welcome.")])
        self.assertEqual(self.conversation.outgoing(), b"")
        self.assertEqual(list(self.conversation.take(QUESTION.encode())), [])
        asked, who, end = self.conversation.outgoing().split(b"\n")
        self.assertEqual((asked, end), (b"/json", b""))
        self.assertEqual(json.loads(who), {"type": "as", "nick": "anna", "ref": "name"})
        self.assertEqual(self.hear({"type": "notice", "text": "What is your nickname?"}), [])
        self.assertEqual(self.welcome(people=["bob"], others=1), [
            Online("anna", "#lobby", ("bob",), 1), Entered("#lobby"),
        ])  # fmt: skip
        self.assertEqual(self.conversation.rooms, ["#lobby"])

    def test_our_server_begins_its_lines_as_no_other_does(self) -> None:
        for beginning in b"", b"*", b"*** Welcome", b"!!! Too many":
            self.assertTrue(may_be_ours(beginning))
        for beginning in b"W", b"* ", b"****":
            self.assertFalse(may_be_ours(beginning))

    def test_the_next_nickname_is_tried_and_then_one_is_asked_for(self) -> None:
        self.conversation = Conversation(["root", "anna"])
        list(self.conversation.take(QUESTION.encode()))
        refused = {"type": "error", "code": "bad-nick", "text": "No.", "ref": "name"}
        self.assertEqual(self.hear(refused), [])
        self.assertEqual([it["nick"] for it in self.sent()], ["root", "anna"])
        self.assertEqual(self.hear(refused), [NickWanted("No.")])
        self.conversation.choose("berta")
        self.assertEqual(self.sent(), [{"type": "nick", "nick": "berta", "ref": "name"}])
        self.assertEqual(self.hear(refused), [NickWanted("No.")])
        self.welcome()
        self.assertEqual(self.hear(refused), [Refusal("name", "bad-nick", "No.")])

    def test_it_is_told_if_the_nickname_is_another_than_was_asked_for(self) -> None:
        self.conversation = Conversation(["root", "Anna"])
        list(self.conversation.take(QUESTION.encode()))
        self.assertEqual(self.welcome(nick="root2")[0], Online("root2", "#lobby", (), 0, wanted="root"))
        self.conversation = Conversation(["Anna"])
        for nick in "anna", "anna":
            list(self.conversation.take(QUESTION.encode()))
            self.assertEqual(self.welcome(nick=nick)[0], Online(nick, "#lobby", (), 0))
            self.conversation = Conversation(["root"])
            list(self.conversation.take(QUESTION.encode()))
            self.conversation.choose("anna")  # by hand

    def test_a_break_before_the_answer_takes_no_nickname_away(self) -> None:
        for _ in range(2):
            list(self.conversation.take(QUESTION.encode()))
            self.assertEqual([it["nick"] for it in self.sent()], ["anna"])
            self.conversation.broken()

    def test_without_a_nickname_one_is_asked_for_at_once(self) -> None:
        self.conversation = Conversation()
        self.assertEqual(list(self.conversation.take(QUESTION.encode())), [NickWanted("Choose a nickname.")])

    def test_empty_lines_and_a_second_question_are_nothing(self) -> None:
        self.come_in()
        self.assertEqual(list(self.conversation.take(b"")), [])
        self.assertEqual(list(self.conversation.take(QUESTION.encode())), [Line(QUESTION)])

    def test_so_is_one_before_the_answer(self) -> None:
        for _ in range(2):
            self.assertEqual(list(self.conversation.take(QUESTION.encode())), [])
        self.assertEqual([it["type"] for it in self.sent()], ["as"])

    def test_somebody_may_be_in_no_room(self) -> None:
        list(self.conversation.take(QUESTION.encode()))
        self.assertEqual(self.welcome(room="", rooms=[], after={"@": 3}), [Online("anna", "", (), 0)])
        self.assertEqual(self.conversation.after, {"@": 3})

    def test_what_our_server_does_not_send_is_refused(self) -> None:
        for line in (
            b"{",
            b"{}",
            b'{"type":1}',
            b'{"type":"welcome"}',
            b'{"type":"gap","room":"x","before":"y"}',
            b"{" * 9999,
        ):
            with pytest.raises(NotJson):
                list(self.conversation.take(line))


class AskingTests(ConversationCase):
    def test_a_time_zone_that_is_not_known_here_is_told(self) -> None:
        self.come_in()
        ref = self.conversation.ask("set", name="timezone", value="Mars/Olympus")
        told, done = self.hear({"type": "ok", "ref": ref})
        self.assertIn('its own times: There is no time zone "Mars/Olympus"', str(told))
        self.assertEqual((done, self.conversation.seeing.zone), (Done(ref, None), None))

    def test_what_is_asked_for_waits_for_the_session_and_is_answered_once(self) -> None:
        ref = self.conversation.ask("say", text="hi", room="#lobby")
        self.assertEqual(self.conversation.outgoing(), b"")
        list(self.conversation.take(QUESTION.encode()))
        self.welcome()
        self.assertEqual(self.sent()[1:], [{"type": "say", "ref": ref, "text": "hi", "room": "#lobby"}])
        self.assertEqual(self.sent(), [])
        ok = {"type": "ok", "ref": ref, "seq": 11}
        self.assertEqual(self.hear(ok), [Done(ref, 11)])
        self.assertEqual(self.hear(ok, {"type": "ok"}), [])

    def test_so_many_are_on_their_way_and_no_more(self) -> None:
        self.come_in()
        refs = [self.conversation.ask("say", text="hi") for _ in range(MOST_ON_THE_WAY + 1)]
        self.assertEqual([it["ref"] for it in self.sent()], refs[:MOST_ON_THE_WAY])
        self.hear({"type": "ok", "ref": refs[0]})
        self.assertEqual([it["ref"] for it in self.sent()], refs[MOST_ON_THE_WAY:])

    def test_a_line_that_was_too_long_to_be_read_is_refused_though_the_server_cannot_name_it(self) -> None:
        self.come_in()
        _, long = (self.conversation.ask("say", text=text) for text in ("hi", "much"))
        self.sent()
        refused = {"type": "error", "code": "too-long", "text": "No."}
        self.assertEqual(self.hear(refused), [Refusal(long, "too-long", "No.")])
        self.assertNotIn(long, self.conversation.asked)

    def test_a_refusal_is_an_answer(self) -> None:
        self.come_in()
        ref = self.conversation.ask("say", text="hi")
        refused = {"type": "error", "code": "muted", "text": "No.", "ref": ref}
        self.assertEqual(self.hear(refused), [Refusal(ref, "muted", "No.")])
        self.assertEqual(self.hear(refused), [Answer(refused)])
        self.assertEqual(self.conversation.asked, {})

    def test_what_the_log_cannot_take_is_sent_again_later(self) -> None:
        self.come_in()
        first, second = (self.conversation.ask("say", text=text) for text in "ab")
        self.sent()
        self.assertEqual(self.hear({"type": "error", "code": "not-sent", "text": "Full.", "ref": first}), [])
        self.assertTrue(self.conversation.is_to_ask_again)
        third = self.conversation.ask("say", text="c")
        self.assertEqual(self.sent(), [])
        self.conversation.ask_again()
        self.assertEqual([it["ref"] for it in self.sent()], [first, second, third])
        self.assertFalse(self.conversation.is_to_ask_again)


class BreakTests(ConversationCase):
    def test_one_comes_back_behind_the_last_entry_of_each_room(self) -> None:
        self.come_in()
        self.assertEqual(self.hear(said(11), said(12)), [Entry(said(11)), Entry(said(12))])
        self.conversation.broken()
        list(self.conversation.take(QUESTION.encode()))
        self.assertEqual(self.sent(), [
            {"type": "resume", "session": "s1", "after": {"@": 0, "lobby": 12}, "ref": "resume"}
        ])  # fmt: skip
        self.assertEqual(self.welcome(after={"@": 0, "lobby": 12}), [ANNA._replace(is_back=True)])
        self.assertEqual(self.hear({"type": "ok", "ref": "resume"}, said(13)), [Entry(said(13))])
        self.assertEqual(list(self.conversation.quiet()), [Caught(1)])
        self.assertEqual(list(self.conversation.quiet()), [])

    def test_what_was_not_answered_is_sent_again_under_its_name_and_in_order(self) -> None:
        self.come_in()
        refs = [self.conversation.ask("say", text=text) for text in "abc"]
        self.sent()
        self.hear({"type": "ok", "ref": refs[0]})
        self.come_back()
        self.assertEqual([it["ref"] for it in self.sent()], ["resume", *refs[1:]])

    def test_a_gap_is_told_and_read_over(self) -> None:
        self.come_in()
        gap = {"type": "gap", "room": "lobby", "after": 10, "before": 20}
        self.assertEqual(self.hear(gap), [Gap("#lobby", 10, 20)])
        self.assertEqual(self.conversation.after["lobby"], 19)

    def test_whether_the_server_is_there_is_asked_in_a_session_alone(self) -> None:
        self.conversation.ping()
        self.assertEqual(self.sent(), [])
        self.come_in()
        self.conversation.ping()
        self.assertEqual(self.sent(), [{"type": "ping", "ref": "ping"}])
        for answer in {"type": "ok"}, {"type": "error", "code": "unknown-type", "text": "?"}:
            self.assertEqual(self.hear({**answer, "ref": "ping"}), [])

    def test_where_a_session_cannot_be_taken_up_yet_it_is_in_a_while(self) -> None:
        self.come_in()
        self.conversation.broken()
        list(self.conversation.take(QUESTION.encode()))
        resume = self.sent()
        self.hear({"type": "error", "code": "not-sent", "text": "Not sent.", "ref": "resume"})
        self.assertTrue(self.conversation.is_to_ask_again)
        self.conversation.ask_again()
        self.assertEqual(self.sent(), resume)
        self.assertFalse(self.conversation.is_to_ask_again)

    def test_of_a_session_that_is_lost_is_told_what_is_not_known(self) -> None:
        self.come_in()
        sent = self.conversation.ask("say", text="sent")
        self.sent()
        self.conversation.broken()
        later = self.conversation.ask("say", text="later")
        list(self.conversation.take(QUESTION.encode()))
        self.sent()
        lost = {"type": "error", "code": "bad-session", "text": "Too old.", "ref": "resume"}
        (unknown,) = self.hear(lost)
        self.assertEqual(unknown, Unknown(sent, {"type": "say", "ref": sent, "text": "sent"}))
        self.assertEqual(self.sent(), [{"type": "as", "nick": "anna", "ref": "name"}])
        self.assertEqual(self.welcome("s2"), [ANNA._replace(is_new=True)])
        self.assertEqual([it["ref"] for it in self.sent()], [later])

    def test_the_rooms_of_a_lost_session_are_entered_again(self) -> None:
        self.come_in()
        self.enter("dev", 7)
        self.enter("ops", 7)
        self.conversation.broken()
        self.conversation.ask("say", text="hi", room="#dev")
        list(self.conversation.take(QUESTION.encode()))
        self.hear({"type": "error", "code": "bad-session", "text": "Too old.", "ref": "resume"})
        self.sent()
        self.welcome("s2")
        self.assertEqual(
            [(it["type"], it["room"]) for it in self.sent()],
            [("join", "#dev"), ("join", "#ops"), ("say", "#dev")],
        )

    def test_a_login_goes_on_as_somebody_else_and_sends_nothing_again(self) -> None:
        self.come_in()
        self.enter("x", 1)
        ref = self.conversation.ask("login", nick="berta", password="…")
        self.sent()
        rooms: dict[str, Any] = {"rooms": ["dev"], "room": "dev", "after": {"@": 0, "dev": 4}}
        self.assertEqual(self.welcome("s2", nick="berta", **rooms), [
            Online("berta", "#dev", (), 0), Entered("#dev"), Gone("#lobby"), Gone("#x"),
        ])  # fmt: skip
        self.assertEqual(self.sent(), [])
        self.assertEqual(self.hear({"type": "ok", "ref": ref, "seq": 6}), [Done(ref, 6)])
        self.assertEqual((self.conversation.nick, self.conversation.after), ("berta", {"@": 0, "dev": 4}))

    def test_a_break_right_behind_a_login_has_nothing_said_twice(self) -> None:
        """A ref is of one session, and a login brings another: nothing else is on the way with it."""
        self.come_in()
        before = self.conversation.ask("say", text="before")
        login = self.conversation.ask("login", nick="berta", password="…")
        behind = self.conversation.ask("say", text="behind")
        self.assertEqual([it["ref"] for it in self.sent()], [before])
        self.hear({"type": "ok", "ref": before})
        self.assertEqual([it["ref"] for it in self.sent()], [login])
        self.welcome("s2", nick="berta")
        self.assertEqual(self.sent(), [])
        self.assertIn(Done(login, None), self.come_back(session="s2", nick="berta"))
        self.assertEqual([it["ref"] for it in self.sent()], ["resume", behind])

    def test_a_login_of_which_nothing_was_heard_is_tried_again(self) -> None:
        self.come_in()
        login = self.conversation.ask("login", nick="berta", password="…")
        self.sent()
        self.conversation.broken()
        list(self.conversation.take(QUESTION.encode()))
        lost = {"type": "error", "code": "bad-session", "text": "Too old.", "ref": "resume"}
        self.assertEqual(self.hear(lost), [])
        self.welcome("s2", nick="anna2")
        self.assertEqual([it["ref"] for it in self.sent()], ["resume", "name", login])

    def test_a_welcome_may_come_without_a_login(self) -> None:
        """Who says ``/json`` once more is welcomed once more."""
        self.come_in()
        self.assertEqual(self.welcome(), [ANNA._replace(is_back=True)])

    def test_any_other_refusal_to_come_back_ends_nothing(self) -> None:
        self.come_in()
        self.conversation.broken()
        list(self.conversation.take(QUESTION.encode()))
        self.assertEqual(
            self.hear({"type": "error", "code": "refused", "text": "Later.", "ref": "resume"}), []
        )
        self.conversation.broken()
        list(self.conversation.take(QUESTION.encode()))
        self.assertEqual(self.sent()[-1]["type"], "resume")

    def test_numbers_of_another_log_mean_nothing(self) -> None:
        self.come_in()
        self.assertEqual(self.come_back(epoch="f", after={"@": 0, "lobby": 3}), [ANNA._replace(is_back=True)])
        self.assertEqual(self.conversation.after, {"@": 0, "lobby": 3})

    def test_a_room_that_one_was_put_out_of_meanwhile_is_gone(self) -> None:
        self.come_in()
        self.enter("dev", 7)
        self.assertEqual(self.come_back()[-1], Gone("#dev"))

    @given(st.lists(st.sampled_from(["ask", "write", "answer", "break"]), max_size=60))
    def test_whatever_breaks_all_is_carried_out_once_in_order(self, steps: list[str]) -> None:
        """The server played here does what a ref asks for once, and answers it each time."""
        self.setUp()
        self.come_in()
        log: list[str] = []
        wire: list[dict[str, Any]] = []
        asked: list[str] = []

        def serve() -> None:
            for it in wire:
                if it["type"] == "say":
                    if it["ref"] not in log:
                        log.append(it["ref"])
                    self.hear({"type": "ok", "ref": it["ref"]})
            wire.clear()

        for step in steps:
            if step == "ask":
                asked.append(self.conversation.ask("say", text="…"))
            elif step == "write":
                wire += self.sent()
            elif step == "answer":
                serve()
            else:
                # Of what was written the server has got some; the answers are lost.
                for it in wire[: len(wire) // 2]:
                    if it["type"] == "say" and it["ref"] not in log:
                        log.append(it["ref"])
                wire.clear()
                self.come_back()
        while self.conversation.asked:
            wire += self.sent()
            serve()
        self.assertEqual(log, asked)

    def enter(self, room: str, seq: int) -> None:
        """Go into a room."""
        self.hear({"type": "joined", "room": room, "seq": seq, "time": "…", "nick": "anna"})


class AccountTests(ConversationCase):
    """After a session is lost one comes in by the account that one has then."""

    def do(self, kind: str, **fields: str) -> None:
        """Have something done."""
        ref = self.conversation.ask(kind, **fields)
        self.sent()
        self.hear({"type": "ok", "ref": ref})

    def lose(self) -> list[dict[str, Any]]:
        """Return what one comes in by when the session is lost."""
        self.conversation.broken()
        list(self.conversation.take(QUESTION.encode()))
        self.sent()
        self.hear({"type": "error", "code": "bad-session", "text": "Too old.", "ref": "resume"})
        return self.sent()

    def test_it_is_kept_by_the_password_that_it_has(self) -> None:
        self.come_in()
        self.do("password", old="…", new="none")
        self.do("register", password="first")
        self.do("password", old="first", new="second")
        login = {"type": "login", "nick": "anna", "password": "second", "ref": "name"}
        self.assertEqual(self.lose(), [login])

    def test_who_has_none_any_more_comes_in_without(self) -> None:
        self.come_in()
        self.do("register", password="first")
        self.do("unregister", password="first")
        self.assertEqual([it["type"] for it in self.lose()], ["as"])

    def test_who_is_refused_comes_in_without(self) -> None:
        self.come_in()
        self.do("register", password="first")
        self.lose()
        refused = {"type": "error", "code": "bad-login", "text": "Wrong.", "ref": "name"}
        self.assertEqual(self.hear(refused), [Refusal("name", "bad-login", "Wrong.")])
        self.assertEqual([it["type"] for it in self.sent()], ["as"])

    def test_what_is_fetched_ends_with_its_answer_or_a_refusal(self) -> None:
        self.come_in()
        refusal = {"type": "error", "code": "refused", "text": "No."}
        for session, end, told in ("s2", {"type": "ok"}, []), ("s3", refusal, [Hole("#lobby", 20, 31)]):
            self.lose()
            self.welcome(session, after={"@": 0, "lobby": 10 * int(session[1])})
            self.assertEqual(self.hear({**end, "ref": "missed lobby"}), told)
            self.assertEqual(list(self.conversation.quiet()), [Caught(0)])


class MovingTests(ConversationCase):
    def setUp(self) -> None:
        super().setUp()
        self.come_in()

    def test_what_is_said_to_one_alone_is_an_answer(self) -> None:
        who = {"type": "who", "room": "lobby", "people": ["anna"], "away": []}
        self.assertEqual(self.hear(who), [Answer(who)])

    def test_one_is_in_a_room_already(self) -> None:
        ref = self.conversation.ask("join", room="#lobby")
        answer = {"type": "join", "nick": "anna", "room": "lobby", "people": [], "others": 0}
        self.assertEqual(self.hear(answer, {"type": "ok", "ref": ref}), [Answer(answer), Done(ref, None)])

    def test_one_leaves_a_room(self) -> None:
        ref = self.conversation.ask("leave", room="#LOBBY")
        self.assertEqual(self.hear({"type": "ok", "ref": ref, "seq": 11}), [Gone("#lobby"), Done(ref, 11)])

    def test_one_goes_into_a_room_though_no_entry_says_so(self) -> None:
        ref = self.conversation.ask("join", room="#dev")
        answer = {"type": "join", "nick": "anna", "room": "dev", "people": [], "others": 0}
        happened = self.hear(answer, {"type": "ok", "ref": ref, "seq": 7})
        self.assertEqual(happened, [Answer(answer), Entered("#dev"), Done(ref, 7)])
