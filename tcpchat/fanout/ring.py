"""
One io_uring of Linux: two queues in memory that is shared with the kernel, and the calls.

It needs no C extension: `ctypes` makes the system calls, `mmap` and `memoryview` reach the queues.
What is put into a queue is numbered on and on, modulo 2**32; the number's remainder by the queue's
length is its place there.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys
from contextlib import ExitStack
from mmap import mmap
from typing import Literal

from tcpchat.fanout.interface import Unavailable

# Where the system calls have these numbers and the structures this layout (linux/io_uring.h): machines
# of 64 bits that begin a number with its low byte.
MACHINES = ("x86_64", "aarch64", "riscv64", "ppc64le", "loongarch64")
SETUP, ENTER = 425, 426

# struct io_uring_params: how many entries and completions, features; where the queue of entries has
# its head, tail and array; where that of completions has its head, tail and completions.
PARAMETERS = struct.Struct("=II12xI16x" + "II16xI12x" + "II12xI16x")
IN_ONE_MAPPING = 1  # both queues: a feature
ENTRIES = 0x10000000  # the offset at which mmap finds the entries themselves
WAIT = 1  # for completions

# Words of four bytes in an entry and in a completion.
ENTRY, COMPLETION = 16, 4


class Ring:
    """
    A ring with nothing in it. The heads and tails of its queues are the first words of theirs.

    What is shared is looked at and changed here only between the calls of `enter`, and by the kernel
    only within them, as a part of the same thread. So there is nothing to be ordered by barriers.
    """

    def __init__(self, length: int) -> None:
        """
        Make a ring for so many entries, a power of two, and twice as many completions.

        Raises:
            Unavailable: there is none to be had.
        """
        if sys.platform != "linux" or platform.machine() not in MACHINES or sys.maxsize < 2**32:
            raise Unavailable("io_uring is for Linux on a machine of 64 bits")
        # This way of calling lets go of the GIL: the log's thread commits while the kernel sends.
        self._call = ctypes.CDLL(None, use_errno=True).syscall
        self._call.restype = ctypes.c_long
        self._call.argtypes = [ctypes.c_long] * 7
        parameters = ctypes.create_string_buffer(PARAMETERS.size)
        self._descriptor = self._call(SETUP, length, ctypes.addressof(parameters), 0, 0, 0, 0)
        if self._descriptor < 0:
            raise Unavailable(f"io_uring: {os.strerror(ctypes.get_errno())}")
        with ExitStack() as stack:
            stack.callback(os.close, self._descriptor)
            self._share(PARAMETERS.unpack(parameters), stack)
            self._held = stack.pop_all()

    def _share(self, parameters: tuple[int, ...], stack: ExitStack) -> None:
        self.length, self.completions_length, features = parameters[:3]
        head, tail, array, completed_head, completed_tail, completions = parameters[3:]
        if not features & IN_ONE_MAPPING:
            raise Unavailable("io_uring: this Linux is too old")
        size = max(array + 4 * self.length, completions + 4 * COMPLETION * self.completions_length)

        def shared(size: int, offset: int, kind: Literal["i", "I"]) -> memoryview:
            try:
                mapping = mmap(self._descriptor, size, offset=offset)
            except OSError as error:
                raise Unavailable(f"io_uring: {error.strerror}") from error
            stack.callback(mapping.close)
            view = stack.enter_context(memoryview(mapping))
            return stack.enter_context(view.cast(kind))

        def part(of: memoryview, offset: int, words: int = 1) -> memoryview:
            return stack.enter_context(of[offset // 4 : offset // 4 + words])

        queues = shared(size, 0, "I")
        self.head, self.tail = part(queues, head), part(queues, tail)
        self.completed_head, self.completed_tail = part(queues, completed_head), part(queues, completed_tail)
        signed = stack.enter_context(stack.enter_context(memoryview(queues).cast("B")).cast("i"))
        self.completions = part(signed, completions, COMPLETION * self.completions_length)
        self.entries = shared(4 * ENTRY * self.length, ENTRIES, "i")
        for place in range(self.length):
            queues[array // 4 + place] = place  # of the entry that this place is for: always the same

    def enter(self, submit: int, wait: int) -> int:
        """
        Have the kernel take so many entries, and return when there are so many completions.

        Return how many it took, perhaps fewer, or minus an errno.
        """
        taken: int = self._call(ENTER, self._descriptor, submit, wait, WAIT, 0, 0)
        return taken if taken >= 0 else -ctypes.get_errno()

    def close(self) -> None:
        """Give everything back; the ring is of no use any more."""
        self._held.close()
