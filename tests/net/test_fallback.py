# SPDX-License-Identifier: GPL-2.0-or-later
"""The dead-man switch: whatever becomes of the daemon, the kernel clamps by route MTU in 5 s."""

import json
import re
import signal
import subprocess
import time

import hostile
import packets
import pytest
import transfer
from daemon import MSSCLAMPCTL, Daemon, validate
from fake_iptables import Iptables
from netns import SLOW, until
from packets import NOP, mss
from stall import stalled
from supervisor import Supervised
from test_lifecycle import Stream

OURS = {4: 1300, 6: 1280}    # what the daemon clamps to: less than the route says
ROUTE = {4: 1360, 6: 1340}   # what the kernel clamps to
ANNOUNCED = 1460
CONFIG = "rules = ({ family = \"ipv4\"; mss = 1300; }, { family = \"ipv6\"; mss = 1280; });"
ALIVE = 5.0   # seconds that a sign of life is good for
BOTH = (4, 6)


def alive(path):
    """The families whose sign of life the kernel believes."""
    listed = path.gateway.run("nft", "list", "set", "inet", "mssclamp", "alive", check=False).stdout
    return sorted(int(family) for family in re.findall(r"ipv([46])\b[^,}]* expires", listed))


def takes_over(path):
    until(lambda: alive(path) == [], "no sign of life is believed any more", ALIVE + 2)


def shows_life(path):
    until(lambda: alive(path) == [4, 6], "its signs of life are believed", 1)


def both(left):
    return {family: left(family) for family in BOTH}


def test_it_stands_by(path, start, left):
    daemon = start(CONFIG)
    shows_life(path)
    assert both(left) == OURS
    status = daemon.clamps_alone()
    assert status["checks"]["fallback"] == "standby"
    assert status["fallback_reason"] is None
    assert daemon.json("rules", "--diff")["diff"] == []
    text = daemon("rules", "--print", "nft").stdout
    assert "set rt mtu" in text and "update @alive" in text


def test_it_is_refreshed(path, start):
    """Over more than one life of a sign, nobody sees it expire, and no transaction is made."""
    daemon = start(CONFIG)
    before = path.gateway.run("nft", "list", "ruleset").stdout
    monitor = path.gateway.popen(["timeout", "8", "nft", "monitor"], stdout=-1, text=True)
    for _ in range(12):
        time.sleep(0.5)
        assert daemon.json("status")["checks"]["fallback"] == "standby"
        assert alive(path) == [4, 6] or SLOW > 1
    monitor.terminate()
    assert monitor.communicate()[0] == ""
    strip = re.compile(r"expires \S+|packets \d+ bytes \d+")
    assert strip.sub("", path.gateway.run("nft", "list", "ruleset").stdout) == strip.sub("", before)


def test_killed(path, start, left):
    """Within 5 s, of both families; the next start clamps again, and the kernel stands by."""
    daemon = start(CONFIG)
    daemon.kill()
    begin = time.monotonic()
    takes_over(path)
    print(f"\nthe kernel acts {time.monotonic() - begin:.1f} s after kill -9")
    assert both(left) == ROUTE
    daemon.start()
    daemon.wait_ready()
    shows_life(path)
    assert both(left) == OURS


@pytest.mark.parametrize("number", (signal.SIGTERM, signal.SIGINT))
def test_stopped(path, start, left, number):
    """At once, and before the queues let pass what comes."""
    daemon = start(CONFIG)
    daemon.process.send_signal(number)
    assert daemon.ends() == 0
    assert alive(path) == []
    assert both(left) == ROUTE


