"""Somebody who has connected and has no nickname yet: the greeting, the question, the answers."""

from __future__ import annotations

from twisted.internet.interfaces import IDelayedCall

from tcpchat import render
from tcpchat.commands import parse
from tcpchat.limits import ENDLESS_LINE, LONGEST_NAMELESS
from tcpchat.present import Present
from tcpchat.reader import Screen
from tcpchat.render import View
from tcpchat.requests import ChooseNick, Refused, TakeNick
from tcpchat.room import LOBBY
from tcpchat.service import Chat
from tcpchat.session import Effect, Session

QUESTION = "What is your nickname?"

# Seconds that a line waits which comes after a refused nickname. If it was piped in and not an
# answer (printf 'bob\nhello\n' | nc -N), the end of the stream follows at once, and the line is
# not another nickname.
LOOK_FOR_END = 0.2


def connected(chat: Chat, screen: Screen, address: str) -> Session:
    """Somebody has connected from an address: greet them, and return their session."""
    session = Session(chat, screen, address)
    state = Nameless(session)
    session.begin(state)
    state.greet()
    return session


class Nameless:
    """The state of a session before it has a nickname."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._chat = session.chat
        self._refusal: str | None = None
        self._after_refusal: list[str] = []
        self._timer: IDelayedCall | None = None
        self._deadline = self._chat.clock.callLater(LONGEST_NAMELESS, self._too_late)

    def greet(self) -> None:
        """Show what everybody sees first."""
        here = render.people(len(self._chat.room(LOBBY).room.members), LOBBY)
        welcome = f"Welcome to tcpchat. {here}. /help lists the commands, /quit leaves."
        self._session.tell(*(self._chat.greeting or (welcome,)), QUESTION)

    def carry_out(self, line: str) -> Effect | None:
        if self._refusal is not None:
            self._after_refusal.append(line)
            self._look_for_end()
            return None
        return self._answer(line)

    def refused(self) -> None:
        self._session.tell(QUESTION)

    def view(self, stream: str) -> View:
        return View()

    def ended(self) -> None:
        if self._refusal is not None:
            self._session.end(f"Not sent: {self._refusal}")
        else:
            self._session.end()

    def leave(self, reason: str) -> None:
        for timer in self._deadline, self._timer:
            if timer and timer.active():
                timer.cancel()

    def _too_late(self) -> None:
        self._session.cut_off(f"No nickname within {LONGEST_NAMELESS} seconds.")

    def _answer(self, line: str) -> Effect | None:
        request = parse(line, nameless=True)
        match request:
            case ChooseNick(nick) | TakeNick(nick):
                session = self._session
                try:
                    name = self._chat.claim(nick, session.id, session.address, isinstance(request, TakeNick))
                except Refused as refusal:
                    self._refusal = str(refusal)
                    raise
                return self._come_in(Present(session, name))
            case _:
                self._session.carry_out_anywhere(request)
                if not self._session.is_quitting:
                    self._session.tell(QUESTION)
                return None

    async def _come_in(self, present: Present) -> None:
        await present.come_in()
        self.leave("")

    def _look_for_end(self) -> None:
        """Wait a moment before the lines that came are taken as answers."""
        if sum(map(len, self._after_refusal)) > ENDLESS_LINE:
            # Nobody types that much in that time.
            self.ended()
        elif self._timer is None:
            self._timer = self._chat.clock.callLater(LOOK_FOR_END, self._no_end)

    def _no_end(self) -> None:
        self._timer = None
        self._refusal = None
        lines, self._after_refusal = self._after_refusal, []
        for line in lines:
            self._session.received(line)
