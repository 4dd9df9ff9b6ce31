"""Handing over with io_uring keeps what every fanout promises, whatever the kernel does meanwhile."""

from __future__ import annotations

import ctypes
import errno
import random
import socket
import struct
from array import array
from collections.abc import Iterable
from unittest import SkipTest

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.fanout.interface import Unavailable
from tcpchat.fanout.uring import LARGEST, Sender, Uring, UringCrowd
from tests.fanout_contract import Connection, FanoutContract, Shown

LAST = 2**32 - 1
COMPLETION_BYTES = 16


class UringTests(FanoutContract, SynchronousTestCase):
    """As it is used, but for small crowds too."""

    def make_fanout(self) -> Uring:
        try:
            return Uring(big=1)
        except Unavailable as error:
            raise SkipTest(str(error)) from error

    def test_a_batch_is_handed_over_whole_at_the_largest_size_and_one_beyond(self) -> None:
        for size in LARGEST, LARGEST + 1:
            self.enter(str(size))
            self.assertEqual(self.hand(b"x" * size), {})
        self.assert_all_read_what_they_took()


class SmallRingTests(UringTests):
    """With a ring that is full, and begins anew, all the time."""

    def make_fanout(self) -> Uring:
        try:
            return Uring(length=8, big=1)
        except Unavailable as error:
            raise SkipTest(str(error)) from error


class Kernel:
    """
    A ring, served as the kernel does, but as a test wants it.

    It plays sending: a descriptor is the number of bytes that it takes or, below zero, minus an
    errno. ``sent`` are the descriptors that had their turn, with what they were sent.
    """

    def __init__(self, length: int, start: int = 0, answers: Iterable[int] = ()) -> None:
        """``answers``: for each `enter`, how many entries are taken at most or minus an errno."""
        self.length = length
        self.completions_length = 2 * length
        self.head, self.tail, self.completed_head, self.completed_tail = (
            memoryview(array("I", [start])) for _ in range(4)
        )
        self.entries = memoryview(array("i", bytes(64 * length)))
        self.completions = memoryview(array("i", bytes(COMPLETION_BYTES * self.completions_length)))
        self.sent: list[tuple[int, bytes]] = []
        self.calls = 0
        self.chance = random.Random(start)
        self.late = False  # do completions come only to the one who waits for them?
        self.stops_at_errors = False
        self.closed = False
        self._answers = iter(answers)
        self._completing: list[tuple[int, int]] = []

    def enter(self, submit: int, wait: int) -> int:
        assert not self.closed
        self.calls += 1
        waiting = (self.tail[0] - self.head[0]) % 2**32
        assert submit <= waiting <= self.length
        answer = next(self._answers, submit)
        taken = 0
        while taken < min(answer, submit):
            taken += 1
            if self._carry_out() < 0 and self.stops_at_errors:
                break
        if not (self.late and submit):
            self._complete()
        return answer if answer < 0 else taken

    def close(self) -> None:
        self.closed = True

    def _carry_out(self) -> int:
        entry = self.entries.cast("B")[64 * (self.head[0] % self.length) :][:64]
        code, flags, descriptor, address, size, how, name = struct.unpack("=BB2xi8xQIIQ24x", entry)
        assert (code, flags) == (26, 0)  # IORING_OP_SEND
        assert how == socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL
        self.sent.append((descriptor, ctypes.string_at(address, size)))
        outcome: int = min(descriptor, size)
        self._completing.append((name, outcome))
        self.head[0] = (self.head[0] + 1) % 2**32
        return outcome

    def _complete(self) -> None:
        self.chance.shuffle(self._completing)
        for name, outcome in self._completing:
            assert (self.completed_tail[0] - self.completed_head[0]) % 2**32 < self.completions_length
            place = self.completed_tail[0] % self.completions_length
            struct.pack_into("=QiI", self.completions.cast("B"), COMPLETION_BYTES * place, name, outcome, 0)
            self.completed_tail[0] = (self.completed_tail[0] + 1) % 2**32
        self._completing.clear()


