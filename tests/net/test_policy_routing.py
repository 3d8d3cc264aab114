# SPDX-License-Identifier: GPL-2.0-or-later
"""Policy routing, where the kernel's own clampers look up the way back without mark and interface.

The main table knows the server by `alt` (1500 bytes); a rule sends the client's packets by `wan`
(1400 bytes). The server answers by `wan`.
"""

import pytest
import transfer
from clampers import MAXSEG, TCPMSS

MODES = ("queue", "mark", "offload")
HOST = {4: "198.51.100.66", 6: "2001:db8:66::66"}
LIMIT = {4: 1360, 6: 1340}
UNCLAMPED = {4: 1460, 6: 1440}
IPTABLES = {4: "iptables", 6: "ip6tables"}


@pytest.fixture(scope="module")
def hosts(path):
    path.server.ip("addr add 198.51.100.66/32 dev lo\naddr add 2001:db8:66::66/128 dev lo nodad\n")
    path.gateway.ip("route add 198.51.100.66 via 10.9.0.2 dev alt\n"
                    "route add 2001:db8:66::66 via 2001:db8:9::2 dev alt\n"
                    "route add default via 198.51.100.2 dev wan table 100\n"
                    "route add ::/0 via 2001:db8:2::2 dev wan table 100\n")
    servers = {family: transfer.Server(path.server, HOST[family]) for family in HOST}
    yield servers
    for server in servers.values():
        server.close()


def change_policy(path, action, selector):
    for family in ("-4", "-6"):
        path.gateway.run("ip", family, "rule", action, *selector.split(), "lookup", "100")


@pytest.fixture(params=("iif", "mark"))
def policy(path, request):
    """Sends what comes from the client by wan, by the interface or by a mark."""
    selector = "iif lan" if request.param == "iif" else "fwmark 0x1/0xff"
    rule = ("PREROUTING", "-i", "lan", "-j", "MARK", "--set-mark", "0x1")
    change_policy(path, "add", selector)
    if request.param == "mark":
        for program in IPTABLES.values():
            path.gateway.run(program, "-t", "mangle", "-A", *rule)
    yield request.param
    change_policy(path, "del", selector)
    if request.param == "mark":
        for program in IPTABLES.values():
            path.gateway.run(program, "-t", "mangle", "-D", *rule)


@pytest.mark.parametrize("family", (4, 6))
def test_tcpmss_leaves_the_syn_ack_large(path, hosts, policy, handshake, family):
    """What others do, so that the next test shows a difference."""
    path.gateway.run(IPTABLES[family], "-t", "mangle", "-A", *TCPMSS)
    try:
        syn, syn_ack = handshake(server=hosts[family])
    finally:
        path.gateway.run(IPTABLES[family], "-t", "mangle", "-D", *TCPMSS)
    assert syn == [LIMIT[family]]
    assert syn_ack == [UNCLAMPED[family]]


@pytest.mark.parametrize("family", (4, 6))
def test_so_does_maxseg(path, hosts, policy, handshake, family):
    path.gateway.run("nft", "-f", "-", text=MAXSEG)
    try:
        syn, syn_ack = handshake(server=hosts[family])
    finally:
        path.gateway.run("nft", "delete", "table", "inet", "other")
    assert (syn, syn_ack) == ([LIMIT[family]], [UNCLAMPED[family]])


@pytest.mark.parametrize("family", (4, 6))
def test_both_directions_are_clamped(start, hosts, policy, handshake, family):
    start()
    assert handshake(server=hosts[family]) == ([LIMIT[family]], [LIMIT[family]])


def test_explain_follows_the_policy(path, start, hosts, policy):
    running = start()
    how = ("--iif", "lan") + (("--mark", "0x1") if policy == "mark" else ())
    told = running.json("explain", path.CLIENT4, HOST[4], *how)
    assert told["sides"][1]["interface"] == "wan"
    assert told["result"]["mss_bytes"] == LIMIT[4]


def test_explain_without_the_policy_goes_by_the_main_table(path, start, hosts):
    told = start().json("explain", path.CLIENT4, HOST[4])
    assert told["sides"][1]["interface"] == "alt"
    assert told["result"]["mss_bytes"] == UNCLAMPED[4]


def test_explain_takes_the_interface_that_is_given(path, start, hosts):
    told = start().json("explain", path.CLIENT4, HOST[4], "--oif", "wan")
    assert told["result"]["mss_bytes"] == LIMIT[4]
