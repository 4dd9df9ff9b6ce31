"""The client in a real terminal against the real server."""

from __future__ import annotations

import os
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import TCPCHAT, Relay, at
from tests.faults.servers import dump
from tests.faults.servers import start as start_server
from tests.processes import Server
from tests.ptys import ALT, CTRL_C, CTRL_D, CTRL_U, CTRL_Z, ENTER, PAGE_UP, TAB, UP, Pty, pasted
from tests.test_client_piping import Echo, TurningAway


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with start_server(tmp_path) as running:
        yield running.ready()


@pytest.fixture
def anna(server: Server) -> Iterator[Pty]:
    """Yield somebody who has come in."""
    with Pty(at(server), "--nick", "anna") as pty:
        pty.sees(r"\[1:#lobby 1\]  anna  \d+ ms")
        yield pty


def said(server: Server) -> list[str]:
    return [record.text for record in dump(server.folder) if record.type == "message"]


def at_port(listening: socket.socket) -> str:
    return f"127.0.0.1:{listening.getsockname()[1]}"


def test_what_comes_in_does_not_break_what_is_typed(server: Server, anna: Pty) -> None:
    bob = server.person("bob")
    anna.types("hello wor")
    anna.stands("#lobby hello wor")
    for number in range(40):
        bob.types(f"line {number}")
    anna.sees("<bob> line 39")
    anna.stands("#lobby hello wor")
    anna.types("ld" + ENTER)
    bob.until("<anna> hello world\r\n")
    anna.sees("<anna> hello world")
    anna.until(lambda: anna.line.rstrip() == "#lobby")
    numbers = [re.search(r"<bob> line (\d+)$", row) for row in anna.all_rows]
    assert [int(found[1]) for found in numbers if found] == list(range(40))


@pytest.mark.parametrize("columns", [20, 250])
def test_the_line_survives_any_width(server: Server, columns: int) -> None:
    with Pty(at(server), "--nick", "anna", columns=columns) as anna:
        anna.sees("1:#lobby 1")
        bob = server.person("bob")
        anna.types("grüß dich 漢字")
        bob.types("a long line " * 30, "done")
        anna.sees("<bob> done")
        anna.types(ENTER)
        bob.until("<anna> grüß dich 漢字\r\n")


def test_the_window_may_change(server: Server, anna: Pty) -> None:
    bob = server.person("bob")
    anna.types("half a li")
    anna.until(lambda: anna.line.endswith("half a li"))
    for columns, lines in (40, 10), (120, 50), (80, 24):
        anna.resize(columns, lines)
        bob.types(f"{columns} columns")
        anna.sees(f"<bob> {columns} columns")
    anna.types("ne" + ENTER)
    bob.until("<anna> half a line\r\n")


def test_what_is_pasted_is_one_message(server: Server, anna: Pty) -> None:
    bob = server.person("bob")
    anna.types(pasted("def f():\n    return 1\n/quit"))
    anna.until(lambda: "/quit" in anna.line)
    anna.types(ENTER)
    bob.until("<anna> def f\\(\\):\r\n<anna>     return 1\r\n<anna> /quit\r\n")
    anna.sees("<anna>     return 1")
    assert said(server) == ["def f():\n    return 1\n/quit"]


def test_what_is_pasted_may_have_16_kib(server: Server, anna: Pty) -> None:
    bob = server.person("bob")
    lines = [f"{n:02} " + "x" * 320 for n in range(50)]
    anna.types(pasted("\n".join(lines)))
    anna.until(lambda: anna.line.endswith("xxx") and any("49 x" in row for row in anna.rows))
    anna.types(ENTER)
    bob.until("".join(f"<anna> {line}\r\n" for line in lines))
    assert said(server) == ["\n".join(lines)]


def test_what_is_too_long_stays_to_be_made_shorter(server: Server, anna: Pty) -> None:
    anna.types(pasted("\n".join(map(str, range(51)))) + ENTER)
    anna.sees("A paste has at most 50 lines and 16 KiB")
    anna.until(lambda: anna.line.endswith("50"))
    anna.types("\x7f\x7f\x7f" + ENTER)
    anna.sees("<anna> 49$")
    assert said(server) == ["\n".join(map(str, range(50)))]


