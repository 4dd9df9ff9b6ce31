"""``tcpchat config`` as operators run it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.commands import run

WRONG = """\
history = "ten"
listen = ["ssl:8024:privateKey=nowhere.pem"]
"""


def test_what_is_right_is_said_to_be(tmp_path: Path) -> None:
    file = tmp_path / "chat.toml"
    file.write_text(run("config", "default").shown)
    ended = run("config", "check", str(file))
    assert (ended.status, ended.shown, ended.complaints) == (0, f"{file} is right.\n", "")


def test_what_is_wrong_is_told_each_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "chat.toml"
    file.write_text(WRONG)
    ended = run("config", "check", str(file))
    first, second = ended.shown.splitlines()
    assert ended.status == 64
    assert first == f"{file}:1: history cannot be 'ten': it is a number from 0 to 500."
    assert second.startswith(f"{file}:2: Cannot listen on 'ssl:8024:privateKey=nowhere.pem': ")
    assert "No such file" in second


def test_a_folder_that_is_not_there_is_told_and_so_is_a_file(tmp_path: Path) -> None:
    file = tmp_path / "chat.toml"
    file.write_text('store = "sqlite:/nowhere/chat.sqlite3"\n')
    ended = run("config", "check", str(file))
    assert (ended.status, ended.shown) == (64, f"{file}: there is no folder '/nowhere' for the store.\n")
    ended = run("config", "check", str(tmp_path / "nowhere.toml"))
    assert ended.status == 64 and "No such file" in ended.shown


def test_the_schema_is_json() -> None:
    assert json.loads(run("config", "schema").shown)["title"] == "tcpchat"


def test_help_tells_of_all_three() -> None:
    shown = run("config", "--help").shown
    for command in "check", "default", "schema":
        assert command in shown
