# SPDX-License-Identifier: GPL-2.0-or-later
"""A worker that does not come back from its work: it is seen, and its queue does not wait for it."""

import contextlib
import json
import os
import re
import signal
import time

import packets
import pytest
from daemon import MSSCLAMPD, Daemon
from netns import SLOW, until
from stall import NO_LEAKS, stalled
from supervisor import Supervised

LIMIT, ANNOUNCED = 1360, 1460
SEEN = 3.0  # seconds without a beat
AT_ONCE = 2.5 / SLOW  # whatever the machine: less than what waits for that
ONE = "queues = { count = 1; }; fallback = false;"  # what it changes: test_fallback


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
            assert there.next(AT_ONCE).mss == [ANNOUNCED]
            status = daemon.json("status", code=1)
            assert status["checks"]["queues"] == "stalled"
            daemon.reload("queues = { count = 1; max_packets = 100; }; fallback = false;")
            inject(packets.syn("203.0.113.7", path.SINK4, sport=3001))
            assert there.next(AT_ONCE).mss == [ANNOUNCED], "another length holds nothing up"
        daemon.says("queue 5000: its worker answers again")
        daemon.says("every worker answers its queue")
        inject(packets.syn("203.0.113.7", path.SINK4, sport=4000))
        assert there.next().mss == [LIMIT]
        assert there.take(1, 0.2) == []
    assert daemon.json("status")["checks"]["queues"] == "ok"


def test_one_of_two(path, start, inject):
    """The other queue's SYNs are clamped all the while. Which queue it is depends on the CPU."""
    cpus = sorted(os.sched_getaffinity(0))
    daemon = start(f"queues = {{ count = {len(cpus)}; }}; fallback = false;")
    with (packets.Capture(path.server, "eth0", buffer_bytes=1 << 24) as there,
          stalled(daemon.process.pid, "queue-5001")):
        daemon.says("queue 5001: its worker does not answer", SEEN + 3)
        for i in range(200):
            os.sched_setaffinity(0, {cpus[i % len(cpus)]})
            inject(packets.syn(f"203.0.113.{1 + i}", path.SINK4, sport=2000 + i))
        os.sched_setaffinity(0, cpus)
        got = [p.mss[0] for p in there.take(200, 5)]
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
            daemon.hear()
            before = fed()
            time.sleep(2.5 * SLOW)
            daemon.hear()
            assert fed() == before
            daemon.process.send_signal(signal.SIGABRT)
            reap()
        daemon.again()
        assert list(daemon.kept) == ["queue-5000"]


def test_an_end_beside_it(path, start, inject):
    """SIGTERM: what waits for workers that do not come back passes; they are waited for together."""
    names = [f"queue-{5000 + i}" for i in range(12)]
    daemon = start(f"queues = {{ count = {len(names)}; }}; fallback = false;", prefix=NO_LEAKS)
    with (packets.Capture(path.server, "eth0", buffer_bytes=1 << 24) as there,
          contextlib.ExitStack() as stack):
        reaps = [stack.enter_context(stalled(daemon.process.pid, name)) for name in names]
        for i in range(50):
            inject(packets.syn("203.0.113.7", path.SINK4, sport=2000 + i))
        begin = time.monotonic()
        daemon.process.send_signal(signal.SIGTERM)
        for reap in reaps:
            reap()
        assert daemon.ends() == 0
        took = time.monotonic() - begin
        assert [p.mss[0] for p in there.take(50, 5)] == 50 * [ANNOUNCED]
    print(f"\nended {took:.1f} s after SIGTERM")
    daemon.says("queue 5000: its worker did not end within 2 s; what waits there passes unclamped")
    assert took < 10 + SLOW, "one after the other"


class Unread(Daemon):
    """Its log is a pipe, which is full from the begin on; .reader is the other end."""

    def start(self):
        self.reader, writer = os.pipe()
        os.set_blocking(self.reader, False)
        os.set_blocking(writer, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(writer, bytes(4096))
        os.set_blocking(writer, True)
        self.errors.touch()
        self.process = self.namespace.popen(
            ["setpriv", "--pdeathsig", "KILL", MSSCLAMPD, "-c", str(self.file)],
            stderr=writer, stdout=writer)
        os.close(writer)

    def read(self):
        with contextlib.suppress(BlockingIOError):
            return os.read(self.reader, 1 << 20).strip(b"\0").decode()
        return ""

    def close(self):
        super().close()
        os.close(self.reader)


def test_a_log_that_nobody_reads(path, left):
    """It starts, clamps and answers all the same, and how many lines are lost is said."""
    with Unread(path.gateway) as daemon:
        assert left() == LIMIT
        daemon.reload("mode = 7;", code=6)
        assert daemon.read() == ""
        daemon.reload("mode = 7;", code=6)
        until(lambda: re.search("log: [0-9]+ lines before this one are lost", daemon.read()),
              "what is lost is said")
        assert daemon.json("status", code=None)["state"] == "running"


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
        got = [p.mss[0] for p in there.take_within(500, 2)]
        assert len(got) == 500
        assert got.count(LIMIT) + got.count(ANNOUNCED) == 500
    print(f"\n{got.count(ANNOUNCED)} of 500 passed unclamped")
    daemon.says(r"mssclampd stood still for up to ([5-9]|\d{2,})\.")
    lines = daemon("--json-lines", "events", "--last", "100").stdout.splitlines()
    told = [one for one in map(json.loads, lines) if one["event"] == "stood_still"]
    last = told[-1]["new"]
    assert max(one["new"]["seconds"] for one in told) >= seconds
    status = daemon.json("status", code=None)
    assert status["standstills_total"] >= last["standstills_total"] == len(told)
    assert status["last_standstill"]["seconds"] >= 3
    assert re.search(r"pauses {4}\d+ +up to [\d.]+ s until [\d: -]+, SYNs waited",
                     daemon("status", code=None).stdout)
    assert re.search(r"^mssclamp_standstills_total [1-9]", daemon("metrics").stdout, re.MULTILINE)
    until(lambda: daemon.json("status", code=None)["checks"]["queues"] == "ok", "it beats again")
