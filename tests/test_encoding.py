"""Which encodings a terminal may have: all of Python's in which ASCII is ASCII, found out anew here."""

from __future__ import annotations

import codecs
import encodings
import pkgutil
import re
from encodings.aliases import aliases

from hypothesis import example, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.encoding import UNUSABLE, USABLE, UTF8, Encoding, NotUsable, find

ASCII = bytes(range(128))
# All characters of the first plane beside ASCII; no encoding with bytes of its own has more.
OTHERS = [chr(code) for code in range(0x80, 0x10000) if not 0xD800 <= code < 0xE000]

# What a character may be: bytes above ASCII, or one printable character of ASCII that looks like it.
WHOLE = re.compile(rb"(?:[\x80-\xff]*|[ -~])(?:\n(?:[\x80-\xff]*|[ -~]))*")


def keeps_ascii(name: str) -> bool:
    """Tell whether a codec of Python's is of text, and in it ASCII is itself and nothing else."""
    try:
        codec = codecs.lookup(name)
        if codec.name.endswith("escape"):  # Python warns of some bytes in these
            return False
        if not codec._is_text_encoding or ASCII.decode(name).encode() != ASCII:
            return False
        return bool(
            ASCII.decode().encode(name) == ASCII and WHOLE.fullmatch("\n".join(OTHERS).encode(name, "ignore"))
        )
    except (LookupError, UnicodeError):
        return False


class UsableTests(SynchronousTestCase):
    def test_it_is_every_encoding_of_python_s_that_keeps_ascii_as_it_is(self) -> None:
        modules = {module.name for module in pkgutil.iter_modules(encodings.__path__)}
        # Of one that has two modules the aliases know one; "charmap" is what others are made with.
        known = {aliases.get(name, name) for name in modules} - {"charmap"}
        self.assertEqual({name for name in known if keeps_ascii(name)}, USABLE)

    def test_big5_and_its_like_are_not_because_their_second_bytes_are_ascii(self) -> None:
        for codec in (
            "big5",
            "gbk",
            "gb18030",
            "shift_jis",
            "cp932",
            "cp949",
            "johab",
            "iso2022_jp",
            "utf_16",
            "utf_7",
        ):
            self.assertFalse(keeps_ascii(codec), codec)
            self.assertIn(codec, UNUSABLE)

    def test_in_each_a_line_comes_back_whatever_its_neighbours_are(self) -> None:
        for codec in USABLE:
            each = [c for c in map(chr, range(0xA0, 0x3000)) if c.encode(codec, "ignore").decode(codec) == c]
            line = "\n".join(f"a{character}b" for character in each)
            self.assertEqual(
                [part.decode(codec) for part in line.encode(codec).split(b"\n")], line.split("\n")
            )


class FindTests(SynchronousTestCase):
    def test_an_encoding_has_many_names_and_is_called_as_it_was(self) -> None:
        for typed, codec in (
            ("latin-1", "latin_1"), ("Latin1", "latin_1"), ("ISO-8859-1", "latin_1"), ("l1", "latin_1"),
            ("cp437", "cp437"), ("IBM437", "cp437"), ("437", "cp437"), ("koi8-r", "koi8_r"),
            ("windows-1251", "cp1251"), ("cp1251", "cp1251"), ("cp737", "cp737"), ("koi8-u", "koi8_u"),
            ("euc-kr", "euc_kr"), ("euc-jp", "euc_jp"), ("US-ASCII", "ascii"), ("macroman", "mac_roman"),
        ):  # fmt: skip
            self.assertEqual(find(typed), Encoding(codec, typed.lower()))
            self.assertEqual(str(find(typed)), typed.lower())

    def test_byte_255_is_a_letter_in_some(self) -> None:
        for typed, is_letter in (
            ("utf-8", False), ("latin-1", True), ("cp1251", True), ("koi8-r", True), ("ascii", False),
            ("iso-8859-8", False), ("euc-jp", False), ("euc-kr", False),
        ):  # fmt: skip
            self.assertIs(find(typed).has_letter_255, is_letter, typed)

    def test_utf_8_is_utf_8_however_it_is_spelled(self) -> None:
        for typed in "utf-8", "UTF8", "utf_8", "U8", "cp65001":
            self.assertIs(find(typed), UTF8)

    def test_what_is_none_is_told_with_an_example(self) -> None:
        for typed in (
            "klingon",
            "",
            " ",
            "caf\u00e9",
            "aliases",
            "__init__",
            "os",
            "..",
            "charmap",
            "rot13x",
            "\0",
            "a" * 4000,
        ):
            refusal = self.assertRaises(NotUsable, find, typed)
            self.assertEqual(str(refusal), f'There is no encoding "{typed}". Try latin-1.')

    def test_what_cannot_be_used_is_told_why(self) -> None:
        for typed in "big5", "GBK", "utf-16", "shift_jis", "rot13", "base64":
            refusal = self.assertRaises(NotUsable, find, typed)
            self.assertEqual(
                str(refusal), f'"{typed}" cannot be used: its characters may have ASCII in them. Try latin-1.'
            )

    @settings(deadline=None, database=None)
    @given(st.text() | st.sampled_from(sorted(aliases)))
    @example("utf\u20118")
    def test_whatever_is_typed_what_is_found_can_be_used_and_found_again(self, typed: str) -> None:
        try:
            found = find(typed)
        except NotUsable:
            return
        self.assertIn(found.codec, USABLE)
        self.assertEqual(find(found.name), found)
        self.assertEqual(b"a".decode(found.codec), "a")

    def test_python_is_asked_for_no_wrong_name_and_so_remembers_none(self) -> None:
        remembered = encodings._cache
        before = len(remembered)
        for number in range(100):
            self.assertRaises(NotUsable, find, f"latin{number}x")
        self.assertEqual(len(remembered), before)
