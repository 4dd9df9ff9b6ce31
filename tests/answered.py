"""How tests read an answer: as people see it, and as a program does."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import msgspec

from tcpchat.answers import Answer, Style

# Saturday, 21 November 2026, 10:02:03.123 UTC, and a day before.
MORNING = 1_795_255_323_123
YESTERDAY = MORNING - 86_400_000

STYLE = Style(UTC, MORNING)


def lines(answer: Answer, style: Style = STYLE) -> list[str]:
    """Return an answer as people see it."""
    return list(answer.lines(style))


def as_json(answer: Answer) -> dict[str, Any]:
    """Return an answer as a program reads it, which has to be one line."""
    line = answer.json()
    assert line.endswith(b"\n") and line.count(b"\n") == 1, line
    decoded: dict[str, Any] = msgspec.json.decode(line)
    return decoded
