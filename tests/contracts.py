"""What every log promises (`tcpchat.logs.interface`), as tests: the same for each of them."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar, get_args

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from tcpchat.events import (
    Acted,
    Announced,
    Banned,
    Deopped,
    Edited,
    Entry,
    Event,
    Gone,
    Hidden,
    Invited,
    Joined,
    Kicked,
    Left,
    Locked,
    Muted,
    Noted,
    Opped,
    Removed,
    Renamed,
    Replied,
    Said,
    Slowed,
    Spoken,
    Told,
    TopicSet,
    Unbanned,
    Unhidden,
    Unlocked,
    Unmuted,
    inbox,
)  # fmt: skip
from tcpchat.logs.interface import Log, NoSuchEntry, NotKept, Range, Unknown
from tcpchat.queries import Query

if TYPE_CHECKING:
    from twisted.trial.unittest import SynchronousTestCase as Case
else:
    Case = object  # the class that a log's own test adds is the one that runs

T = TypeVar("T")

NOON = 1_790_000_000_000

# More than one page, commit or delivery of any log holds.
MANY = 1000

AWKWARD = (
    "plain",
    "",
    " both ends ",
    'it\'s "quoted", `ticked` and \\back\\slashed',
    "one\nanother\r\nand\ttabs",
    "NUL \0, DEL \x7f and ESC \x1b[31m",
    "Grüße, 東京, дом, שלום, \u202eoverride\u202c",
    "\N{FAMILY}\u200d\N{SNOWMAN}\ufe0f \U0010ffff e\u0301 \ufeff",
    "'); drop table entry; -- %s {0} ?1 :name",
    '{"type":"said"}',
    "x" * 70_000,
)


def events_of_every_kind(text: str) -> list[Event]:
    """Return one event of each kind that there is, each with ``text`` wherever it can have one."""
    return [
        Said(text, text, text),
        Acted(text, text, text),
        Joined(text, text),
        Left(text, text),
        Left(text, text, text),
        Renamed(text, text, text, (text, "#lobby"), text),
        Renamed(text, text, text, (), text),
        TopicSet(text, text, text),
        Told(text, text, text, text),
        Replied(text, text, text, 1, text),
        Edited(text, text, text, 1),
        Noted(text, text, text),
        Removed(text, text, 1),
        Gone(text, text),
        Announced(text, text, text, text),
        Opped(text, text, text, text),
        Deopped(text, text, text, text),
        Kicked(text, text, text, text, text),
        Banned(text, text, text, (text,), 60, text),
        Unbanned(text, text, text),
        Muted(text, text, text, None, text),
        Unmuted(text, text, text),
        Invited(text, text, text, text),
        Slowed(text, text, 5),
        Locked(text, text, text),
        Unlocked(text, text),
        Hidden(text, text),
        Unhidden(text, text),
    ]


def said(*texts: str) -> list[Event]:
    return [Said("s1", "ada", text) for text in texts]


def texts(entries: Sequence[Entry]) -> list[str]:
    """Return what was said."""
    return [entry.event.text for entry in entries if isinstance(entry.event, Said)]


def numbers(entries: Sequence[Entry]) -> list[int]:
    return [entry.seq for entry in entries]


def take_back(events: list[Event], about: int) -> bool:
    """Do to a list of events what a log does; return whether there is such a line."""
    gone: set[int] = set()
    for seq, event in enumerate(events, 1):
        if isinstance(event, Spoken) and (
            seq == about or (isinstance(event, Edited) and event.about in gone)
        ):
            gone.add(seq)
            events[seq - 1] = Gone(event.session, event.nick)
        elif isinstance(event, Replied) and event.about in gone:
            events[seq - 1] = Replied(event.session, event.nick, event.text, event.about, "")
    return bool(gone)


STREAMS = st.sampled_from(["#lobby", "#Ünïcode", "@s1"])
STEPS = st.tuples(
    st.sampled_from(["#a", "#b"]), st.sampled_from(["say", "edit", "reply", "remove"]), st.integers(0, 99)
)
APPENDS = st.tuples(STREAMS, st.lists(st.text(st.characters(codec="utf-8"), max_size=5), max_size=4))


class LogContract(Case):
    """
    The tests of a log.

    A log's own test gives it a way to make one, and a way to let what is under way happen. Until
    the test does that, nothing comes from the log: as in a reactor that has its turn later.
    """

    def make_log(self) -> Log:
        """Make a log that holds nothing and takes its time from ``self.wall``."""
        raise NotImplementedError

    def turn(self) -> None:
        """Let the next thing happen that is to happen; fail when nothing ever will."""
        raise NotImplementedError

    def setUp(self) -> None:
        super().setUp()
        self.time = NOON
        self.log = self.make_log()
        self.closed = False
        self.addCleanup(self.close)

    def wall(self) -> int:
        return self.time

    def wait(self, answer: Deferred[T]) -> T:
        """Let things happen until there is an answer; return it, or raise what failed."""
        got: list[T | Failure] = []
        answer.addBoth(got.append)
        while not got:
            self.turn()
        (result,) = got
        if isinstance(result, Failure):
            result.raiseException()
        return result

    def close(self) -> None:
        """Close the log, if the test has not done it."""
        if not self.closed:
            self.closed = True
            self.wait(self.log.close())

    def append(self, stream: str, *lines: str) -> list[int]:
        """Append, and wait for the answer."""
        return self.wait(self.log.append(stream, said(*lines)))

    def read(self, stream: str, after: int = 0, limit: int = 10_000) -> list[Entry]:
        return self.wait(self.log.read(stream, after, limit))

    def spoken(self, stream: str, after: int, upto: int, limit: int) -> list[Entry]:
        return self.wait(self.log.read_spoken(stream, after, upto, limit))

    def find(
        self, *phrases: str, nick: str = "", limit: int = 100, ranges: Sequence[Range] = ()
    ) -> list[str]:
        """Search; return what was said there."""
        ranges = ranges or [Range("#lobby", 0, 10_000), Range("#other", 0, 10_000)]
        found = self.wait(self.log.search(Query(phrases, nick), ranges, limit))
        return [entry.event.text for _, entry in found if isinstance(entry.event, Spoken)]

    def pages(self, stream: str, size: int) -> list[Entry]:
        """Read a whole stream, page by page."""
        entries: list[Entry] = []
        while page := self.read(stream, entries[-1].seq if entries else 0, size):
            self.assertLessEqual(len(page), size)
            entries += page
        return entries

    # Appending.

    def test_entries_are_numbered_from_1_without_holes(self) -> None:
        self.assertEqual([self.append("#lobby", "hello") for _ in range(5)], [[1], [2], [3], [4], [5]])
        self.assertEqual(numbers(self.read("#lobby")), [1, 2, 3, 4, 5])

    def test_each_stream_has_numbers_of_its_own(self) -> None:
        self.assertEqual(self.append("#lobby", "one", "two"), [1, 2])
        self.assertEqual(self.append("#other", "one"), [1])
        self.assertEqual(self.append("#lobby", "three"), [3])
        self.assertEqual(texts(self.read("#lobby")), ["one", "two", "three"])
        self.assertEqual(texts(self.read("#other")), ["one"])

    def test_the_name_of_a_stream_can_be_any_text(self) -> None:
        names = [f"#{text}" for text in AWKWARD] + [inbox("a b'c")]
        for name in names:
            self.assertEqual(self.append(name, name), [1])
        for name in names:
            self.assertEqual(texts(self.read(name)), [name])

    def test_names_that_differ_at_all_are_different_streams(self) -> None:
        for name in "#e\u0301", "#\u00e9", "#E\u0301", "#e\u0301 ", "#":
            self.assertEqual(self.append(name, "first"), [1])

    def test_appends_take_effect_in_the_order_of_the_calls(self) -> None:
        lines = [str(n) for n in range(MANY)]
        answers = [self.log.append("#lobby", said(line)) for line in lines]
        self.assertEqual([self.wait(answer) for answer in answers], [[n] for n in range(1, MANY + 1)])
        self.assertEqual(texts(self.read("#lobby")), lines)

    def test_answers_about_a_stream_come_in_the_order_of_the_calls(self) -> None:
        came: dict[str, list[int]] = {stream: [] for stream in ("#a", "#b", "#c")}

        def comes(seqs: list[int], stream: str) -> None:
            came[stream] += seqs

        answers = [
            self.log.append(stream, said("hello")).addCallback(comes, stream)
            for stream in ["#a", "#b", "#a", "#c", "#b", "#a"] * 50
        ]
        for answer in answers:
            self.wait(answer)
        self.assertEqual(list(came.values()), [list(range(1, n + 1)) for n in (150, 100, 50)])

    def test_events_appended_together_stay_together(self) -> None:
        apart = self.log.append("#lobby", said("before"))
        together = self.log.append("#lobby", said("one", "two", "three"))
        after = self.log.append("#lobby", said("after"))
        self.assertEqual([self.wait(apart), self.wait(together), self.wait(after)], [[1], [2, 3, 4], [5]])
        self.assertEqual(texts(self.read("#lobby")), ["before", "one", "two", "three", "after"])

    def test_events_appended_together_are_given_together(self) -> None:
        given: list[list[str]] = []
        self.log.tail("#lobby", 0, lambda entries: given.append(texts(entries)))
        lines = [str(n) for n in range(MANY)]
        self.append("#lobby", *lines)
        self.assertEqual(given, [lines])

    def test_many_appends_to_many_streams_in_one_go(self) -> None:
        streams = [f"#room{n}" for n in range(50)]
        given: dict[str, list[Entry]] = {stream: [] for stream in streams}
        for stream in streams:
            self.log.tail(stream, 0, given[stream].extend)
        answers = [
            self.log.append(stream, said(f"{stream} {n}", f"{stream} {n} too"))
            for n in range(20)
            for stream in streams
        ]
        for answer in answers:
            self.wait(answer)
        for stream in streams:
            lines = [f"{stream} {n}{too}" for n in range(20) for too in ("", " too")]
            self.assertEqual(texts(self.read(stream)), lines)
            self.assertEqual(given[stream], self.read(stream))
        self.assertEqual(self.wait(self.log.streams()), dict.fromkeys(streams, 40))

    def test_nothing_has_happened_yet_when_append_returns(self) -> None:
        given: list[Entry] = []
        self.log.tail("#lobby", 0, given.extend)
        answer = self.log.append("#lobby", said("hello"))
        self.assertNoResult(answer)
        self.assertEqual(given, [])
        self.assertEqual(self.read("#lobby"), [])
        self.assertEqual(self.wait(self.log.streams()), {})
        self.wait(answer)
        self.assertEqual(texts(given), ["hello"])

    def test_the_answer_comes_after_every_tail_was_given_the_entries(self) -> None:
        given: list[Entry] = []
        late: list[Entry] = []
        self.log.tail("#lobby", 0, given.extend)
        self.log.tail("#lobby", 0, late.extend)
        seen: list[list[list[str]]] = []
        answers = [
            self.log.append("#lobby", said(line)).addCallback(
                lambda seqs: seen.append([texts(given)[: seqs[-1]], texts(late)[: seqs[-1]]])
            )
            for line in "abc"
        ]
        for answer in answers:
            self.wait(answer)
        self.assertEqual(seen, [[["a"]] * 2, [["a", "b"]] * 2, [["a", "b", "c"]] * 2])

    def test_what_is_answered_can_be_read(self) -> None:
        read: list[list[Entry]] = []
        answer = self.log.append("#lobby", said("hello"))
        answer.addCallback(lambda _: self.log.read("#lobby", 0, 10).addCallback(read.append))
        self.wait(answer)
        self.assertEqual([texts(entries) for entries in read], [["hello"]])

    def test_appending_no_events_makes_no_stream(self) -> None:
        given: list[list[Entry]] = []
        self.log.tail("#lobby", 0, given.append)
        self.assertEqual(self.append("#lobby"), [])
        self.assertEqual(given, [])
        self.assertEqual(self.wait(self.log.streams()), {})
        self.assertEqual(self.append("#lobby", "hello"), [1])

    def test_who_does_not_wait_for_the_answer_any_more_is_no_trouble(self) -> None:
        forgotten = self.log.append("#lobby", said("one"))
        remembered = self.log.append("#lobby", said("two"))
        forgotten.cancel()
        self.failureResultOf(forgotten, CancelledError)
        self.assertEqual(self.wait(remembered), [2])
        self.assertEqual(texts(self.read("#lobby")), ["one", "two"])

    def test_an_answer_may_lead_to_an_append(self) -> None:
        answer = self.log.append("#lobby", said("one"))
        answer.addCallback(lambda _: self.log.append("#lobby", said("two")))
        self.assertEqual(self.wait(answer), [2])

    # Posting.

    def post(self, stream: str, text: str, told: list[object], ref: str = "") -> None:
        """Post; ``told`` is given the number, or `NotKept` in place of why it is not kept."""

        def posted(outcome: int | NotKept | Unknown) -> None:
            told.append(NotKept if isinstance(outcome, NotKept) else outcome)

        self.log.post(stream, Said("s1", "ada", text, ref=ref), posted)

    def wait_until(self, told: list[object], number: int) -> None:
        """Let things happen until so many were told."""
        while len(told) < number:
            self.turn()
        self.assertEqual(len(told), number)

    def test_posts_are_numbered_and_told_in_the_order_of_the_calls(self) -> None:
        told: list[object] = []
        for n in range(MANY):
            self.post("#lobby", str(n), told)
        self.wait_until(told, MANY)
        self.assertEqual(told, list(range(1, MANY + 1)))
        self.assertEqual(texts(self.read("#lobby")), [str(n) for n in range(MANY)])

    def test_nothing_has_happened_yet_when_post_returns(self) -> None:
        given: list[Entry] = []
        told: list[object] = []
        self.log.tail("#lobby", 0, given.extend)
        self.post("#lobby", "hello", told)
        self.assertEqual((told, given, self.read("#lobby")), ([], [], []))
        self.wait_until(told, 1)

    def test_posts_take_their_place_among_the_appends_to_their_stream(self) -> None:
        told: list[object] = []
        self.post("#a", "one", told)
        self.log.append("#a", said("two", "three")).addCallback(told.append)
        self.log.append_all([("#b", said("one")), ("#a", said("four"))]).addCallback(told.append)
        self.log.keep("kind", "key", b"value")
        self.post("#a", "five", told)
        self.post("#b", "two", [])
        self.wait_until(told, 4)
        self.assertEqual(told, [1, [2, 3], [[1], [4]], 5])
        self.assertEqual(texts(self.read("#a")), ["one", "two", "three", "four", "five"])
        self.assertEqual(texts(self.read("#b"))[:1], ["one"])

    def test_posts_of_one_turn_are_given_together(self) -> None:
        given: list[list[str]] = []
        told: list[object] = []
        self.log.tail("#lobby", 0, lambda entries: given.append(texts(entries)))
        for text in "abc":
            self.post("#lobby", text, told)
        self.wait_until(told, 3)
        self.assertEqual(given, [["a", "b", "c"]])

    def test_who_posts_is_told_after_every_tail_was_given_the_entry(self) -> None:
        given: list[Entry] = []
        late: list[Entry] = []
        seen: list[object] = []

        def look(outcome: int | NotKept | Unknown) -> None:
            seen.append([texts(entries)[: len(seen) + 1] for entries in (given, late, self.read("#lobby"))])

        for into in given, late:
            self.log.tail("#lobby", 0, into.extend)
        for text in "abc":
            self.log.post("#lobby", Said("s1", "ada", text), look)
        self.wait_until(seen, 3)
        self.assertEqual(seen, [[["a"]] * 3, [["a", "b"]] * 3, [["a", "b", "c"]] * 3])

    def test_who_is_told_may_post_and_append(self) -> None:
        told: list[object] = []

        def go_on(outcome: int | NotKept | Unknown) -> None:
            told.append(outcome)
            if len(told) == 1:
                self.log.append("#lobby", said("two")).addCallback(told.append)
                self.log.post("#lobby", Said("s1", "ada", "three"), go_on)

        self.log.post("#lobby", Said("s1", "ada", "one"), go_on)
        self.wait_until(told, 3)
        self.assertEqual(told, [1, [2], 3])
        self.assertEqual(texts(self.read("#lobby")), ["one", "two", "three"])

    def test_a_post_has_the_time_at_which_it_was_posted(self) -> None:
        told: list[object] = []
        for number, text in enumerate(["one", "two"], 1):
            self.post("#lobby", text, told)
            self.wait_until(told, number)
            self.time += 1234
        self.assertEqual([entry.time for entry in self.read("#lobby")], [NOON, NOON + 1234])

    def test_a_reference_that_is_used_again_spoils_that_post_alone(self) -> None:
        told: list[object] = []
        refused: list[object] = []
        self.post("#lobby", "one", told, "r")
        self.post("#lobby", "two", told)
        self.post("#lobby", "again", refused, "r")
        self.post("#lobby", "three", told)
        self.wait_until(told, 3)
        self.post("#other", "and again", refused, "r")
        self.post("#lobby", "four", told, "r4")
        self.wait_until(told, 4)
        self.assertEqual((told, refused), ([1, 2, 3, 4], [NotKept, NotKept]))
        self.flushLoggedErrors()
        self.assertEqual(texts(self.read("#lobby")), ["one", "two", "three", "four"])
        self.assertEqual(self.wait(self.log.streams()), {"#lobby": 4})
        found = self.wait(self.log.find_ref("s1", "r"))
        assert found is not None
        self.assertEqual(texts([found.entry]), ["one"])

    def test_one_who_fails_when_told_keeps_nobody_else_from_it(self) -> None:
        told: list[object] = []

        def fail(outcome: int | NotKept | Unknown) -> None:
            told.append(outcome)
            raise ValueError("whoever posted this is broken")

        self.post("#lobby", "one", told)
        self.log.post("#lobby", Said("s1", "ada", "two"), fail)
        self.post("#lobby", "three", told)
        self.log.append("#lobby", said("four")).addCallback(told.append)
        self.wait_until(told, 4)
        self.assertEqual(told, [1, 2, 3, [4]])
        gc.collect()  # an error in a Deferred is logged when it goes
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.assertEqual(self.append("#lobby", "five"), [5])

    def test_what_is_posted_before_the_log_closes_is_kept_and_afterwards_nothing_is(self) -> None:
        told: list[object] = []
        for n in range(MANY):
            self.post("#lobby", str(n), told)
        closing = self.log.close()
        self.closed = True
        late: list[object] = []
        self.post("#lobby", "too late", late)
        self.wait(closing)
        self.assertEqual(told, list(range(1, MANY + 1)))
        self.post("#lobby", "far too late", late)
        self.assertEqual(late, [NotKept, NotKept])

    # Reading.

    def test_reading_begins_after_a_number_and_ends_at_a_limit(self) -> None:
        self.append("#lobby", *"abcde")
        self.assertEqual(texts(self.read("#lobby", after=0, limit=2)), ["a", "b"])
        self.assertEqual(texts(self.read("#lobby", after=2, limit=2)), ["c", "d"])
        self.assertEqual(texts(self.read("#lobby", after=4, limit=2)), ["e"])
        self.assertEqual(texts(self.read("#lobby", after=1, limit=4)), ["b", "c", "d", "e"])
        self.assertEqual(texts(self.read("#lobby", after=3, limit=1)), ["d"])

    def test_beyond_the_end_there_is_nothing(self) -> None:
        self.append("#lobby", "hello")
        self.assertEqual(self.read("#lobby", after=1), [])
        self.assertEqual(self.read("#lobby", after=1000), [])

    def test_a_stream_that_nothing_was_appended_to_is_empty(self) -> None:
        self.append("#lobby", "hello")
        self.assertEqual(self.read("#nowhere"), [])

    def test_whoever_changes_what_was_read_changes_nothing_in_the_log(self) -> None:
        self.append("#lobby", "one", "two")
        self.read("#lobby").clear()
        self.assertEqual(texts(self.read("#lobby")), ["one", "two"])

    def test_what_the_tails_were_not_given_yet_cannot_be_read(self) -> None:
        given: dict[str, list[Entry]] = {"#a": [], "#b": [], "#c": []}
        looks: list[bool] = []

        def look(stream: str, entries: list[Entry]) -> None:
            given[stream] += entries
            looks.append(all(self.read(name) == given[name] for name in given))

        for stream in given:
            self.log.tail(stream, 0, partial(look, stream))
        answers = [self.log.append(stream, said("one", "two")) for _ in range(3) for stream in given]
        for answer in answers:
            self.wait(answer)
        self.assertEqual([len(entries) for entries in given.values()], [6, 6, 6])
        self.assertNotIn(False, looks)

    def test_what_people_said_can_be_read_without_the_rest(self) -> None:
        speech: list[Event] = [Said("s", "ada", "hello"), Acted("s", "ada", "waves")]
        rest: list[Event] = [Joined("s", "ada"), Left("s", "ada"), TopicSet("s", "ada", "tests")]
        self.wait(self.log.append("#lobby", [*rest, speech[0], *rest, speech[1], *rest]))
        self.append("#other", "not here")

        _, _, _, hello, _, _, _, waves, *_ = self.read("#lobby")
        self.assertEqual(self.spoken("#lobby", 0, 11, 10), [hello, waves])
        self.assertEqual(self.spoken("#lobby", 0, 11, 1), [hello])
        self.assertEqual(self.spoken("#lobby", 3, 4, 10), [hello])
        self.assertEqual(self.spoken("#lobby", 4, 8, 10), [waves])
        self.assertEqual(self.spoken("#lobby", 4, 7, 10), [])
        self.assertEqual(self.spoken("#lobby", 8, 1000, 10), [])
        self.assertEqual(self.spoken("#nowhere", 0, 10, 10), [])

    def test_the_last_things_that_people_said_can_be_found(self) -> None:
        def find(number: int, upto: int, stream: str = "#lobby") -> tuple[int, int]:
            return self.wait(self.log.find_spoken(stream, number, upto))

        came: list[Event] = [Joined("s", "ada")]
        self.wait(self.log.append("#lobby", came + said("one") + came * 2 + said("two", "three") + came))
        self.append("#other", "not here")
        self.assertEqual(find(1, 7), (5, 1))
        self.assertEqual(find(2, 7), (4, 2))
        self.assertEqual(find(3, 7), (1, 3))
        self.assertEqual(find(10, 7), (1, 3))
        self.assertEqual(find(2, 5), (1, 2))
        self.assertEqual(find(2, 1), (1, 0))
        self.assertEqual(find(0, 7), (7, 0))
        self.assertEqual(find(5, 0), (0, 0))
        self.assertEqual(find(5, 7, "#nowhere"), (7, 0))

    def test_everything_else_can_be_read_without_what_people_said(self) -> None:
        came: list[Event] = [Joined("s", "ada")]
        self.wait(self.log.append("#lobby", came + said("one") + came + said("two") + came))
        for after, upto, limit, seqs in (
            (0, 5, 9, [1, 3, 5]),
            (1, 4, 9, [3]),
            (0, 5, 2, [1, 3]),
            (5, 9, 9, []),
        ):
            read = self.wait(self.log.read_unspoken("#lobby", after, upto, limit))
            self.assertEqual(numbers(read), seqs)
        self.assertEqual(self.wait(self.log.read_unspoken("#nowhere", 0, 9, 9)), [])

    def test_what_people_said_is_counted_in_lines(self) -> None:
        self.append("#lobby", "1", "2\n3\n4", "5", "6\n7")
        for number, found in (1, (3, 2)), (2, (3, 2)), (3, (2, 3)), (5, (2, 3)), (6, (1, 6)), (7, (0, 7)):
            self.assertEqual(self.wait(self.log.find_spoken("#lobby", number, 4)), found, number)
        self.assertEqual(self.wait(self.log.find_spoken("#lobby", 1, 2)), (1, 3))

    def test_what_people_said_and_the_tails_were_not_given_yet_is_not_found(self) -> None:
        self.append("#lobby", "one")
        answer = self.log.append("#lobby", said("two"))
        self.assertEqual(texts(self.spoken("#lobby", 0, 2, 10)), ["one"])
        self.assertEqual(self.wait(self.log.find_spoken("#lobby", 2, 2)), (0, 1))
        self.wait(answer)
        self.assertEqual(self.wait(self.log.find_spoken("#lobby", 2, 2)), (0, 2))

    def test_streams_are_those_that_hold_something_with_their_last_numbers(self) -> None:
        self.assertEqual(self.wait(self.log.streams()), {})
        self.append("#lobby", "one", "two")
        self.append("@s1", "three")
        self.read("#nowhere")
        self.log.tail("#quiet", 0, lambda entries: None)
        self.assertEqual(self.wait(self.log.streams()), {"#lobby": 2, "@s1": 1})

    # Tails.

    def test_a_tail_gets_what_is_there_and_then_what_comes_once_and_in_order(self) -> None:
        self.append("#lobby", *(str(n) for n in range(MANY)))
        given: list[Entry] = []
        self.log.tail("#lobby", 0, given.extend)
        self.assertEqual(numbers(given), list(range(1, MANY + 1)))
        for _ in range(3):
            self.append("#lobby", "hello")
        self.assertEqual(numbers(given), list(range(1, MANY + 4)))
        self.assertEqual(given, self.read("#lobby"))

    def test_a_tail_begins_after_a_number(self) -> None:
        self.append("#lobby", "one", "two", "three")
        given: list[Entry] = []
        live: list[Entry] = []
        self.log.tail("#lobby", 1, given.extend)
        self.log.tail("#lobby", 3, live.extend)
        self.assertEqual(texts(given), ["two", "three"])
        self.assertEqual(texts(live), [])
        self.append("#lobby", "four")
        self.assertEqual(texts(given), ["two", "three", "four"])
        self.assertEqual(texts(live), ["four"])

    def test_a_tail_gets_nothing_of_other_streams(self) -> None:
        given: list[Entry] = []
        self.log.tail("#lobby", 0, given.extend)
        self.append("#other", "hello")
        self.assertEqual(given, [])

    def test_a_tail_begun_while_something_is_under_way_gets_it_once(self) -> None:
        answer = self.log.append("#lobby", said("hello"))
        given: list[Entry] = []
        self.log.tail("#lobby", 0, given.extend)
        self.wait(answer)
        self.assertEqual(texts(given), ["hello"])

    def test_a_tail_is_never_called_with_nothing(self) -> None:
        given: list[list[Entry]] = []
        self.log.tail("#lobby", 0, given.append)
        self.append("#lobby", "hello")
        self.log.tail("#lobby", 1, given.append)
        self.append("#other", "hello")
        self.assertEqual([texts(entries) for entries in given], [["hello"]])

    def test_two_tails_both_get_everything(self) -> None:
        given: list[Entry] = []
        too: list[Entry] = []
        self.log.tail("#lobby", 0, given.extend)
        self.append("#lobby", "one")
        self.log.tail("#lobby", 0, too.extend)
        self.append("#lobby", "two", "three")
        self.assertEqual(texts(given), ["one", "two", "three"])
        self.assertEqual(too, given)

    def test_an_ended_tail_gets_nothing_more(self) -> None:
        given: list[Entry] = []
        end = self.log.tail("#lobby", 0, given.extend)
        self.append("#lobby", "one")
        on_its_way = self.log.append("#lobby", said("two"))
        end()
        self.wait(on_its_way)
        self.append("#lobby", "three")
        self.assertEqual(texts(given), ["one"])

    def test_ending_a_tail_ends_no_other_not_even_of_the_same_function(self) -> None:
        given: list[str] = []

        def deliver(entries: list[Entry]) -> None:
            given.extend(texts(entries))

        end = self.log.tail("#lobby", 0, deliver)
        self.log.tail("#lobby", 0, deliver)
        self.append("#lobby", "one")
        end()
        end()
        self.append("#lobby", "two")
        self.assertEqual(given, ["one", "one", "two"])

    def test_a_tail_may_end_itself_while_it_is_given_something(self) -> None:
        given: list[Entry] = []
        others: list[Entry] = []

        def once(entries: list[Entry]) -> None:
            given.extend(entries)
            end()

        self.log.tail("#lobby", 0, others.extend)
        end = self.log.tail("#lobby", 0, once)
        self.log.tail("#lobby", 0, others.extend)
        self.append("#lobby", "one")
        self.append("#lobby", "two")
        self.assertEqual(texts(given), ["one"])
        self.assertEqual(texts(others), ["one", "one", "two", "two"])

    def test_a_tail_that_another_one_ends_gets_nothing_more_either(self) -> None:
        given: list[Entry] = []
        ends: list[Callable[[], None]] = []

        def end_both(entries: list[Entry]) -> None:
            given.extend(entries)
            for end in ends:
                end()

        ends += [self.log.tail("#lobby", 0, end_both), self.log.tail("#lobby", 0, end_both)]
        self.append("#lobby", "one")
        self.append("#lobby", "two")
        self.assertEqual(texts(given), ["one"])

    def test_a_tail_begun_while_another_is_given_something_gets_everything_once(self) -> None:
        given: dict[str, list[Entry]] = {"#a": [], "#b": []}
        begun: list[bool] = []

        def begin(entries: list[Entry]) -> None:
            if not begun:
                begun.append(True)
                for stream, into in given.items():
                    self.log.tail(stream, 0, into.extend)

        self.log.tail("#a", 0, begin)
        self.log.tail("#b", 0, begin)
        answers = [self.log.append(stream, said("one", "two")) for stream in ("#a", "#b", "#a", "#b")]
        for answer in answers:
            self.wait(answer)
        self.append("#a", "last")
        self.append("#b", "last")
        for stream, entries in given.items():
            self.assertEqual(entries, self.read(stream), stream)
            self.assertEqual(texts(entries), ["one", "two", "one", "two", "last"], stream)

    def test_a_tail_may_append(self) -> None:
        def echo(entries: list[Entry]) -> None:
            for entry in entries:
                if entry.seq < 5:
                    self.log.append("#lobby", said(f"answer to {entry.seq}")).addCallback(seqs.extend)

        seqs: list[int] = []
        given: list[Entry] = []
        self.log.tail("#lobby", 0, echo)
        self.log.tail("#lobby", 0, given.extend)
        self.append("#lobby", "hello")
        while len(seqs) < 4:
            self.turn()
        self.assertEqual(seqs, [2, 3, 4, 5])
        self.assertEqual(texts(given), ["hello", *(f"answer to {n}" for n in range(1, 5))])

    def test_a_tail_that_fails_does_not_keep_the_others_from_theirs(self) -> None:
        def fail(entries: list[Entry]) -> None:
            raise ValueError("this tail is broken")

        given: list[Entry] = []
        self.log.tail("#lobby", 0, given.extend)
        self.log.tail("#lobby", 0, fail)
        self.log.tail("#lobby", 0, given.extend)
        self.assertEqual(self.append("#lobby", "hello"), [1])
        self.assertEqual(texts(given), ["hello", "hello"])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.assertEqual(self.append("#lobby", "again"), [2])
        self.assertEqual(texts(given), ["hello", "hello", "again", "again"])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    # Several streams, and references.

    def test_what_is_appended_to_several_streams_has_numbers_in_each(self) -> None:
        given: list[Entry] = []
        self.append("#b", "before")
        self.log.tail("#b", 1, given.extend)
        parts = [("#a", said("one", "two")), ("#b", said("three")), ("#c", []), ("#a", said("four"))]
        self.assertEqual(self.wait(self.log.append_all(parts)), [[1, 2], [2], [], [3]])
        self.assertEqual(texts(given), ["three"])
        self.assertEqual(texts(self.read("#a")), ["one", "two", "four"])
        self.assertEqual(self.wait(self.log.streams()), {"#a": 3, "#b": 2})
        self.assertEqual(self.wait(self.log.append_all([("#d", []), ("#e", [])])), [[], []])
        self.assertEqual(self.wait(self.log.append_all([])), [])

    def test_what_was_asked_for_under_a_reference_is_found(self) -> None:
        self.append("#lobby", "before")
        told = Told("s1", "ada", "bob", "psst", ref="r 1")
        answer = self.log.append_all([("#lobby", [Said("s1", "ada", "hi", ref="r2")]), ("@s1", [told])])
        self.assertIsNone(self.wait(self.log.find_ref("s1", "r2")))
        self.wait(answer)
        found = self.wait(self.log.find_ref("s1", "r2"))
        assert found is not None
        self.assertEqual((found.stream, found.entry), ("#lobby", self.read("#lobby")[1]))
        found = self.wait(self.log.find_ref("s1", "r 1"))
        assert found is not None
        self.assertEqual((found.stream, found.entry.seq, found.entry.event), ("@s1", 1, told))
        for session, ref in ("s2", "r2"), ("s1", "r3"), ("s1", ""):
            self.assertIsNone(self.wait(self.log.find_ref(session, ref)))

    def test_a_reference_that_is_used_again_spoils_that_append_alone(self) -> None:
        again = Said("s1", "ada", "again", ref="r")
        self.wait(self.log.append("#lobby", [Said("s1", "ada", "first", ref="r")]))
        before = self.log.append("#lobby", said("before"))
        twice = self.log.append_all([("#lobby", said("with it")), ("#new", [again])])
        after = self.log.append("#lobby", [Said("s2", "bob", "after", ref="r")])
        self.log.keep("kind", "key", b"value")
        self.assertEqual(self.wait(before), [2])
        self.assertRaises(NotKept, self.wait, twice)
        self.assertEqual(self.wait(after), [3])
        self.flushLoggedErrors()
        self.assertEqual(texts(self.read("#lobby")), ["first", "before", "after"])
        self.assertEqual(self.wait(self.log.streams()), {"#lobby": 3})
        self.assertEqual(self.wait(self.log.record("kind", "key")), b"value")

    # Searching.

    def test_words_are_found_without_case_and_accents(self) -> None:
        self.append("#lobby", "The build FAILED", "Grüße aus Köln", "rebuild", "build it", "failed")
        self.assertEqual(self.find("build"), ["The build FAILED", "build it"])
        self.assertEqual(self.find("failed", "Build"), ["The build FAILED"])
        self.assertEqual(self.find("GRUSSE"), [])
        self.assertEqual(self.find("koln"), ["Grüße aus Köln"])
        self.assertEqual(self.find("nothing"), [])

    def test_the_words_of_a_phrase_follow_each_other(self) -> None:
        self.append("#lobby", "the build failed", "failed the build", "the... build!", "the\nbuild")
        self.assertEqual(
            self.find("the build"), ["the build failed", "failed the build", "the... build!", "the\nbuild"]
        )
        self.assertEqual(self.find("build failed"), ["the build failed"])
        self.assertEqual(self.find("build, FAILED!"), ["the build failed"])

    def test_parts_of_text_without_spaces_are_found(self) -> None:
        lines = [
            "東京都に行きます",
            "京東",
            "ฉันรักภาษาไทย",
            "오늘은 학교에서",
            "ພາສາລາວ",
            "ភាសាខ្មែរ",
            "မြန်မာဘာသာ",
        ]
        self.append("#lobby", *lines)
        for phrase, line in zip(("京都", "京東", "ภาษา", "학교", "ລາວ", "ខ្មែរ", "ဘာသာ"), lines, strict=True):
            self.assertEqual(self.find(phrase), [line])

    def test_who_said_it_may_be_asked_for(self) -> None:
        self.wait(
            self.log.append(
                "#lobby",
                [Said("1", "Ada", "hello"), Acted("2", "bob", "hello"), Said("3", "adam", "ada hello")],
            )
        )
        self.assertEqual(self.find("hello", nick="ada"), ["hello"])
        self.assertEqual(self.find(nick="ada"), ["hello"])
        self.assertEqual(self.find("hello"), ["hello", "hello", "ada hello"])
        self.assertEqual(self.find(nick="nobody"), [])

    def test_nothing_that_is_looked_for_is_a_language_or_an_error(self) -> None:
        for text in AWKWARD:
            self.wait(self.log.append("#lobby", [Said("s", "ada", text)]))
        for text in (
            *AWKWARD,
            '"',
            "a OR b",
            "NEAR(a b)",
            "text : x",
            "*",
            "^a",
            "-a",
            "\ud800",
            "a\0b",
            '"a" b"',
        ):
            self.assertLessEqual(len(self.find(text)), 1, text)
            self.find(text, nick=text)
        self.find(*["x y z"] * 2000)
        self.find("x " * 5000)
        self.assertEqual(self.find(), [])
        self.assertEqual(self.find("!", "..."), [])
        self.assertEqual(self.find("plain", "!"), ["plain"])

    def test_only_what_was_said_in_rooms_in_the_ranges_is_found(self) -> None:
        told: list[Event] = [Told("s", "ada", "bob", "hello")]
        self.wait(self.log.append("@s1", [*told, *said("hello")]))
        self.wait(
            self.log.append("#lobby", [TopicSet("s", "ada", "hello"), *said("hello 2", "hello 3", "hello 4")])
        )
        everywhere = [Range("@s1", 0, 100), Range("#lobby", 0, 100), Range("#nowhere", 0, 100)]
        self.assertEqual(self.find("hello", ranges=everywhere), ["hello 2", "hello 3", "hello 4"])
        self.assertEqual(self.find("hello", ranges=[Range("#lobby", 2, 4)]), ["hello 3"])
        self.assertEqual(
            self.find("hello", ranges=[Range("#lobby", 3, 9), Range("#lobby", 0, 3)]), ["hello 2", "hello 4"]
        )
        self.assertEqual(self.find("hello", ranges=[Range("#lobby", 3, 4)]), [])

    def test_the_last_that_are_found_come_oldest_first(self) -> None:
        for n in range(6):
            self.time += 1
            self.append("#lobby" if n % 2 else "#other", f"hello {n}")
        self.assertEqual(self.find("hello", limit=4), [f"hello {n}" for n in (2, 3, 4, 5)])
        self.assertEqual(self.find("hello", limit=1), ["hello 5"])
        self.assertEqual(self.find("hello"), [f"hello {n}" for n in range(6)])

    def test_what_was_committed_is_found_at_once_however_much_it_is(self) -> None:
        self.append("#lobby", *(f"hello {n}" for n in range(MANY)))
        self.assertEqual(self.find("hello", limit=MANY), [f"hello {n}" for n in range(MANY)])
        self.append("#lobby", "one more")
        self.assertEqual(self.find("more"), ["one more"])

    def test_what_was_said_between_two_is_counted_in_lines(self) -> None:
        events: list[Event] = [*said("one", "two"), TopicSet("s", "ada", "x\ny"), *said("a\nb\nc", "last")]
        self.wait(self.log.append("#lobby", events))
        for after, upto, lines in ((0, 5, 6), (0, 100, 6), (1, 4, 4), (2, 3, 0), (5, 5, 0), (4, 2, 0)):
            self.assertEqual(self.wait(self.log.count_spoken("#lobby", after, upto)), lines, (after, upto))
        self.assertEqual(self.wait(self.log.count_spoken("#nowhere", 0, 9)), 0)
        self.wait(self.log.forget("#lobby", 1))
        self.assertEqual(self.wait(self.log.count_spoken("#lobby", 0, 5)), 5)

    # Forgetting.

    def test_what_is_forgotten_is_gone_and_the_rest_keeps_its_numbers(self) -> None:
        events: list[Event] = [Said("s", "ada", f"hello {n}", ref=str(n)) for n in range(MANY)]
        self.wait(self.log.append("#lobby", events))
        self.find("hello")
        self.assertEqual(self.log.kept_after("#lobby"), 0)
        self.wait(self.log.forget("#lobby", MANY - 2))
        self.assertEqual(self.log.kept_after("#lobby"), MANY - 2)
        self.assertEqual(numbers(self.read("#lobby")), [MANY - 1, MANY])
        self.assertEqual(numbers(self.spoken("#lobby", 0, MANY, 10)), [MANY - 1, MANY])
        self.assertEqual(self.wait(self.log.find_spoken("#lobby", 10, MANY)), (MANY - 2, 2))
        self.assertEqual(self.find("hello"), [f"hello {MANY - 2}", f"hello {MANY - 1}"])
        self.assertIsNone(self.wait(self.log.find_ref("s", "5")))
        self.assertIsNotNone(self.wait(self.log.find_ref("s", str(MANY - 1))))
        given: list[Entry] = []
        self.log.tail("#lobby", 0, given.extend)
        self.assertEqual(self.append("#lobby", "next"), [MANY + 1])
        self.assertEqual(numbers(given), [MANY - 1, MANY, MANY + 1])

    def test_all_of_a_stream_can_be_forgotten(self) -> None:
        self.append("#lobby", "one", "two")
        self.wait(self.log.forget("#lobby", 100))
        self.wait(self.log.forget("#lobby", 1))
        self.wait(self.log.forget("#nowhere", 1))
        self.assertEqual(self.read("#lobby"), [])
        self.assertEqual((self.log.last("#lobby"), self.log.kept_after("#lobby")), (2, 2))
        self.assertEqual(self.wait(self.log.streams()), {"#lobby": 2})
        self.assertEqual(self.find("one"), [])
        self.assertEqual(self.append("#lobby", "three"), [3])
        self.assertEqual(self.find("three"), ["three"])
        self.assertEqual((self.log.last("#nowhere"), self.log.kept_after("#nowhere")), (0, 0))

    def test_the_last_number_is_that_of_what_the_tails_were_given(self) -> None:
        answer = self.log.append("#lobby", said("one"))
        self.assertEqual(self.log.last("#lobby"), 0)
        self.wait(answer)
        self.assertEqual(self.log.last("#lobby"), 1)

    def test_the_last_entry_older_than_a_time_is_found(self) -> None:
        for lines in "ab", "c", "def":
            self.append("#lobby", *lines)
            self.time += 10

        def before(time: int) -> int:
            return self.wait(self.log.last_before("#lobby", NOON + time))

        self.assertEqual([before(time) for time in (0, 1, 10, 11, 20, 21)], [0, 2, 2, 3, 3, 6])
        self.wait(self.log.forget("#lobby", 2))
        self.assertEqual([before(time) for time in (0, 10, 11, 21)], [2, 2, 3, 6])
        self.assertEqual(self.wait(self.log.last_before("#nowhere", NOON)), 0)

    # Taking back.

    def remove(self, stream: str, about: int, by: str = "ada") -> list[int]:
        """Take an entry back, and wait for the answer."""
        return self.wait(self.log.remove(stream, about, Removed("s1", by, about)))

    def about(self, stream: str, number: int) -> list[Entry]:
        return self.wait(self.log.find_about(stream, number))

    def events(self, stream: str) -> list[Event]:
        return [entry.event for entry in self.read(stream)]

    def test_what_is_taken_back_is_a_tombstone_with_its_number_and_time(self) -> None:
        self.append("#lobby", "one")
        self.time += 5
        said_by_bob = Said("s2", "bob", "two", ref="r", account="a2")
        self.wait(self.log.append("#lobby", [said_by_bob, *said("three")]))
        self.time += 5
        given: list[Entry] = []
        self.log.tail("#lobby", 3, given.extend)
        self.assertEqual(self.remove("#lobby", 2), [4])
        self.assertEqual(given, [Entry(4, NOON + 10, Removed("s1", "ada", 2))])
        self.assertEqual(self.read("#lobby", 3), given)
        left = Entry(2, NOON + 5, Gone("s2", "bob", ref="r", account="a2"))
        self.assertEqual(self.read("#lobby", 1, 1), [left])
        self.assertEqual(texts(self.read("#lobby")), ["one", "three"])

    def test_no_question_finds_what_was_taken_back(self) -> None:
        self.wait(self.log.append("#lobby", [Said("s", "ada", "blue\nwhale", ref="r"), *said("blue sky")]))
        self.assertEqual(self.find("blue"), ["blue\nwhale", "blue sky"])
        self.remove("#lobby", 1)
        self.assertEqual(self.find("blue"), ["blue sky"])
        self.assertEqual(self.find("whale"), [])
        self.assertEqual(self.find(nick="ada"), ["blue sky"])
        self.assertEqual(numbers(self.spoken("#lobby", 0, 9, 9)), [2])
        unspoken: list[Entry] = self.wait(self.log.read_unspoken("#lobby", 0, 9, 9))
        self.assertEqual(numbers(unspoken), [1, 3])
        self.assertEqual(self.wait(self.log.find_spoken("#lobby", 9, 3)), (1, 1))
        self.assertEqual(self.wait(self.log.count_spoken("#lobby", 0, 3)), 1)
        found = self.wait(self.log.find_ref("s", "r"))
        assert found is not None
        self.assertEqual(found.entry, Entry(1, NOON, Gone("s", "ada", ref="r")))

    def test_its_edits_and_theirs_go_too_and_replies_lose_their_quotes(self) -> None:
        events: list[Event] = [
            Said("s1", "ada", "blue"),
            Edited("s1", "ada", "blue whale", 1),
            Edited("s1", "ada", "green whale", 2, ref="r", account="a1"),
            Replied("s2", "bob", "which?", 1, "ada: blue"),
            Replied("s2", "bob", "really?", 3, "ada: green whale"),
            Replied("s2", "bob", "yes", 4, "bob: which?"),
            Said("s2", "bob", "green"),
            Edited("s2", "bob", "green tea", 7),
        ]
        self.wait(self.log.append("#lobby", events))
        self.assertEqual(self.find("whale"), ["blue whale", "green whale"])
        self.assertEqual(self.remove("#lobby", 1), [9])
        left: list[Event] = [
            Gone("s1", "ada"),
            Gone("s1", "ada"),
            Gone("s1", "ada", ref="r", account="a1"),
            Replied("s2", "bob", "which?", 1, ""),
            Replied("s2", "bob", "really?", 3, ""),
            *events[5:],
            Removed("s1", "ada", 1),
        ]
        self.assertEqual(self.events("#lobby"), left)
        self.assertEqual([self.find(word) for word in ("blue", "whale")], [[], []])
        self.assertEqual(self.find("green"), ["green", "green tea"])
        self.assertEqual(self.find("which"), ["which?"])

    def test_an_edit_or_a_reply_alone_may_be_taken_back(self) -> None:
        events: list[Event] = [
            Said("s1", "ada", "blue"),
            Edited("s1", "ada", "green", 1),
            Replied("s2", "bob", "no", 1, "ada: blue"),
            Replied("s1", "ada", "why not", 3, "bob: no"),
        ]
        self.wait(self.log.append("#lobby", events))
        self.remove("#lobby", 2)
        self.remove("#lobby", 3)
        left: list[Event] = [
            events[0],
            Gone("s1", "ada"),
            Gone("s2", "bob"),
            Replied("s1", "ada", "why not", 3, ""),
            Removed("s1", "ada", 2),
            Removed("s1", "ada", 3),
        ]
        self.assertEqual(self.events("#lobby"), left)

    def test_what_is_about_an_entry_is_found_in_order(self) -> None:
        events: list[Event] = [
            Said("s1", "ada", "blue"),
            Edited("s1", "ada", "green", 1),
            Edited("s1", "ada", "red", 2),
            Replied("s2", "bob", "no", 1, "ada: blue"),
        ]
        self.wait(self.log.append("#lobby", events))
        self.wait(self.log.append("#other", [*said("hi"), Edited("s1", "ada", "elsewhere", 1)]))

        def about(stream: str, number: int) -> list[int]:
            return numbers(self.about(stream, number))

        self.assertEqual([about("#lobby", number) for number in (0, 1, 2, 3, 99)], [[], [2, 4], [3], [], []])
        self.assertEqual([about("#nowhere", 1), about("#other", 1)], [[], [2]])
        answer = self.log.append("#lobby", [Edited("s1", "ada", "late", 1)])
        self.assertEqual(about("#lobby", 1), [2, 4])
        self.wait(answer)
        self.remove("#lobby", 1)
        self.assertEqual([about("#lobby", number) for number in (1, 2)], [[4, 6], []])
        self.assertEqual(self.about("#lobby", 1)[-1], self.read("#lobby")[-1])

    def test_what_cannot_be_taken_back_leaves_nothing_in_the_log(self) -> None:
        self.append("#lobby", "one", "two", "three")
        self.wait(self.log.append("#lobby", [TopicSet("s1", "ada", "whales"), Joined("s1", "ada")]))
        self.remove("#lobby", 2)
        self.wait(self.log.forget("#lobby", 1))
        before = self.read("#lobby")
        # It is forgotten, gone, no line, the removal itself, not there yet, never was; and there is no room.
        for about in 1, 2, 4, 5, 6, 7, 0, -1:
            self.assertRaises(NoSuchEntry, self.remove, "#lobby", about)
        self.assertRaises(NoSuchEntry, self.remove, "#nowhere", 1)
        self.assertEqual(self.read("#lobby"), before)
        self.assertEqual(self.wait(self.log.streams()), {"#lobby": 6})
        self.assertEqual(self.append("#lobby", "next"), [7])

    def test_taking_back_takes_its_place_among_the_appends_of_the_same_turn(self) -> None:
        told: list[object] = []
        given: list[Entry] = []
        self.log.tail("#lobby", 0, given.extend)
        early = self.log.remove("#lobby", 1, Removed("s1", "ada", 1))
        self.post("#lobby", "one", told)
        first = self.log.remove("#lobby", 1, Removed("s1", "ada", 1))
        again = self.log.remove("#lobby", 1, Removed("s1", "ada", 1))
        edit = self.log.append("#lobby", [Edited("s1", "ada", "three", 1)])
        second = self.log.remove("#lobby", 3, Removed("s1", "ada", 3))
        self.assertRaises(NoSuchEntry, self.wait, early)
        self.assertEqual(self.wait(first), [2])
        self.assertRaises(NoSuchEntry, self.wait, again)
        self.assertEqual([self.wait(edit), self.wait(second), told], [[3], [4], [1]])
        self.assertEqual(
            self.events("#lobby"),
            [Gone("s1", "ada"), Removed("s1", "ada", 1), Gone("s1", "ada"), Removed("s1", "ada", 3)],
        )
        self.assertEqual(numbers(given), numbers(self.read("#lobby")))

    def test_taking_back_touches_no_other_stream(self) -> None:
        for stream in "#a", "#b":
            self.wait(self.log.append(stream, [*said("blue"), Edited("s1", "ada", "blue sky", 1)]))
        self.remove("#a", 1)
        self.assertEqual(texts(self.read("#a")), [])
        everywhere = [Range("#a", 0, 9), Range("#b", 0, 9)]
        self.assertEqual(self.find("blue", ranges=everywhere), ["blue", "blue sky"])
        self.assertEqual(self.wait(self.log.streams()), {"#a": 3, "#b": 2})

    def test_a_removal_whose_reference_is_used_again_takes_nothing_back(self) -> None:
        self.wait(self.log.append("#lobby", [Said("s1", "ada", "one", ref="r"), *said("two")]))
        before = self.log.append("#lobby", said("three"))
        twice = self.log.remove("#lobby", 2, Removed("s1", "ada", 2, ref="r"))
        after = self.log.remove("#lobby", 3, Removed("s1", "ada", 3, ref="q"))
        self.assertEqual(self.wait(before), [3])
        self.assertRaises(NotKept, self.wait, twice)
        self.assertEqual(self.wait(after), [4])
        self.flushLoggedErrors()
        self.assertEqual(texts(self.read("#lobby")), ["one", "two"])
        self.assertEqual(self.find("two"), ["two"])

    def test_what_others_are_told_of_it_is_added_with_it_or_not_at_all(self) -> None:
        self.append("#lobby", "one", "two")
        self.append("#audit", "before")
        noted = Noted("s2", "bob", "removed 1 of ada from #lobby")
        for about, seqs in (1, [3]), (1, None), (7, None), (2, [4]):
            parts = [("#audit", [noted, noted]), ("#new", [noted]), ("#empty", [])]
            answer = self.log.remove("#lobby", about, Removed("s2", "bob", about), parts)
            if seqs:
                self.assertEqual(self.wait(answer), seqs)
            else:
                self.assertRaises(NoSuchEntry, self.wait, answer)
        self.assertEqual(self.events("#audit")[1:], [noted] * 4)
        self.assertEqual(self.wait(self.log.streams()), {"#lobby": 4, "#audit": 5, "#new": 2})

    def test_a_closed_log_takes_nothing_back(self) -> None:
        self.append("#lobby", "one", "two")
        last = self.log.remove("#lobby", 1, Removed("s1", "ada", 1))
        closing = self.log.close()
        self.closed = True
        late = self.log.remove("#lobby", 2, Removed("s1", "ada", 2))
        self.assertRaises(NotKept, self.wait, late)
        self.wait(closing)
        self.assertEqual(self.successResultOf(last), [3])

    @settings(deadline=None, database=None, max_examples=25)
    @given(st.lists(st.tuples(st.lists(STEPS, max_size=8), st.booleans()), max_size=4))
    def test_whatever_is_taken_back_the_rest_is_as_it_was_said(
        self, goes: list[tuple[list[tuple[str, str, int]], bool]]
    ) -> None:
        """Against a model that goes through all entries; a go is what is asked for at once."""
        self.close()
        self.log, self.closed = self.make_log(), False
        model: dict[str, list[Event]] = {"#a": [], "#b": []}
        for go, (steps, is_indexed) in enumerate(goes):
            answers: list[tuple[Deferred[list[int]], list[int] | None]] = []
            for number, (stream, kind, where) in enumerate(steps):
                events, text = model[stream], f"whale {go}x{number}"
                about = where % (len(events) + 2)  # now and then there is none
                if kind == "remove":
                    removed = Removed("s1", "ada", about)
                    seqs = [len(events) + 1] if take_back(events, about) else None
                    events += [removed] if seqs else []
                    answers.append((self.log.remove(stream, about, removed), seqs))
                    continue
                event: Event = Said("s1", "ada", text)
                if kind != "say" and 0 < about <= len(events):
                    quote = getattr(events[about - 1], "text", "")
                    reply = Replied("s2", "bob", text, about, quote)
                    event = reply if kind == "reply" else Edited("s1", "ada", text, about)
                events.append(event)
                answers.append((self.log.append(stream, [event]), [len(events)]))
            for answer, seqs in answers:
                if seqs is None:
                    self.assertRaises(NoSuchEntry, self.wait, answer)
                else:
                    self.assertEqual(self.wait(answer), seqs)
            if is_indexed:
                self.find("whale")
        for stream, events in model.items():
            self.assertEqual(self.events(stream), events)
            lines = [event for event in events if isinstance(event, Spoken)]
            by_ada = [event.text for event in lines if event.nick == "ada"]
            self.assertEqual(self.find(nick="ada", ranges=[Range(stream, 0, 99)]), by_ada)
            self.assertEqual(self.wait(self.log.count_spoken(stream, 0, 99)), len(lines))
            for about in range(1, len(events) + 1):
                found = [seq for seq, event in enumerate(events, 1) if getattr(event, "about", 0) == about]
                self.assertEqual(numbers(self.about(stream, about)), found)

    # Records.

    def test_a_probe_is_answered_and_adds_nothing(self) -> None:
        self.append("#lobby", "hello")
        before = self.wait(self.log.streams())
        for _ in range(2):
            self.assertIsNone(self.wait(self.log.probe()))
        self.assertEqual(self.wait(self.log.streams()), before)

    def test_each_commit_is_measured(self) -> None:
        commits = self.log.commits
        number, items = commits.seconds.number, commits.items.total
        self.append("#lobby", "hello")
        self.assertGreater(commits.seconds.number, number)
        self.assertGreater(commits.items.total, items)
        self.assertEqual(commits.seconds.number, commits.items.number)
        self.assertEqual(commits.failures, 0)

    def test_a_record_is_as_it_was_given_last(self) -> None:
        large = bytes(range(256)) * 400
        self.assertIsNone(self.wait(self.log.record("kind", "key")))
        for value in b"one", b"", large, None, b"two":
            self.log.keep("kind", "key", value)
            self.assertEqual(self.wait(self.log.record("kind", "key")), value)
        self.append("#lobby", "hello")
        self.assertEqual(self.wait(self.log.record("kind", "key")), b"two")
        self.log.keep("kind", "key", None)
        self.log.keep("kind", "nothing", None)
        self.assertIsNone(self.wait(self.log.record("kind", "key")))
        self.append("#lobby", "hello")
        self.assertIsNone(self.wait(self.log.record("kind", "key")))

    def test_all_records_of_a_kind_can_be_had(self) -> None:
        self.assertEqual(self.wait(self.log.records("kind")), {})
        for key in "abc":
            self.log.keep("kind", key, key.encode())
        self.log.keep("other", "a", b"")
        self.append("#lobby", "hello")
        self.log.keep("kind", "a", b"new")
        self.log.keep("kind", "b", None)
        for _ in range(2):
            self.assertEqual(self.wait(self.log.records("kind")), {"a": b"new", "c": b"c"})
            self.append("#lobby", "hello")

    def test_of_many_records_that_come_together_each_is_as_it_was_given_last(self) -> None:
        for number in 1, 2, 5, 345:
            kind = f"kind{number}"
            for value in b"first", b"last":
                for n in range(number):
                    self.log.keep(kind, str(n), value)
            self.log.keep(kind, "0", None)
            self.log.keep(kind, "new", b"")
            self.log.keep(kind, "new", None)
            self.append("#lobby", "hello")
            kept = {str(n): b"last" for n in range(1, number)}
            self.assertEqual(self.wait(self.log.records(kind)), kept)

    # What an entry holds.

    def test_every_kind_of_event_comes_back_as_it_was(self) -> None:
        for text in AWKWARD:
            stream = f"#{text}"
            events = events_of_every_kind(text)
            self.assertEqual({type(event) for event in events}, set(get_args(Event)))
            given: list[Entry] = []
            self.log.tail(stream, 0, given.extend)
            for answer in [self.log.append(stream, [event]) for event in events]:
                self.wait(answer)
            self.assertEqual([entry.event for entry in given], events)
            self.assertEqual(self.read(stream), given)
            self.assertEqual([type(entry.event) for entry in self.read(stream)], list(map(type, events)))

    def test_an_entry_has_the_time_at_which_it_was_appended(self) -> None:
        self.append("#lobby", "one")
        self.time += 1234
        self.append("#lobby", "two")
        self.assertEqual([entry.time for entry in self.read("#lobby")], [NOON, NOON + 1234])

    def test_times_do_not_go_back_when_the_clock_does(self) -> None:
        given: list[Entry] = []
        self.log.tail("#lobby", 0, given.extend)
        self.append("#lobby", "one")
        self.time -= 7_200_000
        self.append("#lobby", "two", "three")
        self.append("#other", "elsewhere the clock may be followed")
        self.time += 7_200_001
        self.append("#lobby", "four")
        self.assertEqual([entry.time for entry in given], [NOON, NOON, NOON, NOON + 1])
        self.assertEqual(self.read("#lobby"), given)
        self.assertEqual([entry.time for entry in self.read("#other")], [NOON - 7_200_000])

    def test_times_do_not_go_back_among_what_is_appended_in_one_go(self) -> None:
        answers = []
        for step in 5, -3, 2, -7, 100:
            self.time += step
            answers.append(self.log.append("#lobby", said("hello")))
        for answer in answers:
            self.wait(answer)
        times = [entry.time for entry in self.read("#lobby")]
        self.assertEqual(times, sorted(times))

    # The log as a whole.

    def test_a_log_has_a_name_of_its_own_that_stays(self) -> None:
        epoch = self.log.epoch
        self.assertIsInstance(epoch, str)
        self.assertNotEqual(epoch, "")
        self.append("#lobby", "hello")
        self.assertEqual(self.log.epoch, epoch)

    def test_closing_finishes_what_was_appended(self) -> None:
        given: list[Entry] = []
        self.log.tail("#lobby", 0, given.extend)
        answers = [self.log.append("#lobby", said(str(n))) for n in range(MANY)]
        self.close()
        self.assertEqual([self.successResultOf(answer) for answer in answers], [[n + 1] for n in range(MANY)])
        self.assertEqual(numbers(given), list(range(1, MANY + 1)))

    def test_what_comes_while_the_log_closes_can_still_be_read(self) -> None:
        read: list[list[Entry]] = []
        self.log.tail(
            "#lobby", 0, lambda entries: read.append(self.read("#lobby", entries[0].seq - 1, len(entries)))
        )
        answers = [self.log.append("#lobby", said(str(n))) for n in range(MANY)]
        self.close()
        for answer in answers:
            self.successResultOf(answer)
        self.assertEqual(numbers([entry for entries in read for entry in entries]), list(range(1, MANY + 1)))

    def test_a_closed_log_takes_nothing_more(self) -> None:
        given: list[Entry] = []
        self.log.tail("#lobby", 0, given.extend)
        last = self.log.append("#lobby", said("the last words"))
        closing = self.log.close()
        self.closed = True
        while_closing = self.log.append("#lobby", said("too late"))
        self.assertRaises(NotKept, self.wait, while_closing)
        self.wait(closing)
        self.assertRaises(NotKept, self.wait, self.log.append("#lobby", said("far too late")))
        self.assertEqual(self.successResultOf(last), [1])
        self.assertEqual(texts(given), ["the last words"])

    def test_a_log_closes_that_was_never_used(self) -> None:
        self.close()

    # One test is run by the class of every log, which Hypothesis would find strange.
    @settings(
        deadline=None,
        database=None,
        max_examples=40,
    )
    @given(st.lists(st.lists(APPENDS, max_size=6), max_size=5), st.integers(1, 7), st.integers(0, 5))
    def test_what_is_read_is_what_the_tails_were_given_is_what_was_appended(
        self, goes: list[list[tuple[str, list[str]]]], size: int, later: int
    ) -> None:
        """A go is what is appended at once; a second tail is begun before the go number ``later``."""
        self.close()
        self.log, self.closed = self.make_log(), False
        model: dict[str, list[str]] = {}
        given: dict[str, list[Entry]] = {}
        given_later: dict[str, list[Entry]] = {}

        def tail(into: dict[str, list[Entry]]) -> None:
            for stream in "#lobby", "#Ünïcode", "@s1":
                self.log.tail(stream, 0, into.setdefault(stream, []).extend)

        tail(given)
        for n, go in enumerate(goes):
            answers = []
            for stream, lines in go:
                answers.append(self.log.append(stream, said(*lines)))
                model.setdefault(stream, []).extend(lines)
            if n == later:
                tail(given_later)
            for answer in answers:
                self.wait(answer)
        if later >= len(goes):
            tail(given_later)
        for stream, entries in given.items():
            self.assertEqual(texts(entries), model.get(stream, []))
            self.assertEqual(numbers(entries), list(range(1, len(entries) + 1)))
            self.assertEqual(given_later[stream], entries)
            self.assertEqual(self.pages(stream, size), entries)
        ends = {stream: len(lines) for stream, lines in model.items() if lines}
        self.assertEqual(self.wait(self.log.streams()), ends)


class OneOrderContract(LogContract):
    """What logs promise more whose store is here: what is appended to all streams is in one order."""

    def test_answers_come_in_the_order_of_the_calls(self) -> None:
        came: list[int] = []

        def comes(_: object, n: int) -> None:
            came.append(n)

        answers = [
            self.log.append(stream, said("hello")).addCallback(comes, n)
            for n, stream in enumerate(["#a", "#b", "#a", "#c", "#b", "#a"] * 50)
        ]
        for answer in answers:
            self.wait(answer)
        self.assertEqual(came, list(range(300)))

    def test_posts_take_their_place_among_the_appends_of_the_same_turn(self) -> None:
        told: list[object] = []
        self.post("#a", "one", told)
        self.log.append("#a", said("two", "three")).addCallback(told.append)
        self.post("#b", "one", told)
        self.log.append_all([("#b", said("two")), ("#a", said("four"))]).addCallback(told.append)
        self.log.keep("kind", "key", b"value")
        self.post("#a", "five", told)
        self.wait_until(told, 5)
        self.assertEqual(told, [1, [2, 3], 1, [[2], [4]], 5])
        self.assertEqual(texts(self.read("#a")), ["one", "two", "three", "four", "five"])
        self.assertEqual(texts(self.read("#b")), ["one", "two"])

    @settings(
        deadline=None,
        database=None,
        max_examples=40,
    )
    @given(st.lists(st.lists(st.tuples(st.sampled_from(["post", "append", "both"]), STREAMS), max_size=8)))
    def test_however_posts_and_appends_are_mixed_they_are_numbered_and_told_in_order(
        self, goes: list[list[tuple[str, str]]]
    ) -> None:
        """What is asked for in one go waits for nothing between."""
        self.close()
        self.log, self.closed = self.make_log(), False
        last: dict[str, int] = {}
        told: list[object] = []
        expected: list[object] = []

        def next(stream: str) -> int:
            last[stream] = last.get(stream, 0) + 1
            return last[stream]

        for go in goes:
            for how, stream in go:
                match how:
                    case "post":
                        self.post(stream, "hello", told)
                        expected.append(next(stream))
                    case "append":
                        self.log.append(stream, said("one", "two")).addCallback(told.append)
                        expected.append([next(stream), next(stream)])
                    case _:
                        parts = [(stream, said("hello")), ("#other", said("hello"))]
                        self.log.append_all(parts).addCallback(told.append)
                        expected.append([[next(stream)], [next("#other")]])
            self.wait_until(told, len(expected))
        self.assertEqual(told, expected)
        self.assertEqual(self.wait(self.log.streams()), last)

    def test_what_is_taken_back_in_the_turn_in_which_it_was_said_is_given_to_nobody(self) -> None:
        given: list[Entry] = []
        self.log.tail("#lobby", 0, given.extend)
        self.log.append("#lobby", said("one"))
        self.assertEqual(self.remove("#lobby", 1), [2])
        self.assertEqual([entry.event for entry in given], [Gone("s1", "ada"), Removed("s1", "ada", 1)])
        self.assertEqual(given, self.read("#lobby"))
