"""Following a stream over a link: everything comes once, in order, whatever the servers do."""

from __future__ import annotations

import shutil
import time
from functools import partial

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.logs.nats_connecting import Connecting
from tcpchat.logs.nats_following import StreamFollower
from tcpchat.logs.nats_link import Unclear
from tcpchat.logs.nats_thread import LoopThread
from tests.linked import linked, message, published
from tests.nats_servers import one_server, servers


class FollowingTests(SynchronousTestCase):
    def test_everything_comes_once_in_order_with_its_sequence_and_subject(self) -> None:
        with linked(one_server()) as one:
            one.says("1", 0)
            one.publish(message(one.subject("b"), "2", 0))
            one.follow()
            one.waits_for("1", "2")
            one.says("3", 1)
            one.waits_for("1", "2", "3")
            subjects = [one.subject("a"), one.subject("b"), one.subject("a")]
            self.assertEqual([(seq, subject) for seq, subject, _ in one.stored], list(enumerate(subjects, 1)))

    def test_it_begins_after_a_sequence(self) -> None:
        with linked(one_server()) as one:
            for number in range(3):
                one.says(str(number), number)
            one.follow(2)
            one.waits_for("2")
            one.says("3", 3)
            one.waits_for("2", "3")

    def test_it_is_told_once_that_all_that_was_there_has_come(self) -> None:
        for there in (0, 3):
            self.catch_up(there)

    def catch_up(self, there: int) -> None:
        with linked(one_server()) as one:
            for number in range(there):
                one.says(str(number), number)
            came: list[int] = []
            one.link.follow(0, one.stored.extend, lambda: came.append(len(one.stored)))
            one.turning.until(lambda: came)
            one.says("more", there)
            one.turning.until(lambda: len(one.stored) > there)
            self.assertEqual(came, [there])

    def test_it_is_told_so_also_when_the_last_message_was_erased(self) -> None:
        with linked(one_server()) as one:
            one.says("kept", 0)
            one.says("erased", 1)
            one.turning.result(one.link.erase(2))
            came: list[int] = []
            one.link.follow(0, one.stored.extend, lambda: came.append(len(one.stored)))
            one.turning.until(lambda: came)
            self.assertEqual(came, [1])

    def test_many_come_in_few_turns_of_the_reactor(self) -> None:
        with linked(one_server()) as one:
            tries = [published(one.link, [message(one.subject(f"r{i}"), str(i), 0)], 10) for i in range(2000)]
            for one_try in tries:
                one.turning.result(one_try)
            turns = one.turning.turns
            one.follow()
            one.turning.until(lambda: len(one.stored) == 2000)
            self.assertEqual([seq for seq, _, _ in one.stored], list(range(1, 2001)))
            self.assertLess(one.turning.turns - turns, 500)

    def test_a_reader_that_is_slow_to_take_what_comes_is_waited_for(self) -> None:
        with linked(one_server()) as one:
            size, number = 500_000, 60  # far more than JetStream sends without being told to go on
            tries = [
                published(one.link, [message(one.subject(f"r{i}"), "x" * size, 0)], 20) for i in range(number)
            ]
            for one_try in tries:
                one.turning.result(one_try)
            one.follow()
            one.turning.until(lambda: one.stored)
            time.sleep(3)  # the reactor is busy: it makes no calls
            one.turning.until(lambda: len(one.stored) >= number)
            self.assertEqual([seq for seq, _, _ in one.stored], list(range(1, number + 1)))

    def test_nothing_is_missed_or_doubled_when_the_server_dies_and_comes_back(self) -> None:
        with servers() as own, linked(own) as one:
            one.follow()
            said = []
            for round in range(3):
                for number in range(20):
                    said.append(f"{round} {number}")
                    one.says_surely(said[-1], len(said) - 1)
                own.kill(0)
                one.turning.until(lambda: not one.link.is_connected)
                own.start(0)
            one.turning.until(lambda: one.link.is_connected)
            one.says_surely("last", len(said))
            one.waits_for(*said, "last")

    def test_nothing_is_missed_or_doubled_when_the_server_was_stopped_for_a_while(self) -> None:
        with servers() as own, linked(own) as one, linked(own, one.name) as other:
            one.follow()
            other.follow()
            one.says("before", 0)
            one.waits_for("before")
            own.stop(0)
            one.turning.until(lambda: not one.link.is_connected)
            own.go_on(0)
            other.turning.until(lambda: other.link.is_connected)
            other.says_surely("after", 1)
            for each in (one, other):
                each.waits_for("before", "after")

    def test_a_stream_that_was_made_anew_is_not_followed(self) -> None:
        with servers() as own, linked(own) as one:
            one.says("old", 0)
            one.follow()
            one.waits_for("old")
            own.kill(0)
            shutil.rmtree(own.all[0].folder / "jetstream")
            own.start(0)
            with linked(own, one.name) as other:
                other.says("new", 0)
                one.turning.until(lambda: len(one.changes) >= 4)
                one.turning.pass_by(1)
                self.assertEqual((one.texts(), one.link.is_connected), (["old"], False))
                with self.assertRaises(Unclear):
                    one.says("lost", 1)

    def test_a_server_that_has_no_consumer_for_long_is_left_for_another(self) -> None:
        with servers() as empty, linked(one_server()) as one:
            one.says("there", 0)
            thread = LoopThread("following", one.turning.callFromThread, one.turning.callLater)
            thread.start()
            told: list[bool] = []
            connecting = Connecting(
                [*empty.urls, *one_server().urls], "t", partial(thread.note, told.append), lambda *told: None
            )
            follower = StreamFollower(
                connecting, thread, one.name, one.subject(">"), 0, one.stored.extend,
                lambda: None, lambda info, after: None,
            )  # fmt: skip
            follower.patience = 0.5
            connecting._servers.sort(key=empty.urls.count, reverse=True)  # that one first
            thread.do(lambda: (thread.spawn(connecting.run()), thread.spawn(follower.run())))
            one.waits_for("there")
            self.assertEqual(told, [True, False, True])
            one.turning.result(thread.end())
