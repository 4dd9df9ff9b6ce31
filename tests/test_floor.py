"""What was said in a locked room before one's own coming in is nothing that one can read, by any way."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.events import Entry, Event, Joined, Kicked, Left, Locked, Said, Unlocked
from tcpchat.limits import MOST_HISTORY
from tcpchat.room import Room
from tests.moderated import OwnRoomCase
from tests.visitors import Visitor

CLOSED = "*** Earlier lines are not for you."
LIVE = "*** Live now."


class FloorCase(OwnRoomCase):
    """Three lines were said under lock before carl came in, and one after that."""

    def setUp(self) -> None:
        super().setUp()
        self.anna.types("canary 0", "/lock", "/invite carl")
        self.eve.types("canary 1", "canary 2")
        self.look_away()
        self.coming = self.carl.types("/join #own")
        self.anna.types("open 1")
        self.look_away()

    def texts(self, lines: list[str]) -> list[str]:
        return [line.partition("> ")[2] for line in lines if "> " in line]

    def asks(self, visitor: Visitor, **request: Any) -> list[Any]:
        return [json.loads(line) for line in visitor.types(json.dumps(request))]


class ReadingTests(FloorCase):
    def test_a_newcomer_is_shown_nothing_of_it(self) -> None:
        self.assertEqual(self.coming, ["*** You are carl, in #own with anna, eve."])

    def test_history_ends_there(self) -> None:
        shown = self.carl.types("/history 500")
        self.assertEqual(
            shown,
            [CLOSED, "*** The last 1 line of #own:", "[10:02] #own <anna> open 1".replace("#own ", ""), LIVE],
        )
        self.assertEqual(self.carl.types("/more"), [CLOSED])
        self.assertEqual(self.carl.types("/more"), [CLOSED])

    def test_and_a_page_that_is_full_does_not_tell_yet(self) -> None:
        self.assertEqual(self.carl.types("/history 1")[0], "*** The last 1 line of #own:")
        self.assertEqual(self.carl.types("/more"), [CLOSED])

    def test_also_for_one_who_does_not_hear_everybody(self) -> None:
        self.carl.types("/ignore eve")
        shown = self.carl.types("/history 500")
        self.assertEqual((shown[0], self.texts(shown)), (CLOSED, ["open 1"]))
        self.carl.types("/ignore anna")
        self.assertEqual(self.carl.types("/history"), [CLOSED])

    def test_a_search_finds_nothing_of_it(self) -> None:
        self.assertEqual(self.carl.types("/search canary"), ["*** Nothing was found."])
        self.assertEqual(self.texts(self.carl.types("/search open")), ["open 1"])
        self.assertEqual(self.carl.types("/more"), ["*** There is nothing earlier."])

    def test_the_next_page_of_a_search_ends_where_the_room_was_locked_meanwhile(self) -> None:
        self.anna.types("/unlock")
        (dan,) = self.enter("dan")
        self.anna.types(*["old"] * 60)
        dan.types("/join #own")
        self.assertEqual(len(self.texts(dan.types("/search old in:#own"))), 50)
        self.anna.types("/lock")
        self.assertEqual(self.texts(dan.types("/more")), [])

    def test_those_who_were_there_read_it(self) -> None:
        self.assertEqual(
            self.texts(self.eve.types("/history 500")), ["canary 0", "canary 1", "canary 2", "open 1"]
        )
        self.assertEqual(self.texts(self.anna.types("/search canary")), ["canary 0", "canary 1", "canary 2"])

    def test_a_program_is_told_of_a_gap(self) -> None:
        self.carl.types("/json")
        gap, message, ok = self.asks(self.carl, type="history", room="own", limit=500)
        since = self.own().members[self.member("carl")].since
        self.assertEqual(gap, {"type": "gap", "room": "own", "after": 0, "before": since})
        self.assertEqual((message["text"], ok["type"]), ("open 1", "ok"))

    def test_a_program_that_asks_from_the_beginning_is_as_well(self) -> None:
        code = self.carl.code
        self.carl.breaks_off()
        back = self.connect()
        back.sees()
        shown = self.asks(back, type="resume", code=code, after={"own": 0})
        since = self.own().members[self.member("carl")].since
        own = [it for it in shown if it.get("room") == "own" and "seq" in it]
        self.assertIn({"type": "gap", "room": "own", "after": 0, "before": since}, shown)
        self.assertEqual([it["seq"] for it in own], [since, since + 1])
        self.assertNotIn("canary", json.dumps(shown))

    def test_a_person_who_does_is_told_too(self) -> None:
        code = self.carl.code
        self.carl.breaks_off()
        _, shown = self.come_back(f"{code} 0")
        self.assertIn(CLOSED, shown)
        self.assertIn("open 1", self.texts(shown))
        self.assertNotIn("canary", "\n".join(shown))

    def test_it_stays_closed_when_the_lock_ends_and_for_who_comes_then(self) -> None:
        self.anna.types("/unlock")
        (dan,) = self.enter("dan")
        self.assertEqual(dan.types("/join #own"), ["*** You are dan, in #own with anna, eve, carl."])
        self.anna.types("free")
        for visitor, texts in (self.carl, ["open 1", "free"]), (dan, ["free"]):
            visitor.sees()
            shown = visitor.types("/history #own")
            self.assertEqual((shown[0], self.texts(shown)), (CLOSED, texts))
            self.assertNotIn("canary", "\n".join(visitor.types("/search canary in:#own")))

    def test_an_account_that_was_away_reads_on_where_it_was(self) -> None:
        self.anna.types("/unlock")
        bob = self.log_in("bob")
        bob.types("/join #own")
        self.anna.types("/lock", "seen")
        bob.types("/quit")
        self.anna.types("unseen")
        bob = self.log_in("bob")
        self.assertEqual(self.texts(bob.sees()), ["unseen"])
        shown = bob.types("/history 500")
        self.assertEqual((shown[0], self.texts(shown)), (CLOSED, ["seen", "unseen"]))

    def test_but_not_after_it_has_left(self) -> None:
        self.anna.types("/unlock")
        bob = self.log_in("bob")
        bob.types("/join #own")
        self.anna.types("/lock", "seen")
        bob.types("/leave #own")
        self.anna.types("canary 3", "/invite bob")
        self.assertEqual(bob.types("/join #own")[-1], "*** You are bob, in #own with anna, eve, carl.")
        self.assertEqual(bob.types("/history 500"), [CLOSED])

    def test_pages_of_what_was_missed_end_with_being_put_out(self) -> None:
        self.anna.types("/unlock")
        bob = self.log_in("bob")
        bob.types("/join #own", "/quit")
        self.anna.types(*(f"line {n}" for n in range(MOST_HISTORY + 10)), "/lock")
        bob = self.log_in("bob")
        self.assertEqual(bob.sees()[-2:], ["*** 11 more: /more", LIVE])
        self.anna.types("/kick bob", "/invite bob")
        bob.types("/join #own")
        self.assertEqual(self.texts(bob.types("/more")), [])

    def member(self, nick: str) -> str:
        return next(id for id, member in self.own().members.items() if member.nick == nick)


# What can happen in one room: few people, who come, go, are put out, and lock it.
PEOPLE = st.sampled_from("abc")
STEPS: st.SearchStrategy[Event] = st.one_of(
    st.builds(Joined, PEOPLE, st.just("x")), st.builds(Left, PEOPLE, st.just("x")),
    st.builds(Said, PEOPLE, st.just("x"), st.just("y")), st.builds(Locked, PEOPLE, st.just("x")),
    st.builds(Unlocked, PEOPLE, st.just("x")), st.builds(Kicked, PEOPLE, st.just("x"), st.just("x"), PEOPLE),
)  # fmt: skip


class FloorLaws(SynchronousTestCase):
    @settings(deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(STEPS, max_size=30))
    def test_what_was_said_under_lock_is_for_those_alone_who_were_in_it(self, events: list[Event]) -> None:
        room, closed_to = Room("#own"), dict[int, set[str]]()
        since: dict[str, int] = {}
        for seq, event in enumerate(events, 1):
            if isinstance(event, Joined):
                since.setdefault(event.session, seq)
            room.apply(Entry(seq, 0, event))
            since = {person: since[person] for person in room.members}
            if room.order.is_locked:
                closed_to[seq] = set("abc") - set(room.members)
            for person in "abc":
                floor = room.floor(person)
                for past, outside in closed_to.items():
                    if person in outside and (person not in since or since[person] > past):
                        self.assertGreaterEqual(floor, past)
                if person in since:  # and nothing is closed to somebody that was said since they came in
                    self.assertLess(floor, since[person] if not room.order.unlocked_at else seq + 1)
