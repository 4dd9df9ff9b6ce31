"""What an event is on disk, and that nothing of it is lost there."""

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.events import (
    Acted,
    Announced,
    Banned,
    Deopped,
    Edited,
    Event,
    Gone,
    Hidden,
    Invited,
    Joined,
    Kicked,
    Left,
    Locked,
    Muted,
    Noted,
    Opped,
    Presence,
    Removed,
    Renamed,
    Replied,
    Said,
    Slowed,
    Spoken,
    Told,
    TopicSet,
    Unbanned,
    Unhidden,
    Unlocked,
    Unmuted,
    decode,
    encode,
    inbox,
    lines_said,
    told_once,
)

# These are in people's logs: what changes here must still be read as it was.
ON_DISK: list[tuple[Event, str]] = [
    (Said("s1", "bob", 'a "b" \\ é'), r'{"type":"said","session":"s1","nick":"bob","text":"a \"b\" \\ é"}'),
    (Acted("s1", "bob", "waves"), '{"type":"acted","session":"s1","nick":"bob","text":"waves"}'),
    (Joined("s1", "bob"), '{"type":"joined","session":"s1","nick":"bob"}'),
    (Left("s1", "bob"), '{"type":"left","session":"s1","nick":"bob"}'),
    (Left("s1", "bob", "bye"), '{"type":"left","session":"s1","nick":"bob","reason":"bye"}'),
    (
        Renamed("s1", "bob", "rob", ("#lobby", "#dev"), "r1"),
        '{"type":"renamed","session":"s1","nick":"bob","new":"rob","rooms":["#lobby","#dev"],"id":"r1"}',
    ),
    (TopicSet("s1", "bob", "cats"), '{"type":"topicset","session":"s1","nick":"bob","text":"cats"}'),
    (Told("s1", "bob", "eve", "hi"), '{"type":"told","session":"s1","nick":"bob","to":"eve","text":"hi"}'),
    (
        Said("s1", "bob", "a\n  b", ref="a1"),
        r'{"type":"said","session":"s1","nick":"bob","text":"a\n  b","ref":"a1"}',
    ),
    (Joined("s1", "bob", ref="a2"), '{"type":"joined","session":"s1","nick":"bob","ref":"a2"}'),
    (Joined("s2", "bob", account="s1"), '{"type":"joined","session":"s2","nick":"bob","account":"s1"}'),
    (
        Replied("s1", "bob", "yes", 12, "eve: ok?"),
        '{"type":"replied","session":"s1","nick":"bob","text":"yes","about":12,"quote":"eve: ok?"}',
    ),
    (
        Edited("s1", "bob", "yes", 12),
        '{"type":"edited","session":"s1","nick":"bob","text":"yes","about":12}',
    ),
    (Noted("s1", "bob", "did it"), '{"type":"noted","session":"s1","nick":"bob","text":"did it"}'),
    (Removed("s1", "bob", 12), '{"type":"removed","session":"s1","nick":"bob","about":12}'),
    (Gone("s1", "bob"), '{"type":"gone","session":"s1","nick":"bob"}'),
    (
        Announced("s1", "bob", "hi", "r1"),
        '{"type":"announced","session":"s1","nick":"bob","text":"hi","id":"r1"}',
    ),
    (
        Opped("s1", "bob", "eve", "s9"),
        '{"type":"opped","session":"s1","nick":"bob","whom":"eve","target":"s9"}',
    ),
    (
        Deopped("s1", "bob", "eve", "s9"),
        '{"type":"deopped","session":"s1","nick":"bob","whom":"eve","target":"s9"}',
    ),
    (
        Kicked("s1", "bob", "eve", "s9", "spam"),
        '{"type":"kicked","session":"s1","nick":"bob","whom":"eve","target":"s9","reason":"spam"}',
    ),
    (
        Banned("s1", "bob", "eve", ("s9",), 60, "spam"),
        '{"type":"banned","session":"s1","nick":"bob","whom":"eve","targets":["s9"],"seconds":60,'
        '"reason":"spam"}',
    ),
    (Unbanned("s1", "bob", "eve"), '{"type":"unbanned","session":"s1","nick":"bob","whom":"eve"}'),
    (
        Muted("s1", "bob", "eve", 60),
        '{"type":"muted","session":"s1","nick":"bob","whom":"eve","seconds":60}',
    ),
    (Unmuted("s1", "bob", "eve"), '{"type":"unmuted","session":"s1","nick":"bob","whom":"eve"}'),
    (
        Invited("s1", "bob", "eve", "s9"),
        '{"type":"invited","session":"s1","nick":"bob","whom":"eve","target":"s9"}',
    ),
    (Slowed("s1", "bob", 10), '{"type":"slowed","session":"s1","nick":"bob","seconds":10}'),
    (Locked("s1", "bob"), '{"type":"locked","session":"s1","nick":"bob"}'),
    (Unlocked("s1", "bob"), '{"type":"unlocked","session":"s1","nick":"bob"}'),
    (Hidden("s1", "bob"), '{"type":"hidden","session":"s1","nick":"bob"}'),
    (Unhidden("s1", "bob"), '{"type":"unhidden","session":"s1","nick":"bob"}'),
]

