"""What is served is as the configuration says, and whoever is connected is known there."""

from __future__ import annotations

from twisted.internet.interfaces import IProtocolFactory

from tcpchat.config import Config
from tcpchat.counted import Connected
from tcpchat.endpoints import Door
from tcpchat.proxied import Proxied
from tests.serving import ServedCase


class ServedTests(ServedCase):
    def test_the_chat_is_as_it_was_configured(self) -> None:
        chat = self.serve(Config(history=3, nicknames="ascii", log_level="debug")).chat
        self.assertEqual((chat.history, chat.people.ascii_names, chat.greeting), (3, True, ("Good morning",)))
        self.assertTrue(chat.sightings.are_told)
        self.assertFalse(self.served.chat.sightings.are_told)

    def test_all_who_are_connected_are_counted(self) -> None:
        self.assertEqual((self.served.connections, self.served.status()), ([], "0 people, 0 connections."))
        self.open()
        connection, _ = self.connect()
        self.assertEqual(self.served.connections, [connection])
        self.assertEqual(self.served.dialogues(), [connection.dialogue])
        (counted,) = self.served.counted()
        self.assertEqual(counted, Connected("line", False, connection.dialogue.phase, counted.unsent))
        self.assertEqual(self.served.status(), "0 people, 1 connection.")

    def test_a_proxys_header_is_read_only_at_doors_that_have_one(self) -> None:
        class Nowhere:
            """An endpoint that nobody listens on."""

            def listen(self, factory: IProtocolFactory) -> None: ...

        for is_proxied in False, True:
            door = Door("tcp", Nowhere(), is_proxied=is_proxied)  # type: ignore[arg-type]
            behind = self.served.behind(door)
            self.assertEqual(isinstance(behind, Proxied), is_proxied)
            self.assertEqual(behind is self.served.factory, not is_proxied)
