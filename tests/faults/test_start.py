# SPDX-License-Identifier: GPL-2.0-or-later
"""A start in which one call fails, for calls of every kind: it clamps all the same, or it ends with a
message and leaves nothing behind; no SYN is lost either way."""

import collections
import concurrent.futures
import errno

import pytest
from attempts import Attempts
from faults import FOREVER, Faulty, choose

POINTS, SEED, GATEWAYS, TRIES = 240, 7, 2, 12


@pytest.fixture(scope="module")
def gateways():
    made = [Attempts() for _ in range(GATEWAYS)]
    yield made
    for one in made:
        one.close()


def test_a_call_fails(gateways):
    """Each gateway takes its share of the points, one after the other; behind an earlier run, whose
    rules feed the queues as soon as they are there, and in a namespace that never had one."""
    points = choose(gateways[0].counts, POINTS, SEED)

    def share(which):
        tally, faults = collections.Counter(), []
        for i, point in enumerate(points[which::GATEWAYS]):
            try:
                tally[gateways[which].attempt(*point, rules=i % 2 == 1)] += 1
            except AssertionError as fault:
                faults.append(f"{point}: {fault}\n" + "\n".join(getattr(fault, "__notes__", ())))
        return tally, faults

    with concurrent.futures.ThreadPoolExecutor() as pool:
        done = list(pool.map(share, range(GATEWAYS)))
    tally = sum((one for one, _ in done), collections.Counter())
    faults = [fault for _, some in done for fault in some]
    print(f"\n{len(points)} starts with a call that fails: {dict(tally)}")
    assert not faults, "\n\n".join(faults[:5])
    assert tally["ends"] > 0 and tally["goes on"] > 0
    assert tally["unseen"] < len(points) / 4


def test_its_rules_go_behind_its_queues(gateways):
    """A start that fails late has made rules and serves queues: what they hold has to pass before
    a chain is deleted, for that drops it. The kernel and the worker are fast, so it is tried with
    many SYNs, and more than once."""
    one, late = gateways[0], gateways[0].counts["socket"] - 1
    while late > 0 and (one.attempt("socket", late, errno.ENOBUFS) != "ends" or
                        "route MTUs" not in one.said):
        late -= 1
    assert late > 0, "no start failed behind the rules"
    for _ in range(TRIES):
        assert one.attempt("socket", late, errno.ENOBUFS, pause=0.0003) == "ends"


def test_nobody_runs_the_programs_of_iptables(gateways):
    """The process beside it that would cannot be started: where its rules are those of iptables they are
    left to the next start, and no others are tried."""
    gateways[0].attempt("malloc", FOREVER, errno.ENOMEM)  # an earlier run
    assert gateways[0].rules()
    assert gateways[0].attempt("setsockopt", 0, errno.ENOMEM, rules=True) != "unseen"


def test_no_memory_is_no_bad_configuration(gateways):
    """systemd starts it again: what is wrong may pass, as a configuration's error does not."""
    gateways[0].plan.fail("malloc", errno.ENOMEM, times=FOREVER)
    try:
        with Faulty(gateways[0].path.gateway, plan=gateways[0].plan, ready=False) as daemon:
            assert daemon.ends(20) == 1
            assert "Cannot allocate memory; this host, or the unit" in daemon.log()
    finally:
        gateways[0].plan.stop()
