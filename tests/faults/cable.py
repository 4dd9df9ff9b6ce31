"""
A cable that can be pulled: two network namespaces, and people at its far end.

As a program (``unshare -n python -m tests.faults.cable``) it tries what becomes of them.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from tests.faults.broken.hurries import DEAD, PATIENCE
from tests.faults.servers import start_broken
from tests.processes import PATIENCE as LONG
from tests.processes import Program, Server

HERE, THERE = "10.9.0.1", "10.9.0.2"


def run(*command: str) -> None:
    """Run a command that must succeed."""
    subprocess.run(command, check=True, timeout=LONG)


class Cable:
    """A network of two machines: this process is on the near one."""

    def __init__(self) -> None:
        self._far = subprocess.Popen(["unshare", "-n", "sleep", "infinity"])
        namespace = Path(f"/proc/{self._far.pid}/ns/net")
        while namespace.readlink() == Path("/proc/self/ns/net").readlink():
            time.sleep(0.01)
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", "near", "type", "veth", "peer", "name", "far", "netns", str(self._far.pid))
        run("ip", "address", "add", f"{HERE}/24", "dev", "near")
        run("ip", "link", "set", "near", "up")
        run(*self.there("ip", "address", "add", f"{THERE}/24", "dev", "far"))
        self.plug_in()

    def there(self, *command: str) -> list[str]:
        """Return a command that is run on the far machine."""
        return ["nsenter", "-t", str(self._far.pid), "-n", *command]

    def plug_in(self) -> None:
        run(*self.there("ip", "link", "set", "far", "up"))

    def pull(self) -> None:
        run(*self.there("ip", "link", "set", "far", "down"))

    def remove(self) -> None:
        self._far.kill()
        self._far.wait()


def come_in(server: Server, cable: Cable, nick: str) -> Program:
    """Somebody comes in from the far end."""
    person = server.program(*cable.there("nc", HERE, str(server.port)))
    person.types(nick)
    person.until(rf"^\*\*\* You are {nick}, in #lobby.*\r\n")
    person.until(r"brings you back\.\r\n")
    time.sleep(1)  # what is not acknowledged yet makes somebody who is sent something of who is idle
    return person


def try_all(server: Server, cable: Cable, idle: float, unread: float, grace: float) -> None:
    """See when the dead are found: who was idle, who was sent something, and both after a stop."""
    alice = server.person("alice", HERE)

    def find(nick: str, longest: float) -> None:
        begun = time.monotonic()
        while not alice.text.endswith(f"*** {nick} left #lobby: connection lost.\r\n"):
            assert time.monotonic() - begun < longest, (nick, alice.text)
            alice._more(time.monotonic() + 1)
        took = time.monotonic() - begun
        print(f"{nick} was found {took:.1f} s after the cable was pulled, {grace:.0f} s of grace with it")
        cable.plug_in()
        come_in(server, cable, nick).types("/quit")  # the nickname is free
        alice.until(rf"\*\*\* {nick} left #lobby\.\r\n")

    come_in(server, cable, "bob")
    cable.pull()
    find("bob", idle + grace)
    come_in(server, cable, "carl")
    cable.pull()
    alice.types("are you there?")
    find("carl", unread + grace)
    come_in(server, cable, "dora")
    cable.pull()
    server.process.send_signal(signal.SIGSTOP)
    time.sleep(idle / 2)
    server.process.send_signal(signal.SIGCONT)
    find("dora", idle + grace)


def main() -> None:
    full = bool(os.environ.get("TCPCHAT_FULL"))
    cable = Cable()
    listen = f"tcp:0:interface={HERE}"
    try:
        with tempfile.TemporaryDirectory() as folder:
            if full:
                with Server(Path(folder), listen=listen).ready() as server:
                    try_all(server, cable, 120 + 5, 300 + 15, 20)
            else:
                with start_broken(Path(folder), "hurries", listen).ready() as server:
                    # Who is not behind is looked at every ten seconds; and machines that test are slow.
                    try_all(server, cable, 3 + 10, DEAD + 20, PATIENCE)
    finally:
        cable.remove()


if __name__ == "__main__":
    main()
