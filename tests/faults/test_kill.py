"""``kill -9`` at random moments, again and again: what everybody saw and sent is held against the log."""

from __future__ import annotations

import os
import time
from pathlib import Path
from random import Random

from tests.faults.checker import check, summary
from tests.faults.clients import Client, Crowd, JsonClient, TextClient
from tests.faults.journal import Shown
from tests.faults.servers import dump, start
from tests.processes import PATIENCE

KILLS = int(os.environ.get("TCPCHAT_KILLS", "10"))
SEED = int(os.environ.get("TCPCHAT_SEED", "0")) or time.time_ns() % 1_000_000

ROOMS = ("lobby", "dev", "ops")
PROGRAMS = 16
PEOPLE = 4

# Seconds that a server lives at most, from its first guest on.
LIFE = 1.0
# How likely a program breaks off, or comes back over another connection, in a turn of the loop.
GOING = 0.001
# Lines that each has to say in a life: more than can be said.
TALK = 10_000


def names(number: int) -> list[str]:
    """Return nicknames of letters alone: a digit behind one is the server's."""
    return [f"{chr(97 + n // 26)}{chr(97 + n % 26)}son" for n in range(number)]


def make_crowd(port: int, random: Random) -> Crowd:
    """Return programs in one or several of the rooms, and people in the lobby."""
    crowd = Crowd(port, random)
    *programs, one, two, three, four = names(PROGRAMS + PEOPLE)
    clients: list[Client] = []
    for name in programs:
        rooms = tuple(room for room in ROOMS if room == "lobby" or random.random() < 0.5)
        clients.append(JsonClient(crowd, name, rooms, small=random.random() < 0.2))
    clients += [TextClient(crowd, name) for name in (one, two, three, four)]
    crowd.add(*clients)
    return crowd


def live_and_die(folder: Path, kills: int, ways_to_go: tuple[str, ...]) -> None:
    """Kill a server so often, while clients talk and come and go, and look what became of their lines."""
    print(f"TCPCHAT_SEED={SEED} TCPCHAT_KILLS={kills}")
    random = Random(SEED)
    crowd = make_crowd(0, random)
    first_logins = []

    def some_go() -> bool:
        for client in crowd.clients:
            if isinstance(client, JsonClient) and client.is_in and random.random() < GOING:
                getattr(client, random.choice(ways_to_go))()
        return False

    for life in range(kills + 1):
        begun = time.monotonic()
        crowd.welcomed_at = 0.0
        with start(folder, crowd.port) as server:
            crowd.port = server.ready().port
            assert crowd.run(lambda: crowd.welcomed_at > 0), crowd.complaints()
            first_logins.append(crowd.welcomed_at - begun)
            last = life == kills
            for client in crowd.clients:
                client.quota = 0 if last else TALK
                client.reads = last or random.random() < 0.9
            if not last:
                crowd.run(some_go, patience=random.uniform(0.05, LIFE))
                server.kill()
                for client in crowd.clients:
                    client.reads = True
                continue
            crowd.settle(PATIENCE + kills)
            complaints = crowd.complaints()
            journals = crowd.leave(folder)
            assert server.terminate() == 0
    log = dump(folder)
    findings = check(journals, log)
    replayed = sum(isinstance(note, Shown) and note.replay for journal in journals for note in journal.notes)
    print(
        f"{kills} kills, {len(journals)} clients, {len(log)} entries,"
        f" {sum(len(journal.notes) for journal in journals)} notes, {replayed} replayed,"
        f" first login after {max(first_logins):.2f} s at most"
    )
    print(summary(findings))
    assert not findings, f"seed {SEED}: {summary(findings)}"
    assert not complaints, f"seed {SEED}: {complaints}"


def test_nothing_that_was_shown_is_lost_and_nothing_comes_twice(tmp_path: Path) -> None:
    live_and_die(tmp_path, KILLS, ("reset", "abandon"))


def test_a_server_may_die_while_people_say_farewell_and_come_back(tmp_path: Path) -> None:
    live_and_die(tmp_path, max(3, KILLS // 10), ("say_farewell",))
