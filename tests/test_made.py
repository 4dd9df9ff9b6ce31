"""The manual page and the completions are those of the options, and a shell can use them."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.made import CONTRIB, made
from tests.processes import PATIENCE


def test_they_are_made_of_the_options_as_they_are() -> None:
    for name, text in made().items():
        assert (CONTRIB / name).read_text() == text.rstrip() + "\n", "python -m tests.made makes them anew"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("se", "send"),
        ("send --ti", "--timeout"),
        ("watch --s", "--since"),
        ("log ba", "backup"),
        ("--pl", "--plain"),
    ],
)
def test_bash_completes(typed: str, meant: str) -> None:
    script = f"""
        source {CONTRIB / "tcpchat"}
        COMP_WORDS=(tcpchat {typed}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        _shtab_tcpchat; echo "${{COMPREPLY[@]}}"
    """
    shown = subprocess.run(["bash", "-c", script], capture_output=True, timeout=PATIENCE, check=True).stdout
    assert meant in shown.decode().split()


def test_the_manual_page_can_be_read() -> None:
    if not shutil.which("man"):
        pytest.skip("man is not installed")
    ended = subprocess.run(
        ["man", "--warnings", "-l", str(CONTRIB / "tcpchat.1")],
        capture_output=True,
        timeout=PATIENCE,
        check=True,
    )
    assert "tcpchat - a group chat" in ended.stdout.decode() and "--since" in ended.stdout.decode()
