# SPDX-License-Identifier: GPL-2.0-or-later
"""So many SYNs a second of one address reach the queue; what comes above passes unchanged, and
nobody else is the worse for it."""

import time

import hostile
import packets
import pytest
from netns import until

RATE, BURST, FLOOD = 30, 60, 600
LIMIT = f"queues = {{ first = 5000; count = 1; per_source = {RATE}; }};\n"
IPTABLES = 'firewall = "iptables";\n'
OFFLOAD = 'mode = "offload";\n'
SYN_ACK = packets.SYN | 0x10
CLAMPED = {4: 1360, 6: 1340}
FLOODER = {4: "203.0.113.66", 6: "2001:db8:3:ffff::"}
OTHERS = {4: [f"203.0.113.{i}" for i in range(100, 200)],
          6: [f"2001:db8:3:{i:x}::1" for i in range(100, 200)]}


def sink(path, version):
    return {4: path.SINK4, 6: path.SINK6}[version]


def flooder(version, number):
    """IPv4: one address; IPv6: each SYN another one of the /64."""
    return FLOODER[version] + (f"{number:x}" if version == 6 else "")


def send(daemon, path, inject, made):
    """Sends the packets; returns the MSS of each in the order of arrival, and how long it took. The kernel's fallback
    would clamp what is too much for the queue."""
    daemon.clamps_alone()
    with packets.Capture(path.server, "eth0", buffer_bytes=1 << 26) as there:
        begin = time.monotonic()
        for packet in made:
            inject(packet)
        got = [seen.mss[0] for seen in there.take(len(made), 5)]
        took = time.monotonic() - begin  # the kernel may have looked at the last ones late
        assert there.lost() == 0
    assert len(got) == len(made), "one was dropped"
    return got, took


def over_limit(daemon):
    return daemon.json("rules")["counters"]["over_limit_total"]


def agree(daemon, seen, over):
    until(lambda: (daemon.syn("clamped"), over_limit(daemon)) == (seen, over),
          f"{seen} clamped and {over} over the limit, not "
          f"{daemon.syn('clamped')} and {over_limit(daemon)}", 3)


def is_about(clamped, took, rate=RATE, burst=BURST):
    """The kernel's clock is coarse, and the first tick is a part of one."""
    return burst <= clamped <= burst + rate * (took + 0.1) + 1


@pytest.mark.parametrize("version", (4, 6))
def test_a_flood_is_limited_and_nobody_else(start, path, inject, version):
    daemon = start(IPTABLES + LIMIT)
    assert over_limit(daemon) == 0
    flood = [packets.syn(flooder(version, i), sink(path, version), sport=1024 + i)
             for i in range(FLOOD)]
    others = [packets.syn(address, sink(path, version)) for address in OTHERS[version]]
    mixed = [packet for i, one in enumerate(others)
             for packet in flood[6 * i:6 * i + 6] + [one]]
    got, took = send(daemon, path, inject, mixed)
    assert set(got) == {1460, CLAMPED[version]}
    assert is_about(got.count(CLAMPED[version]) - len(others), took)
    agree(daemon, got.count(CLAMPED[version]), got.count(1460))
    counters = daemon.json("rules")["counters"]
    assert counters["forward"] == len(mixed)
    screen = daemon("rules").stdout
    assert "over limit" in screen and "per_source" in screen


@pytest.mark.parametrize("version", (4, 6))
def test_every_other_source_is_clamped(start, path, inject, version):
    """Many sources, each within its burst: all are clamped however many they are together."""
    daemon = start(IPTABLES + LIMIT)
    got, _ = send(daemon, path, inject, [packets.syn(address, sink(path, version))
                                 for address in OTHERS[version] for _ in range(10)])
    assert set(got) == {CLAMPED[version]}
    agree(daemon, len(got), 0)


def test_the_answers_of_a_busy_server_are_no_flood(start, path, inject):
    """A SYN-ACK counts for who it goes to, not for who sends it."""
    daemon = start(IPTABLES + LIMIT)
    got, _ = send(daemon, path, inject, [packets.syn(path.CLIENT4, f"198.18.1.{i % 250 + 1}", flags=SYN_ACK)
                                 for i in range(FLOOD)])
    assert set(got) == {1360}
    got, took = send(daemon, path, inject, [packets.syn(path.CLIENT4, path.SINK4, flags=SYN_ACK,
                                                sport=1024 + i) for i in range(FLOOD)])
    assert is_about(got.count(1360), took)
    agree(daemon, FLOOD + got.count(1360), got.count(1460))


