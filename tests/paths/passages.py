# SPDX-License-Identifier: GPL-2.0-or-later
"""Tunnels over two routers, a client behind the gateway and servers at the far end: what a path
takes, and what the gateway's mssclampd found of it."""

import contextlib
import time
import typing
from concurrent.futures import ThreadPoolExecutor

import formulas as f
import kernel
import packets
import transfer
import userspace
from daemon import Daemon
from lab import Meter
from netns import until
from passage import Passage

SIZE = 1 << 20
HEADERS = {4: 40, 6: 60}  # IP and TCP
FOUND_SECONDS = 9.0  # from the daemon's start to a measured path, at most
STATUS = 2.5         # OpenVPN writes its clients down each second, and is looked at each second
ALL_GROUPS = "0 2147483647"
WIDE = 1500


class Tunnel(typing.NamedTuple):
    build: typing.Callable      # of a Lab
    inner: typing.Callable      # bytes of the path -> largest inner packet
    gateway: str = "a"          # which end has the client and runs mssclampd
    families: tuple = (4, 6)    # inside
    outer: int = 4
    told: float = 0.0           # seconds until programs have told of the far end
    device: typing.Callable = lambda _: "t0"  # of a host: the name of its link


# The gateway knows one address behind its peer, as most configurations say it.
ALLOWED = ("$far4/32,$far6/128", "0.0.0.0/0,::/0")
NEAR = (30, 126)  # prefixes with two addresses: one's own and the far end's

TUNNELS = {
    "wireguard": Tunnel(userspace.wireguard_go(mtu=1440, allowed=ALLOWED), f.wireguard(ifmtu=1440),
                        device=userspace.wireguard_go_name),
    "wireguard over IPv6": Tunnel(userspace.wireguard_go(6, 1420, allowed=ALLOWED), f.wireguard(6),
                                  outer=6, device=userspace.wireguard_go_name),
    "openvpn": Tunnel(userspace.openvpn(tun_mtu=1500), f.openvpn_aead(), "b", told=STATUS),
    "openvpn over IPv6": Tunnel(userspace.openvpn(6, tun_mtu=1500), f.openvpn_aead(6), "b",
                                outer=6, told=STATUS),
    "openvpn static key": Tunnel(
        userspace.openvpn_static("cipher AES-128-CBC\nauth SHA256\n"),
        f.openvpn_cbc(hmac=32, head=0, packet_id=8), families=(4,)),
    "vxlan": Tunnel(kernel.vxlan(mtu=1450, lengths=NEAR), f.fixed(50)),
    "vxlan over IPv6": Tunnel(kernel.vxlan(6, mtu=1430, lengths=NEAR), f.fixed(70), outer=6),
}


