"""
Texts that obey nobody's wishes: typed into every place that takes one, and found in the log.

What others are sent is looked at byte by byte, and on the screen of a terminal.
"""

from __future__ import annotations

import json

import regex
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs

from tcpchat.events import Acted, Event, Left, Said, Told, TopicSet, inbox
from tcpchat.gate import GATE
from tcpchat.room import LOBBY
from tcpchat.telling import NOT_UTF8
from tcpchat.text import clean
from tcpchat.upkeep import UPKEEP
from tcpchat.wire import Wire
from tests.terminals import BEFORE, COLUMNS, Terminal
from tests.test_text import KEPT
from tests.visitors import ChatCase, Visitor

# RELIABILITY.md 2.1: every byte that a person is sent, decoded, holds none of this but the ends of lines.
FORBIDDEN = regex.compile(r"[[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]--[\u200c-\u200f\u061c]]", regex.V1)

ATTACKS = {
    "a wiped screen": "\x1b[2J\x1b[H",
    "a title": "\x1b]0;pwned\x07 \x1b]2;pwned\x1b\\",
    "the clipboard": "\x1b]52;c;cHduZWQ=\x07",
    "a report that types itself": "\x1b[21t\x1b[6n\x1bP$qm\x1b\\\x1b[c\x05",
    "strings without an end": "\x1bP\x1b_\x1b^\x1bX",
    "C1": "\u009b2J\u009d0;pwned\u009c\u0090$qm\u009c\u0098\u009e\u009f",
    "hidden line breaks": "a\r*** b left #lobby.\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029<root> hi",
    "backspaces": "<eve> \x08\x08\x08\x08\x08\x08<bob> \x7f",
    "tabs and bells": "\x07\t\t\t\x07",
    "other character sets": "\x0e\x0f\x1b(0lqqk\x1b(B",
    "overrides and isolates": "\u202egnp.exe\u202c \u2066a\u2067b\u2068c\u2069",
    "what is not seen": "ad\u200bmin\u2060\ufeff\u00ad\u034f\U000e0041\ufe00\u180e",
    "zalgo": "Z" + "\u0300\u0316" * 200,
    "NUL": "a\0b",
    "blanks": "\u3000\u2800\u3164" * 60 + "<root> hi",
}

# All that can be typed with a text in it: by somebody in a room, and by a program.
PLACES = (
    "{}", "//{}", "/me {}", "/msg bob {}", "/reply {}", "/nick {}", "/nick x{}", "/as {}", "/join {}",
    "/join #{}", "/leave {}", "/topic {}", "/who {}", "/whois {}", "/seen {}", "/history {}", "/history 5 {}",
    "/search {}", '/search "{}"', "/search from:{}", "/search in:{}", "/more {}", "/ignore {}",
    "/unignore {}", "/away {}", "/back {}", "/set {}", "/set {} on", "/set echo {}", "/set joins {}",
    "/set timezone {}", "/set encoding {}", "/help {}", "/resume {}", "/resume {} {}", "/{}", "/x{} y",
    "/json {}", "/hold {}", "/paste {}",
)  # fmt: skip
REQUESTS = (
    {"type": "say", "text": "{}"}, {"type": "say", "text": "{}\n{}"},
    {"type": "say", "text": "x", "room": "{}"}, {"type": "me", "text": "{}"},
    {"type": "msg", "to": "bob", "text": "{}"}, {"type": "msg", "to": "{}", "text": "x"},
    {"type": "nick", "nick": "{}"}, {"type": "as", "nick": "{}"},
    {"type": "join", "room": "{}"}, {"type": "leave", "room": "{}"}, {"type": "topic", "text": "{}"},
    {"type": "topic", "text": "{}", "room": "{}"}, {"type": "history", "room": "{}"},
    {"type": "search", "text": "{}"}, {"type": "search", "text": "from:{}"}, {"type": "who", "room": "{}"},
    {"type": "whois", "nick": "{}"}, {"type": "seen", "nick": "{}"}, {"type": "away", "text": "{}"},
    {"type": "ignore", "nick": "{}"}, {"type": "unignore", "nick": "{}"},
    {"type": "set", "name": "{}", "value": "on"}, {"type": "set", "name": "encoding", "value": "{}"},
    {"type": "help", "command": "{}"}, {"type": "resume", "session": "{}"}, {"type": "{}"},
    {"type": "say", "text": "x", "ref": "{}"}, {"type": "quit", "reason": "{}"},
)  # fmt: skip

