# SPDX-License-Identifier: GPL-2.0-or-later
"""The same random SYNs through each mode: what arrives is the packet contract's answer, byte for
byte, as the oracle gives it."""

import random

import oracle
import packets
import pytest
from daemon import Daemon
from packets import hop_less
from random_syns import number_of, random_syn

COUNT, BATCH, SEED = 10_000, 250, 6
LIMITS = {4: 1360, 6: 1340}
INSERTED = ("", "insert_missing = true;")
MODES = ("queue", "mark", "offload")


@pytest.fixture(scope="module", params=INSERTED, ids=("as it comes", "inserting"))
def running(path, mode, request):
    with Daemon(path.gateway, request.param, mode=mode) as daemon:
        assert daemon.json("status")["mode"] == mode
        yield daemon, bool(request.param)


@pytest.mark.parametrize("mode", MODES, indirect=True)
def test_random_syns(path, running, inject, mode):
    """Nothing is lost, nothing comes twice, and each byte is the oracle's."""
    daemon, insert = running
    rng = random.Random(SEED + insert)
    before = daemon.stats()["syn"]
    results = {}
    with packets.Capture(path.server, "eth0", buffer_bytes=1 << 24,
                         match=lambda p: p.is_tcp and str(p.target) in (path.SINK4, path.SINK6)
                         ) as there:
        for first in range(0, COUNT, BATCH):
            wanted = {}
            for number in range(first, first + BATCH):
                sent = random_syn(rng, number)
                clamped, result = oracle.clamp(sent, LIMITS, insert)
                wanted[number] = (hop_less(clamped), result)
                results[result] = results.get(result, 0) + 1
                inject(sent)
            for seen in there.take(BATCH, 5):
                want, result = wanted.pop(number_of(seen))
                assert seen.ip == want, f"{result} by {mode}\n{seen.ip.hex()}\n{want.hex()}"
            assert not wanted, [result for _, result in wanted.values()]
    after = daemon.stats()["syn"]
    taken = daemon.taken()
    assert after["seen_total"] - before["seen_total"] + taken == COUNT
    assert (taken > COUNT / 20) == (mode == "offload")
    counted = {name: after[f"{name}_total"] - before[f"{name}_total"]
               for name in ("clamped", "already_small", "no_mss", "inserted")}
    for name in ("no_mss", "inserted"):
        assert counted[name] == results.get(name, 0), name
    assert counted["clamped"] + counted["already_small"] + taken == (
        results["clamped"] + results["already_small"])
    assert taken or counted["clamped"] == results["clamped"]
    assert results["clamped"] > COUNT / 5 and len(results) >= 5
    assert not daemon.stats()["queues"][0]["verdict_errors_total"]
