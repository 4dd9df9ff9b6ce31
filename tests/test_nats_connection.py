"""One connection to a NATS server: what is asked over it is answered, or fails when it is lost."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine
from typing import Any

from nats.js.errors import NotFoundError
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.logs.nats_answers import NotTaken
from tcpchat.logs.nats_connection import CannotConnect, Connection, connect
from tcpchat.logs.nats_terms import Refusing, Unclear
from tests.nats_servers import one_server, servers

Came = list[bytes | Exception]


def run(use: Callable[[Connection], Coroutine[Any, Any, None]], url: str = "") -> None:
    """Use a connection that is served."""

    async def main() -> None:
        connection = await connect(url or one_server().urls[0], "test")
        serving = asyncio.ensure_future(connection.serve())
        try:
            await use(connection)
        finally:
            connection.break_off()
            await serving

    asyncio.run(main())


async def request(connection: Connection, subject: str, payload: bytes = b"", patience: float = 5) -> Came:
    """Send a request, and return what came of it."""
    came: Came = []
    answered = asyncio.Event()

    def take(answer: bytes | Exception) -> None:
        came.append(answer)
        answered.set()

    deadline = asyncio.get_running_loop().time() + patience
    connection.request(subject, payload, {"Some": "header"}, deadline, take)
    await answered.wait()
    return came


class ConnectingTests(SynchronousTestCase):
    def test_what_is_no_nats_server_is_told_from_one(self) -> None:
        async def one(listening: socket.socket, says: bytes) -> None:
            async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                writer.write(says)
                if not says:
                    await reader.read()

            async with await asyncio.start_server(answer, sock=listening):
                with self.assertRaises(CannotConnect):
                    await connect(f"127.0.0.1:{listening.getsockname()[1]}", "test")

        for says in (b"", b"SSH-2.0-OpenSSH_9.2\r\n", b"INFO {\r\n", b'INFO {"max_payload":"x"}\r\n'):
            asyncio.run(one(socket.create_server(("127.0.0.1", 0)), says))
        for nowhere in ("127.0.0.1:1", "no.such.host.invalid:4222", "127.0.0.1:no"):
            with self.assertRaises(CannotConnect):
                asyncio.run(connect(nowhere, "test"))


class RequestTests(SynchronousTestCase):
    def test_what_nobody_listens_to_is_not_taken(self) -> None:
        async def use(connection: Connection) -> None:
            (answer,) = await request(connection, "nobody.there")
            self.assertIsInstance(answer, NotTaken)

        run(use)

    def test_a_request_is_answered_and_others_are_not_mixed_up_with_it(self) -> None:
        async def use(connection: Connection) -> None:
            async def echo(message: Any) -> None:
                await message.respond(message.data + str(message.headers).encode())

            await connection.client.subscribe("echo.here", cb=echo)
            asked = [request(connection, "echo.here", b"%d" % number) for number in range(100)]
            expected = [[b"%d{'Some': 'header'}" % number] for number in range(100)]
            self.assertEqual(await asyncio.gather(*asked), expected)

        run(use)

    def test_what_is_too_large_is_refused(self) -> None:
        async def use(connection: Connection) -> None:
            (answer,) = await request(connection, "any", b"x" * 2_000_000)
            self.assertIsInstance(answer, Refusing)

        run(use)

    def test_what_is_not_answered_in_time_is_unclear(self) -> None:
        async def use(connection: Connection) -> None:
            async def ignore(message: Any) -> None:
                pass

            await connection.client.subscribe("ignored", cb=ignore)
            for patience in (0.1, 0):
                (answer,) = await request(connection, "ignored", patience=patience)
                self.assertIsInstance(answer, Unclear)

        run(use)

    def test_when_the_connection_is_lost_everything_is_unclear_at_once(self) -> None:
        with servers() as own:

            async def use(connection: Connection) -> None:
                own.stop(0)
                asked = asyncio.gather(
                    request(connection, "any", patience=60),
                    connection.ask(connection.jetstream.account_info()),
                    return_exceptions=True,
                )
                await asyncio.sleep(0)
                own.kill(0)
                first, second = await asyncio.wait_for(asked, 2)
                self.assertIsInstance(first[0] if isinstance(first, list) else None, Unclear)
                self.assertIsInstance(second, Unclear)
                (late,) = await request(connection, "any")
                self.assertIsInstance(late, Unclear)

            run(use, own.urls[0])

    def test_jetstreams_own_errors_are_told_as_they_are(self) -> None:
        async def use(connection: Connection) -> None:
            with self.assertRaises(NotFoundError):
                await connection.ask(connection.jetstream.stream_info("nosuchstream"))

        run(use)
