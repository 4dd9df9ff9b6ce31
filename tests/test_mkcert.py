"""``tcpchat mkcert``, as an operator types it."""

from __future__ import annotations

import re
import socket
import stat
import subprocess
from pathlib import Path

from tests.commands import TCPCHAT
from tests.processes import PATIENCE


def mkcert(folder: Path, *words: str) -> tuple[int, str, str]:
    """Run it; return its status, and what it has printed and complained of."""
    ended = subprocess.run(
        [TCPCHAT, "mkcert", *words], cwd=folder, capture_output=True, text=True, timeout=PATIENCE
    )
    return ended.returncode, ended.stdout, ended.stderr


def names(certificate: Path) -> str:
    """Return for what a certificate is."""
    words = "openssl", "x509", "-noout", "-ext", "subjectAltName", "-in", str(certificate)
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def test_it_is_for_this_machine_and_its_key_is_for_nobody_else(tmp_path: Path) -> None:
    status, printed, complaints = mkcert(tmp_path)
    assert (status, complaints) == (0, "")
    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600
    assert "--listen ssl:8024:privateKey=key.pem:certKey=cert.pem\n" in printed
    for name in f"DNS:{socket.gethostname()}", "DNS:localhost", "IP Address:127.0.0.1":
        assert name in names(tmp_path / "cert.pem")
    told = re.search(r"--fingerprint ([0-9a-f]{64})\n", printed)
    assert told
    words = "openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", str(tmp_path / "cert.pem")
    shown = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert shown.rpartition("=")[2].strip().replace(":", "").lower() == told[1]


def test_names_and_a_folder_can_be_said(tmp_path: Path) -> None:
    (tmp_path / "a:b").mkdir()
    status, printed, _ = mkcert(tmp_path, "chat.example", "192.0.2.1", "--out", "a:b")
    assert status == 0
    assert names(tmp_path / "a:b" / "cert.pem").strip().endswith("DNS:chat.example, IP Address:192.0.2.1")
    assert r"--listen ssl:8024:privateKey=a\:b/key.pem:certKey=a\:b/cert.pem" in printed
    assert "tcpchat chat.example --fingerprint" in printed


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    assert mkcert(tmp_path)[0] == 0
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    status, printed, complaints = mkcert(tmp_path)
    assert (status, printed) == (74, "")
    assert complaints == "tcpchat: key.pem is there already, and is not overwritten.\n"
    (tmp_path / "key.pem").unlink()
    status, _, complaints = mkcert(tmp_path)
    assert (status, complaints) == (74, "tcpchat: cert.pem is there already, and is not overwritten.\n")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"cert.pem": before["cert.pem"]}


def test_what_cannot_be_is_one_line(tmp_path: Path) -> None:
    for words, expected, complaint in (
        (("a b",), 64, "A certificate cannot be for 'a b'."),
        (("--out", "gone"), 74, "gone/key.pem cannot be written: No such file or directory."),
    ):
        assert mkcert(tmp_path, *words) == (expected, "", f"tcpchat: {complaint}\n")
