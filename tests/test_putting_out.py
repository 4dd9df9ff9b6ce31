"""Who is being put out says nothing more; if it comes to nothing, all is as before."""

from __future__ import annotations

from tcpchat.events import Banned, Event, Noted
from tcpchat.logs.interface import NotKept
from tcpchat.putting_out import log_putting_out
from tests.moderated import OwnRoomCase


class PuttingOutTests(OwnRoomCase):
    def setUp(self) -> None:
        super().setUp()
        self.feed = self.chat.rooms.find("#own")
        (self.eve_id,) = (id for id, member in self.own().members.items() if member.nick == "eve")
        self.parts: list[tuple[str, list[Event]]] = [
            ("#own", [Banned("s1", "anna", "eve", (self.eve_id, "nobody"), 7200, "spam")]),
            ("#audit", [Noted("s1", "anna", "banned eve")]),
        ]

    def test_several_at_once_of_whom_some_are_not_there(self) -> None:
        answer = log_putting_out(self.chat, [self.feed], (self.eve_id, "nobody"), self.parts)
        self.assertEqual(self.own().going_out, {self.eve_id})
        self.assertEqual(self.eve.types("not heard"), [
            "!!! You are not in #own. /join #own",
            "*** eve was banned from #own by anna for 2h: spam.",
            "*** You are no longer in #own. You are in #lobby.",
        ])  # fmt: skip
        self.assertEqual(self.successResultOf(answer), [[4], [1]])
        self.assertEqual(self.own().going_out, set())

    def test_what_cannot_be_kept_has_not_happened(self) -> None:
        self.log.full = True
        answer = log_putting_out(self.chat, [self.feed], (self.eve_id,), self.parts)
        self.settle()
        self.failureResultOf(answer, NotKept)
        self.log.full = False
        self.assertEqual(self.own().going_out, set())
        self.eve.types("still heard")
        self.assertEqual(self.anna.sees(), ["<eve> still heard"])

    def test_who_is_away_comes_back_to_the_room_if_it_could_not_be_kept_and_else_not(self) -> None:
        for is_full in True, False:
            dora = self.log_in("dora")
            dora.types("/join #own", "/quit")
            places = self.chat.absences.places("a-dora")
            self.assertIn("#own", places)
            self.log.full = is_full
            log_putting_out(self.chat, [self.feed], ("a-dora",), self.parts).addErrback(
                lambda failure: failure.trap(NotKept) and None
            )
            self.settle()
            self.log.full = False
            self.assertEqual(bool(self.chat.accounts.place("a-dora", "#own")), is_full)
            self.assertEqual("#own" in self.chat.absences.places("a-dora"), is_full)
            if is_full:
                self.assertEqual(self.chat.absences.places("a-dora"), places)

    def test_out_of_nothing_it_is_logged_all_the_same(self) -> None:
        answer = log_putting_out(self.chat, [], (), self.parts[1:])
        self.settle()
        self.assertEqual(self.successResultOf(answer), [[1]])
