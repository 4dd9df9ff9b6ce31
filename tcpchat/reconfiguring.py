"""A chat takes over what its operator has changed, while people are connected: it holds for them, too."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from tcpchat.config import Config
from tcpchat.dialogue import Dialogue
from tcpchat.entrance import Entrance
from tcpchat.limits import LONGEST_NAMELESS
from tcpchat.service import Chat
from tcpchat.session import Session


async def reconfigure(
    chat: Chat,
    entrance: Entrance,
    dialogues: Iterable[Dialogue],
    config: Config,
    greeting: tuple[str, ...],
    changed: Collection[str],
) -> None:
    """Have a chat, and the entrance in front of its doors, be in what has changed as a configuration says."""
    chat.greeting = greeting
    chat.people.ascii_names = chat.rooms.ascii_names = config.nicknames == "ascii"
    chat.forgetting.retention = config.retention
    chat.sightings.are_told = config.log_level == "debug"
    if "operator" in changed:
        _change_operators(chat, config)
    if {"limits", "trusted"} & set(changed):
        _change_limits(chat, entrance, dialogues, config)
    if "history" in changed:
        chat.history = config.history
        await chat.rooms.change_history(config.history)


def _change_operators(chat: Chat, config: Config) -> None:
    chat.operators.change(config.operator)
    for person in chat.people:
        if person.account:
            chat.overseeing.changed(person.account)


def _change_limits(chat: Chat, entrance: Entrance, dialogues: Iterable[Dialogue], config: Config) -> None:
    limits, trusted = config.chosen_limits, config.trusted_networks
    chat.limits = chat.rooms.limits = limits
    chat.seconds_nameless = limits.seconds_nameless or LONGEST_NAMELESS
    chat.nameless.change(chat.seconds_nameless)
    chat.attempts.change(limits, trusted)
    entrance.change(limits, trusted)
    chat.pacing.change(limits, trusted)
    paces = [dialogue.change_pace() for dialogue in dialogues]
    for session in chat.people.sessions():
        if isinstance(session, Session):
            session.budget = chat.pacing.budget()
            session.dialogue.pay_from(session.budget)
    for pace in paces:  # only now: whatever they carry out finds everything as it is to be
        if pace is not None:
            pace.let_go()
