"""The audit trail: what it holds, that operators read it as any room, and that nobody else knows of it."""

from __future__ import annotations

import json
import re
from collections.abc import Coroutine, Hashable
from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from zope.interface import implementer

from tcpchat.audit import AUDIT, note, rooms_of
from tcpchat.commands import COMMANDS
from tcpchat.events import Noted
from tcpchat.json_requests import REQUESTS
from tcpchat.limits import NO_LIMITS, Limits
from tcpchat.logging_in import log_in
from tcpchat.present import Present
from tests.visitors import ChatCase, Visitor

CANARY = "canary"
NO_ROOM = "There is no room {}. /rooms lists the rooms."
RESERVED = '"{}" is not a room: it is reserved.'


class AuditCase(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.anna, self.bob = self.enter("anna", "bob")
        self.account = self.has_account(self.anna, is_operator=True)

    def happens(self, text: str, session: Visitor | None = None) -> None:
        """Have the trail hold that somebody did something."""
        self.log.append_all([note((session or self.bob).session, text)])
        self.settle()

    def begin(self, coroutine: Coroutine[Deferred[Any], Any, Any]) -> None:
        answer = Deferred.fromCoroutine(coroutine)
        self.settle()
        self.successResultOf(answer)

    def log_in(self) -> tuple[Visitor, list[str]]:
        """Anna logs in."""
        visitor = self.connect()
        visitor.sees()
        self.chat.nameless.cancel(cast(Hashable, visitor.dialogue._state))
        account = self.chat.accounts.get(self.account)
        assert account is not None
        self.begin(log_in(visitor.dialogue, account, Present))
        return visitor, visitor.sees()


class NoteTests(AuditCase):
    def test_it_is_what_somebody_did_and_who_that_was(self) -> None:
        account = self.has_account(self.bob)
        room, (event,) = note(self.bob.session, "banned eve from #own for 2h: spam")
        self.assertEqual(room, AUDIT)
        said = Noted(self.bob.session.id, "bob", "banned eve from #own for 2h: spam", account=account)
        self.assertEqual(event, said)

    def test_the_servers_own_log_is_told_who_and_what_for_a_verb(self) -> None:
        heard: list[LogEvent] = []

        @implementer(ILogObserver)
        def hear(event: LogEvent) -> None:
            heard.append(event)

        globalLogPublisher.addObserver(hear)
        self.addCleanup(globalLogPublisher.removeObserver, hear)
        note(self.anna.session, "banned eve from #own for 2h: spam")
        (event,) = heard
        self.assertEqual(
            [event[key] for key in ("session", "nick", "verb", "room")],
            [self.anna.session.id, "anna", "banned", "#audit"],
        )
        self.assertEqual(event["log_level"].name, "info")
        self.assertNotIn("spam", str(event))

    def test_of_an_operator_the_rooms_are_told(self) -> None:
        self.assertEqual(rooms_of(self.chat, self.account), (AUDIT,))
        self.assertEqual(rooms_of(self.chat, self.has_account(self.bob)), ())
        self.assertEqual(rooms_of(self.chat, ""), ())


class ReadingTests(AuditCase):
    def test_operators_see_it_as_it_happens(self) -> None:
        self.happens("did something")
        self.assertEqual(self.anna.sees(), ["*** bob did something"])

    def test_also_what_somebody_did_whom_they_ignore(self) -> None:
        self.anna.types("/ignore bob")
        self.happens("did something")
        self.assertEqual(self.anna.sees(), ["*** bob did something"])

    def test_it_has_history_search_and_numbers_as_any_room(self) -> None:
        self.happens("banned eve from #own")
        self.happens("did something else")
        self.anna.sees()
        self.assertEqual(
            self.anna.types("/history 2 #audit"),
            [
                "*** The last 2 lines of #audit:",
                "[10:02] *** bob banned eve from #own",
                "[10:02] *** bob did something else",
                "*** Live now.",
            ],
        )
        self.assertEqual(
            self.anna.types("/search eve in:#audit")[:2],
            ["*** 1 line found:", "[10:02] *** bob banned eve from #own"],
        )
        self.assertEqual(self.anna.types("/search banned")[0], "*** 1 line found:")
        self.assertEqual(self.anna.types("/who #audit"), ["*** 1 person is in #audit: anna."])
        self.assertEqual(self.anna.types("/rooms"), ["*** #lobby: 2 people", "*** #audit: 1 person"])

    def test_a_program_gets_it_as_entries_of_that_room(self) -> None:
        self.anna.types("/json")
        self.happens("did something")
        (entry,) = map(json.loads, self.anna.sees())
        del entry["time"]
        self.assertEqual(
            entry, {"type": "audit", "room": "audit", "seq": 2, "by": "bob", "text": "did something"}
        )

    def test_nobody_says_anything_there(self) -> None:
        self.anna.types("/join #audit")
        for line in "hello", "/me waves", "/topic cats", '{"type":"say","text":"hello","room":"audit"}':
            if line.startswith("{"):
                self.anna.types("/json")
            self.assertIn("Nobody says anything in #audit.", self.anna.types(line)[-1], line)

    def test_nobody_moderates_it(self) -> None:
        for line in "/kick #audit anna", "/lock #audit", "/op #audit bob", "/ban #audit bob", "/hide #audit":
            self.assertEqual(self.anna.types(line), ["!!! #audit is nobody's to moderate."], line)

    def test_who_logs_in_is_in_it_and_talks_in_the_lobby(self) -> None:
        self.anna.types("/quit")
        visitor, shown = self.log_in()
        self.assertEqual(shown[0], "*** You are anna, in #lobby with bob.")
        self.happens("did something")
        self.assertEqual(visitor.sees()[-1], "*** bob did something")

    def test_what_was_missed_is_shown(self) -> None:
        self.anna.types("/quit")
        self.happens("did something")
        _, shown = self.log_in()
        self.assertIn("[10:02] *** bob did something", shown)

    def test_who_is_no_operator_any_more_does_not_come_into_it(self) -> None:
        self.anna.types("/quit")
        account = self.chat.accounts.get(self.account)
        assert account is not None
        self.chat.accounts.keep(type(account)(account.id, "anna", "", 0, rooms={"#lobby": 1, AUDIT: 1}))
        visitor, shown = self.log_in()
        self.happens("did something")
        self.assertNotIn("did something", "\n".join(shown + visitor.sees()))
        self.assertNotIn(AUDIT, "\n".join(shown))

    def test_it_outlives_the_server_and_is_never_closed(self) -> None:
        self.happens("did something")
        self.anna.types("/quit")
        self.crash()
        for _ in range(3):
            self.clock.advance(10)
            self.settle()
        self.assertIn(self.chat.rooms.audit, list(self.chat.rooms))
        self.assertIn("[10:02] *** bob did something", self.log_in()[0].types("/history #audit"))

    def test_a_second_connection_has_it_too(self) -> None:
        visitor, _ = self.log_in()
        self.happens("did something")
        self.assertEqual((visitor.sees()[-1], self.anna.sees()[-1]), ("*** bob did something",) * 2)


class LimitTests(AuditCase):
    limits: Limits = NO_LIMITS

    def test_it_counts_as_no_room(self) -> None:
        for limits in {"rooms": 2}, {"rooms_per_person": 2}:
            self.limits = Limits(**(dict.fromkeys(Limits.__struct_fields__) | limits))
            self.log = type(self.log)(self.clock, self.wall)
            self.chat = self.make_chat(self.log)
            (anna,) = self.enter("anna")
            self.has_account(anna, is_operator=True)
            self.assertEqual(anna.types("/join #dev")[0], "*** You are anna, in #dev.")
            self.assertRegex(anna.types("/join #ops")[0], "^!!! (There|You) are .*2 rooms")
            self.assertEqual(anna.types("/leave #audit", "/join #audit")[-1], "*** You are anna, in #audit.")


class PrivacyTests(AuditCase):
    """Whoever is no operator finds nothing of it by any command, text or JSON."""

    def setUp(self) -> None:
        super().setUp()
        self.happens(f"said {CANARY}", self.anna)
        self.has_account(self.bob)
        self.bob.types("/join #dev")
        self.chat.rooms.find("#dev").room.operators[self.bob.session.person.account] = "bob"

    def test_it_is_as_if_there_was_none(self) -> None:
        for name in AUDIT, "#AUDIT", "#aud1t":
            for line in f"/who {name}", f"/history 5 {name}", f"/search {CANARY} in:{name}", f"/leave {name}":
                self.assertEqual(self.bob.types(line), ["!!! " + NO_ROOM.format(name)], line)
            self.assertEqual(self.bob.types(f"/join {name}"), ["!!! " + RESERVED.format(name)])
        self.assertEqual(self.bob.types("/rooms"), ["*** #lobby: 2 people", "*** #dev: 1 person"])
        self.assertNotIn(AUDIT, self.bob.types("/whois anna")[0])

    def test_before_there_is_an_operator_it_is_the_same(self) -> None:
        self.log = type(self.log)(self.clock, self.wall)
        self.chat = self.make_chat(self.log)
        (bob,) = self.enter("bob")
        self.assertEqual(bob.types("/join #audit"), ["!!! " + RESERVED.format(AUDIT)])
        self.assertEqual(bob.types("/who #audit"), ["!!! " + NO_ROOM.format(AUDIT)])

    def shown(self, line: str) -> list[str]:
        """Return what bob is shown for a line: nothing of what only operators may read."""
        shown = self.bob.types(line, *(["."] if line.startswith("/") else []))
        self.assertNotIn(CANARY, "\n".join(each for each in shown if CANARY not in line))
        return [re.sub('"seq":[0-9]+', "", each) for each in shown]

    def assert_as_if_there_was_none(self, line: str) -> None:
        """See that bob is shown what he would be for a room that there is not."""
        of_none = self.shown(line.replace("audit", "xudit"))
        self.assertEqual(self.shown(line), [each.replace("xudit", "audit") for each in of_none], line)

    def test_no_command_shows_anything_of_it(self) -> None:
        for name, command in COMMANDS.items():
            if name in ("quit", "json", "join", "register", "login", "password", "unregister"):
                continue
            _, _, rest = command.example.partition(" ")
            for words in AUDIT, f"{AUDIT} {rest}", f"in:{AUDIT} said", f"1 {AUDIT}":
                self.assert_as_if_there_was_none(f"/{name} {words}")
        for line in f"/search {CANARY}", "/search from:anna", "/more", "/history", "/context 2", "/seen anna":
            self.shown(line)

    def test_nor_does_any_request_of_a_program(self) -> None:
        self.bob.types("/json")
        for type in REQUESTS:
            if type in ("quit", "join", "nick", "as", "ignore", "unignore", "register", "login", "password"):
                continue
            for room in AUDIT, "audit":
                fields = {
                    "type": type, "room": room, "text": f"in:{AUDIT} said", "nick": "anna", "whom": "anna",
                    "to": "anna", "number": 1, "reason": "x", "limit": 9, "after": {"audit": 0},
                    "session": self.bob.session.ticket.token,
                }  # fmt: skip
                self.assert_as_if_there_was_none(json.dumps(fields))

    def test_nor_does_coming_back(self) -> None:
        token, code = self.bob.session.ticket
        self.bob.breaks_off()
        self.happens(f"said {CANARY} again", self.anna)
        back = self.connect()
        asked = {"type": "resume", "session": token, "after": {"audit": 0, "lobby": 0}}
        shown = back.types(json.dumps(asked))
        self.assertIn('"nick":"bob"', shown[2])
        self.crash()
        shown += self.come_back(code)[1]
        self.assertNotIn(CANARY, "\n".join(shown))
        self.assertNotIn("audit", "\n".join(shown))
