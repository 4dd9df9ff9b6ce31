"""
What becomes of what is drawn when a window is made narrower: many terminals wrap it anew. No I/O.

Others cut it off. None tells which it does, so it is known by its name; what is not known is taken for one
that cuts: of one that wraps, a bit of what was drawn remains then, and nothing that was said is erased.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# What terminals that wrap anew set in the environment, by their documentation.
WRAPPING = (
    "TMUX", "VTE_VERSION", "KONSOLE_VERSION", "KITTY_WINDOW_ID", "ALACRITTY_WINDOW_ID", "WEZTERM_PANE",
    "ITERM_SESSION_ID", "WT_SESSION",
)  # fmt: skip
WRAPPING_TERMS = "tmux", "foot", "xterm-kitty", "alacritty", "xterm-ghostty"

# GNU screen, which cuts off, whatever it runs in itself.
CUTTING = "STY"


def wraps_anew(environment: Mapping[str, str]) -> bool:
    """Does a terminal wrap anew what is wider than its window has become?"""
    if environment.get(CUTTING) and not environment.get("TMUX"):
        return False
    return environment.get("TERM", "").startswith(WRAPPING_TERMS) or any(map(environment.get, WRAPPING))


def rows_more(widths: Sequence[int], cursor: int, columns: int) -> int:
    """
    Return by how many rows the cursor is lower than it was, in a window of so many columns.

    ``widths`` are those of the rows down to its own, ``cursor`` is its column: all as they were drawn.
    """
    *above, last = widths
    # Behind the end of its row it stays with that: a row that is just full is not wrapped.
    own = cursor // columns if cursor < last else max(0, last - 1) // columns
    return sum(max(0, width - 1) // columns for width in above) + own
