"""
Processes that may use a share of a core and no more, however free it is: by the system's control groups.

So a small machine tells what a second process would bring on a larger one: each has the same share with one
of them and with two, and what all others need besides is there in both cases.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.runs import NoFigures

# Where control groups are, of either version; the second one has all controllers in one tree.
FIRST = Path("/sys/fs/cgroup/cpu")
SECOND = Path("/sys/fs/cgroup")

# Microseconds in each of which a process may use its share: short, or it would show in how late lines are.
PERIOD = 5_000


@contextmanager
def shares(pids: list[int], share: float) -> Iterator[None]:
    """
    Give each of some processes a share of a core.

    Raises:
        NoFigures: this user, or this system, cannot.
    """
    made: list[Path] = []
    is_first = (FIRST / "cpu.cfs_quota_us").exists() or not (SECOND / "cgroup.controllers").exists()
    root = FIRST if is_first else SECOND
    try:
        for pid in pids:
            group = root / f"tcpchat-benchmark-{pid}"
            group.mkdir()
            made.append(group)
            quota = round(share * PERIOD)
            if is_first:
                (group / "cpu.cfs_period_us").write_text(str(PERIOD))
                (group / "cpu.cfs_quota_us").write_text(str(quota))
            else:
                (group / "cpu.max").write_text(f"{quota} {PERIOD}")
            (group / "cgroup.procs").write_text(str(pid))
        yield
    except OSError as error:
        raise NoFigures(f"no shares of a core are to be had: {error.strerror}") from None
    finally:
        for group in made:
            for member in _members(group):
                with contextlib.suppress(OSError):  # it has ended
                    (root / "cgroup.procs").write_text(member)
            with contextlib.suppress(OSError):
                os.rmdir(group)


def _members(group: Path) -> list[str]:
    with contextlib.suppress(OSError):
        return (group / "cgroup.procs").read_text().split()
    return []
