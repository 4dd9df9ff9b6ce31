"""What somebody types, as what our server is asked for (docs/json.md). No I/O."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from tcpchat import operator_requests as o
from tcpchat import requests as r
from tcpchat.limits import LONGEST_LINE
from tcpchat.messages import pasted

KINDS: dict[type[r.Request], str] = {
    r.Say: "say", r.Act: "me", r.ChooseNick: "nick", r.TakeNick: "as", r.Quit: "quit", r.Help: "help",
    r.Join: "join", r.Leave: "leave", r.ListRooms: "rooms", r.Topic: "topic", r.Who: "who", r.WhoIs: "whois",
    r.Tell: "msg", r.Reply: "reply", r.History: "history", r.Search: "search", r.More: "more", r.Seen: "seen",
    r.Away: "away", r.Back: "back", r.Ignore: "ignore", r.Unignore: "unignore", r.Set: "set",
    r.Register: "register", r.Login: "login", r.ChangePassword: "password", r.Unregister: "unregister",
    r.ReplyTo: "re", r.Edit: "edit", r.Remove: "rm", r.Context: "context", o.Report: "report", o.Op: "op",
    o.Deop: "deop", o.Kick: "kick", o.Ban: "ban", o.Unban: "unban", o.Mute: "mute", o.Unmute: "unmute",
    o.Slow: "slow", o.Lock: "lock", o.Unlock: "unlock", o.Invite: "invite", o.Lockdown: "lockdown",
    o.Reload: "reload", o.Announce: "announce",
}  # fmt: skip

# Fields that a request calls otherwise than JSON does.
NAMES = {("msg", "nick"): "to", ("history", "lines"): "limit", ("search", "lines"): "limit"}

# What the client does itself, all the time or on its own.
NEEDLESS = {
    r.Hold: "/hold is not needed here: no line breaks the one that you type.",
    r.Go: "/go is not needed here: nothing is held.",
    r.Resume: "/resume is not needed here: a broken connection comes back by itself.",
    r.SpeakJson: "/json is not needed here: it is spoken already.",
}

# Passwords that are asked for if they were left out: our server does so only where no JSON is spoken.
PASSWORDS = {
    "login": ("password",), "register": ("password",), "unregister": ("password",),
    "password": ("old", "new"),
}  # fmt: skip
QUESTIONS = {"password": "Password:", "old": "Old password:", "new": "New password:"}

# What a request may be called at the longest.
LONGEST_NUMBER = "9999999"

# Without a room this is about all rooms that one is in.
IN_ALL_ROOMS = "search"


class Wish(NamedTuple):
    """What is to be asked for."""

    kind: str
    fields: dict[str, Any]


def wish(line: str, room: str) -> Wish | None:
    """
    Return what a line asks for, of one line or several; None if there is nothing in it.

    ``room`` is where it was typed: what names no room is about that one.

    Raises:
        Refused: it asks for nothing that there is, or that is done here.
    """
    if "\n" in line:
        return _sendable(Wish("say", {"text": pasted(line.split("\n")), "room": room}))
    from tcpchat.commands import parse  # a prompt does not wait for all that this imports

    request = parse(line)
    if request is None:
        return None
    kind = type(request)
    if kind in NEEDLESS:
        raise r.NotUnderstood(NEEDLESS[kind])
    if kind is r.Paste:
        return Wish("paste", {})
    if isinstance(request, o.Hide):
        return Wish("hide" if request.hidden else "unhide", {"room": request.room or room})
    name = KINDS[kind]
    fields = {NAMES.get((name, each), each): getattr(request, each) for each in request.__struct_fields__}
    if fields.get("room") == "" and name != IN_ALL_ROOMS:
        fields["room"] = room
    given = {each: value for each, value in fields.items() if value not in (None, "", False)}
    return _sendable(Wish(name, given))


def _sendable(wanted: Wish) -> Wish:
    """Refuse what our server would: all but the text, whose length was seen to, is no longer than a line."""
    sent = {"type": wanted.kind, "ref": LONGEST_NUMBER, **wanted.fields, "text": ""}
    if len(json.dumps(sent, ensure_ascii=False).encode(errors="replace")) > LONGEST_LINE:
        raise r.Refused(f"That line is longer than {LONGEST_LINE} bytes and was not sent.", "too-long")
    return wanted


def missing(wanted: Wish) -> str:
    """Return the field of a password that was left out, and is to be asked for; empty if there is none."""
    return next((field for field in PASSWORDS.get(wanted.kind, ()) if field not in wanted.fields), "")


def seen(line: str) -> str:
    """Return as much of a line as may be seen while it waits: no password."""
    command = line.split(maxsplit=1)[0] if line.startswith("/") else ""
    return command if command[1:].casefold() in PASSWORDS else line


class Typing:
    """Lines that come one after the other, among which may be a ``/paste``."""

    def __init__(self) -> None:
        self._pasted: list[str] | None = None

    def take(self, line: str, room: str) -> Wish | None:
        """
        Return what a line asks for, None if more has to come.

        Raises:
            Refused: as `wish`.
        """
        if self._pasted is None:
            wanted = wish(line, room)
            if wanted is None or wanted.kind != "paste":
                return wanted
            self._pasted = []
            return None
        if line != ".":
            self._pasted.append(line)
            return None
        return self.end(room)

    def end(self, room: str) -> Wish | None:
        """
        Return what is asked for though its end is missing, at the end of all input.

        Raises:
            Refused: as `wish`.
        """
        lines, self._pasted = self._pasted, None
        return _sendable(Wish("say", {"text": pasted(lines), "room": room})) if lines else None
