# SPDX-License-Identifier: GPL-2.0-or-later
"""mssclampctl pcap on captures of real connections: what it counts is what tshark counts, and a black
hole is named only where there is one."""

import functools
import json
import os
import pathlib
import subprocess

import jsonschema
import pytest
import scenes
import transfer
from netns import SLOW, Path

TESTS = pathlib.Path(__file__).resolve().parents[1]
BUILD = pathlib.Path(os.environ.get("MSSCLAMP_BUILD", TESTS.parent / "build"))
SCHEMA = json.loads((TESTS.parent / "share/schema/pcap.json").read_text())
LARGE = 300000
HANG = 2.5  # seconds that a transfer may stand; times MSSCLAMP_SLOW


def report(file, *args):
    done = subprocess.run([BUILD / "mssclampctl", "--json", "pcap", file, *args],
                          capture_output=True, text=True, timeout=60 * SLOW, check=False)
    answer = json.loads(done.stdout)
    jsonschema.validate(answer, SCHEMA)
    problem = (answer["verdicts"]["black_hole"] or answer["oversize_packets_total"]
               or answer["clamping"]["oversize_for_limit_total"])
    assert done.returncode == bool(problem)
    return answer


FIELDS = ("tcp.srcport", "tcp.dstport", "tcp.flags.syn", "tcp.flags.ack", "tcp.flags.fin",
          "tcp.flags.reset", "tcp.options.mss_val",
          "tcp.stream", "tcp.seq", "tcp.len", "ip.flags.mf", "ip.frag_offset", "ipv6.fraghdr.offset",
          "icmp.code", "icmpv6.type")


@functools.lru_cache
def tshark(file):
    """A dict of all fields for each packet. It starts slowly: once a file."""
    done = subprocess.run(["tshark", "-n", "-r", file, "-T", "fields", "-E", "occurrence=l",
                           *(part for field in FIELDS for part in ("-e", field))],
                          capture_output=True, text=True, timeout=100 * SLOW, check=True)
    return [dict(zip(FIELDS, line.split("\t"))) for line in done.stdout.splitlines()]


def tcp_of(file):
    """What is no ICMP message that quotes a segment."""
    return [p for p in tshark(file) if p["tcp.stream"] and not p["icmp.code"] and not p["icmpv6.type"]]


def is_set(word):
    return word in ("1", "True")


def compare(file):
    """What both count in any capture."""
    answer = report(file, "--limit", "1400")
    assert [(str(s["src_port"]), str(s["dst_port"]), s["flags"] == "SYN-ACK", str(s["mss_bytes"]))
            for s in answer["syns"]] == [
        (p["tcp.srcport"], p["tcp.dstport"], is_set(p["tcp.flags.ack"]), p["tcp.options.mss_val"])
        for p in tcp_of(file) if is_set(p["tcp.flags.syn"])]
    assert answer["packets_total"] == len(tshark(file))
    assert answer["flows_total"] == len({p["tcp.stream"] for p in tcp_of(file)})
    assert answer["fragments_total"] == sum(
        is_set(p["ip.flags.mf"]) or p["ip.frag_offset"] not in ("", "0") or p["ipv6.fraghdr.offset"] != ""
        for p in tshark(file) if not p["icmp.code"] and not p["icmpv6.type"])
    assert answer["icmp_too_big_total"] == sum(
        p["icmp.code"] == "4" or p["icmpv6.type"] == "2" for p in tshark(file))
    return answer


def sent_again(file):
    """What a sender sent more than once, by tshark's sequence numbers; its own word for it depends on
    time. What was lost before the capture, as the answer to an upload is, is known by what was sent
    behind it: often the FIN alone."""
    count, following = 0, {}
    for p in tcp_of(file):
        side, start, size = (p["tcp.stream"], p["tcp.srcport"]), int(p["tcp.seq"]), int(p["tcp.len"])
        syn = is_set(p["tcp.flags.syn"])
        count += bool(size or syn) and start < following.get(side, start)
        if not is_set(p["tcp.flags.reset"]):
            end = start + size + syn + is_set(p["tcp.flags.fin"])
            following[side] = max(following.get(side, 0), end)
    return count


