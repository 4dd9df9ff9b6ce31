"""Two nodes of a cluster: nicknames, the death of one, and what a node does that was taken for dead."""

from __future__ import annotations

from msgspec.structs import replace
from twisted.internet.defer import Deferred

from tcpchat import records
from tcpchat.clustering import CUT_OFF, HELD, OUSTED
from tcpchat.events import Entry, Left
from tcpchat.logs.interface import InUse
from tcpchat.names import nickname
from tcpchat.records import SESSION
from tcpchat.reviving import revive
from tests.sharing import SharedCase

FAR = "198.51.100.7"


class TogetherTests(SharedCase):
    def setUp(self) -> None:
        super().setUp()
        self.anna = self.enter_at("east", "anna")
        self.bert = self.enter_at("west", "bert")
        self.anna.sees()

    def test_they_see_each_other_in_one_order(self) -> None:
        self.anna.types("hi")
        self.assertEqual((self.bert.types("hello"), self.anna.sees()), (["<anna> hi"], ["<bert> hello"]))
        self.assertEqual(self.crowd(), ["anna", "bert"])

    def test_a_nickname_is_taken_on_both(self) -> None:
        self.go("west")
        carl = self.connect(FAR)
        carl.sees()
        self.assertEqual(carl.types("anna")[0], '!!! "anna" is taken. Try "anna2".')
        self.assertEqual(self.bert.types("/nick Anna"), ['!!! "Anna" is taken. Try "Anna2".'])

    def test_who_is_renamed_frees_the_old_name_everywhere(self) -> None:
        self.anna.types("/nick zoe")
        self.assertEqual(self.bert.sees(), ["*** anna is now known as zoe."])
        self.passes(21)
        self.go("west")
        self.assertEqual(self.connect(FAR).types("zoe")[2], '!!! "zoe" is taken. Try "zoe2".')
        self.assertEqual(self.connect(FAR).types("anna")[2][:17], "*** You are anna,")

    def test_two_who_are_renamed_to_one_name_at_once_are_not(self) -> None:
        self.anna.dialogue.received("/nick zoe")
        self.bert.dialogue.received("/nick zoe")
        shown = self.anna.sees() + self.bert.sees()
        self.assertEqual(len([line for line in shown if "is taken" in line]), 1)
        self.assertEqual(len([line for line in shown if line.endswith("is now known as zoe.")]), 2)
        self.assertEqual(sorted(self.crowd())[-1], "zoe")

    def test_two_lines_that_rename_one_person_take_effect_in_order(self) -> None:
        self.anna.types("/nick zoe", "/nick yve", "hi")
        self.assertEqual(
            self.bert.sees(),
            ["*** anna is now known as zoe.", "*** zoe is now known as yve.", "<yve> hi"],
        )

    def test_who_breaks_off_while_the_others_are_asked_has_come_in_and_is_gone_after_a_while(self) -> None:
        carl = self.connect(FAR)
        carl.sees()
        carl.dialogue.received("carl")
        carl.breaks_off()
        self.settle()
        self.passes(25)
        self.assertEqual(
            self.anna.sees(), ["*** carl joined #lobby.", "*** carl left #lobby: connection lost."]
        )
        self.assertEqual(self.connect(FAR).types("carl")[2][:17], "*** You are carl,")

    def test_who_is_said_to_be_gone_before_their_node_knows_that_it_was_dead_keeps_their_rooms(self) -> None:
        self.go("east")
        session = self.anna.session.id
        self.nodes["east"].log.is_fenced = lambda: True  # it was stopped
        self.nodes["west"].log.append("#lobby", [Left(session, "anna", "connection lost", is_gone=True)])
        self.passes(3)
        self.assertEqual(
            (self.anna.sees(), self.bert.sees()), ([], ["*** anna left #lobby: connection lost."])
        )
        kept = self.successResultOf(self.nodes["west"].log.record(records.SESSION, session))
        assert kept is not None
        self.assertEqual(records.session(kept).rooms, ("#lobby",))

    def test_a_node_that_reaches_no_other_lets_nobody_in(self) -> None:
        self.go("east").bucket.cut()
        carl = self.connect(FAR)
        carl.sees()
        carl.dialogue.received("carl")
        self.anna.dialogue.received("/nick zoe")
        self.passes(3)
        self.assertEqual(
            carl.sees()[0], "!!! Nobody can come in now, as the log cannot be written. Try again later."
        )
        self.assertEqual(self.anna.sees(), ["!!! Not sent: the log cannot be written."])
        self.at.bucket.heal()
        self.passes(2)
        carl.dialogue.received("carl")
        self.passes(0.5)
        self.assertEqual(carl.sees()[0][:17], "*** You are carl,")


