"""What is asked for to keep order is part of what can be asked for, and means the current room by itself."""

from __future__ import annotations

from typing import get_args

from twisted.trial.unittest import SynchronousTestCase

from tcpchat import operator_requests
from tcpchat.discreet import Discreet
from tcpchat.names import RESERVED
from tcpchat.operator_requests import EVERYWHERE, Announce, Ban, Lockdown, Mute, Reload, Slow
from tcpchat.requests import Request


class OperatorRequestTests(SynchronousTestCase):
    def test_each_is_in_the_list_of_requests(self) -> None:
        here = {kind for kind in vars(operator_requests).values() if isinstance(kind, type(Ban))}
        self.assertEqual(here - set(get_args(Request)), {Discreet})

    def test_where_no_room_is_named_it_is_the_current_one_but_of_what_is_for_the_whole_server(self) -> None:
        kinds = [kind for kind in vars(operator_requests).values() if isinstance(kind, type(Ban))]
        of_no_room = {kind for kind in kinds if "room" not in kind.__struct_fields__}
        self.assertEqual(of_no_room, {Discreet, Announce, Lockdown, Reload})
        self.assertEqual((Ban("eve").room, Mute("eve").room, Slow(5).room), ("", "", ""))

    def test_what_stands_for_the_whole_server_is_no_nickname_that_anybody_can_have(self) -> None:
        self.assertIn(EVERYWHERE, RESERVED)

    def test_whoever_is_named_is_in_no_repr(self) -> None:
        self.assertNotIn("eve", repr(Ban("eve", 5, "spam eve", "#eve")))
