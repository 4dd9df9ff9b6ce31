"""Announcements reach everybody once; the lockdown is switched and told; reports reach the operators."""

from __future__ import annotations

import json
from typing import Any

from tcpchat import server_wide
from tcpchat.config import WrongConfig
from tcpchat.events import Announced, Entry, Event, Gone, Noted
from tcpchat.limits import MOST_REPORTS, REPORTS_WITHIN
from tcpchat.reload import Reloaded
from tcpchat.room import AUDIT
from tcpchat.server_wide import remind
from tests.visitors import ChatCase, Visitor

HELLO = "*** Announcement from anna: back at ten"


class ServerWideCase(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.anna, self.bob, self.eve = self.enter("anna", "bob", "eve")
        self.has_account(self.anna, is_operator=True)

    def noted(self) -> list[str]:
        """Return what the audit trail holds."""
        return [event.text for event in self.events(AUDIT) if isinstance(event, Noted)]

    def events(self, stream: str) -> list[Event]:
        return [entry.event for entry in self.successResultOf(self.log.read(stream, 0, 100))]

    def programs(self, visitor: Visitor) -> list[dict[str, Any]]:
        return [json.loads(line) for line in visitor.sees()]


class AnnouncementTests(ServerWideCase):
    def test_everybody_sees_it_once_wherever_they_are(self) -> None:
        self.bob.types("/join #dev", "/join #ops")
        self.eve.types("/leave")
        self.anna.sees()
        self.bob.sees()
        self.eve.sees()
        self.assertEqual(self.anna.types("/announce back at ten"), [HELLO])
        self.assertEqual(self.bob.sees(), [HELLO])
        self.assertEqual(self.eve.sees(), [HELLO])

    def test_it_is_in_the_log_of_every_room_with_somebody_in_it_and_noted(self) -> None:
        self.bob.types("/join #dev", "/join #empty", "/leave")
        self.anna.types("/announce back at ten")
        for room in "#lobby", "#dev":
            (event,) = [event for event in self.events(room) if isinstance(event, Announced)]
            self.assertEqual((event.nick, event.text), ("anna", "back at ten"))
        for room in "#empty", AUDIT:
            self.assertEqual([it for it in self.events(room) if isinstance(it, Announced)], [])
        self.assertEqual(self.noted(), ["announced: back at ten"])

    def test_it_is_in_many_rooms_though_few_are_logged_together(self) -> None:
        self.patch(server_wide, "ROOMS_AT_ONCE", 2)
        self.bob.types("/join #dev", "/join #ops", "/join #a", "/join #b")
        self.bob.sees()
        self.assertEqual(self.anna.types("/announce back at ten"), [HELLO])
        for room in "#lobby", "#dev", "#ops", "#a", "#b":
            self.assertEqual(len([it for it in self.events(room) if isinstance(it, Announced)]), 1, room)
        self.assertEqual((self.bob.sees(), self.noted()), ([HELLO], ["announced: back at ten"]))

    def test_where_the_log_fails_on_the_way_the_operator_is_told(self) -> None:
        self.patch(server_wide, "ROOMS_AT_ONCE", 1)
        self.bob.types("/join #dev")
        self.anna.sees()

        def fill_up(entries: list[Entry]) -> None:
            self.log.full = True

        some = "some of the rooms alone"
        self.log.tail("#lobby", self.log.last("#lobby"), fill_up)
        self.assertEqual(
            self.anna.types("/announce back at ten"),
            [HELLO, f"!!! Not everywhere: it was announced in {some}, as the log cannot be written."],
        )
        self.assertEqual([it for it in self.events("#dev") if isinstance(it, Announced)], [])

    def test_who_comes_back_is_shown_it_once(self) -> None:
        self.bob.types("/join #dev")
        code = self.bob.code
        self.bob.breaks_off()
        self.anna.types("/announce back at ten")
        shown = self.come_back(code)[1]
        self.assertEqual([line for line in shown if "Announcement" in line], ["[10:02] " + HELLO])

    def test_who_did_not_read_is_shown_it_once(self) -> None:
        self.bob.types("/join #dev")
        self.bob.stalls()
        self.eve.types("x" * 100)
        self.anna.types("/announce back at ten")
        self.assertEqual(self.bob.reads().count(HELLO), 1)

    def test_a_program_gets_it_in_each_of_its_rooms_and_is_answered_with_its_number(self) -> None:
        self.bob.types("/join #dev", "/json")
        self.anna.types("/json")
        self.settle()
        self.anna.sees()
        self.bob.sees()
        self.anna.dialogue.received('{"type":"announce","text":"back at ten","ref":"a1"}')
        got = self.programs(self.anna)
        seqs = {entry["room"]: entry["seq"] for entry in got if entry["type"] == "announced"}
        self.assertEqual(list(seqs), ["lobby"])
        self.assertIn({"type": "ok", "ref": "a1", "seq": seqs["lobby"]}, got)
        got = self.programs(self.bob)
        self.assertEqual(
            [(it["type"], it["room"]) for it in got], [("announced", "lobby"), ("announced", "dev")]
        )

    def test_asked_for_again_under_the_same_reference_it_is_said_once(self) -> None:
        self.anna.types("/json")
        for _ in range(2):
            self.anna.types('{"type":"announce","text":"back at ten","ref":"a1"}')
        self.assertEqual(self.bob.sees(), [HELLO])

    def test_it_goes_out_of_rooms_that_are_not_the_current_one_as_well(self) -> None:
        self.anna.types("/join #dev")
        self.bob.sees()
        self.anna.types("/announce back at ten")
        self.assertEqual(self.bob.sees(), [HELLO])

    def test_where_nobody_is_in_any_room_all_are_told(self) -> None:
        for visitor in self.anna, self.bob, self.eve:
            visitor.types("/leave #lobby")
            visitor.sees()
        self.anna.types("/json")
        self.anna.dialogue.received('{"type":"announce","text":"back at ten"}')
        note, *told = self.programs(self.anna)
        self.assertEqual(note["room"], "audit")
        self.assertEqual(told, [{"type": "notice", "text": HELLO.removeprefix("*** ")}, {"type": "ok"}])
        self.assertEqual(self.bob.sees(), [HELLO])

    def test_on_a_full_disk_nobody_sees_it(self) -> None:
        self.eve.types("/leave")
        for visitor in self.anna, self.bob, self.eve:
            visitor.sees()
        self.log.full = True
        self.assertEqual(
            self.anna.types("/announce back at ten"), ["!!! Not sent: the log cannot be written."]
        )
        self.assertEqual(self.bob.sees() + self.eve.sees(), [])


class LockdownTests(ServerWideCase):
    def test_it_is_turned_on_and_off_and_shown(self) -> None:
        for line, told in (
            ("/lockdown", "*** Everybody may come in."),
            ("/lockdown on", "*** Only people with an account may come in."),
            ("/lockdown on", "*** Only people with an account may come in."),
            ("/lockdown", "*** Only people with an account may come in."),
            ("/lockdown off", "*** Everybody may come in."),
        ):
            self.assertEqual(self.anna.types(line), [told], line)
        self.assertEqual(self.noted(), ["turned the lockdown on", "turned the lockdown off"])

    def test_a_program_is_answered_with_an_object(self) -> None:
        self.anna.types("/json")
        for sent, on in ('{"type":"lockdown","on":true}', True), ('{"type":"lockdown"}', True):
            self.anna.dialogue.received(sent)
            self.assertEqual(self.programs(self.anna)[-2:], [{"type": "lockdown", "on": on}, {"type": "ok"}])

    def test_what_cannot_be_noted_is_not_done(self) -> None:
        self.log.full = True
        self.assertEqual(self.anna.types("/lockdown on"), ["!!! Not sent: the log cannot be written."])
        self.log.full = False
        self.assertEqual(self.anna.types("/lockdown"), ["*** Everybody may come in."])
        self.crash()
        self.enter("carl")

    def test_an_operator_who_logs_in_is_reminded_and_nobody_else(self) -> None:
        self.has_account(self.bob)
        for visitor in self.anna, self.bob:
            remind(visitor.session)
            self.assertEqual(visitor.sees(), [])
        self.chat.lockdown.switch(True)
        for visitor in self.anna, self.bob:
            remind(visitor.session)
        self.assertEqual(self.anna.sees(), ["*** The lockdown is on. /lockdown off lets everybody in again."])
        self.assertEqual(self.bob.sees(), [])


class ReloadTests(ServerWideCase):
    def setUp(self) -> None:
        super().setUp()
        self.outcome: Reloaded | WrongConfig = Reloaded(("limits", "motd"), ("store",))

        async def reload() -> Reloaded:
            if isinstance(self.outcome, WrongConfig):
                raise self.outcome
            return self.outcome

        self.chat.reload = reload

    def test_what_was_changed_is_told_and_noted(self) -> None:
        note = "reloaded the configuration: changed limits, motd; only a restart changes store"
        told = self.anna.types("/reload")
        self.assertEqual(told[:2], ["*** Changed: limits, motd.", "*** Needs a restart: store."])
        self.assertEqual(self.noted(), [note])

    def test_a_certificate_that_stays_as_it_was_is_told_and_not_noted(self) -> None:
        self.outcome = Reloaded(("motd",), (), ("ssl:8024: there is no \x1bcertificate.",))
        told = self.anna.types("/reload")
        self.assertEqual(told[:2], ["*** Changed: motd.", "*** ssl:8024: there is no certificate."])
        self.assertEqual(self.noted(), ["reloaded the configuration: changed motd"])

    def test_what_is_wrong_is_told_line_by_line_and_nothing_is_noted(self) -> None:
        self.outcome = WrongConfig("chat.toml:1: one.\nchat.toml:2: \x1b[2Jtwo.")
        self.assertEqual(
            self.anna.types("/reload"),
            [
                "*** chat.toml:1: one.",
                "*** chat.toml:2: [2Jtwo.",
                "!!! The configuration is wrong: nothing has changed.",
            ],
        )
        self.assertEqual(self.noted(), [])

    def test_a_program_is_answered_with_an_object_or_by_code(self) -> None:
        self.anna.types("/json")
        self.anna.dialogue.received('{"type":"reload","ref":"r1"}')
        options: dict[str, Any] = {"changed": ["limits", "motd"], "restart": ["store"]}
        changed = {"type": "reload", **options, "refused": []}
        self.assertIn(changed, self.programs(self.anna))
        self.outcome = WrongConfig("chat.toml:1: one.")
        self.anna.dialogue.received('{"type":"reload","ref":"r2"}')
        *_, notice, error = self.programs(self.anna)
        self.assertEqual(notice["text"], "chat.toml:1: one.")
        self.assertEqual((error["code"], error["ref"]), ("bad-config", "r2"))

    def test_on_a_full_disk_it_is_done_and_noted_later(self) -> None:
        self.log.full = True
        self.assertEqual(self.anna.types("/reload")[0], "*** Changed: limits, motd.")
        self.assertEqual(self.noted(), [])
        self.log.full = False
        self.clock.advance(60)
        self.settle()
        self.assertEqual(len(self.noted()), 1)

    def test_nobody_else_may(self) -> None:
        self.assertEqual(self.bob.types("/reload"), ["!!! Only an operator of the server may do that."])


class ReportTests(ServerWideCase):
    def setUp(self) -> None:
        super().setUp()
        self.bob.types("/join #dev")
        self.eve.types("/join #dev", "buy this")
        self.bob.sees()
        self.number = self.chat.rooms.find("#dev").shown
        self.report = f"/report {self.number} insults"

    def assert_none(self, line: str) -> None:
        (shown,) = self.bob.types(line)
        self.assertRegex(shown, r"^!!! There is no line [0-9]+ in #dev that could be reported\.$", line)
        self.assertEqual(self.noted(), [])

    def test_the_operators_are_told_whose_line_where_and_why_but_not_what_it_says(self) -> None:
        self.assertEqual(self.bob.types(self.report), ["*** Reported to the operators."])
        self.assertEqual(self.anna.sees()[-1], f"*** bob reported {self.number} in #dev (<eve>): insults")
        self.assertEqual(self.noted(), [f"reported {self.number} in #dev (<eve>): insults"])

    def test_nobody_else_notices(self) -> None:
        self.bob.types(self.report)
        self.assertEqual(self.eve.sees(), [])

    def test_what_is_no_line_that_somebody_said_cannot_be_reported(self) -> None:
        for number in 1, self.number + 1, 10**15:
            self.assert_none(f"/report {number} insults")

    def test_nor_one_that_is_gone(self) -> None:
        self.log.append("#dev", [Gone("s", "eve")])
        self.settle()
        self.assert_none(f"/report {self.number + 1} insults")

    def test_nor_one_of_a_room_where_one_is_not(self) -> None:
        self.anna.types("/json")
        self.anna.dialogue.received(f'{{"type":"report","number":{self.number},"reason":"x","room":"dev"}}')
        (error,) = self.programs(self.anna)
        self.assertEqual((error["type"], error["code"]), ("error", "not-member"))

    def test_an_operator_cannot_report_a_note(self) -> None:
        self.bob.types(self.report)
        self.anna.types("/join #audit")
        (shown,) = self.anna.types("/report 2 whatever")
        self.assertEqual(shown, "!!! There is no line 2 in #audit that could be reported.")

    def test_five_in_ten_minutes_and_no_more(self) -> None:
        for _ in range(MOST_REPORTS):
            self.assertEqual(self.bob.types(self.report), ["*** Reported to the operators."])
        refused = "!!! You have reported 5 lines within 10 minutes. Wait a while with the next."
        self.assertEqual(self.bob.types(self.report), [refused])
        self.assertEqual(len(self.noted()), MOST_REPORTS)
        self.assertEqual(self.eve.types(self.report), ["*** Reported to the operators."])
        self.clock.advance(REPORTS_WITHIN)
        self.assertEqual(self.bob.types(self.report), ["*** Reported to the operators."])

    def test_a_program_is_answered_without_a_number_which_is_the_operators(self) -> None:
        self.bob.types("/json")
        self.bob.dialogue.received(
            f'{{"type":"report","number":{self.number},"reason":"insults","ref":"r1"}}'
        )
        self.assertEqual(
            self.programs(self.bob),
            [{"type": "notice", "text": "Reported to the operators."}, {"type": "ok", "ref": "r1"}],
        )
