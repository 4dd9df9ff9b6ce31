"""Whose an address is, and as what it is counted."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tcpchat.networks import (
    HERE,
    Kind,
    Network,
    Number,
    is_among,
    mask,
    network,
    networks,
    number,
    own,
    prefix,
)


class KindTests(SynchronousTestCase):
    def assert_kind(self, kind: Kind, *addresses: str) -> None:
        for address in addresses:
            self.assertIs(network(address).kind, kind, address)

    def test_this_machine_is_loopback(self) -> None:
        self.assert_kind(Kind.LOOPBACK, "127.0.0.1", "127.255.255.255", "::1", "::ffff:127.3.4.5")

    def test_whoever_has_no_address_is_from_this_machine(self) -> None:
        for text in "unix", "", "localhost", "1.2.3":
            self.assertEqual(network(text), HERE)
        self.assertTrue(HERE.is_exempt)

    def test_the_private_ranges_end_where_the_standards_say(self) -> None:
        self.assert_kind(
            Kind.PRIVATE,
            *("10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0"),
            *("192.168.255.255", "169.254.0.0", "169.254.255.255"),
            *("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fe80::", "febf:ffff::1"),
            *("fe80::1%eth0", "::ffff:10.1.2.3"),
        )
        self.assert_kind(
            Kind.PUBLIC,
            *("9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0"),
            *("169.253.255.255", "169.255.0.0", "126.255.255.255", "128.0.0.0"),
            *("fbff:ffff::1", "fe00::", "fe7f:ffff::1", "fec0::", "::", "::2", "2001:db8::1"),
            *("::ffff:8.8.8.8", "100.64.0.1"),
        )

    def test_only_this_machine_and_the_trusted_are_exempt(self) -> None:
        trusted = networks(["192.0.2.0/24"])
        exempt = [a for a in ("::1", "192.0.2.9", "10.0.0.1", "8.8.8.8") if network(a, trusted).is_exempt]
        self.assertEqual(exempt, ["::1", "192.0.2.9"])


class TrustedTests(SynchronousTestCase):
    def test_they_are_trusted_whatever_else_they_are(self) -> None:
        trusted = networks(["10.1.0.0/16", "2001:db8:7::/48", " 198.51.100.7", "fe80::/64"])
        for address in "10.1.255.255", "2001:db8:7:1::1", "198.51.100.7", "::ffff:10.1.0.0", "fe80::1%eth0":
            self.assertIs(network(address, trusted).kind, Kind.TRUSTED, address)
        for address in "10.2.0.0", "2001:db8:8::1", "198.51.100.8", "::1":
            self.assertIsNot(network(address, trusted).kind, Kind.TRUSTED, address)

    def test_an_address_with_the_length_of_a_network_is_that_network(self) -> None:
        self.assertEqual(networks(["10.1.2.3/16"]), (ip_network("10.1.0.0/16"),))

    def test_what_is_no_network_is_named(self) -> None:
        for wrong in "10.1.0.0/33", "here", "", "10.1", "2001:db8::/129":
            error = self.assertRaises(ValueError, networks, ["10.0.0.1", wrong, "nonsense"])
            self.assertEqual(str(error), wrong)


class KeyTests(SynchronousTestCase):
    def test_ip4_is_counted_by_its_address_and_ip6_by_its_64_and_48(self) -> None:
        self.assertEqual(network("192.0.2.1"), Network(Kind.PUBLIC, "192.0.2.1"))
        expected = Network(Kind.PUBLIC, "2001:db8:1:2::/64", "2001:db8:1::/48")
        self.assertEqual(network("2001:db8:1:2:3:4:5:6"), expected)
        self.assertEqual(network("2001:db8:1:2:ffff:ffff:ffff:ffff"), expected)
        self.assertEqual(network("2001:db8:1:3::").wider, expected.wider)
        self.assertNotEqual(network("2001:db8:1:3::").key, expected.key)
        self.assertNotEqual(network("2001:db8:2:2::").wider, expected.wider)

    @given(st.ip_addresses(v=4))
    def test_ip4_inside_ip6_is_ip4(self, ip: IPv4Address) -> None:
        self.assertEqual(network(f"::ffff:{ip}"), network(str(ip)))

    @given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1))
    def test_all_of_a_64_are_one_and_the_48_holds_them(self, ip: IPv6Address, host: int) -> None:
        if ip.ipv4_mapped is not None:
            return
        neighbour = IPv6Address(int(ip) >> 64 << 64 | host)
        if neighbour.ipv4_mapped is None and network(str(neighbour)).kind is network(str(ip)).kind:
            self.assertEqual(network(str(neighbour)), network(str(ip)))
        known = network(str(ip))
        self.assertTrue(IPv6Network(known.key).subnet_of(IPv6Network(known.wider)))
        self.assertIn(ip, ip_network(known.key))

    @given(st.one_of(st.ip_addresses(), st.text(max_size=50)))
    def test_whatever_is_asked_there_is_an_answer_and_how_it_is_spelled_does_not_matter(
        self, address: IPv4Address | IPv6Address | str
    ) -> None:
        known = network(str(address))
        self.assertEqual(network(getattr(address, "exploded", address)), known)
        self.assertEqual(
            bool(known.wider), known != HERE and ip_address(str(address)).version == 6 and ":" in known.key
        )


class MaskTests(SynchronousTestCase):
    def test_an_operator_means_one_ip4_address_or_the_64_of_an_ip6_address(self) -> None:
        for text, meant in {
            "192.0.2.1": "192.0.2.1/32",
            "::ffff:192.0.2.1": "192.0.2.1/32",
            "127.0.0.1": "127.0.0.1/32",
            "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
            "::1": "::/64",
        }.items():
            self.assertEqual(str(mask(text)), meant)

    def test_a_network_is_meant_as_it_is_typed(self) -> None:
        for text, meant in {
            "203.0.113.9/24": "203.0.113.0/24",
            "0.0.0.0/0": "0.0.0.0/0",
            "2001:db8::1/128": "2001:db8::1/128",
            "2001:db8:1::/40": "2001:db8::/40",
            "::ffff:192.0.2.0/120": "192.0.2.0/24",
            "::ffff:0:0/96": "0.0.0.0/0",
            "::/0": "::/0",
        }.items():
            self.assertEqual(str(mask(text)), meant)

    def test_what_is_neither_is_named(self) -> None:
        for wrong in "eve", "", "10.1", "10.0.0.0/33", "fe80::1%eth0", "fe80::%eth0/64/", "1.2.3.4/x", "3":
            self.assertEqual(str(self.assertRaises(ValueError, mask, wrong)), wrong)

    def test_what_one_has_for_oneself_is_an_ip4_address_or_a_64(self) -> None:
        self.assertEqual(str(own("::ffff:192.0.2.1")), "192.0.2.1/32")
        self.assertEqual(str(own("fe80::1%eth0")), "fe80::/64")
        self.assertIsNone(own("a socket"))

    @given(st.ip_addresses())
    def test_an_address_is_in_what_is_meant_by_it(self, ip: IPv4Address | IPv6Address) -> None:
        self.assertEqual(mask(str(ip)), own(str(ip)))
        self.assertEqual(mask(f"{ip}/{ip.max_prefixlen}").num_addresses, 1)


class NumberTests(SynchronousTestCase):
    def test_an_address_has_a_number_and_what_is_none_has_not(self) -> None:
        self.assertEqual(number("192.0.2.1"), Number(4, 0xC0000201))
        self.assertEqual(number("::ffff:192.0.2.1"), Number(4, 0xC0000201))
        self.assertEqual(number("fe80::1%eth0"), Number(6, 0xFE80 << 112 | 1))
        for wrong in "", "here", "1.2.3", "1.2.3.4/32", "::x":
            self.assertIsNone(number(wrong))

    @given(st.ip_addresses(), st.integers(0, 128))
    def test_what_is_in_a_network_begins_as_it_does(self, ip: IPv4Address | IPv6Address, bits: int) -> None:
        length = min(bits, ip.max_prefixlen)
        version, rest, begin = prefix(ip_network(f"{ip}/{length}", strict=False))
        self.assertEqual((version, rest), (ip.version, ip.max_prefixlen - length))
        self.assertEqual(int(ip) >> rest, begin)


class AmongTests(SynchronousTestCase):
    def test_an_address_is_in_one_of_the_networks_or_in_none(self) -> None:
        some = networks(["10.1.0.0/16", "192.0.2.1", "2001:db8::/32"])
        for address in "10.1.2.3", "::ffff:10.1.2.3", "192.0.2.1", "2001:db8::1", "2001:db8::1%eth0":
            self.assertTrue(is_among(address, some), address)
        for address in "10.2.0.1", "192.0.2.2", "2001:db9::1", "unix", "":
            self.assertFalse(is_among(address, some), address)
        self.assertFalse(is_among("10.1.2.3", ()))
