"""What stands behind the commands of operators: the room in front if it is another one, a time, a reason."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.operator_commands import MODERATION
from tcpchat.operator_requests import (
    EVERYWHERE,
    Announce,
    Ban,
    Deop,
    Hide,
    Invite,
    Kick,
    Lock,
    Lockdown,
    Mute,
    Op,
    Reload,
    Slow,
    Unban,
    Unlock,
    Unmute,
)
from tcpchat.requests import Refused, Request

ASKED: list[tuple[str, str, Request]] = [
    ("op", "anna", Op("anna")),
    ("op", "#own  anna ", Op("anna", "#own")),
    ("deop", "#own anna", Deop("anna", "#own")),
    ("kick", "eve", Kick("eve")),
    ("kick", "#own eve be nice", Kick("eve", "be nice", "#own")),
    ("ban", "", Ban()),
    ("ban", "#own", Ban(room="#own")),
    ("ban", "server", Ban(room=EVERYWHERE)),
    ("ban", "eve", Ban("eve")),
    ("ban", "eve 2h spam", Ban("eve", 7200, "spam")),
    ("ban", "eve spam 2h", Ban("eve", None, "spam 2h")),
    ("ban", "#own 203.0.113.0/24 1d", Ban("203.0.113.0/24", 86400, "", "#own")),
    ("ban", "Server eve spam", Ban("eve", None, "spam", EVERYWHERE)),
    ("ban", "#own eve TEST", Ban("eve", room="#own", test=True)),
    ("unban", "eve", Unban("eve")),
    ("unban", "server 2001:db8::/64", Unban("2001:db8::/64", EVERYWHERE)),
    ("mute", "#own eve 10m be still", Mute("eve", 600, "be still", "#own")),
    ("unmute", "#own eve", Unmute("eve", "#own")),
    ("slow", "", Slow()),
    ("slow", "#own", Slow(None, "#own")),
    ("slow", "10", Slow(10)),
    ("slow", "#own 1m", Slow(60, "#own")),
    ("slow", "OFF", Slow(0)),
    ("lock", "", Lock()),
    ("lock", "#own sesame", Lock("sesame", "#own")),
    ("unlock", "#own", Unlock("#own")),
    ("invite", "#own carl", Invite("carl", "#own")),
    ("hide", "", Hide(True)),
    ("unhide", "#own", Hide(False, "#own")),
    ("lockdown", "", Lockdown()),
    ("lockdown", " ON ", Lockdown(True)),
    ("lockdown", "off", Lockdown(False)),
    ("reload", " ", Reload()),
    ("announce", "back  at ten", Announce("back  at ten")),
]

WRONG = [
    ("op", ""), ("op", "#own"), ("kick", ""), ("kick", "#own"), ("ban", "eve 0s"), ("unban", ""),
    ("unban", "server"),
    ("mute", ""), ("mute", "#own"), ("mute", "server eve"), ("unmute", "#own"),
    ("op", "a b"), ("deop", "#own a b"), ("unban", "a b"), ("unmute", "a b"), ("invite", "a b"),
    ("slow", "soon"), ("slow", "123456"), ("slow", "1 2"),
    ("lock", "two words"), ("unlock", "now"), ("hide", "#own now"), ("lockdown", "maybe"), ("announce", " "),
    ("reload", "now"),
]  # fmt: skip


class OperatorCommandsTests(SynchronousTestCase):
    def test_what_is_asked_for(self) -> None:
        self.assertEqual({name for name, _, _ in ASKED}, set(MODERATION))
        for name, rest, request in ASKED:
            self.assertEqual(MODERATION[name].make(rest), request, (name, rest))

    def test_what_is_no_whole_command(self) -> None:
        for name, rest in WRONG:
            self.assertRaises(ValueError, MODERATION[name].make, rest)

    def test_a_reason_may_be_as_long_as_a_remark_and_not_longer(self) -> None:
        for name in "kick", "ban", "mute":
            MODERATION[name].make("eve " + "x" * 300)
            self.assertRaises(Refused, MODERATION[name].make, "eve " + "x" * 301)
