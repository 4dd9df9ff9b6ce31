"""Certificates and private keys in files: PEM (RFC 7468), as authorities and ``tcpchat mkcert`` write it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509 import (
    Certificate,
    DNSName,
    ExtensionNotFound,
    SubjectAlternativeName,
    load_pem_x509_certificates,
)

CERTIFICATE = b"CERTIFICATE"
BEGIN = b"-----BEGIN "
SUFFIX = ".pem"

# Bytes of a file at most: a chain is a few thousand.
LARGEST = 1 << 20


class NoIdentity(Exception):
    """There is nothing by which the server could show who it is; the text says what is wrong with what."""


class Identity(NamedTuple):
    """What a server shows: its own certificate and those that lead from it to an authority, and its key."""

    key: CertificateIssuerPrivateKeyTypes
    certificate: Certificate
    chain: tuple[Certificate, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of hosts that it is for."""
        try:
            extension = self.certificate.extensions.get_extension_for_class(SubjectAlternativeName)
        except ExtensionNotFound:
            return ()
        return tuple(name.lower() for name in extension.value.get_values_for_type(DNSName))


def from_files(key: str, certificate: str, chain: str | None = None) -> Identity:
    """
    Return what is in two files, which may be one: the first certificate is the server's own.

    Raises:
        NoIdentity: there is none in them.
    """
    keys = list(_keys(key))
    if not keys:
        raise NoIdentity(f"there is no private key in {key}")
    own, *rest = _some_certificates(certificate)
    if chain is not None:
        rest += _some_certificates(chain)
    for each in keys:
        if _public(each) == _written(own.public_key()):
            return Identity(each, own, tuple(rest))
    raise NoIdentity(f"the private key in {key} is not that of the certificate in {certificate}")


def from_folder(path: str) -> list[Identity]:
    """
    Return all that is in the files *.pem in and below a folder, in the order of their paths.

    A key and its certificate belong together wherever they are; authorities are found by their names. Of
    several certificates with one key the one counts that is good for longest.

    Raises:
        NoIdentity: there is none in it, or a file that cannot be read.
    """
    keys: dict[bytes, CertificateIssuerPrivateKeyTypes] = {}
    certificates: dict[bytes, Certificate] = {}
    for file in files_in(path):
        keys |= {_public(key): key for key in _keys(file)}
        for certificate in _certificates(file):
            of = _written(certificate.public_key())
            known = certificates.get(of)
            if known is None or known.not_valid_after_utc < certificate.not_valid_after_utc:
                certificates[of] = certificate
    others = {
        certificate.subject.public_bytes(): certificate
        for of, certificate in certificates.items()
        if of not in keys
    }
    found = [
        Identity(keys[of], certificate, tuple(_chain(certificate, others)))
        for of, certificate in certificates.items()
        if of in keys
    ]
    if not found:
        raise NoIdentity(f"there is no certificate with its private key in the files *{SUFFIX} of {path}")
    return found


def files_in(path: str) -> list[str]:
    """Return the paths of the files in a folder that are looked at."""
    return sorted(
        os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names
        if name.endswith(SUFFIX)
    )  # fmt: skip


def readable_by_others(paths: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Yield which files with a private key everybody on this machine may read, and their modes."""
    for path in paths:
        with suppress(OSError, NoIdentity):  # it is gone since it was read
            mode = stat.S_IMODE(os.stat(path).st_mode)
            if mode & stat.S_IROTH and any(_blocks(path, other=True)):
                yield path, mode


def _chain(certificate: Certificate, others: dict[bytes, Certificate]) -> Iterator[Certificate]:
    seen = set()
    while (issuer := others.get(certificate.issuer.public_bytes())) is not None and issuer not in seen:
        seen.add(issuer)
        yield issuer
        certificate = issuer


def _some_certificates(path: str) -> list[Certificate]:
    found = list(_certificates(path))
    if not found:
        raise NoIdentity(f"there is no certificate in {path}")
    return found


def _certificates(path: str) -> Iterator[Certificate]:
    for block in _blocks(path, other=False):
        try:
            found = load_pem_x509_certificates(block)
            for certificate in found:  # what is asked for later is taken apart only then
                _written(certificate.public_key())
                _ = certificate.extensions
        except (ValueError, UnsupportedAlgorithm) as error:
            raise NoIdentity(f"a certificate in {path} is damaged, or of a kind that is not known") from error
        yield from found


def _keys(path: str) -> Iterator[CertificateIssuerPrivateKeyTypes]:
    for block in _blocks(path, other=True):
        try:
            key = load_pem_private_key(block, password=None)
        except TypeError as error:
            raise NoIdentity(f"the private key in {path} is encrypted, and nobody can be asked") from error
        except (ValueError, UnsupportedAlgorithm) as error:
            raise NoIdentity(
                f"the private key in {path} is damaged, or of a kind that is not known"
            ) from error
        yield key  # type: ignore[misc]  # of one that cannot sign, OpenSSL says so


def _blocks(path: str, other: bool) -> Iterator[bytes]:
    """Yield the blocks of a file that are certificates, or those that have private keys."""
    try:
        with open(path, "rb") as file:
            text = file.read(LARGEST)
    except OSError as error:
        raise NoIdentity(f"{path} cannot be read: {error.strerror}") from error
    for block in text.split(BEGIN)[1:]:
        kind = block.partition(b"-----")[0]
        if kind.endswith(b"PRIVATE KEY") if other else kind == CERTIFICATE:
            yield BEGIN + block


def _public(key: CertificateIssuerPrivateKeyTypes) -> bytes:
    return _written(key.public_key())


def _written(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
