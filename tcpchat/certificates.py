"""
By what a door with TLS shows who it is, read anew when it has changed.

New connections have the new certificate; those that are there stay.
What cannot be read or used changes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.hashes import SHA256
from OpenSSL.SSL import NO_OVERLAPPING_PROTOCOLS, OP_NO_RENEGOTIATION, Connection, Context
from OpenSSL.SSL import Error as SSLError
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from twisted.internet.ssl import AcceptableCiphers, CertificateOptions, TLSVersion
from zope.interface import implementer

from tcpchat.pems import Identity, NoIdentity, files_in, from_files, from_folder, readable_by_others

# TLS 1.2's with forward secrecy and authenticated encryption alone (RFC 9325, section 4.2); those of
# TLS 1.3 all have both.
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"

Signature = tuple[tuple[str, int, int, int], ...]


class Outcome(NamedTuple):
    """What became of reading anew: a line for the operator, and whether that is bad news."""

    text: str
    is_refused: bool = False


@implementer(IOpenSSLServerConnectionCreator)
class Certificates:
    """The certificates of one door."""

    def __init__(
        self,
        name: str,
        read: Callable[[], Sequence[Identity]],
        files: Callable[[], Iterable[str]],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """
        Read them from ``files``; ``name`` is that of the door in what the operator is told.

        Raises:
            NoIdentity: that is not possible.
        """
        self._name = name
        self._read = read
        self._files = files
        self._now = now
        self._seen = self._loaded = self._signature()
        self._load()

    def serverConnectionForTLS(self, protocol: Any) -> Connection:
        """Return what makes the handshake with somebody who connects now."""
        return Connection(self._context)

    def reload(self) -> Outcome:
        """Read all anew; if that is not possible, all stays as it was."""
        self._seen = self._loaded = self._signature()
        try:
            self._load()
        except NoIdentity as error:
            return Outcome(f"{self._name}: the certificate stays as it was: {error}.", is_refused=True)
        return Outcome(f"{self._name}: the certificate was read: {self.description}.")

    def look(self) -> Outcome | None:
        """
        Read all anew if the files have changed, and not since the last look: two are written one by one.
        """
        now = self._signature()
        if now == self._loaded:
            return None
        if now != self._seen:
            self._seen = now
            return None
        return self.reload()

    @property
    def warnings(self) -> list[str]:
        """What the operator should know."""
        found = [
            f"{path} has a private key that everybody on this machine may read (mode {mode:04o}):"
            f" chmod 600 {path}"
            for path, mode in readable_by_others(self._files())
        ]
        end = self._identities[0].certificate.not_valid_after_utc
        if end < self._now():
            found.append(f"{self._name}: the certificate has expired: it was good until {end:%Y-%m-%d}")
        return found

    @property
    def description(self) -> str:
        """Which certificate it is that those are shown who ask for none by its name."""
        certificate = self._identities[0].certificate
        count = f"{len(self._identities)} certificates, the first one " if self._identities[1:] else ""
        end = f"{certificate.not_valid_after_utc:%Y-%m-%d}"
        return f"{count}good until {end}, SHA-256 {certificate.fingerprint(SHA256()).hex()}"

    def _load(self) -> None:
        identities = list(self._read())
        contexts = [_context(identity) for identity in identities]
        by_name: dict[str, Context] = {}
        for identity, context in zip(identities, contexts, strict=True):
            for name in identity.names:
                by_name.setdefault(name, context)
        self._identities = identities
        self._context = contexts[0]
        if len(contexts) > 1:
            self._context.set_tlsext_servername_callback(lambda connection: _choose(connection, by_name))

    def _signature(self) -> Signature:
        return tuple(_state(path) for path in self._files())


def of_files(name: str, key: str, certificate: str, chain: str | None = None) -> Certificates:
    """
    Return the certificate that is in files.

    Raises:
        NoIdentity: there is none.
    """
    paths = [path for path in (key, certificate, chain) if path is not None]
    return Certificates(name, lambda: [from_files(key, certificate, chain)], lambda: dict.fromkeys(paths))


def of_folder(name: str, path: str) -> Certificates:
    """
    Return the certificates that are in a folder.

    Raises:
        NoIdentity: there is none.
    """
    return Certificates(name, lambda: from_folder(path), lambda: files_in(path))


def _context(identity: Identity) -> Context:
    """Return the settings for connections that are shown one certificate."""
    # Twisted still declares the classes that pyOpenSSL has given up for these.
    shown: dict[str, Any] = {
        "privateKey": identity.key,
        "certificate": identity.certificate,
        "extraCertChain": identity.chain,
    }
    try:
        # No session is taken up again: people connect for hours, and a key for tickets, which would have
        # to be changed often, could open what was said (RFC 9325, section 3.4). Nothing is compressed.
        options = CertificateOptions(
            **shown,
            raiseMinimumTo=TLSVersion.TLSv1_2,
            acceptableCiphers=AcceptableCiphers.fromOpenSSLCipherString(CIPHERS),
        )
        context = options.getContext()
    except (SSLError, TypeError) as error:
        raise NoIdentity("OpenSSL cannot use the certificate or its key") from error
    context.set_options(OP_NO_RENEGOTIATION)
    # Of the protocols that a client offers none is chosen. Twisted's own answer, which is empty, OpenSSL 4
    # takes for an error, and refuses who offers any (RFC 7301).
    context.set_alpn_select_callback(lambda connection, offered: NO_OVERLAPPING_PROTOCOLS)
    return context


def _choose(connection: Connection, by_name: dict[str, Context]) -> None:
    """Have a connection be shown the certificate for the name that it asks for, if any (RFC 6066)."""
    name = (connection.get_servername() or b"").decode("ascii", "replace").lower()
    context = by_name.get(name) or by_name.get(f"*.{name.partition('.')[2]}")
    if context is not None:
        connection.set_context(context)


def _state(path: str) -> tuple[str, int, int, int]:
    """Return what is another if a file is another, or has changed."""
    try:
        found = os.stat(path)
    except OSError:
        return path, 0, 0, 0
    return path, found.st_ino, found.st_mtime_ns, found.st_size
