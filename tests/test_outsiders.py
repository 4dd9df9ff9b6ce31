"""Of a room that is locked or hidden outsiders learn nothing: neither what is said there, nor by whom."""

from __future__ import annotations

import json

from tcpchat.commands import ALIASES, COMMANDS
from tcpchat.json_requests import REQUESTS
from tests.moderated import OwnRoomCase
from tests.visitors import Visitor

TOPIC, LINE, MEMBER = "canary-topic", "canary-line", "mallory"
CANARIES = TOPIC, LINE, MEMBER

# What ends the dialogue, or changes what it is about, and what says no more than that: tried elsewhere.
NOT_WALKED = {"quit", "json", "hold", "go", "paste", "login", "resume"}


class LockedCase(OwnRoomCase):
    """#own is locked: mallory is in it, carl never was, eve was kicked, and dan has left."""

    def setUp(self) -> None:
        super().setUp()
        self.mallory, self.dan = self.enter("somebody", "dan")
        self.mallory.types("/join #own", "/leave #lobby", f"/nick {MEMBER}", f"{LINE} of old")
        self.dan.types("/join #own")
        self.anna.types(f"/topic {TOPIC}", "/lock", f"{LINE} 1")
        self.mallory.types(f"{LINE} 2", f"/me {LINE}")
        self.dan.types("/leave #own")
        self.anna.types("/kick eve")
        self.anna.types(f"{LINE} 3")
        self.look_away(self.mallory, self.dan)

    def outsiders(self) -> dict[str, Visitor]:
        """Return those who may learn nothing, by why that is."""
        return {"was never there": self.carl, "was kicked": self.eve, "has left": self.dan}

    def assert_nothing(self, lines: list[str], what: object) -> None:
        for canary in CANARIES:
            self.assertNotIn(canary, "\n".join(lines), what)


class CanaryTests(LockedCase):
    def test_no_command_tells_anything(self) -> None:
        rests = (
            "", "#own", "own", "5", "5 x", "#own 5", "from:anna", "anna", "#own anna", "#own anna x", "test",
            "on", "x in:#own",
        )  # fmt: skip
        words = LINE, f"{LINE} in:#own", f'"{LINE}"', LINE.partition("-")[0]
        for why, visitor in self.outsiders().items():
            for word in (*COMMANDS, *ALIASES):
                if ALIASES.get(word, word) in NOT_WALKED:
                    continue
                for rest in rests + (words if word == "search" else ()):
                    shown = visitor.types(f"/{word} {rest}".strip())
                    self.assert_nothing(shown, (why, word, rest, shown))
                    self.assert_nothing(visitor.types("/more"), (why, word, rest, "more"))

    def test_no_request_of_a_program_does(self) -> None:
        fields = {
            "room": "own", "text": "x", "nick": "anna", "to": "anna", "name": "echo", "value": "on",
            "number": 5, "limit": 500, "whom": "anna", "reason": "x", "new": "x", "old": "x",
            "before": 100, "password": "x",
        }  # fmt: skip
        for why, visitor in self.outsiders().items():
            visitor.types("/json")
            for kind in REQUESTS:
                if kind not in NOT_WALKED:
                    for some in (fields, {**fields, "room": ""}, {**fields, "nick": "carl"}):
                        request = json.dumps({"type": kind} | some)
                        self.assert_nothing(visitor.types(request), (why, request))
            self.assert_nothing(visitor.types(json.dumps({"type": "search", "text": LINE})), why)

    def test_to_outsiders_it_is_as_if_there_was_no_such_room(self) -> None:
        for word in COMMANDS:
            if word in NOT_WALKED or word in ("join", "as", "nick", "register", "unregister", "password"):
                continue
            for rest in "{}", "{} 5", "{} anna", "{} x y", "5 {}", "x in:{}":
                there, nowhere = (
                    [line.replace(room, "#ROOM") for line in self.carl.types(f"/{word} {rest.format(room)}")]
                    for room in ("#own", "#nix")
                )
                self.assertEqual(there, nowhere, (word, rest))

    def test_nor_does_coming_in_with_a_code_or_with_numbers(self) -> None:
        self.eve.breaks_off()
        back = self.connect()
        resume = {"type": "resume", "code": self.eve.code, "after": {"own": 0}}
        self.assert_nothing(back.types(json.dumps(resume)), "resume")

    def test_the_greeting_and_the_nickname_s_question_neither(self) -> None:
        newcomer = self.connect()
        self.assert_nothing(newcomer.sees() + newcomer.types("newcomer", "/rooms"), "newcomer")