class DeathTests(SharedCase):
    def setUp(self) -> None:
        super().setUp()
        self.anna = self.enter_at("east", "anna")
        self.bert = self.enter_at("west", "bert")

    def test_the_people_of_a_dead_node_are_gone_once_and_their_names_free(self) -> None:
        self.kill("east")
        self.passes(29)
        self.assertEqual(self.bert.sees(), [])
        self.passes(40)
        self.assertEqual(self.bert.sees(), ["*** anna left #lobby: connection lost."])
        self.assertEqual(self.crowd(), ["bert"])
        self.go("west")
        carl = self.connect(FAR)
        self.assertEqual(carl.types("anna")[2], "*** You are anna, in #lobby with bert.")

    def test_of_several_others_one_buries_it(self) -> None:
        for name in "north", "south":
            self.start(name)
        carl = self.enter_at("north", "carl")
        self.bert.sees()
        self.kill("east")
        self.passes(90)
        for visitor in self.bert, carl:
            self.assertEqual(visitor.sees(), ["*** anna left #lobby: connection lost."])

    def test_what_one_that_dies_itself_has_not_buried_another_one_does(self) -> None:
        for name in "north", "south":
            self.start(name)
        self.kill("east")
        lease = self.values.changes["node.east"]
        self.values.put("node.east", None, lease.revision, "north")  # which dies before anything else
        self.kill("north")
        self.passes(90)
        self.assertEqual(self.bert.sees(), ["*** anna left #lobby: connection lost."])
        self.go("west")
        self.assertEqual(self.connect(FAR).types("anna")[2], "*** You are anna, in #lobby with bert.")

    def test_who_comes_back_after_that_has_missed_nothing(self) -> None:
        self.passes(2)
        self.kill("east")
        self.bert.types("one")
        self.passes(90)
        self.bert.types("two")
        self.bert.sees()
        self.go("west")
        _, shown = self.come_back(self.anna.code)
        self.assertEqual(shown[0], "*** You are anna, in #lobby with bert.")
        said = [line.partition("] ")[2] for line in shown if "<bert>" in line]
        self.assertEqual(said, ["<bert> one", "<bert> two"])
        self.assertEqual(self.bert.sees(), ["*** anna joined #lobby."])

    def test_its_code_is_of_no_use_five_minutes_later(self) -> None:
        self.kill("east")
        self.passes(90 + 301)
        self.go("west")
        self.assertEqual(self.come_back(self.anna.code)[1][0], "!!! That code is not known or too old.")
        self.passes(30)
        self.assertEqual([key for _, kind, key in self.store.records if kind == "session"][1:], [])

    def test_a_node_that_is_started_anew_has_its_own_people_and_no_others(self) -> None:
        self.kill("east")
        self.passes(5)
        self.start("east")
        self.passes(19)
        self.assertEqual(self.bert.sees(), [])
        self.go("east")
        anna, shown = self.come_back(self.anna.code)
        self.assertEqual(shown[0], "*** You are anna, in #lobby with bert.")
        self.passes(60)
        self.assertEqual(self.bert.sees(), [])
        self.bert.types("hi")
        self.assertEqual(anna.sees(), ["<bert> hi"])

    def test_who_is_not_back_then_is_gone_for_that_reason(self) -> None:
        self.kill("east")
        self.start("east")
        self.passes(21)
        self.assertEqual(self.bert.sees(), ["*** anna left #lobby: server restarted."])
        self.passes(60)
        self.assertEqual((self.bert.sees(), self.crowd()), ([], ["bert"]))

    def test_the_rooms_of_a_node_that_is_alone_are_emptied_when_it_is_back(self) -> None:
        """Somebody is in a room of whom nothing is known: their node had no time to keep it."""
        for key in [
            key for key in self.store.records if key[1] == "session" and b'"anna"' in self.store.records[key]
        ]:
            del self.store.records[key]
        self.kill("east")
        self.start("north")
        self.passes(60)
        self.assertEqual(self.nodes["north"].chat.rooms.lobby.room.members.keys(), {self.bert_id})

    @property
    def bert_id(self) -> str:
        self.go("west")
        return self.bert.session.person.id


