"""A new version says whether it could take over; whatever else it does, it is a line why it does not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.processes import PATIENCE

SAYS = """print('{"version":"9","log":"/x","reads":[1]}')"""

# A server, as far as it tries out one version after the other: what each of the folders has.
TRIES = """
import json, sys
from twisted.internet.defer import Deferred
from twisted.internet.task import react
from tcpchat.started import Started
from tcpchat.trying_out import NotUpgraded, Trial

async def main(reactor, passed, patience, *folders):
    for folder in folders:
        around = {"PYTHONPATH": folder, "NOTIFY_SOCKET": "/systemd"}
        started = Started(folder, around, (sys.executable, "twistd"), ("-n", "tcpchat"))
        if folder == "/":
            started = started._replace(command=("/nowhere/python",))
        trial = Trial()
        trial.end()  # it has not begun yet
        if float(patience):
            reactor.callLater(float(patience), trial.end)
        try:
            found = await trial.run(reactor, started, json.loads(passed))
            print(found.version, found.log, *found.reads)
        except NotUpgraded as why:
            print(why)

react(lambda *given: Deferred.fromCoroutine(main(*given)), sys.argv[1:])
"""


def try_out(
    folder: Path, *versions: str, passed: dict[str, str] | None = None, patience: float = 0
) -> list[str]:
    """Try versions out of which that is all; return what is known of each then."""
    folders = []
    for number, code in enumerate(versions):
        package = folder / str(number) / "tcpchat"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "upgrade_trial.py").write_text(code)
        folders.append(str(package.parent) if code else "/")
    done = subprocess.run(
        [sys.executable, "-c", TRIES, json.dumps(passed or {}), str(patience), *folders],
        capture_output=True, text=True, timeout=10 * PATIENCE,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout.splitlines()


def test_what_it_prints_last_is_what_it_says_and_it_is_given_what_twistd_was_given(tmp_path: Path) -> None:
    given = "import os, sys\nassert sys.argv[1:] == ['-n', 'tcpchat'] and not os.getenv('NOTIFY_SOCKET')\n"
    assert try_out(tmp_path, f"print('by the way')\n{SAYS}", given + SAYS) == ["9 /x 1", "9 /x 1"]


def test_sockets_that_were_passed_are_for_its_own_number(tmp_path: Path) -> None:
    code = "import os\nassert os.environ['LISTEN_PID'] == str(os.getpid()) != '1'\n"
    assert try_out(tmp_path, code + SAYS, passed={"LISTEN_PID": "1", "LISTEN_FDS": "2"}) == ["9 /x 1"]


def test_why_it_cannot_take_over_is_the_last_line_that_it_tells(tmp_path: Path) -> None:
    assert try_out(
        tmp_path,
        "import nothing.there",
        "import sys; sys.exit('tcpchat: The log is damaged.')",
        "import sys; sys.exit(3)",
        "import os; os.kill(os.getpid(), 9)",
        "pass",
        "print('hello')",
        "print('{}')",
        SAYS.replace("[1]", "[2, 3]"),
    ) == [
        "The new version cannot start: ModuleNotFoundError: No module named 'nothing'.",
        "The new version cannot start: The log is damaged.",
        "The new version cannot start: it ended with status 3.",
        "The new version cannot start: it was ended by signal 9.",
        *["The new version has not said whether it can take over."] * 3,
        "Version 9 cannot go on from this one: restart the server.",
    ]


def test_where_there_is_no_interpreter_any_more_nothing_takes_over(tmp_path: Path) -> None:
    (why,) = try_out(tmp_path, "")
    assert why.startswith("The new version cannot ")


def test_one_that_is_waited_for_no_longer_is_ended(tmp_path: Path) -> None:
    why = "The new version cannot start: it was ended by signal 9."
    assert try_out(tmp_path, "import time; time.sleep(600)", patience=0.01) == [why]
