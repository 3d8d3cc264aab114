# SPDX-License-Identifier: GPL-2.0-or-later
"""What changes while traffic flows, the daemon knows within 5 seconds."""

import contextlib
import json
import threading
import time

import ipsec
import kernel
import pytest
import userspace
from conftest import STOCK
from daemon import Daemon
from lab import Lab, Meter
from netns import until

KNOWN = 5.0  # seconds


class Traffic:
    """Datagrams from a to b all the time; what cannot leave just now is no error."""

    def __init__(self, lab, family=4):
        self.meter = Meter(lab, family)
        self.ended, self.quiet = threading.Event(), threading.Lock()
        self.thread = threading.Thread(target=self._send, daemon=True)
        self.thread.start()

    def _send(self):
        while not self.ended.wait(0.05):
            with contextlib.suppress(OSError), self.quiet:
                self.meter.sender.sendto(b"x" * 1000, self.meter.receiver.getsockname()[:2])

    def close(self):
        self.ended.set()
        self.thread.join()
        self.meter.close()


@pytest.fixture
def lab():
    with Lab() as lab:
        yield lab


def watch(lab):
    """A daemon in the middle of traffic."""
    traffic = lab.keep(Traffic(lab))
    lab.daemon = lab.keep(Daemon(lab.a))
    return traffic


def says(lab, inner, family=4, what=""):
    facts = lab.a.facts
    flow = (facts[f"inner{family}"], facts[f"far{family}"])

    def asked():
        done = lab.daemon("--json", "explain", *flow, code=None)
        return done.returncode == 0 and json.loads(done.stdout)["result"]["mtu_bytes"] == inner
    until(asked, f"{inner} bytes inside {what}", KNOWN)


def tunnels(lab):
    return {one["name"]: one for one in lab.daemon.json("tunnels")["tunnels"]}


WIREGUARD = (kernel.wireguard(), "t0") if STOCK else (userspace.wireguard_go(), None)


def test_a_peer_roams_to_another_family(lab):
    """b loses its IPv4 address and sends from its IPv6 one; a learns that from the packet."""
    build, device = WIREGUARD
    build(lab)
    lab.ip("link set outer mtu 1492")
    traffic = watch(lab)
    says(lab, 1420, what="over IPv4")
    device = device or userspace.wireguard_go_name(lab.b)
    key = lab.b.run("wg", "show", device, "peers").stdout.strip()
    lab.b.ip("addr del 198.51.100.2/24 dev outer")
    lab.b.run("wg", "set", device, "peer", key, "endpoint",
              f"[{lab.b.facts['remote6']}]:51820")
    flow = traffic.meter
    flow.receiver.sendto(b"roam", flow.sender.getsockname()[:2])
    says(lab, 1408, what="over IPv6")


def test_a_route_changes(lab):
    kernel.vxlan()(lab)
    watch(lab)
    for path in (1400, 1450):
        lab.a.ip(f"route change 198.51.100.0/24 dev outer src 198.51.100.1 mtu {path}")
        says(lab, path - 50, what=f"where the route has {path}")


def test_an_interface_comes_and_goes_and_is_renamed(lab):
    kernel.vxlan(mtu=1450)(lab)
    watch(lab)
    assert tunnels(lab)["t0"]["inner_mtu_bytes"] == 1450
    lab.a.ip("link set t0 down\nlink set t0 name t9\nlink set t9 up\n")
    until(lambda: set(tunnels(lab)) == {"t9"}, "t0 is t9 now", KNOWN)
    lab.a.ip("link del t9")
    until(lambda: not tunnels(lab), "it is gone", KNOWN)
    lab.a.ip(lab.a.fill("link add t0 type vxlan id 5 dstport 4789 local $local4 remote $remote4\n"
                        "link set t0 up mtu 1430"))
    until(lambda: "t0" in tunnels(lab), "it is back", KNOWN)


if STOCK:
    def test_a_security_association_changes_its_cipher(lab):
        """As keying daemons do it: the new one is there before the old one goes."""
        ipsec.policy(ipsec.GCM)(lab)
        lab.ip("link set outer mtu 1500")
        traffic = watch(lab)
        says(lab, 1446, what="with GCM")
        time.sleep(1.1)  # the kernel takes the youngest, by the second
        ipsec.secure(lab, ipsec.CBC_SHA256, spi="0x20")
        with traffic.quiet:
            assert traffic.meter.largest(1500) == 1438
        says(lab, 1438, what="with CBC and SHA-256")
        for host in lab.hosts:
            host.ip(host.fill("xfrm state delete src $local4 dst $remote4 proto esp spi 0x10$n\n"
                              "xfrm state delete src $remote4 dst $local4 proto esp spi 0x10$m"))
        says(lab, 1438, what="when the old one is gone")

    def test_strongswan_agrees_on_another_cipher(lab):
        charon = ipsec.StrongSwan(lab, "aes128gcm16")
        lab.ip("link set outer mtu 1492")
        watch(lab)
        says(lab, 1438, what="with GCM")
        charon.again("aes128-sha256")
        says(lab, 1422, what="with CBC and SHA-256")

    def test_a_mapping_begins(lab):
        """The same selectors, in UDP from now on."""
        ipsec.policy(ipsec.GCM)(lab)
        lab.ip("link set outer mtu 1500")
        watch(lab)
        says(lab, 1446, what="without NAT traversal")
        lab.ip("xfrm state flush")
        ipsec.secure(lab, ipsec.GCM, state=ipsec.nat_traversal(lab, 4))
        says(lab, 1438, what="in UDP")
