# SPDX-License-Identifier: GPL-2.0-or-later
"""Network namespaces that leave nothing behind, and the paths the tests build of them.

A namespace here has no name: it lives as long as this process holds its descriptor, so a test that
is interrupted, or killed, leaves no namespace, link or rule on the machine. One thread enters a
namespace by setns(2); a socket stays where it was opened, and a child starts where its parent is.
"""

import contextlib
import ctypes
import os
import socket
import subprocess
import time

CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000
SLOW = float(os.environ.get("MSSCLAMP_SLOW", "1"))

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result, what):
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")


def _open_current():
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


LOOKS = 12      # a second, that until() has on a machine of one's own whatever it asks
PATIENCE = 4    # how often the time, at most, where a machine stands still


def until(check, what, seconds=5.0):
    """Asks check() until it answers something true, and returns that; fails after `seconds`. Where a
    busy machine lets it ask but seldom, the one that is waited for has had as little of it: then not
    before it has asked as often as it would have."""
    begin, looks = time.monotonic(), 0
    while True:
        answer = check()
        if answer:
            return answer
        looks += 1
        took = time.monotonic() - begin
        if took > seconds * SLOW and (looks >= seconds * LOOKS or took > PATIENCE * seconds * SLOW):
            raise AssertionError(f"not within {took:.1f} s: {what}")
        time.sleep(0.02)


def own_folder(folder):
    """From here on that folder of the machine, empty, is this thread's own, and that of all that it
    starts."""
    folder.mkdir(exist_ok=True)
    _check(_libc.unshare(CLONE_NEWNS), "cannot make a mount namespace (run as root)")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "none", str(folder)], check=True)


class Namespace:
    """One network namespace with lo up; label is for messages only."""

    def __init__(self, label):
        self.label = label
        home = _open_current()
        try:
            _check(_libc.unshare(CLONE_NEWNET), "cannot make a network namespace (run as root)")
            self.fd = _open_current()
            self._prepare()
        finally:
            _check(_libc.setns(home, CLONE_NEWNET), "cannot go back to the own namespace")
            os.close(home)

    def _prepare(self):
        for name, value in (
                ("ipv4/conf/all/rp_filter", 0), ("ipv4/conf/default/rp_filter", 0),
                ("ipv4/conf/default/accept_local", 1), ("ipv6/conf/default/accept_dad", 0),
                ("ipv6/conf/all/accept_dad", 0), ("ipv6/conf/default/router_solicitations", 0),
                ("ipv4/tcp_mtu_probing", 0)):
            self._write_sysctl(name, value)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)

    @staticmethod
    def _write_sysctl(name, value):
        with open(f"/proc/sys/net/{name}", "w", encoding="ascii") as file:
            file.write(str(value))

    @contextlib.contextmanager
    def entered(self):
        """This thread is inside the namespace while the block runs."""
        home = _open_current()
        try:
            _check(_libc.setns(self.fd, CLONE_NEWNET), f"cannot enter {self.label}")
            yield self
        finally:
            _check(_libc.setns(home, CLONE_NEWNET), "cannot go back to the own namespace")
            os.close(home)

    @property
    def path(self):
        """What `ip ... netns PATH` and nsenter(1) take, while this process lives."""
        return f"/proc/{os.getpid()}/fd/{self.fd}"

    def run(self, *argv, check=True, text=None, **more):
        """Runs a program inside; returns its CompletedProcess with stdout and stderr as text."""
        with self.entered():
            done = subprocess.run(argv, input=text, capture_output=True, text=True, check=False,
                                  timeout=60 * SLOW, **more)
        if check and done.returncode != 0:
            raise AssertionError(f"{self.label}: {' '.join(argv)}: exit {done.returncode}\n"
                                 f"{done.stdout}{done.stderr}{text or ''}")
        return done

    def popen(self, argv, **more):
        with self.entered():
            return subprocess.Popen(argv, **more)

    def ip(self, commands):
        """Several ip(8) commands, one a line, as one batch."""
        self.run("ip", "-batch", "-", text=commands)

    def sysctl(self, name, value):
        with self.entered():
            self._write_sysctl(name, value)

    def socket(self, *how):
        with self.entered():
            return socket.socket(*how)

    def mac(self, interface):
        """The Ethernet address of an interface, as bytes."""
        with self.entered(), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as probe:
            probe.bind((interface, 0))
            return probe.getsockname()[4]

    def ifindex(self, interface):
        with self.entered():
            return socket.if_nametoindex(interface)

    def queued(self):
        """Packets that wait in all NFQUEUEs."""
        with self.entered(), open("/proc/thread-self/net/netfilter/nfnetlink_queue",
                                  encoding="ascii") as lines:
            return sum(int(line.split()[2]) for line in lines)

    def forward(self):
        """Makes the namespace a router for both families."""
        self.sysctl("ipv4/ip_forward", 1)
        self.sysctl("ipv6/conf/all/forwarding", 1)

    def close(self):
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def veth(left, left_name, right, right_name, left_mtu=1500, right_mtu=1500):
    """A cable between two namespaces, up at both ends."""
    left.ip(f"link add {left_name} type veth peer name {right_name} netns {right.path}\n"
            f"link set {left_name} up mtu {left_mtu}\n")
    right.ip(f"link set {right_name} up mtu {right_mtu}\n")


