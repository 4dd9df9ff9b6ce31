"""How much of everything the client takes and keeps: each limit with its reason. No I/O, no clock."""

from __future__ import annotations

# Requests that were sent and are not answered yet. The server takes up to 64 lines of one person that are
# not in its log; with these, a link with a delay of 200 ms carries 160 lines a second, and after a break
# no more is sent again.
MOST_ON_THE_WAY = 32

# Bytes of a line of a server: the largest paste, each byte written as JSON writes a control, is 96 KiB.
# What is longer is none of ours, and would cost memory without end.
LONGEST_LINE = 1 << 20

# Seconds between two tries to connect: the first number after a break, the last after many in vain.
SHORTEST_WAIT, LONGEST_WAIT = 1.0, 30.0

# Seconds for which a session has to last before a break is taken for the first one again.
STEADY = 60.0

# Seconds for one try to connect, and then for a greeting.
LONGEST_TRY = 15.0

# Seconds within which our server says something: after that it is taken for another one, until it says what
# only ours says. And seconds from then on after which it is certain to be another one; where only ours will
# do, it is told after so long that nothing comes.
LONGEST_SILENCE = 3.0
LONGEST_DOUBT = 10.0

# Seconds without a word from our server after which it is asked whether it is there; and without one since
# something was sent, after which it is taken for frozen: what becomes of a line it tells within 25.
LONGEST_IDLE = 20.0
LONGEST_UNANSWERED = 30.0

# Seconds for which another address of the same name is tried before that of a server that was silent.
SHUNNED = 300.0

# Seconds without anything from the server, after which all that was missed has come; and after which a
# beginning of another server's line is taken for a prompt.
PAUSE = 0.3

# Seconds after which something that the server's log could not take is sent again.
NEXT_TRY = 2.0

# Seconds for which what was sent may stay unacknowledged, in the network, before the link is taken for dead.
LONGEST_UNACKNOWLEDGED = 30.0

# Lines read from standard input that are not answered yet: what comes faster waits in its pipe.
MOST_READ = 256

# Seconds without an answer after which ``tcpchat send`` gives up, unless told otherwise: a restart of the
# server takes less.
PATIENCE = 30.0

# Lines of a room that are kept for when one looks there; and lines of what was read that stand before what
# is new. The terminal keeps what was printed.
MOST_KEPT = 1000
READ_BEFORE = 5

# Entries of a room that are kept while what was missed there is fetched: four pages of the server's. Of more
# it is told that they are there.
MOST_FETCHED = 2000

# Seconds between two printings above the line that is typed: what comes faster is printed together, because
# each draws that line anew, which takes longer than a hundred lines do.
PRINT_EVERY = 0.02

# Lines shown of those that are not in the log yet: more of them would push the rest off the screen.
MOST_SHOWN_PENDING = 5

# Rows for what is typed, in a window so low that a third of it is less.
FEWEST_ROWS = 3

# Seconds within which Ctrl-C has to be pressed again to leave.
SECOND_CTRL_C = 2.0

# Seconds for a farewell, which nothing depends on.
LONGEST_FAREWELL = 2.0
