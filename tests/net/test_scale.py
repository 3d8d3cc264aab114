# SPDX-License-Identifier: GPL-2.0-or-later
"""Ten thousand peers: each has its own limit, what changes is seen soon, a burst costs few
rebuilds, and where nothing changes nothing is done."""

import pathlib
import re
import time

import many
import packets
import pytest
from daemon import Daemon
from netns import SLOW, until

PEERS, ROUTES = 10000, 10000
BUILT = re.compile(r"(\d+) peers: looked in \d+ us, built in (\d+) us")
LOOK = re.compile(r"peers: looked in (\d+) us, (?:built in (\d+) us|nothing is new)")
TARGET_US = 20000  # a rebuild
ANYWAY = 60        # seconds: so long after the last change of a link all is read and built without a reason


@pytest.fixture(scope="module")
def wireguard(path):
    """scale0 in the gateway; endpoints lie behind alt (MTU 1500)."""
    running = many.Wireguard(path.gateway, "scale0", PEERS)
    path.gateway.ip("link set scale0 up mtu 1420\n"
                    "addr add 10.64.255.254/10 dev scale0\n"
                    "route add 10.128.0.0/16 via 10.9.0.2 dev alt")
    yield running
    running.close()
    path.gateway.run("ip", "route", "del", "10.128.0.0/16", check=False)


@pytest.fixture(scope="module")
def daemon(path, wireguard):
    with Daemon(path.gateway, verbose=True) as running:
        until(lambda: running.json("status")["peers"] == PEERS, "all peers are known", 10)
        yield running


class Looks:
    """The rebuilds since it was made."""

    def __init__(self, daemon):
        self.daemon, self.begin = daemon, len(daemon.log())

    def log(self):
        return self.daemon.log()[self.begin:]

    def built(self):
        """Microseconds of each."""
        return [int(match[2]) for match in BUILT.finditer(self.log())]

    def pause(self):
        """Seconds in which the daemon looks, if there is something: after a look it waits for ten times what that
        cost, and the next one takes its time."""
        last = list(LOOK.finditer(self.daemon.log()))[-1:]
        return sum(int(took) for match in last for took in match.groups(default="0")) * 12 / 1e6

    def soon(self):
        """Seconds for until(), in which what has changed just now counts."""
        return 3 + self.pause() / SLOW

    def settle(self, seconds=0.8):
        """Waits until nothing was built for so long, and nothing is still to come; returns what was."""
        count, end = -1, 0.0
        while time.monotonic() < end or len(self.built()) != count:
            if len(self.built()) != count:
                count, end = len(self.built()), time.monotonic() + max(seconds * SLOW, self.pause())
            time.sleep(0.05)
        return self.built()


class Reasons:
    """Puts off the rebuild that needs none, by a change of a link that changes nothing else."""

    def __init__(self, path):
        self.begin = time.monotonic()
        path.gateway.ip("link set alt alias scale")

    def without(self):
        """How many rebuilds at most had no reason since."""
        return (time.monotonic() - self.begin) // ANYWAY


def cpu_ms(pid):
    """What the first thread of a process has used."""
    text = pathlib.Path(f"/proc/{pid}/task/{pid}/schedstat").read_text(encoding="ascii")
    return int(text.split()[0]) / 1e6


@pytest.fixture
def into(path, inject, wireguard):
    """Sends a SYN to an address behind scale0; returns the MSS it comes out with."""
    def send(address):
        inject(packets.syn(path.CLIENT4, address))
        seen = wireguard.next()
        return seen.mss[0]
    return send


def test_each_peer_has_its_own_limit(daemon, path, into):
    """Three endpoints of ten thousand lie behind a smaller path."""
    listed = {peer["peer"]: peer for peer in daemon.json("peers", "scale0")["peers"]}
    assert len(listed) == PEERS
    assert listed[many.peer_id(9999)]["endpoint"] == "10.128.39.15:51820"
    assert listed[many.peer_id(9999)]["allowed_ips"] == ["10.64.39.15/32", "fd00:64::270f/128"]
    assert {peer["inner_mtu_bytes"] for peer in listed.values()} == {1420}
    path.gateway.ip("route add 10.128.39.15/32 via 10.9.0.2 dev alt mtu 1280\n"
                    "route add 10.128.20.0/32 via 10.9.0.2 dev alt mtu 1300\n"
                    "route add 10.128.0.0/32 via 10.9.0.2 dev alt mtu 1400\n")  # it is asked for first
    limits = {0: 1328, 5120: 1232, 9999: 1216, 1: 1420, 9998: 1420}  # multiples of 16
    try:
        until(lambda: into(many.address(0)) == 1328 - 40, "the last route counts", Looks(daemon).soon())
        for number, inner in limits.items():
            assert into(many.address(number)) == inner - 40, many.address(number)
    finally:
        path.gateway.ip("route del 10.128.0.0/32\nroute del 10.128.20.0/32\n"
                        "route del 10.128.39.15/32\n")
    until(lambda: into(many.address(9999)) == 1380, "without the routes all are as before", Looks(daemon).soon())


