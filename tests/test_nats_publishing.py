"""Publishing over a link: what is certain is told so, and a message lands once."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.logs.nats_link import Lost, Refusing, Unclear
from tests.linked import linked, message
from tests.nats_servers import one_server, servers


class PublishingTests(SynchronousTestCase):
    def test_a_message_is_answered_with_its_sequence(self) -> None:
        with linked(one_server()) as one:
            self.assertEqual(one.says("first", 0), 1)
            self.assertEqual(one.says("second", 1), 2)
            self.assertEqual(one.publish(message(one.subject("b"), "elsewhere", 0)), 3)

    def test_whoever_expects_another_last_message_has_lost_and_nothing_is_added(self) -> None:
        with linked(one_server()) as one:
            one.says("first", 0)
            for expected in (0, 2):
                with self.assertRaises(Lost):
                    one.says("late", expected)
            self.assertEqual(one.says("second", 1), 2)

    def test_an_id_lands_once_and_is_answered_with_the_same_sequence(self) -> None:
        with linked(one_server()) as one:
            self.assertEqual(one.says("once", 0, "the id"), 1)
            one.says("another", 1)
            self.assertEqual(one.says("once", 2, "the id"), 1)
            one.follow()
            one.waits_for("once", "another")

    def test_what_is_too_large_for_the_servers_is_refused(self) -> None:
        with linked(one_server()) as one:
            with self.assertRaises(Refusing):
                one.says("x" * 2_000_000, 0)
            self.assertEqual(one.says("small", 0), 1)

    def test_a_try_that_is_repeated_does_not_lose_against_itself(self) -> None:
        with servers() as own, linked(own) as one:
            one.says("first", 0)
            late = message(one.subject(), "late", 1)
            own.stop(0)
            with self.assertRaises(Unclear):
                one.publish(late, timeout=0.5)
            own.go_on(0)
            self.assertEqual(one.publish(late), 2)
            one.says("after it", 2)
            self.assertEqual(one.publish(late), 2)
            one.follow()
            one.waits_for("first", "late", "after it")


class BatchTests(SynchronousTestCase):
    def test_a_batch_is_added_as_a_whole_and_answered_with_its_last_sequence(self) -> None:
        with linked(one_server()) as one:
            one.says("before", 0)
            seq = one.publish(message(one.subject("a"), "1", 1), message(one.subject("b"), "2", 0))
            self.assertEqual(seq, 3)
            one.follow()
            one.waits_for("before", "1", "2")

    def test_of_a_batch_of_which_one_has_lost_nothing_is_added(self) -> None:
        with linked(one_server()) as one:
            one.says("before", 0)
            for expected in ((0, 0), (1, 5)):
                pair = zip("ab", expected, strict=True)
                with self.assertRaises(Lost):
                    one.publish(*[message(one.subject(token), token, seq) for token, seq in pair])
            self.assertEqual(one.says("after", 1), 2)
            one.follow()
            one.waits_for("before", "after")

    def test_a_batch_that_is_repeated_lands_once(self) -> None:
        with linked(one_server()) as one:
            batch = [message(one.subject("a"), "1", 0), message(one.subject("b"), "2", 0)]
            self.assertEqual(one.publish(*batch), 2)
            self.assertEqual(one.publish(*batch), 2)
            one.follow()
            one.waits_for("1", "2")
