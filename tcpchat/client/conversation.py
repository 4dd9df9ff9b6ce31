"""
What is said with our server in JSON lines (docs/json.md), over one connection after another. No I/O.

Nothing is lost, and nothing is said twice: what is asked for is kept until it is answered, and sent
again under its ``ref`` over the next connection; that one goes on behind the last entry of each room.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from tcpchat.client.happenings import (
    COMPLAINT,
    Answer,
    Done,
    Fields,
    Gap,
    Gone,
    Happening,
    Line,
    NickWanted,
    Online,
    Refusal,
    Unknown,
    named,
)
from tcpchat.client.reading import MISSED, Reading
from tcpchat.client.seeing import Seeing
from tcpchat.client.unanswered import LOGIN
from tcpchat.requests import NotUnderstood

QUESTION = "*** What is your nickname?"

# How the lines begin that our server says before it asks for a nickname.
OURS = b"*** ", b"!!! "

# What this module asks for itself; the refs of others are numbers.
NAME, RESUME, PING = "name", "resume", "ping"


def may_be_ours(beginning: bytes) -> bool:
    """Does a line begin so, as far as it has come?"""
    return any(beginning.startswith(ours) or ours.startswith(beginning) for ours in OURS)


class NotJson(Exception):
    """What came is not what our server says."""


class Conversation(Reading):
    """Who somebody is for the server, how far they have read each room, and what is not answered yet."""

    def __init__(self, nicks: Sequence[str] = ()) -> None:
        """``nicks`` are asked for one after the other, or their variants (``/as``); none: it is asked for."""
        super().__init__()
        self.is_online = False
        self.is_begun = False  # is the question for a nickname there, or was it answered before?
        self.seeing = Seeing()
        self._nicks = list(nicks)
        self._wanted = ""  # the one that was asked for, until it is known whether it is to be had
        self._token = ""
        self._epoch = ""
        self._joining = ""  # the room of the last answer to a `join`
        self._is_retrying = False
        self._login: Fields = {}  # what has to be asked for to come in with one's account
        self._to_send = b""

    def outgoing(self) -> bytes:
        """Return what is to be sent now, and forget that."""
        if self.is_online and not self._is_retrying:
            for fields in self.asked.due():
                self._send(fields)
        data, self._to_send = self._to_send, b""
        return data

    def ask(self, kind: str, **fields: Any) -> str:
        """Ask for something, now or as soon as there is a session; return what it is called in its answer."""
        return self.asked.ask(kind, fields)

    def ping(self) -> None:
        """Ask whether the server is there. An older one does not know that, and answers as well."""
        if self.is_online:
            self._send({"type": "ping", "ref": PING})

    def choose(self, nick: str) -> None:
        """Answer that a nickname is wanted."""
        self._wanted = ""
        self._send({"type": "nick", "nick": nick, "ref": NAME})

    def ask_again(self) -> None:
        """Send what could not be written to the server's log again: some time has passed."""
        self._is_retrying = False
        if self.is_begun and not self.is_online:
            self._resume()
        self.asked.send_again()

    @property
    def is_to_ask_again(self) -> bool:
        """Can the server's log not be written now? `ask_again` is to be called in a while."""
        return self._is_retrying

    def broken(self) -> None:
        """The connection is over: what is on its way may be lost or not."""
        self.is_online = self.is_begun = self._is_retrying = False
        self._to_send = b""
        self._missed = -1

    def begin(self) -> Iterator[Happening]:
        """The server has asked for a nickname: say who one is."""
        self.is_begun = True
        if self._token:
            self._resume()
        else:
            self._to_send += b"/json\n"
            yield from self._introduce("Choose a nickname.")

    def _resume(self) -> None:
        self._send({"type": "resume", "session": self._token, "after": self.after, "ref": RESUME})

    def take(self, line: bytes) -> Iterator[Happening]:
        """
        Take in a line of the server's.

        Raises:
            NotJson: it is a line that our server does not send.
        """
        if not line.startswith(b"{"):
            text = line.decode(errors="replace")
            if text == QUESTION and not self.is_online:
                if not self.is_begun:
                    yield from self.begin()
            elif text.strip():
                yield Line(text)
            return
        try:
            it = json.loads(line)
            yield from self._take(it)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise NotJson(f"The server has sent a line that is none of tcpchat's: {error!r}") from error

    def _take(self, it: Fields) -> Iterator[Happening]:
        match it["type"]:
            case "welcome":
                yield from self._welcome(it)
            case "ok":
                ref = it.get("ref", "")
                asked = self.asked.pop(ref, None)
                if ref.startswith(MISSED):
                    yield from self.fetched(ref.removeprefix(MISSED))
                elif asked is not None:
                    self._note_account(asked.fields)
                    yield from self._see(asked.fields)
                    yield from self._moved(asked.fields, it.get("seq"))
                    yield Done(ref, it.get("seq"))
            case "error":
                yield from self._refused(it)
            case "gap":
                room, before = it["room"], int(it["before"])
                yield Gap(named(room), int(it["after"]), before)
                self.read(room, before - 1)
            case _ if "seq" in it and "room" in it:
                yield from self.entry(it)
            case "notice" if not self.is_online:
                pass  # the question for a nickname, which is answered
            case "join":
                self._joining = it["room"]
                yield Answer(it)
            case str():
                yield Answer(it)
            case kind:
                raise TypeError(f"the type is {kind!r}")

    def _introduce(self, why: str) -> Iterator[Happening]:
        """Log in as before, ask for the next nickname that may do, or have one chosen."""
        if self._login:
            self._send(self._login)
        elif self.nick or self._nicks:
            self._wanted = self.nick or self._nicks[0]
            self._send({"type": "as", "nick": self._wanted, "ref": NAME})
        else:
            yield NickWanted(why)

    def _welcome(self, it: Fields) -> Iterator[Happening]:
        is_back = it["session"] == self._token
        # Over the same connection it is because of a login: what is on the way is not lost.
        is_login, self.is_online = self.is_online, True
        is_new = bool(self._epoch) and not is_back and not is_login
        self.nick = it["nick"]
        self._token = it["session"]
        rooms = [named(room) for room in it["rooms"]]
        if is_login and (login := self.asked.logged_in()):
            self._login = {**login, "ref": NAME}
        self._has_account = bool(self._login)
        if is_login or it["epoch"] != self._epoch:  # numbers of another log, or person, mean nothing
            self.forget()
            self._epoch = it["epoch"]
        elif is_new:
            self.part()
        self._missed = 0 if is_back else -1
        before, self.rooms = self.rooms, []
        room = named(it["room"]) if it["room"] else ""
        wanted, self._wanted = self._wanted, ""
        if wanted.casefold() == self.nick.casefold():
            wanted = ""
        people, topic = tuple(it["people"]), it.get("topic", "")
        yield Online(self.nick, room, people, int(it["others"]), is_back, is_new, topic, wanted)
        if not is_login and (ref := self.asked.settle()):
            yield Done(ref, None)
        for each, after in it["after"].items():
            if is_back:
                after = max(after, self.after.get(each, 0))
            yield from self.enter(each, int(after), before)
        gone = [each for each in before if each not in rooms]
        for each in gone if not is_new else ():
            yield Gone(each)
        for each in reversed(gone) if is_new else ():  # before anything else is said there
            self.asked.ask_first(f"join {each}", "join", {"room": each})
        if not is_login:
            self.asked.send_again()

    def _moved(self, asked: Fields, seq: int | None) -> Iterator[Happening]:
        """Go into a room, or out of one: with some settings its entry says nothing of that."""
        if asked["type"] == "join" and seq:
            yield from self.enter(self._joining, seq)
        elif asked["type"] == "leave":
            left = str(asked.get("room", "")).removeprefix("#").casefold()
            for room in [room for room in self.after if room.casefold() == left]:
                yield from self.leave(room)

    def _see(self, asked: Fields) -> Iterator[Happening]:
        """Something was done: are lines to be seen otherwise now?"""
        try:
            self.seeing = self.seeing.changed(asked)
        except NotUnderstood as why:
            yield Line(f"{COMPLAINT}This computer shows its own times: {why}")

    def _note_account(self, asked: Fields) -> None:
        """Something was done: is it by something else now that one would log in again?"""
        match asked:
            case {"type": "register", "password": password}:
                self._login = {"type": LOGIN, "nick": self.nick, "password": password, "ref": NAME}
            case {"type": "password", "new": password} if self._login:
                self._login = {**self._login, "password": password}
            case {"type": "unregister"}:
                self._login = {}

    def _refused(self, it: Fields) -> Iterator[Happening]:
        ref, code, text = it.get("ref", ""), it["code"], it["text"]
        if not ref and code == "too-long":  # the server has not read what it is called
            ref = self.asked.longest()
        if ref == RESUME and code == "bad-session":
            yield from self._lose()
        elif ref == NAME:
            if self._token:
                yield Refusal(ref, code, text)
            elif self._login:
                self._login = {}
                yield Refusal(ref, code, text)
                yield from self._introduce(text)
            else:
                self.nick = ""
                self._nicks = self._nicks[1:]
                yield from self._introduce(text)
        elif (ref in self.asked or ref == RESUME) and code == "not-sent":
            self._is_retrying = True
        elif ref in self.asked:
            del self.asked[ref]
            if ref.startswith(MISSED):
                yield from self.fetched(ref.removeprefix(MISSED), is_refused=True)
            else:
                yield Refusal(ref, code, text)
        elif ref not in (RESUME, PING):
            yield Answer(it)

    def _lose(self) -> Iterator[Happening]:
        """The session is not known any more: begin another. What may have been done is not done again."""
        self._token = ""
        for ref, fields in self.asked.lose():
            yield Unknown(ref, fields)
        yield from self._introduce("Choose a nickname.")

    def _send(self, fields: Fields) -> None:
        self._to_send += json.dumps(fields, ensure_ascii=False).encode(errors="replace") + b"\n"
