"""What is to follow from what came of an append, which may be known only later, or never."""

from __future__ import annotations

from collections.abc import Callable

from tcpchat.logs.interface import Unknown


def _nothing() -> None:
    pass


def settle(
    why: BaseException | None, undo: Callable[[], object], go_on: Callable[[], object] = _nothing
) -> None:
    """
    Undo what was to go with an append that has failed: at once, or when it is known not to be in the log.

    If it turns out to be there, ``go_on``. Where nobody will ever know, neither is done.
    """
    if not isinstance(why, Unknown):
        undo()
    elif why.known is not None:

        def learn(is_there: bool) -> bool:
            (go_on if is_there else undo)()
            return is_there  # for whoever asks next

        why.known.addCallback(learn)
