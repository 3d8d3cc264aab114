# SPDX-License-Identifier: GPL-2.0-or-later
"""The sockets of the queues outlive the process: SYNs wait for the next one, and are clamped."""

import os
import re
import signal
import socket
import time

import netns
import packets
import pytest
from queue_reader import open_queue
from supervisor import Supervised

LIMIT, ANNOUNCED = 1360, 1460
BATCH = 64  # SYNs that one worker may have read and not answered


@pytest.fixture
def supervise(path):
    """Starts daemons in the gateway under a manager; they end with the test."""
    started = []

    def start(config="", **more):
        started.append(Supervised(path.gateway, config, **more))
        return started[-1]

    yield start
    for one in reversed(started):
        one.close()


class Sender:
    """SYNs to the sink and what became of each."""

    def __init__(self, path, inject):
        self.path, self.inject, self.sent = path, inject, 0
        self.there = packets.Capture(path.server, "eth0", buffer_bytes=1 << 25)

    def send(self, count=1):
        for _ in range(count):
            self.inject(packets.syn(f"203.0.113.{1 + self.sent % 250}", self.path.SINK4,
                                    sport=1024 + self.sent % 60000))
            self.sent += 1

    def take(self, count, seconds=2.0):
        return [packet.mss[0] for packet in self.there.take(count, seconds)]


@pytest.fixture
def sender(path, inject):
    one = Sender(path, inject)
    with one.there:
        yield one


def depth(path, number=5000):
    """Packets that wait in a queue; None without the queue."""
    with path.gateway.entered(), open("/proc/thread-self/net/netfilter/nfnetlink_queue",
                                      encoding="ascii") as file:
        for line in file:
            words = line.split()
            if int(words[0]) == number:
                return int(words[2])
    return None


def waits(path, count, number=5000):
    netns.until(lambda: depth(path, number) == count, f"{count} packets wait in queue {number}")


def test_what_is_kept(supervise):
    """One socket a queue, by its name, not to be dropped for an error on it; the same over any
    number of restarts."""
    daemon = supervise("queues = { count = 3; };")
    names = [f"queue-{number}" for number in (5000, 5001, 5002)]
    stored = [words for words in daemon.notices if "FDSTORE" in words]
    assert [(words["FDNAME"], words["FDPOLL"]) for words in stored] == [(n, "0") for n in names]
    for _ in range(3):
        daemon.process.kill()
        daemon.again()
    assert [words for words in daemon.notices if "FDSTORE" in words] == stored
    assert {name: len(fds) for name, fds in daemon.kept.items()} == dict.fromkeys(names, 1)


@pytest.mark.parametrize("number", (signal.SIGKILL, signal.SIGABRT))
def test_they_wait_for_the_next(path, supervise, sender, number):
    """Not one passes while nobody is there, not one is lost, and each is clamped."""
    daemon = supervise("queues = { count = 1; };")
    daemon.process.send_signal(number)
    daemon.process.wait()
    sender.send(300)
    waits(path, 300)
    assert sender.take(1, 0.3) == []
    daemon.again()
    assert sender.take(300) == 300 * [LIMIT]
    assert daemon.stats()["queues"][0]["fail_open_total"] == 0


def test_those_of_a_stopped_one_pass(path, supervise, sender):
    """SIGTERM lets pass what comes, with the socket kept; the next start clamps again."""
    daemon = supervise("queues = { count = 1; };")
    daemon.stop()
    sender.send(300)
    assert sender.take(300) == 300 * [ANNOUNCED]
    assert depth(path) == 0
    daemon.again()
    sender.send(300)
    assert sender.take(300) == 300 * [LIMIT]


def test_what_was_read_and_not_answered(path, supervise, sender):
    """Its bytes are gone with who read it, so it passes as it is; the rest is clamped."""
    with open_queue(path.gateway, 5000) as dead:
        daemon = supervise("queues = { count = 1; };", ready=False,
                           spare=[("queue-5000", dead.fileno())])
        daemon.wait_ready()
        daemon.kill()
        sender.send(10)
        waits(path, 10)
        for _ in range(4):
            dead.recv(4096)
        daemon.start()
        daemon.wait_ready()
        assert sender.take(10) == 4 * [ANNOUNCED] + 6 * [LIMIT]
        daemon.says("queue 5000: 4 SYNs that the process before had read and not answered")
        daemon.kill()
        sender.send(5)
        waits(path, 5)
        for _ in range(5):
            dead.recv(4096)
        daemon.start()
        daemon.wait_ready()
        assert sender.take(5) == 5 * [ANNOUNCED]
        queue = daemon.stats()["queues"][0]
        assert (queue["fail_open_total"], queue["verdict_errors_total"]) == (0, 0)
        daemon.spare.clear()


