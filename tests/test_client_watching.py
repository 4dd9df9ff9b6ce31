"""``tcpchat watch``: each entry once and in order, whatever becomes of the connection."""

from __future__ import annotations

import json
from pathlib import Path

from tests.commands import Relay, at, run, start
from tests.faults.servers import start as start_server


def test_what_was_said_and_what_is_said_is_shown_once_in_order(tmp_path: Path) -> None:
    with start_server(tmp_path).ready() as server:
        lines = [f"line {number}" for number in range(1200)]  # more than two pages
        assert (
            run(
                "send", "--server", at(server), "--nick", "bob", "--room", "dev", typed="\n".join(lines)
            ).status
            == 0
        )
        watching = start(server, "watch", "--server", at(server), "--room", "dev", "--since", "-1h")
        shown = watching.until(r"<bob> line 1199\n")
        assert [line.partition("> ")[2] for line in shown.splitlines() if "<bob>" in line] == lines
        alice = server.person("alice")
        alice.types("/join #dev", "live")
        shown = watching.until(r"<alice> live\n")
        assert shown.count("line ") == 0 and "*** alice joined #dev.\n" in shown


def test_without_since_it_begins_now(tmp_path: Path) -> None:
    with start_server(tmp_path).ready() as server:
        alice = server.person("alice")
        alice.types("before", "/set echo on", "echoed")
        alice.until("<alice> echoed\r\n")
        watching = start(server, "watch", "--server", at(server), "--nick", "w", "--json")
        alice.until(r"w joined #lobby\.\r\n")
        alice.types("now")
        shown = watching.until('"now".*\n')
        texts = [json.loads(line).get("text") for line in shown.splitlines()]
        assert texts == [None, "now"]  # and its own coming in


def test_a_restart_of_the_server_leaves_no_hole(tmp_path: Path) -> None:
    with start_server(tmp_path).ready() as first:
        port = first.port
        alice = first.person("alice")
        watching = start(first, "watch", "--server", at(first), "--nick", "w", "--json")
        alice.until(r"w joined #lobby\.\r\n")
        alice.types("one")
        watching.until('"one".*\n')
        first.kill()
        watching.until("Trying again")
        with start_server(tmp_path, port).ready() as second:
            assert run("send", "--server", at(second), "--nick", "bob", "two").status == 0
            assert run("send", "--server", at(second), "--nick", "bob", "three").status == 0
            shown = watching.until('"three".*\n')
            numbers = [json.loads(line)["seq"] for line in shown.splitlines() if line.startswith("{")]
            assert numbers == list(range(numbers[0], numbers[-1] + 1))
            assert shown.count('"two"') == shown.count('"three"') == 1


def test_a_break_that_is_taken_for_a_farewell_does_not_end_it(tmp_path: Path) -> None:
    with start_server(tmp_path).ready() as server, Relay(server) as relay:
        alice = server.person("alice")
        watching = start(server, "watch", "--server", relay.address, "--nick", "w")
        alice.until(r"w joined #lobby\.\r\n")
        alice.types("first")
        watching.until("<alice> first\n")
        for number in range(2):
            relay.hang_up()
            shown = watching.until("Trying again")
            alice.types(f"meanwhile {number}")
            shown += watching.until("Connected again")
            alice.types(f"now {number}")
            shown += watching.until(f"<alice> now {number}\n")
            assert shown.count(f"<alice> meanwhile {number}\n") == 1


def test_who_is_put_out_is_told_and_it_ends(tmp_path: Path) -> None:
    with start_server(tmp_path).ready() as server:
        alice = server.person("alice")
        alice.types("/register correct-horse-battery", "/join #own")
        alice.until("You are alice, in #own")
        watching = start(server, "watch", "--server", at(server), "--room", "own", "--nick", "eve")
        alice.until("eve joined #own")
        alice.types("/ban eve")
        assert "banned" in watching.rest()
        assert watching.process.wait(30) == 77


def test_who_has_seen_enough_ends_it(tmp_path: Path) -> None:
    with start_server(tmp_path).ready() as server:
        alice = server.person("alice")
        watching = start(server, "watch", "--server", at(server), "--nick", "w")
        alice.until(r"w joined #lobby\.\r\n")
        assert watching.process.stdout is not None
        watching.process.stdout.close()
        alice.types("one", "two")
        assert watching.process.wait(30) == 0
        server._guests.remove(watching)


def test_a_room_that_one_may_not_enter_is_status_77(tmp_path: Path) -> None:
    with start_server(tmp_path).ready() as server:
        ended = run("watch", "--server", at(server), "--room", "bad room")
        assert ended.status == 77 and "is not a room" in ended.complaints
