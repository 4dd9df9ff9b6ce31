"""What comes is handed over at once, in order, and a fault in taking it breaks nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.logs.nats_client import Arrival, StraightClient
from tests.nats_servers import a_name, one_server


def run(use: Callable[[StraightClient, str], Coroutine[Any, Any, None]]) -> list[Exception]:
    """Use a client that is connected, and a subject that no other test has; return what it complained of."""
    errors: list[Exception] = []

    async def complained(error: Exception) -> None:
        errors.append(error)

    async def main() -> None:
        client = StraightClient()
        await client.connect(one_server().urls, error_cb=complained)
        await use(client, a_name())
        await client.close()

    asyncio.run(main())
    return errors


async def settled(client: StraightClient) -> None:
    """Wait until all that was published has come back: the first ping overtakes it, the second one cannot."""
    await client.flush()
    await client.flush()


class ListeningTests(SynchronousTestCase):
    def test_everything_comes_once_in_order(self) -> None:
        came: list[Arrival] = []

        async def use(client: StraightClient, subject: str) -> None:
            await client.listen(f"{subject}.*", came.append)
            for number in range(2000):
                headers = {"Number": str(number)} if number % 2 else None
                await client.publish(f"{subject}.{number}", b"%d" % number, f"reply.{number}", headers)
            await settled(client)

        self.assertEqual(run(use), [])
        self.assertEqual([int(message.data) for message in came], [*range(2000)])
        self.assertEqual({message.headers is None for message in came}, {True})
        self.assertEqual(came[7].subject.rpartition(".")[2], "7")
        self.assertEqual(came[7].reply, "reply.7")

    def test_headers_come_where_they_are_needed(self) -> None:
        came: list[Arrival] = []

        async def use(client: StraightClient, subject: str) -> None:
            await client.listen(subject, came.append, needs_headers=True)
            await client.publish(subject, b"", headers={"A": "1", "B": "two words"})
            await settled(client)

        self.assertEqual(run(use), [])
        self.assertEqual([message.headers for message in came], [{"A": "1", "B": "two words"}])

    def test_a_servers_own_status_comes_in_any_case(self) -> None:
        came: list[Arrival] = []

        async def use(client: StraightClient, subject: str) -> None:
            await client.listen(subject, came.append)
            await client.publish(f"nobody.{subject}", b"", reply=subject)
            await settled(client)

        self.assertEqual(run(use), [])
        self.assertEqual([(message.headers or {})["Status"] for message in came], ["503"])

    def test_a_fault_in_taking_one_is_told_and_the_next_comes(self) -> None:
        came: list[bytes] = []

        def take(message: Arrival) -> None:
            came.append(message.data)
            if message.data == b"bad":
                raise ZeroDivisionError

        async def use(client: StraightClient, subject: str) -> None:
            await client.listen(subject, take)
            for text in b"bad", b"good":
                await client.publish(subject, text)
            await settled(client)

        self.assertEqual([type(error) for error in run(use)], [ZeroDivisionError])
        self.assertEqual(came, [b"bad", b"good"])

    def test_nothing_comes_any_more_and_nothing_is_kept_after_the_end_of_a_subscription(self) -> None:
        came: list[Arrival] = []

        async def use(client: StraightClient, subject: str) -> None:
            subscription = await client.listen(subject, came.append)
            await subscription.unsubscribe()
            await client.publish(subject, b"late")
            await settled(client)
            self.assertEqual(client._takers, {})

        self.assertEqual(run(use), [])
        self.assertEqual(came, [])
