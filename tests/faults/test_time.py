"""
Clocks that are set, servers that are stopped for a while, and cables that are pulled.

Small by default; ``make faults`` tries the server's own times, which takes minutes.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.faults.broken.hurries import PATIENCE as HURRY
from tests.faults.servers import BrokenServer, start_broken
from tests.processes import Person, Server

# Seconds for which a server is stopped: more than those after which it would lose patience.
STOPPED = HURRY + 2


def hurried(folder: Path) -> Server:
    """Start a server whose patience ends after seconds."""
    return start_broken(folder, "hurries").ready()


def stop_for(server: BrokenServer | Server, seconds: float) -> None:
    """Stop a server and wait so long. It has to be continued then."""
    server.process.send_signal(signal.SIGSTOP)
    while f"{server.process.pid} (" not in (stat := Path(f"/proc/{server.process.pid}/stat").read_text()) or (
        stat.rpartition(")")[2].split()[0] != "T"
    ):
        pass
    time.sleep(seconds)


def code_of(person: Person) -> str:
    """Return with what somebody can come back."""
    return person.until(r"/resume \S+ brings").split()[-2]


def test_who_answered_while_the_server_was_stopped_is_let_in(tmp_path: Path) -> None:
    with hurried(tmp_path) as server:
        late, silent = server.person(), server.person()
        for person in late, silent:
            person.until("nickname\\?\r\n")
        stop_for(server, 0)
        late.types("bob", "hello")
        newcomer = server.person()  # in the queue of the port
        newcomer.types("carl")
        time.sleep(STOPPED)
        server.process.send_signal(signal.SIGCONT)
        late.until(r"^\*\*\* You are bob, in #lobby")
        newcomer.until(r"^\*\*\* You are carl, in #lobby")
        # Whoever says nothing has the rest of their time, and no more.
        continued = time.monotonic()
        silent.until("^!!! No nickname within")
        assert time.monotonic() - continued < HURRY + 1


def test_who_comes_back_while_the_server_is_stopped_was_never_gone(tmp_path: Path) -> None:
    with hurried(tmp_path) as server:
        alice, bob = server.person("alice"), server.person("bob")
        code = code_of(bob)
        bob.break_off()
        other = server.person()
        while "If it is yours" not in other.text:  # the server knows that the connection is broken
            other.types("bob")
            other.until("nickname\\?\r\n(?=[\\s\\S]*nickname\\?\r\n)")
        stop_for(server, 0)
        again = server.person()
        again.types(f"/resume {code}")
        time.sleep(STOPPED)
        server.process.send_signal(signal.SIGCONT)
        again.until(r"^\*\*\* You are bob, in #lobby with alice")
        again.types("still here")
        assert "left" not in alice.until("^<bob> still here\r\n")


def test_who_was_just_there_is_there_after_a_stop_and_the_dead_are_found(tmp_path: Path) -> None:
    with hurried(tmp_path) as server:
        alice, bob, carl = (server.person(nick) for nick in ("alice", "bob", "carl"))
        stop_for(server, 0)
        carl.break_off()
        time.sleep(STOPPED)
        server.process.send_signal(signal.SIGCONT)
        bob.types("hello")
        assert "left" not in alice.until("^<bob> hello\r\n")
        alice.until(r"^\*\*\* carl left #lobby: connection lost\.\r\n")
        alice.types("bye")
        bob.until("^<alice> bye\r\n")


def can_pull_cables() -> bool:
    """Tell whether networks can be made here."""
    tries = ["unshare", "-n", "ip", "link", "add", "near", "type", "veth", "peer", "name", "far"]
    try:
        return subprocess.run(tries, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@pytest.mark.skipif(not can_pull_cables(), reason="nobody may make a network here")
def test_whose_cable_was_pulled_is_found(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    tries = ["unshare", "-n", sys.executable, "-m", "tests.faults.cable"]
    tried = subprocess.run(
        tries, cwd=root, env=os.environ | {"TMPDIR": str(tmp_path)}, timeout=900, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    print(tried.stdout)
    assert tried.returncode == 0, tried.stdout


# What makes a process see another time of day; Debian has it in the package faketime.
FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
HOURS = 7200


class TimeOfDay:
    """The time of day that a server sees; its monotonic clock is the real one."""

    def __init__(self, folder: Path, environment: pytest.MonkeyPatch) -> None:
        self._file = folder / "time"
        self.jump(0)
        environment.setenv("LD_PRELOAD", str(FAKETIME))
        environment.setenv("FAKETIME_TIMESTAMP_FILE", str(self._file))
        environment.setenv("FAKETIME_NO_CACHE", "1")
        environment.setenv("DONT_FAKE_MONOTONIC", "1")

    def jump(self, seconds: int) -> None:
        """Set the clock to so many seconds beside the real time."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{seconds:+}\n")
        new.rename(self._file)


