"""What is kept of a person's session, when, and how they come back by it."""

from __future__ import annotations

from itertools import pairwise

from tcpchat.keeping import MOST_TOKENS
from tcpchat.room import LOBBY
from tcpchat.tickets import digest
from tests.kept import SessionCase


class KeptTests(SessionCase):
    def test_all_that_is_needed_to_go_on_is_kept_but_for_the_secrets_themselves(self) -> None:
        self.alice.types("/msg bob hi")
        self.bob.types("/join #dev", "/set echo on", "/ignore eve", "/away lunch", "/nick rob")
        kept = self.kept(self.session)
        assert kept is not None
        self.assertEqual((kept.nick, kept.rooms, kept.since), ("rob", ("#lobby", "#dev"), self.wall()))
        self.assertEqual((kept.ignored, kept.away), ({"eve": "eve"}, "lunch"))
        self.assertEqual(kept.settings, dict(self.session.settings.describe()))
        self.assertEqual(kept.settings["echo"], "on")
        self.assertEqual(kept.correspondent, self.session_of(self.alice).id)
        self.assertEqual((kept.broken, kept.has_left), (None, False))
        self.assertEqual(kept.secrets, (digest(self.session.ticket.code),))
        for secret in self.session.ticket:
            self.assertNotIn(secret, repr(kept))

    def test_what_changes_is_kept_at_once(self) -> None:
        for line in (
            "/join #dev", "/leave", "/set numbers on", "/away", "/back", "/ignore eve", "/unignore eve",
            "/nick rob", "/as bob",
        ):  # fmt: skip
            before = self.kept(self.session)
            self.bob.types(line)
            self.assertNotEqual(self.kept(self.session), before, line)

    def test_to_whom_a_reply_goes_is_kept_at_once_too(self) -> None:
        self.alice.types("/msg bob hi")
        kept = self.kept(self.session)
        assert kept is not None
        self.assertEqual(kept.correspondent, self.session_of(self.alice).id)

    def test_what_changes_all_the_time_is_kept_a_dozen_times_a_second_and_in_the_end(self) -> None:
        records = [self.kept(self.session)]
        for n in range(301):
            self.bob.types(f"/set echo {'off' if n % 2 else 'on'}")
            records.append(self.kept(self.session))
            self.clock.advance(0.01)
            records.append(self.kept(self.session))
        self.assertLessEqual(sum(old != new for old, new in pairwise(records)), 12 * 3 + 1)
        self.clock.advance(1)
        kept = self.kept(self.session)
        assert kept is not None
        self.assertEqual(kept.settings["echo"], "on")

    def test_who_has_left_in_that_second_has_left(self) -> None:
        for n in range(51):
            self.bob.types(f"/set echo {'off' if n % 2 else 'on'}")
        self.bob.types("/quit")
        self.clock.advance(2)
        kept = self.kept(self.session)
        assert kept is not None
        self.assertEqual((kept.has_left, kept.settings["echo"]), (True, "on"))

    def test_a_question_keeps_nothing(self) -> None:
        before = self.kept(self.session)
        self.bob.types("/who", "/set", "/help", "/history", "/join #nowhere-yet!", "hello")
        self.assertEqual(self.kept(self.session), before)


class TicketTests(SessionCase):
    def test_who_is_back_with_a_new_token_can_use_the_old_one_too(self) -> None:
        old, new = self.session.ticket, self.chat.new_ticket()
        self.bob.breaks_off()
        self.settle()
        self.session.be_back(new)
        self.session.register((LOBBY,))
        now = self.clock.seconds()
        found = [self.chat.resumable.find(secret, now) for secret in (old.code, old.token, new.token)]
        self.assertEqual(found, [self.session.id] * 3)

    def test_three_tokens_are_good_and_of_a_fourth_one_the_first_no_more(self) -> None:
        tickets = [self.chat.new_ticket() for _ in range(MOST_TOKENS)]
        for ticket in tickets:
            self.session.be_back(ticket)
        self.session.register((LOBBY,))
        now, find = self.clock.seconds(), self.chat.resumable.find
        self.assertEqual([find(each.token, now) for each in tickets], [self.session.id] * MOST_TOKENS)
        self.session.be_back(self.chat.new_ticket())
        self.assertNotIn(digest(tickets[0].token), self.session.digests)
        self.assertIn(digest(tickets[1].token), self.session.digests)
