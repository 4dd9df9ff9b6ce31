"""Bans and mutes, as operators ask for them: who is told what, who is put out, what is logged."""

from __future__ import annotations

import json
from typing import Any

from tcpchat.events import Banned, Left, Muted, Noted, Said, Unbanned, Unmuted
from tcpchat.limits import MOST_SANCTIONS_OF_A_ROOM, MOST_SANCTIONS_OF_ROOMS
from tcpchat.records import SANCTION, KeptSanction
from tests.moderated import OwnRoomCase
from tests.visitors import Visitor

ELSEWHERE = "203.0.113.7"


class SanctionCase(OwnRoomCase):
    """Anna is the operator of #own, where eve is, alone from her network; rita is the server's operator."""

    def setUp(self) -> None:
        super().setUp()
        self.eve.types("/quit")
        self.clock.advance(21)  # until her name is free elsewhere
        (self.eve,) = self.enter("eve", address=ELSEWHERE)
        self.eve.types("/join #own")
        self.rita = self.log_in("rita", is_operator=True)
        self.look_away(self.rita)

    def noted(self) -> list[str]:
        return [event.text for event in self.events("#audit", Noted)]

    def asks(self, visitor: Visitor, *lines: str) -> list[str]:
        """Type lines, and return what is shown then alone."""
        visitor.sees()
        return visitor.types(*lines)

    def audited(self, visitor: Visitor, *lines: str) -> list[str]:
        """Type lines, and return what the audit trail says then."""
        before = len(self.noted())
        visitor.types(*lines)
        return self.noted()[before:]


