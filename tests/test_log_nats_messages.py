"""The form of the messages in the stream, and the subjects that they have."""

from __future__ import annotations

import re

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.events import Entry, Removed, Said
from tcpchat.logs.nats_messages import (
    LARGEST_MESSAGE,
    LONGEST_TOKEN,
    Commit,
    Rewritten,
    TooLarge,
    decode,
    encode,
    subject,
    token,
)
from tests.contracts import events_of_every_kind

# What NATS allows in a part of a subject.
TOKEN = re.compile(r"[^\s.*>\0]+")


class MessageTests(SynchronousTestCase):
    def test_what_is_encoded_is_decoded(self) -> None:
        entries = [Entry(n, 5, event) for n, event in enumerate(events_of_every_kind("Grüße\0\n\"'"), 7)]
        for commit in (
            Commit("n1.1", "n1", "#lobby", entries, 5),
            Commit("n1.2", "n1", "#lobby", [Entry(1, 2, Removed("s", "ada", 3))], about=3, gone=[3, 4]),
            Commit("n1.3", "n1", "", again=[Rewritten(1, entries)], erases=[1, 2]),
            Commit("n1.4", "n1", "#lobby", forgets=10),
        ):
            self.assertEqual(decode(encode(commit)), commit)

    def test_what_stands_there_by_default_is_left_out(self) -> None:
        self.assertEqual(encode(Commit("1", "n1", "#a")), b'{"id":"1","node":"n1","stream":"#a"}')

    def test_a_message_may_be_so_large_and_no_larger(self) -> None:
        def commit(size: int) -> Commit:
            return Commit("1", "n1", "#a", [Entry(1, 2, Said("s", "ada", "x" * size))])

        size = LARGEST_MESSAGE - len(encode(commit(0)))
        self.assertEqual(len(encode(commit(size))), LARGEST_MESSAGE)
        self.assertRaises(TooLarge, encode, commit(size + 1))

    def test_what_is_none_of_ours_is_not_decoded(self) -> None:
        for payload in b"", b"hello", b"{}", b'{"id":1}', b"\xff":
            self.assertRaises(msgspec.MsgspecError, decode, payload)


class SubjectTests(SynchronousTestCase):
    def test_a_rooms_subject_can_be_read(self) -> None:
        self.assertEqual(subject("tcpchat", "#lobby"), "tcpchat.log.%23lobby")
        self.assertEqual(subject("tcpchat", "@s-1_x"), "tcpchat.log.%40s-1_x")

    @given(
        st.text(st.characters(codec="utf-8"), min_size=1), st.text(st.characters(codec="utf-8"), min_size=1)
    )
    def test_whatever_a_stream_is_called_it_has_a_token_of_its_own(self, one: str, other: str) -> None:
        self.assertTrue(TOKEN.fullmatch(token(one)))
        self.assertEqual(token(one) == token(other), one == other)

    def test_a_long_name_has_a_short_token(self) -> None:
        names = ["x" * LONGEST_TOKEN, "x" * (LONGEST_TOKEN + 1), "x" * 70_000, "é" * 200]
        tokens = [token(name) for name in names]
        self.assertEqual(tokens[0], names[0])
        self.assertEqual(len({*tokens}), len(names))
        self.assertLessEqual(max(map(len, tokens)), LONGEST_TOKEN)
        self.assertTrue(all(TOKEN.fullmatch(it) for it in tokens))
