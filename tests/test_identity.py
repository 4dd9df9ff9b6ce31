"""Nobody has another's name or one that looks like it, whoever asks for it when: PROTOCOL.md 3."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from tcpchat.claims import KEPT_FOR
from tcpchat.limits import GRACE
from tests.test_names import LETTERS, OTHERS
from tests.visitors import ChatCase, Visitor

HOME, CAFE = "192.0.2.1", "198.51.100.7"

# A name, and what those ask for who would be taken for its holder: letters of other cases, widths and
# alphabets (mixed, and wholly another), mathematical ones and ligatures; what is invisible, turns the
# direction, or sits on a letter unseen.
IMPOSTORS = {
    "paul": [
        "paul", "PAUL", "pauI", "pau1", "PAU1", "\uff50\uff41\uff55\uff4c", "\U0001d429aul", "\u24dfaul",
        "\u0440aul", "p\u0430ul", "pa\u03c5l", "pau\u01c0", "pau\u0627", "pau\u217c", "pau\U0001d4c1",
        "pa\u200bul", "pa\u00adul", "pa\u034ful", "pa\ufe0ful", "pa\u2060ul", "pa\u200dul", "pa\U000e0075ul",
        "\u202elaup", "\u2066paul\u2069", "paul\u200e", "\ufeffpaul", "paul\u3164", "paul\u2800", "paul ",
        "pa\x1b[0mul", "pa\x9bul", "pa\x00ul", "pa\x08ul", "paul\r", "paul\u2028", "pau\u2502",
    ],
    "mike": ["mike", "MIKE", "rnike", "RNike", "\uff4dike", "mi\u212ae", "\u043cike", "m\u0456ke"],
    "bill": ["bi\u0307ll", "bI11", "b\u0131ll", "BILL", "b1ll", "b\u04cfll", "\u13cfill"],
    "b\u1ecbll": ["bi\u0323ll", "bi\u0323\u0323ll", "B\u1ecaLL", "b\u1ecb1l"],
    "finn": ["\ufb01nn", "FINN", "f\u0131nn", "f1nn", "\uff26inn"],
    "\u0430\u0440\u0440\u04cf\u0435": ["apple", "APPLE", "appIe", "app1e", "\u0430\u0440\u0440\u04cf\u0435"],
    "scope": ["\u0455\u0441\u043e\u0440\u0435", "SC0PE", "\u0405\u0421\u041e\u0420\u0415", "sc\u03bfpe"],
    "stra\u00dfe": ["strasse", "STRASSE", "Stra\u00dfe", "\u017ftrasse"],
    "\u03bd\u03b9\u03ba\u03bf\u03c2": ["\u039d\u0399\u039a\u039f\u03a3", "\u03bd\u03b9\u03ba\u03bf\u03c3"],
    "\u30ac": ["\uff76\uff9e", "\u30ab\u3099"],
    "x_y": ["x_y", "X_Y", "x\uff3fy"],
}  # fmt: skip

RESERVED_LOOKS = [
    "server", "SERVER", "\uff53erver", "system", "syste\u043c", "SYSTErn", "admin", "adrnin", "admln",
    "\u0430dmin", "root", "r00t", "R0OT", "operator", "0perator", "moderator", "rnoderator", "help", "he1p",
    "heip", "all", "aII", "ALI", "a11", "here", "everyone", "every\u03bfne", "you", "Y0U", "TcpChat",
    "tcpch\u0430t", "nickserv", "N1ckServ", "chanserv", "broadcast",
]  # fmt: skip


def is_in(shown: list[str]) -> bool:
    return any(line.startswith("*** You are ") for line in shown)


class ImpostorTests(ChatCase):
    def assert_kept_out(self, typed: str, address: str = HOME) -> None:
        visitor = self.connect(address)
        shown = visitor.types(typed)[2:]
        self.assertRegex(shown[0], r'^!!! ".*" is (taken\. Try ".+"|not a nickname: .+)\.$', ascii(typed))
        self.assertEqual(shown[1:], ["*** What is your nickname?"], ascii(typed))
        visitor.dialogue.lost("")

    def test_nobody_comes_in_who_looks_like_somebody_who_is_in(self) -> None:
        for name, impostors in IMPOSTORS.items():
            self.setUp()
            self.enter(name)
            for typed in impostors:
                self.assert_kept_out(typed)
            self.assertEqual(len(self.chat.rooms.lobby.room.members), 1)

    def test_nor_who_looks_like_the_server_or_everybody(self) -> None:
        for typed in RESERVED_LOOKS:
            self.assert_kept_out(typed)

    def test_who_is_in_already_does_not_get_there_by_another_command(self) -> None:
        self.enter("paul", "mike")
        eve = self.enter("eve")[0]
        for typed in *IMPOSTORS["paul"], *IMPOSTORS["mike"], *RESERVED_LOOKS:
            self.assertRegex(eve.types(f"/nick {typed}")[-1], "^!!! ", ascii(typed))
        self.assertEqual(eve.types("/as pauI"), ["*** eve is now known as pauI2."])

    def test_a_name_that_looks_like_ones_own_is_ones_own_to_take(self) -> None:
        (mike,) = self.enter("mike")
        for old, new in ("mike", "Mike"), ("Mike", "MIKE"), ("MIKE", "rnike"), ("rnike", "mike"):
            self.assertEqual(mike.types(f"/nick {new}"), [f"*** {old} is now known as {new}."] * (old != new))
        self.assert_kept_out("rnike", CAFE)

    def test_a_room_that_looks_like_another_is_that_one(self) -> None:
        (bob,) = self.enter("bob")
        bob.types("/join #paul")
        for typed in "#PAUL", "#pauI", "#pau1", "#\uff50aul", "paul":
            self.assertEqual(bob.types(f"/join {typed}"), ["*** You are bob, in #paul."], ascii(typed))
        for typed in "#p\u0430ul", "#pa\u200bul", "#pa\x1bul", "##paul", "#", "#" + "x" * 33, "#pa u l":
            self.assertRegex(
                bob.types(f"/join {typed}")[0], r'^!!! "[^"]*" is not a room: .+\.$', ascii(typed)
            )


class SuggestionTests(ChatCase):
    def asks(self, typed: str) -> tuple[Visitor, str | None]:
        """Somebody asks for a name; return what is suggested, if they do not get it."""
        visitor = self.connect(CAFE)
        shown = "\n".join(visitor.types(typed)[2:])
        found = re.search(r'^!!! "(.*)" is taken\. Try "(.*)"\.$', shown, re.MULTILINE)
        return visitor, found and found[2]

    @settings(deadline=None, database=None, max_examples=50)
    @given(st.lists(st.text(st.sampled_from(LETTERS + OTHERS[:22]), min_size=1, max_size=22), max_size=4))
    def test_whatever_is_taken_what_is_suggested_can_be_had(self, names: list[str]) -> None:
        self.setUp()
        for typed in names:
            for _ in range(3):
                visitor, suggested = self.asks(typed)
                if suggested is not None:
                    self.clock.advance(1)
                    visitor.types(suggested)
                    self.clock.advance(1)
                    self.assertTrue(is_in(visitor.sees() or ["*** You are "]), ascii((names, suggested)))
        for member in self.chat.rooms.lobby.room.members.values():
            self.assertLessEqual(len(member.nick.encode()), 64)

    def test_also_where_the_name_is_full(self) -> None:
        for typed in "b" * 20, "\u6771" * 10, "\u0e01\u0e34" * 10 + "1234", "\u0639" * 20:
            self.setUp()
            self.enter(typed)
            for _ in range(12):
                visitor, suggested = self.asks(typed)
                assert suggested is not None
                visitor.types("/as " + suggested)
                self.clock.advance(1)
                self.assertIn(f"*** You are {suggested}, in #lobby with ", "\n".join(visitor.sees()))


class RaceTests(ChatCase):
    def test_of_many_who_ask_at_once_for_names_that_are_the_same_one_gets_it(self) -> None:
        visitors = [self.connect(address) for address in (HOME, CAFE, HOME, CAFE, HOME)]
        for visitor in visitors:
            visitor.sees()
        for visitor, typed in zip(visitors, ("paul", "pauI", "PAUL", "paul", "pau1"), strict=True):
            visitor.dialogue.received(typed)  # nothing of it is in the log yet
        shown = [visitor.sees() for visitor in visitors]
        self.assertEqual([is_in(lines) for lines in shown], [True, False, False, False, False])
        for lines in shown[1:]:
            self.assertIn("is taken. Try", lines[0])

    def test_nor_does_one_who_is_in_get_it_in_the_meantime(self) -> None:
        (eve,) = self.enter("eve")
        newcomer = self.connect()
        newcomer.sees()
        newcomer.dialogue.received("bob")
        eve.dialogue.received("/nick B0B")
        self.assertTrue(is_in(newcomer.sees()))
        self.assertIn('!!! "B0B" is taken. Try "B0B2".', eve.sees())

    def test_of_two_who_rename_themselves_at_once_one_gets_it_and_the_other_keeps_the_old_one(self) -> None:
        bob, carl = self.enter("bob", "carl")
        bob.dialogue.received("/nick rob")
        carl.dialogue.received("/nick R0B")
        carl.dialogue.received("hello")
        self.assertEqual(bob.sees(), ["*** bob is now known as rob.", "<carl> hello"])
        self.assertEqual(carl.sees(), ['!!! "R0B" is taken. Try "R0B2".', "*** bob is now known as rob."])

    def test_a_name_is_its_holders_until_all_have_seen_the_new_one(self) -> None:
        bob, eve = self.enter("bob", "eve")
        bob.dialogue.received("/nick rob")
        eve.dialogue.received("/nick bob")  # before it is in the log
        self.assertEqual(eve.sees(), ['!!! "bob" is taken. Try "bob2".', "*** bob is now known as rob."])
        self.assertEqual(eve.types("/nick bob"), ["*** eve is now known as bob."])  # of the same address
        self.assertEqual(bob.sees(), ["*** bob is now known as rob.", "*** eve is now known as bob."])

    def test_names_in_one_packet_are_taken_one_after_the_other(self) -> None:
        alice, bob = self.enter("alice", "bob")
        for line in "/nick a", "one", "/nick b", "two", "/nick alice", "three", "/nick bob", "four":
            bob.dialogue.received(line)
        bob.sees()
        self.assertEqual(
            alice.sees(),
            [
                "*** bob is now known as a.", "<a> one", "*** a is now known as b.", "<b> two",
                "<b> three", "*** b is now known as bob.", "<bob> four",
            ],
        )  # fmt: skip

    def test_a_change_of_name_that_the_log_does_not_take_leaves_all_as_it_was(self) -> None:
        bob, eve = self.enter("bob", "eve")
        self.log.full = True
        self.assertIn("!!! Not sent: the log cannot be written.", bob.types("/nick rob"))
        self.log.full = False
        self.assertEqual(eve.types("/nick bob"), ['!!! "bob" is taken. Try "bob2".'])
        self.assertEqual(eve.types("/nick rob"), ["*** eve is now known as rob."])


class FreedNameTests(ChatCase):
    def gets(self, address: str) -> bool:
        """Does somebody get bob's name? If so, they are gone without a trace of a farewell."""
        return is_in(self.connect(address).types("bob"))

    def test_after_a_farewell_it_is_free_to_the_address_at_once_and_to_all_after_20_seconds(self) -> None:
        for farewell in "/quit", "":
            for wait, address, free in (
                (0, HOME, True), (0, CAFE, False), (KEPT_FOR - 0.1, CAFE, False), (KEPT_FOR, CAFE, True),
            ):  # fmt: skip
                self.setUp()
                (bob,) = self.enter("bob", address=HOME)
                if farewell:
                    bob.types(farewell)
                else:
                    bob.dialogue.lost("")  # FIN
                self.settle()
                self.clock.advance(wait)
                self.assertEqual(self.gets(address), free, (farewell, wait, address))

    def test_after_a_break_it_is_held_for_20_seconds_and_then_free_to_all(self) -> None:
        for wait, address, free in (
            (GRACE - 0.1, HOME, False), (GRACE - 0.1, CAFE, False), (GRACE, HOME, True), (GRACE, CAFE, True),
        ):  # fmt: skip
            self.setUp()
            (bob,) = self.enter("bob", address=HOME)
            bob.breaks_off()
            self.clock.advance(wait)
            self.assertEqual(self.gets(address), free, (wait, address))

    def test_after_a_restart_it_is_held_for_20_seconds_too(self) -> None:
        for wait, free in (GRACE - 0.1, False), (GRACE, True):
            self.setUp()
            self.enter("bob")
            self.crash()
            self.clock.advance(wait)
            self.assertEqual(self.gets(CAFE), free, wait)

    def test_who_comes_back_in_time_has_it_again_and_who_does_not_has_another(self) -> None:
        (bob,) = self.enter("bob")
        bob.breaks_off()
        self.clock.advance(GRACE)
        self.assertTrue(self.gets(CAFE))
        shown = self.come_back(bob.code)[1]
        self.assertEqual(
            shown[:2], ['*** "bob" is taken now. You are bob2.', "*** You are bob2, in #lobby with bob."]
        )


class EchoTests(ChatCase):
    def test_what_is_refused_is_repeated_clean_and_in_few_words(self) -> None:
        (bob,) = self.enter("bob")
        page = "\x1b[2J\u202e" + "x" * 4000
        for line in (
            page, f"/nick {page}", f"/as {page}", f"/whois {page}", f"/msg {page} hello", f"/join {page}",
            f"/who #{page}", f"/seen {page}", f"/ignore {page}", f"/history #{page}", f"/search from:{page}",
            f"/{page}", f"/help {page}",
        ):  # fmt: skip
            visitor = bob if line.startswith("/") else self.connect()
            visitor.sees()
            refusal = visitor.types(line)[0]
            self.assertRegex(refusal, r"^!!! .*\[2Jx+\.\.\.", line[:20])
            self.assertNotRegex(refusal, r"[\x00-\x1f\x7f-\x9f\u202e]", line[:20])
            self.assertLessEqual(len(refusal), 170, line[:20])
