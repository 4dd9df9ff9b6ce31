"""What was missed by who comes back, in the smallest cases of what the large tests have found."""

from __future__ import annotations

import json

from tests.visitors import ChatCase


class BrokenWriteTests(ChatCase):
    """A write finds the connection broken: what it held was not read by anybody."""

    def test_what_could_not_be_written_is_missed(self) -> None:
        (anna,) = self.enter("anna")
        bert = self.connect()
        (told,) = [line for line in bert.types("bert") if "/resume" in line]
        bert.screen.lost = True
        anna.types("hello")
        bert.breaks_off()
        code = told.split("/resume ")[1].split()[0]
        self.assertIn("[10:02] <anna> hello", self.connect().types(f"/resume {code}"))


class FirstPrivateLineTests(ChatCase):
    """The first private line of all is on its way to the log while whom it is for comes back."""

    def test_it_is_shown(self) -> None:
        (anna,) = self.enter("anna")
        bert = self.connect()
        told = bert.types("/json", '{"type":"as","nick":"bert"}')
        (welcome,) = [json.loads(line) for line in told if '"type":"welcome"' in line]
        anna.dialogue.received("/msg bert hello")
        back = self.connect()
        back.dialogue.received("/json")
        resume = {"type": "resume", "session": welcome["session"], "after": {"lobby": 2, "@": 0}}
        back.dialogue.received(json.dumps(resume))
        self.assertEqual(anna.types()[-1:], ["[to bert] hello"])
        self.assertIn('"text":"hello"', "".join(back.sees()))
