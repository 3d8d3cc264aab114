# SPDX-License-Identifier: GPL-2.0-or-later
"""A storm of ICMP errors that somebody off the path has made up. The kernel believes them, and so
does who clamps by its path MTU; the daemon asks the path, and no limit moves. The kernel cuts
WireGuard's own packets as it believes; where fragments get lost, less really arrives inside, until
the kernel has been made to forget."""

import re
import time

import forged
import packets
import pytest
from daemon import Daemon
from hole import HEADERS, SERVER, Hole
from kinds import KINDS
from netns import until
from test_holes import measured, wait_measured

HOP = 1433
STORM = 500
STRANGER = {4: "192.0.2.199", 6: "2001:db8:bad::1"}
LEAST = {4: 552, 6: 1280}  # what a kernel makes of less: net.ipv4.route.min_pmtu, RFC 8200
TCPMSS = "iptables -w -t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS"


def forgeries(lab, outer):
    """About packets to the endpoint, and to a host behind it."""
    here, there = (lab.a.facts[f"{name}{outer}"] for name in ("local", "remote"))
    embedded = [forged.echo(here, there, reply=True),
                forged.datagram(here, there, (51820, 51820)),
                packets.ip(here, there, bytes(4) + b"\1" + bytes(100), protocol=50)]
    if outer == 4:
        embedded.append(forged.echo(here, SERVER[4], reply=True))
    return [forged.too_big(STRANGER[outer], here, mtu, one)
            for one in embedded for mtu in (68, 552, 1000, 1280)]


def believed(lab, outer):
    """What the gateway's kernel takes for the path MTU to the endpoint."""
    told = lab.a.run("ip", "route", "get", lab.a.facts[f"remote{outer}"]).stdout
    found = re.search(r"\bmtu (?:lock )?(\d+)", told)
    return int(found[1]) if found else None


def rejected(daemon):
    return sum(daemon.stats()["probes"]["hint_rejected_total"].values())


def moves(lab):
    """The MSS that TCPMSS makes of the same storm."""
    with lab.clamped(f"{TCPMSS} --clamp-mss-to-pmtu"):
        return lab.mss(4)[0][0]


@pytest.mark.parametrize("name, outer, dropped", [
    ("wireguard", 4, "errors"), ("wireguard", 4, "fragments and errors"),
    ("wireguard over IPv6", 6, "fragments and errors"), ("esp policy", 4, "errors")])
def test_no_limit_moves(name, outer, dropped, record):
    build, inner = KINDS[name]
    exact = {family: ([inner(HOP) - HEADERS[family]],) * 2 for family in (4, 6)}
    with Hole(build) as lab:
        lab.narrow(HOP)
        lab.drop(dropped)
        send = lab.keep(packets.Injector(lab.m, "left", lab.a.mac("outer"))).send
        storm = forgeries(lab, outer)

        def unmoved():
            found = {family: lab.mss(family) for family in (4, 6)}
            assert found == exact, daemon("peers").stdout + daemon.log()
            return True
        others = "-"
        if outer == 4:
            for one in storm:
                send(one)
            others = moves(lab)
            assert others <= LEAST[4] - HEADERS[4]
            lab.a.run("ip", "route", "flush", "cache")
        with Daemon(lab.a, f'path = {{ state = "{lab.directory}/paths"; }};') as daemon:
            assert wait_measured(daemon) == {HOP}
            assert rejected(daemon) == 0
            begin, lies = time.monotonic(), set()
            for i in range(STORM):
                send(storm[i % len(storm)])
                if i % 50 == 0:
                    assert unmoved()
                    lies.add(believed(lab, outer))
            sent = time.monotonic() - begin
            assert LEAST[outer] in lies | {believed(lab, outer)}
            until(lambda: unmoved() and rejected(daemon), "a hint was rejected", 10.0)
            counted = time.monotonic() - begin
            until(lambda: unmoved() and believed(lab, outer) is None, "the kernel forgot", 30.0)
            assert unmoved() and measured(daemon) == {HOP}
        record(f"{name}: {STORM} lies in {sent:.1f} s", f"(TCPMSS: {others})", HOP, HOP,
               f"{exact[4][0][0]}/{exact[6][0][0]}", f"{counted:.1f}", "-")
