"""
Every command in every state by every rank, by text and by JSON: carried out, or refused in the right words.

The matrix is made from the table of commands: whoever adds one there has it tried here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tcpchat.command import Rank, forbidden
from tcpchat.commands import COMMANDS, parse
from tcpchat.json_requests import REQUESTS
from tcpchat.requests import Request, Say, Tell
from tests.visitors import ChatCase, Visitor

# What is not carried out by anything yet, though the table has it.
MISSING: set[str] = set()

RANKS: list[Rank] = [rank for rank in Rank if rank is not Rank.NAMELESS]

# Where one asks from: a room of one's own making, or none.
PLACES = "#dev", ""

# What is done in the room where one is, by its example.
IN_ROOM = {
    "me", "topic", "history", "search", "re", "edit", "rm", "context", "report", "op", "deop", "kick", "ban",
    "unban", "mute", "unmute", "slow", "lock", "unlock", "invite", "hide", "unhide",
}  # fmt: skip

# What those who may are told all the same, where nobody has done what has to come before it.
NOT_NOW = {
    "more": r"There is nothing to be shown more of\. /history or /search first\.",
    "reply": r"Nobody has written to you privately yet\. /msg NICK TEXT",
    "resume": r"(You are bob already\. /resume answers the question for a nickname\."
    r"|That code is not known or too old\.)",
    "unignore": r"You do not ignore eve\.",
    "leave": r"You are not in #dev\. /join #dev",
    "nick": r"You are bob already\.",
    "register": r"You are logged in as bob already\.",
    "login": r"(You are logged in as bob already|Wrong nickname or password)\.",
    "password": r"Wrong password\.",
    "unregister": r"Wrong password\.",
    "op": r"anna is an operator of #dev already\.",
    "deop": r"anna is no operator of #dev\.",
    "unban": r".*eve.*",
    "unmute": r".*eve.*",
    "unlock": r"#dev is not locked\.",
    "unhide": r"#dev is listed already\.",
}
UNKNOWN = re.compile(r"There is no command /|That cannot be done now|It is used like|First choose a nick")

# Words of a usage that are one word each: nothing may stand behind them.
ONE_WORD = {"N", "PASSWORD", "NEW", "NUMBER", "on|off", "NICK", "WHO", "#ROOM"}

# Of what is to be a name, and is several words, it is told why it is none.
NAMES = {"nick", "as", "join"}


class Cell(NamedTuple):
    """Who asks from where, in what form."""

    rank: Rank
    place: str
    by_json: bool


CELLS = [Cell(rank, place, by_json) for rank in RANKS for place in PLACES for by_json in (False, True)]


def as_json(name: str, request: Request) -> str | None:
    """Return what a program sends for the example of a command, None if programs have no such request."""
    if name == "paste":
        request = Say("several lines")
    if name not in REQUESTS:
        return None
    known = {"lines": "limit", "secret": "code"} | ({"nick": "to"} if isinstance(request, Tell) else {})
    fields: dict[str, Any] = msgspec.structs.asdict(request)
    sent = {known.get(key, key): value for key, value in fields.items() if value not in (None, "")}
    return json.dumps({"type": name} | sent)


def refusal(name: str, cell: Cell) -> str | None:
    """Return in what words a command is refused in a cell; None if it is carried out."""
    needed = COMMANDS[name].rank
    if not cell.place and (name == "paste" or name in IN_ROOM):
        return r"You are in no room\. /join #lobby"
    if cell.rank < needed:
        return re.escape(str(forbidden(needed, "#dev" if needed is Rank.ROOM_OPERATOR else "")))
    return None


class Matrix(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.others = self.enter("alice", "eve", "carl", "anna")
        self.has_account(self.others[3])
        self.others[3].types("/nick anna2", "/nick anna")
        for other in self.others[1], self.others[3]:
            other.types("/join #dev")

    def somebody(self, cell: Cell, nick: str = "bob") -> tuple[Visitor, int]:
        """Let somebody come in who is what the cell says; return them and a line that they have said."""
        (bob,) = self.enter(nick)
        if cell.rank > Rank.GUEST:
            account = self.has_account(bob, is_operator=cell.rank is Rank.SERVER_OPERATOR)
        bob.types("/join #dev", "hello")
        feed = self.chat.rooms.find("#dev")
        if cell.rank is Rank.ROOM_OPERATOR:
            feed.room.operators[account] = nick
        number = feed.shown
        if not cell.place:
            bob.types("/leave #dev", "/leave #lobby")
            for room in bob.session.feeds:
                bob.types(f"/leave {room.stream}")
            self.assertEqual(bob.session.feeds, [])
        elif bob.session.feeds[-1] is not feed:
            bob.types("/join #dev")
        if cell.by_json:
            bob.types("/json")
        bob.sees()
        return bob, number

    def ask(self, bob: Visitor, line: str, name: str, cell: Cell) -> list[str]:
        """Return the sentences of refusals that somebody is told."""
        shown = bob.types(line, *(["a line", "."] if line == "/paste" else []))
        self.clock.advance(1)
        shown += bob.sees()
        self.assertEqual(self.flushLoggedErrors(), [], (name, cell))
        if cell.by_json:
            objects = [json.loads(each) for each in shown if each.startswith("{")]
            refused = [each["text"] for each in objects if each["type"] == "error"]
            done = any(each["type"] == "ok" for each in objects)
            self.assertTrue(refused or done or name in ("quit", "json"), (name, cell, shown))
            return refused
        return [each.removeprefix("!!! ") for each in shown if each.startswith("!!! ")]

    def cells(self) -> Iterator[tuple[str, str, Cell, Visitor]]:
        """Yield each command, the line that asks for its example, and who asks."""
        for cell in CELLS:
            for name, command in COMMANDS.items():
                self.setUp()
                bob, number = self.somebody(cell)
                example = command.example.replace("1234", str(number))
                request = parse(example)
                assert request is not None
                line = as_json(name, request) if cell.by_json else example
                if line is not None:
                    yield name, line, cell, bob


class MatrixTests(Matrix):
    def test_every_command_is_carried_out_for_those_who_may_and_refused_to_others_in_the_right_words(
        self,
    ) -> None:
        wrong = []
        for name, line, cell, bob in self.cells():
            refused = self.ask(bob, line, name, cell)
            if name in MISSING and cell.rank >= COMMANDS[name].rank:
                continue
            words = refusal(name, cell)
            is_right = all(re.fullmatch(words or NOT_NOW.get(name, "$^"), text) for text in refused)
            if not is_right or (words and not refused):
                wrong.append((name, cell, refused))
        self.assertEqual(wrong, [])

    def test_without_a_nickname_few_commands_are_carried_out_and_the_others_refused_with_advice(self) -> None:
        for name, command in COMMANDS.items():
            for by_json in False, True:
                self.setUp()
                stranger = self.connect()
                stranger.types(*(["/json"] if by_json else []))
                request = parse(command.example)
                assert request is not None
                line = as_json(name, request) if by_json else command.example
                if line is None:
                    continue
                cell = Cell(Rank.NAMELESS, "", by_json)
                before = len(stranger.screen.shown)
                refused = self.ask(stranger, line, name, cell)
                if command.nameless and name not in MISSING:
                    self.assertEqual([text for text in refused if UNKNOWN.match(text)], [], (name, cell))
                elif not command.nameless and by_json:
                    self.assertEqual(refused, ["First choose a nickname."], name)
                elif not command.nameless:
                    self.assertRegex(refused[0], f"^There is no command /{name}. Did you mean /")
                    advice = f"*** /{name} works once you have a nickname.\r\n"
                    self.assertIn(advice, stranger.screen.shown[before:].decode())

    def test_what_is_said_to_be_missing_is(self) -> None:
        cell = Cell(Rank.SERVER_OPERATOR, "#dev", False)
        for name in MISSING:
            self.setUp()
            bob, number = self.somebody(cell)
            line = COMMANDS[name].example.replace("1234", str(number))
            self.assertEqual(self.ask(bob, line, name, cell), ["That cannot be done now."], name)


class WrongWordsTests(Matrix):
    def wrong(self, name: str) -> Iterator[str]:
        """Yield lines with too few words for a command, with too many, and with wrong ones."""
        command = COMMANDS[name]
        needed, brackets = command.usage, 1
        while brackets:  # they may stand in each other
            needed, brackets = re.subn(r" \[[^][]*\]", "", needed)
        words, example = needed.split()[1:], command.example.split()
        for few in range(len(words)):
            yield " ".join(example[: few + 1])
        *_, last = re.findall(r"[^][ ]+", command.usage)
        if (last in ONE_WORD and name not in NAMES) or last == f"/{name}":
            yield f"{command.example} too many words"
        if "N" in words:
            for wrong in "none", "0", "-1", "1.5", "\u0665":
                yield f"/{name} {wrong} {' '.join(example[2:])}"

    def test_with_too_few_or_too_many_or_wrong_words_the_right_form_is_told(self) -> None:
        number = 0
        for cell in CELLS:
            if cell.by_json:  # a program has fields, which test_json_requests.py tries
                continue
            bob, _ = self.somebody(cell, f"bob{RANKS.index(cell.rank)}{'in' if cell.place else 'out'}")
            for name, command in COMMANDS.items():
                for line in self.wrong(name) if cell.rank >= command.rank else ():
                    number += 1
                    self.assertEqual(
                        self.ask(bob, line, name, cell), [f"It is used like this: {command.usage}"], line
                    )
        self.assertGreater(number, 200)

    def test_before_there_is_a_nickname_too(self) -> None:
        for name, command in COMMANDS.items():
            for line in self.wrong(name) if command.nameless else ():
                told = self.ask(self.connect(), line, name, Cell(Rank.NAMELESS, "", False))
                self.assertEqual(told[0], f"It is used like this: {command.usage}", line)


TYPED = (
    "#dev #lobby #audit server eve anna bob 1 2 99999999999999999999 10m 0s 192.0.2.1 2001:db8::/32 test on"
    " off * secret-word @ \u200b \u0665"
).split(" ")
WORDS = st.lists(
    st.sampled_from(TYPED)
    | st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]), max_size=20),
    max_size=5,
)


class AnyWordsLaws(Matrix):
    @settings(deadline=None, database=None, max_examples=300)
    @given(
        st.sampled_from(sorted(COMMANDS)),
        WORDS,
        st.sampled_from([*CELLS, Cell(Rank.NAMELESS, "", False), Cell(Rank.NAMELESS, "", True)]),
    )
    def test_no_words_whatever_are_more_than_refused(self, name: str, words: list[str], cell: Cell) -> None:
        self.setUp()
        bob = self.connect() if cell.rank is Rank.NAMELESS else self.somebody(cell)[0]
        bob.types(f"/{name} {' '.join(words)}", ".")
        self.clock.advance(1)
        bob.sees()
        self.assertEqual(self.flushLoggedErrors(), [])
