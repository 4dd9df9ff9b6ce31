"""
Runs a command in which the kernel forbids io_uring, as containers do: with a filter of system calls.

    python tests/without_io_uring.py COMMAND ARGUMENT...
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys

IO_URING_SETUP = 425

# prctl(2), seccomp(2), linux/bpf_common.h
SET_NO_NEW_PRIVILEGES, SET_SECCOMP, FILTER = 38, 22, 2
LOAD_WORD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, FAIL = 0x7FFF0000, 0x00050000


def instruction(code: int, value: int, if_so: int = 0, if_not: int = 0) -> bytes:
    """Return an instruction of the filter."""
    return struct.pack("=HBBI", code, if_so, if_not, value)


def forbid() -> None:
    """Forbid io_uring to this process, and to what becomes of it."""
    program = ctypes.create_string_buffer(
        instruction(LOAD_WORD, 0)  # the number of the system call
        + instruction(JUMP_IF_EQUAL, IO_URING_SETUP, if_not=1)
        + instruction(RETURN, FAIL | errno.EPERM)
        + instruction(RETURN, ALLOW)
    )
    pointer = ctypes.create_string_buffer(struct.pack("@HP", 4, ctypes.addressof(program)))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
    for call in (SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0), (SET_SECCOMP, FILTER, ctypes.addressof(pointer), 0, 0):
        if prctl(*call):
            raise OSError(ctypes.get_errno(), "a filter of system calls is forbidden too")


if __name__ == "__main__":
    forbid()
    os.execvp(sys.argv[1], sys.argv[1:])
