"""The certificates of a door: which one is shown, by what rules, and how they are read anew."""

from __future__ import annotations

import os
import time
from pathlib import Path

from OpenSSL.SSL import TLS1_1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION, Error
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.certificates import Certificates, Outcome, of_files, of_folder
from tcpchat.pems import NoIdentity
from tcpchat.self_signed import SelfSigned
from tests.certified import EXPIRED, Client, fingerprint, shakes_hands, write
from tests.folders import a_folder


class CertificatesCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = a_folder(self)
        self.key, self.certificate = str(self.folder / "key.pem"), str(self.folder / "cert.pem")

    def of_files(self) -> Certificates:
        return of_files("ssl:8024", self.key, self.certificate)

    def shown(self, certificates: Certificates, name: str = "") -> str:
        """Which certificate is somebody shown who asks for a name?"""
        client = Client(name)
        self.assertTrue(shakes_hands(certificates.serverConnectionForTLS(None), client))
        return fingerprint(client)

    def changed(self, *names: str) -> SelfSigned:
        """Write another certificate, some time after the one before."""
        new = write(self.folder, *names)
        later = time.time_ns() + 10_000_000_000
        for path in self.key, self.certificate:
            os.utime(path, ns=(later, later))
        return new


class ShownTests(CertificatesCase):
    def test_it_is_the_one_in_the_files(self) -> None:
        made = write(self.folder)
        self.assertEqual(self.shown(self.of_files(), "anything"), made.fingerprint)

    def test_of_a_folder_it_is_the_one_for_the_name_that_is_asked_for(self) -> None:
        one = write(self.folder, "a.example", stem="1")
        two = write(self.folder, "b.example", "*.c.example", stem="2")
        certificates = of_folder("tls", str(self.folder))
        for name, made in (
            ("a.example", one), ("b.example", two), ("x.c.example", two), ("B.Example", two),
            ("", one), ("elsewhere", one), ("y.x.c.example", one),
        ):  # fmt: skip
            self.assertEqual(self.shown(certificates, name), made.fingerprint, name)

    def test_no_version_before_1_2_is_spoken(self) -> None:
        write(self.folder)
        for most, speaks in (TLS1_1_VERSION, False), (TLS1_2_VERSION, True), (TLS1_3_VERSION, True):
            client = Client(ciphers="ALL:@SECLEVEL=0", most=most)
            server = self.of_files().serverConnectionForTLS(None)
            self.assertEqual(shakes_hands(server, client), speaks)

    def test_no_cipher_without_forward_secrecy_or_authentication_of_what_is_said(self) -> None:
        write(self.folder)
        for ciphers, speaks in (
            ("ECDHE-ECDSA-AES128-GCM-SHA256", True), ("ECDHE-ECDSA-CHACHA20-POLY1305", True),
            ("ECDHE-ECDSA-AES256-SHA384", False), ("AES256-GCM-SHA384", False),
        ):  # fmt: skip
            client = Client(ciphers=ciphers, most=TLS1_2_VERSION)
            server = self.of_files().serverConnectionForTLS(None)
            self.assertEqual(shakes_hands(server, client), speaks, ciphers)

    def test_who_offers_protocols_comes_in_without_any(self) -> None:
        write(self.folder)
        client = Client(protocols=[b"h2", b"http/1.1"])
        self.assertTrue(shakes_hands(client=client, server=self.of_files().serverConnectionForTLS(None)))
        self.assertEqual(client.tls.get_alpn_proto_negotiated(), b"")

    def test_nobody_can_have_it_negotiated_again(self) -> None:
        write(self.folder)
        client, server = Client(most=TLS1_2_VERSION), self.of_files().serverConnectionForTLS(None)
        self.assertTrue(shakes_hands(server, client))
        self.assertFalse(server.renegotiate_pending())
        try:
            client.tls.renegotiate()
        except Error:
            return  # the client has not been let
        server.bio_write(client.sends())
        self.assertRaises(Error, server.recv, 1)


