# SPDX-License-Identifier: GPL-2.0-or-later
"""Temporary limits: above everything, in both directions, and gone when their time is over."""

import base64
import contextlib
import datetime
import itertools
import json
import os
import re
import socket
import subprocess
import time

import packets
import pytest
from fake_openvpn import holding, write_status
from netns import SLOW, until

FOUND = {4: 1360, 6: 1340}  # wan allows 1400 bytes
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
BRIEF = max(3, round(SLOW))  # seconds: more than a busy machine takes to look while it is in force
numbers = itertools.count()


def begin(daemon, mss, seconds=60, **whom):
    """A try that is in force; returns the reply."""
    reply = daemon.call("Try", mss=mss, for_seconds=float(seconds), **whom)
    assert isinstance(reply, dict), reply
    return reply


def off(daemon, **whom):
    return daemon.call("Try", **whom)


def begin_soon(daemon, interface):
    """Of an interface that the daemon has yet to hear of."""
    until(lambda: isinstance(daemon.call("Try", mss=1000, interface=interface), dict),
          f"{interface} is known", 3)


def add_link(path, name):
    path.gateway.ip(f"link add {name} type veth peer name far\nlink set {name} up mtu 1300\n")


def warnings(daemon):
    return [text for text in daemon.call("GetStatus")["warnings"] if "a try is in force" in text]


@pytest.fixture(autouse=True)
def clean(daemon):
    """Each test ends its own tries; what is left would be another's trouble."""
    yield
    assert not warnings(daemon)
    daemon.reload("")


