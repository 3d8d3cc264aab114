# SPDX-License-Identifier: GPL-2.0-or-later
"""Forwarded connections without any configuration: the link's MTU is the limit."""

import packets
import pytest
import transfer

MODES = ("queue", "mark", "offload")
pytestmark = pytest.mark.usefixtures("daemon")

LIMIT = {4: 1360, 6: 1340}  # 1400 - 40, 1400 - 60
SIZE = 300_000


@pytest.mark.parametrize("family", (4, 6))
def test_syn_and_syn_ack_carry_the_limit(handshake, family):
    assert handshake(family) == ([LIMIT[family]], [LIMIT[family]])


@pytest.mark.parametrize("family", (4, 6))
def test_counted_as_clamped_by_family(daemon, path, servers, family):
    """SYN and SYN-ACK."""
    assert transfer.count_once(lambda: daemon.syn("clamped", f"ipv{family}"), path.client,
                               servers[family], ((path.server, "eth0"), (path.client, "eth0"))) == 2


@pytest.mark.parametrize("family", (4, 6))
@pytest.mark.parametrize("move", (transfer.download, transfer.upload))
def test_bytes_arrive_though_no_icmp_does(path, servers, family, move):
    """Both ends' ICMP is filtered at the gateway, so only the clamp can make this work."""
    path.gateway.run("nft", "-f", "-", text="""
        table inet blackhole {
            chain out {
                type filter hook output priority 0;
                icmp type destination-unreachable drop
                icmpv6 type packet-too-big drop
            }
        }""")
    try:
        digest = move(path.client, servers[family], SIZE)
    finally:
        path.gateway.run("nft", "delete", "table", "inet", "blackhole")
    assert digest == transfer.expected(SIZE)


def test_small_mss_is_never_raised(path, inject, arrivals):
    inject(packets.syn(path.CLIENT4, path.SINK4, options=packets.mss(536)))
    assert arrivals.next().mss == [536]


def broken_headers():
    """SYNs whose TCP header is cut, or whose data offset is impossible, in both families."""
    for source, target in (("192.0.2.2", "198.18.0.1"), ("2001:db8:1::2", "2001:db8:f::1")):
        whole = packets.segment(source, target, options=packets.mss(1460))
        for tcp in (b"", whole[:12], whole[:14], whole[:19], whole[:12] + b"\x40" + whole[13:],
                    whole[:12] + b"\xf0" + whole[13:]):
            yield packets.ip(source, target, tcp)


@pytest.mark.parametrize("packet", broken_headers(),
                         ids=lambda p: f"IPv{p[0] >> 4}-{len(packets.Seen(p).tcp)}")
def test_no_broken_header_is_lost(path, inject, packet):
    """Neither our rules nor the daemon drop what TCPMSS and xt_tcp would."""
    def ours(seen):
        return str(seen.target) in (path.SINK4, path.SINK6)

    with packets.Capture(path.server, "eth0", match=ours) as there:
        inject(packet)
        assert there.next().tcp == packets.Seen(packet).tcp


def test_status_is_healthy(daemon, mode, handshake):
    handshake()
    status = daemon.json("status")
    assert status["state"] == "running"
    assert status["checks"]["rules"] == "ok"
    assert status["checks"]["queues"] == "ok"
    assert status["checks"]["sees_syns"] is True or mode == "offload"
    assert status["mode"] == mode


def test_explain_tells_both_sides(daemon, path):
    told = daemon.json("explain", path.CLIENT4, path.SERVER4)
    assert [side["interface"] for side in told["sides"]] == ["lan", "wan"]
    assert [side["inner_mtu_bytes"] for side in told["sides"]] == [1500, 1400]
    assert told["result"]["mtu_bytes"] == 1400
    assert told["result"]["mss_bytes"] == 1360
    assert told["result"]["rule"] is None


def test_explain_takes_one_argument_with_an_arrow_and_a_port(daemon, path):
    arrow = daemon.json("explain", f"{path.CLIENT6} -> [{path.SERVER6}]:443")
    assert arrow["result"]["mss_bytes"] == 1340
    assert arrow["flow"]["port"] == 443
