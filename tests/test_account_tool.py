"""``tcpchat account`` as operators use it, with a server that runs and without one."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
from pathlib import Path

import pytest

from tests.processes import PATIENCE, Reading, Server
from tests.test_log_tools import TCPCHAT, make

STORE = "tcpchat.sqlite3"
PASSWORD = "analytical-engine"
MOMENT = r"\d{4}-\d\d-\d\d \d\d:\d\d"


def run(folder: Path, *typed: str, password: str | bytes = b"") -> tuple[int, str]:
    """Run ``tcpchat account``; return its status, and what it prints, or if nothing, what it complains of."""
    ended = subprocess.run(
        [TCPCHAT, "account", *typed],
        cwd=folder, capture_output=True, timeout=PATIENCE, check=False,
        input=password if isinstance(password, bytes) else f"{password}\n".encode(),
    )  # fmt: skip
    shown, complaint = ended.stdout.decode(), ended.stderr.decode()
    assert "Traceback" not in complaint, complaint
    assert not (shown and complaint)
    if complaint:
        (line,) = complaint.splitlines()
        assert line.startswith("tcpchat: ")
    return ended.returncode, shown or complaint


def add(folder: Path, nick: str) -> None:
    """Add an account."""
    assert run(folder, "add", nick, password=PASSWORD) == (0, f"Added the account {nick}.\n")


# With a server and without one.


def test_an_account_that_is_added_can_log_in_and_its_removal_frees_the_nickname(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        server.ready()
        add(tmp_path, "ada")
        guest = server.person()
        guest.types("ada")
        guest.until('!!! "ada" is taken.')
        ada = server.person()
        ada.types(f"/login ada {PASSWORD}")
        ada.until(r"^\*\*\* You are ada, in #lobby.*\r\n")
        assert re.fullmatch(rf"ada  registered {MOMENT}  here now.*\n", run(tmp_path, "list")[1])
        other = "difference-engine"
        assert run(tmp_path, "password", "ada", password=other) == (0, "Set the password of ada.\n")
        ada.types("/whois ada")
        ada.until("ada")  # who is there stays
        again = server.person()
        again.types(f"/login ada {PASSWORD}")
        again.until("!!! Wrong nickname or password.")
        again.types(f"/login ada {other}")
        again.until(r"^\*\*\* You are ada, in #lobby.*\r\n")
        assert run(tmp_path, "remove", "ada") == (0, "Removed the account ada.\n")
        for person in ada, again:
            person.types("/password one-and two-and-more")
            person.until("!!! That needs an account")
            person.types("/quit")
            person.until("Goodbye")
        assert run(tmp_path, "list") == (0, "")
        guest.types("ada")
        guest.until(r"^\*\*\* You are ada, in #lobby.*\r\n")
        assert server.terminate() == 0


def test_what_is_done_without_a_server_the_next_one_knows(tmp_path: Path) -> None:
    make(tmp_path / STORE)
    add(tmp_path, "ada")
    assert run(tmp_path, "operator", "ada") == (0, "Made ada an operator of the server.\n")
    with Server(tmp_path) as server:
        ada = server.ready().person()
        ada.types(f"/login ada {PASSWORD}", "/history #audit")
        ada.until("tcpchat added the account ada")
        ada.until("tcpchat made ada an operator of the server")


def test_whoever_is_there_becomes_an_operator_at_once_and_is_one_no_more(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        server.ready()
        add(tmp_path, "ada")
        ada = server.person()
        ada.types(f"/login ada {PASSWORD}")
        ada.until(r"^\*\*\* You are ada, in #lobby.*\r\n")
        ada.types("/lockdown")
        ada.until("!!! Only an operator of the server may do that.")
        run(tmp_path, "operator", "ada")
        add(tmp_path, "bob")
        ada.until("tcpchat added the account bob")
        run(tmp_path, "operator", "ada", "--off")
        add(tmp_path, "carl")
        ada.types("/lockdown")
        assert "carl" not in ada.until("!!! Only an operator of the server may do that.")
        ada.types("/history #audit")
        assert "carl" not in ada.until("!!! .*#audit.*\r\n")


def test_nothing_of_a_password_is_told_anywhere(tmp_path: Path) -> None:
    with Server(tmp_path, "--log-level", "debug") as server:
        server.ready()
        add(tmp_path, "ada")
        told = [*run(tmp_path, "list"), *run(tmp_path, "list", "--json")]
        assert server.terminate() == 0
        log = server.shown + server.rest()
    printed = subprocess.run(
        [TCPCHAT, "log", "dump", "--private"], cwd=tmp_path, capture_output=True, check=True
    )
    everything = f"{told} {log} {printed.stdout.decode()}"
    assert "tcpchat added: see #audit" in log
    assert "added the account ada" in printed.stdout.decode()
    for secret in PASSWORD, "argon2id":
        assert secret not in everything
    for file in tmp_path.iterdir():
        assert PASSWORD.encode() not in file.read_bytes()


# What is listed.


def test_accounts_are_listed_in_aligned_lines_or_as_json(tmp_path: Path) -> None:
    make(tmp_path / STORE)
    assert run(tmp_path, "list") == (0, "")
    for nick in "zoe", "Ada-Lovelace", "漢字":
        add(tmp_path, nick)
    run(tmp_path, "operator", "zoe")
    status, shown = run(tmp_path, "list")
    assert status == 0
    shown = re.sub(MOMENT, "TODAY", shown)
    assert shown.splitlines() == [
        "Ada-Lovelace  registered TODAY  never here",
        "zoe           registered TODAY  never here  operator",
        "漢字          registered TODAY  never here",
    ]
    objects = [json.loads(line) for line in run(tmp_path, "list", "--json")[1].splitlines()]
    assert [account["nickname"] for account in objects] == ["Ada-Lovelace", "zoe", "漢字"]
    assert objects[1] | {"registered": 0} == {
        "nickname": "zoe", "registered": 0, "seen": None, "here": False, "operator": True, "rooms": [],
    }  # fmt: skip
    assert objects[1]["registered"] > 1_700_000_000_000


# The password.


def at_terminal(folder: Path, *answers: str) -> tuple[int, str]:
    """Add an account at a terminal; return the tool's status, and what was seen there."""
    ours, its = pty.openpty()
    with open(ours, "rb+", buffering=0) as terminal, open(its, "rb+", buffering=0) as theirs:
        process = subprocess.Popen(
            [TCPCHAT, "account", "add", "ada"], cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs,
            start_new_session=True, preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)),
        )  # fmt: skip
        seen = Reading(terminal)
        for prompt, answer in zip(("Password for ada: ", "Once more: "), answers, strict=False):
            seen.until(prompt)
            terminal.write(answer.encode())
        status = process.wait(PATIENCE)
        theirs.write(b"THE END")
        seen.until("THE END")
        return status, seen.shown


