"""What a program asks for in a JSON line, PROTOCOL.md section 6. No I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tcpchat.command import LONGEST_DURATION
from tcpchat.limits import LARGEST_CHARACTER, LONGEST_LINE, LONGEST_REF, MOST_HISTORY
from tcpchat.messages import message, remark, text
from tcpchat.operator_requests import (
    Announce,
    Ban,
    Deop,
    Hide,
    Invite,
    Kick,
    Lock,
    Lockdown,
    Mute,
    Op,
    Reload,
    Report,
    Slow,
    Unban,
    Unlock,
    Unmute,
)
from tcpchat.requests import (
    Act,
    Asked,
    Away,
    Back,
    ChangePassword,
    ChooseNick,
    Code,
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
    NotUnderstood,
    Quit,
    Refused,
    Register,
    Remove,
    Reply,
    ReplyTo,
    Request,
    Resume,
    Say,
    Search,
    Seen,
    Set,
    TakeNick,
    Tell,
    Topic,
    Unignore,
    Unregister,
    Who,
    WhoIs,
)
from tcpchat.text import clean


class BadRequest(NotUnderstood):
    """A JSON line asks for nothing that there is; ``ref`` is what it called itself, if that is known."""

    def __init__(self, text: str, code: Code, ref: str = "") -> None:
        super().__init__(text, code)
        self.ref = ref


class _Fields:
    """The fields of one request, each of the type that it has to have."""

    def __init__(self, fields: dict[str, Any]) -> None:
        self._fields = fields

    def needed(self, name: str) -> str:
        """Return a text that has to be there."""
        value: str = self._get(name, str, None)
        return value

    def text(self, name: str, default: str = "") -> str:
        """Return a text, or the default if there is none."""
        value: str = self._get(name, str, default)
        return value

    def switch(self, name: str) -> str:
        """Return a text; on and off may be told as JSON does."""
        value: str | bool = self._get(name, str | bool, "")
        if isinstance(value, str):
            return value
        return "on" if value else "off"

    def number(self, name: str, most: int | None = None) -> int | None:
        """Return a number from 1 on, None if there is none."""
        if name not in self._fields:
            return None
        value: int = self._get(name, int, None)
        if value < 1:
            raise NotUnderstood(f'"{name}" is a number from 1 on.')
        return value if most is None else min(value, most)

    def amount(self, name: str, most: int) -> int | None:
        """Return a number from 0 on, None if there is none."""
        return 0 if self._fields.get(name) == 0 else self.number(name, most)

    def entry(self, name: str) -> int:
        """Return the number of an entry, which has to be there."""
        value: int = self._get(name, int, None)
        if value < 1:
            raise NotUnderstood(f'"{name}" is a number from 1 on.')
        return value

    def is_set(self, name: str) -> bool:
        """Tell whether something is true, which it is not if it is not there."""
        value: bool = self._get(name, bool, False)
        return value

    def maybe(self, name: str) -> bool | None:
        """Return whether something is true, None if that is not said."""
        return self.is_set(name) if name in self._fields else None

    def numbers(self, name: str) -> Mapping[str, int] | None:
        """Return numbers by name."""
        if name not in self._fields:
            return None
        value: dict[str, int] = self._get(name, dict[str, int], None)
        return value

    def _get(self, name: str, kind: Any, default: object) -> Any:
        value = self._fields.get(name, default)
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError:
            problem = "is missing" if value is None else "is of the wrong type"
            raise NotUnderstood(f'"{name}" {problem}.') from None


def _set(fields: _Fields) -> Set:
    return Set(clean(fields.text("name")).lower(), clean(fields.switch("value")))


REQUESTS: dict[str, Callable[[_Fields], Request | None]] = {
    "say": lambda it: Say(message(it.needed("text")), it.text("room")),
    "paste": lambda it: Say(message(it.needed("text")), it.text("room")),
    "me": lambda it: Act(text(it.needed("text")), it.text("room")),
    "msg": lambda it: Tell(it.needed("to"), text(it.needed("text"))),
    "reply": lambda it: Reply(text(it.needed("text"))),
    "nick": lambda it: ChooseNick(it.needed("nick")),
    "as": lambda it: TakeNick(it.needed("nick")),
    "join": lambda it: Join(it.needed("room"), it.text("password")),
    "leave": lambda it: Leave(it.text("room")),
    "topic": lambda it: Topic(remark(it.text("text")), it.text("room")),
    "history": lambda it: History(it.number("limit", MOST_HISTORY), it.text("room"), it.number("before")),
    "search": lambda it: Search(text(it.needed("text")), it.text("room"), it.number("limit", MOST_HISTORY)),
    "more": lambda it: More(),
    "who": lambda it: Who(it.text("room")),
    "whois": lambda it: WhoIs(it.needed("nick")),
    "rooms": lambda it: ListRooms(),
    "seen": lambda it: Seen(it.needed("nick")),
    "away": lambda it: Away(remark(it.text("text"))),
    "back": lambda it: Back(),
    "ignore": lambda it: Ignore(it.needed("nick")),
    "unignore": lambda it: Unignore(it.needed("nick")),
    "set": _set,
    "hold": lambda it: Hold(),
    "go": lambda it: Go(),
    "register": lambda it: Register(it.needed("password")),
    "login": lambda it: Login(it.needed("nick"), it.needed("password")),
    "password": lambda it: ChangePassword(it.needed("old"), it.needed("new")),
    "unregister": lambda it: Unregister(it.needed("password")),
    "re": lambda it: ReplyTo(it.entry("number"), text(it.needed("text")), it.text("room")),
    "edit": lambda it: Edit(it.entry("number"), text(it.needed("text")), it.text("room")),
    "rm": lambda it: Remove(it.entry("number"), it.text("room")),
    "context": lambda it: Context(it.entry("number"), it.text("room")),
    "report": lambda it: Report(it.entry("number"), remark(text(it.needed("reason"))), it.text("room")),
    "op": lambda it: Op(it.needed("nick"), it.text("room")),
    "deop": lambda it: Deop(it.needed("nick"), it.text("room")),
    "kick": lambda it: Kick(it.needed("nick"), remark(it.text("reason")), it.text("room")),
    "ban": lambda it: Ban(
        it.text("whom"),
        it.number("seconds", LONGEST_DURATION),
        remark(it.text("reason")),
        it.text("room"),
        it.is_set("test"),
    ),
    "unban": lambda it: Unban(it.needed("whom"), it.text("room")),
    "mute": lambda it: Mute(
        it.needed("whom"), it.number("seconds", LONGEST_DURATION), remark(it.text("reason")), it.text("room")
    ),
    "unmute": lambda it: Unmute(it.needed("whom"), it.text("room")),
    "slow": lambda it: Slow(it.amount("seconds", LONGEST_DURATION), it.text("room")),
    "lock": lambda it: Lock(it.text("password"), it.text("room")),
    "unlock": lambda it: Unlock(it.text("room")),
    "invite": lambda it: Invite(it.needed("nick"), it.text("room")),
    "hide": lambda it: Hide(True, it.text("room")),
    "unhide": lambda it: Hide(False, it.text("room")),
    "lockdown": lambda it: Lockdown(it.maybe("on")),
    "reload": lambda it: Reload(),
    "announce": lambda it: Announce(text(it.needed("text"))),
    "resume": lambda it: Resume(it.text("code") or it.needed("session"), None, it.numbers("after")),
    "ping": lambda it: None,
    "help": lambda it: Help(clean(it.text("command"))),
    "quit": lambda it: Quit(remark(it.text("reason"))),
}


def understand(line: str) -> Asked:
    """
    Return what a JSON line asks for.

    Raises:
        BadRequest: it is not one object, or asks for nothing that there is.
        Refused: a text in it is too long, or holds nothing that can be shown.
    """
    try:
        fields = msgspec.json.decode(line, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadRequest(f"That is not a JSON object: {error}.", "bad-json") from None
    ref = fields.get("ref", "")
    if isinstance(ref, int) and not isinstance(ref, bool):
        ref = str(ref)
    if not isinstance(ref, str) or len(ref) > LONGEST_REF or not ref.isprintable():
        raise BadRequest(f'"ref" is a text of at most {LONGEST_REF} characters.', "bad-request")
    kind = fields.get("type")
    if not isinstance(kind, str) or kind not in REQUESTS:
        raise BadRequest("There is no request of that type.", "unknown-type", ref)
    if len(line) * LARGEST_CHARACTER > LONGEST_LINE:
        _check_length(fields, ref)
    try:
        return Asked(REQUESTS[kind](_Fields(fields)), ref, by_program=True)
    except Refused as refusal:
        raise BadRequest(str(refusal), refusal.code, ref) from refusal
    except ValueError:
        raise BadRequest('"text" is empty.', "bad-request", ref) from None


def _check_length(fields: dict[str, Any], ref: str) -> None:
    """Refuse what is longer than a line without its text; how long that may be is another matter."""
    if length_but_for_text(fields) > LONGEST_LINE:
        what = f"All but the text of that line is longer than {LONGEST_LINE} bytes, and it was not sent."
        raise BadRequest(what, "too-long", ref)


def length_but_for_text(fields: Mapping[str, Any]) -> int:
    """Return how many bytes an object takes as JSON without its text."""
    return len(msgspec.json.encode({name: value for name, value in fields.items() if name != "text"}))
