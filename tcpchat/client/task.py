"""What a client without a user interface does with a link until it is done, and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.defer import Deferred

from tcpchat.client.conversation import Conversation
from tcpchat.client.ending import BROKEN, REFUSED, hopeless
from tcpchat.client.foreign import ForeignServer
from tcpchat.client.happenings import MUTE, Foreign, Happening, Line, NickWanted, Offline, Online
from tcpchat.client.limits import LONGEST_FAREWELL
from tcpchat.client.link import Link
from tcpchat.text import clean

# Makes a link of a conversation, of what is to be told, and perhaps of how to talk to another server.
Connect = Callable[[Conversation, Callable[[Sequence[Happening]], None], ForeignServer | None], Link]


class Task:
    """
    Something to do over a link. ``done`` fires with the exit status.

    ``complain`` is told in a sentence what has gone wrong.
    """

    # Does it wait for a server that is not there from the beginning?
    is_patient = False
    # Does somebody sit there who can be asked for a nickname?
    is_attended = False

    def __init__(
        self,
        reactor: Any,
        connect: Connect,
        nicks: Sequence[str],
        complain: Callable[[str], None],
        foreign: ForeignServer | None = None,
    ) -> None:
        self.reactor = reactor
        self.done: Deferred[int] = Deferred()
        self.complain = complain
        self.conversation = Conversation(nicks)
        self.link = connect(self.conversation, self._happened, foreign)
        self.farewell: dict[str, str] = {}  # the reason for leaving, if there is one
        self._was_online = False
        self._only_ours = foreign is None
        self._is_told_of_tls = False
        self._refusal = ""
        self._is_leaving = False
        self._status = 0
        self._farewell: Any = None

    def start(self) -> None:
        """Begin."""
        self.link.start()

    def stop(self) -> None:
        """End at once, as by a signal: the server sees that one leaves."""
        self._is_leaving = True
        self.link.stop()

    def take(self, it: Happening) -> None:
        """Something has happened."""
        raise NotImplementedError

    def finish(self, status: int) -> None:
        """End with an exit status, once the server was told goodbye."""
        if self._is_leaving:
            return
        self._is_leaving = True
        self._status = status
        if self.conversation.is_online:
            self.conversation.asked.clear()
            self.link.ask("quit", **self.farewell)
            self._farewell = self.reactor.callLater(LONGEST_FAREWELL, self._end)
        else:
            self._end()

    def _end(self) -> None:
        self.link.stop()
        self.done.callback(self._status)

    def _happened(self, happened: Sequence[Happening]) -> None:
        try:
            self._take_all(happened)
        except Exception as error:  # a bug of ours: Twisted would go on, and it would end as if all was well
            self._give_up(BROKEN, f"Something is wrong with this program: {error!r}")
            raise

    def _take_all(self, happened: Sequence[Happening]) -> None:
        for it in happened:
            if self._is_leaving:
                if isinstance(it, Offline) and self._farewell is not None and self._farewell.active():
                    self._farewell.cancel()
                    self._end()
                continue
            self._was_online |= isinstance(it, Online)
            if isinstance(it, Offline) and not self._was_online and not self.link.is_foreign:
                status = hopeless(it, self._refusal)
                if status and (it.is_unknown or it.is_no_server or not self.is_patient):
                    self._give_up(status, self._refusal or it.why)
                    return
            elif isinstance(it, Foreign) and self._only_ours:
                if not (self._was_online or self._is_told_of_tls):
                    self._is_told_of_tls = True
                    self.complain(MUTE)
                continue
            elif isinstance(it, Line) and it.complaint:
                self._refusal = clean(it.complaint)
            elif isinstance(it, NickWanted) and not self.is_attended:
                self._give_up(REFUSED, it.text)
                return
            self.take(it)

    def _give_up(self, status: int, why: str) -> None:
        self.complain(why)
        self.finish(status)
