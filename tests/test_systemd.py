"""The server as a service of systemd: its unit files, its socket held over a restart, and its watchdog."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from configparser import ConfigParser
from pathlib import Path

import pytest

from tcpchat.tap import Options
from tests.activated import Manager
from tests.processes import PATIENCE, Person

UNITS = Path(__file__).parent.parent / "contrib" / "systemd"


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """Return where the units are, with a program in the place of the server that is there."""
    for unit in UNITS.iterdir():
        text = unit.read_text().replace("/opt/tcpchat/bin/tcpchat", "/bin/true")
        (tmp_path / unit.name).write_text(text)
    return tmp_path


def analyze(*words: str) -> str:
    """Have systemd's own tool look; return what it says."""
    program = shutil.which("systemd-analyze")
    assert program, "systemd-analyze is not installed: apt-get install systemd"
    ended = subprocess.run([program, *words], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def test_systemd_takes_the_units(units: Path) -> None:
    assert analyze("verify", str(units / "tcpchat.service"), str(units / "tcpchat.socket")) == ""


def test_the_service_is_hardly_exposed(units: Path) -> None:
    """In tenths, of 100; with memory that may not be made executable it were two less, but without TLS."""
    told = analyze("security", "--offline=true", "--threshold=15", str(units / "tcpchat.service"))
    assert float(re.findall(r"exposure level for tcpchat.service: ([\d.]+)", told)[0]) <= 1.5


def test_the_server_has_the_options_that_the_unit_names() -> None:
    service = (UNITS / "tcpchat.service").read_text().replace("\\\n", " ")
    (command,) = re.findall(r"^ExecStart=\S+ serve (.*)$", service, re.MULTILINE)
    options = Options()
    options.parseOptions(command.split())
    unit = ConfigParser(strict=False)
    unit.read(UNITS / "tcpchat.socket")
    assert options["listen"] == [f"systemd:domain=INET6:name={unit['Socket']['FileDescriptorName']}"]
    assert options["store"].startswith("sqlite:/var/lib/tcpchat/")
    assert options["metrics"].startswith("tcp:8025:")


def test_the_socket_is_taken_over_and_the_manager_is_told(tmp_path: Path) -> None:
    with Manager(tmp_path, watchdog=0.3) as manager:
        service = manager.start()
        anna = Person(manager.port.getsockname()[1], "anna")
        end = time.monotonic() + PATIENCE
        while manager.hears("WATCHDOG=1")[1] != "STATUS=1 person, 1 connection.":
            assert time.monotonic() < end
        service.send_signal(signal.SIGHUP)
        assert manager.hears("RELOADING=1")[1].startswith("MONOTONIC_USEC=")
        manager.hears("READY=1")
        assert manager.stop() == 0
        anna.until("The server restarts")
        anna.hang_up()


def test_a_restart_refuses_nobody_who_connects_meanwhile(tmp_path: Path) -> None:
    """Somebody connects all the time; each is greeted, by the old server or by the new one."""
    with Manager(tmp_path) as manager:
        port = manager.port.getsockname()[1]
        stopping = threading.Event()
        greeted, wrong = [0], list[object]()

        def connect() -> None:
            while not stopping.is_set():
                try:
                    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
                        connection.settimeout(PATIENCE)
                        said = connection.recv(4096)
                        if b"***" not in said:
                            # Accepted in the moment in which it ends: it is told so, or hung up on.
                            wrong.append(said)
                        greeted[0] += 1
                except OSError as error:
                    wrong.append(error)

        manager.start()
        thread = threading.Thread(target=connect)
        thread.start()
        try:
            for _ in range(2):
                before = greeted[0]
                assert manager.stop() == 0
                manager.start()
                while greeted[0] < before + 10 and not wrong:
                    Person(port).hang_up()
        finally:
            stopping.set()
            thread.join(PATIENCE)
        assert wrong == []
        assert manager.stop() == 0
        assert "Traceback" not in manager.log
