# SPDX-License-Identifier: GPL-2.0-or-later
"""path.set_route_mtu: routes with the MTU of each peer, so that UDP and QUIC are told too. Routes of
others stay as they are, whatever happens."""

import contextlib
import errno
import ipaddress
import itertools
import os
import socket

import many
import pytest
from netns import until

PROTOCOL = "77"
SMALL, LINK = 1328, 1420  # wan: 1400 - IPv4 20 - UDP 8 - WireGuard 32 = 1340, down to 16s
SMALL6 = 1312             # the same outside of IPv6: 1320, down to 16s
VXLAN = 20 + 8 + 8 + 14
BY_WAN, BY_ALT = "198.51.100.2:51820", "10.9.0.2:51820"
ON = "path = { set_route_mtu = true; probe = false; };"
names = itertools.count()


class Tunnel(many.Wireguard):
    """A WireGuard in user space with these peers: endpoint and allowed prefixes of each."""

    def __init__(self, namespace, peers):
        self.peers, self.name = peers, f"rm{os.getpid()}x{next(names)}"
        super().__init__(namespace, self.name, 0)

    def update(self):
        secret = 64 * "0"
        text = "".join(
            f"public_key={many.key(n)}\npreshared_key={secret}\nprotocol_version=1\n"
            f"endpoint={endpoint}\nlast_handshake_time_sec=1700000000\n"
            "last_handshake_time_nsec=0\ntx_bytes=0\nrx_bytes=0\npersistent_keepalive_interval=0\n" +
            "".join(f"allowed_ip={prefix}\n" for prefix in allowed)
            for n, (endpoint, allowed) in enumerate(self.peers))
        self.answer = f"private_key={secret}\nlisten_port=51820\n{text}errno=0\n\n".encode()


def lines(path, *more):
    """All routes of both families, but what the kernel adds of its own in time."""
    text = "".join(path.gateway.run("ip", *family, "route", "show", "table", "all", *more).stdout
                   for family in (("-4",), ("-6",)))
    return [" ".join(line.split()) for line in text.splitlines()]


def ours(path):
    return sorted(line for line in lines(path) if f" proto {PROTOCOL} " in f"{line} ")


def others(path):
    return sorted(line for line in lines(path) if f" proto {PROTOCOL} " not in f"{line} ")


def has_its_routes(path, device):
    """Whether the kernel has made those of each IPv6 address, which it does behind the address."""
    shown = path.gateway.run("ip", "-6", "-o", "addr", "show", "dev", device).stdout.splitlines()
    addresses = [ipaddress.ip_interface(line.split()[3]) for line in shown]
    wanted = {("local", str(one.ip), "dev", device) for one in addresses} | {
        ("anycast", str(one.network.network_address), "dev", device) for one in addresses}
    return addresses and wanted <= {tuple(line.split()[:4]) for line in lines(path)}


@pytest.fixture
def tunnel(path):
    """Makes tunnels of the gateway; commands are ip(8) batches with DEV for the device."""
    with contextlib.ExitStack() as stack:
        def make(peers, commands="", mtu=LINK):
            one = Tunnel(path.gateway, peers)
            stack.callback(path.gateway.run, "ip", "link", "del", one.name, check=False)
            stack.callback(one.close)
            path.gateway.ip(f"link set {one.name} up mtu {mtu}\n" +
                            commands.replace("DEV", one.name))
            until(lambda: has_its_routes(path, one.name), "its addresses have their routes")
            return one
        yield make


BOB = (BY_WAN, ("10.64.0.2/32", "fd00:64::2/128"))
ALICE = (BY_ALT, ("10.64.0.3/32", "fd00:64::3/128"))
NETWORK = "addr add 10.64.0.1/24 dev DEV\naddr add fd00:64::1/64 dev DEV nodad\n"


