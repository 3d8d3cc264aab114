# SPDX-License-Identifier: GPL-2.0-or-later
"""Tunnels over the path: what each carries, why, and what happens when something changes."""

import json
import signal
import struct
import subprocess

import packets
import pytest
from daemon import MSSCLAMPCTL
from netns import until

pytestmark = pytest.mark.usefixtures("daemon")
BEHIND = "198.18.77.1"  # nobody, behind the tunnel
ENDPOINT = "10.9.0.2"   # the server, by alt (MTU 1500)


@pytest.fixture
def vxlan(path):
    """vx0 between gateway and server over alt, with a sink behind it."""
    for namespace, own, peer in ((path.gateway, 1, 2), (path.server, 2, 1)):
        namespace.ip(f"link add vx0 type vxlan id 7 local 10.9.0.{own} remote 10.9.0.{peer} "
                     f"dstport 4789\n"
                     f"addr add 10.8.0.{own}/24 dev vx0\n"
                     "link set vx0 up mtu 1450\n")
    path.gateway.ip(f"route add {BEHIND}/32 via 10.8.0.2 dev vx0")
    yield "vx0"
    for namespace in (path.gateway, path.server):
        namespace.run("ip", "link", "del", "vx0", check=False)
    path.gateway.run("ip", "route", "del", "10.9.0.2/32", check=False)


@pytest.fixture
def through(path, inject, vxlan):
    """Sends one SYN into the tunnel; returns the MSS it arrives with at the far end."""
    def send():
        with packets.Capture(path.server, vxlan) as there:
            inject(packets.syn(path.CLIENT4, BEHIND))
            return there.next().mss[0]
    return send


def row(daemon, name):
    return {row["name"]: row for row in daemon.json("tunnels")["tunnels"]}.get(name)


def has(daemon, name, **wanted):
    """The row of a tunnel once it says all that."""
    def check():
        found = row(daemon, name)
        return found and all(found[key] == value for key, value in wanted.items()) and found
    return until(check, f"{name}: {wanted}, not {row(daemon, name)}", 1.5)


def test_outer_path_is_told(daemon, vxlan, through):
    found = has(daemon, vxlan, inner_mtu_bytes=1450)
    assert (found["kind"], found["outer_family"], found["source"]) == ("vxlan", "ipv4", "link")
    assert (found["outer_path_mtu_bytes"], found["overhead_bytes"]) == (1500, 50)
    assert (found["mss4_bytes"], found["mss6_bytes"], found["warnings"]) == (1410, 1390, [])
    assert through() == 1410


def test_route_metric_outside_counts(daemon, path, vxlan, through):
    has(daemon, vxlan, inner_mtu_bytes=1450)
    path.gateway.ip("route add 10.9.0.2/32 dev alt mtu 1400")
    found = has(daemon, vxlan, inner_mtu_bytes=1350, outer_path_mtu_bytes=1400, source="route")
    assert found["mss4_bytes"] == 1310
    assert through() == 1310
    assert "interface MTU 1450, but 1350 bytes fit" in found["warnings"][0]
    path.gateway.ip("route del 10.9.0.2/32 dev alt")
    has(daemon, vxlan, inner_mtu_bytes=1450, source="link")
    assert through() == 1410


def test_link_outside_shrinks(daemon, path, vxlan, through):
    has(daemon, vxlan, inner_mtu_bytes=1450)
    path.gateway.ip("link set alt mtu 1472")
    try:
        has(daemon, vxlan, outer_path_mtu_bytes=1472, inner_mtu_bytes=1422)
        assert through() == 1382
    finally:
        path.gateway.ip("link set alt mtu 1500")


def test_rule_moves_the_endpoint_to_another_path(daemon, path, vxlan):
    has(daemon, vxlan, inner_mtu_bytes=1450)
    path.gateway.ip("route add 10.9.0.2/32 via 198.51.100.2 dev wan table 77\n"
                    "rule add to 10.9.0.2 lookup 77 pref 77")
    try:
        has(daemon, vxlan, outer_path_mtu_bytes=1400, inner_mtu_bytes=1350)
    finally:
        path.gateway.ip("rule del pref 77\nroute flush table 77")
    has(daemon, vxlan, outer_path_mtu_bytes=1500)