def test_a_draft_taller_than_the_window_leaves_room_for_what_is_said(server: Server, anna: Pty) -> None:
    def is_seen(text: str) -> bool:
        return any(text in row for row in anna.rows)

    bob = server.person("bob")
    anna.types(pasted("\n".join(f"draft {n}" for n in range(60))))
    anna.stands("draft 59")
    anna.types(ENTER)
    anna.until(lambda: is_seen("A paste has at most 50 lines"))
    anna.types(CTRL_U)
    anna.stands("#lobby ")
    anna.types(pasted("y" * 5000 + "\n"))
    anna.stands("")
    bob.types("one")
    anna.until(lambda: is_seen("<bob> one"))
    bob.types("two")
    anna.until(lambda: is_seen("<bob> two"))
    assert anna.count("1:#lobby 2") == 1


def test_a_draft_that_ctrl_c_cleared_comes_back_and_any_other_key_cancels_leaving(anna: Pty) -> None:
    anna.types(f"half{CTRL_C}")
    anna.stands("#lobby ")
    anna.types(f"{UP}")
    anna.stands("#lobby half")
    anna.types(CTRL_C)
    anna.stands("#lobby ")
    anna.types(f"{UP}way")
    anna.stands("#lobby halfway")


def test_alt_and_a_number_is_a_room_if_there_is_one(server: Server, anna: Pty) -> None:
    for number in range(2, 10):
        anna.types(f"/join #r{number}{ENTER}")
        anna.stands(f"#r{number} ")
    for number in 9, 5, 2:
        anna.types(f"{ALT}{number}")
        anna.stands(f"#r{number} ")
    anna.types(f"/leave{ENTER}")
    anna.until(lambda: not anna.line.startswith("#r2"))
    anna.types(f"{ALT}1{ALT}9half a line")
    anna.stands("#lobby half a line")


def test_rooms_are_gone_through_and_what_is_new_is_marked(server: Server, anna: Pty) -> None:
    bob = server.person("bob")
    anna.types(f"/join #dev{ENTER}")
    anna.sees(r"1:#lobby \d  \[2:#dev 1\]")
    bob.types("one", "Anna, two")
    anna.sees(r"1:#lobby 2 \+2 !1  \[2:#dev 1\]")
    assert anna.count("<bob> one") == 0
    anna.types(f"{ALT}1")
    anna.sees("<bob> Anna, two")
    anna.until(lambda: anna.line.startswith("#lobby"))
    rows = anna.rows
    new = next(at for at, row in enumerate(rows) if "new since you looked" in row)
    assert rows[new + 1].endswith("<bob> one") and rows[new + 2].endswith("<bob> Anna, two")
    anna.types(f"/join #dev{ENTER}to dev{ENTER}")
    bob.types("/join #dev")
    bob.until("<anna> to dev\r\n")


def test_words_are_completed(server: Server, anna: Pty) -> None:
    bob = server.person("bob")
    anna.sees("bob joined")
    anna.types(f"/whoi{TAB}")
    anna.stands("#lobby /whois ")
    anna.types(f"bo{TAB}")
    anna.stands("#lobby /whois bob ")
    anna.types(ENTER)
    anna.sees(r"\*\*\* bob is in #lobby, connected since")
    anna.types(f"b{TAB}")
    anna.stands("#lobby bob: ")
    anna.types(f"hi{ENTER}")
    bob.until("<anna> bob: hi\r\n")
    bob.types("/join #dev")
    bob.until("You are bob, in #dev")
    anna.types(f"{CTRL_U}/rooms{ENTER}")
    anna.sees(r"\*\*\* #dev: 1 person")
    anna.types(f"/j{TAB}")
    anna.sees("^ +/json")
    anna.types(TAB)
    anna.stands("#lobby /join ")
    anna.types(f"d{TAB}")
    anna.stands("#lobby /join #dev ")


def test_a_killed_server_that_comes_back_loses_nothing_and_says_nothing_twice(tmp_path: Path) -> None:
    with start_server(tmp_path).ready() as first:
        port = first.port
        with Pty(at(first), "--nick", "anna") as anna:
            anna.sees(r"\[1:#lobby 1\]")
            anna.types(f"before{ENTER}")
            anna.sees("<anna> before")
            first.kill()
            anna.sees("What you say is sent when")
            anna.types(f"one{ENTER}two{ENTER}thr")
            anna.sees("^… two")
            anna.sees("trying again in .* 2 on the way")
            with start_server(tmp_path, port).ready() as second:
                bob = second.person("bob")
                anna.sees("Connected again")
                anna.sees("<anna> two")
                anna.stands("#lobby thr")
                bob.types("hello")
                anna.sees("<bob> hello")
                anna.types(f"ee{ENTER}")
                bob.until("<anna> three\r\n")
                anna.sees("<anna> three")
                assert [anna.count(f"<anna> {word}$") for word in ("before", "one", "two", "three")] == [
                    1
                ] * 4
                assert said(second) == ["before", "one", "two", "hello", "three"]


