"""``tcpchat mkcert``: a certificate and its key for ``ssl:``, where no authority makes one."""

from __future__ import annotations

import argparse
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from ipaddress import IPv6Address
from pathlib import Path

from tcpchat.listening import own_addresses
from tcpchat.logs.sqlite_tools import NotWritten
from tcpchat.tools import SHAPE, Subjects, WrongUsage, stdout

KEY = "key.pem"
CERTIFICATE = "cert.pem"

# Where the client looks for a server with TLS if nothing else is said.
PORT = 8024

# Linux's list of the addresses of this machine: 32 digits each, then more about it.
IPV6_ADDRESSES = "/proc/net/if_inet6"

TEXT = """Make a certificate that vouches for itself, for a local network: cert.pem, and its private key,
key.pem, which nobody else can read. Nothing is overwritten. What is printed is how to start the server and
how people come in: by the fingerprint their client knows that it is this server.

examples:
  tcpchat mkcert
  tcpchat mkcert chat.home.arpa 192.168.1.5 --out /etc/tcpchat
"""

DONE = """Made: {certificate}, good until {until:%Y-%m-%d}, and its private key, {key}
For:  {names}

The server:  twistd -n tcpchat --listen ssl:{port}:privateKey={quoted_key}:certKey={quoted_certificate}
People:      tcpchat {host} --fingerprint {fingerprint}
"""


def add_to(subjects: Subjects) -> None:
    """Add the tool to the command line."""
    command = subjects.add_parser(
        "mkcert", help="make a certificate for a local network", description=TEXT, formatter_class=SHAPE,
        allow_abbrev=False,
    )  # fmt: skip
    command.add_argument(
        "names", nargs="*", metavar="NAME",
        help="name or address that people connect to (those of this machine)",
    )  # fmt: skip
    command.add_argument("--out", default=".", metavar="DIR", help="folder to put the two files into (.)")
    command.set_defaults(run=_run, is_careful=False)


def _run(typed: argparse.Namespace) -> int:
    # It takes a twentieth of a second, and no other tool needs it.
    from twisted.internet.endpoints import quoteStringArgument

    from tcpchat.self_signed import NoName, self_signed

    names = typed.names or list(dict.fromkeys(own_names()))
    try:
        made = self_signed(names, datetime.now(UTC))
    except NoName as error:
        raise WrongUsage(f"A certificate cannot be for {str(error)!r}.") from error
    folder = Path(typed.out)
    key, certificate = folder / KEY, folder / CERTIFICATE
    _write({key: made.key, certificate: made.certificate})
    with stdout() as out:
        out.write(
            DONE.format(
                names=", ".join(names), until=made.until, certificate=certificate, key=key, port=PORT,
                quoted_key=quoteStringArgument(str(key)), fingerprint=made.fingerprint,
                quoted_certificate=quoteStringArgument(str(certificate)), host=names[0],
            ).encode()
        )  # fmt: skip
    return 0


def _write(contents: dict[Path, bytes]) -> None:
    """Write files, of which none may be there; all of them or none."""
    written: list[Path] = []
    try:
        for path, content in contents.items():
            mode = 0o600 if path.name == KEY else 0o644
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
                written.append(path)
                file.write(content)
    except OSError as error:
        for half in written:
            half.unlink()
        if isinstance(error, FileExistsError):
            raise NotWritten(f"{path} is there already, and is not overwritten.") from error
        raise NotWritten(f"{path} cannot be written: {error.strerror}.") from error


def own_names() -> Iterator[str]:
    """Yield this machine's names and addresses, those for others first."""
    yield socket.gethostname()
    ipv4 = list(own_addresses())
    yield from (address for address in ipv4 if not address.startswith("127."))
    with suppress(OSError), open(IPV6_ADDRESSES) as file:
        for line in file:
            address = IPv6Address(int(line.split()[0], 16))
            if not (address.is_link_local or address.is_loopback):
                yield str(address)
    yield from ("localhost", "127.0.0.1", "::1")
