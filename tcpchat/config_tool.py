"""``tcpchat config``: is a configuration file right, what can be in one, and a schema of it for editors."""

from __future__ import annotations

import argparse
import json

from tcpchat.config import WrongConfig
from tcpchat.config_schema import config_schema
from tcpchat.configuring import Source
from tcpchat.default_config import default_config
from tcpchat.statuses import USAGE
from tcpchat.text import clean
from tcpchat.tools import Plain, Subjects, stdout

EXAMPLES = """\
examples:
  tcpchat config default >tcpchat.toml
  tcpchat config schema >tcpchat.schema.json
  tcpchat config check tcpchat.toml && systemctl reload tcpchat
"""


def add_to(subjects: Subjects) -> None:
    """Add the commands to the command line."""
    config = Plain(subjects, "config", "look after the configuration file", EXAMPLES)
    check = config.add(
        "check",
        _check,
        "say what is wrong in a configuration file",
        """\
Say what is wrong in a configuration file, each with its line, as the server would before it starts:
what cannot be, what contradicts, and files that are not there. The exit status is 0 if that is nothing.""",
    )
    check.add_argument("file", metavar="FILE", help="the configuration, in TOML")
    config.add(
        "default",
        _default,
        "print a configuration file with every option",
        """\
Print a configuration file with every option and limit, what it is for, and its default.""",
    )
    config.add(
        "schema",
        _schema,
        "print a JSON Schema of the configuration",
        """\
Print a JSON Schema of the configuration, for editors. A file that begins with
#:schema ./tcpchat.schema.json is completed and checked by those that know Taplo or Even Better TOML.""",
    )


def _check(typed: argparse.Namespace) -> int:
    # Twisted is slow to import, and the other commands do not need it.
    from tcpchat.tap import door_at

    source = Source(typed.file, {}, lambda description: door_at(None, description))
    faults = []
    try:
        config, _ = source.read()
        faults = [f"{typed.file}: {fault}." for fault in source.missing_folders(config)]
    except WrongConfig as error:
        faults = str(error).splitlines()
    with stdout() as out:
        for fault in faults or [f"{typed.file} is right."]:
            out.write(f"{clean(fault)}\n".encode())
    return USAGE if faults else 0


def _default(typed: argparse.Namespace) -> int:
    with stdout() as out:
        out.write(default_config().encode())
    return 0


def _schema(typed: argparse.Namespace) -> int:
    with stdout() as out:
        out.write(schema_text().encode())
    return 0


def schema_text() -> str:
    """Return the schema as it stands in its file."""
    return json.dumps(config_schema(), indent=2, ensure_ascii=False) + "\n"
