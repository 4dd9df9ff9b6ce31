"""
The manual page, what completes a command line, and the configuration with its schema, made of the options.

``python -m tests.made`` writes them into ``contrib``; tests/test_made.py sees that they are what is there.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import shtab
from argparse_manpage.manpage import Manpage

from tcpchat import __version__, account_tool, ban_tool, config_tool, log_tool, mkcert, top
from tcpchat.client import options
from tcpchat.default_config import default_config
from tcpchat.tools import Parser

CONTRIB = Path(__file__).parent.parent / "contrib"

SUMMARY = "a group chat that anybody can join: client, server, and tools for its operators"

# argparse breaks lines to the width of the terminal on which this is run.
WIDTH = "80"


def whole() -> argparse.ArgumentParser:
    """Return all that can stand behind ``tcpchat``, as one parser."""
    parser = Parser("tcpchat", description=SUMMARY, epilog=options.EXAMPLES, allow_abbrev=False)
    options.fill(parser, options.JOIN, {})
    commands = parser.add_subparsers(metavar="HOST[:PORT]", dest="server")
    for name, summary in (
        (options.SEND, "say something, or each line of the standard input"),
        (options.WATCH, "print what is said in a room"),
    ):
        options.fill(commands.add_parser(name, help=summary, description=summary), name, {})
    serve = "be the server: twistd -n tcpchat, whose --help names the options"
    commands.add_parser("serve", help=serve, description=serve)
    for tool in log_tool, account_tool, ban_tool, config_tool, mkcert, top:
        tool.add_to(commands)
    return parser


def made() -> dict[str, str]:
    """Return the contents of each file by its name."""
    os.environ["COLUMNS"] = WIDTH
    page = Manpage(whole(), format="single-commands-section")
    page.manual = f"tcpchat {__version__}"
    page.date = ""  # the version says more
    return {
        "tcpchat.1": str(page)
        .replace("\ntcpchat\n", f"\ntcpchat \\- {SUMMARY}\n", 1)
        .replace("\n.SH", "\n.ad l\n.SH", 1),  # addresses cannot be broken, so lines end where they end
        "tcpchat": shtab.complete(whole(), "bash"),
        "_tcpchat": shtab.complete(whole(), "zsh"),
        "tcpchat.fish": shtab.complete(whole(), "fish"),
        "tcpchat.schema.json": config_tool.schema_text(),
        "tcpchat.toml": default_config(),
    }


def main() -> None:
    """Write them."""
    CONTRIB.mkdir(exist_ok=True)
    for name, text in made().items():
        (CONTRIB / name).write_text(text.rstrip() + "\n")


if __name__ == "__main__":
    main()
