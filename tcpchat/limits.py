"""
How much of everything: each limit with its reason. No I/O, no clock.

What protects the server's memory holds always. What keeps one person from taking more than a
share (the fields of `Limits`) is an option, and off for benchmarks and trusted networks.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

# Bytes of UTF-8 that a character takes at most.
LARGEST_CHARACTER = 4

# Bytes of a line without its end. IRC allows 512; a pasted paragraph is about as long as this,
# and a terminal in line mode cannot send more than 4095.
LONGEST_LINE = 4096

# Bytes without any end of line, after which it is not a person or program that will ever end one.
ENDLESS_LINE = 65536

# Bytes read from one connection at once, which are held while they wait for their budget; the rest waits
# in the network, and costs nothing there: of garbage no more is looked at. As much as the longest line.
LARGEST_READ = 4096

# The same from a client that speaks telnet, of which each byte costs some ten times as much: what 64
# connections have sent is looked at in one turn, which takes 6 ms then. A person types less, and what a
# client has to say of itself is about as long.
LARGEST_TELNET_READ = 64

# Lines taken from one connection before it is the others' turn: 4,096 line ends fit into one read.
LINES_A_TURN = 32

# Bytes of one telnet subnegotiation. The longest that is of use is a list of character sets; it is kept
# up to the first number, and up to the second the client is only odd.
LARGEST_KEPT_SUBNEGOTIATION = 512
LARGEST_SUBNEGOTIATION = 4096

# Telnet commands within so many seconds: of those that change nothing no person and no program sends so
# many, but two that answer each other without end do. Of all together, more than by holding a key down, or
# by dragging a window's corner (60 sizes a second).
MOST_IDLE_COMMANDS = 100
MOST_COMMANDS = 1000
PATIENCE_WITH_COMMANDS = 10

# Seconds after which a telnet client is sent a command that means nothing: it keeps the connection alive
# in whatever forgets idle ones on the way.
TELNET_SILENCE = 60

# Columns and lines of a terminal: below and above there is none, whatever a client says.
NARROWEST_WINDOW, WIDEST_WINDOW = 20, 500
LOWEST_WINDOW, HIGHEST_WINDOW = 5, 200

# Bytes of a topic, an away text or a reason for leaving: they stand inside other lines.
LONGEST_REMARK = 300

# What is pasted as one message: lines, bytes, and spaces in front of a line.
LONGEST_PASTE = 50
LARGEST_PASTE = 16384
MOST_INDENTATION = 40

# Bytes of a line of JSON, without its end: the largest paste, of which all that can be shown is escaped (the
# 2 bytes of "é" are 6 then), and around it as much as a line has. It is less than what has no end.
LONGEST_OBJECT = 3 * LARGEST_PASTE + LONGEST_LINE

# Characters of a program's name for one of its requests.
LONGEST_REF = 64

# Lines of one person that are not in the log yet; beyond that, input waits. It bounds what one
# talker can have the server hold, and is ample: the log commits up to 1,024 entries at once.
MOST_UNCOMMITTED = 64

# Lines of all together that are not in the log yet, above which one person may have but few:
# with 1,000 who talk while the disk hangs, memory would grow by the product.
MANY_UNCOMMITTED = 2048
FEW_UNCOMMITTED = 2

# Bytes of answers held for a reader who does not read; beyond that, the reader's input waits.
MOST_HELD_ANSWERS = 65536

# Bytes handed to a connection at once when a reader is caught up from the log, and of the names and
# topics in one page of /rooms: a reader who stalls has it held.
LARGEST_CHUNK = 32768

# Lines of one /history, and of one page of /rooms.
MOST_HISTORY = 500

# Seconds for which lines have had to wait, one behind the other, before the person is told: until then
# hardly anybody notices, and after that who gets no answer would take the server for dead.
UNNOTICED_DELAY = 3

# Seconds in which no line waits, after which a flood is over: longer than it takes to read on from a
# connection, and less than what is between two lines of whom the budget is just enough for.
BREAK_OF_FLOOD = 0.25

# Seconds by which a session's budget may be overdrawn when there is no time for its lines to wait: the
# server ends, or the session goes on over another connection. A pasted page of 50 lines needs 20.
LONGEST_OVERDRAFT = 30

# Seconds for which a break is not shown to the others, and for which a code or token is of use
# after one: PROTOCOL.md 2. And wrong ones after which a connection is ended.
GRACE = 20
LONGEST_ABSENCE = 300
MOST_WRONG_CODES = 3

# Bytes of a password after NFC: NIST SP 800-63B asks for at least 8; above the other nobody types one, and
# it would have to be hashed.
SHORTEST_PASSWORD, LONGEST_PASSWORD = 8, 128

# Wrong passwords after which a connection is ended, and seconds for which each that is too often has to wait:
# to guess becomes hopeless, and to have forgotten is bearable.
MOST_WRONG_PASSWORDS = 3
LOGIN_DELAY = 5.0

# From a network where somebody has logged in before, they may be wrong so many times as often.
KNOWN_NETWORK_FACTOR = 4

# Networks remembered of who has logged in from there: at home, at work, on the way.
NETWORKS_OF_ACCOUNT = 8

# Nicknames and networks of which wrong passwords are counted, some 250 bytes each; the one that was counted
# longest ago makes room. To have so many forgotten takes the threads below half an hour.
MOST_COUNTED = 65_536

# Passwords hashed at once, at 19 MiB each, and those that may wait for it: of more, nobody would have an
# answer within a second.
HASHED_AT_ONCE = 2
HASHES_WAITING = 8

# Lines that one person may report to the operators within so many seconds: more than anybody has reason
# to, and the audit trail stays readable whoever plays with it.
MOST_REPORTS = 5
REPORTS_WITHIN = 600

# Words and phrases of one /search: a line of one letter each would take the index long, and means nothing.
MOST_SEARCHED = 64

# Lines of one /search.
FOUND_AT_ONCE = 50

# Numbers of lines that mention somebody who was away, in the line that tells of them: what one looks up.
MOST_MENTIONS = 20

# Columns, and bytes, of the words that are quoted from a line that is answered: enough to know it again. An
# answer is a line like others, so a quote of marks and wide characters must not be many times as long.
WIDEST_QUOTE = 40
LONGEST_QUOTE = 160

# Lines that /context shows before and after one.
LINES_AROUND = 5

# Seconds for which all that somebody says after they were put out of the room where they talked is refused,
# and the first line whenever it comes: it was typed for that room, which may be a locked one.
LATE_LINES = 3.0

# Seconds for whoever leaves to read what was shown before.
LONGEST_FAREWELL = 30

# Seconds from the connection to the nickname, whatever is sent meanwhile: ample for a person, and
# what waits without end costs a descriptor.
LONGEST_NAMELESS = 60

# Bans and mutes of one room, and of all rooms together, some 1 KB each: more than anybody looks through.
# Those for the whole server have no limit, as only its operators make them.
MOST_SANCTIONS_OF_A_ROOM = 500
MOST_SANCTIONS_OF_ROOMS = 50_000

# Networks that one ban or mute marks: each time that somebody is banned anew, one may be added.
MOST_MARKED_NETWORKS = 16

# People of whom it is remembered whether they are muted, some 500 bytes each: as many as talk at once.
MOST_VERDICTS = 4096

# Bans and mutes that one /ban lists: the latest.
MOST_LISTED = 50

# People whom one does not want to hear: each is compared with whoever says something.
MOST_IGNORED = 100

# People who are invited into one room: beyond that the oldest invitation is forgotten. Each is kept with
# the room, and nobody knows whether whoever was invited as a guest will ever be back.
MOST_INVITED = 1000

# Seconds between two lines of one person in a slow room at most, a quarter of a day: beyond that it is
# locked rather than slow. And people whose last line there is remembered: more than anybody reads.
LONGEST_SLOW = 21_600
MOST_SLOWED = 10_000

# A room of more people than this is shown who comes and goes once a second, joined in one line.
LARGEST_UNFOLDED_ROOM = 50
FOLDED_FOR = 1.0

# Nicknames named in one line; of the others, the number.
MOST_NAMED = 10

# Refused connections that are given time to read why, and how many seconds. Of more at once, those
# that send something at once may find a reset in its place.
MOST_LINGERING = 16
LINGERING = 2

# Bytes of what one of the operator's tools asks a server: a nickname and a hash are some hundred. And the
# seconds that it has to say that, and to read what it is answered: it does nothing else.
LONGEST_ORDER = 4096
SECONDS_OF_A_TOOL = 10


Some = Annotated[int, msgspec.Meta(ge=1)]
SomeOrZero = Annotated[int, msgspec.Meta(ge=0)]
PerCent = Annotated[int, msgspec.Meta(ge=0, le=100)]
Days = Annotated[float, msgspec.Meta(gt=0)]


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one person, and all together, may take. None: no limit, which operators write as "off"."""

    rooms_per_person: Some | None = 20
    """
    Rooms that one person may be in. A person can follow a handful; a script that joins rooms costs memory in
    each.
    """
    rooms: Some | None = 1000
    """Rooms with somebody in them; each costs memory, and /rooms a line."""
    tokens: Some | None = 10
    """
    What a session's lines cost may come to so much at once. An ordinary line costs 1. Ten lines at once are
    a thought typed ahead. What is beyond waits: reading stops, and nothing is lost.
    """
    tokens_a_second: Some | None = 2
    """
    And so much a second in the long run: two are more than anybody types; IRC's servers allow about as much.
    """
    bytes: Some | None = LARGEST_PASTE
    """The same for the bytes of a session's lines: at once as much as the largest paste."""
    bytes_a_second: Some | None = 4096
    """Bytes of a session's lines a second in the long run."""
    network_tokens: Some | None = 30
    """
    What the lines of all from one network may cost at once: a household, or one that hides many connections
    behind it.
    """
    network_tokens_a_second: Some | None = 10
    """What the lines of all from one network may cost a second in the long run."""
    private_network_tokens_a_second: Some | None = 200
    """The same in private ranges: a class, a LAN party or a container network is many people."""
    minutes_of_flooding: Some | None = 10
    """
    Minutes for which lines may have to wait without a break, after which the connection is ended: 1,200
    lines, and nobody is that patient.
    """
    seconds_nameless: Some | None = LONGEST_NAMELESS
    """Seconds from the connection to the nickname. Without a limit it is the protocol's, 60."""
    wrong_passwords_per_nickname: Some | None = 5
    """Wrong passwords for one nickname from one network in 15 minutes; beyond that each waits 5 seconds."""
    wrong_passwords_per_network: Some | None = 20
    """Wrong passwords from one network in an hour; beyond that each waits."""
    wrong_passwords_from_strangers: Some | None = 200
    """
    Wrong passwords for one nickname in an hour from where its owner has never been; beyond that each waits.
    """
    registrations_per_network: Some | None = 10
    """Accounts that are registered in an hour from one network: each keeps a nickname for good."""
    registrations_per_private_network: Some | None = 60
    """The same in private ranges: a class behind one address may have a lesson on it."""
    registrations: Some | None = 60
    """Accounts that are registered in an hour in all."""
    spare_descriptors: Some | None = 100
    """
    Descriptors that connections leave to the rest: the log and its readers, the doors, what is accepted only
    to be refused. Without any nothing works.
    """
    connections_per_network: Some | None = 50
    """
    Connections at once from one IPv4 address or IPv6 /64: more than a person has, and a small office behind
    one address fits.
    """
    connections_per_private_network: Some | None = 500
    """The same in private ranges: a class, a LAN party or a container network."""
    connections_per_48: Some | None = 200
    """
    Connections at once from one IPv6 /48, which is what one customer may have: 65,536 networks of the above.
    """
    connections_per_private_48: Some | None = 2000
    """The same in private ranges."""
    new_connections_per_network: Some | None = 100
    """
    Connections from one network that begin within 10 minutes: each costs a greeting, and says who is there.
    """
    new_connections_per_private_network: Some | None = 1000
    """The same in private ranges."""
    drop_from: Some | None = 50
    """
    Connections without a nickname: from so many on, some of further ones are refused by chance, more the
    more there are. Those who have a nickname notice nothing.
    """
    drop_percent: PerCent | None = 30
    """So many per cent of them are refused at first."""
    drop_all_from: Some | None = 200
    """From so many on, all further ones are refused."""
    tls_handshakes: Some | None = 50
    """Connections with TLS that have not agreed on a key yet: each costs 55 KiB."""
    penalty_nameless: SomeOrZero | None = 1
    """
    Seconds for which a network has to wait for each connection that ends without a nickname. They add up,
    and pass by as time does.
    """
    penalty_wrong_code: SomeOrZero | None = 5
    """The same after a wrong code or password."""
    penalty_too_late: SomeOrZero | None = 10
    """The same for a connection that was ended because its time for a nickname was over."""
    penalty_from: Some | None = 15
    """These are enforced once they reach so many seconds."""
    penalty_private_from: Some | None = 150
    """The same in private ranges."""
    penalty_longest: Some | None = 600
    """They add up to no more than so many seconds."""
    networks_known: Some | None = 65_536
    """Networks of which all this is known, some 400 bytes each; of further ones it is not."""


class Retention(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much of each room and inbox is kept. None: all of it, which operators write as "off"."""

    days: Days | None = None
    """Days for which what was said is kept."""
    entries: Some | None = None
    """Entries of each room and inbox that are kept, the last ones."""


KEEP_ALL = Retention()
NO_LIMITS = Limits(*[None] * len(Limits.__struct_fields__))