def test_no_window_at_the_end(path, start, inject):
    """SYNs come all the while: what is not clamped by us is by the kernel."""
    daemon = start(CONFIG)
    with packets.Capture(path.server, "eth0", buffer_bytes=1 << 26) as there:
        with Stream(path, inject, 0.0004) as stream:
            for _ in range(5):
                daemon.stop()
                daemon.start()
                daemon.wait_ready()
        got = [packet.mss[0] for packet in there.take(stream.sent, 5)]
        assert there.lost() == 0
    print(f"\n5 restarts: {len(got)} SYNs, {got.count(OURS[4])} by us, {got.count(ROUTE[4])} by "
          f"the kernel, {got.count(ANNOUNCED)} unclamped")
    assert len(got) == stream.sent
    assert set(got) == {OURS[4], ROUTE[4]}


def test_what_a_dead_one_had_read(path, inject):
    """Its bytes are gone with it: the kernel clamps what we cannot."""
    daemon = Supervised(path.gateway, CONFIG + "queues = { count = 1; };")
    with packets.Capture(path.server, "eth0") as there, daemon:
        with stalled(daemon.process.pid, "queue-5000") as reap:
            for port in range(2000, 2040):
                inject(packets.syn(path.CLIENT4, path.SINK4, sport=port))
            until(lambda: path.gateway.queued() == 40, "all wait")
            daemon.process.kill()
            reap()
        daemon.again()
        got = {packet.mss[0] for packet in there.take(40, 5)}
        assert got <= {OURS[4], ROUTE[4]} and got


def test_stopped_in_its_tracks(path, start, inject, arrivals):
    """SIGSTOP: what finds no room in the queue is clamped by the kernel; behind SIGCONT all is as
    before."""
    daemon = start(CONFIG + "queues = { count = 1; max_packets = 16; };")
    daemon.hold()
    takes_over(path)
    for port in range(2000, 2300):
        inject(packets.syn(path.CLIENT4, path.SINK4, sport=port))
    passed = []

    def rest_waits():
        passed.extend(packet.mss[0] for packet in arrivals.take(300, 0.05))
        return len(passed) + path.gateway.queued() == 300
    until(rest_waits, "who has not passed waits")
    assert passed and set(passed) == {ROUTE[4]}
    daemon.go_on()
    rest = [packet.mss[0] for packet in arrivals.take(300 - len(passed), 5)]
    assert len(passed) + len(rest) == 300 and set(rest) == {OURS[4]}
    until(lambda: alive(path) == [4, 6], "it beats again", 3)


def test_a_worker_that_stalls(path, start, inject, arrivals):
    """Its SYNs pass by way of the kernel's clamp, and once it answers again they come to it."""
    daemon = start(CONFIG + "queues = { count = 1; };")
    with stalled(daemon.process.pid, "queue-5000"):
        for port in range(2000, 2050):
            inject(packets.syn(path.CLIENT4, path.SINK4, sport=port))
        assert [p.mss[0] for p in arrivals.take(50, 8)] == 50 * [ROUTE[4]]
        status = daemon.json("status", code=1)
        assert status["checks"]["fallback"] == "active"
        assert "has not answered" in status["fallback_reason"]
        assert "\nmssclamp_fallback_active 1\n" in daemon("metrics").stdout
    seen = set()
    for port in range(3000, 3200):
        inject(packets.syn(path.CLIENT4, path.SINK4, sport=port))
        seen.add(arrivals.next(3).mss[0])
        time.sleep(0.01)
    assert seen <= {OURS[4], ROUTE[4]}
    until(lambda: daemon.json("status", code=None)["checks"]["fallback"] == "standby", "it beats")
    assert "\nmssclamp_fallback_active 0\n" in daemon("metrics").stdout
    inject(packets.syn(path.CLIENT4, path.SINK4, sport=4000))
    assert arrivals.next(3).mss == [OURS[4]]