@contextlib.contextmanager
def listening(daemon):
    """The events of the block, one at a call."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5 * SLOW)
        connection.connect(daemon.socket_path)
        connection.sendall(b'{"method":"org.mssclamp.Subscribe","more":true}\0')

        def next_event():
            data = b""
            while not data.endswith(b"\0"):
                data += connection.recv(1)
            return json.loads(data[:-1])["parameters"]
        assert next_event()["event"] == "subscribed"
        yield next_event


@pytest.mark.parametrize("interface", ("wan", "lan"))
@pytest.mark.parametrize("family", (4, 6))
def test_both_directions(daemon, handshake, family, interface):
    """SYN and SYN-ACK, from the first one after the reply on, until it is ended."""
    begin(daemon, 1200, interface=interface)
    assert handshake(family) == ([1200], [1200])
    off(daemon, interface=interface)
    assert handshake(family) == ([FOUND[family]], [FOUND[family]])


@pytest.mark.parametrize("family, lan", ((4, 1460), (6, 1440)))
def test_larger_than_what_was_found(daemon, handshake, family, lan):
    """Then the other side decides; and somebody is warned."""
    assert begin(daemon, 1450, interface="wan")["warnings"] == [
        f"try (interface=wan mss=1450) allows IPv{version} MSS 1450, but the interface MTU of 1400 "
        f"carries {most}" for version, most in FOUND.items()]
    assert handshake(family) == ([min(1450, lan)], [min(1450, lan)])
    daemon.says(r"try \(interface=wan mss=1450\) allows IPv4 MSS 1450, but the interface MTU of "
                r"1400 carries 1360")
    off(daemon, interface="wan")


def test_above_the_rules(daemon, path, left):
    daemon.reload('rules = ({ interface = "wan"; mss = 1000; },'
                  '{ interface = "alt"; mss = 900; });')
    begin(daemon, 1234, 600, interface="wan")
    assert (left(4), left(6)) == (1234, 1234)
    (out,) = daemon.json("explain", path.CLIENT4, path.SINK4)["sides"][1:]
    assert [(step["what"], step["source"]) for step in out["steps"]] == [
        ("try (interface=wan mss=1234): MSS", "override")]
    result = daemon.json("explain", path.CLIENT4, path.SINK4)["result"]
    words = r"try \(interface=wan mss=1234\) until \d\d:\d\d:\d\d UTC \((10|9) min left\)"
    assert re.fullmatch(words, result["rule"])
    assert re.fullmatch(words + ", on wan", result["decided_by"])
    # the places of the rules are those of the configuration
    alt = daemon.json("explain", "10.9.0.2")["result"]
    assert (alt["mss_bytes"], alt["rule"][:8]) == (900, "rules[1]")
    off(daemon, interface="wan")
    assert left(4) == 1000


def test_it_undoes_itself(daemon, left):
    with listening(daemon) as event:
        begun = time.monotonic()
        reply = begin(daemon, 1200, BRIEF, interface="wan")
        assert left(4) == 1200
        (warning,) = warnings(daemon)
        left_seconds = re.fullmatch(
            r"a try is in force on wan until [\d:]+ UTC \((\d+) s left\): MSS 1200", warning)
        assert int(left_seconds[1]) <= BRIEF
        told = event()
        assert (told["event"], told["tunnel"], told["why"]) == ("try_began", "wan",
                                                                "begun by uid 0")
        assert re.fullmatch(r"wan: try mss=1200 holds above all rules until [\d:]+ UTC "
                            r"\(begun by uid 0\)", told["message"])
        assert told["new"] == {"mss_bytes": 1200, "until": reply["until"]} and told["old"] is None
        told = event()
        took = time.monotonic() - begun
        assert (told["event"], told["tunnel"], told["why"]) == ("try_ended", "wan", "expired")
        assert told["old"]["mss_bytes"] == 1200 and told["new"] is None
        assert BRIEF - 0.05 <= took <= BRIEF + 1 * SLOW, f"{took:.2f} s"
    assert left(4) == FOUND[4]
    assert not warnings(daemon)
    daemon.says(r"wan: try mss=1200 is over \(expired\)")


def test_what_the_reply_says(daemon):
    now = datetime.datetime.now(datetime.timezone.utc)
    reply = daemon.call("Try", mss=1200, interface="wan")
    end = datetime.datetime.fromisoformat(reply.pop("until").replace("Z", "+00:00"))
    assert abs((end - now).total_seconds() - 600) < 2 * SLOW
    assert reply == {"schema": 1, "interface": "wan", "peer": None, "mss_bytes": 1200,
                     "for_seconds": 600, "replaced": False, "warnings": []}
    assert off(daemon, interface="wan") == {
        "schema": 1, "interface": "wan", "peer": None, "mss_bytes": None, "for_seconds": None,
        "until": None, "replaced": False, "warnings": []}
    error, more = off(daemon, interface="wan")
    assert error == "NotFound" and "no try is in force for wan" in more["message"]


def test_one_replaces_another(daemon, left):
    """The second one's time counts, and the first one's end ends nothing."""
    with listening(daemon) as event:
        assert not begin(daemon, 1200, BRIEF, interface="wan")["replaced"]
        assert begin(daemon, 1100, 60, interface="wan")["replaced"]
        told = [event() for _ in range(3)]
        assert [(one["event"], one["why"]) for one in told] == [
            ("try_began", "begun by uid 0"), ("try_ended", "replaced"),
            ("try_began", "begun by uid 0")]
        assert len(warnings(daemon)) == 1
        time.sleep(BRIEF + 0.2)
        assert left(4) == 1100
        off(daemon, interface="wan")
        told = event()
        assert (told["event"], told["why"], told["old"]["mss_bytes"]) == (
            "try_ended", "ended by uid 0", 1100)


def test_several_end_each_at_its_time(daemon, path):
    def limit(interface):
        return daemon.call("Explain", flow=f"{path.CLIENT4} -> {path.SINK4}",
                           oif=interface)["result"]["mss_bytes"]
    begin(daemon, 1200, 3 * BRIEF, interface="wan")
    begin(daemon, 1100, BRIEF, interface="alt")
    assert (limit("wan"), limit("alt")) == (1200, 1100)
    until(lambda: limit("alt") == 1460, "the first is over", BRIEF + 2)
    assert limit("wan") == 1200
    until(lambda: limit("wan") == FOUND[4], "the second is over", 2 * BRIEF + 2)


def test_a_reload_keeps_it(daemon, left):
    begin(daemon, 1200, interface="wan")
    daemon.reload('rules = ({ interface = "wan"; mss = 1000; });')
    assert left(4) == 1200
    daemon.reload("rules = 7;", code=6)
    assert left(4) == 1200
    off(daemon, interface="wan")
    assert left(4) == 1000


def test_a_restart_forgets_it(daemon, left):
    begin(daemon, 1200, interface="wan")
    daemon.stop()
    daemon.start()
    daemon.wait_ready()
    assert left(4) == FOUND[4]
    assert off(daemon, interface="wan")[0] == "NotFound"


def test_an_interface_that_goes_and_comes(daemon, path):
    def limit():
        done = daemon("--json", "explain", "192.0.2.9", "10.5.5.5", "--oif", "new0", code=None)
        return json.loads(done.stdout).get("result", {}).get("mss_bytes")
    add_link(path, "new0")
    begin_soon(daemon, "new0")
    path.gateway.ip("link del new0")
    until(lambda: limit() is None, "it is gone", 3)
    add_link(path, "new0")
    until(lambda: limit() == 1000, "the new one has the limit", 3)
    path.gateway.ip("link del new0")
    until(lambda: limit() is None, "it is gone", 3)
    assert off(daemon, interface="new0")["interface"] == "new0"


def test_an_interface_called_like_a_glob(daemon, path, left):
    add_link(path, "w*n")
    begin_soon(daemon, "w*n")
    try:
        assert left(4) == FOUND[4]
        told = daemon.json("explain", "192.0.2.9", "10.5.5.5", "--oif", "w*n")
        assert told["result"]["mss_bytes"] == 1000
    finally:
        off(daemon, interface="w*n")
        path.gateway.ip("link del w*n")


def test_no_more_than_64(daemon, path):
    names = [f"many{i}" for i in range(66)]
    pairs = list(zip(names[::2], names[1::2]))
    path.gateway.ip("".join(f"link add {one} type veth peer name {other}\n"
                            for one, other in pairs))
    try:
        until(lambda: daemon("--json", "explain", "192.0.2.9", "10.5.5.5", "--oif", names[-1],
                             code=None).returncode == 0, "the links are known", 5)
        for name in names[:64]:
            begin(daemon, 1000, interface=name)
        error, more = daemon.call("Try", mss=1000, interface=names[-1])
        assert error == "Failed" and "64 tries" in more["message"]
        assert begin(daemon, 999, interface=names[0])["replaced"]
        for name in names[:64]:
            off(daemon, interface=name)
    finally:
        path.gateway.ip("".join(f"link del {one}\n" for one, _ in pairs))


@pytest.mark.parametrize("parameters, error, message", (
    ({"mss": 1200}, "InvalidArgument", "an interface or a peer"),
    ({"mss": 1200, "interface": "wan", "peer": "x"}, "InvalidArgument", "one of the two"),
    ({"mss": 87, "interface": "wan"}, "InvalidArgument", "mss: 87"),
    ({"mss": 0, "interface": "wan"}, "InvalidArgument", "mss: 0"),
    ({"mss": 65496, "interface": "wan"}, "InvalidArgument", "mss: 65496"),
    ({"mss": 2**32 + 1200, "interface": "wan"}, "InvalidArgument", "mss: 4294968496"),
    ({"mss": 1200, "interface": "wan", "for_seconds": 0.9}, "InvalidArgument", "for_seconds: 0.9"),
    ({"mss": 1200, "interface": "wan", "for_seconds": 86401}, "InvalidArgument", "86401"),
    ({"mss": 1200, "interface": "w*"}, "NotFound", "no interface w*"),
    ({"mss": 1200, "interface": "wan9"}, "NotFound", "no interface wan9"),
    ({"mss": 1200, "peer": "wan"}, "NotFound", "wan is an interface"),
    ({"mss": 1200, "peer": "nobody"}, "NotFound", 'no peer is called "nobody"'),
    ({"peer": "nobody"}, "NotFound", "no try is in force for peer nobody"),
), ids=lambda value: "-")
def test_what_is_refused(daemon, parameters, error, message):
    name, more = daemon.call("Try", **parameters)
    assert name == error and message in more["message"]


@pytest.mark.parametrize("mss", (88, 65495))
def test_the_ends_of_what_is_allowed(daemon, path, mss):
    begin(daemon, mss, 86400, interface="wan")
    (out,) = daemon.json("explain", path.CLIENT4, path.SINK4)["sides"][1:]
    assert out["steps"][0]["value_bytes"] == mss
    off(daemon, interface="wan")


CALL_AS = """
import json, socket, sys
connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
connection.sendall(json.dumps({"method": "org.mssclamp.Try", "parameters":
                               {"mss": 1200, "interface": "wan"}}).encode() + bytes(1))
