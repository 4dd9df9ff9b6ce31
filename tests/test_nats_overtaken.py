"""What was to be said, and cannot be any more, because others have changed the room meanwhile."""

from __future__ import annotations

from tcpchat.events import Banned, Joined, Kicked, Left, Opped, Said
from tcpchat.logs.interface import NotKept
from tcpchat.logs.nats_items import NEVER, Line
from tests.test_log_nats_queue import NOON, QueueCase


class TakenOutTests(QueueCase):
    def test_a_line_that_lost_the_race_to_the_going_of_who_said_it_is_not_sent(self) -> None:
        for event in Left("s1", "ada"), Kicked("s9", "op", "ada", "s1"):
            stream = f"#{type(event).__name__}"
            self.two.link.is_silent = True
            self.one.append([(stream, [event])])
            self.advance(1)
            self.two.say("too late", stream)
            self.two.say("not me", stream, session="s2")
            self.advance(1)
            self.two.link.is_silent = False
            self.two.link.bring()
            self.advance(10)
            self.assertEqual(self.two.texts(stream), ["not me"])
            self.assertEqual(self.two.outcomes()[-2:], [("too late", NotKept), ("not me", 2)])

    def test_who_comes_in_anew_meanwhile_is_heard_unless_they_are_banned(self) -> None:
        for event, outcomes in (
            (Left("s1", "ada"), [("before", NotKept), ("hello", 3)]),
            (Banned("s9", "op", "ada", ("s1",)), [("before", NotKept), ("hello", NotKept)]),
        ):
            stream = f"#{type(event).__name__}"
            self.two.told.clear()
            self.two.link.is_silent = True
            self.one.append([(stream, [event])])
            self.advance(1)
            self.two.say("before", stream)
            joined = self.two.append([(stream, [Joined("s1", "ada")])])
            self.two.say("hello", stream)
            self.advance(1)
            self.two.link.is_silent = False
            self.two.link.bring()
            self.advance(10)
            self.assertEqual(self.two.outcomes(), outcomes)
            if isinstance(event, Banned):
                self.failureResultOf(joined, NotKept)
            else:
                self.assertEqual(self.successResultOf(joined), [[2]])

    def test_that_somebody_left_is_not_said_again(self) -> None:
        left = Left("s1", "ada")
        self.two.link.is_silent = True
        self.one.append([("#a", [left])])
        self.advance(1)
        both = self.two.append([("#a", [left]), ("#b", [left])], NEVER)
        alone = self.two.append([("#a", [left])], NEVER)
        self.advance(1)
        self.two.link.is_silent = False
        self.two.link.bring()
        self.advance(10)
        self.assertEqual(self.successResultOf(both), [[], [1]])
        self.assertEqual(self.successResultOf(alone), [[1]])
        self.assertEqual(self.two.entries.last("#a"), 1)
        self.assertTrue(self.two.queue.is_empty)

    def test_one_that_goes_on_elsewhere_is_heard_in_other_rooms(self) -> None:
        self.one.append([("#a", [Left("s1", "ada")])])
        self.two.say("here", "#b")
        self.advance(1)
        self.assertEqual(self.two.outcomes(), [("here", 1)])

    def test_they_are_told_that_they_are_out(self) -> None:
        told: list[object] = []
        self.two.link.is_silent = True
        self.one.append([("#own", [Kicked("s9", "op", "ada", "s1")])])
        self.advance(1)
        line = Line("#own", Said("s1", "ada", "hi"), NOON, self.clock.seconds() + 24, told.append)
        self.two.queue.add(line, ("#own",))
        self.advance(1)
        self.two.link.is_silent = False
        self.two.link.bring()
        self.advance(10)
        self.assertEqual([str(outcome) for outcome in told], ["you are not in #own any more"])


