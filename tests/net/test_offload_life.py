# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode offload over a daemon's life: begun, ended, killed, changed under traffic."""

import ipaddress
import random
import threading
import time

import hostile
import packets
import pytest
from netns import SLOW, until

CONFIG = '''
mode = "offload";
rules = ({ interface = "wan"; prefix = "198.18.0.9/32"; mss = 1200; });
'''


def test_a_rule_by_mark_keeps_the_queue(start, path, inject, arrivals):
    daemon = start('mode = "offload";\nrules = ({ interface = "wan"; mark = "0x7"; mss = 900; });')
    inject(packets.syn(path.CLIENT4, path.SINK4, options=hostile.stacks(1460)["linux"]))
    assert arrivals.next().mss == [1360] and daemon.taken() == 0
    row = next(row for row in daemon.json("offload")["interfaces"]
               if (row["interface"], row["family"]) == ("wan", "ipv4"))
    assert row["way"] == "queue" and "mark" in row["why"]
    told = daemon.json("explain", path.CLIENT4, path.SINK4)
    assert told["way"]["by"] == "queue" and "mark" in told["way"]["why"]


def test_no_firewall_no_offload(start):
    daemon = start('mode = "offload";\nfirewall = "none";', ready=False)
    daemon.says("offload: .*firewall is \"none\"", 8)
    daemon.says("mode: \"offload\" needs rules of our own")
    daemon.says("clamps: queues")
    assert daemon.json("offload", code=1)["state"] == "failed"
    status = daemon.json("status")
    assert status["mode"] == "queue" and any("offload" in text for text in status["warnings"])


def test_an_interface_named_like_a_number(start, path, inject, arrivals):
    """nft would take it for the one of that index: the queue does all, until it is gone."""
    daemon = start('mode = "offload";')
    number = path.gateway.ifindex("wan")
    path.gateway.ip(f"link add name {number} type bridge")
    try:
        daemon.says(f'offload: .*an interface is named "{number}"')
        assert daemon.json("offload", code=1)["state"] == "failed"
        inject(packets.syn(path.CLIENT4, path.SINK4))
        assert arrivals.next().mss == [1360]
        assert daemon.stats()["syn"]["clamped_total"] == 1
    finally:
        path.gateway.run("ip", "link", "del", "dev", str(number))


def test_the_kernel_goes_on_when_we_are_gone(start, path, inject, arrivals):
    daemon = start(CONFIG)
    daemon.kill()
    for options, left in (("linux", [1360]), ("two, the same", [1460, 1460])):
        inject(packets.syn(path.CLIENT4, path.SINK4, options=hostile.stacks(1460)[options]))
        assert arrivals.next().mss == left
    daemon.start()
    daemon.wait_ready()
    inject(packets.syn(path.CLIENT4, path.SINK4, options=hostile.stacks(1460)["two, the same"]))
    assert arrivals.next().mss == [1360, 1360]


def test_another_mode_leaves_nothing_of_it(start, path, inject, arrivals):
    daemon = start(CONFIG)
    daemon.kill()
    daemon.write("")
    daemon.start()
    daemon.wait_ready()
    assert daemon.json("offload")["state"] == "off"
    inject(packets.syn(path.CLIENT4, path.SINK4))
    assert arrivals.next().mss == [1360] and daemon.syn("clamped") == 1
    listed = path.gateway.run("nft", "list", "ruleset").stdout
    assert "offload_in4" not in listed and "goto" not in listed  # base chains stay, empty
    daemon.stop()
    daemon("rules", "--remove")
    assert "mssclamp" not in path.gateway.run("nft", "list", "ruleset").stdout


class Stream:
    """SYNs at a steady pace, with numbers, until it is stopped."""

    def __init__(self, path, inject):
        self.sent, self.ending = 0, threading.Event()
        self.thread = threading.Thread(target=self.run, args=(path, inject))
        self.thread.start()

    def run(self, path, inject):
        linux = hostile.stacks(1460)["linux"]
        while not self.ending.wait(0.0005):
            inject(packets.syn(path.CLIENT4, path.SINK4, options=linux, seq=self.sent))
            self.sent += 1

    def stop(self):
        self.ending.set()
        self.thread.join()


def test_no_syn_is_missed_while_modes_change(start, path, inject):
    """Into offload and back by reload, and each change of limits: every SYN arrives, clamped."""
    daemon = start("")
    with packets.Capture(path.server, "eth0", buffer_bytes=1 << 26) as there:
        stream = Stream(path, inject)
        try:
            for round_number in range(4):
                daemon.reload(CONFIG)
                assert daemon.json("offload")["state"] == "active"
                for mss in range(1250, 1256):
                    daemon.reload(CONFIG.replace("1200", str(mss)))
                daemon.reload("")
                assert daemon.json("offload")["state"] == "off", round_number
        finally:
            stream.stop()
        time.sleep(0.3 * SLOW)
        got = [seen.mss for seen in there.take(stream.sent, 5)]
    assert stream.sent > 100 and len(got) == stream.sent
    assert all(mss == [1360] for mss in got)


def hosts(count, first=0):
    return ", ".join(f'{{ interface = "wan"; prefix = "10.{i >> 16}.{i >> 8 & 255}.{i & 255}/32"; mss = {1000 + i % 100}; }}'
                     for i in range(first, first + count))


