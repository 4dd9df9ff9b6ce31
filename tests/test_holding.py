"""/hold: nothing is shown to somebody who types, until /go or anything else, and nothing is lost by it."""

from __future__ import annotations

from tests.visitors import ChatCase

HELD = "*** Nothing is shown until you say /go, or anything else."


class HoldTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.enter("alice", "bob")
        self.assertEqual(self.bob.types("/hold"), [HELD])

    def test_nothing_is_shown_until_go(self) -> None:
        self.alice.types("one", "/me waves", "/msg bob psst", "/topic tests")
        self.enter("carl")
        self.clock.advance(60)
        self.assertEqual(self.bob.sees(), [])
        self.assertEqual(
            self.bob.types("/go"),
            [
                "*** Everything is shown again.",
                "<alice> one",
                "* alice waves",
                "*** alice set the topic of #lobby: tests",
                "*** carl joined #lobby.",
                "[from alice] psst",
            ],
        )
        self.alice.types("two")
        self.assertEqual(self.bob.sees(), ["<alice> two"])

    def test_or_until_anything_else(self) -> None:
        for line in "hello", "/topic", "", "/foo", "/set echo off", "{":
            self.bob.types("/hold")
            self.alice.types("one")
            self.assertEqual(self.bob.sees(), [], line)
            self.assertIn("<alice> one", self.bob.types(line), line)

    def test_what_one_types_is_said(self) -> None:
        self.alice.types("one")
        self.bob.types("two")
        self.assertEqual(self.alice.sees(), ["<bob> two"])

    def test_twice_is_once(self) -> None:
        self.alice.types("one")
        self.assertEqual(self.bob.types("/hold"), [HELD])
        self.assertEqual(self.bob.types("/go")[-1:], ["<alice> one"])

    def test_go_without_hold_does_no_harm(self) -> None:
        self.bob.types("/go")
        self.assertEqual(self.bob.types("/go"), ["*** Everything is shown again."])

    def test_however_much_was_held_it_comes_in_order_and_once(self) -> None:
        self.alice.types(*(f"{n} {'x' * 500}" for n in range(1000)))
        shown = self.bob.types("/go")
        self.assertEqual([line.split()[1] for line in shown[1:]], [str(n) for n in range(1000)])

    def test_a_stalled_reader_can_hold(self) -> None:
        self.bob.types("/go")
        self.bob.stalls(after=5)
        self.alice.types("one")
        self.bob.dialogue.received("/hold")
        self.alice.types("two")
        shown = self.bob.reads()
        self.assertNotIn("<alice> two", shown)
        self.assertEqual((shown + self.bob.types("/go")).count("<alice> two"), 1)
        self.assertIn("<alice> one", shown)

    def test_settings_can_change_meanwhile(self) -> None:
        self.bob.types("/go", "/set joins folded", "/hold")
        self.enter("carl")
        self.alice.types("one")
        self.clock.advance(2)
        self.assertEqual(self.bob.sees(), [])
        self.bob.types("/set joins all", "/hold")
        self.alice.types("two")
        self.enter("dora")
        self.clock.advance(2)
        shown = self.bob.types("/set timestamps on")
        self.assertEqual(len([line for line in shown if "dora joined" in line]), 1)
        self.assertEqual(len([line for line in shown if "two" in line]), 1)

    def test_a_room_can_be_joined_and_left_by_others_meanwhile(self) -> None:
        self.bob.types("/join #dev", "/hold")
        self.alice.types("/join #dev", "one", "/leave", "two")
        self.assertEqual(
            self.bob.types("/go")[1:],
            ["#lobby <alice> two", "*** alice joined #dev.", "<alice> one", "*** alice left #dev."],
        )

    def test_the_end_of_the_stream_shows_what_was_held(self) -> None:
        self.alice.types("one")
        self.bob.dialogue.ended()
        self.assertEqual(self.bob.sees(), ["<alice> one"])
        self.assertTrue(self.bob.screen.closed)

    def test_a_program_can_hold_too(self) -> None:
        self.bob.types("/json", '{"type":"hold"}')
        self.alice.types("one")
        self.assertEqual(self.bob.sees(), [])
        self.assertEqual(len([line for line in self.bob.types('{"type":"go"}') if '"one"' in line]), 1)
