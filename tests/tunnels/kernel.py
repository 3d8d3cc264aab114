# SPDX-License-Identifier: GPL-2.0-or-later
"""Tunnels that ip(8) makes: a device t0 at both ends, its MTU out of the way."""

import formulas as f
from lab import modules
from userspace import wireguard_configure

BIG = 8000  # MTU of the devices: more than any path asks for
OUTER = {4: "local $local4 remote $remote4", 6: "local $local6 remote $remote6"}


def link(commands, mtu=BIG, device="t0", module=None, lengths=(24, 64)):
    """Commands that make the device at both ends; it gets the inner addresses."""
    def build(lab):
        if module:
            modules(module)
        lab.ip(commands)
        if mtu:
            lab.ip(f"link set {device} mtu {mtu}")
        lab.address(device, *lengths)
    return build


def tunnel(kind, options="", outer=4, mtu=BIG, **more):
    return link(f"link add t0 type {kind} {OUTER[outer]} {options}", mtu, **more)


def vxlan(outer=4, options="", mtu=BIG, **more):
    return tunnel("vxlan", f"id 5 dstport 4789 {options}", outer, mtu, **more)


def vxlan_gpe(lab):
    """IP inside, no Ethernet; such a device takes the far end from the route."""
    lab.ip(f"link add t0 type vxlan dstport 4790 gpe external\nlink set t0 mtu {BIG}\n")
    lab.address()
    lab.ip("route add $far4/32 encap ip id 5 dst $remote4 dev t0\n"
           "route add $far6/128 encap ip id 5 dst $remote4 dev t0\n")


def bridged(lab):
    """The tunnel is a port of a bridge, which has the addresses."""
    lab.ip("link add t0 type vxlan id 5 dstport 4789 local $local4 remote $remote4\n"
           f"link set t0 mtu {BIG} up\nlink add br0 type bridge\nlink set t0 master br0\n"
           f"link set br0 mtu {BIG}\n")
    lab.address("br0")


def geneve(outer=4):
    return link(f"link add t0 type geneve id 5 remote $remote{outer} dstport 6081")


def l2tp(outer=4, encap="udp", session="", mtu=BIG):
    """Static L2TPv3 with Ethernet inside."""
    ports = "udp_sport 1701 udp_dport 1701" if encap == "udp" else ""
    def build(lab):
        for host in lab.hosts:
            for command in (f"l2tp add tunnel tunnel_id 7 peer_tunnel_id 7 encap {encap} "
                            f"local $local{outer} remote $remote{outer} {ports}",
                            f"l2tp add session name t0 tunnel_id 7 session_id 9 "
                            f"peer_session_id 9 {session}"):
                host.run("ip", *host.fill(command).split())
        lab.ip(f"link set t0 mtu {mtu}")
        lab.address()
    return build


def macsec(options=""):
    def build(lab):
        lab.ip(f"link add link outer t0 type macsec {options}")
        macs = {host: ":".join(f"{byte:02x}" for byte in host.mac("outer")) for host in lab.hosts}
        for host, peer in ((lab.a, lab.b), (lab.b, lab.a)):
            key, other = (("11" * 16, "22" * 16) if host is lab.a else ("22" * 16, "11" * 16))
            for command in (f"macsec add t0 tx sa 0 pn 1 on key 01 {key}",
                            f"macsec add t0 rx port 1 address {macs[peer]}",
                            f"macsec add t0 rx port 1 address {macs[peer]} sa 0 pn 1 on key 02 "
                            f"{other}"):
                host.run("ip", *command.split())
        lab.ip(f"link set t0 mtu {BIG}")
        lab.address()
    return build


def wireguard(outer=4, mtu=1420, **more):
    def build(lab):
        lab.ip("link add t0 type wireguard")
        wireguard_configure(lab, outer, mtu, **more)
    return build


def vxlan_over_wireguard(lab):
    lab.ip("link add w0 type wireguard")
    wireguard_configure(lab, 4, BIG, ("w0", "w0"))
    lab.ip("addr flush dev w0\naddr add 10.98.0.$n/24 dev w0\n"
           "link add t0 type vxlan id 5 dstport 4789 local 10.98.0.$n remote 10.98.0.$m\n"
           "link set t0 mtu 7000\n")
    lab.address()


def mpls(labels):
    """Routes that push labels; the far end takes them off again."""
    def build(lab):
        modules("mpls_router", "mpls_iptunnel")
        for host in lab.hosts:
            for name, value in (("conf/outer/input", 1), ("conf/lo/input", 1),
                                ("platform_labels", 1000)):
                host.sysctl(f"mpls/{name}", value)
        lab.ip("addr add $inner4/32 dev lo\naddr add $inner6/128 dev lo nodad\n"
               f"route add $far4/32 encap mpls {labels} via inet $remote4 src $inner4\n"
               f"route add $far6/128 encap mpls {labels} via inet6 $remote6 src $inner6\n")
        for label in labels.split("/"):
            lab.run("ip", "-f", "mpls", "route", "add", label, "dev", "lo")
    return build


FOU = "fou add port 5555 ipproto 4\n"
GUE = "fou add port 5555 gue\n"
GRE_FOU = "fou add port 5555 ipproto 47\n"
ENCAP = "encap {} encap-sport auto encap-dport 5555"
VLAN = "link add link outer {} type vlan id 5 {}\n"

