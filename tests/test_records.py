"""What is kept beside the entries: as it was written it is read, also by the next version."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat import records
from tcpchat.places import Place
from tcpchat.records import KeptMember, KeptRoom, KeptSession, KeptSight

TEXT = st.text(st.characters(codec="utf-8"))
TEXTS = st.dictionaries(TEXT, TEXT, max_size=3)
NUMBER = st.integers(0, 2**62)
PLACES = st.builds(Place, NUMBER, NUMBER)
SESSIONS = st.builds(
    KeptSession, TEXT, st.lists(TEXT, max_size=3).map(tuple), TEXT, NUMBER,
    st.lists(TEXT, max_size=3).map(tuple), TEXTS, TEXTS,
    st.none() | TEXT, st.none() | TEXT, st.none() | NUMBER, st.booleans(),
)  # fmt: skip
ROOMS = st.builds(KeptRoom, NUMBER, TEXT, st.lists(st.builds(KeptMember, TEXT, TEXT, NUMBER), max_size=3))

NEW = KeptSession("bob", ("c", "t"), "192.0.2.1", 5)
BROKEN = KeptSession(
    "bob", ("c", "t"), "192.0.2.1", 5, ("#dev", "#lobby"), {"echo": "on"}, {"eve": "@s9"}, "", "s7", 9, True
)

# These are in people's stores: what changes here must still be read as it was.
ON_DISK = [
    (records.session, NEW, '{"nick":"bob","secrets":["c","t"],"address":"192.0.2.1","since":5}'),
    (
        records.session,
        BROKEN,
        '{"nick":"bob","secrets":["c","t"],"address":"192.0.2.1","since":5,"rooms":["#dev","#lobby"],'
        '"settings":{"echo":"on"},"ignored":{"eve":"@s9"},"away":"","correspondent":"s7","broken":9,'
        '"has_left":true}',
    ),
    (
        records.session,
        KeptSession("bob", ("c", "t"), "192.0.2.1", 5, node="east"),
        '{"nick":"bob","secrets":["c","t"],"address":"192.0.2.1","since":5,"node":"east"}',
    ),
    (
        records.room,
        KeptRoom(17, "cats", [KeptMember("s1", "bob", 3)]),
        '{"seq":17,"topic":"cats","members":[["s1","bob",3]]}',
    ),
    (records.sight, KeptSight("bob", 5), '{"nick":"bob","time":5}'),
    (records.place, Place(17, 12), "[17,12]"),
    (records.places, {"#lobby": Place(17, 12), "@s1": Place(0, 0)}, '{"#lobby":[17,12],"@s1":[0,0]}'),
]


class OnDiskTests(SynchronousTestCase):
    def test_everything_is_written_as_ever(self) -> None:
        for _, value, written in ON_DISK:
            self.assertEqual(records.encode(value).decode(), written)

    def test_what_was_written_is_still_read(self) -> None:
        for read, value, written in ON_DISK:
            self.assertEqual(read(written.encode()), value)

    def test_what_a_later_version_adds_does_not_keep_it_from_being_read(self) -> None:
        for read, value, written in ON_DISK:
            if "nick" in written and not written.startswith('{"seq"'):
                self.assertEqual(read(written.replace("{", '{"new":[1],', 1).encode()), value)

    def test_a_place_that_is_read_can_be_reckoned_with(self) -> None:
        self.assertTrue(records.place(b"[17,12]").is_behind(Place(17, 13)))
        self.assertEqual(records.places(b"{}"), {})

    def test_nobody_shares_what_is_not_there(self) -> None:
        one, other = records.session(ON_DISK[0][2].encode()), records.session(ON_DISK[0][2].encode())
        one.ignored["eve"] = "eve"
        self.assertEqual((other.ignored, NEW.ignored), ({}, {}))

    def test_where_rooms_were_shown_is_found_alone_and_together(self) -> None:
        group = records.group("#lobby")
        together = records.encode({"#lobby": Place(9, 9)})
        kept = {"@s1": records.encode(Place(3, 3)), group: together}
        self.assertEqual(records.shown(kept), {"@s1": Place(3, 3), "#lobby": Place(9, 9)})
        for stream, place in ("@s1", Place(3, 3)), ("#lobby", Place(9, 9)), ("@s2", None):
            self.assertEqual(records.shown_in(kept, stream), place)
        kept[records.group("@s2")] = together
        self.assertIsNone(records.shown_in(kept, "@s2"))
        self.assertLessEqual(len({records.group(f"#{n}") for n in range(500)}), records.GROUPS)

    def test_the_kinds_differ(self) -> None:
        kinds = (records.SESSION, records.PLACE, records.SHOWN, records.ROOM, records.SEEN)
        self.assertEqual(len(set(kinds)), len(kinds))


class RecordLaws(SynchronousTestCase):
    @settings(deadline=None, database=None)
    @given(SESSIONS, ROOMS, st.dictionaries(TEXT, PLACES, max_size=3), st.builds(KeptSight, TEXT, NUMBER))
    def test_what_is_read_is_what_was_written(
        self, session: KeptSession, room: KeptRoom, places: dict[str, Place], sight: KeptSight
    ) -> None:
        self.assertEqual(records.session(records.encode(session)), session)
        self.assertEqual(records.room(records.encode(room)), room)
        self.assertEqual(records.places(records.encode(places)), places)
        self.assertEqual(records.sight(records.encode(sight)), sight)
