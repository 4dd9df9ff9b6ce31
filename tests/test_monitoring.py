"""The page of figures over a server's life, and against a real disk that is full, or hangs."""

from __future__ import annotations

import shutil
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.nats_servers import servers
from tests.processes import PATIENCE, Server

HERE = "tcp:0:interface=127.0.0.1"


class Watched(Server):
    """A server with a page of figures."""

    page = 0

    def ready(self) -> Watched:
        """Wait until people can come in; the page is there before."""
        self.page = int(self.until(r"READY metrics tcp .*:(\d+)$").rpartition(":")[2])
        super().ready()
        return self

    def ask(self, path: str) -> tuple[int, str]:
        """Return the status of a page and what it says."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.page}{path}", timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def ask_until(self, path: str, status: int, text: str) -> None:
        """Ask for a page until it has a status, and says something: a busy machine may be late at first."""
        end = time.monotonic() + PATIENCE
        while (answer := self.ask(path))[0] != status or text not in answer[1]:
            assert time.monotonic() < end, f"{path} says {answer}"


def test_a_servers_figures_and_checks(tmp_path: Path) -> None:
    with Watched(tmp_path, "--metrics", HERE).ready() as server:
        server.person("anna")
        bob = server.person("bob")
        bob.types("hello")
        server.person().until("nickname")
        server.ask_until("/healthz", 200, "ok\n")
        assert server.ask("/readyz") == (200, "ok\n")
        status, figures = server.ask("/metrics")
        assert status == 200
        lines = figures.splitlines()
        assert "tcpchat_people 2.0" in lines
        assert 'tcpchat_connections_open{door="line",encrypted="no",state="named"} 2.0' in lines
        assert 'tcpchat_connections_open{door="line",encrypted="no",state="nameless"} 1.0' in lines
        assert "tcpchat_connections_total 3.0" in lines
        assert 'tcpchat_log_info{durability="power",replicas="1",store="sqlite"} 1.0' in lines
        assert server.terminate() == 0


def test_a_port_that_is_taken_is_one_clear_line(tmp_path: Path) -> None:
    with Watched(tmp_path, "--metrics", HERE).ready() as first:
        (tmp_path / "second").mkdir()
        with Server(tmp_path / "second", "--metrics", f"tcp:{first.page}:interface=127.0.0.1") as second:
            assert second.process.wait(PATIENCE) == 75
            assert f"Cannot listen on 127.0.0.1 port {first.page}: another" in second.rest()


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@pytest.mark.parametrize(
    ("fault", "wrong"),
    [
        ("pwrite64:error=ENOSPC", "Not written: the log cannot be written."),
        ("fdatasync:delay_enter=60000000", "The log has not answered for "),
    ],
)
def test_a_disk_that_is_full_or_hangs_is_noticed_at_once(tmp_path: Path, fault: str, wrong: str) -> None:
    with Watched(tmp_path, "--metrics", HERE).ready() as server:
        server.ask_until("/healthz", 200, "ok\n")
        kind = fault.partition(":")[0]
        strace = subprocess.Popen(
            ["strace", "-f", "-qq", "-p", str(server.process.pid), "-e", f"trace={kind}",
             "-e", f"inject={fault}", "-o", str(tmp_path / "trace")],
            stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            server.ask_until("/healthz", 503, wrong)
            assert server.ask("/readyz") == (200, "ok\n")
            assert server.ask("/metrics")[0] == 200
        finally:
            strace.terminate()
            strace.wait(PATIENCE)
            assert strace.stderr is not None
            strace.stderr.close()
        server.ask_until("/healthz", 200, "ok\n")


def test_a_node_that_is_cut_off_lets_nobody_in_and_is_well_again_by_itself(tmp_path: Path) -> None:
    """Who comes in has to be written down: a balancer is to send them to another node meanwhile."""
    with servers() as nats:
        options = "--store", nats.store("chat"), "--metrics", HERE
        with Watched(tmp_path, *options).ready() as node:
            node.ask_until("/readyz", 200, "ok\n")
            nats.stop(0)
            end = time.monotonic() + PATIENCE
            while "tcpchat_cluster_connected 0.0" not in (figures := node.ask("/metrics")[1].splitlines()):
                assert time.monotonic() < end
            assert "tcpchat_ready 0.0" in figures
            node.ask_until("/readyz", 503, "This node is cut off from its cluster.\n")
            node.ask_until("/healthz", 503, "Not written: the connection to NATS is lost.\n")
            nats.go_on(0)
            node.ask_until("/readyz", 200, "ok\n")
            node.ask_until("/healthz", 200, "ok\n")
            assert node.terminate() == 0
