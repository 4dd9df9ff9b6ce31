"""The order of a room: what its log says of operators, its lock, and who may come in."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tcpchat import records
from tcpchat.events import (
    Banned,
    Deopped,
    Entry,
    Event,
    Hidden,
    Invited,
    Joined,
    Kicked,
    Locked,
    Opped,
    Said,
    Slowed,
    Unhidden,
    Unlocked,
)  # fmt: skip
from tcpchat.limits import MOST_INVITED
from tcpchat.order import EVERYTHING, Order
from tcpchat.records import KeptRoom
from tcpchat.requests import Refused

BY = "s1", "anna"


def ordered(*events: Event) -> Order:
    order = Order()
    for seq, event in enumerate(events, 1):
        order.apply(Entry(seq, 0, event))
    return order


class OperatorsTests(SynchronousTestCase):
    def test_operators_are_known_by_their_accounts(self) -> None:
        order = ordered(Opped(*BY, "anna", "a1"), Opped(*BY, "bob", "b1"), Deopped(*BY, "anna", "a1"))
        self.assertEqual(order.operators, {"b1": "bob"})

    def test_there_was_one_even_when_there_is_none_any_more(self) -> None:
        self.assertFalse(ordered().had_operator)
        order = ordered(Opped(*BY, "anna", "a1"), Deopped(*BY, "anna", "a1"), Deopped(*BY, "anna", "a1"))
        self.assertTrue(order.had_operator)
        self.assertEqual(order.operators, {})

    def test_what_somebody_says_changes_nothing(self) -> None:
        self.assertEqual(ordered(Said(*BY, "x")).kept(), Order().kept())


class LockTests(SynchronousTestCase):
    def assert_closed(self, why: str, order: Order, coming: Joined) -> None:
        refusal = self.assertRaises(Refused, order.check_entrance, "#own", coming)
        self.assertEqual((str(refusal), refusal.code), (why, "forbidden"))

    def test_an_open_room_is_for_everybody(self) -> None:
        ordered().check_entrance("#own", Joined("s2", "eve"))
        ordered(Locked(*BY), Unlocked(*BY)).check_entrance("#own", Joined("s2", "eve"))

    def test_a_locked_one_is_for_who_is_invited_its_operators_and_who_was_in_it_before(self) -> None:
        order = ordered(Opped(*BY, "anna", "a1"), Invited(*BY, "carl", "s3"), Locked(*BY))
        why = "#own is locked. Ask one of its operators for an invitation."
        self.assert_closed(why, order, Joined("s2", "eve"))
        self.assert_closed(why, order, Joined("s2", "eve", account="e1"))
        order.check_entrance("#own", Joined("s3", "carl"))
        order.check_entrance("#own", Joined("s4", "anna", account="a1"))
        order.check_entrance("#own", Joined("s2", "eve", 7))

    def test_one_with_a_password_says_so(self) -> None:
        order = ordered(Locked(*BY, "$argon2id$"))
        self.assert_closed("#own is locked: /join #own PASSWORD.", order, Joined("s2", "eve"))
        order.apply(Entry(2, 0, Locked(*BY)))
        self.assertEqual(order.key, "")

    def test_an_invitation_is_used_up_by_being_put_out_alone(self) -> None:
        for event, left in (
            (Kicked(*BY, "carl", "s3"), []), (Banned(*BY, "carl", ("s3", "s9")), []),
            (Joined("s3", "carl"), ["s3"]), (Unlocked(*BY), ["s3"]), (Kicked(*BY, "eve", "s2"), ["s3"]),
        ):  # fmt: skip
            order = ordered(Locked(*BY), Invited(*BY, "carl", "s3"), event)
            self.assertEqual(list(order.invited), left, event)

    def test_of_too_many_invitations_the_oldest_is_forgotten(self) -> None:
        order = ordered(*(Invited(*BY, "x", f"s{n}") for n in range(MOST_INVITED)))
        self.assertEqual(len(order.invited), MOST_INVITED)
        order.apply(Entry(MOST_INVITED + 1, 0, Invited(*BY, "x", "s0")))  # once more, and the latest now
        order.apply(Entry(MOST_INVITED + 2, 0, Invited(*BY, "x", "new")))
        self.assertEqual(len(order.invited), MOST_INVITED)
        self.assertEqual(list(order.invited)[:1] + list(order.invited)[-2:], ["s2", "s0", "new"])


class FloorTests(SynchronousTestCase):
    def test_of_a_room_that_was_never_locked_everything_is_for_everybody(self) -> None:
        self.assertEqual([ordered().floor(first) for first in (None, 1, 100)], [0, 0, 0])
        self.assertFalse(ordered(Unlocked(*BY)).was_locked)

    def test_while_it_is_locked_only_what_came_with_oneself(self) -> None:
        order = ordered(Locked(*BY))
        self.assertEqual([order.floor(first) for first in (None, 1, 100)], [EVERYTHING, 0, 99])

    def test_after_it_nothing_that_was_said_until_it_ended_and_before_oneself(self) -> None:
        order = ordered(*[Said(*BY, "x")] * 48, Locked(*BY), Unlocked(*BY))
        self.assertEqual([order.floor(first) for first in (None, 1, 49, 51, 100)], [50, 0, 48, 50, 50])

    def test_a_second_lock_closes_more(self) -> None:
        order = ordered(Locked(*BY), Unlocked(*BY), Unlocked(*BY), Locked(*BY), Unlocked(*BY))
        self.assertEqual([order.floor(first) for first in (None, 3, 100)], [5, 2, 5])


class RestTests(SynchronousTestCase):
    def test_slow_and_hidden_are_as_was_said_last(self) -> None:
        order = ordered(Slowed(*BY, 10), Hidden(*BY))
        self.assertEqual((order.slow, order.is_hidden, order.is_private), (10, True, True))
        order = ordered(Slowed(*BY, 10), Hidden(*BY), Slowed(*BY, 0), Unhidden(*BY))
        self.assertEqual((order.slow, order.is_hidden, order.is_private), (0, False, False))

    def test_what_is_kept_is_all_of_it(self) -> None:
        order = ordered(
            Opped(*BY, "anna", "a1"), Locked(*BY), Unlocked(*BY), Locked(*BY, "key"),
            Invited(*BY, "eve", "s2"), Slowed(*BY, 10), Hidden(*BY),
        )  # fmt: skip
        kept = records.room(records.encode(KeptRoom(7, "", [], **order.kept())))
        again = Order()
        again.restore(kept)
        self.assertEqual(again.kept(), order.kept())
        self.assertEqual(again.unlocked_at, 3)
        order.invited.clear()  # and it is its own
        self.assertEqual(again.invited, {"s2": "eve"})
