"""A program's dialogue: every request and every event of PROTOCOL.md section 6."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tcpchat.json_requests import REQUESTS
from tests.visitors import ChatCase, LateLog, Visitor

TIME = "2026-11-21T10:02:00.000Z"

# The closed list of the documentation.
_, _, _LIST = (
    Path(__file__).parents[1].joinpath("docs/json.md").read_text("utf-8").partition("## Error codes")
)
CODES = set(re.findall(r"`([a-z0-9-]+)`", _LIST))


def decoded(lines: list[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines]


class Program:
    """Somebody who speaks JSON."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor

    def sees(self) -> list[dict[str, Any]]:
        return decoded(self.visitor.sees())

    def asks(self, type: str, **fields: object) -> list[dict[str, Any]]:
        return decoded(self.visitor.types(request(type, **fields)))

    def types(self, *lines: str) -> list[dict[str, Any]]:
        return decoded(self.visitor.types(*lines))


def request(type: str, **fields: object) -> str:
    return json.dumps({"type": type} | fields)


class JsonCase(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        (self.alice,) = self.enter("alice")
        self.bot = self.program()
        self.welcome, *_ = self.bot.asks("nick", nick="bot")
        self.alice.sees()

    def program(self) -> Program:
        """Somebody connects who speaks JSON from the first line on."""
        visitor = self.connect()
        visitor.sees()
        visitor.types("/json")
        return Program(visitor)

    def resume(self, session: str = "", **fields: object) -> tuple[Program, list[dict[str, Any]]]:
        program = self.program()
        return program, program.asks("resume", session=session or self.welcome["session"], **fields)


class ComingInTests(JsonCase):
    def test_the_welcome_tells_all_that_is_needed(self) -> None:
        welcome = dict(self.welcome)
        self.assertEqual(len(welcome.pop("session")), 48)
        self.assertRegex(welcome.pop("code"), r"^[a-z-]+-\d\d-[a-z-]+$")
        self.assertEqual(
            welcome,
            {
                "type": "welcome",
                "nick": "bot",
                "room": "lobby",
                "people": ["alice"],
                "others": 1,
                "epoch": self.log.epoch,
                "rooms": ["lobby"],
                "after": {"@": 0, "lobby": 1},
                "protocol": 1,
            },
        )

    def test_the_topic_is_told_to_whoever_comes_in_if_there_is_one(self) -> None:
        self.alice.types("/topic tests")
        welcome, *_ = self.program().asks("as", nick="bot2")
        self.assertEqual(welcome["topic"], "tests")
        bot = self.program()
        bot.asks("as", nick="bot3")
        self.assertNotIn("topic", bot.asks("join", room="dev")[0])
        self.alice.types("/join #dev", "/topic engines")
        (joined,) = [it for it in self.bot.asks("join", room="dev") if it["type"] == "join"]
        self.assertEqual(joined["topic"], "engines")

    def test_ones_own_coming_is_the_first_entry(self) -> None:
        bot = self.program()
        _, *shown = bot.asks("nick", nick="bot2", ref="a")
        self.assertEqual(
            shown,
            [
                {"type": "joined", "room": "lobby", "seq": 3, "time": TIME, "nick": "bot2"},
                {"type": "ok", "ref": "a", "seq": 3},
            ],
        )

    def test_the_question_is_a_notice(self) -> None:
        visitor = self.connect()
        visitor.sees()
        self.assertEqual(
            decoded(visitor.types("/json")), [{"type": "notice", "text": "What is your nickname?"}]
        )

    def test_a_taken_name_is_an_error_and_as_takes_the_next(self) -> None:
        bot = self.program()
        error, _ = bot.asks("nick", nick="alice", ref=1)
        self.assertEqual(
            error,
            {"type": "error", "code": "nick-taken", "text": '"alice" is taken. Try "alice2".', "ref": "1"},
        )
        self.assertEqual(bot.asks("as", nick="alice")[0]["nick"], "alice2")

    def test_nothing_else_can_be_done_without_a_name(self) -> None:
        for type in "say", "who", "msg", "history":
            error, _ = self.program().asks(type, text="x", to="alice", ref="r")
            self.assertEqual((error["type"], error["code"], error["ref"]), ("error", "no-nick", "r"))

    def test_json_can_begin_later(self) -> None:
        self.alice.types("/join #dev", "/msg bot hi")
        welcome, *rest = decoded(self.alice.types("/json"))
        self.assertEqual((welcome["type"], welcome["room"], rest), ("welcome", "dev", []))
        self.assertEqual(welcome["after"], {"@": 1, "lobby": 2, "dev": 1})
        self.assertEqual(decoded(self.alice.types("hello"))[0]["seq"], 2)

    def test_the_past_of_the_room_is_marked_as_such(self) -> None:
        self.alice.types("old")
        shown = self.program().asks("nick", nick="late")
        self.assertEqual([each["type"] for each in shown], ["welcome", "message", "joined", "ok"])
        self.assertEqual([each.get("replay") for each in shown], [None, True, None, None])


class EventTests(JsonCase):
    def setUp(self) -> None:
        super().setUp()
        self.bot.sees()

    def test_what_is_said_and_done(self) -> None:
        self.alice.types("hello", "/me waves")
        self.assertEqual(
            self.bot.sees(),
            [
                {"type": t, "room": "lobby", "seq": s, "time": TIME, "from": "alice", "text": x}
                for t, s, x in (("message", 3, "hello"), ("action", 4, "waves"))
            ],
        )

    def test_who_comes_and_goes(self) -> None:
        (eve,) = self.enter("eve")
        eve.types("/quit bye")
        self.assertEqual(
            self.bot.sees(),
            [
                {"type": "joined", "room": "lobby", "seq": 3, "time": TIME, "nick": "eve"},
                {"type": "left", "room": "lobby", "seq": 4, "time": TIME, "nick": "eve", "reason": "bye"},
            ],
        )

    def test_names_and_topics(self) -> None:
        self.alice.types("/nick anna", "/topic tests")
        self.assertEqual(
            self.bot.sees(),
            [
                {"type": "renamed", "room": "lobby", "seq": 3, "time": TIME, "old": "alice", "new": "anna"},
                {"type": "topic", "room": "lobby", "seq": 4, "time": TIME, "by": "anna", "text": "tests"},
            ],
        )

    def test_a_renaming_is_an_entry_of_every_room(self) -> None:
        self.alice.types("/join #dev")
        self.bot.types("/join #dev")
        self.alice.types("/nick anna")
        self.assertEqual(
            {each["room"] for each in self.bot.sees() if each["type"] == "renamed"}, {"lobby", "dev"}
        )

    def test_private_messages_have_a_room_of_their_own(self) -> None:
        self.alice.types("/msg bot psst")
        self.assertEqual(
            self.bot.sees(),
            [
                {
                    "type": "private",
                    "room": "@",
                    "seq": 1,
                    "time": TIME,
                    "from": "alice",
                    "to": "bot",
                    "text": "psst",
                }
            ],
        )
        own, ok = self.bot.asks("reply", text="yes", ref="p")
        self.assertEqual(
            (own["room"], own["seq"], own["from"], ok), ("@", 2, "bot", {"type": "ok", "ref": "p", "seq": 2})
        )

    def test_a_paste_is_one_entry(self) -> None:
        self.alice.types("/paste", "if x:", "  y", ".")
        (entry,) = self.bot.sees()
        self.assertEqual(entry["text"], "if x:\n  y")

    def test_what_is_not_to_be_heard_is_hidden_and_counted(self) -> None:
        self.bot.asks("ignore", nick="alice")
        self.bot.asks("set", name="joins", value="none")
        self.alice.types("hello", "/me waves", "/msg bot psst")
        self.enter("eve")
        self.assertEqual(
            self.bot.sees(),
            [
                {"type": "hidden", "room": room, "seq": seq}
                for room, seq in (("lobby", 3), ("lobby", 4), ("@", 1), ("lobby", 5))
            ],
        )

    def test_in_a_big_room_every_entry_comes_at_once(self) -> None:
        self.enter(*(f"guest{n}" for n in range(60)))
        self.assertEqual([each["seq"] for each in self.bot.sees()], list(range(3, 63)))

    def test_a_slow_program_misses_nothing_and_sees_nothing_twice(self) -> None:
        self.bot.visitor.stalls(after=100)
        self.alice.types(*map(str, range(500)))
        self.enter("eve")
        self.assertEqual([each["seq"] for each in decoded(self.bot.visitor.reads())], list(range(3, 504)))


class RequestTests(JsonCase):
    def setUp(self) -> None:
        super().setUp()
        self.bot.sees()

    def test_ok_comes_behind_the_entry(self) -> None:
        self.assertEqual(
            self.bot.asks("say", text="hello", ref="a1"),
            [
                {"type": "message", "room": "lobby", "seq": 3, "time": TIME, "from": "bot", "text": "hello"},
                {"type": "ok", "ref": "a1", "seq": 3},
            ],
        )

    def test_ok_comes_when_it_is_in_the_log_and_not_before(self) -> None:
        self.bot.visitor.dialogue.received(request("say", text="hello", ref="a1"))
        self.assertNotIn(b'"a1"', self.bot.visitor.screen.shown)
        self.assertIn({"type": "ok", "ref": "a1", "seq": 3}, self.bot.sees())

    def test_no_ok_but_an_error_if_it_is_not(self) -> None:
        self.log.full = True
        (error,) = self.bot.asks("say", text="hello", ref="a1")
        self.assertEqual((error["type"], error["code"], error["ref"]), ("error", "not-sent", "a1"))
        self.log.full = False
        self.assertEqual(
            self.bot.asks("say", text="hello", ref="a1")[-1], {"type": "ok", "ref": "a1", "seq": 3}
        )

    def test_without_a_ref_there_is_ok_without_one(self) -> None:
        self.assertEqual(self.bot.asks("away", text="lunch")[-1], {"type": "ok"})

    def test_a_line_of_text_has_no_ok(self) -> None:
        self.assertEqual([each["type"] for each in self.bot.types("hello")], ["message"])

    def test_a_room_is_meant_with_and_without_its_sign(self) -> None:
        self.bot.asks("join", room="dev")
        for room in "lobby", "#lobby":
            self.assertEqual(self.bot.asks("say", room=room, text="x")[0]["room"], "lobby")
        self.assertEqual(self.bot.asks("say", text="x")[0]["room"], "dev")

    def test_joining_and_leaving(self) -> None:
        join, joined, ok = self.bot.asks("join", room="dev", ref="j")
        self.assertEqual(join, {"type": "join", "nick": "bot", "room": "dev", "people": [], "others": 0})
        self.assertEqual((joined["type"], joined["seq"], ok["seq"]), ("joined", 1, 1))
        *_, ok = self.bot.asks("leave", room="dev", ref="l")
        self.assertEqual(ok, {"type": "ok", "ref": "l", "seq": 2})

    def test_ones_own_leaving_is_an_entry_too(self) -> None:
        self.bot.asks("join", room="dev")
        shown = self.bot.asks("leave", room="dev")
        self.assertIn(("left", 2), [(each["type"], each.get("seq")) for each in shown])

    def test_ones_own_new_name_is_an_entry(self) -> None:
        renamed, ok = self.bot.asks("nick", nick="robot", ref="n")
        self.assertEqual((renamed["type"], renamed["seq"], ok["seq"]), ("renamed", 3, 3))

    def test_a_topic_is_set_and_shown(self) -> None:
        entry, ok = self.bot.asks("topic", text="tests", ref="t")
        self.assertEqual((entry["type"], entry["seq"], ok["seq"]), ("topic", 3, 3))
        self.assertEqual(self.bot.asks("topic")[0], {"type": "topic", "room": "lobby", "text": "tests"})

    def test_history_is_entries_of_the_past(self) -> None:
        self.alice.types(*"abcde")
        self.bot.sees()
        *entries, ok = self.bot.asks("history", limit=2, before=6, ref="h")
        self.assertEqual([(each["text"], each["replay"]) for each in entries], [("b", True), ("c", True)])
        self.assertEqual(ok, {"type": "ok", "ref": "h"})
        *entries, ok = self.bot.asks("more")
        self.assertEqual([each["text"] for each in entries], ["a"])
        self.assertEqual(self.bot.asks("more"), [{"type": "ok"}])

    def test_a_search_is_entries_of_the_past(self) -> None:
        self.alice.types("the build failed", "nothing", "/join #dev", "a failed one")
        self.bot.sees()
        entry, _ = self.bot.asks("search", text="failed")
        self.assertEqual((entry["text"], entry["replay"]), ("the build failed", True))
        self.assertEqual(self.bot.asks("search", text="absent"), [{"type": "ok"}])

    def test_people(self) -> None:
        self.assertEqual(
            self.bot.asks("who")[0], {"type": "who", "room": "lobby", "people": ["alice", "bot"], "away": []}
        )
        self.assertEqual(
            self.bot.asks("whois", nick="alice")[0],
            {"type": "whois", "nick": "alice", "rooms": ["lobby"], "since": TIME, "idle": 0, "away": None},
        )
        self.assertEqual(
            self.bot.asks("seen", nick="alice")[0], {"type": "seen", "nick": "alice", "here": True}
        )
        self.alice.types("/quit")
        self.bot.sees()
        self.assertEqual(
            self.bot.asks("seen", nick="alice")[0],
            {"type": "seen", "nick": "alice", "here": False, "time": TIME},
        )
        self.assertEqual(
            self.bot.asks("rooms")[0],
            {"type": "rooms", "rooms": [{"room": "lobby", "people": 1, "topic": ""}]},
        )

    def test_settings_and_help(self) -> None:
        self.assertEqual(self.bot.asks("set", name="echo", value=True)[0]["text"], "echo is on.")
        self.assertEqual(self.bot.asks("set")[0]["settings"]["echo"], "on")
        self.assertEqual(self.bot.asks("help", command="msg")[0]["type"], "help")

    def test_quit_says_goodbye_and_then_ends(self) -> None:
        shown = self.bot.asks("quit", reason="done", ref="q")
        self.assertIn({"type": "ok", "ref": "q"}, shown)
        self.assertIn({"type": "notice", "text": "Goodbye."}, shown)
        self.assertTrue(self.bot.visitor.screen.closed)
        self.assertEqual(self.alice.sees(), ["*** bot left #lobby: done."])

    def test_a_ping_is_answered_and_nobody_is_there_by_it(self) -> None:
        self.clock.advance(90)
        self.assertEqual(self.bot.asks("ping", ref="p"), [{"type": "ok", "ref": "p"}])
        self.assertEqual(self.bot.visitor.session.idle, 90)
        self.bot.asks("who")
        self.assertEqual(self.bot.visitor.session.idle, 0)

    def test_every_request_is_answered_by_ok_or_an_error(self) -> None:
        fields = {
            "text": "x", "to": "alice", "nick": "carol", "room": "lobby", "name": "echo", "value": "on",
            "session": "x",
        }  # fmt: skip
        for type in REQUESTS:
            self.setUp()
            self.bot.sees()
            shown = self.bot.asks(type, ref="r", **({} if type == "help" else fields))
            answers = [each for each in shown if each["type"] in ("ok", "error")]
            self.assertEqual([each["ref"] for each in answers], ["r"], (type, shown))

    def test_every_error_has_a_code_of_the_list(self) -> None:
        for line, code in (
            ("{", "bad-json"),
            ("{}", "unknown-type"),
            ('{"type":"fly"}', "unknown-type"),
            ('{"type":7}', "unknown-type"),
            ('{"type":"say"}', "bad-request"),
            ('{"type":"say","text":7}', "bad-request"),
            ('{"type":"say","text":""}', "bad-request"),
            ('{"type":"say","text":"\\u0007"}', "bad-request"),
            ('{"type":"say","text":"x","ref":[]}', "bad-request"),
            ('{"type":"say","text":"x","ref":"' + "r" * 65 + '"}', "bad-request"),
            ('{"type":"say","text":"' + "\\n" * 60 + 'x"}', "too-long"),
            ('{"type":"say","text":"x","room":"dev"}', "no-such-room"),
            ('{"type":"say","text":"x","room":"a b"}', "bad-room"),
            ('{"type":"nick","nick":"a b"}', "bad-nick"),
            ('{"type":"nick","nick":"alice"}', "nick-taken"),
            ('{"type":"whois","nick":"nobody"}', "no-such-nick"),
            ('{"type":"topic","text":"' + "x" * 301 + '"}', "too-long"),
            ('{"type":"history","limit":0}', "bad-request"),
            ('{"type":"history","limit":-1}', "bad-request"),
            ('{"type":"history","before":"x"}', "bad-request"),
            ('{"type":"resume","session":"x","after":{"lobby":"x"}}', "bad-request"),
            ('{"type":"set","name":"colour","value":"x"}', "bad-request"),
            ("{" * 4000, "bad-json"),
            ("/foo", "bad-request"),
        ):
            *_, error = self.bot.types(line)
            self.assertEqual((error["type"], error["code"]), ("error", code), line)
            self.assertIn(code, CODES)
        self.assertEqual(self.bot.asks("say", text="alive")[-1]["type"], "ok")

    def test_in_no_room_one_is_no_member(self) -> None:
        self.bot.asks("leave")
        self.assertEqual(self.bot.asks("say", text="x")[0]["code"], "not-member")
        self.alice.types("/join #dev")
        self.assertEqual(self.bot.asks("history", room="dev")[0]["code"], "not-member")

    def test_a_text_cannot_make_a_line_of_its_own(self) -> None:
        self.bot.asks("say", text='x\r"}\u2028{"type":"ok"}')
        self.alice.types("/json")
        *_, entry = decoded(self.alice.types("/json", '{"type":"history","limit":1}'))[:-1]
        self.assertEqual(entry["from"], "bot")


class RefTests(JsonCase):
    def setUp(self) -> None:
        super().setUp()
        self.bot.sees()

    def said(self) -> list[str]:
        return [line for line in self.alice.sees() if "bot" in line]

    def test_the_same_ref_is_said_once_before_the_commit(self) -> None:
        for _ in range(3):
            self.bot.visitor.dialogue.received(request("say", text="hello", ref="a"))
        oks = [each for each in self.bot.sees() if each["type"] == "ok"]
        self.assertEqual(oks, [{"type": "ok", "ref": "a", "seq": 3}] * 3)
        self.assertEqual(self.said(), ["<bot> hello"])

    def test_and_after_it(self) -> None:
        self.bot.asks("say", text="hello", ref="a")
        self.assertEqual(self.bot.asks("say", text="hello", ref="a"), [{"type": "ok", "ref": "a", "seq": 3}])
        self.assertEqual(self.said(), ["<bot> hello"])

    def test_also_with_another_text_or_another_request(self) -> None:
        self.bot.asks("say", text="hello", ref="a")
        for type, fields in (
            ("say", {"text": "other"}),
            ("me", {"text": "waves"}),
            ("msg", {"to": "alice", "text": "psst"}),
            ("nick", {"nick": "robot"}),
            ("join", {"room": "dev"}),
            ("leave", {}),
            ("topic", {"text": "tests"}),
        ):
            self.assertEqual(self.bot.asks(type, ref="a", **fields), [{"type": "ok", "ref": "a", "seq": 3}])
        self.assertEqual(self.said(), ["<bot> hello"])

    def test_every_request_that_is_logged_is_done_once(self) -> None:
        for ref, (type, fields) in enumerate(
            (
                ("me", {"text": "waves"}),
                ("msg", {"to": "alice", "text": "psst"}),
                ("topic", {"text": "tests"}),
                ("join", {"room": "dev"}),
                ("nick", {"nick": "robot"}),
                ("leave", {"room": "dev"}),
            )
        ):
            *_, first = self.bot.asks(type, ref=ref, **fields)
            self.assertEqual(self.bot.asks(type, ref=ref, **fields), [first], type)
        self.assertEqual(
            self.said(),
            [
                "* bot waves",
                "[from bot] psst",
                "*** bot set the topic of #lobby: tests",
                "*** bot is now known as robot.",
            ],
        )

    def test_a_resumed_session_and_a_restarted_server_know_it(self) -> None:
        self.bot.asks("say", text="hello", ref="a")
        known = {"type": "ok", "ref": "a", "seq": 3}
        self.bot.visitor.breaks_off()
        bot, _ = self.resume()
        self.assertEqual(bot.asks("say", text="hello", ref="a"), [known])
        bot.asks("quit")
        bot, _ = self.resume()
        self.assertEqual(bot.asks("say", text="hello", ref="a")[-1], known)
        self.crash()
        bot, _ = self.resume()
        self.assertEqual(bot.asks("say", text="hello", ref="a")[-1], known)
        self.assertEqual(self.said(), ["<bot> hello", "*** bot left #lobby.", "*** bot joined #lobby."])

    def test_what_was_not_answered_can_be_sent_again(self) -> None:
        bot = self.program()
        for n in range(10):
            self.bot.visitor.dialogue.received(request("say", text=str(n), ref=n))
        self.bot.visitor.dialogue.lost("connection lost")
        bot.visitor.dialogue.received(request("resume", session=self.welcome["session"]))
        for n in range(12):
            bot.visitor.dialogue.received(request("say", text=str(n), ref=n))
        self.settle()
        oks = [each for each in bot.sees() if each["type"] == "ok"]
        self.assertEqual(
            {each["ref"]: each["seq"] for each in oks if "seq" in each}, {str(n): n + 3 for n in range(12)}
        )
        self.assertEqual(self.said(), [f"<bot> {n}" for n in range(12)])

    def test_another_session_has_its_own(self) -> None:
        self.bot.asks("say", text="hello", ref="a")
        other = self.program()
        other.asks("nick", nick="other")
        self.assertEqual(other.asks("say", text="hello", ref="a")[-1], {"type": "ok", "ref": "a", "seq": 5})

    def test_a_refused_request_can_be_made_again_under_its_ref(self) -> None:
        self.assertEqual(self.bot.asks("nick", nick="alice", ref="a")[0]["type"], "error")
        self.assertEqual(
            self.bot.asks("nick", nick="robot", ref="a")[-1], {"type": "ok", "ref": "a", "seq": 3}
        )

    def test_coming_in_is_known_by_its_ref(self) -> None:
        other = self.program()
        *_, ok = other.asks("nick", nick="other", ref="in")
        self.assertEqual(other.asks("nick", nick="other", ref="in"), [ok])


class ResumeTests(JsonCase):
    def setUp(self) -> None:
        super().setUp()
        self.bot.sees()

    def seqs(self, shown: list[dict[str, Any]], room: str = "lobby") -> list[int]:
        return [
            each["seq"]
            for each in shown
            if each.get("room") == room and each["type"] in ("message", "private")
        ]

    def test_after_gives_each_entry_once(self) -> None:
        self.alice.types(*"abc")
        self.bot.visitor.breaks_off(unacknowledged=30)
        self.alice.types(*"def")
        bot, shown = self.resume(after={"lobby": 4})
        self.assertEqual(shown[0]["after"], {"@": 0, "lobby": 4})
        self.assertEqual(self.seqs(shown), [5, 6, 7, 8])
        self.assertEqual([each for each in shown if "replay" in each], [])
        self.alice.types("g")
        self.assertEqual(self.seqs(bot.sees()), [9])

    def test_from_the_beginning(self) -> None:
        self.alice.types(*"abc")
        _, shown = self.resume(after={"lobby": 0})
        self.assertEqual([each["seq"] for each in shown if "seq" in each], [1, 2, 3, 4, 5])

    def test_with_nothing_missed(self) -> None:
        _bot, shown = self.resume(after={"lobby": 2})
        self.assertEqual([each["type"] for each in shown], ["welcome", "ok"])

    def test_beyond_the_end_is_the_end(self) -> None:
        bot, shown = self.resume(after={"lobby": 10**15})
        self.assertEqual(shown[0]["after"]["lobby"], 2)
        self.alice.types("a")
        self.assertEqual(self.seqs(bot.sees()), [3])

    def test_a_negative_number_is_the_beginning(self) -> None:
        self.alice.types("a")
        _, shown = self.resume(after={"lobby": -7})
        self.assertEqual([each["seq"] for each in shown if "seq" in each], [1, 2, 3])

    def test_rooms_that_one_is_not_in_are_nothing_to_one(self) -> None:
        self.alice.types("/join #dev", "secret", "/msg bot psst")
        self.bot.visitor.breaks_off()
        _, shown = self.resume(after={"dev": 0, "nowhere": 3, "#": 0, "@s1": 0, "@": 0, "": 5})
        self.assertNotIn("secret", json.dumps(shown))
        self.assertEqual(set(shown[0]["after"]), {"@", "lobby"})

    def test_with_the_sign_too(self) -> None:
        self.alice.types("a")
        _, shown = self.resume(after={"#lobby": 2})
        self.assertEqual(self.seqs(shown), [3])

    def test_private_messages(self) -> None:
        self.alice.types("/msg bot one", "/msg bot two")
        self.bot.visitor.breaks_off()
        self.alice.types("/msg bot three")
        _, shown = self.resume(after={"@": 1})
        self.assertEqual(self.seqs(shown, "@"), [2, 3])

    def test_what_after_does_not_name_comes_as_a_replay_from_where_it_was_not_acknowledged(self) -> None:
        self.bot.asks("join", room="dev")
        self.bot.visitor.breaks_off()
        self.alice.types("a", "/join #dev", "b")
        _, shown = self.resume(after={"lobby": 2})
        self.assertEqual(
            [(each["room"], each["seq"], each.get("replay")) for each in shown if each["type"] == "message"],
            [("dev", 3, True), ("lobby", 3, None)],
        )

    def test_the_same_after_again_gives_the_same(self) -> None:
        self.alice.types(*"abc")
        for _ in range(3):
            _bot, shown = self.resume(after={"lobby": 3})
            self.assertEqual(self.seqs(shown), [4, 5])

    def test_a_long_absence_in_pieces(self) -> None:
        self.bot.visitor.breaks_off()
        self.alice.types(*(str(n) * 20 for n in range(1000)))
        last, seen = 2, []
        for room in 300, 3000, 30000, None:
            bot = self.program()
            start = len(bot.visitor.screen.shown)
            if room is not None:
                bot.visitor.stalls(after=room)
            bot.visitor.dialogue.received(
                request("resume", session=self.welcome["session"], after={"lobby": last})
            )
            self.settle()
            whole = bot.visitor.screen.shown[start:].rpartition(b"\n")[0].decode().split("\n")
            seen += self.seqs(decoded(whole))
            last = max([last, *seen])
            bot.visitor.breaks_off()
        self.assertEqual(seen, list(range(3, 1003)))

    def test_it_works_by_code_and_by_token(self) -> None:
        for secret in self.welcome["code"], self.welcome["session"]:
            _, shown = self.resume(secret, after={"lobby": 2})
            self.assertEqual(
                (shown[0]["code"], shown[0]["session"]), (self.welcome["code"], self.welcome["session"])
            )

    def test_it_works_in_text_and_text_goes_on_as_json(self) -> None:
        _, lines = self.come_back(self.welcome["code"])
        self.assertEqual(lines, ["*** You are bot, in #lobby with alice."])
        self.alice.types("a")
        _bot, shown = self.resume(after={"lobby": 2})
        self.assertEqual(self.seqs(shown), [3])

    def test_it_works_after_a_restart(self) -> None:
        self.alice.types("a")
        self.crash()
        for _ in range(2):
            _bot, (welcome, *shown) = self.resume(after={"lobby": 2})
            self.assertEqual(
                (welcome["session"], welcome["code"]), (self.welcome["session"], self.welcome["code"])
            )
            self.assertEqual(self.seqs(shown), [3])

    def test_a_token_is_good_as_long_as_the_code(self) -> None:
        self.crash()
        self.come_back(self.welcome["code"])
        self.assertEqual(self.resume()[1][0]["type"], "welcome")

    def test_a_wrong_token_is_an_error(self) -> None:
        bot, (error, _question) = self.resume("0" * 48, ref="r")
        self.assertEqual((error["code"], error["ref"]), ("bad-session", "r"))
        for _ in range(2):
            bot.asks("resume", session="0" * 48)
        self.assertTrue(bot.visitor.screen.closed)

    def test_whoever_has_a_name_is_refused(self) -> None:
        (error,) = self.bot.asks("resume", session=self.welcome["session"], ref="r")
        self.assertEqual((error["code"], error["ref"]), ("refused", "r"))

    def test_what_is_no_longer_kept_is_a_gap(self) -> None:
        self.alice.types(*"abcdef")
        self.bot.visitor.breaks_off()
        self.log.forget("#lobby", 5)
        _, shown = self.resume(after={"lobby": 2})
        self.assertEqual(shown[1], {"type": "gap", "room": "lobby", "after": 2, "before": 6})
        self.assertEqual(self.seqs(shown), [6, 7, 8])

    def test_what_is_forgotten_while_one_reads_is_a_gap_too(self) -> None:
        for after in {"lobby": 2}, None:
            self.setUp()
            self.bot.visitor.breaks_off()
            self.alice.types(*(f"{n} {'x' * 1000}" for n in range(300)))
            bot = self.program()
            bot.visitor.stalls()
            fields = {"after": after} if after else {}
            bot.visitor.dialogue.received(request("resume", session=self.welcome["session"], **fields))
            self.settle()
            self.log.forget("#lobby", 200)
            shown = decoded(bot.visitor.reads())
            at = 2
            for each in shown:
                if each["type"] == "gap":
                    self.assertEqual(each["after"], at)
                    at = each["before"] - 1
                elif each["type"] == "message":
                    self.assertEqual(each["seq"], at + 1)
                    at += 1
            self.assertEqual(at, 302)

    def test_a_gap_in_the_inbox(self) -> None:
        self.alice.types("/msg bot a", "/msg bot b")
        self.log.forget(self.own_inbox(), 1)
        _, shown = self.resume(after={"@": 0})
        self.assertIn({"type": "gap", "room": "@", "after": 0, "before": 2}, shown)
        self.assertEqual(self.seqs(shown, "@"), [2])

    def own_inbox(self) -> str:
        members = self.chat.rooms.find("#lobby").room.members
        return "@" + next(session for session, member in members.items() if member.nick == "bot")


class LateTests(JsonCase):
    def setUp(self) -> None:
        super().setUp()
        self.log = self.late = LateLog(self.clock, self.wall)
        self.chat = self.make_chat(self.log)
        (self.alice,) = self.enter("alice")
        self.bot = self.program()
        self.welcome, *_ = self.bot.asks("nick", nick="bot")
        self.bot.sees()

    def test_a_program_that_comes_back_at_once_repeats_itself_without_harm(self) -> None:
        bot = self.program()
        self.late.late = 0.1
        self.bot.visitor.dialogue.received(request("say", text="hello", ref="a"))
        bot.visitor.dialogue.received(request("resume", session=self.welcome["session"]))
        bot.visitor.dialogue.received(request("say", text="hello", ref="a"))
        self.clock.pump([0.1] * 10)
        self.assertIn({"type": "ok", "ref": "a", "seq": 3}, bot.sees())
