# SPDX-License-Identifier: GPL-2.0-or-later
"""`explain` asked with one word, with a mark, and about an address of no WireGuard peer."""

import many
import pytest
from daemon import Daemon
from netns import until

PEERS = 3


@pytest.fixture(scope="module")
def wireguard(path):
    running = many.Wireguard(path.gateway, "wgs0", PEERS)
    path.gateway.ip("link set wgs0 up mtu 1420\naddr add 10.64.255.254/10 dev wgs0\n"
                    "route add 10.128.0.0/16 via 10.9.0.2 dev alt")
    yield running
    running.close()
    path.gateway.run("ip", "route", "del", "10.128.0.0/16", check=False)


@pytest.fixture(scope="module")
def daemon(path, wireguard):
    with Daemon(path.gateway) as running:
        until(lambda: len(running.json("peers", "wgs0")["peers"]) == PEERS, "peers are known", 5)
        yield running


HEAD = many.peer_id(0)[:42]  # of all three


@pytest.mark.parametrize("word, code, message, hint", (
    ("carol", 5, 'no peer is called "carol"', "mssclampctl peers"),
    ("hztepTLZOJmx6...", 5, 'no peer is called "hztepTLZOJmx6..."', "mssclampctl peers"),
    ("carol:443", 5, 'no peer is called "carol:443"', "mssclampctl peers"),
    ("wgs0", 5, "wgs0 is a tunnel", '"mssclampctl peers wgs0" lists its peers'),
    ("wan", 5, "wan is an interface", "--oif wan"),
    (HEAD, 2, f'the ids of {PEERS} peers begin with "{HEAD}"', "mssclampctl peers"),
    (HEAD[:13] + "...", 2, f'begin with "{HEAD[:13]}"', "mssclampctl peers"),
    (HEAD[:5], 5, "no peer is called", "mssclampctl peers"),
    ("", 2, "no address was given", "SRC DST"),
    ("10.0.0.300", 2, '"10.0.0.300" is no IPv4 or IPv6 address', "SRC DST"),
    ("fe80:::1", 2, '"fe80:::1" is no IPv4 or IPv6 address', "SRC DST"),
    ("10.0.0.0/8", 2, '"10.0.0.0/8" is no IPv4 or IPv6 address', "SRC DST"),
    ("carol 10.64.0.1", 2, '"carol" is no IPv4 or IPv6 address', "SRC DST"),
))
def test_what_one_word_is_not(daemon, word, code, message, hint):
    said = daemon("explain", word, code=code).stderr
    assert message in said and hint in said.replace("\n", " ")
    daemon.json("explain", word, code=code)


@pytest.mark.parametrize("end", ("", "...", "\u2026"))
@pytest.mark.parametrize("number", range(PEERS))
def test_the_head_of_an_id(daemon, number, end):
    told = daemon.json("explain", many.peer_id(number)[:43] + end)
    assert told == daemon.json("explain", many.peer_id(number))
    assert told["flow"]["destination"] == many.address(number)


def test_the_mark_does_not_count_for_the_way_in(daemon, path):
    """A SYN gets its mark once it has come in: by that the source would be behind wan."""
    path.gateway.ip("rule add fwmark 7 lookup 107\nroute add default via 198.51.100.2 dev wan "
                    "table 107")
    try:
        flow = daemon.json("explain", path.CLIENT4, "10.9.0.2", "--mark", "7")["flow"]
        assert (flow["in_interface"], flow["out_interface"]) == ("lan", "wan")
    finally:
        path.gateway.ip("rule del fwmark 7 lookup 107\nroute flush table 107")


DROPPED = "no peer of wgs0 has this address: WireGuard drops "


@pytest.mark.parametrize("source, destination, dropped", (
    (None,           many.address(1), (None, None)),
    (None,           "10.64.9.9",     (None, DROPPED + "it")),
    (many.address(0), "10.64.9.9",    (None, DROPPED + "it")),
    ("10.64.9.9",    many.address(0), (DROPPED + "what comes from it", None)),
    ("192.0.2.2",    many.address(0), (None, None)),
    ("192.0.2.2",    "198.51.100.2",  (None, None)),
))
@pytest.mark.parametrize("rules", ("", 'rules = ({ interface = "wgs*"; mss = 1000; });'))
def test_an_address_of_no_peer(daemon, rules, source, destination, dropped):
    daemon.reload(rules)
    flow = [source, destination] if source else [destination]
    sides = daemon.json("explain", *flow)["sides"]
    told = tuple(next((step["what"] for step in side["steps"] if "drops" in step["what"]), None)
                 for side in sides)
    assert told == dropped
    assert ("WireGuard drops" in " ".join(daemon("explain", *flow).stdout.split())) == any(dropped)
    daemon.reload("")