class BanTests(SanctionCase):
    def test_everybody_sees_who_was_banned_for_how_long_and_why(self) -> None:
        self.carl.types("/join #own")
        self.look_away()
        line = "*** eve was banned from #own by anna for 2h: spam."
        self.assertEqual(self.anna.types("/ban eve 2h spam"), [line])
        self.assertEqual(self.carl.sees(), [line])
        self.assertEqual(self.eve.sees(), [line, "*** You are no longer in #own. You are in #lobby."])
        self.assertNotIn("eve", self.own().others(""))

    def test_it_is_in_the_log_with_who_was_put_out_and_in_the_audit_trail(self) -> None:
        (id,) = self.own().members.keys() - {"a-anna"}
        self.assertEqual(self.audited(self.anna, "/ban EVE spam"), ["banned eve from #own: spam"])
        (banned,) = self.events("#own", Banned)
        self.assertEqual((banned.whom, banned.targets, banned.account), ("eve", (id,), "a-anna"))
        self.assertNotIn(ELSEWHERE, repr(self.events("#own", Banned)) + str(self.noted()))

    def test_nothing_of_the_banned_is_logged_behind_it(self) -> None:
        self.anna.dialogue.received("/ban eve")
        self.eve.dialogue.received("/join #own")
        self.eve.dialogue.received("still here")
        self.eve.dialogue.received("/leave")
        self.settle()
        self.assertEqual(self.events("#own", Said), [])
        self.assertIsInstance(self.events("#own", Left, Banned)[-1], Banned)

    def test_whoever_comes_in_at_the_same_moment_is_put_out_as_well(self) -> None:
        (mallory,) = self.enter("mallory", address="203.0.113.9")
        mallory.dialogue.received("/join #own")
        self.anna.dialogue.received("/ban 203.0.113.0/24")
        self.settle()
        self.assertEqual([it.whom for it in self.events("#own", Banned)], ["eve", "mallory"])
        self.assertEqual(list(self.own().members), ["a-anna"])
        self.assertIn("*** You are no longer in #own. You are in #lobby.", mallory.sees())
        self.assertRegex(mallory.types("hello", "/join #own")[-1], "^!!! You are banned from #own")

    def test_and_in_the_other_order_is_not_let_in(self) -> None:
        (mallory,) = self.enter("mallory", address="203.0.113.9")
        self.anna.dialogue.received("/ban 203.0.113.0/24")
        mallory.dialogue.received("/join #own")
        self.assertEqual(mallory.sees()[-1], "!!! You are banned from #own.")
        self.assertEqual([it.whom for it in self.events("#own", Banned)], ["eve"])

    def test_who_cannot_be_banned_for_the_disk_is_full_stays_and_may_speak(self) -> None:
        self.anna.types("/ban hugo 5m")
        self.log.full = True
        self.assertRegex(self.anna.types("/ban eve", "/ban hugo")[-1], "^!!! Not sent")
        self.log.full = False
        self.eve.types("I am here")
        self.assertEqual(self.anna.sees(), ["<eve> I am here"])
        self.assertEqual(self.anna.types("/ban"), ["*** hugo is banned from #own by anna for 5m."])

    def test_a_nickname_of_nobody_who_is_here_is_banned_with_its_account(self) -> None:
        self.register("hugo")
        self.assertEqual(self.anna.types("/ban Hugo"), ["*** Hugo was banned from #own by anna."])
        hugo = self.log_in("hugo", address="198.51.100.1")
        hugo.types("/nick peter")
        self.assertEqual(hugo.types("/join #own")[-1], "!!! You are banned from #own.")

    def test_who_was_invited_is_so_no_more(self) -> None:
        self.anna.types("/lock", "/invite carl", "/ban carl", "/unban carl")
        self.assertEqual(self.own().order.invited, {})
        self.assertRegex(self.carl.types("/who #own")[-1], "^!!! There is no room #own")
        self.assertRegex(self.carl.types("/join #own")[-1], "^!!! #own is locked")

    def test_an_address_is_banned_as_typed_and_told_nobody_in_the_room(self) -> None:
        self.assertEqual(
            self.anna.types(f"/ban {ELSEWHERE} spam"), ["*** eve was banned from #own by anna: spam."]
        )
        self.assertNotIn(ELSEWHERE, "".join(self.eve.sees()))
        self.assertEqual(
            self.anna.types("/ban 198.51.100.0/24"), ["*** 198.51.100.0/24 was banned from #own by anna."]
        )
        (peter,) = self.enter("peter", address="198.51.100.99")
        self.assertEqual(peter.types("/join #own"), ["!!! You are banned from #own."])

    def test_of_an_ip6_address_the_64_is_banned(self) -> None:
        self.anna.types("/ban 2001:db8::1")
        (peter,) = self.enter("peter", address="2001:db8::2:3:4:5")
        self.assertEqual(peter.types("/join #own"), ["!!! You are banned from #own."])
        (paul,) = self.enter("paul", address="2001:db8:0:1::1")
        self.assertEqual(paul.types("/join #own")[-1], "*** You are paul, in #own with anna, eve.")

    def test_whom_others_share_an_address_with_is_banned_without_it(self) -> None:
        (mallory,) = self.enter("mallory", address=ELSEWHERE)
        self.assertEqual(
            self.asks(self.anna, "/ban eve"),
            [
                "*** eve was banned from #own by anna.",
                "*** Others come from where eve comes from: that address is not banned.",
            ],
        )
        self.assertEqual(mallory.types("/join #own")[-1], "*** You are mallory, in #own with anna.")

    def test_but_not_when_they_are_banned_already(self) -> None:
        (mallory,) = self.enter("mallory", address=ELSEWHERE)
        mallory.types("/join #own")
        self.anna.types("/ban eve")
        self.assertEqual(self.asks(self.anna, "/ban mallory"), ["*** mallory was banned from #own by anna."])
        (hugo,) = self.enter("hugo", address=ELSEWHERE)
        self.assertEqual(hugo.types("/join #own"), ["!!! You are banned from #own."])

    def test_who_is_alone_at_an_address_is_banned_with_it(self) -> None:
        self.anna.types("/ban eve")
        self.assertEqual(self.eve.types("/nick mallory", "/join #own")[-1], "!!! You are banned from #own.")
        (hugo,) = self.enter("hugo", address=ELSEWHERE)
        self.assertEqual(hugo.types("/join #own"), ["!!! You are banned from #own."])

    def test_a_guest_is_banned_by_whichever_name_from_wherever(self) -> None:
        self.enter("mallory", address=ELSEWHERE)
        self.anna.types("/ban eve")
        self.eve.types("/nick innocent")
        self.assertEqual(self.eve.types("/join #own"), ["!!! You are banned from #own."])
        self.eve.breaks_off()
        eve, _ = self.come_back(self.eve.code, "198.51.100.1")
        self.assertEqual(eve.types("/join #own"), ["!!! You are banned from #own."])

    def test_several_connections_of_one_are_put_out_together(self) -> None:
        phone, desk = self.log_in("dora", address="198.51.100.1"), self.log_in("dora", address="198.51.100.2")
        phone.types("/join #own")
        desk.sees()
        self.anna.types("/ban dora")
        for visitor in phone, desk:
            self.assertEqual(visitor.sees()[-1], "*** You are no longer in #own. You are in #lobby.")
        for address in "198.51.100.1", "198.51.100.2":
            (peter,) = self.enter(f"peter{address[-1]}", address=address)
            self.assertEqual(peter.types("/join #own"), ["!!! You are banned from #own."])

    def test_operators_are_never_hit(self) -> None:
        self.rita.types("/join #own")
        self.look_away(self.rita)
        self.assertEqual(
            self.anna.types("/ban rita"), ["!!! rita is an operator of #own, and is never banned."]
        )
        self.assertEqual(
            self.rita.types("/mute anna"), ["!!! anna is an operator of #own, and is never muted."]
        )
        self.assertEqual(
            self.rita.types("/ban 0.0.0.0/0 test", "/ban 0.0.0.0/0"),
            ["*** That would hit 1 person in #own: eve.", "*** eve was banned from #own by rita."],
        )
        self.assertEqual(self.anna.types("I am here"), ["*** eve was banned from #own by rita."])
        self.assertEqual(self.rita.sees(), ["<anna> I am here"])

    def test_nobody_bans_themselves(self) -> None:
        self.assertEqual(self.anna.types("/ban ANNA"), ["!!! That is you."])
        self.assertEqual(self.events("#own", Banned), [])

    def test_what_is_no_name_is_refused(self) -> None:
        self.assertRegex(self.anna.types("/ban 10.1")[0], "^!!! .10.1. is not a nickname")

    def test_when_its_time_is_over_one_may_come_in(self) -> None:
        self.anna.types("/ban eve 2h")
        self.clock.advance(7199)
        self.assertEqual(self.asks(self.eve, "/join #own"), ["!!! You are banned from #own for 1s."])
        self.clock.advance(1)
        self.assertEqual(self.eve.types("/join #own")[0], "*** You are eve, in #own with anna.")
        self.clock.advance(10)
        self.assertEqual(self.chat.sanctions.list(), [])

    def test_there_may_be_so_many_in_a_room_and_no_more(self) -> None:
        for number in range(MOST_SANCTIONS_OF_A_ROOM - 1):
            self.chat.sanctions.add(KeptSanction(f"k{number}", "ban", "#own", f"x{number}", "anna", 0))
        self.assertRegex(self.anna.types("/ban eve")[0], "eve was banned")
        self.assertEqual(
            self.asks(self.anna, "/ban hugo"),
            ["!!! #own has 500 bans and mutes, and that is all that it may have. /unban some."],
        )

    def test_there_may_be_so_many_in_all_rooms_and_of_the_server_more(self) -> None:
        self.chat.sanctions.in_rooms = MOST_SANCTIONS_OF_ROOMS - 1
        self.assertRegex(self.anna.types("/ban eve")[0], "eve was banned")
        self.assertEqual(
            self.asks(self.anna, "/mute hugo"),
            ["!!! There are too many bans and mutes already. /unban some."],
        )
        self.assertEqual(self.asks(self.rita, "/ban server hugo")[-1], "*** hugo is banned.")

    def test_what_is_asked_for_with_a_reference_is_done_once(self) -> None:
        self.anna.types("/json")
        request = json.dumps({"type": "ban", "whom": "eve", "seconds": 60, "reason": "spam", "ref": "b1"})
        seqs = [[json.loads(it)["seq"] for it in self.anna.types(request) if '"ok"' in it] for _ in range(2)]
        self.assertEqual(seqs[0], seqs[1])
        (banned,) = self.events("#own", Banned)
        self.assertEqual((banned.ref, banned.seconds), ("b1", 60))
        self.assertEqual(len(self.noted()), 1)

    def test_a_program_is_shown_it_as_an_object(self) -> None:
        self.eve.types("/json")
        self.anna.types("/ban eve 60s spam")
        (shown,) = [it for it in map(json.loads, self.eve.sees()) if it["type"] == "banned"]
        self.assertEqual(
            (shown["by"], shown["nick"], shown["seconds"], shown["reason"]), ("anna", "eve", 60, "spam")
        )


