# SPDX-License-Identifier: GPL-2.0-or-later
"""`probe` as a whole: who asks, who goes away, and what happens to the daemon meanwhile."""

import json
import os
import re
import signal
import socket
import subprocess
import time

import pytest
from daemon import MSSCLAMPCTL, Daemon
from netns import SLOW, Path, until

NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
GOOD, SILENT = "t0", "t1"  # a path of 1400 bytes; nobody
ETH_P_IP = 0x0800
VXLAN_PORT = 4789


def config(more="", rate=50):
    return f"path = {{ probe = false; rate_pps = {rate}; }};\n{more}"


@pytest.fixture(scope="module")
def tunnels(path):
    path.gateway.sysctl("ipv4/ping_group_range", "0 0")
    path.gateway.ip(
        f"link add {GOOD} type vxlan id 7 remote {Path.SERVER4} dstport {VXLAN_PORT}\n"
        f"link add {SILENT} type vxlan id 8 remote {Path.SINK4} dstport {VXLAN_PORT}\n"
        f"link set {GOOD} up\nlink set {SILENT} up\n")


@pytest.fixture(scope="module")
def daemon(path, tunnels):  # pylint: disable=unused-argument
    with Daemon(path.gateway, config()) as running:
        yield running


@pytest.fixture
def begin(daemon):
    """Starts `mssclampctl probe`; it ends with the test."""
    started = []

    def start(target, by=daemon):
        started.append(by.namespace.popen([MSSCLAMPCTL, "-s", by.socket_path, "probe", target],
                                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                          text=True))
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.communicate()


class Wire:
    """Counts the packets to one address that come out of the gateway, but for what the kernel itself
    says in a VXLAN, as it does of new links (RFC 3810, MLD)."""

    def __init__(self, path, address):
        self.address = socket.inet_aton(address)
        self.socket = path.server.socket(socket.AF_PACKET, socket.SOCK_DGRAM)
        self.socket.bind(("eth0", ETH_P_IP))
        self.socket.setblocking(False)
        self.count = 0

    def packets(self):
        while True:
            try:
                packet = self.socket.recv(2048)
                is_tunnel = (packet[9] == socket.IPPROTO_UDP and
                             packet[22:24] == VXLAN_PORT.to_bytes(2, "big"))
                self.count += packet[16:20] == self.address and not is_tunnel
            except BlockingIOError:
                return self.count


@pytest.fixture
def wire(path):
    one = Wire(path, Path.SINK4)
    yield one
    one.socket.close()


def sent(daemon):
    return daemon.stats()["probes"]["sent_total"]


def expect_same(count, seconds, soon=0.8):
    """What is counted changes no more for so long, soon: once the daemon has noticed."""
    last, since = count(), time.monotonic()

    def is_quiet():
        nonlocal last, since
        if (now := count()) != last:
            last, since = now, time.monotonic()
        return time.monotonic() - since >= seconds
    until(is_quiet, "nothing comes any more", seconds / SLOW + soon)


def expect_quiet(wire, seconds=2.0):
    """A probe of nobody that is not broken off goes on for longer."""
    expect_same(wire.packets, seconds)


def wait_begun(wire):
    until(lambda: wire.packets() > 0, "the first probe is out")


def test_the_whole(daemon):
    reply = daemon.json("probe", GOOD)
    assert (reply["result"], reply["path_mtu_bytes"], reply["router"]) == ("ok", 1400, None)


def test_hang_up_cancels(daemon, begin, wire):
    client = begin(SILENT)
    wait_begun(wire)
    client.kill()
    expect_quiet(wire)
    assert daemon.process.poll() is None


def test_ctrl_c_cancels(begin, wire):
    client = begin(SILENT)
    wait_begun(wire)
    client.send_signal(signal.SIGINT)
    assert client.wait(timeout=5 * SLOW) != 0
    expect_quiet(wire)


def test_two_clients_for_one_peer(begin, wire):
    """The later one begins anew, and the other one is told."""
    first = begin(SILENT)
    wait_begun(wire)
    second = begin(SILENT)
    assert first.wait(timeout=5 * SLOW) == 1
    assert "somebody else began to probe" in " ".join(first.stderr.read().split())
    assert second.wait(timeout=20 * SLOW) == 7


def test_two_clients_for_two_peers(begin):
    clients = [begin(GOOD), begin("10.9.0.2")]
    assert [client.wait(timeout=20 * SLOW) for client in clients] == [0, 0]


def test_a_reload_in_the_middle(daemon, begin, wire):
    def are_in_the_middle():
        wire.packets()
        wire.count = 0
        client = begin(SILENT)
        wait_begun(wire)
        for rate in (5, 100, 50):
            daemon.reload(config(rate=rate))
        goes_on = client.poll() is None
        assert client.wait(timeout=20 * SLOW) == 7
        return goes_on
    assert any(are_in_the_middle() for _ in range(3)), "reloads take longer than a probe of nobody"


def test_a_reload_that_fixes_the_path(daemon, begin, wire):
    def is_in_the_middle():
        wire.packets()
        wire.count = 0
        client = begin(SILENT)
        wait_begun(wire)
        daemon.reload(config(f'tunnels = ({{ match = "{SILENT}"; path_mtu = 1300; }});'))
        try:
            ended = client.wait(timeout=5 * SLOW)
            assert ended in (5, 7)  # 7: the probe of nobody was over before
            expect_quiet(wire)
            daemon("probe", SILENT, code=7)
        finally:
            daemon.reload(config())
        return ended == 5
    assert any(is_in_the_middle() for _ in range(3)), "a reload takes longer than a probe of nobody"


