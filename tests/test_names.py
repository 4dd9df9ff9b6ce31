"""What is a name, which two are the same, and why something is none."""

import re
import unicodedata
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from precis_i18n import get_profile
from twisted.trial.unittest import SynchronousTestCase
from wcwidth import wcswidth

from tcpchat import names
from tcpchat.names import (
    LONGEST_NICKNAME,
    LONGEST_ROOM_NAME,
    MOST_REMEMBERED,
    MOST_TYPED,
    RESERVED,
    Name,
    NotAName,
    is_reserved,
    nickname,
    prepare,
    room_name,
    skeleton,
)
from tcpchat.text import clean

CYRILLIC_A = "\N{CYRILLIC SMALL LETTER A}"
CYRILLIC_PAUL = "\N{CYRILLIC SMALL LETTER ER}" + CYRILLIC_A + "ul"
# Wholly Cyrillic, and an English fruit: er, a, er, er, palochka, ie.
CYRILLIC_APPLE = "\u0430\u0440\u0440\u04cf\u0435"
FULLWIDTH_BOB = "\uff42\uff4f\uff42"

HEBREW = "\u05d3\u05d5\u05d3"  # David
DEVANAGARI = "\u0930\u093e\u092e\u094d"  # ra, vowel aa (Mc), ma, virama (Mn)
THAI = "\u0e17\u0e35\u0e48\u0e23\u0e31\u0e01"  # with vowels and a tone mark above (Mn)
KANJI, HIRAGANA, KATAKANA = "\u6771\u4eac", "\u3072\u308d", "\u30bf\u30ef\u30fc"
HANGUL, BOPOMOFO, GREEK = "\ud55c\uad6d", "\u3105\u3106", "\u03bd\u03af\u03ba\u03b7"

LETTERS = (
    "abcilmnorwzABCILMNORWZ\u00df\u00e9\u0130\u0131\u00f8\u017f\u0153"
    + CYRILLIC_APPLE + "\u0416\u0439" + GREEK + "\u03a3\u03c2\u03f4" + FULLWIDTH_BOB + "\uff21\uff29"
    + HEBREW + DEVANAGARI + THAI + KANJI + HIRAGANA + KATAKANA + "\uff76\uff9e" + HANGUL + BOPOMOFO
    + "\u0627\u0644\u064a" + "\u10d0\u1c90" + "\u13a0\uab70" + "\u01c5"
)  # fmt: skip
OTHERS = "0123456789-_\uff10\u0661\u06f1\u0967\u0301\u0307\u0338\u200d\u200c\ufe0f\u00a0 #@\x1b\t\ud800"
NEARLY_NAMES = st.text(st.sampled_from(LETTERS * 4 + OTHERS), max_size=24) | st.from_regex(
    r"[A-Za-z][A-Za-z0-9_-]{0,21}", fullmatch=True
)
ANYTHING = NEARLY_NAMES | st.text(st.characters())  # lone surrogates too


