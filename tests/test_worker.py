"""A process that is started, heard and ended, and starts again after a pause that grows."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessDone, ProcessExitedAlready, ProcessTerminated
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.assignment import environment
from tcpchat.config import Config
from tcpchat.worker import KILL, LONG, LONGEST_LOG_LINE, LONGEST_PAUSE, Life, Worker, marked


class Process:
    """A process as its parent has it."""

    def __init__(self, life: Life, command: list[str], environment: dict[str, str]) -> None:
        self.life = life
        self.command = command
        self.environment = environment
        self.signals: list[str] = []
        self.has_input = True
        self.is_gone = False
        life.makeConnection(self)

    def closeStdin(self) -> None:
        self.has_input = False

    def signalProcess(self, name: str) -> None:
        if self.is_gone:
            raise ProcessExitedAlready
        self.signals.append(name)

    def says(self, text: str, descriptor: int = 1) -> None:
        self.life.childDataReceived(descriptor, text.encode())

    def ends(self, status: int = 0, signal: int | None = None) -> None:
        self.is_gone = True
        clean = status == 0 and signal is None
        self.life.processEnded(Failure(ProcessDone(0) if clean else ProcessTerminated(status, signal)))


class Processes(Clock):
    """What of a reactor workers need."""

    def __init__(self) -> None:
        super().__init__()
        self.processes: list[Process] = []
        self.stopped = 0

    def spawnProcess(self, life: Life, program: str, command: list[str], env: dict[str, str]) -> None:
        self.processes.append(Process(life, command, env))

    def callWhenRunning(self, call: Any, *arguments: Any) -> None:
        call(*arguments)

    def callFromThread(self, call: Any, *arguments: Any) -> None:
        call(*arguments)

    def stop(self) -> None:
        self.stopped += 1


class WorkerTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor = Processes()
        self.heard: list[str] = []
        self.ended: list[int] = []
        self.config = Config(store="nats://n1", node="chat-1")
        self.worker = Worker(
            self.reactor,
            self.config,
            "chat-1",
            lambda worker, line: self.heard.append(line),
            lambda worker, status: self.ended.append(status),
        )

    @property
    def process(self) -> Process:
        return self.reactor.processes[-1]

    def test_it_is_a_server_that_is_told_what_to_be(self) -> None:
        self.worker.start()
        self.assertEqual(self.process.command[1:], ["-P", "-m", "tcpchat", "serve", "--node", "chat-1"])
        ((name, value),) = environment(self.config).items()
        self.assertEqual(self.process.environment[name], value)
        self.assertIn("PATH", self.process.environment)

    def test_what_it_logs_is_heard_line_by_line_however_it_is_cut(self) -> None:
        self.worker.start()
        for part in "one\ntw", "o\n", "\n", "half":
            self.process.says(part)
        self.process.says("Fatal", 2)
        self.assertEqual(self.heard, ["one", "two", ""])
        self.process.ends(1)
        self.assertEqual(self.heard[3:], ["half", "Fatal"])

    def test_a_line_without_an_end_is_not_waited_for(self) -> None:
        self.worker.start()
        self.process.says("x" * LONGEST_LOG_LINE)
        self.assertEqual(self.heard, [])
        self.process.says("xy")
        self.process.says("z\n")
        self.assertEqual([len(line) for line in self.heard], [LONGEST_LOG_LINE + 2, 1])

    def test_how_it_ended_is_told(self) -> None:
        for how, told in ({}, 0), ({"status": 71}, 71), ({"status": None, "signal": 9}, -9):
            self.worker.start()
            self.process.ends(**how)
            self.assertEqual(self.ended.pop(), told)

    def test_it_starts_again_after_a_pause_that_grows_and_begins_anew_for_who_lived_long(self) -> None:
        self.worker.start()
        pauses = []
        for _ in range(8):
            self.process.ends(1)
            pauses.append(self.worker.start_again())
            started = len(self.reactor.processes)
            self.reactor.advance(pauses[-1] - 0.1)
            self.assertEqual(len(self.reactor.processes), started)
            self.reactor.advance(0.1)
            self.assertEqual(len(self.reactor.processes), started + 1)
        self.assertEqual(pauses, [1, 2, 4, 8, 16, 32, LONGEST_PAUSE, LONGEST_PAUSE])
        self.reactor.advance(LONG)
        self.process.ends(1)
        self.assertEqual(self.worker.start_again(), 1)

    def test_signals_are_passed_on_while_it_lives(self) -> None:
        self.worker.pass_on("HUP")
        self.worker.start()
        self.worker.pass_on("HUP")
        self.assertEqual(self.process.signals, ["HUP"])
        self.process.is_gone = True
        self.worker.pass_on("HUP")
        self.process.ends()
        self.worker.pass_on("HUP")
        self.assertEqual(self.process.signals, ["HUP"])

    def test_it_ends_when_its_input_does(self) -> None:
        self.worker.start()
        ended = self.worker.end()
        self.assertFalse(self.process.has_input)
        self.assertNoResult(ended)
        self.process.ends()
        self.successResultOf(ended)
        self.assertEqual((self.ended, self.process.signals), ([], []))
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_one_that_does_not_end_is_killed(self) -> None:
        self.worker.start()
        ended = self.worker.end()
        self.reactor.advance(KILL)
        self.assertEqual(self.process.signals, ["KILL"])
        self.process.ends(signal=9)
        self.successResultOf(ended)

    def test_one_that_waits_to_start_again_or_never_did_has_ended(self) -> None:
        self.assertIsNone(self.successResultOf(self.worker.end()))
        self.worker = Worker(self.reactor, self.config, "b", lambda *_: None, lambda *_: None)
        self.worker.start()
        self.process.ends(1)
        self.worker.start_again()
        ended: Deferred[None] = self.worker.end()
        self.successResultOf(ended)
        self.assertEqual(self.reactor.getDelayedCalls(), [])


class MarkedTests(SynchronousTestCase):
    def test_a_line_of_text_stands_behind_the_name(self) -> None:
        self.assertEqual(marked("chat-2", "2026-11-21 [x] ready", "text"), "chat-2 2026-11-21 [x] ready")
        self.assertEqual(marked("chat-2", "\tTraceback", "text"), "\tchat-2 Traceback")

    def test_a_line_of_json_has_the_name_in_it(self) -> None:
        line = json.loads(marked("chat-2", '{"level": "info", "text": "a"}', "json"))
        self.assertEqual(line, {"worker": "chat-2", "level": "info", "text": "a"})
        line = json.loads(marked("chat-2", "Fatal Python error: \x1b", "json"))
        self.assertEqual(line, {"worker": "chat-2", "text": "Fatal Python error: \x1b"})

    @given(st.text())
    def test_whatever_it_writes_steers_no_terminal(self, line: str) -> None:
        for format in "text", "json":
            self.assertTrue(marked("w", line, format).removeprefix("\t").isprintable())
