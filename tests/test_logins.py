"""Accounts on the real server: over real connections, at once, over a crash, and in no log."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.processes import Person, Server

QUESTION = r"\*\*\* What is your nickname\?\r\n"
NICKNAMES = 50
RIVALS = 100


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path, "--limits", "off") as running:
        yield running.ready()


def test_of_a_hundred_who_ask_for_one_nickname_at_once_exactly_one_has_it(server: Server) -> None:
    for round in range(NICKNAMES):
        rivals = [Person(server.port) for _ in range(RIVALS)]
        for rival in rivals:
            rival.until(QUESTION)
        for n, rival in enumerate(rivals):
            rival.types(f"{'bob' if n % 2 else 'B0B'}{round}x")  # they look alike
        seen = [rival.until(r"^(\*\*\* You are|!!! \"bob|!!! \"B0B).*\r\n") for rival in rivals]
        winners = [line for line in seen if "*** You are" in line]
        assert len(winners) == 1, f"in round {round} it was {winners}"
        for rival in rivals:
            rival.break_off()


def test_of_a_hundred_who_register_and_take_a_nickname_at_once_exactly_one_has_it(server: Server) -> None:
    owner = server.person("paul")
    rivals = [server.person() for _ in range(RIVALS)]
    for rival in rivals:
        rival.until(QUESTION)
    owner.types("/register paul-secret", "/quit")
    for rival in rivals:
        rival.types("/as paul")
    owner.until("Goodbye")
    seen = [rival.until(r"^\*\*\* You are (\S+), in") for rival in rivals]
    names = {line.rpartition("You are ")[2].rpartition(",")[0] for line in seen}
    assert len(names) == RIVALS
    assert "paul" not in names
    back = server.person()
    back.types("/login paul paul-secret")
    back.until(r"\*\*\* You are paul, in #lobby")


def test_who_was_told_that_they_are_registered_is_so_after_a_crash(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        bob = server.ready().person("bob")
        bob.types("/register bob-secret")
        bob.until("You are registered as bob")
        server.kill()
    with Server(tmp_path) as server:
        eve = server.ready().person()
        eve.types("bob")
        eve.until(
            r'!!! "bob" is taken\. Try "bob2"\.\r\n\*\*\* If it is yours: /resume CODE, or /login NICK\.'
        )
        eve.types("/login bob wrong")
        eve.until(r"!!! Wrong nickname or password\.")
        eve.types("/login bob bob-secret")
        eve.until(r"\*\*\* You are bob, in #lobby\.")


def test_no_password_is_in_the_servers_log_nor_in_the_file(tmp_path: Path) -> None:
    with Server(tmp_path, "--log-level", "debug") as server:
        bob = server.ready().person("bob")
        bob.types("/register canary-one", "/password canary-one canary-two", "/login canary-three x")
        bob.until("logged in as bob already")
        bob.types("/register", "/lgoin bob canary-four", " /login bob canary-five", "/quit")
        bob.rest()
        for typed in "/login bob canary-six", '{"type":"login","nick":"bob","password":"canary-seven"}':
            stranger = server.person()
            stranger.types(typed)
            stranger.until("Wrong nickname or password")
        back = server.person()
        back.types("/login bob", "canary-two")
        back.until("You are bob, in")
        assert server.terminate() == 0
        log = server.shown + server.rest()
    assert "bob has logged in" in log
    assert "canary" not in log
    for path in tmp_path.iterdir():
        assert b"canary" not in path.read_bytes(), path
    assert b"$argon2id$v=19$m=19456,t=2,p=1$" in (tmp_path / "tcpchat.sqlite3").read_bytes()


def test_telnet_is_asked_not_to_show_a_password(server: Server) -> None:
    bob = server.person("bob")
    bob.types("/register bob-secret", "/quit")
    bob.rest()
    client = server.person()
    client.until(QUESTION)
    client.socket.sendall(b"\xff\xfb\x1f/login bob\r\n")  # IAC WILL NAWS
    shown = b""
    while b"\xff\xfb\x01" not in shown:
        shown += client.socket.recv(4096)
    assert shown.endswith(b"*** Password?\r\n\xff\xfb\x01")  # IAC WILL ECHO
    client.socket.sendall(b"\xff\xfd\x01bob-secret\r\n")
    shown = b""
    while b"You are bob" not in shown:
        shown += client.socket.recv(4096)
    assert b"\xff\xfc\x01" in shown.partition(b"You are")[0]  # IAC WONT ECHO
    assert b"secret" not in shown


class Pinger(Person):
    """Somebody who asks again and again, and measures how long the answers take."""

    def ping(self, until: float) -> list[float]:
        """Return the seconds that each answer took, up to a moment."""
        took = []
        while time.monotonic() < until:
            begun = time.monotonic()
            self.types("/go")
            self.until(r"Everything is shown again\.\r\n")
            took.append(time.monotonic() - begun)
        return took


def test_while_fifty_log_in_at_once_the_others_are_answered(server: Server) -> None:
    """The figure is printed, as how long it takes is not only the server's matter: docs/adr/0022."""
    for n in range(50):
        person = server.person(f"n{n}x")
        person.types("/register some-secret", "/quit")
        person.rest()
    pinger = Pinger(server.port, "pinger")
    people = [server.person() for _ in range(50)]
    for person in people:
        person.until(QUESTION)
    with ThreadPoolExecutor(1) as pool:
        idle = max(pinger.ping(time.monotonic() + 1))
        pings = pool.submit(pinger.ping, time.monotonic() + 4)
        begun = time.monotonic()
        for n, person in enumerate(people):
            person.types(f"/login n{n}x some-secret")
        waiting = dict(enumerate(people))
        while waiting:
            for n, person in list(waiting.items()):
                if "You are" in person.until(r"You are n|Too many log in just now.*\r\n.*nickname\?\r\n"):
                    del waiting[n]
                else:
                    person.types(f"/login n{n}x some-secret")
        all_in = time.monotonic() - begun
        longest = max(pings.result())
    pinger.hang_up()
    figures = f"an answer took {1000 * longest:.0f} ms at most, {1000 * idle:.0f} ms before"
    print(f"50 logins in {all_in:.1f} s; {figures}")
    assert longest < 1
