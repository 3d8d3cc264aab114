# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode offload: the kernel clamps the usual SYNs, the queue gets the others."""

import hostile
import oracle
import packets
import pytest
from netns import SLOW, until

CONFIG = """
mode = "offload";
rules = ({ interface = "wan"; prefix = "198.18.0.9/32"; mss = 1200; },
         { interface = "wan"; prefix = "198.18.4.0/24"; mss = 1210; },
         { prefix = "2001:db8:f::9/128"; mss = 1220; },
         { prefix = "2001:db8:f:4::/64"; ignore = true; });
"""
# Whose options nft edits as core/clamp does: all of their layout is known beforehand.
USUAL = ("linux", "linux without timestamps", "linux without sack", "linux 2.0", "windows 10",
         "windows server, timestamps", "windows xp", "macos", "freebsd", "openbsd", "nmap 6", "tru64", "aix")
LIMITS = {4: 1360, 6: 1340}
OTHERS = sorted(hostile.stacks(1460).keys() - set(USUAL))


def same_options(name):
    """Other names of a layout that is usual."""
    stacks = hostile.stacks(1460)
    return stacks[name] in [stacks[usual] for usual in USUAL]


def ends(path, version, last=1):
    """From the client to a sink."""
    if version == 4:
        return path.CLIENT4, f"198.18.0.{last}"
    return path.CLIENT6, f"2001:db8:f::{last}"


@pytest.fixture
def answer(path, daemon, inject, arrivals):
    """Sends a SYN with these options; how it arrives, and whether the kernel took it."""
    def send(options, version=4, last=1):
        before = daemon.taken()
        inject(packets.syn(*ends(path, version, last), options=options))
        return arrivals.next(), daemon.taken() == before + 1
    return send


@pytest.mark.parametrize("version", (4, 6))
@pytest.mark.parametrize("name", USUAL)
def test_the_kernel_takes_the_usual(answer, name, version):
    for value in (1460, LIMITS[version], 536, 0):
        got, taken = answer(hostile.stacks(value)[name], version)
        assert got.mss == [min(value, LIMITS[version])] and got.checksum_error == 0 and taken


