"""
Many clients at once, in one loop: programs that speak JSON lines, and people who read text.

Each says lines while it may, comes back whenever its connection breaks, and keeps a journal. A
program sends again what was not acknowledged, under the same ref; who types does not.
"""

from __future__ import annotations

import contextlib
import json
import re
import selectors
import socket
import string
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

from tests.faults.journal import (
    INBOX,
    Acknowledged,
    Broke,
    Claimed,
    Connected,
    Entered,
    Gap,
    Journal,
    Named,
    Refused,
    Sent,
    Shown,
)
from tests.processes import PATIENCE

# Lines of one client that are on their way.
WINDOW = 16
# Seconds after which somebody tries again who was not let in.
REST = 0.2
# What lines are filled up with: some of these characters, from anywhere.
FILLER = string.ascii_letters * 12
LONGEST = 300
# Of so many lines one is a private one.
PRIVATE = 20
# A reader that stalls has a buffer as small as can be.
SMALL = 4096
# More than the system keeps for a reader.
MOST_UNREAD = 1 << 24

ENTRIES = ("message", "action", "joined", "left", "renamed", "topic", "private", "hidden")
# Where an entry of each type has what the dump calls its nickname and its text.
NICKS = {"topic": "by", "renamed": "old", "joined": "nick", "left": "nick"}
TEXTS = {"left": "reason", "renamed": "new"}


class Client:
    """A connection that is made again whenever it breaks, and what goes over it."""

    def __init__(self, crowd: Crowd, name: str, sees_all: bool, small: bool) -> None:
        self.crowd = crowd
        self.name = name
        self.wants = name  # as a nickname
        self.port = 0  # of the server to connect to next, if not the crowd's
        self.nick = ""
        self.journal = Journal(name, sees_all=sees_all)
        self.is_in = False  # over this connection
        self.leaves = False  # has nothing more to say over it
        self.quota = 0  # lines to be said
        self.reads = True
        self.socket: socket.socket | None = None
        self._small = small
        self._rests_until = 0.0
        self._said = 0
        self._to_send = b""
        self._received = b""

    # What the kinds of clients differ in

    def come_in(self) -> None:
        """Say, over a new connection, who one is."""
        raise NotImplementedError

    def take(self, line: str) -> None:
        """Take in a line of the server's."""
        raise NotImplementedError

    def talk(self) -> None:
        """Say a line, if there is something to say and not too much is on its way."""
        raise NotImplementedError

    @property
    def is_done(self) -> bool:
        """Has everything been said that was to be, with a known outcome?"""
        raise NotImplementedError

    @property
    def waits_for(self) -> str:
        """For what is it not done yet?"""
        raise NotImplementedError

    # The connection

    def connect(self) -> bool:
        """Connect, if there is a server."""
        if time.monotonic() < self._rests_until:
            return False
        connection = socket.socket()
        if self._small:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        try:
            connection.connect(("127.0.0.1", self.port or self.crowd.port))
        except ConnectionRefusedError:
            connection.close()
            return False
        connection.setblocking(False)
        self.socket = connection
        self._to_send = self._received = b""
        self.come_in()
        return True

    def send(self, line: str) -> None:
        """Send a line, as soon as there is room for it."""
        self._to_send += line.encode() + b"\n"

    def flush(self) -> None:
        """Send what there is room for."""
        if self._to_send and self.socket:
            try:
                self._to_send = self._to_send[self.socket.send(self._to_send) :]
            except BlockingIOError:
                pass
            except ConnectionError:
                self.read()  # what there is still, and then the end

    def read(self) -> None:
        """Read what there is."""
        assert self.socket
        try:
            data = self.socket.recv(65536)
        except BlockingIOError:
            return
        except ConnectionError:
            data = b""
        self._take(data)
        if not data:
            self.drop()

    def _take(self, data: bytes) -> None:
        *lines, self._received = (self._received + data).split(b"\n")
        for line in lines:
            self.take(line.rstrip(b"\r").decode())

    def drop(self) -> None:
        """The connection is over."""
        if self.socket:
            self.crowd.forget(self)
            self.socket.close()
            self.socket = None
            self.is_in = self.leaves = False
            self.journal.add(Broke())

    def rest(self) -> None:
        """Let go of the connection, and make another after a while."""
        self._rests_until = time.monotonic() + REST
        self.drop()

    def reset(self) -> None:
        """Break off, as a machine does that crashes: what has come and was not read is lost."""
        if self.socket:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            self.drop()

    def abandon(self) -> None:
        """Go on over another connection, while this one looks alive."""
        if self.socket:
            self.crowd.abandoned.append(self.socket.dup())
            self.drop()

    def say_farewell(self) -> None:
        """End what is sent; what comes is read still."""
        if self.socket:
            self.is_in = False
            self.leaves = True
            with contextlib.suppress(OSError):  # the server may be dead already
                self.socket.shutdown(socket.SHUT_WR)
            self._to_send = b""

    def read_and_reset(self) -> None:
        """
        Break off after reading all that has come, and nothing more: what was acknowledged is read.

        That has to be all by itself: the server is stopped.
        """
        assert self.socket
        with contextlib.suppress(BlockingIOError):
            # Only to look at it makes no room, so nothing follows.
            self._take(self.socket.recv(MOST_UNREAD, socket.MSG_PEEK))
        self.reset()

    def next_text(self) -> str:
        """Make up a line that is like no other."""
        self._said += 1
        self.quota -= 1
        random = self.crowd.random
        start = random.randrange(LONGEST)
        return f"{self.name} {self._said} {FILLER[start : start + random.randrange(LONGEST)]}".rstrip()


