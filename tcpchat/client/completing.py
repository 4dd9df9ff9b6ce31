"""What may be meant by the beginning of a word: a command, a room, a setting or a nickname. No I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterator

# How help calls what stands first behind commands that are about a room.
ROOM = "#ROOM", "[#ROOM]"


def completions(line: str, rooms: Collection[str], nicks: Collection[str]) -> Iterator[tuple[str, int]]:
    """
    Yield what the last word of a line may become, and how many characters that takes the place of.

    ``line`` ends at the cursor.
    """
    word = line[line.rfind(" ") + 1 :]
    is_first = word == line
    folded = word.casefold()
    usage = _usage(line)
    end = " "
    if is_first and word.startswith("/"):
        found = [f"/{name}" for name in _commands(folded[1:])]
    elif usage in ROOM or word.startswith("#"):
        start = f"#{folded.removeprefix('#')}"
        found = [room for room in sorted(rooms) if room.casefold().startswith(start)]
    elif usage == "[COMMAND]":
        found = _commands(folded.removeprefix("/"))
    elif usage == "[NAME":
        found = _settings(folded)
    else:
        found = [nick for nick in sorted(nicks, key=str.casefold) if nick.casefold().startswith(folded)]
        if not line.startswith("/"):
            found = found if word else []
            end = ": " if is_first else " "
    for each in found:
        yield f"{each}{end}", len(word)


def _commands(start: str) -> list[str]:
    """Return the commands that begin so; in front the one that another name means, if it is that whole."""
    from tcpchat.commands import ALIASES, COMMANDS  # a prompt does not wait for all that this imports

    names = sorted(name for name in [*COMMANDS, *ALIASES] if name.startswith(start))
    if meant := ALIASES.get(start):
        return [meant, *(name for name in names if name not in (start, meant))]
    return names


def _settings(start: str) -> list[str]:
    """Return the settings that begin so."""
    from tcpchat.settings import Settings

    return [name for name in vars(Settings()) if name.startswith(start)]


def _usage(line: str) -> str:
    """Return how help calls what is typed, if that is the first word behind a command; otherwise nothing."""
    if not line.startswith("/") or line.count(" ") != 1:
        return ""
    from tcpchat.commands import COMMANDS, find

    name = find(line[1 : line.index(" ")])
    words = COMMANDS[name].usage.split(" ") if name else []
    return words[1] if len(words) > 1 else ""
