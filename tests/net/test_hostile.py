# SPDX-License-Identifier: GPL-2.0-or-later
"""Who writes status files and answers on sockets may be anybody: what they say costs bounded time
and memory, is said once, and takes nothing away that was known."""

import os
import pathlib
import re
import time

import many
import pytest
from daemon import Daemon
from netns import SLOW, until

PEERS = 3
MIB_MAX = 160 * (4 if SLOW > 1 else 1)  # of mssclamp-facts; sanitizers take more
PEER = f"public_key={many.key(7)}\nallowed_ip=10.0.0.1/32\n".encode()


def status(count, name="client{}".format, more=""):
    """A status file (version 2) of a server with so many clients."""
    def client(n):
        address = f"10.{8 + (n >> 16)}.{n >> 8 & 255}.{n & 255}"
        far = f"192.0.2.{n % 250}:{1024 + n % 60000}"
        return (f"CLIENT_LIST,{name(n)},{far},{address},,1,1,then,1704067200,UNDEF,{n},{n},"
                "AES-256-GCM\n",
                f"ROUTING_TABLE,{address},{name(n)},{far},then,1704067200\n")
    clients = [client(n) for n in range(count)]
    return ("TITLE,OpenVPN 2.6.3\nTIME,then,1704067200\n"
            "HEADER,CLIENT_LIST,Common Name,Real Address,Virtual Address,Virtual IPv6 Address,"
            "Bytes Received,Bytes Sent,Connected Since,Connected Since (time_t),Username,"
            "Client ID,Peer ID,Data Channel Cipher\n" + "".join(c[0] for c in clients) +
            "HEADER,ROUTING_TABLE,Virtual Address,Common Name,Real Address,Last Ref,"
            "Last Ref (time_t)\n" + "".join(c[1] for c in clients) + more +
            "GLOBAL_STATS,Max bcast/mcast queue length,0\nEND\n")


class Endless(many.Wireguard):
    """Answers as it should until `block` is set, then with that, without an end."""

    block, pause = None, 0.0

    def reply(self, client):
        if self.block is None:
            super().reply(client)
            return
        client.settimeout(5)
        while self.block is not None:
            client.sendall(self.block)
            time.sleep(self.pause)


@pytest.fixture(scope="module")
def wireguard(path):
    running = Endless(path.gateway, "evil0", PEERS)
    path.gateway.ip("link set evil0 up mtu 1420\naddr add 10.64.255.254/10 dev evil0\n"
                    "tuntap add dev evil1 mode tun\nlink set evil1 up mtu 1500\n"
                    "addr add 10.8.255.254/13 dev evil1\n"
                    "route add 10.128.0.0/16 via 10.9.0.2 dev alt")
    yield running
    running.block = None
    running.close()
    path.gateway.run("ip", "route", "del", "10.128.0.0/16", check=False)
    path.gateway.run("ip", "link", "del", "evil1", check=False)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("openvpn") / "status"


@pytest.fixture(scope="module")
def daemon(path, wireguard, file):
    config = (f'tunnels = ({{ match = "evil1"; kind = "openvpn"; status_file = "{file}"; }});')
    write(file, status(0))
    with Daemon(path.gateway, config) as running:
        until(lambda: count(running, "evil0") == PEERS, "the peers are known", 5)
        yield running


def write(file, text):
    """As a file that was written a while ago: nobody waits for its end."""
    other = file.with_suffix(".new")
    other.write_text(text, encoding="latin-1")
    os.utime(other, (time.time() - 60, time.time() - 60))
    other.rename(file)


def count(daemon, tunnel):
    """Listed peers of a tunnel."""
    rows = {row["name"]: row for row in daemon.json("tunnels")["tunnels"]}
    return rows[tunnel]["peers"] if tunnel in rows else 0


def facts(daemon):
    """/proc of its mssclamp-facts."""
    return pathlib.Path("/proc") / str(until(lambda: daemon.children().get("mssclamp-facts"),
                                             "mssclamp-facts runs"))


