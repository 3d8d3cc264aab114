# SPDX-License-Identifier: GPL-2.0-or-later
"""Peers: OpenVPN's clients from a status file, IPsec policies without a state; `peers`, `explain`,
rules and reload by them."""

import itertools
import json
import subprocess

import packets
import pytest
from daemon import MSSCLAMPCTL
from fake_openvpn import holding, write_status
from netns import SLOW, until

pytestmark = pytest.mark.usefixtures("daemon")

CLIENTS = (
    # name    real address          inside     cipher          by alt (1500) or wan (1400)
    ("alice", "10.9.0.2:51700",     "10.8.0.2", "AES-256-GCM"),
    ("bob",   "198.51.100.2:41523", "10.8.0.3", "AES-256-GCM"),
)


numbers = itertools.count()


def entry(file, more=""):
    return f'tunnels = ({{ match = "tun7"; kind = "openvpn"; status_file = "{file}"; }});\n{more}'


def peers(daemon, *tunnel):
    return {peer["name"] or peer["peer"]: peer for peer in daemon.json("peers", *tunnel)["peers"]}


@pytest.fixture
def openvpn(daemon, path):
    """tun7 with two clients, as OpenVPN's status file tells them: one that nobody has read yet."""
    file = daemon.directory / f"status{next(numbers)}"
    write_status(file, CLIENTS)
    path.gateway.ip("tuntap add dev tun7 mode tun\nlink set tun7 up mtu 1500\n"
                    "addr add 10.8.0.1/24 dev tun7")
    daemon.reload(entry(file))
    until(lambda: set(peers(daemon)) == {"alice", "bob"}, "the clients are known", 8)
    yield file
    path.gateway.ip("link del tun7")
    daemon.reload("")


def test_each_client_has_its_own_limit(daemon, openvpn):
    found = peers(daemon, "tun7")
    told = {name: (peer["endpoint"], peer["allowed_ips"], peer["path_mtu_bytes"],
                   peer["inner_mtu_bytes"], peer["mss4_bytes"]) for name, peer in found.items()}
    assert told == {
        "alice": ("10.9.0.2:51700", ["10.8.0.2/32"], 1500, 1448, 1408),
        "bob": ("198.51.100.2:41523", ["10.8.0.3/32"], 1400, 1348, 1308)}
    (row,) = [row for row in daemon.json("tunnels")["tunnels"] if row["name"] == "tun7"]
    assert (row["kind"], row["peers"], row["mss4_bytes"]) == ("openvpn", 2, 1308)


@pytest.mark.parametrize("by", ("name", "peer"))
@pytest.mark.parametrize("who, address, mss", (("alice", "10.8.0.2", 1408), ("bob", "10.8.0.3", 1308)))
def test_explain_a_peer(daemon, openvpn, by, who, address, mss):
    answer = daemon.json("explain", peers(daemon)[who][by])
    assert (answer["flow"]["destination"], answer["flow"]["out_interface"]) == (address, "tun7")
    assert answer["result"]["mss_bytes"] == mss
    assert answer["result"]["decided_by"] == f"peer {who} of tun7"
    assert answer == daemon.json("explain", address)


def test_explain_a_peer_whose_first_address_is_another_s(daemon, openvpn):
    """alice's network begins with bob; what is hers alone is told."""
    write_status(openvpn, (("alice", "10.9.0.2:51700", "10.8.2.0/24", "AES-256-GCM"),
                           ("bob", "198.51.100.2:41523", "10.8.2.1", "AES-256-GCM")),
                 ("10.8.4.0/24",))
    until(lambda: len(peers(daemon)["alice"]["allowed_ips"]) == 2, "they have moved", 8)
    for who, address, mss in (("bob", "10.8.2.1", 1308), ("alice", "10.8.4.1", 1408)):
        answer = daemon.json("explain", who)
        assert (answer["flow"]["destination"], answer["result"]["mss_bytes"]) == (address, mss)
        assert answer["result"]["decided_by"] == f"peer {who} of tun7"


def test_a_flow_between_two_peers_gets_the_smaller(daemon, openvpn):
    for flow in ("10.8.0.2 -> 10.8.0.3", "10.8.0.3 -> 10.8.0.2"):
        assert daemon.json("explain", flow)["result"]["mss_bytes"] == 1308


