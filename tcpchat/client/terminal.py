"""
The client on a terminal: a line that nothing breaks below what is said, which scrolls as it always does.

prompt_toolkit draws what is typed and the status; everything else is printed above it, and belongs to the
terminal from then on. Twisted and prompt_toolkit share one asyncio loop; what the prompt can do without is
imported behind it (early_link.py).
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
import traceback
from argparse import Namespace
from collections.abc import Callable, Sequence
from typing import Any, cast

from prompt_toolkit import PromptSession
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import Condition
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.key_binding import KeyPressEvent
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.styles import Style

from tcpchat.client import wording
from tcpchat.client.conversation import Conversation
from tcpchat.client.drawing import cut, on_the_way, paints, status, waiting
from tcpchat.client.early_link import EarlyLink
from tcpchat.client.ending import BROKEN, UNAVAILABLE, hopeless, not_sent
from tcpchat.client.foreign import LEAVE, ForeignServer
from tcpchat.client.happenings import Done, Foreign, Happening, Line, Offline, Online, Ours
from tcpchat.client.keys import bindings
from tcpchat.client.limits import LONGEST_FAREWELL, SECOND_CTRL_C
from tcpchat.client.model import Model
from tcpchat.client.narrowing import wraps_anew
from tcpchat.client.printer import Output, Printer
from tcpchat.client.prompt import History, Words, erase_what_is_wrapped, hold_down
from tcpchat.client.shown import Shown, notice
from tcpchat.client.typed import QUESTIONS, Wish, missing, wish
from tcpchat.requests import Refused
from tcpchat.text import clean

# Seconds between two looks at the link's delay.
REFRESH = 2.0


class Terminal:
    """Somebody at a terminal."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, make_reactor: Callable[[Any], Any], typed: Namespace
    ) -> None:
        self.loop = loop
        self.last_words: list[str] = []  # why it ends, to be said when the terminal is as it was
        self.status = 0
        how = paints(os.environ)
        self._room: str = typed.room
        self._was_online = False
        self._refusal = ""  # what the server has said before there was a session
        self._is_leaving = False
        self._last_ctrl_c = -SECOND_CTRL_C
        self._incomplete: Wish | None = None  # a password of it is missing, and is being typed
        self._goodbye: dict[str, str] | None = None  # our /quit, until all that was said is confirmed
        self._farewell = ""  # its ref
        self._output = cast(Output, Output.from_pty(sys.stdout, os.environ.get("TERM")))
        self._output.enable_cpr = False  # each print would ask where the cursor is, over the network
        self._foreign = ForeignServer(os.environ.get("TERM", "dumb"))
        conversation = Conversation(typed.nicks)
        self.model = Model(lambda fields: wording.answer(fields, conversation.seeing.zone, time.time()))
        self._link = EarlyLink(loop, make_reactor, typed.server, conversation, self._happened, self._foreign)
        prompt: PromptSession[str] = PromptSession(
            self._before_line,
            output=self._output,
            color_depth=ColorDepth.DEPTH_8_BIT if how.colours else ColorDepth.DEPTH_1_BIT,
            style=Style.from_dict({"status": "reverse", "pending": "ansibrightblack"}),
            completer=Words(self.model),
            complete_while_typing=False,
            history=History(),
            multiline=True,  # what is pasted keeps its lines; Enter sends it all the same
            key_bindings=bindings(self),
            is_password=Condition(lambda: self.model.is_input_hidden),
            refresh_interval=REFRESH,
            erase_when_done=True,
            enable_suspend=True,
            prompt_continuation="",
        )
        prompt.default_buffer.accept_handler = self._entered
        hold_down(prompt)
        self._app = prompt.app
        if wraps_anew(os.environ):
            erase_what_is_wrapped(self._app)
        self._app.max_render_postpone_time = None  # a key is seen at once, whatever else is to be done
        self._printer = Printer(loop, self._app, self._output, how, typed.notify)
        self._app.before_render += lambda _: self._resized()

    async def run(self) -> None:
        """Be there until somebody leaves."""
        for number in signal.SIGTERM, signal.SIGHUP, signal.SIGINT:
            self.loop.add_signal_handler(number, self._leave, 128 + number)
        self.loop.set_exception_handler(self._broken)  # prompt_toolkit's would wait for a key
        self._link.start()
        try:
            await self._app.run_async(handle_sigint=False, set_exception_handler=False)
        except EOFError:  # the terminal is gone
            self.status = 128 + signal.SIGHUP
        finally:
            self._link.stop()
            self._printer.finish()

    # What is typed

    def interrupt(self, event: KeyPressEvent) -> None:
        event.current_buffer.reset(append_to_history=not self.model.is_input_hidden)
        self._complete("")
        before, self._last_ctrl_c = self._last_ctrl_c, self.loop.time()
        if event.is_repeat and self._last_ctrl_c - before < SECOND_CTRL_C:  # with no other key in between
            self._quit({})
        else:
            self._print([notice("Ctrl-C again leaves.")])

    def leave(self) -> None:
        self._quit({})

    def look_into(self, number: int) -> None:
        self._print(self.model.look(self.model.numbered(number)))

    def page_up(self) -> None:
        if room := self.model.rooms.get(self.model.current):
            lines = max(2, self._output.get_size().rows - 3)
            before = {"before": room.oldest} if room.oldest else {}
            self._ask("history", {"room": room.name, "limit": lines, **before})

    def _entered(self, buffer: Buffer) -> bool:
        """A line was typed, or several were pasted; return whether they stay where they are."""
        line = buffer.text.rstrip("\n")
        if self.model.is_input_hidden:
            buffer.reset()  # a password is not kept for the arrow keys
        if self._incomplete is not None:
            self._complete(line)
        elif self.model.wants_nick:
            self.model.wants_nick = False
            self._link.choose(line.strip())
        elif self._link.takes_lines or self._was_online:
            return self._do(line)
        elif line.rstrip() == LEAVE:
            self._leave(0)
        elif line.strip() or self._link.is_foreign:
            self.model.early.append(line)
        return False

    def _do(self, line: str) -> bool:
        """Do what was typed; return whether it is to be typed anew, and so stays."""
        if self._link.is_foreign:
            self._do_elsewhere(line)
            return False
        try:
            wanted = wish(line, self.model.aim)
        except Refused as refusal:
            self._print([Shown(wording.error(str(refusal)))])
            return refusal.code == "too-long"
        if wanted is not None:
            self._ask(*wanted)
        return False

    def _ask(self, kind: str, fields: dict[str, Any]) -> None:
        if kind == "quit":
            self._quit(fields)
        elif kind == "paste":
            self._print([notice("Just paste: several lines are one message here.")])
        elif kind == "join" and fields["room"] in self.model.rooms:
            self._print(self.model.look(fields["room"]))
        elif field := missing(Wish(kind, fields)):
            self._incomplete = Wish(kind, fields)
            self.model.is_input_hidden, self.model.prompt = True, QUESTIONS[field]
        else:
            self.model.asked(self._link.ask(kind, **fields), kind, fields, time.time())
            self._app.invalidate()

    def _complete(self, password: str) -> None:
        """Ask for what lacked a password, which was typed now; nothing at all is a change of mind."""
        wanted, self._incomplete = self._incomplete, None
        if wanted is not None:
            self.model.is_input_hidden, self.model.prompt = False, ""
            if password:
                self._ask(wanted.kind, wanted.fields | {missing(wanted): password})

    def _do_elsewhere(self, line: str) -> None:
        if line.rstrip() == LEAVE:
            self._leave(0)
            return
        for each in line.split("\n"):
            if self._link.takes_lines:
                self._print(self.model.typed(each))
                self._link.type(each)
            else:
                self.model.early.append(each)

    # Leaving

    def _quit(self, fields: dict[str, str]) -> None:
        """Say goodbye, and wait for the answer only if one is to be had."""
        if self._is_leaving or not self._link.conversation.is_online:
            self._leave(0)
            return
        self._is_leaving, self._goodbye = True, fields
        self.loop.call_later(LONGEST_FAREWELL, self._leave, 0)
        self._part()

    def _part(self) -> None:
        if self._goodbye is not None and not self.model.pending:  # its answer may overtake theirs
            self._farewell, self._goodbye = self._link.ask("quit", **self._goodbye), None

    def _leave(self, result: int, why: str = "") -> None:
        self._is_leaving = True
        if self._app.is_running and not self._app.is_done:
            lost = list(not_sent(waiting(self.model)))
            self.status = result or (UNAVAILABLE if lost else 0)
            self.last_words = [*([why] if why else []), *lost]
            self._app.exit()

    def _broken(self, _: object, context: dict[str, Any]) -> None:
        """Leave after a bug of ours."""
        error = context.get("exception") or context["message"]
        if isinstance(error, BaseException):
            error = "".join(traceback.format_exception(error)).rstrip()
        self._leave(BROKEN, f"Something is wrong with this program: {error}")

    # What happens

    def _happened(self, happened: Sequence[Happening]) -> None:
        for it in happened:
            match it:
                case Offline(why) if not (self._was_online or self._link.is_foreign):
                    if result := hopeless(it, self._refusal):
                        self._leave(result, self._refusal or why)
                        continue
                case Line(text) if text.startswith(wording.ERROR):
                    self._refusal = clean(text.removeprefix(wording.ERROR))
                case Offline() if self._is_leaving:
                    self._leave(0)
                    continue
                case Offline(why) if self._link.is_foreign:
                    self._leave(0 if it.was_closed else UNAVAILABLE, why)
                    continue
                case Done(ref, _) if ref == self._farewell:
                    self._leave(0)
                case Online() if not self._was_online:
                    self._was_online = True
                    if self._room and self._room != it.room:
                        self._do(f"/join {self._room}")
                    self._do_what_waited()
                case Foreign():
                    self._do_what_waited()
                case Ours(lines):
                    self.model.early[:0] = lines
            self._print(self.model.take(it))
        self._part()

    def _do_what_waited(self) -> None:
        # Behind what is told already: the model has to know the room.
        early, self.model.early = self.model.early, []
        for line in early:
            self.loop.call_soon(self._do, line)

    # What is shown

    def _resized(self) -> None:
        self._link.resized(*self._output.get_size()[::-1])

    def _before_line(self) -> StyleAndTextTuples:
        columns = self._output.get_size().columns
        shown = [("class:pending", line) for line in on_the_way(waiting(self.model), columns)]
        below = cut(status(self.model, self._link.delay(), time.time()), columns - 1)
        return [*shown, ("class:status", below), ("", f"\n{self.model.prompt or self.model.current or '>'} ")]

    def _print(self, shown: list[Shown]) -> None:
        self._printer.print(shown, self.model.current, self._link.conversation.seeing)


def run(typed: Namespace, make_reactor: Callable[[Any], Any]) -> int:
    """Join on a terminal; return the exit status. ``make_reactor`` has Twisted's stand on an asyncio loop."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    terminal = Terminal(loop, make_reactor, typed)
    loop.run_until_complete(terminal.run())
    for words in terminal.last_words:
        print(f"tcpchat: {words}", file=sys.stderr)
    try:
        sys.stdout.flush()
    except OSError:  # the terminal is gone: at its end Python would try again, and end otherwise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return terminal.status
