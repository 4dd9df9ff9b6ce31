"""What a person can ask for: the table of commands, and what a line asks. No I/O."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from typing import NamedTuple

from tcpchat import passwords
from tcpchat.echo import echo
from tcpchat.messages import message, remark, text
from tcpchat.requests import (
    Act,
    Away,
    Back,
    ChooseNick,
    Go,
    Help,
    History,
    Hold,
    Ignore,
    Join,
    Leave,
    ListRooms,
    More,
    NotUnderstood,
    Paste,
    Quit,
    Reply,
    Request,
    Resume,
    Say,
    Search,
    Seen,
    Set,
    SpeakJson,
    TakeNick,
    Tell,
    Topic,
    Unignore,
    Who,
    WhoIs,
)
from tcpchat.text import clean

# Of the number of an entry.
MOST_DIGITS = 18

# What may stand around a name. Everything else that is blank is part of it, and judged there.
BLANKS = " \t\r"


class Command(NamedTuple):
    """
    How a command is typed, what it does, and what it asks.

    ``make`` gets what stands behind the command. It raises ValueError if that is too little or
    of the wrong kind. ``beside`` names the command in whose line of /help this one stands too.
    """

    usage: str
    does: str
    example: str
    make: Callable[[str], Request]
    aliases: tuple[str, ...] = ()
    # Can it be used before a nickname is chosen?
    nameless: bool = False
    beside: str = ""


def _split(rest: str) -> tuple[str, str]:
    """Return the first word, and what comes behind it."""
    word, *more = re.split(r"\s+", rest, maxsplit=1)
    return word, more[0] if more else ""


def _word(rest: str) -> str:
    """Return a name that must not be empty. Whether it is one word is for names.py to say."""
    word = rest.strip(BLANKS)
    if not word:
        raise ValueError("a name is missing")
    return word


def _alone(rest: str, request: Request) -> Request:
    """Return a request that nothing may stand behind."""
    if rest.strip():
        raise ValueError("nothing belongs behind this command")
    return request


def _resume(rest: str) -> Resume:
    code, *number = rest.split()
    if len(number) > 1 or not all(word.isascii() and word.isdigit() for word in number):
        raise ValueError("neither a code nor a code and a number")
    return Resume(code, int(number[0][:MOST_DIGITS]) if number else None)


def _tell(rest: str) -> Tell:
    nick, said = _split(rest.strip())
    return Tell(_word(nick), text(said))


def _history(rest: str) -> History:
    lines: int | None = None
    room = ""
    for word in rest.split():
        if word.isascii() and word.isdigit() and len(word) < 10 and int(word) and lines is None:
            lines = int(word)
        elif not (word.isdigit() or word.startswith("-") or room):
            room = word
        else:
            raise ValueError("neither a number nor a room")
    return History(lines, room)


def _set(rest: str) -> Set:
    name, _, value = clean(rest).strip().partition(" ")
    return Set(name.lower(), value.strip())


COMMANDS = {
    "nick": Command(
        "/nick NICK", "choose your name", "/nick bob", lambda rest: ChooseNick(_word(rest)), nameless=True
    ),
    "as": Command(
        "/as NICK", "take a name, or NICK2, NICK3 if it is taken", "/as ci-bot",
        lambda rest: TakeNick(_word(rest)), nameless=True,
    ),
    "me": Command("/me ACTION", "say what you do", "/me waves", lambda rest: Act(text(rest))),
    "msg": Command(
        "/msg NICK TEXT", "say something to one person only, or answer", "/msg alice hello", _tell,
        ("query", "w"),
    ),
    "reply": Command(
        "/reply TEXT", "answer the last private message", "/reply yes, at ten",
        lambda rest: Reply(text(rest)), beside="msg",
    ),
    "join": Command(
        "/join #ROOM", "go to a room; it is made if it is new", "/join #dev",
        lambda rest: Join(_word(rest)), ("j",),
    ),
    "leave": Command(
        "/leave [#ROOM]", "leave this room, or another", "/leave #dev",
        lambda rest: Leave(rest.strip(BLANKS)), ("part",),
    ),
    "rooms": Command("/rooms", "list the rooms", "/rooms", lambda rest: _alone(rest, ListRooms()), ("list",)),
    "topic": Command(
        "/topic [TEXT]", "show or set what this room is about", "/topic release on Friday",
        lambda rest: Topic(remark(rest)),
    ),
    "who": Command(
        "/who [#ROOM]", "list the people here, or in a room", "/who #dev",
        lambda rest: Who(rest.strip(BLANKS)), ("names",),
    ),
    "whois": Command(
        "/whois NICK", "tell about one person", "/whois alice", lambda rest: WhoIs(_word(rest))
    ),
    "history": Command(
        "/history [N] [#ROOM]", "show the last lines; the page before", "/history 50", _history
    ),
    "search": Command(
        "/search WORDS", "find words, \"a phrase\", from:NICK, in:#ROOM",
        "/search \"build failed\" from:ci-bot", lambda rest: Search(text(rest)),
    ),
    "more": Command(
        "/more", "show the page before, or more of a list", "/more", lambda rest: _alone(rest, More()),
        beside="history",
    ),
    "seen": Command(
        "/seen NICK", "tell when somebody was last here", "/seen alice", lambda rest: Seen(_word(rest))
    ),
    "paste": Command(
        "/paste", "say several lines, up to one with a dot alone", "/paste",
        lambda rest: _alone(rest, Paste()),
    ),
    "hold": Command(
        "/hold", "be shown nothing while you type, until /go", "/hold", lambda rest: _alone(rest, Hold())
    ),
    "go": Command(
        "/go", "be shown all that was held", "/go", lambda rest: _alone(rest, Go()), beside="hold"
    ),
    "away": Command(
        "/away [TEXT]", "let others know that you are away, or back", "/away lunch",
        lambda rest: Away(remark(rest)),
    ),
    "back": Command(
        "/back", "you are here again", "/back", lambda rest: _alone(rest, Back()), beside="away"
    ),
    "ignore": Command(
        "/ignore NICK", "no longer hear somebody, or again", "/ignore eve", lambda rest: Ignore(_word(rest))
    ),
    "unignore": Command(
        "/unignore NICK", "hear somebody again", "/unignore eve", lambda rest: Unignore(_word(rest)),
        beside="ignore",
    ),
    "set": Command(
        "/set [NAME VALUE]", "show or change your settings", "/set timezone Europe/Paris", _set, nameless=True
    ),
    "resume": Command(
        "/resume CODE [NUMBER]", "come back after a break", "/resume fig-42-moss-lamp", _resume, nameless=True
    ),
    "json": Command(
        "/json", "be shown JSON lines, for programs", "/json", lambda rest: _alone(rest, SpeakJson()),
        nameless=True,
    ),
    "help": Command(
        "/help [COMMAND]", "list the commands, or tell about one", "/help msg",
        lambda rest: Help(clean(rest).strip()), ("?",), nameless=True,
    ),
    "quit": Command(
        "/quit [REASON]", "leave the chat", "/quit see you tomorrow",
        lambda rest: Quit(remark(rest)), ("exit",), nameless=True,
    ),
}  # fmt: skip

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
        return ChooseNick(line.strip(BLANKS)) if nameless else Say(passwords.said(shown))
    if shown.startswith("//") and not nameless:
        return Say(shown[1:])
    # Names are judged as they were typed, not as cleaned.
    word, rest = _split((line if line.startswith("/") else shown)[1:])
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
