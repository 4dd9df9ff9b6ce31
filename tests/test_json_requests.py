"""What a program asks for in a JSON line: every type, and everything that is no request."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.commands import COMMANDS
from tcpchat.json_requests import REQUESTS, BadRequest, understand
from tcpchat.limits import LONGEST_LINE, LONGEST_PASTE, LONGEST_REF, LONGEST_REMARK, MOST_HISTORY
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
    Quit,
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

DOCUMENTED = (Path(__file__).parent.parent / "docs/json.md").read_text("utf-8")

QA = "\u0958"  # 3 bytes; NFC makes 6 of them

# Every type with all of its fields, and with none but those that it needs.
EXAMPLES: list[tuple[dict[str, Any], Request | None]] = [
    ({"type": "say", "text": "hello", "room": "dev"}, Say("hello", "dev")),
    ({"type": "say", "text": "hello"}, Say("hello")),
    ({"type": "say", "text": "def f():\n    return 1\n"}, Say("def f():\n    return 1")),
    ({"type": "paste", "text": "a\nb", "room": "#dev"}, Say("a\nb", "#dev")),
    ({"type": "paste", "text": "a"}, Say("a")),
    ({"type": "me", "text": "waves", "room": "dev"}, Act("waves", "dev")),
    ({"type": "me", "text": "waves"}, Act("waves")),
    ({"type": "msg", "to": "alice", "text": "hi"}, Tell("alice", "hi")),
    ({"type": "reply", "text": "hi"}, Reply("hi")),
    ({"type": "nick", "nick": "bob"}, ChooseNick("bob")),
    ({"type": "as", "nick": "bob"}, TakeNick("bob")),
    ({"type": "join", "room": "dev"}, Join("dev")),
    ({"type": "join", "room": "dev", "password": "pw"}, Join("dev", "pw")),
    ({"type": "register", "password": "pw"}, Register("pw")),
    ({"type": "login", "nick": "bob", "password": "pw"}, Login("bob", "pw")),
    ({"type": "password", "old": "pw", "new": "wp"}, ChangePassword("pw", "wp")),
    ({"type": "unregister", "password": "pw"}, Unregister("pw")),
    ({"type": "re", "number": 12, "text": "yes", "room": "dev"}, ReplyTo(12, "yes", "dev")),
    ({"type": "re", "number": 12, "text": "yes"}, ReplyTo(12, "yes")),
    ({"type": "edit", "number": 12, "text": "yes", "room": "dev"}, Edit(12, "yes", "dev")),
    ({"type": "edit", "number": 12, "text": "yes"}, Edit(12, "yes")),
    ({"type": "rm", "number": 12, "room": "dev"}, Remove(12, "dev")),
    ({"type": "rm", "number": 12}, Remove(12)),
    ({"type": "context", "number": 12, "room": "dev"}, Context(12, "dev")),
    ({"type": "context", "number": 12}, Context(12)),
    ({"type": "report", "number": 12, "reason": "spam", "room": "dev"}, Report(12, "spam", "dev")),
    ({"type": "report", "number": 12, "reason": "spam"}, Report(12, "spam")),
    ({"type": "op", "nick": "anna", "room": "dev"}, Op("anna", "dev")),
    ({"type": "op", "nick": "anna"}, Op("anna")),
    ({"type": "deop", "nick": "anna", "room": "dev"}, Deop("anna", "dev")),
    ({"type": "deop", "nick": "anna"}, Deop("anna")),
    ({"type": "kick", "nick": "eve", "reason": "spam", "room": "dev"}, Kick("eve", "spam", "dev")),
    ({"type": "kick", "nick": "eve"}, Kick("eve")),
    (
        {"type": "ban", "whom": "eve", "seconds": 60, "reason": "spam", "room": "server", "test": True},
        Ban("eve", 60, "spam", "server", True),
    ),
    ({"type": "ban"}, Ban()),
    ({"type": "unban", "whom": "eve", "room": "dev"}, Unban("eve", "dev")),
    ({"type": "unban", "whom": "eve"}, Unban("eve")),
    (
        {"type": "mute", "whom": "eve", "seconds": 60, "reason": "spam", "room": "dev"},
        Mute("eve", 60, "spam", "dev"),
    ),
    ({"type": "mute", "whom": "eve"}, Mute("eve")),
    ({"type": "unmute", "whom": "eve", "room": "dev"}, Unmute("eve", "dev")),
    ({"type": "unmute", "whom": "eve"}, Unmute("eve")),
    ({"type": "slow", "seconds": 0, "room": "dev"}, Slow(0, "dev")),
    ({"type": "slow", "seconds": 10}, Slow(10)),
    ({"type": "slow"}, Slow(None)),
    ({"type": "lock", "password": "pw", "room": "dev"}, Lock("pw", "dev")),
    ({"type": "lock"}, Lock()),
    ({"type": "unlock", "room": "dev"}, Unlock("dev")),
    ({"type": "unlock"}, Unlock()),
    ({"type": "invite", "nick": "carl", "room": "dev"}, Invite("carl", "dev")),
    ({"type": "invite", "nick": "carl"}, Invite("carl")),
    ({"type": "hide", "room": "dev"}, Hide(True, "dev")),
    ({"type": "hide"}, Hide()),
    ({"type": "unhide", "room": "dev"}, Hide(False, "dev")),
    ({"type": "unhide"}, Hide(False)),
    ({"type": "lockdown", "on": False}, Lockdown(False)),
    ({"type": "lockdown"}, Lockdown(None)),
    ({"type": "reload"}, Reload()),
    ({"type": "announce", "text": "back at ten"}, Announce("back at ten")),
    ({"type": "leave", "room": "dev"}, Leave("dev")),
    ({"type": "leave"}, Leave("")),
    ({"type": "topic", "room": "dev", "text": "cats"}, Topic("cats", "dev")),
    ({"type": "topic"}, Topic("")),
    ({"type": "history", "room": "dev", "limit": 50, "before": 17}, History(50, "dev", 17)),
    ({"type": "history"}, History(None, "")),
    ({"type": "search", "text": "a b", "room": "dev", "limit": 5}, Search("a b", "dev", 5)),
    ({"type": "search", "text": "a b"}, Search("a b")),
    ({"type": "more"}, More()),
    ({"type": "who", "room": "dev"}, Who("dev")),
    ({"type": "who"}, Who("")),
    ({"type": "whois", "nick": "alice"}, WhoIs("alice")),
    ({"type": "rooms"}, ListRooms()),
    ({"type": "seen", "nick": "alice"}, Seen("alice")),
    ({"type": "away", "text": "lunch"}, Away("lunch")),
    ({"type": "away"}, Away("")),
    ({"type": "back"}, Back()),
    ({"type": "ignore", "nick": "eve"}, Ignore("eve")),
    ({"type": "unignore", "nick": "eve"}, Unignore("eve")),
    ({"type": "set", "name": "Echo", "value": "on"}, Set("echo", "on")),
    ({"type": "set", "name": "echo", "value": True}, Set("echo", "on")),
    ({"type": "set", "name": "echo", "value": False}, Set("echo", "off")),
    ({"type": "set"}, Set("", "")),
    ({"type": "hold"}, Hold()),
    ({"type": "go"}, Go()),
    (
        {"type": "resume", "session": "TOKEN", "after": {"lobby": 17, "@": 3}},
        Resume("TOKEN", None, {"lobby": 17, "@": 3}),
    ),
    ({"type": "resume", "session": "TOKEN"}, Resume("TOKEN")),
    ({"type": "resume", "code": "fig-42-moss-lamp"}, Resume("fig-42-moss-lamp")),
    ({"type": "help", "command": "msg"}, Help("msg")),
    ({"type": "help"}, Help("")),
    ({"type": "quit", "reason": "bye"}, Quit("bye")),
    ({"type": "quit"}, Quit("")),
    ({"type": "ping"}, None),
]

# What each type cannot do without.
NEEDED = {
    "say": {"text"}, "paste": {"text"}, "me": {"text"}, "msg": {"to", "text"}, "reply": {"text"},
    "nick": {"nick"}, "as": {"nick"}, "join": {"room"}, "search": {"text"}, "whois": {"nick"},
    "seen": {"nick"}, "ignore": {"nick"}, "unignore": {"nick"}, "resume": {"session"},
    "register": {"password"}, "login": {"nick", "password"}, "password": {"old", "new"},
    "unregister": {"password"}, "re": {"number", "text"}, "edit": {"number", "text"}, "rm": {"number"},
    "context": {"number"}, "report": {"number", "reason"}, "op": {"nick"}, "deop": {"nick"},
    "kick": {"nick"}, "unban": {"whom"}, "mute": {"whom"}, "unmute": {"whom"}, "invite": {"nick"},
    "announce": {"text"},
}  # fmt: skip

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
TEXTS = st.text(st.characters(codec="utf-8"))
NAMES = (
    "type",
    "text",
    "room",
    "to",
    "nick",
    "limit",
    "before",
    "name",
    "value",
    "session",
    "after",
    "ref",
    "reason",
    "number",
    "seconds",
    "whom",
    "password",
    "test",
    "on",
)
ALMOST = st.fixed_dictionaries(
    {"type": st.sampled_from([*REQUESTS, "foo"])}, optional={name: VALUES for name in NAMES[1:]}
)


class JsonCase(SynchronousTestCase):
    def assert_bad(self, line: str, code: str, text: str = "", ref: str = "") -> None:
        bad = self.assertRaises(BadRequest, understand, line)
        self.assertEqual((bad.code, bad.ref), (code, ref), line[:80])
        if text:
            self.assertEqual(str(bad), text, line[:80])


class RequestTests(JsonCase):
    def test_every_type_asks_for_what_it_should(self) -> None:
        for fields, request in EXAMPLES:
            self.assertEqual(understand(json.dumps(fields)), Asked(request, "", True), fields)

    def test_every_type_is_here(self) -> None:
        self.assertEqual({fields["type"] for fields, _ in EXAMPLES}, set(REQUESTS))

    def test_every_command_but_json_itself_has_a_type(self) -> None:
        self.assertEqual(set(REQUESTS), (set(COMMANDS) | {"say", "ping"}) - {"json"})

    def test_the_documentation_has_every_type_with_its_fields_and_every_code(self) -> None:
        types = {kind: fields for kind, fields in re.findall(r"`(\w+)\{([^}`]*)\}`", DOCUMENTED)}
        self.assertEqual(set(types), set(REQUESTS))
        for kind, fields in types.items():
            known = {name for it, _ in EXAMPLES for name in it if it["type"] == kind} - {"type"}
            self.assertEqual(set(re.findall(r"\w+", fields)), known, kind)
            self.assertEqual(set(re.findall(r"\w+", re.sub(r"\[\w+\]", "", fields))), NEEDED.get(kind, set()))
        _, _, codes = DOCUMENTED.partition("## Error codes")
        listed = re.findall(r"`([\w-]+)`", "".join(re.findall(r"^\| (`.*?) \|", codes, re.MULTILINE)))
        self.assertEqual(sorted(set(listed) - {"code"}), sorted(get_args(Code)))

    def test_it_can_be_written_in_other_ways(self) -> None:
        for line in (
            '{"text":"h\\u00e9","type":"say"}', '  { "type" : "say" , "text" : "h\u00e9" }  ',
            '{"type":"foo","type":"say","text":"h\u00e9"}', '{"type":"say","text":"h\u00e9","new":[{}]}',
        ):  # fmt: skip
            self.assertEqual(understand(line).request, Say("h\u00e9"), line)

    def test_a_number_of_lines_is_no_more_than_may_be(self) -> None:
        for kind, place in (("history", "lines"), ("search", "lines")):
            for given_, taken in ((1, 1), (MOST_HISTORY, MOST_HISTORY), (MOST_HISTORY + 1, MOST_HISTORY)):
                request = understand(json.dumps({"type": kind, "text": "x", "limit": given_})).request
                self.assertEqual(getattr(request, place), taken)


class RefTests(JsonCase):
    def test_a_ref_is_a_text_or_a_number(self) -> None:
        for ref, known in (
            ("a1", "a1"),
            (7, "7"),
            (-1, "-1"),
            (0, "0"),
            ("", ""),
            ("x" * LONGEST_REF, "x" * LONGEST_REF),
            ("\u00e9 b", "\u00e9 b"),
        ):
            self.assertEqual(
                understand(json.dumps({"type": "rooms", "ref": ref})), Asked(ListRooms(), known, True)
            )

    def test_it_is_nothing_else(self) -> None:
        too_long = "x" * (LONGEST_REF + 1)
        wrong: list[Any] = [None, True, False, 1.5, [], {}, too_long, 10**LONGEST_REF, "a\n", "\0", "\x1b[m"]
        for ref in wrong:
            line = json.dumps({"type": "rooms", "ref": ref})
            self.assert_bad(line, "bad-request", f'"ref" is a text of at most {LONGEST_REF} characters.')

    def test_it_is_told_with_what_is_wrong(self) -> None:
        for fields, code in (
            ({"type": "foo"}, "unknown-type"), ({}, "unknown-type"), ({"type": "say"}, "bad-request"),
            ({"type": "say", "text": ""}, "bad-request"), ({"type": "me", "text": " "}, "bad-request"),
            ({"type": "away", "text": "x" * 301}, "too-long"),
            ({"type": "history", "limit": 0}, "bad-request"),
        ):  # fmt: skip
            self.assert_bad(json.dumps(fields | {"ref": "a1"}), code, ref="a1")


class BadTests(JsonCase):
    def test_what_is_not_one_json_object_is_bad_json(self) -> None:
        for line in (
            "{", "{}}", '{"type":"rooms"', '{"type":"rooms",}', "{'type':'rooms'}", "{type:rooms}",
            '{"type" "rooms"}', "null", "",
            '{"type":"rooms"} {"type":"rooms"}', '{"type":"rooms"} x', "[]", '["rooms"]', '"rooms"', "1",
            '{"type":"\\ud800"}', '{"type":"a\tb"}', '{"type":"a\\xb"}', '{1:2}', '{"a":01}', '{"a":1e400}',
            '{"a":NaN}', '{"a":Infinity}', '{"a":.5}', '{"type":"rooms"}\0', "\ufeff{}",
            "{" * 4096, '{"a":' + "[" * 4000, '{"a":' * 800, '{"a":' * 600 + "1" + "}" * 600 + "}",
        ):  # fmt: skip
            self.assert_bad(line, "bad-json")

    def test_what_is_nested_deeply_is_no_more_than_that(self) -> None:
        line = '{"type":"rooms","a":' + "[" * 2030 + "]" * 2030 + "}"
        try:
            self.assertEqual(understand(line).request, ListRooms())
        except BadRequest as bad:
            self.assertEqual(bad.code, "bad-json")

    def test_a_type_that_there_is_not_is_told_so(self) -> None:
        no_types: list[Any] = ["foo", "", "SAY", "json", None, 1, ["say"], {}]
        for fields in {}, {"Type": "say"}, *({"type": kind} for kind in no_types):
            self.assert_bad(json.dumps(fields), "unknown-type", "There is no request of that type.")

    def test_what_is_needed_must_be_there(self) -> None:
        least: dict[str, dict[str, Any]] = {}
        for fields, _ in EXAMPLES:
            kind = fields["type"]
            least[kind] = min(least.get(kind, fields), fields, key=len)
        self.assertEqual({kind: it.keys() - {"type"} for kind, it in least.items() if len(it) > 1}, NEEDED)
        for fields in least.values():
            for name in fields.keys() - {"type"}:
                line = json.dumps({key: value for key, value in fields.items() if key != name})
                self.assert_bad(line, "bad-request", f'"{name}" is missing.')

    def test_every_field_has_its_type(self) -> None:
        for fields, _ in EXAMPLES:
            for name, value in fields.items():
                for wrong in (None, 1.5, [], {"a": "b"}, ["x"], 7, "7", True):
                    fits = type(wrong) is type(value) or (name == "value" and isinstance(wrong, str | bool))
                    if name != "type" and not fits:
                        self.assert_bad(json.dumps(fields | {name: wrong}), "bad-request")

    def test_the_number_of_an_entry_begins_at_1(self) -> None:
        for number in 0, -1:
            line = json.dumps({"type": "rm", "number": number, "ref": "r"})
            refusal = self.assertRaises(BadRequest, understand, line)
            self.assertEqual((str(refusal), refusal.ref), ('"number" is a number from 1 on.', "r"))

    def test_a_number_is_one_from_1_on(self) -> None:
        for kind in "history", "search":
            for number in 0, -1, -(10**30):
                self.assert_bad(
                    json.dumps({"type": kind, "text": "x", "limit": number}),
                    "bad-request", '"limit" is a number from 1 on.',
                )  # fmt: skip

    def test_an_empty_text_is_none(self) -> None:
        for kind in "say", "paste", "me", "reply", "msg":
            for text in "", "  ", "\u200b", "\x1b\x07", "\u3164":
                self.assert_bad(json.dumps({"type": kind, "to": "al", "text": text}), "bad-request")

    def test_a_text_that_is_too_long_is_refused(self) -> None:
        for fields in (
            {"type": "say", "text": "x" * (LONGEST_LINE + 1)},
            {"type": "say", "text": QA * (LONGEST_LINE // 6 + 1)},
            {"type": "say", "text": "x\n" * LONGEST_PASTE + "x"},
            {"type": "topic", "text": "x" * (LONGEST_REMARK + 1)},
            {"type": "away", "text": QA * (LONGEST_REMARK // 6 + 1)}, {"type": "quit", "reason": "x" * 301},
        ):  # fmt: skip
            self.assert_bad(json.dumps(fields), "too-long")

    def test_all_but_the_text_is_no_longer_than_a_line(self) -> None:
        text = "\n".join(["x" * 4000] * 4)
        rest = len('{"type":"say","room":"","ref":"r"}')
        room = "x" * (LONGEST_LINE - rest)
        said = {"type": "say", "room": room, "ref": "r", "text": text}
        self.assertEqual(understand(json.dumps(said)), Asked(Say(text, room), "r", by_program=True))
        self.assert_bad(json.dumps(said | {"room": room + "x"}), "too-long", ref="r")
        self.assert_bad(json.dumps({"type": "whois", "nick": "\u00e9" * 2048}), "too-long")

    def test_so_is_an_action_or_a_private_message(self) -> None:
        for kind in "me", "msg", "reply":
            line = json.dumps({"type": kind, "to": "al", "text": QA * 1300}, ensure_ascii=False)
            self.assertLessEqual(len(line.encode()), LONGEST_LINE)
            self.assert_bad(line, "too-long")


class CleanTests(JsonCase):
    def test_texts_are_cleaned(self) -> None:
        dirty, plain = " \x1b[1ma\u202e\tb\u200b ", "[1ma b"
        for kind, name, request in (
            ("me", "text", Act(plain)), ("reply", "text", Reply(plain)), ("topic", "text", Topic(plain)),
            ("away", "text", Away(plain)), ("quit", "reason", Quit(plain)), ("say", "text", Say(" " + plain)),
        ):  # fmt: skip
            self.assertEqual(understand(json.dumps({"type": kind, name: dirty})).request, request)

    def test_every_line_of_a_paste_is_cleaned_and_keeps_its_indentation(self) -> None:
        line = json.dumps({"type": "say", "text": "a\x1b[1m\r\n\t\u202eb  \n\u2028*** c"})
        self.assertEqual(understand(line).request, Say("a[1m\n        b\n *** c"))

    def test_names_are_passed_on_as_they_are(self) -> None:
        for name in "bo\u200bb", "bob smith", "\x1b[2J", "", "x" * 200:
            for kind, key, request in (
                ("nick", "nick", ChooseNick), ("as", "nick", TakeNick), ("join", "room", Join),
                ("leave", "room", Leave), ("who", "room", Who), ("whois", "nick", WhoIs),
                ("seen", "nick", Seen),
            ):  # fmt: skip
                self.assertEqual(understand(json.dumps({"type": kind, key: name})).request, request(name))

    def test_other_texts_are_cleaned_too(self) -> None:
        for fields, request in (
            ({"type": "search", "text": "a\x1b[1m"}, Search("a[1m")),
            ({"type": "set", "name": "echo", "value": "o\x1bn"}, Set("echo", "on")),
            ({"type": "help", "command": "m\x1bsg"}, Help("msg")),
        ):
            self.assertEqual(understand(json.dumps(fields)).request, request)


class AnyLineLaws(JsonCase):
    def check(self, line: str) -> None:
        try:
            asked = understand(line)
        except BadRequest as bad:
            self.assertIn(bad.code, get_args(Code))
            self.assertLessEqual(len(bad.ref), LONGEST_REF)
            self.assertEqual(clean(str(bad)), str(bad))
            return
        self.assertTrue(asked.by_program)
        match asked.request:
            case Say(text):
                self.assertTrue(text.strip())
                for part in text.split("\n"):
                    self.assertEqual(clean(part.lstrip(" ")), part.lstrip(" "))
            case Topic(text) | Away(text) | Quit(text):
                self.assertLessEqual(len(text.encode()), LONGEST_REMARK)
                self.assertEqual(clean(text), text)
            case Act(text) | Tell(_, text) | Reply(text):
                self.assertTrue(text)
                self.assertEqual(clean(text), text)

    @settings(deadline=None, database=None)
    @given(TEXTS | TEXTS.map("{{{}}}".format))
    def test_of_any_line_nothing_but_a_request_or_a_refusal_comes(self, line: str) -> None:
        self.check(line)

    @settings(deadline=None, database=None)
    @given(VALUES | ALMOST, st.booleans())
    def test_of_any_json_nothing_else_comes_either(self, value: Any, ascii_only: bool) -> None:
        self.check(json.dumps(value, ensure_ascii=ascii_only))

    @settings(deadline=None, database=None)
    @given(st.sampled_from(EXAMPLES), st.data())
    def test_nor_of_a_request_that_is_cut_or_changed_anywhere(
        self, example: tuple[dict[str, Any], Request], data: st.DataObject
    ) -> None:
        line = json.dumps(example[0])
        at = data.draw(st.integers(0, len(line)))
        upto = data.draw(st.integers(at, min(at + 3, len(line))))
        self.check(
            line[:at]
            + data.draw(st.text(st.sampled_from('{}[]",:\\ 0-ea\0\u00e9'), max_size=3))
            + line[upto:]
        )

    @settings(deadline=None, database=None)
    @given(st.sampled_from([kind for kind in REQUESTS]), TEXTS, TEXTS)
    def test_of_any_text_in_the_right_place_neither(self, kind: str, text: str, room: str) -> None:
        names = ("text", "nick", "to", "name", "value", "session", "reason", "command")
        self.check(json.dumps({"type": kind, "room": room} | dict.fromkeys(names, text)))
