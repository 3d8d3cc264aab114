# SPDX-License-Identifier: GPL-2.0-or-later
"""A gateway with other people's programs, as Debian has them, and mssclampd:

    lan --- eth1 server eth0 (1400 bytes) --- client

    192.168.1.2  .1     203.0.113.1           203.0.113.2

The server has /etc, /run and /var of its own; the programs are unpacked, never installed.
"""

import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "lib"), str(HERE.parent / "guides")]

import transfer  # noqa: E402
from daemon import BUILD, MSSCLAMPCTL, TOP, Daemon  # noqa: E402
from labs import OpenVpn, Sites  # noqa: E402
from netns import until  # noqa: E402

# The VM's kernel is for daemons that the one here cannot serve; what they need lies in its root.
STOCK = os.environ.get("MSSCLAMP_LAB") == "stock"
collect_ignore = ["test_firewalls.py", "test_hooks.py"] if STOCK else ["test_daemons.py"]

PACKAGES = ("ufw", "firewalld", "docker.io", "ppp", "network-manager")
UNPACKED = BUILD / "integrations"
LIMITS = {4: 1360, 6: 1340}
# Over the machine's own; of what ufw's package installs, the files that its postinst would copy.
PREPARE = f"""
mount -t overlay overlay /usr -o lowerdir={UNPACKED}/usr:/usr
cp -a --no-preserve=ownership {UNPACKED}/etc/. /etc/
cp /usr/share/ufw/iptables/*.rules /usr/share/ufw/*.init /usr/share/ufw/ufw.conf /etc/ufw/
chmod 640 /etc/ufw/*.rules
"""
BUS = f"mkdir -p /run/dbus; dbus-daemon --config-file={HERE}/dbus.conf --fork --nopidfile"
HOOK = "/usr/local/sbin/wait-for-tunnel"
INSTALL = f"install -m 755 {TOP}/share/examples/wait-for-tunnel {HOOK}"
# In front of mssclampctl: writes down what is asked.
SPY = f"""#!/bin/sh
echo "$*" >>/run/asked
exec {MSSCLAMPCTL} "$@"
"""


@pytest.fixture(scope="session")
def programs():
    if not STOCK:
        subprocess.run([HERE / "unpack", UNPACKED, *PACKAGES], check=True)


class Gateway(Sites if STOCK else OpenVpn):
    """The machines above; the server's shell has the programs."""

    def __init__(self):
        super().__init__()
        self.server, self.lan, self.client = (
            self.machines[name] for name in ("server", "lan", "client"))
        self.forward("server", "client")
        self.server.ip("link set eth0 mtu 1400")
        self.client.ip("route add 192.168.1.0/24 via 203.0.113.1\n"
                       "route add fd00:1::/64 via 2001:db8::1\n")
        self.server.shell(("" if STOCK else PREPARE) + "mount -t tmpfs tmpfs /usr/local/sbin")
        self.far = {4: transfer.Server(self.client, "203.0.113.2"),
                    6: transfer.Server(self.client, "2001:db8::2")}

    def mss(self, family=4):
        """What both ends of a connection from the LAN may send, once: (lan, client)."""
        far = self.far[family]
        far.mss.clear()
        with transfer.connect(self.lan, far, 10) as near:
            until(lambda: far.mss, "the far end has accepted")
            return near.getsockopt(transfer.socket.SOL_TCP, transfer.socket.TCP_MAXSEG), far.mss[0]

    def clamps(self):
        """New connections of both families are clamped at both ends, as soon as the rules are
        whole, and carry what is sent."""
        for family, limit in LIMITS.items():
            until(lambda f=family, n=limit: self.mss(f) == (n, n), f"IPv{family}: MSS {limit}")
            transfer.both_ways(self.lan, self.far[family], 100_000, 10)

    def close(self):
        for far in self.far.values():
            far.close()
        super().close()


@pytest.fixture(scope="module" if STOCK else "function")  # the VM is slow
def gateway(programs):
    gateway = Gateway()
    yield gateway
    gateway.close()


@pytest.fixture
def start(gateway):
    """Starts mssclampd in the gateway. Its socket is where the programs there look for it."""
    started = []

    def start_one(config='firewall = "iptables";', **more):
        directory = f"/proc/{gateway.server.first}/root/run/mssclamp"
        started.append(Daemon(gateway.server, config, directory=directory, **more))
        return started[-1]

    yield start_one
    for one in reversed(started):
        one.close()


class Hooked:
    """The gateway with the hook where the page puts it; what mssclampctl is asked is kept."""

    def __init__(self, gateway):
        self.gateway, self.server = gateway, gateway.server
        self.server.write("/usr/local/sbin/mssclampctl", SPY)
        self.server.shell(f"{INSTALL}; chmod 755 /usr/local/sbin/mssclampctl; : >/run/asked")
        self.told = 0

    def shell(self, script, **more):
        return self.server.shell(f"export PATH=/usr/local/sbin:$PATH\n{script}", **more)

    def asked(self):
        """What mssclampctl was asked to wait for, since the last time."""
        lines = self.server.shell("cat /run/asked").splitlines()
        new, self.told = lines[self.told:], len(lines)
        return [line for line in new if line.startswith("wait")]


@pytest.fixture
def hooked(gateway):
    return Hooked(gateway)
