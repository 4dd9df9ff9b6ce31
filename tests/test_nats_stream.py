"""The stream over a link: found or made, read, erased, purged, and judged."""

from __future__ import annotations

import time

from nats.js.api import StorageType, StreamConfig
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.logs.nats_link import Refusing, Stored
from tcpchat.logs.nats_stream import PATIENCE, wanted
from tests.linked import Linked, linked, make, message
from tests.nats_servers import a_name, one_server, servers


class ReadingTests(SynchronousTestCase):
    def test_the_last_message_of_a_subject_and_each_by_its_sequence_can_be_read(self) -> None:
        with linked(one_server()) as one:
            one.says("first", 0)
            one.says("second", 1)
            one.publish(message(one.subject("b"), "", 0))
            subject = one.subject()
            for asked, found in (
                (one.link.last(subject), Stored(2, subject, b"second")),
                (one.link.last(one.subject("b")), Stored(3, one.subject("b"), b"")),
                (one.link.last(one.subject("c")), None),
                (one.link.read(1), Stored(1, subject, b"first")),
                (one.link.read(4), None),
            ):
                self.assertEqual(one.turning.result(asked), found)

    def test_what_is_erased_is_in_no_file_any_more_and_may_be_erased_again(self) -> None:
        with servers() as own, linked(own) as one:
            one.says("kept", 0)
            one.says("the secret", 1)
            one.says("kept too", 2)
            for _ in range(2):
                one.turning.result(one.link.erase(2))
            self.assertIsNone(one.turning.result(one.link.read(2)))
            one.follow()
            one.waits_for("kept", "kept too")
            self.assertEqual(one.says("expected as ever", 3), 4)
            own.kill(0)
            files = [path for path in own.all[0].folder.rglob("*") if path.is_file()]
            self.assertTrue(any(b"kept too" in path.read_bytes() for path in files))
            self.assertFalse([path for path in files if b"the secret" in path.read_bytes()])

    def test_a_subject_is_purged_up_to_a_sequence(self) -> None:
        with linked(one_server()) as one:
            for number in range(3):
                one.says(str(number), number)
            one.publish(message(one.subject("b"), "other", 0))
            for before, left in ((0, "0 1 2"), (1, "0 1 2"), (3, "2")):
                one.turning.result(one.link.purge(one.subject(), before))
                with linked(one_server(), one.name) as reader:
                    reader.follow()
                    reader.waits_for(*left.split(), "other")


class RefusingTests(SynchronousTestCase):
    def test_a_full_stream_refuses_and_takes_again_what_comes_when_there_is_room(self) -> None:
        name = a_name()
        make(one_server(), wanted(name).evolve(max_bytes=20_000, num_replicas=1))
        with linked(one_server(), name) as one:
            last = 0
            with self.assertRaisesRegex(Refusing, "maximum bytes exceeded"):
                while True:
                    last = one.says("x" * 1000, last)
            one.follow()
            one.turning.until(lambda: len(one.stored) == last)
            one.turning.result(one.link.purge(one.subject(), last))
            self.assertEqual(one.says("goes on", last), last + 1)

    def test_a_stream_on_the_same_subjects_is_told_of_when_the_link_is_opened(self) -> None:
        name = a_name()
        make(one_server(), StreamConfig(name=a_name(), subjects=[f"{name}.>"]))
        with self.assertRaisesRegex(Refusing, "subjects overlap"), linked(one_server(), name):
            pass


class FactsTests(SynchronousTestCase):
    def test_the_epoch_is_the_streams_and_stays(self) -> None:
        with servers() as own:
            one = Linked(own.urls, a_name(), monitoring=own.monitoring)
            facts = one.open()
            one.says("1", 0)
            one.says("2", 1)
            one.turning.result(one.link.purge(one.subject(), 2))
            one.close()
            again = Linked(own.urls, one.name, monitoring=own.monitoring)
            self.assertEqual(again.open()[:3], (facts.epoch, 2, 2))
            again.close()
            self.assertEqual((facts.first, facts.last, facts.replicas), (0, 0, 1))
            self.assertEqual(list(facts.servers), ["n1"])
            self.assertEqual(facts.sync_interval, "always")
            self.assertEqual(len(facts.weak), 1, facts.weak)

    def test_what_is_weak_is_told_and_not_changed(self) -> None:
        with servers(sync_interval="2m") as own:
            name = a_name()
            make(own, StreamConfig(name=name, subjects=[f"{name}.log.>"], storage=StorageType.MEMORY))
            one = Linked(own.urls, name, monitoring=own.monitoring)
            facts = one.open()
            one.close()
            self.assertEqual(facts.sync_interval, "120 s")
            for word in ("1 replica", "120 s", "in memory", "discard", "allow_atomic"):
                self.assertTrue([said for said in facts.weak if word in said], word)
            again = Linked(own.urls, name, monitoring=own.monitoring)
            self.assertEqual(again.open(), facts)
            again.close()

    def test_what_no_server_tells_is_not_known(self) -> None:
        one = Linked(one_server().urls, a_name(), monitoring=["127.0.0.1:1"])
        facts = one.open()
        one.close()
        self.assertIsNone(facts.sync_interval)
        self.assertTrue([said for said in facts.weak if "not known" in said])


class CheckTests(SynchronousTestCase):
    """A stream is not what it was when it has less than has come from it, but that may pass."""

    def test_a_leader_that_is_behind_is_waited_for(self) -> None:
        with linked(one_server()) as one:
            one.says("1", 0)
            one.follow(2)
            one.turning.pass_by(1)
            self.assertEqual((one.stored, one.link.is_connected), ([], True))
            one.says("2", 1)
            one.says("3", 2)
            one.waits_for("3")

    def test_a_stream_that_stays_behind_is_no_longer_trusted(self) -> None:
        with linked(one_server()) as one:
            one.says("1", 0)
            one.link._stream._behind = time.monotonic() - PATIENCE
            one.follow(2)
            one.turning.until(lambda: not one.link.is_connected)
            self.assertEqual(one.stored, [])
