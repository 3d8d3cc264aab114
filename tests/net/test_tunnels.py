# SPDX-License-Identifier: GPL-2.0-or-later
"""Tunnels over the path: what each carries, why, and what happens when something changes."""

import json
import re
import signal
import struct
import subprocess
import time

import packets
import pytest
from daemon import MSSCLAMPCTL
from netns import SLOW, until

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
    found = has(daemon, vxlan, inner_mtu_bytes=1450, warnings=[])  # and it is up by now
    assert (found["kind"], found["outer_family"], found["source"]) == ("vxlan", "ipv4", "link")
    assert (found["outer_path_mtu_bytes"], found["overhead_bytes"]) == (1500, 50)
    assert (found["mss4_bytes"], found["mss6_bytes"], found["warnings"]) == (1410, 1390, [])
    assert through() == 1410


def test_one_that_is_down_is_told(daemon, path, vxlan):
    has(daemon, vxlan, inner_mtu_bytes=1450, warnings=[])
    path.gateway.ip(f"link set {vxlan} down")
    has(daemon, vxlan, warnings=[f"the interface is down, nothing passes: ip link set {vxlan} up"])
    path.gateway.ip(f"link set {vxlan} up")
    has(daemon, vxlan, warnings=[])


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


def explained(daemon, path):
    steps = daemon.json("explain", f"{path.CLIENT4} -> {BEHIND}")["sides"][1]["steps"]
    return [step for step in steps if step["what"].startswith("warning: ")]


@pytest.mark.parametrize("keys, mss4", (
    ('interface = "vx0"; mtu = 1500;', 1460),
    ('prefix = "198.18.0.0/15"; mtu = 1500;', 1310),
    (f'prefix = "{BEHIND}/32"; mtu = 1500;', 1310),
    ('mark = "0x0/0xff"; mtu = 1500;', 1460)))
def test_a_rule_that_allows_more_than_fits(daemon, path, vxlan, keys, mss4):
    """It is obeyed, and whoever may look is told; the rest of the row speaks of the path."""
    path.gateway.ip("route add 10.9.0.2/32 dev alt mtu 1400")
    has(daemon, vxlan, inner_mtu_bytes=1350, source="route")
    done = daemon.reload(f"rules = ({{ {keys} }});")
    try:
        text = r"rules\[0\] \(.*\): allows MSS 1460 on vx0, whose path carries 1310 \(IPv4\)"
        daemon.says(text)
        assert re.search(text, done.stderr)
        found = has(daemon, vxlan, mss4_bytes=mss4)
        assert (found["outer_path_mtu_bytes"], found["source"], found["inner_mtu_bytes"]) == (
            1400, "route", 1350)
        (warning,) = [one for one in found["warnings"] if "allows IPv4" in one]
        assert re.fullmatch(r"rules\[0\] \(.*\) allows IPv4 MSS 1460, but the path carries 1310",
                            warning)
        (step,) = explained(daemon, path)
        assert step == {"what": "warning: the rule allows more than fits (path of tunnel vx0)",
                        "value_bytes": 1350, "source": "tunnel"}
        lines = daemon("tunnels").stdout.splitlines()
        columns = {line.split()[0]: line.split() for line in lines}
        assert columns["vx0"][-3:-1] == ["1450", "!"]
    finally:
        daemon.reload("")


def spent(daemon):
    """Seconds of a processor that it has taken so far: clock_getcpuclockid(3)."""
    return time.clock_gettime(~daemon.process.pid << 3 | 2)


def cost(daemon, what):
    before = spent(daemon)
    what()
    return spent(daemon) - before


def test_each_route_is_asked_once(daemon, path, vxlan):
    """Where a rule may allow more than fits all of them are looked at, by the first who wants to know, and
    anew where one of them changes."""
    host = [f"100.64.{i >> 8}.{i & 255}/32" for i in range(60_000)]
    path.gateway.ip("".join(f"route add {one} via 10.8.0.2 dev vx0\n" for one in host))
    try:
        daemon.reload('rules = ({ prefix = "100.64.0.0/16"; mtu = 1450; });')
        until(lambda: daemon.json("explain", "192.0.2.2", "100.64.234.95")["sides"][1]["interface"] == vxlan,
              "the last route is known", 10)
        has(daemon, vxlan, warnings=[])
        path.gateway.ip(f"route change {host[-1]} via 10.8.0.2 dev vx0 mtu 1300")
        until(lambda: "but the route MTU of 1300" in str(row(daemon, vxlan)["warnings"]), "the route counts", 10)
        daemon.reload('rules = ({ prefix = "100.64.0.0/16"; mtu = 1449; });')
        first = cost(daemon, lambda: row(daemon, vxlan))
        later = min(cost(daemon, lambda: row(daemon, vxlan)) for _ in range(10))
        print(f"\n{len(host)} routes: the first answer takes {1000 * first:.1f} ms of a processor, "
              f"the next ones {1000 * later:.1f} ms")
        assert later < first / 3
    finally:
        daemon.reload("")
        path.gateway.ip("".join(f"route del {one} dev vx0\n" for one in host))


@pytest.mark.parametrize("keys", ('interface = "vx0"; mtu = 1300;',
                                  'prefix = "198.18.78.0/24"; mtu = 1500;',
                                  'prefix = "198.18.0.0/15"; mtu = 1400;'))