HOSTILE = st.lists(
    st.sampled_from(
        [*ATTACKS.values(), "\x1b", "[", "]", "\x9b", "\x07", "a", "\u05d0", "\u200f", "\u200d", "\U0001f469"]
    )
    | st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=5),
    max_size=8,
).map("".join)


class HostileCase(ChatCase):
    all_sent = b""

    def assert_harmless(self, data: bytes) -> None:
        """Check that what was sent are whole lines, with nothing in them that does something."""
        text = data.decode()
        self.assertTrue(not text or text.endswith("\n"))
        for line in text.split("\n")[:-1]:
            self.assertIsNone(FORBIDDEN.search(line.removesuffix("\r")), ascii(line))

    def sent(self, *visitors: Visitor) -> None:
        """Check what these people were sent since the last look."""
        for visitor in visitors:
            data, visitor.screen.shown = visitor.screen.shown, b""
            visitor._read = 0
            self.assert_harmless(data)
            self.all_sent += data


class TypedTests(HostileCase):
    def setUp(self) -> None:
        super().setUp()
        self.bob, self.program, self.eve = self.enter("bob", "program", "eve")
        self.program.types("/json")
        self.bob.types("/set echo on", "/msg eve hi")
        for each in self.bob, self.program, self.eve:
            each.screen.shown = b""
            each._read = 0

    def test_a_text_in_any_place_is_harmless_to_others_and_to_whoever_typed_it(self) -> None:
        for attack in ATTACKS.values():
            for place in PLACES:
                self.eve.types(place.replace("{}", attack))
                self.eve.types(".", "/go", "/paste", attack, f"\t{attack}", ".")
                self.bob.types("/who", "/rooms", "/topic", "/whois eve", "/history 5", "/search eve")
                self.sent(self.bob, self.program, self.eve)
            self.eve.types(f"/quit {attack}")
            self.sent(self.bob, self.program, self.eve)
            (self.eve,) = self.enter("eve")
        for seen in "<eve> [2J[H", "of #lobby: [2J[H", "[from eve] Z", "is away: ]0;pwned", "command /]52;c":
            self.assertTrue(seen.encode() in self.all_sent, seen)
        self.assertTrue(b'"text":"]52;c;cHduZWQ="' in self.all_sent)

    def test_so_it_is_in_json_however_it_is_written_there(self) -> None:
        (mallory,) = self.enter("mallory")
        mallory.types("/json")
        for attack in ATTACKS.values():
            for request in REQUESTS:
                line = json.dumps(request, ensure_ascii=True).replace("{}", json.dumps(attack)[1:-1])
                mallory.types(line)
                self.bob.types("/who", "/topic", "/history 5")
                self.sent(self.bob, self.program, mallory)
            (mallory,) = self.enter("mallory")
            mallory.types("/json")
        self.assertTrue(b"<mallory> [2J[H\r\n" in self.all_sent)

    def test_and_before_there_is_a_nickname(self) -> None:
        for attack in ATTACKS.values():
            for place in PLACES:
                visitor = self.connect()
                visitor.types(place.replace("{}", attack))
                self.sent(visitor, self.bob, self.program)
                visitor.dialogue.lost("")

    def test_bytes_that_are_no_text_reach_nobody(self) -> None:
        for line in (
            b"\x9b2J", b"\x9d0;pwned\x9c", b"\xc0\x9b2J", b"\xe0\x80\x9b2J", b"\xed\xa0\x80",
            b"\xf8\x88\x80\x80\x80",
            b"\xff\xfe", b"gr\xfc\xdf", b"\xe6\x97", b"\xf4\x90\x80\x80",
        ):  # fmt: skip
            self.assertEqual(self.eve.types(line), [f"!!! {NOT_UTF8}"])
        self.assertEqual(self.bob.sees(), [])
        self.assertEqual(self.eve.types(b"\xc2\x9b2J"), [])
        self.assertEqual(self.bob.sees(), ["<eve> 2J"])

    def test_in_latin_1_the_bytes_of_c1_are_controls_too(self) -> None:
        self.eve.types("/set encoding latin-1")
        self.bob.types("/set encoding latin-1")
        self.eve.types(b"\x9b2J gr\xfc\xdf \x85")
        self.assertTrue(self.bob.screen.shown.endswith(b"<eve> 2J gr\xfc\xdf\r\n"))

    @settings(deadline=None, database=None, max_examples=60)
    @given(HOSTILE, st.sampled_from(PLACES))
    def test_whatever_is_typed_anywhere_is_harmless(self, text: str, place: str) -> None:
        self.eve.types(place.replace("{}", text))
        self.eve.types(".", "/set encoding utf-8")
        self.bob.types("/whois eve", "/history 3")
        self.sent(self.bob, self.program, self.eve)


