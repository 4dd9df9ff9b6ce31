"""Somebody who has connected and has no nickname yet: the greeting, the question, the answers."""

from __future__ import annotations

from twisted.internet.task import deferLater

from tcpchat import render
from tcpchat.commands import parse
from tcpchat.limits import LONGEST_NAMELESS
from tcpchat.logs.interface import NotKept
from tcpchat.names import Name
from tcpchat.present import Present
from tcpchat.render import View
from tcpchat.requests import ChooseNick, TakeNick
from tcpchat.room import LOBBY
from tcpchat.screen import Screen
from tcpchat.service import Chat
from tcpchat.session import Session
from tcpchat.state import Effect

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
        self._deadline = self._chat.clock.callLater(LONGEST_NAMELESS, self._too_late)

    def greet(self) -> None:
        """Show what everybody sees first."""
        here = render.people(len(self._chat.room(LOBBY).room.members), LOBBY)
        welcome = f"Welcome to tcpchat. {here}. /help lists the commands, /quit leaves."
        self._session.tell(*(self._chat.greeting or (welcome,)), QUESTION)

    def carry_out(self, line: str) -> Effect | None:
        """
        Take a line as an answer, or as one of the few commands.

        Raises:
            Refused: it is neither.
        """
        return self._answer(line) if self._refusal is None else self._answer_unless_ended(line)

    def refused(self, why: str) -> None:
        """Ask again."""
        self._refusal = why
        self._session.tell(QUESTION)

    def view(self, stream: str) -> View:
        """Nothing is seen yet."""
        return View()

    def last_error(self) -> str | None:
        """What was piped in without a nickname was not sent."""
        return self._refusal

    def leave(self, reason: str) -> None:
        """Nobody knew."""
        if self._deadline.active():
            self._deadline.cancel()

    def _too_late(self) -> None:
        self._session.cut_off(f"No nickname within {LONGEST_NAMELESS} seconds.")

    def _answer(self, line: str) -> Effect | None:
        self._refusal = None
        request = parse(line, nameless=True)
        match request:
            case ChooseNick(nick) | TakeNick(nick):
                session = self._session
                variant = isinstance(request, TakeNick)
                return self._come_in(self._chat.claim(nick, session.id, session.address, variant))
            case _:
                self._session.carry_out_anywhere(request)
                if not self._session.is_ending:
                    self._session.tell(QUESTION)
                return None

    async def _answer_unless_ended(self, line: str) -> None:
        """Wait a moment: after the end of the stream, or in a crowd of lines, it is no answer."""
        await deferLater(self._chat.clock, LOOK_FOR_END)
        if self._session.is_ending or self._session.is_crowded:
            self._session.drop_lines()
            self._session.ended()
        elif effect := self._answer(line):
            await effect

    async def _come_in(self, name: Name) -> None:
        try:
            await Present(self._session, name).come_in()
        except NotKept:
            self._session.begin(self)
            raise
        self.leave("")
