"""docs/operating.md: its commands are typed, and its exit statuses are all there are."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from tcpchat import statuses
from tests.processes import PATIENCE, Server

DOCS = Path(__file__).parent.parent / "docs" / "operating.md"


def test_a_backup_of_a_running_server_is_a_log_in_another_folder(tmp_path: Path) -> None:
    chapter = DOCS.read_text().partition("## Backup and restore")[2].partition("\n## ")[0]
    backup, restore = re.findall(r"```bash\n(.*?)```", chapter, re.DOTALL)
    with Server(tmp_path, "--store", "sqlite:chat.sqlite3").ready() as server:
        anna = server.person("anna")
        anna.types("/set echo on", "before the backup")
        anna.until(r"^<anna> before the backup\r\n")
        _type(tmp_path, backup)
        anna.types("behind the backup")
        anna.until(r"^<anna> behind the backup\r\n")
        *checked, joined, said = _type(tmp_path, restore).splitlines()
    assert checked[-1].startswith("OK: 1 room, 2 entries, epoch ")
    assert json.loads(joined)["type"] == "joined"
    assert json.loads(said)["text"] == "before the backup"
    with Server(tmp_path / "elsewhere", "--store", "sqlite:chat.sqlite3").ready() as restored:
        carl = restored.person("carl")
        carl.until("before the backup")


def _type(folder: Path, commands: str) -> str:
    """Type commands in a shell; return what they print."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-e", "-c", commands],
        cwd=folder, env=os.environ | {"PATH": path}, capture_output=True, text=True, timeout=PATIENCE * 4,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_exit_status_is_explained_and_no_other() -> None:
    table = DOCS.read_text().partition("## Exit statuses")[2].partition("\n## ")[0]
    explained = {int(number) for number in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}
    assert explained == {0} | {value for name, value in vars(statuses).items() if name.isupper()}
