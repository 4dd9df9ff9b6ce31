"""Passwords are hashed as RELIABILITY.md 4.4 says, few at once, and in other threads than the reactor's."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from argon2 import Parameters, PasswordHasher, Type, extract_parameters
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.hashing import ARGON2, NICE, Hashing, in_threads
from tcpchat.limits import HASHED_AT_ONCE, HASHES_WAITING
from tcpchat.requests import Refused
from tests.visitors import CHEAP

T = TypeVar("T")


class HashingTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.hashing = Hashing(argon2=CHEAP)

    def test_a_password_is_told_from_another_one(self) -> None:
        hash = self.successResultOf(self.hashing.hash("correct-horse"))
        self.assertNotIn("correct", hash)
        self.assertTrue(self.successResultOf(self.hashing.verify(hash, "correct-horse")))
        for wrong in "Correct-horse", "correct-horse ", "":
            self.assertFalse(self.successResultOf(self.hashing.verify(hash, wrong)))

    def test_each_hash_has_a_salt_of_its_own(self) -> None:
        hashes = {self.successResultOf(self.hashing.hash("correct-horse")) for _ in range(3)}
        self.assertEqual(len(hashes), 3)

    def test_the_parameters_are_those_that_we_have_promised(self) -> None:
        promised = Parameters(Type.ID, 19, 16, 32, 2, 19_456, 1)
        self.assertEqual(extract_parameters(self.successResultOf(Hashing().hash("correct-horse"))), promised)

    def test_where_there_is_no_hash_a_password_is_wrong_and_as_much_is_done(self) -> None:
        asked: list[str] = []

        class Watched(PasswordHasher):
            def verify(self, hash: str | bytes, password: str | bytes) -> Any:
                asked.append(str(hash))
                return super().verify(hash, password)

        hashing = Hashing(argon2=Watched(1, 8, 1))
        for none in "", "$argon2id$broken", "plain":
            self.assertFalse(self.successResultOf(hashing.verify(none, "correct-horse")))
        same = extract_parameters(asked[0])
        self.assertEqual((same.memory_cost, same.time_cost, same.parallelism), (8, 1, 1))
        self.assertEqual(asked, [asked[0], "$argon2id$broken", asked[0], "plain", asked[0]])

    def test_a_hash_of_other_parameters_is_outdated(self) -> None:
        hash = self.successResultOf(self.hashing.hash("correct-horse"))
        self.assertFalse(self.hashing.is_outdated(hash))
        self.assertTrue(Hashing(argon2=ARGON2).is_outdated(hash))


class ManyTests(SynchronousTestCase):
    """Passwords that are hashed when the test says so."""

    def setUp(self) -> None:
        self.waiting: list[tuple[Deferred[Any], Callable[[], Any]]] = []
        self.hashing = Hashing(self.run_later, CHEAP)

    def run_later(self, work: Callable[[], T]) -> Deferred[T]:
        later: Deferred[T] = Deferred()
        self.waiting.append((later, work))
        return later

    def finish(self, failure: bool = False) -> None:
        later, work = self.waiting.pop(0)
        later.callback(Failure(RuntimeError("no thread")) if failure else work())

    def test_so_many_may_wait_and_one_more_is_refused_until_one_is_done(self) -> None:
        most = HASHED_AT_ONCE + HASHES_WAITING
        answers = [self.hashing.verify("", "x") for _ in range(most)]
        refusal = self.failureResultOf(self.hashing.hash("x"), Refused).value
        self.assertEqual(str(refusal), "Too many log in just now. Try again in a moment.")
        self.assertEqual((refusal.code, len(self.waiting)), ("too-many", most))
        self.finish()
        self.assertFalse(self.successResultOf(answers[0]))
        self.assertNoResult(self.hashing.hash("x"))
        self.failureResultOf(self.hashing.hash("x"), Refused)

    def test_what_fails_does_not_count_for_ever(self) -> None:
        for _ in range(2 * (HASHED_AT_ONCE + HASHES_WAITING)):
            answer = self.hashing.hash("x")
            self.finish(failure=True)
            self.failureResultOf(answer, RuntimeError)


class Reactor:
    """As much of a reactor as a pool of threads needs: what is called from them is called when asked."""

    def __init__(self) -> None:
        self.called = threading.Event()
        self.calls: list[Callable[[], object]] = []

    def callFromThread(self, call: Callable[..., object], *given: Any, **named: Any) -> None:
        self.calls.append(lambda: call(*given, **named))
        self.called.set()

    callInThread = getThreadPool = suggestThreadPoolSize = callFromThread


class ThreadTests(SynchronousTestCase):
    def test_it_is_done_in_another_thread_and_answered_in_the_reactors(self) -> None:
        reactor = Reactor()
        hashing = in_threads(reactor)  # type: ignore[arg-type]  # it is as much of one as is needed
        self.addCleanup(hashing.stop)
        answer = hashing.hash("correct-horse")
        self.assertNoResult(answer)
        self.assertTrue(reactor.called.wait(30))
        self.assertNoResult(answer)
        for call in reactor.calls:
            call()
        self.assertTrue(ARGON2.verify(self.successResultOf(answer), "correct-horse"))

    def test_the_threads_give_way_to_the_others_of_the_process(self) -> None:
        def nice() -> int:
            return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

        reactor = Reactor()
        hashing = in_threads(reactor)  # type: ignore[arg-type]
        self.addCleanup(hashing.stop)
        before = nice()
        answer = hashing._run(nice)
        self.assertTrue(reactor.called.wait(30))
        for call in reactor.calls:
            call()
        self.assertEqual((self.successResultOf(answer), nice()), (max(before, NICE), before))

    def test_no_thread_is_there_before_it_is_needed_nor_after_the_end(self) -> None:
        def threads() -> set[str]:
            return {thread.name for thread in threading.enumerate() if "hashing" in thread.name}

        hashing = in_threads(Reactor())  # type: ignore[arg-type]
        self.assertEqual(threads(), set())
        answers = [hashing.hash("x") for _ in range(HASHED_AT_ONCE + HASHES_WAITING)]
        self.assertEqual(len(threads()), HASHED_AT_ONCE)
        hashing.stop()
        self.assertEqual(threads(), set())
        for answer in answers:
            self.assertNoResult(answer)