def test_a_reload_changes_it(start, path, inject):
    """Another rate holds at once, also for who is above it already; 0 gives the rules back."""
    flood = [packets.syn(FLOODER[4], path.SINK4, sport=1024 + i) for i in range(FLOOD)]
    daemon = start(IPTABLES)
    plain = path.gateway.run("iptables-nft-save", "-t", "mangle").stdout
    assert over_limit(daemon) is None and "hashlimit" not in plain
    over = 0
    for rate in (1000, 10, 1000, 20):
        daemon.reload(IPTABLES + LIMIT.replace(str(RATE), str(rate)))
        got, took = send(daemon, path, inject, flood)
        clamped = got.count(1360)
        if rate == 1000:
            assert clamped == FLOOD
        else:
            assert is_about(clamped, took, rate, 2 * rate), (rate, clamped)
        over += FLOOD - clamped  # what rules of another rate have counted is not forgotten
        until(lambda total=over: over_limit(daemon) == total, "they are counted", 2)
        assert (f"{over} SYNs came faster" in daemon.told("status")) == (over > 0)
        assert daemon.json("rules", "--diff")["diff"] == []
    sent = daemon.json("rules")["counters"]["forward"]
    for more in ('hooks = [ "forward" ];', 'mode = "offload";', ""):  # as little as other changes
        daemon.reload(f"{IPTABLES}{LIMIT.replace(str(RATE), str(rate))}\n{more}")
        assert over_limit(daemon) == over
    assert daemon.json("rules")["counters"]["forward"] == sent
    daemon.reload(IPTABLES)
    assert send(daemon, path, inject, flood)[0] == [1360] * FLOOD
    after = path.gateway.run("iptables-nft-save", "-t", "mangle").stdout
    assert [line for line in after.splitlines() if line.startswith("-A")] == \
        [line for line in plain.splitlines() if line.startswith("-A")]
    assert over_limit(daemon) is None


@pytest.mark.parametrize("rate", (1, 3, 700, 1500, 70000, 300000, 999999, 1000000))
def test_any_rate_reads_back_as_planned(start, rate):
    daemon = start(IPTABLES + LIMIT.replace(str(RATE), str(rate)))
    assert daemon.json("rules", "--diff")["diff"] == []
    assert daemon.json("rules", "--apply")["state"] == "ok"
    assert daemon.repairs() == 0
    assert daemon.json("status")["warnings"] == []


@pytest.mark.parametrize("command", (("iptables-nft", "-t", "mangle", "-F", "MSSCLAMP"),
                                     ("iptables-nft", "-t", "mangle", "-D", "MSSCLAMP", "1"),
                                     ("nft", "flush", "ruleset")), ids=" ".join)
def test_it_is_repaired(start, path, inject, command):
    daemon = start(IPTABLES + LIMIT)
    path.gateway.run(*command)
    until(lambda: daemon.repairs() == 1, "the repair", 2)
    got, took = send(daemon, path, inject, [packets.syn(FLOODER[4], path.SINK4, sport=1024 + i)
                                    for i in range(FLOOD)])
    assert is_about(got.count(1360), took)


def test_removal_leaves_nothing(start, path):
    before = path.gateway.run("iptables-nft-save").stdout
    daemon = start(IPTABLES + LIMIT)
    daemon.stop()
    daemon("rules", "--remove")
    assert "hashlimit" not in path.gateway.run("iptables-nft-save").stdout
    assert ("MSSCLAMP" in before) is False


@pytest.mark.parametrize("version", (4, 6))
def test_offload_limits_what_it_sends_on(start, path, inject, version):
    """What the kernel takes has no limit; what it leaves to the queue has."""
    daemon = start(OFFLOAD + LIMIT)
    assert daemon.json("offload")["state"] == "active"
    stacks = hostile.stacks(1460)
    usual, odd = ([packets.syn(flooder(version, i), sink(path, version), options=stacks[kind],
                               sport=1024 + i) for i in range(FLOOD)]
                  for kind in ("linux", "two, the same"))
    assert set(send(daemon, path, inject, usual)[0]) == {CLAMPED[version]}
    assert over_limit(daemon) == 0
    got, took = send(daemon, path, inject, odd)
    clamped = got.count(CLAMPED[version])
    assert is_about(clamped, took)
    until(lambda: over_limit(daemon) == FLOOD - clamped, "it is counted", 2)
    told = daemon.json("offload")
    assert (told["taken_total"], told["queued_total"]) == (FLOOD, clamped)
    assert daemon.stats()["syn"]["clamped_total"] == clamped


def test_offload_follows_a_reload_and_is_repaired(start, path, inject):
    two = hostile.stacks(1460)["two, the same"]
    odd = [packets.syn(FLOODER[4], path.SINK4, options=two, sport=1024 + i) for i in range(FLOOD)]
    daemon = start(OFFLOAD)
    daemon.reload(OFFLOAD + "queues = { per_source = 10; };")
    got, took = send(daemon, path, inject, odd)
    assert is_about(got.count(1360), took, 10, 20)
    before = daemon.repairs()
    path.gateway.run("nft", "flush", "chain", "inet", "mssclamp", "offload_queue")
    until(lambda: daemon.repairs() > before, "the repair", 3)
    until(lambda: daemon("rules", code=None).returncode == 0, "all rules are there", 3)
    got, took = send(daemon, path, inject, odd)
    assert is_about(got.count(1360), took, 10, 20)
    daemon.reload(OFFLOAD)
    assert set(send(daemon, path, inject, odd)[0]) == {1360}
    listed = path.gateway.run("nft", "list", "table", "inet", "mssclamp").stdout
    assert "limit rate" not in listed and "set offload" not in listed
