"""The keys of records in a bucket: every name has one, and no two have the same."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.logs.nats_keys import bucket_key, escape, parts, unescape
from tcpchat.records import SESSION, SHOWN


class KeyTests(SynchronousTestCase):
    def test_keys_are_such_as_all_tools_take(self) -> None:
        for kind, key, expected in (
            (SESSION, "s-1_A", "session.s-1_A"),
            (SESSION, "#lobby", "session.=23lobby"),
            (SESSION, "a.b*c>d e", "session.a=2Eb=2Ac=3Ed=20e"),
            (SESSION, "grün", "session.gr=C3=BCn"),
            (SESSION, "", "session.="),
            (SHOWN, "#lobby", "shown.n=2E1.=23lobby"),
        ):
            self.assertEqual(bucket_key("n.1", kind, key), expected)

    def test_what_others_have_put_there_in_their_own_way_is_named_as_it_is(self) -> None:
        self.assertEqual(parts("claim.nick.616E6E61"), ("", "claim", "nick.616E6E61"))
        self.assertEqual(parts("odd"), ("", "odd", ""))

    @given(st.text(), st.sampled_from([SESSION, SHOWN]), st.text())
    def test_every_record_is_found_again_by_its_key(self, node: str, kind: str, key: str) -> None:
        name = bucket_key(node, kind, key)
        self.assertEqual(parts(name), (node if kind == SHOWN else "", kind, key))
        self.assertTrue(re.fullmatch(r"[-/_=.a-zA-Z0-9]+", name) and ".." not in name and name[-1] != ".")

    @given(st.text())
    def test_escaping_is_undone(self, text: str) -> None:
        self.assertEqual(unescape(escape(text)), text)
