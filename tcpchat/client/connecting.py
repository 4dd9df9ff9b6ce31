"""
Makes a link to a server: with it all of Twisted is imported, and so it is a module of its own.

That takes longer than anything else does when the client starts.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from tcpchat.client.address import Address
from tcpchat.client.conversation import Conversation
from tcpchat.client.foreign import ForeignServer
from tcpchat.client.happenings import Happening
from tcpchat.client.link import Link
from tcpchat.client.shunning import Shunning
from tcpchat.client.way import endpoint


def connect(
    reactor: Any,
    address: Address,
    conversation: Conversation,
    happened: Callable[[Sequence[Happening]], None],
    foreign: ForeignServer | None,
) -> Link:
    """Return a link that is still to be started."""
    shunning = Shunning(reactor.nameResolver, reactor)
    reactor.installNameResolver(shunning)
    way = endpoint(reactor, address)
    return Link(reactor, way, conversation, happened, random.uniform, foreign, shun=shunning.shun)