def test_a_break_that_is_taken_for_a_farewell_is_no_other(server: Server) -> None:
    with Relay(server) as relay, Pty(relay.address, "--nick", "anna") as anna:
        anna.sees(r"\[1:#lobby 1\]")
        bob = server.person("bob")
        anna.sees("bob joined")
        relay.hang_up()
        bob.types("meanwhile")
        anna.types(f"said meanwhile{ENTER}")
        bob.until("<anna> said meanwhile\r\n")
        anna.sees("<anna> said meanwhile")
        anna.sees(r"\[1:#lobby 2\]  anna")
        assert anna.count("<bob> meanwhile") == anna.count("<anna> said meanwhile") == 1


def test_ctrl_c_twice_leaves_and_once_does_not(server: Server, anna: Pty) -> None:
    bob = server.person("bob")
    anna.types(f"half{CTRL_C}")
    anna.sees("Ctrl-C again leaves")
    anna.types(CTRL_C * 2)  # the first would do where they are soon enough
    assert anna.ends() == 0
    bob.until(r"\*\*\* anna left #lobby\.\r\n")
    assert said(server) == []


@pytest.mark.parametrize("leave", [CTRL_D, f"/quit{ENTER}"])
def test_so_does_ctrl_d_and_quit(server: Server, anna: Pty, leave: str) -> None:
    bob = server.person("bob")
    anna.types(leave)
    assert anna.ends() == 0
    bob.until(r"\*\*\* anna left #lobby\.\r\n")


@pytest.mark.parametrize("heeds", [True, False])
def test_a_terminal_that_is_gone_is_the_end(server: Server, heeds: bool) -> None:
    ignoring = () if heeds else ("--ignore-signal=HUP",)
    with Pty(*ignoring, TCPCHAT, at(server), "--nick", "anna", program="env") as anna:
        anna.sees(r"\[1:#lobby 1\]")
        bob = server.person("bob")
        anna.vanish()
        bob.types(*["a line that nobody sees"] * 100)
        anna.process.wait()
        assert anna.process.exitstatus == 128 + signal.SIGHUP
        bob.until(r"\*\*\* anna left #lobby\.\r\n")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, "/quit"])
def test_a_kill_leaves_the_terminal_sane(server: Server, tmp_path: Path, how: str | signal.Signals) -> None:
    script = 'stty -a >"$0/before"; "$@"; echo "status $?"; stty -a >"$0/after"'
    with Pty("-c", script, str(tmp_path), TCPCHAT, at(server), "--nick", "anna", program="sh") as anna:
        anna.sees(r"\[1:#lobby 1\]  anna  \d+ ms")
        anna.types("half")
        anna.until(lambda: anna.line.endswith("half"))
        shell = anna.process.pid
        (client,) = Path(f"/proc/{shell}/task/{shell}/children").read_text().split()
        if isinstance(how, signal.Signals):
            os.kill(int(client), how)
        else:
            anna.types(f"{CTRL_U}{how}{ENTER}")
        anna.sees(f"^status {128 + how if isinstance(how, signal.Signals) else 0}$")
        assert anna.ends() == 0
        assert (tmp_path / "before").read_text() == (tmp_path / "after").read_text()
        assert anna.sent.rfind(b"\x1b[?2004l") > anna.sent.rfind(b"\x1b[?2004h")  # no longer told of pastes
        assert anna.sent.rfind(b"\x1b[?25l") < anna.sent.rfind(b"\x1b[?25h")  # the cursor is seen


def test_ctrl_z_and_fg_come_back_to_what_was_typed(server: Server) -> None:
    with Pty("--norc", "--noprofile", program="bash", PS1="go: ") as anna:
        anna.types(f"PS1='go: '; {TCPCHAT} {at(server)} --nick anna{ENTER}")
        anna.sees(r"\[1:#lobby 1\]  anna  \d+ ms")
        anna.types("half")
        anna.stands("#lobby half")
        anna.types(CTRL_Z)
        anna.stands("go: ")
        server.person("bob").types("meanwhile")
        anna.types(f"fg{ENTER}")
        anna.sees("<bob> meanwhile$")
        anna.stands("#lobby half")
        anna.types(f" a line{ENTER}/quit{ENTER}")
        anna.stands("go: ")
        assert said(server) == ["meanwhile", "half a line"]


