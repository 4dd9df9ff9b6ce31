"""What of a stream's copies is news for an operator."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.logs.nats_copies import LEADERLESS, SILENT, Copies, Copy, News


def whole(server: str) -> Copy:
    return Copy(server, True, False, 0.1)


def behind(server: str) -> Copy:
    return Copy(server, False, False, 0.5)


def silent(server: str) -> Copy:
    return Copy(server, True, False, SILENT + 0.1)


class CopiesTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.copies = Copies("chat")
        self.now = 100.0
        self.assertEqual(self.look("n1", whole("n2"), whole("n3")), [])

    def look(self, leader: str, *others: Copy) -> list[str]:
        return [text for _, text in self.news(leader, *others)]

    def news(self, leader: str, *others: Copy) -> list[News]:
        self.now += 2
        return self.copies.look(leader, others, self.now)

    def test_one_that_is_silent_is_out_once_and_back_once(self) -> None:
        out = News(True, "The NATS server n2 is out: the stream chat has 2 of 3 copies.")
        back = News(False, "The NATS server n2 is back: the stream chat has 3 of 3 copies.")
        for copy, told in (
            (Copy("n2", True, False, SILENT), []),
            (silent("n2"), [out]),
            (silent("n2"), []),
            (Copy("n2", False, False, 12.0), []),
            (whole("n2"), [back]),
            (whole("n2"), []),
            (Copy("n2", True, True, 0.1), [out]),
        ):
            self.assertEqual(self.news("n1", copy, whole("n3")), told, copy)

    def test_where_most_are_out_that_is_said(self) -> None:
        self.look("n1", silent("n2"), whole("n3"))
        (told,) = self.look("n1", silent("n2"), silent("n3"))
        self.assertEqual(
            told,
            "The NATS server n3 is out: the stream chat has 1 of 3 copies, too few for anything to be said.",
        )

    def test_one_that_is_back_may_have_to_catch_up_first(self) -> None:
        self.look("n1", silent("n2"), whole("n3"))
        for copy, told in (
            (behind("n2"), ["The NATS server n2 is there again, and fetches what it missed."]),
            (behind("n2"), []),
            (whole("n2"), ["The NATS server n2 is back: the stream chat has 3 of 3 copies."]),
        ):
            self.assertEqual(self.look("n1", copy, whole("n3")), told)

    def test_one_that_lacks_something_for_a_moment_is_busy(self) -> None:
        self.assertEqual(self.look("n1", behind("n2"), whole("n3")), [])
        self.assertEqual(self.look("n1", whole("n2"), whole("n3")), [])
        self.assertEqual(self.look("n1", behind("n2"), whole("n3")), [])
        self.assertEqual(
            self.look("n1", behind("n2"), whole("n3")),
            ["The NATS server n2 is out: the stream chat has 2 of 3 copies."],
        )

    def test_where_a_leader_dies_another_one_leads_which_has_never_heard_of_it(self) -> None:
        never = Copy("n1", False, False, 0.0)
        self.assertEqual(
            self.look("n2", never, whole("n3")), ["The NATS server n2 leads the stream chat now."]
        )
        self.assertEqual(
            self.look("n2", never, whole("n3")),
            ["The NATS server n1 is out: the stream chat has 2 of 3 copies."],
        )
        self.assertEqual(self.look("n2", never, whole("n3")), [])

    def test_one_that_was_out_and_leads_is_back(self) -> None:
        self.look("n1", silent("n2"), whole("n3"))
        self.assertEqual(
            self.look("n2", whole("n1"), whole("n3")),
            [
                "The NATS server n2 leads the stream chat now.",
                "The NATS server n2 is back: the stream chat has 3 of 3 copies.",
            ],
        )

    def test_that_nobody_leads_is_told_once_when_no_election_takes_so_long(self) -> None:
        told = News(
            True,
            "No NATS server leads the stream chat: what is said waits until most of its servers are there.",
        )
        for after, news in (0, []), (LEADERLESS - 1, []), (LEADERLESS, [told]), (LEADERLESS + 2, []):
            self.assertEqual(self.copies.leaderless(self.now + after), news)
        self.copies.unknown()
        self.now += 22
        self.assertEqual(
            self.news("n1", whole("n2"), whole("n3")),
            [News(False, "The NATS server n1 leads the stream chat again, after 24 s.")],
        )

    def test_where_nobody_can_be_asked_meanwhile_it_counts_anew(self) -> None:
        self.copies.leaderless(self.now)
        self.copies.unknown()
        self.assertEqual(self.copies.leaderless(self.now + LEADERLESS), [])

    def test_an_election_is_no_news_but_who_leads(self) -> None:
        self.assertEqual(self.copies.leaderless(self.now + 1), [])
        self.assertEqual(
            self.look("n3", whole("n1"), whole("n2")), ["The NATS server n3 leads the stream chat now."]
        )


class SummaryTests(SynchronousTestCase):
    def test_it_names_the_servers_and_who_leads(self) -> None:
        copies = Copies("chat")
        copies.look("n2", [whole("n3"), whole("n1")], 0)
        self.assertEqual(copies.summary(3), "3 copies, on n1, n2, n3 (n2 leads)")

    def test_a_server_alone_has_one(self) -> None:
        copies = Copies("chat")
        copies.look("", [], 0)
        self.assertEqual(copies.summary(1), "1 copy")

    def test_of_a_stream_that_was_just_made_nobody_knows_where_they_are(self) -> None:
        copies = Copies("chat")
        copies.look("", [], 0)
        self.assertEqual(copies.summary(3), "3 copies")
