# SPDX-License-Identifier: GPL-2.0-or-later
"""Hundreds of thousands of hostile SYNs through the real queue, each compared with the oracle byte for
byte at the far end; and a daemon that is afterwards what it was before.

MSSCLAMP_SOAK_SYNS is how many there are of them.
"""

import json
import os
import pathlib

import pytest
from load import Program
from netns import SLOW, until

SYNS = int(os.environ.get("MSSCLAMP_SOAK_SYNS", "1000000" if SLOW < 4 else "200000"))
WARM = 50_000  # until all that is allocated once has been
TURN = 250_000  # SYNs between two looks at the daemon
MIB = 1 << 20
SANITIZED = "asan" in os.environ.get("MSSCLAMP_BUILD", "") or "tsan" in os.environ.get("MSSCLAMP_BUILD", "")
LIMITS = (1360, 1340)
SEED = int(os.environ.get("MSSCLAMP_SOAK_SEED", "1"))


@pytest.fixture(scope="module")
def soak(path):
    program = Program(path.client, "soak", path.client.path, "eth0", path.gateway.mac("lan").hex(":"),
                      path.server.path, "eth0", SEED, *LIMITS, cpu=min(os.sched_getaffinity(0)))
    yield program
    program.close()


def size_of(pid):
    """Resident bytes and open descriptors of a process."""
    text = pathlib.Path(f"/proc/{pid}/statm").read_text(encoding="ascii")
    return int(text.split()[1]) * os.sysconf("SC_PAGE_SIZE"), len(os.listdir(f"/proc/{pid}/fd"))


def counts(daemon):
    """What the daemon has made of how many SYNs, by the names of results."""
    syn = daemon.stats()["syn"]
    return {"clamped": syn["clamped_total"], "already_small": syn["already_small_total"],
            "no_mss": syn["no_mss_total"], **syn["left_alone"]}


def send(soak, daemon, count):
    """The report of what has been sent so far, all of which has arrived right."""
    report = json.loads(soak.ask(f"send {count}"))
    assert report["wrong"] == 0 and report["twice"] == 0, report
    assert report["arrived"] == report["sent"], (report, daemon.namespace.queued(), daemon.stats())
    return report


def test_each_hostile_syn_arrives_as_the_oracle_says(daemon, soak):
    before = counts(daemon)
    report = send(soak, daemon, WARM)
    resident, descriptors = size_of(daemon.process.pid)
    most = resident
    for done in range(0, SYNS, TURN):
        report = send(soak, daemon, min(TURN, SYNS - done))
        now, _ = size_of(daemon.process.pid)
        most = max(most, now)
        until(lambda: size_of(daemon.process.pid)[1] == descriptors, "descriptors are closed again")
        assert SANITIZED or abs(now - resident) <= MIB, f"{resident} -> {now} bytes after {done} SYNs"
    after = counts(daemon)
    made = {name: after[name] - before[name] for name in after if after[name] > before[name]}
    del report["results"]["not_queued"]
    assert made == report["results"]
    assert {"clamped", "already_small", "no_mss", "malformed_option", "tcp_ao", "tcp_header"} <= made.keys()
    print(f"{report['arrived']} SYNs, {report['wrong']} wrong, resident memory {resident} -> {now} bytes "
          f"(at most {most}), {descriptors} descriptors")
