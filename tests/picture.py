"""The README's picture of the client: ``python -m tests.picture`` makes it of a real run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

from tests.commands import at
from tests.faults.servers import start
from tests.ptys import ALT, ENTER, Pty

PICTURE = Path(__file__).parent.parent / "docs" / "client.svg"

COLUMNS, ROWS = 84, 19

# Of one character, in the picture's units.
WIDE, HIGH, EDGE = 8.4, 19, 14

GROUND, TEXT = "#16181d", "#d8dae0"
NAMED = {"default": TEXT, "red": "#e06c75", "brightblack": "#7f848e", "black": GROUND}


def chat() -> list[list[Any]]:
    """Have some people talk, and return the characters of what one of them sees."""
    with tempfile.TemporaryDirectory() as folder, start(Path(folder)).ready() as server:
        bob, carl = server.person("bob"), server.person("carl")
        bob.types("/topic release on Friday", "morning!")
        carl.until("<bob> morning!\r\n")
        with Pty(at(server), "--nick", "alice", "--room", "dev", columns=COLUMNS, lines=ROWS) as alice:
            alice.sees(r"\[2:#dev 1\]")
            alice.types(f"{ALT}1")
            alice.sees(r"\[1:#lobby 3\]")
            alice.types(f"is the build running?{ENTER}")
            alice.sees("<alice> is the build")
            carl.types("/me looks", "alice: it is, see https://ci.example.org/17")
            alice.sees("it is, see")
            bob.types("/join #dev", "alice: can you review 1234?", "no hurry")
            alice.sees(r"\+2 !1")
            alice.types(f"{ALT}2")
            alice.sees("<bob> no hurry")
            alice.types("sure, after lun")
            alice.until(lambda: alice.line.endswith("lun"))
            return [[row[column] for column in range(COLUMNS)] for row in alice.buffer]


def drawn(row: list[Any], y: float) -> Iterator[str]:
    """Yield the parts of a row that look alike."""
    column = 0
    for (color, back, is_bold, is_reverse), some in groupby(
        row, key=lambda it: (it.fg, it.bg, it.bold, it.reverse)
    ):
        characters = list(some)
        text = "".join(it.data for it in characters)
        x, width = EDGE + column * WIDE, len(characters) * WIDE
        fill = NAMED.get(color, f"#{color}" if len(color) == 6 else TEXT)
        if is_reverse:
            top = y - HIGH + 5
            yield f'<rect x="{x:.1f}" y="{top:.1f}" width="{width:.1f}" height="{HIGH}" fill="{fill}"/>'
            fill = NAMED.get(back, GROUND) if back != "default" else GROUND
        if text.strip():
            bold = ' font-weight="bold"' if is_bold else ""
            yield (
                f'<text x="{x:.1f}" y="{y:.1f}" fill="{fill}"{bold} textLength="{width:.1f}"'
                f' xml:space="preserve">{escape(text)}</text>'
            )
        column += len(characters)


def main() -> None:
    """Write the picture."""
    rows = chat()
    while rows and not "".join(it.data for it in rows[-1]).strip():
        rows.pop()
    width, height = 2 * EDGE + COLUMNS * WIDE, 2 * EDGE + len(rows) * HIGH
    parts = [part for number, row in enumerate(rows) for part in drawn(row, EDGE + (number + 0.75) * HIGH)]
    PICTURE.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}"'
        ' font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14">\n'
        f'<rect width="100%" height="100%" rx="6" fill="{GROUND}"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


if __name__ == "__main__":
    main()
