"""A certificate that vouches for itself, for a local network: people trust it by its fingerprint."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# How long it is good for: nobody but its owner vouches for it, so an end would only surprise.
DAYS = 3652

# Clocks differ: it is good from a day before.
EARLIER = timedelta(days=1)

# Characters of a common name at most (RFC 5280, appendix A: ub-common-name).
LONGEST_NAME = 64


class NoName(Exception):
    """A certificate cannot be for that; the text is it."""


class SelfSigned(NamedTuple):
    """A private key and its certificate as PEM, and the certificate's SHA-256 fingerprint."""

    key: bytes
    certificate: bytes
    fingerprint: str
    until: datetime


def self_signed(names: Sequence[str], now: datetime) -> SelfSigned:
    """
    Return a certificate for names of hosts and addresses.

    Its key is for ECDSA with P-256: every client knows it, and to sign a handshake by it costs the server a
    tenth of what it would by RSA.

    Raises:
        NoName: one of them is none.
    """
    about = [_general(name) for name in names]
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:LONGEST_NAME])])
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    until = now + timedelta(days=DAYS)
    certificate = (
        x509.CertificateBuilder(subject_name=subject, issuer_name=subject, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLIER)
        .not_valid_after(until)
        .add_extension(x509.SubjectAlternativeName(about), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(identifier, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False
        )
        .sign(key, SHA256())
    )
    return SelfSigned(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        certificate.public_bytes(Encoding.PEM),
        certificate.fingerprint(SHA256()).hex(),
        until,
    )


def _general(name: str) -> x509.GeneralName:
    address: IPv4Address | IPv6Address | None = None
    try:
        address = ip_address(name)
    except ValueError:
        pass
    if address is not None and "%" not in name:
        return x509.IPAddress(address)
    try:
        ascii_name = name.encode("idna").decode()
    except UnicodeError as error:
        raise NoName(name) from error
    letters = ascii_name.removeprefix("*.").replace("-", "").replace(".", "").replace("_", "")
    if not letters.isalnum():
        raise NoName(name)
    return x509.DNSName(ascii_name)
