# SPDX-License-Identifier: GPL-2.0-or-later
"""What the guides are tried on: machines with cables, and nothing that a reader would not have.

    lan eth0 --- eth1 server eth0 --- Internet --- eth0 client eth1 --- eth0 far
    192.168.1.2     .1       203.0.113.1                203.0.113.2     .1      192.168.2.2
    fd00:1::2       ::1      2001:db8::1                2001:db8::2     ::1     fd00:2::2
                                   tunnel 10.8.0.0/24, fd08::/64
"""

import pathlib
import subprocess
import sys
import tempfile

from machines import Machine
from netns import Namespace, until, veth
from wireguard import wireguard_keys


class Sites:
    """The machines above. outside: MTU of the Internet, which both ends know."""

    def __init__(self, outside=1500):
        self.machines = {
            "lan": Machine("lan", {4: "192.168.1.2", 6: "fd00:1::2"}),
            "server": Machine("server", {4: "10.8.0.1", 6: "fd08::1"}),
            "client": Machine("client", {4: "10.8.0.2", 6: "fd08::2"}),
            "far": Machine("far", {4: "192.168.2.2", 6: "fd00:2::2"}),
        }
        lan, server, client, far = self.machines.values()
        veth(server, "eth0", client, "eth0", outside, outside)
        veth(lan, "eth0", server, "eth1")
        veth(far, "eth0", client, "eth1")
        for number, gateway, host in ((1, server, lan), (2, client, far)):
            gateway.ip(f"addr add 203.0.113.{number}/24 dev eth0\n"
                       f"addr add 2001:db8::{number}/64 dev eth0 nodad\n"
                       f"addr add 192.168.{number}.1/24 dev eth1\n"
                       f"addr add fd00:{number}::1/64 dev eth1 nodad\n")
            host.ip(f"addr add 192.168.{number}.2/24 dev eth0\n"
                    f"addr add fd00:{number}::2/64 dev eth0 nodad\n"
                    f"route add default via 192.168.{number}.1\n"
                    f"route add default via fd00:{number}::1\n")

    def forward(self, *names):
        """What a page has its reader do, on machines that are somebody else's or served before."""
        for name in names:
            self.machines[name].forward()
        return self

    def close(self):
        for machine in self.machines.values():
            machine.close()


def modules(*names):
    subprocess.run(["modprobe", "-a", *names], check=True)


class OpenVpn(Sites):
    """Certificates lie where both ends look for them."""

    CLIENT = ("client\ndev tun0\nproto udp\nremote 203.0.113.1 1194\nnobind\nca ca.pem\n"
              "cert client.pem\nkey client.key\ndata-ciphers AES-256-GCM\ndisable-dco\nmssfix 0\n")
    CURVE = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
    AUTHORITY = f"""
        openssl req -x509 {CURVE} -days 2 -keyout ca.key -out ca.pem -subj /CN=ca
        for name in server client; do
            openssl req {CURVE} -keyout $name.key -out $name.csr -subj /CN=$name
            openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -days 2 -out $name.pem
        done
    """

    def __init__(self, outside=1500):
        super().__init__(outside)
        with tempfile.TemporaryDirectory(prefix="guides-") as directory:
            subprocess.run(["sh", "-ec", self.AUTHORITY], cwd=directory, check=True,
                           capture_output=True)
            for end in ("server", "client"):
                for file in ("ca.pem", f"{end}.pem", f"{end}.key"):
                    text = pathlib.Path(directory, file).read_text(encoding="ascii")
                    self.machines[end].write(f"/etc/openvpn/{end}/{file}", text)
        self.machines["client"].write("/etc/openvpn/client/client.conf", self.CLIENT)
        self.machines["client"].addresses = {4: "10.8.0.2", 6: "fd08::1000"} # the pool's first


