"""docs/tls.md and docs/proxies.md, typed as they stand, but for addresses: others may be at the same."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.certified import write
from tests.commands import ENVIRONMENT
from tests.processes import PATIENCE, Person, Server
from tests.test_proxies import need

DOCS = Path(__file__).parent.parent / "docs"

# Where the documents are.
THERE = "192.168.1.5"

FINGERPRINT = re.compile(r"\b[0-9a-f]{64}\b")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
BLOCK = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def host() -> str:
    """Return an address of this machine that nobody else uses."""
    return f"127.{random.randrange(1, 255)}.{random.randrange(1, 255)}.{random.randrange(1, 255)}"


def blocks(name: str, host: str) -> list[str]:
    """Return the blocks of a document as they are here."""
    return BLOCK.findall((DOCS / name).read_text().replace(THERE, host))


def block(name: str, host: str, start: str) -> str:
    """Return the one that begins in some way."""
    (found,) = (each for each in blocks(name, host) if each.startswith(start))
    return str(found)


def typed(folder: Path, command: str) -> str:
    """Type a command; return what is shown."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    ended = subprocess.run(
        command, shell=True, cwd=folder, env=ENVIRONMENT | {"PATH": path}, timeout=PATIENCE,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    return ended.stdout


def options(block: str, host: str) -> list[str]:
    """Return the options of a server that a block starts, at an address alone."""
    command = block.removeprefix("$ ").splitlines()[0].removeprefix("twistd -n tcpchat ")
    command = re.sub(r"\b(tcp6?|ssl):(\d+)(:interface=127\.0\.0\.1)?", rf"\1:\2:interface={host}", command)
    return command.replace("tcp6", "tcp").split()


def test_on_a_local_network(tmp_path: Path, host: str) -> None:
    command, _, expected = block("tls.md", host, "$ tcpchat mkcert").removeprefix("$ ").partition("\n")
    shown = typed(tmp_path, command)
    (fingerprint,) = FINGERPRINT.findall(shown)
    assert DAY.sub("DAY", FINGERPRINT.sub("F", shown)) == DAY.sub("DAY", FINGERPRINT.sub("F", expected))
    starting = block("tls.md", host, "$ twistd -n tcpchat --listen tcp6")
    for number in "8023", "8024":
        assert f"To join: {'nc' if number == '8023' else 'ncat --ssl'} {host} {number}\n" in starting
    with Server(tmp_path, *options(starting, host), listen="") as server:
        server.until("READY line tcp")
        server.until("READY line ssl")
        status = ""
        for part in block("tls.md", host, "$ tcpchat send").split("$ ")[1:]:
            command, _, expected = FINGERPRINT.sub(fingerprint, part).partition("\n")
            if command == "echo $?":
                assert status + "\n" == expected
                continue
            shown = typed(tmp_path, f"{command}; echo STATUS $?")
            shown, _, status = shown.rstrip().rpartition("STATUS ")
            assert shown == expected
        command, _, expected = block("tls.md", host, "$ openssl s_client").removeprefix("$ ").partition("\n")
        shown = typed(tmp_path, command)
        for line in expected.replace("…\n", "").splitlines():
            assert line in shown


def test_behind_haproxy(tmp_path: Path, host: str) -> None:
    write(tmp_path)
    pair = (tmp_path / "key.pem").read_text() + (tmp_path / "cert.pem").read_text()
    (tmp_path / "chat.pem").write_text(pair)
    text = block("proxies.md", host, "global\n").replace("/etc/haproxy", str(tmp_path))
    text = text.replace("bind :", f"bind {host}:").replace("127.0.0.1:8123", f"{host}:8123")
    (tmp_path / "haproxy.cfg").write_text(text)
    starting = block("proxies.md", host, "$ twistd -n tcpchat --listen haproxy")
    server_options = options(starting, host)
    with Server(tmp_path, *server_options, "--log-level", "debug", listen="") as server:
        server.until("READY line haproxy")
        proxy = server.program(need("haproxy"), "-db", "-f", str(tmp_path / "haproxy.cfg"))
        server.until("Somebody has connected from 127")  # haproxy looks whether it is well
        anna = Person(8023, "anna", host=host, source="127.9.9.9")
        server.until(r"connected from 127\.9\.9\.9 ")
        bob = server.program(need("openssl"), "s_client", "-quiet", "-connect", f"{host}:8024")
        bob.types("/as bob")
        bob.until("You are bob")
        anna.hang_up()
        assert proxy.process.poll() is None


def test_what_the_log_is_said_to_say_is_what_it_says() -> None:
    source = "".join(
        path.read_text() for path in (DOCS.parent / "tcpchat").rglob("*.py")
    ).replace('"\n            f"', "").replace('"\n            " ', " ")  # fmt: skip
    for name in "tls.md", "proxies.md":
        rows = re.findall(r"^\| `([^`]+)`[^|]*\|", (DOCS / name).read_text(), re.MULTILINE)
        told = [row for row in rows if " " in row]
        assert told
        for line in told:
            # Between what differs each time there are words that stand in the source.
            for part in re.split(r"…|\d+\.\d+\.\d+\.\d+|\(mode \d+\)|:|'|,|\. |\.$| \d+ ", line):
                assert part.strip() in source, (line, part)
