"""
Measures the client at a terminal: how soon it can be typed into, and how soon a key is seen.

    python -m benchmarks.keystrokes                  all of it: about a minute and a half
    python -m benchmarks.keystrokes --starts 3 --seconds 5 --lines 10000

It runs ``tcpchat`` in a pty against the real server on this machine, with pyte for a terminal. Measured
are: from exec to the first bytes of the prompt, and to the session with the server; the CPU time of the
client for that; from a key to its letter before the cursor, while nothing comes, and while so many lines a
second come; and the client's memory after many lines. What else runs on the machine takes part in it.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median, quantiles

import pyte

from tests.commands import at
from tests.faults.servers import start
from tests.processes import PATIENCE, Person, Server
from tests.ptys import CTRL_D, Pty

# What somebody types, key after key; then the line is thrown away.
TYPED = "the quick brown fox jumps over the lazy dog "
THROW_AWAY = "\x15"

# Seconds between two keys, at random: about as fast as people type.
BETWEEN = 0.05, 0.15

# Seconds between two writes of whoever says so many lines a second.
TICK = 0.01

# Bytes of what has come that are kept.
MOST_KEPT = 65536

# What switches a terminal to tell of pastes: the first that prompt_toolkit writes.
PROMPT = b"\x1b[?2004h"


class Typist(Pty):
    """Somebody at a terminal who looks at a clock; it keeps nothing that has scrolled out, to be fast."""

    def __init__(self, *words: str) -> None:
        super().__init__(*words)
        self.process.delaybeforesend = None  # pexpect would wait before each key
        self._screen = pyte.Screen(self._screen.columns, self._screen.lines)
        self._stream = pyte.ByteStream(self._screen)

    def _look(self, patience: float = 0.05) -> bool:
        goes_on = super()._look(patience)
        self.sent = self.sent[-MOST_KEPT:]
        return goes_on

    def cpu(self) -> float:
        """Return the CPU seconds that the client has taken."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """Return the MiB of the client's resident memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def looks(self, seconds: float) -> None:
        """Take in what comes for a while."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._look(min(left, 0.05))

    def shows(self, typed: str) -> bool:
        """Is something typed that is before the cursor?"""
        cursor = self._screen.cursor
        row = self._screen.buffer[cursor.y]
        return "".join(row[at].data for at in range(cursor.x)).endswith(typed)

    def press(self, key: str, then: str) -> float:
        """Press a key; return after how many seconds the line ends as it is to."""
        pressed = time.monotonic()
        self.types(key)
        while not self.shows(then):
            self._look(0.05)
            assert time.monotonic() < pressed + PATIENCE, self.rows
        return self.looked - pressed


def start_once(server: Server) -> tuple[float, float, float]:
    """Start the client; return the seconds to the prompt and to the session, and of CPU until then."""
    began = time.monotonic()
    with Typist(at(server), "--nick", "anna") as anna:
        anna.until(lambda: PROMPT in anna.sent)
        prompt = anna.looked - began
        anna.until(lambda: b" ms" in anna.sent)
        session, cpu = anna.looked - began, anna.cpu()
        anna.types(CTRL_D)
        anna.ends()
    return prompt, session, cpu


def type_for(anna: Typist, seconds: float) -> list[float]:
    """Type for some seconds; return after how many each key was seen."""
    seen: list[float] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        typed = ""
        for key in TYPED:
            anna.looks(random.uniform(*BETWEEN))
            typed += key
            seen.append(anna.press(key, f" {typed}"))
        anna.press(THROW_AWAY, "#lobby ")
    return seen


def say(person: Person, rate: float, most: int, stop: threading.Event) -> None:
    """Say lines, so many a second, until there are enough."""
    began, said = time.monotonic(), 0
    while said < most and not stop.wait(TICK):
        due = min(int((time.monotonic() - began) * rate), most)
        lines = "".join(f"line {n}, and what else there is to be said of it\n" for n in range(said, due))
        person.socket.sendall(lines.encode())
        said = due


def told(name: str, seconds: list[float]) -> str:
    """Return how long something took, in words."""
    late = quantiles(seconds, n=100, method="inclusive")[98] if len(seconds) > 1 else seconds[0]
    middle, last, worst = (f"{it * 1000:.0f}" for it in (median(seconds), late, max(seconds)))
    return f"{name}: median {middle} ms, p99 {last}, worst {worst} ({len(seconds)} times)"


def main() -> None:
    """Measure, and print what was measured."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").strip().splitlines()[0])
    parser.add_argument("--starts", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=20, help="of typing, for each of both")
    parser.add_argument("--rate", type=float, default=2000, help="lines a second that come")
    parser.add_argument("--lines", type=int, default=100_000, help="after which the memory is measured")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, start(Path(folder)).ready() as server:
        starts = [start_once(server) for _ in range(asked.starts)]
        for at_what, name in enumerate(("to the prompt", "to the session", "CPU until then")):
            print(told(name, [each[at_what] for each in starts]), flush=True)
        bob = server.person("bob")
        with Typist(at(server), "--nick", "anna") as anna:
            anna.until(lambda: b" ms" in anna.sent)
            print(told("a key, while nothing comes", type_for(anna, asked.seconds)), flush=True)
            stop = threading.Event()
            cpu, began = anna.cpu(), time.monotonic()
            saying = threading.Thread(target=say, args=(bob, asked.rate, sys.maxsize, stop))
            saying.start()
            seen = type_for(anna, asked.seconds)
            share = (anna.cpu() - cpu) / (time.monotonic() - began)
            stop.set()
            saying.join()
            print(told(f"a key, while {asked.rate:g} lines a second come", seen), flush=True)
            print(f"the client takes {share * 100:.0f} % of a core for that", flush=True)
            say(bob, 1e9, asked.lines, threading.Event())
            bob.types("that is all")
            anna.until(lambda: b"that is all" in anna.sent)
            print(f"after these and {asked.lines} more lines it has {anna.memory():.0f} MiB")


if __name__ == "__main__":
    main()
