"""How lines look on a terminal: colours, times, links. What is drawn was made harmless before. No I/O."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import NamedTuple

from tcpchat.client.limits import MOST_SHOWN_PENDING
from tcpchat.client.model import Model
from tcpchat.client.shown import Rule, Shown
from tcpchat.client.typed import seen
from tcpchat.columns import width

# Of 256 colours those that are told apart, and read, on black and on white; of 16, the same.
MANY = (25, 30, 31, 33, 61, 64, 65, 67, 91, 95, 97, 100, 127, 130, 131, 133, 136, 160, 166, 169, 172)
FEW = (31, 32, 33, 34, 35, 36)

_LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)\]}']")

# Columns of a line across, at most: in a wide window a longer one says no more.
LONGEST_RULE = 60


# Parts what is written from right to left from what comes before it, where a terminal puts that in order.
LEFT_TO_RIGHT_MARK = "\u200e"


class Paints(NamedTuple):
    """
    How many colours a terminal has (0, 16 or 256), whether it knows links (OSC 8), and orders scripts itself.

    One that shows Hebrew from right to left would show a Hebrew nickname behind what is said.
    """

    colours: int = 0
    links: bool = False
    orders: bool = False


def paints(environment: Mapping[str, str]) -> Paints:
    """Return what the environment says of the terminal; https://no-color.org is kept to."""
    term = environment.get("TERM", "")
    if environment.get("NO_COLOR") or term in ("", "dumb") or term.startswith("vt"):
        return Paints(orders=_orders(environment))
    many = "256" in term or environment.get("COLORTERM", "") in ("truecolor", "24bit")
    # The Linux console shows what it does not know; screen takes no OSC 8.
    links = not term.startswith(("linux", "screen"))
    return Paints(256 if many else 16, links, _orders(environment))


def _orders(environment: Mapping[str, str]) -> bool:
    """Is the terminal VTE's (GNOME's, Xfce's) or Konsole?"""
    return any(environment.get(name) for name in ("VTE_VERSION", "KONSOLE_VERSION"))


def colour(nick: str, colours: int) -> str:
    """Return what switches to the colour of a nickname: always the same one, whoever else is there."""
    if not colours:
        return ""
    number = zlib.crc32(nick.casefold().encode())
    if colours < 256:
        return f"\x1b[{FEW[number % len(FEW)]}m"
    return f"\x1b[38;5;{MANY[number % len(MANY)]}m"


def draw(shown: Shown, current: str, how: Paints, columns: int, zone: tzinfo | None, today: datetime) -> str:
    """Return something that is printed, as lines with their ends."""
    what = shown.what
    if isinstance(what, Rule):
        text = f"── {what.text} "
        line = text + "─" * max(2, min(columns, LONGEST_RULE) - 1 - width(text))
        return f"{_style(how, '2')}{line}{_end(how)}\r\n"
    time = ""
    if what.time:
        then = datetime.fromtimestamp(what.time, zone)
        time = f"{then:%H:%M} " if then.date() == today.date() else f"{then:%Y-%m-%d %H:%M} "
    drawn = []
    for front, text in what.parts(current):
        if how.orders and not front.isascii():
            front += LEFT_TO_RIGHT_MARK
        if what.is_spoken:
            front = f"{colour(what.nick, how.colours)}{front}{_end(how)}"
            text = _linked(text, how)
            if shown.is_for_me:
                text = f"{_style(how, '1')}{text}{_end(how)}"
        elif what.front == "!!! ":
            front, text = f"{_style(how, '31')}{front}", f"{text}{_end(how)}"
        elif what.front:
            front, text = f"{_style(how, '2')}{front}", f"{text}{_end(how)}"
        drawn.append(
            f"{_style(how, '2')}{time}{_end(how)}{front}{text}\r\n" if time else f"{front}{text}\r\n"
        )
    return "".join(drawn)


def waiting(model: Model) -> list[str]:
    """Return what was typed, and is on its way or waits to be sent."""
    return [*(it.text for it in model.pending.values()), *map(seen, model.early)]


def on_the_way(texts: Sequence[str], columns: int) -> Iterator[str]:
    """Yield lines that tell of the last of what is on its way, each with its end."""
    if len(texts) > MOST_SHOWN_PENDING:
        yield f"… {len(texts) - MOST_SHOWN_PENDING} before these\n"
    for each in texts[-MOST_SHOWN_PENDING:]:
        yield f"… {cut(each.split(chr(10))[0], columns - 3)}\n"


def status(model: Model, delay: float | None, now: float) -> str:
    """Return the line above what is typed: rooms with what is unread there, and how the link is."""
    parts = []
    for number, room in enumerate(model.rooms.values(), 1):
        if room.name == model.current:
            parts.append(f"[{number}:{room.name} {room.number}]")
        else:
            unread = f" +{room.unread}" if room.unread else ""
            mentions = f" !{room.mentions}" if room.mentions else ""
            parts.append(f"{number}:{room.name} {room.number}{unread}{mentions}")
    parts.append("another kind of server" if model.is_foreign else model.nick or "nobody yet")
    link = model.link
    if (model.is_online or model.is_foreign) and delay is not None:
        link = f"{delay * 1000:.0f} ms"
    if model.pending:
        oldest = now - min(each.since for each in model.pending.values())
        link += f", {len(model.pending)} on the way"
        if oldest >= 1:
            link += f" for {oldest:.0f} s"
    return "  ".join([*parts, link])


def cut(text: str, columns: int) -> str:
    """Return a text, or as much of it as there are columns for."""
    if width(text) <= columns:
        return text
    room, at = columns - 1, 0  # one is for the mark
    while (room := room - width(text[at])) >= 0:
        at += 1
    return f"{text[:at]}…" if columns > 0 else ""


def _linked(text: str, how: Paints) -> str:
    if not how.links:
        return text
    return _LINK.sub(lambda found: f"\x1b]8;;{found[0]}\x1b\\{found[0]}\x1b]8;;\x1b\\", text)


def _style(how: Paints, number: str) -> str:
    return f"\x1b[{number}m" if how.colours else ""


def _end(how: Paints) -> str:
    return "\x1b[0m" if how.colours else ""
