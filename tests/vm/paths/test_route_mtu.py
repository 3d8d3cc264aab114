# SPDX-License-Identifier: GPL-2.0-or-later
"""set_route_mtu: what is no TCP learns from the gateway what fits, and nobody else's route is
touched."""

import contextlib
import errno
import re
import socket

import kinds
from daemon import Daemon
from hole import MTU_DISCOVER, SERVER, VERSIONS, Hole
from netns import until
from test_holes import measured, wait_measured

HOP = 1400
DROPPED = "fragments and errors"
DO = 2  # IP_PMTUDISC_DO: the kernel keeps what ICMP says
MTU = {4: 14, 6: 24}  # IP_MTU, IPV6_MTU


def routes(host):
    """Every route of the host, a set of lines."""
    return {line.strip() for family in ("-4", "-6")
            for line in host.run("ip", family, "route", "show", "table", "all").stdout.splitlines()}


def told(lab, family):
    """What the client knows of the path behind a datagram that is too large for the hop."""
    with lab.c.socket(VERSIONS[family], socket.SOCK_DGRAM) as one:
        one.setsockopt(*MTU_DISCOVER[family], DO)
        one.connect((SERVER[family], 9))
        with contextlib.suppress(ConnectionRefusedError):
            try:
                one.send(bytes(1390))
            except OSError as error:
                if error.errno != errno.EMSGSIZE:
                    raise
        return one.getsockopt(MTU_DISCOVER[family][0], MTU[family])


def test_udp_is_told(record):
    build, inner = kinds.KINDS["wireguard"]
    with Hole(build) as lab:
        lab.narrow(HOP)
        lab.drop(DROPPED)
        before = routes(lab.a)
        state = f'state = "{lab.directory}/paths"; set_route_mtu = true;'
        with Daemon(lab.a, f"path = {{ {state} }};") as daemon:
            assert wait_measured(daemon) == {HOP}
            for family in (4, 6):
                until(lambda v=family: told(lab, v) == inner(HOP),
                      f"IPv{family} is told {inner(HOP)} bytes", 5.0)
            ours = routes(lab.a) - before
            assert before <= routes(lab.a)
            assert ours and all(re.search(rf"proto 77 .*mtu (lock )?{inner(HOP)}\b", route)
                                for route in ours), ours
        assert routes(lab.a) == before
        record("set_route_mtu", DROPPED, HOP, HOP, f"{len(ours)} routes", "-", "-")