def test_a_client_that_roams(daemon, path, openvpn):
    process = path.gateway.popen([MSSCLAMPCTL, "-s", daemon.socket_path, "--json-lines", "events"],
                                 stdout=subprocess.PIPE, text=True)
    try:
        assert json.loads(process.stdout.readline())["event"] == "subscribed"
        moved = [("alice", "198.51.100.2:51701", *CLIENTS[0][2:]), CLIENTS[1]]
        write_status(openvpn, moved)
        event = json.loads(process.stdout.readline())
        assert (event["event"], event["tunnel"]) == ("peer_changed", "tun7")
        assert (event["old"]["endpoint"], event["new"]["endpoint"]) == ("10.9.0.2:51700",
                                                                       "198.51.100.2:51701")
        assert (event["old"]["inner_mtu_bytes"], event["new"]["inner_mtu_bytes"]) == (1448, 1348)
        assert peers(daemon)["alice"]["mss4_bytes"] == 1308
        write_status(openvpn, moved[1:])
        event = json.loads(process.stdout.readline())
        assert (event["event"], event["new"]) == ("peer_removed", None)
    finally:
        process.terminate()
        process.wait(timeout=5 * SLOW)


def test_rule_by_peer(daemon, openvpn):
    daemon.reload(entry(openvpn, 'rules = ({ peer = "alice"; mss = 1111; });'))
    assert peers(daemon)["alice"]["mss4_bytes"] == 1111
    assert peers(daemon)["bob"]["mss4_bytes"] == 1308
    assert daemon.json("explain", "alice")["result"]["rule"].startswith("rules[0]")


def test_reload_of_what_tunnels_are(daemon, openvpn):
    """Facts of the configuration, changed, refused and taken back, without a restart."""
    daemon.reload(f'tunnels = ({{ match = "tun7"; status_file = "{openvpn}"; extra = 8; }},'
                  f'{{ match = "tun7"; path_mtu = 1450; }});')
    until(lambda: peers(daemon).get("alice", {}).get("inner_mtu_bytes") == 1390, "1450 - 8 - 52", 3)
    assert {peer["path_source"] for peer in peers(daemon).values()} == {"config"}
    done = daemon.reload('tunnels = ({ match = "tun7"; path_mtu = 7; });', code=6)
    assert "path_mtu" in done.stderr
    assert peers(daemon)["alice"]["inner_mtu_bytes"] == 1390
    daemon.reload(entry(openvpn))
    until(lambda: peers(daemon)["alice"]["inner_mtu_bytes"] == 1448, "as before", 3)
    daemon.reload("")
    until(lambda: not peers(daemon), "nobody tells of them any more", 3)


@pytest.fixture
def policy(path):
    """Everything from 192.0.2.0/24 to 10.77.0.0/24 by a gateway on alt; no state yet. Who sees it sees the rest."""
    path.gateway.ip("route add 10.77.0.0/24 via 10.9.0.2 dev alt\n"
                    "xfrm policy add src 192.0.2.0/24 dst 10.77.0.9/32 dir out priority 8\n"
                    "xfrm policy add src 192.0.2.0/24 dst 10.79.0.0/24 dir out mark 7 "
                    "tmpl src 10.9.0.1 dst 10.9.0.2 proto esp mode tunnel\n"
                    "xfrm policy add src 192.0.2.0/24 dst 10.77.0.0/24 dir out priority 9 "
                    "tmpl src 10.9.0.1 dst 10.9.0.2 proto esp mode tunnel")
    yield "192.0.2.0/24 === 10.77.0.0/24"
    path.gateway.ip("xfrm policy flush\nroute del 10.77.0.0/24")


# Until IKE has agreed, the most that is common: 1500 - IPv4 20 - UDP 8 - ESP 8 - IV 16 - ICV 32
# = 1416, down to a multiple of 16, less 2.
ASSUMED = 1406


