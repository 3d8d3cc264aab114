# SPDX-License-Identifier: GPL-2.0-or-later
"""Real TCP through real tunnels over a path that swallows what is too large, fragments too, and
lets no ICMP error pass: it hangs without the daemon, and arrives with it."""

import ipsec
import kernel
import pytest
import transfer
import userspace
from conftest import STOCK
from daemon import Daemon
from lab import Lab, Meter
from netns import until

PATH = 1400
SIZE = 300_000


def client(lab):
    """Behind a; what a says of packets that are too large does not reach it."""
    lab.c = lab.attach(lab.a)
    for table, error in (("iptables", ("icmp", "--icmp-type", "fragmentation-needed")),
                         ("ip6tables", ("icmpv6", "--icmpv6-type", "packet-too-big"))):
        lab.c.run(table, "-w", "-A", "INPUT", "-p", *error, "-j", "DROP")


def swallow(lab):
    """The path takes PATH bytes and no fragments; both ends have it as a metric of their route."""
    lab.ip(f"route change 198.51.100.0/24 dev outer src $local4 mtu {PATH}")
    for rule in (("-m", "length", "--length", f"{PATH + 1}:65535"), ("-f",)):
        lab.run("iptables", "-w", "-t", "raw", "-A", "PREROUTING", "-i", "outer", *rule, "-j",
                "DROP")


def routed(build):
    def ready(lab):
        build(lab)
        for family in (4, 6):
            Meter(lab, family).close()
        lab.b.ip("route add 192.0.2.0/24 via 10.99.0.1\nroute add 2001:db8:1::/64 via fd99::1\n")
    return ready


def esp_policy(lab):
    """No interface: the client's network and b's inner address are the selectors."""
    ipsec.inside_on_loopback(lab)
    for host, own, other in ((lab.a, "192.0.2.0/24", "10.99.0.2/32"),
                             (lab.b, "10.99.0.2/32", "192.0.2.0/24")):
        host.facts |= {"own": own, "other": other}
    ipsec.secure(lab, ipsec.GCM, selectors=(("$own", "$other"),))
    lab.a.ip(lab.a.fill("xfrm policy add src $other dst $own dir fwd tmpl src $remote4 dst $local4 "
                        "proto esp reqid 1 mode tunnel"))
    lab.b.ip("route add 192.0.2.0/24 dev outer src 10.99.0.2")


TUNNELS = [
    # name, how it is built, where the daemon runs, families
    ("openvpn", routed(userspace.openvpn(tun_mtu=1500)), "b", (4, 6)),
    ("wireguard-go", routed(userspace.wireguard_go()), "a", (4, 6)),
] if not STOCK else [
    ("wireguard", routed(kernel.wireguard()), "a", (4, 6)),
    ("xfrm interface", routed(ipsec.xfrm_interface(ipsec.GCM, mtu=1500)), "a", (4, 6)),
    ("esp policy", esp_policy, "a", (4,)),
]


@pytest.mark.parametrize("name, build, where, families", TUNNELS, ids=[row[0] for row in TUNNELS])
def test_hangs_without_and_arrives_with_it(name, build, where, families):
    with Lab() as lab:
        client(lab)
        build(lab)
        swallow(lab)
        servers = [lab.keep(transfer.Server(lab.b, lab.b.facts[f"inner{family}"]))
                   for family in families]
        for server in servers:
            with pytest.raises(transfer.Hangs):
                transfer.both_ways(lab.c, server, SIZE, 1.5)
        with Daemon(getattr(lab, where)) as daemon:
            until(lambda: (rows := daemon.json("tunnels")["tunnels"]) and
                  all(one["settled"] and one["outer_path_mtu_bytes"] == PATH for one in rows),
                  "what the tunnel is has been found out, and the path to its far end")
            for server in servers:
                transfer.both_ways(lab.c, server, SIZE, 6.0)
