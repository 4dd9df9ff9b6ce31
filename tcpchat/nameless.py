"""Somebody who has connected and has no nickname yet: the greeting, the question, the answers."""

from __future__ import annotations

from functools import lru_cache

from twisted.internet.task import deferLater
from twisted.logger import Logger

from tcpchat import handed, render
from tcpchat.accounting import PASSWORD
from tcpchat.admission import Offence, Visit
from tcpchat.anywhere import carry_out_anywhere
from tcpchat.authenticating import authenticate
from tcpchat.barring import Banished, check_room, check_server
from tcpchat.command import Rank
from tcpchat.commands import parse
from tcpchat.dialogue import Dialogue
from tcpchat.limits import MOST_WRONG_CODES, MOST_WRONG_PASSWORDS
from tcpchat.logging_in import log_in
from tcpchat.logs.interface import NotKept, Unknown
from tcpchat.names import Name
from tcpchat.present import Present
from tcpchat.registry import Claiming
from tcpchat.render import View
from tcpchat.requests import (
    Asked,
    ChooseNick,
    Help,
    Login,
    Quit,
    Refused,
    Request,
    Resume,
    Set,
    SpeakJson,
    TakeNick,
)
from tcpchat.returning import come_back, come_in
from tcpchat.room import LOBBY
from tcpchat.sanctions import Identity
from tcpchat.screen import Screen
from tcpchat.service import Chat
from tcpchat.state import Effect, Later, Numbers, Outcome
from tcpchat.strangers import Stranger, by_line
from tcpchat.tally import TALLY

QUESTION = "What is your nickname?"
IF_YOURS = "If it is yours: /resume CODE, or /login NICK."

# Seconds for whoever has chosen none in time to read that: who never reads has had a minute.
TIME_TO_READ = 2

# Seconds that a line waits which comes after a refused nickname. If it was piped in and not an
# answer (printf 'bob\nhello\n' | nc -N), the end of the stream follows at once, and the line is
# not another nickname.
LOOK_FOR_END = 0.2


def connected(chat: Chat, screen: Screen, address: str, visit: Visit | None = None) -> Dialogue:
    """
    Somebody has connected from an address: greet them, and return their dialogue.

    ``visit`` is told what becomes of them; None if they are not counted.
    """
    dialogue = Dialogue(chat, screen, address)
    chat.sightings.tell("Somebody has connected from {address}", dialogue.reader.session, address=address)
    state = Nameless(dialogue, visit)
    dialogue.begin(state)
    state.greet()
    return dialogue


def turn_away(dialogue: Dialogue, stranger: Stranger) -> None:
    """Tell a program that took this port for another one that it is none, and hang up."""
    dialogue.reader.tell(stranger.answer)
    dialogue.cut_off(stranger.text)


@lru_cache(8)
def _greeting(own: tuple[str, ...], here: int) -> bytes:
    """Return what is shown first where so many are in the lobby: many come while it is the same."""
    welcome = f"Welcome to tcpchat. {render.people(here, LOBBY)}. /help lists the commands, /quit leaves."
    return render.notices((*(own or (welcome,)), QUESTION))


