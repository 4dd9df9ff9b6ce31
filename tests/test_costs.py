"""What a line costs: by what it asks for, typed or as JSON, and by its bytes."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tcpchat import json_requests
from tcpchat.commands import COMMANDS, parse
from tcpchat.costs import FAILED, size, tokens
from tcpchat.limits import LONGEST_LINE
from tcpchat.requests import Asked, NotUnderstood, Refused

# What stands behind a command that needs something there.
BEHIND = {
    "nick": " bob", "as": " bob", "me": " waves", "msg": " bob hi", "reply": " hi", "join": " #dev",
    "whois": " bob", "search": " words", "seen": " bob", "ignore": " eve", "unignore": " eve",
    "resume": " fig-42-moss-lamp", "register": " pw", "login": " bob pw", "password": " pw wp",
    "unregister": " pw", "re": " 12 yes", "edit": " 12 yes", "rm": " 12", "context": " 12",
    "report": " 12 spam", "op": " eve", "deop": " eve", "kick": " eve", "unban": " eve", "mute": " eve",
    "unmute": " eve", "invite": " eve", "announce": " hi",
}  # fmt: skip

DEAR = {
    "nick": 3, "as": 3, "join": 3, "leave": 3, "rm": 3,
    "history": 5, "more": 5, "rooms": 5, "search": 5, "who": 5, "context": 5,
    "register": 5, "login": 5, "password": 5, "unregister": 5,
}  # fmt: skip


class CostTests(SynchronousTestCase):
    def cost(self, line: str, is_nameless: bool = False) -> float:
        return tokens(Asked(parse(line, is_nameless)), is_nameless)

    def test_what_is_said_costs_one_and_nothing_a_quarter(self) -> None:
        for line, cost in (("hello", 1), ("//hello", 1), ("/me waves", 1), ("/msg bob hi", 1), ("  ", 0.25)):
            self.assertEqual(self.cost(line), cost, line)

    def test_every_command_costs_what_it_should(self) -> None:
        for name, command in COMMANDS.items():
            for typed in (name, *command.aliases):
                line = f"/{typed}{BEHIND.get(name, '')}"
                self.assertEqual(self.cost(line), DEAR.get(name, 1), line)

    def test_a_request_of_a_program_costs_what_the_command_does_and_a_ping_as_little_as_nothing(self) -> None:
        fields = '"text":"words","to":"bob","nick":"bob","room":"dev","name":"echo","code":"x","number":12,'
        fields += '"password":"pw","old":"pw","new":"wp","reason":"spam","whom":"eve"'
        for kind in json_requests.REQUESTS:
            asked = json_requests.understand(f'{{"type":"{kind}",{fields}}}')
            cost = 0.25 if kind == "ping" else DEAR.get(kind, 1)
            self.assertEqual(tokens(asked, False), cost, kind)

    def test_what_is_not_understood_costs_two(self) -> None:
        self.assertEqual(tokens(NotUnderstood("There is no command /foo."), False), FAILED)
        self.assertEqual(tokens(Refused("That is too long."), True), FAILED)

    def test_before_there_is_a_nickname_a_try_costs_as_much_as_one_that_fails(self) -> None:
        for line in "bob", "/nick bob", "/as bob", "/resume fig-42-moss-lamp":
            self.assertEqual(self.cost(line, is_nameless=True), FAILED, line)
        self.assertEqual(self.cost("/help", is_nameless=True), 1)


class SizeTests(SynchronousTestCase):
    def test_it_is_that_of_the_bytes_with_the_end_of_the_line(self) -> None:
        for line, bytes in (("", 1), ("hello", 6), ("grüß", 7), ("🙂", 5)):
            self.assertEqual(size(line), bytes, line)

    def test_a_line_that_was_too_long_counts_as_the_longest_and_others_refused_as_nothing(
        self,
    ) -> None:
        self.assertEqual(size(NotUnderstood("Too long.", "too-long")), LONGEST_LINE + 1)
        self.assertEqual(size(NotUnderstood("Not UTF-8.", "not-utf8")), 1)

    def test_a_line_of_a_paste_costs_its_bytes_alone(self) -> None:
        self.assertEqual(tokens("/who", False), 0)
