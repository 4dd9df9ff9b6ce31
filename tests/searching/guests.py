"""People who come and go, and remember what they need in order to come back. No I/O."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from tests.searching.network import Link
from tests.searching.witness import Line, Witness

# What the ids of sessions begin with, but not those of connections.
SESSION = "s"

REGISTERED = re.compile(r"You are registered as (\S+)\.")
CODE = re.compile(r"/resume (\S+) brings you back")


def session_over(link: Link) -> tuple[str, str]:
    """
    Return the session over a connection, and the person.

    They are nothing before there is one, when it has another kind of id.
    """
    dialogue = getattr(link.protocol, "dialogue", None)
    if dialogue is None or not str(dialogue.reader.session).startswith(SESSION):
        return "", ""
    return str(dialogue.reader.session), str(dialogue.reader.person)


@dataclass
class Guest:
    """Somebody's terminal, over all of its connections; ``owner`` may have several."""

    number: int
    owner: int
    link: Link | None = None
    witness: Witness = field(default_factory=Witness)
    code: str = ""
    token: str = ""
    speaks_json: bool = False
    after: dict[str, int] = field(default_factory=dict)  # the last entry that has arrived, by room
    asked: dict[str, bytes] = field(default_factory=dict)  # what was not answered yet, by reference
    is_holding: bool = False
    registered: str = ""  # the nickname
    rest: bytes = b""  # of what is typed and has not been sent yet

    @property
    def session(self) -> str:
        """The session over this connection, if there is one."""
        return session_over(self.link)[0] if self.link else ""

    @property
    def person(self) -> str:
        """Who one is over this connection."""
        return session_over(self.link)[1] if self.link else ""

    @property
    def is_connected(self) -> bool:
        """Can something be typed, and everything be read?"""
        link = self.link
        return link is not None and not (link.is_closed or link.was_reset or link.has_ended or link.is_shut)

    def connects(self, link: Link) -> None:
        """Begin anew over another connection."""
        self.link, self.witness = link, Witness(self.number)
        self.speaks_json = self.is_holding = False
        self.rest = b""

    def types(self, *lines: str, kept_back: int = 0) -> None:
        """Type lines, of which the end is not sent before something else is typed."""
        if self.link is None:
            return
        self.speaks_json |= "/json" in lines
        data = self.rest + "".join(f"{line}\r\n" for line in lines).encode()
        size = max(0, len(data) - kept_back)
        self.link.types(data[:size])
        self.rest = data[size:]

    def asks(self, ref: str, **fields: Any) -> None:
        """Ask for something as a program does, so that it can be asked for again."""
        line = json.dumps(fields | {"ref": ref})
        self.asked[ref] = line.encode()
        self.types(line)

    def comes_back(self, by: str) -> bool:
        """Take up the session, over a new connection, by a code, or as a program; tell whether one can."""
        secret = {"code": self.code, "token": self.token, "after": self.token}[by]
        if not secret:
            return False
        if by == "code":
            self.types(f"/resume {secret}")
        else:
            fields = {"type": "resume", "session": secret} | ({"after": self.after} if by == "after" else {})
            self.speaks_json = True
            self.types(json.dumps(fields), *(line.decode() for line in self.asked.values()))
        return True

    def reads(self, line: Line) -> None:
        """A line has arrived."""
        if line.fields is None:
            if found := REGISTERED.search(line.text):
                self.registered = found[1]
            if found := CODE.search(line.text):
                self.code, self.token, self.after = found[1], "", {}
            return
        fields = line.fields
        match fields["type"]:
            case "notice" if found := REGISTERED.search(fields["text"]):
                self.registered = found[1]
            case "welcome":
                if fields["session"] != self.token:
                    self.code, self.token, self.after = fields["code"] or self.code, fields["session"], {}
                # What one has oneself is more, where the server goes on from what was acknowledged.
                self.after = dict(fields["after"]) | self.after
            case "ok" | "error":
                self.asked.pop(fields.get("ref", ""), None)
        if "seq" in fields and "room" in fields:
            room, seq = fields["room"], fields["seq"]
            if line.is_live or seq == self.after.get(room, 0) + 1:
                self.after[room] = seq
