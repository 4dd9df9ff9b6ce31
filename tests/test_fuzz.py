"""Every input that fuzzing has kept, tried again: what crashed the server once does so no more."""

from __future__ import annotations

from pathlib import Path
from unittest import TestCase

from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).with_name("fuzz") / "corpus"


class CorpusTests(TestCase):
    def test_every_input_that_was_kept_is_stood(self) -> None:
        for name, target in TARGETS.items():
            inputs = sorted((CORPUS / name).iterdir())
            self.assertGreater(len(inputs), 5, name)
            for path in inputs:
                with self.subTest(target=name, input=path.name):
                    target(path.read_bytes())
