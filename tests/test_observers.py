"""The operator's log where twistd writes it: on stdout, in a file, through syslog."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from twisted.logger import FileLogObserver, LogEvent, LogLevel, globalLogPublisher
from twisted.python.logfile import LogFile
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.observers import _Syslog, catch_strays, observer
from tests.processes import PATIENCE, TWISTD, Server

LISTEN = ("--listen", "tcp:0:interface=127.0.0.1", "--store", "memory:")


class FileTests(SynchronousTestCase):
    def test_it_is_written_into_the_file_that_twistd_was_told(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "log")
        write = observer({"logfile": path}, "text", "info")
        self.addCleanup(signal.signal, signal.SIGUSR1, signal.getsignal(signal.SIGUSR1))
        assert isinstance(write, FileLogObserver)
        self.assertIsInstance(write._outFile, LogFile)  # which can be rotated
        write({"log_format": "{nick} \N{PILE OF POO}", "nick": "\x1b\ud800", "log_namespace": "tcpchat"})
        write({"log_format": "more", "log_level": LogLevel.debug})
        self.assertEqual(Path(path).read_text("utf-8"), "- [tcpchat#info] \\x1b\\ud800 \N{PILE OF POO}\n")


class SyslogTests(SynchronousTestCase):
    def test_a_line_goes_to_syslog_as_it_is(self) -> None:
        sent: list[dict[str, Any]] = []
        syslog = _Syslog(sent.append, lambda event: event.get("line"))
        syslog({"line": "hello\n", "log_level": LogLevel.critical})
        syslog({"line": "hello\n"})
        syslog({"line": None})
        told = {"message": ("hello\n",), "system": "tcpchat"}
        self.assertEqual(sent, [told | {"isError": True}, told | {"isError": False}])


class Thrown:
    """Something that fails while it is thrown away."""

    def __del__(self) -> None:
        raise KeyError("canary")


class StrayTests(SynchronousTestCase):
    def setUp(self) -> None:
        for module, hook in ((threading, "excepthook"), (sys, "unraisablehook")):
            self.addCleanup(setattr, module, hook, getattr(module, hook))
        catch_strays()

    def test_what_fails_where_nobody_looks_comes_into_the_log(self) -> None:
        seen: list[LogEvent] = []
        globalLogPublisher.addObserver(seen.append)  # type: ignore[arg-type]
        self.addCleanup(globalLogPublisher.removeObserver, seen.append)  # type: ignore[arg-type]
        thread = threading.Thread(target={}.pop, args=("canary",))
        thread.start()
        thread.join()
        Thrown()
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 2)
        told = [event["log_format"] for event in seen]
        self.assertEqual(told, ["A thread failed", "Something failed that nobody waited for"])

    def test_a_thread_that_says_nothing_of_its_end_is_no_event(self) -> None:
        threading.excepthook(threading.ExceptHookArgs((SystemExit, None, None, None)))
        self.assertEqual(self.flushLoggedErrors(), [])


def test_ready_is_told_in_both_formats(tmp_path: Path) -> None:
    with Server(tmp_path, "--log-format", "json") as server:
        line = server.until(r"^.*READY line tcp 127\.0\.0\.1:\d+.*\n").splitlines()[-1]
        told = json.loads(line)
        assert told["level"] == "info" and told["logger"] == "tcpchat.server.Server"
        assert told["text"] == f"READY line tcp {told['where']}"
        assert server.terminate() == 0
        assert all(json.loads(line) for line in (server.shown + server.rest()).splitlines())
    with Server(tmp_path) as server:
        line = server.until(r"^.*READY line tcp 127\.0\.0\.1:\d+\n").splitlines()[-1]
        assert "[tcpchat.server.Server#info] READY line tcp 127.0.0.1:" in line


def test_the_configuration_may_say_it(tmp_path: Path) -> None:
    (tmp_path / "chat.toml").write_text('log-format = "json"\n')
    with Server(tmp_path, "--config", "chat.toml") as server:
        assert json.loads(server.until("^{.*\n"))


@contextmanager
def daemon(folder: Path, *options: str) -> Iterator[None]:
    """Have a server run in the background, as an operator starts and ends it."""
    subprocess.run([TWISTD, *options], cwd=folder, check=True, timeout=PATIENCE)
    process = int((folder / "twistd.pid").read_text())
    try:
        yield
    finally:
        os.kill(process, signal.SIGTERM)
        while (folder / "twistd.pid").exists():  # it is removed last
            time.sleep(0.01)


def test_a_daemon_writes_the_same_into_its_file(tmp_path: Path) -> None:
    for format, begins in (("json", "{"), ("text", "20")):
        (tmp_path / format).mkdir()
        with daemon(tmp_path / format, "tcpchat", *LISTEN, "--log-format", format):
            log = tmp_path / format / "twistd.log"
            end = time.monotonic() + PATIENCE
            while "READY line tcp" not in log.read_text():
                assert time.monotonic() < end, log.read_text()
        assert all(line.startswith(begins) for line in log.read_text().splitlines())


def test_who_tells_twistd_how_to_log_is_obeyed(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "from twisted.logger import FileLogObserver\n"
        "def make():\n    return FileLogObserver(open('own.log', 'w'), lambda event: 'an event\\n')\n"
    )
    server = subprocess.Popen(
        [TWISTD, "-n", "--pidfile=", "--logger", "own.make", "tcpchat", *LISTEN],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": "."},
    )  # fmt: skip
    try:
        end = time.monotonic() + PATIENCE
        while not (tmp_path / "own.log").exists() or not (tmp_path / "own.log").read_text():
            assert time.monotonic() < end
        assert set((tmp_path / "own.log").read_text().splitlines()) == {"an event"}
    finally:
        server.kill()
        server.wait(PATIENCE)
