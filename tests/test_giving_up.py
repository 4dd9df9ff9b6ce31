"""How the process ends before its time. That it does, with its status, is seen in test_command_line.py."""

from __future__ import annotations

import errno
import socket

from twisted.internet.error import CannotListenError
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.giving_up import error_number, status_of, why_not_listening
from tcpchat.logs.interface import CannotOpen, Damaged, InUse


class GivingUpTests(SynchronousTestCase):
    def test_each_reason_has_its_status(self) -> None:
        for error, status in (CannotOpen(), 71), (Damaged(), 65), (InUse(), 75):
            self.assertEqual(status_of(error), status)

    def test_a_port_that_cannot_be_had_is_named_with_the_reason(self) -> None:
        busy = OSError(errno.EADDRINUSE, "Address already in use")
        self.assertEqual(
            why_not_listening(CannotListenError("", 8023, busy)),
            (75, "Cannot listen on port 8023: another program has that port."),
        )
        denied = OSError(errno.EACCES, "Permission denied")
        self.assertEqual(
            why_not_listening(CannotListenError("127.0.0.1", 23, denied)),
            (71, "Cannot listen on 127.0.0.1 port 23: [Errno 13] Permission denied."),
        )

    def test_what_says_nothing_of_a_port_is_the_reason_itself(self) -> None:
        self.assertEqual(why_not_listening(OSError("no such folder")), (71, "Cannot listen: no such folder."))

    def test_the_systems_number_is_known_where_there_is_one(self) -> None:
        unknown = CannotListenError("nowhere", 1, socket.gaierror(socket.EAI_NONAME, "no such name"))
        self.assertEqual(error_number(unknown), socket.EAI_NONAME)
        self.assertEqual(error_number(CannotListenError("", 1, OverflowError("1 << 20"))), None)
