"""
A release, built and tried as those do who install it: never from this folder, but what stands in a wheel.

``python -m tests.released build DIST`` makes the source distribution, of that the wheel, and a bill of
materials of what a wheel brings with it. ``python -m tests.released try DIST`` installs the wheel into an
empty environment of each Python that there is here, and runs the end-to-end tests there; with the oldest
Twisted that setup.cfg allows, too. ``--only N`` is the Nth of these alone, ``--count`` prints how many there
are. docs/releasing.md tells the rest.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parent.parent

# What a person or an operator does with an installed program: no test here looks into this folder.
END_TO_END = (
    "test_end_to_end.py", "test_program.py", "test_config_tool.py", "test_reloading.py",
)  # fmt: skip

# What these need beside the tests.
BESIDE = "README.md", "setup.cfg"

# What is in every environment, and no part of what is installed.
NOT_OURS = frozenset({"pip", "setuptools", "wheel"})

# Beside Python files: the manual page, the completions, the configuration with its schema.
SHARED = (
    "man/man1/tcpchat.1", "bash-completion/completions/tcpchat", "zsh/site-functions/_tcpchat",
    "fish/vendor_completions.d/tcpchat.fish", "tcpchat/tcpchat.toml", "tcpchat/tcpchat.schema.json",
)  # fmt: skip

BILL = "tcpchat.cdx.json"


class Wrong(Exception):
    """A release must not look like this."""


class Trial(NamedTuple):
    """An interpreter, and the requirement for Twisted beside the wheel's own."""

    python: str
    version: str
    twisted: str


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """Run a command to its end; return what it shows."""
    done = subprocess.run(
        [str(it) for it in command], cwd=cwd, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise Wrong(f"{' '.join(map(str, command))} has ended with status {done.returncode}:\n{done.stdout}")
    return done.stdout


def environment(folder: Path, python: str, *requirements: str) -> Path:
    """Return the interpreter of a new environment, with what is required and nothing else."""
    run(python, "-m", "venv", folder)
    inside = folder / "bin/python"
    if requirements:
        run(inside, "-m", "pip", "install", "-q", "--disable-pip-version-check", *requirements)
    return inside


def version() -> str:
    """Return the version, which stands in one place."""
    (found,) = re.findall(r'^__version__ = "(.+)"$', (ROOT / "tcpchat/__init__.py").read_text(), re.MULTILINE)
    return str(found)


def settings() -> ConfigParser:
    """Return what setup.cfg says."""
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg")
    return setup


# Building


def build(dist: Path) -> None:
    """Make everything that is released, and look whether it is whole."""
    shutil.rmtree(dist, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        tools = environment(Path(folder) / "tools", sys.executable, "build", "cyclonedx-bom")
        source = Path(folder) / "source"
        # What git does not know is no part of it, nor is what an earlier build has left.
        for name in run(
            "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=ROOT
        ).split("\0"):
            if name and (ROOT / name).is_file():
                (source / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, source / name)
        run(tools, "-m", "build", "--outdir", dist.absolute(), cwd=source)
        look_into(dist, source)
        alone = environment(Path(folder) / "alone", sys.executable, str(wheel_in(dist)))
        bill = dist / BILL
        run(
            tools.with_name("cyclonedx-py"), "environment", alone, "--output-reproducible", "--validate",
            "--output-format", "JSON", "--output-file", bill,
        )  # fmt: skip
        look_at_bill(json.loads(bill.read_text()), installed(alone))
    print(*sorted(path.name for path in dist.iterdir()), sep="\n")


def wheel_in(dist: Path) -> Path:
    """Return the wheel."""
    (found,) = dist.glob("*.whl")
    return found


def look_into(dist: Path, source: Path) -> None:
    """See that nothing is missing, in the source distribution nor in the wheel."""
    (archive,) = dist.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        there = {name.partition("/")[2] for name in tar.getnames()}
    modules = {str(path.relative_to(source)) for path in (source / "tcpchat").rglob("*.py")}
    wanted = modules | {"twisted/plugins/tcpchat_plugin.py", "LICENSE", "README.md", "tests/released.py"}
    if missing := wanted - there:
        raise Wrong(f"{archive.name} lacks {sorted(missing)}")
    with zipfile.ZipFile(wheel_in(dist)) as wheel:
        names = wheel.namelist()
    shared = {f"tcpchat-{version()}.data/data/share/{name}" for name in SHARED}
    wanted = modules | {"twisted/plugins/tcpchat_plugin.py", "tcpchat/common_passwords.txt"} | shared
    if missing := wanted - set(names):
        raise Wrong(f"{wheel_in(dist).name} lacks {sorted(missing)}")
    if odd := [name for name in names if name.startswith(("tests/", "benchmarks/"))]:
        raise Wrong(f"{wheel_in(dist).name} has what nobody needs: {odd[:3]}")


def installed(python: Path) -> dict[str, str]:
    """Return the versions of what is installed in an environment."""
    listed = json.loads(run(python, "-m", "pip", "list", "--format=json", "--disable-pip-version-check"))
    return {plain(each["name"]): each["version"] for each in listed if each["name"] not in NOT_OURS}


def plain(name: str) -> str:
    """Return a distribution's name as names are compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def look_at_bill(bill: dict[str, Any], there: dict[str, str]) -> None:
    """See that a bill of materials (CycloneDX) names what is installed, and no more."""
    parts = {plain(part["name"]): part for part in bill["components"]}
    named = {name: part["version"] for name, part in parts.items() if name not in NOT_OURS}
    if named != there:
        raise Wrong(
            f"the bill of materials names {sorted(named.items() ^ there.items())} otherwise than it is"
        )
    others = named.keys() - {"tcpchat"}  # which was installed from a file
    if nameless := [name for name in others if not parts[name].get("purl", "").startswith("pkg:pypi/")]:
        raise Wrong(f"the bill of materials does not say where {nameless} are from")


# Trying


def interpreters() -> Iterator[tuple[str, str]]:
    """Yield every Python here that is new enough, with its version."""
    least = tuple(map(int, re.findall("[0-9]+", settings()["options"]["python_requires"])))
    for minor in range(least[1], least[1] + 10):
        name = f"python3.{minor}"
        folders = sorted((Path.home() / ".pyenv/versions").glob(f"3.{minor}.*"), reverse=True)
        for found in [*(str(folder / "bin" / name) for folder in folders), shutil.which(name) or name]:
            tried = subprocess.run(
                [found, "-c", "import ensurepip, sys; print('%d.%d.%d' % sys.version_info[:3])"],
                capture_output=True, text=True, check=False,
            ) if os.path.exists(found) else None  # fmt: skip
            if tried is not None and tried.returncode == 0:
                yield found, tried.stdout.strip()
                break


def oldest_twisted() -> str:
    """Return the oldest version of Twisted that is allowed."""
    (found,) = re.findall(r"^twisted\S*>=(\S+)$", settings()["options"]["install_requires"], re.MULTILINE)
    return str(found)


def trials() -> list[Trial]:
    """Return what is to be tried: the oldest Python with the oldest Twisted, all others with the newest."""
    (first, version), *others = interpreters()
    newest = [Trial(*each, "twisted") for each in others or [(first, version)]]
    return [Trial(first, version, f"twisted=={oldest_twisted()}.*"), *newest]


def attempt(dist: Path, trial: Trial) -> None:
    """Install the wheel, and run the end-to-end tests with it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheel = f"{wheel_in(dist).absolute()}[test]"
        python = environment(folder / "venv", trial.python, wheel, trial.twisted)
        for shared in SHARED:
            if not (folder / "venv/share" / shared).is_file():
                raise Wrong(f"share/{shared} is not installed")
        away = folder / "away"
        shutil.copytree(ROOT / "tests", away / "tests", ignore=shutil.ignore_patterns("__pycache__"))
        for beside in BESIDE:
            shutil.copy(ROOT / beside, away / beside)
        where = run(python, "-c", "import tcpchat; print(tcpchat.__file__, tcpchat.__version__)", cwd=away)
        if not where.startswith(str(folder / "venv")) or where.split()[1] != version():
            raise Wrong(f"what is tried is not what was installed: {where}")
        tests = [f"tests/{test}" for test in END_TO_END]
        shown = run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests, cwd=away)
        has = installed(python)
        print(f"Python {trial.version}, Twisted {has['twisted']}: {shown.strip().splitlines()[-1]}")


def main() -> int:
    """Do what the command line says; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.released", description=__doc__)
    parser.add_argument("what", choices=["build", "try"])
    parser.add_argument("dist", type=Path, nargs="?", default=ROOT / "dist")
    parser.add_argument("--only", type=int, help="the one of these alone, from 1 on")
    parser.add_argument("--count", action="store_true", help="print how many there are")
    typed = parser.parse_args()
    try:
        if typed.what == "build":
            build(typed.dist)
        elif typed.count:
            print(len(trials()))
        else:
            chosen = trials() if typed.only is None else [trials()[typed.only - 1]]
            for trial in chosen:
                attempt(typed.dist, trial)
    except Wrong as error:
        print(f"Not to be released: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
