# SPDX-License-Identifier: GPL-2.0-or-later
"""A daemon that runs, and in which a call fails once, a thousand times, or for as long as one looks:
it goes on, no SYN is lost, and it does not turn in circles."""

import errno
import json
import os
import socket
import time

import pytest
from faults import ANY, FOREVER, MAIN, OTHERS, STOP, Faulty, Plan, errors_of, prefix
from netns import until
from queue_reader import open_queue
from running import Running
from supervisor import Supervised

WORKER = ("recvmmsg", "send")
CONTROL = ("recvmsg", "sendto", "recv", "accept4", "read", "epoll_wait", "epoll_ctl",
           "timerfd_settime", "socket", "setsockopt", "fopen", "malloc", "calloc", "realloc")
CALLS = ([(call, OTHERS) for call in WORKER] + [("send", MAIN), ("recv", MAIN)] +
         [(call, ANY) for call in CONTROL if call != "recv"])
SEEN = 2.5  # seconds; it looks each second whether others have changed its maps
LATE, PATIENCE = 0.05, 0.4  # seconds until a manager has closed a socket: here, and is waited for
SELDOM = ("socket", "setsockopt", "fopen", "sendto")  # not of each disturbance
TRIED_AGAIN_AT_ONCE = (errno.EINTR, errno.EAGAIN, errno.ECONNABORTED)  # which none is for long


@pytest.fixture(scope="module")
def running():
    one = Running()
    yield one
    one.close()


def disturb(running):
    """A bit of everything."""
    running.links()
    running.ask("GetStatus", 2)
    running.ask("GetStats", 2)
    time.sleep(0.05)


@pytest.mark.parametrize("times", (1, 1000))
@pytest.mark.parametrize("call, thread", CALLS)
def test_it_goes_on(running, call, thread, times):
    """Whatever the error; each SYN arrives, and the next ones are clamped."""
    process = running.daemon.process
    for error in errors_of(call):
        with running.stream() as stream:
            running.daemon.plan.fail(call, error, times=times, thread=thread)
            disturb(running)
            if call not in SELDOM:
                until(lambda: running.daemon.plan.failed, "it fails")
            running.daemon.plan.stop()
            arrived = stream.end()
        assert process.poll() is None, running.daemon.log()
        assert len(arrived) == stream.sent, f"errno {error}: SYNs are lost"
        running.limit()
        until(running.is_running, "it runs")


@pytest.mark.parametrize("call", WORKER + CONTROL)
def test_it_does_not_turn_in_circles(running, call):
    """While it fails whenever it is called, at most 5 % of a processor."""
    for error in errors_of(call):
        if error in TRIED_AGAIN_AT_ONCE:
            continue
        running.daemon.plan.fail(call, error, times=FOREVER)
        running.links()
        running.ask("GetStatus", 0.2)
        time.sleep(0.1)
        share = running.share_of_cpu(0.5)
        if share >= 0.05:  # the work of others may have been put to its account
            share = running.share_of_cpu(0.5)
        failed = running.daemon.plan.failed
        running.daemon.plan.stop()
        print(f"\n{call} fails with {errno.errorcode[error]}: {failed} times, {share:.1%}")
        assert share < 0.05
        assert running.daemon.process.poll() is None, running.daemon.log()
    running.limit()


def test_a_socket_that_fails_for_good(running):
    """It is replaced, and what waits in it passes."""
    since = len(running.daemon.log())
    with running.stream() as stream:
        running.daemon.plan.fail("recvmmsg", errno.EPERM, times=FOREVER)
        running.daemon.says("its worker is back", 60, since)
        running.daemon.plan.stop()
        arrived = stream.end()
    assert len(arrived) == stream.sent
    running.limit()


@pytest.mark.parametrize("late", (0, LATE))
def test_a_manager_lets_go_of_it(running, late):
    """What fails is closed by whoever keeps it too, before the queue is bound anew; also where that is
    behind the answer to the barrier."""
    plan = Plan()
    running.daemon.stop()
    with Supervised(running.path.gateway, "queues = { count = 1; };", prefix=prefix(plan)) as daemon:
        before = os.fstat(daemon.kept["queue-5000"][0]).st_ino
        daemon.late = late
        with running.stream() as stream:
            plan.fail("recvmmsg", errno.EPERM, times=FOREVER)
            daemon.says("its worker is back", 60)
            plan.stop()
            arrived = stream.end()
        assert len(arrived) == stream.sent
        if max(daemon.closed_after) < PATIENCE: # else this process stood still
            assert "cannot bind" not in daemon.log() and "already owned" not in daemon.log()
        running.limit()
        until(lambda: daemon.json("status", code=None)["checks"]["queues"] == "ok",
              "the worker stays: one may have come before the last failure", 10)
        daemon.hear()
        kept, = daemon.kept["queue-5000"]
        assert os.fstat(kept).st_ino != before
        daemon.kill()
        daemon.again()
        running.limit()
    plan.close()
    running.revive()


