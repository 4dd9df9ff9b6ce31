"""The table of what one message costs has every step, each with figures. How much it is, no test says."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from benchmarks.steps import CHECKPOINT, STEPS, Situation, measure, table

SMALL = Situation("many", people=6, rooms=2, talkers=6, rounds=3), Situation("one", 3, 1, 1, 3)


class StepsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.took = {situation.name: measure(situation) for situation in SMALL}

    def test_every_step_is_timed_once_a_round(self) -> None:
        for situation in SMALL:
            took = self.took[situation.name]
            self.assertEqual(took.keys(), {*STEPS, CHECKPOINT})
            self.assertEqual({len(values) for values in took.values()}, {situation.rounds})

    def test_every_step_is_in_the_table_with_figures(self) -> None:
        _, _, *rows = [
            line.strip("|").split("|") for line in table(SMALL, self.took).splitlines() if line[:1] == "|"
        ]
        figures = {step.strip(): [float(figure.replace(",", "")) for figure in row] for step, *row in rows}
        for step in STEPS.values():
            self.assertEqual(len(figures[step]), 2 * len(SMALL), step)
            self.assertGreater(min(figures[step]), 0, step)
