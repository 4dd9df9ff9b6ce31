"""Nicknames across nodes: of all who want one, one has it, and whoever lets it go frees it."""

from __future__ import annotations

from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tcpchat import claimed
from tcpchat.claimed import CLAIM, Claim
from tcpchat.claims import KEPT_FOR
from tcpchat.logs.interface import NotKept
from tcpchat.names import Name, nickname
from tcpchat.people import People
from tcpchat.registry import LONGEST_CLAIM, Registry
from tcpchat.requests import Refused
from tcpchat.settling import GRACE, SOON, Shared
from tests.buckets import MemoryBucket, Values

HOME, CAFE = "192.0.2.1", "198.51.100.7"


class Node:
    """Who has which nickname on one node."""

    def __init__(self, clock: Clock, values: Values, name: str, dead: set[str]) -> None:
        self.name = name
        self.clock = clock
        self.bucket = MemoryBucket(clock, values, name)
        self.people = People(clock, False, lambda person: False)
        self.registry = Registry(self.people, clock)
        self.is_fenced = False
        shared = Shared(self.bucket, name, lambda node: node not in dead, lambda: self.is_fenced)
        self.registry.share(shared)

    def asks(self, typed: str, person: str, address: str = HOME, or_variant: bool = False) -> Deferred[Name]:
        return Deferred.fromCoroutine(self.registry.claim(typed, person, address, or_variant))


class AloneTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.people = People(self.clock, False, lambda person: False)
        self.registry = Registry(self.people, self.clock)

    def test_a_server_alone_has_a_nickname_at_once_or_not(self) -> None:
        name = self.registry.claim_at_once("bob", "p1", HOME)
        self.assertEqual(name, nickname("bob"))
        self.assertRaises(Refused, self.registry.claim_at_once, "bob", "p2", HOME)
        self.assertEqual(self.registry.claim_at_once("bob", "p2", HOME, or_variant=True), nickname("bob2"))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_so_has_who_waits_for_it(self) -> None:
        claiming = Deferred.fromCoroutine(self.registry.claim("bob", "p1", HOME))
        self.assertEqual(self.successResultOf(claiming), nickname("bob"))

    def test_it_is_let_go_as_ever(self) -> None:
        self.registry.claim_at_once("bob", "p1", HOME)
        self.registry.release(nickname("bob"), "p1", HOME)
        self.assertRaises(Refused, self.registry.claim_at_once, "bob", "p2", CAFE)
        self.registry.claim_at_once("bob", "p2", HOME)
        self.registry.pass_on(nickname("bob"), "p2", "")
        self.registry.claim_at_once("bob", "p3", HOME)

    def test_there_are_no_others(self) -> None:
        self.registry.clean()
        self.assertFalse(self.registry.is_fenced)
        self.assertFalse(self.registry.is_living("east"))


class RegistryCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.values = Values()
        self.dead: set[str] = set()
        self.east, self.west = (self.node(name) for name in ("east", "west"))

    def node(self, name: str) -> Node:
        return Node(self.clock, self.values, name, self.dead)

    def settle(self) -> None:
        while any(call.getTime() <= self.clock.seconds() for call in self.clock.getDelayedCalls()):
            self.clock.advance(0)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.clock.pump([0.05] * int(seconds * 20))
        self.settle()

    def claim(self, node: Node, typed: str, person: str, address: str = HOME) -> Name:
        claiming = node.asks(typed, person, address)
        self.settle()
        return self.successResultOf(claiming)

    def assert_taken(self, node: Node, typed: str, person: str, address: str = HOME) -> str:
        claiming = node.asks(typed, person, address)
        self.settle()
        return str(self.failureResultOf(claiming, Refused).value)

    def claims(self) -> dict[str, tuple[str, ...]]:
        """Return who has what in the bucket: the nodes, by person and nickname."""
        kept = [claimed.decode(self.values.value(key) or b"") for key in self.values.keys(CLAIM)]
        return {f"{it.person} {it.nick}{' kept' if it.kept else ''}": it.nodes for it in kept}