def test_policy_without_a_state(daemon, policy):
    found = until(lambda: peers(daemon).get(policy), "the policy is seen", 3)
    assert (found["tunnel"], found["endpoint"]) == ("ipsec:10.9.0.2", "10.9.0.2")
    assert (found["inner_mtu_bytes"], found["mss4_bytes"]) == (ASSUMED, ASSUMED - 40)
    assert found["confidence"] == "assumed" and "no state yet" in found["warnings"][0]
    answer = daemon.json("explain", "192.0.2.2 -> 10.77.0.5")
    assert answer["result"]["mss_bytes"] == ASSUMED - 40
    assert answer["result"]["decided_by"] == f"IPsec policy {policy} of ipsec:10.9.0.2"
    told = [step["what"] for step in answer["sides"][1]["steps"]]
    assert f"peer {policy} of ipsec:10.9.0.2" in told
    assert any("no state yet" in what for what in told)


def test_policy_by_its_id(daemon, policy):
    until(lambda: policy in peers(daemon), "the policy is seen", 3)
    answer = daemon.json("explain", policy)
    assert (answer["flow"]["source"], answer["flow"]["destination"]) == ("192.0.2.1", "10.77.0.1")
    assert answer["result"]["mss_bytes"] == ASSUMED - 40


def test_policy_with_a_mark_by_its_id(daemon, policy):
    marked = "192.0.2.0/24 === 10.79.0.0/24 mark 0x7/0xffffffff"
    until(lambda: marked in peers(daemon), "the policy is seen", 3)
    answer = daemon.json("explain", marked)
    assert (answer["flow"]["mark"], answer["result"]["mss_bytes"]) == (7, ASSUMED - 40)
    assert daemon.json("explain", marked, "--mark", "8")["result"]["mss_bytes"] == 1460


def test_what_passes_in_the_clear(daemon, policy):
    until(lambda: policy in peers(daemon), "the policy is seen", 3)
    assert daemon.json("explain", "192.0.2.2 -> 10.77.0.9")["result"]["mss_bytes"] == 1460
    assert len(peers(daemon, "ipsec:10.9.0.2")) == 2


def test_configuration_knows_the_cipher_before_ike(daemon, policy):
    """In words that OpenVPN has too; what is meant is ESP."""
    until(lambda: policy in peers(daemon), "the policy is seen", 3)
    try:
        daemon.reload('tunnels = ({ match = "ipsec:*"; cipher = "AES-256-GCM"; });')
        # 1500 - IPv4 20 - UDP 8 - ESP 8 - IV 8 - ICV 16 = 1440, less 2
        assert peers(daemon)[policy]["inner_mtu_bytes"] == 1438
        daemon.reload('tunnels = ({ match = "ipsec:*"; path_mtu = 1400; });')
        assert peers(daemon)[policy]["path_source"] == "config"
    finally:
        daemon.reload("")


def test_policy_comes_and_goes(daemon, path):
    until(lambda: not peers(daemon), "nobody is left of other tests", 3)
    process = path.gateway.popen([MSSCLAMPCTL, "-s", daemon.socket_path, "--json-lines", "events"],
                                 stdout=subprocess.PIPE, text=True)

    def events(count):
        return {(event["event"], event["tunnel"])
                for event in (json.loads(process.stdout.readline()) for _ in range(count))}
    try:
        assert events(1) == {("subscribed", None)}
        path.gateway.ip("xfrm policy add src 192.0.2.0/24 dst 10.78.0.0/24 dir out "
                        "tmpl src 10.9.0.1 dst 10.9.0.2 proto esp mode tunnel")
        assert events(2) == {("tunnel_added", "ipsec:10.9.0.2"), ("peer_added", "ipsec:10.9.0.2")}
        path.gateway.ip("xfrm policy flush")
        assert events(2) == {("tunnel_removed", "ipsec:10.9.0.2"),
                             ("peer_removed", "ipsec:10.9.0.2")}
    finally:
        path.gateway.ip("xfrm policy flush")
        process.terminate()
        process.wait(timeout=5 * SLOW)


@pytest.fixture
def reader(path, openvpn):
    with holding(path.gateway, "tun7") as process:
        yield process


def test_limit_reaches_the_wire(path, reader, inject):
    """A SYN to a client leaves by the tun device with that client's MSS."""
    for address, mss in (("10.8.0.2", 1408), ("10.8.0.3", 1308)):
        with packets.Capture(path.gateway, "tun7", outgoing=True) as there:
            inject(packets.syn(path.CLIENT4, address))
            assert there.next().mss[0] == mss
