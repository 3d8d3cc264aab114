# SPDX-License-Identifier: GPL-2.0-or-later
"""A worker that does not come back from its work: it is seen, and its queue does not wait for it."""

import os
import signal
import time

import packets
import pytest
from netns import SLOW, until
from stall import stalled
from supervisor import Supervised

LIMIT, ANNOUNCED = 1360, 1460
SEEN = 3.0  # seconds without a beat
ONE = "queues = { count = 1; };"


def test_its_syns_pass(path, start, inject):
    """Those that wait pass once it is known that nobody answers, those that come pass at once; when
    the worker comes back it clamps, and what it had read does not come twice."""
    daemon = start(ONE)
    with packets.Capture(path.server, "eth0", buffer_bytes=1 << 24) as there:
        with stalled(daemon.process.pid, "queue-5000"):
            for i in range(50):
                inject(packets.syn("203.0.113.7", path.SINK4, sport=2000 + i))
            begin = time.monotonic()
            assert [p.mss[0] for p in there.take(50, SEEN + 3)] == 50 * [ANNOUNCED]
            print(f"\npassed {time.monotonic() - begin:.1f} s after they came")
            daemon.says("queue 5000: its worker does not answer; SYNs pass unclamped until it does")
            inject(packets.syn("203.0.113.7", path.SINK4, sport=3000))
            assert there.next(1).mss == [ANNOUNCED]
            status = daemon.json("status", code=1)
            assert status["checks"]["queues"] == "stalled"
            daemon.reload("queues = { count = 1; max_packets = 100; };")
            inject(packets.syn("203.0.113.7", path.SINK4, sport=3001))
            assert there.next(1).mss == [ANNOUNCED], "another length holds nothing up"
        daemon.says("queue 5000: its worker answers again")
        daemon.says("every worker answers its queue")
        inject(packets.syn("203.0.113.7", path.SINK4, sport=4000))
        assert there.next(1).mss == [LIMIT]
        assert there.take(1, 0.2) == []
    assert daemon.json("status")["checks"]["queues"] == "ok"


def test_one_of_two(path, start, inject):
    """The other queue's SYNs are clamped all the while. Which queue it is depends on the CPU."""
    cpus = sorted(os.sched_getaffinity(0))
    daemon = start(f"queues = {{ count = {len(cpus)}; }};")
    with (packets.Capture(path.server, "eth0", buffer_bytes=1 << 24) as there,
          stalled(daemon.process.pid, "queue-5001")):
        daemon.says("queue 5001: its worker does not answer", SEEN + 3)
        for i in range(200):
            os.sched_setaffinity(0, {cpus[i % len(cpus)]})
            inject(packets.syn(f"203.0.113.{1 + i}", path.SINK4, sport=2000 + i))
        os.sched_setaffinity(0, cpus)
        got = [p.mss[0] for p in there.take(200, 1)]
        assert len(got) == 200
        assert set(got) == {LIMIT, ANNOUNCED}


def test_the_watchdog_is_not_fed(path):
    """Where a manager watches, it ends the process and starts it again, with its sockets."""
    with Supervised(path.gateway, ONE) as daemon:
        def fed():
            return sum("WATCHDOG" in words for words in daemon.notices)
        until(lambda: fed() > 0, "the watchdog is fed")
        with stalled(daemon.process.pid, "queue-5000") as reap:
            daemon.says("a worker has not answered its queue for 3 s", SEEN + 3)
            before = fed()
            time.sleep(2.5 * SLOW)
            assert fed() == before
            daemon.process.send_signal(signal.SIGABRT)
            reap()
        daemon.again()
        assert list(daemon.kept) == ["queue-5000"]


@pytest.mark.parametrize("seconds", (5,))
def test_a_stop_of_all(path, start, inject, seconds):
    """SIGSTOP: nothing is lost when it goes on, and nothing that was read is answered twice."""
    daemon = start()
    daemon.hold()
    with packets.Capture(path.server, "eth0", buffer_bytes=1 << 24) as there:
        for i in range(500):
            inject(packets.syn(f"203.0.113.{1 + i % 250}", path.SINK4, sport=2000 + i))
        time.sleep(seconds)
        assert there.take(1, 0.1) == []
        daemon.go_on()
        got = [p.mss[0] for p in there.take(500, 2)]
        assert len(got) == 500
        assert got.count(LIMIT) + got.count(ANNOUNCED) == 500
    print(f"\n{got.count(ANNOUNCED)} of 500 passed unclamped")
    until(lambda: daemon.json("status", code=None)["checks"]["queues"] == "ok", "it beats again")
