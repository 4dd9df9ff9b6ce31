"""Certificates and keys in files: what belongs together, and what is wrong in one sentence."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from ssl import DER_cert_to_PEM_cert

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.pems import NoIdentity, files_in, from_files, from_folder, readable_by_others
from tests.certified import EXPIRED, made, write
from tests.folders import a_folder

EC = "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"


def openssl(folder: Path, *words: str) -> None:
    """Have openssl do something in a folder."""
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


class PemsCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.folder = a_folder(self)

    def file(self, name: str, *contents: bytes) -> str:
        """Write a file; return its path."""
        path = self.folder / name
        path.write_bytes(b"".join(contents))
        return str(path)

    def sign(self) -> None:
        """Make an authority, and a certificate that it has signed."""
        openssl(self.folder, "req", "-x509", *EC, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca")
        openssl(self.folder, "req", *EC, "-keyout", "own.key", "-out", "own.csr", "-subj", "/CN=own",
                "-addext", "subjectAltName=DNS:Own.example,IP:127.0.0.1")  # fmt: skip
        openssl(self.folder, "x509", "-req", "-in", "own.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                "-copy_extensions", "copy", "-out", "own.pem")  # fmt: skip

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def assert_none(self, why: str, key: str, certificate: str, chain: str | None = None) -> None:
        with self.assertRaises(NoIdentity) as caught:
            from_files(key, certificate, chain)
        self.assertEqual(str(caught.exception), why)


class FilesTests(PemsCase):
    def test_the_first_certificate_is_ones_own_and_the_rest_leads_to_the_authority(self) -> None:
        self.sign()
        full = self.file("full.pem", self.read("own.pem"), self.read("ca.pem"))
        one = from_files(str(self.folder / "own.key"), full)
        self.assertEqual(one.names, ("own.example",))
        self.assertEqual([each.subject.rfc4514_string() for each in one.chain], ["CN=ca"])
        other = from_files(
            str(self.folder / "own.key"), str(self.folder / "own.pem"), str(self.folder / "ca.pem")
        )
        self.assertEqual(other.chain, one.chain)

    def test_key_and_certificate_can_be_in_one_file(self) -> None:
        new = made()
        for parts in (new.key, new.certificate), (new.certificate, new.key):
            path = self.file("both.pem", b"a word before\n", *parts)
            self.assertEqual(from_files(path, path).chain, ())

    def test_of_several_keys_it_is_the_one_that_fits(self) -> None:
        new, other = made(), made()
        path = self.file("all.pem", other.key, new.key)
        self.assertEqual(from_files(path, self.file("cert.pem", new.certificate)).names, ("localhost",))

    def test_a_certificate_for_no_name_is_one(self) -> None:
        openssl(self.folder, "req", "-x509", *EC, "-keyout", "key", "-out", "cert", "-subj", "/CN=x")
        self.assertEqual(from_files(str(self.folder / "key"), str(self.folder / "cert")).names, ())

    def test_what_is_wrong_is_said_in_a_sentence(self) -> None:
        new, other = made(), made()
        key, certificate = self.file("key", new.key), self.file("cert", new.certificate)
        nothing, gone = self.file("nothing", b"nothing"), str(self.folder / "gone")
        damaged = self.file("damaged", new.key[:60], b"\n-----END PRIVATE KEY-----\n")
        self.assert_none(f"there is no private key in {nothing}", nothing, certificate)
        self.assert_none(f"there is no certificate in {nothing}", key, nothing)
        self.assert_none(f"there is no certificate in {nothing}", key, certificate, nothing)
        self.assert_none(f"{gone} cannot be read: No such file or directory", gone, certificate)
        self.assert_none(
            f"the private key in {damaged} is damaged, or of a kind that is not known", damaged, certificate
        )
        strange = self.file("strange", other.key)
        self.assert_none(
            f"the private key in {strange} is not that of the certificate in {certificate}",
            strange, certificate,
        )  # fmt: skip

    def test_a_certificate_of_which_a_part_cannot_be_read_is_none(self) -> None:
        write(self.folder)
        sound = load_pem_x509_certificate(self.read("cert.pem")).public_bytes(Encoding.DER)
        # The names that it is for are not what they should be, and its key is on a curve that nobody knows.
        for before, skipped, new in ("0603551d11", 2, 0x04), ("06082a8648ce3d0301", 0, 0x63):
            part = bytes.fromhex(before)
            at = sound.index(part) + len(part) + skipped
            wrong = sound[:at] + bytes([new]) + sound[at + 1 :]
            damaged = self.file("damaged", DER_cert_to_PEM_cert(wrong).encode())
            why = f"a certificate in {damaged} is damaged, or of a kind that is not known"
            self.assert_none(why, str(self.folder / "key.pem"), damaged)

    def test_a_key_that_needs_a_password_is_none(self) -> None:
        write(self.folder)
        openssl(self.folder, "pkey", "-in", "key.pem", "-aes256", "-passout", "pass:x", "-out", "locked")
        self.assert_none(
            f"the private key in {self.folder}/locked is encrypted, and nobody can be asked",
            str(self.folder / "locked"), str(self.folder / "cert.pem"),
        )  # fmt: skip


class FolderTests(PemsCase):
    def test_what_belongs_together_is_found_wherever_it_is(self) -> None:
        self.sign()
        below = self.folder / "below"
        below.mkdir()
        os.rename(self.folder / "own.key", below / "private.pem")
        (one,) = from_folder(str(self.folder))
        self.assertEqual(one.names, ("own.example",))
        self.assertEqual([each.subject.rfc4514_string() for each in one.chain], ["CN=ca"])

    def test_the_order_is_that_of_the_paths(self) -> None:
        for name in "c", "a", "b":
            write(self.folder, f"{name}.example", stem=name)
        self.assertEqual(
            [each.names for each in from_folder(str(self.folder))],
            [("a.example",), ("b.example",), ("c.example",)],
        )
        self.assertEqual(len(files_in(str(self.folder))), 6)

    def test_of_several_with_one_key_it_is_the_one_that_is_good_for_longest(self) -> None:
        openssl(self.folder, "req", "-x509", *EC, "-keyout", "key.pem", "-out", "1.pem", "-subj", "/CN=x")
        for name, days in ("0.pem", "900"), ("2.pem", "300"):
            openssl(self.folder, "req", "-x509", "-key", "key.pem", "-out", name, "-subj", f"/CN={days}",
                    "-days", days)  # fmt: skip
        (one,) = from_folder(str(self.folder))
        self.assertEqual(one.certificate.subject.rfc4514_string(), "CN=900")

    def test_one_without_anything_to_show_is_refused(self) -> None:
        write(self.folder, now=EXPIRED)
        os.unlink(self.folder / "key.pem")
        for folder in str(self.folder), str(self.folder / "gone"):
            with self.assertRaises(NoIdentity) as caught:
                from_folder(folder)
            self.assertIn("there is no certificate with its private key", str(caught.exception))


class ModeTests(PemsCase):
    def test_only_a_key_that_everybody_may_read_is_told(self) -> None:
        write(self.folder)
        paths = files_in(str(self.folder))
        for mode, told in (0o600, []), (0o640, []), (0o644, [(str(self.folder / "key.pem"), 0o644)]):
            (self.folder / "key.pem").chmod(mode)
            self.assertEqual(list(readable_by_others(paths)), told)

    def test_one_that_is_gone_by_then_is_not_told(self) -> None:
        write(self.folder)
        (self.folder / "key.pem").chmod(0o644)
        gone = str(self.folder / "gone.pem")
        self.assertEqual(len(list(readable_by_others([gone, str(self.folder / "key.pem")]))), 1)
