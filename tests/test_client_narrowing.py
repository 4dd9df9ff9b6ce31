"""Which terminals wrap what is drawn when they are made narrower, and how much lower the cursor is then."""

from __future__ import annotations

import pytest

from tcpchat.client.narrowing import rows_more, wraps_anew


@pytest.mark.parametrize(
    "environment",
    [
        {"TMUX": "/tmp/x,1,0"},
        {"VTE_VERSION": "7006"},
        {"TERM": "foot-extra"},
        {"TMUX": "x", "STY": "outside"},
    ],
)
def test_some_terminals_wrap_anew(environment: dict[str, str]) -> None:
    assert wraps_anew(environment)


@pytest.mark.parametrize(
    "environment",
    [{}, {"TERM": "linux"}, {"TERM": "xterm-256color"}, {"VTE_VERSION": "7006", "STY": "1.pts"}],
)
def test_others_cut_off_or_are_not_known(environment: dict[str, str]) -> None:
    assert not wraps_anew(environment)


@pytest.mark.parametrize(
    ("widths", "cursor", "rows"),
    [
        ([10], 10, 0),
        ([10, 10], 5, 0),
        ([11, 5], 5, 1),
        ([30, 31, 0, 5], 5, 2 + 3),
        ([5, 25], 9, 0),
        ([5, 25], 10, 1),
        ([5, 25], 20, 2),
        # At the end of a row that is just full, and behind what blanks it does not keep.
        ([20], 20, 1),
        ([9], 12, 0),
    ],
)
def test_the_cursor_is_lower_by_what_was_wrapped(widths: list[int], cursor: int, rows: int) -> None:
    assert rows_more(widths, cursor, columns=10) == rows
