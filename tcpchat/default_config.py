"""The configuration file that says what is so without it: every option, its default, and what it is for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from textwrap import wrap
from typing import Any

import msgspec

from tcpchat.config import CHANGEABLE, OFF, TABLES, Config, defaults, example
from tcpchat.explanations import explanations

WIDTH = 100

SCHEMA = "tcpchat.schema.json"

TOP = f"""\
#:schema ./{SCHEMA}
#
# tcpchat's configuration: twistd -n tcpchat --config FILE. Everything here is as it is without a file; leave
# out what you do not change. What has no default stands behind a #. The command line wins.
#
# tcpchat config check FILE tells what is wrong. The server reads it again on SIGHUP and when one of its
# operators types /reload, and closes nobody's connection; what is said to need a restart stays as it was.
# tcpchat config schema >{SCHEMA}, beside this file, has editors complete and check it."""


def default_config() -> str:
    """Return the text of the file."""
    parts = [TOP]
    tables = []
    for name, value in defaults().items():
        text = _sentence(explanations(Config)[name])
        if name not in CHANGEABLE:
            text += " A change needs a restart."
        if name in TABLES:
            tables.append(_table(name, text))
        else:
            parts.append("\n".join([*_remark(text), _line(name, value)]))
    return "\n\n".join(parts + tables) + "\n"


def _table(name: str, text: str) -> str:
    remark = list(_remark(f'{text} A number that is "{OFF}" is no limit.'))
    if name == "limits":
        remark.append(f'# In place of the table, above all tables: limits = "{OFF}"')
    parts = ["\n".join([*remark, f"[{name}]"])]
    of = explanations(TABLES[name])
    for key, value in defaults(name).items():
        parts.append("\n".join([*_remark(of[key]), _line(key, OFF if value is None else value)]))
    return "\n\n".join(parts)


def _line(name: str, value: Any) -> str:
    if value is None:
        return f"#{name} = {_toml(example(name))}"
    return f"{name} = {_toml(value)}"


def _toml(value: Any) -> str:
    """Return a value as TOML has it: what there is in options is the same in JSON."""
    return json.dumps(msgspec.to_builtins(value), ensure_ascii=False)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _remark(text: str) -> Iterator[str]:
    yield from (f"# {line}" for line in wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False))
