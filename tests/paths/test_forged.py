# SPDX-License-Identifier: GPL-2.0-or-later
"""Somebody off the path says "too large" in the name of a router: the kernel believes some of it,
and nobody's MSS moves."""

import random
import threading
import time

import packets
import pytest
import transfer
from lies import LEAST, about_inside, attacker, kernel_mtu, lies
from netns import until
from passages import HEADERS, WIDE, TunnelLab

MTUS = (68, 552, 1000, 1279, 1400)
STORM, STORM_SECONDS = 2000, 5.0


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


@pytest.mark.parametrize("name, first, second", (
    ("wireguard", 68, 1000),
    ("wireguard over IPv6", 1280, 1300),  # the kernel believes nothing less
))
def test_a_storm_moves_nobody(name, first, second):
    with TunnelLab(name) as lab:
        send, chance = attacker(lab), random.Random(5)
        send(lies(lab, first, chance)["echo reply"])
        until(lambda: kernel_mtu(lab, lab.endpoint) == max(first, LEAST), "the kernel believes it")
        daemon = lab.run_daemon()
        mss = lab.tunnel.inner(WIDE) - HEADERS[4]
        assert lab.mss(4) == ([mss], [mss])
        daemon.finds(WIDE)
        watch = Watch(lab, daemon)
        try:
            until(lambda: rejected(daemon), "the hint is rejected", 5.0)
            begin = time.monotonic()
            for number in range(STORM):
                send(chance.choice(list(lies(lab, chance.choice(MTUS), chance).values())))
                time.sleep(max(0, begin + number * STORM_SECONDS / STORM - time.monotonic()))
            before = rejected(daemon)

            def believed():
                """That one alone: of the storm one may come behind the forgetting."""
                lab.forget()
                send(lies(lab, second, chance)["tunnel"])
                return kernel_mtu(lab, lab.endpoint) == second
            until(believed, "the kernel believes it")
            until(lambda: rejected(daemon) > before, "that hint is rejected", 20.0)
        finally:
            watch.close()
        assert watch.mss == {mss}
        assert watch.told == {(mss, "measured", "probe")}


def test_tcpmss_does_move():
    """One of those lies, and the kernel's own clamper: what the test above would see otherwise."""
    with TunnelLab("wireguard") as lab:
        lab.gateway.run("iptables", "-w", "-t", "mangle", "-A", "FORWARD", "-p", "tcp",
                        "--tcp-flags", "SYN,RST", "SYN", "-j", "TCPMSS", "--clamp-mss-to-pmtu")
        assert lab.mss(4)[0] == [lab.tunnel.inner(WIDE) - HEADERS[4]]
        attacker(lab)(about_inside(lab, 68))
        until(lambda: kernel_mtu(lab, lab.inside(4)) == LEAST, "the kernel believes it")
        assert lab.mss(4)[0] == [LEAST - HEADERS[4]]