class ReadingAnewTests(CertificatesCase):
    def test_who_connects_from_now_on_is_shown_the_new_one(self) -> None:
        old = write(self.folder)
        certificates = self.of_files()
        client, server = Client(), certificates.serverConnectionForTLS(None)
        self.assertTrue(shakes_hands(server, client))
        new = self.changed()
        self.assertEqual(self.shown(certificates), old.fingerprint)
        outcome = certificates.reload()
        self.assertFalse(outcome.is_refused)
        self.assertIn(new.fingerprint, outcome.text)
        self.assertEqual(self.shown(certificates), new.fingerprint)
        server.send(b"still here")
        client.takes(server.bio_read(1000))
        self.assertEqual(client.read, b"still here")

    def test_what_cannot_be_used_changes_nothing(self) -> None:
        old = write(self.folder)
        certificates = self.of_files()
        for text, why in (
            ("", f"there is no certificate in {self.certificate}"),
            (
                "-----BEGIN CERTIFICATE-----\nx\n",
                f"a certificate in {self.certificate} is damaged, or of a kind that is not known",
            ),
            (old.key.decode(), f"there is no certificate in {self.certificate}"),
        ):
            Path(self.certificate).write_text(text)
            self.assertEqual(
                certificates.reload(), Outcome(f"ssl:8024: the certificate stays as it was: {why}.", True)
            )
            self.assertEqual(self.shown(certificates), old.fingerprint)

    def test_a_look_reads_what_has_changed_and_does_so_no_more(self) -> None:
        write(self.folder)
        certificates = self.of_files()
        self.assertIsNone(certificates.look())
        new = self.changed()
        self.assertIsNone(certificates.look())  # the other file may be written just now
        outcome = certificates.look()
        assert outcome is not None
        self.assertIn(new.fingerprint, outcome.text)
        self.assertIsNone(certificates.look())

    def test_as_long_as_they_change_nothing_is_read(self) -> None:
        old = write(self.folder)
        certificates = self.of_files()
        for size in 1, 2, 3:
            Path(self.certificate).write_bytes(b"x" * size)
            self.assertIsNone(certificates.look())
        self.assertEqual(self.shown(certificates), old.fingerprint)

    def test_what_is_broken_is_told_once(self) -> None:
        write(self.folder)
        certificates = self.of_files()
        os.unlink(self.key)
        self.assertIsNone(certificates.look())
        outcome = certificates.look()
        assert outcome is not None and outcome.is_refused
        self.assertIn(f"{self.key} cannot be read: No such file or directory", outcome.text)
        self.assertIsNone(certificates.look())

    def test_what_is_new_in_a_folder_is_seen(self) -> None:
        write(self.folder, "a.example", stem="1")
        certificates = of_folder("tls", str(self.folder))
        new = write(self.folder, "b.example", stem="2")
        certificates.look()
        outcome = certificates.look()
        assert outcome is not None
        self.assertIn("2 certificates", outcome.text)
        self.assertEqual(self.shown(certificates, "b.example"), new.fingerprint)


class WarningTests(CertificatesCase):
    def test_of_a_good_one_there_are_none(self) -> None:
        write(self.folder)
        self.assertEqual(self.of_files().warnings, [])

    def test_a_key_that_others_may_read_is_told(self) -> None:
        write(self.folder)
        os.chmod(self.key, 0o644)
        (told,) = self.of_files().warnings
        self.assertIn(f"{self.key} has a private key that everybody on this machine may read", told)
        self.assertIn("mode 0644", told)
        os.chmod(self.key, 0o640)
        self.assertEqual(self.of_files().warnings, [])

    def test_one_that_has_expired_is_told(self) -> None:
        write(self.folder, now=EXPIRED)
        (told,) = self.of_files().warnings
        self.assertIn("ssl:8024: the certificate has expired", told)

    def test_what_is_not_there_at_the_start_is_no_certificate(self) -> None:
        with self.assertRaises(NoIdentity):
            self.of_files()
