# SPDX-License-Identifier: GPL-2.0-or-later
"""Every probe that the gateway sends, on all its links: how many, to whom, and none that may be
cut."""

import re
import time

import packets
import pytest
import transfer
from passages import TunnelLab
from probes import ProbeWatch, busiest
from wireguard import wireguard_keys

RATE = 10
SILENT_PEERS = 6


def add_peers(lab):
    """More peers of the gateway's WireGuard at endpoints where nobody is: each a path of its own.
    Returns their endpoints and the addresses behind them."""
    device, addresses = lab.device(lab.gateway), set()
    for number in range(SILENT_PEERS):
        endpoint, inside = f"203.0.113.{10 + number}", f"10.98.0.{10 + number}"
        lab.gateway.run("wg", "set", device, "peer", wireguard_keys()[1], "endpoint",
                        f"{endpoint}:51820", "allowed-ips", f"{inside}/32")
        addresses |= {endpoint, inside}
    return addresses


def send_foreign_syns(lab, seconds):
    """SYNs through the gateway from and to addresses that are nobody's peer, meanwhile."""
    injector = lab.keep(packets.Injector(lab.client, "eth0", lab.gateway.mac("lan")))
    end, number = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        number = number % 250 + 1
        injector.send(packets.syn(f"198.18.7.{number}", lab.inside(4)))
        injector.send(packets.syn("10.97.0.2", f"198.18.8.{number}"))
        injector.send(packets.syn(f"2001:db8:77::{number:x}", lab.inside(6)))
        time.sleep(0.02)


def by_path(probes, inside_of):
    """Probes of each path: of the endpoint and of what is behind it."""
    paths = {}
    for probe in probes:
        paths.setdefault(inside_of.get(probe.target, probe.target), []).append(probe)
    return paths


@pytest.mark.parametrize("ping", (False, True), ids=("udp", "ping"))
def test_each_probe(ping):
    """Seven paths at once, one of which answers, while foreign SYNs pass."""
    with TunnelLab("wireguard", 1433, "fragments and icmp", ping) as lab:
        peers = add_peers(lab) | {lab.endpoint, lab.inside(4), lab.inside(6)}
        watch = lab.keep(ProbeWatch(lab.gateway))
        daemon = lab.run_daemon(path=f"rate_pps = {RATE};")
        send_foreign_syns(lab, 8.0)
        daemon.finds(1433, 20.0)
        probes = list(watch.probes)
        assert len(probes) > 3 * RATE
        assert {probe.target for probe in probes} <= peers
        assert not [probe for probe in probes if probe.may_be_cut]
        assert busiest(probes) <= RATE
        inside_of = {lab.inside(4): lab.endpoint, lab.inside(6): lab.endpoint,
                     **{f"10.98.0.{10 + n}": f"203.0.113.{10 + n}" for n in range(SILENT_PEERS)}}
        for path, sent in by_path(probes, inside_of).items():
            assert busiest(sent) <= RATE // 2, path
        lines = re.findall(r".*ping_group_range.*", daemon.log())
        if ping:
            assert "ping" in {probe.method for probe in probes} and not lines
        else:
            assert {probe.method for probe in probes} == {"udp"} and len(lines) == 1, daemon.log()


def test_none_where_it_is_off():
    with TunnelLab("wireguard", 1433, "fragments and icmp", True) as lab:
        watch = lab.keep(ProbeWatch(lab.gateway))
        daemon = lab.run_daemon(path="probe = false;")
        with pytest.raises(transfer.Hangs):
            transfer.both_ways(lab.client, lab.servers[4], 1 << 20, 1.0)
        daemon.reload("")
        time.sleep(1.0)
        assert not watch.probes
        answer = daemon("probe", lab.endpoint, code=1).stdout  # somebody asks for it
        assert watch.probes and "path_mtu = " in answer, answer
        assert daemon.row()["source"] == "link"