class SenderTests(SynchronousTestCase):
    """What a real kernel does too seldom to be waited for."""

    def send(self, kernel: Kernel, data: bytes, *descriptors: int) -> tuple[int, dict[int, int]]:
        """Send, and see that everybody up to the last one had one turn, in order, and is told of rightly."""
        kernel.sent.clear()
        done, reported = Sender(kernel).send(array("i", descriptors), data)
        self.assertEqual(kernel.sent, [(descriptor, data) for descriptor in descriptors[:done]])
        short = dict(reported)
        self.assertEqual(len(short), len(reported))
        expected = {index: taken for index, taken in enumerate(descriptors[:done]) if taken < len(data)}
        self.assertEqual(short, expected)
        self.assertEqual(kernel.head[0], kernel.tail[0])
        self.assertEqual(kernel.completed_head[0], kernel.completed_tail[0])
        return done, short

    def test_all_that_fit_are_one_call(self) -> None:
        kernel = Kernel(8)
        self.assertEqual(self.send(kernel, b"hello", *[5] * 8), (8, {}))
        self.assertEqual(kernel.calls, 1)
        self.assertEqual(self.send(kernel, b"hello", *[5] * 20), (20, {}))
        self.assertEqual(kernel.calls, 4)

    def test_each_is_told_of_by_its_own_index_in_whatever_order_they_complete(self) -> None:
        kernel = Kernel(8)
        for _ in range(10):
            self.assertEqual(
                self.send(kernel, b"hello", 9, 0, 9, -11, 3, 9, -32, 9, 9, 1, 9),
                (11, {1: 0, 3: -11, 4: 3, 6: -32, 9: 1}),
            )

    def test_the_numbers_begin_anew_after_the_last_one(self) -> None:
        for start in range(LAST - 20, LAST + 1):
            for at_once in 8, 1:
                kernel = Kernel(8, start, answers=[at_once] * 1000)
                for size in range(1, 20):
                    done, _ = self.send(kernel, b"hello", *(n % 7 for n in range(size)))
                    self.assertEqual(done, size)
                self.assertLess(kernel.head[0], 1000)

    def test_the_queues_need_not_begin_anew_together(self) -> None:
        for ahead in range(1, 16):
            kernel = Kernel(8, LAST - 2)
            kernel.completed_head[0] = kernel.completed_tail[0] = (LAST - 2 + ahead) % 2**32
            self.assertEqual(self.send(kernel, b"hello", *[9] * 15, 0, 9, 9), (18, {15: 0}))

    def test_a_kernel_that_takes_fewer_is_asked_again(self) -> None:
        kernel = Kernel(8, answers=[3, 1, 2])
        self.assertEqual(self.send(kernel, b"hello", 9, 9, 0, 9, 9, 9, 9, -32), (8, {2: 0, 7: -32}))
        self.assertEqual(kernel.calls, 4)

    def test_a_kernel_that_stops_behind_each_error_is_asked_again(self) -> None:
        kernel = Kernel(8)
        kernel.stops_at_errors = True
        self.assertEqual(self.send(kernel, b"hello", 9, -9, -9, 9, -9), (5, {1: -9, 2: -9, 4: -9}))

    def test_an_interrupted_call_is_made_again(self) -> None:
        kernel = Kernel(8, answers=[-errno.EINTR, 2, -errno.EINTR, -errno.EINTR])
        self.assertEqual(self.send(kernel, b"hello", *[9] * 8), (8, {}))

    def test_what_a_kernel_does_not_take_is_taken_back(self) -> None:
        for error in -errno.EAGAIN, -errno.EBUSY, -errno.ENOMEM, -errno.EPERM, 0:
            kernel = Kernel(8, LAST - 2, answers=[8, 2, error, error, 3, error, error])
            self.assertEqual(self.send(kernel, b"hello", 9, 9, 9, 9, 0, 9, 9), (5, {4: 0}))
            self.assertEqual(self.send(kernel, b"hello", 9, 0, 9, 9, 9), (3, {1: 0}))
            self.assertEqual(self.send(kernel, b"hello", *[9] * 20), (20, {}))

    def test_completions_are_waited_for(self) -> None:
        for error in errno.EINTR, errno.EAGAIN, errno.EBUSY:
            kernel = Kernel(8, answers=[8, -error, -error])
            kernel.late = True
            self.assertEqual(self.send(kernel, b"hello", 9, 0, 9), (3, {1: 0}))

    def test_a_call_that_was_broken_off_does_not_count_for_the_next(self) -> None:
        for left in range(1, 8):
            kernel = Kernel(8, LAST - 5)
            kernel.tail[0] = (kernel.tail[0] + left) % 2**32  # was never submitted
            kernel.completed_head[0] = (kernel.completed_head[0] - left) % 2**32  # was never looked at
            self.assertEqual(self.send(kernel, b"hello", 9, 0, 9, 9), (4, {1: 0}))

    def test_what_is_sent_may_grow_and_shrink(self) -> None:
        kernel = Kernel(8)
        sender = Sender(kernel)
        for data in b"a", b"x" * LARGEST, b"hello":
            self.assertEqual(sender.send(array("i", [LARGEST] * 3), data), (3, []))
            self.assertEqual([sent for _, sent in kernel.sent[-3:]], [data] * 3)

    def test_a_closed_sender_sends_to_nobody(self) -> None:
        kernel = Kernel(8)
        sender = Sender(kernel)
        sender.close()
        sender.close()
        self.assertTrue(kernel.closed)
        self.assertEqual(sender.send(array("i", [9]), b"hello"), (0, []))

    @settings(deadline=None)
    @given(
        st.integers(0, LAST),
        st.sampled_from([1, 2, 8]),
        st.lists(st.integers(1, 5) | st.just(-errno.EINTR)),
        st.booleans(),
        st.lists(st.lists(st.integers(-40, 6), max_size=30), max_size=5),
    )
    def test_everybody_has_one_turn_and_is_told_of_rightly(
        self, start: int, length: int, answers: list[int], late: bool, batches: list[list[int]]
    ) -> None:
        kernel = Kernel(length, start, answers)
        kernel.late = late
        for descriptors in batches:
            done, _ = self.send(kernel, b"hello", *descriptors)
            self.assertEqual(done, len(descriptors))


