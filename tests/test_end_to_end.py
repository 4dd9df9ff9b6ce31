"""The whole path of a line: the real server, real clients, from the first connection to the last."""

from __future__ import annotations

import shutil
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import PATIENCE, Person, Server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path) as running:
        yield running.ready()


@pytest.fixture
def fast_server(tmp_path: Path) -> Iterator[Server]:
    """Yield a server on which one may say as much as one likes."""
    with Server(tmp_path, "--limits", "off") as running:
        yield running.ready()


def need(program: str) -> str:
    """Return where a client program is; .ci/run installs those that are missing."""
    found = shutil.which(program)
    assert found, f"{program} is not installed: see CONTRIBUTING.md"
    return found


def piped(text: str, *command: str) -> str:
    """Return what a command shows that is given some input and then its end."""
    return subprocess.run(
        command, input=text.encode(), stdout=subprocess.PIPE, timeout=PATIENCE, check=False
    ).stdout.decode()


def test_three_people_talk(server: Server) -> None:
    alice, bob = server.person("alice"), server.person("bob")
    assert alice.until(r"\*\*\* bob joined #lobby\.\r\n").endswith("*** bob joined #lobby.\r\n")
    carl = server.person("carl")
    bob.types("hello, grüß euch")
    for person in alice, carl:
        assert "<bob> hello, grüß euch\r\n" in person.until("grüß euch\r\n")
    carl.hang_up()
    assert "*** carl left #lobby.\r\n" in alice.until(r"carl left.*\r\n")
    bob.types("/quit good night")
    assert "*** Goodbye.\r\n" in bob.rest()
    assert "*** bob left #lobby: good night.\r\n" in alice.until(r"bob left.*\r\n")


def test_netcat_and_telnet_talk(server: Server) -> None:
    nc = server.program(need("nc"), "127.0.0.1", str(server.port))
    telnet = server.program(need("telnet"), "127.0.0.1", str(server.port))
    nc.types("alice")
    nc.until(r"You are alice, in #lobby\.")
    telnet.until("What is your nickname")
    telnet.types("bob")
    telnet.until("You are bob, in #lobby with alice")
    telnet.types("hello from telnet")
    assert "<bob> hello from telnet" in nc.until("hello from telnet")
    nc.types("/me waves")
    assert "* alice waves" in telnet.until("waves")
    telnet.types("/quit")
    assert "Connection closed" in telnet.rest()
    nc.until(r"\*\*\* bob left #lobby\.")
    nc.types("/quit")
    nc.until("Goodbye")


def test_a_shell_pipe_is_said_and_answered(server: Server) -> None:
    alice = server.person("alice")
    shown = piped("/as ci-bot\nbuild 17 passed\n", need("nc"), "-N", "127.0.0.1", str(server.port))
    assert "*** You are ci-bot, in #lobby with alice.\r\n" in shown
    assert "<ci-bot> build 17 passed\r\n*** ci-bot left #lobby.\r\n" in alice.until("ci-bot left.*\r\n")


def test_a_pipe_with_a_taken_name_is_told_and_not_taken_for_names(server: Server) -> None:
    alice = server.person("alice")
    shown = piped("alice\nhello\n", need("nc"), "-N", "127.0.0.1", str(server.port))
    assert shown.endswith('!!! Not sent: "alice" is taken. Try "alice2".\r\n')
    alice.types("/who")
    assert "hello" not in alice.until(r"1 person is in #lobby: alice\.\r\n")


def test_of_many_who_ask_for_one_name_at_once_one_gets_it(server: Server) -> None:
    crowd = [Person(server.port) for _ in range(20)]
    for person in crowd:
        person.until(r"nickname\?\r\n")
    for person in crowd:
        person.types("bob")
    answers = [person.until(r"^(\*\*\* You are|!!!) .*\r\n") for person in crowd]
    assert sum("*** You are bob, in #lobby." in answer for answer in answers) == 1, answers
    assert sum('!!! "bob" is taken. Try "bob2".' in answer for answer in answers) == 19, answers
    for person in crowd:
        person.hang_up()


def test_a_thousand_piped_lines_arrive_in_order(fast_server: Server) -> None:
    alice = fast_server.person("alice")
    lines = "".join(f"line {n}\n" for n in range(1000))
    piped(f"/as bot\n{lines}", need("nc"), "-N", "127.0.0.1", str(fast_server.port))
    shown = alice.until(r"bot left #lobby\.\r\n")
    assert [line for line in shown.split("\r\n") if "> " in line] == [f"<bot> line {n}" for n in range(1000)]


def test_history_is_there_after_a_kill(tmp_path: Path) -> None:
    with Server(tmp_path) as first:
        alice, bob = first.ready().person("alice"), first.person("bob")
        bob.types("before the crash")
        alice.until("before the crash\r\n")
        first.kill()
    with Server(tmp_path) as second:
        carl = second.ready().person()
        carl.types("carl", "/history", "/who")
        shown = carl.until(r"in #lobby: alice, bob, carl\.\r\n")
        assert "<bob> before the crash\r\n" in shown


def test_sigterm_tells_everybody_and_ends_cleanly(server: Server) -> None:
    alice, bob = server.person("alice"), server.person("bob")
    bob.types("last words")
    alice.until("last words\r\n")
    assert server.terminate() == 0
    assert "*** The server restarts" in alice.rest()


