"""The client's way by TLS: to our server, with a certificate that is trusted, and with many that are not."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from OpenSSL.crypto import FILETYPE_PEM, load_certificate

from tcpchat.client.tls import Trust, fingerprint
from tcpchat.client.way import LEAVE_OUT
from tests.commands import run
from tests.faults.servers import start as start_server
from tests.processes import Server
from tests.ptys import ENTER, Pty

KEY = "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"


def openssl(folder: Path, *words: str) -> str:
    """Have openssl do something; return what it prints."""
    return subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True, text=True).stdout


def certify(folder: Path, name: str, *names: str, days: int = 2) -> None:
    """Make a certificate for some names, and its key, signed by the folder's authority."""
    about = ("-addext", f"subjectAltName={','.join(names)}") if names else ()
    openssl(
        folder, "req", *KEY, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}", *about
    )
    openssl(
        folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
        "-copy_extensions", "copy", "-days", str(days), "-out", f"{name}.pem",
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with an authority, and certificates that are right and wrong."""
    folder = tmp_path_factory.mktemp("tls")
    openssl(folder, "req", "-x509", *KEY, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=authority")
    certify(folder, "right", "DNS:localhost", "IP:127.0.0.1")
    certify(folder, "elsewhere", "DNS:other.example")
    certify(folder, "nameless")
    certify(folder, "expired", "DNS:localhost", days=-1)
    openssl(
        folder, "req", "-x509", *KEY, "-keyout", "own.key", "-out", "own.pem", "-subj", "/CN=localhost",
        "-addext", "subjectAltName=DNS:localhost",
    )  # fmt: skip
    return folder


class SecureServer(Server):
    """The real server, with a certificate of the folder."""

    def __init__(self, store: Path, folder: Path, certificate: str) -> None:
        about = f"privateKey={folder / certificate}.key:certKey={folder / certificate}.pem"
        super().__init__(store, "--limits", "off", listen=f"ssl:0:{about}:interface=127.0.0.1")


@pytest.fixture
def right(tmp_path: Path, folder: Path) -> Iterator[Server]:
    with SecureServer(tmp_path, folder, "right") as running:
        yield running.ready()


@pytest.fixture
def own(tmp_path: Path, folder: Path) -> Iterator[Server]:
    """Yield a server whose certificate is signed by itself, as one on a local network often is."""
    with SecureServer(tmp_path, folder, "own") as running:
        yield running.ready()


def trusting(folder: Path, certificate: str = "ca") -> dict[str, Any]:
    """Return the environment in which an authority is trusted."""
    return {"SSL_CERT_FILE": str(folder / f"{certificate}.pem")}


def test_a_room_is_joined_by_its_address(right: Server, folder: Path) -> None:
    with Pty(f"tcpchats://localhost:{right.port}/dev", "--nick", "anna", **trusting(folder)) as anna:
        anna.sees("You are anna, in #dev")
        anna.until(lambda: anna.line.startswith("#dev"))
        anna.types(f"hello{ENTER}")
        anna.sees("<anna> hello$")
        anna.types(f"/quit{ENTER}")
        assert anna.ends() == 0


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_pipe_is_encrypted_by_an_option(right: Server, folder: Path, host: str) -> None:
    where = f"{host}:{right.port}"
    ended = run("--tls", where, "--nick", "bob", typed="hi\n/history\n", **trusting(folder))
    assert ended.status == 0 and ended.complaints == ""
    assert "<bob> hi\n" in ended.shown
    assert run("send", "--tls", "--server", where, "done", **trusting(folder)) == (0, "", "")


def test_a_break_of_an_encrypted_connection_is_healed(tmp_path: Path, folder: Path) -> None:
    with SecureServer(tmp_path, folder, "right").ready() as first:
        port = first.port
        with Pty("--tls", f"localhost:{port}", "--nick", "anna", **trusting(folder)) as anna:
            anna.sees(r"\[1:#lobby 1\]")
            first.kill()
            anna.sees("What you say is sent when")
            anna.types(f"meanwhile{ENTER}")
            about = f"privateKey={folder}/right.key:certKey={folder}/right.pem"
            with Server(
                tmp_path, "--limits", "off", listen=f"ssl:{port}:{about}:interface=127.0.0.1"
            ).ready():
                anna.sees("<anna> meanwhile$")


@pytest.mark.parametrize(
    ("certificate", "trusted", "why"),
    [
        ("right", "elsewhere", "nobody whom this system trusts has signed it"),
        ("own", "ca", "it is signed by itself"),
        ("elsewhere", "ca", "it is for another name"),
        ("nameless", "ca", "it is for another name"),
        ("expired", "ca", "it has expired"),
    ],
)
def test_a_wrong_certificate_is_refused(
    tmp_path: Path, folder: Path, certificate: str, trusted: str, why: str
) -> None:
    with SecureServer(tmp_path, folder, certificate).ready() as server:
        where = f"localhost:{server.port}"
        ended = run("--tls", where, typed="hi\n", **trusting(folder, trusted))
        assert (ended.status, ended.shown) == (69, "")
        why_not, unsent = ended.complaints.splitlines()
        assert why_not.startswith(f"tcpchat: The certificate of localhost is not trusted: {why}. If its ")
        assert unsent == 'tcpchat: Not sent, or not known to be: "hi"'


def test_on_a_terminal_it_is_one_line_too(own: Server, folder: Path) -> None:
    with Pty("--tls", f"localhost:{own.port}", columns=250, **trusting(folder)) as anna:
        assert anna.ends() == 69
        (line,) = anna.rows
        assert line.startswith(
            "tcpchat: The certificate of localhost is not trusted: it is signed by itself."
        )


@pytest.mark.parametrize("words", [("send", "hi"), ("watch",)])
def test_nobody_waits_for_a_certificate_to_become_right(
    own: Server, folder: Path, words: tuple[str, ...]
) -> None:
    ended = run(*words, "--tls", "--server", f"localhost:{own.port}", **trusting(folder))
    assert ended.status == 69 and len(ended.complaints.splitlines()) == 1


def test_one_that_signed_itself_may_be_trusted(own: Server, folder: Path) -> None:
    where = f"localhost:{own.port}"
    assert run("--tls", where, typed="hi\n", **trusting(folder, "own")).status == 0
    printed = openssl(folder, "x509", "-in", "own.pem", "-noout", "-fingerprint", "-sha256").strip()
    told = re.search("--fingerprint ([0-9a-f]{64})", run("--tls", where, **trusting(folder)).complaints)
    assert told
    with Pty(f"127.0.0.1:{own.port}", "--fingerprint", told[1], "--nick", "anna") as anna:
        anna.sees(r"\[1:#lobby 1\]  anna")
    assert run(where, "--fingerprint", printed, typed="hi\n").status == 0


def test_a_fingerprint_trusts_no_other_certificate(right: Server, folder: Path) -> None:
    ended = run("--fingerprint", "ab" * 32, f"localhost:{right.port}", **trusting(folder))
    assert ended.status == 69
    seen = fingerprint(load_certificate(FILETYPE_PEM, (folder / "right.pem").read_bytes()))
    assert ended.complaints == (
        f"tcpchat: The certificate of localhost is another one: its fingerprint is {seen}\n"
    )


def test_where_no_tls_is_spoken_nobody_waits_for_it(tmp_path: Path) -> None:
    with start_server(tmp_path).ready() as plain:
        ended = run("--tls", f"localhost:{plain.port}")
        assert run("send", "--tls", "--server", f"localhost:{plain.port}", "hi") == ended
    assert ended.status == 69
    assert ended.complaints == f"tcpchat: {LEAVE_OUT}\n"


@pytest.mark.parametrize("host", ["localhost", "bücher.example", "127.0.0.1", "::1"])
def test_a_certificate_is_for_names_and_addresses_of_each_kind(folder: Path, host: str) -> None:
    name = host.encode("idna").decode() if "." in host or host.isalpha() else host
    kind = "IP" if host in ("127.0.0.1", "::1") else "DNS"
    certify(folder, "one", f"{kind}:{name}")
    its = load_certificate(FILETYPE_PEM, (folder / "one.pem").read_bytes())
    other = load_certificate(FILETYPE_PEM, (folder / "elsewhere.pem").read_bytes())
    trust = Trust(host)
    assert trust.objection(its, []) == ""
    assert "it is for another name" in trust.objection(other, [])
    assert "it has expired" in trust.objection(its, ["it has expired"])
    assert Trust(host, fingerprint(its)).objection(its, ["it has expired"]) == ""


def test_who_forgets_it_is_told_so(right: Server) -> None:
    with Pty(f"localhost:{right.port}", "--nick", "anna") as anna:
        anna.sees("A port for TLS needs --tls")
        anna.types(f"hello?{ENTER}")
        anna.sees(r"needs --tls\)")
        assert anna.ends() in (0, 69)
