"""The configuration as it is read: from a file and a command line, with the line of all that is wrong."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tcpchat.config import Config, WrongConfig
from tcpchat.configuring import Chosen, Source, greeting


def try_endpoint(description: str) -> None:
    """Make something of tcp and unix endpoints."""
    if description.partition(":")[0] not in ("tcp", "unix"):
        raise WrongConfig(f"Cannot listen on {description!r}: no.")


class SourceCase(SynchronousTestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder.name)

    def source(self, content: str | bytes, **typed: Any) -> Source:
        data = content.encode() if isinstance(content, str) else content
        Path("chat.toml").write_bytes(data)
        return Source("chat.toml", typed, try_endpoint)

    def wrong(self, source: Source) -> list[str]:
        return str(self.assertRaises(WrongConfig, source.read)).splitlines()


class RightTests(SourceCase):
    def test_without_a_file_it_is_what_was_typed_and_the_defaults(self) -> None:
        source = Source(None, {"history": "3", "reuse-port": 1}, try_endpoint)
        self.assertEqual(source.read(), Chosen(Config(history=3, reuse_port=True), ()))

    def test_what_was_typed_wins(self) -> None:
        source = self.source("history = 20\nstore = 'memory:'\nworkers = 2", history="10", workers="1")
        self.assertEqual(source.read().config, Config(history=10, store="memory:"))

    def test_it_is_read_again_wherever_the_process_is_by_then(self) -> None:
        Path("motd").write_text("Hello\n")
        source = self.source("motd = 'motd'")
        os.chdir("/")
        self.assertEqual(source.read(), Chosen(Config(motd="motd"), ("Hello",)))

    def test_lines_may_end_as_on_windows(self) -> None:
        self.assertEqual(self.source("history = 3\r\n").read().config, Config(history=3))

    def test_the_folder_of_a_store_that_is_not_there_is_told(self) -> None:
        source = self.source("")
        for store, missing in (
            ("sqlite:chat", []), ("memory:", []), ("nats://n1", []), ("sqlite:/nowhere/chat", ["/nowhere"]),
        ):  # fmt: skip
            told = [f"there is no folder {os.path.realpath(folder)!r} for the store" for folder in missing]
            self.assertEqual(list(source.missing_folders(Config(store=store))), told)


class WrongTests(SourceCase):
    def test_each_thing_is_told_with_its_line_in_their_order(self) -> None:
        source = self.source(
            """\
history = 501
log-format = "xml"

motd = "nowhere"
listen = [
    "tcp:1",
    "nonsense",
    "tcp:1",
]
[limits]
roms = 5
[retention]
days = 0
"""
        )
        self.assertEqual(
            self.wrong(source),
            [
                "chat.toml:1: history cannot be 501: it is a number from 0 to 500.",
                "chat.toml:2: log_format cannot be 'xml': it is text or json.",
                "chat.toml:4: The message of the day nowhere cannot be read: No such file or directory.",
                "chat.toml:7: Cannot listen on 'nonsense': no.",
                "chat.toml:8: 'tcp:1' and 'tcp:1' are the same port.",
                'chat.toml:11: there is no "roms" in limits. Did you mean rooms?',
                "chat.toml:13: days in retention cannot be 0: it is a number > 0.0, or off.",
            ],
        )

    def test_the_endpoint_of_figures_is_tried_too(self) -> None:
        told = "chat.toml:1: Cannot listen on 'nowhere': no."
        self.assertEqual(self.wrong(self.source("metrics = 'nowhere'")), [told])

    def test_of_what_was_typed_that_is_said(self) -> None:
        source = self.source("workers = 2\nhistory = 5", history="many", store="memory:")
        self.assertEqual(
            self.wrong(source),
            [
                "The command line: history cannot be 'many': it is a number from 0 to 500.",
                "chat.toml:1: several workers need a store that they can share: nats://HOST:PORT.",
            ],
        )

    def test_without_a_file_all_was_typed(self) -> None:
        source = Source(None, {"motd": "nowhere"}, try_endpoint)
        told = "The command line: The message of the day nowhere cannot be read: No such file or directory."
        self.assertEqual(self.wrong(source), [told])

    def test_what_is_no_toml_is_told_with_its_line(self) -> None:
        self.assertEqual(
            self.wrong(self.source("store = 'memory:'\nhistory: 5\n")),
            ["chat.toml:2: this is not TOML: Expected '=' after a key in a key/value pair."],
        )
        (told,) = self.wrong(self.source("# one\nlisten = [\n"))
        self.assertRegex(told, r"^chat\.toml:3: this is not TOML: ")
        for content in b"store = '\xff'", "a = " + "[" * 5000:
            (told,) = self.wrong(self.source(content))
            self.assertTrue(told.startswith("The configuration chat.toml is not TOML: "), told)

    def test_a_file_that_cannot_be_read_is_named(self) -> None:
        for path, why in ("nowhere", "No such file or directory"), (".", "Is a directory"):
            told = f"The configuration {path} cannot be read: {why}."
            self.assertEqual(self.wrong(Source(path, {}, try_endpoint)), [told])


class GreetingTests(SourceCase):
    def greeting(self, content: bytes) -> tuple[str, ...]:
        Path("motd").write_bytes(content)
        return greeting("motd")

    def test_it_is_a_line_each(self) -> None:
        for content, lines in (
            (b"Hello", ("Hello",)),
            (b"Hello\n", ("Hello",)),
            (b"", ()),
            (b"\n \n", ()),
            (b"Hello,\r\n\r\nworld\r\n\r\n", ("Hello,", "", "world")),
            ("caf\u00e9\u2028x\x0by\n".encode(), ("caf\u00e9\u2028x\x0by",)),
        ):
            self.assertEqual(self.greeting(content), lines)

    def test_one_in_another_encoding_is_refused(self) -> None:
        refusal = self.assertRaises(WrongConfig, self.greeting, b"caf\xe9\n")
        self.assertEqual(str(refusal), "The message of the day motd is not UTF-8.")
