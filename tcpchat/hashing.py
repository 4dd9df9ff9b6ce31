"""
Passwords are hashed and checked by argon2id (RFC 9106): in two threads, and few at once.

argon2 lets other threads run while it works, so that nobody else notices anything of it.
"""

from __future__ import annotations

import os
import threading
from base64 import b64encode
from collections.abc import Callable
from typing import Protocol, TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError
from twisted.internet.defer import Deferred, execute, fail
from twisted.internet.interfaces import IReactorFromThreads
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from tcpchat.limits import HASHED_AT_ONCE, HASHES_WAITING
from tcpchat.requests import Refused

T = TypeVar("T")

# OWASP's first choice: each takes 19 MiB and some 30 ms. One thread each, as several work at once.
ARGON2 = PasswordHasher(
    time_cost=2, memory_cost=19_456, parallelism=1, salt_len=16, hash_len=32, type=Type.ID
)


# How much the threads that hash give way to the others: they get about a tenth of a processor that both want.
NICE = 10


class Run(Protocol):
    """Has something done, here or in another thread, and answers with what came of it."""

    def __call__(self, work: Callable[[], T]) -> Deferred[T]:
        """Answer in the reactor's thread."""


def at_once(work: Callable[[], T]) -> Deferred[T]:
    """Do something here and now."""
    return execute(work)


class Hashing:
    """Hashes passwords, and checks them."""

    def __init__(
        self, run: Run = at_once, argon2: PasswordHasher = ARGON2, stop: Callable[[], object] = lambda: None
    ) -> None:
        """Without ``run``, it is done at once. ``stop`` is called in the end."""
        self._run = run
        self._argon2 = argon2
        self.stop = stop
        self._busy = 0
        self._nobodys = _nobodys(argon2)

    def hash(self, password: str) -> Deferred[str]:
        """
        Answer with what a password is checked against later, as a PHC string.

        It fails with `Refused` if too many wait already.
        """
        return self._later(lambda: self._argon2.hash(password))

    def verify(self, hash: str, password: str) -> Deferred[bool]:
        """
        Answer whether a password is the one that was hashed.

        Without a hash, or with a broken one, it takes as long, and is not. It fails as `hash` does.
        """
        return self._later(lambda: self._is_right(hash, password))

    def is_outdated(self, hash: str) -> bool:
        """Tell whether a hash was made with other parameters than are used now."""
        return self._argon2.check_needs_rehash(hash)

    def _is_right(self, hash: str, password: str) -> bool:
        try:
            return self._argon2.verify(hash or self._nobodys, password)
        except VerifyMismatchError:
            return False
        except (InvalidHashError, VerificationError):
            if hash:
                return self._is_right("", password)
            raise  # it is not the hash's fault, but for instance that there is no memory

    def _later(self, work: Callable[[], T]) -> Deferred[T]:
        if self._busy >= HASHED_AT_ONCE + HASHES_WAITING:
            return fail(Refused("Too many log in just now. Try again in a moment.", "too-many"))
        self._busy += 1
        return self._run(work).addBoth(self._done)

    def _done(self, outcome: T) -> T:
        self._busy -= 1
        return outcome


def in_threads(reactor: IReactorFromThreads) -> Hashing:
    """Return a hashing that keeps no reactor waiting. Its threads are there once they are needed."""
    pool = ThreadPool(0, HASHED_AT_ONCE, "hashing")
    pool.start()

    def run(work: Callable[[], T]) -> Deferred[T]:
        return deferToThreadPool(reactor, pool, _behind_the_others, work)

    return Hashing(run, stop=pool.stop)


def _behind_the_others(work: Callable[[], T]) -> T:
    """
    Do something in this thread with less of a processor than the reactor's has, where there are too few.

    On Linux each thread has a nice value of its own (sched(7)).
    """
    thread = threading.get_native_id()
    os.setpriority(os.PRIO_PROCESS, thread, max(NICE, os.getpriority(os.PRIO_PROCESS, thread)))
    return work()


def _nobodys(argon2: PasswordHasher) -> str:
    """Return a hash of which nobody knows the password, with the parameters of now."""
    salt, tag = (b64encode(bytes(size)).decode().rstrip("=") for size in (argon2.salt_len, argon2.hash_len))
    cost = f"m={argon2.memory_cost},t={argon2.time_cost},p={argon2.parallelism}"
    return f"$argon2id$v=19${cost}${salt}${tag}"
