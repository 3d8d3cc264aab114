# SPDX-License-Identifier: GPL-2.0-or-later
"""What hangs without the daemon goes through as soon as it knows the hop, with the exact MSS in
both directions."""

import time

import pytest
from daemon import Daemon
from hole import ARRIVES, HANGS, HEADERS, STALL, Hole
from kinds import KINDS
from netns import SLOW, until

KNOWN_SECONDS = 10.0  # from the daemon's start; times SLOW
THROUGH_SECONDS = 5.0  # from there to the end of a download, whatever the machine

CASES = [
    # tunnel, what the routers drop, (bytes of the hop, whether it hangs without the daemon)...
    ("wireguard", "fragments and errors", ((1492, False), (1433, True), (1280, True))),
    ("wireguard", "fragments", ((1400, True),)),
    ("wireguard", "errors", ((1433, False),)),  # it comes in pieces
    ("wireguard", "fragments and icmp", ((1433, True),)),           # only the inside answers
    ("wireguard over IPv6", "fragments and errors", ((1433, True), (1280, True))),
    ("esp policy", "fragments and errors", ((1433, True), (1280, True))),
    ("esp policy nat-t", "errors", ((1400, True),)),
    ("xfrm interface", "fragments and icmp", ((1433, True), (1492, True))),
    ("gre", "fragments and errors", ((1433, True), (1280, True))),
]


def measured(daemon):
    """The outer path MTUs that were measured, once that is all there are."""
    rows = [(peer["path_source"], peer["path_mtu_bytes"])
            for peer in daemon.json("peers")["peers"]]
    rows = rows or [(tunnel["source"], tunnel["outer_path_mtu_bytes"])
                    for tunnel in daemon.json("tunnels")["tunnels"]]
    done = rows and all(source == "probe" for source, _ in rows)
    return {mtu for _, mtu in rows} if done else None


def wait_measured(daemon):
    """The same, as soon as there is something; an account of it where there is nothing."""
    try:
        return until(lambda: measured(daemon), "the paths are measured", KNOWN_SECONDS)
    except AssertionError as error:
        probes = daemon.stats()["probes"]
        raise AssertionError(f"{error}\n{daemon('peers').stdout}{probes}\n"
                             f"{daemon.log()}") from None


def goes_through(lab, inner, hop):
    """Returns the row of the table behind the hop."""
    begin = time.monotonic()
    with Daemon(lab.a, f'path = {{ state = "{lab.directory}/paths-{hop}"; }};') as daemon:
        found = wait_measured(daemon)
        known = time.monotonic() - begin
        took = 0.0
        for family in (4, 6):
            options, one = lab.arrives(family, seconds=THROUGH_SECONDS / SLOW)
            exact = inner - HEADERS[family]
            assert options == ([exact], [exact]), f"IPv{family}: {daemon.log()}"
            took = max(took, one)
    assert took < THROUGH_SECONDS
    return ("/".join(map(str, found)), f"{inner - 40}/{inner - 60}", f"{known:.1f}",
            f"{took:.1f}")


@pytest.mark.parametrize("name, dropped, hops", CASES,
                         ids=[f"{row[0]}, {row[1]}" for row in CASES])
def test_goes_through(name, dropped, hops, record):
    build, inner = KINDS[name]
    with Hole(build) as lab:
        lab.drop(dropped)
        for hop, hangs in hops:
            lab.narrow(hop)
            assert lab.stalls(4, HANGS if hangs else STALL) == hangs
            for family in (4, 6):
                assert lab.passes(family, inner(hop), ARRIVES)
                assert not hangs or not lab.passes(family, inner(hop) + 1)
            record(name, dropped, hop, *goes_through(lab, inner(hop), hop))