def law(*strategies: SearchStrategy[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A law that holds for whatever the strategies draw, on however slow a machine."""

    def of(test: Callable[..., None]) -> Callable[..., None]:
        return settings(deadline=None, database=None)(given(*strategies)(test))

    return of


def is_nickname(text: str) -> bool:
    try:
        nickname(text)
    except NotAName:
        return False
    return True


NICKNAMES = NEARLY_NAMES.filter(is_nickname).map(nickname)


class Names(SynchronousTestCase):
    def assert_refused(
        self, reason: str, typed: str, judge: Callable[..., Name] = nickname, **options: bool
    ) -> None:
        refusal = self.assertRaises(NotAName, judge, typed, **options)
        self.assertEqual(str(refusal), reason, ascii(typed))

    def assert_same(self, one: str, other: str) -> None:
        self.assertTrue(nickname(one).same(nickname(other)), ascii((one, other)))

    def assert_different(self, one: str, other: str) -> None:
        self.assertFalse(nickname(one).same(nickname(other)), ascii((one, other)))


class SpellingTests(Names):
    def test_the_spelling_is_kept_for_display(self) -> None:
        self.assertEqual(nickname("Bob-2_x").display, "Bob-2_x")
        self.assertEqual(nickname("Bob-2_x").fold, "bob-2_x")

    def test_the_spelling_is_composed(self) -> None:
        self.assertEqual(nickname("Rene\N{COMBINING ACUTE ACCENT}").display, "Ren\u00e9")

    def test_any_script_will_do_with_its_marks(self) -> None:
        for typed in HEBREW, DEVANAGARI, THAI, KANJI, HANGUL, BOPOMOFO, GREEK, "Zo\u00eb", CYRILLIC_APPLE:
            self.assertEqual(nickname(typed).display, typed)

    def test_a_nickname_begins_with_a_letter(self) -> None:
        for typed in "2bob", "-bob", "_bob", "<bob", "*", "#bob", "!!!", "\N{COMBINING ACUTE ACCENT}a":
            self.assert_refused("it must begin with a letter", typed)

    def test_a_mark_belongs_to_a_letter(self) -> None:
        self.assertTrue(nickname("x\N{COMBINING MACRON}"))
        for typed in "b2\N{COMBINING MACRON}", "b-\N{COMBINING MACRON}":
            self.assert_refused("only letters, digits, - and _ are allowed", typed)

    def test_other_characters_are_no_part_of_a_name(self) -> None:
        for typed in "bob!", "a.b", "a/b", "a,b", "bob>", "bob:", "o'hara", "a\N{GRINNING FACE}":
            self.assert_refused("only letters, digits, - and _ are allowed", typed)

    def test_a_name_is_one_word(self) -> None:
        for typed in "hello everybody", "a\tb", "a\N{NO-BREAK SPACE}b", " bob", "bob\n", "a" * 99 + " b":
            self.assert_refused("it has a space", typed)

    def test_nothing_is_no_name(self) -> None:
        self.assert_refused("it is empty", "")

    def test_what_cleaning_takes_out_is_refused_and_not_cleaned(self) -> None:
        for hidden in "\x1b\x07\x7f\x9b\u200b\u202e\u2066\ufeff\ue000\ud800":
            self.assert_refused("it has a character that cannot be shown", f"bo{hidden}b")
            self.assert_refused("it has a character that cannot be shown", f"{hidden}bob")

    def test_marks_are_not_piled_up(self) -> None:
        self.assertTrue(nickname("x" + "\u0331\u0323\u0304\u0306"))
        self.assert_refused("it has a character that cannot be shown", "x" + "\u0331\u0323\u0304\u0306\u0306")

    def test_a_second_dot_on_an_i_is_refused(self) -> None:
        self.assert_refused("it has a dot that nobody would see", "bi\N{COMBINING DOT ABOVE}ll")
        self.assertTrue(nickname("\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}lker"))

    def test_the_same_mark_twice_is_refused_however_it_is_composed(self) -> None:
        acute, dot_below = "\N{COMBINING ACUTE ACCENT}", "\N{COMBINING DOT BELOW}"
        for typed in "\u00e1" + acute, "a" + acute + dot_below + acute, THAI + "\u0e49\u0e49":
            self.assert_refused("it has the same mark twice on a letter", typed)
        self.assertTrue(nickname("a" + dot_below + acute + "a" + acute))

    def test_letters_that_look_like_the_signs_of_the_server_are_refused(self) -> None:
        click, ess = "\N{LATIN LETTER RETROFLEX CLICK}", "\N{OLD ITALIC LETTER ESS}"
        for typed in click * 2, click * 3 + "bob", "a" + click * 2, ess * 2:
            self.assert_refused("it looks like the signs before the server's words", typed)
        self.assertTrue(nickname(click + "Kung"))

    def test_a_ligature_or_an_old_jamo_is_refused(self) -> None:
        for typed in "\N{LATIN SMALL LIGATURE FI}nn", "\N{HANGUL CHOSEONG KIYEOK}":
            self.assert_refused("it has a character that names may not have", typed)

    def test_arabic_with_two_kinds_of_digits_is_refused(self) -> None:
        self.assert_refused("its parts run in different directions", "\u0639\u0644\u064a\u06632")

    def test_twenty_columns_and_no_more(self) -> None:
        self.assertTrue(nickname("b" * 20))
        self.assert_refused("it is wider than 20 columns", "b" * 21)
        self.assert_refused("it is wider than 20 columns", "b" * 4096)

    def test_a_wide_character_takes_two_columns(self) -> None:
        self.assertTrue(nickname("\u6771" * 10))
        self.assert_refused("it is wider than 20 columns", "\u6771" * 10 + "a")

    def test_sixty_four_bytes_and_no_more(self) -> None:
        # Ten consonants of three bytes, each with a mark of three, and four bytes of digits.
        self.assertTrue(nickname("\u0e01\u0e34" * 10 + "1234"))
        self.assert_refused("it is longer than 64 bytes", "\u0e01\u0e34" * 10 + "12345")

    def test_of_a_pasted_page_no_more_is_put_together_than_a_name_could_come_of(self) -> None:
        page = "a" + "\u0345\u0323" * 2047  # what takes longest to sort
        self.assertIn(len(names._compose(page)), range(LONGEST_NICKNAME + 1, MOST_TYPED + 2))
        self.assert_refused("it is longer than 64 bytes", page)
        self.assert_refused("it is longer than 32 characters", "#" + page, room_name)

    def test_what_is_put_together_of_so_much_is_too_long_and_a_name_is_put_together_of_less(self) -> None:
        most = max(len(unicodedata.normalize("NFD", chr(code))) for code in range(0x110000))
        self.assertGreater((MOST_TYPED + 1) / most, LONGEST_NICKNAME)
        self.assertGreater(MOST_TYPED / most, LONGEST_ROOM_NAME)
        name = nickname("\u1f82" * 20)  # of four each
        self.assertEqual(nickname(unicodedata.normalize("NFD", name.display)), name)

    def test_what_was_refused_is_not_remembered_and_of_the_rest_not_much(self) -> None:
        nickname.cache_clear()
        for number in range(MOST_REMEMBERED + 10):
            nickname(f"x{number}")
        self.assertRaises(NotAName, nickname, "b" * 4096)
        self.assertEqual(nickname.cache_info().currsize, MOST_REMEMBERED)

    def test_a_server_can_keep_to_ascii(self) -> None:
        self.assertEqual(nickname("Bob-2", ascii_only=True), nickname("Bob-2"))
        for typed in "Zo\u00eb", FULLWIDTH_BOB, CYRILLIC_APPLE, "bob\u0661":
            self.assert_refused("only A to Z, digits, - and _ are allowed here", typed, ascii_only=True)
        self.assert_refused("it must begin with a letter", "2bob", ascii_only=True)

    @law(ANYTHING, st.booleans())
    def test_a_text_is_a_nickname_or_refused_with_harmless_words(self, typed: str, ascii_only: bool) -> None:
        try:
            name = nickname(typed, ascii_only)
        except NotAName as refusal:
            self.assertRegex(str(refusal), r"\A(it|its|only) [A-Za-z0-9 ,_'-]*[a-z]\Z")
        else:
            self.assertTrue(typed.isascii() or not ascii_only)
            self.assertEqual(name.display, unicodedata.normalize("NFC", typed))

    @law(NICKNAMES)
    def test_every_nickname_keeps_the_rules(self, name: Name) -> None:
        shown = name.display
        self.assertTrue(1 <= wcswidth(shown) <= 20)
        self.assertTrue(len(shown.encode()) <= 64)
        self.assertTrue(shown[0].isalpha())
        for char in shown:
            self.assertTrue(char in "-_" or unicodedata.category(char) in "Lu Ll Lt Lm Lo Mn Mc Nd".split())
        self.assertEqual(clean(shown), shown)

    @law(st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,19}", fullmatch=True))
    def test_plain_ascii_is_always_a_nickname_and_folds_to_lower_case(self, typed: str) -> None:
        self.assertEqual(nickname(typed).fold, typed.lower())
        self.assertEqual(get_profile("UsernameCaseMapped").enforce(typed), typed.lower())


class ScriptTests(Names):
    def test_scripts_do_not_mix(self) -> None:
        for typed in CYRILLIC_PAUL, "bob" + GREEK, HEBREW + THAI, KANJI + GREEK, HANGUL + HIRAGANA:
            self.assert_refused("it mixes scripts", typed)

    def test_japanese_chinese_and_korean_mix_what_they_always_mix_and_latin(self) -> None:
        japanese, chinese, korean = KANJI + HIRAGANA + KATAKANA, KANJI + BOPOMOFO, KANJI + HANGUL
        for typed in japanese, chinese, korean:
            self.assertTrue(nickname(typed))
            self.assertTrue(nickname("bob-" + typed))

    def test_but_not_what_only_another_of_them_has(self) -> None:
        for typed in BOPOMOFO + HIRAGANA, BOPOMOFO + HANGUL, KANJI + HANGUL + KATAKANA:
            self.assert_refused("it mixes scripts", typed)

    def test_what_several_scripts_share_goes_with_each_of_them_and_no_other(self) -> None:
        prolonged = "\N{KATAKANA-HIRAGANA PROLONGED SOUND MARK}"
        self.assertTrue(nickname(HIRAGANA + prolonged))
        self.assertTrue(nickname(KATAKANA + prolonged))
        self.assert_refused("it mixes scripts", HANGUL + prolonged)

    def test_ascii_digits_go_with_every_script(self) -> None:
        for typed in DEVANAGARI, THAI, KANJI, GREEK, CYRILLIC_APPLE:
            self.assertTrue(nickname(typed + "-2_0"))

    def test_the_digits_of_a_script_are_of_that_script(self) -> None:
        self.assertTrue(nickname(DEVANAGARI + "\N{DEVANAGARI DIGIT TWO}"))
        self.assert_refused("it mixes scripts", "bob\N{DEVANAGARI DIGIT TWO}")


class SamenessTests(Names):
    def test_case_and_width_make_no_difference(self) -> None:
        for other in "BOB", "Bob", FULLWIDTH_BOB, FULLWIDTH_BOB.upper(), "b\uff4fB":
            self.assert_same("bob", other)

    def test_a_capital_i_looks_like_a_small_l(self) -> None:
        self.assert_same("pauI", "paul")

    def test_digits_look_like_letters(self) -> None:
        self.assert_same("b0b", "bob")
        self.assert_same("b\N{FULLWIDTH DIGIT ZERO}b", "bob")
        self.assert_same("pau1", "paul")

    def test_two_letters_look_like_one(self) -> None:
        self.assert_same("rnike", "mike")

    def test_another_alphabet_looks_like_latin(self) -> None:
        self.assert_same(CYRILLIC_APPLE, "apple")
        self.assert_same(CYRILLIC_APPLE.upper(), "apple")

    def test_no_letter_that_looks_like_one_of_ascii_makes_a_second_name(self) -> None:
        tried = 0
        for code, looks_like in names._prototypes().items():
            for before, after in ("", ""), ("x", ""), ("", "x"):
                typed, other = f"{before}{chr(code)}{after}", f"{before}{looks_like}{after}"
                if typed != other and other.isascii() and is_nickname(typed) and is_nickname(other):
                    self.assert_same(typed, other)
                    tried += 1
        self.assertGreater(tried, 500)

    def test_a_word_of_another_alphabet_wholly_is_the_latin_one_that_it_looks_like(self) -> None:
        for typed, latin in [
            ("\u0455\u0441\u043e\u0440\u0435", "scope"), ("\u0421\u041e\u0421\u041e\u0410", "COCOA"),
            ("\u03bd\u03b9\u03ba\u03b5", "nike"), ("\ua4e1\ua4f3\ua4e1", "LOL"),
            ("\u13da\u13aa\u13de", "SAL"), ("\u0585\u057d\u0578\u0570", "ounh"),
        ]:  # fmt: skip
            self.assert_same(typed, latin)

    def test_halfwidth_kana_are_kana(self) -> None:
        self.assert_same("\uff76\uff9e", "\N{KATAKANA LETTER GA}")

    def test_a_final_sigma_and_a_sharp_s_are_only_spelling(self) -> None:
        self.assert_same("\u03bd\u03b9\u03ba\u03bf\u03c2", "\u039d\u0399\u039a\u039f\u03a3")
        self.assert_same("stra\N{LATIN SMALL LETTER SHARP S}e", "STRASSE")

    def test_other_names_are_different(self) -> None:
        for one, other in ("bob", "rob"), ("bob", "bob2"), ("ren\u00e9", "rene"), ("a-b", "a_b"):
            self.assert_different(one, other)

    def test_likeness_is_not_transitive(self) -> None:
        self.assert_same("pauI", "paul")
        self.assert_same("pauI", "PAUI")
        self.assert_different("RNIKE", "MIKE")
        self.assert_same("rnike", "mike")

    @law(NICKNAMES)
    def test_a_name_is_the_same_as_itself_however_it_is_typed(self, name: Name) -> None:
        self.assertTrue(name.same(name))
        self.assertTrue(name.same(nickname(unicodedata.normalize("NFD", name.display))))

    @law(NICKNAMES, NICKNAMES)
    def test_the_same_goes_both_ways_and_is_sharing_a_key(self, one: Name, other: Name) -> None:
        self.assertEqual(one.same(other), other.same(one))
        self.assertEqual(one.same(other), not set(one.keys).isdisjoint(other.keys))

    @law(NICKNAMES)
    def test_a_folded_name_does_not_change_when_folded_again(self, name: Name) -> None:
        self.assertEqual(get_profile("UsernameCaseMapped").enforce(name.fold), name.fold)

    @law(NICKNAMES)
    def test_another_case_is_the_same_name(self, name: Name) -> None:
        for other in name.display.upper(), name.display.lower(), name.display.swapcase():
            if is_nickname(other):
                self.assertTrue(name.same(nickname(other)), ascii((name.display, other)))


class SkeletonTests(SynchronousTestCase):
    def test_the_examples_of_uts_39_and_ours(self) -> None:
        for text, looks_like in [
            ("paul", "paul"), (CYRILLIC_PAUL, "paul"), ("I1|l", "llll"), ("0O", "OO"), ("m", "rn"),
            (CYRILLIC_A, "a"), (CYRILLIC_APPLE, "appie"), ("\N{LATIN SMALL LETTER DOTLESS I}", "i"),
            ("\N{LATIN SMALL LIGATURE FI}", "fi"), ("\N{ARABIC LETTER ALEF}", "l"), ("\N{RUPEE SIGN}", "Rs"),
            ("\N{LATIN SMALL LETTER A WITH RIGHT HALF RING}", "a\N{COMBINING HOOK ABOVE}"),
        ]:  # fmt: skip
            self.assertEqual(skeleton(text), looks_like, ascii(text))

    def test_two_that_look_like_each_other_and_nothing_else_have_one_skeleton(self) -> None:
        for one, other in [
            ("\N{CYRILLIC SMALL LETTER YA}", "\N{LATIN LETTER SMALL CAPITAL REVERSED R}"),
            ("\N{ARMENIAN CAPITAL LETTER MEN}", "\N{ETHIOPIC SYLLABLE HO}"),
            ("\N{THAI CHARACTER KHO KHAI}", "\N{THAI CHARACTER KHO KHUAT}"),
            ("o\N{COMBINING SHORT SOLIDUS OVERLAY}", "\N{LATIN SMALL LETTER O WITH STROKE}"),
        ]:
            self.assertEqual(skeleton(one), skeleton(other))

    def test_what_is_invisible_looks_like_nothing(self) -> None:
        self.assertEqual(skeleton("b\N{ZERO WIDTH SPACE}o\N{VARIATION SELECTOR-16}b"), "bob")

    def test_the_skeleton_of_each_single_character_is_its_own(self) -> None:
        for code in range(0x20000):
            looks_like = skeleton(chr(code))
            self.assertEqual(skeleton(looks_like), looks_like, hex(code))

    @law(st.text(st.sampled_from(LETTERS + OTHERS)))
    def test_the_skeleton_of_a_skeleton_is_itself(self, text: str) -> None:
        self.assertEqual(skeleton(skeleton(text)), skeleton(text))


class ReservedTests(SynchronousTestCase):
    def test_the_words_that_name_the_server_or_everybody_are_reserved(self) -> None:
        self.assertEqual(
            set(RESERVED),
            {
                *"server system admin root operator moderator help all here everyone you".split(),
                *"nickserv chanserv broadcast".split(),
                "tcpchat",
            },
        )
        for word in RESERVED:
            self.assertTrue(is_reserved(nickname(word)), word)

    def test_so_is_what_looks_like_one(self) -> None:
        for typed in "Server", "ADMIN", "r00t", "he1p", "SYSTErn", "\uff41\uff4c\uff4c", "TcpChat":
            self.assertTrue(is_reserved(nickname(typed)), ascii(typed))

    def test_so_is_what_looks_like_one_in_capitals(self) -> None:
        for typed in "admln", "heip", "nlckserv", "\ua4ec\ua4f3\ua4f4":
            self.assertTrue(is_reserved(nickname(typed)), ascii(typed))

    def test_each_word_is_reserved_by_each_of_its_keys_but_all_by_its_capitals(self) -> None:
        for word in RESERVED:
            for key in nickname(word).keys:
                others = {each: f"nothing like {each}" for each in ("fold", "skeleton", "upper")}
                fold, looks, upper = (others | {key[0]: key[1]}).values()
                self.assertEqual(is_reserved(Name("x", fold, looks, upper)), key != ("upper", "all"), key)

    def test_the_tables_can_be_read_before_they_are_needed(self) -> None:
        tables = names._prototypes, names._scripts, names._reserved_keys
        for cached in (*tables, nickname):
            cached.cache_clear()
        prepare()
        self.assertTrue(is_reserved(nickname("\uff41dmin")))
        self.assertEqual([table.cache_info().misses for table in tables], [1, 1, 1])

    def test_other_names_are_not(self) -> None:
        for typed in "bob", "admin2", "servers", "allan", "ali":
            self.assertFalse(is_reserved(nickname(typed)), typed)


class RoomNameTests(Names):
    def test_a_room_is_shown_with_its_sign_and_compared_without(self) -> None:
        room = room_name("#Dev")
        self.assertEqual(room.display, "#Dev")
        self.assertEqual(room.keys, nickname("Dev").keys)
        self.assertTrue(room.same(room_name("#DEV")))

    def test_a_room_begins_with_its_sign(self) -> None:
        for typed in "dev", "", "\uff03dev", " #dev":
            self.assert_refused("it must begin with #", typed, room_name)
        self.assert_refused("it has nothing after #", "#", room_name)

    def test_then_comes_a_letter_or_a_digit(self) -> None:
        self.assertEqual(room_name("#2026").display, "#2026")
        self.assertTrue(room_name("#1" + THAI))
        for typed in "##dev", "#-dev", "#_", "#/dev", "#\N{COMBINING ACUTE ACCENT}":
            self.assert_refused("a letter or a digit must follow #", typed, room_name)

    def test_the_rules_for_nicknames_hold_for_the_rest(self) -> None:
        self.assert_refused("it has a space", "#a b", room_name)
        self.assert_refused("it has a character that cannot be shown", "#\x1bdev", room_name)
        self.assert_refused("only letters, digits, - and _ are allowed", "#a,#b", room_name)
        self.assert_refused("it mixes scripts", "#" + CYRILLIC_PAUL, room_name)
        self.assert_refused(
            "only A to Z, digits, - and _ are allowed here", "#" + GREEK, room_name, ascii_only=True
        )

    def test_thirty_two_characters_and_no_more_however_wide(self) -> None:
        self.assertTrue(room_name("#" + "b" * 32))
        self.assertTrue(room_name("#" + "\u6771" * 32))
        self.assert_refused("it is longer than 32 characters", "#" + "b" * 33, room_name)
        self.assert_refused("it is longer than 32 characters", "#" + "b" * 4095, room_name)

    def test_even_the_longest_characters_fit(self) -> None:
        self.assertTrue(room_name("#" + "\N{GOTHIC LETTER AHSA}" * 32))  # 128 bytes

    @law(ANYTHING, st.booleans())
    def test_a_text_is_a_room_or_refused_with_harmless_words(self, typed: str, ascii_only: bool) -> None:
        try:
            room = room_name("#" + typed, ascii_only)
        except NotAName as refusal:
            self.assertTrue(re.fullmatch(r"[A-Za-z0-9 ,_#-]*[a-z#]", str(refusal)), str(refusal))
        else:
            self.assertTrue(2 <= len(room.display) <= 33)
            self.assertTrue(room.display[1].isalnum())

    @law(NICKNAMES)
    def test_what_can_name_a_person_can_name_a_room(self, name: Name) -> None:
        if len(name.display) <= 32:
            self.assertEqual(room_name("#" + name.display).keys, name.keys)
