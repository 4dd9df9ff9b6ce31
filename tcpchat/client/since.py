"""Since when somebody wants to see what was said: ``-1h``, ``2d``, ``10:02``, ``2026-11-21``. No I/O."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from tcpchat.command import duration


def since(typed: str, now: datetime) -> datetime:
    """
    Return the time that was typed: so long ago, or a time of the day or a day in the zone of ``now``.

    Raises:
        ValueError: it is none.
    """
    ago = duration(typed.removeprefix("-"))
    if ago is not None:
        return now - timedelta(seconds=ago)
    try:
        today = datetime.combine(now.date(), time.fromisoformat(typed), now.tzinfo)
    except ValueError:
        then = datetime.fromisoformat(typed)
        return then if then.tzinfo else then.replace(tzinfo=now.tzinfo)
    return today if today <= now else today - timedelta(days=1)
