# SPDX-License-Identifier: GPL-2.0-or-later
"""Two hosts with a cable between them, a tunnel through it, and a meter on the cable.

The cable carries 9000 bytes, so that nothing is cut: what a path of fewer bytes would take is read
from the packets outside."""

import contextlib
import errno
import math
import os
import pathlib
import socket
import string
import struct
import subprocess
import tempfile
import time

from netns import SLOW, Namespace, until, veth
from packets import PACKET_OUTGOING, SO_RCVBUFFORCE

FRAGMENT6, ETHERNET, TAG = 44, 14, 4
ETH_P_IP, ETH_P_IPV6, ETH_P_ALL = 0x0800, 0x86dd, 3
SOL_PACKET, PACKET_AUXDATA, TP_STATUS_VLAN_VALID = 263, 8, 1 << 4
IP_MTU_DISCOVER, IPV6_MTU_DISCOVER, PMTUDISC_PROBE = 10, 23, 3
LEAST = {4: 20 + 8, 6: 40 + 8}  # IP and UDP header
LARGE = 9000


class Host(Namespace):
    """One end. `facts` is what a command's placeholders stand for, seen from here."""

    def __init__(self, label, facts):
        super().__init__(label)
        self.facts = facts

    def fill(self, text, **more):
        return string.Template(text).substitute({**self.facts, **more})


