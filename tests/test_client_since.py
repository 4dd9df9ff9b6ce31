"""Since when somebody wants to see what was said."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from tcpchat.client.since import since

ZONE = timezone(timedelta(hours=1))
NOW = datetime(2026, 11, 21, 10, 2, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("-1h", datetime(2026, 11, 21, 9, 2, tzinfo=ZONE)),
        ("90s", datetime(2026, 11, 21, 10, 0, 30, tzinfo=ZONE)),
        ("-1d12h", datetime(2026, 11, 19, 22, 2, tzinfo=ZONE)),
        ("09:30", datetime(2026, 11, 21, 9, 30, tzinfo=ZONE)),
        ("10:02", datetime(2026, 11, 21, 10, 2, tzinfo=ZONE)),
        ("10:03", datetime(2026, 11, 20, 10, 3, tzinfo=ZONE)),
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=ZONE)),
        ("2026-11-01T08:00Z", datetime(2026, 11, 1, 9, tzinfo=ZONE)),
    ],
)
def test_a_time_is(typed: str, meant: datetime) -> None:
    assert since(typed, NOW) == meant


@pytest.mark.parametrize("typed", ["", "-", "yesterday", "25:00", "1y"])
def test_no_time_is(typed: str) -> None:
    with pytest.raises(ValueError):
        since(typed, NOW)
