"""What every way of fanout promises (`tcpchat.fanout.interface`), as tests with real sockets."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import select
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest import SkipTest

from hypothesis import given, settings
from hypothesis import strategies as st

from tcpchat.fanout.interface import Crowd
from tcpchat.screen import Show
from tests.processes import PATIENCE

if TYPE_CHECKING:
    from twisted.trial.unittest import SynchronousTestCase as Case
else:
    Case = object  # the class that a fanout's own test adds is the one that runs

# More than any socket takes at once.
HUGE = bytes(range(256)) * 5000

# Connects so often to a name of Linux's own kind, which is no file; then reads from each connection
# until its end, and says from how many there came what was to come.
READERS = """
import resource, socket, sys
name, number, expected = sys.argv[1], int(sys.argv[2]), sys.argv[3].encode()
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
sockets = [socket.socket(socket.AF_UNIX) for _ in range(number)]
for each in sockets:
    each.connect(chr(0) + name)
right = 0
for each in sockets:
    came = b""
    while more := each.recv(65536):
        came += more
    right += came == expected
print(right)
"""


SESSIONS = st.sampled_from([f"s{n}" for n in range(12)])
ENTERING = st.tuples(st.just("enter"), SESSIONS, st.sampled_from([1, 5000, 30_000]))
LEAVING = st.tuples(st.just("leave"), SESSIONS)
READING = st.tuples(st.just("read"), SESSIONS, st.sampled_from([1, 1000, 1 << 20]))
HANDING = st.tuples(
    st.just("hand"),
    st.builds(
        lambda size, first: HUGE[first : first + size],
        st.sampled_from([1, 170, 5000, 40_000, 100_000]),
        st.integers(0, 255),
    ),
    st.sets(SESSIONS, max_size=3),
)
Step = Any


class Connection:
    """A member, its peer, and what the peer has yet to read."""

    def __init__(self, tcp: bool = False, buffer: int = 0) -> None:
        """Connect; ``buffer``: bytes that the system keeps of what is on its way, about."""
        self.show: Show = self.never
        self.socket: socket.socket | None
        if tcp:
            with socket.create_server(("127.0.0.1", 0)) as listening:
                if buffer:
                    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
                self.ours = socket.create_connection(listening.getsockname(), PATIENCE)
                self.peer, _ = listening.accept()
        else:
            self.ours, self.peer = socket.socketpair()
        if buffer:
            self.ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)
        self.ours.setblocking(False)
        self.peer.settimeout(PATIENCE)
        self.socket = self.ours
        self.expected = bytearray()

    def never(self, data: bytes) -> int:
        raise AssertionError("a member with a socket is not asked to show anything")

    def taken(self, data: bytes, outcome: int | Exception | None) -> None:
        """Note that so much of something was taken, which is all if nothing was reported."""
        assert not isinstance(outcome, Exception), outcome
        assert outcome is None or 0 <= outcome < len(data)
        self.expected += data if outcome is None else data[:outcome]

    def read(self, size: int) -> bytes:
        """Read so much of what was taken."""
        size = min(size, len(self.expected))
        came = b""
        while len(came) < size:
            came += self.peer.recv(size - len(came))
        assert came == self.expected[:size]
        del self.expected[:size]
        return came

    def reads_all(self) -> bool:
        """Hang up. Does the peer read all that was taken, and then the end?"""
        self.ours.close()
        came = bytearray()
        while more := self.peer.recv(1 << 20):
            came += more
        return came == self.expected

    def close(self) -> None:
        self.ours.close()
        self.peer.close()


class Member(NamedTuple):
    """A member with a socket, and nothing else."""

    socket: socket.socket
    show: Show = len


class Shown:
    """A member without a socket, who takes what it is told to take."""

    socket = None

    def __init__(self, *outcomes: int | Exception) -> None:
        self.shown: list[bytes] = []
        self._outcomes = list(outcomes)

    def show(self, data: bytes) -> int | Exception:
        self.shown.append(data)
        return self._outcomes.pop(0) if self._outcomes else len(data)


class FanoutContract(Case):
    """Mix it with a test case, and say how to make a crowd."""

    def make_crowd(self) -> Crowd:
        raise NotImplementedError

    def setUp(self) -> None:
        self.crowd = self.make_crowd()
        self.connections: dict[str, Connection] = {}

    def enter(self, session: str, tcp: bool = False, buffer: int = 0) -> Connection:
        """Somebody connects and enters."""
        connection = self.connections[session] = Connection(tcp, buffer)
        self.addCleanup(connection.close)
        self.crowd.enter(session, connection)
        return connection

    def enter_many(self, number: int, tcp: bool = False) -> None:
        for n in range(number):
            self.enter(f"s{n}", tcp)

    def hand(self, data: bytes, *apart: str) -> dict[str, int | Exception]:
        """Hand something over, and note who took what."""
        reported = self.crowd.hand(data, set(apart))
        outcomes = dict(reported)
        self.assertEqual(len(outcomes), len(reported), "somebody was reported twice")
        for session, connection in self.connections.items():
            if session in self.crowd and session not in apart:
                outcome = outcomes.get(session)
                if not isinstance(outcome, Exception):
                    connection.taken(data, outcome)
        return outcomes

    def assert_all_read_what_they_took(self) -> None:
        for session, connection in self.connections.items():
            self.assertTrue(connection.reads_all(), session)

    # Everybody gets everything

    def test_everybody_gets_all_bytes_in_their_order(self) -> None:
        for tcp in False, True:
            self.connections.clear()
            self.crowd = self.make_crowd()
            self.enter_many(30, tcp)
            for n in range(50):
                self.assertEqual(self.hand(b"%d:" % n + b"x" * n), {})
            self.assert_all_read_what_they_took()

    def test_sizes_may_change_from_time_to_time(self) -> None:
        self.enter_many(11)
        for size in (1, 3000, 2, 1, 4096, 100, 1):
            self.assertEqual(self.hand(b"x" * size), {})
        self.assert_all_read_what_they_took()

    def test_crowds_do_not_disturb_each_other(self) -> None:
        others = self.make_crowd()
        self.enter_many(5)
        other = Connection()
        self.addCleanup(other.close)
        others.enter("s0", other)
        self.assertEqual(self.hand(b"to these\n"), {})
        self.assertEqual(others.hand(b"to those\n"), [])
        other.taken(b"to those\n", None)
        self.assertTrue(other.reads_all())
        self.assert_all_read_what_they_took()

    def test_a_crowd_may_be_empty_and_so_may_a_batch(self) -> None:
        self.assertEqual(self.hand(b"hello"), {})
        self.enter_many(2)
        shown = Shown()
        self.crowd.enter("bob", shown)
        self.assertEqual(self.hand(b""), {})
        self.assertEqual(shown.shown, [])
        self.assert_all_read_what_they_took()

    def test_ten_thousand_members(self) -> None:
        number, text = 10_000, "hello"
        before, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        if most != resource.RLIM_INFINITY and most < number + 200:
            raise SkipTest(f"the system lets a process have no more than {most} descriptors")
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (before, most))
        name = f"{self.id()} {os.getpid()}"
        command = [sys.executable, "-c", READERS, name, str(number), text * 3]
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(f"\0{name}")
            listening.listen()
            listening.settimeout(PATIENCE)
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as readers:
                with contextlib.ExitStack() as connections:
                    for n in range(number):
                        ours = connections.enter_context(listening.accept()[0])
                        ours.setblocking(False)
                        self.crowd.enter(f"s{n}", Member(ours))
                    for _ in range(3):
                        self.assertEqual(self.crowd.hand(text.encode()), [])
                assert readers.stdout is not None
                self.assertEqual(readers.stdout.read(), f"{number}\n")

    # Those who do not take all

    def test_what_was_taken_is_told_to_the_byte(self) -> None:
        for tcp in False, True:
            self.connections.clear()
            self.crowd = self.make_crowd()
            self.enter("large", tcp, 100_000)
            self.enter("small", tcp, 20_000)
            self.enter("smaller", tcp, 5_000)
            outcomes = self.hand(HUGE)
            self.assertEqual(outcomes.keys(), self.connections.keys())
            self.assertNotIn(0, outcomes.values())
            self.assert_all_read_what_they_took()

    def test_a_full_socket_takes_nothing_and_more_once_its_peer_has_read(self) -> None:
        connection = self.enter("bob", buffer=5000)
        self.fill("bob")
        self.assertEqual(self.hand(b"hello"), {"bob": 0})
        connection.read(1 << 20)
        self.assertEqual(self.hand(b"hello"), {})
        self.assert_all_read_what_they_took()

    def test_who_does_not_read_holds_up_nobody(self) -> None:
        self.enter_many(20)
        for stalled in "s3", "s9", "s19":
            self.fill(stalled)
        self.assertEqual(self.hand(b"hello"), {"s3": 0, "s9": 0, "s19": 0})
        self.assert_all_read_what_they_took()

    def test_if_nobody_reads_nobody_takes_anything(self) -> None:
        self.enter_many(20)
        for session in self.connections:
            self.fill(session)
        self.assertEqual(self.hand(b"hello"), dict.fromkeys(self.connections, 0))
        self.assert_all_read_what_they_took()

    def fill(self, session: str) -> None:
        """Hand to one until it takes nothing."""
        for data in HUGE, b"x":
            outcome: int | Exception | None = None
            while outcome != 0:
                outcome = self.crowd.hand_one(session, data)
                self.connections[session].taken(data, None if outcome == len(data) else outcome)

    def test_a_batch_of_more_than_a_mebibyte_arrives_part_by_part(self) -> None:
        self.enter_many(12)
        left = dict.fromkeys(self.connections, HUGE)
        outcomes = self.hand(HUGE)
        while left:
            for session, taken in outcomes.items():
                assert isinstance(taken, int)
                left[session] = left[session][taken:]
                self.connections[session].read(1 << 20)
            outcomes = {}
            for session, data in list(left.items()):
                outcomes[session] = taken = self.crowd.hand_one(session, data)
                self.connections[session].taken(data, None if taken == len(data) else taken)
                if taken == len(data):
                    del left[session], outcomes[session]
        self.assert_all_read_what_they_took()

    # Broken connections

    def assert_broken(self, outcomes: dict[str, int | Exception], **expected: type[Exception]) -> None:
        self.assertEqual({session: type(outcome) for session, outcome in outcomes.items()}, expected)

    def test_a_peer_that_has_hung_up(self) -> None:
        self.enter_many(5)
        self.connections.pop("s2").peer.close()
        self.assert_broken(self.hand(b"hello"), s2=BrokenPipeError)
        self.assert_broken(self.hand(b"again"), s2=BrokenPipeError)
        self.assertIsInstance(self.crowd.hand_one("s2", b"and again"), BrokenPipeError)
        self.assert_all_read_what_they_took()

    def test_a_peer_that_has_reset_the_connection(self) -> None:
        self.enter_many(5, tcp=True)
        broken = self.connections.pop("s2")
        broken.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        broken.peer.close()
        poll = select.poll()
        poll.register(broken.ours, 0)
        self.assertNotEqual(poll.poll(PATIENCE * 1000), [], "the reset has not come")
        self.assert_broken(self.hand(b"hello"), s2=ConnectionResetError)
        self.assert_broken(self.hand(b"again"), s2=BrokenPipeError)
        self.assert_all_read_what_they_took()

    def test_a_connection_that_we_have_closed(self) -> None:
        self.enter_many(20)
        for closed in "s0", "s2", "s3", "s19":
            self.connections.pop(closed).ours.close()
        for _ in range(2):
            outcomes = self.hand(b"hello")
            self.assert_broken(outcomes, s0=OSError, s2=OSError, s3=OSError, s19=OSError)
            for outcome in outcomes.values():
                self.assertEqual(getattr(outcome, "errno", None), errno.EBADF)
        self.assert_all_read_what_they_took()

    def test_whoever_has_the_descriptor_of_a_closed_connection_gets_nothing(self) -> None:
        self.enter_many(3)
        self.assertEqual(self.hand(b"before"), {})
        descriptor = self.connections["s1"].ours.fileno()
        self.connections.pop("s1").ours.close()
        others = [Connection() for _ in range(2)]
        for other in others:
            self.addCleanup(other.close)
        self.assertIn(descriptor, [end.fileno() for other in others for end in (other.ours, other.peer)])
        self.assert_broken(self.hand(b"after"), s1=OSError)
        for other in others:
            other.ours.close()
            self.assertEqual(other.peer.recv(100), b"")
        self.assert_all_read_what_they_took()

    def test_an_error_holds_nothing_that_the_garbage_collector_must_find(self) -> None:
        self.enter("ada").ours.close()
        for outcome in self.hand(b"hello").values():
            assert isinstance(outcome, OSError)
            self.assertIsNone(outcome.__traceback__)

    # Those without a socket, and those who stand apart

    def test_members_without_a_socket_are_shown_it(self) -> None:
        self.enter_many(10)
        gone = OSError("gone")
        shows = {"all": Shown(), "none": Shown(0, 5), "some": Shown(3, 0), "gone": Shown(gone, gone)}
        for session, member in shows.items():
            self.crowd.enter(session, member)
        self.assertEqual(self.hand(b"hello"), {"none": 0, "some": 3, "gone": gone})
        self.assertEqual(self.crowd.hand_one("none", b"again"), 5)
        self.assertEqual(self.crowd.hand_one("some", b"again"), 0)
        self.assertEqual(self.hand(b"there", "none", "s3", "some"), {"gone": gone})
        for session in shows:
            self.crowd.leave(session)
        self.assertEqual(self.hand(b"nobody"), {})
        self.assertEqual(
            {session: member.shown for session, member in shows.items()},
            {
                "all": [b"hello", b"there"], "none": [b"hello", b"again"], "some": [b"hello", b"again"],
                "gone": [b"hello", b"there"],
            },
        )  # fmt: skip
        self.assert_all_read_what_they_took()

    def test_those_who_stand_apart_are_handed_nothing(self) -> None:
        self.enter_many(20)
        self.fill("s7")
        everybody = list(self.connections)
        self.assertEqual(self.hand(b"one", "s0", "s3", "s19", "nobody"), {"s7": 0})
        self.assertEqual(self.hand(b"two", "s7"), {})
        self.assertEqual(self.hand(b"three", *everybody[:15]), {})
        self.assertEqual(self.hand(b"four", *everybody), {})
        self.assertEqual(self.hand(b"five"), {"s7": 0})
        self.assert_all_read_what_they_took()

    def test_one_is_handed_something_alone(self) -> None:
        self.enter_many(3)
        for text in b"hello", b"again":
            self.assertEqual(self.crowd.hand_one("s1", text), len(text))
            self.connections["s1"].taken(text, None)
        self.fill("s2")
        self.assertEqual(self.crowd.hand_one("s2", b"hello"), 0)
        self.assert_all_read_what_they_took()

    # Coming and going

    def test_who_enters_gets_what_follows_and_who_leaves_gets_no_more(self) -> None:
        self.enter_many(5)
        self.assertEqual(len(self.crowd), 5)
        self.hand(b"one")
        self.crowd.leave("s3")
        self.enter("bob")
        self.hand(b"two")
        self.crowd.enter("s3", self.connections["s3"])
        self.crowd.leave("bob")
        self.hand(b"three")
        self.assertIn("s3", self.crowd)
        self.assertNotIn("bob", self.crowd)
        self.assert_all_read_what_they_took()

    def test_who_is_not_there_cannot_leave_or_be_handed_anything(self) -> None:
        self.enter("ada")
        self.assertRaises(KeyError, self.crowd.leave, "bob")
        self.assertRaises(KeyError, self.crowd.hand_one, "bob", b"hello")
        self.crowd.leave("ada")
        self.assertRaises(KeyError, self.crowd.leave, "ada")
        self.assertFalse(self.crowd)

    def test_who_enters_anew_does_so_with_another_connection(self) -> None:
        self.enter_many(3)
        self.hand(b"one")
        old, shown = self.connections["s1"], Shown()
        new = self.enter("s1")
        self.hand(b"two")
        self.connections["s1"] = old
        self.crowd.enter("s1", shown)
        old_expected = bytes(old.expected)
        self.hand(b"three")
        old.expected[:] = old_expected
        self.assertEqual(len(self.crowd), 3)
        self.assertEqual(shown.shown, [b"three"])
        self.assertTrue(new.reads_all())
        self.assert_all_read_what_they_took()

    # And all of it at random

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.one_of(ENTERING, LEAVING, READING, HANDING), max_size=60))
    def test_each_peer_reads_exactly_what_was_taken(self, steps: list[Step]) -> None:
        self.crowd = self.make_crowd()
        self.connections = {}
        gone = []
        try:
            for step in steps:
                match step:
                    case ("enter", session, buffer):
                        if session in self.connections:
                            gone.append(self.connections.pop(session))
                        self.connections[session] = Connection(buffer=buffer)
                        self.crowd.enter(session, self.connections[session])
                    case ("leave", session) if session in self.crowd:
                        self.crowd.leave(session)
                    case ("read", session, size) if session in self.connections:
                        self.connections[session].read(size)
                    case ("hand", data, apart):
                        self.hand(data, *apart)
            self.assertTrue(all([connection.reads_all() for connection in gone]))
            self.assert_all_read_what_they_took()
        finally:
            for connection in (*gone, *self.connections.values()):
                connection.close()
