"""
Three chat nodes on three NATS servers: what becomes of what people say when any of them dies, is
stopped, or is cut off, and what everybody saw and sent is held against the log.

Small by default; ``make faults`` takes the times that are promised, some twenty minutes.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from random import Random

import pytest

from tests.faults.broken import hurries_in_cluster as hurried
from tests.faults.checker import Kind, summary
from tests.faults.clients import Client, JsonClient
from tests.faults.cluster import NODES, Cluster, Talk
from tests.faults.journal import Acknowledged, Note, Refused, Sent, Shown
from tests.faults.proxy import Faults, Proxy
from tests.faults.schedule import Schedule
from tests.nats_servers import NatsServers, a_name, three_servers
from tests.processes import PATIENCE

FULL = bool(os.environ.get("TCPCHAT_FULL"))
SEED = int(os.environ.get("TCPCHAT_SEED", "0")) or time.time_ns() % 1_000_000

# Lines a second, of all together.
RATE = 100.0 if FULL else 50.0
# Seconds after which everything goes on at the latest that one death has interrupted; machines that test
# other things too are slow to elect anybody.
PAUSE = 10.0 if FULL else 20.0
# Seconds for which servers die in turn: the stream's leader, another one, that of a node, all of them.
KILLING = 300.0 if FULL else 0.0
DEATHS = ("leader", "follower", "own", "all") if FULL else ("leader", "all")
# Seconds for which acknowledgements get lost, up to which they are late, and between two cuts.
LOSING, LATEST, CUTTING = (120.0, 30.0, 5.0) if FULL else (5.0, 5.0, 1.0)
# Times that a node is cut off, seconds for which it is, and within which it has to notice.
CUTS, CUT_OFF = (20, 10.0) if FULL else (2, 6.5)
NOTICED = 5.0
# Seconds for which a node is stopped, and after which the others take it for dead.
STOPPED, DEAD = (60.0, 45.0) if FULL else (hurried.TIMES.dead + 3, hurried.TIMES.dead)
# Seconds for which anything fails in any order, and from one thing to the next at most.
MIXED, LONGEST_STEP = (300.0, 10.0) if FULL else (15.0, 3.0)
# Real nodes wait long for each other; small tests are made with some that do not.
HURRIED = "" if FULL else "hurries_in_cluster"


@pytest.fixture(scope="module")
def servers() -> Iterator[NatsServers]:
    with three_servers() as running:
        yield running


def cluster(folder: Path, servers: NatsServers, broken: str = "", faults: Faults | None = None) -> Cluster:
    """Start three nodes on a stream of their own."""
    print(f"TCPCHAT_SEED={SEED}")
    ports = [server.port for server in servers.all]
    return Cluster(folder, ports, a_name(), broken=broken, faults=faults)


def test_nats_servers_die(tmp_path: Path, servers: NatsServers) -> None:
    random = Random(SEED)
    with cluster(tmp_path, servers) as it:
        talk = Talk(it, random, RATE, tmp_path)
        talk.go_on(1)
        begun, longest = time.monotonic(), 0.0
        for kind in cycle(DEATHS):
            leader = servers.leader(it.name)
            if kind == "leader":
                victims = [leader]
            elif kind == "follower":
                victims = [random.choice([n for n in range(3) if n != leader])]
            elif kind == "own":
                victims = [n for n in [it.connected_to(random.randrange(NODES))] if n is not None]
            else:
                victims = [0, 1, 2]
            for victim in victims:
                servers.kill(victim)
            if kind == "all":
                for victim in victims:
                    servers.start(victim)
            pause = talk.heals(60)
            longest = max(longest, pause)
            print(f"{kind} {victims} died: {pause:.1f} s")
            if kind != "all":
                for victim in victims:
                    servers.start(victim)
            talk.wait_for_servers()
            if kind == "all" and time.monotonic() - begun > KILLING:
                break
        findings = talk.end()
    assert not findings, f"seed {SEED}: {summary(findings)}"
    assert longest <= PAUSE


def test_a_chat_node_dies_and_its_people_come_back_on_others(tmp_path: Path, servers: NatsServers) -> None:
    with cluster(tmp_path, servers, HURRIED) as it:
        talk = Talk(it, Random(SEED), RATE, tmp_path)
        talk.go_on(1)
        quick, slow, reader = talk.on(0)
        it.nodes[0].kill()
        for client, node in ((quick, 1), (reader, 2)):
            client.port = it.nodes[node].port
        back = talk.heals(PAUSE, slow)
        print(f"those who came back at once were there after {back:.1f} s")
        notes = talk.on(1)[0].journal.notes
        begun = time.monotonic()
        assert talk.go_on(2 * DEAD + 30, lambda: any(is_left(note, slow.nick) for note in notes))
        print(f"who did not come back was gone after {time.monotonic() - begun:.1f} s more")
        it.restart(0)
        talk.heals(60)
        findings = talk.end()
        left = [note.nick for note in notes if isinstance(note, Shown) and note.type == "left"]
    assert not findings, f"seed {SEED}: {summary(findings)}"
    assert left == [slow.nick]


def test_acknowledgements_get_lost_and_late_and_connections_are_cut(
    tmp_path: Path, servers: NatsServers
) -> None:
    random = Random(SEED)
    with cluster(tmp_path, servers, faults=Faults(lost=5, late=7, longest=LATEST)) as it:
        talk = Talk(it, random, RATE, tmp_path)
        begun = time.monotonic()
        while time.monotonic() - begun < LOSING or not has_met_all(it.proxies):
            talk.go_on(CUTTING)
            proxy = random.choice(it.proxies)
            if random.random() < 0.2:
                proxy.silence()  # what comes is late, all of it
                talk.go_on(random.uniform(0, LATEST))
                proxy.heal()
            else:
                proxy.cut(to_node=random.random() < 0.5)
        for proxy in it.proxies:
            proxy.spare()
        talk.heals(60)
        findings = talk.end()
        print([(proxy.acknowledged, proxy.lost, proxy.late, proxy.cuts) for proxy in it.proxies])
    assert not findings, f"seed {SEED}: {summary(findings)}"


def has_met_all(proxies: Sequence[Proxy]) -> bool:
    """Has each lost an acknowledgement and had one late, and has any cut something in the middle?"""
    return all(it.lost and it.late for it in proxies) and any(it.cuts for it in proxies)


def outcomes(client: Client, begin: float, end: float) -> Iterator[tuple[type[Note], float]]:
    """Yield what came of each line that somebody sent between two moments, and after how many seconds."""
    sent: dict[str, float] = {}
    for note in client.journal.notes:
        match note:
            case Sent(ref=ref) if begin < note.at < end:
                sent.setdefault(ref, note.at)
            case Acknowledged(ref=ref) | Refused(ref=ref) if ref in sent:
                yield type(note), note.at - sent.pop(ref)


def test_a_node_is_cut_off(tmp_path: Path, servers: NatsServers) -> None:
    slowest = 0.0
    with cluster(tmp_path, servers, faults=Faults()) as it:
        talk = Talk(it, Random(SEED), RATE, tmp_path)
        for number in islice(cycle(range(NODES)), CUTS):
            proxy = it.proxies[number]
            talk.go_on(0.5)
            begun = time.monotonic()
            (proxy.refuse if number % 2 else proxy.silence)()
            talk.go_on(CUT_OFF)
            ended = time.monotonic()
            proxy.heal()
            print(f"cut off, it goes on {talk.heals(60):.1f} s after that is over")
            told = [known for client in talk.on(number) for known in outcomes(client, begun + NOTICED, ended)]
            assert told and {kind for kind, _ in told} == {Refused}, told
            slowest = max(slowest, *(seconds for _, seconds in told))
        findings = talk.end()
    print(f"new lines of who is cut off are refused after {slowest:.2f} s at most")
    assert not findings, f"seed {SEED}: {summary(findings)}"
    assert slowest < 1


def test_who_goes_to_another_node_from_one_that_is_cut_off_stays_there(
    tmp_path: Path, servers: NatsServers
) -> None:
    with cluster(tmp_path, servers, faults=Faults()) as it:
        talk = Talk(it, Random(SEED), RATE, tmp_path)
        talk.go_on(1)
        it.proxies[0].silence()
        talk.go_on(1)
        going, notes = {client.nick for client in talk.on(0)}, talk.on(2)[0].journal.notes
        for client in talk.on(0):
            client.say_farewell()  # which that node can tell nobody
            client.port = it.nodes[1].port
        print(f"all are on other nodes after {talk.heals(60):.1f} s")
        it.proxies[0].heal()
        assert talk.go_on(PATIENCE, lambda: all(any(is_left(it, nick) for it in notes) for nick in going))
        talk.heals(60)
        findings = talk.end()
    assert not findings, f"seed {SEED}: {summary(findings)}"


def test_a_node_is_stopped_while_others_take_its_nicknames(tmp_path: Path, servers: NatsServers) -> None:
    with cluster(tmp_path, servers, HURRIED) as it:
        talk = Talk(it, Random(SEED), RATE, tmp_path)
        talk.go_on(1)
        lost = talk.on(0)
        notes, nick = talk.on(1)[0].journal.notes, lost[0].nick
        begun = time.monotonic()
        it.nodes[0].process.send_signal(signal.SIGSTOP)
        talk.go_on(STOPPED, lambda: any(is_left(note, nick) for note in notes))
        print(f"who was on it was gone {time.monotonic() - begun:.1f} s after it was stopped")
        talk.go_on(1)  # the names of the dead are free a moment after they are shown as gone
        heir = JsonClient(talk.crowd, "zoe")
        heir.wants, heir.port = nick, it.nodes[1].port
        talk.crowd.add(heir)
        talk.go_on(PATIENCE, lambda: heir.is_in)
        assert heir.nick == nick
        talk.go_on(max(1.0, begun + STOPPED - time.monotonic()))
        it.nodes[0].process.send_signal(signal.SIGCONT)
        print(f"it was continued, and all goes on {talk.heals(60):.1f} s later")
        assert lost[0].nick != nick
        findings = talk.end(*lost)
    assert not findings, f"seed {SEED}: {summary(findings)}"


def test_whatever_fails_in_whatever_order(tmp_path: Path, servers: NatsServers) -> None:
    random = Random(SEED)
    with cluster(tmp_path, servers, HURRIED, faults=Faults()) as it:
        talk = Talk(it, random, RATE, tmp_path)
        schedule = Schedule(talk, servers, random)
        begun, done = time.monotonic(), []
        while time.monotonic() - begun < MIXED:
            done.append(schedule.go_on())
            talk.go_on(random.uniform(0, LONGEST_STEP))
        schedule.mend()
        print(", ".join(done))
        print(f"all goes on {talk.heals(PATIENCE):.1f} s after that")
        findings = talk.end(*schedule.excused)
    assert not findings, f"seed {SEED}: {done}: {summary(findings)}"


def is_left(note: Note, nick: str) -> bool:
    """Does it say that somebody has left?"""
    return isinstance(note, Shown) and (note.type, note.nick) == ("left", nick)


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("shows_unconfirmed", {Kind.NOT_LOGGED}),
        ("expects_nothing", {Kind.DIFFERS}),
    ],
)
def test_broken_nodes_are_found_out(
    tmp_path: Path, servers: NatsServers, how: str, expected: set[Kind]
) -> None:
    found: set[Kind] = set()
    for attempt in range(5):  # two have to say something at the same moment
        folder = tmp_path / str(attempt)
        folder.mkdir()
        with cluster(folder, servers, how) as it:
            talk = Talk(it, Random(SEED + attempt), 4 * RATE, folder, is_broken=True)
            talk.go_on(3)
            found = {finding.kind for finding in talk.look_at()}
        if expected <= found:
            return
    raise AssertionError(found)