class RealTextTests(ChatCase):
    def test_what_people_write_in_any_script_arrives_byte_for_byte(self) -> None:
        bob, program, eve = self.enter("bob", "program", "eve")
        program.types("/json")
        for name, text in KEPT.items():
            if text != text.strip() or not text:
                continue
            bob.screen.shown = program.screen.shown = b""
            bob._read = program._read = 0
            eve.types(text.encode())
            self.assertEqual(bob.screen.shown, f"<eve> {text}\r\n".encode(), name)
            self.assertEqual(json.loads(program.screen.shown)["text"], text, name)


class TerminalTests(HostileCase):
    """With a terminal as the judge: after any line the rest of it is as it was."""

    @settings(deadline=None, database=None, max_examples=300)
    @given(HOSTILE | st.text())
    def test_a_line_changes_its_own_rows_and_nothing_else(self, text: str) -> None:
        terminal = Terminal()
        before = terminal.state
        data = Wire(width=COLUMNS).line(f"<eve> {clean(text)[:300]}")
        terminal.takes(data)
        self.assertEqual(terminal.state, before)
        rows = terminal.rows[BEFORE : terminal.row]
        self.assertEqual(len(rows), data.count(b"\n"))
        self.assertTrue(rows[0].startswith("<eve>"))
        self.assertTrue(all(row.startswith("    ") for row in rows[1:]), rows)
        self.assertEqual("".join(terminal.rows[terminal.row :]), "")

    def test_so_it_is_with_every_attack_that_is_said_in_a_room(self) -> None:
        bob, eve = self.enter("bob", "eve")
        bob.types("/set echo on")
        bob.dialogue.window(COLUMNS, 24)
        for attack in ATTACKS.values():
            for typed in "{}", "/me {}", "/topic {}", "/away {}", "/{}":
                eve.types(typed.replace("{}", attack))
                bob.types("/whois eve")
                terminal = Terminal()
                before = terminal.state
                terminal.takes(bob.screen.shown)
                self.assertEqual(terminal.state, before, ascii(attack))
                bob.screen.shown, bob._read = b"", 0

    def test_every_attack_would_have_done_something(self) -> None:
        """The judge is no good unless it condemns what is not cleaned."""
        condemned = 0
        for attack in (
            "\x1b[2J\x1b[H",
            "\x1b]2;pwned\x07",
            "\u009b2J",
            "\x1b[3A\rgone",
            "\x1b7",
            "\x1b[?25l",
            "\x1b[31m",
        ):
            terminal = Terminal()
            before = terminal.state
            terminal.takes(f"<eve> {attack}\r\n".encode())
            condemned += terminal.state != before
        self.assertEqual(condemned, 7)