def taken(namespace, number, seconds=0.5):
    """A socket that has bound that queue, or None where another had it all the while."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        reader = open_queue(namespace, number)
        reader.setblocking(False)
        try:
            reader.recv(4096) # a refusal is all that it is told, and at once
        except BlockingIOError:
            return reader
        reader.close()
    return None


def test_another_program_takes_its_queue(running):
    """When its socket fails, and the queue is nobody's for a moment. To start anew would not help: the
    watchdog is fed, the kernel clamps, and the queue is had back once it is free."""
    plan = Plan()
    running.daemon.stop()
    with Supervised(running.path.gateway, "queues = { count = 1; };", prefix=prefix(plan)) as daemon:
        daemon.late = LATE # until then it is nobody's
        plan.fail("recvmmsg", errno.EPERM, times=FOREVER)
        with until(lambda: taken(running.path.gateway, 5000), "the queue is taken", 60):
            plan.stop()
            daemon.says("workers: another program has taken queue 5000; it is tried again every 10 s", 10)
            begin = len(daemon.notices)
            until(lambda: sum("WATCHDOG" in words for words in daemon.notices[begin:]) >= 3,
                  "it is fed", 20)
            status = daemon.json("status", code=1)
            assert (status["checks"]["queues"], status["queues_taken"]) == ("unbound", [5000])
            assert any("another program has taken queue 5000" in one for one in status["problems"])
            news = [one for one in daemon.call("ListEvents")["events"] if one["event"] == "workers_changed"]
            assert {"queues": "unbound", "queues_taken": [5000]} in [one["new"] for one in news]
            assert status["checks"]["fallback"] == "active"
            since = len(daemon.log())
        daemon.says("its worker is back", 30, since)
        running.limit()
        daemon.kill()
    plan.close()
    running.revive()


def test_a_thread_that_cannot_be_started(running):
    """Where a takeover came to nothing: its queue is bound anew as soon as a thread can be had."""
    with running.stream() as stream, socket.socket(socket.AF_UNIX) as taker:
        taker.connect(running.daemon.socket_path)
        taker.sendall(b'{"method":"org.mssclamp.Takeover","more":true,'
                      b'"parameters":{"netns_cookie":0}}\0')
        _, fds, _, _ = socket.recv_fds(taker, 4096, 16)
        running.daemon.plan.fail("pthread_create", errno.EAGAIN)
        for fd in fds:
            os.close(fd)
        taker.close()
        running.daemon.says("cannot start its thread", 10)
        running.daemon.says("its worker is back", 10)
        running.daemon.plan.stop()
        arrived = stream.end()
    assert len(arrived) == stream.sent
    assert "already owned" not in running.daemon.log()
    running.limit()


def test_a_kept_socket_that_cannot_be_asked_about(running):
    """What waits in it passes all the same, where the start fails that it was kept for."""
    plan = Plan()
    running.daemon.stop()
    with Supervised(running.path.gateway, "queues = { count = 1; };", prefix=prefix(plan)) as daemon:
        daemon.kill()
        with running.stream() as stream:
            until(lambda: running.path.gateway.queued() > 20, "some wait")
            daemon.write("colour = 7;")
            plan.fail("fopen", errno.EMFILE, times=FOREVER)
            daemon.start()
            assert daemon.ends(30) > 0
            plan.stop()
            arrived = stream.end()
        assert len(arrived) == stream.sent
    plan.close()
    running.revive()


@pytest.mark.parametrize("command", ("flush ruleset", "flush map inet mssclamp offload_nets4_if{}"))
def test_its_rules_go_while_it_changes_them(running, command):
    """Mode offload: behind its look at them, before the transaction that has to find them. They are put
    back, and that is told and counted as if they had gone at any other time."""
    gateway = running.path.gateway
    index = json.loads(gateway.run("ip", "-j", "link", "show", "wan").stdout)[0]["ifindex"]
    running.daemon.stop()
    gateway.ip("route add 198.18.4.0/24 dev wan mtu 1300\nroute add 198.18.6.0/24 dev wan mtu 1300")
    with Faulty(gateway, mode="offload") as daemon:
        before, plan = daemon.repairs(), daemon.plan
        time.sleep(SEEN) # until it has seen what it wrote
        plan.fail("fork", STOP) # of the process that has libnftables do it
        gateway.ip("route del 198.18.4.0/24")
        until(lambda: plan.failed and daemon.is_stopped(), "it is about to change them", 10)
        gateway.run("nft", command.format(index))
        daemon.go_on()
        until(lambda: daemon.repairs() == before + 1, "it is counted", 5)
        daemon.says("firewall: our offload rules were changed; restored after", 5)
        assert daemon.json("offload")["state"] == "active"
    gateway.ip("route del 198.18.6.0/24")
    running.revive()
