"""The load generator finds out whatever a server does wrong, and the report says what the runs gave."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from benchmarks import biglog, report, turns
from benchmarks.figures import Figures, Range
from benchmarks.loads import LOADS
from benchmarks.runs import Bench, Run
from benchmarks.servers import SERVERS
from tests.processes import PATIENCE

# Who gets a message, and what: from the message's number, its sender, what it is, and who else is there.
Fault = Callable[["Faulty", int, socket.socket, bytes, list[socket.socket]], None]

BROKEN = 7  # the number of the message with which something is wrong
SMALL = "--clients=6", "--senders=2", "--messages=40", "--drain=3", "--ready=Welcome", "--total-order"


class Faulty:
    """A chat of one room on a free port that does something wrong with one message."""

    def __init__(self, fault: Fault) -> None:
        self._fault = fault
        self._turn = threading.Lock()
        self._people: list[socket.socket] = []
        self._number = 0
        self.held: tuple[socket.socket, bytes] | None = None
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Let nobody in any more."""
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=(self._listener.accept()[0],), daemon=True).start()

    def _serve(self, person: socket.socket) -> None:
        with contextlib.suppress(OSError), person, person.makefile("rb") as lines:
            next(lines)
            with self._turn:
                self._people.append(person)
            person.sendall(b"Welcome\r\n")
            for line in lines:
                with self._turn:
                    is_probe = b".ffffffff~" in line
                    self._number += not is_probe
                    # The last one is always the same, who only listens, in whatever order they came.
                    self._people.remove(person)
                    self._people.insert(0, person)
                    others = [other for other in self._people if other is not person]
                    fault = honest if is_probe else self._fault
                    fault(self, self._number, person, b"<somebody> " + line, others)


def honest(
    server: Faulty, number: int, sender: socket.socket, line: bytes, others: list[socket.socket]
) -> None:
    for other in others:
        other.sendall(line)


def on_one(wrong: Callable[[socket.socket, socket.socket, bytes], None]) -> Fault:
    """Make a fault of what one receiver meets with one message; all else is as it should be."""

    def fault(
        server: Faulty, number: int, sender: socket.socket, line: bytes, others: list[socket.socket]
    ) -> None:
        honest(server, number, sender, line, others[number == BROKEN :])
        if number == BROKEN:
            wrong(others[0], sender, line)

    return fault


def swaps(
    server: Faulty, number: int, sender: socket.socket, line: bytes, others: list[socket.socket]
) -> None:
    """One receiver has a message after the next one of the same sender."""
    late = others[-1]
    honest(server, number, sender, line, others[:-1])
    if number >= BROKEN and server.held is None:
        server.held = sender, line
        return
    late.sendall(line)
    if server.held and server.held[0] is sender:
        late.sendall(server.held[1])
        server.held = sender, b""


def disagrees(
    server: Faulty, number: int, sender: socket.socket, line: bytes, others: list[socket.socket]
) -> None:
    """One receiver has two messages of different senders in another order than the rest."""
    late = others[-1]
    honest(server, number, sender, line, others[:-1])
    if server.held is None and number >= BROKEN:
        server.held = sender, line
    elif server.held and server.held[1] and server.held[0] is sender:
        late.sendall(server.held[1])
        server.held = sender, line
    elif server.held:
        late.sendall(line + server.held[1])
        server.held = sender, b""
    else:
        late.sendall(line)


def stalls(
    server: Faulty, number: int, sender: socket.socket, line: bytes, others: list[socket.socket]
) -> None:
    if number < BROKEN:
        honest(server, number, sender, line, others)


def returns(other: socket.socket, sender: socket.socket, line: bytes) -> None:
    """The sender has its own message, too."""
    other.sendall(line)
    sender.sendall(line)


FAULTS = {
    "loses one": (on_one(lambda other, sender, line: None), "lost"),
    "doubles one": (on_one(lambda other, sender, line: other.sendall(line * 2)), "doubled"),
    "swaps two of one sender": (swaps, "disordered"),
    "swaps two of two senders": (disagrees, "other_orders"),
    "damages the text": (on_one(lambda other, sender, line: other.sendall(line[:-4] + b"!!\r\n")), "damaged"),
    "damages the number": (
        on_one(lambda other, sender, line: other.sendall(line.replace(b".0000", b".zzzz"))), "damaged"),
    "cuts the text": (on_one(lambda other, sender, line: other.sendall(line[:-3] + b"\r\n")), "damaged"),
    "adds to the text": (on_one(lambda other, sender, line: other.sendall(line[:-2] + b"!\r\n")), "damaged"),
    "invents one": (
        on_one(lambda other, sender, line: other.sendall(line + line.replace(b".0000000", b".1234567"))),
        "damaged"),
    "sends it to its sender too": (on_one(returns), "strayed"),
    "hangs up": (on_one(lambda other, sender, line: other.shutdown(socket.SHUT_RDWR)), "gone"),
    "says no more": (stalls, "lost"),
}  # fmt: skip


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("kept"), tmp_path_factory.mktemp("scratch"), lambda text: None)


