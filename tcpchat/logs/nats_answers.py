"""What a NATS server answers, understood: acknowledgements, refusals, where a message stands. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from tcpchat.logs.nats_terms import Lost, Refusing, Unclear

# The error codes of JetStream (nats-server's server/errors.json) that say something about a publish.
WRONG_SEQUENCE = 10071
WRONG_OR_EARLY = 10164
ID_IN_BATCH_IS_KNOWN = 10201
ID_NOT_IN_BATCH = 10177  # the server is too old to know ids in a batch
STORE_FAILED = 10077
# Nothing was done, and it may well be done a moment later: no leader, a batch cut by a new leader, a crowd.
PASSING = {10008, 10009, 10163, 10167, 10176, 10210}
# Limits of the account, the stream or the server, and what the stream does not allow.
CERTAIN = {10002, 10023, 10028, 10035, 10039, 10047, 10053, 10054, 10060, 10076}
CERTAIN |= {10097, 10109, 10165, 10166, 10174, 10199}
# A store fails also under what a quorum has, but not for these reasons (server/store.go).
FULL = {"maximum bytes exceeded", "maximum messages exceeded", "maximum messages per subject exceeded"}


class NotTaken(Exception):
    """Nobody was there to do it: it is not done, for certain, and may be tried again."""


class PerhapsLost(Exception):
    """
    The leader has another last sequence, or not yet the expected one.

    A consumer on another server may give a message before the leader itself has stored it, a moment
    after a quorum had it.
    """


class AlreadyThere(Exception):
    """A message of a batch has an id that is in the stream."""


class IdsNotAllowed(Exception):
    """This server lets no ids into a batch."""


class Place(NamedTuple):
    """Where a message that a consumer has given stands."""

    seq: int  # in the stream
    number: int  # among those that the consumer has given: 1, 2, 3, …
    behind: int  # how many messages the consumer has yet to give


class _Error(msgspec.Struct):
    err_code: int = 0
    description: str = ""


class _Answer(msgspec.Struct):
    """An acknowledgement, as far as it matters."""

    seq: int | None = None
    error: _Error | None = None


_decode = msgspec.json.Decoder(_Answer).decode


def outcome(answer: bytes) -> int | Exception:
    """
    Return the stream sequence that an answer to a publish tells of, or why there is none.

    That is `Lost`, `Refusing` or `Unclear`, or one of the exceptions above: then it may be tried otherwise.
    """
    try:
        told = _decode(answer)
    except msgspec.MsgspecError:
        return Unclear("the server answers what is not understood")
    if told.error is not None:
        return refusal(told.error.err_code, told.error.description)
    return Unclear("the server names no sequence") if told.seq is None else told.seq


def refusal(code: int, text: str) -> Exception:
    """Return what an error of JetStream means for what was to be done."""
    if code == WRONG_SEQUENCE:
        return Lost(text)
    if code == WRONG_OR_EARLY:
        return PerhapsLost(text)
    if code in PASSING:
        return NotTaken(text)
    if code == ID_IN_BATCH_IS_KNOWN:
        return AlreadyThere(text)
    if code == ID_NOT_IN_BATCH:
        return IdsNotAllowed(text)
    if code in CERTAIN or (code == STORE_FAILED and text in FULL):
        return Refusing(text)
    return Unclear(text)


def place(reply: str) -> Place:
    """
    Return where a message stands whose reply subject is given (ADR-15 of NATS).

    ``$JS.ACK.STREAM.CONSUMER.TRIES.SEQ.NUMBER.TIME.BEHIND``, or with a domain and an account in front.
    """
    tokens = reply.split(".")
    at = 5 if len(tokens) == 9 else 7
    return Place(int(tokens[at]), int(tokens[at + 1]), int(tokens[at + 3]))


def is_removal(headers: Mapping[str, str] | None) -> bool:
    """Return whether a message in a bucket says that its key was removed."""
    return headers is not None and (
        headers.get("KV-Operation") in ("DEL", "PURGE") or "Nats-Marker-Reason" in headers
    )
