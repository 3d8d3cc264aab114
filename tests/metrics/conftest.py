# SPDX-License-Identifier: GPL-2.0-or-later
"""A daemon with tunnels, peers and SYNs of both directions, and mssclamp-exporter beside it."""

import http.client
import pathlib
import subprocess
import sys

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "lib"))

import packets  # noqa: E402
from daemon import BUILD, Daemon  # noqa: E402
from fake_openvpn import write_status  # noqa: E402
from fixtures import new_path  # noqa: E402
from netns import SLOW, until  # noqa: E402

EXPORTER = str(BUILD / "mssclamp-exporter")
CLIENTS = (
    ('sa"y \\ this', "10.9.0.2:51700", "10.8.0.2", "AES-256-GCM"),
    ("bob", "198.51.100.2:41523", "10.8.0.3", "AES-256-GCM"),
)
BEHIND = "198.18.77.1"  # nobody, behind vx0


path = pytest.fixture(scope="session")(new_path)


@pytest.fixture(scope="session")
def daemon(path):
    """tun7 with two clients, one of whom has a name that needs escaping; vx0 with a route behind it."""
    with Daemon(path.gateway) as daemon:
        status = daemon.directory / "status"
        write_status(status, CLIENTS)
        path.gateway.ip("tuntap add dev tun7 mode tun\nlink set tun7 up mtu 1500\n"
                        "addr add 10.8.0.1/24 dev tun7\n"
                        "link add vx0 type vxlan id 7 local 10.9.0.1 remote 10.9.0.2 dstport 4789\n"
                        "addr add 10.7.0.1/24 dev vx0\nlink set vx0 up mtu 1450\n"
                        f"route add {BEHIND}/32 dev vx0\n"
                        "neigh add 198.18.77.1 lladdr 02:00:00:00:00:07 dev vx0\n")
        path.server.ip("link add vx0 type vxlan id 7 local 10.9.0.2 remote 10.9.0.1 dstport 4789\n"
                       "addr add 10.7.0.2/24 dev vx0\nlink set vx0 up mtu 1450\n")
        daemon.reload(f'tunnels = ({{ match = "tun7"; kind = "openvpn"; status_file = "{status}"; }});')
        until(lambda: len(daemon.json("peers", "tun7")["peers"]) == 2, "the clients are known", 8)
        yield daemon


@pytest.fixture(scope="session")
def syns(path, daemon):
    """Sends a SYN of each kind: into vx0, out of it, and one of no tunnel in each family."""
    there = packets.Injector(path.client, "eth0", path.gateway.mac("lan"))
    back = packets.Injector(path.server, "vx0", path.gateway.mac("vx0"))

    def send(rounds=1):
        for _ in range(rounds):
            there.send(packets.syn(path.CLIENT4, BEHIND))
            there.send(packets.syn(path.CLIENT4, path.SINK4))
            there.send(packets.syn(path.CLIENT6, path.SINK6))
            back.send(packets.syn("10.7.0.2", path.CLIENT4, options=packets.mss(1452)))
    yield send
    there.close()
    back.close()


def get(namespace, where, path, timeout=10.0, method="GET"):
    """One request over HTTP in a namespace: status, headers, text."""
    connection = http.client.HTTPConnection(*where, timeout=timeout * SLOW)
    connection.sock = namespace.socket()
    try:
        connection.sock.settimeout(timeout * SLOW)
        connection.sock.connect(where)
        connection.request(method, path)
        reply = connection.getresponse()
        return reply.status, dict(reply.getheaders()), reply.read().decode()
    finally:
        connection.close()


class Exporter:
    WHERE = ("127.0.0.1", 9863)

    def __init__(self, namespace, socket_path):
        self.namespace = namespace
        self.process = namespace.popen(
            ["setpriv", "--pdeathsig", "KILL", EXPORTER, "-s", socket_path], stderr=subprocess.PIPE)

        def listens():
            assert self.process.poll() is None, self.process.stderr.read()
            with namespace.socket() as connection:
                return connection.connect_ex(self.WHERE) == 0
        until(listens, "the exporter listens", 10)

    def get(self, path="/metrics", **more):
        return get(self.namespace, self.WHERE, path, **more)

    def close(self):
        self.process.terminate()
        assert self.process.wait(10 * SLOW) == 0


@pytest.fixture(scope="session")
def exporter(path, daemon):
    exporter = Exporter(path.gateway, daemon.socket_path)
    yield exporter
    exporter.close()
