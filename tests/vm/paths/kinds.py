# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's tunnels between gateway and peer, which lead to the networks behind them. Where
there is an interface, its addresses tell of one at the far end."""

import formulas as f
import ipsec
import kernel

GCM = ipsec.costs(ipsec.GCM)
PAIR = (30, 126)  # prefixes of two addresses


def route(lab):
    lab.ip("route add $farnet4 dev t0\nroute add $farnet6 dev t0\n")


def wireguard(outer=4):
    def build(lab):
        kernel.wireguard(outer, allowed=2 * ("$far4/32,$far6/128,$farnet4,$farnet6",))(lab)
        route(lab)
    return build


def gre(lab):
    kernel.tunnel("gre", mtu=1476, lengths=PAIR)(lab)
    route(lab)


def xfrm_interface(lab):
    ipsec.xfrm_interface(ipsec.GCM, mtu=1500)(lab)
    lab.ip("addr add 10.98.0.$n/30 dev t0\n")
    route(lab)


def esp_policy(natt=False):
    """The networks are the selectors, and the route leads out in the clear."""
    def build(lab):
        state = ipsec.nat_traversal(lab, 4) if natt else ""
        ipsec.secure(lab, ipsec.GCM, selectors=(("$net4", "$farnet4"), ("$net6", "$farnet6")),
                     state=state)
        for host in lab.hosts:
            for family in (4, 6):
                host.ip(host.fill(ipsec.FORWARD, own=host.facts[f"net{family}"],
                                  other=host.facts[f"farnet{family}"], match="",
                                  local=host.facts["local4"], remote=host.facts["remote4"],
                                  proto="esp", mode="tunnel"))
    return build


# name -> how it is built, and bytes of the path -> the largest packet inside
KINDS = {
    "wireguard": (wireguard(), f.wireguard()),
    "wireguard over IPv6": (wireguard(6), f.wireguard(6)),
    "esp policy": (esp_policy(), f.esp(**GCM)),
    "esp policy nat-t": (esp_policy(True), f.esp(natt=8, **GCM)),
    "xfrm interface": (xfrm_interface, f.esp(**GCM)),
    "gre": (gre, f.fixed(24)),
}
