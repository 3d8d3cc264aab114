# SPDX-License-Identifier: GPL-2.0-or-later
"""What one SYN costs: CPU time, the rate that one core can take, and the time it needs.

Each function measures one contender once and returns numbers by name; rounds.py compares them.
"""

import glob
import os
import signal
import time

DRAIN_SYNS, BURST_SYNS = 8000, 2000
LOSS = 1e-4              # of the SYNs sent: what counts as none
TRIAL_SECONDS = 0.25
IDLE_PPS = 4000


def drained(running, seconds=10.0):
    """Waits until nothing waits in the queue."""
    end = time.monotonic() + seconds
    while running.contender.queues and running.gateway.namespace.queued() > 0:
        if time.monotonic() > end:
            raise RuntimeError(f"{running.contender.name}: the queue does not become empty")
        time.sleep(0.001)


def drain(topology, running):
    """CPU time of who reads the queue, for SYNs that wait there already: nobody sends meanwhile."""
    os.kill(running.process.pid, signal.SIGSTOP)
    try:
        topology.send(running.gateway, DRAIN_SYNS)
        queued, last = running.gateway.namespace.queued(), -1
        while queued != last:
            time.sleep(0.002)
            queued, last = running.gateway.namespace.queued(), queued
        before = running.cpu_ns()
    finally:
        os.kill(running.process.pid, signal.SIGCONT)
    if queued < DRAIN_SYNS / 2:
        raise RuntimeError(f"{running.contender.name}: {queued} of {DRAIN_SYNS} SYNs were queued")
    drained(running)
    return {"cpu_ns": (running.cpu_ns() - before) / queued}


def softirq_tasks():
    """The kernel threads that take over softirqs where there are too many, if we can see them."""
    found = []
    for path in glob.glob("/proc/[0-9]*/comm"):
        try:
            with open(path, encoding="ascii", errors="replace") as file:
                if file.read().startswith("ksoftirqd/"):
                    found.append(path.replace("comm", "schedstat"))
        except OSError:
            continue
    return found


_SOFTIRQS = softirq_tasks()


def softirq_ns():
    total = 0
    for path in _SOFTIRQS:
        with open(path, encoding="ascii") as file:
            total += int(file.read().split()[0])
    return total


def forward(topology, running, count=BURST_SYNS, **how):
    """CPU time of a SYN from the generator to the sink, whoever spends it: the generator, in whose
    sends the softirqs run that forward; who reads the queue; ksoftirqd where it helps out."""
    softirq, reader = softirq_ns(), running.cpu_ns()
    sent = topology.send(running.gateway, count, **how)
    drained(running)
    reader = (running.cpu_ns() - reader) / sent.count
    figures = {"cpu_ns": (sent.cpu_ns + softirq_ns() - softirq) / sent.count + reader}
    return {**figures, "reader_ns": reader} if running.contender.queues else figures


def sustained(topology, running, rate):
    """The same at a steady rate, with all of it on one core; the reader gets what is there, often
    few at a time."""
    running.place(topology.cpus[0])
    try:
        return forward(topology, running, count=int(rate * TRIAL_SECONDS), rate=rate, group=16)
    finally:
        running.place(topology.cpus[1])


def counted(topology, running, count, **how):
    """Sends so many; returns what was sent, how many waited at the end, and what the sink has seen.
    Where the sink itself was too slow, as its core did something else, it is done again."""
    for _ in range(5):
        topology.watch(running.gateway)
        sent = topology.send(running.gateway, count, **how)
        waiting = running.gateway.namespace.queued() if running.contender.queues else 0
        drained(running)
        seen = topology.seen()
        if seen["lost"] == 0:
            return sent, waiting, seen
    raise RuntimeError(f"{running.contender.name}: the sink is too slow to count")


def trial(topology, running, rate):
    """Whether a rate passes without loss on one core, and the rate that it really was."""
    sent, waiting, seen = counted(topology, running, int(rate * TRIAL_SECONDS), rate=rate, group=16)
    good = seen["clamped"] if running.contender.clamps else seen["packets"]
    passes = good >= sent.count * (1 - LOSS) and waiting <= sent.count / 50
    return passes, sent.count / (sent.wall_ns / 1e9)


def most(topology, running, guess, steps=5):
    """SYNs a second until loss (or one that passes unclamped), on one core: by bisection around a
    guess, which moves if it was a bad one."""
    low, high, best = guess * 0.6, guess * 1.6, 0.0
    running.place(topology.cpus[0])
    try:
        for _ in range(steps):
            middle = (low + high) / 2
            passes, rate = trial(topology, running, middle)
            if passes:
                best, low = max(best, rate), middle
            else:
                high = middle
            if best == 0 and high - low < guess * 0.2:
                low *= 0.5
    finally:
        running.place(topology.cpus[1])
    return {"syn_per_second": best or low}


def latency(topology, running, rate, seconds):
    """From the sending of a SYN to its arrival at the sink, in microseconds. The generator spins on
    its own core; the reader sleeps on another one, where it comes before everybody else."""
    running.place(topology.cpus[1], first=True)
    try:
        sent, _, seen = counted(topology, running, int(rate * seconds), rate=rate, group=1,
                                stamp=True)
    finally:
        running.place(topology.cpus[1])
    if seen["packets"] < sent.count * 0.99:
        raise RuntimeError(f"{running.contender.name}: {seen['packets']} of {sent.count} arrived")
    return {f"{name}_us": seen[f"{name}_ns"] / 1000 for name in ("p50", "p99", "p999")}


def cores(topology, running, count, rate):
    """CPU time of a SYN where so many cores are busy: on each a generator, and the worker whose
    queue the rule gives to that core (its number modulo the number of queues)."""
    for worker, cpu in zip(running.workers(), topology.cpus):
        os.sched_setaffinity(worker, (cpu,))
    reader = running.cpu_ns()
    sent = topology.send_from(topology.generators[:count], running.gateway,
                              int(rate * TRIAL_SECONDS), rate=rate, group=16)
    drained(running)
    spent = running.cpu_ns() - reader + sum(one.cpu_ns for one in sent)
    return {"cpu_ns": spent / sum(one.count for one in sent)}
