"""Who is mentioned in what is said: in any script, however it is spelled, and not inside other words."""

from __future__ import annotations

from unicodedata import normalize

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.events import Acted, Edited, Event, Joined, Noted, Replied, Said, Told
from tcpchat.limits import MOST_MENTIONS
from tcpchat.mentions import fold, mentioned, mentions, told
from tcpchat.names import NotAName, nickname

NAMES = (
    "bob",
    "bob_2",
    "x-y",
    "Straße",
    "ΟΔΥΣΣΕΥΣ",
    "Мария",
    "İrem",
    "josé",
    "太郎",
    "สมชาย",
    "철수",
    "नेहा",
    "مريم",
)


def is_mentioned(nick: str, text: str) -> bool:
    return mentions(fold(text), fold(nickname(nick).fold))


class MentionTests(SynchronousTestCase):
    def test_as_a_word_of_its_own(self) -> None:
        for text in (
            "bob", "hi bob", "bob: lunch?", "bob, lunch?", "@bob", "(bob)", "bob!", "is it bob's?", '"bob"',
            "alice/bob", "BOB", "Bob?", "\uff42\uff4f\uff42", "one\nbob: two", "…bob…", "*bob*",
            "bobby and bob",
        ):  # fmt: skip
            self.assertTrue(is_mentioned("bob", text), text)

    def test_not_inside_another_word(self) -> None:
        for text in (
            "", "b ob", "bobby", "kebob", "bob2", "2bob", "bob_", "_bob", "bob-the-builder", "not-bob",
            "bób", "bob\u0301", "bob\u0431", "bo", "b\u200bob",
        ):  # fmt: skip
            self.assertFalse(is_mentioned("bob", text), text)

    def test_where_words_have_no_spaces_between_them_everything_is_a_word(self) -> None:
        for nick, text in (
            ("太郎", "太郎さん、お昼?"), ("bob", "bobさん、お昼?"), ("太郎", "桃太郎"), ("철수", "철수야"),
            ("สมชาย", "คุณสมชายครับ"),
        ):  # fmt: skip
            self.assertTrue(is_mentioned(nick, text), text)
        self.assertFalse(is_mentioned("bob", "さbobs"))

    def test_case_and_width_and_composition_do_not_matter_but_accents_do(self) -> None:
        for nick, text in (
            ("Мария", "МАРИЯ!"), ("ΟΔΥΣΣΕΥΣ", "Οδυσσευς, hi"), ("Straße", "STRASSE"),
            ("josé", normalize("NFD", "JOSÉ: hi")), ("bob_2", "@\uff22\uff2f\uff22\uff3f\uff12"),
        ):  # fmt: skip
            self.assertTrue(is_mentioned(nick, text), text)
        self.assertFalse(is_mentioned("josé", "jose"))

    def test_signs_of_a_pattern_are_none(self) -> None:
        self.assertFalse(is_mentioned("x-y", "x+y xy x--y"))
        self.assertTrue(is_mentioned("x-y", "[x-y]"))

    @given(
        st.sampled_from(NAMES), st.sampled_from(["{}", "hi {}", "@{}: hi", "{}, hi", "a\n{}"]), st.booleans()
    )
    def test_every_nickname_is_found_as_it_is_shown_and_in_capitals(
        self, nick: str, text: str, upper: bool
    ) -> None:
        shown = nickname(nick).display
        self.assertTrue(is_mentioned(nick, text.format(shown.upper() if upper else shown)))

    @given(st.text(max_size=20), st.text(max_size=60))
    def test_any_nickname_beside_any_text_is_found_between_blanks(self, typed: str, text: str) -> None:
        try:
            name = nickname(typed)
        except NotAName:
            name = nickname("bob")
        self.assertTrue(is_mentioned(name.display, f"{text} {name.display} {text}"))
        self.assertEqual(fold(fold(text)), fold(text))


class MentionedTests(SynchronousTestCase):
    def who(self, event: Event) -> list[str]:
        return mentioned(event, [("1", "bob"), ("2", "anna"), ("3", "carl")])

    def test_all_of_some_people_who_are_mentioned(self) -> None:
        for event in (
            Said("s", "eve", "bob: ask Anna"),
            Acted("s", "eve", "asks bob and anna"),
            Replied("s", "eve", "bob? anna?", 7, "carl: who"),
            Edited("s", "eve", "anna, bob", 7),
        ):
            self.assertEqual(self.who(event), ["1", "2"], event)

    def test_nobody_mentions_themselves(self) -> None:
        self.assertEqual(self.who(Said("s", "BOB", "I am bob, you are anna")), ["2"])

    def test_a_nickname_that_is_none_any_more_is_compared_as_it_is(self) -> None:
        self.assertEqual(self.who(Said("s", "a b", "bob")), ["1"])

    def test_what_nobody_says_to_the_others_calls_nobody(self) -> None:
        for event in Noted("s", "eve", "banned bob"), Joined("s", "bob"), Told("s", "eve", "bob", "bob!"):
            self.assertEqual(self.who(event), [], event)


class ToldTests(SynchronousTestCase):
    def test_the_numbers_of_the_current_room_come_first(self) -> None:
        self.assertEqual(
            told([("#dev", 17), ("#dev", 18), ("#own", 3), ("", 1201), ("", 1230)]),
            "5 of them mention you: 1201, 1230, #dev 17, 18, #own 3.",
        )

    def test_of_one_the_words_are_singular(self) -> None:
        self.assertEqual(told([("", 1201)]), "1 of them mentions you: 1201.")
        self.assertEqual(told([("#dev", 9)]), "1 of them mentions you: #dev 9.")

    def test_so_many_are_named_and_of_the_others_their_number(self) -> None:
        numbers = [("", n) for n in range(MOST_MENTIONS - 2)] + [("#dev", n) for n in (7, 8)]
        self.assertTrue(told(numbers).endswith(", 17, #dev 7, 8."))
        more = [*numbers, ("#dev", 9), ("#own", 1)]
        self.assertTrue(told(more).endswith(", 17, #dev 7, 8 and 2 more."))
        self.assertTrue(told(more).startswith(f"{MOST_MENTIONS + 2} of them mention you: 0, 1, "))
