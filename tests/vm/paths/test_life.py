# SPDX-License-Identifier: GPL-2.0-or-later
"""Slow and lossy paths, a peer that answers nothing, and a daemon that dies while it measures."""

import time

import pytest
from daemon import Daemon
from hole import HEADERS, Hole
from kinds import KINDS
from netns import SLOW, until
from test_holes import KNOWN_SECONDS, measured, wait_measured

HOP = 1433
DROPPED, SILENT = "fragments and errors", "fragments and icmp"
BUILD, INNER = KINDS["wireguard"]


@pytest.fixture(scope="module")
def lab():
    with Hole(BUILD) as lab:
        yield lab


def config(lab, name, more=""):
    return f'path = {{ state = "{lab.directory}/{name}"; {more} }};'


def exact(hop):
    return ([INNER(hop) - HEADERS[4]],) * 2


def peer(daemon):
    return daemon.json("peers")["peers"][0]


PATHS = [
    # name, what netem does in each direction, who may ping here, seconds; times SLOW
    ("200 ms", "delay 100ms", "0 2147483647", 10),
    # Far ends refuse one datagram a second.
    ("200 ms, no ping", "delay 100ms", "1 0", 30),
    # Each loss makes it ask again.
    ("10 % lost", "delay 5ms loss 5%", "0 2147483647", 20),
]


@pytest.mark.parametrize("name, netem, groups, seconds", PATHS, ids=[row[0] for row in PATHS])
def test_probe_is_right_in_time(lab, record, name, netem, groups, seconds):
    lab.narrow(HOP)
    lab.drop(DROPPED)
    lab.a.sysctl("ipv4/ping_group_range", groups)
    links = ((lab.m, "right"), (lab.n, "left"))
    for router, device in links:
        router.run("tc", "qdisc", "add", "dev", device, "root", "netem", *netem.split())
    try:
        with Daemon(lab.a, config(lab, name)) as daemon:
            begin = time.monotonic()
            answer = daemon.json("probe", peer(daemon)["peer"], code=1)
            took = time.monotonic() - begin
            assert lab.mss(4) == exact(HOP)
    finally:
        for router, device in links:
            router.run("tc", "qdisc", "del", "dev", device, "root")
    assert (answer["result"], answer["path_mtu_bytes"]) == ("black_hole", HOP)
    assert answer["inner_mtu_bytes"] == INNER(HOP)
    assert answer["mss4_bytes"] == INNER(HOP) - HEADERS[4]
    assert took < seconds * SLOW
    assert [hop["address"] for hop in answer["hops"]][:2] == ["198.51.100.254", "10.96.0.2"]
    assert answer["narrow_after_ttl"] == 1
    record(f"probe, {name}", DROPPED, HOP, answer["path_mtu_bytes"],
           f"{answer['mss4_bytes']}/{answer['mss6_bytes']}", f"{took:.1f}", "-")


def test_killed_in_the_middle_of_a_search(lab, record):
    """What comes back begins anew, and nothing that was half known is believed."""
    lab.narrow(HOP)
    lab.drop(DROPPED)
    with Daemon(lab.a, config(lab, "killed", "rate_pps = 1;")) as daemon:
        until(lambda: daemon.stats()["probes"]["sent_total"] >= 3, "it measures", KNOWN_SECONDS)
        assert measured(daemon) is None
        assert lab.mss(4) == exact(1500)
        daemon.kill()
        begin = time.monotonic()
        daemon.write(config(lab, "killed"))
        daemon.start()
        daemon.wait_ready()
        assert wait_measured(daemon) == {HOP}
        known = time.monotonic() - begin
        options, took = lab.arrives(4)
        assert options == exact(HOP)
    record("killed while it measures", DROPPED, HOP, HOP, exact(HOP)[0][0],
           f"{known:.1f}", f"{took:.1f}")


def test_killed_behind_a_search(lab):
    """What was measured before is in force at once."""
    lab.narrow(HOP)
    lab.drop(DROPPED)
    with Daemon(lab.a, config(lab, "known")) as daemon:
        assert wait_measured(daemon) == {HOP}
        until((lab.directory / "known").exists, "it is written", 12.0)
        daemon.kill()
        daemon.start()
        daemon.wait_ready()
        until(lambda: measured(daemon) == {HOP}, "the path is known", 0.5)
        assert lab.mss(4) == exact(HOP)


SILENCE = """
flush ruleset
table inet silence {
	chain input {
		type filter hook input priority 0;
		iifname { "outer", "t0" } meta l4proto { icmp, ipv6-icmp } drop
	}
	chain output {
		type filter hook output priority 0;
		icmp type destination-unreachable drop
		icmpv6 type destination-unreachable drop
	}
}
"""


def test_a_peer_that_answers_nothing(lab, record):
    """Nothing is known, nothing changes, and it says so."""
    lab.narrow(1500)
    lab.drop(SILENT)
    lab.b.run("nft", "-f", "-", text=SILENCE)
    try:
        with Daemon(lab.a, config(lab, "silent")) as daemon:
            begin = time.monotonic()
            answer = daemon.json("probe", peer(daemon)["peer"], code=7)
            took = time.monotonic() - begin
            assert answer["result"] == "no_answer"
            assert answer["answers"] == {"outside": False, "inside": False}
            assert peer(daemon)["path_source"] != "probe"
            assert peer(daemon)["path_mtu_bytes"] == 1500
            options, _ = lab.arrives(4)
            assert options == exact(1500)
    finally:
        lab.b.run("nft", "flush", "ruleset")
    record("nobody answers", SILENT, 1500, "-", exact(1500)[0][0], f"{took:.1f}", "-")
