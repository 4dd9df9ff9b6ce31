"""
Handing over with io_uring: one system call for thousands of members, for what is big and on Linux.

Each entry of the ring is one `send` of the same bytes. `MSG_DONTWAIT` has it end within the call,
whether or not all was taken, so that nothing is on its way in the kernel afterwards.
"""

from __future__ import annotations

import ctypes
import os
import socket
import struct
from array import array
from collections.abc import Set
from errno import EAGAIN, EBUSY, EINTR
from typing import Protocol

from tcpchat.fanout.direct import DirectCrowd, hand, outcome, without
from tcpchat.fanout.interface import Member, Unavailable
from tcpchat.fanout.ring import COMPLETION, ENTRY, Ring
from tcpchat.screen import Show

# Members from which on a crowd is handed things this way. What the call costs besides its sends (40 µs:
# it comes now and then, so nothing of it is in the caches) is made up for at 300, and at 600 this way
# takes 5 % less than a system call for each, with what ksoftirqd does of the work counted in.
BIG = 500

# Entries of the ring: sends of one system call. The kernel holds 0.4 MiB for them.
LENGTH = 4096

# Bytes that are handed over this way at most: beyond, copying them is the work, not the calls.
LARGEST = 65536

# An entry (struct io_uring_sqe): what to do, descriptor, address, size, flags, what its completion is
# called. And of these the words that differ from time to time.
SEND_ENTRY = struct.Struct("=B3xi8xQIIQ24x")
SEND = 26
FLAGS = 0x40 | 0x4000  # MSG_DONTWAIT, MSG_NOSIGNAL
DESCRIPTOR_WORD, SIZE_WORD = 1, 6

# A completion (struct io_uring_cqe): the word of its entry's name, and that of the outcome.
NAME_WORD, OUTCOME_WORD = 0, 2

# After these io_uring_enter is simply to be called again.
AGAIN = (-EINTR, -EAGAIN, -EBUSY)

ROUND = 2**32


class Queues(Protocol):
    """What is needed of a ring (ring.py)."""

    length: int
    completions_length: int
    head: memoryview
    tail: memoryview
    entries: memoryview
    completed_head: memoryview
    completed_tail: memoryview
    completions: memoryview

    def enter(self, submit: int, wait: int) -> int:
        """Have the kernel take so many entries, and return when there are so many completions."""

    def close(self) -> None:
        """Give everything back."""


class Sender:
    """Sends the same bytes to many sockets by means of a ring."""

    def __init__(self, ring: Queues) -> None:
        self._ring = ring
        self._closed = False
        self._buffer = ctypes.create_string_buffer(LARGEST)
        address = ctypes.addressof(self._buffer)
        with ring.entries.cast("B") as entries:
            for place in range(ring.length):
                SEND_ENTRY.pack_into(entries, SEND_ENTRY.size * place, SEND, -1, address, 0, FLAGS, place)

    def send(self, descriptors: array[int], data: bytes) -> tuple[int, list[tuple[int, int]]]:
        """
        Send the same, of at most `LARGEST` bytes, to one after the other.

        Return how many had their turn: all, unless the kernel takes no more. And of these who did
        not take all: their index, and how many bytes they took or minus an errno.
        """
        done = 0
        short: list[tuple[int, int]] = []
        if not self._closed:
            ctypes.memmove(self._buffer, data, len(data))
            sizes = memoryview(array("i", [len(data)]) * min(len(descriptors), self._ring.length))
            waiting = memoryview(descriptors)
            while waiting and (had_turn := self._send_some(waiting, sizes, done, short)):
                waiting = waiting[had_turn:]
                done += had_turn
        return done, short

    def _send_some(
        self, descriptors: memoryview, sizes: memoryview, index: int, short: list[tuple[int, int]]
    ) -> int:
        """Send to as many as there are places before either queue begins anew; return how many."""
        ring = self._ring
        # The ring is empty; should something have broken off an earlier call, it is emptied now.
        tail = ring.tail[0] = ring.head[0]
        head = ring.completed_head[0] = ring.completed_tail[0]
        place, first = tail % ring.length, head % ring.completions_length
        count = min(len(descriptors), ring.length - place, ring.completions_length - first)
        begin, end = ENTRY * place, ENTRY * (place + count)
        ring.entries[begin + DESCRIPTOR_WORD : end : ENTRY] = descriptors[:count]
        ring.entries[begin + SIZE_WORD : end : ENTRY] = sizes[:count]
        ring.tail[0] = (tail + count) % ROUND
        count = self._submit(count)
        begin, end = COMPLETION * first, COMPLETION * (first + count)
        outcomes = ring.completions[begin + OUTCOME_WORD : end : COMPLETION]
        if outcomes != sizes[:count]:
            names = ring.completions[begin + NAME_WORD : end : COMPLETION]
            size = sizes[0]
            short += [
                (index + name - place, taken)
                for name, taken in zip(names, outcomes, strict=True)
                if taken != size
            ]
        ring.completed_head[0] = (head + count) % ROUND
        return count

    def _submit(self, count: int) -> int:
        """
        Have the kernel carry out entries; return how many, when all of these are completed.

        Linux before 5.19 stops behind an entry whose descriptor is closed, and any may stop for want
        of memory.
        """
        ring = self._ring
        left = count
        while left:
            answer = ring.enter(left, count)
            before, left = left, (ring.tail[0] - ring.head[0]) % ROUND
            if left == before and answer != -EINTR:
                ring.tail[0] = ring.head[0]  # taken back
                break
        count -= left
        while (ring.completed_tail[0] - ring.completed_head[0]) % ROUND < count:
            answer = ring.enter(0, count)
            if answer < 0 and answer not in AGAIN:
                raise OSError(-answer, f"io_uring does not complete: {os.strerror(-answer)}")
        return count

    def close(self) -> None:
        """Give everything back, and send nothing more."""
        if not self._closed:
            self._closed = True
            self._ring.close()


