"""A chat with a thread for each of its people, for comparison: ``threads.py PORT``."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading

people = threading.Lock()  # guards the rooms
rooms: dict[bytes, dict[socket.socket, threading.Lock]] = {}


def go(person: socket.socket, sends: threading.Lock, left: bytes, entered: bytes) -> bytes:
    """Have somebody leave a room and enter another one; return that."""
    with people:
        rooms.get(left, {}).pop(person, None)
        rooms.setdefault(entered, {})[person] = sends
    return entered


def converse(person: socket.socket) -> None:
    """Welcome somebody by the first line, and give every other line to the others in the room."""
    sends = threading.Lock()  # a line at a time
    room = go(person, sends, b"", b"lobby")
    with contextlib.suppress(OSError), person, person.makefile("rb") as lines:
        nick = lines.readline().strip()
        person.sendall(b"Welcome %s\r\n" % nick)
        for line in lines:
            if line.startswith(b"/join "):
                room = go(person, sends, room, line[6:].strip())
                continue
            message = b"<%s> %s\r\n" % (nick, line.strip())
            with people:
                others = [*rooms[room].items()]
            for other, lock in others:
                if other is not person:
                    with contextlib.suppress(OSError), lock:
                        other.sendall(message)
    with people:
        rooms[room].pop(person, None)


threading.stack_size(256 * 1024)
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=4096)
while True:
    connection, _ = listener.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    threading.Thread(target=converse, args=(connection,), daemon=True).start()