def test_where_rules_cannot_be_put_back(path, start, left, tmp_path):
    """An iptables that hangs: the kernel acts, the watchdog has its due, and all is well again once
    iptables is."""
    iptables = Iptables(tmp_path)
    daemon = start(CONFIG + 'firewall = "iptables";', prefix=iptables.prefix)
    assert both(left) == OURS
    with iptables.does("hang"):
        for tool in ("iptables-nft", "ip6tables-nft"):
            path.gateway.run(tool, "-t", "mangle", "-F")
        until(lambda: alive(path) == [], "the kernel acts", 2)
        assert both(left) == ROUTE
        daemon.says("did not end within 7 s and was killed", 20)
        slowest = 0.0
        for _ in range(5):
            begin = time.monotonic()
            daemon("status", code=None)
            slowest = max(slowest, time.monotonic() - begin)
        print(f"\niptables hangs: status takes up to {slowest:.1f} s")
        assert slowest < 9 * SLOW, "less than the watchdog's patience"
        assert daemon.json("status", code=None)["checks"]["fallback"] == "active"
        assert both(left) == ROUTE
    until(lambda: daemon("rules", "--apply", code=None).returncode == 0, "it can be asked again", 30)
    until(lambda: daemon.json("status", code=None)["checks"]["fallback"] == "standby", "all is well")
    assert both(left) == OURS


@pytest.mark.parametrize("command", (
    ("nft", "flush", "ruleset"), ("nft", "delete", "table", "inet", "mssclamp"),
    ("nft", "flush", "chain", "inet", "mssclamp", "fallback_forward"),
    ("nft", "flush", "chain", "inet", "mssclamp", "heartbeat")),
    ids=("ruleset", "table", "chain", "heartbeat"))
def test_what_somebody_removes_is_put_back(path, start, left, command):
    daemon = start(CONFIG)
    before = daemon.repairs()
    path.gateway.run(*command)
    until(lambda: daemon.repairs() > before, "the repair", 2)
    until(lambda: alive(path) == [4, 6], "it beats")
    assert daemon.json("rules", "--diff")["diff"] == []
    assert both(left) == OURS
    daemon.stop()
    assert both(left) == ROUTE


GONE = "changed our rules; restored after \\d+ ms: SYNs passed unclamped for (up to )?\\d+ ms"


@pytest.mark.parametrize("what, fallback, message, kernel_acts", (
    ("all rules", True, GONE + ", then the kernel clamped by route MTU$", True),
    ("all rules", False, GONE + "$", False),
    ("our chain", True, GONE + ", then the kernel clamped by route MTU$", True),
    ("the fallback", True, "changed our rules; restored after \\d+ ms$", None),
), ids=("all", "all, without a fallback", "the queue's alone", "the fallback's alone"))
def test_how_long_nobody_clamped_is_told(path, start, what, fallback, message, kernel_acts):
    """As it was: by us, by the kernel, by nobody."""
    daemon = start("" if fallback else "fallback = false;")
    by_iptables = daemon.json("rules")["backend"] == "iptables"
    before = daemon.repairs()
    path.gateway.run(*{
        "all rules": "nft flush ruleset",
        "our chain": "iptables -t mangle -F MSSCLAMP" if by_iptables else
                     "nft flush chain inet mssclamp forward",
        "the fallback": "nft flush chain inet mssclamp fallback_forward"}[what].split())

    def told():
        lines = daemon("--json-lines", "events", "--last", "100").stdout.splitlines()
        return [event for event in map(json.loads, lines)
                if event["event"] == "rules_repaired"][before:]
    event = until(told, "the event")[0]
    assert re.search(message, event["message"]), event["message"]
    took = int(re.search(r"restored after (\d+) ms", event["message"])[1]) / 1000
    new = event["new"]
    if kernel_acts is None:
        assert new["unclamped_seconds"] == 0
        return
    assert (new["kernel_seconds"] > 0) == kernel_acts
    assert took <= new["unclamped_seconds"] + new["kernel_seconds"] < took + 0.0011
    assert new["unseen_seconds_max"] is None or new["unseen_seconds_max"] >= 0


