"""
The transcripts in a document, acted out: ``python -m tests.transcripts`` writes what is shown now.

In a block of text a line ``anna> /who`` is typed by anna, ``(anna connects)`` and its like happen, and all
other lines are what the first who is named there sees. What stands in a comment behind ``before:`` has
happened before the block that follows it.
"""

from __future__ import annotations

import re
from pathlib import Path

from tests.visitors import ChatCase, Visitor

CHATTING = Path(__file__).parent.parent / "docs" / "chatting.md"

# A comment with what was before, if any, and the block.
BLOCK = re.compile(r"(<!-- before:\n(?P<before>[^`]*?)-->\n\n?)?```text\n(?P<shown>.*?)```\n", re.DOTALL)

TYPED = re.compile(r"(?P<who>[a-z]+)> (?P<text>.*)")
HAPPENS = re.compile(r"\((?P<who>[a-z]+|\d+) (?P<what>connects|breaks off|seconds? later|minutes? later)\)")

# Stands for what somebody was told on coming in.
CODE = "CODE"


class Stage(ChatCase):
    """A chat for one block, with whoever is named in it."""

    operators = ("olga",)

    def runTest(self) -> None:
        """Nothing is tested here."""

    def act(self, before: str, shown: str) -> str:
        """Let happen what was before, and then what is done in the block; return the block as it is then."""
        self.setUp()
        self._people: dict[str, Visitor] = {}
        self._codes: dict[str, str] = {}
        for line in before.splitlines():
            self._happen(line, "")
        done = [line for line in shown.splitlines() if TYPED.fullmatch(line) or HAPPENS.fullmatch(line)]
        names = [name for line in done if (name := _who(line))]
        arriving = {_who(line) for line in done if line.endswith(" connects)")}
        for name in dict.fromkeys(names):
            if name not in arriving:
                self._person(name)
        for person in self._people.values():
            person.sees()
        block = "".join(f"{line}\n" for it in done for line in (it, *self._happen(it, names[0])))
        self.doCleanups()
        return block

    def _happen(self, line: str, hero: str) -> list[str]:
        """Let something happen; return what one of the people sees of it."""
        if found := TYPED.fullmatch(line):
            person = self._person(found["who"])
            seen = person.types(found["text"].replace(CODE, self._codes.get(found["who"], "")))
            if found["who"] == hero:
                return seen
        elif found := HAPPENS.fullmatch(line):
            self._let(found["who"], found["what"])
        else:
            raise ValueError(f"nothing happens by {line!r}")
        return self._people[hero].sees() if hero in self._people else []

    def _let(self, who: str, what: str) -> None:
        match what:
            case "connects":
                self._people[who] = self.connect(_address(who))
            case "breaks off":
                self._codes[who] = self._people[who].code
                self._people[who].breaks_off()
            case _:
                seconds = int(who) * (60 if what.startswith("minute") else 1)
                self.clock.pump([1] * seconds)

    def _person(self, name: str) -> Visitor:
        """Return somebody, who has come in."""
        if name not in self._people:
            self._people[name] = self.connect(_address(name))
            self._people[name].types(name)
        return self._people[name]


def _who(line: str) -> str:
    found = TYPED.fullmatch(line) or HAPPENS.fullmatch(line)
    return found["who"] if found and not found["who"].isdigit() else ""


def _address(who: str) -> str:
    """Everybody comes from an address of their own; the server's operator sits at the server."""
    if who in Stage.operators:
        return "127.0.0.1"
    return f"192.0.2.{sum(map(ord, who)) % 250 + 1}"


def acted(text: str) -> str:
    """Return a document with what is shown in its transcripts today."""

    def again(block: re.Match[str]) -> str:
        shown = Stage().act(block["before"] or "", block["shown"])
        return f"{block[1] or ''}```text\n{shown}```\n"

    return BLOCK.sub(again, text)


if __name__ == "__main__":
    CHATTING.write_text(acted(CHATTING.read_text()))
