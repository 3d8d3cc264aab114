# SPDX-License-Identifier: GPL-2.0-or-later
"""Ten times what the core of a worker can clamp, for seconds, from one source and from a million:
whoever really connects does, and nothing grows, waits or goes uncounted.

One generator cannot send ten times what a worker can take. So the way out is made slow for SYNs
that were clamped, and for these alone: the worker's core, on which all of the daemon runs, spends
its time there, as it would where that much more arrived. The queue is shorter by as much: what
waits in the 8192 places of a default one is gone after 20 ms where nothing is made slow. The rules are
twice as many as one machine needed: where the generator is held up too, less of it is too much.

MSSCLAMP_FLOOD_SECONDS is for how long, about; it is counted in SYNs.
"""

import json
import os
import pathlib
import socket
import threading
import time

import pytest
import transfer
from load import Program, Sent
from netns import SLOW, until

SOURCES = {
    # in each family       flows      hosts among which they choose
    "one source":         (2,         1),
    "a million sources":  (1_000_000, 1 << 22),
}
SYNS = round(25_000 * float(os.environ.get("MSSCLAMP_FLOOD_SECONDS", "8")))
WARM, SLOW_RULES = 50_000, 16_000
CONFIG = "queues = { first = 5000; count = 1; max_packets = 128; }; fallback = false;"
LIMIT4, LIMIT6 = 1360, 1340


@pytest.fixture(scope="module", autouse=True)
def slow_way_out(path):
    """The generator's flows have a route to the server, which has nobody there."""
    path.gateway.ip("route add 10.64.0.0/10 via 198.51.100.2\n"
                    "route add fd00:64::/32 via 2001:db8:2::2\n")
    path.gateway.run("nft", "-f", "-", text=(
        "table inet slow {\n  chain walk {\n" + "ip saddr 240.0.0.1 drop\n" * SLOW_RULES + "  }\n"
        "  chain out {\n    type filter hook postrouting priority 0;\n"
        f"    tcp flags & (syn|ack) == syn tcp option maxseg size {LIMIT4} jump walk\n"
        f"    tcp flags & (syn|ack) == syn tcp option maxseg size {LIMIT6} jump walk\n  }}\n}}\n"))
    yield
    path.gateway.run("nft", "delete", "table", "inet", "slow")


@pytest.fixture(scope="module", params=SOURCES)
def ends(path, request):
    """The generator at the client and the counter at the server, neither on the worker's core."""
    cpu = min(os.sched_getaffinity(0))
    generator = Program(path.client, "generator", *SOURCES[request.param], cpu=cpu)
    mac = path.gateway.mac("lan").hex(":")
    assert generator.ask(f"link eth0 {mac}") == "ok 0\n"
    sink = Program(path.server, "sink", cpu=cpu)
    yield generator, sink
    generator.close()
    sink.close()


def resident_bytes(pid):
    text = pathlib.Path(f"/proc/{pid}/statm").read_text(encoding="ascii")
    return int(text.split()[1]) * os.sysconf("SC_PAGE_SIZE")


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def cpu_seconds(pid):
    """What all its threads have used."""
    return sum(int(path.read_text(encoding="ascii").split()[0])
               for path in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


class Meanwhile(threading.Thread):
    """Real connections, and questions to the daemon, until stopped."""

    def __init__(self, path, servers, daemon):
        super().__init__()
        self.path, self.servers, self.daemon = path, servers, daemon
        self.stopped, self.errors = threading.Event(), []
        self.connected = self.unclamped_back = 0
        self.answers_seconds, self.rss_bytes = [], []

    def connect(self, server):
        """A handshake within a second: none waited for a SYN to be sent again."""
        begin = time.monotonic()
        with transfer.connect(self.path.client, server) as connection:
            assert time.monotonic() - begin < 1.0 * SLOW
            back = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG)
        self.connected += 1
        # What the SYN-ACK said, less 12 bytes of timestamps.
        self.unclamped_back += back + 12 > (LIMIT6 if ":" in server.address else LIMIT4)

    def ask(self):
        begin = time.monotonic()
        assert self.daemon.call("GetStatus")["mode"] == "queue"
        self.answers_seconds.append(time.monotonic() - begin)
        self.rss_bytes.append(resident_bytes(self.daemon.process.pid))

    def run(self):
        try:
            while not self.stopped.is_set():
                for server in self.servers.values():
                    self.connect(server)
                self.ask()
        except (AssertionError, OSError) as error:
            self.errors.append(error)


