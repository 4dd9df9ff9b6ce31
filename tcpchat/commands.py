"""What a person can ask for: the table of commands, and what a line asks. No I/O."""

from __future__ import annotations

import difflib

from tcpchat import passwords
from tcpchat.chat_commands import CHAT
from tcpchat.command import BLANKS, Command, split
from tcpchat.echo import echo
from tcpchat.messages import message
from tcpchat.operator_commands import MODERATION
from tcpchat.requests import ChooseNick, NotUnderstood, Request, Say
from tcpchat.text import clean

COMMANDS: dict[str, Command] = CHAT | MODERATION

ALIASES = {alias: name for name, command in COMMANDS.items() for alias in command.aliases}


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


def parse(line: str, nameless: bool = False) -> Request | None:
    """
    Return what a line asks for, or None if there is nothing in it.

    With ``nameless`` the line comes from somebody without a nickname: few commands are known,
    and every other line is taken as one.

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
    return _parse_command(clean(word), rest, nameless)


def _parse_command(word: str, rest: str, nameless: bool) -> Request:
    name = find(word)
    if name is None or (nameless and not COMMANDS[name].nameless):
        commands = {word: COMMANDS[ALIASES.get(word, word)] for word in (*COMMANDS, *ALIASES)}
        known = [word for word, command in commands.items() if command.nameless or not nameless]
        # /help has just listed it, and the answer that there is none would be all that a newcomer is told.
        raise unknown(word, known, f"/{name} works once you have a nickname." if name else "")
    command = COMMANDS[name]
    try:
        return command.make(rest)
    except ValueError:
        raise NotUnderstood(f"It is used like this: {command.usage}") from None


def help_lines() -> list[str]:
    """Return all commands, few lines, some with another one that belongs to it."""
    usages: dict[str, list[str]] = {}
    for name, command in COMMANDS.items():
        usages.setdefault(command.beside or name, []).append(command.usage)
    return [f"{' · '.join(usage):<31}{COMMANDS[name].does}" for name, usage in usages.items()]


def help_on(word: str) -> list[str]:
    """
    Return what there is to know of one command.

    Raises:
        NotUnderstood: there is no such command.
    """
    word = word.removeprefix("/")
    name = find(word)
    if name is None:
        raise unknown(word, [*COMMANDS, *ALIASES])
    command = COMMANDS[name]
    lines = [f"{command.usage}: {command.does}.", f"For example: {command.example}"]
    if command.aliases:
        lines.append("The same: " + ", ".join(f"/{alias}" for alias in command.aliases))
    return lines
