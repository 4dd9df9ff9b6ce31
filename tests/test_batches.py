"""What is appended goes to the writer in batches: all of it, in order, and one batch at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.events import Said
from tcpchat.logs.batches import (
    ENOUGH,
    GATHERED_FOR,
    LARGEST_BATCH,
    LIKE_AN_ENTRY,
    Append,
    Batch,
    Batches,
    Chore,
    Forget,
    Item,
    Keep,
    Post,
    Reach,
    whose,
)

HELLO = Said("s1", "ada", "hello")


def post() -> Post:
    return Post("#lobby", HELLO, 0, lambda outcome: None)


def append(size: int) -> Append:
    return Append([("#lobby", [HELLO] * size)], size, 0, Deferred(), True)


def forget() -> Forget:
    return Forget("#lobby", 1, Deferred())


def reach() -> Reach:
    return Reach({1: 1}, Deferred())


def sizes(batch: Batch) -> list[int]:
    return [item.size for item in batch.items]


# What happens, one after another: something of that size is added, a chore is, the reactor has a turn
# at once or after some time, or the writer finishes what it has.
ADDING = st.sampled_from([1, 2, LARGEST_BATCH // 2, LARGEST_BATCH - 1, LARGEST_BATCH, LARGEST_BATCH + 1])
HAPPENING = st.lists(ADDING | st.sampled_from(["chore", "turn", "time", "finished"]), max_size=30)


class BatchesTests(SynchronousTestCase):
    """A queue, the reactor's turns, and the writer's end of it."""

    def setUp(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.now = 0.0
        self.calls: list[tuple[float, Callable[..., Any], tuple[Any, ...]]] = []
        self.batches = Batches(self.later, lambda: self.now)

    def later(self, seconds: float, call: Callable[..., Any], *arguments: Any) -> None:
        self.calls.append((self.now + seconds, call, arguments))

    def turn(self, seconds: float = 0.0) -> None:
        """Let the reactor have a turn, after some time."""
        self.now += seconds
        due = [call for call in self.calls if call[0] <= self.now]
        self.calls = [call for call in self.calls if call[0] > self.now]
        for _, call, arguments in due:
            call(*arguments)

    def rest(self) -> None:
        """Let so much time pass that the next batch need not wait."""
        self.turn(2 * GATHERED_FOR)

    def add(self, *items: Item) -> None:
        for item in items:
            self.batches.add(item)

    def take(self) -> Batch:
        """Return the batch that is at the writer."""
        batch = self.batches.next(0)
        assert batch is not None
        return batch

    def assert_nothing_comes(self) -> None:
        self.assertIsNone(self.batches.next(0))

    def give(self, *items: Item) -> Batch:
        """Have the writer take a batch of some items."""
        self.add(*items)
        self.turn()
        return self.take()

    # What goes together.

    def test_what_comes_in_one_turn_goes_over_together(self) -> None:
        items: list[Item] = [post(), append(3), Keep("kind", "key", b"value"), post()]
        for item in items:
            self.add(item)
            self.assert_nothing_comes()
        self.turn()
        batch = self.take()
        self.assertEqual(batch.items, items)
        self.assertFalse(batch.is_last)
        self.turn()
        self.assert_nothing_comes()

    def test_the_writer_has_one_batch_at_a_time(self) -> None:
        self.give(post())
        for _ in range(3):
            self.add(post())
            self.turn()
        self.assert_nothing_comes()

    def test_what_came_meanwhile_goes_together_in_the_second_turn_after_it_has_finished(self) -> None:
        self.give(post())
        self.rest()
        meanwhile: list[Item] = [post(), append(2)]
        answer = post()
        for item in meanwhile:
            self.add(item)
            self.turn()
        self.batches.finished()
        self.turn()
        self.assert_nothing_comes()
        self.add(answer)
        self.turn()
        self.assertEqual(self.take().items, [*meanwhile, answer])

    def test_what_comes_some_time_after_that_goes_in_the_next_turn(self) -> None:
        self.give(post())
        self.batches.finished()
        self.rest()
        item = post()
        self.assertEqual(self.give(item).items, [item])

    def test_little_is_gathered_for_a_moment(self) -> None:
        self.give(post())
        self.batches.finished()
        items: list[Item] = [append(ENOUGH - 1), post()]
        self.turn(GATHERED_FOR / 2)
        self.add(items[0])
        self.turn()
        self.turn(GATHERED_FOR / 4)
        self.assert_nothing_comes()
        self.add(items[1])
        self.turn(GATHERED_FOR / 4)
        self.assertEqual(self.take().items, items)

    def test_what_is_enough_need_not_wait(self) -> None:
        self.give(post())
        self.add(append(ENOUGH))
        self.batches.finished()
        self.turn()
        self.turn()
        self.assertEqual(sizes(self.take()), [ENOUGH])

    def test_the_writer_waits_no_longer_than_its_patience(self) -> None:
        self.assertIsNone(self.batches.next(0.001))

    # How large a batch is.

    def test_a_batch_is_full_and_not_larger(self) -> None:
        self.add(*(post() for _ in range(LARGEST_BATCH)), post())
        self.turn()
        batch = self.take()
        self.assertEqual((len(batch.items), batch.size), (LARGEST_BATCH, LARGEST_BATCH))
        self.batches.finished()
        self.assertEqual([sizes(batch) for batch in self.drain()], [[1]])

    def test_what_is_larger_than_a_batch_goes_alone(self) -> None:
        self.add(post(), append(LARGEST_BATCH + 1), post())
        self.assertEqual([sizes(batch) for batch in self.drain()], [[1], [LARGEST_BATCH + 1], [1]])

    def test_a_long_record_counts_like_several_entries(self) -> None:
        self.assertEqual(Keep("kind", "key", None).size, 1)
        self.assertEqual(Keep("kind", "key", b"x" * (LIKE_AN_ENTRY - 1)).size, 1)
        self.assertEqual(Keep("kind", "key", b"x" * LIKE_AN_ENTRY).size, 2)

    # Chores.

    def test_a_chore_alone_is_a_batch(self) -> None:
        chore = forget()
        self.batches.add_chore(chore)
        self.assert_nothing_comes()
        self.turn()
        batch = self.take()
        self.assertEqual((batch.items, batch.chores), ([], [chore]))

    def test_a_chore_waits_like_everything_else(self) -> None:
        self.give(post())
        chore = reach()
        self.batches.add_chore(chore)
        self.rest()
        self.assert_nothing_comes()
        self.batches.finished()
        self.assertEqual([batch.chores for batch in self.drain()], [[chore]])

    def test_a_chore_comes_with_or_after_what_was_added_before_it(self) -> None:
        early, late = forget(), forget()
        self.add(append(LARGEST_BATCH))
        self.batches.add_chore(early)
        self.add(append(LARGEST_BATCH))
        self.batches.add_chore(late)
        self.assertEqual([batch.chores for batch in self.drain()], [[early], [late]])

    # The end.

    def test_the_end_comes_at_once(self) -> None:
        self.batches.end()
        batch = self.take()
        self.assertEqual((batch.items, batch.chores, batch.is_last), ([], [], True))

    def test_the_last_batch_holds_what_was_added(self) -> None:
        item, chore = post(), forget()
        self.add(item)
        self.batches.add_chore(chore)
        self.batches.end()
        batch = self.take()
        self.assertEqual((batch.items, batch.chores, batch.is_last), ([item], [chore], True))
        self.rest()
        self.assert_nothing_comes()

    def test_the_end_waits_for_what_the_writer_has(self) -> None:
        self.assertFalse(self.give(post()).is_last)
        item = post()
        self.add(item)
        self.batches.end()
        self.assert_nothing_comes()
        self.batches.finished()
        (batch,) = self.drain()
        self.assertEqual((batch.items, batch.is_last), ([item], True))

    def test_the_end_may_come_while_something_is_gathered(self) -> None:
        self.give(post())
        item = post()
        self.add(item)
        self.batches.finished()
        self.batches.end()
        batch = self.take()
        self.assertEqual((batch.items, batch.is_last), ([item], True))
        self.turn()
        self.batches.finished()
        self.assertEqual(self.drain(), [])

    def test_of_several_batches_the_last_one_says_so(self) -> None:
        self.add(append(LARGEST_BATCH), append(LARGEST_BATCH), append(1))
        self.batches.end()
        self.assertEqual([(batch.size, batch.is_last) for batch in self.drain()],
            [(LARGEST_BATCH, False), (LARGEST_BATCH, False), (1, True)])  # fmt: skip

    def test_to_end_twice_is_to_end_once(self) -> None:
        self.give(post())
        self.batches.end()
        self.batches.end()
        self.batches.finished()
        self.assertEqual([batch.is_last for batch in self.drain()], [True])

    def drain(self) -> list[Batch]:
        """Return what comes until nothing more does, each batch once the one before was finished."""
        batches = []
        while True:
            self.rest()
            if batch := self.batches.next(0):
                batches.append(batch)
                self.batches.finished()
            elif not self.calls:
                return batches

    # And in general.

    @given(HAPPENING)
    def test_however_the_turns_fall_everything_comes_once_and_in_order(
        self, happening: list[int | str]
    ) -> None:
        self.begin()
        items: list[Item] = []
        chores: list[Chore] = []
        before: list[int] = []  # how many items were added before each chore
        taken: list[Batch] = []
        handed_over = -1.0
        is_out = False
        for what in happening:
            if isinstance(what, int):
                items.append(append(what))
                self.add(items[-1])
            elif what == "chore":
                chores.append(forget())
                before.append(len(items))
                self.batches.add_chore(chores[-1])
            elif what == "turn":
                self.turn()
            elif what == "time":
                self.turn(GATHERED_FOR * 0.4)
            elif is_out:
                self.batches.finished()
                is_out = False
            if batch := self.batches.next(0):
                self.assertFalse(is_out, "the writer has two")
                self.assertTrue(batch.size >= ENOUGH or self.now > handed_over + GATHERED_FOR * 0.99)
                taken.append(batch)
                handed_over = self.now
                is_out = True
        self.batches.end()
        if is_out:
            self.assert_nothing_comes()
            self.batches.finished()
        taken += self.drain()
        self.assertEqual([batch.is_last for batch in taken], [False] * (len(taken) - 1) + [True])
        self.assertEqual([item for batch in taken for item in batch.items], items)
        came: list[Chore] = []
        seen = 0
        for batch in taken:
            self.assertTrue(batch.size <= LARGEST_BATCH or len(batch.items) == 1)
            self.assertEqual(batch.size, sum(sizes(batch)))
            seen += len(batch.items)
            came += batch.chores
            for number in before[: len(came)]:
                self.assertLessEqual(number, seen, "a chore overtakes what was added before it")
        self.assertEqual(came, chores)


class WhoseTests(SynchronousTestCase):
    def test_one_item_is_about_the_session_whose_events_it_has(self) -> None:
        event = Said("s1", "ada", "hello")
        post = Post("#lobby", event, 5, lambda outcome: None)
        append = Append((("#lobby", [event, event]), ("#dev", [event])), 3, 5, Deferred(), False)
        self.assertEqual([whose([post]), whose([append])], ["s1", "s1"])

    def test_of_several_and_of_records_it_is_nobody_s(self) -> None:
        keep = Keep("session", "s1", b"")
        self.assertEqual([whose([]), whose([keep]), whose([keep, keep])], ["", "", ""])
