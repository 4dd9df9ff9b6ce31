"""What the README and the documents say is so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from tcpchat.json_requests import REQUESTS
from tcpchat.requests import Code
from tests.processes import Server

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"


def test_the_bot_of_five_lines_answers(tmp_path: Path) -> None:
    (bot,) = re.findall(r"```bash\n(.*?)```", README.read_text(), re.DOTALL)
    assert bot.count("\n") == 5
    with Server(tmp_path, "--store", "memory:").ready() as server:
        server.program("bash", "-c", bot.replace("8023", str(server.port)))
        anna = server.person("anna")
        if "ping-bot" not in anna.shown:
            anna.until("ping-bot joined")
        anna.types("!ping")
        anna.until(r"^<ping-bot> pong\r\n")
        anna.types("!ping")
        anna.until(r"^<ping-bot> pong\r\n")


def test_every_error_code_is_explained_and_no_other() -> None:
    table = (ROOT / "docs" / "json.md").read_text().partition("## Error codes")[2]
    explained = [
        code
        for row in table.splitlines()
        for code in re.findall("`([a-z0-9-]+)`", row.split("|")[1:2][0] if "|" in row else "")
    ]
    assert sorted(explained) == sorted([*get_args(Code), "code"])


def test_every_request_of_programs_is_named() -> None:
    text = (ROOT / "docs" / "json.md").read_text().partition("## What a program sends")[2]
    assert {name for name in re.findall(r"([a-z]+)\{", text)} == set(REQUESTS)
