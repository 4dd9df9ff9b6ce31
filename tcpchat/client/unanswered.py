"""What was asked for and is not answered yet: sent in order, and again after a break. No I/O."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from tcpchat.client.happenings import Fields
from tcpchat.client.limits import MOST_ON_THE_WAY

# What one goes on by as somebody else, with another session.
LOGIN = "login"

# What does no harm if it is done twice.
REPEATABLE = frozenset((LOGIN, "join", "history", "search", "who", "whois", "rooms", "seen", "help"))


@dataclass(slots=True)
class Asked:
    """A request without its answer."""

    fields: dict[str, Any]
    was_sent: bool = False  # may the server have it, from whichever connection?
    is_on_the_way: bool = False  # over this connection
    has_effect: bool = False  # it is done, though the answer is still to come


class Unanswered(dict[str, Asked]):
    """
    Requests by their refs, in the order in which they are carried out.

    A ref is of one session: with another one, the same would be done twice. So a login, which brings
    another one, is sent when all before it is answered, and what stands behind it when it is.
    """

    def __init__(self) -> None:
        super().__init__()
        self._refs = 0

    def ask(self, kind: str, fields: Fields) -> str:
        """Ask for something behind all others; return what it is called in its answer."""
        self._refs += 1
        ref = str(self._refs)
        self[ref] = Asked({"type": kind, "ref": ref, **fields})
        return ref

    def ask_first(self, ref: str, kind: str, fields: Fields) -> None:
        """Ask for something, under a name of its own, before everything that was not sent yet."""
        others = dict(self)
        self.clear()
        self[ref] = Asked({"type": kind, "ref": ref, **fields})
        self.update(others)

    def due(self) -> Iterator[Fields]:
        """Yield what is to be sent now, and take it for sent."""
        # They are asked in order, so those on the way are the first ones.
        for number, asked in enumerate(islice(self.values(), MOST_ON_THE_WAY)):
            is_login = asked.fields["type"] == LOGIN
            if is_login and number:
                return
            if not asked.is_on_the_way:
                asked.was_sent = asked.is_on_the_way = True
                yield asked.fields
            if is_login:
                return

    def send_again(self) -> None:
        """Nothing is on the way any more."""
        for asked in self.values():
            asked.is_on_the_way = False

    def logged_in(self) -> Fields:
        """The login that was sent has taken effect: return it; empty if there is none."""
        first = next(iter(self.values()), None)
        if first is None or first.fields["type"] != LOGIN:
            return {}
        first.has_effect = True
        return first.fields

    def settle(self) -> str:
        """Forget the login that has taken effect in the session that goes on; return its ref, or nothing."""
        done = next((ref for ref, asked in self.items() if asked.has_effect), "")
        self.pop(done, None)
        return done

    def longest(self) -> str:
        """Return the ref of the longest on the way; empty if there is none."""
        sent = (ref for ref, asked in self.items() if asked.is_on_the_way)
        return max(sent, key=lambda ref: len(str(self[ref].fields)), default="")

    def said(self) -> list[str]:
        """Return the texts of what was to be said."""
        fields = [asked.fields for asked in self.values()]
        return [str(it["text"]) for it in fields if "text" in it and it["type"] not in REPEATABLE]

    def lose(self) -> Iterator[tuple[str, Fields]]:
        """Forget what may have been done in a session that is lost, and may not be done twice: yield that."""
        for ref, asked in list(self.items()):
            if asked.was_sent and asked.fields["type"] not in REPEATABLE:
                del self[ref]
                yield ref, asked.fields