class UringCrowd(DirectCrowd):
    """A crowd that goes the direct way while it is small, and with those who have no socket."""

    def __init__(self, sender: Sender, big: int) -> None:
        super().__init__()
        self._sender = sender
        self._big = big
        self._sockets: dict[str, socket.socket] = {}
        self._shows: dict[str, Show] = {}  # of those without one

    def enter(self, session: str, member: Member) -> None:
        """Count somebody in, or in anew with another connection."""
        if session in self:
            self.leave(session)
        super().enter(session, member)
        if member.socket is None:
            self._shows[session] = member.show
        else:
            self._sockets[session] = member.socket

    def leave(self, session: str) -> None:
        """Count somebody out."""
        super().leave(session)
        self._sockets.pop(session, None)
        self._shows.pop(session, None)

    def hand(self, data: bytes, apart: Set[str] = frozenset()) -> list[tuple[str, int | Exception]]:
        """Hand something to all but those who stand apart; return who did not take all."""
        if not data or len(data) > LARGEST or len(self._sockets) - len(apart) < self._big:
            return super().hand(data, apart)
        sockets = without(self._sockets, apart)
        # Asked anew each time: a descriptor that was closed may be somebody else's by now, but a
        # closed socket says that it has none.
        descriptors = array("i", list(map(socket.socket.fileno, sockets.values())))
        done, failed = self._sender.send(descriptors, data)
        short = hand(without(self._shows, apart), data)
        if failed or done < len(sockets):
            sessions = list(sockets)
            short += [(sessions[index], _outcome(taken)) for index, taken in failed]
            short += hand({session: sockets[session].send for session in sessions[done:]}, data)
        return short


def _outcome(taken: int) -> int | Exception:
    return taken if taken >= 0 else outcome(OSError(-taken, os.strerror(-taken)))


class Uring:
    """The way of fanout that hands over with io_uring where a crowd is big."""

    name = "uring"

    def __init__(self, length: int = LENGTH, big: int = BIG) -> None:
        """
        Make the ring, of a length that is a power of two; after a fork, since it is not shared.

        Raises:
            Unavailable: the kernel does not let us.
        """
        self._sender = Sender(Ring(length))
        self._big = big
        ours, theirs = socket.socketpair()
        with ours, theirs:
            outcome = self._sender.send(array("i", [ours.fileno()]), b"?")
        if outcome != (1, []):
            self.close()
            raise Unavailable("io_uring: it does not send")

    def crowd(self) -> UringCrowd:
        """Return a crowd with nobody in it."""
        return UringCrowd(self._sender, self._big)

    def close(self) -> None:
        """Give the ring back; the crowds go the direct way."""
        self._sender.close()
