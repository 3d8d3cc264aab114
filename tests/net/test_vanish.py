# SPDX-License-Identifier: GPL-2.0-or-later
"""Links that come and go under SYNs, events that are lost, rules that somebody takes away."""

import os
import threading
import time

import packets
import pytest
from netns import SLOW, until
from test_lifecycle import Stream

LIMIT, ANNOUNCED = 1360, 1460
SECONDS = float(os.environ.get("MSSCLAMP_FLAP_SECONDS", "6"))
HZ = 10
TUNNEL = "198.18.77.1"  # behind the link that flaps
ADD = ("link add vx0 {index} type vxlan id 7 local 10.9.0.1 remote 10.9.0.2 dstport 4789 dev alt\n"
       "addr add 10.8.0.1/24 dev vx0\nlink set vx0 up mtu {mtu}\n"
       "neigh add 10.8.0.2 lladdr 02:00:00:00:00:02 dev vx0\n"
       "route add 198.18.77.0/24 via 10.8.0.2 dev vx0\n")


def add(path, mtu, index=""):
    path.gateway.ip(ADD.format(mtu=mtu, index=index))


def delete(path):
    path.gateway.run("ip", "link", "del", "vx0", check=False)


@pytest.fixture(autouse=True)
def gone(path):
    yield
    delete(path)


class Left:
    """SYNs as they leave by the tunnel; it listens on the cable, where VXLAN has 50 bytes in front."""

    def __init__(self, path, inject):
        self.path, self.inject = path, inject

    def mss(self):
        """None where it has not come within a second."""
        with packets.Capture(self.path.gateway, "vx0", outgoing=True) as there:
            self.inject(packets.syn(self.path.CLIENT4, TUNNEL, sport=999))
            came = there.take(1, 1)
            return came[0].mss[0] if came else None


def test_links_that_flap(path, start, inject):
    """Ten times a second a tunnel goes and comes with another MTU, and the path beside it loses no SYN
    and no limit; in the end the tunnel has its own, at once."""
    daemon = start()
    running, flaps = True, 0

    def flap():
        nonlocal flaps
        while running:
            begin = time.monotonic()
            add(path, 1200 + flaps % 100)
            for i in range(5):
                inject(packets.syn(path.CLIENT4, TUNNEL, sport=2000 + i))
            delete(path)
            flaps += 1
            time.sleep(max(0.0, begin + 1 / HZ - time.monotonic()))

    thread = threading.Thread(target=flap)
    with packets.Capture(path.server, "eth0", buffer_bytes=1 << 26,
                         match=lambda p: p.is_tcp and p.dport == 80) as there:
        thread.start()
        with Stream(path, inject, 0.0005) as stream:
            time.sleep(SECONDS)
        running = False
        thread.join()
        got = [packet.mss[0] for packet in there.take(stream.sent, 5)]
        assert there.lost() == 0
    print(f"\n{flaps} flaps in {SECONDS:g} s, {stream.sent} SYNs beside, "
          f"{stream.sent - len(got)} lost, {len(got) - got.count(LIMIT)} with another limit")
    assert flaps > SECONDS * HZ / 3 / SLOW
    assert got == stream.sent * [LIMIT]
    until(lambda: path.gateway.queued() == 0, "no packet waits", 2)
    add(path, 1250)
    until(lambda: Left(path, inject).mss() == 1210, "the last MTU is the limit", 1)
    assert daemon.json("status")["checks"]["queues"] == "ok"


def test_an_index_that_is_used_again(path, start, inject):
    """Never the limit of the link that had it before."""
    start()
    for mtu in (1300, 1200, 1350, 1250):
        add(path, mtu, "index 777")
        until(lambda m=mtu: Left(path, inject).mss() == m - 40, f"the limit of {mtu}", 1)
        delete(path)
    add(path, 1400, "index 777")
    until(lambda: Left(path, inject).mss() == 1360, "the limit of 1400", 1)


def test_a_tunnel_goes_while_its_syns_queue(path, start, inject, left):
    """The kernel drops them; verdicts for them are refused, which is counted and no more."""
    daemon = start()
    add(path, 1300)
    until(lambda: Left(path, inject).mss() == 1260, "its limit", 1)
    daemon.hold()
    with packets.Capture(path.server, "eth0", buffer_bytes=1 << 24,
                         match=lambda p: p.is_tcp and p.dport == 80) as there:
        for i in range(300):
            inject(packets.syn("203.0.113.7", TUNNEL, sport=2000 + i))
            inject(packets.syn("203.0.113.7", path.SINK4, sport=2000 + i))
        delete(path)
        daemon.go_on()
        assert [p.mss[0] for p in there.take(300, 5)] == 300 * [LIMIT]
    until(lambda: path.gateway.queued() == 0, "no packet waits", 2)
    assert left() == LIMIT

    def for_nobody():
        return sum(queue["verdict_errors_total"] for queue in daemon.stats()["queues"])
    print(f"\n{until(for_nobody, 'verdicts for nobody are counted')} verdicts for nobody")
    until(lambda: daemon.json("status", code=None)["state"] == "running", "it runs")
    assert "has mssclampd lost CAP_NET_ADMIN" not in daemon.log(), daemon.log()


def test_events_that_are_lost(path, start, left):
    """More than there is room for while nobody reads: all is asked for anew, and what was told in
    between holds."""
    daemon = start()
    daemon.hold()
    flood = "".join(f"addr add 10.77.{i >> 8}.{i & 255}/32 dev lan\n" for i in range(2000))
    try:
        for _ in range(4):
            path.gateway.ip(flood)
            path.gateway.ip(flood.replace("add add", "addr del").replace("addr add", "addr del"))
        path.gateway.ip("link set wan mtu 1300")
        daemon.go_on()
        until(lambda: left() == 1260, "the new limit", 2)
        daemon.says("rtnetlink: events were lost, reading all links and routes again")
    finally:
        path.gateway.ip("link set wan mtu 1400")
    until(lambda: left() == LIMIT, "and back", 2)


@pytest.mark.parametrize("command", (("-F",), ("-X",), ("-Z",)), ids=lambda command: command[0])
def test_a_tool_that_takes_rules_away(path, start, inject, command):
    """While SYNs flow: they are back at once, and no SYN is lost."""
    daemon = start()
    with packets.Capture(path.server, "eth0", buffer_bytes=1 << 25) as there:
        with Stream(path, inject, 0.001) as stream:
            for _ in range(5):
                path.gateway.run("iptables-nft", "-t", "mangle", *command, check=False)
                time.sleep(0.15)
        got = [packet.mss[0] for packet in there.take(stream.sent, 5)]
    assert len(got) == stream.sent
    until(lambda: daemon("rules", code=None).returncode == 0, "the rules are back", 2)
    print(f"\n{stream.sent} SYNs, {got.count(ANNOUNCED)} unclamped")
