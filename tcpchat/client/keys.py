"""What the keys do on a terminal that do more than to edit a line."""

from __future__ import annotations

from typing import Protocol

from prompt_toolkit.application import get_app
from prompt_toolkit.filters import Condition
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent


class Person(Protocol):
    """What the keys need of whoever sits there."""

    def interrupt(self, event: KeyPressEvent) -> None:
        """Throw away what is typed; the second time, leave."""

    def leave(self) -> None:
        """Leave."""

    def page_up(self) -> None:
        """Show what was said before."""

    def look_into(self, number: int) -> None:
        """Look into a room with a number."""


def bindings(person: Person) -> KeyBindings:
    """Return what the keys do for somebody."""
    keys = KeyBindings()

    @keys.add("enter")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    @keys.add("escape", "enter")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    @keys.add("c-u", filter=Condition(lambda: "\n" in get_app().current_buffer.text))
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.reset(append_to_history=True)

    @keys.add("c-c")
    def _(event: KeyPressEvent) -> None:
        person.interrupt(event)

    @keys.add("c-d", filter=Condition(lambda: not get_app().current_buffer.text))
    def _(event: KeyPressEvent) -> None:
        person.leave()

    @keys.add("pageup")
    def _(event: KeyPressEvent) -> None:
        person.page_up()

    for number in range(1, 10):

        @keys.add("escape", str(number))
        def _(event: KeyPressEvent, number: int = number) -> None:
            person.look_into(number)

    return keys
