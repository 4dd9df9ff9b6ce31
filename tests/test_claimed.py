"""Who may have a nickname's key that somebody has, and what becomes of a claim."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat import claimed
from tcpchat.claimed import Claim
from tcpchat.names import Name
from tests.test_names import NICKNAMES

HOME, CAFE = "192.0.2.1", "198.51.100.7"


def claim(person: str, *nodes: str, address: str = HOME, kept: bool = False) -> Claim:
    return Claim(person, "bob", nodes, address, kept)


class FreeTests(SynchronousTestCase):
    def test_what_somebody_has_on_another_node_is_theirs_dead_or_alive(self) -> None:
        self.assertFalse(claimed.is_free(claim("p1", "east"), claim("p2", "west")))
        self.assertFalse(claimed.is_free(claim("p1", "east", "west"), claim("p2", "west")))

    def test_it_is_free_to_themselves_on_any_node(self) -> None:
        self.assertTrue(claimed.is_free(claim("p1", "east"), claim("p1", "west")))

    def test_what_is_kept_is_free_to_the_same_address(self) -> None:
        kept = claim("p1", "east", kept=True)
        self.assertTrue(claimed.is_free(kept, claim("p2", "west")))
        self.assertFalse(claimed.is_free(kept, claim("p2", "west", address=CAFE)))
        self.assertFalse(claimed.is_free(claim("p1", "east"), claim("p2", "west")))

    def test_a_node_knows_better_than_the_bucket_who_is_on_it(self) -> None:
        self.assertTrue(claimed.is_free(claim("p1", "east"), claim("p2", "east")))


class JoinedTests(SynchronousTestCase):
    def test_what_nobody_had_is_as_it_is_wanted(self) -> None:
        self.assertEqual(claimed.joined(None, claim("p1", "west")), claim("p1", "west"))

    def test_so_is_what_somebody_else_had_or_what_was_kept(self) -> None:
        self.assertEqual(claimed.joined(claim("p2", "east"), claim("p1", "west")), claim("p1", "west"))
        kept = claim("p1", "east", kept=True)
        self.assertEqual(claimed.joined(kept, claim("p1", "west")), claim("p1", "west"))

    def test_a_person_has_it_on_all_nodes_where_they_are(self) -> None:
        joined = claimed.joined(claim("p1", "west"), claim("p1", "east"))
        self.assertEqual(joined, claim("p1", "east", "west"))
        self.assertEqual(claimed.joined(joined, claim("p1", "east")), joined)

    def test_but_not_on_dead_ones(self) -> None:
        joined = claimed.joined(claim("p1", "east"), claim("p1", "west"), {"east"})
        self.assertEqual(joined, claim("p1", "west"))

    def test_nothing_is_kept_for_whom_is_still_there_elsewhere(self) -> None:
        kept = claim("p1", "west", kept=True)
        both = claim("p1", "east", "west")
        self.assertEqual(claimed.joined(both, kept), claim("p1", "east"))
        self.assertEqual(claimed.joined(both, kept, {"east"}), kept)


class LeftTests(SynchronousTestCase):
    def test_nothing_is_left_of_nothing(self) -> None:
        self.assertIsNone(claimed.left(None, "east"))

    def test_what_one_node_had_is_gone(self) -> None:
        self.assertIsNone(claimed.left(claim("p1", "east"), "east"))

    def test_what_others_have_stays_theirs_unless_they_are_dead(self) -> None:
        both = claim("p1", "east", "west")
        self.assertEqual(claimed.left(both, "east"), claim("p1", "west"))
        self.assertEqual(claimed.left(both, "north", dead={"west"}), claim("p1", "east"))
        self.assertIsNone(claimed.left(both, "east", dead={"west"}))

    def test_it_goes_to_the_node_where_the_person_goes_on(self) -> None:
        self.assertEqual(claimed.left(claim("p1", "east"), "east", "west"), claim("p1", "west"))

    def test_but_not_what_was_kept_or_what_the_node_did_not_have(self) -> None:
        self.assertIsNone(claimed.left(claim("p1", "east", kept=True), "east", "west"))
        other = claim("p2", "north")
        self.assertEqual(claimed.left(other, "east", "west"), other)


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
        left = claimed.left(found, node, dead={*NODES} - alive)
        nodes = set(left.nodes) if left else set()
        self.assertEqual(nodes, {*found.nodes} & alive - {node})

    @settings(deadline=None, database=None)
    @given(CLAIMS, CLAIMS, st.sets(st.sampled_from(NODES)))
    def test_who_has_it_may_take_it_again_and_that_changes_nothing(
        self, found: Claim, wanted: Claim, dead: set[str]
    ) -> None:
        wanted = Claim(wanted.person, wanted.nick, wanted.nodes[:1], wanted.address)
        joined = claimed.joined(found, wanted, dead)
        self.assertTrue(claimed.is_free(joined, wanted))
        self.assertEqual(claimed.joined(joined, wanted, dead), joined)
        self.assertEqual(joined.person, wanted.person)

    @settings(deadline=None, database=None)
    @given(CLAIMS)
    def test_what_is_kept_is_read_as_it_was_written(self, claim: Claim) -> None:
        self.assertEqual(claimed.decode(claimed.encode(claim)), claim)