def test_nothing_changes_nothing_is_done(daemon, wireguard, path):
    """The same answer, or other handshake times: no message, no rebuild, no work. On a busy machine the answer may
    come so late that this is a change; what does its work at each poll does it each time that is looked."""
    reasons = Reasons(path)
    Looks(daemon).settle()
    took = []
    for _ in range(6):
        looks = Looks(daemon)
        asked, used = wireguard.asked, cpu_ms(daemon.process.pid)
        wireguard.handshake += 60
        wireguard.update()
        until(lambda: wireguard.asked >= asked + 2, "two polls", 6)
        assert len(looks.built()) <= reasons.without()
        took.append(cpu_ms(daemon.process.pid) - used)
        if took[-1] < 10 * SLOW:  # reading one message of ten thousand peers alone takes 15 ms
            break
    assert took[-1] < 10 * SLOW, took


def test_one_peer_roams(daemon, wireguard, path, into):
    path.gateway.ip("route add 10.129.0.0/16 via 10.9.0.2 dev alt mtu 1360")
    reasons = Reasons(path)
    Looks(daemon).settle()
    looks = Looks(daemon)
    wireguard.endpoints[4242] = "10.129.0.1:4500"
    wireguard.update()
    until(lambda: "10.128.16.146:51820 -> 10.129.0.1:4500" in looks.log(), "it is told", 5)
    assert into(many.address(4242)) == 1296 - 40
    assert into(many.address(4243)) == 1380
    built = len(looks.settle())
    assert 1 <= built <= 1 + reasons.without(), looks.log()


def test_a_thousand_peers_roam_one_after_the_other(daemon, wireguard, path):
    """Faster than anybody asks: what the last answer says is built, and little more."""
    reasons = Reasons(path)
    Looks(daemon).settle()
    looks, asked = Looks(daemon), wireguard.asked
    for first in range(0, 1000, 100):
        for number in range(first, first + 100):
            wireguard.endpoints[number] = f"10.130.0.{number & 255}:4500"
        wireguard.update()


    def endpoint(number):
        listed = daemon.json("peers", "scale0")["peers"]
        return {peer["peer"]: peer["endpoint"] for peer in listed}[many.peer_id(number)]
    until(lambda: endpoint(999) == "10.130.0.231:4500", "the last one is seen", 5)
    answers = wireguard.asked - asked + 1  # and one that it may have got meanwhile
    assert endpoint(0) == "10.130.0.0:4500"
    built = len(looks.settle())
    assert 1 <= built <= answers + reasons.without(), "no more than it was told of"


BURSTS = (
    # name            commands, one burst                                          count  the last
    ("link events",   lambda i: f"link set alt mtu {1400 + i % 90}\n",                400,
     "link set alt mtu 1500\n"),
    ("routes come",   lambda i: f"route add 172.16.{i >> 8}.{i & 255}/32 dev alt\n",  1000, ""),
    ("routes go",     lambda i: f"route del 172.16.{i >> 8}.{i & 255}/32 dev alt\n",  1000, ""),
    ("addresses",     lambda i: f"addr add 10.140.{i >> 8}.{i & 255}/32 dev alt\n",   400, ""),
)


@pytest.mark.parametrize("command, count, last", [case[1:] for case in BURSTS],
                         ids=[case[0] for case in BURSTS])
def test_a_burst_costs_few_rebuilds(daemon, path, command, count, last):
    looks, begin = Looks(daemon), time.monotonic()
    path.gateway.ip("".join(command(i) for i in range(count)) + last)
    took = time.monotonic() - begin
    until(looks.built, "a rebuild", 10)
    built = len(looks.settle())
    # A look of ten thousand peers costs 20 ms and more, so the next comes 200 ms later.
    assert 1 <= built <= 2 + took / 0.1, f"{count} events in {took:.2f} s: {built} rebuilds"
    assert daemon.json("status")["state"] == "running"


def test_ten_thousand_routes(daemon, path, inject, arrivals):
    """Each host has a metric of its own."""
    def change(verb, count, mtu):
        path.gateway.ip("".join(
            f"route {verb} 198.19.{n >> 8}.{n & 255}/32 via 198.51.100.2 dev wan "
            f"mtu {mtu + n % 100}\n" for n in range(count)))

    def left(n):
        inject(packets.syn(path.CLIENT4, f"198.19.{n >> 8}.{n & 255}"))
        return arrivals.next().mss[0]
    looks, begin = Looks(daemon), time.monotonic()
    try:
        change("add", ROUTES, 1200)
        took = time.monotonic() - begin
        until(lambda: left(9999) == 1160 + 99, "the last one counts", looks.soon())
        for n in (0, 1, 5050, 9998):
            assert left(n) == 1160 + n % 100
        built = until(looks.built, "a look is told, which is behind what it changed", 1)
        assert len(built) <= 2 + took / 0.1
        change("replace", 2000, 1100)
        until(lambda: left(1999) == 1060 + 99, "the last one counts", looks.soon())
        assert (left(2000), left(0)) == (1160, 1060)
    finally:
        path.gateway.run("ip", "route", "flush", "root", "198.19.0.0/16")


def test_a_rebuild_takes_less_than_20_ms(daemon):
    """Of all that were made here the best: what else runs on the machine only adds to it. With a
    sanitizer the time says nothing but that it does not grow with the square of the peers."""
    built = [int(match[2]) for match in BUILT.finditer(daemon.log()) if int(match[1]) == PEERS]
    assert len(built) >= 5
    assert min(built) < TARGET_US * SLOW ** 2, sorted(built)
