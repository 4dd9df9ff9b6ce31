"""The keys of records in a bucket: ``KIND.KEY``, or ``KIND.NODE.KEY`` of what is a node's own. No I/O."""

from __future__ import annotations

import re

from tcpchat.records import SHOWN

# Each node has its own records of these kinds.
OWN = {SHOWN}

# All that any NATS tool takes for a key of a bucket, but the dot, and the sign that stands for the rest.
_UNSAFE = re.compile(rb"[^-/_a-zA-Z0-9]")
_ESCAPED = re.compile(rb"=([0-9A-F]{2})")

EMPTY = "="  # no part of a subject may be empty


def escape(text: str) -> str:
    """Return a text as a part of a key: bytes that may not stand there are ``=`` and their number."""
    return _UNSAFE.sub(lambda found: b"=%02X" % ord(found[0]), text.encode()).decode("ascii") or EMPTY


def unescape(part: str) -> str:
    """Return the text that a part of a key stands for; what `escape` never makes stands for itself."""
    if part == EMPTY:
        return ""
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), part.encode()).decode("utf-8", "replace")


def bucket_key(node: str, kind: str, key: str) -> str:
    """Return the bucket's key of a record that a node keeps."""
    return f"{kind}.{escape(node)}.{escape(key)}" if kind in OWN else f"{kind}.{escape(key)}"


def parts(bucket_key: str) -> tuple[str, str, str]:
    """Return the node (empty if it is of all nodes), the kind and the key of a record in the bucket."""
    kind, _, rest = bucket_key.partition(".")
    if kind in OWN:
        node, _, key = rest.partition(".")
        return unescape(node), kind, unescape(key)
    return "", kind, unescape(rest)