class TestingTests(SanctionCase):
    def test_it_is_told_whom_a_ban_would_hit_and_nothing_changes(self) -> None:
        self.assertEqual(self.anna.types("/ban eve test"), ["*** That would hit 1 person in #own: eve."])
        self.assertEqual(self.anna.types("/ban hugo TEST"), ["*** That would hit nobody in #own."])
        self.assertEqual((self.chat.sanctions.list(), self.eve.sees()), ([], []))

    def test_it_is_told_that_an_address_would_be_spared(self) -> None:
        self.enter("mallory", address=ELSEWHERE)
        self.assertRegex(self.asks(self.anna, "/ban eve test")[1], "Others come from where eve comes from")

    def test_ten_are_named_and_of_more_the_number(self) -> None:
        for number in range(11):
            (peter,) = self.enter(f"p{number}", address="198.51.100.9")
            peter.types("/join #own")
        self.rita.types("/join #own")
        self.rita.sees()
        names = ", ".join(f"p{number}" for number in range(10))
        self.assertEqual(
            self.rita.types("/ban 198.51.100.9 test"),
            [f"*** That would hit 11 people in #own: {names} and 1 other."],
        )

    def test_who_comes_from_an_address_is_told_the_operators_of_the_server_alone(self) -> None:
        self.assertEqual(self.anna.types(f"/ban {ELSEWHERE} test"), ["*** That would hit 1 person in #own."])
        self.rita.types("/join #own")
        self.rita.sees()
        self.assertEqual(
            self.rita.types(f"/ban {ELSEWHERE} test"), ["*** That would hit 1 person in #own: eve."]
        )


