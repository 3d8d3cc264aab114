# SPDX-License-Identifier: GPL-2.0-or-later
"""Faults that were found once and mended: each test is one of them."""

import socket
import threading
import time

import packets
import pytest
from netns import SLOW, until

SMALL = "queues = {{ first = 5000; count = {count}; max_packets = 16; }}; fallback = false;"


def test_a_flush_of_one_family_is_no_blindness(start, path, left):
    """Rules keep their counters over a restart; what they counted before says nothing of us."""
    daemon = start()
    assert (left(4), left(6)) == (1360, 1340)
    daemon.stop()
    daemon.start()
    daemon.wait_ready()
    path.gateway.run("iptables-nft", "-t", "mangle", "-F")
    until(lambda: daemon.repairs() == 1, "the rules are back", 1)
    time.sleep(0.6)  # older than what status may still know
    assert daemon.json("status")["checks"]["sees_syns"] is None


def test_another_daemon_in_the_namespace(start, left):
    """Other queues, another socket: the rules are still one daemon's."""
    first = start()
    second = start("queues = { first = 6000; count = 1; };", ready=False)
    assert second.ends() == 1
    assert str(first.process.pid) in second.log()
    assert "another mssclampd" in second.log()
    assert left() == 1360
    assert first.repairs() == 0
    third = start('queues = { first = 6000; count = 1; }; firewall = "none";')
    assert third.json("rules")["backend"] == "none"


def test_a_second_daemon_leaves_the_state_file_alone(start):
    """What looks damaged may be the first one's; who is sent away sets nothing aside."""
    state = start().directory / "paths"
    state.write_text("damaged")
    other = f'path = {{ state = "{state}"; }}; queues = {{ first = 6000; count = 1; }};'
    second = start(other, ready=False)
    assert second.ends() == 1
    assert state.read_text() == "damaged"
    start(other + 'firewall = "none";')
    assert not state.exists()
    assert state.with_name("paths.damaged").read_text() == "damaged"


def test_root_is_not_locked_out_by_its_own_connections(start):
    daemon = start()
    idle = [socket.socket(socket.AF_UNIX) for _ in range(40)]
    for one in idle:
        one.connect(daemon.socket_path)
    begin = time.monotonic()
    assert daemon.json("status")["state"] == "running"
    assert time.monotonic() - begin < 5 * SLOW, "who idles is not waited for, which takes 30 s"
    for one in idle:
        one.close()


def test_a_rule_above_the_link_is_warned_of(start):
    daemon = start('rules = ({ interface = "wan"; mss = 9000; });')
    daemon.says("rules.0.*9000.*wan.*1400.*1360")
    daemon.write('rules = ({ interface = "wan"; mss = 8000; }, { interface = "lan"; mss = 600; });')
    warnings = daemon.json("reload")["warnings"]
    assert len(warnings) == 1 and "8000" in warnings[0]


def test_a_reload_tells_what_is_not_active(start):
    daemon = start()
    daemon.write('offload = { backend = "bpf"; };')
    warnings = daemon.json("reload")["warnings"]
    assert len(warnings) == 1 and "not active in this version" in warnings[0]


def test_a_restart_is_asked_for_by_what_runs(start):
    daemon = start("queues = { first = 5000; count = 1; };")
    for first, wanted in ((7000, ["queues.first"]), (7000, ["queues.first"]), (5000, [])):
        daemon.write(f"queues = {{ first = {first}; count = 1; }};")
        assert daemon.json("reload")["needs_restart"] == wanted


def test_max_packets_follows_a_reload(start, path, inject):
    daemon = start(SMALL.format(count=1))
    daemon.write("queues = { first = 5000; count = 1; max_packets = 4000; };")
    assert daemon.json("reload")["needs_restart"] == []
    daemon.hold()
    with packets.Capture(path.server, "eth0", buffer_bytes=1 << 25) as there:
        for i in range(900):
            inject(packets.syn(path.CLIENT4, path.SINK4, sport=1024 + i))
        daemon.go_on()
        got = [packet.mss[0] for packet in there.take(900, 5)]
    assert got == [1360] * 900


@pytest.mark.parametrize("count", (1, 2))
def test_fail_open_is_exact_with_the_smallest_queue(start, path, inject, count):
    """Also while a batch is in work the buffer overflows, never the queue behind it."""
    daemon = start(SMALL.format(count=count))
    sent = 30_000
    with packets.Capture(path.server, "eth0", buffer_bytes=1 << 27) as there:
        made = [packets.syn(path.CLIENT4, path.SINK4, sport=1024 + i) for i in range(500)]
        for i in range(sent):
            inject(made[i % 500])
        got = [packet.mss[0] for packet in there.take(sent, 5)]
        assert there.lost() == 0
    assert len(got) == sent
    unclamped = sum(mss == 1460 for mss in got)

    def told():
        return sum(queue["fail_open_total"] for queue in daemon.stats()["queues"])
    until(lambda: told() == unclamped, f"fail_open_total is {unclamped}", 2)
    assert daemon.syn("clamped") == sent - unclamped


def test_fail_open_never_shrinks_under_traffic(start, path, inject):
    """/proc and a worker's counters are never read at the same packet."""
    daemon = start()
    stop = threading.Event()

    def send():
        made = [packets.syn(path.CLIENT4, path.SINK4, sport=1024 + i) for i in range(500)]
        while not stop.is_set():
            for one in made:
                inject(one)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        told = [sum(queue["fail_open_total"] for queue in daemon.stats()["queues"])
                for _ in range(60)]
    finally:
        stop.set()
        sender.join()
    assert told == sorted(told)
    assert told[-1] < 1 << 31


def test_a_start_that_fails_half_way_loses_nothing(start, path, inject):
    """Its first queues were fed by the rules that a daemon before it has left."""
    first = start("queues = { first = 5000; count = 2; };")
    first.kill()
    holder = start('queues = { first = 5001; count = 1; }; firewall = "none";')
    with packets.Capture(path.server, "eth0", buffer_bytes=1 << 26) as there:
        stop = threading.Event()
        sent = [0]

        def send():
            while not stop.is_set():
                inject(packets.syn(path.CLIENT4, path.SINK4, sport=1024 + sent[0] % 60000))
                sent[0] += 1
                time.sleep(0.0002)

        sender = threading.Thread(target=send)
        sender.start()
        for _ in range(10):
            failing = start('queues = { first = 5000; count = 2; }; firewall = "none";', ready=False)
            assert failing.ends() == 1
        stop.set()
        sender.join()
        arrived = len(list(there.take(sent[0], 5)))
    assert arrived == sent[0]
    assert holder.process.poll() is None


def test_explain_knows_the_loopback(start):
    daemon = start('rules = ({ interface = "lo"; mss = 1000; });')
    answer = daemon.json("explain", "127.0.0.1 -> 127.0.0.1")
    assert answer["flow"]["out_interface"] == "lo"
    assert answer["result"]["mss_bytes"] == 1000


def test_explain_one_address_with_its_interface(start, path):
    daemon = start()
    answer = daemon.json("explain", path.SINK4, "--iif", "lan")
    assert answer["flow"]["in_interface"] == "lan"
    assert answer["result"]["mss_bytes"] == 1360


def test_a_rule_for_ipv6_of_the_smallest_mtu(start, left):
    """mtu is minus 40 or 60, whatever comes out."""
    start("rules = ({ mtu = 128; });")
    assert (left(4), left(6)) == (88, 68)
