"""What stands below a field is its explanation, and nothing else is."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.explanations import explanations


class Fields:
    """Nothing but fields."""

    explained: int = 1
    """One line."""
    longer: int = 2
    """
    Two lines,
    that are one.
    """
    silent: int = 3
    other = 4
    """It is no field."""


class ExplanationsTests(SynchronousTestCase):
    def test_they_are_one_line_by_the_name_of_the_field(self) -> None:
        self.assertEqual(
            explanations(Fields), {"explained": "One line.", "longer": "Two lines, that are one."}
        )
