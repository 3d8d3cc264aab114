# SPDX-License-Identifier: GPL-2.0-or-later
"""What is measured: the table of measures, and who takes part in which."""

import dataclasses
import functools
import typing

import contenders
import machine
import measures
import rounds
import state

QUEUES = ("accept", "usual", "queue-1", "queue-100", "queue-1000", "queue-10000", "queue-100000",
          "queue-routes", "mark-1", "mark-10000")
KERNEL = ("sending", "none-routes", "xt", "nft", "offload-1", "offload-tunnel", "offload-10000")
FEW = ("accept", "usual", "queue-1", "queue-10000", "mark-1", "mark-10000")
COMPARED_WITH = ("none", "none-routes", "packed", "packed-routes")
WHO_EFFECTS = ("queue-100", "queue-10000", "queue-100000", "queue-routes", "mark-10000",
               "offload-10000")


@dataclasses.dataclass(frozen=True)
class Measure:
    """One table of results. function(bench, running) measures once; who are compared with `beside`
    of them."""
    key: str
    title: str
    figure: str          # the number that the table is about
    unit: str
    who: tuple
    beside: typing.Callable
    function: typing.Callable
    count: int           # rounds
    how: typing.Callable = rounds.ratio
    warm: int = 1


def floor(contender):
    return contender.floor


def base(contender):
    return contender.base


def floor_or_base(contender):
    return contender.floor if contender.queues else contender.base


def packed(_):
    return "packed"


MEASURES = (
    Measure("drain", "CPU time of who reads the queue", "cpu_ns", "ns", QUEUES, floor,
            lambda bench, one: measures.drain(bench.topology, one), 30),
    Measure("forward", "CPU time of a SYN, from the generator to the sink", "cpu_ns", "ns",
            KERNEL + ("packed",) + QUEUES, base,
            lambda bench, one: measures.forward(bench.topology, one), 60),
    Measure("sustained", "CPU time of a SYN at half of what one core can take", "cpu_ns", "ns",
            ("xt", "nft", "offload-1", "offload-tunnel", "offload-10000") + FEW, floor_or_base,
            lambda bench, one: measures.sustained(bench.topology, one, bench.half_load()), 8),
    Measure("most", "SYNs a second that one core takes without loss", "syn_per_second", "/s",
            ("none", "xt", "nft", "offload-1", "offload-tunnel", "offload-10000") + FEW, packed,
            lambda bench, one: measures.most(bench.topology, one, bench.guess(one)), 2, warm=0),
    Measure("idle", "Latency of a SYN, 4,000 a second", "p50_us", "µs",
            ("none", "offload-10000") + FEW, packed,
            lambda bench, one: measures.latency(bench.topology, one, measures.IDLE_PPS, 1.0), 5,
            rounds.difference),
    Measure("half", "Latency of a SYN at half load", "p50_us", "µs",
            ("none", "offload-10000") + FEW, packed,
            lambda bench, one: measures.latency(bench.topology, one, bench.half_load(), 0.25), 8,
            rounds.difference),
)


class Bench:
    """A run: who stands there, and what was measured."""

    def __init__(self, topology, running):
        self.topology, self.running, self.figures = topology, running, {}
        self.machine = machine.describe()
        self.whole_ns = {}

    @functools.cached_property
    def packed_pps(self):
        """What one core would take of the packed null loop, by the CPU time of a SYN."""
        return 1e9 / self.cost("packed")

    def cost(self, key):
        """About the CPU time of a SYN, all of it; measured once."""
        if key not in self.whole_ns:
            taken = [measures.forward(self.topology, self.running[key])["cpu_ns"] for _ in range(5)]
            self.whole_ns[key] = sorted(taken)[2]
        return self.whole_ns[key]

    def half_load(self):
        return self.packed_pps / 2

    def guess(self, running):
        return 1e9 / self.cost(running.contender.key)

    def pairs(self, measure):
        """Those who run, each behind the one it is compared with."""
        found = []
        for key in measure.who:
            beside = measure.beside(contenders.BY_KEY[key])
            if key in self.running and beside in self.running and key != beside:
                found.append((self.running[beside], self.running[key]))
        return found

    def take(self, measure, count):
        figures = rounds.compare(self.pairs(measure),
                                 lambda one: measure.function(self, one), count,
                                 measure.how, measure.warm)
        self.figures[measure.key] = {
            "title": measure.title, "figure": measure.figure, "unit": measure.unit,
            "how": measure.how.__name__, "contenders": figures}
        return figures

    def take_cores(self, count):
        """The cost with two busy cores beside that with one."""
        if "workers-2" not in self.running or len(set(self.topology.cpus)) < 2:
            return
        rate, running = self.half_load(), self.running["workers-2"]
        pair = rounds.Pair(1, 2)
        for number in range(-1, count):
            pair.round(lambda cores: measures.cores(self.topology, running, cores, rate),
                       rounds.ratio, number >= 0)
        running.place(self.topology.cpus[1])
        self.figures["cores"] = pair.figures()

    def take_state(self, times):
        self.figures["memory"] = state.memory(self.running)
        self.figures["programs"] = state.programs()
        self.figures["effects"] = state.effects(self.topology, self.running, WHO_EFFECTS, times)
        self.figures["built_us"] = {key: state.built_us(one)
                                    for key, one in self.running.items() if one.daemon}


def needed(keys):
    """The contenders that the measures with these keys need."""
    wanted = {"workers-2"} if "cores" in keys else set()
    if "state" in keys:
        wanted.update(WHO_EFFECTS + ("queue-1", "queue-1000"))
    for measure in MEASURES:
        if measure.key in keys:
            wanted.update(measure.who, {measure.beside(contenders.BY_KEY[key])
                                        for key in measure.who})
    wanted.add("packed")
    return [contender.key for contender in contenders.CONTENDERS if contender.key in wanted]
