"""What people type for a server."""

from __future__ import annotations

import pytest

from tcpchat.client.address import Address, NotAnAddress, address


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("localhost", Address("localhost", 8023)),
        ("localhost:23", Address("localhost", 23)),
        ("127.0.0.1", Address("127.0.0.1", 8023)),
        ("::1", Address("::1", 8023)),
        ("[::1]", Address("::1", 8023)),
        ("[::1]:23", Address("::1", 23)),
        ("tcpchat://chat.example.org", Address("chat.example.org", 8023)),
        ("tcpchats://chat.example.org", Address("chat.example.org", 8024, True)),
        ("tcpchats://chat.example.org:99/dev", Address("chat.example.org", 99, True, "#dev")),
        ("tcpchat://localhost/%23dev", Address("localhost", 8023, False, "#dev")),
        ("tcpchat://localhost/#dev", Address("localhost", 8023, False, "#dev")),
    ],
)
def test_an_address_is(typed: str, meant: Address) -> None:
    assert address(typed) == meant


def test_with_tls_another_port_is_meant_unless_one_is_named() -> None:
    assert address("localhost", tls=True) == Address("localhost", 8024, True)
    assert address("localhost:8023", tls=True) == Address("localhost", 8023, True)


@pytest.mark.parametrize(
    "typed",
    ["", ":", ":8023", "localhost:", "localhost:0", "localhost:99999", "localhost:http", "a b", "a\x1bb",
     "http://localhost", "anna@localhost", "localhost/?x", "[::1", "tcpchat://"],
)  # fmt: skip
def test_no_address_is(typed: str) -> None:
    with pytest.raises(NotAnAddress, match=r"\bit is\b.*HOST"):
        address(typed)


def test_an_address_is_shown_as_it_is_typed() -> None:
    assert str(Address("localhost", 8023)) == "localhost:8023"
    assert str(Address("::1", 8023)) == "[::1]:8023"
