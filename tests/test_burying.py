"""The people of a dead node: shown as gone once, whoever does it, and not at all if they are elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from twisted.internet.defer import Deferred

from tcpchat import records
from tcpchat.burying import LONGEST_UNKNOWN, WHY, Burying
from tcpchat.departures import LogSurely
from tcpchat.events import Event, Joined, Left
from tcpchat.leases import Times
from tcpchat.names import nickname
from tcpchat.records import KeptHandover
from tests.sharing import SharedCase
from tests.visitors import Visitor


class BuryingCase(SharedCase):
    def setUp(self) -> None:
        super().setUp()
        self.anna = self.enter_at("east", "anna")
        self.bert = self.enter_at("west", "bert")
        self.go("east")
        self.session_id = self.anna.session.id
        self.go("west")
        self.burying = Burying(self.chat, self.at.cluster.nodes.is_gone)

    def bury(self) -> None:
        """The node of anna is dead, and this one has taken its lease."""
        self.kill("east")
        self.values.put("node.east", None, None, "west")
        self.settle()
        self.burying.bury("east")
        self.settle()

    def lefts(self) -> list[Left]:
        entries = self.successResultOf(self.at.log.read("#lobby", 0, 1000))
        return [entry.event for entry in entries if isinstance(entry.event, Left)]

    def record(self) -> records.KeptSession:
        kept = self.successResultOf(self.at.log.record(records.SESSION, self.session_id))
        assert kept is not None
        return records.session(kept)


class BuriedTests(BuryingCase):
    def test_somebody_is_gone_and_their_session_is_kept_by_who_has_buried_them(self) -> None:
        self.bury()
        self.assertEqual(self.bert.sees(), [f"*** anna left #lobby: {WHY}."])
        self.assertEqual((self.record().node, self.record().has_left), ("west", True))
        self.assertIsNone(self.chat.people.person(self.session_id))
        self.assertEqual(self.bert.types("/seen anna")[0][:8], "*** anna")

    def test_what_was_handed_to_it_and_not_taken_away_goes_with_it(self) -> None:
        for session, node in ("s1", "east"), ("s2", "west"):
            self.store.records["", records.HANDED, session] = records.encode(KeptHandover(node, {}, {}))
        self.bury()
        left = [key for _, kind, key in self.store.records if kind == records.HANDED]
        self.assertEqual(left, ["s2"])

    def test_to_bury_again_changes_nothing(self) -> None:
        self.bury()
        for _ in range(3):
            self.burying.bury("east")
            self.burying.look()
            self.settle()
        self.assertEqual(len(self.lefts()), 1)

    def test_two_who_bury_at_the_same_moment_bury_once(self) -> None:
        north = self.start("north")
        self.go("west")
        self.kill("east")
        self.values.put("node.east", None, None, "west")
        self.settle()
        self.burying.bury("east")
        Burying(north.chat, north.cluster.nodes.is_gone).bury("east")
        self.settle()
        self.assertEqual(len(self.lefts()), 1)

    def test_who_has_an_account_is_not_gone_while_they_are_on_another_node(self) -> None:
        self.go("east")
        account = self.has_account(self.anna)
        self.go("west")
        record = msgspec.structs.replace(self.record(), node="west")
        self.at.log.keep(records.SESSION, "s99", records.encode(record))
        self.start("north")
        self.nodes["north"].chat.elsewhere.take_in("s99", records.encode(record))
        self.go("north")
        self.burying = Burying(self.chat, self.at.cluster.nodes.is_gone)
        self.bury()
        self.assertEqual((self.lefts(), self.record().has_left), ([], True))
        self.assertIsNotNone(self.chat.people.person(account))

    def test_what_an_account_has_read_is_known_when_it_comes_back(self) -> None:
        self.go("east")
        account = self.has_account(self.anna)
        self.passes(2)
        self.go("west")
        last = self.at.log.last("#lobby")
        self.bert.types("one")
        self.bury()
        self.assertEqual(self.chat.absences.places(account)["#lobby"].seq, last)

    def test_their_name_is_free_at_once(self) -> None:
        self.bury()
        carl = self.connect("198.51.100.7")
        self.assertEqual(carl.types("anna")[2], "*** You are anna, in #lobby with bert.")


class LateTests(BuryingCase):
    """She comes back while they are not yet told that she is gone, as by a node that is slow."""

    def setUp(self) -> None:
        super().setUp()
        self.start("north")
        self.go("west")
        self.kill("east")
        self.values.put("node.east", None, None, "west")
        self.settle()

    def bury_slowly(self) -> None:
        """It takes seconds until the name is free, and so until they are told."""
        self.at.bucket.late = 2.0
        self.burying.bury("east")
        while not self.record().has_left:
            self.passes(0.25)
        self.assertEqual(self.lefts(), [])

    def come_back_at(self, name: str) -> Visitor:
        self.go(name)
        anna, shown = self.come_back(self.anna.code)
        self.passes(30)
        self.assertIn("*** You are anna, in #lobby with bert.", shown + anna.sees())
        return anna

    def is_there(self, anna: Visitor) -> None:
        """She is in the room as everybody has it, and was gone once at most."""
        self.assertEqual(sorted(self.crowd()), ["anna", "bert"])
        self.assertLessEqual(len(self.lefts()), 1)
        self.bert.sees()
        anna.types("here I am")
        self.passes(1)
        self.assertEqual(self.bert.sees(), ["<anna> here I am"])

    def test_to_another_node(self) -> None:
        self.bury_slowly()
        self.is_there(self.come_back_at("north"))

    def test_to_the_one_that_buries(self) -> None:
        self.bury_slowly()
        self.is_there(self.come_back_at("west"))

    def test_when_that_node_dies_as_well(self) -> None:
        self.bury_slowly()
        self.kill("west")
        anna = self.come_back_at("north")
        self.passes(2 * LONGEST_UNKNOWN)
        self.assertEqual([left.nick for left in self.lefts()], ["bert"])
        self.assertEqual((self.crowd(), anna.screen.closed), (["anna"], False))


class LookTests(BuryingCase):
    def test_people_of_whom_nobody_knows_are_gone_after_a_while(self) -> None:
        self.at.log.append("#lobby", [Joined("s99", "ghost")])
        self.passes(LONGEST_UNKNOWN - Times().renew)
        self.assertEqual(self.bert.sees(), ["*** ghost joined #lobby."])
        self.passes(2 * Times().renew)
        self.assertEqual(self.bert.sees(), [f"*** ghost left #lobby: {WHY}."])

    def test_nobody_is_gone_while_a_node_takes_in_again_who_was_there(self) -> None:
        self.at.log.append("#lobby", [Joined("s99", "ghost")])
        for node in self.nodes.values():
            node.chat.reviving += 1
        self.passes(2 * LONGEST_UNKNOWN)
        self.assertEqual(self.bert.sees(), ["*** ghost joined #lobby."])
        for node in self.nodes.values():
            node.chat.reviving -= 1
        self.passes(LONGEST_UNKNOWN - Times().renew)
        self.assertEqual(self.bert.sees(), [])
        self.passes(2 * Times().renew)
        self.assertEqual(self.bert.sees(), [f"*** ghost left #lobby: {WHY}."])

    def test_while_the_log_cannot_be_written_they_are_told_of_once(self) -> None:
        self.at.log.append("#lobby", [Joined("s99", "ghost")])
        self.passes(LONGEST_UNKNOWN - Times().renew)
        told: list[object] = []
        for node in self.nodes.values():
            node.log.full = True
            node.chat.departures._log_surely = self.noting(told, node.chat.departures._log_surely)
        self.passes(3 * Times().renew)
        self.assertEqual(len(told), len(self.nodes))
        for node in self.nodes.values():
            node.log.full = False
        self.passes(5)
        self.assertEqual(self.bert.sees()[-1], f"*** ghost left #lobby: {WHY}.")

    @staticmethod
    def noting(told: list[object], log_surely: LogSurely) -> LogSurely:
        """Return what logs something surely, and notes each time."""

        def log(parts: Sequence[tuple[str, Sequence[Event]]]) -> Deferred[object]:
            told.append(parts)
            return log_surely(parts)

        return log

    def test_those_who_are_known_stay(self) -> None:
        self.passes(300)
        self.assertEqual((self.lefts(), self.crowd()), ([], ["anna", "bert"]))

    def test_who_was_renamed_over_another_node_holds_the_new_name_here_too(self) -> None:
        person = self.chat.people.person(self.bert.session.person.id)
        assert person is not None
        person.rename(nickname("bertold"))  # as it is when another node has told so
        self.burying.look()
        self.settle()
        self.assertEqual(self.chat.people.names(person.id), (nickname("bertold"),))
        self.go("east")
        carl = self.connect("198.51.100.7")
        self.assertEqual(carl.types("bertold")[2], '!!! "bertold" is taken. Try "bertold2".')
        self.assertEqual(self.connect("198.51.100.7").types("bert")[2][:17], "*** You are bert,")
