"""
What it costs to be asked for figures every second: processor time of a server with many who are just there.

    python -m benchmarks.scrapes [PEOPLE] [SECONDS]

It is asked ten times as often, so that it can be told from all else, beside a server without ``--metrics``.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from tests.processes import PATIENCE, Person, Server

TICKS = os.sysconf("SC_CLK_TCK")

# Scrapes a second.
RATE = 10


def used(pid: int) -> float:
    """Return the seconds of a processor that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def scrape(page: int) -> float:
    """Ask for all figures; return how many seconds that took."""
    began = time.monotonic()
    with urllib.request.urlopen(f"http://127.0.0.1:{page}/metrics", timeout=PATIENCE) as answer:
        answer.read()
    return time.monotonic() - began


def measure(people: int, seconds: int, is_asked: bool) -> tuple[float, list[float]]:
    """Return what part of a core a server used, and how long each scrape took."""
    options = ["--metrics", "tcp:0:interface=127.0.0.1"] if is_asked else []
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder), "--limits", "off", *options) as server:
        page = int(server.until(r"READY metrics .*:(\d+)$").rpartition(":")[2]) if is_asked else 0
        server.ready()
        there = [Person(server.port, f"guest{number}") for number in range(people)]
        took = []
        time.sleep(3)  # the last of them have been told of
        before, began = used(server.process.pid), time.monotonic()
        for number in range(1, seconds * RATE + 1):
            if is_asked:
                took.append(scrape(page))
            time.sleep(max(0.0, began + number / RATE - time.monotonic()))
        part = (used(server.process.pid) - before) / (time.monotonic() - began)
        for person in there:
            person.hang_up()
        return part, took


def main() -> int:
    """Measure, and print it; return the exit status: 1 if it costs more than a hundredth of a core."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scrapes")
    parser.add_argument("people", type=int, nargs="?", default=1000)
    parser.add_argument("seconds", type=int, nargs="?", default=30)
    typed = parser.parse_args()
    idle, _ = measure(typed.people, typed.seconds, False)
    asked, took = measure(typed.people, typed.seconds, True)
    each = (asked - idle) / RATE
    middle = 1000 * sorted(took)[len(took) // 2]
    print(
        f"{typed.people} people who say nothing: {100 * idle:.2f} % of a core without figures,"
        f" {100 * asked:.2f} % asked {RATE} times a second: a scrape a second costs {100 * each:.2f} %,"
        f" and takes {middle:.1f} ms."
    )
    return each > 0.01


if __name__ == "__main__":
    sys.exit(main())