class Overload:
    """What was sent and seen in one overload."""

    def __init__(self, path, servers, daemon, ends):
        generator, sink = ends
        for task in os.listdir(f"/proc/{daemon.process.pid}/task"):
            os.sched_setaffinity(int(task), (max(os.sched_getaffinity(0)),))
        self._warm_up(path, generator, daemon)
        assert sink.ask(f"open eth0 {LIMIT4} {LIMIT6}") == "ok\n"
        self.unclamped_before = sum(queue["fail_open_total"] for queue in daemon.stats()["queues"])
        self.rss_bytes = resident_bytes(daemon.process.pid)
        self.descriptors = descriptors(daemon.process.pid)
        self.meanwhile = Meanwhile(path, servers, daemon)
        self.meanwhile.start()
        generator.tell(f"send 0 {SYNS} 0 64 0")
        self.sent = Sent(generator.answer())
        self.waiting = path.gateway.queued()
        used = cpu_seconds(daemon.process.pid)
        self.drain_seconds = self._drain(path.gateway)
        self.drain_cpu_seconds = cpu_seconds(daemon.process.pid) - used
        self.meanwhile.stopped.set()
        self.meanwhile.join()
        self.seen = json.loads(sink.ask("close"))
        # SYNs of real connections that had to be sent again: where a second is not much, that happens.
        self.again = self.seen["packets"] - SYNS - self.meanwhile.connected
        self.rss_after_bytes = resident_bytes(daemon.process.pid)

    @staticmethod
    def _warm_up(path, generator, daemon):
        """Until all that is allocated or opened once has been: a flood, and some looks of the daemon at its
        counters, one a second."""
        generator.ask(f"send 0 {WARM} 0 64 0")
        until(lambda: path.gateway.queued() == 0, "the queue is empty", 5)
        seen = daemon.call("GetStatus")["uptime_seconds"]
        until(lambda: daemon.call("GetStatus")["uptime_seconds"] > seen + 3, "seconds pass", 10)

    @staticmethod
    def _drain(gateway):
        begin = time.monotonic()
        while gateway.queued() > 0:
            assert time.monotonic() - begin < 5 * SLOW, "the queue does not become empty"
        return time.monotonic() - begin


@pytest.fixture(scope="module")
def overload(path, servers, daemon, ends):
    for _ in range(3):
        taken = Overload(path, servers, daemon, ends)
        tell(taken)
        if is_ten_times_too_much(taken):
            break  # else the generator was held up more than the worker
        assert (taken.meanwhile.errors, taken.seen["lost"], taken.seen["bad_checksums"]) == ([], 0, 0)
        assert taken.again >= 0, "each has arrived"
    return taken


def is_ten_times_too_much(taken):
    return taken.seen["clamped"] * 10 <= SYNS


def tell(taken):
    print(f"{taken.sent.count / (taken.sent.wall_ns / 1e9):.0f} SYNs a second for "
          f"{taken.sent.wall_ns / 1e9:.1f} s, {taken.seen['clamped']} clamped; "
          f"{taken.meanwhile.connected} connections; {taken.waiting} waited at the end, gone in "
          f"{taken.drain_seconds * 1000:.0f} ms ({taken.drain_cpu_seconds * 1000:.0f} ms of CPU); "
          "slowest answer "
          f"{max(taken.meanwhile.answers_seconds, default=0) * 1000:.0f} ms; resident memory "
          f"{taken.rss_bytes} -> {taken.rss_after_bytes} bytes")


def test_it_was_ten_times_too_much(overload):
    assert overload.sent.count == SYNS
    assert is_ten_times_too_much(overload)
    assert overload.seen["clamped"] > 1000, "the worker worked all the time"


def test_every_legitimate_connection_succeeds(overload):
    assert overload.meanwhile.errors == []
    assert overload.meanwhile.connected >= 5


def test_every_syn_arrives(overload):
    assert overload.seen["lost"] == 0, "the counter itself was too slow"
    assert 0 <= overload.again <= (0 if SLOW == 1 else overload.meanwhile.connected)
    assert overload.seen["bad_checksums"] == 0


def test_stats_tell_how_many_passed_unclamped(overload, daemon):
    unclamped = (overload.seen["packets"] - overload.seen["clamped"]
                 + overload.meanwhile.unclamped_back + overload.unclamped_before)

    def told():
        return sum(queue["fail_open_total"] for queue in daemon.stats()["queues"])
    until(lambda: abs(told() - unclamped) <= overload.again, f"fail_open_total is {unclamped}", 2)


def test_the_backlog_is_gone_at_once(overload):
    assert overload.drain_cpu_seconds < 0.1 * SLOW, "what the worker had to do"
    assert overload.drain_seconds < 1.0 * SLOW, "whatever else the machine does"


def test_memory_and_descriptors_are_flat(overload, daemon):
    """A sanitizer keeps what the answers of the control socket took and gave back."""
    most = max(overload.meanwhile.rss_bytes + [overload.rss_after_bytes])
    until(lambda: descriptors(daemon.process.pid) <= overload.descriptors, "descriptors are no more than before", 3)
    assert most - overload.rss_bytes < (1 << 20 if SLOW == 1 else 1 << 26)


def test_the_control_socket_answers(overload):
    assert len(overload.meanwhile.answers_seconds) >= 3
    assert max(overload.meanwhile.answers_seconds) < 2.0 * SLOW
