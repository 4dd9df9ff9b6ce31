"""docs/chatting.md: its transcripts are what is shown today, and every command is in one."""

from __future__ import annotations

import re

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.commands import COMMANDS
from tests.transcripts import BLOCK, CHATTING, acted


class TestTheTranscripts(SynchronousTestCase):
    def test_they_are_what_is_shown_today(self) -> None:
        text = CHATTING.read_text()
        # python -m tests.transcripts writes them anew.
        self.assertEqual(acted(text).splitlines(), text.splitlines())

    def test_what_is_not_so_any_more_is_found(self) -> None:
        wrong = "```text\nanna> /who\n*** 3 people are in #lobby.\n```\n"
        self.assertEqual(acted(wrong), "```text\nanna> /who\n*** 1 person is in #lobby: anna.\n```\n")

    def test_every_command_is_typed_in_one(self) -> None:
        blocks = BLOCK.finditer(CHATTING.read_text())
        typed = {name for block in blocks for name in re.findall(r"^[a-z]+> /([a-z]+)", block["shown"], re.M)}
        self.assertEqual(set(COMMANDS) - typed, {"json"})  # which makes objects of what is shown
