"""The configuration as a JSON Schema, by which editors complete and check it: https://json-schema.org/draft/2020-12"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from tcpchat.config import OFF, TABLES, Config, example
from tcpchat.explanations import explanations

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def config_schema() -> dict[str, Any]:
    """Return the schema of a configuration file."""
    known = msgspec.json.schema(Config)["$defs"]
    kinds: list[type] = [Config, *TABLES.values()]
    for kind in kinds:
        texts = explanations(kind)
        for name, of in known[kind.__name__]["properties"].items():
            known[kind.__name__]["properties"][name] = {"description": texts[name], **_without_null(of)}
    whole: dict[str, Any] = known.pop("Config")
    for name in whole["properties"]:
        if (shown := example(name)) is not None:
            whole["properties"][name]["examples"] = [shown]
    # As on the command line they may be written, too; editors need not offer that.
    dashed = {name.replace("_", "-"): name for name in whole["properties"] if "_" in name}
    whole["patternProperties"] = {
        f"^{re.escape(written)}$": {"$ref": f"#/properties/{name}"} for written, name in dashed.items()
    }
    # Nothing may be set twice.
    whole["allOf"] = [{"not": {"required": [written, name]}} for written, name in dashed.items()]
    whole["title"] = "tcpchat"
    whole["description"] = "The configuration of a tcpchat server. Whatever is left out has its default."
    return {"$schema": DIALECT, **whole, "$defs": known}


def _without_null(of: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a value in which the word for nothing stands for it, as TOML has none."""
    if of.get("default", "") is None or isinstance(of.get("default"), dict):
        of = {name: value for name, value in of.items() if name != "default"}
    kinds: list[dict[str, Any]] = [kind for kind in of.get("anyOf", []) if kind != {"type": "null"}]
    if len(kinds) == len(of.get("anyOf", [])):
        return of
    if kinds[0]["type"] in ("integer", "number"):
        return of | {"anyOf": [*kinds, {"const": OFF}]}
    return {name: value for name, value in of.items() if name != "anyOf"} | kinds[0]