class ClaimTests(RegistryCase):
    def test_what_somebody_has_on_one_node_is_taken_on_the_other(self) -> None:
        self.claim(self.east, "anna", "p1")
        self.assertEqual(self.assert_taken(self.west, "anna", "p2"), '"anna" is taken. Try "anna2".')
        self.assertEqual(self.assert_taken(self.west, "ANNA", "p2"), '"ANNA" is taken. Try "ANNA2".')
        self.assertEqual(self.claims(), {"p1 anna": ("east",)})

    def test_of_two_who_ask_at_the_same_moment_one_has_it(self) -> None:
        random = Random(1)
        for n in range(100):
            asked = [node.asks(f"anna{n}", f"{node.name}{n}") for node in (self.east, self.west)]
            for node in self.east, self.west:
                node.bucket.late = random.choice([0, 0.01, 0.02])
            self.clock.pump([0.01] * 40)
            self.settle()
            outcomes: list[object] = []
            for each in asked:
                each.addBoth(outcomes.append)
            names = [it for it in outcomes if isinstance(it, Name)]
            refused = [it for it in outcomes if not isinstance(it, Name)]
            self.assertEqual([name.display for name in names], [f"anna{n}"])
            self.assertIn("is taken. Try", str(refused[0]))
            (has,) = {person for person in self.claims() if person.endswith(f" anna{n}")}
            winner = has.split()[0]
            for node in self.east, self.west:
                self.assertEqual(node.people._claims.holder(nickname(f"anna{n}")), winner)

    def test_so_it_is_with_names_that_only_look_alike(self) -> None:
        one, other = self.east.asks("paul", "p1"), self.west.asks("pauI", "p2")
        self.settle()
        self.successResultOf(one)
        self.failureResultOf(other, Refused)
        self.assertEqual(self.claims(), {"p1 paul": ("east",)})

    def test_who_takes_a_variant_gets_the_next_one_that_is_free_everywhere(self) -> None:
        asked = [
            node.asks("ci-bot", f"{node.name}{n}", or_variant=True)
            for n in range(5)
            for node in (self.east, self.west)
        ]
        self.settle()
        names = {self.successResultOf(each).display for each in asked}
        self.assertEqual(names, {"ci-bot", *(f"ci-bot{n}" for n in range(2, 11))})

    def test_a_person_can_be_on_several_nodes_under_one_name(self) -> None:
        self.claim(self.east, "anna", "p1")
        self.claim(self.west, "anna", "p1", CAFE)
        self.assertEqual(self.claims(), {"p1 anna": ("east", "west")})
        self.east.registry.release(nickname("anna"), "p1", HOME)
        self.settle()
        self.assertEqual(self.claims(), {"p1 anna": ("west",)})
        self.assert_taken(self.east, "anna", "p2")

    def test_one_can_be_renamed_to_another_spelling_of_the_same(self) -> None:
        self.claim(self.east, "bob", "p1")
        self.claim(self.east, "Bob", "p1")
        self.east.registry.release(nickname("bob"), "p1", HOME)
        self.settle()
        self.assertEqual(self.claims(), {"p1 Bob": ("east",)})
        self.assert_taken(self.west, "bob", "p2")

    def test_and_keep_the_first_one_after_all(self) -> None:
        self.claim(self.east, "bob", "p1")
        self.claim(self.east, "Bob", "p1")
        self.east.registry.release(nickname("Bob"), "p1", HOME)
        self.settle()
        self.assertEqual(self.claims(), {"p1 bob": ("east",)})
        self.clock.advance(KEPT_FOR)
        self.settle()
        self.assertEqual(self.claims(), {"p1 bob": ("east",)})

    def test_a_node_that_comes_later_knows_all(self) -> None:
        self.claim(self.east, "anna", "p1")
        north = self.node("north")
        self.assertEqual(self.assert_taken(north, "anna", "p2"), '"anna" is taken. Try "anna2".')
        self.assertEqual(north.bucket.puts, 0)

    def test_what_is_no_name_is_refused_at_once(self) -> None:
        self.assertIn("is not a nickname", self.assert_taken(self.east, "1", "p1"))
        self.assertEqual(self.east.bucket.puts, 0)


