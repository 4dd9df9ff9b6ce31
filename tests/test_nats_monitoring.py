"""What NATS servers tell of themselves, if they do."""

from __future__ import annotations

import asyncio
import socket

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.logs.nats_monitoring import Told, ask_all, greetings, weakest
from tests.nats_servers import one_server


class AskingTests(SynchronousTestCase):
    def test_a_server_greets_with_its_name_and_version(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as mute, socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            others = [f"127.0.0.1:{each.getsockname()[1]}" for each in (mute, closed)]
            told = asyncio.run(greetings([*one_server().urls, *others, "no port"]))
        self.assertEqual(list(told), ["n1"])
        self.assertRegex(told["n1"], r"^2\.\d+\.\d+")

    def test_its_monitoring_tells_how_it_writes(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as mute:
            other = f"127.0.0.1:{mute.getsockname()[1]}"
            told = asyncio.run(ask_all([*one_server().monitoring, other, *one_server().urls]))
        self.assertEqual([(one.name, one.sync_interval) for one in told], [("n1", "always")])


class WeakestTests(SynchronousTestCase):
    def test_one_that_waits_makes_all_of_them_weak(self) -> None:
        told = [Told("a", "", "always"), Told("b", "", "60 s"), Told("c", "", "120 s"), Told("d", "", None)]
        self.assertEqual(weakest("abcd", told), "120 s")

    def test_all_have_to_tell_before_it_is_said_of_all(self) -> None:
        told = [Told("a", "", "always"), Told("b", "", "always")]
        self.assertEqual(weakest("ab", told), "always")
        self.assertIsNone(weakest("abc", told))
        self.assertIsNone(weakest("abc", [*told, Told("c", "", None)]))
        self.assertIsNone(weakest("", []))