class ListTests(SanctionCase):
    def test_who_is_banned_and_muted_is_listed_and_addresses_for_few(self) -> None:
        self.anna.types("/ban eve 1h spam", "/mute carl")
        self.look_away()
        lines = ["*** eve is banned from #own by anna for 1h: spam.", "*** carl is muted in #own by anna."]
        self.assertEqual(self.anna.types("/ban"), lines)
        self.assertEqual(self.asks(self.rita, "/ban #own"), [f"{lines[0]} Also: {ELSEWHERE}/32.", lines[1]])

    def test_of_a_room_that_there_is_not_that_is_told(self) -> None:
        self.assertRegex(self.anna.types("/ban #nowhere")[-1], "^!!! There is no room #nowhere")


class UnbanTests(SanctionCase):
    def test_any_look_alike_lifts_it(self) -> None:
        self.anna.types("/ban eve")
        self.look_away()
        self.assertEqual(self.audited(self.anna, "/unban EVE"), ["unbanned eve from #own"])
        self.assertEqual(self.anna.sees(), [])
        self.assertEqual([it.whom for it in self.events("#own", Unbanned)], ["eve"])
        self.assertEqual(self.eve.types("/join #own")[0], "*** You are eve, in #own with anna.")

    def test_a_mask_is_lifted_as_listed(self) -> None:
        self.anna.types("/ban 198.51.100.0/24")
        self.assertEqual(
            self.anna.types("/unban 198.51.100.0/24"), ["*** 198.51.100.0/24 was unbanned from #own by anna."]
        )
        self.assertEqual(self.chat.sanctions.list(), [])

    def test_of_whom_there_is_none_that_is_told(self) -> None:
        self.anna.types("/mute eve")
        self.look_away()
        self.assertEqual(
            self.anna.types("/unban eve"), ["!!! eve is not banned from #own. /ban lists who is."]
        )
        self.assertEqual(
            self.anna.types("/unmute 10.0.0.1"), ["!!! 10.0.0.1 is not muted in #own. /ban lists who is."]
        )

    def test_while_the_disk_is_full_it_stays(self) -> None:
        self.anna.types("/ban eve")
        self.log.full = True
        self.assertRegex(self.anna.types("/unban eve")[-1], "^!!! Not sent")
        self.assertEqual(len(self.chat.sanctions.list()), 1)

    def test_when_the_log_tells_of_it_nothing_is_kept_of_the_ban_any_more(self) -> None:
        """If the server is killed at that moment, the next one does not know the ban either."""
        self.anna.types("/ban eve")
        kept: list[dict[str, bytes]] = []
        self.log.tail(
            "#own",
            self.log.last("#own"),
            lambda entries: kept.append(self.successResultOf(self.log.records(SANCTION))),
        )
        self.anna.types("/unban eve")
        self.assertEqual(kept, [{}])