def test_a_rule_more_is_taken_out(path, start):
    daemon = start(CONFIG)
    path.gateway.run("nft", "add", "rule", "inet", "mssclamp", "fallback_forward", "accept")
    until(lambda: daemon.repairs() == 1, "it is mended", 2)
    assert "accept" not in path.gateway.run("nft", "list", "chain", "inet", "mssclamp",
                                            "fallback_forward").stdout.replace("policy accept", "")


def test_without_lo(path, start, left):
    """Then the set is written; a flush is noticed all the same, and lo coming back too."""
    path.gateway.ip("link set lo down")
    try:
        daemon = start(CONFIG)
        assert alive(path) == [4, 6]
        assert daemon.json("status")["checks"]["fallback"] == "standby"
        time.sleep((ALIVE + 1.5) * SLOW)
        assert alive(path) == [4, 6]
        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.ends() == 0
        assert both(left) == ROUTE
        daemon.start()
        daemon.wait_ready()
        path.gateway.ip("link set lo up")
        assert both(left) == OURS
        daemon.kill()
        until(lambda: alive(path) == [], "it takes over", 17)
        assert both(left) == ROUTE
    finally:
        path.gateway.ip("link set lo up")


ODD = (
    # name             options                  left by the kernel
    ("as usual",        mss(1460),               [1360]),
    ("small already",   mss(536),                [536]),
    ("never raised",    mss(0),                  [0]),
    ("not the first",   NOP + mss(1460),         [1460]),
    ("none",            4 * NOP,                 []),
    ("beside TCP-AO",   mss(1460) + packets.AO,  [1460]),
    ("beside TCP-MD5",  mss(1460) + packets.MD5, [1360]),
)


@pytest.fixture(scope="module")
def gone(path):
    """A gateway whose daemon has ended."""
    daemon = Daemon(path.gateway)
    daemon.stop()
    yield daemon
    daemon.close()


@pytest.mark.parametrize("options, there", [row[1:] for row in ODD], ids=[row[0] for row in ODD])
def test_which_syns(path, gone, inject, arrivals, options, there):
    inject(packets.syn(path.CLIENT4, path.SINK4, options=options))
    assert arrivals.next().mss == there


@pytest.mark.parametrize("version", BOTH)
def test_every_layout(path, gone, inject, arrivals, version):
    """The MSS that stands first is lowered, and the checksum by as much; nothing else changes."""
    ends = {4: (path.CLIENT4, path.SINK4), 6: (path.CLIENT6, path.SINK6)}[version]
    wrong = []
    for name, options in hostile.stacks(ANNOUNCED).items():
        options += bytes(-len(options) % 4)
        inject(packets.syn(*ends, options=options))
        got = arrivals.next()
        first = options[:2] == mss(0)[:2] and int.from_bytes(options[2:4], "big") > ROUTE[version]
        if first and ("tcp-ao" not in name or "overrun" in name):
            options = mss(ROUTE[version]) + options[4:]
        if (got.options, got.checksum_error) != (options, 0):
            wrong.append((name, options.hex(), got.options.hex(), got.checksum_error))
    assert wrong == []


def test_no_other_packet(path, gone, servers):
    """A connection runs as ever; over lo its MSS is what lo carries."""
    with packets.Capture(path.server, "eth0") as there:
        transfer.connect(path.client, servers[4]).close()
        assert there.next().mss == [1360]
    server = ("import socket as s; l = s.create_server(('127.0.0.1', 0)); "
              "c = s.create_connection(l.getsockname()); a, _ = l.accept(); "
              "print(c.getsockopt(6, 2), a.getsockopt(6, 2))")
    done = path.gateway.run("/usr/bin/python3", "-c", server)
    assert all(int(size) > 10000 for size in done.stdout.split())


OFF = (
    ('fallback = false;', "fallback = false"),
    ('mode = "audit";', "audit"),
    ('firewall = "none";', "none"),
    ('hooks = [ "input" ];', "hooks"),
)


