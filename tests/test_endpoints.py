"""What --listen can say: which door that is, and what is wrong with what is none."""

from __future__ import annotations

from typing import Any

from twisted.internet.protocol import Factory
from twisted.internet.testing import MemoryReactor
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.endpoints import BACKLOG, Door, NoEndpoint, door
from tests.certified import write
from tests.folders import a_folder


class EndpointCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = a_folder(self)
        write(self.folder)
        self.pair = f"privateKey={self.folder}/key.pem:certKey={self.folder}/cert.pem"
        self.reactor = MemoryReactor()

    def door(self, description: str) -> Door:
        return door(self.reactor, description)

    def listens(self, description: str) -> tuple[Any, ...]:
        """Return port, backlog and interface where a description has the server listen on TCP."""
        self.successResultOf(self.door(description).endpoint.listen(Factory()))
        ((port, _, backlog, interface),) = self.reactor.tcpServers
        self.reactor.tcpServers.clear()
        return port, backlog, interface


class DoorTests(EndpointCase):
    def test_of_what_kind_it_is(self) -> None:
        for description, kind, is_secure, is_proxied, client in (
            ("tcp:1", "tcp", False, False, "nc"),
            ("tcp6:1", "tcp", False, False, "nc"),
            (f"ssl:1:{self.pair}", "ssl", True, False, "ncat --ssl"),
            (f"tls:{self.folder}:1", "tls", True, False, "ncat --ssl"),
            ("unix:/a", "unix", False, False, "nc"),
            ("unix:address=/a", "unix", False, False, "nc"),
            ("haproxy:tcp:1", "haproxy", False, True, ""),
            (f"haproxy:ssl:1:{self.pair}", "haproxy", True, True, ""),
            ("haproxy:unix:/a", "haproxy", False, True, ""),
        ):
            made = self.door(description)
            self.assertEqual(
                (made.kind, made.certificates is not None, made.is_proxied, made.client),
                (kind, is_secure, is_proxied, client),
                description,
            )

    def test_where_it_listens(self) -> None:
        for description, expected in (
            ("tcp:1", (1, BACKLOG, "")),
            ("tcp:1:interface=127.0.0.1:backlog=7", (1, 7, "127.0.0.1")),
            (f"ssl:1:{self.pair}", (1, BACKLOG, "")),
            (f"ssl:port=1:{self.pair}:interface=\\:\\:1:backlog=7", (1, 7, "::1")),
            (f"tls:{self.folder}:1", (1, BACKLOG, "::")),
            (f"tls:{self.folder}:1:interface=127.0.0.1", (1, BACKLOG, "127.0.0.1")),
            (f"haproxy:ssl:1:{self.pair}:interface=127.0.0.1", (1, BACKLOG, "127.0.0.1")),
        ):
            self.assertEqual(self.listens(description), expected, description)

    def test_one_file_can_hold_both(self) -> None:
        both = self.folder / "a:b"
        both.write_bytes((self.folder / "key.pem").read_bytes() + (self.folder / "cert.pem").read_bytes())
        self.assertIsNotNone(self.door(f"ssl:1:privateKey={self.folder}/a\\:b").certificates)


class NoEndpointTests(EndpointCase):
    def test_what_is_none_is_said(self) -> None:
        gone = f"{self.folder}/gone"
        for description, why in (
            ("8023", "Unknown endpoint type: '8023'"),
            ("", "Unknown endpoint type: ''"),
            ("haproxy:", "Unknown endpoint type: ''"),
            ("haproxy:haproxy:tcp:1", "one proxy's header is enough"),
            ("tcp", "that is not a whole endpoint"),
            ("tcp:99999", "there is no port 99999"),
            ("unix", "that is not a whole endpoint"),
            ("ssl", "that is not a whole endpoint"),
            (f"ssl:1:{self.pair}:sslmethod=TLSv1_METHOD", "that is not a whole endpoint"),
            (f"ssl:1:privateKey={gone}", f"{gone} cannot be read: No such file or directory"),
            (f"ssl:99999:{self.pair}", "there is no port 99999"),
            (f"haproxy:ssl:99999:{self.pair}", "there is no port 99999"),
            (f"tls:{gone}:1", f"there is no certificate with its private key in the files *.pem of {gone}"),
            ("systemd:domain=INET:index=0", "systemd has handed over no such socket (LISTEN_FDS)"),
            ("systemd:domain=INET:name=chat", "systemd has handed over no such socket (LISTEN_FDS)"),
        ):
            with self.assertRaises(NoEndpoint) as caught:
                self.door(description)
            self.assertEqual(str(caught.exception), why, description)

    def test_a_port_that_is_no_number_is_none(self) -> None:
        for description in "tcp:x", f"ssl:x:{self.pair}", "haproxy:tcp:x":
            self.assertRaises(NoEndpoint, self.door, description)