def chatload(bench: Bench, *options: str) -> tuple[int, Run]:
    command = [str(bench.kept / "chatload"), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    return done.returncode, json.loads(done.stdout or "{}")


@contextlib.contextmanager
def serving(fault: Fault) -> Iterator[str]:
    with contextlib.closing(Faulty(fault)) as server:
        yield f"--port={server.port}"


def test_an_honest_server_passes(bench: Bench) -> None:
    with serving(honest) as port:
        status, found = chatload(bench, port, *SMALL)
    assert status == 0 and found["ok"]
    assert found["expected"] == found["deliveries"] == 40 * 5
    assert found["p50_ms"] <= found["p99_ms"] <= found["max_ms"]


@pytest.fixture(scope="module")
def faulty_runs(bench: Bench) -> dict[str, tuple[int, Run]]:
    """All at once: what is lost is waited for, for some seconds."""

    def run(fault: Fault) -> tuple[int, Run]:
        with serving(fault) as port:
            return chatload(bench, port, *SMALL)

    with ThreadPoolExecutor(len(FAULTS)) as pool:
        return dict(zip(FAULTS, pool.map(run, [fault for fault, _ in FAULTS.values()]), strict=True))


@pytest.mark.parametrize("name", FAULTS)
def test_a_server_is_found_out_that(faulty_runs: dict[str, tuple[int, Run]], name: str) -> None:
    _, figure = FAULTS[name]
    status, found = faulty_runs[name]
    assert status == 1 and not found["ok"]
    assert found[figure] > 0
    others = {"lost", "doubled", "disordered", "damaged", "strayed", "gone", "other_orders"} - {figure}
    implied = (
        {"lost"} if figure in ("damaged", "gone") else {"other_orders"} if figure == "disordered" else set()
    )
    assert {other for other in others if found[other]} <= implied


def test_a_pause_is_charged_to_all_that_was_due_meanwhile(bench: Bench) -> None:
    """The messages of an open loop are late from the time they were due, not from when they went out."""
    pause = threading.Event()

    def pauses(
        server: Faulty, number: int, sender: socket.socket, line: bytes, others: list[socket.socket]
    ) -> None:
        if number == BROKEN:
            pause.wait(0.4)
        honest(server, number, sender, line, others)

    with serving(pauses) as port:
        status, found = chatload(
            bench, port, "--clients=3", "--ready=Welcome", "--rate=200", "--messages=100", "--drain=5"
        )
    assert status == 0
    assert found["max_ms"] >= 400
    assert 0.5 * 400 > found["p50_ms"] > 1  # 80 of the 100 were due in those 400 ms


def test_nobody_there_is_another_status_than_a_failed_check(bench: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert chatload(bench, f"--port={port}", "--clients=2") == (2, {})


@pytest.mark.parametrize(
    "options",
    [[], ["--port=0"], ["--port=1", "--clients=none"], ["--port=1", "x"],
     ["--port=1", "--total-order", "--clients=2", "--senders=2"]],
)  # fmt: skip
def test_wrong_options_are_refused(bench: Bench, options: list[str]) -> None:
    assert chatload(bench, *options) == (2, {})


@pytest.mark.parametrize("name", ["climit direct", "climit tick", "asyncio", "threads", "twisted.words"])
@pytest.mark.parametrize("load", ["P", "B", "C"])
def test_a_peer_delivers_everything(bench: Bench, name: str, load: str) -> None:
    found = bench.measure(LOADS[load].quick(), SERVERS[name])
    assert found["ok"], found
    assert found["expected"] > 0


def test_the_reactor_s_turns_are_timed_beside_the_load(bench: Bench) -> None:
    found = bench.measure(LOADS["B"].quick(), SERVERS["tcpchat"], timed=True)
    # Two clocks, which are read one after the other.
    assert found["ok"] and found["turn_ms"] > 0.9 * found["turn_cpu_ms"] > 0


def test_turns_are_read_from_the_time_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "turns"
    path.write_text("1.0 0.5 0.25\n2.0 0.125 0.0625\n3.0 0.5 0.5\n")
    assert turns.read(path, 1.5, 3.0) == [(2.0, 0.125, 0.0625)]


def test_a_server_that_does_not_start_has_no_figures(bench: Bench) -> None:
    broken = SERVERS["asyncio"].__class__(
        "broken", "", lambda place: [sys.executable, "-c", "print('no'); 1/0"]
    )
    (run,) = bench.rounds([LOADS["P"].quick()], [broken], 1, seed=1)
    assert "ZeroDivisionError" in run["error"]


def test_every_workload_meets_every_server_once_a_round(bench: Bench) -> None:
    asked: list[tuple[str, str, bool]] = []

    class Counting(Bench):
        def measure(self, load: Any, server: Any, timed: bool = False) -> Run:
            asked.append((load.name, server.name, timed))
            return {"ok": True}

    counting = Counting(bench.kept, bench.scratch, lambda text: None)
    assert len([*counting.rounds([*LOADS.values()], [*SERVERS.values()], 2, seed=1)]) == len(asked)
    first, second = asked[: len(asked) // 2], asked[len(asked) // 2 :]
    assert first != second and sorted(first) == sorted(second)
    assert len({*first}) == len(first) == 8 * len(SERVERS) - 3 + 2 * 2 + 2 + len(LOADS)


def test_a_big_log_is_a_log(tmp_path: Path) -> None:
    path = tmp_path / "big.sqlite3"
    biglog.make(path, 1000)
    tcpchat = str(Path(sys.executable).with_name("tcpchat"))
    check = subprocess.run(
        [tcpchat, "log", "check", "--store", f"sqlite:{path}"], capture_output=True, text=True
    )
    assert (check.returncode, check.stdout) == (0, "OK: 100 rooms, 1,000 entries, epoch benchmark.\n")


def runs(*figures: tuple[int, str, float, bool]) -> list[Run]:
    return [
        {"round": number, "load": "P", "server": server, report.COST: value, "messages_per_s": 50.0,
         "p50_ms": 1.0, "p99_ms": 2.0, "load_busy": 0.95, "ok": ok, "lost": 0 if ok else 3}
        for number, server, value, ok in figures
    ]  # fmt: skip


ROUNDS = runs(
    (1, "climit direct", 2.0, True), (2, "climit direct", 4.0, True),
    (1, "tcpchat", 3.0, True), (2, "tcpchat", 5.6, True),
    (1, "node", 5.0, True), (2, "node", 9.0, True),
    (1, "ngIRCd", 3.2, True), (2, "ngIRCd", 9.9, False),
)  # fmt: skip
ABOUT: dict[str, Any] = {
    "machine": "M", "software": "S", "cores": "C", "seed": 1, "date": "D",
    "missing": {"InspIRCd": "there is no apt"}, "versions": {"node": "20"},
}  # fmt: skip


def test_ratios_are_of_the_same_round() -> None:
    figures = Figures(LOADS["P"], ROUNDS)
    assert figures.of("tcpchat", report.COST) == Range(4.3, 3.0, 5.6, 2)
    assert figures.ratio("tcpchat", report.COST, "climit direct") == Range(1.45, 1.4, 1.5, 2)


def test_what_overlaps_is_not_ranked() -> None:
    third = runs(
        (3, "climit direct", 2.0, True), (3, "tcpchat", 2.9, True),
        (3, "node", 5.0, True), (3, "ngIRCd", 2.9, True), (4, "climit direct", 2.0, True),
        (4, "ngIRCd", 4.0, True),
    )  # fmt: skip
    figures = Figures(LOADS["P"], [*ROUNDS, *third])
    assert figures.ranked("node", "tcpchat", report.COST) == "more"
    assert figures.ranked("climit direct", "tcpchat", report.COST) == "less"
    assert figures.ranked("ngIRCd", "tcpchat", report.COST) == "not ranked"  # 1.45 to 2, and 1.4 to 1.5
    few = Figures(LOADS["P"], ROUNDS)
    assert few.ranked("node", "tcpchat", report.COST) == "not ranked"


def test_a_run_that_failed_a_check_is_told_and_not_counted() -> None:
    figures = Figures(LOADS["P"], ROUNDS)
    assert figures.of("ngIRCd", report.COST) == Range(3.2, 3.2, 3.2, 1)
    assert figures.failures("ngIRCd") == ["round 2: 3 lost"]


def test_the_report_leaves_the_rest_of_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "performance.md"
    path.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    for _ in range(2):
        report.write(path, ABOUT, ROUNDS, "performance.svg")
        text = path.read_text()
        assert text.startswith(f"before\n{report.BEGIN}\n") and text.endswith(f"{report.END}\nafter\n")
        assert "old" not in text
    assert "| tcpchat | 4.30 (3.00\N{EN DASH}5.60) | 1.45 (1.40\N{EN DASH}1.50) | ≥ 50.0 |" in text
    assert "ngIRCd, round 2: 3 lost" in text
    assert "**InspIRCd is missing**: there is no apt." in text


def test_a_file_without_a_place_for_the_report_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "performance.md"
    path.write_text("nothing\n")
    with pytest.raises(SystemExit):
        report.write(path, ABOUT, ROUNDS, "performance.svg")
    assert path.read_text() == "nothing\n"