class ReleaseTests(RegistryCase):
    def setUp(self) -> None:
        super().setUp()
        self.claim(self.east, "anna", "p1")

    def test_a_name_is_kept_for_the_same_address_for_20_seconds_on_all_nodes(self) -> None:
        self.east.registry.release(nickname("anna"), "p1", HOME)
        self.settle()
        self.assertEqual(self.claims(), {"p1 anna kept": ("east",)})
        self.assert_taken(self.west, "anna", "p2", CAFE)
        self.claim(self.west, "anna", "p2", HOME)
        self.clock.advance(KEPT_FOR)
        self.settle()
        self.assertEqual(self.claims(), {"p2 anna": ("west",)})

    def test_then_it_is_free(self) -> None:
        self.east.registry.release(nickname("anna"), "p1", HOME)
        self.clock.advance(KEPT_FOR - 0.1)
        self.settle()
        self.assert_taken(self.west, "anna", "p2", CAFE)
        self.clock.advance(0.1)
        self.settle()
        self.assertEqual(self.claims(), {})
        self.claim(self.west, "anna", "p2", CAFE)

    def test_what_is_not_kept_is_free_at_once(self) -> None:
        self.east.registry.release(nickname("anna"), "p1", HOME, is_kept=False)
        self.settle()
        self.claim(self.west, "anna", "p2", CAFE)

    def test_who_is_back_in_time_has_it_again(self) -> None:
        self.east.registry.release(nickname("anna"), "p1", HOME)
        self.settle()
        self.claim(self.east, "anna", "p1", CAFE)
        self.clock.advance(KEPT_FOR)
        self.settle()
        self.assertEqual(self.claims(), {"p1 anna": ("east",)})

    def test_who_is_back_on_another_node_has_it_there(self) -> None:
        self.east.registry.release(nickname("anna"), "p1", HOME)
        self.settle()
        self.claim(self.west, "anna", "p1", CAFE)
        self.clock.advance(KEPT_FOR)
        self.settle()
        self.assertEqual(self.claims(), {"p1 anna": ("west",)})

    def test_who_goes_on_on_another_node_has_it_without_a_gap(self) -> None:
        self.east.registry.pass_on(nickname("anna"), "p1", "west")
        self.settle()
        self.assertEqual(self.claims(), {"p1 anna": ("west",)})
        self.assert_taken(self.east, "anna", "p2")
        self.claim(self.west, "anna", "p1")

    def test_nothing_of_it_is_left(self) -> None:
        for node in self.east, self.west:
            self.claim(node, "bert", "p2")
        for node in self.east, self.west:
            node.registry.release(nickname("anna"), "p1", HOME)
            node.registry.release(nickname("bert"), "p2", HOME)
        self.clock.advance(KEPT_FOR)
        self.settle()
        for node in self.east, self.west:
            node.registry.clean()
            settling = node.registry._settling
            assert settling is not None
            self.assertEqual((settling.own, settling._known, settling._locks), ({}, {}, {}))
        self.assertEqual((self.claims(), self.clock.getDelayedCalls()), ({}, []))


