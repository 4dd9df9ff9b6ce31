"""Certificates that vouch for themselves: for whom they are, for how long, and who takes them."""

from __future__ import annotations

import ssl
from datetime import timedelta
from hashlib import sha256
from ipaddress import ip_address

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.x509 import DNSName, IPAddress, SubjectAlternativeName, load_pem_x509_certificate
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.self_signed import NoName, self_signed
from tests.certified import NOW, made
from tests.folders import a_folder


class SelfSignedTests(SynchronousTestCase):
    def test_it_is_for_names_and_addresses(self) -> None:
        new = made("chat.example", "grüße.example", "192.168.1.5", "fd00::5", "*.lan", "my_host")
        certificate = load_pem_x509_certificate(new.certificate)
        about = certificate.extensions.get_extension_for_class(SubjectAlternativeName).value
        self.assertEqual(
            about.get_values_for_type(DNSName),
            ["chat.example", "xn--grsse-lva.example", "*.lan", "my_host"],
        )
        self.assertEqual(
            about.get_values_for_type(IPAddress), [ip_address("192.168.1.5"), ip_address("fd00::5")]
        )

    def test_what_is_no_name_is_refused(self) -> None:
        for name in "", "a b", "a..b", "fe80::1%eth0", "x" * 64, "http://a", "..":
            with self.assertRaises(NoName, msg=name):
                self_signed([name], NOW)

    def test_a_long_name_is_no_common_name(self) -> None:
        name = ".".join(["x" * 60] * 3)
        certificate = load_pem_x509_certificate(made(name).certificate)
        about = certificate.extensions.get_extension_for_class(SubjectAlternativeName).value
        self.assertEqual(about.get_values_for_type(DNSName), [name])

    def test_it_is_good_from_yesterday_for_ten_years(self) -> None:
        certificate = load_pem_x509_certificate(made().certificate)
        now = NOW.replace(microsecond=0)
        self.assertEqual(certificate.not_valid_before_utc, now - timedelta(days=1))
        self.assertGreater(certificate.not_valid_after_utc, now + timedelta(days=3650))

    def test_its_key_is_one_that_costs_little(self) -> None:
        key = load_pem_x509_certificate(made().certificate).public_key()
        assert isinstance(key, EllipticCurvePublicKey)
        self.assertIsInstance(key.curve, SECP256R1)

    def test_its_fingerprint_is_that_of_what_is_sent(self) -> None:
        new = made()
        sent = ssl.PEM_cert_to_DER_cert(new.certificate.decode())
        self.assertEqual(new.fingerprint, sha256(sent).hexdigest())

    def test_each_has_a_key_of_its_own(self) -> None:
        self.assertNotEqual(made().key, made().key)

    def test_who_trusts_it_by_name_takes_it(self) -> None:
        folder = a_folder(self)
        new = made("localhost", "127.0.0.1")
        (folder / "both.pem").write_bytes(new.certificate + new.key)
        server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        server.load_cert_chain(folder / "both.pem")
        client = ssl.create_default_context(cafile=str(folder / "both.pem"))
        for name, is_right in ("localhost", True), ("127.0.0.1", True), ("elsewhere", False):
            up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
            here = server.wrap_bio(up, down, server_side=True)
            there = client.wrap_bio(down, up, server_hostname=name)
            takes = True
            for side in there, here, there:
                try:
                    side.do_handshake()
                except ssl.SSLWantReadError:
                    pass
                except ssl.SSLCertVerificationError:
                    takes = False
                    break
            self.assertEqual(takes, is_right, name)
