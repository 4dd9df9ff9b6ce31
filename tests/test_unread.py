"""From where on a connection's end has everything shown again: never too late, and not for nothing."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from tcpchat.acknowledged import Acknowledged
from tcpchat.places import Place
from tcpchat.room import LOBBY
from tcpchat.session import Session
from tcpchat.unread import READ_BACK, unread
from tests.visitors import ChatCase, Visitor


class UnreadCase(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob, self.eve = self.enter("alice", "bob", "eve")
        for visitor in self.alice, self.bob, self.eve:
            visitor.types("/join #dev", "/join #lobby")
        self.clock.advance(2)  # all that was shown so far has arrived
        self.began = {stream: self.log.last(stream) for stream in (LOBBY, "#dev")}
        self.arrived = len(self.bob.screen.shown)

    def session_of(self, visitor: Visitor) -> Session:
        session = self.chat.people.session(visitor.dialogue.reader.session)
        assert isinstance(session, Session)
        return session

    def says(self, visitor: Visitor, room: str, *texts: str) -> None:
        visitor.types(f"/join {room}", *texts)

    def place(self, missing: int, stream: str = LOBBY, floor: int | None = None) -> int:
        """Return after which entry bob goes on who has all up to a floor, and misses so many bytes."""
        return self.places(missing, {stream: self.began[stream] if floor is None else floor})[stream]

    def places(self, missing: int | None, floors: dict[str, int]) -> dict[str, int]:
        session = self.session_of(self.bob)
        session.acknowledged = Acknowledged()
        session.acknowledged.places = {stream: Place(seq, seq) for stream, seq in floors.items()}
        lasts = {stream: self.log.last(stream) for stream in floors}
        session.acknowledged.sent = {stream: Place(seq, seq) for stream, seq in lasts.items()}
        session.acknowledged.missing = missing
        places = self.successResultOf(Deferred.fromCoroutine(unread(session)))
        for place in places.values():
            self.assertLessEqual(place.presence, place.seq)
        return {stream: place.seq for stream, place in places.items()}


class CountingTests(UnreadCase):
    def test_nothing_is_shown_again_when_nothing_is_missing(self) -> None:
        self.alice.types("one")
        self.assertEqual(self.place(0), self.log.last(LOBBY))

    def test_when_it_is_not_known_how_much_all_that_is_not_certain_is(self) -> None:
        self.alice.types("one", "two")
        self.assertEqual(self.places(None, self.began), self.began)

    def test_it_goes_back_by_the_line_in_which_the_missing_bytes_begin(self) -> None:
        self.alice.types("one", "two", "three")
        last, least = self.log.last(LOBBY), len("<> three\r\n")  # whoever said it
        self.assertEqual([self.place(missing) for missing in (1, least)], [last - 1, last - 1])
        self.assertEqual(self.place(least + 1), last - 2)

    def test_bytes_count_and_not_characters(self) -> None:
        self.alice.types("x", "日本語")
        last = self.log.last(LOBBY)
        self.assertEqual(self.place(len("<> 日本語\r\n".encode())), last - 1)

    def test_of_each_stream_as_many_bytes_as_it_is_not_known_of_which_they_are(self) -> None:
        self.says(self.alice, "#dev", *"123456")
        self.says(self.alice, "#lobby", *"1234")
        back = {stream: self.log.last(stream) - 2 for stream in self.began}
        self.assertEqual(self.places(2 * len("<> 1\r\n"), self.began), back)

    def test_of_the_inbox_too(self) -> None:
        self.alice.types(*(f"/msg bob {n}" for n in range(4)))
        inbox = f"@{self.session_of(self.bob).id}"
        self.assertEqual(self.place(1, inbox, 0), 3)

    def test_it_never_goes_behind_what_has_certainly_arrived(self) -> None:
        self.alice.types("one", "two", "three")
        floor = self.log.last(LOBBY) - 2
        self.assertEqual(self.place(10**6, floor=floor), floor)

    def test_nor_further_on_than_what_was_sent(self) -> None:
        self.alice.types("one")
        last = self.log.last(LOBBY)
        self.assertEqual(self.place(1, floor=last), last)

    def test_more_lines_than_are_read_at_once_are_gone_through(self) -> None:
        for number in 2, READ_BACK - 1, READ_BACK, READ_BACK + 1, 2 * READ_BACK + 1:
            self.alice.types(*["x"] * number)
            last = self.log.last(LOBBY)
            self.assertEqual(self.place(number * len("<> x\r\n")), last - number)

    def test_what_is_no_longer_kept_does_not_count(self) -> None:
        self.alice.types(*"12345")
        last = self.log.last(LOBBY)
        self.log.forget(LOBBY, last - 2)
        self.assertEqual(self.place(2 * len("<> 1\r\n")), last - 2)
        self.assertEqual(self.place(10**6), self.began[LOBBY])

    def test_what_is_kept_counts_once_though_much_before_it_is_not(self) -> None:
        self.alice.types(*["x"] * (READ_BACK + 2))
        self.log.forget(LOBBY, self.log.last(LOBBY) - 2)
        self.assertEqual(self.place(3 * len("<> x\r\n")), self.began[LOBBY])

    def test_who_came_and_went_and_was_shown_so_is_not_shown_again(self) -> None:
        session = self.session_of(self.bob)
        self.alice.types("one", "two")
        last = self.log.last(LOBBY)
        session.acknowledged.places = {LOBBY: Place(last - 2, last)}
        session.acknowledged.sent, session.acknowledged.missing = {LOBBY: Place(last, last)}, 1
        places = self.successResultOf(Deferred.fromCoroutine(unread(session)))
        self.assertEqual(places, {LOBBY: Place(last - 1, last)})

    def test_every_entry_of_a_paste_counts_whole(self) -> None:
        self.alice.types("one", "/paste", "two", "three", ".")
        last = self.log.last(LOBBY)
        self.assertEqual(self.place(len("<> two\nthree\r\n")), last - 1)


class NotShownTests(UnreadCase):
    """What was not shown, or may not have been, stands for nothing of what is missing."""

    def test_own_lines(self) -> None:
        self.alice.types("important")
        last = self.log.last(LOBBY)
        self.bob.types(*["mine"] * 5)
        self.assertEqual(self.place(1), last - 1)

    def test_private_ones_that_one_has_sent(self) -> None:
        self.alice.types("/msg bob important")
        self.bob.types("/msg alice yes", "/msg alice well")
        self.assertEqual(self.place(1, f"@{self.session_of(self.bob).id}", 0), 0)

    def test_who_came_and_went_and_was_renamed(self) -> None:
        self.alice.types("important")
        last = self.log.last(LOBBY)
        self.alice.types("/nick anna")
        self.enter("carl")
        self.assertEqual(self.place(1), last - 1)

    def test_what_somebody_says_who_is_ignored(self) -> None:
        self.alice.types("important")
        last = self.log.last(LOBBY)
        self.bob.types("/ignore eve")
        self.eve.types(*["spam" * 10] * 5)
        self.assertEqual(self.place(1), last - 1)

    def test_what_somebody_said_who_was_ignored_and_is_not_any_more(self) -> None:
        self.alice.types("important")
        last = self.log.last(LOBBY)
        self.bob.types("/ignore eve")
        self.eve.types(*["spam" * 10] * 5)
        self.bob.types("/unignore eve")
        self.assertEqual(self.place(1), last - 1)

    def test_so_what_else_was_on_its_way_is_shown_again(self) -> None:
        self.bob.types("/ignore eve")
        arrived = len(self.bob.screen.shown)
        self.clock.advance(2)
        self.alice.types("you will need this")
        self.eve.types(*["spam" * 10] * 5)
        self.bob.types("/unignore eve")
        self.bob.breaks_off(unacknowledged=len(self.bob.screen.shown) - arrived)
        self.assertIn("[10:02] <alice> you will need this", self.come_back(self.bob.code)[1])


class MeanwhileTests(UnreadCase):
    """What comes between the end of the connection and the next one."""

    def test_another_private_message_does_not_stand_for_the_one_that_has_not_arrived(self) -> None:
        for taken_over in False, True:
            self.setUp()
            self.bob.screen.on_its_way = len("[from alice] one\r\n")
            self.alice.types("/msg bob one")
            new = self.connect()
            new.sees()
            if taken_over:
                self.bob.dialogue.received("/join #ops")  # which has to happen before
                new.dialogue.received(f"/resume {self.bob.code}")
            else:
                self.bob.breaks_off(self.bob.screen.on_its_way)
            self.alice.types("/msg bob two")
            shown = "".join(new.types() if taken_over else new.types(f"/resume {self.bob.code}"))
            self.assertRegex(shown, r"\[from alice\] one.*\[from alice\] two")


class AnyLossTests(UnreadCase):
    @settings(max_examples=25, deadline=None)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["alice", "eve", "bob", "/ignore eve", "/unignore eve", "/set echo on"]),
                st.sampled_from([LOBBY, "#dev"]),
                st.text("x日", min_size=1, max_size=20),
            ),
            max_size=15,
        ),
        st.integers(0, 400),
    )
    def test_every_line_that_has_not_arrived_is_shown_again(
        self, steps: list[tuple[str, str, str]], missing: int
    ) -> None:
        self.setUp()
        people = {"alice": self.alice, "bob": self.bob, "eve": self.eve}
        for number, (who, room, text) in enumerate(steps):
            if who in people:
                self.says(people[who], room, f"{text} {number}.")
            else:
                self.bob.types(who)
        shown = self.bob.screen.shown[self.arrived :]
        missing = min(missing, len(shown))
        arrived = shown[: len(shown) - missing].rpartition(b"\r\n")[0]
        self.bob.breaks_off(unacknowledged=missing)
        again = "\n".join(self.come_back(self.bob.code)[1])
        for line in shown[len(arrived) :].decode().split("\r\n"):
            _, said, text = line.partition("> ")
            if said and "<bob>" not in line and "<eve>" not in line:
                self.assertIn(text, again)
