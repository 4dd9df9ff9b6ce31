"""Nodes call each other over real servers of NATS, and know at once where nobody is."""

from __future__ import annotations

import asyncio
import time

import nats
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.logs.nats_keys import escape
from tcpchat.logs.nats_link import CALL, Unclear
from tests.linked import linked
from tests.nats_servers import one_server, servers, three_servers


class CallingTests(SynchronousTestCase):
    def test_who_attends_answers_with_its_word_and_where_nobody_does_that_is_known_at_once(self) -> None:
        with linked(one_server(), node="a b.c") as one, linked(one_server(), one.name, node="other") as other:
            one.link.attend("here")
            other.turning.until(lambda: other.turning.result(other.link.call("a b.c")) == "here")
            self.assertIsNone(other.turning.result(other.link.call("nobody")))
            one.link.attend("another word")
            other.turning.until(lambda: other.turning.result(other.link.call("a b.c")) == "another word")

    def test_a_node_is_told_who_wants_a_turn_and_what_is_none_of_ours_is_left_out(self) -> None:
        with linked(one_server(), node="a b.c") as one, linked(one_server(), one.name, node="other") as other:
            wanted: list[tuple[str, str]] = []
            one.link.wanted = lambda node, stream: wanted.append((node, stream))
            one.link.attend("here")
            other.turning.until(lambda: other.turning.result(other.link.call("a b.c")) == "here")

            async def say() -> None:
                client = await nats.connect(one_server().urls)
                for strange in b"", b"hello", b'["one"]':
                    await client.publish(f"{one.name}.node.{escape('a b.c')}", strange)
                await client.close()

            asyncio.run(say())
            other.link.ask_turn("a b.c", "#lobby")
            other.link.ask_turn("nobody", "#lobby")
            other.link.ask_turn("a b.c", "#dev")
            one.turning.until(lambda: len(wanted) == 2)
            self.assertEqual(wanted, [("other", "#lobby"), ("other", "#dev")])
            other.turning.until(lambda: other.turning.result(other.link.call("a b.c")) == "here")

    def test_one_that_has_ended_is_not_there(self) -> None:
        with linked(one_server()) as one:
            with linked(one_server(), one.name, node="other") as other:
                other.link.attend("here")
                one.turning.until(lambda: one.turning.result(one.link.call("other")) == "here")

            def is_gone() -> bool:
                try:
                    return one.turning.result(one.link.call("other")) is None
                except Unclear:  # it ended while it was called
                    return False

            one.turning.until(is_gone)

    def test_whoever_has_lost_their_server_attends_over_another_one(self) -> None:
        with three_servers() as three, linked(three) as one, linked(three, one.name, node="other") as other:
            other.link.attend("here")
            current = other.link._connecting.current
            assert current is not None
            url = current.client.connected_url
            (number,) = [n for n, server in enumerate(three.all) if url and server.port == url.port]
            three.kill(number)
            other.turning.until(lambda: [is_there for _, is_there in other.changes[-2:]] == [False, True])

            def answers() -> bool:
                try:
                    return one.turning.result(one.link.call("other")) == "here"
                except Unclear:
                    return False

            one.turning.until(answers)

    def test_without_a_server_it_is_not_known(self) -> None:
        with servers() as own, linked(own) as one:
            own.stop(0)
            began = time.monotonic()
            self.assertRaises(Unclear, one.turning.result, one.link.call("other"))
            self.assertGreater(time.monotonic() - began, CALL / 2)
            own.kill(0)
            one.turning.until(lambda: not one.link.is_connected)
            self.assertRaises(Unclear, one.turning.result, one.link.call("other"))
