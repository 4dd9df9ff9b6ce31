"""What everybody can ask for: the rows of the table of commands for that. No I/O."""

from __future__ import annotations

from tcpchat.command import BLANKS, MOST_DIGITS, Command, Rank, alone, number, split, word
from tcpchat.messages import remark, text
from tcpchat.requests import (
    Act,
    Away,
    Back,
    ChangePassword,
    ChooseNick,
    Context,
    Edit,
    Go,
    Help,
    History,
    Hold,
    Ignore,
    Join,
    Leave,
    ListRooms,
    Login,
    More,
    Paste,
    Quit,
    Register,
    Remove,
    Reply,
    ReplyTo,
    Report,
    Resume,
    Search,
    Seen,
    Set,
    SpeakJson,
    TakeNick,
    Tell,
    Topic,
    Unignore,
    Unregister,
    Who,
    WhoIs,
)
from tcpchat.text import clean


def _resume(rest: str) -> Resume:
    code, *seq = rest.split()
    if len(seq) > 1 or not all(each.isascii() and each.isdigit() for each in seq):
        raise ValueError("neither a code nor a code and a number")
    return Resume(code, int(seq[0][:MOST_DIGITS]) if seq else None)


def _tell(rest: str) -> Tell:
    nick, said = split(rest.strip())
    return Tell(word(nick), text(said))


def _history(rest: str) -> History:
    lines: int | None = None
    room = ""
    for part in rest.split():
        if part.isascii() and part.isdigit() and len(part) < 10 and int(part) and lines is None:
            lines = int(part)
        elif not (part.isdigit() or part.startswith("-") or room):
            room = part
        else:
            raise ValueError("neither a number nor a room")
    return History(lines, room)


def _set(rest: str) -> Set:
    name, _, value = clean(rest).strip().partition(" ")
    return Set(name.lower(), value.strip())


def _join(rest: str) -> Join:
    room, password = split(word(rest))
    # A name of several words is none, which is for names.py to say; a password has no blanks.
    return Join(room, password) if len(rest.split()) == 2 else Join(word(rest))


def _passwords(rest: str) -> tuple[str, str]:
    words = rest.split()
    old, new = words + [""] * (2 - len(words))  # what is missing is asked for
    return old, new


def _login(rest: str) -> Login:
    nick, *password = rest.split()
    if len(password) > 1:
        raise ValueError("a password has no blanks")
    return Login(nick, *password)


def _password(rest: str) -> str:
    (password,) = rest.split() or ("",)  # it is asked for then
    return password


def _said_of(rest: str) -> tuple[int, str]:
    about, said = number(rest)
    return about, text(said)


def _only_number(rest: str) -> int:
    about, behind = number(rest)
    if behind.strip():
        raise ValueError("nothing belongs behind the number")
    return about


def _report(rest: str) -> Report:
    about, reason = number(rest)
    reason = remark(reason)
    if not reason:
        raise ValueError("the reason is missing")
    return Report(about, reason)


