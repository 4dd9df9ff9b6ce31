"""
RELIABILITY.md's promises P1 to P7, held against the log and against every byte that leaves the server.

Everything that people say has a mark in it, a word that is in no other line, so that each line that
anybody is shown can be found in the log. What is wrong is found at once, or, what should have come
and has not, when everything is at rest (`check_at_rest`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from tcpchat.events import Banned, Entry, Joined, Kicked, Left, Renamed, Replied, Spoken, Told, inbox
from tcpchat.room import AUDIT
from tests.searching.log import TroubledLog
from tests.searching.witness import EDITED, REPLY, Broken, Line, Witness, demand

PAGED = re.compile(r"\*\*\* \d+ more: /more")
RENAMED = re.compile(r"\*\*\* \S+ is now known as (\S+)\.")


class Sent(NamedTuple):
    """What somebody has typed: by whom, and what the server has to make of it."""

    guest: int
    room: str = ""  # where a program wants it said
    to: str = ""  # to whom it is written


@dataclass
class Seen:
    """What one session was shown, over all of its connections."""

    guest: int
    person: str
    # Marks that were sent as new, to each terminal: one may go on where another has got further.
    live: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    arrived: set[str] = field(default_factory=set)  # marks, new or of the past
    # Of programs: as new, and arrived, at each terminal.
    entries: dict[int, set[tuple[str, int]]] = field(default_factory=lambda: defaultdict(set))
    # Of an account: after which entry it has to be shown all, as it was read over other connections before.
    begun: dict[str, int] = field(default_factory=dict)


class Promises:
    """Knows what was typed, and looks at what was logged and sent."""

    def __init__(self, log: TroubledLog, sits_down: Callable[[str], bool]) -> None:
        """``sits_down`` tells whether a person is there already, over another connection."""
        self.log = log
        self.sits_down = sits_down
        self.findings: list[Broken] = []
        self.sent: dict[str, Sent] = {}
        self.seen: dict[str, Seen] = {}  # by session
        self.owners: dict[str, int] = {}  # by person
        self.read: dict[str, dict[str, int]] = defaultdict(dict)  # the last line that a person has, by stream
        self.members: dict[str, dict[str, str]] = {}  # nicknames, by room and person
        self.nicks: dict[str, set[str]] = defaultdict(set)  # that a person ever had
        self.asked: dict[int, set[str]] = defaultdict(set)  # the names that a guest ever asked for
        self.ignoring: set[int] = set()  # who has ignored somebody, ever
        self.came: dict[tuple[str, str], int] = {}  # the entry by which a person came into a room last
        self.first: dict[tuple[str, str], int] = {}  # the same, if absences are not counted

    # What is logged

    def look_at_log(self) -> None:
        """Look at what was committed since the last time."""
        fresh = self.log.fresh[:]
        self.log.fresh.clear()
        for stream, entry in fresh:
            if stream.startswith("#") and stream != AUDIT:
                self._look_at_room(stream, entry)

    def _look_at_room(self, stream: str, entry: Entry) -> None:
        event, members = entry.event, self.members.setdefault(stream, {})
        if isinstance(event, Joined):
            demand(event.person not in members, "came in twice:", stream, entry)
            members[event.person] = event.nick
            self.nicks[event.person].add(event.nick)
            self.came[stream, event.person] = entry.seq
            self.first[stream, event.person] = event.since or entry.seq
            return
        demand(members.get(event.person) == event.nick, "P6, not by whoever has that name:", stream, entry)
        if isinstance(event, Left):
            del members[event.person]
        elif isinstance(event, Kicked | Banned):
            for target in (event.target,) if isinstance(event, Kicked) else event.targets:
                members.pop(target, None)
        elif isinstance(event, Renamed):
            members[event.person] = event.new
            self.nicks[event.person].add(event.new)

    def check_log(self) -> None:
        """See that what is logged was typed, by whom the log says, and once."""
        self.look_at_log()
        for mark, places in self.log.where.items():
            sent = self.sent[mark]
            streams = [stream for stream, _ in places]
            demand(len(streams) == len(set(streams)), "P4, logged twice:", mark, places)
            for stream, entry in places:
                author = self.seen.get(entry.event.session)
                demand(author is None or author.guest == sent.guest, "P6, forged:", mark, entry)
                if isinstance(entry.event, Told):
                    self._check_told(mark, streams, entry.event)
                else:
                    demand(len(streams) == 1, "P4, logged in several places:", mark, places)
                    demand(not sent.to, "P7, private, and said in", stream, mark)
                    demand(sent.room in ("", stream), "said in another room:", mark, stream)

    def _check_told(self, mark: str, streams: list[str], event: Told) -> None:
        others = set(streams) - {inbox(event.person)}
        demand(self.sent[mark].to, "written to somebody, and was to be said:", mark)
        demand(len(streams) == 2 and len(others) == 1, "P7, in other inboxes:", mark, streams)
        (other,) = others
        reader = other.removeprefix("@")
        # No room's log knows the name that somebody takes who is in none.
        asked = self.asked[self.owners[reader]] if reader in self.owners else set()
        called = event.to in self.nicks[reader] or any(map(event.to.startswith, asked))
        demand(called, "P7, in the inbox of another:", mark, streams)
        wanted = self.sent[mark].to
        if wanted in ("?", event.to) or reader not in self.owners:
            return
        # Who has asked for a name holds it from then on, though the log does not say so yet.
        held = any(wanted.casefold().startswith(name.casefold()) for name in asked)
        demand(held, "P7, written to another:", mark, event.to, "for", wanted)

    # What is shown

    def is_sent(self, witness: Witness, guest: int, session: tuple[str, str], data: bytes) -> None:
        """
        Something is handed to the system: see that this may be.

        What is wrong is kept for `check`: whoever sends would take an exception for one of theirs.
        """
        try:
            self._look_at_sent(witness, guest, *session, data)
        except Broken as finding:
            self.findings.append(finding)

    def check(self) -> None:
        """Raise what was found."""
        if self.findings:
            raise self.findings[0]

    def _look_at_sent(self, witness: Witness, guest: int, session: str, person: str, data: bytes) -> None:
        self.look_at_log()
        if session:
            self.knows(session, person, guest)
            witness.persons.add(person)
        for line in witness.take(data):
            for mark in self.log.gone.intersection(line.all_marks):
                on_its_way = line.end <= witness.on_its_way.get(mark, 0)
                demand(on_its_way, "shown, and removed:", line.text)
            if line.fields is not None:
                self._check_object(witness, session, line)
            elif line.spoken is not None:
                self._check_spoken(witness, session, line)
            else:
                if renamed := RENAMED.match(line.text):  # in no room: no log says so
                    self.nicks[person].add(renamed[1])
                if PAGED.match(line.text):  # what is behind that page comes if it is asked for
                    self.seen[session].begun = {
                        stream: len(self.log.held(stream)) for stream in self.log.names
                    }
                if edited := EDITED.match(line.text):
                    self._check_edited(witness, line, edited)
                    continue
                strangers = [mark for mark in line.marks if self.sent[mark].guest != guest]
                demand(not strangers, "P7, told of what another typed:", line.text)

    def knows(self, session: str, person: str, guest: int) -> Seen:
        """Return what a session has seen, which is a person's at this moment."""
        seen = self.seen.get(session)
        if seen is None:
            begun = {}
            if any(it.person == person for it in self.seen.values()):
                begun = dict(self.read[person])
                if self.sits_down(person):
                    begun = {stream: len(self.log.held(stream)) for stream in self.log.names}
            seen = self.seen[session] = Seen(guest, person, begun=begun)
        demand(seen.guest == guest, "P6, one session of two people:", session)
        demand(self.owners.setdefault(person, guest) == guest, "P6, one person of two people:", person)
        return seen

    def _entry(self, mark: str, persons: set[str]) -> tuple[str, Entry]:
        """Return where a mark is in the log that somebody is shown."""
        places = self.log.where.get(mark)
        if places is None:
            demand(False, "P1, shown and not logged:", mark)
        assert places is not None
        if isinstance(places[0][1].event, Told):
            own = [place for place in places if place[0] in map(inbox, persons)]
            demand(own, "P7, private, and shown to another:", mark, persons)
            return own[0]
        stream, entry = places[0]
        was_in = any((stream, person) in self.came for person in persons)
        demand(was_in, "P7, shown to one who was never in", stream, mark)
        return stream, entry

    def _check_spoken(self, witness: Witness, session: str, line: Line) -> None:
        spoken = line.spoken
        assert spoken is not None
        for mark in self._there(line):
            stream, entry = self._entry(mark, witness.persons)
            event = entry.event
            nick = spoken["said"] or spoken["did"] or spoken["wrote"] or event.nick
            demand(nick == event.nick, "P6, under another name:", line.text, entry)
            text = spoken["text"]
            if isinstance(event, Replied):
                quotes = {f"(re {event.about} {event.quote}) ", f"(re {event.about}) "}
                demand(any(map(text.startswith, quotes)), "P2, another quote:", line.text, entry)
                text = REPLY.sub("", text)
            demand(text in getattr(event, "text", "").split("\n"), "P2:", line.text, entry)
            demand(spoken["seq"] in (None, str(entry.seq)), "P2, another number:", line.text, entry)
            if line.is_live:
                demand(entry.seq >= witness.last.get(stream, 0), "P2, out of order:", line.text, entry)
                witness.last[stream] = entry.seq
                live = self.seen[session].live[witness.terminal]
                demand(mark not in live, "P4, shown twice:", line.text)
                live.add(mark)

    def _check_edited(self, witness: Witness, line: Line, edited: re.Match[str]) -> None:
        for mark in self._there(line):
            _, entry = self._entry(mark, witness.persons)
            demand(entry.event.nick == edited["nick"], "P6, under another name:", line.text, entry)
            demand(getattr(entry.event, "text", "") == edited["text"], "P2:", line.text, entry)

    def _there(self, line: Line) -> list[str]:
        """Return the marks of a line, unless it was removed."""
        return [mark for mark in line.marks if mark not in self.log.gone]

    def _check_object(self, witness: Witness, session: str, line: Line) -> None:
        fields = line.fields
        assert fields is not None
        kind = fields["type"]
        if kind == "welcome":
            witness.next = {room: seq + 1 for room, seq in fields["after"].items()}
            witness.next_live = witness.next.copy()
        elif kind == "gap":
            demand(False, "P3, a gap, and everything is kept:", line.text)
        elif "seq" in fields and "room" in fields:
            self._check_numbered(witness, session, line)
        elif kind == "ok" and "seq" in fields:
            refs = {entry.event.ref for s in self.log.names for entry in self.log.held(s)}
            demand(
                "ref" not in fields or fields["ref"] in refs, "P5, acknowledged and not logged:", line.text
            )

    def _check_numbered(self, witness: Witness, session: str, line: Line) -> None:
        fields = line.fields
        assert fields is not None
        room, seq = fields["room"], fields["seq"]
        streams = list(map(inbox, witness.persons)) if room == "@" else [f"#{room}"]
        held = [self.log.held(stream)[seq - 1].event for stream in streams if seq <= self.log.last(stream)]
        demand(held, "P1, shown and not logged:", line.text)
        texts = [getattr(event, "text", "") for event in held]
        is_gone = not self.log.gone.isdisjoint(line.marks)
        demand(fields.get("text", texts[0]) in texts or is_gone, "P2:", line.text)
        event = held[0]
        was_in = any((f"#{room}", person) in self.came for person in witness.persons)
        demand(room == "@" or was_in, "P7, shown to a stranger:", line.text)
        own_coming = isinstance(event, Joined) and event.person in witness.persons
        if line.is_live:
            # What is replayed may be what was missed, or the answer to /history of somebody who is behind.
            wanted = {seq} if own_coming else {witness.next.get(room, 1), witness.next_live.get(room, 1)}
            demand(seq in wanted, "P3, not the next entry:", line.text, "wanted:", wanted)
            witness.next_live[room] = seq + 1
        if line.is_live or seq == witness.next.get(room):
            witness.next[room] = seq + 1

    # What has arrived

    def has_arrived(self, witness: Witness, session: str, size: int) -> Iterable[Line]:
        """So many bytes have arrived: yield the lines that have arrived with them."""
        for line in witness.lines:
            if line.has_arrived or line.end > size:
                continue
            line.has_arrived = True
            seen = self.seen.get(session)
            if seen is not None:
                seen.arrived.update(line.marks)
                self._note_read(seen.person, line)
                if line.fields is not None and "seq" in line.fields and "room" in line.fields:
                    self._count_arrived(seen.entries[witness.terminal], line)
            yield line

    def _note_read(self, person: str, line: Line) -> None:
        read = self.read[person]
        for mark in line.marks:
            for stream, entry in self.log.where.get(mark, ()):
                read[stream] = max(read.get(stream, 0), entry.seq)

    def _count_arrived(self, entries: set[tuple[str, int]], line: Line) -> None:
        assert line.fields is not None
        if line.is_live:
            entry = line.fields["room"], line.fields["seq"]
            demand(entry not in entries, "P4, shown twice:", line.text)
            entries.add(entry)

    # What should have come

    def check_at_rest(self, witness: Witness, session: str, speaks_json: bool) -> None:
        """Everything is at rest: see that who is connected lacks nothing, and knows what came of it."""
        known = self.log.where.keys() | self.log.gone
        missing = [marks for marks in witness.typed if not known.issuperset(marks)]
        demand(len(missing) <= witness.errors, "P5, neither logged nor refused:", missing)
        seen = self.seen.get(session)
        if seen is None:
            return
        person = seen.person
        nicks = {members[person] for members in self.members.values() if person in members}
        demand(len(nicks) <= 1, "P6, with two names:", person, nicks)
        for stream, members in self.members.items():
            if person in members:
                came = self.first[stream, person] if seen.begun else self.came[stream, person]
                self._check_complete(stream, came, session, seen)
                if speaks_json:
                    last = len(self.log.held(stream))
                    demand(
                        witness.next.get(stream[1:]) == last + 1, "P3, short of", stream, last, witness.next
                    )
        own = inbox(person)
        self._check_complete(own, 0, session, seen)
        if speaks_json:
            last = len(self.log.held(own))
            demand(witness.next.get("@", 1) == last + 1, "P3, short of", own, last, witness.next)

    def _check_complete(self, stream: str, after: int, session: str, seen: Seen) -> None:
        if seen.guest in self.ignoring:
            return
        for entry in self.log.held(stream)[max(after, seen.begun.get(stream, 0)) :]:
            if isinstance(entry.event, Spoken | Told) and entry.event.session != session:
                marks = [mark for mark in entry.event.text.split() if mark in self.log.where]
                missing = [mark for mark in marks if mark not in seen.arrived]
                demand(not missing, "P3, never shown:", session, stream, entry)
