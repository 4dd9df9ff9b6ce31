"""``tcpchat watch``: what is said in a room, for ``grep`` and ``jq``."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from tcpchat.client import wording
from tcpchat.client.backlog import PAGE, Backlog
from tcpchat.client.ending import REFUSED
from tcpchat.client.happenings import (
    Done,
    Entered,
    Entry,
    Fields,
    Gap,
    Gone,
    Happening,
    Hole,
    Line,
    Offline,
    Online,
    Refusal,
)
from tcpchat.client.task import Task
from tcpchat.text import clean


class Watching(Task):
    """
    Shows the entries of a room, each once and in order, from some time on.

    ``show`` is given each line; ``since`` is None for what comes from now on.
    """

    def __init__(
        self,
        *task: Any,
        room: str,
        since: datetime | None,
        as_json: bool,
        show: Callable[[str], None],
    ) -> None:
        super().__init__(*task)
        self._room = room
        self._since = since
        self._as_json = as_json
        self._show = show
        self._last = 0  # the number of the entry that was shown last
        self._is_in = False
        self._backlog: Backlog | None = None
        self._page = ""  # the ref of what is fetched
        self._is_told = False

    def take(self, it: Happening) -> None:
        match it:
            case Online():
                if self._is_told:
                    self.complain("Connected again.")
                    self._is_told = False
            case Entered(room) if self._is_ours(room) and not self._is_in:
                self._is_in = True
                if self._since is not None:
                    beginning = self._since.timestamp()
                    self._fetch(lambda fields: wording.seconds(fields["time"]) >= beginning)
            case Hole(room, after, before) if self._is_ours(room):
                self._fetch(lambda fields: fields["seq"] > after, before)
            case Entry(fields) if self._is_ours(it.room):
                self._take_entry(fields)
            case Gap(room, after, before) if self._is_ours(room):
                self.complain(f"{before - after - 1} entries are no longer kept.")
            case Done(ref, _) if ref == self._page:
                self._turn_page()
            case Refusal(_, _, text):
                self.complain(text)
                self.finish(REFUSED)
            case Gone(room) if self._is_ours(room):
                # A break may be taken for a farewell; who was put out is told so by a refusal.
                self.link.ask("join", room=room)
            case Offline(why, _) if not self._is_told:
                self._is_told = True
                self.complain(f"{why}. Trying again.")
            case Line() if it.complaint:
                self.complain(clean(it.complaint))

    def start(self) -> None:
        super().start()
        if self._room != "#lobby":
            self.link.ask("join", room=self._room)

    def _is_ours(self, room: str) -> bool:
        return room.casefold() == self._room.casefold()

    def _take_entry(self, fields: Fields) -> None:
        if self._backlog is not None:
            self._backlog.take(fields)
        elif not fields.get("replay") or self._last:
            self._print(fields)

    def _print(self, fields: Fields) -> None:
        if fields["seq"] <= self._last:
            return
        self._last = fields["seq"]
        if self._as_json:
            self._show(json.dumps(dict(fields), ensure_ascii=False))
        elif line := wording.entry(fields, self.conversation.nick):
            front = wording.stamped(line.time)
            for part in line.lines(line.room):
                self._show(front + part)

    # What was said before

    def _fetch(self, is_wanted: Callable[[Fields], bool], before: int | None = None) -> None:
        self._backlog = Backlog(is_wanted, before)
        self._ask_for_page()

    def _ask_for_page(self) -> None:
        assert self._backlog is not None
        before = {} if self._backlog.before is None else {"before": self._backlog.before}
        self._page = self.link.ask("history", room=self._room, limit=PAGE, **before)

    def _turn_page(self) -> None:
        assert self._backlog is not None
        if self._backlog.ends_here():
            backlog, self._backlog = self._backlog, None
            for fields in backlog.entries():
                self._print(fields)
        else:
            self._ask_for_page()
