"""The checker finds what is wrong, in journals written by hand and with servers broken on purpose."""

from __future__ import annotations

from pathlib import Path
from random import Random

from tests.faults.checker import Finding, Kind, Record, check, records, summary
from tests.faults.clients import Crowd, JsonClient
from tests.faults.journal import (
    NOTES,
    Acknowledged,
    Broke,
    Claimed,
    Connected,
    Entered,
    Gap,
    Journal,
    Named,
    Note,
    Refused,
    Sent,
    Shown,
    Went,
    load,
)
from tests.faults.servers import dump as dump_of
from tests.faults.servers import start, start_broken

COMING_IN: list[Note] = [Connected(), Claimed("ann"), Named("ann", "e"), Entered("lobby", 0)]


def dump(*texts: str, room: str = "lobby") -> list[Record]:
    """Return a log in which ann says something."""
    return [Record("e", room, seq, f"{seq:04}", "message", "ann", text) for seq, text in enumerate(texts, 1)]


def shown(seq: int | None, text: str, replay: bool = False) -> Shown:
    """Return that a client was shown something that ann says."""
    return Shown("lobby", seq, "message", "ann", text, replay)


def ann(*notes: Note, says: str = "a b c d") -> Journal:
    """Return a journal of ann, who says that, is told that it is in the log, and sees something of it."""
    said: list[Note] = []
    for seq, text in enumerate(says.split(), 1):
        said += [Sent("lobby", text, ref=text), Acknowledged(text, seq)]
    return Journal("ann", [*COMING_IN, *said, *notes])


def kinds(findings: list[Finding]) -> list[Kind]:
    """Return what is wrong, without where."""
    return [finding.kind for finding in findings]


def finds(journal: Journal, log: list[Record]) -> list[Kind]:
    """Return what is wrong with one journal."""
    return kinds(check([journal], log))


LOG = dump("a", "b", "c", "d")
ALL = [shown(seq, text) for seq, text in enumerate("abcd", 1)]


def test_nothing_is_found_where_everything_is_right() -> None:
    assert finds(ann(*ALL), LOG) == []


def test_what_was_shown_and_is_not_in_the_log_is_found() -> None:
    assert finds(ann(*ALL, says="a b c"), dump("a", "b", "c")) == [Kind.NOT_LOGGED]


def test_what_the_log_has_in_other_words_is_found() -> None:
    assert finds(ann(shown(1, "A")), LOG) == [Kind.NOT_LOGGED]


def test_what_the_log_has_of_somebody_else_is_found() -> None:
    assert finds(ann(Shown("lobby", 1, "message", "eve", "a")), LOG) == [Kind.NOT_LOGGED]


def test_what_is_in_another_log_under_the_same_number_is_found() -> None:
    assert finds(ann(Named("ann", "other"), shown(1, "a")), LOG) == [Kind.NOT_LOGGED]


def test_what_was_shown_twice_is_found() -> None:
    assert finds(ann(*ALL, shown(2, "b")), LOG) == [Kind.TWICE]


def test_twice_is_twice_also_over_two_connections() -> None:
    assert finds(ann(*ALL, Broke(), Connected({"lobby": 4}), shown(4, "d")), LOG) == [Kind.TWICE]


def test_what_comes_again_as_a_replay_is_in_order() -> None:
    replay = [shown(3, "c", replay=True), shown(4, "d", replay=True)]
    assert finds(ann(*ALL, *replay, Connected(), *replay), LOG) == []


def test_a_replay_that_runs_back_is_found() -> None:
    replay = [shown(4, "d", replay=True), shown(3, "c", replay=True)]
    assert finds(ann(*ALL, *replay), LOG) == [Kind.OUT_OF_ORDER]


def test_two_lines_the_wrong_way_round_are_found() -> None:
    assert finds(ann(ALL[0], ALL[2], ALL[1], ALL[3]), LOG) == [Kind.OUT_OF_ORDER]


