"""What people type behind /search, and what is looked for then."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.queries import Query, parse, words
from tcpchat.requests import NotUnderstood, Refused

PIECES = st.sampled_from(
    ['"', " ", "from:", "in:", "#lobby", "ada", "FROM:", "東京", "!", "\0", "\ud800", "\t"]
)


class ParseTests(SynchronousTestCase):
    def test_words_and_phrases_are_looked_for(self) -> None:
        for text, phrases in (
            ("build", ("build",)),
            ("  build   failed ", ("build", "failed")),
            ('"build failed" again', ("build failed", "again")),
            ('again "build failed', ("again", "build failed")),
            ('say"build failed"twice', ("say", "build failed", "twice")),
            ('"" " " a', ("a",)),
            ("! a ?", ("a",)),
            ("it's 5:30", ("it's", "5:30")),
            ("wherefrom:ada builtin:#x", ("wherefrom:ada", "builtin:#x")),
            ('"from:ada" "in:#x"', ("from:ada", "in:#x")),
        ):
            self.assertEqual(parse(text), (Query(phrases), ""), text)

    def test_who_said_it_and_where_may_stand_anywhere(self) -> None:
        wanted = Query(("build", "failed now"), "ada"), "#Dev"
        for text in (
            'from:ada in:#Dev build "failed now"',
            'build FROM:Ada "failed now" In:#Dev',
            'build "failed now" in:#Dev from:aDA',
        ):
            self.assertEqual(parse(text), wanted, text)

    def test_who_said_it_is_enough(self) -> None:
        self.assertEqual(parse("from:ada"), (Query((), "ada"), ""))
        self.assertEqual(parse("in:#dev from:ada !"), (Query((), "ada"), "#dev"))

    def test_without_anything_to_look_for_there_is_no_query(self) -> None:
        for text in "", "  ", '"', '""', "!", "in:#lobby", '"..." -':
            refusal = self.assertRaises(NotUnderstood, parse, text)
            self.assertEqual(str(refusal), "It is used like this: /search WORDS")

    def test_what_is_no_nickname_is_named(self) -> None:
        refusal = self.assertRaises(Refused, parse, "hello from:5")
        self.assertEqual(str(refusal), '"5" is not a nickname: it must begin with a letter.')
        self.assertNotIsInstance(refusal, NotUnderstood)
        refusal = self.assertRaises(Refused, parse, "hello from: ada")
        self.assertEqual(str(refusal), '"" is not a nickname: it is empty.')

    @given(st.text() | st.lists(PIECES).map("".join))
    @example('from:"')
    def test_any_text_is_a_query_or_refused(self, text: str) -> None:
        try:
            query, room = parse(text)
        except Refused:
            return
        self.assertTrue(query.phrases or query.nick)
        self.assertNotIn("", query.phrases)
        self.assertIn(room, text)

    def test_its_repr_tells_how_much_is_looked_for_and_not_what(self) -> None:
        self.assertEqual(repr(parse("some words from:bob")[0]), "Query(phrases=<2>)")


class WordsTests(SynchronousTestCase):
    def test_characters_of_scripts_without_spaces_are_words(self) -> None:
        self.assertEqual(words("go to 東京!").split(), ["go", "to", "東", "京", "!"])
        self.assertEqual(words("plain, Grüße, дом"), "plain, Grüße, дом")

    @given(st.text())
    def test_nothing_but_blanks_is_added(self, text: str) -> None:
        self.assertEqual(words(text).replace(" ", ""), text.replace(" ", ""))