class Lab:
    """Hosts a and b. In commands $local4 $remote4 $local6 $remote6 are the addresses outside,
    $inner4 $far4 $inner6 $far6 those inside, $me is a or b, $n and $m are 1 and 2 or 2 and 1."""

    OUTSIDE = {1: {"4": "198.51.100.1", "6": "2001:db8:2::1"},  # by $n
               2: {"4": "198.51.100.2", "6": "2001:db8:2::2"}}

    def __init__(self, mtu=LARGE):
        self.a, self.b = Host("a", self._facts("a", 1, 2)), Host("b", self._facts("b", 2, 1))
        self.hosts = (self.a, self.b)
        self._children, self._keep = [], []
        self._files = tempfile.TemporaryDirectory(prefix="mssclamp-lab-")
        self.directory = pathlib.Path(self._files.name)
        self._cable(mtu)
        self.ip("addr add $local4/24 dev outer\naddr add $local6/64 dev outer nodad\n")

    def _cable(self, mtu):
        """Joins the hosts: both have a link "outer"."""
        veth(self.a, "outer", self.b, "outer", mtu, mtu)

    def _facts(self, me, n, m):
        facts = {"me": me, "n": n, "m": m}
        for name, net in (("local", n), ("remote", m)):
            facts |= {f"{name}{version}": address
                      for version, address in self.OUTSIDE[net].items()}
        for name, net in (("inner", n), ("far", m)):
            facts |= {f"{name}4": f"10.99.0.{net}", f"{name}6": f"fd99::{net}"}
        return facts

    def attach(self, host, net4="192.0.2", net6="2001:db8:1:"):
        """A client behind a host, which forwards: address 2 of its nets. Returns its namespace."""
        client = self.keep(Namespace("c"))
        veth(host, "lan", client, "eth0")
        host.ip(f"addr add {net4}.1/24 dev lan\naddr add {net6}:1/64 dev lan nodad\n")
        host.forward()
        client.ip(f"addr add {net4}.2/24 dev eth0\naddr add {net6}:2/64 dev eth0 nodad\n"
                  f"route add default via {net4}.1\nroute add default via {net6}:1\n")
        return client

    def ip(self, commands, **more):
        """ip(8) commands at both ends, one a line."""
        for host in self.hosts:
            host.ip(host.fill(commands, **more))

    def run(self, *argv, **more):
        """A program at both ends, one after the other."""
        for host in self.hosts:
            host.run(*(host.fill(word, **more) for word in argv))

    def address(self, device="t0", length4=24, length6=64):
        """Up, and the inner addresses on a device at both ends."""
        self.ip(f"addr add $inner4/{length4} dev {device}\n"
                f"addr add $inner6/{length6} dev {device} nodad\nlink set {device} up\n")

    def write(self, name, text, mode=0o600):
        path = self.directory / name
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return str(path)

    def start(self, host, *argv, **more):
        """A program that runs as long as the lab; it says what it says to a file."""
        log = self.directory / f"{len(self._children)}.log"
        with open(log, "wb") as output:
            child = host.popen(["setpriv", "--pdeathsig", "KILL", *argv], stdout=output,
                               stderr=output, stdin=subprocess.DEVNULL, **more)
        self._children.append((child, log))
        return child

    def keep(self, thing):
        """Closed when the lab is."""
        self._keep.append(thing)
        return thing

    def logs(self):
        return "".join(f"--- {child.args[3]}:\n{log.read_text(errors='replace')[-3000:]}"
                       for child, log in self._children)

    def has(self, device):
        """Whether a device is there at both ends."""
        for host in self.hosts:
            with host.entered():
                if device not in [name for _, name in socket.if_nameindex()]:
                    return False
        return True

    def wait_device(self, device, seconds=20.0):
        try:
            until(lambda: self.has(device), f"{device} at both ends", seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.logs()}") from None

    def wait_up(self, device, seconds=30.0):
        """Until a device has an IPv4 address at both ends: PPP has agreed."""
        for host in self.hosts:
            try:
                until(lambda h=host: "inet " in h.run("ip", "addr", "show", "dev", device).stdout,
                      f"{device} has an address at {host.label}", seconds)
            except AssertionError as error:
                raise AssertionError(f"{error}\n{self.logs()}") from None

    def close(self):
        for child, _ in reversed(self._children):
            child.terminate()
        for child, _ in self._children:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(timeout=3)
            child.kill()
            child.wait()
        for thing in self._keep:
            thing.close()
        for host in self.hosts:
            host.close()
        self._files.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Meter:
    """Sends UDP datagrams of one family through the tunnel from a to b, and measures what leaves
    a: packet sizes are IP packets inside; outside, what an Ethernet frame carries."""

    def __init__(self, lab, family, seconds=20.0):
        self.lab, self.family, self.cache, self.lost = lab, family, {}, set()
        version = socket.AF_INET if family == 4 else socket.AF_INET6
        self.receiver = lab.b.socket(version, socket.SOCK_DGRAM)
        self.sender = lab.a.socket(version, socket.SOCK_DGRAM)
        for host, one in ((lab.b, self.receiver), (lab.a, self.sender)):
            until(lambda h=host, s=one: self._bound(s, h.facts[f"inner{family}"]),
                  f"{host.label} has its IPv{family} address inside", seconds)
        level, option = ((socket.IPPROTO_IP, IP_MTU_DISCOVER) if family == 4 else
                         (socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER))
        self.sender.setsockopt(level, option, PMTUDISC_PROBE)
        self.cable = lab.a.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.cable.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 22)
        self.cable.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.cable.bind(("outer", ETH_P_ALL))
        self.cable.setblocking(False)
        self.serial = 0
        end = time.monotonic() + seconds * SLOW
        while not self.passes(LEAST[family] + 8, 0.3):
            assert time.monotonic() < end, f"IPv{family} does not pass\n{lab.logs()}"

    @staticmethod
    def _bound(one, address):
        try:
            one.bind((address, 0))
        except OSError as error:
            if error.errno != errno.EADDRNOTAVAIL:
                raise
            return False
        return True

    def passes(self, size, seconds):
        """Whether a datagram arrives whole. OSError(EMSGSIZE) where it cannot leave."""
        self.serial += 1
        data = struct.pack("!Q", self.serial).ljust(size - LEAST[self.family], b"\x5a")
        try:
            self.sender.sendto(data, self.receiver.getsockname()[:2])
        except (ConnectionRefusedError, PermissionError, BlockingIOError):
            return False
        except OSError as error:
            if error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH):  # not yet
                time.sleep(0.05)
                return False
            raise
        self.receiver.settimeout(seconds * SLOW)
        try:
            while self.receiver.recv(65536) != data:
                pass
        except TimeoutError:
            return False
        return True

    def _drain(self):
        """Sizes of the frames that left since the last call; a fragment counts as endless."""
        sizes = []
        with contextlib.suppress(BlockingIOError):
            while True:
                frame, extra, _, address = self.cable.recvmsg(65536, 64)
                if address[2] == PACKET_OUTGOING:
                    sizes.append(self._size(frame, extra))
        return sizes

    @staticmethod
    def _size(frame, extra):
        status = struct.unpack_from("I", extra[0][2])[0] if extra else 0
        size = len(frame) - ETHERNET + (TAG if status & TP_STATUS_VLAN_VALID else 0)
        kind = struct.unpack_from("!H", frame, 12)[0]
        if kind == ETH_P_IP and struct.unpack_from("!H", frame, 20)[0] & 0x3fff:
            return math.inf
        if kind == ETH_P_IPV6 and frame[20] == FRAGMENT6:
            return math.inf
        return size

    def outer(self, size):
        """Bytes outside of an inner packet of that size: inf where it is cut or cannot leave."""
        if size not in self.cache:
            self.cache[size] = self._measure(size)
        return self.cache[size]

    def _measure(self, size):
        for attempt in range(4):
            self._back()
            self._drain()
            try:
                arrived = self.passes(size, 0.03 if size >= min(self.lost, default=LARGE) else 1.0)
            except OSError as error:
                if error.errno != errno.EMSGSIZE:
                    raise
                return math.inf
            left = self._left(size, 0.0 if arrived else 0.5)
            if not arrived and not attempt and size < min(self.lost, default=LARGE):
                print(f"IPv{self.family}, {size} bytes: did not arrive, once more")
                continue  # it may have been the machine that stood still
            if not arrived:
                self.lost.add(size)
            if math.inf in left:
                return math.inf
            if len(left) == 1:  # several whole ones: somebody else's is among them
                return left[0]
        raise AssertionError(f"IPv{self.family}, {size} bytes: left as {left}\n{self.lab.logs()}")

    def _left(self, size, seconds):
        """The frames that may hold that size; waits so long for the first: a program may be slow."""
        end, left = time.monotonic() + seconds * SLOW, []
        while not left:
            left = [one for one in self._drain() if one >= size]
            if time.monotonic() >= end:
                break
            time.sleep(0.005)
        return left

    def _back(self):
        """A datagram the other way, so that what acknowledges it can ride along with the next."""
        self.receiver.sendto(b"back", self.sender.getsockname()[:2])
        self.sender.settimeout(0.2 * SLOW)
        with contextlib.suppress(TimeoutError, ConnectionRefusedError):
            self.sender.recv(100)

    def largest(self, path):
        """The largest inner packet that leaves whole in at most `path` bytes; the next ones are
        measured too, because rounding may let a larger one through."""
        low, high = path - 250, path + 1
        assert self.outer(low) <= path, f"even {low} bytes leave as {self.outer(low)}"
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.outer(middle) <= path else (low, middle)
        for size in range(low + 1, low + 6):
            if self.outer(size) <= path:
                low = size
        assert low not in self.lost, f"IPv{self.family}, {low} bytes: left, but did not arrive"
        return low

    def close(self):
        for one in (self.sender, self.receiver, self.cable):
            one.close()


def modules(*names):
    """Kernel modules that nothing loads by itself."""
    subprocess.run(["modprobe", "-a", *names], check=True, env={**os.environ, "LC_ALL": "C"})
