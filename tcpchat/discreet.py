"""Data that keeps what somebody typed to itself, wherever its repr may get by mistake. No I/O."""

from __future__ import annotations

from collections.abc import Sized
from typing import ClassVar

import msgspec


class Discreet(msgspec.Struct, frozen=True):
    """A struct whose repr tells of texts and collections but their lengths, except in the fields ``told``."""

    told: ClassVar[tuple[str, ...]] = ()

    def __repr__(self) -> str:
        shown = ((name, getattr(self, name)) for name in self.__struct_fields__)
        return f"{type(self).__name__}({', '.join(f'{name}={self._show(name, it)}' for name, it in shown)})"

    def _show(self, name: str, value: object) -> str:
        return f"<{len(value)}>" if isinstance(value, Sized) and name not in self.told else repr(value)