def counted_again(file, family=4):
    """The same by our count: what fills a hole soon is out of order, as tshark too calls it. What IPv6 sends again
    within 20 us, as only so short a path lets it, looks like captured twice."""
    answer = report(file)
    twice = answer["captured_twice_total"] if family == 6 else 0
    return answer["retransmissions_total"] + answer["reordered_total"] + twice


@pytest.fixture(name="path")
def fixture_path():
    path = Path(wan_mtu=1500)
    for namespace in (path.client, path.server):  # segments as they are on the wire
        namespace.run("ip", "link", "set", "eth0", "gso_max_segs", "1")
    try:
        yield path
    finally:
        path.close()


def address(path, family):
    return {4: path.SERVER4, 6: path.SERVER6}[family]


def carry(path, server, how, size=LARGE, seconds=HANG):
    """True: it arrived."""
    try:
        assert how(path.client, server, size, seconds) == transfer.expected(size)
    except transfer.Hangs:
        return False
    return True


def places(path):
    return (("client", path.client, "eth0"), ("server", path.server, "eth0"),
            ("gateway", path.gateway, "any"))


@pytest.fixture(name="captured")
def fixture_captured(path, tmp_path):
    """Runs a transfer and captures it at three places; gives the files, and whether it arrived."""
    def go(family, how, **more):
        server = transfer.Server(path.server, address(path, family))
        try:
            with scenes.captured(tmp_path, "scene", *places(path)) as files:
                arrived = carry(path, server, how, **more)
        finally:
            server.close()
        return files, arrived
    return go


def narrow(path, link):
    path.gateway.run("ip", "link", "set", link, "mtu", "1400")


def drop(path, family, *match):
    program = {4: "iptables", 6: "ip6tables"}[family]
    path.gateway.run(program, "-A", "FORWARD", *match, "-j", "DROP")


@pytest.mark.parametrize("family", [4, 6])
def test_clean(path, captured, family):
    files, arrived = captured(family, transfer.upload)
    assert arrived
    for file in files.values():
        answer = compare(file)
        assert answer["flows"][0]["verdict"] in ("ok", "reordering", "loss"), "a busy host loses some"
        assert answer["clamping"]["seen"] is False
    assert counted_again(files["client"], family) == sent_again(files["client"])
    assert answer["captured_twice_total"] > 50, "the gateway sees each packet come and go"


@pytest.mark.parametrize("family", [6])
def test_an_upload_into_a_black_hole(path, captured, family):
    narrow(path, "wan")
    scenes.silence_icmp(path)
    files, arrived = captured(family, transfer.upload)
    assert not arrived
    for label in ("client", "gateway"):
        flow, = compare(files[label])["flows"]
        assert flow["verdict"] == "black_hole", flow
        assert (flow["stuck"]["sent_by"], flow["stuck"]["packet_bytes"]) == ("src", 1500)
    assert counted_again(files["client"], family) == sent_again(files["client"])
    assert compare(files["server"])["verdicts"]["black_hole"] == 0, "nothing of it came there"


@pytest.mark.parametrize("family", [4])
def test_a_download_from_behind_a_black_hole(path, captured, family):
    """Three full segments vanish, and the end of the answer arrives; seen from both sides."""
    narrow(path, "lan")
    scenes.silence_icmp(path)
    files, arrived = captured(family, transfer.download, size=5000, seconds=4)
    assert not arrived
    for label in files:
        flow, = compare(files[label])["flows"]
        assert flow["verdict"] == "black_hole", (label, flow)
        assert flow["stuck"]["sent_by"] == "dst"
    assert flow["stuck"]["packet_bytes"] == 1500
    flow, = report(files["client"])["flows"]
    assert flow["stuck"]["missing_bytes"] == 5000 - flow["from_dst"]["payload_bytes"]