@pytest.mark.skipif(FAKETIME is None, reason="there is no libfaketime")
def test_a_clock_that_is_set_cuts_off_nobody_and_freezes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = TimeOfDay(tmp_path, monkeypatch)
    with hurried(tmp_path) as server:
        monkeypatch.delenv("LD_PRELOAD")
        alice, bob, carl = (server.person(nick) for nick in ("alice", "bob", "carl"))
        alice.types("/set timestamps on")
        for jump in HOURS, -HOURS, 0:
            silent, begun = server.person(), time.monotonic()
            silent.until("nickname\\?\r\n")
            clock.jump(jump)
            bob.types(f"it is {jump} seconds")
            alice.until(f"<bob> it is {jump} seconds\r\n")
            if jump == -HOURS:
                carl.break_off()
            silent.until("^!!! No nickname within")
            assert HURRY - 0.5 < time.monotonic() - begun < HURRY + 2
        alice.types("/who")
        assert "alice, bob" in alice.until(r"\*\*\* .* in #lobby: .*\r\n")
        assert re.findall(r"\*\*\* (\w+ left #lobby.*)\r", alice.shown) == [
            "carl left #lobby: connection lost."
        ]
        assert "left" not in bob.until(r"carl left #lobby.*\r\n").removesuffix(
            "carl left #lobby: connection lost.\r\n"
        )


@pytest.mark.skipif(FAKETIME is None, reason="there is no libfaketime")
def test_the_order_is_kept_and_no_time_goes_back_unmarked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = TimeOfDay(tmp_path, monkeypatch)
    with hurried(tmp_path) as server:
        monkeypatch.delenv("LD_PRELOAD")
        alice, bob = server.person("alice"), server.person("bob")
        alice.types("/set timestamps on", "/set timezone UTC")
        live = []
        for number, jump in enumerate((0, HOURS, -HOURS, 0, HOURS, HOURS * 2)):
            clock.jump(jump)
            bob.types(f"line {number}")
            live.append(re.findall(r"\[(.*)\] <bob> line", alice.until(f"<bob> line {number}\r\n"))[0])
        assert [stamp.startswith("~") for stamp in live] == [False, False, True, True, False, False]
        minutes = [stamp.strip("~").split()[-1] for stamp in live]  # without the day
        assert minutes[0] != minutes[1] == minutes[2] == minutes[3]
        clock.jump(0)
        for person, times in ((alice, 1), (server.person("dora"), 0)):
            if times:
                person.types("/history 10")
            shown = person.until(r"\*\*\* Live now\.\r\n")
            said = re.findall(r"\[(~?)(.*)\] <bob> line (\d)", shown)
            assert [number for *_, number in said] == list("012345")
            assert [bool(mark) for mark, *_ in said] == [False, *[True] * 5]
        bob.types("/json", "/history 10")
        told = re.findall(r'"time":"(.*?)","from":"bob","text":"line (\d)"', bob.until(r'"line 5".*\n'))
        assert told == sorted(told)
