"""What must stay so for twistd to find the plugin and for pip to install it."""

from __future__ import annotations

import ast
from configparser import ConfigParser
from pathlib import Path

from twisted.application.service import IServiceMaker
from twisted.plugin import IPlugin, getPlugins
from twisted.trial.unittest import SynchronousTestCase

ROOT = Path(__file__).parent.parent


class PluginTests(SynchronousTestCase):
    def test_the_plugins_folders_are_no_packages(self) -> None:
        """With an __init__.py the first would hide Twisted, and the second the plugin."""
        for folder in "twisted", "twisted/plugins":
            self.assertTrue((ROOT / folder).is_dir())
            self.assertFalse((ROOT / folder / "__init__.py").exists())

    def test_twistd_finds_one_server(self) -> None:
        found = [plugin for plugin in getPlugins(IServiceMaker) if plugin.tapname == "tcpchat"]
        self.assertEqual(len(found), 1)
        self.assertTrue(IPlugin.providedBy(found[0]))


class ImportsTests(SynchronousTestCase):
    """What import-linter cannot say: it knows no parts of other people's packages."""

    def test_only_tap_and_the_client_import_the_reactor(self) -> None:
        importers = {
            path.name
            for path in (ROOT / "tcpchat").rglob("*.py")
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ImportFrom)
            and node.module == "twisted.internet"
            and any(alias.name == "reactor" for alias in node.names)
        }
        self.assertEqual(importers, {"tap.py", "__main__.py"})


class PackagesTests(SynchronousTestCase):
    def test_every_package_is_installed(self) -> None:
        config = ConfigParser()
        config.read(ROOT / "setup.cfg")
        listed = set(config["options"]["packages"].split())
        there = {
            str(path.parent.relative_to(ROOT)).replace("/", ".")
            for path in (ROOT / "tcpchat").rglob("__init__.py")
        }
        self.assertEqual(listed, there | {"twisted.plugins"})

    def test_every_module_has_its_tests(self) -> None:
        tests = {path.stem for path in (ROOT / "tests").rglob("test_*.py")}
        modules = {path.relative_to(ROOT / "tcpchat") for path in (ROOT / "tcpchat").rglob("*.py")}
        names = {
            path: {f"test_{path.stem}", f"test_{path.stem}_{path.parent.name.removesuffix('s')}",
                   f"test_{path.parent.name.removesuffix('s')}_{path.stem}"}
            for path in modules if path.name != "__init__.py"
        }  # fmt: skip
        elsewhere = {
            # contracts.py, test_log_*.py
            "logs/interface.py", "logs/tails.py", "logs/sqlite_file.py",
            "logs/sqlite_records.py", "logs/sqlite_reading.py", "logs/sqlite_schema.py",
            "logs/sqlite_search.py", "logs/sqlite_tools.py", "logs/sqlite_writer.py", "logs/sqlite_index.py",
            "logs/sqlite_commit.py", "logs/sqlite_numbering.py", "logs/sqlite_place.py",
            "logs/sqlite_removal.py", "logs/nats_terms.py", "logs/unshared.py",
            "logs/nats_erasing.py", "logs/nats_questions.py", "logs/nats_log_records.py",
            # test_log_nats_queue.py, test_log_sqlite_replica.py
            "logs/nats_flights.py", "logs/nats_items.py", "logs/nats_launching.py",
            "logs/nats_references.py", "logs/sqlite_taking.py",
            "logs/nats_holes.py",  # test_log_nats_replica.py
            "fanout/interface.py",
            # where they are used
            "drain.py", "screen.py", "state.py", "statuses.py", "catching_up.py",
            "top_live.py",  # test_top.py
            "tap.py",  # test_command_line.py, test_end_to_end.py
            "copying.py",  # test_cluster.py
            "__main__.py", "client/__main__.py", "client/task.py",  # test_client_sending.py, …_piping.py
            "client/connecting.py", "client/early_link.py", "client/running.py",  # test_client_starting.py
            "client/keys.py", "client/printer.py", "client/prompt.py",  # test_client_terminal.py
            "client/way.py",  # test_client_link.py
        }  # fmt: skip
        missing = {str(path) for path, wanted in names.items() if not wanted & tests}
        self.assertEqual(missing, elsewhere)