@pytest.mark.parametrize("version", (4, 6))
@pytest.mark.parametrize("name", [name for name in OTHERS if not same_options(name)])
def test_the_queue_gets_the_others(path, answer, name, version):
    options = (hostile.stacks(1460)[name] + bytes(40))[:(len(hostile.stacks(1460)[name]) + 3) // 4 * 4]
    sent = packets.syn(*ends(path, version), options=options)
    clamped, _ = oracle.clamp(sent, LIMITS, False)
    got, taken = answer(options, version)
    assert got.options == packets.Seen(clamped).options and not taken
    assert got.checksum_error == 0


@pytest.mark.parametrize("version, target, limit", (
    (4, "198.18.0.9", 1200), (4, "198.18.4.0", 1210), (4, "198.18.4.255", 1210), (4, "198.18.5.0", 1360),
    (4, "198.18.3.255", 1360), (6, "2001:db8:f::9", 1220), (6, "2001:db8:f::a", 1340),
    (6, "2001:db8:f:4::1", 1440)))  # no limit: the other side's link
def test_hosts_and_nets(path, daemon, inject, arrivals, version, target, limit):
    before = daemon.taken()
    inject(packets.syn(path.CLIENT4 if version == 4 else path.CLIENT6, target,
                       options=hostile.stacks(1460)["linux"]))
    assert arrivals.next().mss == [limit] and daemon.taken() == before + 1
    told = daemon.json("explain", path.CLIENT4 if version == 4 else path.CLIENT6, target)
    assert told["way"]["by"] == "kernel" and told["result"]["mss_bytes"] == limit


@pytest.mark.parametrize("source, target, limit", (
    ("198.18.0.9", "198.18.4.1", 1200), ("198.18.4.1", "198.18.0.9", 1200),
    ("198.18.4.1", "198.18.4.2", 1210), ("198.18.4.1", "198.18.5.1", 1210),
    ("198.18.5.1", "198.18.4.1", 1210), ("198.18.5.1", "198.18.5.2", 1360)))
def test_two_hosts_behind_one_interface(path, daemon, source, target, limit):
    """In and out by the same: both have their say."""
    before = daemon.taken()
    back = packets.Injector(path.server, "eth0", path.gateway.mac("wan"))
    try:
        with packets.Capture(path.server, "eth0") as there:
            back.send(packets.syn(source, target, options=hostile.stacks(1460)["linux"]))
            assert there.next().mss == [limit] and daemon.taken() == before + 1
    finally:
        back.close()


def test_counts_go_on_when_rules_are_written_anew(path, daemon, inject, arrivals):
    """Each total is what was sent, over changes that replace some of the rules and repairs of all."""
    def totals():
        told = daemon.json("offload")
        return told["taken_total"], told["queued_total"], *told["queued"].values()
    stacks, begin = hostile.stacks(1460), totals()
    for number in range(1, 4):
        for options in (stacks["linux"], stacks["windows 10"], b"\1\1" + packets.mss(1460) + b"\1\1"):
            inject(packets.syn(path.CLIENT4, path.SINK4, options=options))
            arrivals.next()
        repairs = daemon.repairs()
        if number == 2:
            path.gateway.run("nft", "insert", "rule", "inet", "mssclamp", "offload_in4", "continue")
            until(lambda: daemon.repairs() > repairs, "it is mended", 3)
        if number == 3:
            assert totals()[0] == begin[0] + 6  # what was read is not lost with the table
            path.gateway.run("nft", "delete", "table", "inet", "mssclamp")
            until(lambda: daemon.repairs() > repairs, "it is back", 3)
        mtu = 1300 + number
        path.gateway.ip(f"link set wan mtu {mtu}")
        until(lambda: daemon.json("explain", path.CLIENT4, path.SINK4)["result"]["mss_bytes"] == mtu - 40,
              "the new MTU counts")
        assert [now - then for now, then in zip(totals(), begin)] == [2 * number, number, number, 0, 0]
    path.gateway.ip("link set wan mtu 1400")
    until(lambda: daemon.json("explain", path.CLIENT4, path.SINK4)["result"]["mss_bytes"] == 1360,
          "the old MTU counts")


def test_what_is_told(daemon):
    told = daemon.json("offload")
    assert told["state"] == "active" and told["hooks"] == ["forward", "output", "input"]
    rows = {(row["interface"], row["family"]): row for row in told["interfaces"]}
    assert rows["wan", "ipv4"] == {
        "interface": "wan", "ifindex": rows["wan", "ipv4"]["ifindex"], "family": "ipv4",
        "way": "kernel", "why": None, "mss_bytes": 1360, "hosts": 1, "nets": 1}
    assert rows["lan", "ipv6"]["hosts"] == 1 and rows["lan", "ipv4"]["hosts"] == 0
    assert sum(told["queued"].values()) <= told["queued_total"]
    assert {row["chain"] for row in told["counters"]} >= {"syn", "queue", "family", "host"}
    assert "Offload active" in daemon("offload").stdout
    status = daemon.json("status")
    assert (status["mode"], status["state"], status["checks"]["rules"]) == ("offload", "running", "ok")
    daemon.clamps_alone()
    assert "fallback  standby" in daemon("status").stdout


def test_nft_can_load_what_it_lists(daemon, path):
    """Whoever saves the ruleset and loads it again has what was there. (The queue of this kernel is an
    extension of xtables, which nft cannot load; its rule is left out.)"""
    listed = path.gateway.run("nft", "list", "table", "inet", "mssclamp").stdout
    kept = "\n".join(line for line in listed.splitlines() if "queue num" not in line)
    path.gateway.run("nft", "-c", "-f", "-", text="flush table inet mssclamp\n" + kept)


def test_a_link_that_changes(path, daemon, answer):
    linux = hostile.stacks(1460)["linux"]

    def change(mtu):
        path.gateway.ip(f"link set wan mtu {mtu}")
        until(lambda: answer(linux)[0].mss == [mtu - 40], f"the MTU {mtu} counts", 1)
        return daemon.json("offload")["last_change_seconds"]
    try:  # of six the best: what else runs on the machine only adds to it
        assert min(change(mtu) for mtu in 3 * (1300, 1400)) < 0.05 * SLOW
    finally:
        path.gateway.ip("link set wan mtu 1400")


def names(daemon):
    return [row["interface"] for row in daemon.json("offload")["interfaces"]]


def test_an_interface_that_comes_and_goes(path, daemon):
    for number in range(20):  # more than are compared one by one
        path.gateway.ip(f"link add dm{number} mtu {1300 + number} type bridge\nlink set dm{number} up")
    try:
        until(lambda: "dm19" in names(daemon), "the interfaces are there", 2)
        assert daemon.json("explain", path.CLIENT4, path.SERVER4)["way"]["by"] == "kernel"
    finally:
        for number in range(20):
            path.gateway.ip(f"link del dm{number}")
    until(lambda: "dm0" not in names(daemon), "they are gone", 2)


def test_many_interfaces_clamp_too(path, daemon, answer):
    for number in range(20):
        path.gateway.ip(f"link add dm{number} type bridge")
    try:
        until(lambda: names(daemon).count("dm19") == 2, "the interfaces are there", 2)
        for version in (4, 6):
            got, taken = answer(hostile.stacks(1460)["linux"], version)
            assert got.mss == [LIMITS[version]] and taken
    finally:
        for number in range(20):
            path.gateway.ip(f"link del dm{number}")


@pytest.mark.parametrize("command", ("flush ruleset", "delete table inet mssclamp",
                                     "flush chain inet mssclamp offload_in4",
                                     "insert rule inet mssclamp offload_in6 accept"))
def test_what_others_change_is_mended(path, daemon, answer, command):
    before = daemon.repairs()
    path.gateway.run("nft", command)
    until(lambda: daemon.repairs() > before, "something is mended", 3)

    def kernel_clamps(version):
        got, taken = answer(hostile.stacks(1460)["linux"], version)
        assert got.mss == [LIMITS[version]]  # who lowers it meanwhile is another matter
        return taken
    for version in (4, 6):
        until(lambda v=version: kernel_clamps(v), "the kernel clamps again", 3)
    assert daemon.json("status")["checks"]["rules"] == "ok"
