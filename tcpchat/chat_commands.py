"""What everybody can ask for: the rows of the table of commands for that. No I/O."""

from __future__ import annotations

from tcpchat.command import BLANKS, MOST_DIGITS, Command, Rank, alone, number, one_word, split, word
from tcpchat.messages import remark, text
from tcpchat.operator_requests import Report
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


def _any_word(rest: str) -> str:
    return one_word(rest) if rest.strip(BLANKS) else ""


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
        "/nick NICK", "choose your name", "/nick bob", lambda rest: ChooseNick(word(rest)), nameless=True,
        together="choose your name; or NICK2 if it is taken",
    ),
    "as": Command(
        "/as NICK", "take a name, or NICK2, NICK3 if it is taken", "/as ci-bot",
        lambda rest: TakeNick(word(rest)), nameless=True, beside="nick",
    ),
    "me": Command(
        "/me ACTION", "say what you do", "/me waves", lambda rest: Act(text(rest)),
        together="say what you do; say several lines at once",
    ),
    "paste": Command(
        "/paste", "say several lines, up to one with a dot alone", "/paste",
        lambda rest: alone(rest, Paste()), beside="me",
    ),
    "msg": Command(
        "/msg NICK TEXT", "say something to one person only", "/msg alice hello", _tell, ("query", "w"),
        together="say something to one person only; answer",
    ),
    "reply": Command(
        "/reply TEXT", "answer the last private message", "/reply yes, at ten",
        lambda rest: Reply(text(rest)), beside="msg",
    ),
    "re": Command(
        "/re N TEXT", "answer the line with a number", "/re 1234 me too",
        lambda rest: ReplyTo(*_said_of(rest)), together="answer a line by its number; correct yours",
    ),
    "edit": Command(
        "/edit N TEXT", "correct a line of yours", "/edit 1234 at eleven", lambda rest: Edit(*_said_of(rest)),
        beside="re",
    ),
    "rm": Command(
        "/rm N", "take a line of yours back", "/rm 1234", lambda rest: Remove(_only_number(rest)),
        together="take your line back; show what is around one",
    ),
    "context": Command(
        "/context N", "show what was said around a line", "/context 1234",
        lambda rest: Context(_only_number(rest)), beside="rm",
    ),
    "report": Command(
        "/report N REASON", "tell the server's operators of a line", "/report 1234 insults", _report
    ),
    "join": Command(
        "/join #ROOM", "go to a room; it is made if it is new", "/join #dev", _join, ("j",),
        together="go to a room, a new one if need be; out of it",
    ),
    "leave": Command(
        "/leave [#ROOM]", "leave this room, or another", "/leave #dev",
        lambda rest: Leave(_any_word(rest)), ("part",), beside="join",
    ),
    "rooms": Command(
        "/rooms", "list the rooms", "/rooms", lambda rest: alone(rest, ListRooms()), ("list",),
        together="list the rooms; what this one is about",
    ),
    "topic": Command(
        "/topic [TEXT]", "show or set what this room is about", "/topic release on Friday",
        lambda rest: Topic(remark(rest)), beside="rooms",
    ),
    "who": Command(
        "/who [#ROOM]", "list the people here, or in a room", "/who #dev",
        lambda rest: Who(_any_word(rest)), ("names",),
        together="list the people here; tell about one",
    ),
    "whois": Command(
        "/whois NICK", "tell about one person", "/whois alice", lambda rest: WhoIs(one_word(rest)),
        beside="who",
    ),
    "seen": Command(
        "/seen NICK", "tell when somebody was last here", "/seen alice", lambda rest: Seen(one_word(rest))
    ),
    "history": Command(
        "/history [N] [#ROOM]", "show the last lines", "/history 50", _history,
        together="show the last lines; the page before",
    ),
    "more": Command(
        "/more", "show the page before, or more of a list", "/more", lambda rest: alone(rest, More()),
        beside="history",
    ),
    "search": Command(
        "/search WORDS", "find words, \"a phrase\", from:NICK, in:#ROOM",
        "/search \"build failed\" from:ci-bot", lambda rest: Search(text(rest)),
    ),
    "hold": Command(
        "/hold", "be shown nothing while you type, until /go", "/hold", lambda rest: alone(rest, Hold()),
        together="be shown nothing while you type; everything",
    ),
    "go": Command(
        "/go", "be shown all that was held", "/go", lambda rest: alone(rest, Go()), beside="hold"
    ),
    "away": Command(
        "/away [TEXT]", "let others know that you are away", "/away lunch",
        lambda rest: Away(remark(rest)), together="let others know that you are away; or back",
    ),
    "back": Command(
        "/back", "you are here again", "/back", lambda rest: alone(rest, Back()), beside="away"
    ),
    "ignore": Command(
        "/ignore NICK", "no longer hear somebody", "/ignore eve", lambda rest: Ignore(one_word(rest)),
        together="no longer hear somebody; or again",
    ),
    "unignore": Command(
        "/unignore NICK", "hear somebody again", "/unignore eve", lambda rest: Unignore(one_word(rest)),
        beside="ignore",
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
    "resume": Command(
        "/resume CODE [NUMBER]", "come back after a break", "/resume fig-42-moss-lamp", _resume, nameless=True
    ),
    "set": Command(
        "/set [NAME VALUE]", "show or change your settings", "/set timezone Europe/Paris", _set, nameless=True
    ),
    "help": Command(
        "/help [COMMAND]", "list the commands, or tell about one", "/help msg",
        lambda rest: Help(clean(rest).strip()), ("?",), nameless=True,
    ),
    "quit": Command(
        "/quit [REASON]", "leave the chat", "/quit see you tomorrow",
        lambda rest: Quit(remark(rest)), ("exit",), nameless=True,
        together="leave the chat; JSON lines, for programs",
    ),
    "json": Command(
        "/json", "be shown JSON lines, for programs", "/json", lambda rest: alone(rest, SpeakJson()),
        nameless=True, beside="quit",
    ),
}  # fmt: skip
