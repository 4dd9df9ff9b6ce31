"""The recipe of the image: what a linter says of it, and that it starts a server that there is."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from tcpchat.tap import Options
from tests.processes import PATIENCE

ROOT = Path(__file__).parent.parent
RECIPE = ROOT / "contrib" / "container" / "Containerfile"


def parts(instruction: str) -> list[str]:
    """Return the words of an instruction that has them as JSON; the last such one of the recipe."""
    *_, words = re.findall(rf"^.*\b{instruction} (\[.*\])$", RECIPE.read_text(), re.MULTILINE)
    found: list[str] = json.loads(words)
    return found


def test_a_linter_finds_nothing_in_it() -> None:
    ended = subprocess.run(
        [str(Path(sys.executable).with_name("hadolint")), str(RECIPE)],
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout) == (0, "")


def test_the_command_is_one_of_the_server_and_its_health_is_asked_where_that_answers() -> None:
    program, serve, *options = [*parts("ENTRYPOINT"), *parts("CMD")]
    assert (program, serve) == ("/opt/tcpchat/bin/tcpchat", "serve")
    given = Options()
    given.parseOptions(options)
    assert given["store"] == "sqlite:/var/lib/tcpchat/chat.sqlite3"
    port = given["metrics"].split(":")[1]
    health = re.findall(r"^HEALTHCHECK .* CMD (\[.*\])$", RECIPE.read_text(), re.MULTILINE)
    assert json.loads(health[0])[-1] == f"http://127.0.0.1:{port}/readyz"


def test_it_is_nobody_and_has_all_that_is_installed() -> None:
    recipe = RECIPE.read_text()
    assert "\nUSER 8023\n" in recipe
    left_in = set(re.findall(r"^!(\S+)$", (ROOT / ".containerignore").read_text(), re.MULTILINE))
    assert {"setup.cfg", "pyproject.toml", "README.md", "LICENSE", "MANIFEST.in"} <= left_in
    assert {"contrib", "tcpchat", "twisted"} <= left_in
    assert all((ROOT / name).exists() for name in left_in)