class Running(OpenVpn):
    """With the tunnel up: tun0 at both ends, the server's LAN behind it."""

    SERVER = ("dev tun0\nproto udp\nport 1194\nca ca.pem\ncert server.pem\nkey server.key\n"
              "dh none\ntopology subnet\nserver 10.8.0.0 255.255.255.0\nserver-ipv6 fd08::/64\n"
              "push \"route 192.168.1.0 255.255.255.0\"\npush \"route-ipv6 fd00:1::/64\"\n"
              "data-ciphers AES-256-GCM\ndisable-dco\nmssfix 0\n"
              "status /run/openvpn-server/status-server.log 1\nstatus-version 2\n")
    CONNECTED = ("for i in $(seq 300); do\n"
                 "grep -q ^CLIENT_LIST /run/openvpn-server/status-server.log && exit 0\n"
                 "sleep 0.1\ndone\nexit 1\n")

    def __init__(self, outside=1500):
        super().__init__(outside)
        self.forward("server", "client")
        server, client = self.machines["server"], self.machines["client"]
        server.write("/etc/openvpn/server/server.conf", self.SERVER)
        server.shell("systemctl start openvpn-server@server")
        client.shell("systemctl start openvpn-client@client")
        server.shell(self.CONNECTED)


def deaf(lab):
    """What the server says of packets that are too large does not arrive in its LAN."""
    for table, error in (("iptables", ("icmp", "--icmp-type", "fragmentation-needed")),
                         ("ip6tables", ("icmpv6", "--icmpv6-type", "packet-too-big"))):
        lab.machines["lan"].run(table, "-w", "-A", "INPUT", "-p", *error, "-j", "DROP")
    return lab


class Docker(Running):
    """The client is a host with a container behind a bridge, as Docker makes it."""

    def __init__(self):
        super().__init__()
        host, container = self.machines["client"], Machine("container", {4: "172.17.0.2"})
        self.machines["container"] = container
        veth(host, "veth1", container, "eth0")
        host.ip("link add docker0 type bridge\naddr add 172.17.0.1/16 dev docker0\n"
                "link set docker0 up\nlink set veth1 master docker0\n")
        container.ip("addr add 172.17.0.2/16 dev eth0\nroute add default via 172.17.0.1\n")
        host.run("iptables", "-w", "-t", "nat", "-A", "POSTROUTING", "-s", "172.17.0.0/16",
                 "!", "-o", "docker0", "-j", "MASQUERADE")


def swallow(lab, size):
    """The Internet drops what is larger, fragments too, and tells nobody."""
    for name in ("server", "client"):
        for rule in (("-m", "length", "--length", f"{size + 1}:65535"), ("-f",)):
            lab.machines[name].run("iptables", "-w", "-t", "raw", "-A", "PREROUTING", "-i", "eth0",
                                   *rule, "-j", "DROP")
    return lab


class Pppoe(Sites):
    """The client is the provider's concentrator: on the cable there are only PPPoE frames."""

    def __init__(self):
        super().__init__()
        self.forward("client")
        modules("pppoe")
        for gateway in ("server", "client"):
            self.machines[gateway].ip("addr flush dev eth0")


class Ppp(Sites):
    """With what nothing loads by itself; what Debian starts with the packages runs."""

    def __init__(self):
        super().__init__()
        modules("l2tp_ppp", "ppp_mppe", "ppp_async")
        self.machines["server"].shell("systemctl start pptpd xl2tpd")


class Ipsec(Sites):
    """strongSwan is installed, so Debian has started it."""

    def __init__(self):
        super().__init__()
        for gateway in ("server", "client"):
            self.machines[gateway].shell("systemctl start strongswan", seconds=60)


