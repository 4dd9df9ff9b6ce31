"""What factories of connections are made of, with every Twisted that there may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from twisted.internet.protocol import ServerFactory

# Of which type their protocols are, Twisted's factories tell since 26.10, and before they cannot be asked.
if TYPE_CHECKING:
    AnyServerFactory = ServerFactory[Any]
else:
    AnyServerFactory = ServerFactory
