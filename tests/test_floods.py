"""Too much too fast at the real server: delayed and not lost, and nothing behind /quit takes effect."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.processes import PATIENCE, Server

# What a session may say at once, and may overdraw when there is no time to wait.
BURST = 10
OVERDRAWN = 60


def said(shown: str) -> list[str]:
    """Return the texts of what others said."""
    return re.findall(r"^<\w+> (.*)\r$", shown, re.MULTILINE)


@pytest.mark.parametrize("limits", ["on", "off"])
@pytest.mark.parametrize("quits", ["/quit bye", '{"type":"quit","reason":"bye"}'])
@pytest.mark.parametrize("packets", ["one", "many"])
def test_of_a_thousand_pipelined_commands_nothing_behind_quit_takes_effect(
    tmp_path: Path, limits: str, quits: str, packets: str
) -> None:
    with Server(tmp_path, "--store", "memory:", "--limits", limits).ready() as server:
        alice, bob = server.person("alice"), server.person("bob")
        before = [str(n) for n in range(BURST + 2)]
        behind = [
            text for n in range(250) for text in (f"never {n}", "/nick never", "/join #never", "/topic no")
        ]
        lines = ["/json", *before[1:], quits, *behind] if quits.startswith("{") else [*before, quits, *behind]
        data = [f"{line}\n".encode() for line in lines]
        bob.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for packet in [b"".join(data)] if packets == "one" else data:
            try:
                bob.socket.sendall(packet)
            except ConnectionError:
                break  # it has hung up, as it should
        shown = alice.until(r"bob left #lobby.*\r\n")
        assert shown.endswith("*** bob left #lobby: bye.\r\n")
        assert said(shown) == (before[1:] if quits.startswith("{") else before)
        alice.types("/rooms", "/who", "/topic")
        told = alice.until("topic.*\r\n")
        assert "never" not in told and "1 person is in #lobby: alice." in told and "has no topic" in told


def test_what_is_piped_in_is_said_at_the_pace_of_a_session_and_then_the_farewell(tmp_path: Path) -> None:
    with Server(tmp_path, "--store", "memory:").ready() as server:
        alice = server.person("alice")
        lines = [str(n) for n in range(BURST + 5)]
        begun = time.monotonic()
        subprocess.run(
            ["nc", "-N", "127.0.0.1", str(server.port)],
            input="\n".join(["/as bot", *lines]).encode(), timeout=PATIENCE, check=False, capture_output=True,
        )  # fmt: skip
        assert time.monotonic() - begun > 2.4  # five lines, two a second
        assert said(alice.until(r"bot left #lobby\.\r\n")) == lines


def test_when_the_server_ends_what_has_come_is_said_or_told_as_not_sent(tmp_path: Path) -> None:
    with Server(tmp_path, "--store", "memory:").ready() as server:
        alice, bob, eve = server.person("alice"), server.person("bob"), server.person("eve")
        much = [str(n) for n in range(BURST + OVERDRAWN + 50)]
        bob.types(*much)
        eve.types(*much[: BURST + 1])
        alice.until(r"^<eve> 9\r\n")
        eve.types("still in the network")  # nothing is read from eve while her line waits
        if f"<bob> {BURST - 1}\r\n" not in alice.shown:
            alice.until(rf"^<bob> {BURST - 1}\r\n")
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(PATIENCE) == 0
        shown = alice.shown + alice.rest()
        of_bob = re.findall(r"^<bob> (.*)\r$", shown, re.MULTILINE)
        assert BURST + OVERDRAWN <= len(of_bob) < len(much) and of_bob == much[: len(of_bob)]
        assert re.findall(r"^<eve> (.*)\r$", shown, re.MULTILINE)[BURST:] == ["10", "still in the network"]
        unsaid = f'!!! Not sent: too much came too fast. The last line that was said is: "{of_bob[-1]}"\r\n'
        assert unsaid in bob.rest()
        assert "!!!" not in eve.rest()