@pytest.mark.parametrize("config, reason", OFF)
def test_off(path, start, left, config, reason):
    """Nothing of it is there, nor what an earlier process has left."""
    before = start(CONFIG)
    before.stop()
    daemon = start(config)
    status = daemon.json("status")
    assert status["checks"]["fallback"] == "off"
    assert reason in status["fallback_reason"]
    assert not any("while mssclampd is gone" in warning for warning in status["warnings"])
    daemon.stop()
    if config != 'firewall = "none";':  # whose rules are nobody's but the owner's, old ones too
        assert "set rt mtu" not in path.gateway.run("nft", "list", "ruleset").stdout
        assert left() == ANNOUNCED


def test_by_a_reload(path, start, left):
    daemon = start(CONFIG + "fallback = false;")
    daemon.reload(CONFIG)
    until(lambda: daemon.json("status")["checks"]["fallback"] == "standby", "it stands by", 3)
    daemon.reload(CONFIG + 'hooks = [ "forward" ];')
    assert "fallback_output" not in daemon("rules", "--print", "nft").stdout
    assert daemon.json("rules", "--diff")["diff"] == []
    daemon.reload("fallback = false;")
    assert daemon.json("status")["fallback_reason"] == "fallback = false"
    daemon.stop()
    assert left() == ANNOUNCED


def test_rules_remove_takes_all_of_it(path, start):
    daemon = start()
    daemon.stop()
    daemon("rules", "--remove")
    assert "mssclamp" not in path.gateway.run("nft", "list", "ruleset").stdout


def test_what_a_start_tells(path, start, tmp_path):
    """That the kernel clamped until then, where it did; else nothing of it."""
    daemon = start(directory=tmp_path)

    def told(running):
        until(lambda: running.json("status")["checks"]["fallback"] == "standby", "it stands by")
        return re.findall(r"fallback: (\w+) -> (\w+)", daemon.log())
    daemon.stop()
    daemon("rules", "--remove")
    before = len(re.findall(r"fallback: \w+ -> ", daemon.log()))
    daemon.start()
    daemon.wait_ready()
    assert told(daemon)[before:] == [("off", "standby")], "there was nothing before"
    begin = time.monotonic()
    new = start("", ready=False, directory=tmp_path, argv=("--takeover",), keep_file=True)
    assert daemon.ends() == 0
    new.wait_ready()
    went = told(new)[before + 1:]
    if time.monotonic() - begin < ALIVE - 1:  # else the last sign of life of the old one was over
        assert went == [], "one goes on for the other"
    assert went in ([], [("active", "standby")])
    new.stop()
    new.start()
    new.wait_ready()
    assert told(new)[before + 1 + len(went):] == [("standby", "active"), ("active", "standby")]


def test_a_change_is_an_event(path, start):
    """Told to who listens, with the reason."""
    daemon = start("queues = { count = 1; };")
    with daemon.namespace.popen([MSSCLAMPCTL, "-s", daemon.socket_path, "--json", "events"],
                                stdout=subprocess.PIPE, text=True) as events:
        def told(name):
            return next(one for one in map(json.loads, events.stdout) if one["event"] == name)
        told("subscribed")
        with stalled(daemon.process.pid, "queue-5000"):
            acts = told("fallback_changed")
        validate("events", acts)
        assert (acts["old"], acts["new"]) == ({"fallback": "standby"}, {"fallback": "active"})
        assert "has not answered" in acts["why"]
        assert told("fallback_changed")["new"] == {"fallback": "standby"}
        events.terminate()


def test_beside_nobody_who_may_not(path, start):
    """A datagram without the mark is no sign of life."""
    daemon = start(CONFIG)
    daemon.kill()
    takes_over(path)
    path.gateway.run("/usr/bin/python3", "-c", "import socket; socket.socket(2, 2).sendto("
                     "b'x', ('127.0.0.1', 9))")
    assert alive(path) == []
