# SPDX-License-Identifier: GPL-2.0-or-later
"""Somebody off the path says "too large" in the name of a router: the kernel believes some of it,
and nobody's MSS moves."""

import random
import re
import threading
import time

import forged
import packets
import pytest
import transfer
from netns import Namespace, until, veth
from passages import HEADERS, WIDE, TunnelLab

MTUS = (68, 552, 1000, 1279, 1400)
STORM, STORM_SECONDS = 2000, 5.0
ROUTER = {4: "10.96.0.2", 6: "2001:db8:96::2"}
# The least path MTU that the kernel takes from such a message.
LEAST = {4: 552, 6: 1280}


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


class Watch:
    """Connects through the gateway all the time, and asks for its peers: what was ever seen."""

    def __init__(self, lab, daemon):
        self.lab, self.daemon = lab, daemon
        self.mss, self.told, self.over = set(), set(), threading.Event()
        self.thread = threading.Thread(target=self._watch)
        self.thread.start()

    def _watch(self):
        with packets.Capture(self.lab.peer, self.lab.device(self.lab.peer)) as there:
            while not self.over.wait(0.1):
                transfer.connect(self.lab.client, self.lab.servers[4]).close()
                self.mss |= set(there.next().mss)
                peer = self.daemon.peer()
                self.told.add((peer["mss4_bytes"], peer["confidence"], peer["path_source"]))

    def close(self):
        self.over.set()
        self.thread.join()


def rejected(daemon):
    return sum(daemon.stats()["probes"]["hint_rejected_total"].values())


@pytest.mark.parametrize("name", ("wireguard", "wireguard over IPv6"))
def test_a_storm_moves_nobody(name):
    with TunnelLab(name) as lab:
        send, chance = attacker(lab), random.Random(5)
        daemon = lab.run_daemon()
        daemon.finds(WIDE)
        mss = lab.tunnel.inner(WIDE) - HEADERS[4]
        watch = Watch(lab, daemon)
        try:
            single(lab, send, daemon, chance)
            begin = time.monotonic()
            for number in range(STORM):
                send(chance.choice(list(lies(lab, chance.choice(MTUS), chance).values())))
                time.sleep(max(0, begin + number * STORM_SECONDS / STORM - time.monotonic()))
        finally:
            watch.close()
        assert watch.mss == {mss}
        assert watch.told == {(mss, "measured", "probe")}


def single(lab, send, daemon, chance):
    """One lie that the kernel believes; the daemon drops it and counts."""
    before = rejected(daemon)
    send(lies(lab, 68 if lab.tunnel.outer == 4 else 1280, chance)["echo reply"])
    until(lambda: kernel_mtu(lab, lab.endpoint) == LEAST[lab.tunnel.outer], "the kernel believes it")
    until(lambda: rejected(daemon) > before, "the hint is rejected", 15.0)


def test_tcpmss_does_move():
    """One of those lies, and the kernel's own clamper: what the test above would see otherwise."""
    with TunnelLab("wireguard") as lab:
        lab.gateway.run("iptables", "-w", "-t", "mangle", "-A", "FORWARD", "-p", "tcp",
                        "--tcp-flags", "SYN,RST", "SYN", "-j", "TCPMSS", "--clamp-mss-to-pmtu")
        assert lab.mss(4)[0] == [lab.tunnel.inner(WIDE) - HEADERS[4]]
        attacker(lab)(about_inside(lab, 68))
        until(lambda: kernel_mtu(lab, lab.inside(4)) == LEAST[4], "the kernel believes it")
        assert lab.mss(4)[0] == [LEAST[4] - HEADERS[4]]
