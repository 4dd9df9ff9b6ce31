"""Being connected to any of several servers, for ever."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.logs.nats_connecting import Connecting, without_secret
from tests.nats_servers import one_server, servers, three_servers


class ConnectingTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.told: list[bool] = []
        self.warnings: list[str] = []
        self.news = asyncio.Event()

    def connecting(self, *urls: str) -> Connecting:
        return Connecting(urls, "test", self.changed, self.warned)

    def changed(self, is_connected: bool) -> None:
        self.told.append(is_connected)
        self.news.set()

    def warned(self, is_bad: bool, why: str) -> None:
        self.assertTrue(is_bad)
        self.warnings.append(why)
        self.news.set()

    def until(self, connecting: Connecting, condition: Callable[[], object]) -> None:
        """Connect until something is so."""

        self.news = asyncio.Event()

        async def main() -> None:
            running = asyncio.ensure_future(connecting.run())
            async with asyncio.timeout(20):
                while not condition():
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self.news.wait(), 0.05)
                    self.news.clear()
            running.cancel()
            await asyncio.wait({running})

        asyncio.run(main())

    def test_servers_that_do_not_answer_are_passed_over(self) -> None:
        connecting = self.connecting("127.0.0.1:1", one_server().urls[0], "127.0.0.1:2")
        self.until(connecting, lambda: self.told)
        self.assertEqual(self.told, [True, False])

    def test_the_operator_is_told_once_in_a_while_that_nobody_answers(self) -> None:
        connecting = self.connecting("me:secret@127.0.0.1:1")
        self.until(connecting, lambda: self.warnings)
        (warning,) = self.warnings
        self.assertIn("127.0.0.1:1: ", warning)
        self.assertNotIn("secret", warning)

    def test_the_operator_is_told_which_server_is_lost_and_which_one_took_its_place(self) -> None:
        with servers() as first:
            connecting = self.connecting(first.urls[0], one_server().urls[0])
            connecting._servers.sort(key=first.urls.count, reverse=True)  # that one first

            def is_elsewhere() -> bool:
                if self.told == [True]:
                    first.kill(0)
                return self.told[:3] == [True, False, True]

            self.until(connecting, is_elsewhere)
            there, here = first.urls[0], one_server().urls[0]
            lost = f"The NATS server {there} answered no more; this node is at {here} now."
            self.assertEqual(self.warnings, [lost])

    def test_one_that_is_back_at_once_is_no_news(self) -> None:
        connecting = self.connecting(*one_server().urls)

        def is_back() -> bool:
            if self.told == [True] and connecting.current is not None:
                connecting.current.break_off()
            return self.told[:3] == [True, False, True]

        self.until(connecting, is_back)
        self.assertEqual(self.warnings, [])

    def test_the_other_servers_of_the_cluster_are_learnt(self) -> None:
        with three_servers() as three:
            # The cluster may find itself only when somebody is connected already.
            connecting = self.connecting(three.urls[0])

            def has_heard() -> bool:
                current = connecting.current
                return current is not None and len(current.client.discovered_servers) >= 2

            self.until(connecting, has_heard)
            self.assertLessEqual({*three.urls}, {*connecting.servers})

    def test_who_is_barred_does_not_come_back_and_says_once_why(self) -> None:
        connecting = self.connecting(one_server().urls[0])

        def bar() -> bool:
            if self.told == [True]:
                connecting.bar("why")
            return self.told == [True, False]

        self.until(connecting, bar)
        self.assertEqual(self.warnings, ["why"])

        async def main() -> None:
            await asyncio.wait_for(connecting.run(), 1)

        asyncio.run(main())
        self.assertEqual(self.told, [True, False])


class SecretTests(SynchronousTestCase):
    def test_a_password_is_no_part_of_what_is_told(self) -> None:
        for url, shown in (
            ("nats://me:secret@host:4222", "host:4222"),
            ("me:se@cret@host:4222", "host:4222"),
            ("tls://host:4222", "host:4222"),
            ("[::1]:4222", "[::1]:4222"),
        ):
            self.assertEqual(without_secret(url), shown)
