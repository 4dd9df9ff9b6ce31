"""Behind real things: HAProxy, socat, Unix sockets, and sockets that are handed over as systemd does it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.certified import write
from tests.processes import PATIENCE, TWISTD, Person, Reading, Server

CONFIGURATION = """
global
    stats socket {folder}/stats
defaults
    mode tcp
    timeout connect 30s
    timeout client 1h
    timeout server 1h
"""

# By a check that goes on to the greeting it is seen that the server takes LOCAL for what it is.
WAY = """
listen {name}
    bind fd@{descriptor}
    option tcp-check
    tcp-check expect string nickname
    server chat {address} {how}
"""


def need(program: str) -> str:
    """Return where a program is; .ci/run installs those that are missing."""
    path = f"{os.environ['PATH']}:/usr/sbin"
    found = shutil.which(program, path=path)
    assert found, f"{program} is not installed: see CONTRIBUTING.md"
    return found


class HAProxy:
    """The real one, with a port for each way to the server."""

    def __init__(self, folder: Path, **ways: tuple[str, str]) -> None:
        """A way has a name, the server's address, and how its header is sent."""
        self._folder = folder
        self.ports: dict[str, int] = {}
        text = CONFIGURATION.format(folder=folder)
        with ExitStack() as listening:
            descriptors = []
            for name, (address, how) in ways.items():
                port = listening.enter_context(socket.create_server(("127.0.0.1", 0)))
                descriptors.append(port.fileno())
                self.ports[name] = port.getsockname()[1]
                text += WAY.format(name=name, descriptor=port.fileno(), address=address, how=how)
            (folder / "haproxy.cfg").write_text(text)
            self._process = subprocess.Popen(
                [need("haproxy"), "-db", "-f", "haproxy.cfg"],
                cwd=folder, pass_fds=descriptors, stderr=subprocess.DEVNULL,
            )  # fmt: skip

    def checks(self) -> set[str]:
        """Return what the checks of the ways have found."""
        with socket.socket(socket.AF_UNIX) as asking:
            asking.connect(str(self._folder / "stats"))
            asking.sendall(b"show stat -1 4 -1 typed\n")
            with asking.makefile() as answer:
                rows = [line.split(":") for line in answer]
        return {row[-1].strip() for row in rows if ".check_status." in row[0]}

    def __enter__(self) -> HAProxy:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait(PATIENCE)


