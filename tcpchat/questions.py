"""Requests that a password is missing of: it is asked for, and the next line is that. No I/O."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from tcpchat import handed
from tcpchat.requests import ChangePassword, Login, Register, Request, Unregister

WithPassword = Register | Login | ChangePassword | Unregister
_WITH_PASSWORD: dict[str, type[WithPassword]] = {
    kind.__name__: kind for kind in (Register, Login, ChangePassword, Unregister)
}


class Missing(NamedTuple):
    """A request that a password is missing of, and what that is in it."""

    request: WithPassword
    missing: str

    def completed(self, password: str) -> Request:
        """Return the whole request."""
        return msgspec.structs.replace(self.request, **{self.missing: password})

    def hand_on(self) -> handed.Question:
        """Return it, for another process."""
        return handed.Question(
            type(self.request).__name__, msgspec.structs.asdict(self.request), self.missing
        )

    @classmethod
    def going_on_from(cls, it: handed.Question) -> Missing:
        """Return one that another process has asked for."""
        return cls(msgspec.convert(it.fields, _WITH_PASSWORD[it.request]), it.missing)
