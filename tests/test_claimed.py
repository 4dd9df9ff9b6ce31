"""Who may have a nickname's key that somebody has, and what becomes of a claim."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat import claimed
from tcpchat.claimed import Claim
from tcpchat.names import Name
from tests.test_names import NICKNAMES

HOME, CAFE = "192.0.2.1", "198.51.100.7"


def living(*nodes: str) -> Callable[[str], bool]:
    """Return what tells that these nodes live."""
    return lambda node: node in nodes


def claim(person: str, *nodes: str, address: str = HOME, kept: bool = False) -> Claim:
    return Claim(person, "bob", nodes, address, kept)


class FreeTests(SynchronousTestCase):
    def is_free(self, found: Claim, wanted: Claim, *nodes: str) -> bool:
        return claimed.is_free(found, wanted, living(*nodes))

    def test_what_somebody_has_on_a_living_node_is_theirs(self) -> None:
        self.assertFalse(self.is_free(claim("p1", "east"), claim("p2", "west"), "east", "west"))

    def test_it_is_free_to_themselves_on_any_node(self) -> None:
        self.assertTrue(self.is_free(claim("p1", "east"), claim("p1", "west"), "east", "west"))

    def test_it_is_free_when_all_its_nodes_are_dead(self) -> None:
        self.assertFalse(self.is_free(claim("p1", "east", "north"), claim("p2", "west"), "north", "west"))
        self.assertTrue(self.is_free(claim("p1", "east", "north"), claim("p2", "west"), "west"))

    def test_what_is_kept_is_free_to_the_same_address(self) -> None:
        kept = claim("p1", "east", kept=True)
        self.assertTrue(self.is_free(kept, claim("p2", "west"), "east", "west"))
        self.assertFalse(self.is_free(kept, claim("p2", "west", address=CAFE), "east", "west"))
        self.assertFalse(self.is_free(claim("p1", "east"), claim("p2", "west"), "east", "west"))

    def test_a_node_knows_better_than_the_bucket_who_is_on_it(self) -> None:
        self.assertTrue(self.is_free(claim("p1", "east"), claim("p2", "east"), "east"))


class JoinedTests(SynchronousTestCase):
    def joined(self, found: Claim | None, wanted: Claim, *nodes: str) -> Claim:
        return claimed.joined(found, wanted, living(*nodes))

    def test_what_nobody_had_is_as_it_is_wanted(self) -> None:
        self.assertEqual(self.joined(None, claim("p1", "west"), "west"), claim("p1", "west"))

    def test_so_is_what_somebody_else_had_or_what_was_kept(self) -> None:
        self.assertEqual(self.joined(claim("p2", "east"), claim("p1", "west"), "west"), claim("p1", "west"))
        kept = claim("p1", "east", kept=True)
        self.assertEqual(self.joined(kept, claim("p1", "west"), "east", "west"), claim("p1", "west"))

    def test_a_person_has_it_on_all_nodes_where_they_are(self) -> None:
        joined = self.joined(claim("p1", "west"), claim("p1", "east"), "east", "west")
        self.assertEqual(joined, claim("p1", "east", "west"))
        self.assertEqual(self.joined(joined, claim("p1", "east"), "east", "west"), joined)

    def test_but_not_on_dead_ones(self) -> None:
        self.assertEqual(self.joined(claim("p1", "east"), claim("p1", "west"), "west"), claim("p1", "west"))

    def test_nothing_is_kept_for_whom_is_still_there_elsewhere(self) -> None:
        kept = claim("p1", "west", kept=True)
        both = claim("p1", "east", "west")
        self.assertEqual(self.joined(both, kept, "east", "west"), claim("p1", "east"))
        self.assertEqual(self.joined(both, kept, "west"), kept)


class LeftTests(SynchronousTestCase):
    def left(self, found: Claim | None, node: str, *nodes: str, heir: str = "") -> Claim | None:
        return claimed.left(found, node, heir, living(*nodes))

    def test_nothing_is_left_of_nothing(self) -> None:
        self.assertIsNone(self.left(None, "east", "east"))

    def test_what_one_node_had_is_gone(self) -> None:
        self.assertIsNone(self.left(claim("p1", "east"), "east", "east", "west"))

    def test_what_others_have_stays_theirs_if_they_live(self) -> None:
        both = claim("p1", "east", "west")
        self.assertEqual(self.left(both, "east", "east", "west"), claim("p1", "west"))
        self.assertIsNone(self.left(both, "east", "east"))

    def test_it_goes_to_the_node_where_the_person_goes_on(self) -> None:
        found = claim("p1", "east")
        self.assertEqual(self.left(found, "east", "east", "west", heir="west"), claim("p1", "west"))

    def test_but_not_what_was_kept_or_what_the_node_did_not_have(self) -> None:
        self.assertIsNone(self.left(claim("p1", "east", kept=True), "east", "east", "west", heir="west"))
        other = claim("p2", "north")
        self.assertEqual(self.left(other, "east", "east", "north", "west", heir="west"), other)


NODES = ("east", "north", "west")
CLAIMS = st.builds(
    Claim,
    st.sampled_from(["p1", "p2"]),
    st.just("bob"),
    st.lists(st.sampled_from(NODES), min_size=1, unique=True).map(sorted).map(tuple),
    st.sampled_from([HOME, CAFE]),
    st.booleans(),
)


class ClaimLaws(SynchronousTestCase):
    @settings(deadline=None, database=None)
    @given(NICKNAMES)
    def test_each_key_of_a_name_has_one_in_the_bucket_and_back(self, name: Name) -> None:
        for key in name.keys:
            kept = claimed.bucket_key(key)
            self.assertRegex(kept, r"^claim\.[a-z]+\.[0-9a-f]+$")
            self.assertEqual(claimed.name_key(kept), key)

    @settings(deadline=None, database=None)
    @given(CLAIMS, st.sampled_from(NODES), st.sets(st.sampled_from(NODES)))
    def test_a_claim_names_nodes_that_live_or_is_no_more(
        self, found: Claim, node: str, alive: set[str]
    ) -> None:
        left = claimed.left(found, node, "", living(*alive))
        nodes = set(left.nodes) if left else set()
        self.assertEqual(nodes, {*found.nodes} & alive - {node})

    @settings(deadline=None, database=None)
    @given(CLAIMS, CLAIMS, st.sets(st.sampled_from(NODES)))
    def test_who_has_it_may_take_it_again_and_that_changes_nothing(
        self, found: Claim, wanted: Claim, alive: set[str]
    ) -> None:
        wanted = Claim(wanted.person, wanted.nick, wanted.nodes[:1], wanted.address)
        joined = claimed.joined(found, wanted, living(*alive))
        self.assertTrue(claimed.is_free(joined, wanted, living(*alive)))
        self.assertEqual(claimed.joined(joined, wanted, living(*alive)), joined)
        self.assertEqual(joined.person, wanted.person)

    @settings(deadline=None, database=None)
    @given(CLAIMS)
    def test_what_is_kept_is_read_as_it_was_written(self, claim: Claim) -> None:
        self.assertEqual(claimed.decode(claimed.encode(claim)), claim)
