"""TLS with the real server and clients: who talks, what is shown to whom, and what a slow reader costs."""

from __future__ import annotations

import re
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.certified import write
from tests.commands import run
from tests.processes import PATIENCE, Reading, Server
from tests.test_proxies import need

LISTEN = "ssl:0:privateKey=key.pem:certKey=cert.pem:interface=127.0.0.1"

# Bytes of a line, lines that are said, people who do not read them, and by how many KiB the server may grow:
# a third of what they have not read.
LINE, LINES, SLOW, AT_MOST = 3000, 1000, 16, 16_000


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[Server]:
    write(tmp_path)
    with Server(tmp_path, "--limits", "off", listen=LISTEN) as server:
        yield server.ready()


class Shown(Reading):
    """Somebody with TLS, by Python's own."""

    def __init__(self, server: Server, name: str = "localhost", buffer: int = 0, first: bytes = b"") -> None:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        plain = socket.socket()
        if buffer:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        plain.settimeout(PATIENCE)
        plain.connect(("127.0.0.1", server.port))
        plain.sendall(first)
        self.tls = context.wrap_socket(plain, server_hostname=name)
        super().__init__(self.tls)

    def _more(self, end: float) -> bool:
        data = self.tls.recv(65536)
        self._ended = not data
        self.text += data.decode()
        return True

    def said_until(self, last: str) -> list[str]:
        """Return the first word of every line that bob has said, up to one."""
        shown, end = self.text.encode(), f"<bob> {last} {'x' * LINE}\r\n".encode()
        parts = [shown]
        while not (parts[-1].endswith(end) or b"".join(parts[-2:]).endswith(end)):
            parts.append(self.tls.recv(65536))
            assert parts[-1], "there was an end"
        return re.findall(r"^<bob> (\d+) ", b"".join(parts).decode(), re.MULTILINE)

    def types(self, *lines: str) -> None:
        self.tls.sendall("".join(f"{line}\n" for line in lines).encode())

    def certificate(self) -> bytes:
        shown = self.tls.getpeercert(binary_form=True)
        assert shown
        return shown

    def close(self) -> None:
        self.tls.close()


