"""How far each room was read, and what was missed there: each entry once, in order, over all sessions."""

from __future__ import annotations

from typing import Any

from tcpchat.client.backlog import PAGE
from tcpchat.client.conversation import QUESTION
from tcpchat.client.happenings import (
    Answer,
    Caught,
    Done,
    Entered,
    Entry,
    Gone,
    Happening,
    Hole,
    Online,
    Refusal,
)
from tests.test_client_conversation import ANNA, ConversationCase, said


def joined(room: str, seq: int, nick: str = "anna") -> dict[str, Any]:
    return {"type": "joined", "room": room, "seq": seq, "time": "…", "nick": nick}


def missed(room: str) -> dict[str, Any]:
    """Return what is asked for when something was missed."""
    return {"type": "history", "ref": f"missed {room}", "room": room, "limit": PAGE}


class ReadingCase(ConversationCase):
    def setUp(self) -> None:
        super().setUp()
        self.come_in()

    def lose_session(self) -> None:
        """Be away for too long."""
        self.conversation.broken()
        list(self.conversation.take(QUESTION.encode()))
        self.hear({"type": "error", "code": "bad-session", "text": "Too old.", "ref": "resume"})
        self.sent()

    def ok(self, ref: str) -> list[Happening]:
        return self.hear({"type": "ok", "ref": ref})


class MovingTests(ReadingCase):
    def test_one_is_in_a_room_and_out_of_it(self) -> None:
        self.assertEqual(self.hear(joined("dev", 7)), [Entered("#dev"), Entry(joined("dev", 7))])
        self.assertEqual(self.conversation.rooms, ["#lobby", "#dev"])
        left = {"type": "left", "room": "dev", "seq": 8, "time": "…", "nick": "anna", "reason": ""}
        self.assertEqual(self.hear(left), [Entry(left), Gone("#dev")])
        self.assertEqual(self.conversation.rooms, ["#lobby"])
        self.assertNotIn("dev", self.conversation.after)

    def test_others_come_and_go(self) -> None:
        for kind in "joined", "left":
            self.hear({"type": kind, "room": "lobby", "seq": 11, "time": "…", "nick": "bob", "reason": ""})
        self.assertEqual(self.conversation.rooms, ["#lobby"])

    def test_who_is_put_out_is_out(self) -> None:
        self.hear({"type": "kicked", "room": "lobby", "seq": 11, "time": "…", "nick": "anna", "by": "bob"})
        self.assertEqual(self.conversation.rooms, [])
        left = {"type": "left", "room": "lobby", "seq": 12, "time": "…", "nick": "anna", "reason": ""}
        self.assertEqual(self.hear(left), [Entry(left)])

    def test_where_no_entry_tells_of_it_the_answer_does(self) -> None:
        """With ``/set joins none`` one's own coming and going is hidden, too."""
        ref = self.conversation.ask("join", room="#DEV")
        answer = {"type": "join", "nick": "anna", "room": "dev", "people": [], "others": 0}
        hidden = {"type": "hidden", "room": "dev", "seq": 7}
        self.assertEqual(self.hear(answer, hidden, {"type": "ok", "ref": ref, "seq": 7}), [
            Answer(answer), Entry(hidden), Entered("#dev"), Done(ref, 7),
        ])  # fmt: skip
        self.assertEqual(self.conversation.after["dev"], 7)
        ref = self.conversation.ask("leave", room="#Dev")
        self.assertEqual(self.hear({"type": "ok", "ref": ref, "seq": 8}), [Gone("#dev"), Done(ref, 8)])

    def test_one_is_called_something_else(self) -> None:
        for old, new in ("bob", "rob"), ("anna", "berta"):
            self.hear(
                {"type": "renamed", "room": "lobby", "seq": 11 + (old == "anna"), "old": old, "new": new}
            )
        self.assertEqual(self.conversation.nick, "berta")


