"""
The manual page, what completes a command line, and the configuration with its schema, made of the options.

``python -m tests.made`` writes them into ``contrib``; tests/test_made.py sees that they are what is there.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import shtab
from argparse_manpage.manpage import Manpage

from tcpchat import __version__, account_tool, ban_tool, config_tool, log_tool, mkcert, top, upgrade_tool
from tcpchat.client import ending, options
from tcpchat.default_config import default_config
from tcpchat.tools import Parser

CONTRIB = Path(__file__).parent.parent / "contrib"

SUMMARY = "a group chat that anybody can join: client, server, and tools for its operators"

DESCRIPTION = (
    "With the name of a host it joins the chat there, on our server or any other that speaks in lines. "
    "Where standard input or output is no terminal it is lines in, lines out."
)

STATUSES = {
    0: "it was left, or what was to be done is done: all that send has said is in the server's log",
    ending.USAGE: "a wrong option",
    ending.NO_HOST: "there is no such host",
    ending.UNAVAILABLE: "no server, or not the one that is meant; or whether something was said is not known",
    ending.BROKEN: "a fault of this program",
    ending.REFUSED: "the server has refused it",
    ending.INTERRUPTED: "ended by a signal, such as that of Ctrl-C",
}

ENVIRONMENT = {
    options.SERVER: "HOST[:PORT] of the server for send and watch, unless --server names one",
    "TERM": "the terminal: where it is dumb, or not set, what is shown is text alone, as with --plain",
    "NO_COLOR": "if it is set, and not empty, nothing is coloured",
    "COLORTERM": "truecolor and 24bit stand for a terminal of more than 16 colours",
    "SSL_CERT_FILE": "whose signatures on certificates are trusted with --tls, in place of the system's",
    "TZ": "the time zone of what is shown",
}

# argparse breaks lines to the width of the terminal on which this is run.
WIDTH = "80"


def whole() -> argparse.ArgumentParser:
    """Return all that can stand behind ``tcpchat``, as one parser."""
    parser = Parser("tcpchat", description=DESCRIPTION, allow_abbrev=False)
    options.fill(parser, options.JOIN, {})
    commands = parser.add_subparsers(title="commands", metavar="HOST[:PORT]", dest="server")
    for name, summary in (
        (options.SEND, "say something, or each line of the standard input"),
        (options.WATCH, "print what is said in a room"),
    ):
        options.fill(commands.add_parser(name, help=summary), name, {})
    serve = "be the server: twistd -n tcpchat, whose --help names the options"
    commands.add_parser("serve", help=serve)
    for tool in log_tool, account_tool, ban_tool, config_tool, mkcert, top, upgrade_tool:
        tool.add_to(commands)
    return parser


def examples() -> str:
    """Return the examples of all helps, each in a line of its own."""
    firsts = (text.partition("\n\n")[0] for text in (options.EXAMPLES, options.SENDING, options.WATCHING))
    lines = [line.strip() for first in firsts for line in first.splitlines()[1:]]
    return "\n".join([".nf", *map(escaped, dict.fromkeys(lines)), ".fi"])


def listed(meanings: Mapping[Any, str]) -> str:
    """Return what each of some words means."""
    return "\n".join(f".TP\n\\fB{word}\\fR\n{escaped(meaning)}" for word, meaning in meanings.items())


def escaped(text: str) -> str:
    """Return a text as the language of manual pages has it: a minus is no hyphen."""
    return text.replace("\\", "\\e").replace("-", "\\-")


def made() -> dict[str, str]:
    """Return the contents of each file by its name."""
    os.environ["COLUMNS"] = WIDTH
    page = Manpage(whole(), format="single-commands-section")
    page.manual = f"tcpchat {__version__}"
    page.date = ""  # the version says more
    for heading, content in (
        ("exit status", listed(STATUSES)), ("environment", listed(ENVIRONMENT)), ("examples", examples()),
    ):  # fmt: skip
        page.add_section(heading, "=", content)
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