def test_a_log_whose_time_runs_back_is_found() -> None:
    log = [*LOG[:3], Record("e", "lobby", 4, "0000", "message", "ann", "d")]
    assert finds(ann(*ALL), log) == [Kind.OUT_OF_ORDER]


def test_a_hole_is_found_once_however_long_it_is() -> None:
    assert finds(ann(ALL[0], ALL[3]), LOG) == [Kind.SILENT_GAP]


def test_a_hole_at_the_beginning_is_found() -> None:
    assert finds(ann(*ALL[1:]), LOG) == [Kind.SILENT_GAP]


def test_a_hole_that_was_told_is_none() -> None:
    assert finds(ann(ALL[0], Gap("lobby", 1, 4), ALL[3]), LOG) == []


def test_a_hole_that_was_told_too_small_is_found() -> None:
    assert finds(ann(ALL[0], Gap("lobby", 2, 4), ALL[3]), LOG) == [Kind.SILENT_GAP]


def test_what_was_said_while_one_was_not_there_is_no_hole() -> None:
    assert finds(ann(ALL[0], Went("lobby"), Entered("lobby", 3), ALL[3]), LOG) == []


def test_what_was_hidden_counts_as_shown() -> None:
    assert finds(ann(ALL[0], Shown("lobby", 2, "hidden", "", ""), *ALL[2:]), LOG) == []


def test_a_hole_in_the_log_is_found() -> None:
    assert kinds(check([ann(ALL[0], ALL[1], ALL[3], says="a b")], [*LOG[:2], LOG[3]])) == [
        Kind.SILENT_GAP,
        Kind.PHANTOM,
    ]


def test_what_nobody_said_is_found() -> None:
    assert finds(ann(*ALL, says="a b c"), LOG) == [Kind.PHANTOM]


def test_what_somebody_else_said_is_found() -> None:
    eve = Journal(
        "eve", [Claimed("eve"), Named("eve", "e"), Sent("lobby", "d", ref="d"), Acknowledged("d", 4)]
    )
    assert kinds(check([ann(*ALL, says="a b c"), eve], LOG)) == [Kind.PHANTOM]


def test_somebody_whom_nobody_is_called_is_found() -> None:
    log = [*LOG, Record("e", "lobby", 5, "0005", "joined", "eve", "")]
    assert finds(ann(*ALL), log) == [Kind.PHANTOM]


def test_a_name_to_which_the_server_has_added_a_number_is_known() -> None:
    log = [*LOG, Record("e", "lobby", 5, "0005", "joined", "ann2", "")]
    assert finds(ann(*ALL), log) == []


def test_a_line_that_is_in_the_log_twice_is_found() -> None:
    log = dump("a", "b", "c", "d", "a")
    assert finds(ann(*ALL, shown(5, "a")), log) == [Kind.SAID_TWICE]


def test_a_line_that_was_sent_twice_under_one_name_and_said_once_is_right() -> None:
    again: list[Note] = [Broke(), Connected(), Sent("lobby", "d", ref="d"), Acknowledged("d", 4)]
    assert finds(ann(*ALL, *again), LOG) == []


def test_what_was_acknowledged_and_is_not_in_the_log_is_found() -> None:
    assert finds(ann(*ALL[:3]), dump("a", "b", "c")) == [Kind.ACKNOWLEDGED]


def test_what_was_acknowledged_under_another_number_is_found() -> None:
    assert finds(ann(*ALL, Acknowledged("d", 3)), LOG) == [Kind.ACKNOWLEDGED]


def test_a_line_of_which_nothing_is_ever_heard_is_found() -> None:
    assert finds(ann(*ALL, Sent("lobby", "e", ref="e")), LOG) == [Kind.UNKNOWN]


def test_a_line_of_which_nothing_can_be_heard_is_none() -> None:
    assert finds(ann(*ALL, Sent("lobby", "e", ref="e"), Broke()), LOG) == []