def test_explain_tells_each_step(daemon, path, vxlan):
    path.gateway.ip("route add 10.9.0.2/32 dev alt mtu 1400")
    has(daemon, vxlan, inner_mtu_bytes=1350)
    answer = daemon.json("explain", f"{path.CLIENT4} -> {BEHIND}")
    steps = answer["sides"][1]["steps"]
    told = [(step["what"], step["value_bytes"], step["source"]) for step in steps]
    assert ("endpoint 10.9.0.2:4789 by alt", None, None) in told
    assert ("outside: link MTU of alt", 1500, "link") in told
    assert ("outside: route metric", 1400, "route") in told
    assert any(value == 1350 and source == "vxlan" for _, value, source in told)
    assert told[-1][1] == 1310
    assert answer["result"]["mss_bytes"] == 1310
    assert answer["result"]["decided_by"] == "path of tunnel vx0"


def exception(path, mtu):
    """ICMP "fragmentation needed" about packets to the endpoint, from a router that nobody knows."""
    quoted = packets.ip("10.9.0.1", ENDPOINT, bytes([0, 0, 0xff, 0xff, 0, 0, 0, 0]), protocol=1)
    body = struct.pack("!BBHHH", 3, 4, 0, 0, mtu) + quoted
    body = body[:2] + struct.pack("!H", 0xffff - packets.fold(body)) + body[4:]
    sender = packets.Injector(path.server, "eth1", path.gateway.mac("alt"))
    sender.send(packets.ip("10.9.0.99", "10.9.0.1", body, protocol=1))
    sender.close()


def flush(path):
    path.gateway.run("ip", "route", "flush", "cache")


@pytest.mark.parametrize("told, believed", [(1400, 1400), (552, 1280)])
def test_kernel_exception_is_a_hint(daemon, path, vxlan, told, believed):
    has(daemon, vxlan, inner_mtu_bytes=1450)
    exception(path, told)
    try:
        found = until(lambda: (r := row(daemon, vxlan))["source"] == "kernel_hint" and r,
                      "the exception is seen", 7)
        assert (found["outer_path_mtu_bytes"], found["inner_mtu_bytes"]) == (believed,
                                                                             believed - 50)
        # Once paths are measured it decides nothing, whoever answers.
        daemon.reload(f'path = {{ state = "{daemon.directory}/paths"; }};')
        until(lambda: row(daemon, vxlan)["inner_mtu_bytes"] == 1450, "it is not believed", 7)
        steps = daemon.json("explain", f"{path.CLIENT4} -> {BEHIND}")["sides"][1]["steps"]
        assert any(f"exception of {told}" in step["what"] for step in steps)
    finally:
        daemon.reload("")
        flush(path)
    until(lambda: row(daemon, vxlan)["source"] == "link", "it is gone", 7)


def test_locked_metric_needs_no_hint(daemon, path, vxlan):
    path.gateway.ip("route add 10.9.0.2/32 dev alt mtu lock 1490")
    has(daemon, vxlan, outer_path_mtu_bytes=1490, source="route")


def test_configuration_says_what_discovery_cannot_see(daemon, path, vxlan, through):
    try:
        daemon.reload('tunnels = ({ match = "vx*"; path_mtu = 1472; extra = 12; });')
        found = has(daemon, vxlan, source="config", outer_path_mtu_bytes=1472)
        assert (found["overhead_bytes"], found["inner_mtu_bytes"]) == (62, 1410)
        assert through() == 1370
        daemon.reload('tunnels = ({ match = "vx0"; over = "wan"; });')
        has(daemon, vxlan, outer_path_mtu_bytes=1400, inner_mtu_bytes=1350)
    finally:
        daemon.reload("")
    has(daemon, vxlan, source="link")


def test_tun_that_the_configuration_explains(daemon, path):
    """A device that some program made, of which the kernel knows nothing."""
    path.gateway.ip("tuntap add dev tun7 mode tun\nlink set tun7 up mtu 1500\n"
                    "route add default via 198.51.100.2 dev wan")
    try:
        has(daemon, "tun7", kind="tun", inner_mtu_bytes=1500, outer_path_mtu_bytes=None)
        daemon.reload('tunnels = ({ match = "tun*"; kind = "openvpn"; cipher = "AES-256-GCM"; });')
        found = has(daemon, "tun7", kind="openvpn", outer_path_mtu_bytes=1400)
        assert (found["inner_mtu_bytes"], found["mss4_bytes"]) == (1348, 1308)
        assert "tun-mtu exceeds the path" in found["warnings"][0]
    finally:
        path.gateway.ip("link del tun7\nroute del default")
        daemon.reload("")


def test_bad_cipher_is_refused_and_the_old_one_kept(daemon):
    done = daemon.reload('tunnels = ({ match = "tun0"; kind = "openvpn"; cipher = "ROT13"; });',
                         code=6)
    assert "ROT13 is no cipher of openvpn" in done.stderr
    daemon.reload("")