def test_a_rule_that_fits_warns_of_nothing(daemon, path, vxlan, keys):
    """Smaller, for addresses that go elsewhere, or no larger than the path."""
    has(daemon, vxlan, inner_mtu_bytes=1450, warnings=[])
    daemon.reload(f"rules = ({{ {keys} }});")
    try:
        found = has(daemon, vxlan, inner_mtu_bytes=1450, source="link")
        assert found["warnings"] == [] and not explained(daemon, path)
        assert " !" not in daemon("tunnels").stdout
    finally:
        daemon.reload("")


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
    told = daemon("events", "--last", "3", "--tunnel", "nonesuch").stderr
    assert "There is no tunnel nonesuch now" in told


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
        if changed["new"]["interface_mtu_bytes"] != 1300:  # that it is up may be a change of its own
            changed = next_event(process, "vx2", "tunnel_changed")
        assert changed["new"]["interface_mtu_bytes"] == 1300
        shown = row(daemon, "vx2")
        for member in ("outer_path_mtu_bytes", "source"):
            assert changed["new"][member] == shown[member], "why the inner MTU is what it is"
        path.gateway.ip("link del vx2")
        next_event(process, "vx2", "tunnel_removed")
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=5 * SLOW) == 0
    past = [event["event"] for event in daemon.call("ListEvents")["events"] if event["tunnel"] == "vx2"]
    assert (past[0], past[-1]) == ("tunnel_added", "tunnel_removed") and "tunnel_changed" in past


def test_events_are_remembered_though_nobody_listened(daemon, path):
    path.gateway.ip("link add vx3 type vxlan id 10 local 10.9.0.1 remote 10.9.0.2 dstport 4792")
    try:
        until(lambda: "vx3: new tunnel" in daemon("events", "--last", "9", "--tunnel", "vx3").stdout, "it is remembered")
    finally:
        path.gateway.ip("link del vx3")


def test_status_counts_them(daemon, vxlan):
    has(daemon, vxlan, kind="vxlan")
    until(lambda: daemon.json("status")["tunnels"] == 1, "one tunnel", 1)
    assert daemon.json("status")["peers"] == 0


def counted(stats, name="vx0"):
    return next(row for row in [*stats["tunnels"], stats["no_tunnel"]] if row["name"] == name)


def by_direction(stats, result="clamped_total"):
    return {(row["family"], row["direction"]): row[result] for row in counted(stats)["directions"]}


def added(now, before):
    return {key: count - before.get(key, 0) for key, count in now.items() if count != before.get(key, 0)}


def rows(stats, when, family="ipv4"):
    return {row["mss_bytes"]: row["count"] for row in counted(stats)["mss_histogram"][family][when]
            if row["mss_from_bytes"] == row["mss_bytes"]}


@pytest.mark.worker
def test_each_syn_counts_for_the_tunnel_that_decided(daemon, path, inject, through):
    """Both directions, MSS before and after; a reload and another tunnel's end lose none of it."""
    has(daemon, "vx0", inner_mtu_bytes=1450)
    first = daemon.stats()
    assert (through(), through()) == (1410, 1410)
    sender = packets.Injector(path.server, "vx0", path.gateway.mac("vx0"))
    try:
        with packets.Capture(path.client, "eth0") as there:
            sender.send(packets.syn("10.8.0.2", path.CLIENT4, options=packets.mss(1452)))
            assert there.next().mss == [1410]
    finally:
        sender.close()
    inject(packets.syn(path.CLIENT4, path.SINK4))
    until(lambda: counted(daemon.stats(), "_none")["seen_total"] >
          counted(first, "_none")["seen_total"], "a SYN of no tunnel is counted")
    now = daemon.stats()
    assert added(by_direction(now), by_direction(first)) == {
        ("ipv4", "to_tunnel"): 2, ("ipv4", "from_tunnel"): 1}
    assert added(rows(now, "before"), rows(first, "before")) == {1460: 2, 1452: 1}
    assert added(rows(now, "after"), rows(first, "after")) == {1410: 3}
    path.gateway.ip("link add vx1 type vxlan id 9 local 10.9.0.1 remote 10.9.0.2 dstport 4790\nlink set vx1 up\n")
    has(daemon, "vx1", kind="vxlan")
    daemon.reload('rules = ({ prefix = "203.0.113.0/24"; mss = 1000; });')
    path.gateway.run("ip", "link", "del", "vx1")
    until(lambda: not row(daemon, "vx1"), "vx1 is gone")
    daemon.reload("")
    again = daemon.stats()
    assert counted(again) == counted(now)
    for family in ("ipv4", "ipv6"):
        of_tunnels = [row["seen_total"] for one in [*again["tunnels"], again["no_tunnel"]]
                      for row in one["directions"] if row["family"] == family]
        assert sum(of_tunnels) == again[family]["seen_total"]


def test_stats_of_one_tunnel(daemon, vxlan):
    has(daemon, vxlan, inner_mtu_bytes=1450)
    assert [row["name"] for row in daemon.json("stats", "--tunnel", vxlan)["tunnels"]] == [vxlan]
    assert daemon.json("stats", "--tunnel", "nowhere", code=5)["error"]["name"] == "org.mssclamp.NotFound"
