"""
All that is wrong with a configuration, each with the key that it is about. No I/O.

What can only be seen outside (files, certificates, ports) is for `configuring`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

import msgspec

from tcpchat.config import OFF, TABLES, Config, possible
from tcpchat.names import NotAName, is_reserved, nickname
from tcpchat.networks import networks
from tcpchat.places_to_listen import overlap
from tcpchat.store import InCluster, NoStore, store
from tcpchat.toml_lines import Key


class Fault(NamedTuple):
    """Something that cannot be: where it is set, and a sentence about it without its end."""

    key: Key
    text: str


class Checked(NamedTuple):
    """What is right in some settings, by the names of options, and what is wrong in them."""

    values: dict[str, Any]
    faults: list[Fault]


def check(settings: Mapping[str, Any], is_typed: bool = False) -> Checked:
    """
    Find everything that is wrong with each of some settings.

    ``is_typed``: they come from a command line, where every value is a text.
    """
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for written, value in settings.items():
        name = written.replace("-", "_")
        found = list(_wrong(written, name, value, is_typed))
        if not found and name in values:
            found = [Fault((written,), f"{name} is set twice")]
        if not found:
            one = msgspec.convert({name: _without_off(name, value)}, Config, strict=not is_typed)
            values[name] = getattr(one, name)
        faults += found
    return Checked(values, faults)


def together(*parts: Checked) -> tuple[Config, list[Fault]]:
    """Return what is right in several settings, of which later ones win, and all that is wrong with them."""
    config = Config()
    faults: list[Fault] = []
    for part in parts:
        config = msgspec.structs.replace(config, **part.values)
        faults += part.faults
    wrong = {str(fault.key[0]).replace("-", "_") for fault in faults}
    faults += [fault for fault in contradictions(config) if not wrong & _involved(fault)]
    return config, faults


def contradictions(config: Config) -> Iterator[Fault]:
    """Yield what cannot be together, each named by the key that asks for more than the others allow."""
    if config.workers > 1 and not isinstance(config.chosen_store, InCluster):
        text = "several workers need a store that they can share: nats://HOST:PORT"
        yield Fault(("workers",), text)
    if config.nicknames == "ascii":
        for number, nick in enumerate(config.operator):
            if not nick.isascii():
                text = f"operator cannot be {nick!r}: only A to Z, digits, - and _ are allowed here"
                yield Fault(("operator", number), text)
    for number, description in enumerate(config.listen):
        for other in config.listen[:number]:
            if overlap(description, other):
                yield Fault(("listen", number), f"{description!r} and {other!r} are the same port")
        if config.metrics is not None and overlap(description, config.metrics):
            yield Fault(("metrics",), f"{config.metrics!r} and {description!r} are the same port")


def _involved(fault: Fault) -> set[str]:
    """Return the options that a contradiction is about: if one is wrong already, it says nothing new."""
    others = {"workers": {"store"}, "operator": {"nicknames"}}
    name = str(fault.key[0])
    return {name} | others.get(name, set())


def _wrong(written: str, name: str, value: Any, is_typed: bool) -> Iterable[Fault]:
    """Yield what is wrong with one option."""
    key = (written,)
    if name not in Config.__struct_fields__:
        near = get_close_matches(name.lower(), Config.__struct_fields__)
        return [Fault(key, f'there is no option "{written}"{_advice(near)}')]
    if name in TABLES and isinstance(value, dict):
        return list(_in_table(name, value))
    try:
        made = msgspec.convert({name: value}, Config, strict=not is_typed)
    except msgspec.ValidationError:
        return [Fault(key, f"{name} cannot be {value!r}: it is {possible(name)}")]
    return [Fault((*key, *where), text) for where, text in _meant(made, name)]


def _meant(made: Config, name: str) -> Iterator[tuple[Key, str]]:
    """Yield what is wrong with the meaning of an option whose type is right."""
    match name:
        case "store":
            try:
                store(made.store)
            except NoStore as error:
                yield (), str(error).removesuffix(".")
        case "trusted" | "proxies":
            for number, text in enumerate(getattr(made, name)):
                try:
                    networks([text])
                except ValueError:
                    yield (number,), f"{name} cannot hold {text!r}: it is {possible(name)}"
        case "operator":
            for number, nick in enumerate(made.operator):
                if why := _nobody(nick):
                    yield (number,), f"operator cannot be {nick!r}: {why}"


def _nobody(nick: str) -> str:
    """Return why nobody can have a nickname, if so."""
    try:
        return "nobody may be called that" if is_reserved(nickname(nick)) else ""
    except NotAName as reason:
        return str(reason)


def _in_table(table: str, values: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield what cannot be in a table."""
    kind = TABLES[table]
    for key, value in values.items():
        if key not in kind.__struct_fields__:
            near = get_close_matches(key.lower(), kind.__struct_fields__)
            yield Fault((table, key), f'there is no "{key}" in {table}{_advice(near)}')
        elif value != OFF:
            try:
                msgspec.convert({key: value}, kind)
            except msgspec.ValidationError as error:
                text = f"{key} in {table} cannot be {value!r}: it is {_number(error)}, or off"
                yield Fault((table, key), text)


def _without_off(name: str, value: Any) -> Any:
    """Return a value with nothing in the place of what is off, which only an operator calls so."""
    if name in TABLES and isinstance(value, dict):
        return {key: None if it == OFF else it for key, it in value.items()}
    return value


def _advice(near: list[str]) -> str:
    return f". Did you mean {' or '.join(near)}?" if near else ""


def _number(error: msgspec.ValidationError) -> str:
    """Return what was expected, from an error such as "Expected `int | null` >= 1 - at `$.rooms`"."""
    found = re.search(r"Expected `(\w+)[^`]*`([ <>=\d.]*)", str(error))
    assert found is not None, error
    return ("a whole number" if found[1] == "int" else "a number") + found[2].rstrip()