def test_vxlan_that_learns_takes_the_narrowest_end(daemon, path):
    path.gateway.ip("link add vx1 type vxlan id 8 local 10.9.0.1 dstport 4790\n"
                    "link set vx1 up mtu 1450\n")
    try:
        # Nobody is known, and without a default route whoever comes may come by the narrowest link.
        has(daemon, "vx1", kind="vxlan", outer_path_mtu_bytes=1400, inner_mtu_bytes=1350, peers=0)
        path.gateway.run("bridge", "fdb", "append", "00:00:00:00:00:00", "dev", "vx1", "dst",
                         "10.9.0.2")
        path.gateway.run("bridge", "fdb", "append", "00:00:00:00:00:00", "dev", "vx1", "dst",
                         "198.51.100.2")
        found = until(lambda: (r := row(daemon, "vx1"))["peers"] == 2 and r, "the ends are seen", 7)
        assert (found["outer_path_mtu_bytes"], found["inner_mtu_bytes"]) == (1400, 1350)
        peers = daemon.json("peers", "vx1")["peers"]
        assert {peer["peer"]: peer["inner_mtu_bytes"] for peer in peers} == {
            "10.9.0.2": 1450, "198.51.100.2": 1350}
        # An address is one, also where it is the id of a peer that nothing is known behind.
        flow = daemon.json("explain", "10.9.0.2")["flow"]
        assert (flow["destination"], flow["out_interface"]) == ("10.9.0.2", "alt")
    finally:
        path.gateway.ip("link del vx1")


def test_bridge_is_as_narrow_as_its_tunnel(daemon, path, vxlan):
    path.gateway.ip("link add br7 type bridge\nlink set vx0 master br7\nlink set br7 up mtu 1500\n"
                    "addr add 10.70.0.1/24 dev br7")
    try:
        until(lambda: daemon.json("explain", "10.70.0.2")["result"]["mss_bytes"] == 1410,
              "the bridge gives 1410", 1.5)
    finally:
        path.gateway.ip("link del br7")


@pytest.mark.worker
def test_ends_that_differ(daemon, path, vxlan):
    """The far end's hosts announce less than the tunnel carries here."""
    has(daemon, vxlan, mss4_bytes=1410, warnings=[])
    sender = packets.Injector(path.server, vxlan, path.gateway.mac(vxlan))
    try:
        for port in range(20):
            sender.send(packets.syn("10.8.0.2", path.CLIENT4, packets.mss(1200), sport=41000 + port))
        told = until(lambda: row(daemon, vxlan)["warnings"], "a warning", 1.5)
        assert told == ["the ends differ: this end allows IPv4 MSS 1410, the far end announces at "
                        "most 1200, an MTU of 1240"]
        sender.send(packets.syn("10.8.0.2", path.CLIENT4, packets.mss(1460)))
        until(lambda: row(daemon, vxlan)["warnings"] == [], "no warning", 1.5)
    finally:
        sender.close()


def test_unknown_tunnel_has_no_peers(daemon):
    assert "there is no tunnel nonesuch" in daemon("peers", "nonesuch", code=5).stderr


def next_event(process, tunnel, name):
    """The next event of that name about that tunnel; those of others are stepped over."""
    while True:
        event = json.loads(process.stdout.readline())
        if event["tunnel"] == tunnel and event["event"] == name:
            return event


def test_events_are_told(daemon, path):
    process = path.gateway.popen([MSSCLAMPCTL, "-s", daemon.socket_path, "--json-lines", "events"],
                                 stdout=subprocess.PIPE, text=True)
    try:
        assert json.loads(process.stdout.readline())["event"] == "subscribed"
        path.gateway.ip("link add vx2 type vxlan id 9 local 10.9.0.1 remote 10.9.0.2 dstport 4791\n"
                        "link set vx2 up")
        assert next_event(process, "vx2", "tunnel_added")["new"]["kind"] == "vxlan"
        has(daemon, "vx2", kind="vxlan")
        path.gateway.ip("link set vx2 mtu 1300")
        changed = next_event(process, "vx2", "tunnel_changed")
        assert changed["new"]["interface_mtu_bytes"] == 1300
        path.gateway.ip("link del vx2")
        next_event(process, "vx2", "tunnel_removed")
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=5) == 0


def test_status_counts_them(daemon, vxlan):
    has(daemon, vxlan, kind="vxlan")
    until(lambda: daemon.json("status")["tunnels"] == 1, "one tunnel", 1)
    assert daemon.json("status")["peers"] == 0


