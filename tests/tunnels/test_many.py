# SPDX-License-Identifier: GPL-2.0-or-later
"""Two thousand peers of the kernel's WireGuard, which tells nobody when one of them roams."""

import time

import many
import pytest
from daemon import Daemon
from netns import SLOW, Namespace, until

PEERS = 2000
ROAMS_SECONDS = 5  # until it is seen, times SLOW
ANYWAY = 60        # seconds: so long after a start all is read and built without a reason


@pytest.fixture(scope="module")
def gateway():
    namespace = Namespace("gateway")
    namespace.ip("link add eth0 type dummy\nlink set eth0 up mtu 1500\n"
                 "addr add 10.9.0.1/24 dev eth0\nroute add 10.128.0.0/9 dev eth0\n"
                 "route add 10.129.0.0/16 dev eth0 mtu 1360\n"
                 "link add wg0 type wireguard\naddr add 10.64.255.254/10 dev wg0\n"
                 "link set wg0 up\n")
    yield namespace
    namespace.close()


def configure(namespace, folder, network):
    """Gives wg0 all its peers, with endpoints in 10.NETWORK.0.0/16."""
    key = namespace.run("wg", "genkey").stdout.strip()
    file = folder / "wg0.conf"
    file.write_text(f"[Interface]\nPrivateKey = {key}\nListenPort = 51820\n" + "".join(
        f"[Peer]\nPublicKey = {many.peer_id(n)}\nAllowedIPs = {many.address(n)}/32\n"
        f"Endpoint = 10.{network}.{n >> 8}.{n & 255}:51820\n" for n in range(PEERS)),
        encoding="ascii")
    namespace.run("wg", "setconf", "wg0", str(file))


def built(text):
    return text.count(", built in ")


def settle(daemon):
    """Until nothing was built for some time: what mssclamp-facts tells first makes it look too."""
    count = None
    for _ in range(6):
        if count == (count := built(daemon.log())):
            return
        time.sleep(ROAMS_SECONDS)
    raise AssertionError(f"it builds again and again: {daemon.log()[-3000:]}")


def test_thousands_of_peers(gateway, tmp_path):
    """All are known; one that roams is seen within 5 s; where all change at once, few rebuilds."""
    configure(gateway, tmp_path, 128)
    started = time.monotonic()
    with Daemon(gateway, 'firewall = "none";', verbose=True) as daemon:
        until(lambda: daemon.json("status")["peers"] == PEERS, "all are known", 10)
        settle(daemon)
        begin, logged = time.monotonic(), len(daemon.log())
        gateway.run("wg", "set", "wg0", "peer", many.peer_id(77), "endpoint", "10.129.0.1:4500")
        told = "endpoint 10.128.0.77:51820 -> 10.129.0.1:4500, path MTU 1500 -> 1360 bytes"
        until(lambda: told in daemon.log()[logged:], f"it is told: {told}", ROAMS_SECONDS)
        assert time.monotonic() - begin < ROAMS_SECONDS * SLOW
        time.sleep(ROAMS_SECONDS)
        assert 1 <= built(daemon.log()[logged:]) <= 1 + (time.monotonic() - started) // ANYWAY
        logged = len(daemon.log())
        begin = time.monotonic()
        configure(gateway, tmp_path, 130)
        took = time.monotonic() - begin

        def moved():
            peers = daemon.json("peers", "wg0")["peers"]
            return {peer["peer"]: peer["inner_mtu_bytes"] for peer in peers
                    if peer["endpoint"].startswith("10.130.")}
        until(lambda: len(moved()) == PEERS, "all have moved", 10)
        assert set(moved().values()) == {1420}
        # The kernel takes the old peers away first, and is asked meanwhile, each two seconds at most.
        assert 1 <= built(daemon.log()[logged:]) <= 3 + took // 2 + (time.monotonic() - started) // ANYWAY
