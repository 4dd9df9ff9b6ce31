"""What only a cluster can do wrong is found, in journals and logs written by hand."""

from __future__ import annotations

from dataclasses import replace

from tests.faults.checker import Finding, Kind, Record
from tests.faults.cluster_checker import check_equality, check_lateness, check_presence
from tests.faults.journal import Acknowledged, Broke, Journal, Note, Refused, Sent


def kinds(findings: object) -> list[Kind]:
    """Return what is wrong, without where."""
    assert not isinstance(findings, Finding)
    return [finding.kind for finding in findings]  # type: ignore[attr-defined]


def late(*notes: Note) -> list[Kind]:
    """Return what comes too late if 25 seconds are allowed."""
    return kinds(check_lateness([Journal("ann", notes)], 25))


def sent(ref: str, at: float) -> Sent:
    return Sent("lobby", ref, ref, at=at)


def test_an_outcome_in_time_is_right_whatever_it_is() -> None:
    known = Acknowledged("a", 1, at=25), Refused("b", "not-sent", "", at=25), Broke(at=25)
    assert late(sent("a", 0), sent("b", 0), sent("c", 0), *known) == []


def test_an_outcome_that_comes_late_is_found_whatever_it_is() -> None:
    known = Acknowledged("a", 1, at=26), Refused("b", "not-sent", "", at=26), Broke(at=26)
    assert late(sent("a", 0), sent("b", 0), sent("c", 0), *known) == [Kind.LATE] * 3


def test_what_is_sent_again_over_another_connection_has_all_the_time_again() -> None:
    again = sent("a", 0), Broke(at=20), sent("a", 21), Acknowledged("a", 1, at=40)
    assert late(*again) == []


def test_what_is_asked_twice_over_one_connection_is_timed_from_the_first() -> None:
    assert late(sent("a", 0), sent("a", 20), Acknowledged("a", 1, at=26)) == [Kind.LATE]


def log(*entries: str) -> list[Record]:
    """Return a log of some entries: type, nickname and text."""
    made = []
    for seq, entry in enumerate(entries, 1):
        kind, nick, text = f"{entry}  ".split(" ")[:3]
        made.append(Record("e", "lobby", seq, f"{seq:04}", kind, nick, text))
    return made


def present(*entries: str) -> list[Kind]:
    """Return what is wrong with who is there; who says `one` and `two` is ann, and `three` is eve."""
    ann = Journal("ann", [Sent("lobby", "one"), Sent("lobby", "two")])
    return kinds(check_presence([ann, Journal("eve", [Sent("lobby", "three")])], log(*entries)))


def test_who_comes_speaks_and_goes_is_right() -> None:
    assert present("message ann one", "left ann", "joined ann", "message ann two", "left ann") == []


def test_who_has_another_name_from_now_on_is_right() -> None:
    named = "joined ann", "message ann one", "renamed ann eve", "message eve two", "joined ann"
    assert present(*named, "left eve", "left ann") == []


def test_a_name_goes_from_one_to_the_next() -> None:
    assert present("joined ann", "message ann one", "left ann", "joined ann", "message ann three") == []


def test_who_comes_twice_without_going_is_found() -> None:
    assert present("joined ann", "joined ann") == [Kind.TWO]
    assert present("joined ann", "joined eve", "renamed eve ann") == [Kind.TWO]


def test_who_goes_twice_is_found() -> None:
    assert present("joined ann", "left ann", "left ann") == [Kind.GONE_TWICE]


def test_who_speaks_when_gone_is_found() -> None:
    assert present("joined ann", "left ann", "message ann one") == [Kind.GHOST]
    assert present("joined ann", "renamed ann eve", "action ann one") == [Kind.GHOST]


def test_two_who_speak_as_one_are_found() -> None:
    assert present("joined ann", "message ann one", "message ann three") == [Kind.TWO]


def test_rooms_are_apart_and_inboxes_are_none() -> None:
    elsewhere = [replace(record, room="dev") for record in log("joined ann", "left ann")]
    inbox = [replace(record, room="@1") for record in log("left ann", "left ann")]
    assert kinds(check_presence([], [*log("joined ann"), *elsewhere, *inbox])) == []


def test_nodes_that_have_the_same_log_are_right() -> None:
    assert kinds(check_equality(log("joined ann"), {"a": log("joined ann"), "b": log("joined ann")})) == []


def test_a_node_whose_log_is_another_is_found_once_a_room() -> None:
    whole = log("joined ann", "message ann one", "message ann two")
    swapped = [whole[0], replace(whole[2], seq=2), replace(whole[1], seq=3)]
    assert kinds(check_equality(whole, {"a": whole, "b": swapped})) == [Kind.DIFFERS]
    assert kinds(check_equality(whole, {"a": whole[:2], "b": [*whole, *log("left ann")]})) == [
        Kind.DIFFERS,
        Kind.DIFFERS,
    ]
