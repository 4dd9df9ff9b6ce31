"""
Servers of other kinds that speak in lines, each a program of its own: ``python line_servers.py mud``.

They are written with Twisted's own parts, and print what they are told, a line each.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from twisted.conch.telnet import (
    ECHO,
    GA,
    IAC,
    NAWS,
    SGA,
    Telnet,
    TelnetProtocol,
    TelnetTransport,
)
from twisted.internet import reactor as installed
from twisted.internet.protocol import Factory, Protocol
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure

reactor: Any = installed

# Options that twisted.conch has no names for: RFC 1091, RFC 885 with its command, and MCCP's second version.
TTYPE, EOR, END_OF_RECORD, COMPRESS2 = b"\x18", b"\x19", b"\xef", b"\x56"

# What would ring, wipe the screen, set the title, ask where the cursor is, reset, or turn a line around.
NASTY = (
    b'\x07\x08\x0e\x1b[2J\x1b[H\x1b]0;pwned\x07\x1b]52;c;cHduZWQ=\x1b\\\x1b[6n\x1bc\x1bP$q"p\x1b\\\xc2\x9b2J'
    b"\xe2\x80\xaenasty\r\x1b[?1049h\x1b[999D"
)


def tell(text: str) -> None:
    """Print what is told."""
    print(text, flush=True)


class Echo(LineReceiver):
    """Gives back each line."""

    def lineReceived(self, line: bytes) -> None:
        tell(f"said {line.decode()}")
        self.sendLine(line)


class Chat(LineReceiver):
    """Twisted's example of a chat, docs/core/examples/chatserver.py: whoever is there gets every line."""

    transport: Any
    clients: list[Chat] = []

    def connectionMade(self) -> None:
        self.clients.append(self)

    def connectionLost(self, reason: Failure = Failure(RuntimeError())) -> None:  # noqa: B008
        self.clients.remove(self)

    def lineReceived(self, line: bytes) -> None:
        for client in self.clients:
            client.transport.write(line + b"\n")


class Mud(LineReceiver, TelnetProtocol):
    """A game that negotiates all it knows, asks for a name and a password, and ends no line of a prompt."""

    transport: Any
    delimiter = b"\n"  # twisted.conch makes this of telnet's ends of lines, and those of it

    answer: Callable[[bytes], None]

    def connectionMade(self) -> None:
        self.answer = self.named
        telnet = self.transport
        telnet.negotiationMap[NAWS] = self.sized
        telnet.negotiationMap[TTYPE] = self.typed
        telnet.will(COMPRESS2).addCallbacks(lambda _: tell("compressed"), lambda _: tell("not compressed"))
        telnet.will(SGA).addErrback(lambda _: tell("no SGA"))
        telnet.will(EOR).addErrback(lambda _: tell("no EOR"))
        telnet.do(NAWS).addErrback(lambda _: tell("no NAWS"))
        telnet.do(TTYPE).addCallbacks(
            lambda _: telnet.requestNegotiation(TTYPE, b"\x01"), lambda _: tell("no TTYPE")
        )
        telnet.write(b"\x1b[1;31mWelcome\x1b[0m to the \x1b[38;5;208mdungeon\x1b[0m.\n")
        self.prompt(b"By what name are you known? ")

    def prompt(self, text: bytes) -> None:
        """Ask for something, in a line without an end."""
        telnet = self.transport
        is_marked = telnet.getOptionState(EOR).us.state == "yes"
        telnet.write(text)
        telnet.transport.write(IAC + (END_OF_RECORD if is_marked else GA))

    def lineReceived(self, line: bytes) -> None:
        tell(f"said {line.decode()}")
        self.answer(line)

    def named(self, line: bytes) -> None:
        """A name was typed."""
        self.name = line
        self.answer = self.passed
        self.transport.will(ECHO)
        self.prompt(b"Password: ")

    def passed(self, line: bytes) -> None:
        """A password was typed."""
        self.answer = self.played
        self.transport.wont(ECHO)
        self.transport.write(b"\n\x1b[32mHello, " + self.name + b".\x1b[0m\n")
        self.prompt(b"\x1b[33mHP:20>\x1b[0m ")

    def played(self, line: bytes) -> None:
        """An order was typed."""
        if line == b"die":
            self.transport.write(b"You are dead.\n")
            self.transport.loseConnection()
            return
        self.transport.write(NASTY if line == b"nasty" else b'You say "' + line + b'".')
        self.transport.write(b"\n")
        self.prompt(b"HP:20> ")

    def sized(self, data: list[bytes]) -> None:
        """The window has a size."""
        size = b"".join(data)
        tell(f"{int.from_bytes(size[:2])}x{int.from_bytes(size[2:])}")

    def typed(self, data: list[bytes]) -> None:
        """The terminal is of a type."""
        tell(f"terminal {b''.join(data)[1:].decode()}")

    def enableLocal(self, option: bytes) -> bool:
        return option in (ECHO, SGA, EOR)

    def enableRemote(self, option: bytes) -> bool:
        return option in (NAWS, TTYPE)

    def disableLocal(self, option: bytes) -> None:
        pass


class Game(Factory):
    """Makes a telnet for each connection, with the game behind it."""

    def buildProtocol(self, addr: object) -> Telnet:
        return TelnetTransport(Mud)


def factory(name: str) -> Factory:
    """Return what makes the server of a name: echo, chat or mud."""
    kinds: dict[str, type[Protocol]] = {"echo": Echo, "chat": Chat}
    return Factory.forProtocol(kinds[name]) if name in kinds else Game()


def main() -> None:
    """Be a server until killed."""
    port = reactor.listenTCP(0, factory(sys.argv[1]), interface="127.0.0.1")
    tell(f"READY {port.getHost().port}")
    reactor.run()


if __name__ == "__main__":
    main()