def memory(server: Server) -> int:
    """Return how many KiB the server has."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+)", status)
    assert found
    return int(found[1])


def test_people_with_other_programs_talk(secure: Server) -> None:
    port = str(secure.port)
    anna = secure.program(need("openssl"), "s_client", "-quiet", "-connect", f"127.0.0.1:{port}")
    bob = secure.program(need("ncat"), "--ssl", "127.0.0.1", port)
    carl = secure.program(need("socat"), "-", f"OPENSSL:127.0.0.1:{port},verify=0")
    for name, person in ("anna", anna), ("bob", bob), ("carl", carl):
        person.until("What is your nickname")
        person.types(name)
        person.until(f"You are {name}")
    for name, person in ("anna", anna), ("bob", bob), ("carl", carl):
        person.types(f"I am {name}")
        for other in anna, bob, carl:
            if other is not person:
                other.until(f"<{name}> I am {name}")


def test_a_certificate_is_replaced_and_nobody_notices(secure: Server) -> None:
    with closing(Shown(secure)) as anna:
        anna.types("anna")
        anna.until("You are anna")
        new = write(secure.folder)
        secure.until(f"the certificate was read: .* SHA-256 {new.fingerprint}")
        with closing(Shown(secure)) as bob:
            assert bob.certificate() == ssl.PEM_cert_to_DER_cert(new.certificate.decode())
            assert bob.certificate() != anna.certificate()
            bob.types("bob", "hello")
            anna.until("<bob> hello")


def test_at_sighup_it_is_read_anew_and_a_broken_one_changes_nothing(secure: Server) -> None:
    secure.process.send_signal(signal.SIGHUP)
    secure.until("ssl:0: the certificate was read: good until")
    with closing(Shown(secure)) as anna:
        (secure.folder / "cert.pem").write_text("broken")
        secure.process.send_signal(signal.SIGHUP)
        secure.until("the certificate stays as it was: there is no certificate in cert.pem")
        with closing(Shown(secure)) as bob:
            assert bob.certificate() == anna.certificate()
            bob.until("What is your nickname")


def test_a_key_that_everybody_may_read_is_told_at_the_start(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "key.pem").chmod(0o644)
    with Server(tmp_path, listen=LISTEN) as server:
        server.until(r"key\.pem has a private key that everybody on this machine may read \(mode 0644\)")


def test_of_a_folder_everybody_is_shown_the_certificate_for_the_name_that_they_ask_for(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "certificates"
    folder.mkdir()
    write(folder, "a.example", stem="a")
    second = write(folder, "b.example", stem="b")
    with Server(tmp_path, listen="tls:certificates:0:interface=127.0.0.1") as server:
        server.ready()
        with closing(Shown(server, "b.example")) as anna, closing(Shown(server, "a.example")) as bob:
            assert anna.certificate() == ssl.PEM_cert_to_DER_cert(second.certificate.decode())
            assert bob.certificate() != anna.certificate()
            bob.types("bob", "/register bob-secret")
            assert "not encrypted" not in bob.until("You are registered")


def test_what_mkcert_prints_is_all_that_is_needed(tmp_path: Path) -> None:
    made = run("mkcert", "--out", str(tmp_path))
    found = re.search(r"--listen (\S+)\n.*--fingerprint ([0-9a-f]{64})\n", made.shown)
    assert found
    listen = found[1].replace("8024", "0") + ":interface=127.0.0.1"
    with Server(tmp_path, listen=listen) as server:
        server.ready()
        where = f"localhost:{server.port}"
        for fingerprint, status in (found[2], 0), ("0" * 64, 69):
            assert run("send", "--server", where, "--fingerprint", fingerprint, "hi").status == status


def test_who_does_not_read_costs_little_and_is_shown_all_of_it_in_order(secure: Server) -> None:
    slow = [Shown(secure, buffer=4096) for _ in range(SLOW)]
    for number, person in enumerate(slow):
        person.types("/set joins none", f"slow{number}")
        person.until(f"You are slow{number}.*\n")
    with closing(Shown(secure)) as bob:
        bob.types("bob", "/set echo on")
        bob.until("echo is on")
        before = memory(secure)
        for number in range(0, LINES, 50):
            bob.types(*(f"{each:04} {'x' * LINE}" for each in range(number, number + 50)))
            bob.until(rf"^<bob> {number + 49:04} x+\r\n")
        grown = memory(secure) - before
    assert grown < AT_MOST, f"{grown} KiB"
    for person in slow:
        assert person.said_until(f"{LINES - 1:04}") == [f"{number:04}" for number in range(LINES)]
        person.close()


def test_who_sends_no_tls_is_hung_up_on_without_a_greeting(secure: Server) -> None:
    assert b"nickname" not in socket_says(secure.port, b"bob\r\n")


def test_so_many_who_do_not_agree_on_a_key_and_no_more(tmp_path: Path) -> None:
    write(tmp_path)
    with Server(tmp_path, "--log-level", "debug", listen=f"haproxy:{LISTEN}") as server:
        server.ready()
        # This machine is not counted, those for whom a proxy speaks are.
        silent = []
        for number in range(50):
            silent.append(server.person())
            silent[-1].types(f"PROXY TCP4 198.51.100.{number} 192.0.2.1 1 2")
            server.until(rf"connected from 198\.51\.100\.{number} ")
        with closing(Shown(server, first=b"PROXY TCP4 203.0.113.1 192.0.2.1 1 2\r\n")) as late:
            late.until("!!! Too many connect with TLS just now. Try again in a moment.\r\n")
        silent[0].hang_up()
        server.until("gone without a nickname")
        with closing(Shown(server, first=b"PROXY TCP4 203.0.113.2 192.0.2.1 1 2\r\n")) as anna:
            anna.types("anna")
            anna.until("You are anna")


def test_figures_are_encrypted_too(tmp_path: Path) -> None:
    write(tmp_path)
    with Server(tmp_path, "--metrics", LISTEN) as server:
        port = server.until(r"READY metrics ssl .*:(\d+)$").rpartition(":")[2]
        server.ready()
        curl = [need("curl"), "--noproxy", "*", "-sS", "--cacert", str(tmp_path / "cert.pem")]
        shown = subprocess.run([*curl, f"https://localhost:{port}/healthz"], capture_output=True, text=True)
        assert (shown.stdout, shown.stderr) == ("ok\n", "")
        assert b"HTTP" not in socket_says(int(port), b"GET /healthz HTTP/1.0\r\n\r\n")


def socket_says(port: int, typed: bytes) -> bytes:
    """Return what somebody is shown who sends this without TLS."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as person:
        person.sendall(typed)
        with person.makefile("rb") as shown:
            return shown.read()
