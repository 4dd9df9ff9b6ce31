"""
Which of telnet's options are on, by the Q method of RFC 1143: no loop can come of it. No I/O.

Each side of a connection has 256 options. What one side says of an option of its own (WILL, WONT) or of
the other's (DO, DONT) is answered only if it changes something; what is not agreed to is refused once,
and after that there is silence.
"""

from __future__ import annotations

from enum import Enum, auto

from tcpchat import handed

IAC, SB, SE = 0xFF, 0xFA, 0xF0
WILL, WONT, DO, DONT = 0xFB, 0xFC, 0xFD, 0xFE

BINARY = 0  # RFC 856
ECHO = 1  # RFC 857
SUPPRESS_GO_AHEAD = 3  # RFC 858
TIMING_MARK = 6  # RFC 860
TERMINAL_TYPE = 24  # RFC 1091
WINDOW_SIZE = 31  # RFC 1073: NAWS
CHARSET = 42  # RFC 2066


class State(Enum):
    """What is known of one option of one side."""

    NO = auto()
    YES = auto()
    # Asked for, and not answered yet; the second of each is to be taken back as soon as it is.
    WANT_NO = auto()
    WANT_NO_THEN_YES = auto()
    WANT_YES = auto()
    WANT_YES_THEN_NO = auto()


class Side:
    """The options of one side: the server's own, or the client's as the server knows them."""

    __slots__ = "_agreed", "_off", "_on", "_refused", "_states"

    def __init__(self, on: int, off: int, agreed: frozenset[int]) -> None:
        """``on`` and ``off`` are what the server says of them: WILL and WONT, or DO and DONT."""
        self._on = on
        self._off = off
        self._agreed = agreed
        self._states: dict[int, State] = {}  # those that were on, or asked for, once: few
        self._refused = 0  # a bit for each

    def state(self, option: int) -> State:
        """Return what is known of an option."""
        return self._states.get(option, State.NO)

    def is_on(self, option: int) -> bool:
        """Does the other side do as if this were on? Until it confirms the end, it does."""
        return self.state(option) in (State.YES, State.WANT_NO, State.WANT_NO_THEN_YES)

    def heard(self, option: int, on: bool) -> tuple[bytes, bool]:
        """The other side says on or off: return what is to be answered, and whether that changed anything."""
        before = self.state(option)
        answer = b""
        if before is State.NO and on:
            if option not in self._agreed:
                return self._refusal(option), False
            after, answer = State.YES, self._say(option, True)
        elif before is State.YES and not on:
            after, answer = State.NO, self._say(option, False)
        elif before is State.WANT_NO_THEN_YES:
            # Off: now it can be asked for again. On is no answer to that, but what is wanted.
            after = State.YES if on else State.WANT_YES
            answer = b"" if on else self._say(option, True)
        elif before is State.WANT_YES_THEN_NO:
            after = State.WANT_NO if on else State.NO
            answer = self._say(option, False) if on else b""
        elif before is State.WANT_YES:
            after = State.YES if on else State.NO
        elif before is State.WANT_NO:
            after = State.NO  # on would be no answer: it was not asked, but told
        else:
            return b"", False
        self._states[option] = after
        return answer, True

    def want(self, option: int, on: bool) -> bytes:
        """Have an option on, or off: return what is to be said now."""
        state = self.state(option)
        if on:
            after = {
                State.NO: State.WANT_YES,
                State.WANT_NO: State.WANT_NO_THEN_YES,
                State.WANT_YES_THEN_NO: State.WANT_YES,
            }.get(state, state)
        else:
            after = {
                State.YES: State.WANT_NO,
                State.WANT_YES: State.WANT_YES_THEN_NO,
                State.WANT_NO_THEN_YES: State.WANT_NO,
            }.get(state, state)
        if after is state:
            return b""
        self._states[option] = after
        return self._say(option, on) if state in (State.NO, State.YES) else b""

    def hand_on(self) -> handed.Options:
        """Return what is known, for another process."""
        states = {option: state.name for option, state in self._states.items()}
        return handed.Options(states, [option for option in range(256) if self._refused >> option & 1])

    def go_on_from(self, it: handed.Options) -> None:
        """Know what another process knew."""
        self._states = {option: State[name] for option, name in it.states.items()}
        self._refused = sum(1 << option for option in it.refused)

    def _refusal(self, option: int) -> bytes:
        if self._refused >> option & 1:
            return b""
        self._refused |= 1 << option
        return self._say(option, False)

    def _say(self, option: int, on: bool) -> bytes:
        return bytes((IAC, self._on if on else self._off, option))