USELESS = {
    "that owns no queue": "does not own the queue",
    "of another namespace": "another network namespace",
    "of another kind": "no netfilter socket",
}


@pytest.mark.parametrize("what", USELESS)
def test_a_socket_of_no_use(path, supervise, left, what):
    """It is said and closed, and the queue is bound anew."""
    if what == "of another kind":
        made = socket.socket()
    elif what == "of another namespace":
        made = open_queue(path.client, 5000)
    else:
        made = path.gateway.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
        made.bind((0, 0))
    with made:
        daemon = supervise("queues = { count = 1; };", spare=[("queue-5000", made.fileno())])
        daemon.says(f"queue 5000: a socket that was kept is of no use: .*{USELESS[what]}")
        assert left() == LIMIT
        daemon.spare.clear()


def test_descriptors_of_no_use(supervise, left):
    """What nobody asked for is closed, and the manager is told to forget it."""
    read, write = os.pipe()
    daemon = supervise(spare=[("colours", read), ("queue-70000", write)])
    daemon.says(r"descriptor 3 \(colours\)")
    daemon.says(r"descriptor 4 \(queue-70000\)")
    assert [w["FDNAME"] for w in daemon.notices if "FDSTOREREMOVE" in w][:2] == [
        "colours", "queue-70000"]
    assert left() == LIMIT
    daemon.spare.clear()
    os.close(read)
    os.close(write)


@pytest.mark.parametrize("config, gone", (("queues = { count = 1; };", 5001),
                                          ("queues = { first = 5100; count = 2; };", 5001)))
def test_other_queues_are_configured(path, supervise, sender, config, gone):
    """What waited in one that is not wanted any more passes, and its socket goes."""
    daemon = supervise("queues = { count = 2; };")
    daemon.kill()
    sender.send(100)
    netns.until(lambda: depth(path, 5000) + depth(path, 5001) == 100, "all wait")
    unwanted = depth(path, gone) + (depth(path, 5000) if "5100" in config else 0)
    daemon.write(config)
    daemon.start()
    daemon.wait_ready()
    got = sender.take(100)
    assert (got.count(ANNOUNCED), got.count(LIMIT)) == (unwanted, 100 - unwanted)
    daemon.says(f"queue {gone}: was served by the process before and is not configured any more")
    assert depth(path, gone) is None
    assert f"queue-{gone}" not in daemon.kept
    sender.send(100)
    assert sender.take(100) == 100 * [LIMIT]


def test_more_queues_are_configured(path, supervise, sender):
    daemon = supervise("queues = { count = 1; };")
    daemon.kill()
    sender.send(100)
    waits(path, 100)
    daemon.write("queues = { count = 3; };")
    daemon.start()
    daemon.wait_ready()
    sender.send(100)
    assert sender.take(200) == 200 * [LIMIT]
    assert list(daemon.kept) == ["queue-5000", "queue-5001", "queue-5002"]


def test_a_configuration_that_is_wrong(path, supervise, sender):
    """Nobody will come for those that wait: they pass."""
    daemon = supervise("queues = { count = 1; };")
    daemon.kill()
    sender.send(50)
    waits(path, 50)
    daemon.write("colour = 7;")
    daemon.start()
    assert daemon.ends() == 6
    assert sender.take(50) == 50 * [ANNOUNCED]
    daemon.forget()
    sender.send(1)
    assert sender.take(1) == [ANNOUNCED]


@pytest.mark.parametrize("number", (signal.SIGKILL, signal.SIGTERM), ids=("kill", "stop"))
def test_twenty_ends(path, supervise, inject, number):
    """Killed: each SYN arrives, and at most a batch of each worker arrives unclamped. Stopped: each
    arrives."""
    from test_lifecycle import Stream
    daemon = supervise()
    queues = len(daemon.kept)
    with packets.Capture(path.server, "eth0", buffer_bytes=1 << 26) as there:
        with Stream(path, inject, 0.0004) as stream:
            for _ in range(20):
                time.sleep(0.05)
                daemon.process.send_signal(number)
                daemon.again()
        got = [packet.mss[0] for packet in there.take(stream.sent, 2)]
        assert there.lost() == 0
    unclamped = got.count(ANNOUNCED)
    print(f"\n20 x {number.name}: {stream.sent} SYNs sent, {stream.sent - len(got)} lost, "
          f"{unclamped} unclamped")
    assert len(got) == stream.sent
    assert set(got) <= {LIMIT, ANNOUNCED}
    if number == signal.SIGKILL:
        told = sum(map(int, re.findall(r"(\d+) SYNs that the process before", daemon.log())))
        assert unclamped <= 20 * BATCH * queues and (unclamped == 0 or told > 0)
