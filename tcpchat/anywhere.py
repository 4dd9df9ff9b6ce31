"""What can be asked for over every connection, with a nickname or without."""

from __future__ import annotations

from collections.abc import Callable

from tcpchat import answers
from tcpchat.command import Rank
from tcpchat.commands import help_lines, help_on
from tcpchat.dialogue import Dialogue
from tcpchat.requests import Asked, Help, NotUnderstood, Quit, Set, SpeakJson


def carry_out_anywhere(dialogue: Dialogue, asked: Asked, rank: Callable[[], Rank]) -> None:
    """
    Do what can be asked for in every state. ``rank`` tells who asks.

    Raises:
        Refused: it is not done.
    """
    settings = dialogue.settings
    match asked.request:
        case None:
            pass
        case Help(""):
            dialogue.answer(answers.Help(help_lines(rank())))
        case Help(command):
            dialogue.answer(answers.Help(help_on(command, rank())))
        case Set("", _):
            dialogue.answer(answers.Settings(dict(settings.describe())))
        case Set(name, value):
            if value or name not in dict(settings.describe()):
                dialogue.change(name, value)
            dialogue.tell(f"{name} is {dict(dialogue.settings.describe())[name]}.")
        case SpeakJson():
            dialogue.speak_json()
        case Quit(reason):
            dialogue.quit(reason)
        case _:
            raise NotUnderstood("That cannot be done now.")
