"""
A coroutine, taken from one Deferred that it waits for to the next. No I/O.

It is what `Deferred.fromCoroutine` does, but for what a person asks for: nobody cancels it or needs a
context of its own for it, and whoever waits for its end needs no Deferred. So it costs half as much.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

T = TypeVar("T")


def carry_through(
    coroutine: Coroutine[Deferred[Any], Any, T], done: Callable[[T | Failure], object], answer: object = None
) -> None:
    """
    Run a coroutine, now and whenever it has what it waits for, to its end.

    ``done`` is called once, with what it returns, or how it fails. ``answer`` is what the Deferred has
    come to that it waits for: if that is no failure, the coroutine takes it from the Deferred itself.
    """
    outcome: T | Failure
    try:
        if isinstance(answer, Failure):
            awaited = answer.throwExceptionIntoGenerator(coroutine)
        else:
            awaited = coroutine.send(None)
    except StopIteration as end:
        outcome = end.value
    except Exception:
        outcome = Failure()
    else:
        awaited.addBoth(partial(carry_through, coroutine, done))
        return
    done(outcome)
