"""A ring of the kernel: what it gives, and that everything is given back."""

from __future__ import annotations

import errno
import os
import resource
import socket
import struct
from unittest import SkipTest

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.fanout.interface import Unavailable
from tcpchat.fanout.ring import COMPLETION, ENTRY, Ring


def descriptors() -> list[str]:
    """Return what this process has open."""
    return sorted(os.listdir("/proc/self/fd"))


class RingTests(SynchronousTestCase):
    def make_ring(self, length: int) -> Ring:
        try:
            ring = Ring(length)
        except Unavailable as error:
            raise SkipTest(str(error)) from error
        self.addCleanup(ring.close)
        return ring

    def test_a_new_ring_is_empty_and_as_long_as_it_was_asked_for(self) -> None:
        for length in 1, 8, 4096:
            ring = self.make_ring(length)
            self.assertEqual((ring.length, ring.completions_length), (length, 2 * length))
            self.assertEqual(len(ring.entries), ENTRY * length)
            self.assertEqual(len(ring.completions), COMPLETION * 2 * length)
            indexes = [ring.head[0], ring.tail[0], ring.completed_head[0], ring.completed_tail[0]]
            self.assertEqual(indexes, [0, 0, 0, 0])

    def test_each_entry_is_completed_under_its_name(self) -> None:
        ring = self.make_ring(4)
        for turn in range(10):  # the places begin anew
            for n in range(3):
                # A descriptor that nobody has, for IORING_OP_SEND.
                with ring.entries.cast("B") as entries:
                    place = ring.tail[0] % 4
                    struct.pack_into("=B3xi24xQ24x", entries, 64 * place, 26, -1, 100 * turn + n)
                ring.tail[0] += 1
            entered = 0
            while entered < 3:  # Linux before 5.19 stops behind each error
                entered += ring.enter(3 - entered, 3)
            self.assertEqual((ring.head[0], ring.completed_tail[0]), (ring.tail[0], ring.tail[0]))
            for n in range(3):
                at = COMPLETION * (ring.completed_head[0] % 8)
                self.assertEqual(
                    list(ring.completions[at : at + COMPLETION]), [100 * turn + n, 0, -errno.EBADF, 0]
                )
                ring.completed_head[0] += 1

    def test_an_error_of_the_call_is_returned(self) -> None:
        ring = self.make_ring(4)
        with socket.socket() as no_ring:
            ring._descriptor, own = no_ring.fileno(), ring._descriptor
            self.assertEqual(ring.enter(0, 0), -errno.EOPNOTSUPP)
            ring._descriptor = own

    def test_everything_is_given_back(self) -> None:
        self.make_ring(8).close()  # or there is none
        before = descriptors()
        ring = Ring(8)
        self.assertNotEqual(descriptors(), before)
        ring.close()
        self.assertEqual(descriptors(), before)

    def test_what_cannot_be_had_is_told_and_leaves_nothing_behind(self) -> None:
        self.make_ring(8)
        before = descriptors()
        self.assertRaises(Unavailable, Ring, 2**30)
        following = [os.dup(0) for _ in range(3)]
        for descriptor in following:
            os.close(descriptor)
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        try:
            # A ring takes three descriptors: there are none, one and two.
            for limit in following:
                resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limits[1]))
                self.assertRaises(Unavailable, Ring, 8)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        self.assertEqual(descriptors(), before)
