"""docs/service.md: what it names is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "service.md").read_text()


def test_every_file_that_it_names_is_there() -> None:
    named = set(re.findall(r"\bcontrib/[\w./-]+\w", PAGE))
    assert len(named) >= 5
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_what_it_says_of_the_unit_is_in_it() -> None:
    unit = (ROOT / "contrib" / "systemd" / "tcpchat.service").read_text()
    for line in re.findall(r"^\| `([^`]+=[^`]*)` \|", PAGE, re.MULTILINE):
        assert f"\n{line}\n" in unit, line
    assert "\nMemoryDenyWriteExecute" not in unit


def test_the_lines_for_fail2ban_are_as_the_server_logs_them() -> None:
    for module, text in ("authenticating", "A wrong password from "), ("nameless", "A wrong code from "):
        assert text in PAGE
        assert f'"{text}{{address}}' in (ROOT / "tcpchat" / f"{module}.py").read_text()
