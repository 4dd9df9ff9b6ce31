"""docs/upgrading.md, typed as it stands: a server becomes another version, or does not, and says why."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.processes import PATIENCE_WITH_UPGRADES, Reading, Server

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "upgrading.md").read_text()
SHOWN = re.findall(r"^\$ tcpchat upgrade\n(.*)$", PAGE, re.MULTILINE)


class Installed(Server):
    """A server of a version that is installed in a folder of its own, where another one can be put."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.package = folder / "installed" / "tcpchat"
        shutil.copytree(ROOT / "tcpchat", self.package, ignore=shutil.ignore_patterns("__pycache__"))
        self._around = os.environ | {"PYTHONPATH": str(self.package.parent)}
        self._command = [sys.executable, "-P", "-m", "tcpchat"]
        (folder / "chat.toml").write_text('listen = ["tcp:0:interface=127.0.0.1"]\n')
        self.process = subprocess.Popen(
            [*self._command, "serve", "--config", "chat.toml"],
            cwd=folder, env=self._around, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert self.process.stdout is not None
        Reading.__init__(self, self.process.stdout)
        self.port = 0
        self._guests = []

    def install(self, file: str, *changes: tuple[str, str]) -> None:
        """Have a file of another version."""
        path = self.package / file
        text = path.read_text()
        for before, after in changes:
            text = text.replace(before, after)
        assert text != path.read_text()
        path.write_text(text)

    def upgrade(self) -> tuple[int, str]:
        """Type it; return the status, and what is shown."""
        done = subprocess.run(
            [*self._command, "upgrade"], cwd=self.folder, env=self._around, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=PATIENCE_WITH_UPGRADES,
        )  # fmt: skip
        return done.returncode, done.stdout.rstrip("\n")


def test_what_is_shown_is_what_the_page_says(tmp_path: Path) -> None:
    done, *refused = SHOWN
    with Installed(tmp_path) as server:
        anna = server.ready().person("anna")
        anna.until(r"brings you back\.\r\n")
        server.install("__init__.py", ("0.1.0", "0.2.0"))
        status, shown = server.upgrade()
        assert (status, re.sub(r"[\d.]+ s", "0.9 s", shown)) == (0, re.sub(r"[\d.]+ s", "0.9 s", done))
        server.install("tap.py", ("import os\n", "import os\nimport tcpchat.nothing\n"))
        assert server.upgrade() == (64, refused[0])
        server.install("tap.py", ("import tcpchat.nothing\n", ""))
        config = tmp_path / "chat.toml"
        config.write_text('listen = ["tcp:0:interface=127.0.0.1"]\nhistory = "many"\n')
        assert server.upgrade() == (64, refused[1])
        config.write_text('listen = ["tcp:0:interface=127.0.0.1"]\n')
        server.install("handed.py", ("FORMAT = 1", "FORMAT = 2"), ("READS = (1,)", "READS = (2,)"))
        assert server.upgrade() == (64, refused[2])
        anna.types("/who")
        assert anna.until(r"alone|anna\.\r\n") and "restart" not in anna.shown
        assert server.terminate() == 0
    assert len(refused) == 3