class MuteTests(SanctionCase):
    def test_who_is_muted_says_nothing_in_any_way_but_may_stay(self) -> None:
        self.assertEqual(
            self.anna.types("/mute eve 1m be nice"), ["*** eve was muted in #own by anna for 1m: be nice."]
        )
        self.eve.sees()
        self.clock.advance(2)
        refusal = "!!! You are muted in #own for 58s: be nice."
        for line in "hello", "/me waves", "/topic nonsense", "//x":
            self.assertEqual(self.eve.types(line), [refusal])
        self.assertEqual(self.eve.types("/paste", "a", "b", ".")[-1], refusal)
        self.assertEqual(self.events("#own", Said), [])
        self.eve.types("/who", "/join #lobby", "in the lobby I speak")
        self.assertEqual(self.carl.sees(), ["<eve> in the lobby I speak"])
        self.assertEqual([it.whom for it in self.events("#own", Muted)], ["eve"])

    def test_a_program_is_told_by_a_code(self) -> None:
        self.anna.types("/mute eve")
        answer = self.eve.types("/json", '{"type":"say","text":"hi","ref":"r"}')[-1]
        told: dict[str, Any] = json.loads(answer)
        self.assertEqual((told["type"], told["code"], told["ref"]), ("error", "muted", "r"))

    def test_another_nickname_does_not_lift_it(self) -> None:
        self.enter("mallory", address=ELSEWHERE)  # so that the address is not muted
        self.anna.types("/mute eve")
        self.eve.types("/nick innocent")
        self.assertEqual(self.asks(self.eve, "hello"), ["!!! You are muted in #own."])

    def test_nor_does_coming_again_by_another_from_the_same_network(self) -> None:
        self.anna.types("/mute eve 1m")
        self.eve.types("/quit")
        (mallory,) = self.enter("mallory", address=ELSEWHERE)
        mallory.types("/join #own")
        self.assertEqual(mallory.types("hello"), ["!!! You are muted in #own for 1m."])
        self.clock.advance(60)
        mallory.types("hello")
        self.assertEqual(self.anna.sees()[-1], "<mallory> hello")

    def test_it_is_lifted_at_once(self) -> None:
        self.anna.types("/mute eve")
        self.eve.types("hello")
        self.assertEqual(self.audited(self.anna, "/unmute eve"), ["unmuted eve in #own"])
        self.eve.types("hello")
        self.assertEqual(self.anna.sees()[-1], "<eve> hello")
        self.assertEqual([it.whom for it in self.events("#own", Unmuted)], ["eve"])

    def test_who_is_made_an_operator_may_speak(self) -> None:
        dora = self.log_in("dora", address="198.51.100.1")
        dora.types("/join #own")
        self.anna.types("/mute dora")
        self.assertEqual(dora.types("hello")[-1], "!!! You are muted in #own.")
        self.anna.types("/op dora")
        dora.types("hello")
        self.assertEqual(self.anna.sees()[-1], "<dora> hello")

    def test_in_another_room_nobody_is_muted(self) -> None:
        self.anna.types("/mute eve")
        self.eve.types("/join #dev")
        self.assertEqual(self.eve.types("hello"), [])


