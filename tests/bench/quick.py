# SPDX-License-Identifier: GPL-2.0-or-later
"""A minute of the benchmark as a test: what it compares must stand about where it stood.

Bounds are far from what is measured (in brackets), as the machine that runs the tests does other
things too, and whoever else runs empties the caches: that alone has made 1.5 into 2.0. What they catch
is a lost batch, a look-up that is a walk, a lock on the packet's way.
Hundredths are the business of the whole run and of counted instructions.
"""

import contenders
import measures
import plan
import rounds
import state
from topology import FLOWS, LIMIT4, LIMIT6, Topology, choose_cpus

KEYS = ("none", "xt", "nft", "accept", "packed", "usual", "queue-1", "queue-10000", "mark-1",
        "offload-1", "offload-10000")
ROUNDS = {"drain": 7, "forward": 12}
SHOWN_SYNS = 15_000  # fewer than a queue holds: nobody is too slow for them


class Checks:
    """Prints a line for each check, and counts."""

    def __init__(self):
        self.passed = self.failed = 0

    def __call__(self, good, what, value):
        if good:
            self.passed += 1
        else:
            self.failed += 1
        print(f"{'ok   ' if good else 'FAIL '} {what}: {value}", flush=True)


def all_arrive(check, topology, one):
    """Every SYN of every flow comes out, lowered where the contender lowers, with a good sum."""
    sent, _, seen = measures.counted(topology, one, SHOWN_SYNS, rate=40_000, group=16)
    count = sent.count
    clamped = count if one.contender.clamps else 0
    told = (seen["packets"], seen["clamped"], seen["bad_checksums"], seen["flows"])
    check(told == (SHOWN_SYNS, clamped, 0, min(SHOWN_SYNS, FLOWS)),
          f"{one.contender.name}: {count} SYNs arrive, {clamped} up to {LIMIT4}/{LIMIT6}, no "
          "checksum is wrong, each of its own flow", told)


def ratio(figures, key, name="cpu_ns"):
    return figures[key][name]["median"] if key in figures else None


def check_drain(check, drain):
    """CPU time of the reader. The null loop does all that the kernel makes a reader do."""
    bounds = (
        # who, less than so many times the null loop
        ("queue-1", 1.5),       # 1.07
        ("queue-10000", 1.9),   # 1.28: two look-ups among 10,000, whose memory is cold
        ("mark-1", 1.7),
    )
    for key, most in bounds:
        value = ratio(drain, key)
        if value is not None:
            check(value < most, f"drain: {key} under {most} x the packed null loop",
                  f"{value:.2f}")
    usual, ours, many = (ratio(drain, key) for key in ("usual", "queue-1", "queue-10000"))
    check(usual > 1.1 * ours, "drain: the usual loop over 1.1 x ours (1.9)", f"{usual / ours:.2f}")
    check(many < 1.6 * ours, "drain: 10,000 peers under 1.6 x 1 rule (1.2)", f"{many / ours:.2f}")
    check(ratio(drain, "accept") < 1.1, "drain: accepting under 1.1 x mangling (0.87)",
          f"{ratio(drain, 'accept'):.2f}")


def check_forward(check, forward):
    """CPU time of all, to plain forwarding; half of that is the generator's."""
    bounds = (
        ("xt", 1.5),             # 1.10
        ("nft", 1.5),            # 1.10
        ("queue-1", 6.0),        # 2.9: a queue costs more than the whole forwarding
        ("offload-1", 1.5),      # a clamp in the kernel: never what a queue costs
        ("offload-10000", 2.8),  # 1.5: a walk of 10,000 would be hundreds
    )
    for key, most in bounds:
        value = ratio(forward, key)
        if value is not None:
            check(0.8 < value < most, f"forward: {key} under {most} x no rule", f"{value:.2f}")


def check_latency(check, topology, running):
    """A reader that polls by a clock, or waits for a batch to be full, would add hundreds."""
    taken = rounds.compare([(running["packed"], running["queue-1"])],
                           lambda one: measures.latency(topology, one, measures.IDLE_PPS, 0.4), 4,
                           rounds.difference)
    added = taken["queue-1"]["p50_us"]["median"]
    check(added < 50, "latency: at p50 under 50 us more than the packed null loop (1)",
          f"{added:+.1f} us")


def check_state(check, topology, running):
    """Memory, and that a change comes into force."""
    for key, most in (("queue-1", 40), ("queue-10000", 200)):  # 9, 51
        used = running[key].rss_bytes() / 1e6
        check(used < most, f"memory: {key} under {most} MB", f"{used:.0f} MB")
    took = state.event_to_effect(topology, running["queue-10000"], state.Route, 3)
    check(took["median"] < 500, "a route counts within 500 ms, 10,000 peers (5)",
          f"{took['median']:.1f} ms")


def run(check, topology, running):
    for one in running.values():
        all_arrive(check, topology, one)
    bench = plan.Bench(topology, running)
    taken = {one.key: bench.take(one, ROUNDS[one.key])
             for one in plan.MEASURES if one.key in ROUNDS}
    check_drain(check, taken["drain"])
    check_forward(check, taken["forward"])
    check_latency(check, topology, running)
    check_state(check, topology, running)


def main(chosen):
    check, topology, running = Checks(), Topology(choose_cpus(chosen.cpus)), {}
    try:
        running, left_out = contenders.start(topology, KEYS)
        for reason in left_out:
            print(f"      {reason}")
        run(check, topology, running)
    finally:
        for one in running.values():
            one.close()
        topology.close()
    print(f"{check.passed} passed, {check.failed} failed")
    return 1 if check.failed else 0