class JsonClient(Client):
    """A program."""

    def __init__(
        self, crowd: Crowd, name: str, rooms: Sequence[str] = ("lobby",), small: bool = False
    ) -> None:
        super().__init__(crowd, name, True, small)
        self.rooms = rooms
        self.after: dict[str, int] = {}  # the last entry of each room
        self.entered: set[str] = set()
        self.pending: dict[str, dict[str, Any]] = {}  # requests by ref
        self._token = ""
        self._refs = 0

    def come_in(self) -> None:
        self.journal.add(Connected(dict(self.after) if self._token else None))
        self.send("/json")
        if self._token:
            self._request("resume", session=self._token, after=self.after)
        else:
            self.journal.add(Claimed(self.wants))
            self._request("as", nick=self.wants)

    @property
    def is_done(self) -> bool:
        return self.is_in and not self.quota and not self.pending and self.entered >= set(self.rooms)

    @property
    def waits_for(self) -> str:
        return f"in={self.is_in}, {self.quota} more lines, {list(self.pending)}, rooms {self.entered}"

    def talk(self) -> None:
        if not self.is_in or not self.quota or len(self.pending) >= WINDOW:
            return
        rooms = [room for room in self.rooms if room in self.entered]
        others = [other.nick for other in self.crowd.clients if other is not self and other.nick]
        if others and self.crowd.random.randrange(PRIVATE) == 0:
            self._ask("msg", to=self.crowd.random.choice(others), text=self.next_text())
        elif rooms:
            self._ask("say", room=self.crowd.random.choice(rooms), text=self.next_text())

    def say(self, room: str, text: str) -> None:
        """Say something."""
        self._ask("say", room=room, text=text)

    def take(self, line: str) -> None:
        if line.startswith("***"):
            return  # before there was JSON
        it = json.loads(line)
        kind = it["type"]
        if kind in ENTRIES:
            self._shown(it)
        elif kind == "welcome":
            self._welcome(it)
        elif kind == "ok" and "ref" in it:
            self._acknowledged(it["ref"], it.get("seq"))
        elif kind == "error":
            self._refused(it)
        elif kind == "gap":
            self.journal.add(Gap(it["room"], it["after"], it["before"]))
            self.after[it["room"]] = it["before"] - 1

    def _request(self, kind: str, **fields: Any) -> None:
        self.send(json.dumps({"type": kind, **fields}))

    def _ask(self, kind: str, **fields: Any) -> None:
        """Ask for something until it is answered."""
        self._refs += 1
        ref = f"{self.name}-{self._refs}"
        self.pending[ref] = {"type": kind, "ref": ref, **fields}
        self._send_pending(ref)

    def _send_pending(self, ref: str) -> None:
        asked = self.pending[ref]
        if "text" in asked:
            room = asked.get("room", INBOX)
            self.journal.add(Sent(room, asked["text"], ref, asked.get("to", "")))
        self.send(json.dumps(asked))

    def _welcome(self, it: dict[str, Any]) -> None:
        self.is_in = True
        self.nick = it["nick"]
        self.crowd.welcomed(self)
        self.journal.add(Named(self.nick, it["epoch"]))
        first, self._token = not self._token, it["session"]
        for room, after in it["after"].items():
            self._enter(room, after)
        for ref in list(self.pending):
            self._send_pending(ref)
        if first:
            for room in self.rooms:
                if room not in self.entered:
                    self._ask("join", room=room)

    def _enter(self, room: str, after: int) -> None:
        if room not in self.entered:
            self.entered.add(room)
            self.journal.add(Entered(room, after))
            self.after[room] = max(after, self.after.get(room, 0))

    def _shown(self, it: dict[str, Any]) -> None:
        kind, room, seq = it["type"], it["room"], it["seq"]
        nick, text = it.get(NICKS.get(kind, "from"), ""), it.get(TEXTS.get(kind, "text"), "")
        self.journal.add(Shown(room, seq, kind, nick, text, it.get("replay", False)))
        if kind == "joined" and nick == self.nick and room not in self.entered and "replay" not in it:
            self._enter(room, seq - 1)
        if room in self.entered:
            self.after[room] = max(seq, self.after.get(room, 0))

    def _acknowledged(self, ref: str, seq: int | None) -> None:
        self.journal.add(Acknowledged(ref, seq))
        asked = self.pending.pop(ref, None)
        if asked and asked["type"] == "join" and seq:
            self._enter(asked["room"], seq - 1)

    def _refused(self, it: dict[str, Any]) -> None:
        ref = it.get("ref", "")
        if it["code"] == "unknown":
            return  # the connection is closed now: it is asked again
        self.journal.add(Refused(ref, it["code"], it["text"]))
        self.pending.pop(ref, None)
        if not (self.is_in or self.leaves or ref):
            if it["code"] == "bad-session":
                self.crowd.strays.append(f"{self.name}: {it}")
            self.rest()


