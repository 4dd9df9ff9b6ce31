"""What /ban answers, to people and to programs."""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.answers import Style
from tcpchat.ban_list import BanList
from tcpchat.limits import MOST_LISTED
from tcpchat.names import nickname
from tcpchat.records import KeptSanction
from tcpchat.settings import AS_AT_FIRST

NOW = 1_795_255_320_000

EVE = KeptSanction(
    "1", "ban", "#own", "eve", "anna", NOW - 60_000, NOW + 7_200_000, "spam", nickname("eve").keys, "a1",
    ("192.0.2.1/32", "2001:db8::/64"),
)  # fmt: skip
NETWORK = KeptSanction("2", "mute", "#own", "203.0.113.0/24", "bob", NOW, networks=("203.0.113.0/24",))


class BanListTests(SynchronousTestCase):
    def lines(self, *sanctions: KeptSanction, room: str = "#own", see_addresses: bool = False) -> list[str]:
        style = Style(AS_AT_FIRST.timezone, NOW)
        return list(BanList(room, sanctions, NOW, see_addresses).lines(style))

    def json(self, *sanctions: KeptSanction, room: str = "#own", see_addresses: bool = False) -> Any:
        return json.loads(BanList(room, sanctions, NOW, see_addresses).json())

    def test_it_says_who_for_how_long_by_whom_and_why(self) -> None:
        self.assertEqual(
            self.lines(EVE, NETWORK),
            ["eve is banned from #own by anna for 2h: spam.", "203.0.113.0/24 is muted in #own by bob."],
        )

    def test_of_the_server_it_says_so(self) -> None:
        self.assertEqual(self.lines(EVE, room=""), ["eve is banned by anna for 2h: spam."])

    def test_nobody_is_a_line_as_well(self) -> None:
        self.assertEqual(self.lines(), ["Nobody is banned from #own, or muted."])
        self.assertEqual(self.lines(room=""), ["Nobody is banned."])
        self.assertEqual(self.json(), {"type": "ban", "room": "own", "sanctions": [], "more": 0})

    def test_from_where_somebody_came_is_for_those_who_may_see_it(self) -> None:
        shown = self.lines(EVE, NETWORK, see_addresses=True)
        self.assertEqual(
            shown[0], "eve is banned from #own by anna for 2h: spam. Also: 192.0.2.1/32, 2001:db8::/64."
        )
        self.assertEqual(shown[1], self.lines(NETWORK)[0])
        self.assertNotIn("192.0.2", str(self.json(EVE)))
        self.assertEqual(
            self.json(EVE, see_addresses=True)["sanctions"][0]["networks"], ["192.0.2.1/32", "2001:db8::/64"]
        )

    def test_programs_are_told_the_same(self) -> None:
        told = self.json(EVE, NETWORK)["sanctions"]
        self.assertEqual(
            told[0],
            {
                "kind": "ban", "nick": "eve", "by": "anna", "time": "2026-11-21T10:01:00.000Z",
                "seconds": 7200, "reason": "spam",
            },
        )  # fmt: skip
        self.assertEqual((told[1]["kind"], told[1]["seconds"]), ("mute", None))

    def test_so_many_are_shown_and_of_one_more_the_latest(self) -> None:
        self.assertEqual(len(self.lines(*[EVE] * MOST_LISTED)), MOST_LISTED)
        shown = self.lines(EVE, *[NETWORK] * MOST_LISTED)
        self.assertEqual(shown[0], "1 earlier one is not shown here.")
        self.assertEqual(shown[1:], self.lines(NETWORK) * MOST_LISTED)
        told = self.json(EVE, *[NETWORK] * MOST_LISTED)
        self.assertEqual((len(told["sanctions"]), told["more"]), (MOST_LISTED, 1))
