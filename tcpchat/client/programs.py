"""What a program asks for in JSON lines, and is told in them as by our server: PROTOCOL.md 6. No I/O."""

from __future__ import annotations

import json
from typing import Any

from tcpchat.client.happenings import Answer, Done, Entry, Fields, Happening, Refusal
from tcpchat.client.typed import Wish
from tcpchat.requests import NotUnderstood


def request(line: str) -> tuple[Wish, Any]:
    """
    Return what a line asks for, and what the program calls that; None: nothing.

    Raises:
        NotUnderstood: it is no object with a type.
    """
    try:
        fields = json.loads(line)
        kind, ref = fields.pop("type"), fields.pop("ref", None)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise NotUnderstood("That is not a JSON object with a type.") from None
    return Wish(kind, fields), ref


def told(it: Happening, ref: Any) -> Fields | None:
    """Return what a program is told of something, with what it calls its request; None: nothing."""
    match it:
        case Entry(fields) | Answer(fields):
            return fields
        case Done(_, seq) if ref is not None:
            return {"type": "ok", "ref": ref} | ({} if seq is None else {"seq": seq})
        case Refusal(_, code, text):
            return {"type": "error", "code": code, "text": text} | ({} if ref is None else {"ref": ref})
    return None


def line(fields: Fields) -> str:
    """Return an object as a line."""
    return json.dumps(dict(fields), ensure_ascii=False)