class OnceTests(ReadingCase):
    def test_an_entry_that_is_known_is_not_told_again_but_a_replay_is(self) -> None:
        self.assertEqual(self.hear(said(10)), [])
        replay = said(9, replay=True)
        self.assertEqual(self.hear(replay), [Entry(replay)])
        self.assertEqual(self.conversation.after["lobby"], 10)

    def test_what_was_written_to_one_is_replayed_once(self) -> None:
        written = said(1, "@", replay=True)
        self.assertEqual(self.hear(written, written), [Entry(written)])

    def test_what_is_replayed_of_a_room_that_is_not_known_does_not_count(self) -> None:
        self.hear(said(9, "dev", replay=True))
        self.assertNotIn("dev", self.conversation.after)

    def test_what_was_missed_in_a_session_that_goes_on_comes_by_itself(self) -> None:
        self.come_back()
        self.assertEqual(self.hear(said(11), said(9, replay=True))[0], Entry(said(11)))
        self.assertEqual(list(self.conversation.quiet()), [Caught(1)])
        self.assertEqual(list(self.conversation.quiet()), [])

    def test_of_what_was_missed_the_lines_of_others_are_counted(self) -> None:
        self.come_back()
        joined = {"type": "joined", "room": "lobby", "seq": 13, "time": "…", "nick": "eve"}
        self.hear(said(11, text="two\nlines"), said(12, **{"from": "anna"}), joined)
        self.assertEqual(list(self.conversation.quiet()), [Caught(2)])


class MissedTests(ReadingCase):
    """Between two sessions: what was said then is fetched."""

    def setUp(self) -> None:
        super().setUp()
        self.hear(said(11))
        self.lose_session()

    def test_it_is_told_in_order_and_what_comes_meanwhile_behind_it(self) -> None:
        self.assertEqual(self.welcome("s2", after={"@": 0, "lobby": 40}), [ANNA._replace(is_new=True)])
        self.assertEqual(self.sent(), [missed("lobby")])
        pages = [said(seq, replay=True) for seq in (39, 11, 12, 39)]  # and on coming in
        self.assertEqual(self.hear(said(41), *pages), [])
        self.assertEqual(list(self.conversation.quiet()), [])
        self.assertEqual(self.ok("missed lobby"), [Entry(said(seq)) for seq in (12, 39, 41)])
        self.assertEqual(self.hear(said(42)), [Entry(said(42))])
        self.assertEqual(list(self.conversation.quiet()), [Caught(4)])

    def test_of_what_was_not_fetched_it_is_told_that_it_is_there(self) -> None:
        self.welcome("s2", after={"@": 0, "lobby": 1000})
        self.hear(*(said(seq, replay=True) for seq in range(501, 1001)))
        hole, first, *_, last = self.ok("missed lobby")
        self.assertEqual((hole, first, last), (Hole("#lobby", 11, 501), Entry(said(501)), Entry(said(1000))))

    def test_what_may_not_be_fetched_is_told_as_well(self) -> None:
        self.welcome("s2", after={"@": 0, "lobby": 40})
        self.hear(said(41))
        refused = {"type": "error", "code": "refused", "text": "No.", "ref": "missed lobby"}
        self.assertEqual(self.hear(refused), [Hole("#lobby", 11, 41), Entry(said(41))])

    def test_a_room_that_was_entered_again_is_one_of_them(self) -> None:
        self.welcome("s2", after={"@": 0, "lobby": 11})
        self.assertEqual(self.hear(joined("dev", 20)), [Entered("#dev"), Entry(joined("dev", 20))])
        self.lose_session()
        self.welcome("s3", after={"@": 0, "lobby": 11})
        self.assertEqual([it["ref"] for it in self.sent()], ["join #dev"])
        self.assertEqual(self.hear(said(25, "dev", replay=True)), [])  # on coming in
        self.assertEqual(self.hear(joined("dev", 30)), [Entered("#dev")])
        self.assertEqual(self.sent(), [missed("dev")])
        self.hear(said(25, "dev", replay=True))
        self.assertEqual(self.ok("missed dev"), [Entry(said(25, "dev")), Entry(joined("dev", 30))])

    def test_who_leaves_meanwhile_is_told_what_has_come(self) -> None:
        self.welcome("s2", after={"@": 0, "lobby": 40})
        left = {"type": "left", "room": "lobby", "seq": 41, "time": "…", "nick": "anna", "reason": ""}
        self.assertEqual(self.hear(left), [Entry(left), Gone("#lobby")])
        self.assertEqual(self.ok("missed lobby"), [])

    def test_a_break_while_it_is_fetched_loses_nothing(self) -> None:
        self.welcome("s2", after={"@": 0, "lobby": 40})
        self.sent()
        self.hear(said(41), said(12, replay=True))
        self.come_back(session="s2", after={"@": 0, "lobby": 41})
        self.assertEqual([it["ref"] for it in self.sent()], ["resume", "missed lobby"])
        self.hear(said(12, replay=True), said(42))
        self.assertEqual(self.ok("missed lobby"), [Entry(said(seq)) for seq in (12, 41, 42)])

    def test_neither_does_the_end_of_that_session(self) -> None:
        self.welcome("s2", after={"@": 0, "lobby": 40})
        self.hear(said(41))
        self.lose_session()
        self.welcome("s3", after={"@": 0, "lobby": 50})
        self.assertEqual(self.sent(), [missed("lobby")])
        self.hear(said(12, replay=True), said(41, replay=True))
        self.assertEqual(self.ok("missed lobby"), [Entry(said(12)), Entry(said(41))])

    def test_of_another_log_nothing_is_fetched(self) -> None:
        self.welcome("s2", after={"@": 0, "lobby": 40})
        self.lose_session()
        self.welcome("s3", epoch="f", after={"@": 0, "lobby": 5})
        self.assertEqual(self.sent(), [])
        self.assertEqual(self.conversation.after, {"@": 0, "lobby": 5})


