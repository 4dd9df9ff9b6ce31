"""What a person can ask for: the table of commands, and what a line asks. No I/O."""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Callable, Iterator

from tcpchat import passwords
from tcpchat.chat_commands import CHAT
from tcpchat.command import BLANKS, Command, Rank, split
from tcpchat.echo import echo
from tcpchat.messages import message
from tcpchat.operator_commands import MODERATION
from tcpchat.requests import ChooseNick, NotUnderstood, Request, Say
from tcpchat.text import clean

COMMANDS: dict[str, Command] = CHAT | MODERATION

ALIASES = {alias: name for name, command in COMMANDS.items() for alias in command.aliases}

# Who may ask for what not everybody may: by text and by JSON alike, so by the request.
RANKS: dict[type, Rank] = {
    type(command.make(split(command.example)[1])): command.rank
    for command in COMMANDS.values()
    if command.rank > Rank.GUEST
}

# Columns of a line of /help: with the signs in front of it, it fits a terminal's 80. And of the part in
# front of what a command does.
WIDTH = 76
USAGE = 31

# What is told of a command to those who may not use it.
NEEDS = {
    Rank.GUEST: "It works once you have a nickname.",
    Rank.ACCOUNT: "It is for those who have an account: /register PASSWORD",
    Rank.ROOM_OPERATOR: "It is for the operators of a room.",
    Rank.SERVER_OPERATOR: "It is for the operators of the server.",
}


def find(word: str) -> str | None:
    """Return the name of the command that a word names."""
    word = ALIASES.get(word.lower(), word.lower())
    return word if word in COMMANDS else None


def unknown(word: str, among: list[str], advice: str = "") -> NotUnderstood:
    """Return the refusal of a command that there is not, with the one nearest to it."""
    # What is near to nothing was most likely meant to be said.
    typed = echo(word).lower()
    near = [
        *(name for name in among if sorted(name) == sorted(typed)),
        *difflib.get_close_matches(typed, among, 1),
        "me" if "me" in among else "help",
    ]
    return NotUnderstood(f"There is no command /{echo(word)}. Did you mean /{near[0]}?", advice=advice)


def usable(rank: Rank) -> list[str]:
    """Return what names the commands that somebody of a rank may use."""
    words = {**{name: name for name in COMMANDS}, **ALIASES}
    return [word for word, name in words.items() if COMMANDS[name].is_for(rank)]


def parse(line: str, nameless: bool = False, rank: Callable[[], Rank] = lambda: Rank.GUEST) -> Request | None:
    """
    Return what a line asks for, or None if there is nothing in it.

    With ``nameless`` the line comes from somebody without a nickname: few commands are known,
    and every other line is taken as one. ``rank`` tells who asks; whether they may is not judged here.

    Raises:
        NotUnderstood: it is no command, or not a whole one, but looks like one.
        Refused: a text in it is too long.
    """
    if not line.strip():
        return None
    shown = message(line)
    if not shown.startswith("/"):
        said = passwords.said(shown)
        return ChooseNick(line.strip(BLANKS)) if nameless else Say(said)
    if shown.startswith("//") and not nameless:
        return Say(shown[1:])
    # Names are judged as they were typed, not as cleaned.
    word, rest = split((line if line.startswith("/") else shown)[1:])
    name = find(clean(word))
    if name is None or (nameless and not COMMANDS[name].nameless):
        known = usable(Rank.NAMELESS if nameless else rank())
        # The answer that there is none would be all that a newcomer is told of it.
        raise unknown(clean(word), known, f"/{name} works once you have a nickname." if name else "")
    command = COMMANDS[name]
    try:
        return command.make(rest)
    except ValueError:
        raise NotUnderstood(f"It is used like this: {command.usage}") from None


def help_lines(rank: Rank = Rank.GUEST) -> list[str]:
    """
    Return the commands that somebody may use, all on one screen.

    What everybody may use is told, some with another one that belongs to it; of the rest, the names.
    """
    rows: dict[str, list[str]] = {}
    for name, command in COMMANDS.items():
        if command.rank <= Rank.GUEST and command.is_for(rank):
            rows.setdefault(command.beside or name, []).append(name)
    lines = [f"{_usage(row):<{USAGE}}{_does(row)}" for row in rows.values()]
    if rank is Rank.NAMELESS:
        return [*lines, "There are more once you have a nickname; /help NAME tells about each."]
    return [*lines, *_further(rank)]


def _usage(row: list[str]) -> str:
    """Return how the commands of a line of /help are typed."""
    return " · ".join(COMMANDS[name].usage for name in row)


def _does(row: list[str]) -> str:
    """Return what the commands of a line of /help do."""
    first = COMMANDS[row[0]]
    return first.together if len(row) > 1 else first.does


def _further(rank: Rank) -> Iterator[str]:
    """Yield the names of what not everybody may use, but somebody of that rank."""
    names = [name for name, command in COMMANDS.items() if Rank.GUEST < command.rank <= rank]
    if names:
        text = f"Also yours: {' '.join(f'/{name}' for name in names)}"
        yield from textwrap.wrap(text, WIDTH, subsequent_indent="  ", break_on_hyphens=False)


def help_on(word: str, rank: Rank = Rank.GUEST) -> list[str]:
    """
    Return what there is to know of one command, also to somebody who may not use it.

    Raises:
        NotUnderstood: there is no such command.
    """
    word = word.removeprefix("/")
    name = find(word)
    if name is None:
        raise unknown(word, usable(rank))
    command = COMMANDS[name]
    lines = [f"{command.usage}: {command.does}.", f"For example: {command.example}"]
    if command.aliases:
        lines.append("The same: " + ", ".join(f"/{alias}" for alias in command.aliases))
    if not command.is_for(rank):
        lines.append(NEEDS[command.rank])
    return lines
