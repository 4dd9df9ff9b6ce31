"""The schema and the server accept and refuse the same files, as far as a schema can know."""

from __future__ import annotations

import json
import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.checking import check
from tcpchat.config import TABLES, Config
from tcpchat.config_schema import config_schema
from tcpchat.default_config import default_config

# What no schema can know: which networks, nicknames and stores there are, and what contradicts.
DEEPER = frozenset({"store", "trusted", "proxies", "operator"})

NAMES = sorted(set(Config.__struct_fields__) - DEEPER)
VALUES: st.SearchStrategy[Any] = st.one_of(
    st.integers(-2, 700), st.booleans(), st.text("abc\n", max_size=3), st.just(1.5),
    st.sampled_from(["on", "off", "any", "ascii", "power", "json", "text", "debug", "auto", "chat-1"]),
    st.lists(st.one_of(st.text("ab:8", max_size=3), st.integers(0, 3)), max_size=2),
)  # fmt: skip
INSIDE = sorted({name for kind in TABLES.values() for name in kind.__struct_fields__} | {"roms"})
TABLE = st.dictionaries(st.sampled_from(INSIDE), VALUES, max_size=3)
SETTINGS = st.dictionaries(
    st.sampled_from([*NAMES, "log-format", "reuse-port", "histroy"]), st.one_of(VALUES, TABLE), max_size=4
)


class SchemaTests(SynchronousTestCase):
    def setUp(self) -> None:
        schema = config_schema()
        Draft202012Validator.check_schema(schema)
        self.validator = Draft202012Validator(schema)

    def test_the_default_is_right(self) -> None:
        self.assertEqual(list(self.validator.iter_errors(tomllib.loads(default_config()))), [])

    @given(SETTINGS)
    def test_it_refuses_what_the_server_refuses_and_nothing_else(self, settings: dict[str, Any]) -> None:
        self.assertEqual(self.validator.is_valid(settings), not check(settings).faults, settings)

    def test_an_editor_is_told_what_each_option_is_for(self) -> None:
        schema = config_schema()
        for options in schema["properties"], *(known["properties"] for known in schema["$defs"].values()):
            for name, option in options.items():
                self.assertRegex(option["description"], r"\w+ \w+", name)

    def test_it_is_json_and_names_nothing_that_toml_lacks(self) -> None:
        self.assertNotIn("null", json.dumps(config_schema()))
