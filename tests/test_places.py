"""How far somebody has read a stream, and how much of it is read and shown at once."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.events import Entry, Said
from tcpchat.limits import LARGEST_CHUNK
from tcpchat.places import Place, pieces
from tcpchat.render import Page, View

PLACES = st.builds(Place, st.integers(0, 9), st.integers(0, 9))
# What is said, up to the largest paste.
TEXTS = st.builds(
    lambda character, length, lines: "\n".join([character * length] * lines),
    st.sampled_from("x\u00e9\u6771\U0001f642"),
    st.integers(1, 300),
    st.integers(1, 50),
)


def said(*texts: str) -> list[Entry]:
    return [Entry(seq, 0, Said("s", "bob", text)) for seq, text in enumerate(texts, 1)]


class PlaceTests(SynchronousTestCase):
    def test_a_place_is_behind_another_if_something_is_between_them(self) -> None:
        for place, other, behind in (
            ((3, 3), (3, 3), False), ((3, 3), (4, 3), True), ((3, 3), (3, 4), True), ((3, 3), (2, 2), False),
            ((4, 2), (3, 3), True), ((4, 3), (3, 3), False),
        ):  # fmt: skip
            self.assertIs(Place(*place).is_behind(Place(*other)), behind, (place, other))

    @settings(database=None)
    @given(PLACES, PLACES)
    def test_the_further_of_two_is_behind_neither(self, one: Place, other: Place) -> None:
        further = one.at_least(other)
        self.assertFalse(further.is_behind(one) or further.is_behind(other))
        self.assertEqual(further, other.at_least(one))
        self.assertEqual(further == one, not one.is_behind(other))


class PiecesTests(SynchronousTestCase):
    def test_pieces_are_whole_and_small(self) -> None:
        entries = said(*["x" * 2500] * 30)
        cut = list(pieces(entries))
        self.assertEqual([entry for piece in cut for entry in piece], entries)
        self.assertEqual([len(piece) for piece in cut], [12, 12, 6])

    def test_nothing_is_one_empty_piece(self) -> None:
        self.assertEqual(list(pieces([])), [[]])

    def test_an_entry_that_is_larger_stands_alone(self) -> None:
        entries = said("x" * 70_000, "x" * 70_000)
        self.assertEqual(list(pieces(entries)), [entries[:1], entries[1:]])

    @settings(deadline=None, database=None)
    @given(st.lists(TEXTS, max_size=30))
    def test_however_much_stands_before_each_line_a_piece_is_no_more_than_a_chunk(
        self, texts: list[str]
    ) -> None:
        entries = said(*texts)
        # As much as there can be before a line.
        view = View(current=False, stamped=True, numbered=True)
        cut = list(pieces(entries))
        self.assertEqual([entry for piece in cut for entry in piece], entries)
        for piece in cut:
            shown = Page(piece, "#" + "x" * 32, view, 1_795_255_320_000).shared
            self.assertTrue(len(shown) <= LARGEST_CHUNK or len(piece) == 1, len(shown))
