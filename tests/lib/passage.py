# SPDX-License-Identifier: GPL-2.0-or-later
"""A tunnel whose way leads over two routers that join them by a narrower link, and that may swallow
what they ought to pass on or to say."""

from lab import Lab
from netns import Namespace, veth

IPTABLES = {4: "iptables", 6: "ip6tables"}
ERRORS = {4: ("OUTPUT", "-p", "icmp", "--icmp-type", "fragmentation-needed"),
          6: ("OUTPUT", "-p", "icmpv6", "--icmpv6-type", "packet-too-big")}
# Of ICMPv6 the routers themselves need what finds a neighbour.
ICMP6 = ("destination-unreachable", "packet-too-big", "time-exceeded", "echo-request",
         "echo-reply")
ICMP = {4: [(chain, "-p", "icmp") for chain in ("FORWARD", "OUTPUT")],
        6: [(chain, "-p", "icmpv6", "--icmpv6-type", kind)
            for chain in ("FORWARD", "OUTPUT") for kind in ICMP6]}
# Before anything puts them together. The first fragment of IPv4 alone is of no use to anybody.
FRAGMENTS = {4: ("PREROUTING", "-f"), 6: ("PREROUTING", "-m", "frag")}


def rules(table, by_family):
    return [(family, table, rule) for family, rule in by_family.items()]


_ERRORS, _FRAGMENTS = rules("filter", ERRORS), rules("raw", FRAGMENTS)
_ICMP = [(family, "filter", rule) for family, each in ICMP.items() for rule in each]
# What both routers drop.
DROPS = {
    "nothing": [],
    "errors": _ERRORS,  # they say of no packet that it is too large
    "icmp": _ICMP,      # echo too
    "fragments": _FRAGMENTS,
    "fragments and errors": _FRAGMENTS + _ERRORS,
    "fragments and icmp": _FRAGMENTS + _ICMP,
}


class Passage(Lab):
    """Both ends have links of 1500 bytes and know of no smaller ones.

        a outer --- left m right --- left n right --- outer b
        198.51.100.1  .254         N         .254  203.0.113.2    2001:db8:2::/64, 2001:db8:4::/64
    """

    OUTSIDE = {1: {"4": "198.51.100.1", "6": "2001:db8:2::1"},
               2: {"4": "203.0.113.2", "6": "2001:db8:4::2"}}
    ROUTERS = {"a": ("198.51.100.254", "2001:db8:2::fe"), "b": ("203.0.113.254", "2001:db8:4::fe")}

    def __init__(self):
        super().__init__(1500)
        for host in self.hosts:
            for router in self.ROUTERS[host.label]:
                host.ip(f"route add default via {router}")

    def _cable(self, mtu):
        self.m, self.n = (self.keep(Namespace(label)) for label in "mn")
        veth(self.a, "outer", self.m, "left", mtu, mtu)
        veth(self.m, "right", self.n, "left", mtu, mtu)
        veth(self.n, "right", self.b, "outer", mtu, mtu)
        joint = {self.m: ("left", self.ROUTERS["a"], "right", 1, 2, "203.0.113.0/24",
                          "2001:db8:4::/64"),
                 self.n: ("right", self.ROUTERS["b"], "left", 2, 1, "198.51.100.0/24",
                          "2001:db8:2::/64")}
        for router, (near, (own4, own6), far, me, other, net4, net6) in joint.items():
            router.forward()
            router.ip(f"addr add {own4}/24 dev {near}\naddr add {own6}/64 dev {near} nodad\n"
                      f"addr add 10.96.0.{me}/24 dev {far}\n"
                      f"addr add 2001:db8:96::{me}/64 dev {far} nodad\n"
                      f"route add {net4} via 10.96.0.{other}\n"
                      f"route add {net6} via 2001:db8:96::{other}\n")

    def narrow(self, path):
        """The link between the routers carries that many bytes from now on."""
        self.m.ip(f"link set right mtu {path}")
        self.n.ip(f"link set left mtu {path}")

    def drop(self, what):
        """What the routers swallow from now on: a key of DROPS."""
        for router in (self.m, self.n):
            for family, table, chain in ((family, table, chain) for family in IPTABLES
                                         for table, chain in (("filter", "FORWARD"),
                                                              ("filter", "OUTPUT"),
                                                              ("raw", "PREROUTING"))):
                router.run(IPTABLES[family], "-w", "-t", table, "-F", chain)
            for family, table, rule in DROPS[what]:
                router.run(IPTABLES[family], "-w", "-t", table, "-A", *rule, "-j", "DROP")

    def forget(self):
        """Both ends lose what ICMP told them of paths."""
        for host in self.hosts:
            for family in ("-4", "-6"):
                host.run("ip", family, "route", "flush", "cache")
