"""Who holds which nickname, and for whom one is kept. Knows nothing of connections and clocks."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import astuple
from functools import cache, lru_cache
from string import digits
from typing import NamedTuple

from tcpchat.names import Key, Name, NotAName, is_reserved, nickname

# Seconds for which a name is kept for the address of whoever said farewell: PROTOCOL.md 2. Long enough
# to come back, too short to be worth waiting for in order to answer in somebody's name.
KEPT_FOR = 20.0

# Names kept (and spellings whose variants are remembered) at most; the oldest are free early then.
# It is ten times what a crowd of 1,000 who all leave at once needs, and some 5 MB.
MOST_KEPT = 10_000

# The kinds of a name's keys (names.Name.keys).
FOLD = "fold"
KINDS = FOLD, "skeleton", "upper"

# Nothing is registered.
NOBODYS: Mapping[Key, str] = {}

# The stem of a variant when the name asked for has none, which no name known to us has.
_LAST_RESORT = "guest"


class Taken(LookupError):
    """The name, or one that is the same, is held, reserved, registered by or kept for somebody else."""

    def __init__(self, name: Name) -> None:
        super().__init__(f'"{name.display}" is taken')
        self.name = name


class _Kept(NamedTuple):
    """What is free only to one address, and to the session that let it go, until then."""

    keys: tuple[Key, ...]
    holder: str
    address: str
    until: float


class _Elsewhere(NamedTuple):
    """Who has a key of a name on another node of a cluster, or for which address it is kept there."""

    holder: str
    kept_for: str | None


class Claims:
    """
    Which session holds which nickname: no two hold names that are the same.

    A session may hold several names, also names that are the same, as it does while it is
    renamed from bob to Bob. Times are monotonic seconds and must not run backwards.
    """

    def __init__(self, owners: Mapping[Key, str] = NOBODYS) -> None:
        """``owners`` has who alone may hold what is registered, by each key of a name, now and later."""
        self._owners = owners
        # By each key's kind, then by its value: a key for each of a thousand names would be three tuples.
        self._holders: dict[str, dict[str, str]] = {kind: {} for kind in KINDS}
        self._names: dict[str, tuple[Name, ...]] = {}  # by session, none empty
        self._kept: dict[Key, _Kept] = {}
        self._expiring: deque[_Kept] = deque()  # the first to become free first
        self._first_numbers: dict[str, int] = {}  # of variants of a spelling: those below are held
        self._elsewhere: dict[Key, _Elsewhere] = {}  # of a cluster: what other nodes hold

    def claim(self, name: Name, holder: str, address: str, now: float) -> None:
        """
        Have a session hold a name until it is released. Claiming it twice is claiming it once.

        Raises:
            Taken: it cannot be had; nothing has changed.
        """
        self._forget_kept(now)
        if is_reserved(name) or not all(self._is_free(key, holder, address) for key in name.keys):
            raise Taken(name)
        names = self._names.get(holder, ())
        if name not in names:
            self._names[holder] = *names, name
        for kind, value in name.keys:
            self._holders[kind][value] = holder

    def release(self, name: Name, holder: str, address: str, now: float, is_kept: bool = True) -> None:
        """
        Let a session's name go: it is free to its address at once, to others after `KEPT_FOR`.

        Unless it ``is_kept`` it is free to all at once. What the session's other names have in common
        with it stays held. A name that the session does not hold is not touched.
        """
        names = self._names.get(holder, ())
        if name not in names:
            return
        others = tuple(other for other in names if other != name)
        if others:
            self._names[holder] = others
        else:
            del self._names[holder]
        needed = {key for other in others for key in other.keys}
        keys = tuple(key for key in name.keys if key not in needed)
        for key in keys:
            kind, value = key
            del self._holders[kind][value]
        if keys and is_kept:
            kept = _Kept(keys, holder, address, now + KEPT_FOR)
            self._expiring.append(kept)
            self._kept.update(dict.fromkeys(keys, kept))
        self._forget_kept(now)
        self._first_numbers.clear()

    def holder(self, name: Name) -> str | None:
        """Return who holds a name or one that is the same; of several, who is nearest in spelling."""
        return next(filter(None, map(self._holder, name.keys)), None)

    def _holder(self, key: Key) -> str | None:
        kind, value = key
        holder = self._holders[kind].get(value)
        if holder is None and self._elsewhere:
            elsewhere = self._elsewhere.get(key)
            if elsewhere is not None and elsewhere.kept_for is None:
                return elsewhere.holder
        return holder

    def names(self, holder: str) -> tuple[Name, ...]:
        """Return the names that a session holds, in the order in which it has claimed them."""
        return self._names.get(holder, ())

    # What other nodes of a cluster hold

    def hold_elsewhere(self, key: Key, holder: str, kept_for: str | None = None) -> None:
        """
        A key of a name is held on another node; or, with ``kept_for``, kept there for an address.

        What is held here has come before that.
        """
        self._elsewhere[key] = _Elsewhere(holder, kept_for)

    def release_elsewhere(self, key: Key) -> None:
        """No other node holds a key of a name, or keeps it, any more."""
        if self._elsewhere.pop(key, None):
            self._first_numbers.clear()

    def free_variant(self, name: Name, address: str, now: float, ascii_only: bool = False) -> Name:
        """
        Return the first of NICK2, NICK3, ... that somebody at an address could claim.

        NICK is cut where the number would not fit.
        """
        self._forget_kept(now)
        variants = _variants(name.display, self._first_numbers.get(name.display, 2), ascii_only)
        all_held = True
        while True:
            number, stem = next(variants)
            # Those that are held are told by their keys, before anything is judged: there may be a thousand.
            if f"{stem.fold}{number}" in self._holders[FOLD]:
                continue
            keys = _keys(stem, number)
            if any(map(self._holder, keys)):
                continue
            if all_held:
                all_held = False
                self._remember(name, number)
            if all(self._is_free(key, None, address) for key in keys):
                variant = nickname(f"{stem.display}{number}", ascii_only)
                if not is_reserved(variant):
                    return variant

    def _remember(self, name: Name, number: int) -> None:
        """Remember that all variants with a lower number are held, until one of any name is released."""
        if number > 2:
            if len(self._first_numbers) >= MOST_KEPT:
                self._first_numbers.clear()
            self._first_numbers[name.display] = number

    def _is_free(self, key: Key, holder: str | None, address: str) -> bool:
        held_by = self._holder(key)
        if held_by is not None:
            return held_by == holder
        if self._owners.get(key, holder) != holder:
            return False
        kept = self._kept.get(key)
        if kept is not None and kept.address != address and kept.holder != holder:
            return False
        elsewhere = self._elsewhere.get(key) if self._elsewhere else None  # kept: nobody holds it
        return elsewhere is None or elsewhere.kept_for == address or elsewhere.holder == holder

    def _forget_kept(self, now: float) -> None:
        """Forget what is kept no longer; each that was ever kept is looked at once."""
        expiring = self._expiring
        while expiring and (expiring[0].until <= now or len(expiring) > MOST_KEPT):
            kept = expiring.popleft()
            for key in kept.keys:
                if self._kept.get(key) is kept:  # it may be kept for somebody else by now
                    del self._kept[key]


def _variants(display: str, number: int, ascii_only: bool) -> Iterator[tuple[int, Name]]:
    """Yield numbers without end, and with each what stands before it in a variant."""
    length = 0
    while True:
        if len(str(number)) != length:
            length = len(str(number))
            stem = _stem(display, length, ascii_only)
        yield number, stem
        number += 1


def _keys(stem: Name, number: int) -> tuple[Key, Key, Key]:
    """Return the keys of a name with a number behind it."""
    looks = str(number).translate(_looks())
    return (
        ("fold", f"{stem.fold}{number}"),
        ("skeleton", stem.skeleton + looks),
        ("upper", stem.upper_skeleton + looks),
    )


@lru_cache(maxsize=1024)
def _stem(display: str, length: int, ascii_only: bool) -> Name:
    """Return as much of a name as makes a name with a number of so many digits behind it."""
    number = "9" * length  # which look like themselves
    for end in range(len(display), 0, -1):
        try:
            variant = nickname(display[:end] + number, ascii_only)
        except NotAName:
            continue
        return Name(*(part.removesuffix(number) for part in astuple(variant)))
    return nickname(_LAST_RESORT)


@cache
def _looks() -> dict[int, str]:
    """Return what each digit looks like in a name, whatever stands before it."""
    return {ord(digit): nickname(f"x{digit}").skeleton[1:] for digit in digits}
