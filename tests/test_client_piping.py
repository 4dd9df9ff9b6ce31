"""``tcpchat HOST`` in a pipe: lines in, lines out."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.commands import at, run, start
from tests.faults.servers import start as start_server
from tests.processes import Server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with start_server(tmp_path) as running:
        yield running.ready()


def test_lines_and_commands_go_in_and_lines_come_out(server: Server) -> None:
    alice = server.person("alice")
    ended = run(at(server), "--nick", "bob", typed="hi\n/me waves\n/join #dev\nin dev\n/who\n/quit bye\nno\n")
    assert ended.status == 0 and ended.complaints == ""
    assert "*** You are bob, in #lobby with alice.\n" in ended.shown
    assert "*** 1 person is in #dev: bob.\n" in ended.shown
    assert "hi\n" not in ended.shown
    shown = alice.until(r"bob left #lobby: bye\.\r\n")
    assert "<bob> hi\r\n* bob waves\r\n" in shown


def test_a_paste_is_one_message_though_its_end_is_missing(server: Server) -> None:
    assert run(at(server), "--nick", "bob", "--room", "dev", typed="/paste\n  a\n/b").status == 0
    shown = run(at(server), "--json", "--room", "dev", typed="/history\n").shown
    assert [it["text"] for it in map(json.loads, shown.splitlines()) if it["type"] == "message"][
        -1
    ] == "  a\n/b"


def test_what_was_said_is_headed_and_nothing_is_an_answer_too(server: Server) -> None:
    alice = server.person("alice")
    alice.types("one", "two", "/set echo on", "three")
    alice.until("<alice> three\r\n")
    shown = run(at(server), "--nick", "bob", typed="/search zzzz\n/history 2\n/more\n/more\n").shown
    assert "*** Nothing was found.\n*** The last 2 lines of #lobby:\n[" in shown
    assert "<alice> three\n*** Live now.\n*** Earlier, 1 line of #lobby:\n" in shown
    assert shown.endswith("<alice> one\n*** Live now.\n*** There is nothing earlier.\n")


def test_numbers_and_times_are_shown_as_they_are_set(server: Server) -> None:
    alice = server.person("alice")
    alice.types("one", "/set echo on", "two")
    alice.until("<alice> two\r\n")
    typed = "/set numbers on\n/set timezone Asia/Tokyo\n/history 1\n"
    shown = run(at(server), "--nick", "bob", typed=typed).shown
    line = next(line for line in shown.splitlines() if "] 3 <alice> two" in line)
    assert line[12:15] == f"{datetime.now(ZoneInfo('Asia/Tokyo')):%H:}"


def test_what_is_refused_is_told_and_the_rest_is_done(server: Server) -> None:
    alice = server.person("alice")
    ended = run(at(server), "--nick", "bob", typed="/foo\n/msg nobody hi\nhello\n")
    assert ended.status == 77
    assert "tcpchat: There is no command /foo. Did you mean /me?\n" in ended.complaints
    assert 'tcpchat: Nobody here is called "nobody".\n' in ended.complaints
    alice.until("<bob> hello\r\n")


def test_programs_have_json_both_ways(server: Server) -> None:
    typed = '{"type":"say","text":"hi","ref":7}\n{"type":"exploded","ref":8}\n{"x":1}\n{\nplain\n'
    ended = run(at(server), "--nick", "bob", "--json", typed=typed)
    shown = [json.loads(line) for line in ended.shown.splitlines()]
    (message,) = [it for it in shown if it.get("text") == "hi"]
    assert {"type": "ok", "ref": 7, "seq": message["seq"]} in shown
    assert [it["code"] for it in shown if it["type"] == "error"] == ["unknown-type"]
    assert shown[-1]["text"] == "plain"
    assert ended.status == 77 and ended.complaints.count("not a JSON object") == 2


def test_somebody_who_talks_and_listens(server: Server) -> None:
    alice = server.person("alice")
    piping = start(server, at(server), "--nick", "bob")
    piping.until(r"You are bob, in #lobby with alice\.\n")
    alice.types("hello", "/join #dev", "/msg bob psst")
    piping.until(r"<alice> hello\n(.*\n)*\[from alice\] psst\n")
    piping.types("/join #dev")
    piping.until(r"You are bob, in #dev with alice\.\n")
    alice.types("in dev")
    assert "#dev" not in piping.until("<alice> in dev\n").splitlines()[-1]
    piping.types("/leave")
    alice.until(r"bob left #dev\.\r\n")
    piping.types("back in the lobby")
    alice.until("#lobby <bob> back in the lobby\r\n")


def test_a_restart_loses_nothing_and_says_nothing_twice(tmp_path: Path) -> None:
    with start_server(tmp_path).ready() as first:
        port = first.port
        piping = start(first, at(first), "--nick", "bob")
        piping.until(r"You are bob, in #lobby\.\n")
        first.kill()
        piping.types("said while it was away")
        piping.until("Trying again")
        with start_server(tmp_path, port).ready() as second:
            alice = second.person("alice")
            if "said while" not in alice.shown:
                alice.until("said while it was away\r\n")
            alice.types("hello")
            shown = piping.until("<alice> hello\n")
            assert "Connected again" in shown
            alice.types("/history")
            alice.types("/who")
            assert alice.until(r"in #lobby: ").count("said while it was away") == 1


class Echo(threading.Thread):
    """A server of another kind: it greets, gives back what it gets, and hangs up at its end."""

    def __init__(self, greeting: bytes, echoes: bool = True) -> None:
        super().__init__(daemon=True)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listening.getsockname()[1]}"
        self._greeting = greeting
        self._echoes = echoes
        self.start()

    def run(self) -> None:
        with self._listening, self._listening.accept()[0] as connection:
            connection.sendall(self._greeting)
            while data := connection.recv(4096):
                if self._echoes:
                    connection.sendall(data)


def test_another_server_gets_lines_and_is_shown() -> None:
    ended = run(Echo(b"\xff\xfb\x03Welcome\x1b[2J to the dungeon.\r\n").address, typed="north\n/quit\n")
    shown = ended.shown.encode()
    assert ended.status == 0
    assert shown.startswith(b"Welcome to the dungeon.\n") and b"north\n/quit\n" in shown


def test_one_that_says_nothing_is_taken_for_another() -> None:
    assert run(Echo(b"").address, typed="hello\n") == (0, "hello\n", "")


def test_where_nothing_listens_it_ends_with_status_69() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    ended = run(f"127.0.0.1:{port}")
    assert (ended.status, ended.complaints) == (
        69,
        "tcpchat: Nothing listens there: the connection is refused\n",
    )
    assert run("no-such-host.invalid").status == 68


class TurningAway:
    """A server that says why it lets nobody in."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listening.getsockname()[1]}"

    def __enter__(self) -> TurningAway:
        threading.Thread(target=self._turn_away, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.close()

    def _turn_away(self) -> None:
        with self._listening.accept()[0] as connection:
            connection.sendall(b"!!! Too many connections from your network.\r\n")


@pytest.mark.parametrize("words", [(), ("watch", "--server")])
def test_a_server_that_says_why_it_turns_one_away_is_status_77(words: tuple[str, ...]) -> None:
    with TurningAway() as turning_away:
        ended = run(*words, turning_away.address)
    assert ended.status == 77
    assert ended.complaints.endswith("tcpchat: Too many connections from your network.\n")


@pytest.mark.parametrize("words", [(), ("--tls",)])
@pytest.mark.parametrize("host", ["no-such-host.invalid", "a..b", "a_b.invalid", f"{'x' * 64}.example"])
def test_a_host_that_there_is_not_is_status_68(words: tuple[str, ...], host: str) -> None:
    assert run(*words, host) == (68, "", "tcpchat: There is no such host\n")


def test_a_wrong_option_is_status_64() -> None:
    for words in ["a b"], ["--fingerprint", "ab", "localhost"], ["send", "--timeout", "0", "x"]:
        ended = run(*words)
        assert (ended.status, ended.shown) == (64, "") and len(ended.complaints.splitlines()) == 1


def test_no_user_interface_is_imported(server: Server) -> None:
    ended = run(at(server), typed="/quit\n", PYTHONVERBOSE="1", patience=60)
    assert "twisted" in ended.complaints and "prompt_toolkit" not in ended.complaints