class WaysTests(SynchronousTestCase):
    """Which way a batch goes, seen from what the kernel is asked: what it plays sending never arrives."""

    def crowd(self, kernel: Kernel, members: int) -> UringCrowd:
        crowd = UringCrowd(Sender(kernel), big=3)
        self.connections = [Connection() for _ in range(members)]
        for n, connection in enumerate(self.connections):
            self.addCleanup(connection.close)
            crowd.enter(f"s{n}", connection)
        return crowd

    def arrived(self) -> list[bytes]:
        """Return what really came to each."""
        for connection in self.connections:
            connection.ours.close()
        return [connection.peer.recv(2 * LARGEST) for connection in self.connections]

    def test_a_crowd_that_is_not_big_goes_the_direct_way(self) -> None:
        kernel = Kernel(8)
        crowd = self.crowd(kernel, 2)
        crowd.enter("without a socket", Shown())
        self.assertEqual(crowd.hand(b"1"), [])
        self.assertEqual(kernel.calls, 0)
        self.assertEqual(self.arrived(), [b"1"] * 2)

    def test_a_big_crowd_is_one_call(self) -> None:
        kernel = Kernel(8)
        crowd = self.crowd(kernel, 4)
        self.assertEqual(crowd.hand(b"1"), [])
        self.assertEqual(crowd.hand(b"2", {"s1"}), [])
        self.assertEqual(kernel.calls, 2)
        self.assertEqual(self.arrived(), [b""] * 4)

    def test_the_few_who_are_left_of_a_big_crowd_go_the_direct_way(self) -> None:
        kernel = Kernel(8)
        crowd = self.crowd(kernel, 4)
        self.assertEqual(crowd.hand(b"1", {"s1", "s2"}), [])
        self.assertEqual(kernel.calls, 0)
        self.assertEqual(self.arrived(), [b"1", b"", b"", b"1"])

    def test_a_batch_that_is_too_large_goes_the_direct_way(self) -> None:
        kernel = Kernel(8)
        crowd = self.crowd(kernel, 3)
        self.assertEqual(crowd.hand(b"x" * (LARGEST + 1)), [])
        self.assertEqual(kernel.calls, 0)

    def test_those_whom_the_kernel_does_not_take_go_the_direct_way(self) -> None:
        kernel = Kernel(8, answers=[2, -errno.EAGAIN, -errno.EAGAIN])
        crowd = self.crowd(kernel, 5)
        self.assertEqual(crowd.hand(b"1"), [])
        self.assertEqual(self.arrived(), [b"", b"", b"1", b"1", b"1"])

    def test_descriptors_are_asked_for_at_each_call(self) -> None:
        kernel = Kernel(8)
        crowd = self.crowd(kernel, 3)
        crowd.hand(b"1")
        before = [connection.ours.fileno() for connection in self.connections]
        self.connections[1].ours.close()
        ((session, outcome),) = crowd.hand(b"2")
        self.assertEqual((session, type(outcome)), ("s1", PermissionError))  # minus one, which is EPERM here
        self.assertEqual([descriptor for descriptor, _ in kernel.sent[3:]], [before[0], -1, before[2]])