def test_a_tunnel_that_goes(path, daemon, begin, wire):
    path.gateway.ip(f"link add t2 type vxlan id 9 remote {Path.SINK4} dstport {VXLAN_PORT}\nlink set t2 up")
    daemon.knows("t2")
    client = begin("t2")
    wait_begun(wire)
    path.gateway.ip("link del t2")
    assert client.wait(timeout=5 * SLOW) == 5
    expect_quiet(wire)


def test_sigterm_in_the_middle(path, tunnels, begin, wire):  # pylint: disable=unused-argument
    with Daemon(path.gateway, config('firewall = "none"; queues = { first = 5100; };')) as other:
        client = begin(SILENT, other)
        wait_begun(wire)
        other.stop()
        assert client.wait(timeout=5 * SLOW) == 3
    expect_quiet(wire, 1.0)


CALL_AS = """
import json, socket, sys
connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
connection.sendall(json.dumps({"method": "org.mssclamp.Probe", "more": True,
                               "parameters": {"target": sys.argv[2]}}).encode() + bytes(1))
print(connection.recv(65536)[:-1].decode())
"""


def test_others_may_not(daemon):
    before = sent(daemon)
    daemon.directory.chmod(0o755)
    os.chmod(daemon.socket_path, 0o666)
    try:
        done = daemon.namespace.run(*NOBODY, "/usr/bin/python3", "-c", CALL_AS, daemon.socket_path,
                                    GOOD)
    finally:
        os.chmod(daemon.socket_path, 0o660)
    assert json.loads(done.stdout)["error"] == "org.mssclamp.PermissionDenied"
    time.sleep(0.3)
    assert sent(daemon) == before


def test_without_more_the_last_reply_alone(daemon):
    reply = daemon.call("Probe", target=GOOD)
    assert reply["finished"] and reply["path_mtu_bytes"] == 1400


def test_nobody(daemon):
    said = daemon("probe", "mallory", code=5)
    assert 'no peer is called "mallory"' in said.stderr


@pytest.mark.parametrize("most", (68, 576, 1399, 65535))
def test_no_packet_is_larger(daemon, most):
    """Those that ask whether anybody is there have 96 bytes."""
    reply = daemon.json("probe", GOOD, "--max", str(most))
    assert all(size["outer_bytes"] <= max(most, 97) for size in reply["sizes"]), reply["sizes"]
    assert max(size["outer_bytes"] for size in reply["sizes"]) == min(max(most, 97), 1400)


def test_what_was_not_tried_is_told(daemon):
    said = " ".join(daemon("probe", GOOD, "--max", "576").stdout.split())
    assert ("outer packets of 576 bytes arrive. Nothing above 576 was tried (--max): the path MTU "
            "known before, 1400, stays in force.") in said


@pytest.mark.parametrize("shut, opened, error, hint", (
    ("tc qdisc add dev {0} root bfifo limit 1", "tc qdisc del dev {0} root", "No buffer space available", "tc -s qdisc"),
    ("nft add table inet shut; add chain inet shut out {{ type filter hook output priority 0; oif {0} drop; }}",
     "nft delete table inet shut", "Operation not permitted", "a firewall rule of this host")), ids=("qdisc", "filter"))
def test_what_could_not_be_sent(daemon, path, shut, opened, error, hint):  # pylint: disable=R0917
    """Of a path to which no packet was sent nothing is said, and what was known of it stays."""
    before = daemon.json("probe", GOOD)
    # No ARP leaves either; a neighbour that has aged would have the kernel keep the packets, which are sent then.
    neighbour = f"neigh replace {Path.SERVER4} dev wan lladdr {path.server.mac('eth0').hex(':')} nud"
    path.gateway.ip(f"{neighbour} permanent")
    path.gateway.run(*shut.format("wan").split(" ", 3 if shut.startswith("nft") else -1))
    try:
        reply = daemon.json("probe", GOOD, code=7)
        screen = " ".join(daemon("probe", GOOD, code=7).stdout.split())
    finally:
        path.gateway.run(*opened.format("wan").split())
        path.gateway.ip(f"{neighbour} reachable")
    assert (reply["result"], reply["refused_error"]) == ("no_answer", error)
    assert hint in reply["refused_hint"] and reply["refused_total"] >= 3
    assert reply["answers"]["outside"] is None and not sum(size["sent"] for size in reply["sizes"])
    assert re.search(rf"CANNOT TELL: (\d+) of \1 packets could not be sent: {error}\.", screen)
    assert hint in screen and "nobody answers" not in screen
    assert daemon.json("probe", GOOD)["path_mtu_bytes"] == before["path_mtu_bytes"]


def test_16_clients_that_hang_up_at_once(daemon, path):
    for _ in range(3):
        clients = []
        for number in range(16):
            client = path.gateway.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            client.connect(daemon.socket_path)
            target = SILENT if number % 4 == 0 else f"198.18.1.{number}"
            client.sendall(json.dumps({"method": "org.mssclamp.Probe", "more": True,
                                       "parameters": {"target": target}}).encode() + b"\0")
            clients.append(client)
        for client in clients:
            client.close()
    until(lambda: daemon("status", code=None).returncode == 0, "there is room again")
    expect_same(lambda: sent(daemon), 2.0, 2.0)
    assert daemon.json("probe", GOOD)["path_mtu_bytes"] == 1400
    assert not re.search("Sanitizer|runtime error", daemon.log())