class FaultTests(RegistryCase):
    def test_a_node_that_reaches_nobody_gives_no_name(self) -> None:
        self.east.bucket.cut()
        claiming = self.east.asks("anna", "p1")
        self.wait(GRACE - 0.5)
        self.assertNoResult(claiming)
        self.wait(1)
        self.failureResultOf(claiming, NotKept)
        self.assertEqual(self.east.people.names("p1"), ())
        self.east.bucket.heal()
        self.clock.pump([1] * 5)
        self.settle()
        self.assertEqual(self.claims(), {})
        self.claim(self.west, "anna", "p2")

    def test_nor_one_that_is_fenced(self) -> None:
        self.east.is_fenced = True
        claiming = self.east.asks("anna", "p1")
        self.failureResultOf(claiming, NotKept)
        self.assertTrue(self.east.registry.is_fenced)
        self.assertEqual(self.east.bucket.puts, 0)

    def test_nor_one_that_was_fenced_when_the_answer_came(self) -> None:
        claiming = self.east.asks("anna", "p1")
        self.east.is_fenced = True
        self.settle()
        self.failureResultOf(claiming, NotKept)
        self.assertEqual((self.east.people.names("p1"), self.claims()), ((), {}))

    def test_nor_one_that_has_lost_everything_meanwhile(self) -> None:
        claiming = self.east.asks("anna", "p1")
        self.east.registry.forget()
        self.settle()
        self.failureResultOf(claiming, NotKept)
        self.east.registry.clean()
        self.settle()
        self.assertEqual(self.claims(), {})

    def test_an_answer_that_gets_lost_is_found_out(self) -> None:
        self.east.bucket.loses_answers = True
        claiming = self.east.asks("anna", "p1")
        self.wait(6 * SOON)
        self.assertEqual(self.successResultOf(claiming), nickname("anna"))
        self.assertEqual(self.claims(), {"p1 anna": ("east",)})

    def test_a_link_that_finds_another_server_in_time_was_never_gone(self) -> None:
        self.east.bucket.cut()
        claiming = self.east.asks("anna", "p1")
        self.wait(GRACE - 0.5)
        self.east.bucket.heal()
        self.wait(2 * SOON)
        self.assertEqual(self.successResultOf(claiming), nickname("anna"))

    def test_servers_that_do_nothing_are_not_waited_for_for_ever(self) -> None:
        self.east.bucket.is_idle = True
        claiming = self.east.asks("anna", "p1")
        self.wait(LONGEST_CLAIM - 1)
        self.assertNoResult(claiming)
        self.wait(2)
        self.failureResultOf(claiming, NotKept)
        self.east.bucket.is_idle = False
        self.wait(3)
        self.assertEqual(self.claims(), {})

    def test_they_are_waited_for_as_long_as_a_line(self) -> None:
        self.east.bucket.is_idle = True
        claiming = self.east.asks("anna", "p1")
        self.wait(8)
        self.east.bucket.is_idle = False
        self.wait(2 * SOON)
        self.assertEqual(self.successResultOf(claiming), nickname("anna"))

    def test_a_claim_that_fails_leaves_the_name_that_one_has(self) -> None:
        self.claim(self.east, "bob", "p1")
        self.east.bucket.cut()
        for typed in "Bob", "rob", "bob":
            claiming = self.east.asks(typed, "p1")
            self.wait(GRACE + 0.5)
            if typed == "bob":
                self.assertEqual(self.successResultOf(claiming), nickname("bob"))
            else:
                self.failureResultOf(claiming, NotKept)
        self.east.bucket.heal()
        self.clock.pump([1] * 5)
        self.assertEqual(self.east.people.names("p1"), (nickname("bob"),))
        self.assertEqual(self.claims(), {"p1 bob": ("east",)})

    def test_a_release_is_told_when_the_others_can_be_reached_again(self) -> None:
        self.claim(self.east, "anna", "p1")
        self.east.bucket.cut()
        self.east.registry.release(nickname("anna"), "p1", HOME, is_kept=False)
        self.clock.pump([1] * 10)
        self.assert_taken(self.west, "anna", "p2")
        self.east.bucket.heal()
        self.clock.pump([1] * 3)
        self.settle()
        self.claim(self.west, "anna", "p2")

    def test_a_server_that_ends_leaves_its_claims_to_the_next(self) -> None:
        self.claim(self.east, "anna", "p1")
        self.east.bucket.cut()
        self.claim(self.west, "carl", "p3")
        self.east.registry.release(nickname("anna"), "p1", HOME, is_kept=False)
        self.east.registry.stop()
        self.clock.pump([1] * 5)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(self.claims(), {"p1 anna": ("east",), "p3 carl": ("west",)})


class BurialTests(RegistryCase):
    def setUp(self) -> None:
        super().setUp()
        self.claim(self.east, "anna", "p1")
        self.claim(self.west, "bert", "p2")
        self.claim(self.east, "bert", "p2")

    def test_the_names_of_a_dead_node_are_freed(self) -> None:
        self.west.registry.clean()
        self.settle()
        self.assertEqual(self.claims(), {"p1 anna": ("east",), "p2 bert": ("east", "west")})
        self.assertEqual(self.west.registry.nodes, {"east", "west"})
        self.dead.add("east")
        self.west.registry.clean(self.dead)
        self.settle()
        self.assertEqual(self.claims(), {"p2 bert": ("west",)})
        self.claim(self.west, "anna", "p3")

    def test_a_node_that_was_taken_for_dead_holds_nothing_any_more(self) -> None:
        self.dead.add("east")
        self.west.registry.clean(self.dead)
        self.settle()
        self.claim(self.west, "anna", "p3")
        self.east.registry.forget()
        self.dead.clear()
        self.assertEqual(self.east.people.names("p1"), ())
        self.assert_taken(self.east, "anna", "p1")
        self.east.registry.clean()
        self.settle()
        self.assertEqual(self.claims(), {"p2 bert": ("west",), "p3 anna": ("west",)})

    def test_one_that_starts_frees_what_it_has_nobody_for(self) -> None:
        self.east.registry.stop()
        east = self.node("east")
        self.claim(east, "bert", "p2")
        east.registry.clean()
        self.settle()
        self.assertEqual(self.claims(), {"p2 bert": ("east", "west")})

    def test_what_the_others_have_freed_by_mistake_is_claimed_again(self) -> None:
        for key in self.values.keys(CLAIM):
            self.values.put(key, None, None, "west")
        self.settle()
        self.east.registry.clean()
        self.settle()
        self.assertEqual(self.claims(), {"p1 anna": ("east",), "p2 bert": ("east",)})

    def test_a_node_that_is_fenced_frees_nothing(self) -> None:
        self.dead.add("east")
        self.west.is_fenced = True
        self.west.registry.clean(self.dead)
        self.settle()
        self.assertEqual(len(self.claims()), 2)


