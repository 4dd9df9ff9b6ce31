"""What was typed stays out of every repr."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tcpchat import json_requests
from tcpchat.commands import COMMANDS
from tcpchat.events import Acted, Entry, Joined, Left, Renamed, Said, Told, TopicSet
from tcpchat.queries import parse
from tcpchat.records import KeptSession
from tcpchat.requests import History, Request, Resume, Say
from tcpchat.tickets import Ticket

CANARY = "canary"


class DiscreetTests(SynchronousTestCase):
    def test_texts_are_told_by_their_length_and_the_rest_as_it_is(self) -> None:
        self.assertEqual(repr(Say("hello")), "Say(text=<5>, room=<0>)")
        self.assertEqual(repr(History(5, "dev")), "History(lines=5, room=<3>, before=None)")

    def test_of_an_event_it_is_told_whose_it_is_and_not_what_was_said(self) -> None:
        self.assertEqual(
            repr(Entry(1, 5, Said("s1", "bob", "hello"))),
            "Entry(seq=1, time=5, event=Said(session='s1', nick='bob', text=<5>, ref=<0>, account=''))",
        )
        for event in (
            Said("s1", "bob", CANARY), Acted("s1", "bob", CANARY), Told("s1", "bob", "ann", CANARY),
            TopicSet("s1", "bob", CANARY), Left("s1", "bob", CANARY), Joined("s1", "bob", ref=CANARY),
        ):  # fmt: skip
            self.assertNotIn(CANARY, repr(event))
        self.assertIn("new='rob'", repr(Renamed("s1", "bob", "rob", ("#dev",), "r1")))

    def test_no_request_tells_what_was_typed(self) -> None:
        asked = json_requests.understand('{"type":"me","text":"canary"}')
        self.assertEqual(repr(asked), "Asked(request=Act(text=<6>, room=<0>), ref=<0>, by_program=True)")
        requests: list[Request] = [
            Resume(CANARY, after={CANARY: 3}),
        ]
        for command in COMMANDS.values():
            for typed in (CANARY, f"{CANARY} {CANARY}"):
                try:
                    requests.append(command.make(typed))
                except ValueError:
                    continue
        self.assertGreater(len(requests), 15)
        for request in requests:
            self.assertNotIn(CANARY, repr(request))

    def test_nor_do_codes_tokens_and_what_is_looked_for(self) -> None:
        for secret in (Ticket(CANARY, CANARY), parse(CANARY)[0]):
            self.assertNotIn(CANARY, repr(secret))
        kept = KeptSession("bob", (CANARY,), "192.0.2.1", 5, away=CANARY)
        self.assertNotIn(CANARY, repr(kept))
        self.assertIn("bob", repr(kept))
