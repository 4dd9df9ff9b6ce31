"""
TLS on a transport of Twisted's, for doors that hand one line to many: it sends at once, as a socket does.

Twisted's own gathers what is written until the reactor's next turn, then writes it to the transport below,
which waits for its socket to be writable: for each person a timer, a turn and three system calls in place of
one. It also calls a producer all the time while it has one; here the transport below does, when all is sent.
"""

from __future__ import annotations

from typing import Any

from OpenSSL.SSL import Error
from twisted.internet.interfaces import IProtocol
from twisted.protocols.tls import TLSMemoryBIOFactory, TLSMemoryBIOProtocol
from twisted.python.failure import Failure

from tcpchat.fanout.direct import outcome

# Bytes of a record at most (RFC 8446, section 5.1). A memory BIO stays as long as its longest content was, so
# that smaller records keep the connections small.
RECORD = 4096

# Bytes that encryption adds to one, and some that OpenSSL itself may have to say.
OVERHEAD = 512


class Secured(TLSMemoryBIOProtocol):
    """A connection with TLS."""

    transport: Any

    def send(self, data: bytes) -> int:
        """
        Encrypt something and send it, unless something else waits to be sent; return how much was taken.

        That is all or nothing: what is encrypted has to be sent, and is kept below if the system takes less.

        Raises:
            OSError: the connection is broken.
        """
        below = self.transport
        if below.dataBuffer or below._tempDataLen or self._appSendBuffer or not self._handshakeDone:
            return 0
        if self._lostTLSConnection or self.disconnecting:
            return 0
        connection = self._tlsConnection
        try:
            if len(data) <= RECORD:
                connection.send(data)
                encrypted = connection.bio_read(len(data) + OVERHEAD)
            else:
                records = []
                for start in range(0, len(data), RECORD):
                    connection.send(data[start : start + RECORD])
                    records.append(connection.bio_read(RECORD + OVERHEAD))
                encrypted = b"".join(records)
        except Error:
            self._tlsShutdownFinished(Failure())
            return 0
        try:
            taken = below.socket.send(encrypted)
        except OSError as error:
            if outcome(error) != 0:
                raise
            taken = 0
        if taken < len(encrypted):
            below.write(encrypted[taken:])
        return len(data)

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Have a producer called by the transport below, where everything goes once the handshake is done."""
        self.transport.registerProducer(producer, streaming)

    def unregisterProducer(self) -> None:
        """Call nobody any more."""
        self.transport.unregisterProducer()

    def _tlsShutdownFinished(self, reason: Failure | None) -> None:
        # A transport with a producer never closes. It has been told of the end only when that is there: now.
        producer = self.transport.producer
        if producer is not None:
            producer.stopProducing()
            self.transport.unregisterProducer()
        super()._tlsShutdownFinished(reason)


class SecuredFactory(TLSMemoryBIOFactory):
    """Puts TLS between connections and the factory of a door."""

    protocol = Secured

    def registerProtocol(self, p: IProtocol) -> None:
        """The door itself knows its connections."""

    def unregisterProtocol(self, p: IProtocol) -> None:
        """The door itself knows its connections."""