def test_history_and_search_are_shown_in_place(server: Server, anna: Pty) -> None:
    bob = server.person("bob")
    bob.types("/join #dev", *[f"line {n}" for n in range(30)], "/set echo on", "end")
    bob.until("<bob> end\r\n")
    anna.types(f"/search line in:#dev{ENTER}")
    anna.sees("You are not in #dev|line 29")
    anna.types(f"/join #dev{ENTER}")
    anna.until(lambda: anna.line.startswith("#dev"))
    anna.types(PAGE_UP)
    anna.sees("<bob> line 2$")
    anna.types(f"typed{PAGE_UP}")
    anna.sees("<bob> line 0$")
    anna.stands("#dev typed")
    anna.types(f"{PAGE_UP}{PAGE_UP}")
    assert max(anna.count(f"<bob> line {n}$") for n in range(30)) == 1


def test_numbers_are_shown_if_they_are_wanted(server: Server, anna: Pty) -> None:
    anna.types(f"/set numbers on{ENTER}")
    anna.sees("numbers is on")
    anna.types(f"hello{ENTER}/search zzzz{ENTER}")
    anna.sees(r"^\d\d:\d\d \d+ <anna> hello$")
    anna.sees("Nothing was found")


def test_without_colours_there_are_none(server: Server) -> None:
    server.person("bob").types("see https://example.org", "/me waves")
    with Pty(at(server), "--nick", "anna", TERM="linux", NO_COLOR="1", LC_ALL="C") as anna:
        anna.sees(r"\* bob waves")
        assert not re.search(rb"\x1b\[[0-9;]*3[0-9;]*m|\x1b\]8", anna.sent)


def test_with_colours_names_have_some_and_links_are_links(server: Server) -> None:
    server.person("bob").types("see https://example.org", "/me waves")
    with Pty(at(server), "--nick", "anna") as anna:
        anna.sees(r"\* bob waves")
        assert re.search(rb"\x1b\[38;5;\d+m<bob> ", anna.sent)
        assert b"\x1b]8;;https://example.org\x1b\\" in anna.sent


def test_who_names_one_rings_if_that_is_wanted(server: Server) -> None:
    with Pty(at(server), "--nick", "anna", "--notify", "bell") as anna:
        anna.sees(r"\[1:#lobby 1\]")
        server.person("bob").types("hello", "hello anna")
        anna.sees("hello anna")
        assert anna.sent.count(b"\a") == 1
    with Pty(at(server), "--nick", "carl", "--notify", "desktop") as carl:
        carl.sees(r"1:#lobby")
        server.person("dora").types("hello carl")
        carl.until(lambda: b"\x1b]9;dora: hello carl\a" in carl.sent)


def test_a_nickname_is_asked_for_where_none_will_do(server: Server) -> None:
    with Pty(at(server), "--nick", "1st") as anna:
        anna.sees(r"\*\*\* What is your nickname\?")
        anna.types(f"anna{ENTER}")
        anna.sees("You are anna, in #lobby")


def test_a_room_may_be_named(server: Server) -> None:
    with Pty(f"tcpchat://{at(server)}/dev", "--nick", "anna") as anna:
        anna.sees("You are anna, in #dev")
        anna.until(lambda: anna.line.startswith("#dev"))


def test_another_server_has_the_same_line_and_no_password_is_seen() -> None:
    with Pty(Echo(b"Welcome.\r\n\xff\xfb\x01Password: ", echoes=False).address) as anna:
        anna.sees("^Welcome")
        anna.until(lambda: anna.line.startswith("Password:"))
        anna.types("secret")
        anna.until(lambda: anna.line.endswith("******"))
        assert b"secret" not in anna.sent
        anna.types(f"{ENTER}/quit{ENTER}")
        assert anna.ends() == 0


def test_what_another_server_does_not_have_yet_is_seen_to_wait_and_told_when_one_leaves() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, Pty(at_port(silent)) as anna:
        anna.sees("another kind of server")
        connection, _ = silent.accept()
        anna.types(f"one{ENTER}two{ENTER}three{ENTER}")
        anna.sees("^… three")
        anna.sees("^> one")
        assert anna.count("^… two") == 1
        assert connection.recv(100) == b"one\r\n"
        anna.types(f"/quit{ENTER}")
        assert anna.ends() == 69
        assert anna.rows[-2:] == [f'tcpchat: Not sent, or not known to be: "{it}"' for it in ("two", "three")]


