"""How much of a stream is read and shown at once."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.events import Entry, Said
from tcpchat.places import pieces


class PiecesTests(SynchronousTestCase):
    def test_pieces_are_whole_and_small(self) -> None:
        entries = [Entry(n, 0, Said("s", "bob", "x" * 5000)) for n in range(1, 31)]
        cut = list(pieces(entries))
        self.assertEqual([entry for piece in cut for entry in piece], entries)
        self.assertEqual({len(piece) for piece in cut}, {3})

    def test_nothing_is_one_empty_piece(self) -> None:
        self.assertEqual(list(pieces([])), [[]])

    def test_an_entry_that_is_larger_stands_alone(self) -> None:
        entries = [Entry(n, 0, Said("s", "bob", "x" * 70_000)) for n in (1, 2)]
        self.assertEqual(list(pieces(entries)), [entries[:1], entries[1:]])
