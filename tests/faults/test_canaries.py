"""What people type is in no line of the operator's log, at any level, whatever fails."""

from __future__ import annotations

import json
import re
import resource
from pathlib import Path

import pytest

from tests.faults.servers import BrokenServer
from tests.processes import Person, Server

# A canary in each place where somebody types something, and never the same twice.
TYPED = """
say CANARY
/me CANARY
/msg alice CANARY
/msg nobody CANARY
/reply CANARY
/topic CANARY
/away CANARY
/back
/search CANARY
/search "CANARY" from:CANARY in:#CANARY
/set CANARY CANARY
/set timezone CANARY
/whois CANARY
/seen CANARY
/ignore CANARY
/nick CANARY!
/nick CANARY CANARY
/help CANARY
/history CANARY
/CANARY CANARY
/login bob CANARY
/register CANARY
/password CANARY CANARY
/join #own
/topic CANARY
/kick alice CANARY
/ban eve 2h CANARY
/mute CANARY 1m CANARY
/lock CANARY
/join #own CANARY
/re 1 CANARY
/edit 1 CANARY
/report 1 CANARY
/announce CANARY
/join #lobby
login bob CANARY
 /login bob CANARY
/resume CANARY
/leave #CANARY
/who #CANARY
/paste
CANARY
.
{"type":"say","text":"CANARY"}
say {CANARY} {0} {nick!r} %s
\x1b[31m CANARY \x9b \u202e CANARY
/quit CANARY
"""
JSON = """
{"type":"say","text":"CANARY","ref":"CANARY"}
{"type":"CANARY"}
{"CANARY"
{"type":"msg","to":"alice","text":"CANARY"}
{"type":"search","text":"CANARY"}
{"type":"resume","session":"CANARY"}
{"type":"set","name":"CANARY","value":5}
{"type":"login","nick":"bob","password":"CANARY"}
{"type":"topic","text":"CANARY"}
{"type":"say","text":5,"CANARY":1}
{"type":"nick","nick":"CANARY!"}
{"type":"quit","reason":"CANARY"}
"""
NAMELESS = """
CANARY CANARY
login bob CANARY
/login bob CANARY
/resume CANARY
/CANARY
{"type":"say","text":"CANARY"}
/quit
"""
STUMBLES = "the room", "the reader", "the writer", "the thread", "the answer", "the door"


class Canaries:
    """Makes up canaries, and remembers nothing but what they look like."""

    def __init__(self) -> None:
        self.number = 0

    def into(self, line: str) -> str:
        """Return a line with a canary in each of its places."""
        while "CANARY" in line:
            self.number += 1
            line = line.replace("CANARY", f"kanari{self.number}x", 1)
        return line


def type_everything(server: Server) -> None:
    """Have people type a canary everywhere, with nothing broken that is not broken anyway."""
    canaries = Canaries()
    alice = server.person("alice")
    for lines, nick in ((TYPED, "bob"), (JSON, "ben"), (NAMELESS, "")):
        person = server.person(nick)
        person.types("/json" if lines is JSON else "", *map(canaries.into, lines.strip("\n").split("\n")))
        person.rest()
    alice.until(r"\*\*\* bob left #lobby: kanari\d+x\.[\s\S]*\*\*\* ben left #lobby: kanari")
    assert canaries.number > 50


def break_everything(server: Server) -> None:
    """Have the server fail in every place with a canary at hand, and its disk be full."""
    canaries = Canaries()
    dora = server.person("dora")
    dora.types("/set echo on")
    for where in STUMBLES:
        carl = server.person()
        said = f"CANARY stumbles over {where} CANARY", "/search stumbles CANARY", "/quit"
        carl.types("/as carl", *map(canaries.into, said))
        carl.rest()
    broken = server.person("rick")
    broken.types(canaries.into("CANARY"))
    dora.until("^<rick> kanari")
    broken.break_off()
    limit = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    dora.types(canaries.into("CANARY"))
    dora.until("^!!! Not sent")
    dora.types("written again")
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, limit)
    while "Not sent" in dora.until("^!!! Not sent|^<dora> written again"):
        dora.types("written again")


def end(server: Server) -> str:
    """End a server, and return its log."""
    assert server.terminate() == 0
    assert server.process.stdout is not None
    log = server.shown + server.rest()
    server.process.stdout.close()
    return log


@pytest.mark.parametrize("format", ["text", "json"])
def test_no_canary_is_in_the_log(tmp_path: Path, format: str) -> None:
    server = BrokenServer(
        tmp_path, "stumbles", "--limits", "off", "--log-format", format, "--log-level", "debug"
    )
    server.until(r"READY line \w+ .*?:(\d+)")
    server.port = int(server.shown.rpartition(":")[2])
    try:
        type_everything(server)
        break_everything(server)
        log = end(server)
    finally:
        server.kill()
    (tmp_path / "log").write_text(log)
    assert "kanari" not in log
    errors = "KeyError", "ValueError", "LookupError", "OperationalError", "lines are refused: disk I/O error"
    for failed in errors:
        assert failed in log, failed
    lines = log.split("\n")
    assert lines.pop() == ""
    if format == "json":
        told = [json.loads(line) for line in lines]
        assert all(line.isascii() and line.isprintable() for line in lines)
        people = [line for line in told if line["logger"].startswith("tcpchat.sightings")]
        assert len(people) > 20 and all(line["session"] for line in people)
        failures = [line for line in told if line["logger"] == "tcpchat.dialogue.Dialogue"]
        assert failures and all(line["session"] for line in failures)
    else:
        for line in lines:
            assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} \[\S+\] \S|\t", line), line
            assert line.removeprefix("\t").isprintable(), line
        assert re.search(r"\[tcpchat\.dialogue\.Dialogue#critical\] .* \(session \S+\)\n\tTraceback", log)


def test_who_types_nothing_wrong_is_told_of_only_if_it_is_wanted(tmp_path: Path) -> None:
    with Server(tmp_path, "--store", "memory:") as server:
        person = Person(server.ready().port, "bob")
        person.types("hello", "/quit")
        person.rest()
        person.hang_up()
        assert server.terminate() == 0
        assert "bob" not in server.shown + server.rest()
