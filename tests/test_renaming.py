"""Having another nickname: who is told, and who has the old one."""

from __future__ import annotations

from tests.visitors import ChatCase


class NameTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.enter("alice", "bob")

    def test_all_see_a_new_name_and_oneself_too(self) -> None:
        self.assertEqual(self.bob.types("/nick rob"), ["*** bob is now known as rob."])
        self.assertEqual(self.alice.sees(), ["*** bob is now known as rob."])
        self.bob.types("hello")
        self.assertEqual(self.alice.sees(), ["<rob> hello"])

    def test_once_however_many_rooms_are_shared(self) -> None:
        for visitor in self.alice, self.bob:
            visitor.types("/join #dev", "/join #ops")
            visitor.sees()
        self.alice.sees()
        self.assertEqual(self.bob.types("/nick rob"), ["*** bob is now known as rob."])
        self.assertEqual(self.alice.sees(), ["*** bob is now known as rob."])

    def test_also_by_somebody_who_shares_but_the_second_room(self) -> None:
        (carl,) = self.enter("carl")
        carl.types("/leave")
        self.bob.types("/join #dev")
        carl.types("/join #dev")
        self.bob.types("/join #ops", "/nick rob")
        self.assertEqual(carl.sees(), ["*** bob is now known as rob."])

    def test_a_taken_one_is_refused_and_the_old_one_kept(self) -> None:
        self.assertEqual(self.bob.types("/nick Alice"), ['!!! "Alice" is taken. Try "Alice2".'])
        self.bob.types("hello")
        self.assertEqual(self.alice.sees(), ["<bob> hello"])

    def test_one_can_change_the_case_of_ones_own(self) -> None:
        self.assertEqual(self.bob.types("/nick Bob"), ["*** bob is now known as Bob."])
        self.assertEqual(self.bob.types("/nick bob"), ["*** Bob is now known as bob."])

    def test_the_old_one_can_be_had_by_the_same_address(self) -> None:
        self.bob.types("/nick rob")
        self.enter("bob")

    def test_and_by_others_after_20_seconds(self) -> None:
        self.bob.types("/nick rob")
        stranger = self.connect("198.51.100.7")
        self.assertIn('!!! "bob" is taken. Try "bob2".', stranger.types("bob"))
        self.clock.advance(20)
        stranger.types("/as bob")
        self.clock.advance(0.2)
        self.assertTrue(stranger.sees()[0].startswith("*** You are bob, "))

    def test_as_takes_a_variant(self) -> None:
        self.assertEqual(self.bob.types("/as alice"), ["*** bob is now known as alice2."])

    def test_without_a_room_one_is_told_alone(self) -> None:
        self.bob.types("/leave")
        self.alice.sees()
        self.assertEqual(self.bob.types("/nick rob"), ["*** bob is now known as rob."])
        self.assertEqual(self.alice.sees(), [])
