"""The command line as operators use it: what is wrong is one clear line and a status of its own."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest

from tests.processes import PATIENCE, TWISTD, Server

LISTEN = ("--listen", "tcp:0:interface=127.0.0.1")


def refusal(folder: Path, status: int, *options: str) -> str:
    """Return the one line that says why the server does not start."""
    ended = subprocess.run(
        [TWISTD, "-n", "tcpchat", *options],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE, check=False,
    )  # fmt: skip
    shown = ended.stdout.decode()
    assert ended.returncode == status, shown
    assert "Traceback" not in shown and "READY" not in shown, shown
    assert not (folder / "twistd.pid").exists()
    noise = (
        "starting up",
        "reactor class",
        "Main loop terminated",
        "Server Shut Down",
        "Removing stale",
        "[-]",
    )
    (line,) = [line for line in shown.splitlines() if not any(word in line for word in noise)]
    return line


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--listen", "nonsense:1"), "nonsense:1"),
        (("--listen", "8023"), "Try tcp:8023."),
        (("--listen", "tcp:notaport"), "tcp:notaport"),
        (("--listen", "ssl:0:privateKey=/nowhere.pem"), "/nowhere.pem"),
        (("--store", "redis:localhost"), "redis:localhost"),
        (("--store", "sqlite:"), "sqlite:"),
        (("--fanout", "multicast"), "fanout"),
        (("--store", "nats://a b"), "'a b' is no HOST:PORT"),
        (("--workers", "2"), "several workers need a store that they can share"),
        (
            ("--workers", "2", "--store", "nats://127.0.0.1:1", "--listen", "unix:chat"),
            "cannot share 'unix:chat'",
        ),
        (("--node", "chat.1"), "node cannot be 'chat.1'"),
        (("--log-format", "xml"), "xml"),
        (("--history", "-1"), "history"),  # the others are in test_config.py
        (("--motd", "/nowhere/motd"), "/nowhere/motd"),
        (("--trusted", "10.1.0.0/33"), "10.1.0.0/33"),
        (("--proxies", "10.1.0.0/33"), "10.1.0.0/33"),
        (("--listen", "haproxy:haproxy:tcp:0"), "one proxy's header is enough"),
        (("--listen", "systemd:domain=INET:index=0"), "LISTEN_FDS"),
        (("--operator", "anna", "--operator", "anna smith"), "'anna smith'"),
        (("--config", "/nowhere.toml"), "/nowhere.toml"),
        (("--colour", "red"), "colour"),
        (("chat",), "chat"),
    ],
)
def test_a_wrong_value_is_named(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    line = refusal(tmp_path, 64, *options)
    assert line.startswith("tcpchat: ") and said in line
    assert not list(tmp_path.iterdir())


def test_an_unknown_key_of_the_configuration_is_named(tmp_path: Path) -> None:
    (tmp_path / "chat.toml").write_text('lissten = ["tcp:8023"]\n')
    assert "lissten" in refusal(tmp_path, 64, "--config", "chat.toml")


def test_the_configuration_counts_and_the_command_line_wins(tmp_path: Path) -> None:
    (tmp_path / "motd").write_text("Ada's lab\n")
    (tmp_path / "chat.toml").write_text(
        'listen = ["tcp:0:interface=127.0.0.1"]\nstore = "sqlite:other.sqlite3"\nmotd = "motd"\nhistory = 3\n'
    )
    with Server(tmp_path, "--config", "chat.toml", "--history", "1", listen="") as server:
        alice = server.ready().person("alice")
        alice.types("/set echo on", "one", "two")
        alice.until("<alice> two\r\n")
        bob = server.person()
        bob.types("bob", "/quit")
        shown = bob.rest()
        assert shown.startswith("*** Ada's lab\r\n*** What is your nickname?\r\n")
        assert "*** The last 1 line of #lobby:\r\n" in shown
        assert (tmp_path / "other.sqlite3").exists()


def test_an_operator_who_is_to_come_is_told_of_until_the_nickname_is_registered(tmp_path: Path) -> None:
    told = '"{}" is to be an operator and has no account yet: register it from this machine'
    with Server(tmp_path, "--operator", "anna", "--operator", "bob").ready() as server:
        assert told.format("anna") in server.shown and told.format("bob") in server.shown
        anna, eve = server.person("anna"), server.person("eve")
        anna.types("/announce too early")
        anna.until("!!! Only an operator of the server may do that")
        anna.types("/register quite-a-long-one", "/announce back at ten")
        eve.until(r"^\*\*\* Announcement from anna: back at ten\r\n")
        assert server.terminate() == 0
        logged = server.rest()
        assert "anna announced: see #audit" in logged and "back at ten" not in logged
    with Server(tmp_path, "--operator", "anna", "--operator", "bob").ready() as server:
        assert told.format("anna") not in server.shown and told.format("bob") in server.shown


def test_a_busy_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        line = refusal(tmp_path, 75, "--listen", f"tcp:{port}:interface=127.0.0.1")
        assert f"port {port}" in line


def test_a_log_that_cannot_be_opened(tmp_path: Path) -> None:
    assert "/nowhere/log" in refusal(tmp_path, 71, *LISTEN, "--store", "sqlite:/nowhere/log")
    assert str(tmp_path) in refusal(tmp_path, 71, *LISTEN, "--store", f"sqlite:{tmp_path}")


def test_a_log_that_is_none_of_ours(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("Dear Ada, this is not a log.\n")
    assert "letter" in refusal(tmp_path, 65, *LISTEN, "--store", "sqlite:letter")
    assert (tmp_path / "letter").read_text() == "Dear Ada, this is not a log.\n"


def test_a_second_server_on_the_same_log(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        server.ready()
        line = refusal(tmp_path, 75, *LISTEN)
        assert str(server.process.pid) in line


def test_help_names_every_option(tmp_path: Path) -> None:
    shown = subprocess.run([TWISTD, "tcpchat", "--help"], capture_output=True, check=True).stdout.decode()
    options = (
        "listen", "store", "durability", "limits", "nicknames", "fanout", "motd", "history", "log-format",
        "log-level", "config", "node", "replica", "strict", "workers", "reuse-port",
    )  # fmt: skip
    for option in options:
        assert f"--{option}" in shown


def test_twistd_lists_the_server(tmp_path: Path) -> None:
    shown = subprocess.run([TWISTD, "--help"], cwd=tmp_path, capture_output=True, check=True).stdout.decode()
    assert "tcpchat" in shown


def test_the_configuration_that_the_readme_shows_can_be_used(tmp_path: Path) -> None:
    readme = (Path(__file__).parent.parent / "README.md").read_text()
    shown = readme.partition("```toml\n")[2].partition("```")[0]
    (tmp_path / "chat.toml").write_text(
        shown.replace("tcp:8023", "tcp:0:interface=127.0.0.1")
        .replace("/run/", f"{tmp_path}/")
        .replace("/var/lib/tcpchat/", f"{tmp_path}/")
    )
    with Server(tmp_path, "--config", "chat.toml", listen="") as server:
        server.ready()
        server.until(r"READY line unix .*tcpchat\.socket")
