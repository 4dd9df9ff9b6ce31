"""What is answered about rooms and people, word for word."""

from twisted.trial.unittest import SynchronousTestCase

from tcpchat import answers
from tcpchat.answers import NAMED_PER_LINE, duration
from tcpchat.events import Entry, Joined, TopicSet
from tcpchat.room import LOBBY, Room


def room(name: str, *nicks: str, topic: str = "") -> Room:
    """Return a room; the sessions in it are called as their nicknames in capitals."""
    room = Room(name)
    for seq, nick in enumerate(nicks, 1):
        room.apply(Entry(seq, 0, Joined(nick.upper(), nick)))
    if topic:
        room.apply(Entry(len(nicks) + 1, 0, TopicSet("S", "bob", topic)))
    return room


class DurationTests(SynchronousTestCase):
    def test_a_span_is_told_in_its_largest_unit(self) -> None:
        spans = {
            0: "0 seconds", 0.9: "0 seconds", 1: "1 second", 59.99: "59 seconds", 60: "1 minute",
            119: "1 minute", 120: "2 minutes", 3599: "59 minutes", 3600: "1 hour", 7200: "2 hours",
            86399: "23 hours", 86400: "1 day", 1_000_000: "11 days",
        }  # fmt: skip
        self.assertEqual({seconds: duration(seconds) for seconds in spans}, spans)


class WhoTests(SynchronousTestCase):
    def test_everybody_in_a_room_is_named_in_the_order_of_their_coming(self) -> None:
        self.assertEqual(list(answers.who(room("#dev"), ())), ["0 people are in #dev."])
        self.assertEqual(list(answers.who(room("#dev", "bob"), ())), ["1 person is in #dev: bob."])
        self.assertEqual(list(answers.who(room("#dev", "bob", "al"), ())), ["2 people are in #dev: bob, al."])

    def test_who_is_away_is_marked_by_session_not_by_name(self) -> None:
        who = answers.who(room("#dev", "bob", "al"), {"AL", "bob"})
        self.assertEqual(list(who), ["2 people are in #dev: bob, al (away)."])

    def test_many_are_told_in_several_lines(self) -> None:
        for number in (NAMED_PER_LINE - 1, NAMED_PER_LINE, NAMED_PER_LINE + 1, 2 * NAMED_PER_LINE, 120):
            nicks = [f"p{i}" for i in range(number)]
            lines = list(answers.who(room("#dev", *nicks), ()))
            self.assertEqual(len(lines), -(-number // NAMED_PER_LINE))
            for line in lines[:-1]:
                self.assertTrue(line.endswith(","))
            for line in lines[1:]:
                self.assertTrue(line.startswith("and p"))
            told = " ".join(line.removeprefix("and ") for line in lines)
            self.assertEqual(told, f"{number} people are in #dev: {', '.join(nicks)}.")


class WhoIsTests(SynchronousTestCase):
    def test_where_since_when_and_how_idle(self) -> None:
        self.assertEqual(
            list(answers.whois("bob", ["#dev", "#lobby"], "10:02", 185.2, None)),
            ["bob is in #dev, #lobby, connected since 10:02, idle for 3 minutes."],
        )

    def test_somebody_may_be_in_no_room_and_away(self) -> None:
        where = "bob is in no room, connected since 2026-11-20 10:02, idle for 1 second."
        since = "2026-11-20 10:02"
        self.assertEqual(list(answers.whois("bob", [], since, 1, "")), [where, "bob is away."])
        self.assertEqual(list(answers.whois("bob", [], since, 1, "lunch")), [where, "bob is away: lunch"])


class RoomsTests(SynchronousTestCase):
    def test_every_room_with_somebody_in_it_is_a_line_the_fullest_first(self) -> None:
        known = [
            room("#b", "x", topic="bees"), room(LOBBY, "x", "y"), room("#a", "x"),
            room("#empty", topic="old"), room("#dev", "x", "y", "z", topic="TOPIC"),
        ]  # fmt: skip
        self.assertEqual(
            list(answers.rooms(known)),
            ["#dev: 3 people: TOPIC", "#lobby: 2 people", "#a: 1 person", "#b: 1 person: bees"],
        )

    def test_the_lobby_is_there_even_if_nobody_is_in_it(self) -> None:
        self.assertEqual(list(answers.rooms([room(LOBBY), room("#a")])), ["#lobby: 0 people"])

    def test_a_room_may_have_a_topic_or_none(self) -> None:
        self.assertEqual(answers.topic(room("#dev")), "#dev has no topic.")
        self.assertEqual(answers.topic(room("#dev", topic="cats")), "The topic of #dev is: cats")