class TakenForDeadTests(SharedCase):
    def setUp(self) -> None:
        super().setUp()
        self.anna = self.enter_at("east", "anna")
        self.bert = self.enter_at("west", "bert")
        self.anna.sees()
        self.go("east")

    def test_who_was_cut_off_for_too_long_is_hung_up_on_before_one_line_more_is_taken(self) -> None:
        self.at.bucket.cut()
        self.passes(90)
        self.assertEqual(self.bert.sees(), ["*** anna left #lobby: connection lost."])
        self.go("west")
        self.assertEqual(self.connect(FAR).types("anna")[2], "*** You are anna, in #lobby with bert.")
        self.bert.sees()
        self.go("east").bucket.heal()
        self.passes(2)
        self.assertEqual(self.anna.sees()[-1], f"!!! {CUT_OFF}")
        self.assertTrue(self.anna.screen.closed)
        self.anna.types("I am anna")
        self.passes(60)
        self.assertEqual(self.bert.sees(), [])
        self.assertEqual(self.crowd(), ["bert", "anna"])
        self.assertEqual(self.connect(FAR).types("carl")[2], "*** You are carl, in #lobby with bert, anna.")

    def test_her_code_is_good_there_and_her_name_another_one_if_somebody_has_it(self) -> None:
        self.at.bucket.cut()
        self.passes(90)
        self.go("west")
        self.connect(FAR).types("anna")
        self.go("east").bucket.heal()
        self.passes(2)
        _, shown = self.come_back(self.anna.code)
        self.assertEqual(
            shown[:2],
            ['*** "anna" is taken now. You are anna2.', "*** You are anna2, in #lobby with bert, anna."],
        )

    def test_whom_nobody_has_buried_is_there_as_after_a_start(self) -> None:
        lease = self.values.changes["node.east"]
        self.values.put("node.east", None, lease.revision, "west")
        self.passes(2)
        self.assertEqual(self.anna.sees()[-1], f"!!! {CUT_OFF}")
        self.assertEqual(self.bert.sees(), [])
        _, shown = self.come_back(self.anna.code)
        self.assertEqual(shown[0], "*** You are anna, in #lobby with bert.")
        self.passes(60)
        self.assertEqual(self.bert.sees(), [])

    def test_whoever_hangs_up_meanwhile_and_goes_on_elsewhere_stays_there(self) -> None:
        """As of a node that was frozen: that its people have hung up it sees when it goes on."""
        self.at.bucket.cut()
        self.passes(31)
        self.anna.dialogue.ended()
        self.passes(20)
        self.assertEqual(self.bert.sees(), ["*** anna left #lobby: connection lost."])
        self.go("west")
        anna, _ = self.come_back(self.anna.code)
        self.passes(1)
        self.assertEqual(self.bert.sees(), ["*** anna joined #lobby."])
        self.go("east").bucket.heal()
        self.passes(60)
        self.assertEqual(self.bert.sees(), [])
        self.assertEqual(anna.screen.closed, False)
        self.assertEqual(self.crowd(), ["bert", "anna"])

    def test_that_somebody_has_hung_up_while_it_stood_still_is_no_farewell(self) -> None:
        """They may be on another node by now, of which this one has not heard yet."""
        self.at.stood += 20
        self.anna.dialogue.ended()
        self.passes(19)
        self.assertEqual(self.bert.sees(), [])
        self.passes(2)
        self.assertEqual(self.bert.sees(), ["*** anna left #lobby: connection lost."])

    def test_what_a_node_keeps_too_late_of_a_session_that_went_on_elsewhere_ends_nothing(self) -> None:
        before = self.store.records["", SESSION, self.anna.session.id]
        self.go("west")
        anna, _ = self.come_back(self.anna.code)
        self.passes(1)
        late = replace(records.session(before), has_left=True)
        self.nodes["east"].log.keep(SESSION, anna.session.id, records.encode(late))
        self.passes(1)
        self.assertEqual(anna.screen.closed, False)
        kept = records.session(self.store.records["", SESSION, anna.session.id])
        self.assertEqual((kept.node, kept.has_left), ("west", False))
        self.assertEqual(self.bert.sees(), [])

    def test_who_is_just_coming_in_then_is_not_there(self) -> None:
        carl = self.connect(FAR)
        carl.sees()

        def cut_off(entries: list[Entry]) -> None:
            """The log has it that they came in, and whoever brings them in does not know yet."""
            end()
            self.at.cluster.cut_off()

        end = self.at.log.tail("#lobby", self.at.log.last("#lobby"), cut_off)
        carl.dialogue.received("carl")
        self.settle()
        self.assertEqual(carl.sees()[-1], f"!!! {CUT_OFF}")
        self.assertIsNone(self.chat.people.find(nickname("carl")))
        self.assertNotIn("carl", self.crowd())
        self.passes(90)
        self.assertEqual(
            [line for line in self.bert.sees() if "carl" in line],
            ["*** carl joined #lobby.", "*** carl left #lobby."],
        )
        self.go("west")
        self.assertEqual(self.connect(FAR).types("carl")[2][:17], "*** You are carl,")

    def test_a_second_server_of_that_name_is_refused_and_nobody_notices(self) -> None:
        first = self.at
        second = self.begin("east")
        self.failureResultOf(second.opened, InUse)
        self.nodes["east"] = first
        self.passes(60)
        self.assertFalse(first.is_ousted)
        self.bert.types("are you there?")
        self.assertEqual(self.anna.sees(), ["<bert> are you there?"])

    def test_one_that_does_not_answer_for_long_ends_when_another_has_its_name(self) -> None:
        first = self.at
        first.bucket.is_idle = True
        del self.values.attending["east"]
        second = self.begin("east")
        self.passes(30)
        self.successResultOf(second.opened)
        first.bucket.is_idle = False
        self.passes(20)
        self.assertTrue(first.is_ousted)
        self.assertEqual(self.anna.sees()[-1], f"!!! {OUSTED}")
        self.assertFalse(second.is_ousted)

    def test_one_that_ends_is_buried_if_it_does_not_come_back(self) -> None:
        self.at.chat.stop()
        self.anna.dialogue.lost("")
        self.settle()
        self.at.chat.close()
        self.at.cluster.stop()
        self.kill("east")
        self.passes(90)
        self.assertEqual(self.bert.sees(), ["*** anna left #lobby: connection lost."])


class HeldTests(SharedCase):
    def test_whose_line_waits_is_told_and_nobody_else(self) -> None:
        anna, bert = self.enter_at("east", "anna"), self.enter_at("east", "bert")
        anna.sees()
        self.at.log.held([anna.session.id, "nobody here"])
        self.assertEqual((anna.sees(), bert.sees()), ([f"*** {HELD}"], []))


class EndedMeanwhileTests(SharedCase):
    def test_who_is_shown_as_gone_while_their_nickname_is_asked_for_is_not_waited_for(self) -> None:
        anna = self.enter_at("east", "anna")
        east, west = self.nodes["east"], self.nodes["west"]
        person = east.chat.people.find(nickname("anna"))
        assert person is not None
        east.cluster.cut_off()
        anna.sees()
        reviving = Deferred.fromCoroutine(revive(east.chat))
        self.assertNoResult(reviving)
        west.log.append("#lobby", [Left(person.id, "anna", "connection lost")])
        self.settle()
        self.successResultOf(reviving)
        self.assertEqual(self.crowd(), [])
        self.assertIsNone(east.chat.people.find(nickname("anna")))
