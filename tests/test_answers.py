"""What is answered about rooms and people, word for word for people and key by key for programs."""

from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat import answers
from tcpchat.answers import NAMED_PER_LINE, Answer, Join, Notice, Seen, Style, Topic, Who, WhoIs, duration
from tcpchat.room import LOBBY
from tcpchat.text import clean
from tests.answered import MORNING, YESTERDAY, as_json, lines


class DurationTests(SynchronousTestCase):
    def test_a_span_is_told_in_its_largest_unit(self) -> None:
        spans = {
            0: "0 seconds", 0.9: "0 seconds", 1: "1 second", 59.99: "59 seconds", 60: "1 minute",
            119: "1 minute", 120: "2 minutes", 3599: "59 minutes", 3600: "1 hour", 7200: "2 hours",
            86399: "23 hours", 86400: "1 day", 1_000_000: "11 days",
        }  # fmt: skip
        self.assertEqual({seconds: duration(seconds) for seconds in spans}, spans)


class WordTests(SynchronousTestCase):
    def test_a_notice_is_its_text(self) -> None:
        self.assertEqual(lines(Notice("Live now.")), ["Live now."])
        self.assertEqual(as_json(Notice('a "b"')), {"type": "notice", "text": 'a "b"'})

    def test_help_is_as_many_lines_as_it_has(self) -> None:
        self.assertEqual(lines(answers.Help(["a", "b"])), ["a", "b"])
        self.assertEqual(as_json(answers.Help(["a", "b"])), {"type": "help", "text": ["a", "b"]})

    def test_the_settings_are_one_line(self) -> None:
        settings = answers.Settings({"echo": "off", "joins": "all"})
        self.assertEqual(lines(settings), ["echo off, joins all"])
        self.assertEqual(as_json(settings), {"type": "set", "settings": {"echo": "off", "joins": "all"}})


class JoinTests(SynchronousTestCase):
    def test_where_one_is_is_told_with_up_to_ten_names(self) -> None:
        ten = list("abcdefghij")
        company = {
            0: "",
            1: " with a",
            2: " with a, b",
            10: " with a, b, c, d, e, f, g, h, i, j",
            11: " with a, b, c, d, e, f, g, h, i, j and 1 other",
            12: " with a, b, c, d, e, f, g, h, i, j and 2 others",
            1010: " with a, b, c, d, e, f, g, h, i, j and 1000 others",
        }
        for number, expected in company.items():
            answer = Join("bob2", LOBBY, ten[:number], number)
            self.assertEqual(lines(answer), [f"You are bob2, in #lobby{expected}."])

    def test_a_program_is_told_the_room_without_its_sign(self) -> None:
        self.assertEqual(
            as_json(Join("bob", "#dev", ["al"], 1)),
            {"type": "join", "nick": "bob", "room": "dev", "people": ["al"], "others": 1},
        )

    def test_a_program_is_told_the_topic_if_there_is_one(self) -> None:
        answer = Join("bob", "#dev", [], 0, "engines")
        self.assertEqual(as_json(answer)["topic"], "engines")
        self.assertEqual(lines(answer), ["You are bob, in #dev."])


class WelcomeTests(SynchronousTestCase):
    def test_a_program_is_told_who_it_is_and_with_what_it_comes_back(self) -> None:
        welcome = answers.Welcome(
            nick="bob", room="lobby", people=["alice"], others=2, session="TOKEN", code="fig-42-moss-lamp",
            epoch="e", rooms=["lobby"], after={"@": 0, "lobby": 17},
        )  # fmt: skip
        self.assertEqual(
            as_json(welcome),
            {
                "type": "welcome", "nick": "bob", "room": "lobby", "people": ["alice"], "others": 2,
                "session": "TOKEN", "code": "fig-42-moss-lamp", "epoch": "e", "protocol": 1,
                "rooms": ["lobby"], "after": {"@": 0, "lobby": 17},
            },
        )  # fmt: skip


