"""
Who has which nickname, also on the other nodes of a cluster.

What people hold here is known to `people` at once; a server alone needs no more. In a cluster each key of a
name is a claim in the bucket as well (`settling`): whoever has changed it there has it.
"""

from __future__ import annotations

from collections.abc import Collection, Coroutine
from typing import Any

import msgspec
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime

from tcpchat.claimed import Claim
from tcpchat.claims import KEPT_FOR
from tcpchat.logs.interface import NotKept
from tcpchat.logs.nats_terms import Refusing, Unclear
from tcpchat.names import Key, Name
from tcpchat.people import People
from tcpchat.requests import Refused
from tcpchat.settling import MOST_RACES, HeldElsewhere, Settling, Shared

# A nickname that is held already, or will be if nobody else is first.
Claiming = Name | Coroutine[Deferred[Any], Any, Name]

CANNOT = "the log cannot be written"

# Seconds for a nickname, as long as for a line: a cluster of NATS needs up to 8 for another leader.
LONGEST_CLAIM = 20.0


class Registry:
    """Claims nicknames, and lets them go, here and in the cluster, if there is one."""

    def __init__(self, people: People, clock: IReactorTime) -> None:
        self._people = people
        self._clock = clock
        self._shared: Shared | None = None  # by a server alone nothing is
        self._settling: Settling | None = None
        self._term = 0  # how often everything that was held here was lost

    def share(self, shared: Shared) -> None:
        """Be one of a cluster's from now on."""
        self._shared = shared
        self._settling = Settling(shared, self._clock, self._show)

    def stop(self) -> None:
        """The server ends: what it held is as it is, and may be taken up by the next one."""
        if self._settling is not None:
            self._settling.stop()
            self._shared = self._settling = None

    @property
    def is_fenced(self) -> bool:
        """Could the other nodes take this one for dead, or will they soon?"""
        return self._shared is not None and self._shared.is_fenced()

    @property
    def is_unsure(self) -> bool:
        """May people of this node have come back to another one, which is not known here yet?"""
        return self.is_fenced or (self._shared is not None and self._shared.was_stopped())

    def check(self) -> None:
        """
        See that people can come in and back.

        Raises:
            NotKept: the others may have taken this node for dead, and who was here for gone.
        """
        if self.is_fenced:
            raise NotKept(CANNOT)

    def is_living(self, node: str) -> bool:
        """Has another node a lease?"""
        return self._shared is not None and self._shared.is_living(node)

    def claim_at_once(self, typed: str, person: str, address: str, or_variant: bool = False) -> Claiming:
        """
        Hold a nickname as `claim` does, or begin to.

        It is held when this returns, or fails, if nobody else is to be asked; so costs nothing more then.
        """
        if self._settling is None:
            return self._people.claim(typed, person, address, or_variant)
        return self._claim(self._settling, typed, person, address, or_variant)

    async def claim(self, typed: str, person: str, address: str, or_variant: bool = False) -> Name:
        """
        Hold the nickname that somebody asks for, or with ``or_variant`` the first free one like it.

        Raises:
            Refused: it is no nickname, or it is taken.
            NotKept: the other nodes could not be asked; nothing is held.
        """
        claiming = self.claim_at_once(typed, person, address, or_variant)
        return claiming if isinstance(claiming, Name) else await claiming

    async def _claim(
        self, settling: Settling, typed: str, person: str, address: str, or_variant: bool
    ) -> Name:
        term = self._term
        for _ in range(MOST_RACES):
            self.check()
            held = self._people.names(person)
            name = self._people.claim(typed, person, address, or_variant)
            if await self._take(settling, name, person, address, is_new=name not in held):
                is_held = name in self._people.names(person)  # and was not let go while the others were asked
                if self._term != term or self.is_fenced or not is_held:
                    self.release(name, person, address, is_kept=False)
                    raise NotKept(CANNOT)
                return name
        raise Refused(f'"{name.display}" is taken.', "nick-taken")

    async def _take(self, settling: Settling, name: Name, person: str, address: str, is_new: bool) -> bool:
        """Have the bucket say that a person has a name; tell whether nobody else was first."""
        claim = self._own(name, person, address)
        settling.own |= dict.fromkeys(name.keys, claim)
        try:
            # One after the other, each time in this order: of those who want the same name one gets it.
            until = self._clock.seconds() + LONGEST_CLAIM
            for key in name.keys:
                await settling.settle_patiently(key, until)
        except (HeldElsewhere, Unclear, Refusing) as why:
            if is_new:
                self.release(name, person, address, is_kept=False)
            if isinstance(why, HeldElsewhere):
                return False
            raise NotKept(CANNOT) from why
        return True

    def _own(self, name: Name, person: str, address: str, is_kept: bool = False) -> Claim:
        nodes = () if self._shared is None else (self._shared.node,)
        return Claim(person, name.display, nodes, address, is_kept)

    def release(self, name: Name, person: str, address: str, is_kept: bool = True) -> None:
        """Hold a nickname no longer; if it ``is_kept``, only the same address can have it for a while."""
        self._people.release(name, person, address, is_kept)
        if self._settling is not None:
            kept = self._own(name, person, address, is_kept=True) if is_kept else None
            self._let_go(self._settling, name, person, kept)

    def release_all(self, person: str, address: str, is_kept: bool) -> None:
        """Hold nothing any longer that somebody has who is gone."""
        for name in self._people.names(person):
            self.release(name, person, address, is_kept)

    def pass_on(self, name: Name, person: str, heir: str = "") -> None:
        """Hold a nickname no longer whose person is on other nodes; on ``heir`` from now on."""
        self._people.release(name, person, "", is_kept=False)
        if self._settling is not None:
            self._let_go(self._settling, name, person, None, heir)

    def pass_all_on(self, person: str, heir: str = "") -> None:
        """Hold nothing any longer that somebody has who is on other nodes; on ``heir`` from now on."""
        for name in self._people.names(person):
            self.pass_on(name, person, heir)

    def _let_go(
        self, settling: Settling, name: Name, person: str, kept: Claim | None, heir: str = ""
    ) -> None:
        held = self._people.names(person)
        own = settling.own
        for key in name.keys:
            if key not in own or own[key].person != person:
                continue
            other = next((it for it in held if key in it.keys), None)
            if other is not None:
                own[key] = msgspec.structs.replace(own[key], nick=other.display)
            elif kept is not None:
                own[key] = kept
            else:
                del own[key]
            settling.settle_surely(key, heir)
        if kept is not None:
            self._clock.callLater(KEPT_FOR, self._keep_no_longer, settling, name, kept)

    @staticmethod
    def _keep_no_longer(settling: Settling, name: Name, kept: Claim) -> None:
        for key in name.keys:
            if settling.own.get(key) is kept:
                del settling.own[key]
                settling.settle_surely(key)

    def forget(self) -> None:
        """Everything that was held here is lost: the others have seen to it, or will."""
        if self._settling is not None:
            self._term += 1
            for person in {claim.person for claim in self._settling.own.values()}:
                for name in self._people.names(person):
                    self._people.release(name, person, "", is_kept=False)
            self._settling.forget()

    @property
    def nodes(self) -> set[str]:
        """All nodes of which somebody has a nickname."""
        return set() if self._settling is None else self._settling.nodes

    def clean(self, dead: Collection[str] = ()) -> Deferred[Any]:
        """
        Have nicknames freed of nodes that are dead for certain, and of this one for whom nobody is here.

        It answers when that was tried once.
        """
        if self._settling is None or self.is_fenced:
            return succeed(None)
        return self._settling.clean(dead)

    def _show(self, key: Key, claim: Claim | None) -> None:
        if claim is None:
            self._people.release_elsewhere(key)
        else:
            self._people.hold_elsewhere(key, claim.person, claim.address if claim.kept else None)
