"""The filter for fail2ban, tried by its own tool on lines that the server has logged."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.task import Clock
from twisted.logger import capturedLogs

from tcpchat.entrance import Entrance
from tcpchat.limits import Limits
from tcpchat.log_lines import as_json, as_text
from tests.processes import PATIENCE, Server

FILTER = Path(__file__).parent.parent / "contrib" / "fail2ban" / "filter.d" / "tcpchat.conf"
JAIL = FILTER.parent.parent / "jail.d" / "tcpchat.conf"

# What journald puts in front of a line when fail2ban reads it there.
JOURNAL = "Nov 21 10:02:03 chat tcpchat[4711]: "


def found(tmp_path: Path, *lines: str) -> list[str]:
    """Return the addresses that fail2ban finds in some lines."""
    program = shutil.which("fail2ban-regex")
    assert program, "fail2ban-regex is not installed: apt-get install fail2ban"
    path = tmp_path / "log"
    path.write_text("".join(f"{line}\n" for line in lines))
    ended = subprocess.run(
        [program, "--out", "ip", str(path), str(FILTER)],
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert ended.returncode in (0, 1), ended.stdout + ended.stderr  # 1: nothing was found
    assert "ERROR" not in ended.stdout + ended.stderr
    return ended.stdout.split()


def logged(tmp_path: Path, format: str) -> list[str]:
    """Return what a server logs of a person who tries a password and a code, and says much else."""
    with Server(tmp_path, "--store", "memory:", "--log-format", format) as server:
        server.port = int(server.until(r"READY line tcp [\d.]+:\d+").rpartition(":")[2])
        eve = server.person()
        eve.until("nickname")
        eve.types("/login anna 203.0.113.9-is-no-password")
        eve.until("Wrong nickname or password")
        eve.types("/resume fig-42-moss-lamp")
        eve.until("not known or too old")
        eve.types("eve", "A wrong password from 203.0.113.9, for eve", "/join #203.0.113.9")
        eve.until("is not")
        assert server.terminate() == 0
        return (server.shown + server.rest()).splitlines()


@pytest.mark.parametrize("format", ["text", "json"])
def test_who_tries_passwords_and_codes_is_found_and_nobody_else(tmp_path: Path, format: str) -> None:
    lines = logged(tmp_path, format)
    assert found(tmp_path, *lines) == ["127.0.0.1"] * 2
    assert found(tmp_path, *[JOURNAL + line for line in lines]) == ["127.0.0.1"] * 2


@pytest.mark.parametrize("write", [as_text, as_json])
def test_who_is_refused_a_connection_is_found(
    tmp_path: Path, write: Callable[[Mapping[str, Any]], str | None]
) -> None:
    with capturedLogs() as events:
        for address in IPv4Address("TCP", "203.0.113.7", 1), IPv6Address("TCP", "2001:db8::7", 1):
            entrance = Entrance(Clock(), Limits(connections_per_network=1))
            entrance.enter(address.host, False)
            assert entrance.turn_away(address, False) is not None
    lines = [line.rstrip("\n") for event in events if (line := write(event))]
    assert len(lines) == 2
    assert found(tmp_path, *lines) == ["203.0.113.7", "2001:db8::"]


def test_what_is_typed_cannot_have_another_banned(tmp_path: Path) -> None:
    for line in (
        "2026-11-21T10:02:03+0000 [-] A wrong password from 203.0.113.9, for x",
        "2026-11-21T10:02:03+0000 [tcpchat.other#info] x [tcpchat.other#warn] A wrong code from 203.0.113.9",
        '{"time": "2026-11-21T10:02:03.1Z", "level": "info", "logger": "tcpchat.other", "text": "x'
        ' {, \\"level\\": \\"warn\\", \\"text\\": \\"A wrong code from 203.0.113.9\\"", "nick": "x"}',
    ):
        assert found(tmp_path, line) == [], line


def test_the_jail_names_the_filter_and_the_ports() -> None:
    jail = JAIL.read_text()
    assert "\n[tcpchat]\n" in jail
    assert f"filter   = {FILTER.stem}\n" in jail
    assert "port     = 8023,8024\n" in jail
