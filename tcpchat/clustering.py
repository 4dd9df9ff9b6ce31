"""One server of several that are one chat: its lease, and what becomes of people when a node is lost."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol, runtime_checkable

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from tcpchat import moving, records
from tcpchat.burying import Burying
from tcpchat.calls import Calls
from tcpchat.leases import Leases
from tcpchat.logs.commits import Commits
from tcpchat.nodes import Nodes
from tcpchat.requests import Refused
from tcpchat.reviving import revive
from tcpchat.service import Chat
from tcpchat.session import Session
from tcpchat.settling import Shared
from tcpchat.shared_bucket import Bucket

CUT_OFF = "This server was cut off from the others for too long. Please connect again."
HELD = "The log does not answer: what you sent is held. What comes of it is told within 20 seconds."
OUSTED = "Another server has taken the place of this one. Please connect again."


@runtime_checkable
class SharedLog(Protocol):
    """What is needed of a log that nodes share."""

    is_fenced: Callable[[], bool]  # is asked before anything is taken, and before it is published
    held: Callable[[Collection[str]], object]  # is told the sessions of whom something waits for long

    @property
    def publishes(self) -> Commits:
        """How it has gone to have the servers keep what is this node's."""

    @property
    def bucket(self) -> Bucket:
        """What the nodes share beside the log."""

    @property
    def calls(self) -> Calls:
        """How the others are called."""

    @property
    def node(self) -> str:
        """This node's name."""

    def have_lease(self, revision: int) -> None:
        """Name this node's lease in what is published from now on."""

    def give_up(self) -> None:
        """Say nothing any more that waits to be said."""

    async def catch_up(self) -> None:
        """Wait until what is in the log by now has come. Raises `Unclear`."""


class Cluster:
    """Makes a chat one node's of a cluster."""

    logger = Logger()

    def __init__(
        self,
        chat: Chat,
        log: SharedLog,
        ousted: Callable[[], object],
        leases: Leases | None = None,
        seconds: Callable[[], float] | None = None,
    ) -> None:
        """
        ``log`` is the chat's, as far as it is about other nodes. ``ousted`` is called when another server has
        this node's name: this one has to end. ``seconds`` is as for `Nodes`.
        """
        self._chat = chat
        self._log = log
        self._ousted = ousted
        self.nodes = Nodes(log.bucket, log.calls, chat.clock, log.node, chat.new_id, self, leases, seconds)
        self._burying = Burying(chat, self.nodes.is_gone)
        nodes = self.nodes
        self._shared = Shared(log.bucket, log.node, nodes.is_living, nodes.is_fenced, nodes.was_stopped)
        log.is_fenced = self.nodes.is_fenced
        log.held = self._tell_held

    async def check(self) -> None:
        """
        See that no other server has this node's name, before the chat is open.

        Raises:
            InUse: one has it.
        """
        await self.nodes.check()

    @property
    def publishes(self) -> Commits:
        """How it has gone to have the servers keep what is this node's."""
        return self._log.publishes

    @property
    def is_connected(self) -> bool:
        """Can the servers be reached?"""
        return self._log.bucket.is_connected

    @property
    def is_fenced(self) -> bool:
        """May the others take this node for dead, so that it takes no lines?"""
        return self.nodes.is_fenced()

    @property
    def living(self) -> int:
        """How many nodes have a lease, this one among them."""
        return self.nodes.living

    async def open(self) -> None:
        """
        Be a node of the cluster, once the chat is open and before anybody comes in or back.

        It answers when this node has its lease.

        Raises:
            InUse: another server has it.
        """
        self._chat.elsewhere.moved = moving.let_go
        self._chat.log.watch(records.SESSION, self._see_whether_buried)
        await self.nodes.open()
        self._chat.registry.share(self._shared)

    @property
    def others(self) -> str:
        """Return which other nodes there are, as a part of a sentence."""
        nodes = self.nodes.roll_call.nodes
        return f"other nodes: {', '.join(nodes)}" if nodes else "no other node runs"

    def stop(self) -> Deferred[object]:
        """
        The server ends: its people are still its own for as long as its lease lasts.

        It answers when the others have been told, if that can be.
        """
        self._chat.registry.stop()
        return self.nodes.stop()

    def _see_whether_buried(self, session_id: str, kept: bytes | None) -> None:
        """Another node has kept something of a session: it has buried it, perhaps, which is here still."""
        session = self._chat.people.session(session_id)
        if isinstance(session, Session) and kept is not None:
            record = records.session(kept)
            if not (record.has_left and moving.is_elsewhere(self._chat, record)):
                return
            if record.moved < session.moved:  # the node that had it before did not know that yet
                session.keep_now()
            else:
                self._disown(session, CUT_OFF)

    # What follows from whose lease is lost

    def have_lease(self, revision: int) -> None:
        """This node has a lease, with this revision."""
        self._log.have_lease(revision)

    async def recall(self) -> str:
        """Return which lease this node, or an earlier server of it, had last."""
        return (await self._chat.log.record(records.LEASE, "") or b"").decode()

    def remember(self, incarnation: str) -> None:
        """Keep which lease this node has."""
        self._chat.log.keep(records.LEASE, "", incarnation.encode())

    @property
    def operators(self) -> tuple[str, ...]:
        """The nicknames that this node's configuration names as operators, folded."""
        return self._chat.operators.folds

    async def catch_up(self) -> None:
        """Wait until what the others have logged has come."""
        await self._log.catch_up()

    def cut_off(self, why: str = CUT_OFF) -> None:
        """This node's lease was taken: hang up on everybody before one more line is taken, or goes out."""
        self._log.give_up()
        for session in self._chat.people.sessions():
            if isinstance(session, Session):
                self._disown(session, why)
        self._chat.registry.forget()

    def _tell_held(self, sessions: Collection[str]) -> None:
        """Tell people that something of theirs waits for the log."""
        for session in map(self._chat.people.session, sessions):
            if isinstance(session, Session) and not session.dialogue.is_over:
                session.dialogue.tell(HELD)

    def _disown(self, session: Session, why: str) -> None:
        try:
            moving.disown(session, Refused(why))
        except Exception:
            self.logger.failure("A session could not be given up", session=session.id)

    def back(self) -> None:
        """This node has a lease again: whom the others have not buried yet is here as after a start."""
        Deferred.fromCoroutine(revive(self._chat)).addErrback(self._failed)

    def _failed(self, failure: Failure) -> None:
        self.logger.failure("The people of this node could not be taken in again", failure)

    def ousted(self) -> None:
        """Another server has this node's name: one of the two has to end, and it is this one."""
        self.cut_off(OUSTED)
        self._ousted()

    def bury(self, node: str) -> None:
        """A node is dead, and it is this one that shows its people as gone."""
        self._burying.bury(node)

    def look(self) -> None:
        """Some time has passed: see to what a node has left undone that has died itself."""
        self._burying.look()
