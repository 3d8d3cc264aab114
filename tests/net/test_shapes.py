# SPDX-License-Identifier: GPL-2.0-or-later
"""Fragments, extension headers and everything that is no SYN of ours: passed on, byte for byte.

A rule of the test's own sends all that is forwarded to the queue, so that the daemon meets what its
own rules would never hand it; the daemon leaves the firewall alone here.
"""

import ipaddress

import packets
import pytest
from packets import AH, DESTINATION, FRAGMENT6, HOP_BY_HOP, ROUTING, hop_less, mss

MODES = ("queue", "mark")
CONFIG = 'firewall = "none"; queues = { first = 5200; count = 1; };'
FORWARD = ("FORWARD", "-i", "lan", "-j", "NFQUEUE", "--queue-num", "5200", "--queue-bypass")

A4, B4, A6, B6 = "192.0.2.2", "198.18.0.1", "2001:db8:1::2", "2001:db8:f::1"
SEGMENT4 = packets.segment(A4, B4, options=mss(1460), sport=4711)
SEGMENT6 = packets.segment(A6, B6, options=mss(1460), sport=4711)
PAD = b"\0\1\4\0\0\0\0"               # length 0 (8 bytes), PadN of 4
LONG = b"\2" + b"\1\x14" + bytes(20)   # 24 bytes
ROUTE = b"\2\4\0" + bytes(4) + ipaddress.ip_address("2001:db8:f::2").packed  # no segments left
FIRST = b"\0" + b"\0\1" + b"\0\0\0\7"  # offset 0, more follow
ATOMIC = b"\0" + b"\0\0" + b"\0\0\0\7" # offset 0, nothing follows
ICV = b"\4\0\0" + b"\0\0\0\1" * 2 + bytes(12)


def changed(segment, at, value):
    return segment[:at] + value + segment[at + len(value):]


CLAMPED = (
    # name                         packet
    ("plain IPv4",                 packets.ip(A4, B4, SEGMENT4)),
    ("IPv4 options",               packets.ip(A4, B4, SEGMENT4, options=b"\x01" * 8)),
    ("do not fragment",            packets.ip(A4, B4, SEGMENT4, fragment=0x4000)),
    ("plain IPv6",                 packets.ip(A6, B6, SEGMENT6)),
    ("hop-by-hop options",         packets.extended(A6, B6, [(HOP_BY_HOP, PAD)], SEGMENT6)),
    ("destination options",        packets.extended(A6, B6, [(DESTINATION, PAD)], SEGMENT6)),
    ("a long header",              packets.extended(A6, B6, [(DESTINATION, LONG)], SEGMENT6)),
    ("a routing header",           packets.extended(A6, B6, [(ROUTING, ROUTE)], SEGMENT6)),
    ("three headers",              packets.extended(A6, B6, [(HOP_BY_HOP, PAD), (ROUTING, ROUTE),
                                                             (DESTINATION, LONG)], SEGMENT6)),
    ("eight headers",              packets.extended(A6, B6, [(DESTINATION, PAD)] * 8, SEGMENT6)),
)

ALONE = (
    # name                   reason             packet
    ("first fragment",      "fragment",        packets.ip(A4, B4, SEGMENT4, fragment=0x2000)),
    ("later fragment",      "fragment",        packets.ip(A4, B4, SEGMENT4, fragment=0x0003)),
    ("first of IPv6",       "fragment",
     packets.extended(A6, B6, [(FRAGMENT6, FIRST)], SEGMENT6)),
    ("atomic fragment",     "fragment",
     packets.extended(A6, B6, [(FRAGMENT6, ATOMIC)], SEGMENT6)),
    ("authentication header", "ah",              packets.extended(A6, B6, [(AH, ICV)], SEGMENT6)),
    ("nine headers",        "extension_header",
     packets.extended(A6, B6, [(DESTINATION, PAD)] * 9, SEGMENT6)),
    ("UDP",                 "not_tcp",         packets.ip(A4, B4, bytes(8), protocol=17)),
    ("ESP",                 "not_tcp",         packets.ip(A4, B4, bytes(24), protocol=50)),
    ("ESP in IPv6",         "not_tcp",         packets.ip(A6, B6, bytes(24), protocol=50)),
    ("no next header",      "not_tcp",         packets.ip(A6, B6, bytes(8), protocol=59)),
    ("no payload length",   "jumbo",           packets.ip(A6, B6, b"", protocol=59)),
    ("12 bytes of TCP",     "tcp_truncated",   packets.ip(A4, B4, SEGMENT4[:12])),
    ("offset 4",            "tcp_header",      packets.ip(A4, B4, changed(SEGMENT4, 12, b"\x40"))),
    ("offset over the end", "tcp_header",      packets.ip(A4, B4, changed(SEGMENT4, 12, b"\xf0"))),
    ("an ACK",              "not_syn",         packets.syn(A4, B4, flags=packets.ACK)),
    ("SYN and FIN",         "not_syn",         packets.syn(A4, B4, flags=3)),
    ("SYN and RST",         "not_syn",         packets.syn(A6, B6, flags=6)),
)


@pytest.fixture(scope="module", autouse=True)
def everything(path, daemon):
    """All that is forwarded goes to the queue."""
    for program in ("iptables", "ip6tables"):
        path.gateway.run(program, "-t", "mangle", "-A", *FORWARD)
    yield
    for program in ("iptables", "ip6tables"):
        path.gateway.run(program, "-t", "mangle", "-D", *FORWARD)


@pytest.fixture
def anything(path):
    """Whatever arrives at the server for a sink."""
    with packets.Capture(path.server, "eth0", match=lambda p: str(p.target) in (B4, B6)) as capture:
        yield capture


@pytest.mark.parametrize("packet", [case[1] for case in CLAMPED], ids=[case[0] for case in CLAMPED])
def test_clamped(daemon, inject, anything, packet):
    before = daemon.syn("clamped")
    inject(packet)
    got = anything.next()
    assert got.mss == [1360 if got.version == 4 else 1340]
    assert got.checksum_error == 0
    assert got.ip[:-len(got.tcp)] == hop_less(packet)[:-len(got.tcp)]
    assert daemon.syn("clamped") == before + 1


@pytest.mark.parametrize("reason, packet", [case[1:] for case in ALONE],
                         ids=[case[0] for case in ALONE])
def test_left_alone(daemon, inject, anything, reason, packet):
    before = daemon.syn(reason)
    inject(packet)
    assert anything.next().ip == hop_less(packet)
    assert daemon.syn(reason) == before + 1


def test_a_mixture_adds_up(daemon, inject, anything):
    """Every packet has one result, and every sum of `stats` is the sum of its parts."""
    before = daemon.stats()
    mixture = [packet for _, packet in CLAMPED] + [packet for _, _, packet in ALONE]
    for packet in 20 * mixture:
        inject(packet)
    assert len(anything.take(20 * len(mixture), 5)) == 20 * len(mixture)
    after = daemon.stats()
    assert after["syn"]["seen_total"] - before["syn"]["seen_total"] == 20 * len(mixture)
    assert after["syn"]["clamped_total"] - before["syn"]["clamped_total"] == 20 * len(CLAMPED)
    for counts in (after["syn"], after["ipv4"], after["ipv6"]):
        totals = {k: v for k, v in counts.items() if k.endswith("_total") and k != "seen_total"}
        assert counts["seen_total"] == sum(totals.values())
        assert counts["left_alone_total"] == sum(counts["left_alone"].values())
    for name in ("seen_total", "clamped_total", "left_alone_total"):
        assert after["syn"][name] == after["ipv4"][name] + after["ipv6"][name]