class TwiceTests(QueueCase):
    """Somebody comes in over two nodes at the same moment."""

    def setUp(self) -> None:
        super().setUp()
        self.two.link.is_silent = True
        self.one.append([("#a", [Joined("s1", "ada", account="x")])])
        self.advance(1)

    def comings(self) -> list[str]:
        entries = self.one.entries.entries["#a"]
        self.assertEqual(self.two.entries.entries["#a"], entries)
        return [type(entry.event).__name__ for entry in entries if not isinstance(entry.event, Said)]

    def bring(self) -> None:
        self.advance(1)
        self.two.link.is_silent = False
        self.two.link.bring()
        self.advance(10)

    def test_it_is_said_once_and_both_are_told_where(self) -> None:
        opped = Opped("s2", "ada", "ada", "x", account="x")
        joined = self.two.append([("#a", [Joined("s2", "ada", account="x"), opped])])
        self.two.say("hello", "#a", session="s2")
        self.bring()
        self.assertEqual(self.comings(), ["Joined"])
        self.assertEqual(self.successResultOf(joined), [[1]])
        self.assertEqual(self.two.outcomes(), [("hello", 2)])
        self.assertTrue(self.two.queue.is_empty)

    def test_they_are_told_when_everybody_here_has_been_shown_it(self) -> None:
        joined = self.two.append([("#a", [Joined("s2", "ada", account="x")])])
        self.two.is_slow = True
        self.bring()
        self.assertNoResult(joined)
        self.two.apply()
        self.assertEqual(self.successResultOf(joined), [[1]])
        self.assertEqual(len(self.stream.messages), 1)

    def test_who_has_left_since_comes_in_again(self) -> None:
        left = self.two.append([("#a", [Left("s2", "ada", account="x")])])
        joined = self.two.append([("#a", [Joined("s2", "ada", account="x")])])
        self.bring()
        self.assertEqual(self.comings(), ["Joined", "Left", "Joined"])
        self.assertEqual([self.successResultOf(it) for it in (left, joined)], [[[2]], [[3]]])

    def test_others_who_come_and_other_rooms_are_not_meant(self) -> None:
        parts = [(stream, [Joined("s2", "ada", account="x")]) for stream in ("#a", "#b")]
        both = self.two.append(parts)
        bob = self.two.append([("#a", [Joined("s3", "bob")])])
        self.bring()
        self.assertEqual(self.successResultOf(both), [[], [1]])
        self.assertEqual(self.successResultOf(bob), [[2]])


class FoundingTests(QueueCase):
    def founds(self, account: str) -> list[Joined | Opped]:
        opped = Opped(account, account, account, account, account=account)
        return [Joined(account, account, account=account), opped]

    def operators(self, stream: str) -> list[str]:
        entries = self.one.entries.entries[stream]
        self.assertEqual(self.two.entries.entries[stream], entries)
        return [entry.event.target for entry in entries if isinstance(entry.event, Opped)]

    def test_of_two_who_found_a_room_at_once_the_first_in_the_log_is_its_operator(self) -> None:
        ann = self.one.append([("#own", self.founds("ann"))])
        bob = self.two.append([("#own", self.founds("bob"))])
        self.advance(5)
        seqs = [self.successResultOf(ann), self.successResultOf(bob)]
        self.assertEqual(sorted(seqs), [[[1, 2]], [[3]]])
        self.assertEqual(self.operators("#own"), ["ann" if seqs[0] == [[1, 2]] else "bob"])

    def test_who_was_in_it_and_registers_then_is_none_there_and_is_elsewhere(self) -> None:
        opped = Opped("bob", "bob", "bob", "bob", account="bob")
        self.two.link.is_silent = True
        self.one.append([("#own", self.founds("ann"))])
        self.advance(1)
        both = self.two.append([("#own", [opped]), ("#other", [opped])])
        alone = self.two.append([("#own", [opped])])
        self.advance(1)
        self.two.link.is_silent = False
        self.two.link.bring()
        self.advance(10)
        self.assertEqual(self.successResultOf(both), [[], [1]])
        self.assertEqual(self.successResultOf(alone), [[]])
        self.assertEqual((self.operators("#own"), self.operators("#other")), (["ann"], ["bob"]))

    def test_another_operator_who_is_made_meanwhile_is_one(self) -> None:
        self.two.link.is_silent = True
        self.one.append([("#own", self.founds("ann"))])
        self.advance(1)
        self.two.append([("#own", [Opped("s9", "root", "carl", "carl", account="root")])])
        self.advance(1)
        self.two.link.is_silent = False
        self.two.link.bring()
        self.advance(10)
        self.assertEqual(self.operators("#own"), ["ann", "carl"])