def test_at_a_terminal_it_is_asked_for_twice_and_not_shown(tmp_path: Path) -> None:
    make(tmp_path / STORE)
    status, seen = at_terminal(tmp_path, f"{PASSWORD}\n", f"{PASSWORD}\n")
    assert status == 0 and "Added the account ada.\r\n" in seen
    assert PASSWORD not in seen


def test_two_that_differ_are_refused(tmp_path: Path) -> None:
    make(tmp_path / STORE)
    status, seen = at_terminal(tmp_path, f"{PASSWORD}\n", "another one\n")
    assert status == 64 and "tcpchat: Those were two passwords, and nothing was changed.\r\n" in seen


@pytest.mark.parametrize(("key", "status"), [("\x04", 64), ("\x03", 128 + 2)])
def test_who_types_ctrl_d_or_ctrl_c_changes_nothing(tmp_path: Path, key: str, status: int) -> None:
    make(tmp_path / STORE)
    ended, seen = at_terminal(tmp_path, key)
    assert ended == status and "Traceback" not in seen
    assert run(tmp_path, "list") == (0, "")


@pytest.mark.parametrize(
    ("password", "said"),
    [
        (b"", "no password on standard input"),
        (b"\n", "too short"),
        (b"1234567\n", "too short"),
        (b"x" * 129, "too long"),
        (b"x" * 100_000, "too long"),
        (b"password\n", "one of the thousand"),
        (b"ada-lovelace\n", "your nickname"),
        (b"\xff\xfe\xfd1234567", "not UTF-8"),
    ],
)
def test_a_weak_password_or_none_is_refused(tmp_path: Path, password: bytes, said: str) -> None:
    make(tmp_path / STORE)
    for command in "add", "password":
        status, line = run(tmp_path, command, "Ada-Lovelace", password=password)
        assert status == 64 and said in line
    assert run(tmp_path, "list") == (0, "")


def test_the_end_of_the_line_is_no_part_of_it(tmp_path: Path) -> None:
    with Server(tmp_path) as server:
        server.ready()
        for nick, line in ("ada", b"12345678x"), ("bob", b"12345678x\n"), ("carl", b"12345678x\r\nmore\n"):
            assert run(tmp_path, "add", nick, password=line)[0] == 0
            person = server.person()
            person.types(f"/login {nick} 12345678x")
            person.until(rf"^\*\*\* You are {nick}, in #lobby")


# What cannot be.


@pytest.mark.parametrize("is_running", [False, True])
def test_what_cannot_be_is_one_line(tmp_path: Path, is_running: bool) -> None:
    make(tmp_path / STORE)
    server = Server(tmp_path)
    with server:
        server.ready()
        if not is_running:
            assert server.terminate() == 0
        for command in (
            ("password", "bob"),
            ("remove", "bob"),
            ("operator", "bob"),
            ("operator", "bob", "--off"),
        ):
            said = run(tmp_path, *command, password=PASSWORD)
            assert said == (64, 'tcpchat: There is no account "bob".\n')
        add(tmp_path, "paul")
        taken = 'tcpchat: "pauI" is taken: there is the account "paul".\n'
        assert run(tmp_path, "add", "pauI", password=PASSWORD) == (64, taken)
        assert run(tmp_path, "operator", "paul", "--off")[0] == 64
        assert '"1up" is not a nickname: ' in run(tmp_path, "add", "1up", password=PASSWORD)[1]


@pytest.mark.parametrize("command", [("list",), ("add", "ada"), ("remove", "ada")])
def test_there_must_be_a_log(tmp_path: Path, command: tuple[str, ...]) -> None:
    status, line = run(tmp_path, *command, password=PASSWORD)
    assert status == 71 and "tcpchat.sqlite3 cannot be opened: No such file or directory." in line
    status, line = run(tmp_path, *command, "--store", "memory:", password=PASSWORD)
    assert status == 64 and "There is no store 'memory:' to work on" in line
    assert not list(tmp_path.iterdir())
    (tmp_path / STORE).write_bytes(b"Dear Ada, this is no log.\n" * 100)
    status, line = run(tmp_path, *command, password=PASSWORD)
    assert status == 65 and "is not a log of tcpchat" in line
    assert os.listdir(tmp_path) == [STORE]
