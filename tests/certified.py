"""Keys and certificates for tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from OpenSSL.SSL import TLS_METHOD, Connection, Context, Error, WantReadError

from tcpchat.self_signed import SelfSigned, self_signed

NOW = datetime.now(UTC)


def made(*names: str, now: datetime = NOW) -> SelfSigned:
    """Return a certificate for some names."""
    return self_signed(names or ("localhost", "127.0.0.1"), now)


def write(folder: Path, *names: str, now: datetime = NOW, stem: str = "") -> SelfSigned:
    """Put a certificate and its key into a folder, as mkcert does, over what is there."""
    new = made(*names, now=now)
    (folder / f"{stem}key.pem").write_bytes(new.key)
    (folder / f"{stem}key.pem").chmod(0o600)
    (folder / f"{stem}cert.pem").write_bytes(new.certificate)
    return new


EXPIRED = NOW - timedelta(days=4000)


class Client:
    """Somebody with TLS, whose bytes go where the test takes them."""

    def __init__(
        self, name: str = "", ciphers: str = "", most: int = 0, protocols: Sequence[bytes] = ()
    ) -> None:
        """Ask for a name, allow some ciphers, and a version of TLS at most; offer some protocols by ALPN."""
        context = Context(TLS_METHOD)
        if ciphers:
            context.set_cipher_list(ciphers.encode())
        if most:
            context.set_max_proto_version(most)
        if protocols:
            context.set_alpn_protos(list(protocols))
        self.tls = Connection(context)
        if name:
            self.tls.set_tlsext_host_name(name.encode())
        self.tls.set_connect_state()
        self.read = b""

    def sends(self) -> bytes:
        """Return what goes to the server now."""
        try:
            if not self.read:
                self.tls.do_handshake()
        except WantReadError:
            pass
        return waiting(self.tls)

    def takes(self, data: bytes) -> None:
        """Take in what the server has sent."""
        if data:
            self.tls.bio_write(data)
        try:
            while True:
                self.read += self.tls.recv(65536)
        except WantReadError:
            pass


def waiting(tls: Connection) -> bytes:
    """Return what a side of a connection has to send."""
    found = b""
    try:
        while True:
            found += tls.bio_read(65536)
    except WantReadError:
        return found


def shakes_hands(server: Connection, client: Client) -> bool:
    """Have both sides agree, if they can."""
    server.set_accept_state()
    for _ in range(5):
        if data := client.sends():
            server.bio_write(data)
        try:
            server.do_handshake()
        except WantReadError:
            pass
        except Error:
            return False
        try:
            client.takes(waiting(server))
        except Error:
            return False
    return True


def fingerprint(client: Client) -> str:
    """Return the SHA-256 fingerprint of the certificate that somebody was shown."""
    shown = client.tls.get_peer_certificate()
    assert shown is not None
    return shown.digest("sha256").decode().replace(":", "").lower()


def fingerprints(certificates: Sequence[SelfSigned]) -> list[str]:
    """Return those of certificates."""
    return [each.fingerprint for each in certificates]
