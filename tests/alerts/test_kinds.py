# SPDX-License-Identifier: GPL-2.0-or-later
"""Each kind of alert fires by what really happens: all of it at once, for their windows last a minute.
What tests/net/test_alerts.py has, IPv4's fragments and paths that fall, is not repeated."""

import contextlib
import socket
import struct

import packets
import pytest
from daemon import Daemon
from meanwhile import repeated
from netns import until

CONFIG = """alerts = { for = "1s"; fragments_per_second = 2.0; reassembly_failures_per_second = 1.0;
	retransmit_percent = 2.0; syns_retried_percent = 10.0; fail_open_per_second = 1.0;
	rules_reinstalled_per_hour = 1.0; };
	queues = { first = 5000; count = 1; max_packets = 16; };"""
RATES = {"fragments_ipv6", "reassembly_ipv4", "reassembly_ipv6"}
SHARES = {"retransmissions", "syns_retried"}
PORT = 7777
UDP = b"\x9c\x40\x00\x09\x05\xb4\x00\x00" # ports, a length of 1460, no checksum
UDP_PROTOCOL = 17
MORE, MORE6 = 0x2000, 1 # more fragments follow
TWENTY_A_SECOND = 0.05


@pytest.fixture(scope="module")
def gateway(path):
    """Gives up on a packet whose last piece does not come after a second, not thirty."""
    path.gateway.sysctl("ipv4/ipfrag_time", 1)
    path.gateway.sysctl("ipv6/ip6frag_time", 1)
    return path.gateway


@contextlib.contextmanager
def pieces(path):
    """Packets for the gateway whose second half never comes, and datagrams of its own that it cuts."""
    injector = packets.Injector(path.client, "eth0", path.gateway.mac("lan"))
    with path.gateway.socket(socket.AF_INET6, socket.SOCK_DGRAM) as own:

        def send(number):
            half = UDP + bytes(64)
            injector.send(packets.ip(path.CLIENT4, path.GATEWAY_LAN4, half, protocol=UDP_PROTOCOL,
                                     fragment=MORE, ident=number & 0xffff))
            head = struct.pack("!BxHI", UDP_PROTOCOL, MORE6, number)
            injector.send(packets.ip(path.CLIENT6, path.GATEWAY_LAN6, head + half,
                                     protocol=packets.FRAGMENT6))
            own.sendto(bytes(1452), (path.SERVER6, 9))

        try:
            with repeated(send, TWENTY_A_SECOND):
                yield
        finally:
            injector.close()


@contextlib.contextmanager
def segments_sent_again(path):
    """A connection of the gateway's own, of which the server loses one segment in eight."""
    path.server.run("nft", "-f", "-", text=f"""table inet lossy {{
        chain in {{ type filter hook input priority 0;
            tcp dport {PORT} meta length > 500 numgen inc mod 8 == 0 drop
        }}
    }}""")
    with path.server.socket() as listener, path.gateway.socket() as sender:
        listener.bind((path.SERVER4, PORT))
        listener.listen()
        sender.connect((path.SERVER4, PORT))
        sender.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reader, _ = listener.accept()

        def send(_):
            sender.sendall(bytes(600))
            with contextlib.suppress(BlockingIOError):
                reader.recv(1 << 16, socket.MSG_DONTWAIT)

        try:
            with reader, repeated(send, TWENTY_A_SECOND):
                yield
        finally:
            path.server.run("nft", "delete", "table", "inet", "lossy")


@contextlib.contextmanager
def syns_sent_again(path):
    """SYNs that nobody answers, each of them twice."""
    injector = packets.Injector(path.client, "eth0", path.gateway.mac("lan"))

    def send(number):
        injector.send(packets.syn(path.CLIENT4, path.SINK4, sport=40000 + number // 2 % 20000))

    with repeated(send, TWENTY_A_SECOND):
        yield
    injector.close()


@pytest.fixture(scope="module")
def daemon(path):
    with Daemon(path.gateway, CONFIG) as running:
        yield running


def firing(daemon):
    return {alert["alert"]: alert["value"] for alert in daemon.json("status")["alerts"]}


def test_rates_and_shares(daemon, gateway, path):
    """Rates within their ten seconds, shares within their minute; what ends is told."""
    assert firing(daemon) == {}
    with segments_sent_again(path), syns_sent_again(path):
        with pieces(path):
            until(lambda: RATES <= firing(daemon).keys(), "the rates", 40)
        until(lambda: not RATES & firing(daemon).keys(), "their end", 40)
        until(lambda: SHARES <= firing(daemon).keys(), "the shares", 120)
        values = firing(daemon)
    assert SHARES <= values.keys() and not RATES & values.keys()
    assert 2 <= values["retransmissions"] <= 40 and 30 <= values["syns_retried"] <= 60
    for name in RATES:
        assert f"alert {name} is over after " in daemon.log()


def test_a_full_queue(daemon, path):
    """What comes while nobody reads passes it, and how many did is seen afterwards."""
    injector = packets.Injector(path.client, "eth0", path.gateway.mac("lan"))
    until(lambda: "fail_open" in daemon.json("status")["alerts_settled"], "a window without it", 40)
    daemon.hold()
    try:
        with packets.Capture(path.server, "eth0", match=lambda p: p.sport == 20199) as last:
            for number in range(200):
                injector.send(packets.syn(path.CLIENT4, path.SINK4, sport=20000 + number))
            last.next()
    finally:
        daemon.go_on()
        injector.close()
    until(lambda: "fail_open" in firing(daemon), "an alert", 40)
    until(lambda: "fail_open" not in firing(daemon), "its end", 40)


def test_rules_that_are_flushed(daemon, path):
    path.gateway.run("iptables-nft", "-t", "mangle", "-F")
    until(lambda: "rules_reinstalled" in firing(daemon), "an alert", 20)
    assert "rules_reinstalled_per_hour" in daemon.says("alert rules_reinstalled: .*\n").group()
