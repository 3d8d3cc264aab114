# SPDX-License-Identifier: GPL-2.0-or-later
"""Tunnels over two routers that swallow, with a host behind each end.

    c --- lan a outer --- m ===== n --- outer b lan --- s
          gateway                           peer
"""

import contextlib
import errno
import socket
import time

import packets
import transfer
from netns import SLOW, until
from passage import Passage

NETS = {"a": ("192.0.2", "2001:db8:1:"), "b": ("10.7.0", "2001:db8:7:")}
SERVER = {4: "10.7.0.2", 6: "2001:db8:7::2"}
HEADERS = {4: 40, 6: 60}  # IP and TCP
UDP_HEADERS = {4: 28, 6: 48}
MTU_DISCOVER = {4: (socket.IPPROTO_IP, 10), 6: (socket.IPPROTO_IPV6, 23)}
PROBE = 3  # IP_PMTUDISC_PROBE
# Seconds without a byte that show a hole; those that show none where a download passes; and for one
# datagram that does.
HANGS, STALL, ARRIVES = 0.7, 5.0, 3.0
VERSIONS = {4: socket.AF_INET, 6: socket.AF_INET6}


class Hole(Passage):
    """In commands $net4 $net6 are the networks behind a host, $farnet4 $farnet6 those behind the
    other one."""

    def __init__(self, build):
        super().__init__()
        try:
            self.c, self.s = (self.attach(host, *NETS[host.label]) for host in self.hosts)
            self.servers = {family: self.keep(transfer.Server(self.s, SERVER[family]))
                            for family in SERVER}
            build(self)
            for family in SERVER:
                until(lambda v=family: self.passes(v, 200), f"IPv{family} comes through", 10.0)
        except BaseException:
            self.close()
            raise

    def _facts(self, me, n, m):
        facts = super()._facts(me, n, m)
        for name, host in (("net", me), ("farnet", {"a": "b", "b": "a"}[me])):
            facts |= {f"{name}4": f"{NETS[host][0]}.0/24", f"{name}6": f"{NETS[host][1]}:/64"}
        return facts

    def narrow(self, path):
        """From now on; nobody remembers what was before."""
        super().narrow(path)
        self.forget()
        for namespace in (self.c, self.s):
            for family in ("-4", "-6"):
                namespace.run("ip", family, "route", "flush", "cache")

    def passes(self, family, size, seconds=0.4):
        """Whether a datagram whose IP packet has that size comes from c to s whole, in so many seconds."""
        with (self.s.socket(VERSIONS[family], socket.SOCK_DGRAM) as there,
              self.c.socket(VERSIONS[family], socket.SOCK_DGRAM) as here):
            there.bind((SERVER[family], 0))
            there.settimeout(seconds * SLOW)
            here.setsockopt(*MTU_DISCOVER[family], PROBE)
            data = size.to_bytes(2, "big").ljust(size - UDP_HEADERS[family], b"\x5a")
            try:
                here.sendto(data, there.getsockname()[:2])
                return there.recv(65536) == data
            except TimeoutError:
                return False
            except OSError as error:
                if error.errno not in (errno.ENETUNREACH, errno.EHOSTUNREACH):
                    raise
                return False  # not yet

    def stalls(self, family, seconds=HANGS):
        """Whether a download stands, and then nothing comes."""
        try:
            transfer.download(self.c, self.servers[family], 300_000, seconds)
        except transfer.Hangs:
            return True
        return False

    def arrives(self, family, seconds=3.0, size=300_000):
        """Bytes both ways. Returns the MSS options as mss() does, and the download's seconds."""
        options, server = self.mss(family), self.servers[family]
        begin = time.monotonic()
        assert transfer.download(self.c, server, size, seconds) == transfer.expected(size)
        took = time.monotonic() - begin
        assert transfer.upload(self.c, server, size, seconds) == transfer.expected(size)
        return options, took

    def mss(self, family):
        """The MSS options of one connection: of the SYN at s, of the SYN-ACK at c."""
        with packets.Capture(self.s, "eth0") as there, packets.Capture(self.c, "eth0") as here:
            transfer.connect(self.c, self.servers[family]).close()
            return there.next().mss, here.next().mss

    @contextlib.contextmanager
    def clamped(self, *commands):
        """Another clamper in the gateway: commands that put it there; all rules go behind it."""
        for command in commands:
            self.a.run(*command.split())
        try:
            yield
        finally:
            self.a.run("iptables", "-w", "-t", "mangle", "-F")
            self.a.run("nft", "flush", "ruleset")