class WhoTests(SynchronousTestCase):
    def test_everybody_in_a_room_is_named_in_the_order_of_their_coming(self) -> None:
        self.assertEqual(lines(Who("#dev", [], [])), ["0 people are in #dev."])
        self.assertEqual(lines(Who("#dev", ["bob"], [])), ["1 person is in #dev: bob."])
        self.assertEqual(lines(Who("#dev", ["bob", "al"], [])), ["2 people are in #dev: bob, al."])

    def test_who_is_away_is_marked(self) -> None:
        self.assertEqual(lines(Who("#dev", ["bob", "al"], ["al"])), ["2 people are in #dev: bob, al (away)."])

    def test_many_are_told_in_several_lines(self) -> None:
        for number in (NAMED_PER_LINE - 1, NAMED_PER_LINE, NAMED_PER_LINE + 1, 2 * NAMED_PER_LINE, 120):
            nicks = [f"p{i}" for i in range(number)]
            several = lines(Who("#dev", nicks, []))
            self.assertEqual(len(several), -(-number // NAMED_PER_LINE))
            for line in several[:-1]:
                self.assertTrue(line.endswith(","))
            for line in several[1:]:
                self.assertTrue(line.startswith("and p"))
            told = " ".join(line.removeprefix("and ") for line in several)
            self.assertEqual(told, f"{number} people are in #dev: {', '.join(nicks)}.")

    def test_of_a_crowd_one_page_is_told_and_how_many_more_there_are(self) -> None:
        self.assertEqual(
            lines(Who("#dev", ["bob", "al"], [], named=0, more=3)),
            ["5 people are in #dev: bob, al,", "3 more: /more"],
        )
        self.assertEqual(
            lines(Who("#dev", ["cy", "di"], ["di"], named=2, more=1)), ["and cy, di (away),", "1 more: /more"]
        )
        self.assertEqual(lines(Who("#dev", ["ed"], [], named=4, more=0)), ["and ed."])

    def test_a_program_is_told_all_of_them(self) -> None:
        self.assertEqual(
            as_json(Who("#dev", ["bob", "al"], ["al"])),
            {"type": "who", "room": "dev", "people": ["bob", "al"], "away": ["al"]},
        )


class WhoIsTests(SynchronousTestCase):
    def test_where_since_when_and_how_idle(self) -> None:
        self.assertEqual(
            lines(WhoIs("bob", ["#dev", "#lobby"], MORNING, 185.2, None)),
            ["bob is in #dev, #lobby, connected since 10:02, idle for 3 minutes."],
        )

    def test_somebody_may_be_in_no_room_and_away(self) -> None:
        where = "bob is in no room, connected since 2026-11-20 10:02, idle for 1 second."
        self.assertEqual(lines(WhoIs("bob", [], YESTERDAY, 1, "")), [where, "bob is away."])
        self.assertEqual(lines(WhoIs("bob", [], YESTERDAY, 1, "lunch")), [where, "bob is away: lunch"])

    def test_of_one_with_an_account_its_nickname_and_where_they_are_an_operator(self) -> None:
        where = "rob is in no room, connected since 10:02, idle for 1 second."
        account = WhoIs("rob", [], MORNING, 1, None, "bob")
        self.assertEqual(lines(account), [where, "rob is logged in as bob."])
        operator = WhoIs("rob", [], MORNING, 1, None, "bob", ["#a", "#b"], True)
        self.assertEqual(
            lines(operator)[2:], ["rob is an operator of the server.", "rob is an operator of #a, #b."]
        )
        told = as_json(account), as_json(operator)
        self.assertEqual([it["account"] for it in told], ["bob", "bob"])
        self.assertEqual([it["operator"] for it in told], [[], ["a", "b"]])
        self.assertEqual([it["server"] for it in told], [False, True])

    def test_of_one_on_another_node_it_is_not_known_how_idle_they_are(self) -> None:
        answer = WhoIs("bob", ["#dev"], MORNING, None, None)
        self.assertEqual(lines(answer), ["bob is in #dev, connected since 10:02."])
        self.assertIsNone(as_json(answer)["idle"])

    def test_the_time_is_that_of_whoever_asks(self) -> None:
        (told,) = lines(WhoIs("bob", [], MORNING, 1, None), Style(ZoneInfo("Europe/Paris"), MORNING))
        self.assertIn("connected since 11:02,", told)

    def test_a_program_is_told_the_same(self) -> None:
        self.assertEqual(
            as_json(WhoIs("bob", ["#dev", "#lobby"], MORNING, 185.2, "lunch")),
            {
                "type": "whois", "nick": "bob", "rooms": ["dev", "lobby"], "idle": 185, "away": "lunch",
                "since": "2026-11-21T10:02:03.123Z",
            },
        )  # fmt: skip
        self.assertIsNone(as_json(WhoIs("bob", [], MORNING, 0, None))["away"])


class SeenTests(SynchronousTestCase):
    def test_one_who_is_here_is_here(self) -> None:
        self.assertEqual(lines(Seen("bob", None)), ["bob is here now."])
        self.assertEqual(as_json(Seen("bob", None)), {"type": "seen", "nick": "bob", "here": True})

    def test_one_who_is_gone_was_here_at_some_time(self) -> None:
        self.assertEqual(lines(Seen("bob", MORNING)), ["bob was last here at 10:02."])
        self.assertEqual(lines(Seen("bob", YESTERDAY)), ["bob was last here at 2026-11-20 10:02."])
        self.assertEqual(
            as_json(Seen("bob", MORNING)),
            {"type": "seen", "nick": "bob", "here": False, "time": "2026-11-21T10:02:03.123Z"},
        )


class TopicTests(SynchronousTestCase):
    def test_a_room_may_have_a_topic_or_none(self) -> None:
        self.assertEqual(lines(Topic("#dev", "")), ["#dev has no topic."])
        self.assertEqual(lines(Topic("#dev", "cats")), ["The topic of #dev is: cats"])

    def test_a_program_is_told_it_without_words_around_it(self) -> None:
        self.assertEqual(as_json(Topic("#dev", "cats")), {"type": "topic", "room": "dev", "text": "cats"})
        self.assertEqual(as_json(Topic("#dev", "")), {"type": "topic", "room": "dev", "text": ""})


# What people can give names and texts: they are clean where an answer is made of them.
NICKS = st.text("abIl0_\u0e01\u05d3\u6771\u00e9", min_size=1, max_size=20)
TEXTS = st.text(st.characters()).map(lambda text: clean(text).strip())
ANSWERS = st.one_of(
    st.builds(Notice, TEXTS),
    st.builds(Topic, st.just("#dev"), TEXTS),
    st.builds(
        WhoIs, nick=NICKS, rooms=st.lists(st.just("#dev")), since=st.just(MORNING), idle=st.floats(0, 1e9),
        away=st.none() | TEXTS,
    ),
    st.builds(Seen, nick=NICKS, time=st.none() | st.just(YESTERDAY)),
    st.builds(Who, room=st.just("#dev"), people=st.lists(NICKS), away=st.lists(NICKS)),
    st.builds(
        Join, nick=NICKS, room=st.just("#dev"), people=st.lists(NICKS, max_size=10),
        others=st.integers(0, 10**6),
    ),
)  # fmt: skip


class ReloadTests(SynchronousTestCase):
    def test_what_changed_and_what_needs_a_restart_are_told(self) -> None:
        stays = "ssl:8024: the certificate stays as it was."
        for changed, restart, refused, told in (
            (["limits", "motd"], [], [], ["Changed: limits, motd."]),
            ([], ["store"], [], ["Nothing has changed.", "Needs a restart: store."]),
            ([], [], [stays], ["Nothing has changed.", stays]),
        ):
            answer = answers.Reload(changed, restart, refused)
            self.assertEqual(lines(answer), told)
            fields = {"type": "reload", "changed": changed, "restart": restart, "refused": refused}
            self.assertEqual(as_json(answer), fields)


class LockdownTests(SynchronousTestCase):
    def test_who_may_come_in_is_told_as_a_sentence_and_to_a_program_as_a_switch(self) -> None:
        for on, text in (False, "Everybody may come in."), (True, "Only people with an account may come in."):
            self.assertEqual(lines(answers.Lockdown(on)), [text])
            self.assertEqual(as_json(answers.Lockdown(on)), {"type": "lockdown", "on": on})


class AnswerLaws(SynchronousTestCase):
    def test_an_answer_that_says_nothing_is_none(self) -> None:
        self.assertRaises(NotImplementedError, lines, Answer())

    @settings(deadline=None, database=None)
    @given(ANSWERS)
    def test_whatever_people_are_called_and_write_an_answer_is_whole_lines_of_clean_text(
        self, answer: Answer
    ) -> None:
        for line in lines(answer):
            self.assertEqual(clean(line), line)
            self.assertNotIn("\n", line)

    @settings(deadline=None, database=None)
    @given(ANSWERS)
    def test_a_program_is_told_the_same_texts_in_one_line(self, answer: Answer) -> None:
        told = as_json(answer)
        if isinstance(answer, Notice | Topic):
            self.assertEqual(told["text"], answer.text)