print(connection.recv(65536)[:-1].decode())
"""


def test_others_may_not(daemon, left):
    daemon.directory.chmod(0o755)
    os.chmod(daemon.socket_path, 0o666)
    try:
        done = daemon.namespace.run(*NOBODY, "/usr/bin/python3", "-c", CALL_AS, daemon.socket_path)
    finally:
        os.chmod(daemon.socket_path, 0o660)
    assert json.loads(done.stdout)["error"] == "org.mssclamp.PermissionDenied"
    assert left(4) == FOUND[4]


# Peers: clients of OpenVPN, as its status file tells them.

CLIENTS = (
    # name           real address          inside      cipher          by alt (1500) or wan (1400)
    ("alice-laptop", "10.9.0.2:51700",     "10.8.0.2", "AES-256-GCM"),
    ("alice-phone",  "198.51.100.2:41523", "10.8.0.3", "AES-256-GCM"),
    ("twin",         "10.9.0.2:51702",     "10.8.0.4", "AES-256-GCM"),
    ("twin",         "10.9.0.2:51703",     "10.8.0.5", "AES-256-GCM"),
)


def peers(daemon):
    """By the address inside."""
    return {peer["allowed_ips"][0].split("/")[0]: peer for peer in daemon.json("peers")["peers"]}


def limits(daemon):
    return {address: peer["mss4_bytes"] for address, peer in peers(daemon).items()}


@pytest.fixture
def openvpn(daemon, path):
    file = daemon.directory / f"status{next(numbers)}"
    write_status(file, CLIENTS)
    path.gateway.ip("tuntap add dev tun7 mode tun\nlink set tun7 up mtu 1500\n"
                    "addr add 10.8.0.1/24 dev tun7")
    daemon.reload(f'tunnels = ({{ match = "tun7"; kind = "openvpn"; status_file = "{file}"; }});')
    until(lambda: len(peers(daemon)) == 4, "the clients are known", 8)
    yield file
    path.gateway.ip("link del tun7")


def tunnel(daemon):
    (row,) = [row for row in daemon.json("tunnels")["tunnels"] if row["name"] == "tun7"]
    return row


# What a try does not change.
KEPT = ("outer_path_mtu_bytes", "source", "overhead_bytes", "inner_mtu_bytes")


@pytest.mark.parametrize("how", ("name", "id", "head"))
def test_a_peer(daemon, openvpn, how):
    before, found, row = limits(daemon), peers(daemon)["10.8.0.3"], tunnel(daemon)
    word = {"name": "alice-phone", "id": found["peer"], "head": found["peer"][:7] + "..."}[how]
    reply = begin(daemon, 1000, peer=word)
    assert (reply["peer"], reply["interface"]) == (found["peer"], None)
    assert limits(daemon) == before | {"10.8.0.3": 1000}
    result = daemon.json("explain", "10.8.0.3")["result"]
    assert result["rule"].startswith("try (peer=alice-phone mss=1000) until ")
    now = tunnel(daemon)
    assert now["mss4_bytes"] == 1000
    assert [now[key] for key in KEPT] == [row[key] for key in KEPT]
    assert "on tun7, peer alice-phone until " in now["warnings"][0]
    assert "on tun7, peer alice-phone until " in warnings(daemon)[0]
    assert off(daemon, peer=word)["peer"] == found["peer"]
    assert limits(daemon) == before
    assert tunnel(daemon)["source"] == "link"


def test_a_peer_stands_above_its_interface(daemon, openvpn):
    begin(daemon, 1200, peer="alice-laptop")
    begin(daemon, 1000, interface="tun7")
    assert limits(daemon) == {"10.8.0.2": 1200, "10.8.0.3": 1000, "10.8.0.4": 1000,
                              "10.8.0.5": 1000}
    off(daemon, interface="tun7")
    assert limits(daemon)["10.8.0.3"] == 1308
    off(daemon, peer="alice-laptop")


def test_a_peer_may_have_too_much(daemon, openvpn):
    given = begin(daemon, 1400, peer="alice-phone")["warnings"]
    text = r"try \(peer=alice-phone mss=1400\) allows IPv4 MSS 1400, but the path to alice-phone " \
           r"carries 1308"
    assert all(any(re.fullmatch(text, warning) for warning in warnings)
               for warnings in (given, tunnel(daemon)["warnings"]))
    daemon.says(text)
    off(daemon, peer="alice-phone")


def test_a_peer_that_goes(daemon, openvpn):
    """Its try stays, is there when it comes back, and can be ended by name in between."""
    with listening(daemon) as event:
        begin(daemon, 1000, peer="alice-phone")
        assert (event()["peer"], len(limits(daemon))) == ("alice-phone/1", 4)
    write_status(openvpn, CLIENTS[:1])
    until(lambda: len(peers(daemon)) == 1, "it is gone", 3)
    write_status(openvpn, CLIENTS[:2])
    until(lambda: limits(daemon).get("10.8.0.3") == 1000, "it is back", 3)
    write_status(openvpn, CLIENTS[:1])
    until(lambda: len(peers(daemon)) == 1, "it is gone", 3)
    assert off(daemon, peer="alice-phone")["mss_bytes"] is None


def test_two_of_one_name(daemon, openvpn):
    for parameters in ({"mss": 1000, "peer": "twin"}, {"peer": "twin"}):
        error, more = daemon.call("Try", **parameters)
        assert error == "InvalidArgument" and '2 peers are called "twin"' in more["message"]
    one = peers(daemon)["10.8.0.4"]["peer"]
    begin(daemon, 1000, peer=one)
    assert (limits(daemon)["10.8.0.4"], limits(daemon)["10.8.0.5"]) == (1000, 1408)
    off(daemon, peer=one)


def test_a_word_of_the_other_kind(daemon, openvpn):
    error, more = daemon.call("Try", mss=1000, interface="alice-phone")
    assert error == "NotFound" and "is a peer" in more["message"]
    error, more = daemon.call("Try", mss=1000, peer="alice-")
    assert error == "InvalidArgument" and "2 peers begin" in more["message"]


def test_a_peer_s_limit_reaches_the_wire(daemon, path, openvpn, inject):
    with holding(path.gateway, "tun7"):
        begin(daemon, 1000, peer="alice-laptop")
        for address, mss in (("10.8.0.2", 1000), ("10.8.0.3", 1308)):
            with packets.Capture(path.gateway, "tun7", outgoing=True) as there:
                inject(packets.syn(path.CLIENT4, address))
                assert there.next().mss[0] == mss
        off(daemon, peer="alice-laptop")


SECRET, PUBLIC = (base64.b64encode(bytes(range(first, first + 32))).decode() for first in (64, 1))


def test_a_peer_of_wireguard(daemon, path, tmp_path):
    """By the head of its key, as `peers` shows it."""
    name = f"wg{os.getpid()}"
    (tmp_path / "key").write_text(SECRET)
    process = path.gateway.popen(["wireguard-go", "-f", name], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
    try:
        until(lambda: os.path.exists(f"/var/run/wireguard/{name}.sock"), "it has its socket")
        path.gateway.run("wg", "set", name, "private-key", str(tmp_path / "key"), "peer", PUBLIC,
                         "endpoint", "198.51.100.2:9", "allowed-ips", "10.7.0.0/24,fd07::/64")
        path.gateway.ip(f"link set {name} up")
        until(lambda: peers(daemon), "the peer is known", 8)
        begin(daemon, 1000, peer=PUBLIC[:10] + "...")
        (row,) = daemon.json("peers")["peers"]
        assert (row["peer"], row["mss4_bytes"], row["mss6_bytes"]) == (PUBLIC, 1000, 1000)
        for address in ("10.7.0.9", "fd07::9"):
            result = daemon.json("explain", address, "--oif", name)["result"]
            assert (result["mss_bytes"], result["rule"][:34]) == (1000, f"try (peer={PUBLIC[:24]}")
        off(daemon, peer=PUBLIC)
    finally:
        process.kill()
        process.wait()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"/var/run/wireguard/{name}.sock")
    until(lambda: not peers(daemon), "it is gone", 8)


def test_a_policy(daemon, path):
    """IPsec without an interface: the policy is the peer."""
    path.gateway.ip("xfrm policy add src 192.0.2.0/24 dst 10.77.0.0/24 dir out "
                    "tmpl src 10.9.0.1 dst 10.9.0.2 proto esp mode tunnel\n"
                    "route add 10.77.0.0/24 via 10.9.0.2 dev alt")
    policy = "192.0.2.0/24 === 10.77.0.0/24"
    try:
        until(lambda: isinstance(daemon.call("Try", mss=1000, peer=policy), dict),
              "the policy is seen", 3)
        for flow in ("192.0.2.2 -> 10.77.0.5", "10.77.0.5 -> 192.0.2.2"):
            assert daemon.json("explain", flow)["result"]["mss_bytes"] == 1000
        (row,) = daemon.json("tunnels")["tunnels"]
        assert (row["name"], row["mss4_bytes"], row["source"]) == (
            "ipsec:10.9.0.2", 1000, "link")
        off(daemon, peer=policy)
    finally:
        path.gateway.ip("xfrm policy flush\nroute del 10.77.0.0/24")
