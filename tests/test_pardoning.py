"""Bans and mutes as the tools list and lift them: in the records, in the room, in the audit trail."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from tcpchat import records
from tcpchat.administration import carry_out
from tcpchat.control import Running
from tcpchat.deeds import Refusal
from tcpchat.events import Event, Unbanned, Unmuted
from tcpchat.logs.interface import NotKept
from tcpchat.names import nickname
from tcpchat.records import KeptSanction
from tcpchat.tool_orders import Answer, Done, LiftSanctions, ListSanctions, Order, Sanction
from tests.visitors import MORNING, ChatCase


class PardoningTests(ChatCase):
    def start(self, order: Order) -> Deferred[list[Answer]]:
        answer = Deferred.fromCoroutine(carry_out(Running(self.chat), order))
        self.settle()
        return answer

    def ask(self, order: Order) -> list[Answer]:
        """Have an order carried out; return what is answered."""
        return self.successResultOf(self.start(order))

    def refused(self, order: Order) -> str:
        """Have an order refused; return why."""
        return str(self.failureResultOf(self.start(order), Refusal).value)

    def events(self, stream: str) -> list[Event]:
        return [entry.event for entry in self.successResultOf(self.log.read(stream, 0, 100))]

    def sanction(self, whom: str, room: str = "", kind: str = "ban", until: int | None = None) -> None:
        """Have somebody banned or muted."""
        is_network = "/" in whom
        self.chat.sanctions.add(
            KeptSanction(
                self.chat.new_id(), kind, room, whom, "anna", MORNING, until, "spam",
                () if is_network else nickname(whom).keys, networks=(whom,) if is_network else (),
            )
        )  # fmt: skip

    def left(self) -> list[tuple[str, str, str]]:
        """Return which bans and mutes another server would find."""
        kept = self.successResultOf(self.log.records(records.SANCTION)).values()
        return [(it.kind, it.whom, it.room) for it in map(records.sanction, kept)]

    def test_all_are_listed_that_are_not_over(self) -> None:
        self.assertEqual(self.ask(ListSanctions()), [Done()])
        self.sanction("eve", "#own", until=MORNING + 60_000)
        self.sanction("203.0.113.0/24")
        self.sanction("mallory", "#own", "mute")
        eve = Sanction("ban", "#own", "eve", [], MORNING + 60_000, "anna", "spam")
        others = [
            Sanction("ban", "", "203.0.113.0/24", ["203.0.113.0/24"], None, "anna", "spam"),
            Sanction("mute", "#own", "mallory", [], None, "anna", "spam"),
        ]
        self.clock.advance(59)
        self.assertEqual(self.ask(ListSanctions()), [eve, *others, Done()])
        self.clock.advance(1)
        self.assertEqual(self.ask(ListSanctions()), [*others, Done()])

    def test_a_ban_of_the_whole_server_is_lifted(self) -> None:
        self.sanction("eve")
        self.sanction("eve", "#own")
        self.assertEqual(self.ask(LiftSanctions("EVE")), [Done("Unbanned eve.")])
        self.assertEqual(self.left(), [("ban", "eve", "#own")])
        (note,) = self.events("#audit")
        self.assertEqual((note.nick, getattr(note, "text", "")), ("tcpchat", "unbanned eve"))
        self.assertEqual(self.events("#own"), [])

    def test_a_ban_and_a_mute_in_a_room_are_lifted_and_the_room_is_told(self) -> None:
        (anna,) = self.enter("anna")
        anna.types("/join #Own")
        self.sanction("eve", "#Own")
        self.sanction("eve", "#Own", "mute")
        deed = "nbanned eve from #Own and unmuted eve in #Own"
        self.assertEqual(self.ask(LiftSanctions("eve", "own")), [Done(f"U{deed}.")])
        self.assertEqual(self.left(), [])
        *_, unbanned, unmuted = self.events("#Own")
        assert isinstance(unbanned, Unbanned) and isinstance(unmuted, Unmuted)
        self.assertEqual(
            anna.sees(),
            ["*** eve was unbanned from #Own by tcpchat.", "*** eve was unmuted in #Own by tcpchat."],
        )
        (note,) = self.events("#audit")
        self.assertEqual(getattr(note, "text", ""), f"u{deed}")

    def test_a_network_is_lifted_as_it_is_listed(self) -> None:
        self.sanction("203.0.113.0/24", "#own")
        said = self.refused(LiftSanctions("203.0.113.1", "#own"))
        self.assertEqual(said, "There is no ban or mute of 203.0.113.1 in #own.")
        self.ask(LiftSanctions("203.0.113.0/24", "#own"))
        self.assertEqual(self.left(), [])

    def test_what_is_not_there_is_refused_and_told_where_it_is(self) -> None:
        none = "There is no ban or mute of eve on the whole server"
        self.assertEqual(self.refused(LiftSanctions("eve")), f"{none}.")
        self.sanction("eve", "#own")
        self.sanction("eve", "#dev", "mute")
        self.assertEqual(self.refused(LiftSanctions("eve")), f"{none}, but in #dev and in #own.")
        self.sanction("eve")
        said = self.refused(LiftSanctions("eve", "#art"))
        self.assertEqual(
            said, "There is no ban or mute of eve in #art, but on the whole server and in #dev and in #own."
        )
        self.assertIn('"#" is no room: ', self.refused(LiftSanctions("eve", "#")))
        self.assertIn('"two words" is neither a nickname nor ', self.refused(LiftSanctions("two words")))
        self.assertEqual(len(self.left()), 3)
        self.assertEqual(self.events("#audit"), [])

    def test_what_the_log_does_not_take_is_put_back(self) -> None:
        self.sanction("eve", "#own")
        self.sanction("eve", "#own", "mute")
        before = self.left()
        self.log.full = True
        self.failureResultOf(self.start(LiftSanctions("eve", "#own")), NotKept)
        self.assertEqual(self.left(), before)
        self.assertEqual(len(self.chat.sanctions.list()), 2)