class Path:
    """client - gateway - server, both families; the gateway runs mssclampd.

        client eth0 --- lan  gateway  wan --- eth0 server
        192.0.2.2       .1            .1      198.51.100.2       2001:db8:1::/64, 2001:db8:2::/64
                             alt ------------ eth1              10.9.0.0/24, 2001:db8:9::/64

    Only `wan` at the gateway is small (1400 bytes); both ends know 1500. Behind the server lie
    sinks that nobody answers for: 198.18.0.0/15 and 2001:db8:f::/48; behind the client lie
    203.0.113.0/24 and 2001:db8:3::/64.
    """

    CLIENT4, SERVER4, GATEWAY_LAN4, GATEWAY_WAN4 = (
        "192.0.2.2", "198.51.100.2", "192.0.2.1", "198.51.100.1")
    CLIENT6, SERVER6, GATEWAY_LAN6, GATEWAY_WAN6 = (
        "2001:db8:1::2", "2001:db8:2::2", "2001:db8:1::1", "2001:db8:2::1")
    SINK4, SINK6 = "198.18.0.1", "2001:db8:f::1"
    OTHER_CLIENT4, OTHER_CLIENT6 = "203.0.113.7", "2001:db8:3::7"

    def __init__(self, wan_mtu=1400):
        self.client, self.gateway, self.server = (
            Namespace(label) for label in ("client", "gateway", "server"))
        self.gateway.forward()
        veth(self.client, "eth0", self.gateway, "lan")
        veth(self.gateway, "wan", self.server, "eth0", left_mtu=wan_mtu)
        veth(self.gateway, "alt", self.server, "eth1")
        self.client.ip("addr add 192.0.2.2/24 dev eth0\n"
                       "addr add 2001:db8:1::2/64 dev eth0 nodad\n"
                       "route add default via 192.0.2.1\n"
                       "route add default via 2001:db8:1::1\n")
        self.gateway.ip("addr add 192.0.2.1/24 dev lan\n"
                        "addr add 2001:db8:1::1/64 dev lan nodad\n"
                        "addr add 198.51.100.1/24 dev wan\n"
                        "addr add 2001:db8:2::1/64 dev wan nodad\n"
                        "addr add 10.9.0.1/24 dev alt\n"
                        "addr add 2001:db8:9::1/64 dev alt nodad\n"
                        "route add 198.18.0.0/15 via 198.51.100.2\n"
                        "route add 2001:db8:f::/48 via 2001:db8:2::2\n"
                        "route add 203.0.113.0/24 via 192.0.2.2\n"
                        "route add 2001:db8:3::/64 via 2001:db8:1::2\n")
        self.server.ip("addr add 198.51.100.2/24 dev eth0\n"
                       "addr add 2001:db8:2::2/64 dev eth0 nodad\n"
                       "addr add 10.9.0.2/24 dev eth1\n"
                       "addr add 2001:db8:9::2/64 dev eth1 nodad\n"
                       "route add default via 198.51.100.1\n"
                       "route add default via 2001:db8:2::1\n")
        self._settle()

    def _settle(self):
        """Waits until the first packets find their way in both families."""
        for source, target in ((self.client, self.SERVER4), (self.client, self.SERVER6),
                               (self.gateway, "10.9.0.2"), (self.gateway, "2001:db8:9::2")):
            until(lambda s=source, t=target: answers(s, t), f"{target} answers")

    @contextlib.contextmanager
    def mark_alone_leads_to_server(self, family):
        """The gateway's own packets have no route to the server, but with mark 1 one by alt."""
        ip = ("ip", f"-{family}")
        target, via = {4: (self.SERVER4, "10.9.0.2"), 6: (self.SERVER6, "2001:db8:9::2")}[family]
        steps = (("route", "add", "unreachable", target),
                 ("route", "add", target, "via", via, "dev", "alt", "table", "100"),
                 ("rule", "add", "fwmark", "0x1", "lookup", "100"))
        for step in steps:
            self.gateway.run(*ip, *step)
        try:
            yield target
        finally:
            for what, _, *rest in steps:
                self.gateway.run(*ip, what, "del", *rest)

    def close(self):
        for namespace in (self.client, self.gateway, self.server):
            namespace.close()


def answers(namespace, address):
    """Whether a host refuses a connection to a closed port, which shows that it is there."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with namespace.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.3 * SLOW)
        try:
            probe.connect((address, 9))
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
    return True
