"""
What is said with our server in JSON lines (docs/json.md), over one connection after another. No I/O.

Nothing is lost, and nothing is said twice: what is asked for is kept until it is answered, and sent
again under its ``ref`` over the next connection; that one goes on behind the last entry of each room.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from tcpchat.client.happenings import (
    Answer,
    Caught,
    Done,
    Entered,
    Entry,
    Fields,
    Gap,
    Gone,
    Happening,
    Hole,
    Line,
    NickWanted,
    Online,
    Refusal,
    Unknown,
    named,
)
from tcpchat.client.limits import MOST_ON_THE_WAY

QUESTION = "*** What is your nickname?"

# What this module asks for itself; the refs of others are numbers.
NAME, RESUME = "name", "resume"


class NotJson(Exception):
    """What came is not what our server says."""


@dataclass(slots=True)
class Asked:
    """A request without its answer."""

    fields: dict[str, Any]
    was_sent: bool = False  # may the server have it, from whichever connection?
    is_on_the_way: bool = False  # over this connection


class Conversation:
    """Who somebody is for the server, how far they have read each room, and what is not answered yet."""

    def __init__(self, nicks: Sequence[str] = ()) -> None:
        """``nicks`` are asked for one after the other, or their variants (``/as``); none: it is asked for."""
        self.nick = ""
        self.rooms: list[str] = []  # with their signs, in the order of coming in
        self.after: dict[str, int] = {}  # the last entry of each room, by its name in JSON
        self.asked: dict[str, Asked] = {}
        self.is_online = False
        self.is_begun = False  # is the question for a nickname there, or was it answered before?
        self._nicks = list(nicks)
        self._token = ""
        self._epoch = ""
        self._left_at: dict[str, int] = {}  # in rooms of a session that was lost: the last entry known
        self._missed = -1  # entries since coming back; -1: nothing is missing
        self._joining = ""  # the room of the last answer to a `join`
        self._is_retrying = False
        self._refs = 0
        self._to_send = b""

    def outgoing(self) -> bytes:
        """Return what is to be sent now, and forget that."""
        if self.is_online and not self._is_retrying:
            # They are asked in order, so those on the way are the first ones.
            for asked in islice(self.asked.values(), MOST_ON_THE_WAY):
                if not asked.is_on_the_way:
                    asked.was_sent = asked.is_on_the_way = True
                    self._send(asked.fields)
        data, self._to_send = self._to_send, b""
        return data

    def ask(self, kind: str, **fields: Any) -> str:
        """Ask for something, now or as soon as there is a session; return what it is called in its answer."""
        self._refs += 1
        ref = str(self._refs)
        self.asked[ref] = Asked({"type": kind, "ref": ref, **fields})
        return ref

    def choose(self, nick: str) -> None:
        """Answer that a nickname is wanted."""
        self._send({"type": "nick", "nick": nick, "ref": NAME})

    def ask_again(self) -> None:
        """Send what could not be written to the server's log again: some time has passed."""
        self._is_retrying = False
        self._send_all_again()

    def _send_all_again(self) -> None:
        for asked in self.asked.values():
            asked.is_on_the_way = False

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
            self._send({"type": "resume", "session": self._token, "after": self.after, "ref": RESUME})
        else:
            self._to_send += b"/json\n"
            yield from self._introduce("Choose a nickname.")

    def quiet(self) -> Iterator[Happening]:
        """Nothing has come for a moment: what was missed is there."""
        if self._missed >= 0:
            yield Caught(self._missed)
            self._missed = -1

    def take(self, line: bytes) -> Iterator[Happening]:
        """
        Take in a line of the server's.

        Raises:
            NotJson: it is a line that our server does not send.
        """
        if not line.startswith(b"{"):
            text = line.decode(errors="replace")
            if text == QUESTION and not self.is_begun:
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
                if asked := self.asked.pop(it.get("ref", ""), None):
                    yield from self._moved(asked.fields, it.get("seq"))
                    yield Done(it["ref"], it.get("seq"))
            case "error":
                yield from self._refused(it)
            case "gap":
                room, before = it["room"], int(it["before"])
                yield Gap(named(room), int(it["after"]), before)
                self._read(room, before - 1)
            case _ if "seq" in it and "room" in it:
                yield from self._entry(it)
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
        """Ask for the next nickname that may do, or have one chosen."""
        if self.nick or self._nicks:
            self._send({"type": "as", "nick": self.nick or self._nicks[0], "ref": NAME})
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
        if is_login or it["epoch"] != self._epoch:  # numbers of another log, or person, mean nothing
            self.after.clear()
            self._left_at.clear()
            self._epoch = it["epoch"]
        elif is_new:
            self._left_at |= self.after
            self.after.clear()
        before, self.rooms = self.rooms, []
        room = named(it["room"]) if it["room"] else ""
        yield Online(self.nick, room, tuple(it["people"]), int(it["others"]), is_back, is_new)
        for each, after in it["after"].items():
            if is_back:
                after = max(after, self.after.get(each, 0))
            yield from self._enter(each, int(after), before)
        gone = [each for each in before if each not in rooms]
        if is_new:
            # Before anything else is said there.
            waiting, self.asked = self.asked, {}
            for each in gone:
                self.ask("join", room=each)
            self.asked |= waiting
        else:
            for each in gone:
                yield Gone(each)
        self._missed = 0 if is_back else -1
        if not is_login:
            self._send_all_again()

    def _enter(self, room: str, after: int, before: Sequence[str] = ()) -> Iterator[Happening]:
        name = named(room)
        if room != "@" and name not in self.rooms:
            self.rooms.append(name)
            if name not in before:
                yield Entered(name)
        self._read(room, after)
        left_at = self._left_at.pop(room, after)
        if left_at < after and room != "@":  # another session has another inbox
            yield Hole(name, left_at, after + 1)

    def _read(self, room: str, seq: int) -> None:
        self.after[room] = max(seq, self.after.get(room, 0))

    def _entry(self, it: Fields) -> Iterator[Happening]:
        room, seq, kind = it["room"], int(it["seq"]), it["type"]
        is_past = bool(it.get("replay"))
        name = named(room)
        if not is_past:
            if seq <= self.after.get(room, 0):
                return
            if kind == "joined" and it["nick"] == self.nick and name not in self.rooms:
                yield from self._enter(room, seq - 1)
            if self._missed >= 0:
                self._missed += 1
        if room in self.after:
            self._read(room, seq)
        yield Entry(it)
        if is_past:
            return
        if kind == "renamed" and it["old"] == self.nick:
            self.nick = it["new"]
        elif kind in ("left", "kicked", "banned") and it["nick"] == self.nick:
            yield from self._leave(room)

    def _leave(self, room: str) -> Iterator[Happening]:
        self.after.pop(room, None)
        if named(room) in self.rooms:
            self.rooms.remove(named(room))
            yield Gone(named(room))

    def _moved(self, asked: Fields, seq: int | None) -> Iterator[Happening]:
        """Go into a room, or out of one: with some settings its entry says nothing of that."""
        if asked["type"] == "join" and seq:
            yield from self._enter(self._joining, seq)
        elif asked["type"] == "leave":
            left = str(asked.get("room", "")).removeprefix("#").casefold()
            for room in [room for room in self.after if room.casefold() == left]:
                yield from self._leave(room)

    def _refused(self, it: Fields) -> Iterator[Happening]:
        ref, code, text = it.get("ref", ""), it["code"], it["text"]
        if ref == RESUME and code == "bad-session":
            yield from self._lose()
        elif ref == NAME:
            if self._token:
                yield Refusal(ref, code, text)
            else:
                self.nick = ""
                self._nicks = self._nicks[1:]
                yield from self._introduce(text)
        elif ref in self.asked and code == "not-sent":
            self._is_retrying = True
        elif ref in self.asked:
            del self.asked[ref]
            yield Refusal(ref, code, text)
        elif ref != RESUME:
            yield Answer(it)

    def _lose(self) -> Iterator[Happening]:
        """The session is not known any more: begin another. What may have been done is not done again."""
        self._token = ""
        for ref in [ref for ref, asked in self.asked.items() if asked.was_sent]:
            yield Unknown(ref, self.asked.pop(ref).fields)
        yield from self._introduce("Choose a nickname.")

    def _send(self, fields: Fields) -> None:
        self._to_send += json.dumps(fields).encode() + b"\n"