class Readme:
    """A WireGuard server behind 1492 bytes, and two clients. No router says what it drops.

        lan 192.0.2.2 --- eth1 server eth0 -- 1492 -- router --- 2001:db8:7::7, 203.0.113.70   alice
                                 198.51.100.1               '-- 203.0.113.8                   bob
    """

    OUTSIDE = {"alice": ("2001:db8:7::7/64", "203.0.113.70/27"), "bob": ("203.0.113.8/28",)}
    ROUTER = {"alice": ("2001:db8:7::fe/64", "203.0.113.94/27"), "bob": ("203.0.113.14/28",)}

    def __init__(self):
        self.machines = {
            "lan": Machine("lan", {4: "192.0.2.2", 6: "2001:db8:1::2"}),
            "server": Machine("server", {4: "192.0.2.129", 6: "2001:db8:2::129"}),
            "alice": Machine("alice", {4: "192.0.2.130", 6: "2001:db8:2::130"}),
            "bob": Machine("bob", {4: "192.0.2.131", 6: "2001:db8:2::131"}),
        }
        self.router = Namespace("router")
        self._cables()
        self._tunnel()

    def _cables(self):
        lan, server, *clients = self.machines.values()
        veth(lan, "eth0", server, "eth1")
        veth(server, "eth0", self.router, "eth0", 1492, 1492)
        lan.ip("addr add 192.0.2.2/25 dev eth0\naddr add 2001:db8:1::2/64 dev eth0 nodad\n"
               "route add default via 192.0.2.1\nroute add default via 2001:db8:1::1\n")
        server.ip("addr add 192.0.2.1/25 dev eth1\naddr add 2001:db8:1::1/64 dev eth1 nodad\n"
                  "addr add 198.51.100.1/24 dev eth0\naddr add 2001:db8:5::1/64 dev eth0 nodad\n"
                  "route add default via 198.51.100.254\nroute add default via 2001:db8:5::fe\n")
        self.router.ip("addr add 198.51.100.254/24 dev eth0\n"
                       "addr add 2001:db8:5::fe/64 dev eth0 nodad\n")
        for client in clients:
            name = client.label
            veth(self.router, name, client, "eth0")
            for own, gateway in zip(self.OUTSIDE[name], self.ROUTER[name]):
                nodad = " nodad" if ":" in own else ""
                self.router.ip(f"addr add {gateway} dev {name}{nodad}\n")
                client.ip(f"addr add {own} dev eth0{nodad}\n"
                          f"route add default via {gateway.partition('/')[0]}\n")
        for gateway in (server, self.router):
            gateway.forward()
        for rule in (("OUTPUT", "-p", "icmp", "--icmp-type", "fragmentation-needed"),
                     ("PREROUTING", "-t", "raw", "-f")):
            self.router.run("iptables", "-w", "-A", *rule, "-j", "DROP")

    def _tunnel(self):
        keys = {name: wireguard_keys() for name in ("server", "alice", "bob")}
        peers = "".join(f"[Peer]\n# friendly_name = {name}\nPublicKey = {keys[name][1]}\n"
                        f"AllowedIPs = {self.machines[name].addresses[4]}/32, "
                        f"{self.machines[name].addresses[6]}/128\n" for name in ("alice", "bob"))
        self._wg("server", keys, 51820, 26, 64, peers)
        for name, endpoint, port in (("alice", "[2001:db8:5::1]", 51821),
                                     ("bob", "198.51.100.1", 4711)):
            self._wg(name, keys, port, 32, 128, "[Peer]\n"
                     f"PublicKey = {keys['server'][1]}\nEndpoint = {endpoint}:51820\n"
                     "AllowedIPs = 192.0.2.0/24, 2001:db8:1::/64, 2001:db8:2::/64\n"
                     "PersistentKeepalive = 5\n")
            ping = ("ping", "-c", "1", "-W", "1", self.machines[name].addresses[4])
            until(lambda ping=ping: self.machines["server"].run(*ping, check=False).returncode == 0,
                  f"{name}'s tunnel", 20)

    def _wg(self, name, keys, port, bits4, bits6, peers):
        machine = self.machines[name]
        machine.write("/etc/wireguard/wg0.conf",
                      f"[Interface]\nAddress = {machine.addresses[4]}/{bits4}, "
                      f"{machine.addresses[6]}/{bits6}\nMTU = 1420\nListenPort = {port}\n"
                      f"PrivateKey = {keys[name][0]}\n{peers}")
        machine.shell("wg-quick up wg0")

    def close(self):
        for each in (*self.machines.values(), self.router):
            each.close()


def pictures():
    """What the pictures of README.md are taken of."""
    sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[2] / "doc" / "pictures")]
    from scene import Scene
    return Scene()


LABS = {
    "pictures": pictures,
    "readme": Readme,
    "sites": Sites,
    "narrow": lambda: Sites(1492),
    "ipsec": Ipsec,
    "pppoe": Pppoe,
    "ppp": Ppp,
    "openvpn": OpenVpn,
    "openvpn-hole": lambda: swallow(OpenVpn().forward("server"), 1400),
    "running": Running,
    "hole": lambda: swallow(Running(), 1400),
    "docker": lambda: swallow(Docker(), 1400),
}