class TextClient(Client):
    """
    Somebody at nc, in the lobby, who sees their own lines again: what is not there was not said.

    Who has a ``window`` of one line can tell which one is not sent; to others that must not happen.
    """

    LINE = re.compile(r"(\[(?:\S+ )?\d\d:\d\d\] )?<(\S+)> (.*)")
    HERE = re.compile(r"\*\*\* You are (\S+), in #lobby")
    CODE = re.compile(r"\*\*\* If the connection breaks, /resume (\S+) brings")
    # A line is not said: the log cannot be written, or the others have shown one as gone.
    NOT_SAID = "!!! Not sent: ", "!!! You are not in #lobby."
    # With this the server hangs up.
    FAREWELL = re.compile(r"!!! Whether your last line was sent|!!! This server was cut off")

    def __init__(self, crowd: Crowd, name: str, small: bool = False, window: int = WINDOW) -> None:
        super().__init__(crowd, name, False, small)
        self.code = ""
        self.window = window
        self.on_their_way: dict[str, str] = {}  # refs of one's own, by text

    def come_in(self) -> None:
        self.journal.add(Connected({} if self.code else None))
        self.on_their_way.clear()  # what has become of it is not known
        if self.code:
            self.send(f"/resume {self.code}")
        else:
            self.journal.add(Claimed(self.wants))
            self.send(f"/as {self.wants}")
        self.send("/set echo on")

    @property
    def is_done(self) -> bool:
        return self.is_in and not self.quota and not self.on_their_way

    @property
    def waits_for(self) -> str:
        return f"in={self.is_in}, {self.quota} more lines, {sorted(self.on_their_way)}"

    def talk(self) -> None:
        if self.is_in and self.code and self.quota and len(self.on_their_way) < self.window:
            text = self.next_text()
            ref = f"{self.name}-{self._said}"
            self.on_their_way[text] = ref
            self.journal.add(Sent("lobby", text, ref))
            self.send(text)

    def take(self, line: str) -> None:
        if said := self.LINE.fullmatch(line):
            stamp, nick, text = said.groups()
            self.journal.add(Shown("lobby", None, "message", nick, text, bool(stamp)))
            if ref := self.on_their_way.pop(text, ""):
                self.journal.add(Acknowledged(ref, None))
        elif here := self.HERE.match(line):
            self.is_in = True
            self.nick = here[1]
            self.journal.add(Named(self.nick))
            self.crowd.welcomed(self)
        elif code := self.CODE.match(line):
            self.code = code[1]
        elif line.startswith("!!!") and not self.FAREWELL.match(line):
            self._refused(line)

    def _refused(self, line: str) -> None:
        if self.window == 1 and line.startswith(self.NOT_SAID) and self.on_their_way:
            _, ref = self.on_their_way.popitem()
            self.journal.add(Refused(ref, "not-sent", line))
        elif self.window == 1 and not self.is_in and ("code" not in line or "just now" in line):
            self.rest()
        else:
            self.crowd.strays.append(f"{self.name}: {line}")