class TunnelLab(Passage):
    """A tunnel by name, of which both ends can talk. .gateway and .peer are hosts, .client a
    namespace, .servers by family."""

    def __init__(self, name, path=WIDE, drop="nothing", ping=False):
        super().__init__()
        self.tunnel = TUNNELS[name]
        ends = (self.a, self.b)
        self.gateway, self.peer = ends if self.tunnel.gateway == "a" else reversed(ends)
        try:
            self.client = self.attach(self.gateway, "10.97.0", "fd97:")
            if ping:
                self.gateway.sysctl("ipv4/ping_group_range", ALL_GROUPS)
            self.tunnel.build(self)
            for family in self.tunnel.families:
                Meter(self, family).close()
            self.peer.ip("".join(
                f"route add {net} via {self.peer.facts[f'far{family}']}\n"
                for family, net in ((4, "10.97.0.0/24"), (6, "fd97::/64"))
                if family in self.tunnel.families))
            self.servers = {family: self.keep(transfer.Server(self.peer, self.inside(family)))
                            for family in self.tunnel.families}
            self.narrow(path)
            self.drop(drop)
        except BaseException:
            self.close()
            raise

    def inside(self, family):
        """The far end's address inside of the tunnel."""
        return self.gateway.facts[f"far{family}"]

    @property
    def endpoint(self):
        return self.gateway.facts[f"remote{self.tunnel.outer}"]

    def device(self, host):
        """The tunnel's link at a host."""
        return self.tunnel.device(host)

    def hangs(self, seconds):
        """Whether nothing more comes for so long, up or down, in any family."""
        ways = [(carry, server) for server in self.servers.values()
                for carry in (transfer.upload, transfer.download)]

        def hangs(way):
            carry, server = way
            try:
                assert carry(self.client, server, SIZE, seconds) == transfer.expected(SIZE)
            except transfer.Hangs:
                return True
            return False
        with ThreadPoolExecutor(len(ways)) as pool:
            return any(list(pool.map(hangs, ways)))

    def check_band(self, path):
        """What fits passes, and so does what the first link makes two pieces of; between them lies
        what leaves in one piece with DF and is swallowed."""
        fits, whole = self.tunnel.inner(path), self.tunnel.inner(WIDE)
        for family in self.tunnel.families:
            with contextlib.closing(Meter(self, family)) as meter:
                expected = {fits: True, fits + 1: False, whole: False, whole + 1: True, WIDE: True}
                passes = {size: meter.passes(size, 3.0 if arrives else 0.5)
                          for size, arrives in expected.items()}
            assert passes == expected, f"IPv{family} {passes}"

    def run_daemon(self, config="", **more):
        """mssclampd at the gateway, with what it remembers in this lab's folder."""
        return self.keep(PathDaemon(self, config, **more))

    def mss(self, family):
        """Connects for real: the MSS options of the SYN as the server gets it and of the SYN-ACK as
        the client does."""
        with (packets.Capture(self.peer, self.device(self.peer)) as there,
              packets.Capture(self.client, "eth0") as here):
            transfer.connect(self.client, self.servers[family]).close()
            return there.next().mss, here.next().mss

    def check_mss(self, path):
        """Both ends see exactly what a path of that many bytes leaves."""
        for family in self.tunnel.families:
            exact = [self.tunnel.inner(path) - HEADERS[family]]
            assert self.mss(family) == (exact, exact), f"IPv{family}, path {path}"

    def check_exact(self, path):
        """On the cable: the packet of exactly that size leaves as one that fits, and one more byte
        makes one that does not. Nobody else may be sending: no daemon that probes."""
        inner = self.tunnel.inner(path)
        for family in self.tunnel.families:
            with contextlib.closing(Meter(self, family)) as meter:
                meter.lost.add(inner + 1)  # not waited for: it may arrive in pieces, or not
                fits, more = meter.outer(inner), meter.outer(inner + 1)
                assert fits <= path < more, f"IPv{family}: {inner} bytes leave as {fits}, +1 {more}"
                assert inner not in meter.lost, f"IPv{family}: {inner} bytes did not arrive"


class PathDaemon(Daemon):
    """One that measures; its start is what times are counted from."""

    def __init__(self, lab, config="", path="", **more):
        self.lab = lab
        self.state = lab.directory / "paths"
        self.settings = path
        super().__init__(lab.gateway, config, **more)

    def write(self, config):
        super().write(f'{config}\npath = {{ state = "{self.state}"; {self.settings} }};')

    def start(self):
        self.begin = time.monotonic()
        super().start()

    def row(self):
        """The tunnel's row of `tunnels`, or None."""
        rows = self.json("tunnels")["tunnels"]
        return next((row for row in rows if row["name"] == self.lab.device(self.lab.gateway)), None)

    def is_measured(self, path):
        """Whether probes told the path, and it comes to just that inside. (From within the tunnel a
        path is known no better than that.)"""
        row, tunnel = self.row(), self.lab.tunnel
        return (row and row["source"] == "probe" and row["outer_path_mtu_bytes"] <= path and
                tunnel.inner(row["outer_path_mtu_bytes"]) == tunnel.inner(path))

    def finds(self, path, seconds=None):
        """Waits until the path is known by probes and comes to that; returns the seconds since the
        start of the daemon."""
        if seconds is None:
            seconds = FOUND_SECONDS + self.lab.tunnel.told - (time.monotonic() - self.begin)
        try:
            until(lambda: self.is_measured(path), f"a path of {path} bytes is found", seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.row()}\n{self.log()}") from None
        return time.monotonic() - self.begin

    def peer(self):
        """The far end's row of `peers`."""
        ours = (self.lab.endpoint, f"[{self.lab.endpoint}]")
        rows = [row for row in self.json("peers")["peers"]
                if (row["endpoint"] or "").startswith(ours)]
        assert len(rows) == 1, rows
        return rows[0]
