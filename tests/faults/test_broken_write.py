"""A connection that is found broken by a write: what that write held was not read by anybody."""

from __future__ import annotations

from tests.visitors import ChatCase


class BrokenWriteTests(ChatCase):
    """Somebody comes back by code after that."""

    # BUG: Reader.was_shown takes the entries of a write that failed for sent: it has to set
    # `self._unsent = len(data)` before `self.stop()`. Found by tests/faults/test_readers.py.
    def test_what_could_not_be_written_is_missed(self) -> None:
        (anna,) = self.enter("anna")
        bert = self.connect()
        (told,) = [line for line in bert.types("bert") if "/resume" in line]
        bert.screen.lost = True
        anna.types("hello")
        bert.breaks_off()
        code = told.split("/resume ")[1].split()[0]
        self.assertIn("[10:02] <anna> hello", self.connect().types(f"/resume {code}"))
