"""A new version goes on with all connections but those that it cannot, and says when it has."""

from __future__ import annotations

import socket

from twisted.internet import reactor
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure

from tcpchat import handed, tool_orders
from tcpchat.doors.line import LineFactory
from tcpchat.successor import Successor
from tests.processes import PATIENCE
from tests.visitors import ChatCase


class SuccessorTests(ChatCase):
    def test_those_that_cannot_go_on_are_closed_and_the_tool_hears_of_the_others(self) -> None:
        factory = LineFactory(self.chat)
        pairs = [socket.socketpair() for _ in range(4)]
        gone, broken, stranger, tool = (ours.detach() for ours, _ in pairs)
        theirs = [other for _, other in pairs]
        for other in theirs:
            self.addCleanup(other.close)
            other.settimeout(PATIENCE)
        nobody = handed.Nameless()
        before = handed.Handed(
            "0.1",
            0.0,
            connections=[
                handed.Connection(gone, "192.0.2.1", handed.Present("nobody", "", "")),
                handed.Connection(
                    broken, "192.0.2.1", nobody, terminal=handed.Terminal(typing=handed.Typing(escape="?"))
                ),
                handed.Connection(
                    stranger, "192.0.2.2", nobody, handed.Input([b"/set numbers on"], b"ev"), start=None
                ),
            ],
            tool=tool,
        )
        successor = Successor(before)
        successor.adopt(factory, reactor)
        (error,) = self.flushLoggedErrors()
        error.trap(KeyError)
        (connection,) = factory.connections
        self.addCleanup(connection.transport.connectionLost, Failure(ConnectionDone()))
        self.assertEqual(connection.dialogue.address, "192.0.2.2")
        self.assertEqual([other.recv(99) for other in theirs[:2]], [b"", b""])
        successor.go_on(reactor)
        answer = tool_orders.answer(theirs[3].recv(65536))
        assert isinstance(answer, tool_orders.Done)
        self.assertIn("Upgraded from 0.1 to ", answer.text)
        self.assertIn(": 1 connection handed over, in ", answer.text)
        self.assertIn(b"*** numbers is on.", theirs[2].recv(65536))