def test_a_line_that_was_sent_again_is_waited_for_again() -> None:
    sent = Sent("lobby", "e", ref="e")
    assert finds(ann(*ALL, sent, Broke(), Connected(), sent), LOG) == [Kind.UNKNOWN]


def test_a_line_that_was_refused_is_not_waited_for() -> None:
    assert finds(ann(*ALL, Sent("lobby", "e", ref="e"), Refused("e", "not-sent", "…")), LOG) == []


def test_a_line_that_was_refused_and_is_in_the_log_is_found() -> None:
    assert finds(ann(*ALL, Refused("d", "not-sent", "…")), LOG) == [Kind.UNKNOWN]


def test_what_cannot_be_done_any_more_when_it_is_asked_for_again_may_have_been_done_before() -> None:
    again: list[Note] = [Broke(), Connected(), Sent("lobby", "d", ref="d"), Refused("d", "no-such-nick", "…")]
    assert finds(ann(*ALL, *again), LOG) == []
    assert finds(ann(*ALL, *again[:-1], Refused("d", "not-sent", "…")), LOG) == [Kind.UNKNOWN]
    assert finds(ann(*ALL, Refused("d", "no-such-nick", "…")), LOG) == [Kind.UNKNOWN]


def test_who_reads_text_is_shown_no_numbers_and_only_what_is_said() -> None:
    joined = Record("e", "lobby", 2, "0002", "joined", "ann", "")
    log = [LOG[0], joined, Record("e", "lobby", 3, "0003", "message", "ann", "b")]
    notes = [Sent("lobby", "a"), Sent("lobby", "b"), shown(None, "a"), shown(None, "b")]
    assert finds(Journal("ann", [*COMING_IN, *notes], sees_all=False), log) == []


def test_a_hole_is_found_by_who_reads_text() -> None:
    said = [Sent("lobby", text) for text in "abcd"]
    reader = Journal("ann", [*COMING_IN, *said, shown(None, "b"), shown(None, "d")], sees_all=False)
    assert finds(reader, LOG) == [Kind.SILENT_GAP, Kind.SILENT_GAP]


PRIVATE = [
    Record("e", "@1", 1, "0001", "private", "ann", "psst", "bob"),
    Record("e", "@2", 1, "0001", "private", "ann", "psst", "bob"),
]


def private(read: str = "psst") -> list[Journal]:
    """Return journals of ann, who writes to bob, and of bob, who reads something."""
    own = Entered("@", 0)
    sent: list[Note] = [own, Sent("@", "psst", "r", "bob"), Shown("@", 1, "private", "ann", "psst")]
    got: list[Note] = [own, Shown("@", 1, "private", "ann", read)]
    bob = Journal("bob", [Claimed("bob"), Named("bob", "e"), *got])
    return [Journal("ann", [*COMING_IN, *sent, Acknowledged("r", 1)]), bob]


def test_a_private_line_is_in_two_inboxes() -> None:
    assert check(private(), PRIVATE) == []


def test_a_private_line_that_reads_otherwise_is_found() -> None:
    assert kinds(check(private("pst"), PRIVATE)) == [Kind.NOT_LOGGED]


def test_a_private_line_that_is_twice_in_an_inbox_is_found() -> None:
    again = Record("e", "@2", 2, "0002", "private", "ann", "psst", "bob")
    assert kinds(check(private(), [*PRIVATE, again])) == [Kind.SAID_TWICE]


def test_a_private_line_for_somebody_else_is_found() -> None:
    astray = [Record("e", "@1", 1, "0001", "private", "ann", "psst", "eve")]
    assert Kind.PHANTOM in kinds(check(private(), astray))


def test_a_journal_is_the_same_when_it_comes_back_from_its_file(tmp_path: Path) -> None:
    notes: list[Note] = [
        *ann(*ALL, Broke(), Connected({"lobby": 4}), Gap("lobby", 4, 9), Refused("e", "x", "ü")).notes,
        Went("lobby"),
    ]
    Journal("ann", notes, sees_all=False).save(tmp_path)
    back = load(tmp_path / "ann.jsonl")
    assert (back.who, back.sees_all, back.notes) == ("ann", False, notes)
    assert {type(note).__name__ for note in notes} == NOTES.keys()


