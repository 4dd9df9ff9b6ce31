"""The link to NATS, against real servers that are stopped, killed and started again."""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.logs.nats_link import Link, Lost, Stored, Unclear
from tests.linked import Linked, linked, message, published, put_surely
from tests.nats_servers import NatsServers, a_name, one_server, servers, three_servers
from tests.turning import Turning


class ConnectionTests(SynchronousTestCase):
    def test_each_change_is_told_within_two_seconds(self) -> None:
        self.cut_and_mend(NatsServers.kill, NatsServers.start)

    def test_also_when_the_server_is_stopped(self) -> None:
        self.cut_and_mend(NatsServers.stop, NatsServers.go_on)

    def cut_and_mend(
        self, cut: Callable[[NatsServers, int], None], mend: Callable[[NatsServers, int], None]
    ) -> None:
        with servers() as own, linked(own) as one:
            for _ in range(2):
                one.turning.until(lambda: one.link.is_connected)
                began = time.monotonic()
                cut(own, 0)
                one.turning.until(lambda: not one.link.is_connected)
                self.assertLess(one.changes[-1][0] - began, 2.0)
                began = time.monotonic()
                mend(own, 0)
            one.turning.until(lambda: one.link.is_connected)
            self.assertLess(one.changes[-1][0] - began, 2.0)
            self.assertEqual([is_there for _, is_there in one.changes], [True, False, True, False, True])

    def test_without_a_connection_everything_fails_at_once_and_nothing_is_sent_later(self) -> None:
        with servers() as own, linked(own) as one:
            one.says("before", 0)
            own.kill(0)
            one.turning.until(lambda: not one.link.is_connected)
            began = time.monotonic()
            one_more = message(one.subject(), "meanwhile", 1)
            asked: list[Deferred[Any]] = [
                published(one.link, [one_more], 10),
                published(one.link, [one_more, message(one.subject("b"), "", 0)], 10),
                one.link.last(one.subject()),
                one.link.read(1),
                one.link.erase(1),
                one.link.purge(one.subject(), 5),
                one.link.put("key", b""),
                one.link.get("key"),
            ]
            for answer in asked:
                with self.assertRaises(Unclear):
                    one.turning.result(answer)
            self.assertLess(time.monotonic() - began, 0.5)
            own.start(0)
            one.turning.until(lambda: one.link.is_connected)
            self.assertEqual(one.says_surely("after", 1), 2)

    def test_what_is_under_way_when_the_connection_breaks_is_unclear_at_once(self) -> None:
        with servers() as own, linked(own) as one:
            own.stop(0)
            asked: list[Deferred[Any]] = [
                published(one.link, [message(one.subject(), "1", 0)], 30),
                one.link.last(one.subject()),
            ]
            own.kill(0)
            began = time.monotonic()
            for answer in asked:
                with self.assertRaises(Unclear):
                    one.turning.result(answer)
            self.assertLess(time.monotonic() - began, 2.0)

    def test_a_try_ends_when_its_time_is_over(self) -> None:
        with servers() as own, linked(own) as one:
            own.stop(0)
            began = time.monotonic()
            with self.assertRaises(Unclear):
                one.publish(message(one.subject(), "late", 0), timeout=0.5)
            self.assertLess(time.monotonic() - began, 1.0)
            own.kill(0)

    def test_a_link_is_opened_before_its_server_is_there(self) -> None:
        with servers() as own:
            own.kill(0)
            one = Linked(own.urls, a_name())
            opened = one.link.open()
            one.turning.pass_by(1)
            self.assertFalse(opened.called)
            own.start(0)
            self.assertEqual(one.turning.result(opened).last, 0)
            one.close()

    def test_what_is_not_answered_when_the_link_is_closed_is_unclear(self) -> None:
        with servers() as own:
            one = Linked(own.urls, a_name())
            one.open()
            own.stop(0)
            asked: list[Deferred[Any]] = [
                published(one.link, [message(one.subject(), "1", 0)], 30),
                one.link.get("key"),
            ]
            one.close()
            asked.append(one.link.read(1))
            for answer in asked:
                self.assertIsInstance(self.failureResultOf(answer).value, Unclear)
            self.assertIsNone(one.turning.result(one.link.close()))

    def test_a_link_that_was_never_opened_is_closed_at_once(self) -> None:
        self.assertIsNone(self.successResultOf(Link(Turning(), ["127.0.0.1"], "t", print).close()))

    def test_no_thread_or_socket_is_left_of_it(self) -> None:
        with linked(one_server()):
            pass
        gc.collect()  # what other tests have left is not to be gone only at the end
        before = set(threading.enumerate()), len(os.listdir("/proc/self/fd"))
        for _ in range(3):
            with linked(one_server()) as one:
                one.follow()
                one.watch()
        gc.collect()
        threads = {each for each in threading.enumerate() if each.name == "NATS" and each.is_alive()}
        self.assertEqual((threads - before[0], len(os.listdir("/proc/self/fd"))), (set(), before[1]))


class ClusterTests(SynchronousTestCase):
    def test_a_stream_has_three_replicas_and_nothing_is_wrong_with_it(self) -> None:
        with three_servers() as three:
            one = Linked(three.urls[:1], a_name(), monitoring=three.monitoring)
            facts = one.open()
            self.assertEqual((facts.replicas, sorted(facts.servers), facts.weak), (3, ["n1", "n2", "n3"], ()))
            one.says("1", 0)
            with self.assertRaises(Lost):
                one.says("2", 0)
            batch = [message(one.subject("a"), "1", 1), message(one.subject("b"), "2", 0)]
            self.assertEqual(one.publish(*batch), 3)
            self.assertEqual(one.publish(*batch), 3)
            one.close()

    def test_when_servers_are_killed_in_turn_nothing_is_missed_doubled_or_out_of_order(self) -> None:
        with three_servers() as three, linked(three) as one, linked(three, one.name) as other:
            for each in (one, other):
                each.follow()
                each.watch()
            said: list[str] = []
            for round in range(3):
                leader = three.leader(one.name)
                three.kill(leader)
                for number in range(10):
                    said.append(f"{round} {number}")
                    seq = one.says_surely(said[-1], len(said) - 1)
                    self.assertEqual(seq, len(said))
                put_surely(one, "round", b"%d" % round)
                three.start(leader)
            for i in range(3):
                three.kill(i)
            for i in range(3):
                three.start(i)
            said.append("after all of them")
            self.assertEqual(one.says_surely(said[-1], len(said) - 1), len(said))
            for each in (one, other):
                each.waits_for(*said)
                each.waits_for_values({"round": b"2"})

    def test_whoever_publishes_as_soon_as_the_message_before_has_come_loses_against_nobody(self) -> None:
        # A consumer on another server may give a message before the leader has stored it.
        with three_servers() as three, linked(three) as one:
            rooms = [one.subject(f"r{number}") for number in range(16)]
            came: list[str] = []
            answers: list[object] = []

            def say(subject: str, expected: int) -> None:
                published(one.link, [message(subject, "", expected)], 10).addBoth(answers.append)

            def take(batch: list[Stored]) -> None:
                for seq, subject, _ in batch:
                    came.append(subject)
                    if came.count(subject) < 50:
                        say(subject, seq)

            one.link.follow(0, take)
            for subject in rooms:
                say(subject, 0)
            one.turning.until(lambda: len(answers) == 800)
            self.assertEqual(sorted(answers, key=str), sorted(range(1, 801), key=str))