EVERYWHERE = [
    ("vxlan", vxlan(), f.fixed(50)),
    ("vxlan over IPv6", vxlan(6), f.fixed(70)),
    ("vxlan gpe", vxlan_gpe, f.fixed(36)),
    ("vxlan in a bridge", bridged, f.fixed(50)),
]

STOCK = [
    ("vlan", link(VLAN.format("t0", "")), f.fixed(4)),
    ("vlan in vlan", link(VLAN.format("v0", "protocol 802.1ad") + "link set v0 mtu 8500 up\n"
                          "link add link v0 t0 type vlan id 6"), f.fixed(8)),
    ("gre", tunnel("gre"), f.fixed(24)),
    ("gre key", tunnel("gre", "key 7"), f.fixed(28)),
    ("gre key csum seq", tunnel("gre", "key 7 csum seq"), f.fixed(36)),
    ("gretap", tunnel("gretap"), f.fixed(38)),
    ("gretap key", tunnel("gretap", "key 7"), f.fixed(42)),
    ("erspan 0", tunnel("erspan", "erspan_ver 0"), f.fixed(20 + 4 + 14)),
    ("erspan 1", tunnel("erspan", "seq key 7 erspan_ver 1"), f.fixed(20 + 8 + 8 + 14)),
    ("erspan 2", tunnel("erspan", "seq key 7 erspan_ver 2 erspan_dir ingress erspan_hwid 7"),
     f.fixed(20 + 8 + 12 + 14)),
    ("ip6gre", tunnel("ip6gre", outer=6), f.fixed(40 + 4 + 8)),
    ("ip6gre key without encap limit", tunnel("ip6gre", "key 7 encaplimit none", 6), f.fixed(48)),
    ("ip6gretap", tunnel("ip6gretap", outer=6), f.fixed(40 + 4 + 8 + 14)),
    ("ip6erspan 2", tunnel("ip6erspan", "seq key 7 erspan_ver 2 erspan_dir ingress erspan_hwid 7", 6),
     f.fixed(40 + 8 + 12 + 14 + 8)),
    ("ipip", tunnel("ipip"), f.fixed(20), (4,)),
    ("ipip fou", link(FOU + f"link add t0 type ipip {OUTER[4]} " + ENCAP.format("fou"), module="fou"),
     f.fixed(28), (4,)),
    ("ipip gue", link(GUE + f"link add t0 type ipip {OUTER[4]} " + ENCAP.format("gue"), module="fou"),
     f.fixed(32), (4,)),
    ("gre fou", link(GRE_FOU + f"link add t0 type gre {OUTER[4]} " + ENCAP.format("fou"), module="fou"),
     f.fixed(32)),
    ("sit", tunnel("sit"), f.fixed(20), (6,)),
    ("sit mode any", tunnel("sit", "mode any"), f.fixed(20)),
    ("ip6tnl", tunnel("ip6tnl", "mode any", 6), f.fixed(48)),
    ("ip6tnl without encap limit", tunnel("ip6tnl", "mode any encaplimit none", 6), f.fixed(40)),
    ("geneve", geneve(), f.fixed(50)),
    ("geneve over IPv6", geneve(6), f.fixed(70)),
    ("l2tpv3 udp", l2tp(), f.fixed(20 + 8 + 4 + 4 + 4 + 14)),
    ("l2tpv3 udp over IPv6", l2tp(6), f.fixed(40 + 8 + 4 + 4 + 4 + 14)),
    ("l2tpv3 udp cookie 8 without l2spec",
     l2tp(session="cookie 0123456789abcdef peer_cookie 0123456789abcdef l2spec_type none"),
     f.fixed(20 + 8 + 4 + 4 + 8 + 14)),
    ("l2tpv3 ip cookie 4", l2tp(encap="ip", session="cookie 01234567 peer_cookie 01234567"),
     f.fixed(20 + 4 + 4 + 4 + 14)),
    ("l2tpv3 ip over IPv6 without l2spec", l2tp(6, "ip", "l2spec_type none"),
     f.fixed(40 + 4 + 14)),
    ("macsec with sci", macsec("encrypt on"), f.fixed(32)),
    ("macsec without sci", macsec("encrypt on send_sci off"), f.fixed(24)),
    ("wireguard", wireguard(), f.wireguard()),
    ("wireguard over IPv6", wireguard(6), f.wireguard(6)),
    ("wireguard mtu 1440", wireguard(mtu=1440), f.wireguard(ifmtu=1440)),
    ("wireguard mtu 1412", wireguard(mtu=1412), f.wireguard(ifmtu=1412)),
    ("wireguard mtu 8000", wireguard(mtu=BIG), f.wireguard(ifmtu=BIG)),
    ("vlan in vxlan", link(f"link add x0 type vxlan id 5 dstport 4789 {OUTER[4]}\n"
                           "link set x0 mtu 8500 up\nlink add link x0 t0 type vlan id 5"),
     f.fixed(54)),
    ("mpls", mpls("100"), f.fixed(4)),
    ("mpls with two labels", mpls("100/200"), f.fixed(8)),
    ("vxlan over wireguard", vxlan_over_wireguard,
     f.through(f.wireguard(ifmtu=BIG), f.fixed(50))),
]
CASES = EVERYWHERE + STOCK