def refused(namespace, target, size):
    """What the sender of UDP packets that may not be cut is told: the MTU. The first packets leave
    it, and somebody on the way says that they are too big."""
    family = socket.AF_INET6 if ":" in target else socket.AF_INET
    level, discover, mtu, headers = ((socket.IPPROTO_IPV6, 23, 24, 48) if ":" in target else
                                     (socket.IPPROTO_IP, 10, 14, 28))
    with namespace.socket(family, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(level, discover, 2)  # IP_PMTUDISC_DO
        sender.connect((target, 9))

        def told():
            try:
                sender.send(bytes(size - headers))
            except OSError as error:
                if error.errno == errno.EMSGSIZE:
                    return sender.getsockopt(level, mtu)
            return None
        return until(told, f"{size} bytes to {target} are refused", 5)


def holds(path, wanted):
    """Waits until our routes are these, each as ip(8) tells it."""
    until(lambda: ours(path) == sorted(wanted), f"routes are {wanted}, not {ours(path)}", 8)


def route(one, target, mtu, more="scope link src 10.64.0.1 metric 4077", table=""):
    """A line of ours as ip(8) has it."""
    six = ":" in target
    more = more if not six or "metric" not in more else more[more.index("metric"):]
    table = f" table {table}" if table else ""
    tail = f"mtu lock {mtu} pref medium" if six else f"mtu {mtu}"
    return f"{target} dev {one.name}{table} proto {PROTOCOL} {more} {tail}"


def of_bob(one, mtu=SMALL):
    return [route(one, "10.64.0.2", mtu), route(one, "fd00:64::2", mtu)]


def test_what_is_behind_is_told(path, start, tunnel):
    """Packets of others and of the gateway itself; who has a wide path is told nothing."""
    one = tunnel([BOB, ALICE], NETWORK)
    before = others(path)
    daemon = start(ON)
    holds(path, of_bob(one))
    for target in ("10.64.0.2", "fd00:64::2"):
        assert refused(path.client, target, 1400) == SMALL
        assert refused(path.gateway, target, 1400) == SMALL
    for target in ("10.64.0.3", "fd00:64::3"):
        assert refused(path.client, target, 1450) == LINK
    assert others(path) == before
    daemon.stop()
    assert ours(path) == []
    assert others(path) == before


EXACT = """route add 10.64.0.2/32 dev DEV
route add 10.65.0.0/16 dev DEV src 10.64.0.1 metric 20
route add 10.65.0.0/16 via 192.0.2.2 metric 30
route add default dev DEV table 51820
route add 10.66.1.0/24 via 10.64.0.2 dev DEV advmss 1200 initcwnd 20
route add 10.66.2.0/24 via 192.0.2.2
route add unreachable 10.66.3.0/24
route add 10.66.4.0/24 dev DEV mtu 1300
route add 10.66.5.0/24 nexthop dev DEV nexthop via 192.0.2.2
route add 10.67.0.2/32 dev DEV metric 30
route add fd00:67::2/128 dev DEV
route add fd00:65::/64 dev DEV
route add fd00:65::/64 dev lan metric 2048
route add default dev DEV table 51820
route add fd00:66:1::/64 dev DEV metric 1
route add fd00:66:2::/64 via fd00:64::2 dev DEV metric 7 mtu 1350
"""
EVERYTHING = (BY_WAN, ("10.64.0.2/32", "10.65.0.0/16", "10.66.0.0/16", "10.64.0.0/24",
                       "10.67.0.2/32", "fd00:64::/64", "fd00:65::/64", "fd00:66::/32",
                       "fd00:67::2/128", "fe80::/64"))


def test_beside_routes_of_others(path, start, tunnel):
    """Halves of theirs, and in front of theirs to one host, but never in their place; none where a
    route leads elsewhere, nowhere, two ways, or says less already."""
    with_family = "".join(("-6 " if ":" in line or (i > 12 and "default" in line) else "") + line +
                          "\n" for i, line in enumerate(EXACT.splitlines()))
    one = tunnel([EVERYTHING], NETWORK)
    path.gateway.run("bash", "-ec", "".join(
        f"ip {line}\n" for line in with_family.replace("DEV", one.name).splitlines()))
    before = others(path)
    daemon = start(ON)
    wanted = [
        *(route(one, half, SMALL) for half in ("10.64.0.0/25", "10.64.0.128/25", "10.65.0.0/17",
                                               "10.65.128.0/17")),
        route(one, "10.64.0.2", SMALL, "scope link"),
        route(one, "10.67.0.2", SMALL, "scope link metric 30"),
        *(f"{half} via 10.64.0.2 dev {one.name} proto 77 metric 4077 mtu 1328 advmss 1200 "
          "initcwnd 20" for half in ("10.66.1.0/25", "10.66.1.128/25")),
        *(route(one, target, SMALL, "scope link metric 4077", 51820) for target in
          ("10.64.0.0/24", "10.64.0.2", "10.65.0.0/16", "10.66.0.0/16", "10.67.0.2")),
        *(route(one, half, SMALL) for half in
          ("fd00:64::/65", "fd00:64:0:0:8000::/65", "fd00:65::/65", "fd00:65:0:0:8000::/65",
           "fd00:66:1::/65", "fd00:66:1:0:8000::/65")),
        route(one, "fd00:67::2", SMALL, "metric 1023"),
        *(f"{half} via fd00:64::2 dev {one.name} proto 77 metric 4077 mtu lock 1328 pref medium"
          for half in ("fd00:66:2::/65", "fd00:66:2:0:8000::/65")),
        *(route(one, target, SMALL, "metric 4077", 51820) for target in
          ("fd00:64::/64", "fd00:65::/64", "fd00:66::/32", "fd00:67::2")),
    ]
    holds(path, wanted)
    assert others(path) == before
    for target, mtu in (("10.64.0.2", SMALL), ("10.65.7.7", SMALL), ("10.66.1.7", SMALL),
                        ("fd00:64::8", SMALL), ("fd00:65::7", SMALL), ("fd00:66:2::7", SMALL)):
        assert refused(path.gateway, target, 1400) == mtu, target
    daemon.reload("")
    assert ours(path) == []
    assert others(path) == before
    daemon.reload(ON)
    assert ours(path) == sorted(wanted)
    daemon.kill()
    assert ours(path) == sorted(wanted)
    again = start(ON)
    holds(path, wanted)  # where mssclamp-facts takes long its peers are not known at once
    again.reload(f'mode = "audit"; {ON}')
    assert ours(path) == []
    again.reload(ON)
    again.stop()
    assert ours(path) == []
    assert others(path) == before


def test_what_a_killed_one_left_is_removed(path, start, tunnel):
    one = tunnel([BOB], NETWORK)
    daemon = start(ON)
    holds(path, of_bob(one))
    daemon.kill()
    one.peers = [ALICE]
    one.update()
    assert ours(path) == sorted(of_bob(one))
    start("")
    assert ours(path) == []


def test_it_follows_the_tunnel(path, start, tunnel):
    """A peer that roams, comes and goes; a path_mtu; a link that goes down and comes back."""
    one = tunnel([BOB], NETWORK)
    daemon = start(ON)
    before = others(path)
    holds(path, of_bob(one))

    def tell(*peers):
        one.peers = list(peers)
        one.update()
    tell((BY_ALT, BOB[1]))
    holds(path, [])
    tell(("[2001:db8:2::2]:51820", BOB[1]), (BY_WAN, ("10.64.0.4/32",)))
    holds(path, of_bob(one, SMALL6) + [route(one, "10.64.0.4", SMALL)])
    tell(BOB)
    holds(path, of_bob(one))
    daemon.reload(f'{ON} tunnels = ({{ match = "{one.name}"; path_mtu = 1300; }});')
    holds(path, [route(one, "10.64.0.2", 1232), route(one, "fd00:64::2", 1280)])
    daemon.reload(ON)
    holds(path, of_bob(one))
    assert others(path) == before
    path.gateway.ip(f"link set {one.name} down")
    holds(path, [])
    path.gateway.ip(f"link set {one.name} up\naddr replace fd00:64::1/64 dev {one.name} nodad")
    holds(path, of_bob(one))
    path.gateway.ip(f"route del 10.64.0.2/32 proto {PROTOCOL}")
    holds(path, of_bob(one))
    path.gateway.ip(f"link set {one.name} mtu {SMALL}")
    holds(path, [])
    path.gateway.ip(f"link set {one.name} mtu {LINK}")
    holds(path, of_bob(one))
    path.gateway.ip(f"link del {one.name}")
    holds(path, [])
    assert "cannot" not in daemon.log()


def test_others_can_change_theirs(path, start, tunnel):
    """Who deletes, adds or replaces a route of his own finds it as he left it."""
    one = tunnel([BOB, (BY_WAN, ("fd00:64::/64", "10.70.0.0/24"))], NETWORK)
    start(ON)
    dev = f"dev {one.name}"
    alone = of_bob(one) + [route(one, "fd00:64::/65", SMALL, "metric 4077"),
                           route(one, "fd00:64:0:0:8000::/65", SMALL, "metric 4077")]
    holds(path, alone)
    before = others(path)
    path.gateway.ip(f"route add 10.64.0.2/32 {dev}\nroute add 10.70.0.0/24 {dev} proto static")
    exact = [one_route for one_route in alone if "10.64.0.2 " not in one_route]
    holds(path, exact + [route(one, "10.64.0.2", SMALL, "scope link"),
                         route(one, "10.70.0.0/25", SMALL, "scope link metric 4077"),
                         route(one, "10.70.0.128/25", SMALL, "scope link metric 4077")])
    path.gateway.ip(f"route add 10.64.0.2/32 {dev} metric 5\n"
                    "route del 10.70.0.0/24\n"
                    f"route del 10.64.0.2/32 {dev} proto boot")
    holds(path, exact + [route(one, "10.64.0.2", SMALL, "scope link metric 5")])
    path.gateway.ip(f"route del 10.64.0.2/32 {dev} metric 5 proto boot")
    holds(path, alone)
    assert others(path) == before
    path.gateway.ip(f"route add 10.70.0.0/24 {dev}\nroute replace 10.70.0.0/24 {dev} mtu 1400\n"
                    "route del 10.70.0.0/24")
    holds(path, alone)
    assert others(path) == before
    path.gateway.ip(f"addr add fd00:64::9/64 {dev} nodad\naddr del fd00:64::1/64 {dev}\n"
                    f"addr del fd00:64::9/64 {dev}")
    holds(path, [route(one, "10.64.0.2", SMALL)])
    assert not [line for line in others(path) if line.startswith("fd00:64::")]


def test_the_table_that_carries_the_tunnel(path, start, tunnel):
    """A prefix that holds the endpoint is left alone where that table leads the endpoint; not in a
    table of its own, which the endpoint is kept out of by a mark."""
    one = tunnel([(BY_WAN, ("0.0.0.0/0", "::/0"))], NETWORK)
    # one.name leads half of the world in main, and all of it in 51820
    path.gateway.ip(f"route add 128.0.0.0/1 dev {one.name}\n"
                    f"route add default dev {one.name} table 51820")
    start(ON)
    before = others(path)
    holds(path, [route(one, "10.64.0.0/25", SMALL), route(one, "10.64.0.128/25", SMALL),
                 route(one, "fd00:64::/65", SMALL, "metric 4077"),
                 route(one, "fd00:64:0:0:8000::/65", SMALL, "metric 4077"),
                 route(one, "default", SMALL, "scope link", 51820)])
    done = path.gateway.run("ip", "route", "get", "198.51.100.2").stdout
    assert " dev wan " in done
    assert others(path) == before


def test_a_tunnel_inside_of_it(path, start, tunnel):
    """Its limit comes from the peer around it, not from the route that we made of that, and so does
    the MSS into that peer: both grow again."""
    one = tunnel([BOB], NETWORK)
    path.gateway.ip("link add vx7 type vxlan id 7 local 10.64.0.1 remote 10.64.0.2 dstport 4789\n"
                    "addr add 10.71.0.1/24 dev vx7\nlink set vx7 up mtu 1370")
    try:
        daemon = start(ON)

        def rows():
            return {row["name"]: row for row in daemon.json("tunnels")["tunnels"]}

        def inside():
            return rows()["vx7"]["inner_mtu_bytes"]

        def into_bob():
            return daemon.json("explain", "10.64.0.2")["result"]["mtu_bytes"]
        holds(path, of_bob(one) + [f"{half} dev vx7 proto 77 scope link src 10.71.0.1 metric 4077 "
                                   f"mtu {SMALL - VXLAN}"
                                   for half in ("10.71.0.0/25", "10.71.0.128/25")])
        assert (inside(), into_bob()) == (SMALL - VXLAN, SMALL)
        path.gateway.ip("link add vx8 type vxlan id 8 dstport 4790")
        until(lambda: "vx8" in rows(), "links, routes and ways are asked for anew", 8)
        one.peers = [(BY_ALT, BOB[1])]
        one.update()
        until(lambda: (inside(), into_bob()) == (LINK - VXLAN, LINK), "as wide as the peer", 8)
        holds(path, [])
    finally:
        path.gateway.run("ip", "link", "del", "vx7")
        path.gateway.run("ip", "link", "del", "vx8", check=False)


def test_what_the_kernel_refuses(path, start, tunnel):
    """A route like one of theirs whose gateway nobody reaches any more. Said once, and it stops no
    other."""
    one = tunnel([(BY_WAN, ("10.64.0.2/32", "10.72.0.0/16"))], NETWORK)
    path.gateway.ip(f"route add 10.72.0.2/32 dev {one.name}\n"
                    f"route add 10.72.1.0/24 via 10.72.0.2 dev {one.name}\n"
                    f"route del 10.72.0.2/32 dev {one.name}")
    before = others(path)
    daemon = start(ON)
    holds(path, [route(one, "10.64.0.2", SMALL)])
    path.gateway.ip("link set lan mtu 1400\nlink set lan mtu 1500")
    path.gateway.ip(f"route add 10.72.0.2/32 dev {one.name}")
    behind = [f"{half} via 10.72.0.2 dev {one.name} proto 77 metric 4077 mtu {SMALL}"
              for half in ("10.72.1.0/25", "10.72.1.128/25")]
    holds(path, [route(one, "10.64.0.2", SMALL), route(one, "10.72.0.2", SMALL, "scope link"),
                 *behind])
    path.gateway.ip(f"route del 10.72.0.2/32 dev {one.name} proto boot")
    holds(path, [route(one, "10.64.0.2", SMALL), *behind])
    assert others(path) == before
    assert daemon.log().count("cannot be added: Network is unreachable") == 2, daemon.log()


def test_a_second_daemon_changes_nothing(path, start, tunnel):
    one = tunnel([BOB], NETWORK)
    start(ON)
    holds(path, of_bob(one))
    second = start("queues = { first = 6000; };", ready=False)
    assert second.ends() == 1
    assert ours(path) == sorted(of_bob(one))


MANY = 10000


def test_ten_thousand_peers(path, start):
    """Two routes for each peer, added, kept and removed."""
    one = many.Wireguard(path.gateway, "rmscale0", MANY)
    path.gateway.ip("link set rmscale0 up mtu 1420\naddr add 10.64.0.1/16 dev rmscale0\n"
                    "addr add fd00:64::1:0/64 dev rmscale0 nodad\n"
                    "route add 10.128.0.0/16 via 198.51.100.2")
    try:
        daemon = start(ON, verbose=True)
        added = daemon.says(rf"route MTUs: {2 * MANY} added, 0 removed in (\d+) us", 20)
        assert len(ours(path)) == 2 * MANY
        one.handshake += 1
        one.endpoints[7] = "10.9.0.2:51820"
        one.update()
        kept = daemon.says(r"route MTUs: 0 added, 2 removed in (\d+) us", 10)
        assert "events were lost" not in daemon.log()
        daemon.stop()
        removed = daemon.says(rf"route MTUs: 0 added, {2 * MANY - 2} removed in (\d+) us", 1)
        assert ours(path) == []
        print([int(one[1]) / 1000 for one in (added, kept, removed)], "ms")
    finally:
        one.close()
        path.gateway.run("ip", "route", "del", "10.128.0.0/16", check=False)
