"""What is told of others, who is answered, and who is no longer heard."""

from __future__ import annotations

from tcpchat.limits import MOST_IGNORED
from tests.visitors import ChatCase


class FindingTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob, self.eve = self.enter("alice", "bob", "eve")

    def test_a_reply_goes_to_who_wrote_last(self) -> None:
        self.bob.types("/w alice hi")
        self.eve.types("/query ALICE psst")
        self.assertEqual(self.alice.types("/reply yes?")[-1], "[to eve] yes?")
        self.assertEqual((self.eve.sees()[-1:], self.bob.sees()[-1:]), (["[from alice] yes?"], []))

    def test_a_reply_follows_a_change_of_name(self) -> None:
        self.bob.types("/msg alice hi", "/nick rob")
        self.assertEqual(self.alice.types("/reply yes?")[-1], "[to rob] yes?")

    def test_there_must_be_somebody(self) -> None:
        self.assertEqual(self.bob.types("/msg carl hi"), ['!!! Nobody here is called "carl".'])
        self.assertTrue(self.bob.types("/reply hi")[0].startswith("!!! "))
        self.bob.types("/msg alice hi", "/quit")
        self.assertTrue(self.alice.types("/reply hi")[-1].startswith("!!! "))

    def test_seen_tells_of_who_is_here_and_of_nobody_who_never_was(self) -> None:
        self.assertEqual(self.bob.types("/seen ALICE"), ["*** alice is here now."])
        self.assertEqual(self.bob.types("/seen carl"), ['!!! Nobody called "carl" was ever here.'])
        self.assertRegex(self.bob.types("/seen <>")[0], '^!!! "<>" is not a nickname')

    def test_whois(self) -> None:
        self.alice.types("/join #dev", "/away lunch")
        self.clock.advance(180)
        self.assertEqual(
            self.bob.types("/whois ALICE"),
            [
                "*** alice is in #dev, #lobby, connected since 10:02, idle for 3 minutes.",
                "*** alice is away: lunch",
            ],
        )

    def test_no_answer_holds_an_address(self) -> None:
        for question in "/whois alice", "/who", "/rooms", "/help", "/set":
            self.assertNotIn("192.0.2.1", "".join(self.bob.types(question)))


class IgnoringTests(ChatCase):
    def setUp(self) -> None:
        super().setUp()
        self.alice, self.bob = self.enter("alice", "bob")

    def test_ignoring(self) -> None:
        self.assertEqual(self.bob.types("/ignore Alice"), ["*** You no longer hear Alice."])
        self.alice.types("hello", "/me waves", "/msg bob psst")
        self.assertEqual(self.bob.sees(), [])
        self.assertEqual(self.bob.types("/unignore alice"), ["*** You hear alice again."])
        self.alice.types("hello")
        self.assertEqual(self.bob.sees(), ["<alice> hello"])
        self.assertTrue(self.bob.types("/unignore alice")[0].startswith("!!! "))
        self.assertEqual(self.bob.types("/ignore bob"), ["!!! That is you."])

    def test_a_new_name_does_not_make_one_heard_again(self) -> None:
        self.bob.types("/ignore alice")
        self.alice.types("/nick anna", "hello", "/msg bob psst")
        self.assertEqual(self.bob.sees(), ["*** alice is now known as anna."])
        self.assertEqual(
            self.bob.types("/reply hm"), ["!!! Nobody has written to you privately yet. /msg NICK TEXT"]
        )
        self.assertEqual(self.bob.types("/unignore anna"), ["*** You hear anna again."])
        self.alice.types("hello")
        self.assertEqual(self.bob.sees(), ["<anna> hello"])

    def test_a_new_session_does_not_either(self) -> None:
        self.bob.types("/ignore alice")
        self.alice.types("/quit")
        (alice,) = self.enter("alice")
        alice.types("hello")
        self.assertEqual([line for line in self.bob.sees() if "hello" in line], [])

    def test_one_ignores_so_many_and_no_more(self) -> None:
        for n in range(MOST_IGNORED):
            self.assertEqual(self.bob.types(f"/ignore eve{n}"), [f"*** You no longer hear eve{n}."])
        self.assertRegex(self.bob.types("/ignore one-more")[0], "^!!! You ignore 100 people")
