# SPDX-License-Identifier: GPL-2.0-or-later
"""What the pictures are taken of: a VPN server, its LAN, three clients and a tunnel to a site.

                                           .-- 1500 -- alice  2001:db8:7::7   wg0 192.0.2.130
    lan 192.0.2.2 -- server -- Internet -- +-- 1500 -- bob    203.0.113.40    wg0 .131, vx0 .194
                 198.51.100.1    1492      '-- 1433 -- carol  203.0.113.70    wg0 .135

Nobody tells what carol's link drops.
"""

import socket
import threading

from machines import Machine
from netns import Namespace, until, veth
from wireguard import wireguard_keys

NAMES = ("server", "alice", "bob", "carol")
INSIDE = {"server": "192.0.2.129", "alice": "192.0.2.130", "bob": "192.0.2.131",
          "carol": "192.0.2.135"}
SITE = "192.0.2.194"  # bob's end of vx0
PORT = 443


class Scene:
    """.server runs mssclampd; .lan is a host behind it."""

    def __init__(self):
        self.keys = {name: wireguard_keys() for name in NAMES}
        self.machines = {name: Machine(name, {}) for name in NAMES}
        self.server = self.machines["server"]
        self.lan, self.router = Namespace("lan"), Namespace("router")
        self._cables()
        self._tunnels()
        self.server.shell("systemctl start mssclampd && mssclampctl wait --tunnel wg0 --for 60",
                          seconds=120)

    def _cables(self):
        server, router = self.server, self.router
        veth(self.lan, "eth0", server, "eth1")
        veth(server, "eth0", router, "eth0", 1492, 1492)
        self.lan.ip("addr add 192.0.2.2/25 dev eth0\nroute add default via 192.0.2.1")
        server.ip("addr add 192.0.2.1/25 dev eth1\naddr add 198.51.100.1/24 dev eth0\n"
                  "addr add 2001:db8:5::1/64 dev eth0 nodad\n"
                  "route add default via 198.51.100.254\nroute add default via 2001:db8:5::fe")
        router.ip("addr add 198.51.100.254/24 dev eth0\naddr add 2001:db8:5::fe/64 dev eth0 nodad")
        for name, near, own, gateway, mtu in (
                ("alice", "eth1", "2001:db8:7::7/64", "2001:db8:7::fe", 1500),
                ("bob", "eth2", "203.0.113.40/27", "203.0.113.62", 1500),
                ("carol", "eth3", "203.0.113.70/27", "203.0.113.94", 1433)):
            veth(router, near, self.machines[name], "eth0", mtu)
            length = own.partition("/")[2]
            router.ip(f"addr add {gateway}/{length} dev {near}{' nodad' if ':' in own else ''}")
            self.machines[name].ip(f"addr add {own} dev eth0{' nodad' if ':' in own else ''}\n"
                                   f"route add default via {gateway}")
        for gateway in (server, router):
            gateway.forward()
        router.run("iptables", "-A", "OUTPUT", "-p", "icmp", "--icmp-type", "fragmentation-needed",
                   "-j", "DROP")
        router.run("iptables", "-t", "raw", "-A", "PREROUTING", "-f", "-j", "DROP")

    def _tunnels(self):
        peers = "".join(f"\n[Peer]\n# friendly_name = {name}\nPublicKey = {self.keys[name][1]}\n"
                        f"AllowedIPs = {INSIDE[name]}/32\n" for name in NAMES[1:])
        self._wg("server", f"ListenPort = 51820\n{peers}", 26)
        for name, endpoint in (("alice", "[2001:db8:5::1]"), ("bob", "198.51.100.1"),
                               ("carol", "198.51.100.1")):
            self._wg(name, f"\n[Peer]\nPublicKey = {self.keys['server'][1]}\n"
                           f"Endpoint = {endpoint}:51820\nAllowedIPs = 192.0.2.0/24\n"
                           "PersistentKeepalive = 5\n", 32)
        for name, local, remote, own in (("server", "198.51.100.1", "203.0.113.40", "192.0.2.193"),
                                         ("bob", "203.0.113.40", "198.51.100.1", SITE)):
            self.machines[name].ip(f"link add vx0 type vxlan id 7 local {local} remote {remote} "
                                   f"dstport 4789 dev eth0\naddr add {own}/26 dev vx0\n"
                                   "link set vx0 mtu 1442 up")
        self.machines["bob"].ip("route add 192.0.2.0/25 via 192.0.2.193")
        for name in NAMES[1:]:
            ping = ("ping", "-c", "1", "-W", "1", INSIDE[name])
            until(lambda ping=ping: self.server.run(*ping, check=False).returncode == 0,
                  f"{name}'s tunnel", 20)

    def _wg(self, name, rest, length):
        self.machines[name].write("/etc/wireguard/wg0.conf",
                                  f"[Interface]\nAddress = {INSIDE[name]}/{length}\nMTU = 1420\n"
                                  f"PrivateKey = {self.keys[name][0]}\n{rest}")
        self.machines[name].shell("wg-quick up wg0")

    def close(self):
        for each in (*self.machines.values(), self.lan, self.router):
            each.close()


class Traffic:
    """Connections from the LAN, so many a second to each, while the block runs."""

    def __init__(self, scene, rates):
        self.scene, self.rates, self.over = scene, rates, threading.Event()

    def _take(self, listener):
        while not self.over.is_set():
            try:
                listener.accept()[0].close()
            except OSError:
                return

    def _make(self, address, rate):
        while not self.over.wait(1 / rate):
            with self.scene.lan.socket(socket.AF_INET, socket.SOCK_STREAM) as client:
                client.settimeout(1)
                client.connect((address, PORT))

    def __enter__(self):
        self.listeners = []
        for name, address in ((name, address) for name in NAMES[1:]
                              for address in (INSIDE[name], SITE) if address in self.rates):
            if address == SITE and name != "bob":
                continue
            listener = self.scene.machines[name].socket(socket.AF_INET, socket.SOCK_STREAM)
            listener.bind((address, PORT))
            listener.listen(256)
            self.listeners.append(listener)
            for run, arguments in ((self._take, (listener,)),
                                   (self._make, (address, self.rates[address]))):
                threading.Thread(target=run, args=arguments, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for listener in self.listeners:
            listener.close()
