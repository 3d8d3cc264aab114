# SPDX-License-Identifier: GPL-2.0-or-later
"""Paths that swallow what is too large: without the daemon a transfer hangs, with it the path is
found and a new one passes, with the MSS that fits to the byte."""

import typing

import pytest
import transfer
from passages import SIZE, TunnelLab

STALL = 15.0  # seconds: TCP may lose several segments in a row on a busy machine; a hole has no end


class Row(typing.NamedTuple):
    tunnel: str
    path: int     # bytes that the link between the routers carries
    drop: str     # what they swallow
    hangs: typing.Optional[bool]  # without the daemon; None: a segment of the wrong size alone
    ping: bool    # whether the gateway may use ping sockets


# A program's packets have DF until the kernel heard of a smaller path, or where they are too large
# for the first link already, as OpenVPN's are: those it cuts, and a hole remains between the path
# and that link, which a transfer meets by chance. The kernel's VXLAN has no DF.
ROWS = [Row(*row) for row in (
    # tunnel                 path  dropped               hangs  ping
    ("wireguard",            1492, "fragments and icmp",  True, False),
    ("wireguard",            1472, "fragments and icmp",  True, True),
    ("wireguard",            1433, "fragments and icmp",  True, False),
    ("wireguard",            1400, "fragments and icmp",  True, True),
    ("wireguard",            1280, "fragments and icmp",  True, False),
    ("wireguard",            1433, "nothing",            False, False),
    ("wireguard",            1433, "errors",              True, True),
    ("wireguard",            1433, "icmp",                True, False),
    ("wireguard",            1433, "fragments",           True, False),
    ("wireguard",            1433, "fragments and errors", True, True),
    ("wireguard over IPv6",  1492, "fragments and icmp",  True, False),
    ("wireguard over IPv6",  1280, "errors",              True, True),
    ("openvpn",              1492, "errors",              None, False),
    ("openvpn",              1280, "fragments and icmp",  True, True),
    ("openvpn over IPv6",    1400, "fragments and errors", True, False),
    ("openvpn static key",   1472, "fragments and icmp",  True, True),
    ("vxlan",                1492, "fragments",           True, False),
    ("vxlan",                1280, "fragments and icmp",  True, True),
    ("vxlan over IPv6",      1400, "errors",              True, False),
)]


ELSEWHERE = {
    "there alone": lambda lab: lab.m.ip("link set right mtu 1400"),
    "back alone": lambda lab: lab.n.ip("link set left mtu 1400"),
    "at the peer": lambda lab: (lab.n.ip("link set right mtu 1400"),
                                lab.peer.ip("link set outer mtu 1400")),
}


@pytest.mark.parametrize("where", ELSEWHERE)
def test_narrow_elsewhere(where):
    """One way alone, or by a link that the peer knows of and cuts for."""
    with TunnelLab("vxlan", drop="errors", ping=True) as lab:
        ELSEWHERE[where](lab)
        lab.run_daemon().finds(1400)
        lab.check_mss(1400)
        transfer.both_ways(lab.client, lab.servers[4], SIZE, STALL)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.tunnel}, {row.path}, {row.drop}")
def test_finds_the_path(row, record):
    with TunnelLab(row.tunnel, row.path, row.drop, row.ping) as lab:
        if row.hangs is None:
            lab.check_band(row.path)
        else:
            assert lab.hangs(1.0 if row.hangs else STALL) == row.hangs
        daemon = lab.run_daemon()
        seconds = daemon.finds(row.path)
        record(*row[:3], row.ping, row.hangs, lab.tunnel.inner(row.path), seconds)
        lab.check_mss(row.path)
        for server in lab.servers.values():
            transfer.both_ways(lab.client, server, SIZE, STALL)
        daemon.close()
        lab.check_exact(row.path)