def test_a_dump_is_read_as_it_is_printed() -> None:
    line = '{"epoch":"e","room":"lobby","seq":1,"time":"0001","type":"message","from":"ann","text":"a"}'
    assert list(records([line])) == LOG[:1]


def test_a_summary_counts_and_names() -> None:
    found = check([ann(*ALL, shown(2, "b"))], LOG)
    assert summary(found) == "Findings: 1 shown twice\nshown twice: ann: lobby 2 message ann: b"
    assert summary([]) == "Findings: none"


# With real servers: one that is whole, and four that are not.


def make_crowd(port: int) -> Crowd:
    """Return four programs in the lobby, two of which can stall soon."""
    crowd = Crowd(port, Random(1))
    crowd.add(*(JsonClient(crowd, name, small=name < "c") for name in ("ann", "bob", "carl", "dora")))
    assert crowd.run(lambda: all(client.is_in for client in crowd.clients))
    return crowd


def stall(crowd: Crowd) -> None:
    """Have two clients read nothing while the others say more than there is room for, and then read."""
    ann, bob, *others = crowd.clients
    ann.reads = bob.reads = False
    for client in others:
        client.quota += 1000
    assert crowd.run(lambda: all(client.is_done for client in others))
    ann.reads = bob.reads = True


def result(crowd: Crowd, folder: Path) -> set[Kind]:
    """Let everybody see everything, and return what is wrong."""
    crowd.settle()
    findings = check(crowd.leave(folder), dump_of(folder))
    print(summary(findings))
    return set(kinds(findings))


def test_nothing_is_found_with_a_server_that_is_whole(tmp_path: Path) -> None:
    with start(tmp_path).ready() as server:
        crowd = make_crowd(server.port)
        stall(crowd)
        assert crowd.talk(200, random_resets=0.01)
        server.kill()
    with start(tmp_path, server.port).ready():
        assert result(crowd, tmp_path) == set()


def test_a_server_that_shows_before_it_commits_is_found_out(tmp_path: Path) -> None:
    found: set[Kind] = set()
    for attempt in range(5):  # it may have committed just before it is killed
        folder = tmp_path / str(attempt)
        folder.mkdir()
        with start_broken(folder, "shows_first").ready() as server:
            crowd = make_crowd(server.port)
            for client in crowd.clients:
                client.quota = 10_000
            crowd.run(lambda crowd=crowd: crowd.clients[0].quota < 9_500)  # type: ignore[misc]
            server.kill()
        for client in crowd.clients:
            client.quota = 0
        with start(folder, server.port).ready():
            found = result(crowd, folder)
        if {Kind.NOT_LOGGED, Kind.ACKNOWLEDGED} <= found:
            return
    raise AssertionError(found)


def test_a_server_that_does_again_what_is_asked_again_is_found_out(tmp_path: Path) -> None:
    with start_broken(tmp_path, "asks_anew").ready() as server:
        crowd = make_crowd(server.port)
        crowd.talk(200, random_resets=0.05)
        assert result(crowd, tmp_path) == {Kind.SAID_TWICE}


def test_a_server_that_drops_what_a_reader_has_no_room_for_is_found_out(tmp_path: Path) -> None:
    with start_broken(tmp_path, "drops").ready() as server:
        crowd = make_crowd(server.port)
        stall(crowd)
        assert result(crowd, tmp_path) == {Kind.SILENT_GAP}


def test_a_server_that_swaps_two_lines_for_one_reader_is_found_out(tmp_path: Path) -> None:
    with start_broken(tmp_path, "swaps").ready() as server:
        crowd = make_crowd(server.port)
        crowd.talk(100)
        assert result(crowd, tmp_path) == {Kind.OUT_OF_ORDER}