class Nameless:
    """The state of a dialogue before there is a nickname."""

    logger = Logger()

    is_nameless = True

    def __init__(self, dialogue: Dialogue, visit: Visit | None) -> None:
        self._dialogue = dialogue
        self._visit = visit
        self._chat = dialogue.chat
        self._refusal: str | None = None
        self._wrong_codes = 0
        self._lines = 0
        self._chat.nameless.set(self, self._too_late)

    def __str__(self) -> str:
        """Return the connection's id."""
        return self._dialogue.reader.session

    def greet(self) -> None:
        """Show what everybody sees first."""
        here = len(self._chat.rooms.lobby.room.members)
        self._dialogue.reader.tell(_greeting(self._chat.greeting, here))

    def understand(self, line: str) -> Request | None:
        """
        Return what a line asks for: it is one of the few commands, or a nickname, or no person's.

        Raises:
            Refused: it is neither.
        """
        self._lines += 1
        if stranger := by_line(line, self._lines):
            turn_away(self._dialogue, stranger)
            return None
        return parse(line, nameless=True)

    def carry_out(self, asked: Asked) -> Effect:
        """
        Do what is asked for.

        Raises:
            Refused: it is not done.
        """
        if self._refusal is not None and not asked.by_program:
            return self._answer_unless_ended(asked)
        return self._answer(asked)

    def refused(self, why: Refused) -> None:
        """Ask again."""
        self._refusal = str(why)
        if isinstance(why, Banished):
            self._refusal = None
            self._dialogue.drop_lines()
            self._dialogue.ended()
        elif self._dialogue.reader.is_gone:
            self._dialogue.cut_off(self._refusal)  # nobody reads it, and nobody will answer
        elif self._wrong_codes >= MOST_WRONG_CODES:
            self._dialogue.drop_lines()
            self._dialogue.ended()
        elif self._dialogue.wrong_passwords < MOST_WRONG_PASSWORDS:
            self._dialogue.tell(QUESTION)

    def hand_on(self) -> handed.Nameless:
        """Return what is known, for another process; here nobody is waited for any longer."""
        self._chat.nameless.cancel(self)
        return handed.Nameless(self._refusal, self._wrong_codes, self._lines)

    def go_on_from(self, it: handed.Nameless) -> None:
        """Know what another process knew."""
        self._refusal, self._wrong_codes, self._lines = it.refusal, it.wrong_codes, it.lines

    def view(self, stream: str) -> View:
        """Nothing is seen yet."""
        return View()

    def last_error(self) -> str | None:
        """What was piped in without a nickname was not sent."""
        return self._refusal if self._wrong_codes < MOST_WRONG_CODES else None

    def leave(self, reason: str = "") -> None:
        """Nobody knew."""
        self._chat.nameless.cancel(self)
        self._chat.sightings.tell("Somebody has gone without a nickname", str(self))

    def break_off(self) -> None:
        """There is nothing to come back to."""
        self.leave()

    def _too_late(self) -> None:
        TALLY.hit("seconds_nameless")
        self._offend(Offence.TOO_LATE)
        within = render.count(self._chat.seconds_nameless, "second", "seconds")
        self._dialogue.cut_off(f"No nickname within {within}.")
        self._chat.clock.callLater(TIME_TO_READ, self._dialogue.abort)

    def _offend(self, offence: Offence) -> None:
        if self._visit is not None:
            self._visit.offence = offence

    def _named(self) -> None:
        self._chat.nameless.cancel(self)
        if self._visit is not None:
            self._visit.named()

    def _answer(self, asked: Asked) -> Later | None:
        self._refusal = None
        match asked.request:
            case ChooseNick(nick):
                return self._come_in(*self._claim(nick, or_variant=False), asked.ref)
            case TakeNick(nick):
                return self._come_in(*self._claim(nick, or_variant=True), asked.ref)
            case Resume():
                return self._come_back(asked.request)
            case Login(nick, password):
                if password:
                    return self._log_in(nick, password, asked.ref)
                self._dialogue.ask(PASSWORD, asked.request)
                return None
            case None | Help() | Set() | SpeakJson() | Quit():
                carry_out_anywhere(self._dialogue, asked, lambda: Rank.NAMELESS)
                if not self._dialogue.is_ending:
                    self._dialogue.tell(QUESTION)
                return None
            case _:
                raise Refused("First choose a nickname.", "no-nick")

    async def _answer_unless_ended(self, asked: Asked) -> Outcome:
        """Wait a moment: after the end of the stream, or in a crowd of lines, it is no answer."""
        await deferLater(self._chat.clock, LOOK_FOR_END)
        if self._dialogue.is_ending or self._dialogue.is_crowded:
            self._dialogue.drop_lines()
            self._dialogue.ended()
            return None
        effect = self._answer(asked)
        if effect is not None:
            return await effect
        return None

    def _claim(self, nick: str, or_variant: bool) -> tuple[Identity, Claiming]:
        self._chat.lockdown.check()
        session = self._chat.new_id()
        who = Identity(self._chat.people.nickname(nick), session, self._dialogue.address)
        check_server(self._chat, who)
        check_room(self._chat, self._chat.rooms.lobby.room, who)
        try:
            return who, self._chat.registry.claim_at_once(nick, session, who.address, or_variant)
        except Refused as refusal:
            raise self._with_advice(refusal, who.name) from None

    async def _claimed(self, who: Identity, claiming: Claiming) -> Name:
        """Return the name that somebody has in the end, whom nobody could find until then, to ban them."""
        if isinstance(claiming, Name):
            return claiming
        try:
            name = await claiming
        except Refused as refusal:
            raise self._with_advice(refusal, who.name) from None
        try:
            check_server(self._chat, who)
        except Refused:
            self._chat.registry.release(name, who.person, who.address, is_kept=False)
            raise
        return name

    def _with_advice(self, refusal: Refused, name: Name) -> Refused:
        """Return a refusal of a nickname, with what can be done about it if it could be one's own."""
        if refusal.code == "nick-taken" and self._is_somebodys(name.display):
            return Refused(str(refusal), refusal.code, IF_YOURS)
        return refusal

    def _is_somebodys(self, nick: str) -> bool:
        """Could whoever asks for a nickname be the one who has it?"""
        people, accounts = self._chat.people, self._chat.accounts
        return people.is_broken(nick) or accounts.find(people.nickname(nick)) is not None

    async def _come_in(self, who: Identity, claiming: Claiming, ref: str) -> Numbers | None:
        name = await self._claimed(who, claiming)
        try:
            seqs = await come_in(self._dialogue, who.person, name, Present, ref)
        except (NotKept, Refused, Unknown):
            self._dialogue.begin(self)
            raise
        self._named()
        return seqs

    async def _come_back(self, request: Resume) -> None:
        try:
            await come_back(self._dialogue, request, Present)
        except Refused as refusal:
            if refusal.code == "bad-session":
                self._wrong_codes += 1
                self.logger.warn(
                    "A wrong code from {address}",
                    address=self._dialogue.address,
                    session=self._dialogue.reader.session,
                )
                self._offend(Offence.WRONG_CODE)
            raise
        self._named()

    async def _log_in(self, nick: str, password: str, ref: str) -> Numbers | None:
        try:
            account = await authenticate(self._dialogue, nick, password)
        except Refused as refusal:
            if refusal.code == "bad-login":
                self._offend(Offence.WRONG_CODE)
            raise
        seqs = await log_in(self._dialogue, account, Present, ref)
        self._named()
        return seqs
