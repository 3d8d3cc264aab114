# SPDX-License-Identifier: GPL-2.0-or-later
"""What somebody off the path tells the gateway in the name of a router, to make it believe in a
smaller one."""

import re

import forged
import packets
from netns import Namespace, veth

ROUTER = {4: "10.96.0.2", 6: "2001:db8:96::2"}
LEAST = 552  # of what the kernel takes from such a message, by IPv4


def attacker(lab):
    """A host of its own behind the first router; returns what sends packets from there."""
    host = lab.keep(Namespace("x"))
    veth(host, "eth0", lab.m, "foreign")
    lab.m.ip("addr add 192.0.2.1/24 dev foreign\naddr add 2001:db8:66::1/64 dev foreign nodad\n")
    return lab.keep(packets.Injector(host, "eth0", lab.m.mac("foreign"))).send


def lies(lab, mtu, chance):
    """The ways to embed what the gateway may have sent to its peer, by name."""
    gateway, peer = lab.gateway.facts[f"local{lab.tunnel.outer}"], lab.endpoint
    nonce, ident = chance.randbytes(16), chance.randrange(1, 65536)
    made = {
        "echo reply": forged.echo(gateway, peer, reply=True, ident=ident),
        "tunnel": forged.datagram(gateway, peer, (51820, 51820)),
        "probe, ping": forged.echo(gateway, peer, ident=ident, nonce=nonce),
        "probe, udp": forged.datagram(gateway, peer, (chance.randrange(32768, 61000), 33434),
                                      nonce),
    }
    return {"inside": about_inside(lab, mtu),
            **{name: forged.too_big(ROUTER[lab.tunnel.outer], gateway, mtu, packet)
               for name, packet in made.items()}}


def about_inside(lab, mtu):
    """Of the address that the client's connections go to; sent from outside like all of them."""
    gateway = lab.gateway.facts["local4"]
    return forged.too_big(ROUTER[4], gateway, mtu,
                          forged.echo(gateway, lab.inside(4), reply=True))


def kernel_mtu(lab, address):
    """What the gateway's kernel believes of the path to an address, or None."""
    words = lab.gateway.run("ip", "route", "get", address).stdout
    found = re.search(r"\bmtu (?:lock )?(\d+)", words)
    return int(found[1]) if found else None