def test_ten_thousand_hosts(start):
    """All at once within a second, one of them within 10 ms of its own (more under a sanitizer)."""
    config = 'mode = "offload";\nrules = (%s);'
    daemon = start(config % hosts(10000))
    told = daemon.json("offload")
    assert told["state"] == "active" and told["last_change_seconds"] < SLOW ** 2
    assert {row["hosts"] for row in told["interfaces"]} == {0, 10000}
    times = []
    for more in (1, 2, 3):
        daemon.reload(config % hosts(10000, more))
        times.append(daemon.json("offload")["last_change_seconds"])
    print("a change of one host:", ", ".join(f"{1000 * t:.1f} ms" for t in times))
    assert min(times) < 0.1 * SLOW ** 2


def test_thousands_of_nets_change_at_once(start):
    """As when the path of an uplink does: libnftables would take seconds for each by itself."""
    def config(mss):
        nets = ", ".join(f'{{ interface = "wan"; prefix = "10.{i >> 8}.{i & 255}.0/25"; '
                         f'mss = {mss + i % 2}; }}' for i in range(8000))
        return f'mode = "offload";\nrules = ({nets});'
    daemon = start(config(1000))
    rows = daemon.json("offload")["interfaces"]
    assert {row["nets"] for row in rows} == {0, 8000}
    for mss in (1100, 1200):
        daemon.reload(config(mss))
        told = daemon.json("offload")
        assert told["state"] == "active" and told["last_change_seconds"] < 3 * SLOW ** 2


def test_no_syn_is_missed_while_it_is_mended(start, path, inject):
    """Others change our rules, hooks change: every SYN arrives, clamped by whoever can."""
    config = CONFIG.replace("{ interface", hosts(3000, 1) + ",\n{ interface")
    daemon = start(config)
    with packets.Capture(path.server, "eth0", buffer_bytes=1 << 26) as there:
        stream = Stream(path, inject)
        try:
            for number in range(3):
                before = daemon.repairs()
                path.gateway.run("nft", "add rule inet mssclamp offload_host counter")
                until(lambda b=before: daemon.repairs() > b, "mended", 5)
                daemon.reload(config + f'\nhooks = [ "forward"{", " * (number % 2)}'
                              f'{chr(34) + "input" + chr(34) if number % 2 else ""} ];')
                assert daemon.json("offload")["state"] == "active"
        finally:
            stream.stop()
        time.sleep(0.3 * SLOW)
        got = [seen.mss for seen in there.take(stream.sent, 5)]
    assert len(got) == stream.sent and all(mss == [1360] for mss in got)


@pytest.mark.parametrize("change", ("flush map inet mssclamp offload_hosts4_if{wan}",
                                    "add table inet mssclamp {{ flags dormant; }}",
                                    "delete element inet mssclamp offload_hosts4_if{wan} "
                                    "{{ 0xc6120009 }}"))
def test_what_rules_do_not_show_is_seen(start, path, inject, arrivals, change):
    """Elements and the table itself."""
    daemon = start(CONFIG)

    def left():
        inject(packets.syn(path.CLIENT4, "198.18.0.9", options=hostile.stacks(1460)["linux"]))
        return arrivals.next().mss == [1200]
    until(left, "the host's own limit", 3)
    time.sleep(1.5 * SLOW)  # what is there is known a second later
    path.gateway.run("nft", change.format(wan=path.gateway.ifindex("wan")))
    until(lambda: daemon.repairs() > 0, "it is mended", 5)
    assert left() and daemon.taken() > 0


def random_address(rng, version):
    """One of 32 behind the gateway's wan."""
    if version == 4:
        return ipaddress.ip_address(198 << 24 | 18 << 16 | rng.randrange(4) << 8 | rng.randrange(1, 8))
    return ipaddress.ip_address("2001:db8:f::") + (rng.randrange(4) << 64 | rng.randrange(1, 8))


def random_rule(rng, version):
    """Of a prefix, on any interface or on one: where all are on wan, its limits and lan's have an order."""
    lengths = {4: (0, 8, 16, 20, 24, 30, 31, 32), 6: (0, 16, 48, 62, 64, 125, 127, 128)}[version]
    prefix = ipaddress.ip_network((random_address(rng, version), rng.choice(lengths)), strict=False)
    where = rng.choice(('interface = "wan"; ', 'interface = "wan"; ', "", 'interface = "lan"; '))
    return f'{{ {where}prefix = "{prefix}"; mss = {rng.randrange(600, 1300)}; }}'


@pytest.mark.parametrize("version", (4, 6))
def test_daemon_and_maps_agree_at_random(start, path, inject, version):
    """Limits that come and go, hundreds of times: the maps say what explain says."""
    rng = random.Random(5)
    daemon = start('mode = "offload";')
    source = path.CLIENT4 if version == 4 else path.CLIENT6
    for number in range(40):
        rules = [random_rule(rng, version) for _ in range(rng.randrange(12))]
        if number % 2:
            rules = [rule for rule in rules if "wan" in rule]
        daemon.reload(f'mode = "offload";\nrules = ({", ".join(rules)});')
        with packets.Capture(path.server, "eth0") as there:
            for _ in range(12):
                target = str(random_address(rng, version))
                wanted = daemon.call("Explain", flow=f"{source} {target}")
                inject(packets.syn(source, target, options=hostile.stacks(1460)["linux"]))
                assert there.next().mss == [wanted["result"]["mss_bytes"]], (target, rules)
                assert wanted["way"]["by"] == "kernel"
    told = daemon.json("offload")
    assert told["taken_total"] == 40 * 12 and told["queued_total"] == 0
