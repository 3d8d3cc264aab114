# SPDX-License-Identifier: GPL-2.0-or-later
"""Links that change while the daemon runs: it follows within a second."""

import json
import struct
import time

import packets
import pytest
from netns import Namespace, until, veth

MODES = ("queue", "offload")
pytestmark = pytest.mark.usefixtures("daemon")


def follows(left, mss):
    until(lambda: left() == mss, f"an MSS of {mss}", 1)


def test_link_mtu_changes(path, left):
    for mtu in (1300, 1450, 1400):
        path.gateway.ip(f"link set wan mtu {mtu}")
        follows(left, mtu - 40)


def advertise(path, mtu):
    """The server as a router that tells an MTU (RFC 4861, sections 4.2 and 4.6.4)."""
    source, target = link_local(path.server, "eth0"), link_local(path.gateway, "wan")
    told = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 0, 0, 0) + struct.pack("!BBHI", 5, 1, 0, mtu)
    check = 0xffff - packets.fold(packets.pseudo(source, target, len(told), packets.ICMP6) + told)
    message = packets.ip(source, target, told[:2] + struct.pack("!H", check) + told[4:],
                         protocol=packets.ICMP6, hops=255)
    sender = packets.Injector(path.server, "eth0", path.gateway.mac("wan"))
    sender.send(message)
    sender.close()


def link_local(namespace, interface):
    shown = json.loads(namespace.run("ip", "-j", "-6", "addr", "show", "dev", interface, "scope",
                                     "link").stdout)
    return next(row["local"] for entry in shown for row in entry.get("addr_info", ())
                if "local" in row)


def test_router_advertisement_lowers_ipv6_alone(path, left):
    path.gateway.sysctl("ipv6/conf/wan/accept_ra", 2)
    try:
        for mtu in (1300, 1400):
            advertise(path, mtu)
            until(lambda m=mtu: left(6) == m - 60, f"an MSS of {mtu - 60}", 1)
            assert left() == 1360
    finally:
        path.gateway.sysctl("ipv6/conf/wan/accept_ra", 0)


@pytest.fixture
def tunnel(path):
    """A VXLAN tunnel between gateway and server over alt, with sinks behind it."""
    for namespace, own, peer in ((path.gateway, 1, 2), (path.server, 2, 1)):
        dev = "alt" if own == 1 else "eth1"
        namespace.ip(f"link add vx0 type vxlan id 7 local 10.9.0.{own} remote 10.9.0.{peer} "
                     f"dstport 4789 dev {dev}\n"
                     f"addr add 10.8.0.{own}/24 dev vx0\n"
                     "link set vx0 up\n")
    path.gateway.ip("route add 198.18.77.0/24 via 10.8.0.2 dev vx0")
    yield "198.18.77.1"
    for namespace in (path.gateway, path.server):
        for name in ("vx0", "vx1"):
            namespace.run("ip", "link", "del", name, check=False)


@pytest.mark.worker
def test_tunnel_appears_is_renamed_and_goes(daemon, path, inject, tunnel):
    def names():
        return {row["name"]: row for row in daemon.json("tunnels")["tunnels"]}
    row = daemon.knows("vx0", 1, interface_mtu_bytes=1450)
    assert (row["kind"], row["interface_mtu_bytes"]) == ("vxlan", 1450)
    assert row["inner_mtu_bytes"] == 1450
    assert (row["mss4_bytes"], row["mss6_bytes"], row["source"]) == (1410, 1390, "link")
    assert row["ifindex"] == path.gateway.ifindex("vx0")
    with packets.Capture(path.server, "vx0") as there:
        inject(packets.syn(path.CLIENT4, tunnel))
        assert there.next().mss == [1410]
    counts = {row["name"]: row for row in daemon.stats()["tunnels"]}
    assert counts["vx0"]["clamped_total"] == 1
    path.gateway.ip("link set vx0 down\nlink set vx0 name vx1\nlink set vx1 up\n")
    until(lambda: "vx1" in names() and "vx0" not in names(), "the new name is listed", 1)
    path.gateway.ip("route replace 198.18.77.0/24 via 10.8.0.2 dev vx1")
    inject(packets.syn(path.CLIENT4, tunnel))

    def counted():
        counts = {row["name"]: row["clamped_total"] for row in daemon.stats()["tunnels"]}
        return counts["vx0"], counts.get("vx1")
    until(lambda: counted() == (1, 1), "the renamed tunnel has counters of its own", 1)
    path.gateway.ip("link del vx1")
    until(lambda: "vx1" not in names(), "vx1 is gone", 1)


def test_rule_waits_for_its_link(daemon, path, inject):
    """A rule for an interface that comes later holds from the moment it is there."""
    daemon.reload('rules = ({ interface = "later*"; mss = 777; });')
    far = Namespace("far")
    try:
        veth(path.gateway, "later0", far, "eth0")
        path.gateway.ip("addr add 10.7.0.1/24 dev later0\n"
                        "route add 198.18.88.0/24 via 10.7.0.2 dev later0")
        far.ip("addr add 10.7.0.2/24 dev eth0")
        with packets.Capture(far, "eth0") as there:
            def left():
                inject(packets.syn(path.CLIENT4, "198.18.88.1"))
                return there.next().mss[0]
            until(lambda: left() == 777, "the rule holds", 1)
            path.gateway.ip("link set later0 down\nlink set later0 name other0\n"
                            "link set other0 up\n"
                            f"neigh replace 10.7.0.2 lladdr {far.mac('eth0').hex(':')} dev other0\n"
                            "route add 198.18.88.0/24 via 10.7.0.2 dev other0")
            until(lambda: left() == 1460, "the rule has nothing to match", 1)
    finally:
        path.gateway.run("ip", "link", "del", "later0", check=False)
        path.gateway.run("ip", "link", "del", "other0", check=False)
        far.close()
        daemon.reload("")


def test_many_changes_at_once(daemon, path, left):
    """A burst of events ends in the state of its last one, and costs a look each 20 ms at most."""
    lines = "".join(f"link set wan mtu {1300 + i % 100}\n" for i in range(400))
    daemon("log", "debug")
    begin, logged = time.monotonic(), len(daemon.log())
    path.gateway.ip(lines + "link set wan mtu 1333\n")
    try:
        follows(left, 1293)
        looks = until(lambda: daemon.log()[logged:].count(": looked in "), "a look is told", 1)
        assert 1 <= looks <= 2 + (time.monotonic() - begin) / 0.02
    finally:
        daemon("log", "info")
        path.gateway.ip("link set wan mtu 1400")
    follows(left, 1360)
    assert daemon.json("status")["state"] == "running"
