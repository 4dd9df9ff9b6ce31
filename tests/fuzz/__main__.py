"""
Fuzzing with atheris: ``python -m tests.fuzz SECONDS [TARGET ...]``.

What crashes a target is kept in its corpus, where the ordinary tests find it.
"""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path

import atheris

CORPUS = Path(__file__).with_name("corpus")

# What brought the search further lately, and is too much to keep for ever.
FOUND = Path(".fuzz")

LONGEST = 1024

# Targets at once: each takes a core, and the smallest machines have two.
AT_ONCE = 2


def fuzz(name: str, seconds: str) -> None:
    """Search for input that a target does not stand; this process ends with it."""
    with atheris.instrument_imports(include=["tcpchat"]):
        from tests.fuzz.targets import TARGETS
    found, kept = FOUND / name, CORPUS / name
    for folder in found, kept:
        folder.mkdir(parents=True, exist_ok=True)
    options = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-verbosity=0", "-timeout=20"]
    atheris.Setup(
        [name, str(found), str(kept), *options, f"-artifact_prefix={kept}/", "-print_final_stats=1"],
        TARGETS[name],
    )
    atheris.Fuzz()


def fuzz_apart(name: str, seconds: str) -> int:
    """Fuzz one target in a process of its own; show what it says when it ends, and return its exit status."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", seconds, name],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="backslashreplace",
    )
    print(f"-- {name}, {seconds} s\n{done.stdout}", end="", flush=True)
    return done.returncode


def main(seconds: str, *names: str) -> int:
    """Fuzz one target here, or several in a process each; return the exit status."""
    if len(names) == 1:
        fuzz(*names, seconds)
    from tests.fuzz.targets import TARGETS

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return int(any([*pool.map(fuzz_apart, names or TARGETS, repeat(seconds))]))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
