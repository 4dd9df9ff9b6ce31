"""Where the configuration comes from: a file and the command line, which wins; checked as a whole."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from tcpchat.checking import Fault, check, together
from tcpchat.config import Config, WrongConfig
from tcpchat.store import InFile
from tcpchat.toml_lines import Key, lines

COMMAND_LINE = "The command line"


class Chosen(NamedTuple):
    """What an operator has chosen, and the lines of the file that ``motd`` names."""

    config: Config
    greeting: tuple[str, ...]


class Source:
    """A file, if there is one, and what was typed; it can be read again and again."""

    def __init__(
        self, path: str | None, typed: Mapping[str, Any], try_endpoint: Callable[[str], object]
    ) -> None:
        """
        ``typed`` are options of the command line. ``try_endpoint`` raises `WrongConfig` if nothing can be
        made of an endpoint's description.
        """
        self._path = path
        self._typed = {name.replace("-", "_"): value for name, value in typed.items()}
        self._try_endpoint = try_endpoint
        # When it is read again, twistd has gone into its --rundir.
        self._folder = os.getcwd()

    def described(self) -> str:
        """Return this as a text of which another process makes the same, by `from_text`."""
        return json.dumps([self._path, self._typed, self._folder])

    @classmethod
    def from_text(cls, text: str, try_endpoint: Callable[[str], object]) -> Source:
        """Return what another process has described."""
        path, typed, folder = json.loads(text)
        source = cls(path, typed, try_endpoint)
        source._folder = folder
        return source

    def read(self) -> Chosen:
        """
        Return what is chosen.

        Raises:
            WrongConfig: something in it cannot be; all that cannot is told, each with its line.
        """
        there, places = self._file()
        config, faults = together(check(there), check(self._typed, is_typed=True))
        wrong = {fault.key for fault in faults}
        faults += [fault for fault in self._outside(config) if fault.key not in wrong]
        if faults:
            raise WrongConfig("\n".join(self._told(sorted(faults, key=self._order(places)), places)))
        return Chosen(config, self.greeting(config))

    def missing_folders(self, config: Config) -> Iterator[str]:
        """Yield what has to be there before a server can start, and is not."""
        kept = config.chosen_store
        if isinstance(kept, InFile) and not os.path.isdir(folder := os.path.dirname(self._at(kept.path))):
            yield f"there is no folder {folder!r} for the store"

    def _at(self, path: str) -> str:
        return os.path.join(self._folder, path)

    def _file(self) -> tuple[dict[str, Any], dict[Key, int]]:
        if self._path is None:
            return {}, {}
        try:
            with open(self._at(self._path), encoding="utf-8", newline="") as file:
                text = file.read()
            return tomllib.loads(text), lines(text)
        except OSError as error:
            raise WrongConfig(f"The configuration {self._path} cannot be read: {error.strerror}.") from error
        except tomllib.TOMLDecodeError as error:
            why, _, place = str(error).partition(" (at ")
            line = int(found[0]) if (found := re.search("[0-9]+", place)) else text.count("\n") + 1
            raise WrongConfig(f"{self._path}:{line}: this is not TOML: {why}.") from error
        except (ValueError, RecursionError) as error:
            raise WrongConfig(f"The configuration {self._path} is not TOML: {error}.") from error

    def _outside(self, config: Config) -> Iterator[Fault]:
        """Yield what cannot be because of what there is on this machine."""
        endpoints: list[tuple[Key, str]] = [
            (("listen", number), description) for number, description in enumerate(config.listen)
        ]
        if config.metrics is not None:
            endpoints.append((("metrics",), config.metrics))
        for key, description in endpoints:
            try:
                self._try_endpoint(description)
            except WrongConfig as error:
                yield Fault(key, str(error).removesuffix("."))
        try:
            self.greeting(config)
        except WrongConfig as error:
            yield Fault(("motd",), str(error).removesuffix("."))

    def greeting(self, config: Config) -> tuple[str, ...]:
        """
        Return the lines of the file that ``motd`` names.

        Raises:
            WrongConfig: it cannot be read.
        """
        return greeting(self._at(config.motd), config.motd) if config.motd else ()

    def _told(self, faults: Iterable[Fault], places: Mapping[Key, int]) -> Iterator[str]:
        for key, text in faults:
            end = "" if text.endswith("?") else "."
            yield f"{self._where(key, places)}: {text}{end}"

    def _where(self, key: Key, places: Mapping[Key, int]) -> str:
        if self._path is None or self._is_typed(key):
            return COMMAND_LINE
        for written in key, (str(key[0]).replace("_", "-"), *key[1:]), key[:1]:
            if written in places:
                return f"{self._path}:{places[written]}"
        return self._path

    def _order(self, places: Mapping[Key, int]) -> Callable[[Fault], int]:
        return lambda fault: 0 if self._is_typed(fault.key) else places.get(fault.key, 0)

    def _is_typed(self, key: Key) -> bool:
        return self._path is None or str(key[0]).replace("-", "_") in self._typed


def greeting(path: str, name: str = "") -> tuple[str, ...]:
    """
    Return the lines of the operator's message of the day; ``name`` is what the file is called, if not so.

    Raises:
        WrongConfig: it cannot be read.
    """
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read().strip("\n")
    except OSError as error:
        what = f"The message of the day {name or path} cannot be read: {error.strerror}."
        raise WrongConfig(what) from error
    except ValueError as error:
        raise WrongConfig(f"The message of the day {name or path} is not UTF-8.") from error
    return tuple(text.split("\n")) if text.strip() else ()