class Races(RuleBasedStateMachine):
    """People on three nodes ask for names that look alike and let them go, at once, over links that fail."""

    @initialize()
    def begin(self) -> None:
        self.clock = Clock()
        self.values = Values()
        self.nodes = [Node(self.clock, self.values, name, set()) for name in ("east", "north", "west")]
        self.held: dict[tuple[int, str], list[Name]] = {}  # what somebody was told that they have

    @rule(node=st.integers(0, 2), typed=st.sampled_from(["bob", "Bob", "b0b", "paul", "pauI"]))
    def claim(self, node: int, typed: str) -> None:
        person = f"{node}{typed}"
        if (node, person) in self.held:
            return
        self.nodes[node].asks(typed, person, f"192.0.2.{node}").addCallbacks(
            lambda name: self.held.setdefault((node, person), []).append(name),
            lambda failure: failure.trap(Refused, NotKept) and None,
        )

    @rule(which=st.integers(0, 20), is_kept=st.booleans())
    def release(self, which: int, is_kept: bool) -> None:
        if self.held:
            (node, person), names = sorted(self.held.items())[which % len(self.held)]
            del self.held[node, person]
            for name in names:
                self.nodes[node].registry.release(name, person, f"192.0.2.{node}", is_kept)

    @rule(node=st.integers(0, 2), late=st.sampled_from([0.0, 0.1, 0.3]))
    def delay(self, node: int, late: float) -> None:
        self.nodes[node].bucket.late = late

    @rule(node=st.integers(0, 2), how=st.sampled_from(["cut", "heal", "lose", "find"]))
    def disturb(self, node: int, how: str) -> None:
        bucket = self.nodes[node].bucket
        if how == "cut":
            bucket.cut()
        elif how == "heal":
            bucket.heal()
        else:
            bucket.loses_answers = how == "lose"

    @rule(seconds=st.sampled_from([0.05, 0.1, 1.0, 25.0]))
    def wait(self, seconds: float) -> None:
        self.clock.pump([seconds / 10] * 10)

    @invariant()
    def nobody_has_what_somebody_else_has(self) -> None:
        holders: dict[tuple[str, str], str] = {}
        for (_, person), names in self.held.items():
            for name in names:
                for key in name.keys:
                    assert holders.setdefault(key, person) == person, (key, self.held)

    def teardown(self) -> None:
        for node in self.nodes:
            node.bucket.late, node.bucket.loses_answers = 0.0, False
            node.bucket.heal()
        self.clock.pump([0.5] * 60)
        for node in self.nodes:
            node.registry.clean()
        self.clock.pump([0.5] * 10)
        kept = {key: claimed.decode(self.values.value(key) or b"") for key in self.values.keys(CLAIM)}
        expected: dict[str, Claim] = {}
        for (number, person), names in self.held.items():
            for name in names:
                address = f"192.0.2.{number}"
                claim = Claim(person, name.display, (self.nodes[number].name,), address)
                expected |= dict.fromkeys(map(claimed.bucket_key, name.keys), claim)
        assert kept == expected


Races.TestCase.settings = settings(
    max_examples=30, stateful_step_count=20, deadline=None, database=None, print_blob=True
)
RacesTests = Races.TestCase