def test_and_it_is_sent_in_order_once_that_is_certain() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, Pty(at_port(silent)) as anna:
        connection, _ = silent.accept()
        anna.types(f"one{ENTER}two{ENTER}")
        anna.sees("^… two")  # at once, while nothing is known
        anna.sees("another kind of server")
        connection.sendall(b"Welcome.\r\n")
        anna.sees("^> two")
        assert anna.count("^…") == 0
        anna.types(f"three{ENTER}")
        anna.sees("^> three")
        got = b""
        while got.count(b"\n") < 3:
            got += connection.recv(100)
        assert got == b"one\r\ntwo\r\nthree\r\n"


@pytest.mark.parametrize(
    ("leave", "is_told"), [(CTRL_D, True), (f"/quit{ENTER}", True), (CTRL_C + CTRL_C, False)]
)
def test_who_leaves_is_told_what_was_not_confirmed(server: Server, leave: str, is_told: bool) -> None:
    with Pty(at(server), "--nick", "anna") as anna:
        anna.sees(r"\[1:#lobby 1\]  anna  \d+ ms")
        if is_told:
            server.kill()
            anna.sees("What you say is sent when")
        else:
            server.process.send_signal(signal.SIGSTOP)
        anna.types(f"precious words{ENTER}")
        anna.sees("^… precious")
        anna.types(leave)
        assert anna.ends() == 69
        assert anna.rows[-1] == 'tcpchat: Not sent, or not known to be: "precious words"'
        server.process.send_signal(signal.SIGCONT)


def test_what_is_said_right_before_one_leaves_is_confirmed(server: Server, anna: Pty) -> None:
    anna.types(f"a{ENTER}b{ENTER}c{ENTER}{CTRL_D}")
    assert anna.ends() == 0
    assert said(server) == ["a", "b", "c"]


def test_a_password_is_asked_for_and_not_seen(server: Server) -> None:
    with Pty(at(server), "--nick", "anna") as anna:
        anna.sees(r"\[1:#lobby 1\]")
        anna.types(f"/register correct-horse-battery{ENTER}")
        anna.sees(r"\*\*\* .*registered")
        anna.types(f"/join #dev{ENTER}/quit{ENTER}")
        assert anna.ends() == 0
    with Pty(at(server), "--nick", "carl") as carl:
        carl.sees(r"\[1:#lobby 1\]  carl")
        carl.types(f"/login anna{ENTER}")
        carl.stands("Password: ")
        carl.types("correct-horse-battery")
        carl.until(lambda: carl.line.endswith("****"))
        carl.types(ENTER)
        carl.sees(r"#dev 1\]  anna  ")
        carl.types(f"hi{ENTER}")
        carl.sees("<anna> hi")
        carl.types("\x1b[A" * 3)
        carl.until(lambda: carl.line.endswith(" hi"))  # all that the arrow keys bring back
        assert b"correct-horse" not in carl.sent


def test_a_password_that_was_left_out_is_asked_for(server: Server, anna: Pty) -> None:
    anna.types(f"/register{ENTER}")
    anna.stands("Password: ")
    anna.types(CTRL_C)
    anna.stands("#lobby ")
    anna.types(f"/register{ENTER}")
    anna.stands("Password: ")
    anna.types(f"correct-horse{ENTER}")
    anna.sees(r"\*\*\* .*registered")
    anna.types(f"/password{ENTER}")
    anna.stands("Old password: ")
    anna.types(f"correct-horse{ENTER}")
    anna.stands("New password: ")
    anna.types(f"battery-staple{ENTER}")
    anna.sees("Your password is changed")
    anna.stands("#lobby ")
    assert b"horse" not in anna.sent and b"battery" not in anna.sent


def test_who_is_turned_away_is_told_in_one_line() -> None:
    with TurningAway() as turning_away, Pty(turning_away.address) as nobody:
        assert nobody.ends() == 77
        assert nobody.rows[-1] == "tcpchat: Too many connections from your network."
        assert nobody.count("is sent when") == 0


def test_without_a_server_it_ends_with_its_status() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with Pty(f"127.0.0.1:{port}") as nobody:
        assert nobody.ends() == 69
        assert nobody.rows == ["tcpchat: Nothing listens there: the connection is refused"]
    with Pty("no-such-host.invalid") as nobody:
        assert nobody.ends() == 68
