"""What comes over from the stream is applied to the replica: in order, once, as there is room for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from twisted.internet.defer import Deferred, succeed

from tcpchat.events import Entry, Said
from tcpchat.logs.nats_messages import Commit, Rewritten, encode
from tcpchat.logs.nats_replica import CURSOR, KEPT_EACH, MOST_UNDER_WAY, MOST_WAITING, Applying
from tcpchat.logs.nats_terms import Stored
from tcpchat.logs.sqlite_replica import REPLICA
from tests.contracts import NOON, numbers, texts
from tests.test_log_sqlite_replica import ReplicaCase, entries


class Watched:
    """Remembers what it is told; knows where the contents of erased messages are."""

    def __init__(self) -> None:
        self.cursor = 0
        self.came_at: list[int] = []
        self.applied_at: list[int] = []
        self.forgotten_at: list[str] = []
        self.launches: list[tuple[int, int]] = []  # up to where it had come and been applied then
        self.rewritten: dict[tuple[str, int], int] = {}

    def came(self, commit: Commit, at: int) -> None:
        self.cursor = at
        self.came_at.append(at)

    def launch(self) -> None:
        self.launches.append((self.cursor, len(self.applied_at)))

    def applied(self, commit: Commit, at: int) -> Iterator[None]:
        self.applied_at.append(at)
        yield

    def forgets(self, commit: Commit) -> None:
        self.forgotten_at.append(commit.stream)

    async def find_rewritten(self, stream: str, first: int, before: int) -> tuple[int, int] | None:
        found = [began for it, began in self.rewritten if it == stream and first <= began < before]
        return (min(found), self.rewritten[stream, min(found)]) if found else None


class Reading:
    """The link, as far as single messages are read."""

    def __init__(self) -> None:
        self.messages: dict[int, Stored] = {}

    def read(self, seq: int) -> Deferred[Stored | None]:
        return succeed(self.messages.get(seq))


class ApplyingTests(ReplicaCase):
    def setUp(self) -> None:
        super().setUp()
        self.watched = Watched()
        self.link = Reading()
        self.applying = self.begin(0)

    def begin(self, cursor: int) -> Applying:
        self.watched.cursor = cursor
        clock: Any = self.turns  # what is needed of one
        return Applying(self.link, self.log, clock, self.watched, cursor)

    def message(self, at: int, stream: str, new: list[Entry], forgets: int = 0) -> Stored:
        return Stored(at, "subject", encode(Commit(f"n1.{at}", "n1", stream, new, forgets=forgets)))

    def come(self, *messages: Stored) -> None:
        """Messages come, and are applied."""
        self.applying.take(list(messages))
        self.turns.wait(self.applying.level())

    def test_each_message_is_told_of_when_it_comes_and_when_it_is_applied(self) -> None:
        self.come(self.message(3, "#a", entries(1, "a")), self.message(5, "#b", entries(1, "b")))
        self.come(self.message(6, "#a", entries(2, "c", "d")))
        self.assertEqual((self.watched.came_at, self.watched.applied_at), ([3, 5, 6], [3, 5, 6]))
        self.assertEqual(texts(self.read("#a")), ["a", "c", "d"])
        self.assertEqual(self.applying.cursor, 6)

    def test_what_waits_is_published_when_all_has_come_and_before_it_is_shown(self) -> None:
        self.come(self.message(3, "#a", entries(1, "a")))
        self.watched.launches.clear()
        self.come(self.message(4, "#a", entries(2, "b")), self.message(5, "#a", entries(3, "c")))
        self.assertEqual(self.watched.launches[0], (5, 1))

    def test_how_far_it_is_is_kept_after_a_while(self) -> None:
        self.come(self.message(3, "#a", entries(1, "a")))
        self.assertIsNone(self.turns.wait(self.log.record(REPLICA, CURSOR)))
        self.turns.run(KEPT_EACH + 0.1)
        self.assertEqual(self.turns.wait(self.log.record(REPLICA, CURSOR)), b"3")

    def test_a_message_that_comes_again_changes_nothing_and_is_not_told_as_new(self) -> None:
        first = self.message(3, "#a", entries(1, "a"))
        self.come(first)
        self.applying = self.begin(0)
        self.watched.cursor = 3
        self.come(first, self.message(4, "#a", entries(2, "b")))
        self.assertEqual(texts(self.read("#a")), ["a", "b"])
        self.assertEqual(self.watched.came_at, [3, 4])

    def test_what_is_none_of_ours_is_left_out_and_the_operator_told(self) -> None:
        self.come(Stored(3, "subject", b"hello"), self.message(4, "#a", entries(1, "a")))
        self.assertEqual(self.watched.applied_at, [4])
        self.assertEqual(self.applying.cursor, 4)

    def test_what_was_erased_is_taken_from_where_it_was_written_anew(self) -> None:
        again = [Rewritten(2, entries(2, "b", "c")), Rewritten(5, entries(5, "e"))]
        self.link.messages[9] = Stored(
            9, "subject", encode(Commit("n1.9", "n1", "#a", again=again, erases=[4, 6]))
        )
        self.watched.rewritten = {("#a", 2): 9, ("#a", 5): 9}
        self.come(
            self.message(3, "#a", entries(1, "a")),
            self.message(5, "#a", entries(4, "d")),
            self.message(7, "#a", entries(6, "f")),
            self.message(8, "#b", entries(1, "elsewhere")),
        )
        self.assertEqual(texts(self.read("#a")), list("abcdef"))
        self.assertEqual(texts(self.read("#b")), ["elsewhere"])
        self.assertEqual(self.log.holders("#a", [3, 5]), {9})

    def test_a_hole_that_nothing_explains_is_what_was_forgotten(self) -> None:
        self.come(self.message(3, "#a", entries(1, "a")), self.message(9, "#a", entries(5, "e")))
        self.assertEqual(numbers(self.read("#a")), [5])
        self.assertEqual(self.log.kept_after("#a"), 4)

    def test_what_is_forgotten_goes_and_what_was_never_there_is_skipped(self) -> None:
        self.come(
            self.message(3, "#a", entries(1, "a", "b", "c")),
            self.message(4, "#a", [], forgets=2),
            self.message(5, "#b", [], forgets=7),
            self.message(6, "#b", entries(8, "h")),
        )
        self.assertEqual([numbers(self.read(it)) for it in ("#a", "#b")], [[3], [8]])
        self.assertEqual(sorted(self.watched.applied_at), [3, 4, 5, 6])
        self.assertEqual(self.watched.forgotten_at, ["#a", "#b"])

    def test_of_much_a_part_is_under_way_and_there_is_an_answer_when_there_is_room(self) -> None:
        number = MOST_WAITING + MOST_UNDER_WAY + 100
        event = Said("s", "ada", "hello")
        messages = [self.message(n, "#a", [Entry(n, NOON, event)]) for n in range(1, number + 1)]
        room = self.applying.take(messages)
        assert room is not None
        self.assertLessEqual(len(self.watched.came_at), MOST_UNDER_WAY)
        self.assertIs(self.applying.take([self.message(number + 1, "#b", entries(1, "b"))]), room)
        self.turns.wait(room)
        self.assertLess(self.applying.cursor, number)
        self.turns.wait(self.applying.level())
        self.assertEqual(self.log.last("#a"), number)
        self.assertIsNone(self.applying.take([self.message(number + 2, "#b", entries(2, "c"))]))
