"""The Q method of RFC 1143: every state with everything that can be said in it, and no loop of any two."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.telnet_options import DO, DONT, IAC, WILL, WONT, Side, State
from tests.handing import over

AGREED, OTHER = 31, 200
ON, OFF = bytes((IAC, DO, AGREED)), bytes((IAC, DONT, AGREED))

# By what is wanted, from the beginning on, a state is reached.
REACHED: dict[State, list[bool]] = {
    State.NO: [],
    State.WANT_YES: [True],
    State.WANT_YES_THEN_NO: [True, False],
}

# The state, what the other side says: the state after that, and what is answered (RFC 1143, section 7).
HEARD = [
    (State.NO, True, State.YES, ON),
    (State.NO, False, State.NO, b""),
    (State.YES, True, State.YES, b""),
    (State.YES, False, State.NO, OFF),
    (State.WANT_NO, True, State.NO, b""),
    (State.WANT_NO, False, State.NO, b""),
    (State.WANT_NO_THEN_YES, True, State.YES, b""),
    (State.WANT_NO_THEN_YES, False, State.WANT_YES, ON),
    (State.WANT_YES, True, State.YES, b""),
    (State.WANT_YES, False, State.NO, b""),
    (State.WANT_YES_THEN_NO, True, State.WANT_NO, OFF),
    (State.WANT_YES_THEN_NO, False, State.NO, b""),
]

# The state, what is wanted: the state after that, and what is said.
WANTED = [
    (State.NO, True, State.WANT_YES, ON),
    (State.NO, False, State.NO, b""),
    (State.YES, True, State.YES, b""),
    (State.YES, False, State.WANT_NO, OFF),
    (State.WANT_NO, True, State.WANT_NO_THEN_YES, b""),
    (State.WANT_NO, False, State.WANT_NO, b""),
    (State.WANT_NO_THEN_YES, True, State.WANT_NO_THEN_YES, b""),
    (State.WANT_NO_THEN_YES, False, State.WANT_NO, b""),
    (State.WANT_YES, True, State.WANT_YES, b""),
    (State.WANT_YES, False, State.WANT_YES_THEN_NO, b""),
    (State.WANT_YES_THEN_NO, True, State.WANT_YES, b""),
    (State.WANT_YES_THEN_NO, False, State.WANT_YES_THEN_NO, b""),
]


def make() -> Side:
    return Side(DO, DONT, frozenset((AGREED,)))


def in_state(state: State) -> Side:
    side = make()
    if state in REACHED:
        for on in REACHED[state]:
            side.want(AGREED, on)
    else:
        side.heard(AGREED, True)
        if state is not State.YES:
            side.want(AGREED, False)
        if state is State.WANT_NO_THEN_YES:
            side.want(AGREED, True)
    assert side.state(AGREED) is state
    return side


class SideTests(SynchronousTestCase):
    def test_what_is_heard_in_every_state(self) -> None:
        for state, on, after, answer in HEARD:
            side = in_state(state)
            self.assertEqual(side.heard(AGREED, on), (answer, after is not state), (state, on))
            self.assertIs(side.state(AGREED), after, (state, on))

    def test_what_is_wanted_in_every_state(self) -> None:
        for state, on, after, said in WANTED:
            side = in_state(state)
            self.assertEqual((side.want(AGREED, on), side.state(AGREED)), (said, after), (state, on))

    def test_it_is_on_until_its_end_is_confirmed(self) -> None:
        on = {State.YES, State.WANT_NO, State.WANT_NO_THEN_YES}
        self.assertEqual({state for state in State if in_state(state).is_on(AGREED)}, on)

    def test_what_is_not_agreed_to_is_refused_once_and_then_there_is_silence(self) -> None:
        side = make()
        self.assertEqual(side.heard(OTHER, True), (bytes((IAC, DONT, OTHER)), False))
        for on in (True, False, True):
            self.assertEqual(side.heard(OTHER, on), (b"", False))
        self.assertEqual(side.heard(OTHER + 1, True), (bytes((IAC, DONT, OTHER + 1)), False))
        self.assertFalse(side.is_on(OTHER))

    def test_the_servers_own_options_are_told_by_will_and_wont(self) -> None:
        side = Side(WILL, WONT, frozenset((AGREED,)))
        self.assertEqual(side.heard(AGREED, True)[0], bytes((IAC, WILL, AGREED)))
        self.assertEqual(side.heard(AGREED, False)[0], bytes((IAC, WONT, AGREED)))


class SideLaws(SynchronousTestCase):
    @given(st.lists(st.tuples(st.sampled_from(("client", "server", "hears")), st.booleans())))
    def test_two_that_speak_so_come_to_an_end_and_agree(self, acts: list[tuple[str, bool]]) -> None:
        client, server = Side(WILL, WONT, frozenset((AGREED,))), make()
        to_server: list[bytes] = []
        to_client: list[bytes] = []

        def hear(side: Side, source: list[bytes], answers: list[bytes]) -> None:
            if source:
                said = source.pop(0)
                answers.extend(filter(None, [side.heard(AGREED, said[1] in (WILL, DO))[0]]))

        for who, on in acts:
            if who == "client":
                to_server += filter(None, [client.want(AGREED, on)])
            elif who == "server":
                to_client += filter(None, [server.want(AGREED, on)])
            else:
                hear(server, to_server, to_client)
                hear(client, to_client, to_server)
        for _ in range(10 * len(acts) + 10):
            hear(server, to_server, to_client)
            hear(client, to_client, to_server)
        self.assertEqual((to_server, to_client), ([], []))
        self.assertEqual(client.is_on(AGREED), server.is_on(AGREED))

    @given(st.lists(st.tuples(st.integers(0, 255), st.booleans())))
    def test_what_is_repeated_is_answered_once(self, said: list[tuple[int, bool]]) -> None:
        side = make()
        for option, on in said:
            side.heard(option, on)
            self.assertEqual(side.heard(option, on), (b"", False))

    @given(st.lists(st.tuples(st.integers(0, 255), st.booleans(), st.booleans())), st.integers(0, 20))
    def test_another_process_goes_on_with_what_was_agreed(
        self, said: list[tuple[int, bool, bool]], place: int
    ) -> None:
        alone, one = make(), make()
        for number, (option, on, wants) in enumerate(said):
            if number == place:
                one, before = make(), one
                one.go_on_from(over(before.hand_on()))
            if wants:
                self.assertEqual(one.want(option, on), alone.want(option, on))
            else:
                self.assertEqual(one.heard(option, on), alone.heard(option, on))
