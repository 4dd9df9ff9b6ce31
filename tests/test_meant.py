"""Whom a ban or mute means: marks of those who are there and of those who are not, and whom it would hit."""

from __future__ import annotations

from tcpchat.meant import Meant, Scope, called, hit_by, meant, scope_of
from tcpchat.operator_requests import EVERYWHERE, Ban, Mute, Unban, Unmute
from tcpchat.requests import Refused
from tcpchat.sanctions import BAN, MUTE
from tcpchat.session import Session
from tests.moderated import OwnRoomCase
from tests.visitors import Visitor

ELSEWHERE = "203.0.113.7"


class MeantCase(OwnRoomCase):
    def setUp(self) -> None:
        super().setUp()
        self.by = self.session(self.anna)
        self.scope = scope_of(self.by, "")

    def session(self, visitor: Visitor) -> Session:
        session = self.chat.people.session(visitor.dialogue.reader.session)
        assert isinstance(session, Session)
        return session

    def meant(self, whom: str, seconds: int | None = None) -> Meant:
        return meant(self.by, Ban(whom, seconds, "spam"), self.scope)


class ScopeTests(MeantCase):
    def test_it_is_the_current_room_or_one_that_is_named(self) -> None:
        self.assertEqual(self.scope.stream, "#own")
        self.assertEqual(scope_of(self.by, "lobby").stream, "#lobby")
        self.assertEqual((self.scope.where(BAN), self.scope.where(MUTE)), (" from #own", " in #own"))

    def test_of_the_server_it_is_for_its_operators(self) -> None:
        refusal = self.assertRaises(Refused, scope_of, self.by, EVERYWHERE)
        self.assertEqual(refusal.code, "forbidden")
        rita = self.session(self.log_in("rita", is_operator=True))
        scope = scope_of(rita, EVERYWHERE)
        self.assertEqual((scope.stream, scope.room, scope.where(BAN), scope.where(MUTE)), ("", None, "", ""))

    def test_only_they_reach_a_room_where_they_are_not(self) -> None:
        refusal = self.assertRaises(Refused, scope_of, self.session(self.carl), "#own")
        self.assertEqual(refusal.code, "not-member")
        rita = self.session(self.log_in("rita", is_operator=True))
        self.assertEqual(scope_of(rita, "#own").stream, "#own")


class CalledTests(MeantCase):
    def test_an_address_has_no_keys_and_a_nickname_no_networks(self) -> None:
        for request in Ban("10.1.2.3/8"), Mute("10.1.2.3/8"), Unban("10.1.2.3/8"), Unmute("10.1.2.3/8"):
            it = called(self.by, request, self.scope)
            self.assertEqual((it.whom, it.keys, it.networks), ("10.1.2.3/8", (), ("10.0.0.0/8",)))
            self.assertEqual(it.kind, BAN if isinstance(request, Ban | Unban) else MUTE)
        it = called(self.by, Unban("Hugo"), self.scope)
        self.assertEqual((it.whom, it.networks, len(it.keys)), ("Hugo", (), 3))

    def test_what_is_neither_is_refused(self) -> None:
        for whom in "10.0.0.0/99", "", "a b", "1.2.3", "fe80::1%eth0":
            refusal = self.assertRaises(Refused, called, self.by, Ban(whom), self.scope)
            self.assertEqual(refusal.code, "bad-nick")


class MarksTests(MeantCase):
    def test_who_is_there_is_marked_by_name_person_and_network(self) -> None:
        (dora,) = self.enter("dora", address=ELSEWHERE)
        sanction, spares_address = self.meant("DORA", 60)
        self.assertEqual((sanction.whom, sanction.by, sanction.reason), ("dora", "anna", "spam"))
        self.assertEqual(sanction.account, self.session(dora).person.id)
        self.assertEqual((sanction.networks, spares_address), ((f"{ELSEWHERE}/32",), False))
        self.assertEqual(sanction.until, sanction.time + 60_000)

    def test_each_network_of_several_connections_is_judged_alone(self) -> None:
        for address in ELSEWHERE, "192.0.2.1", "2001:db8::7":
            self.log_in("dora", address=address)
        sanction, spares_address = self.meant("dora")  # carl, too, comes from the second one
        self.assertEqual(sanction.networks, ("2001:db8::/64", f"{ELSEWHERE}/32"))
        self.assertTrue(spares_address)

    def test_whose_only_company_there_is_their_own_shares_with_nobody(self) -> None:
        for _ in range(2):
            self.log_in("dora", address=ELSEWHERE)
        self.assertEqual(self.meant("dora").sanction.networks, (f"{ELSEWHERE}/32",))

    def test_an_operator_at_the_same_address_is_company(self) -> None:
        self.log_in("rita", address=ELSEWHERE, is_operator=True)
        self.enter("dora", address=ELSEWHERE)
        sanction, spares_address = self.meant("dora")
        self.assertEqual((sanction.networks, spares_address), ((), True))

    def test_who_comes_over_a_unix_socket_has_no_network(self) -> None:
        self.enter("dora", address="")
        sanction, spares_address = self.meant("dora")
        self.assertEqual((sanction.networks, spares_address), ((), False))

    def test_who_is_not_there_is_marked_by_name_and_account(self) -> None:
        self.register("hugo")
        self.assertEqual(self.meant("HUGO").sanction.account, "a-hugo")
        self.assertEqual(self.meant("hilda").sanction.account, "")
        self.assertIsNone(self.meant("hilda").sanction.until)

    def test_oneself_and_operators_are_refused_also_those_who_are_not_there(self) -> None:
        self.register("rita", is_operator=True)
        self.assertEqual(str(self.assertRaises(Refused, self.meant, "anna")), "That is you.")
        refusal = self.assertRaises(Refused, self.meant, "RITA")
        self.assertEqual(str(refusal), "RITA is an operator of #own, and is never banned.")


class HitTests(MeantCase):
    def hit(self, whom: str, scope: Scope | None = None) -> list[str]:
        scope = scope or self.scope
        return [person.nick for person in hit_by(self.chat, scope, meant(self.by, Ban(whom), scope).sanction)]

    def test_those_of_the_room_are_hit_and_in_the_server_all(self) -> None:
        self.assertEqual(self.hit("192.0.2.0/24"), ["eve"])
        self.assertEqual(self.hit("192.0.2.0/24", Scope(None)), ["anna", "eve", "carl"])

    def test_who_is_there_over_several_connections_is_hit_by_each(self) -> None:
        for address in ELSEWHERE, "198.51.100.1":
            dora = self.log_in("dora", address=address)
        dora.types("/join #own")
        for network in "203.0.113.0/24", "198.51.100.0/24":
            self.assertEqual(self.hit(network), ["dora"])

    def test_whoever_looks_like_somebody_is_hit_for_them(self) -> None:
        self.assertEqual(self.hit("EVE"), ["eve"])
        self.assertEqual(self.hit("hugo"), [])