SPOKEN = {Said, Acted, Replied, Edited, Noted}

TEXT = st.text()
EVENTS: st.SearchStrategy[Event] = st.one_of(
    *(st.builds(kind, TEXT, TEXT, TEXT, ref=TEXT) for kind in (Said, Acted, Left, TopicSet)),
    st.builds(Joined, TEXT, TEXT, ref=TEXT),
    st.builds(Renamed, TEXT, TEXT, TEXT, st.lists(TEXT).map(tuple), TEXT),
    st.builds(Told, TEXT, TEXT, TEXT, TEXT),
    st.builds(Replied, TEXT, TEXT, TEXT, st.integers(1, 9), TEXT, account=TEXT),
    st.builds(Banned, TEXT, TEXT, TEXT, st.lists(TEXT).map(tuple), st.none() | st.integers(1, 9), TEXT),
)


class EventsOnDiskTests(SynchronousTestCase):
    def test_every_kind_of_event_is_here(self) -> None:
        self.assertEqual({type(event) for event, _ in ON_DISK}, set(Event.__args__))

    def test_every_kind_is_written_as_ever(self) -> None:
        for event, written in ON_DISK:
            self.assertEqual(encode(event).decode(), written)

    def test_what_was_written_is_still_read(self) -> None:
        for event, written in ON_DISK:
            self.assertEqual(decode(written.encode()), event)

    def test_what_a_later_version_adds_does_not_keep_an_entry_from_being_read(self) -> None:
        later = b'{"type":"joined","session":"s1","nick":"bob","colour":"red"}'
        self.assertEqual(decode(later), Joined("s1", "bob"))

    def test_what_somebody_does_is_a_person_s_with_an_account_whatever_the_session(self) -> None:
        self.assertEqual(Said("s1", "bob", "a").person, "s1")
        self.assertEqual(Said("s2", "bob", "a", account="s1").person, "s1")

    def test_what_was_said_is_no_presence(self) -> None:
        events = [event for event, _ in ON_DISK]
        self.assertEqual({type(event) for event in events if isinstance(event, Spoken)}, SPOKEN)
        self.assertEqual({type(event) for event in events if isinstance(event, Presence)}, {Joined, Left})

    def test_what_has_no_ref_needs_no_room_for_one(self) -> None:
        for event, written in ON_DISK:
            self.assertEqual('"ref"' in written, bool(event.ref))

    def test_a_message_has_one_line_or_as_many_as_were_pasted_and_the_rest_has_none(self) -> None:
        counted = {type(event): lines_said(event) for event, _ in reversed(ON_DISK)}
        self.assertEqual(counted, {kind: 1 if kind in SPOKEN else 0 for kind in counted})
        self.assertEqual(lines_said(Said("s1", "bob", "a\n  b\n\nc")), 4)
        self.assertEqual(lines_said(Told("s1", "bob", "eve", "a\nb")), 0)

    def test_an_inbox_is_never_the_stream_of_a_room(self) -> None:
        self.assertEqual(inbox("s1"), "@s1")

    @settings(deadline=None, database=None)
    @given(EVENTS)
    def test_what_is_decoded_is_what_was_encoded(self, event: Event) -> None:
        self.assertEqual(decode(encode(event)), event)

    @settings(deadline=None, database=None)
    @given(EVENTS)
    def test_an_event_is_one_line_whatever_is_in_it(self, event: Event) -> None:
        self.assertNotIn(b"\n", encode(event))


class SeveralRoomsTests(SynchronousTestCase):
    def test_what_is_in_several_rooms_is_known_by_its_id(self) -> None:
        everywhere = Banned("s1", "rita", "eve", ("s2",), None, "", True, "b1")
        renamed = Renamed("s1", "bob", "rob", ("#lobby", "#dev"), "r1")
        for event, id in (everywhere, "b1"), (renamed, "r1"), (Announced("s1", "rita", "hi", "n1"), "n1"):
            self.assertEqual(told_once(event), id)

    def test_what_is_in_one_has_none(self) -> None:
        self.assertEqual(told_once(Banned("s1", "anna", "eve", ("s2",))), "")
        self.assertEqual(told_once(Said("s1", "bob", "hi")), "")
