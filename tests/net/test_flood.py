# SPDX-License-Identifier: GPL-2.0-or-later
"""More SYNs than anybody can take at once: all arrive, and the counters add up to the last one."""

import packets
import pytest
from netns import until

BURST = 20_000
SMALL = "queues = { first = 5000; count = 1; max_packets = 64; }; fallback = false;"


def burst(path, count):
    """SYNs of both families from 250 addresses, made before they are sent."""
    made = []
    for i in range(250):
        made.append(packets.syn(f"203.0.113.{1 + i}", path.SINK4, sport=1024 + i))
        made.append(packets.syn(f"2001:db8:3::{1 + i:x}", path.SINK6, sport=1024 + i))
    return (made * (count // len(made) + 1))[:count]


def flood(path, inject, count):
    """Sends count SYNs; returns the MSS of each that arrived."""
    everything = burst(path, count)
    with packets.Capture(path.server, "eth0", buffer_bytes=1 << 27) as there:
        for packet in everything:
            inject(packet)
        got = [packet.mss[0] for packet in there.take(count, 5)]
        assert there.lost() == 0, "the capture itself was too slow"
    return got


def account(stats):
    """What was seen, and what the kernel let through because there was no room."""
    return (stats["syn"]["seen_total"], stats["syn"]["clamped_total"],
            sum(queue["fail_open_total"] for queue in stats["queues"]))


def test_a_flood_arrives_whole(start, path, inject):
    daemon = start()
    got = flood(path, inject, BURST)
    assert len(got) == BURST
    seen, clamped, _ = until(lambda: (now := account(daemon.stats()))[0] + now[2] == BURST and now,
                             "each is seen or counted")
    assert clamped == seen == sum(mss in (1360, 1340) for mss in got)
    assert all(queue["dropped_total"] == 0 for queue in daemon.stats()["queues"])


def test_all_queues_share_the_work(start, path, inject):
    daemon = start("queues = { count = 2; };")
    assert [queue["id"] for queue in daemon.stats()["queues"]] == [5000, 5001]


def test_what_finds_no_room_passes_unclamped_and_is_counted(start, path, inject):
    """While the daemon is held, the queue fills; the rest is accepted by the kernel."""
    daemon = start(SMALL)
    daemon.hold()
    everything = burst(path, 2000)
    with packets.Capture(path.server, "eth0", buffer_bytes=1 << 25) as there:
        for packet in everything:
            inject(packet)
        daemon.go_on()
        got = [packet.mss[0] for packet in there.take(len(everything), 5)]
        assert there.lost() == 0
    assert len(got) == len(everything)
    unclamped = sum(mss == 1460 for mss in got)
    assert 1000 < unclamped < 2000

    def adds_up():
        return account(daemon.stats()) == (2000 - unclamped, 2000 - unclamped, unclamped)
    until(adds_up, f"fail_open_total is {unclamped}", 2)
    assert daemon.stats()["queues"][0]["depth"] == 0
    inject(packets.syn(path.CLIENT4, path.SINK4))  # and it works on as before
    until(lambda: daemon.syn("seen") == 2001 - unclamped, "the next SYN is seen", 1)


@pytest.mark.parametrize("count", (1, 65, 1000))
def test_a_held_daemon_catches_up(start, path, inject, count):
    """What fits the queue waits for the daemon, and is clamped in order."""
    daemon = start("queues = { count = 1; };")
    daemon.hold()
    with packets.Capture(path.server, "eth0", buffer_bytes=1 << 25) as there:
        for i in range(count):
            inject(packets.syn(path.CLIENT4, path.SINK4, seq=i,
                               options=packets.mss(1460 if i % 3 else 500)))
        assert there.nothing()
        daemon.go_on()
        got = there.take_within(count, 2)
    assert [packet.mss[0] for packet in got] == [1360 if i % 3 else 500 for i in range(count)]
    assert [int.from_bytes(packet.tcp[4:8], "big") for packet in got] == list(range(count))
