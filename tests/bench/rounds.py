# SPDX-License-Identifier: GPL-2.0-or-later
"""A B B A: what is compared is measured in turn, and only the ratio within a round counts.

The clock rate, the neighbours and the caches of a machine change from second to second. Within a
round A stands before and behind B, so that what drifts hits both alike, and the median over the
rounds drops what hits one alone.
"""

import collections
import statistics


def spread(values):
    """The distance between the first and the third quartile."""
    if len(values) < 2:
        return 0.0
    quartiles = statistics.quantiles(values, n=4, method="inclusive")
    return quartiles[2] - quartiles[0]


def summary(values):
    return {"median": statistics.median(values), "iqr": spread(values), "rounds": len(values)}


def ratio(other, base):
    return other / base


def difference(other, base):
    return other - base


class Pair:
    """One contender beside what it is compared with; collects rounds."""

    def __init__(self, base, other):
        self.base, self.other = base, other
        self.compared = collections.defaultdict(list)
        self.values = collections.defaultdict(list)
        self.base_values = collections.defaultdict(list)

    def round(self, measure, how, keep):
        taken = [measure(one) for one in (self.base, self.other, self.other, self.base)]
        for name in taken[0].keys() & taken[1].keys() if keep else ():
            base = (taken[0][name] + taken[3][name]) / 2
            other = (taken[1][name] + taken[2][name]) / 2
            self.values[name].append(other)
            self.base_values[name].append(base)
            self.compared[name].append(how(other, base))

    def figures(self):
        """By the name of what was measured: the comparison, and what it was made of."""
        return {name: {**summary(self.compared[name]),
                       "value": statistics.median(self.values[name]),
                       "base_value": statistics.median(self.base_values[name])}
                for name in self.compared}


def compare(pairs, measure, rounds, how=ratio, warm=1):
    """Measures all pairs of (base, other) in each round; measure(running) returns numbers by name.
    Returns the figures by key of the other one."""
    collected = [Pair(base, other) for base, other in pairs]
    for number in range(-warm, rounds):
        for pair in collected:
            pair.round(measure, how, keep=number >= 0)
    return {pair.other.contender.key: {"base": pair.base.contender.key, **pair.figures()}
            for pair in collected}