def test_a_sender_that_probes(path, captured):
    """The kernel tries smaller segments after some time, and they pass: a black hole all the same."""
    narrow(path, "wan")
    scenes.silence_icmp(path)
    path.client.sysctl("ipv4/tcp_mtu_probing", 1)
    files, arrived = captured(4, transfer.upload, seconds=20)
    assert arrived
    flow, = compare(files["client"])["flows"]
    assert flow["verdict"] == "black_hole"
    assert "arrived in segments of" in flow["evidence"]


@pytest.mark.parametrize("family", [4, 6])
def test_icmp_that_is_heeded(path, captured, family):
    narrow(path, "wan")
    files, arrived = captured(family, transfer.upload)
    assert arrived
    answer = compare(files["client"])
    assert answer["verdicts"]["black_hole"] == 0
    assert {icmp["mtu_bytes"] for icmp in answer["icmp_too_big"]} == {1400}
    assert answer["oversize_packets_total"] > 0
    assert counted_again(files["client"], family) == sent_again(files["client"])
    assert answer["flows"][0]["verdict"] in ("path_mtu_told", "loss"), "a busy host loses some"


@pytest.mark.parametrize("family, probability", [(6, 0.05), (4, 0.25)])
def test_plain_loss(path, captured, family, probability):
    drop(path, family, "-p", "tcp", "--tcp-flags", "SYN", "NONE",  # there is a connection to judge
         "-m", "statistic", "--mode", "random", "--probability", str(probability))
    files, _ = captured(family, transfer.upload, size=LARGE // 2, seconds=4)
    for label, file in files.items():
        answer = compare(file)
        assert answer["verdicts"]["black_hole"] == 0, (label, answer["flows"])
    assert counted_again(files["client"], family) == sent_again(files["client"])


def test_reordering(path, captured):
    """Segments that others overtake, by much less than a round trip: no hole, and little is sent again."""
    with scenes.overtaking(path, delay=0.02, every=8, more=0.004):
        files, arrived = captured(4, transfer.upload, seconds=20)
    assert arrived
    for label, file in files.items():
        answer = compare(file)
        assert answer["verdicts"]["black_hole"] == 0, (label, answer["flows"])
    for label in ("client", "server"):  # the gateway sees each twice
        assert counted_again(files[label]) == sent_again(files[label]), label
    behind = report(files["server"])
    assert behind["reordered_total"] > 5, behind["flows"]
    assert behind["flows"][0]["verdict"] in ("reordering", "loss"), "a busy host loses some"
    assert report(files["client"])["reordered_total"] == 0


def test_an_outage(path, captured):
    """Large ones passed; then nothing does. The nth packet and all behind it are dropped."""
    path.gateway.run("iptables", "-A", "FORWARD", "-m", "connbytes", "--connbytes", "100000:",
                     "--connbytes-dir", "both", "--connbytes-mode", "bytes", "-j", "DROP")
    files, arrived = captured(4, transfer.upload, size=1 << 24)
    assert not arrived
    verdicts = compare(files["client"])["verdicts"]
    assert verdicts["black_hole"] == 0
    assert verdicts["stalled"] == 1


def test_offload(path, captured):
    """With segmentation offload the sender's capture has segments of many times the MSS."""
    path.client.run("ip", "link", "set", "eth0", "gso_max_segs", "65535")
    narrow(path, "wan")
    scenes.silence_icmp(path)
    files, arrived = captured(4, transfer.upload)
    assert not arrived
    answer = compare(files["client"])
    assert answer["offloaded_packets_total"] > 0
    assert answer["largest_packet_bytes"] == 1500
    assert answer["flows"][0]["verdict"] == "black_hole"


def test_clamped_by_the_gateway(path, captured):
    """The same SYN comes to it with one MSS and leaves with another."""
    narrow(path, "wan")
    path.gateway.run("iptables", "-t", "mangle", "-A", "FORWARD", "-p", "tcp", "--tcp-flags",
                     "SYN,RST", "SYN", "-j", "TCPMSS", "--set-mss", "1300")
    files, arrived = captured(4, transfer.upload)
    assert arrived
    answer = compare(files["gateway"])
    assert answer["clamping"]["seen"] is True, answer["clamping"]
    assert "from 1460 to 1300" in answer["clamping"]["why"]
