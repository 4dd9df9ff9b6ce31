"""What somebody can set for a session, and how that changes what they see."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

from tcpchat import encoding
from tcpchat.encoding import UTF8, Encoding, NotUsable
from tcpchat.render import Joins
from tcpchat.requests import NotUnderstood

SWITCH = {"on": True, "off": False}
JOINS: dict[str, Joins] = {"all": "all", "folded": "folded", "none": "none"}


def _switch(name: str, value: str) -> bool:
    if value.lower() not in SWITCH:
        raise NotUnderstood(f'{name} is on or off, not "{value}".')
    return SWITCH[value.lower()]


def _joins(value: str) -> Joins:
    if value.lower() not in JOINS:
        raise NotUnderstood(f'joins is all, folded or none, not "{value}".')
    return JOINS[value.lower()]


def _zone(value: str) -> tzinfo:
    if value.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise NotUnderstood(f'There is no time zone "{value}". Try Europe/Paris.') from None


def _encoding(value: str) -> Encoding:
    try:
        return encoding.find(value)
    except NotUsable as reason:
        raise NotUnderstood(str(reason)) from None


@dataclass(frozen=True)
class Settings:
    """A session's settings, by the names that /set uses. All who have changed nothing share one."""

    echo: bool = False
    joins: Joins = "all"
    timestamps: bool = False
    numbers: bool = False
    bell: bool = False
    color: bool = False
    timezone: tzinfo = UTC
    encoding: Encoding = UTF8

    def changed(self, name: str, value: str) -> Settings:
        """
        Return the settings with another value for one of them, as it was typed.

        Raises:
            NotUnderstood: there is no such setting, or it cannot have that value.
        """
        match name:
            case "echo":
                return replace(self, echo=_switch(name, value))
            case "joins":
                return replace(self, joins=_joins(value))
            case "timestamps":
                return replace(self, timestamps=_switch(name, value))
            case "numbers":
                return replace(self, numbers=_switch(name, value))
            case "timezone":
                return replace(self, timezone=_zone(value))
            case "bell":
                return replace(self, bell=_switch(name, value))
            case "color":
                return replace(self, color=_switch(name, value))
            case "encoding":
                return replace(self, encoding=_encoding(value))
            case _:
                raise NotUnderstood(f'There is no setting "{name}". There are: {", ".join(vars(self))}.')

    def describe(self) -> list[tuple[str, str]]:
        """Return each setting's name and value."""
        return [(name, self._word(value)) for name, value in vars(self).items()]

    @staticmethod
    def _word(value: object) -> str:
        if isinstance(value, bool):
            return "on" if value else "off"
        return str(value)


# What nobody has changed yet.
AS_AT_FIRST = Settings()