class AccountTests(ReadingCase):
    """Who has logged in is logged in again: what was missed is told by the server, from where it knows."""

    def setUp(self) -> None:
        super().setUp()
        self.conversation.ask("login", nick="berta", password="…")
        self.sent()
        self.welcome("s2", nick="berta", after={"@": 5, "lobby": 20})
        self.ok("1")
        self.hear(said(6, "@"), said(21))
        self.conversation.broken()
        list(self.conversation.take(QUESTION.encode()))
        self.sent()
        self.hear({"type": "error", "code": "bad-session", "text": "Too old.", "ref": "resume"})

    def test_nothing_is_told_twice(self) -> None:
        login = {"type": "login", "nick": "berta", "password": "…", "ref": "name"}
        self.assertEqual(self.sent(), [login])
        self.welcome("s3", nick="berta", after={"@": 5, "lobby": 19})
        self.assertEqual(self.sent(), [missed("lobby")])
        happened = self.hear(*(said(seq, "@", replay=True) for seq in (6, 7)))
        self.assertEqual(happened, [Entry(said(7, "@", replay=True))])
        self.hear(*(said(seq, replay=True) for seq in (20, 21, 22)))
        self.assertEqual(self.ok("missed lobby"), [Entry(said(22))])

    def test_whose_password_is_another_one_now_is_told_so_and_comes_in_as_somebody_else(self) -> None:
        self.sent()
        refused = {"type": "error", "code": "bad-login", "text": "Wrong.", "ref": "name"}
        self.assertEqual(self.hear(refused), [Refusal("name", "bad-login", "Wrong.")])
        self.assertEqual(self.sent(), [{"type": "as", "nick": "berta", "ref": "name"}])
        (online,) = [it for it in self.welcome("s3", nick="berta2") if isinstance(it, Online)]
        self.assertTrue(online.is_new)