class OldLogTests(HostileCase):
    """An older version, or another one, has let something into the log."""

    TEXT = "\x1b[2J\u009b2J\u202eb\r\n*** bob left #lobby.\x7f"
    SEEN = "\ufffd[2J\ufffd2J\ufffdb\ufffd\ufffd*** bob left #lobby.\ufffd"

    def setUp(self) -> None:
        super().setUp()
        self.before = GATE.sanitizer_escape_total
        self.bob, self.program = self.enter("bob", "program")
        self.program.types("/json")

    def logged(self, *events: Event) -> None:
        """Something corrupt gets into the log, and is shown."""
        self.successResultOf(Deferred.fromCoroutine(self._append(events)))

    async def _append(self, events: tuple[Event, ...]) -> None:
        pending = [self.log.append(LOBBY, [event]) for event in events]
        self.settle()
        for each in pending:
            await each

    def test_it_is_harmless_and_counted_when_it_is_shown_live(self) -> None:
        self.logged(
            Acted("x", "eve", self.TEXT), TopicSet("x", "eve", self.TEXT), Left("x", "eve", self.TEXT)
        )
        self.assertEqual(
            self.bob.sees(),
            [
                f"* eve {self.SEEN}",
                f"*** eve set the topic of #lobby: {self.SEEN}",
                f"*** eve left #lobby: {self.SEEN}.",
            ],
        )
        self.sent(self.bob)
        texts = [json.loads(line) for line in self.program.sees()]
        self.assertEqual([texts[0]["text"], texts[1]["text"], texts[2]["reason"]], [self.SEEN] * 3)
        self.stopped_at_gate = 6 * self.SEEN.count("\ufffd")

    def test_what_was_said_in_lines_has_lines_and_no_other_ends_of_them(self) -> None:
        self.logged(Said("x", "e\nve", "one\n\x1bt\rwo\n"))
        self.assertEqual(self.bob.sees(), ["<e\ufffdve> one", "<e\ufffdve> \ufffdt\ufffdwo", "<e\ufffdve> "])
        (line,) = self.program.sees()
        self.assertEqual(json.loads(line)["text"], "one\n\ufffdt\ufffdwo\n")
        self.assertEqual(json.loads(line)["from"], "e\ufffdve")
        self.stopped_at_gate = 5 + 3

    def test_it_is_harmless_in_history_in_search_and_to_who_comes_or_comes_back(self) -> None:
        text = self.TEXT.replace("\n", "")
        seen = self.SEEN.replace("\ufffd\ufffd", "\ufffd")
        code = self.bob.code
        self.bob.breaks_off()
        self.logged(Said("x", "eve", text), TopicSet("x", "eve", text))
        bob, back = self.come_back(code)
        self.assertIn(f"[10:02] <eve> {seen}", back)
        self.assertIn(f"[10:02] *** eve set the topic of #lobby: {seen}", back)
        self.assertIn(f"[10:02] <eve> {seen}", bob.types("/history 5"))
        self.assertIn(f"[10:02] <eve> {seen}", bob.types('/search "bob left"'))
        self.assertIn(f"*** The topic of #lobby is: {seen}", bob.types("/topic"))
        self.assertIn(f"*** #lobby: 2 people: {seen}", bob.types("/rooms"))
        (carl,) = self.enter("carl")
        carl.types("/set encoding cp437", "/history 5")
        for each in bob, self.program, carl:
            self.sent(each)
        found = [json.loads(line) for line in self.program.types('{"type":"search","text":"left"}')]
        self.assertEqual(found[0]["text"], seen)
        self.stopped_at_gate = GATE.sanitizer_escape_total - self.before
        self.assertGreater(self.stopped_at_gate, 0)

    def test_it_is_harmless_in_private_messages(self) -> None:
        session = next(
            each for each, member in self.chat.rooms.lobby.room.members.items() if member.nick == "bob"
        )
        person = self.chat.people.session(session)
        assert person is not None
        person.follow_inbox(self.chat.inboxes.feed(session))
        self.log.append(inbox(session), [Told("x", "eve", "bob", self.TEXT)])
        self.assertEqual(self.bob.sees(), [f"[from eve] {self.SEEN}"])
        self.stopped_at_gate = self.SEEN.count("\ufffd")

    def test_the_operator_is_told_once_and_not_for_every_line(self) -> None:
        with capturedLogs() as told:
            self.clock.advance(UPKEEP)
            self.assertEqual([event for event in told if "stopped" in event], [])
            for _ in range(50):
                self.logged(Acted("x", "eve", "\x1b"))
            self.clock.pump([UPKEEP] * 3)
        self.assertEqual([event["stopped"] for event in told if "stopped" in event], [100])
        self.stopped_at_gate = 100  # each as text and as JSON
