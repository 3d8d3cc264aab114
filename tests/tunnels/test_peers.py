# SPDX-License-Identifier: GPL-2.0-or-later
"""One OpenVPN server, two clients: each has its own cipher, path and limit."""

import pytest
import userspace
from daemon import Daemon
from lab import Host, Lab
from netns import until, veth

CLIENT = """
client
dev t0
dev-type tun
proto udp4
remote 198.51.101.2 1194
nobind
ca ca.pem
cert c.pem
key c.key
tun-mtu 1500
mssfix 0
disable-dco
data-ciphers AES-128-CBC
auth SHA256
"""
OPTIONS = "auth SHA256\n"


def second_client(lab):
    """c at a cable of its own to b, which takes 1400 bytes."""
    lab.c = lab.keep(Host("c", {"me": "c"}))
    veth(lab.b, "outer2", lab.c, "outer2", 1400, 1400)
    lab.b.ip("addr add 198.51.101.2/24 dev outer2")
    lab.c.ip("addr add 198.51.101.3/24 dev outer2")
    lab.write("ccd/c", "ifconfig-push 10.99.0.3 255.255.255.0\n"
                       "ifconfig-ipv6-push fd99::3/64 fd99::2\niroute 203.0.113.0 255.255.255.0\n")
    lab.start(lab.c, "openvpn", "--cd", str(lab.directory),
              "--config", lab.write("c.conf", CLIENT))


# Version 1 does not tell the cipher: then the costliest of the server's counts.
@pytest.mark.parametrize("version, of_a", ((1, 1403), (2, 1448), (3, 1448)))
def test_each_client_has_its_own_limit(version, of_a):
    """As the status file of that version tells."""
    with Lab(1500) as lab:
        userspace.openvpn(
            tun_mtu=1500, version=version, clients=("a", "c"), any_address=True,
            server_options=OPTIONS + "data-ciphers AES-256-GCM:AES-128-CBC",
            client_options=OPTIONS + "data-ciphers AES-256-GCM", options="")(lab)
        second_client(lab)
        lab.b.ip("route add 203.0.113.0/24 dev t0")
        with Daemon(lab.b) as daemon:
            def told():
                peers = daemon.json("peers")["peers"]
                return {one["name"]: (one["path_mtu_bytes"], one["inner_mtu_bytes"],
                                      one["mss4_bytes"], one["mss6_bytes"]) for one in peers}
            wanted = {"a": (1500, of_a, of_a - 40, of_a - 60), "c": (1400, 1307, 1267, 1247)}
            try:
                until(lambda: told() == wanted, "both clients", 10)
            except AssertionError:
                assert told() == wanted, lab.logs()
            for address, mtu in (("10.99.0.1", of_a), ("10.99.0.3", 1307), ("fd99::3", 1307),
                                 ("203.0.113.9", 1307)):
                says = daemon.json("explain", address)["result"]["mtu_bytes"]
                assert says == mtu, address
            between = daemon.json("explain", "10.99.0.1", "10.99.0.3")["result"]["mtu_bytes"]
            assert between == 1307, "between two clients the smaller limit holds"