class WhatIsToldTests(LockedCase):
    def test_members_the_invited_and_the_server_s_operators_see_it_listed(self) -> None:
        ruth = self.log_in("ruth", is_operator=True)
        ruth.sees()
        listed = f"*** #own: 2 people: {TOPIC} (locked)"
        self.assertIn(listed, self.anna.types("/rooms"))
        self.assertIn(listed, self.mallory.types("/rooms"))
        self.assertIn(listed, ruth.types("/rooms"))
        self.assertNotIn("own", "\n".join(self.carl.types("/rooms")))
        self.anna.types("/invite carl")
        self.assertIn(listed, self.carl.types("/rooms"))
        self.assertEqual(self.carl.types("/who #own"), ["*** 2 people are in #own: anna, mallory."])

    def test_a_program_is_told_that_it_is_locked(self) -> None:
        self.anna.types("/json")
        answer = json.loads(self.anna.types('{"type":"rooms"}')[0])
        rooms = {about["room"]: about for about in answer["rooms"]}
        self.assertEqual(rooms["own"], {"room": "own", "people": 2, "topic": TOPIC, "locked": True})
        self.assertNotIn("locked", rooms["lobby"])

    def test_who_somebody_is_names_rooms_that_both_know(self) -> None:
        self.assertEqual(self.carl.types("/whois anna")[0].split(",")[0], "*** anna is in #lobby")
        self.assertEqual(self.carl.types("/whois mallory")[0].split(",")[0], "*** mallory is in no room")
        self.assertEqual(self.mallory.types("/whois anna")[0][:27], "*** anna is in #lobby, #own")

    def test_and_the_account_and_of_which_of_one_s_rooms_they_are_an_operator(self) -> None:
        self.assertEqual(self.carl.types("/whois anna")[1:], ["*** anna is logged in as anna."])
        self.assertEqual(
            self.mallory.types("/whois anna")[1:],
            ["*** anna is logged in as anna.", "*** anna is an operator of #own."],
        )
        self.assertEqual(self.carl.types("/whois eve")[1:], [])
        ruth = self.log_in("ruth", is_operator=True)
        ruth.sees()
        self.assertEqual(
            self.carl.types("/whois ruth")[2:],
            ["*** ruth is logged in as ruth.", "*** ruth is an operator of the server."],
        )
        self.anna.types("/json")
        answer = json.loads(self.anna.types('{"type":"whois","nick":"anna"}')[0])
        self.assertEqual(
            {name: answer[name] for name in ("rooms", "account", "operator", "server")},
            {"rooms": ["lobby", "own"], "account": "anna", "operator": ["own"], "server": False},
        )

    def test_a_hidden_room_is_known_to_whoever_is_in_it_alone(self) -> None:
        self.anna.types("/unlock", "/hide")
        for typed in "/who #own", "/history #own", "/search x in:#own":
            self.assertEqual(
                self.carl.types(typed), ["!!! There is no room #own. /rooms lists the rooms."], typed
            )
        self.assertEqual(self.carl.types("/whois mallory")[0].split(",")[0], "*** mallory is in no room")
        self.carl.types("/json")
        error = json.loads(self.carl.types('{"type":"topic","room":"own"}')[0])
        self.assertEqual((error["type"], error["code"]), ("error", "no-such-room"))
        self.carl.types('{"type":"join","room":"own"}')
        self.carl = self.come_back(self.carl.code)[0]
        self.assertEqual(self.carl.types("/who #own"), ["*** 3 people are in #own: anna, mallory, carl."])

    def test_who_has_looked_at_who_is_there_sees_no_more_of_it_once_it_is_locked(self) -> None:
        self.anna.types("/unlock")
        visitors = self.enter(*(f"n{n}" for n in range(220)))
        for visitor in visitors:
            visitor.types("/join #own")
        self.assertIn("more: /more", self.carl.types("/who #own")[-1])
        self.anna.types("/lock")
        self.assertEqual(self.carl.types("/more"), ["!!! There is no room #own. /rooms lists the rooms."])