class ServerTests(SanctionCase):
    def test_who_shares_several_rooms_with_whom_it_hits_is_told_once_live_and_later(self) -> None:
        line = "*** eve was banned by rita for 2h: spam."
        code = self.anna.code
        self.carl.types("/join #own")
        self.anna.breaks_off()
        self.settle()
        self.look_away()
        self.rita.types("/ban server eve 2h spam")
        self.assertEqual(len(self.events("#own", Banned) + self.events("#lobby", Banned)), 2)
        self.assertEqual(self.carl.sees().count(line), 1)
        _, shown = self.come_back(code)
        self.assertEqual(len([it for it in shown if it.endswith(line)]), 1)

    def test_only_its_operators_ban_from_the_server(self) -> None:
        for line in "/ban server eve", "/ban server", "/unban server eve", "/ban server eve test":
            self.assertEqual(self.anna.types(line), ["!!! Only an operator of the server may do that."])
        self.assertEqual(self.eve.sees(), [])

    def test_the_banned_are_hung_up_on_and_every_room_sees_it(self) -> None:
        self.assertEqual(self.audited(self.rita, "/ban server eve 2h spam"), ["banned eve for 2h: spam"])
        line = "*** eve was banned by rita for 2h: spam."
        self.assertEqual(self.anna.sees(), [line])
        self.assertEqual(self.carl.sees(), [line])
        self.assertEqual(self.eve.sees()[-1], "!!! You are banned for 2h: spam.")
        self.assertTrue(self.eve.screen.closed)
        for stream in "#own", "#lobby":
            self.assertEqual([type(it) for it in self.events(stream, Banned, Left)][-1], Banned)
        self.assertIsNone(self.chat.people.find(self.chat.people.nickname("eve")))

    def test_programs_are_told_that_it_is_from_everywhere(self) -> None:
        self.carl.types("/json")
        self.rita.types("/ban server eve spam")
        (shown,) = [it for it in map(json.loads, self.carl.sees()) if it["type"] == "banned"]
        self.assertEqual((shown["room"], shown["nick"], shown["everywhere"]), ("lobby", "eve", True))

    def test_their_session_cannot_be_taken_up(self) -> None:
        self.rita.types("/ban server eve")
        self.clock.advance(1)
        self.assertRegex(self.come_back(self.eve.code)[1][0], "^!!! ")

    def test_whose_connection_is_broken_is_gone_at_once(self) -> None:
        before = len(self.events("#own", Left))
        self.eve.breaks_off()
        self.rita.types("/ban server eve")
        self.assertIsNone(self.chat.people.find(self.chat.people.nickname("eve")))
        self.clock.advance(21)
        self.assertEqual(len(self.events("#own", Left)), before)
        self.assertRegex(self.come_back(self.eve.code)[1][0], "^!!! ")

    def test_whom_nobody_is_hit_by_is_told_the_operator(self) -> None:
        self.assertEqual(self.rita.types("/ban server 198.51.100.0/24"), ["*** 198.51.100.0/24 is banned."])
        self.assertEqual(self.rita.types("/ban server hugo test"), ["*** That would hit nobody."])
        self.assertEqual(self.rita.types("/ban server"), ["*** 198.51.100.0/24 is banned by rita."])
        self.assertEqual(
            self.rita.types("/unban server 198.51.100.0/24"), ["*** 198.51.100.0/24 is no longer banned."]
        )
        self.assertEqual(self.rita.types("/ban server"), ["*** Nobody is banned."])

    def test_the_operators_of_the_server_are_never_hit(self) -> None:
        self.log_in("root", is_operator=True)
        self.assertEqual(
            self.rita.types("/ban server root")[-1],
            "!!! root is an operator of the server, and is never banned.",
        )
        self.rita.types("/ban server 192.0.2.0/24")
        self.assertTrue(self.carl.screen.closed)
        self.assertTrue(self.anna.screen.closed)  # an operator of a room
        self.assertFalse(self.rita.screen.closed)

    def test_an_operator_of_the_server_bans_from_a_room_where_they_are_not(self) -> None:
        self.assertEqual(self.rita.types("/ban #own eve"), ["*** eve is banned from #own."])
        self.assertEqual(self.anna.sees(), ["*** eve was banned from #own by rita."])
        self.assertEqual(self.rita.types("/unban #own eve"), ["*** eve is no longer banned from #own."])
