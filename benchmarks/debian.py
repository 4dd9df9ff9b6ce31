"""Programs from Debian, unpacked into a folder: nothing is installed or started, root is not needed."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 300


class CannotInstall(Exception):
    """A program cannot be had here; the text says why."""


@dataclass(frozen=True)
class Program:
    """A package's files: under ``root``, which is "/" if the system has them already."""

    root: Path
    version: str

    def environment(self) -> dict[str, str]:
        """Return what a program of it needs to find its libraries."""
        folders = [str(path) for part in ("usr/lib", "lib") for path in self.root.glob(f"{part}/*-linux-gnu")]
        return {} if self.root == Path("/") else {"LD_LIBRARY_PATH": ":".join(folders)}

    def at_home(self) -> list[str]:
        """Return what runs a command that sees the files in /usr/lib, by a mount that nobody else sees."""
        if self.root == Path("/"):
            return []
        mount = 'mount -t overlay overlay -o "lowerdir=$0/usr/lib:/usr/lib" /usr/lib && exec "$@"'
        run = ["unshare", "--mount", "sh", "-c", mount, str(self.root)]
        if not os.geteuid():
            return run
        # Whoever may not mount is root in a namespace of its own, and for the program nobody in another.
        run.insert(1, "--map-root-user")
        return [*run, "unshare", "--map-user=65534", "--map-group=65534"]


def as_nobody() -> list[str]:
    """Return what runs a command as nobody, if root asks."""
    setpriv = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    return [] if os.geteuid() else setpriv


def program(package: str, cache: Path, into: Path) -> Program:
    """
    Have a package's files, with those that it needs and the system lacks.

    Raises:
        CannotInstall: there is no apt, or it does not know or get the package.
    """
    status = _run(["dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Version}", package], check=False)
    if status.startswith("ii "):
        return Program(Path("/"), status.split()[1])
    try:
        lacking = _lacking(package)
    except CannotInstall:
        if os.geteuid():
            raise
        _run(["apt-get", "update", "-q"])
        lacking = _lacking(package)
    cache.mkdir(parents=True, exist_ok=True)
    into.mkdir()
    for name, version in lacking.items():
        # apt writes a colon in a version so.
        found = [*cache.glob(f"{name}_{version.replace(':', '%3a')}_*.deb")]
        if not found:
            _run(["apt-get", "download", "-q", f"{name}={version}"], cache)
            found = [*cache.glob(f"{name}_{version.replace(':', '%3a')}_*.deb")]
        _run(["dpkg", "-x", str(found[0]), str(into)])
    return Program(into, lacking[package])


def _lacking(package: str) -> dict[str, str]:
    """Return the packages, and their versions, that apt would install; not those it would renew."""
    plan = _run(["apt-get", "install", "--simulate", "--no-install-recommends", package])
    return dict(re.findall(r"^Inst (\S+) \((\S+) ", plan, re.MULTILINE))


def _run(command: Sequence[str], folder: Path | None = None, check: bool = True) -> str:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CannotInstall(f"{command[0]}: {error}") from error
    if check and done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("E: ")] or [done.stderr.strip()]
        raise CannotInstall(f"{' '.join(command[:2])}: {lines[0]}")
    return done.stdout