def wait_for(path: Path) -> None:
    """Wait until a socket is there on which somebody listens."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with socket.socket(socket.AF_UNIX) as visitor:
            if visitor.connect_ex(str(path)) == 0:
                return
        time.sleep(0.01)
    raise AssertionError(f"nobody listens on {path}")


@pytest.fixture
def proxied(tmp_path: Path) -> Iterator[Server]:
    """Yield a server that tells who comes, and has a port for proxies."""
    listen = "haproxy:tcp:0:interface=127.0.0.1"
    with Server(tmp_path, "--log-level", "debug", listen=listen) as server:
        yield server.ready()


def test_who_comes_over_haproxy_is_who_they_are(proxied: Server) -> None:
    address = f"127.0.0.1:{proxied.port}"
    with HAProxy(
        proxied.folder, first=(address, "send-proxy"), second=(address, "send-proxy-v2 check inter 100ms")
    ) as haproxy:
        anna = Person(haproxy.ports["first"], "anna", source="127.3.3.3")
        proxied.until(r"connected from 127\.3\.3\.3 ")
        bob = Person(haproxy.ports["second"], "bob", source="127.4.4.4")
        proxied.until(r"connected from 127\.4\.4\.4 ")
        bob.types("hello")
        anna.until(r"^<bob> hello\r\n")
        anna.types("/quit")
        assert "*** Goodbye." in anna.rest()
        for person in anna, bob:
            person.hang_up()


def test_haproxys_own_checks_are_greeted_and_told_from_people(proxied: Server) -> None:
    check = "send-proxy-v2 check inter 100ms"
    with HAProxy(proxied.folder, checked=(f"127.0.0.1:{proxied.port}", check)) as haproxy:
        wait_for(proxied.folder / "stats")
        end = time.monotonic() + PATIENCE
        while (found := haproxy.checks()) != {"L7OK"}:
            assert time.monotonic() < end, found
            time.sleep(0.02)
        proxied.until(r"connected from 127\.0\.0\.1 ")


def test_tls_goes_through_haproxy_to_the_server(tmp_path: Path) -> None:
    write(tmp_path)
    listen = "haproxy:ssl:0:privateKey=key.pem:certKey=cert.pem:interface=127.0.0.1"
    with Server(tmp_path, "--log-level", "debug", listen=listen) as server:
        server.ready()
        with HAProxy(tmp_path, only=(f"127.0.0.1:{server.port}", "send-proxy-v2")) as haproxy:
            anna = server.program(
                need("socat"), "-", f"OPENSSL:127.0.0.1:{haproxy.ports['only']},verify=0,bind=127.5.5.5"
            )
            anna.until("What is your nickname")
            server.until(r"connected from 127\.5\.5\.5 ")
            anna.types("anna", "/register anna-secret")
            assert "not encrypted" not in anna.until("You are registered as anna")


def test_haproxy_comes_by_a_unix_socket(tmp_path: Path) -> None:
    with Server(tmp_path, "--log-level", "debug", listen="haproxy:unix:chat.socket:mode=600") as server:
        server.until("READY line haproxy .*chat.socket$")
        with HAProxy(tmp_path, only=(f"unix@{tmp_path}/chat.socket", "send-proxy")) as haproxy:
            anna = Person(haproxy.ports["only"], "anna", source="127.6.6.6")
            server.until(r"connected from 127\.6\.6\.6 ")
            anna.hang_up()


def test_a_ban_is_for_who_is_behind_the_proxy(tmp_path: Path) -> None:
    listen = "haproxy:tcp:0:interface=127.0.0.1"
    with Server(tmp_path, "--operator", "anna", listen=listen) as server:
        server.ready()
        anna = server.person()
        anna.types("PROXY TCP4 127.0.0.1 127.0.0.1 1 2", "anna", "/register anna-secret")
        anna.until("You are registered as anna")
        anna.types("/ban server 203.0.113.7")
        anna.until(r"203\.113\.7|203\.0\.113\.7")
        eve = server.person()
        eve.types("PROXY TCP4 203.0.113.7 127.0.0.1 1 2", "eve")
        assert "banned" in eve.rest()
        bob = server.person()
        bob.types("PROXY TCP4 203.0.113.8 127.0.0.1 1 2", "bob")
        bob.until("You are bob")


def test_who_may_not_speak_for_others_is_hung_up_on_with_a_line_in_the_log(tmp_path: Path) -> None:
    listen = "haproxy:tcp:0:interface=127.0.0.1"
    with Server(tmp_path, "--proxies", "127.7.0.0/16", listen=listen) as server:
        server.ready()
        assert server.person().rest() == ""
        server.until(r"Hung up on 127\.0\.0\.1, which is to be a proxy: it is none of --proxies\.")
        proxy = server.person(source="127.7.1.1")
        proxy.types("PROXY UNKNOWN", "bob")
        proxy.until("You are bob")
        silent = server.person(source="127.7.1.1")
        assert silent.rest() == ""
        server.until(r"Hung up on 127\.7\.1\.1, .*: no PROXY header came within 5 seconds\.")


def test_a_unix_socket_is_there_for_whom_its_mode_lets_in(tmp_path: Path) -> None:
    path = tmp_path / "chat.socket"
    with Server(tmp_path, listen=f"unix:{path}:mode=660") as server:
        server.until("READY line unix .*chat.socket$")
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        anna = server.program(need("socat"), "-", f"UNIX-CONNECT:{path}")
        anna.types("anna")
        anna.until("You are anna")
        # Who comes to socat's port comes by the socket.
        with closing(socket.create_server(("127.0.0.1", 0))) as free:
            port = free.getsockname()[1]
        server.program(
            need("socat"), f"TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork", f"UNIX-CONNECT:{path}"
        )
        end = time.monotonic() + PATIENCE
        while True:
            try:
                bob = Person(port, "bob")
                break
            except ConnectionRefusedError:
                assert time.monotonic() < end
        bob.types("hello")
        anna.until("<bob> hello")
        bob.hang_up()
        assert server.terminate() == 0
    assert not path.exists()
    assert not Path(f"{path}.lock").is_symlink()


def test_a_socket_that_was_left_is_taken_and_one_that_is_used_is_not(tmp_path: Path) -> None:
    path = tmp_path / "chat.socket"
    with Server(tmp_path, listen=f"unix:{path}") as killed:
        killed.until("READY line unix")
        killed.kill()
    assert path.exists()
    # Its lock names a process that is there, as in a container where the numbers begin anew.
    lock = Path(f"{path}.lock")
    lock.unlink()
    lock.symlink_to(str(os.getpid()))
    with Server(tmp_path, listen=f"unix:{path}") as second:
        second.until("READY line unix")
        with Server(tmp_path, "--store", "memory:", listen=f"unix:{path}") as third:
            third.until(rf"Cannot listen on {path}: another program listens there\.")
            assert third.process.wait(PATIENCE) == 75
        second.program(need("socat"), "-", f"UNIX-CONNECT:{path}").until("What is your nickname")


class Activated(Server):
    """A server that is given its sockets as systemd gives them: from descriptor 3 on."""

    def __init__(
        self, folder: Path, sockets: list[socket.socket], *listen: str, config: Path | None = None
    ) -> None:
        self.folder = folder
        numbers = [each.fileno() for each in sockets]
        moved = " ".join(f"{3 + at}<&{number}" for at, number in enumerate(numbers))
        options = " ".join(f"--listen {each}" for each in listen) if config is None else f"--config {config}"
        names = ":".join(("one", "two", "three")[: len(numbers)])
        self.process = subprocess.Popen(
            ["bash", "-c", f"LISTEN_PID=$$ LISTEN_FDS={len(numbers)} LISTEN_FDNAMES={names} "
             f"exec {TWISTD} -n --pidfile= tcpchat {options} {moved}"],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, pass_fds=numbers,
        )  # fmt: skip
        assert self.process.stdout is not None
        Reading.__init__(self, self.process.stdout)
        self.port = 0
        self._guests = []


def test_sockets_are_handed_over_as_by_systemd_and_outlive_the_server(tmp_path: Path) -> None:
    path = tmp_path / "chat.socket"
    with ExitStack() as stack:
        first = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        second = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        local = stack.enter_context(socket.socket(socket.AF_UNIX))
        local.bind(str(path))
        path.chmod(0o620)
        local.listen()
        listen = (
            "systemd:domain=INET:index=0", "haproxy:systemd:domain=INET:name=two",
            "systemd:domain=UNIX:name=three",
        )  # fmt: skip
        for start in "1", "2":
            with Activated(tmp_path, [first, second, local], *listen) as server:
                for what in "systemd 127", "haproxy 127", "systemd .*chat.socket":
                    server.until(f"READY line {what}")
                anna = Person(first.getsockname()[1], f"anna{start}")
                bob = Person(second.getsockname()[1])
                bob.types("PROXY TCP4 203.0.113.7 10.0.0.1 1 2", f"bob{start}", "hello")
                anna.until(rf"^<bob{start}> hello\r\n")
                carl = server.program(need("socat"), "-", f"UNIX-CONNECT:{path}")
                carl.types(f"carl{start}")
                carl.until("You are carl")
                server.process.send_signal(signal.SIGTERM)
                for person in anna, bob:
                    assert "The server restarts" in person.rest()
                    person.hang_up()
                assert server.process.wait(PATIENCE) == 0
            assert stat.S_IMODE(path.stat().st_mode) == 0o620
            # Who comes while there is no server waits for the next one.
            waiting = Person(first.getsockname()[1])
            stack.callback(waiting.hang_up)


def test_a_socket_of_systemds_is_open_again_after_a_reload_that_failed_and_one_that_closed_it(
    tmp_path: Path,
) -> None:
    file = tmp_path / "chat.toml"

    def reload(server: Server, *listen: str) -> None:
        file.write_text(f"listen = {list(listen)}\n")
        server.process.send_signal(signal.SIGHUP)

    passed = "systemd:domain=INET:index=0"
    file.write_text(f"listen = ['{passed}']\n")
    with socket.create_server(("127.0.0.1", 0)) as first, socket.create_server(("127.0.0.1", 0)) as others:
        port = first.getsockname()[1]
        with Activated(tmp_path, [first], config=file) as server:
            server.until("READY line systemd 127")
            anna = Person(port, "anna")
            reload(server, f"tcp:{others.getsockname()[1]}:interface=127.0.0.1")
            server.until("nothing has changed")
            bob = Person(port, "bob")
            reload(server, "tcp:0:interface=127.0.0.1")
            server.until("Nobody can come in any more by systemd")
            anna.types("still here")
            bob.until(r"<anna> still here\r\n")
            carl = Person(port)  # who waits
            reload(server, passed, "tcp:0:interface=127.0.0.1")
            server.until("READY line systemd 127")
            carl.types("carl")
            bob.until(r"carl joined #lobby\.\r\n")
            assert server.terminate() == 0
            for person in anna, bob, carl:
                person.hang_up()


def test_without_systemd_there_is_nothing_to_be_had_from_it(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tcpchat", "serve", "--listen", "systemd:domain=INET:index=0"],
        cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE,
    )  # fmt: skip
    assert ended.returncode == 64
    assert "systemd has handed over no such socket (LISTEN_FDS)" in ended.stderr
