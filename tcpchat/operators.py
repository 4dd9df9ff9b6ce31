"""The operators of the server: the accounts that its configuration names, and those that were made so."""

from __future__ import annotations

from collections.abc import Collection

from tcpchat.accounts import Accounts
from tcpchat.names import Name, nickname
from tcpchat.networks import Kind, network


class Operators:
    """Who may moderate every room."""

    def __init__(self, nicks: Collection[str], accounts: Accounts) -> None:
        """
        Whoever has registered one of the nicknames ``nicks`` is an operator.

        Raises:
            NotAName: one is no nickname.
        """
        self._accounts = accounts
        self.change(nicks)

    def change(self, nicks: Collection[str]) -> None:
        """
        Others than before are operators by their nicknames.

        Raises:
            NotAName: one is no nickname, and nothing has changed.
        """
        self._names = tuple(nickname(nick) for nick in nicks)
        self._folds = frozenset(name.fold for name in self._names)

    @property
    def folds(self) -> tuple[str, ...]:
        """The nicknames that the configuration names, folded: of the nodes of a cluster all have the same."""
        return tuple(sorted(self._folds))

    def has(self, account: str) -> bool:
        """Tell whether an account, by its id, is an operator's."""
        kept = self._accounts.get(account)
        if kept is None:
            return False
        # What only looks like an operator's nickname is none.
        return kept.is_operator or (bool(self._folds) and nickname(kept.nick).fold in self._folds)

    def to_come(self) -> list[str]:
        """Return the nicknames of operators that nobody has registered yet."""
        return [name.display for name in self._names if self._accounts.find(name) is None]

    def keeps(self, name: Name, address: str) -> bool:
        """
        Tell whether a nickname is kept from somebody at an address for an operator who is to come.

        Whoever registers it is an operator. So only somebody on this machine can, until it is registered;
        what looks like it is kept as well, since then it could not be.
        """
        return (
            any(name.same(kept) and self._accounts.find(kept) is None for kept in self._names)
            and network(address).kind is not Kind.LOOPBACK
        )
