"""Bans and mutes found by whom they hit: each kind of mark, look-alikes, time, and what is remembered."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat import records
from tcpchat.limits import MOST_MARKED_NETWORKS, MOST_VERDICTS
from tcpchat.names import nickname
from tcpchat.records import KeptSanction
from tcpchat.sanctions import BAN, MUTE, SERVER, Identity, Sanctions, because, fits, remaining

NOW = 1_000_000


def sanction(id: str, nick: str = "", kind: str = BAN, room: str = "#own", **more: Any) -> KeptSanction:
    """Return a sanction of somebody by a nickname, or by what is given beside."""
    keys = nickname(nick).keys if nick else ()
    whom = nick or ",".join(more.get("networks", ()))
    return KeptSanction(id, kind, room, whom, "anna", NOW, keys=keys, **more)


def identity(nick: str = "eve", person: str = "s1", address: str = "192.0.2.1") -> Identity:
    return Identity(nickname(nick), person, address)


class SanctionsCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.sanctions = Sanctions(self.keep)

    def keep(self, id: str, record: bytes | None) -> None:
        if record is None:
            del self.kept[id]
        else:
            self.kept[id] = record

    def hits(self, who: Identity, kind: str = BAN, room: str = "#own", now: int = NOW) -> str:
        """Return the id of what hits somebody, or nothing."""
        found = self.sanctions.find(kind, room, who, now)
        return found.id if found else ""


class ElsewhereTests(SanctionsCase):
    """What another node has kept."""

    def setUp(self) -> None:
        super().setUp()
        self.arrived: list[str] = []
        self.sanctions.arrived = lambda sanction: self.arrived.append(sanction.id)

    def test_it_holds_and_is_not_kept_again(self) -> None:
        self.sanctions.take_in("1", records.encode(sanction("1", "eve", MUTE)))
        self.assertEqual((self.hits(identity(), MUTE), self.kept, self.arrived), ("1", {}, ["1"]))
        self.assertEqual(self.sanctions.muted["#own"], 1)

    def test_it_takes_the_place_of_what_was_known_under_its_id(self) -> None:
        self.sanctions.add(sanction("1", "eve"))
        self.sanctions.take_in("1", records.encode(sanction("1", "zoe")))
        self.assertEqual((self.hits(identity("eve")), self.hits(identity("zoe"))), ("", "1"))
        self.assertEqual(len(self.sanctions.list()), 1)

    def test_what_was_lifted_there_holds_no_more(self) -> None:
        self.sanctions.take_in("1", records.encode(sanction("1", "eve")))
        self.sanctions.take_in("1", None)
        self.sanctions.take_in("2", None)
        self.assertEqual((self.hits(identity()), self.sanctions.list(), self.arrived), ("", [], ["1"]))

    def test_nobody_need_be_told(self) -> None:
        Sanctions(self.keep).take_in("1", records.encode(sanction("1", "eve")))


class MarksTests(SanctionsCase):
    def test_whoever_looks_like_a_nickname_is_hit(self) -> None:
        self.sanctions.add(sanction("1", "paul"))
        for nick in "paul", "PAUL", "pauI", "pau1", "Paul":
            self.assertEqual(self.hits(identity(nick)), "1", nick)
        self.assertEqual(self.hits(identity("paula")), "")

    def test_an_account_is_hit_by_whichever_name(self) -> None:
        self.sanctions.add(sanction("1", "eve", account="a7"))
        self.assertEqual(self.hits(identity("mallory", "a7")), "1")
        self.assertEqual(self.hits(identity("mallory", "a8")), "")

    def test_an_address_is_hit_in_its_network_up_to_its_ends(self) -> None:
        self.sanctions.add(sanction("1", networks=("203.0.113.0/28",)))
        self.sanctions.add(sanction("2", networks=("2001:db8:1::/48",)))
        for address, id in {
            "203.0.113.0": "1", "203.0.113.15": "1", "203.0.113.16": "", "203.0.112.255": "",
            "::ffff:203.0.113.3": "1", "2001:db8:1:ffff::1": "2", "2001:db8:2::": "", "here": "",
            "fe80::1%eth0": "",
        }.items():  # fmt: skip
            self.assertEqual(self.hits(identity(address=address)), id, address)

    def test_ipv4_and_ipv6_are_not_mixed_up(self) -> None:
        self.sanctions.add(sanction("1", networks=("0.0.0.0/0",)))
        self.assertEqual(self.hits(identity(address="192.0.2.1")), "1")
        self.assertEqual(self.hits(identity(address="2001:db8::1")), "")

    def test_each_room_the_server_and_each_kind_are_apart(self) -> None:
        for kind, room in ((BAN, "#a"), (MUTE, "#b"), (BAN, SERVER)):
            self.sanctions.add(sanction(kind + room, "eve", kind, room))
        for kind in BAN, MUTE:
            for room in "#a", "#b", SERVER:
                expected = kind + room if (kind, room) in ((BAN, "#a"), (MUTE, "#b"), (BAN, SERVER)) else ""
                self.assertEqual(self.hits(identity(), kind, room), expected)

    def test_of_several_that_hit_somebody_the_longest_is_told(self) -> None:
        self.sanctions.add(sanction("1", "eve", until=NOW + 1))
        self.sanctions.add(sanction("2", networks=("192.0.2.0/24",), until=NOW + 3))
        self.sanctions.add(sanction("3", networks=("192.0.2.1/32",), until=NOW + 2))
        self.assertEqual(self.hits(identity()), "2")
        self.sanctions.add(sanction("4", networks=("192.0.0.0/16",)))
        self.assertEqual(self.hits(identity()), "4")

    def test_one_that_is_over_hits_nobody_though_it_is_there_yet(self) -> None:
        self.sanctions.add(sanction("1", "eve", until=NOW))
        self.assertEqual(self.hits(identity()), "")
        self.assertEqual(self.hits(identity(), now=NOW - 1), "1")


class AddingTests(SanctionsCase):
    def test_what_is_added_is_kept_and_what_is_lifted_is_not(self) -> None:
        one = sanction("1", "eve", networks=("192.0.2.1/32", "192.0.2.2/32"), account="a1", until=NOW + 5)
        self.sanctions.add(one)
        self.assertEqual(records.sanction(self.kept["1"]), one)
        self.sanctions.remove("1")
        self.assertEqual(self.kept, {})
        self.assertEqual(self.hits(identity()), "")
        self.assertEqual(self.sanctions.list(), [])
        self.sanctions.remove("1")

    def test_what_was_kept_is_in_force_again(self) -> None:
        self.sanctions.add(sanction("1", "eve", networks=("192.0.2.1/32",)))
        self.sanctions.add(sanction("2", "carl", MUTE))
        again = Sanctions(self.keep)
        for record in self.kept.values():
            again.restore(records.sanction(record))
        self.assertEqual(again.list(), self.sanctions.list())
        self.assertEqual(again.muted, self.sanctions.muted)
        self.assertEqual(again.in_rooms, 2)
        self.assertIsNotNone(again.find(BAN, "#own", identity("hugo"), NOW))

    def test_one_network_that_is_marked_by_two_is_marked_until_both_are_lifted(self) -> None:
        for id in "1", "2":
            self.sanctions.add(sanction(id, f"eve{id}", networks=("192.0.2.1/32",)))
        self.sanctions.remove("1")
        self.assertEqual(self.hits(identity()), "2")
        self.sanctions.remove("2")
        self.assertEqual(self.hits(identity()), "")

    def test_a_network_that_is_marked_twice_by_one_is_lifted_once(self) -> None:
        self.sanctions.add(sanction("1", networks=("192.0.2.1/32", "::ffff:192.0.2.1/128")))
        self.sanctions.remove("1")
        self.assertEqual(self.hits(identity()), "")

    def test_the_same_name_is_sanctioned_once_and_what_was_known_of_it_stays(self) -> None:
        self.sanctions.add(sanction("1", "eve", networks=("192.0.2.1/32",), account="a1", until=NOW + 5))
        new = self.sanctions.add(sanction("2", "EVE", networks=("192.0.2.9/32",)))
        self.assertEqual(self.sanctions.list(), [new])
        self.assertEqual(list(self.kept), ["2"])
        self.assertEqual((new.account, new.networks), ("a1", ("192.0.2.1/32", "192.0.2.9/32")))
        self.assertEqual(self.sanctions.add(sanction("3", "eve", account="a3")).account, "a3")

    def test_the_same_network_is_sanctioned_once(self) -> None:
        self.sanctions.add(sanction("1", networks=("192.0.2.1/32",)))
        self.sanctions.add(sanction("2", "eve", networks=("192.0.2.1/32",)))
        self.sanctions.add(sanction("3", networks=("192.0.2.1/32",)))
        self.assertEqual([each.id for each in self.sanctions.list()], ["2", "3"])

    def test_so_many_networks_are_marked_by_one_and_no_more(self) -> None:
        for number in range(MOST_MARKED_NETWORKS + 1):
            new = self.sanctions.add(sanction(str(number), "eve", networks=(f"192.0.2.{number}/32",)))
            self.assertEqual(len(new.networks), min(number + 1, MOST_MARKED_NETWORKS))
        self.assertEqual(self.hits(identity("hugo", address="192.0.2.0")), "")
        self.assertNotEqual(self.hits(identity("hugo", address="192.0.2.1")), "")

    def test_those_of_a_room_are_listed_the_oldest_first(self) -> None:
        for id, room in (("1", "#own"), ("2", SERVER), ("3", "#own"), ("4", "#dev")):
            self.sanctions.add(sanction(id, f"eve{id}", room=room))
        self.assertEqual([each.id for each in self.sanctions.list("#own")], ["1", "3"])
        self.assertEqual([each.id for each in self.sanctions.list(SERVER)], ["2"])
        self.assertEqual(len(self.sanctions.list()), 4)
        self.assertEqual(self.sanctions.in_rooms, 3)

    def test_those_of_a_name_are_found_by_any_look_alike(self) -> None:
        self.sanctions.add(sanction("1", "paul", account="a1"))
        self.sanctions.add(sanction("2", "carl", account="a1"))
        self.sanctions.add(sanction("3", networks=("192.0.2.0/24",)))
        self.assertEqual([each.id for each in self.sanctions.named(sanction("", "pauI"))], ["1"])
        mask = sanction("", networks=("192.0.2.0/24",))
        self.assertEqual([each.id for each in self.sanctions.named(mask)], ["3"])
        self.assertEqual(self.sanctions.named(sanction("", "paul", MUTE)), [])
        self.assertEqual(self.sanctions.named(sanction("", networks=("192.0.2.0/25",))), [])


class TimeTests(SanctionsCase):
    def test_what_is_over_is_lifted_and_nothing_else(self) -> None:
        for id, until in (("1", NOW + 1), ("2", NOW + 2), ("3", None), ("4", NOW + 9)):
            self.sanctions.add(sanction(id, f"eve{id}", MUTE, until=until))
        self.sanctions.expire(NOW)
        self.assertEqual(len(self.kept), 4)
        self.sanctions.expire(NOW + 2)
        self.assertEqual(list(self.kept), ["3", "4"])
        self.assertEqual(self.sanctions.muted, {"#own": 2})
        self.sanctions.expire(NOW + 8)
        self.assertEqual(list(self.kept), ["3", "4"])
        self.sanctions.expire(NOW + 9)
        self.assertEqual(list(self.kept), ["3"])

    def test_what_is_left_is_rounded_up_as_people_say_it(self) -> None:
        for milliseconds, seconds in (
            (1, 1), (1000, 1), (1001, 2), (3_599_001, 3600), (3_600_001, 3660), (86_399_000, 86400),
            (86_400_001, 90000), (-5, 1),
        ):  # fmt: skip
            self.assertEqual(remaining(sanction("1", until=NOW + milliseconds), NOW), seconds)
        self.assertIsNone(remaining(sanction("1"), NOW))

    def test_it_is_told_for_how_long_and_why(self) -> None:
        self.assertEqual(because(sanction("1", until=NOW + 58_000, reason="spam"), NOW), " for 58s: spam.")
        self.assertEqual(because(sanction("1"), NOW), ".")


class MutesTests(SanctionsCase):
    def mute(self, who: Identity, now: int = NOW) -> str:
        found = self.sanctions.mute("#own", who, now)
        return found.id if found else ""

    def test_it_is_known_which_rooms_have_mutes(self) -> None:
        self.sanctions.add(sanction("1", "eve", MUTE))
        self.sanctions.add(sanction("2", "carl", MUTE))
        self.sanctions.add(sanction("3", "dora", BAN, "#dev"))
        self.assertIn("#own", self.sanctions.muted)
        self.sanctions.remove("1")
        self.assertIn("#own", self.sanctions.muted)
        self.sanctions.remove("2")
        self.assertEqual(dict(self.sanctions.muted), {})

    def test_what_is_remembered_of_somebody_follows_each_change(self) -> None:
        self.assertEqual(self.mute(identity()), "")
        self.sanctions.add(sanction("1", "eve", MUTE, until=NOW + 5))
        for _ in range(2):
            self.assertEqual(self.mute(identity()), "1")
            self.assertEqual(self.mute(identity("hugo")), "")
        self.sanctions.add(sanction("2", networks=("192.0.2.0/24",), kind=MUTE, until=NOW + 2))
        self.assertEqual(self.mute(identity("hugo")), "2")
        self.assertEqual(self.mute(identity("hugo"), NOW + 2), "")
        self.assertEqual(self.mute(identity(), NOW + 4), "1")
        self.sanctions.remove("1")
        self.assertEqual(self.mute(identity(), NOW + 4), "")

    def test_when_the_one_that_was_remembered_is_over_another_may_go_on(self) -> None:
        self.sanctions.add(sanction("1", "eve", MUTE, until=NOW + 5))
        self.assertEqual(self.mute(identity()), "1")
        longer = sanction("2", networks=("192.0.2.0/24",), kind=MUTE)
        self.sanctions.restore(msgspec.structs.replace(longer, until=NOW + 9))
        self.assertEqual(self.mute(identity(), NOW + 5), "2")
        self.assertEqual(self.mute(identity(), NOW + 9), "")

    def test_of_so_many_it_is_remembered_and_of_no_more(self) -> None:
        self.sanctions.add(sanction("1", "eve", MUTE))
        for number in range(MOST_VERDICTS):
            self.mute(identity(person=f"s{number}"))
        self.assertEqual(len(self.sanctions._verdicts), MOST_VERDICTS)
        self.assertEqual(self.mute(identity(person="one more")), "1")
        self.assertEqual(len(self.sanctions._verdicts), 1)


NICKS = ("eve", "Eve", "paul", "pauI", "carl")
ADDRESSES = ("192.0.2.1", "192.0.2.200", "198.51.100.1", "2001:db8::1", "2001:db8:0:1::1", "here")
NETWORKS = ("192.0.2.1/32", "192.0.2.0/24", "0.0.0.0/0", "2001:db8::/64", "2001:db8::/32", "::/0")


@st.composite
def some_sanction(draw: Callable[..., Any]) -> KeptSanction:
    nick = draw(st.sampled_from(["", *NICKS]))
    made = sanction(
        draw(st.sampled_from("123456789")),
        nick,
        draw(st.sampled_from((BAN, MUTE))),
        draw(st.sampled_from(("#own", SERVER))),
        account=draw(st.sampled_from(("", "a1"))) if nick else "",
        networks=tuple(draw(st.lists(st.sampled_from(NETWORKS), min_size=not nick, max_size=2, unique=True))),
        until=draw(st.sampled_from((None, NOW + 1, NOW + 2))),
    )
    return made


def is_hit_by(it: KeptSanction, who: Identity) -> bool:
    """Tell whether a sanction hits somebody, as simply as it can be said."""
    if who.person == it.account or not set(it.keys).isdisjoint(who.name.keys):
        return True
    if who.address == "here":
        return False
    return any(ip_address(who.address) in ip_network(network) for network in it.networks)


class ModelTests(SynchronousTestCase):
    @given(
        st.lists(some_sanction() | st.sampled_from("123456789")),
        st.builds(
            Identity, st.sampled_from(NICKS).map(nickname), st.sampled_from(("a1", "s1")),
            st.sampled_from(ADDRESSES),
        ),
        st.sampled_from((BAN, MUTE)),
        st.sampled_from(("#own", SERVER)),
        st.integers(NOW, NOW + 3),
    )  # fmt: skip
    def test_somebody_is_hit_exactly_if_one_of_those_that_there_are_fits(
        self, steps: list[KeptSanction | str], who: Identity, kind: str, room: str, now: int
    ) -> None:
        kept: dict[str, bytes | None] = {}
        sanctions = Sanctions(kept.__setitem__)
        for step in steps:
            if isinstance(step, str):
                sanctions.remove(step)
            else:
                sanctions.remove(step.id)
                sanctions.add(step)
        for it in sanctions.list():
            self.assertEqual(fits(it)(who), is_hit_by(it, who))
        known = [records.sanction(record) for record in kept.values() if record is not None]
        self.assertEqual(sorted(known, key=lambda it: it.id), sorted(sanctions.list(), key=lambda it: it.id))
        expected = any(
            is_hit_by(it, who) and (it.kind, it.room) == (kind, room) and (it.until is None or it.until > now)
            for it in known
        )
        for _ in range(2):  # what is expired is lifted, and that changes nothing
            found = sanctions.find(kind, room, who, now)
            self.assertEqual(found is not None, expected)
            mute = sanctions.mute(room, who, now)
            self.assertEqual(mute is not None, sanctions.find(MUTE, room, who, now) is not None)
            if found is not None:
                self.assertTrue(is_hit_by(found, who))
            sanctions.expire(now)
        self.assertFalse([it for it in sanctions.list() if it.until is not None and it.until <= now])
        for it in sanctions.list():
            sanctions.remove(it.id)
        self.assertEqual((sanctions._marked, sanctions._sizes), ({}, {}))
        self.assertEqual((dict(sanctions.muted), sanctions.in_rooms), ({}, 0))


class SpeedTests(SynchronousTestCase):
    def test_however_many_there_are_few_marks_are_looked_for(self) -> None:
        sanctions = Sanctions(lambda id, record: None)
        for number in range(10_000):
            a, b = divmod(number, 250)
            sanctions.restore(
                sanction(
                    str(number),
                    f"eve{number}",
                    account=f"a{number}",
                    networks=(f"10.{a}.{b}.0/{24 + number % 9}", f"2001:db8:{number:x}::/{40 + number % 25}"),
                )
            )
        for address in "192.0.2.1", "2001:db9::1", "here":
            who = identity("adam", address=address)
            self.assertLess(len(list(sanctions._keys(BAN, "#own", who))), 40)
            self.assertIsNone(sanctions.find(BAN, "#own", who, NOW))
        self.assertEqual(sanctions.find(BAN, "#own", identity("EVE777"), NOW), sanctions.list()[777])
