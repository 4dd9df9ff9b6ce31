"""Two nodes change one account at once: nothing of either is lost, and both come to the same."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.merging import with_changes, with_rights
from tcpchat.records import KeptAccount

BOB = KeptAccount("s1", "Bob", "old", 1, settings={"echo": "on", "bell": "on"}, rooms={"#a": 1, "#b": 2})

rooms = st.dictionaries(st.sampled_from(["#a", "#b", "#c"]), st.integers(1, 3))
versions = st.builds(
    lambda rooms, ignored, correspondent, seen, versions: msgspec.structs.replace(
        BOB, rooms=rooms, ignored=ignored, correspondent=correspondent, seen=seen, versions=versions
    ),
    rooms,
    st.dictionaries(st.sampled_from("xyz"), st.sampled_from("pq")),
    st.sampled_from([None, "p", "q"]),
    st.integers(0, 3),
    st.dictionaries(st.sampled_from("mn"), st.integers(1, 3)),
)


def changed(**changes: Any) -> KeptAccount:
    return msgspec.structs.replace(BOB, **changes)


class MergingTests(SynchronousTestCase):
    def test_what_each_has_changed_is_changed(self) -> None:
        mine = changed(settings={"echo": "off", "bell": "on"}, rooms={"#b": 2, "#c": 3}, correspondent="p")
        theirs = changed(settings={"echo": "on"}, rooms={"#a": 1, "#b": 2, "#d": 4}, ignored={"i": "n"})
        both = with_changes(BOB, mine, theirs)
        self.assertEqual(both.settings, {"echo": "off"})
        self.assertEqual([*both.rooms.items()], [("#d", 4), ("#b", 2), ("#c", 3)])
        self.assertEqual((both.correspondent, both.ignored), ("p", {"i": "n"}))

    def test_it_was_here_last_when_it_was_here_last_anywhere(self) -> None:
        for mine, theirs in (5, 7), (7, 5):
            self.assertEqual(with_changes(BOB, changed(seen=mine), changed(seen=theirs)).seen, 7)

    def test_a_password_is_the_one_that_was_changed_last(self) -> None:
        new = changed(password="new", turns=1)
        for mine, theirs in (new, BOB), (BOB, new):
            self.assertEqual(with_changes(BOB, mine, theirs).password, "new")
        self.assertEqual(with_rights(changed(seen=3), new), changed(seen=3, password="new", turns=1))

    @given(versions, versions, versions)
    def test_both_come_to_the_same(self, base: KeptAccount, one: KeptAccount, other: KeptAccount) -> None:
        self.assertEqual(with_changes(base, one, other), with_changes(base, other, one))

    @given(versions, versions)
    def test_where_one_has_changed_nothing_it_is_as_the_other_has_it(
        self, base: KeptAccount, one: KeptAccount
    ) -> None:
        for mine, theirs in (base, one), (one, base):
            both = with_changes(base, mine, theirs)
            most = max(base.seen, one.seen)
            self.assertEqual(both, msgspec.structs.replace(one, seen=most, versions=both.versions))
            for node, times in both.versions.items():
                self.assertEqual(times, max(it.versions.get(node, 0) for it in (base, one)))