def largest_mib(process):
    text = (process / "status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+)", text)[1]) / 1024


ANSWERS = (
    # name                       what comes again and again                         seconds between
    ("peers without an end",     PEER * 1000,                                          0.0),
    ("a line without an end",    b"x" * 65536,                                         0.0),
    ("a key of 64 KiB",          b"public_key=" + b"a" * 65536 + b"\nerrno=0\n\n",      0.0),
    ("a peer before its key",    b"endpoint=192.0.2.1:1\nerrno=0\n\n",                  0.0),
    ("errno alone",              b"errno=1\n\n",                                       0.0),
    ("one peer now and then",    PEER,                                                 0.05),
    # the last one: whoever is slow is left alone for some seconds
)


@pytest.mark.parametrize("block, pause", [case[1:] for case in ANSWERS],
                         ids=[case[0] for case in ANSWERS])
def test_wireguard_that_answers_badly(daemon, wireguard, block, pause):
    """Its peers stay, the other sources are read on, and it is done within a second or two."""
    wireguard.pause, wireguard.block = pause, block
    asked = wireguard.asked
    try:
        until(lambda: wireguard.asked > asked, "it was given up", 4 if not pause else 8)
        assert count(daemon, "evil0") == PEERS
        assert largest_mib(facts(daemon)) < MIB_MAX
    finally:
        wireguard.block, wireguard.pause = None, 0.0
    daemon.says("evil0: WireGuard's socket does not answer as it should")
    assert daemon.json("status")["state"] == "running"


def test_wireguard_that_was_slow_for_a_moment(daemon, wireguard):
    """One answer that took too long, on a busy host: what changes behind it is seen soon."""
    wireguard.pause, wireguard.block = 0.05, PEER
    asked = wireguard.asked
    try:
        until(lambda: wireguard.asked > asked, "it was given up", 15)
    finally:
        wireguard.block, wireguard.pause = None, 0.0
    wireguard.endpoints[1] = "10.128.0.1:4500"
    wireguard.update()

    def endpoint():
        listed = daemon.json("peers", "evil0")["peers"]
        return {peer["peer"]: peer["endpoint"] for peer in listed}[many.peer_id(1)]
    until(lambda: endpoint() == "10.128.0.1:4500", "the new endpoint is seen", 15)


FILES = (
    # name                           text                                                  clients
    ("ten thousand clients",         lambda: status(10000),                                10000),
    ("names of 64 KiB",              lambda: status(50, lambda n: f"{n}" + "n" * 65536),      50),
    ("one line of 4 MiB",            lambda: status(3, more="x" * (4 << 20) + "\n"),           3),
    ("lines of commas",              lambda: status(3, more="," * 100000 + "\n"),              3),
    ("bytes that are no text",       lambda: status(3, lambda n: f"\xff\xfe\x01{n}"),          3),
    ("every client the same",        lambda: status(5000, lambda n: "same"),                5000),
    ("a hundred thousand clients",   lambda: status(100000),                                   0),
    ("no status file",               lambda: "TITLE,\n" + "\0\xff" * 100000 + "\nEND\n",       0),
)


@pytest.mark.parametrize("text, clients", [case[1:] for case in FILES],
                         ids=[case[0] for case in FILES])
def test_status_files(daemon, file, text, clients):
    write(file, text())
    until(lambda: count(daemon, "evil1") == clients,
          f"{clients} clients, not {count(daemon, 'evil1')}", 8)
    assert count(daemon, "evil0") == PEERS
    assert largest_mib(facts(daemon)) < MIB_MAX
    for row in daemon.json("peers", "evil1")["peers"]:
        assert len(row["peer"]) < 1024
    assert daemon.json("status")["state"] == "running"
    if clients == 0 and len(text()) > 1 << 24:
        daemon.says("more than 16 MiB, so it is not read")
