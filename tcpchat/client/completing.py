"""What may be meant by the beginning of a word: a command, a room or a nickname. No I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterator


def completions(line: str, rooms: Collection[str], nicks: Collection[str]) -> Iterator[tuple[str, int]]:
    """
    Yield what the last word of a line may become, and how many characters that takes the place of.

    ``line`` ends at the cursor.
    """
    from tcpchat.commands import ALIASES, COMMANDS  # a prompt does not wait for all that this imports

    word = line[line.rfind(" ") + 1 :]
    is_first = word == line
    size = len(word)
    folded = word.casefold()
    if is_first and word.startswith("/"):
        for name in sorted([*COMMANDS, *ALIASES]):
            if name.startswith(folded[1:]):
                yield f"/{name} ", size
    elif word.startswith("#"):
        for room in sorted(rooms):
            if room.casefold().startswith(folded):
                yield f"{room} ", size
    elif word or line.startswith("/"):
        for nick in sorted(nicks, key=str.casefold):
            if nick.casefold().startswith(folded):
                yield f"{nick}: " if is_first else f"{nick} ", size
