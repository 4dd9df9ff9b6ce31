"""What stands behind the commands for everybody: each is taken apart as its usage says."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.chat_commands import CHAT
from tcpchat.operator_requests import Report
from tcpchat.requests import (
    ChangePassword,
    Context,
    Edit,
    History,
    Join,
    Login,
    Register,
    Remove,
    ReplyTo,
    Request,
    Resume,
    Set,
    Tell,
    Unregister,
)

ASKED: list[tuple[str, str, Request]] = [
    ("msg", "alice  see you", Tell("alice", "see you")),
    ("join", " #own ", Join("#own")),
    ("join", "#own sesame", Join("#own", "sesame")),
    ("join", "#own open sesame", Join("#own open sesame")),
    ("history", "", History(None, "")),
    ("history", "50 dev", History(50, "dev")),
    ("history", "#dev 50", History(50, "#dev")),
    ("resume", "fig-42-moss-lamp", Resume("fig-42-moss-lamp")),
    ("resume", "fig-42-moss-lamp 7", Resume("fig-42-moss-lamp", 7)),
    ("register", "correct-horse", Register("correct-horse")),
    ("register", "", Register("")),
    ("login", "bob", Login("bob")),
    ("login", " bob  correct-horse ", Login("bob", "correct-horse")),
    ("password", "old-one new-one", ChangePassword("old-one", "new-one")),
    ("password", "", ChangePassword("", "")),
    ("password", "old-one", ChangePassword("old-one", "")),
    ("unregister", "correct-horse", Unregister("correct-horse")),
    ("set", " Echo  on ", Set("echo", "on")),
    ("re", "12 me too", ReplyTo(12, "me too")),
    ("edit", "#12 at eleven", Edit(12, "at eleven")),
    ("rm", "12", Remove(12)),
    ("context", "12 ", Context(12)),
    ("report", "12 insults, again", Report(12, "insults, again")),
]

WRONG = [
    ("msg", "alice"), ("msg", ""), ("join", ""), ("history", "1 2"), ("history", "#a #b"), ("history", "-5"),
    ("resume", ""), ("resume", "a b"), ("resume", "a 1 2"), ("register", "two words"), ("login", ""),
    ("login", "bob two words"), ("password", "one two three"),
    ("unregister", "two words"), ("whois", "a b"), ("seen", "a\tb"), ("ignore", "a b"), ("unignore", "a b"),
    ("leave", "#a b"), ("who", "#a b"),
    ("re", "12"), ("re", "me too"), ("edit", "12 \u200b"), ("rm", "12 x"), ("rm", ""), ("context", "x"),
    ("report", "12"), ("report", "12 \u200b"), ("report", "insults"), ("rooms", "x"), ("paste", "x"),
]  # fmt: skip


class ChatCommandsTests(SynchronousTestCase):
    def test_what_is_asked_for(self) -> None:
        for name, rest, request in ASKED:
            self.assertEqual(CHAT[name].make(rest), request, (name, rest))

    def test_what_is_no_whole_command(self) -> None:
        for name, rest in WRONG:
            self.assertRaises(ValueError, CHAT[name].make, rest)