CHAT = {
    "nick": Command(
        "/nick NICK", "choose your name", "/nick bob", lambda rest: ChooseNick(word(rest)), nameless=True
    ),
    "as": Command(
        "/as NICK", "take a name, or NICK2, NICK3 if it is taken", "/as ci-bot",
        lambda rest: TakeNick(word(rest)), nameless=True,
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
        _join, ("j",),
    ),
    "leave": Command(
        "/leave [#ROOM]", "leave this room, or another", "/leave #dev",
        lambda rest: Leave(rest.strip(BLANKS)), ("part",),
    ),
    "rooms": Command("/rooms", "list the rooms", "/rooms", lambda rest: alone(rest, ListRooms()), ("list",)),
    "topic": Command(
        "/topic [TEXT]", "show or set what this room is about", "/topic release on Friday",
        lambda rest: Topic(remark(rest)),
    ),
    "who": Command(
        "/who [#ROOM]", "list the people here, or in a room", "/who #dev",
        lambda rest: Who(rest.strip(BLANKS)), ("names",),
    ),
    "whois": Command(
        "/whois NICK", "tell about one person", "/whois alice", lambda rest: WhoIs(word(rest))
    ),
    "history": Command(
        "/history [N] [#ROOM]", "show the last lines; the page before", "/history 50", _history
    ),
    "search": Command(
        "/search WORDS", "find words, \"a phrase\", from:NICK, in:#ROOM",
        "/search \"build failed\" from:ci-bot", lambda rest: Search(text(rest)),
    ),
    "more": Command(
        "/more", "show the page before, or more of a list", "/more", lambda rest: alone(rest, More()),
        beside="history",
    ),
    "seen": Command(
        "/seen NICK", "tell when somebody was last here", "/seen alice", lambda rest: Seen(word(rest))
    ),
    "paste": Command(
        "/paste", "say several lines, up to one with a dot alone", "/paste",
        lambda rest: alone(rest, Paste()),
    ),
    "hold": Command(
        "/hold", "be shown nothing while you type, until /go", "/hold", lambda rest: alone(rest, Hold())
    ),
    "go": Command(
        "/go", "be shown all that was held", "/go", lambda rest: alone(rest, Go()), beside="hold"
    ),
    "away": Command(
        "/away [TEXT]", "let others know that you are away, or back", "/away lunch",
        lambda rest: Away(remark(rest)),
    ),
    "back": Command(
        "/back", "you are here again", "/back", lambda rest: alone(rest, Back()), beside="away"
    ),
    "ignore": Command(
        "/ignore NICK", "no longer hear somebody, or again", "/ignore eve", lambda rest: Ignore(word(rest))
    ),
    "unignore": Command(
        "/unignore NICK", "hear somebody again", "/unignore eve", lambda rest: Unignore(word(rest)),
        beside="ignore",
    ),
    "set": Command(
        "/set [NAME VALUE]", "show or change your settings", "/set timezone Europe/Paris", _set, nameless=True
    ),
    "register": Command(
        "/register [PASSWORD]", "keep your nickname: have an account", "/register correct-horse",
        lambda rest: Register(_password(rest)),
    ),
    "login": Command(
        "/login NICK [PASSWORD]", "come in as whom you have registered", "/login bob correct-horse", _login,
        ("identify",), nameless=True,
    ),
    "password": Command(
        "/password [OLD NEW]", "change your account's password", "/password correct-horse battery-staple",
        lambda rest: ChangePassword(*_passwords(rest)), ("passwd",), rank=Rank.ACCOUNT,
    ),
    "unregister": Command(
        "/unregister [PASSWORD]", "give your account up", "/unregister correct-horse",
        lambda rest: Unregister(_password(rest)), rank=Rank.ACCOUNT,
    ),
    "re": Command(
        "/re N TEXT", "answer the line with a number, or correct yours", "/re 1234 me too",
        lambda rest: ReplyTo(*_said_of(rest)),
    ),
    "edit": Command(
        "/edit N TEXT", "correct a line of yours", "/edit 1234 at eleven", lambda rest: Edit(*_said_of(rest)),
        beside="re",
    ),
    "rm": Command(
        "/rm N", "take a line of yours back; show what is around one", "/rm 1234",
        lambda rest: Remove(_only_number(rest)),
    ),
    "context": Command(
        "/context N", "show what was said around a line", "/context 1234",
        lambda rest: Context(_only_number(rest)), beside="rm",
    ),
    "report": Command(
        "/report N REASON", "tell the server's operators of a line", "/report 1234 insults", _report
    ),
    "resume": Command(
        "/resume CODE [NUMBER]", "come back after a break", "/resume fig-42-moss-lamp", _resume, nameless=True
    ),
    "json": Command(
        "/json", "be shown JSON lines, for programs", "/json", lambda rest: alone(rest, SpeakJson()),
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
