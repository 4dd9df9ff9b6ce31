"""The control socket is beside its log, and is reached by any path."""

from __future__ import annotations

import os
import socket
from contextlib import closing
from pathlib import Path

import pytest

from tcpchat.control_path import LONGEST_PATH, control_path, reachable


def test_it_is_beside_the_log_whatever_that_is_called(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "log").symlink_to("real/log")
    assert control_path(str(tmp_path / "log")) == str(tmp_path / "real/log.control")


@pytest.mark.parametrize("length", [LONGEST_PATH, LONGEST_PATH + 1, 200])
def test_a_path_that_is_too_long_is_reached_all_the_same(tmp_path: Path, length: int) -> None:
    folder = str(tmp_path)
    while len(folder) < length - 50:
        folder += "/" + "d" * min(200, max(1, length - 51 - len(folder)))
    os.makedirs(folder, exist_ok=True)
    path = folder + "/" + "s" * (length - len(folder) - 1)
    assert len(path) == length
    before = len(os.listdir("/proc/self/fd"))
    with closing(socket.socket(socket.AF_UNIX)) as listening, closing(socket.socket(socket.AF_UNIX)) as tool:
        with reachable(path) as address:
            assert (address == path) == (length <= LONGEST_PATH)
            listening.bind(address)
        listening.listen()
        with reachable(path) as address:
            tool.connect(address)
    assert len(os.listdir("/proc/self/fd")) == before
