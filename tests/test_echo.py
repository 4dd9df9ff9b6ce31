"""What somebody typed is repeated clean, and not at length."""

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.echo import LONGEST_ECHO, echo
from tcpchat.text import clean


class EchoTests(SynchronousTestCase):
    def test_what_was_nearly_a_name_is_repeated_whole(self) -> None:
        self.assertEqual(echo("bob smith"), "bob smith")
        self.assertEqual(echo("x" * LONGEST_ECHO), "x" * LONGEST_ECHO)

    def test_of_more_the_beginning_is(self) -> None:
        self.assertEqual(echo("x" * (LONGEST_ECHO + 1)), "x" * LONGEST_ECHO + "...")
        self.assertEqual(echo("x" * 4096), "x" * LONGEST_ECHO + "...")

    def test_what_nobody_should_see_is_not_repeated(self) -> None:
        self.assertEqual(echo("b\x1b[2Jo\u202eb\n\u200b"), "b[2Job")
        self.assertEqual(echo("\x1b]0;x\x07" * 1000), "]0;x" * (LONGEST_ECHO // 6) + "]...")

    @settings(deadline=None, database=None)
    @given(st.text(st.characters()) | st.text("a\u0301\u200d\u0915\u094d\U0001f469 \x1b", max_size=100))
    def test_an_echo_is_clean_and_short_and_repeating_it_changes_nothing(self, typed: str) -> None:
        shown = echo(typed)
        self.assertEqual(clean(shown), shown)
        # NFC takes some characters apart, at most into four.
        self.assertLessEqual(len(shown), 4 * LONGEST_ECHO + 3)
        if len(typed) <= LONGEST_ECHO:
            self.assertEqual(shown, clean(typed))
