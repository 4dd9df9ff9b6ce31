"""What one version hands on, and the next one reads: all of it, or a line that says why not."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat import handed

NUMBERS = st.integers(0, 2**53)
WHERES = st.tuples(NUMBERS, NUMBERS)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=10)
STREAMS = TEXTS.map("#{}".format)
BYTES = st.binary(max_size=20)
LINES = st.lists(BYTES | st.sampled_from(handed.Mark), max_size=4)
PLACES = st.dictionaries(STREAMS, WHERES, max_size=3)
SECONDS = st.floats(0, 1e6)

PARTS = st.lists(st.builds(handed.Part, STREAMS, WHERES, WHERES), max_size=3)
REPLAYS = st.one_of(
    st.builds(handed.Past, STREAMS, NUMBERS, NUMBERS, BYTES, st.booleans()),
    st.builds(handed.Results, st.lists(st.tuples(STREAMS, NUMBERS), max_size=3), BYTES),
    st.builds(
        handed.Missed, PARTS, st.booleans(), st.none() | NUMBERS, st.booleans(), st.none() | NUMBERS,
        st.lists(TEXTS, max_size=3),
    ),
)  # fmt: skip
PAGES = st.one_of(
    st.none(),
    st.builds(handed.Lines, STREAMS, NUMBERS, NUMBERS),
    st.builds(
        handed.Matches, st.lists(TEXTS, max_size=3), TEXTS, NUMBERS,
        st.lists(st.tuples(STREAMS, NUMBERS, NUMBERS), max_size=3),
    ),
    st.builds(handed.People, STREAMS, NUMBERS, NUMBERS),
    st.builds(handed.Rooms, st.tuples(st.integers(-9, 9), STREAMS)),
    st.builds(handed.LeftOver, PARTS, NUMBERS),
)  # fmt: skip
WHO = st.builds(handed.Nameless, st.none() | TEXTS, NUMBERS, NUMBERS) | st.builds(
    handed.Present, TEXTS, TEXTS, TEXTS, st.lists(STREAMS, max_size=3), st.lists(TEXTS, max_size=3),
    st.none() | st.tuples(STREAMS, SECONDS), PAGES,
)  # fmt: skip
OPTIONS = st.builds(
    handed.Options, st.dictionaries(st.integers(0, 255), TEXTS, max_size=3), st.lists(st.integers(0, 255))
)
TERMINALS = st.builds(
    handed.Terminal, OPTIONS, OPTIONS,
    st.builds(handed.Parser, TEXTS, NUMBERS, BYTES, NUMBERS, st.booleans(), st.booleans()),
    st.builds(handed.Typing, st.booleans(), TEXTS, BYTES),
    st.booleans(), TEXTS, WHERES, st.booleans(), st.booleans(),
)  # fmt: skip
CONVERSATIONS = st.builds(
    handed.Conversation,
    settings=st.dictionaries(TEXTS, TEXTS, max_size=3),
    speaks_json=st.booleans(),
    width=NUMBERS,
    idle=SECONDS,
    levels=st.none() | st.tuples(SECONDS, SECONDS),
    paste=st.none() | st.builds(handed.Paste, st.lists(TEXTS), st.none() | st.tuples(TEXTS, TEXTS)),
    question=st.none() | st.builds(handed.Question, TEXTS, st.dictionaries(TEXTS, TEXTS, max_size=2), TEXTS),
    lines=LINES,
)
READINGS = st.builds(
    handed.Reading, PLACES, PLACES, PLACES, st.lists(TEXTS, max_size=3),
    st.lists(BYTES | REPLAYS, max_size=3), BYTES, NUMBERS, st.booleans(),
)  # fmt: skip
CONNECTIONS = st.builds(
    handed.Connection, NUMBERS, TEXTS, WHO, st.builds(handed.Input, LINES, BYTES, NUMBERS), CONVERSATIONS,
    READINGS, st.none() | TERMINALS, st.booleans(), st.none() | BYTES,
)  # fmt: skip
ALL = st.builds(
    handed.Handed, TEXTS, SECONDS, st.lists(st.builds(handed.Port, TEXTS, NUMBERS), max_size=2),
    st.lists(CONNECTIONS, max_size=3), st.none() | NUMBERS, st.booleans(),
)  # fmt: skip


class HandedTests(SynchronousTestCase):
    @settings(deadline=None, database=None)
    @given(ALL)
    def test_it_arrives_as_it_was(self, it: handed.Handed) -> None:
        self.assertEqual(handed.decode(handed.encode(it)), it)

    def test_a_field_that_is_not_known_is_skipped_and_one_that_is_missing_is_as_at_first(self) -> None:
        newer = {"format": 1, "version": "9", "since": 1.5, "weather": "fine"}
        self.assertEqual(handed.decode(msgspec.msgpack.encode(newer)), handed.Handed("9", 1.5))

    def test_what_cannot_be_read_is_told_in_a_line(self) -> None:
        for data, why in (
            (b"", "cannot be read"),
            (b"\xff", "cannot be read"),
            (msgspec.msgpack.encode({"format": 1}), "cannot be read"),
            (msgspec.msgpack.encode({"version": "9", "since": 0.0}), "cannot be read"),
            (msgspec.msgpack.encode({"format": 2, "version": "9", "since": 0.0}), "is of format 2"),
        ):
            error = self.assertRaises(handed.NotRead, handed.decode, data)
            self.assertIn(why, str(error))
            self.assertNotIn("\n", str(error))

    def test_it_tells_nothing_of_what_people_typed_wherever_it_may_get(self) -> None:
        for it in handed.Input([b"secret"], b"secret"), handed.Present("s1", "secret", "secret"):
            self.assertNotIn("secret", repr(it))

    def test_a_version_says_which_formats_it_reads(self) -> None:
        able = handed.able(msgspec.json.encode(handed.Able("1.2", "/chat.sqlite3")))
        self.assertEqual((able.version, able.log, able.reads), ("1.2", "/chat.sqlite3", handed.READS))
        self.assertIn(handed.FORMAT, handed.READS)

    def test_what_decides_is_said_and_not_left_to_what_the_other_version_takes_for_granted(self) -> None:
        self.assertIn(b'"reads":[1]', msgspec.json.encode(handed.Able("1.2", "")))
        said = msgspec.msgpack.decode(handed.encode(handed.Handed("1.2", 0.0)))
        self.assertEqual(said["format"], handed.FORMAT)