class Crowd:
    """Runs clients, in the thread that asks for it and as long as it asks."""

    def __init__(self, port: int, random: Random) -> None:
        self.port = port
        self.random = random
        self.clients: list[Client] = []
        self.strays: list[str] = []  # what no client should ever be told
        self.abandoned: list[socket.socket] = []
        self.welcomed_at = 0.0  # when somebody was let in last, after `wait_for_welcome`
        self._selector = selectors.DefaultSelector()

    def add(self, *clients: Client) -> None:
        """Let clients come in."""
        self.clients += clients

    def welcomed(self, client: Client) -> None:
        """A client is in."""
        self.welcomed_at = self.welcomed_at or time.monotonic()

    def forget(self, client: Client) -> None:
        """A client's connection is over."""
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(client.socket)  # type: ignore[arg-type]

    def run(self, until: Callable[[], bool] = lambda: False, patience: float = PATIENCE) -> bool:
        """Let everybody read and talk until something is so; tell whether that came to be in time."""
        end = time.monotonic() + patience
        while not until():
            if time.monotonic() > end:
                return False
            self._turn()
        return True

    def talk(self, lines: int, random_resets: float = 0.0, patience: float = PATIENCE) -> bool:
        """
        Have everybody say so many lines, and wait until the outcome of each is known.

        In each turn each client breaks its connection off with a probability.
        """
        for client in self.clients:
            client.quota += lines

        def are_done() -> bool:
            for client in self.clients:
                if random_resets and client.is_in and self.random.random() < random_resets:
                    client.reset()
            return all(client.is_done for client in self.clients)

        return self.run(are_done, patience)

    def settle(self, patience: float = PATIENCE) -> bool:
        """
        Have everybody say a last line in each room, and wait until all have seen it.

        So nothing can be missing at the end of what they were shown without being noticed.
        """
        for client in self.clients:
            client.reads = True
        if not self.talk(0, patience=patience):
            return False
        for client in self.clients:
            if isinstance(client, JsonClient):
                for room in client.rooms:
                    client.say(room, f"{client.name} says goodbye in {room}")
            else:
                client.quota += 1
        if not self.run(lambda: all(client.is_done for client in self.clients), patience):
            return False
        programs = [client for client in self.clients if isinstance(client, JsonClient)]
        last: dict[str, int] = {}
        for program in programs:
            for room in program.entered - {INBOX}:
                last[room] = max(last.get(room, 0), program.after[room])

        def is_behind(program: JsonClient) -> bool:
            return any(program.after[room] < last[room] for room in program.entered - {INBOX})

        if self.run(lambda: not any(map(is_behind, programs)), patience):
            return True
        self.strays += [
            f"{p.name} is shown nothing more: {p.after} of {last}" for p in programs if is_behind(p)
        ]
        return False

    def complaints(self) -> list[str]:
        """Return what clients were told and never should be, and for what they wait in vain."""
        waiting = [
            f"{client.name} waits for {client.waits_for}" for client in self.clients if not client.is_done
        ]
        return self.strays + waiting

    def leave(self, folder: Path) -> list[Journal]:
        """Let go of all connections; return the journals, which are kept in a folder as well."""
        for client in self.clients:
            if client.socket:
                self.forget(client)
                client.socket.close()
            client.journal.save(folder)
        for connection in self.abandoned:
            connection.close()
        self._selector.close()
        return [client.journal for client in self.clients]

    def _turn(self) -> None:
        for client in self.clients:
            if client.socket is None and client.connect():
                assert client.socket
                self._selector.register(client.socket, selectors.EVENT_READ, client)
            while len(client._to_send) < 4096 and client.quota and self._talks(client):
                pass
            client.flush()
        for key, _ in self._selector.select(0.005):
            client = key.data
            if client.reads:
                client.read()

    def _talks(self, client: Client) -> bool:
        quota = client.quota
        client.talk()
        return client.quota < quota
