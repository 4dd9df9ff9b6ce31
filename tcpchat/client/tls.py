"""
Encryption on the way to a server, if that is the one that is meant: by a certificate for its name that the
system trusts (RFC 9525), or by the fingerprint of the one certificate that it has.

Twisted's own check is not enough here: it takes a certificate that names nobody for everybody's.
"""

from __future__ import annotations

from typing import Any

from OpenSSL.crypto import X509
from OpenSSL.SSL import VERIFY_FAIL_IF_NO_PEER_CERT, VERIFY_PEER, Connection, X509VerificationCodes
from service_identity import CertificateError, VerificationError
from service_identity.hazmat import DNS_ID, IPAddress_ID, verify_service_identity
from service_identity.pyopenssl import extract_patterns
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.internet.ssl import optionsForClientTLS
from twisted.python.failure import Failure
from zope.interface import implementer

UNKNOWN_ISSUER = "nobody whom this system trusts has signed it"

REASONS = {
    X509VerificationCodes.ERR_DEPTH_ZERO_SELF_SIGNED_CERT: "it is signed by itself",
    X509VerificationCodes.ERR_SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_ISSUER,
    X509VerificationCodes.ERR_UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_ISSUER,
    X509VerificationCodes.ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_ISSUER,
    X509VerificationCodes.ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_ISSUER,
    X509VerificationCodes.ERR_CERT_NOT_YET_VALID: "it is not valid yet",
    X509VerificationCodes.ERR_CERT_HAS_EXPIRED: "it has expired",
    X509VerificationCodes.ERR_CERT_REVOKED: "it was taken back",
}


class NotTrusted(Exception):
    """The server may be another one than is meant; the text says why, as a sentence without its end."""


@implementer(IOpenSSLClientConnectionCreator)
class Trust:
    """
    Makes connections over which nothing is said unless the server is ``host``.

    With a ``fingerprint``, of SHA-256 in hexadecimal digits, its certificate is the one that has it, whatever
    else is wrong with that.
    """

    def __init__(self, host: str, fingerprint: str = "") -> None:
        self._host = host
        self._fingerprint = fingerprint
        self._creator = optionsForClientTLS(host)

    def clientConnectionForTLS(self, tlsProtocol: Any) -> Connection:
        """Return what encrypts a connection; ``tlsProtocol`` is told if the server is not trusted."""
        connection: Connection = self._creator.clientConnectionForTLS(tlsProtocol)
        wrong: list[str] = []

        def judge(_: Connection, certificate: X509, error: int, depth: int, is_right: int) -> bool:
            if not is_right:
                wrong.append(REASONS.get(error, f"it is wrong (X.509 error {error})"))
            if depth:
                return True  # the server's own comes after all others: with it all is judged
            if why := self.objection(certificate, wrong):
                tlsProtocol.failVerification(Failure(NotTrusted(why)))
            return not why

        connection.set_verify(VERIFY_PEER | VERIFY_FAIL_IF_NO_PEER_CERT, judge)
        return connection

    def objection(self, certificate: X509, wrong: list[str]) -> str:
        """Return why the server is not trusted that has a certificate with these faults; empty if it is."""
        seen = fingerprint(certificate)
        if self._fingerprint:
            if seen == self._fingerprint:
                return ""
            return f"The certificate of {self._host} is another one: its fingerprint is {seen}"
        if not wrong and not self._is_named(certificate):
            wrong.append("it is for another name")
        if not wrong:
            return ""
        return (
            f"The certificate of {self._host} is not trusted: {wrong[0]}. If its fingerprint is right:"
            f" --fingerprint {seen}"
        )

    def _is_named(self, certificate: X509) -> bool:
        is_address = isIPAddress(self._host) or isIPv6Address(self._host)
        identity = IPAddress_ID(self._host) if is_address else DNS_ID(self._host.encode("idna").decode())
        try:
            verify_service_identity(extract_patterns(certificate), [identity], [])
        except (CertificateError, VerificationError):
            return False
        return True


def fingerprint(certificate: X509) -> str:
    """Return the SHA-256 of a certificate in hexadecimal digits."""
    return certificate.digest("sha256").decode().replace(":", "").lower()