def test_sigterm_ends_it_though_five_read_nothing(fast_server: Server) -> None:
    for number in range(5):
        deaf = fast_server.person(f"deaf{number}")
        deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    bob = fast_server.person("bob")
    bob.types("/set echo on", *["x" * 4000] * 200, "done")
    bob.until("^<bob> done\r\n")
    assert fast_server.terminate() == 0


def test_a_reader_who_stalls_gets_every_line_and_nobody_waits_for_it(fast_server: Server) -> None:
    deaf, bob = fast_server.person("deaf"), fast_server.person("bob")
    bob.types("/set echo on", *[f"{n} " + "x" * 3000 for n in range(1000)], "done")
    bob.until("^<bob> done\r\n")
    shown = deaf.until("^<bob> done\r\n")
    numbers = [line.split()[1] for line in shown.split("\r\n") if line.startswith("<bob>")]
    assert numbers == [*map(str, range(1000)), "done"]


def test_ipv6_unix_sockets_and_several_doors(tmp_path: Path) -> None:
    path = tmp_path / "chat.socket"
    with Server(
        tmp_path, "--listen", f"unix:{path}", "--store", "memory:", listen="tcp6:0:interface=\\:\\:1"
    ) as server:
        alice = server.ready().person("alice", host="::1")
        server.until(r"READY line unix .*chat\.socket")
        with socket.socket(socket.AF_UNIX) as local:
            local.connect(str(path))
            local.sendall(b"bob\nhello\n")
            alice.until("<bob> hello\r\n")


@pytest.fixture
def secure_server(tmp_path: Path) -> Iterator[Server]:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem",
         "-subj", "/CN=localhost", "-days", "2"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    listen = "ssl:0:privateKey=key.pem:certKey=cert.pem:interface=127.0.0.1"
    with Server(tmp_path, "--limits", "off", listen=listen) as running:
        yield running.ready()


def secure(server: Server) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(socket.create_connection(("127.0.0.1", server.port), PATIENCE))


def read_until(source: ssl.SSLSocket, end: bytes) -> list[str]:
    shown = b""
    while end not in shown:
        data = source.recv(65536)
        assert data, shown
        shown += data
    return shown.decode().split("\r\n")


def test_tls_loses_nothing(secure_server: Server) -> None:
    with secure(secure_server) as bob:
        lines = b"".join(b"%d\n" % n for n in range(500))
        bob.sendall(b"bob\n/set echo on\n" + b"x" * 3000 + b"\n" + lines)
        said = [line for line in read_until(bob, b"<bob> 499\r\n") if line.startswith("<bob>")]
        assert said[1:] == [f"<bob> {n}" for n in range(500)]


def test_a_password_that_comes_by_tls_could_be_read_by_nobody(secure_server: Server) -> None:
    with secure(secure_server) as bob:
        bob.sendall(b"bob\n/register bob-secret\n")
        assert "*** This connection is not encrypted." not in read_until(bob, b"You are registered as bob.")


def test_sigterm_ends_it_though_five_read_nothing_by_tls(secure_server: Server) -> None:
    deaf = [secure(secure_server) for _ in range(5)]
    for number, connection in enumerate(deaf):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(b"deaf%d\n" % number)
        read_until(connection, b"brings you back.\r\n")
    with secure(secure_server) as bob:
        bob.sendall(b"bob\n/set echo on\n" + (b"x" * 4000 + b"\n") * 200 + b"done\n")
        read_until(bob, b"<bob> done\r\n")
        assert secure_server.terminate() == 0
    for connection in deaf:
        connection.close()


def test_what_is_piped_in_by_tls_is_said(secure_server: Server) -> None:
    with secure(secure_server) as alice:
        alice.sendall(b"alice\n")
        read_until(alice, b"You are alice")
        with secure(secure_server) as pipe:
            pipe.sendall(b"/as bot\n" + b"".join(b"%d\n" % n for n in range(200)))
            read_until(pipe, b"brings you back.\r\n")  # what is unread at the end makes it a break
            pipe.unwrap()
        said = [line for line in read_until(alice, b"*** bot left #lobby") if line.startswith("<bot>")]
        assert said == [f"<bot> {n}" for n in range(200)]


def test_at_sigterm_who_is_behind_is_shown_the_rest(fast_server: Server) -> None:
    slow, bob = fast_server.person("slow"), fast_server.person("bob")
    bob.types("/set echo on", *[f"{n} " + "x" * 3000 for n in range(300)], "done")
    bob.until("^<bob> done\r\n")
    fast_server.process.send_signal(signal.SIGTERM)
    shown = slow.rest()
    assert len([line for line in shown.split("\r\n") if line.startswith("<bob>")]) == 301
    assert fast_server.process.wait(PATIENCE) == 0


def test_a_reset_with_lines_typed_ahead_loses_none_of_them(fast_server: Server) -> None:
    alice = fast_server.person("alice")
    names = [f"hasty{n}" for n in range(5)]
    for name in names:
        hasty = fast_server.person()
        hasty.until("What is your nickname")
        hasty.types(name, *map(str, range(50)))
        hasty.break_off()
    said: list[str] = []
    while len(said) < 5 * 50:
        said.append(alice.until(r"^<hasty.> .*\r\n").split("\r\n")[-2])
    for name in names:
        assert [line for line in said if name in line] == [f"<{name}> {line}" for line in range(50)]
    alice.types("/who")
    alice.until(rf"6 people are in #lobby: alice, {', '.join(names)}")  # for 20 seconds, after a break
