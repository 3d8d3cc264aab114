# SPDX-License-Identifier: GPL-2.0-or-later
"""mssclampctl pcap on captures that are written down: every verdict, every format, broken files."""

import json
import os
import pathlib
import random
import re
import struct
import subprocess
import sys

import jsonschema
import pytest

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "lib"))

import packets  # noqa: E402
from netns import SLOW  # noqa: E402
import pcapng  # noqa: E402
import tcp_scenes  # noqa: E402
from tcp_scenes import Talk  # noqa: E402

BUILD = pathlib.Path(os.environ.get("MSSCLAMP_BUILD", TESTS.parent / "build"))
SCHEMA = json.loads((TESTS.parent / "share/schema/pcap.json").read_text())


def run(*args, data=None, **more):
    return subprocess.run([BUILD / "mssclampctl", *map(str, args)], input=data,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60 * SLOW, **more)


def report(data, *args, code=None):
    done = run("--json", "pcap", "-", *args, data=data)
    assert code is None or done.returncode == code, done.stderr
    answer = json.loads(done.stdout)
    jsonschema.validate(answer, SCHEMA)
    return answer


def split(scene):
    return [packet for _, packet in scene], [int(time * 1e9) for time, _ in scene]


def capture(scene, **more):
    frames, times = split(scene)
    return pcapng.classic(frames, times=times, **more)


def test_the_page_shows_what_it_prints(tmp_path):
    (tmp_path / "trace.pcap").write_bytes(capture(tcp_scenes.page()))
    command = "mssclampctl pcap trace.pcap --limit 1400"
    done = run(*command.split()[1:], cwd=tmp_path, env={**os.environ, "COLUMNS": "80"})
    assert done.returncode == 1
    page = (TESTS.parent / "doc/pcap.md").read_text(encoding="utf-8")
    assert f"```\n$ {command}\n{done.stdout.decode()}```\n" in page


@pytest.mark.parametrize("name", tcp_scenes.SCENES)
def test_each_scene_has_its_verdict(name):
    make, verdict, who = tcp_scenes.SCENES[name]
    answer = report(capture(make()), code=verdict == "black_hole")
    flow, = answer["flows"]
    assert flow["verdict"] == verdict, flow["evidence"]
    assert (flow["stuck"] or {}).get("sent_by") == who
    assert (flow["evidence"] is None) == (verdict == "ok")
    assert answer["verdicts"][verdict] == sum(answer["verdicts"].values()) == 1


def evidence(scene):
    flow, = report(capture(scene))["flows"]
    return flow["evidence"]


def test_loss_says_what_is_known_of_the_size():
    """That a size arrives is said where it was acknowledged, in the direction that lost some."""
    back = Talk().clean()
    back.put(1, 1, size=tcp_scenes.FULL)
    back.put(1.3, 1, size=tcp_scenes.FULL, seq=back.seq[1] - tcp_scenes.FULL)
    syns = Talk()
    syns.out.insert(1, (0.001, packets.ip(*syns.ends, syns.out[0][1][20:], ident=99)))
    too_soon = "none as large was acknowledged here, too few or too soon to tell why"
    for scene, said in ((Talk().stall((0.1, 0.3)).out, too_soon), (back.out, too_soon),
                        (syns.out, "SYNs alone, which were answered"),
                        (Talk().clean().stall((0.2, 0.4)).out, "the same sizes arrive"),
                        (tcp_scenes.lossy(), "the same sizes arrive"),
                        (tcp_scenes.lossy_to_the_end(), "the same sizes arrive"),
                        (tcp_scenes.lost_before_the_end(), "the same sizes arrive")):
        assert evidence(scene).endswith(said), evidence(scene)


def everything():
    """All scenes one after the other, as one capture of many connections."""
    out = []
    for i, (make, _, _) in enumerate(tcp_scenes.SCENES.values()):
        for time, packet in make():
            port = struct.pack("!H", 41000 + i)
            v4 = packet[0] >> 4 == 4
            at = 20 if v4 else 40
            if (packet[9] if v4 else packet[6]) != 6:
                continue
            ours = packet[at + 2:at + 4] == b"\0\x50"
            at += 0 if ours else 2
            out.append((i * 20 + time, packet[:at] + port + packet[at + 2:]))
    return out


def without_file(answer):
    return {key: value for key, value in answer.items() if key not in ("file", "format")}


def test_every_format_says_the_same():
    frames, times = split(everything())
    times = [ns // 1000 * 1000 for ns in times]
    first = without_file(report(pcapng.classic(frames, times=times)))
    for data in (pcapng.classic(frames, times=times, order=">"),
                 pcapng.classic(frames, times=times, nano=True),
                 pcapng.classic(frames, times=times, nano=True, order=">"),
                 pcapng.modern(frames, times=times), pcapng.modern(frames, times=times, order=">")):
        assert without_file(report(data)) == first
    assert first["flows_total"] == len(tcp_scenes.SCENES)


def test_headers_are_enough():
    frames, times = split(everything())
    whole = report(pcapng.classic(frames, times=times))
    snapped = report(pcapng.classic([(f[:72] if f[0] >> 4 == 4 else f[:92], len(f)) for f in frames],
                                    times=times))
    assert snapped.pop("snapped_total") > 100
    whole.pop("snapped_total")
    assert snapped == whole


@pytest.mark.parametrize("link, head", [
    (1, bytes(12) + b"\x08\0"), (1, bytes(12) + b"\x81\0\0\5\x08\0"),
    (1, bytes(12) + b"\x88\xa8\0\5\x81\0\0\7\x08\0"), (0, b"\2\0\0\0"), (108, b"\0\0\0\2"),
    (1, bytes(12) + b"\x88\x64\x11\0\0\1\0\0\0\x21"),
    (113, bytes(14) + b"\x08\0"), (276, b"\x08\0" + bytes(18)), (228, b"")])
def test_link_types(link, head):
    frames, times = split(tcp_scenes.black_hole())
    answer = report(pcapng.classic([head + frame for frame in frames], link=link, times=times))
    assert answer["verdicts"]["black_hole"] == 1


def test_a_link_type_without_ip_is_told():
    """Where nothing could be looked at nobody can tell whether anything is wrong."""
    done = run("pcap", "-", data=pcapng.classic([bytes(40)], link=105))
    assert b"1 of 1 packets have link type 105 (IEEE802_11)" in done.stderr and done.returncode == 7
    data = (pcapng.section() + pcapng.interface(link=105) + pcapng.interface()
            + pcapng.enhanced(bytes(40), 1) + pcapng.enhanced(Talk().out[0][1], 2, number=1))
    done = run("pcap", "-", data=data)
    assert b"1 of 2 packets have link type 105" in done.stderr and done.returncode == 0


@pytest.mark.parametrize("data", [pcapng.classic([]), pcapng.section(), pcapng.section() + pcapng.interface()],
                         ids=["pcap", "pcapng", "an interface"])
def test_no_packets(data):
    """Nothing was captured: nobody can tell, which is no all-clear."""
    done = run("pcap", "-", "--limit", "1400", data=data)
    assert done.returncode == 7 and b"packets 0" in done.stdout
    assert done.stderr == (b"mssclampctl: warning: standard input has no packets: nobody can tell what "
                           b"passed; did the filter of the capture take any?\n")
    assert report(data, code=7)["packets_total"] == 0
    done = run("pcap", "-", data=data + b"\0\0\0")  # cut short is something else
    assert done.returncode == 1 and b"no packets" not in done.stderr


def wrap(kind, inner):
    a, b = "10.0.0.1", "10.0.0.2"
    ether = bytes(12) + b"\x08\x00" + inner
    if kind == "ipip":
        return packets.ip(a, b, inner, protocol=4)
    if kind == "gre":
        return packets.ip(a, b, b"\x20\0\x08\0\0\0\0\x07" + inner, protocol=47)
    if kind == "ipip in IPv6":
        return packets.ip("2001:db8::1", "2001:db8::2", inner, protocol=4)
    port, rest = {"vxlan": (4789, b"\x08\0\0\0\0\0\1\0"),
                  "geneve": (6081, b"\x01\0\x65\x58\0\0\1\0" + bytes(4))}[kind]
    udp = struct.pack("!4H", 1, port, 8 + len(rest) + len(ether), 0)
    return packets.ip(a, b, udp + rest + ether, protocol=17)


@pytest.mark.parametrize("kind", ["ipip", "gre", "ipip in IPv6", "vxlan", "geneve"])
def test_tunnels(kind):
    """The connection inside is judged; sizes against the limit are those outside."""
    frames, times = split(tcp_scenes.black_hole())
    outer = [wrap(kind, frame) for frame in frames]
    answer = report(pcapng.classic(outer, times=times), "--limit", "1500")
    flow, = answer["flows"]
    assert (flow["verdict"], flow["src"], flow["stuck"]["packet_bytes"]) == (
        "black_hole", tcp_scenes.A, 1500)
    assert answer["in_tunnels_total"] == len(frames)
    assert answer["oversize_packets_total"] == sum(len(packet) > 1500 for packet in outer) == 5
    assert answer["largest_packet_bytes"] == max(map(len, outer))


def test_every_syn_is_listed():
    answer = report(capture(Talk(mss=1400, back_mss=1380).out
                            + Talk(tcp_scenes.A6, tcp_scenes.B6, 1420, 1220).out))
    assert [(s["src"], s["src_port"], s["dst"], s["family"], s["flags"], s["mss_bytes"])
            for s in answer["syns"]] == [
        (tcp_scenes.A, 40000, tcp_scenes.B, "ipv4", "SYN", 1400),
        (tcp_scenes.B, 80, tcp_scenes.A, "ipv4", "SYN-ACK", 1380),
        (tcp_scenes.A6, 40000, tcp_scenes.B6, "ipv6", "SYN", 1420),
        (tcp_scenes.B6, 80, tcp_scenes.A6, "ipv6", "SYN-ACK", 1220)]
    assert {(row["mss_bytes"], row["syns_total"], row["syn_acks_total"])
            for row in answer["mss_histogram"]} == {(1400, 1, 0), (1380, 0, 1), (1420, 1, 0),
                                                    (1220, 0, 1)}
    assert answer["syns"][0]["time"] is None or answer["syns"][0]["time"].endswith("Z")


def many(mss, count=5, hops=(64, 52)):
    return [item for i in range(count)
            for item in Talk(b=f"198.51.{i}.2", mss=1460, back_mss=mss[i % len(mss)],
                             sport=40000 + i, hops=hops).out]


@pytest.mark.parametrize("scene, seen", [
    (Talk().out, False), (many([1460]), False), (many([1440, 1380, 1452]), None),
    (many([1372]), True), (Talk(mss=1400, back_mss=1400).out, None), ([], None),
    (tcp_scenes.clamped_on_the_way(), True), ([Talk().out[0]], None)],
    ids=["plain", "all plain", "mixed", "one odd MSS everywhere", "one pair", "nothing",
         "before and after", "a SYN alone"])
def test_who_clamps(scene, seen):
    clamping = report(capture(scene))["clamping"]
    assert clamping["seen"] is seen
    assert clamping["why"].endswith(".")


def own_capture(talk, mss, took=50e-6):
    """The SYNs as capture -w writes them: each once of "before" and once of "after"."""
    data = pcapng.section() + b"".join(
        pcapng.interface(options=pcapng.option(2, name) + pcapng.option(9, b"\x09"))
        for name in (b"before", b"after"))
    for time, packet in talk.out:
        after = bytearray(packet)
        after[42:44] = struct.pack("!H", mss)
        data += pcapng.enhanced(packet, int(time * 1e9), 0)
        data += pcapng.enhanced(bytes(after), int((time + took) * 1e9), 1)
    return data


def test_copies_of_our_own_capture():
    """A SYN-ACK of Linux has identification 0 and its hop limit stays: only the file tells."""
    talk = Talk()
    talk.out.clear()
    talk.seq = [1000, 9000]
    syn = {"options": packets.mss(1460), "ident": 0}
    talk.put(1.0, 0, packets.SYN, **syn)
    talk.put(1.01, 1, packets.SYN | packets.ACK, **syn)
    answer = report(own_capture(talk, 1340), code=0)
    assert [flow["verdict"] for flow in answer["flows"]] == ["ok"]
    assert (answer["retransmissions_total"], answer["captured_twice_total"]) == (0, 2)
    assert answer["clamping"] == {**answer["clamping"], "seen": True, "why": (
        "SYNs captured before and after this host changed them: 1; the MSS went from 1460 to 1340. "
        "SYN-ACKs captured before and after this host changed them: 1; the MSS went from 1460 to "
        "1340.")}
    # What a try raised went up, and what is sent again still counts.
    talk.put(2.01, 1, packets.SYN | packets.ACK, seq=9000, **syn)
    answer = report(own_capture(talk, 1480), code=0)
    assert (answer["retransmissions_total"], answer["captured_twice_total"]) == (1, 3)
    assert ("SYN-ACKs captured before and after this host changed them: 2; the MSS went from 1460 to "
            "1480.") in answer["clamping"]["why"]


def many_passing(changes, kind="SYN"):
    """As capture -w writes them: SYNs, or SYN-ACKs, that go from one MSS to another; None: dropped."""
    data, time = pcapng.section(), 10**9
    for name in (b"before", b"after"):
        data += pcapng.interface(options=pcapng.option(2, name) + pcapng.option(9, b"\x09"))
    for i, (before, after) in enumerate(changes):
        talk = Talk(mss=before, back_mss=before, sport=40000 + i)
        packet = bytearray(talk.out[kind == "SYN-ACK"][1])
        packet[4:6] = bytes(2)
        data += pcapng.enhanced(bytes(packet), time, 0)
        if after is not None:
            packet[42:44] = struct.pack("!H", after)
            data += pcapng.enhanced(bytes(packet), time + 50000, 1)
        time += 10**7
    return data


def both_histograms(answer):
    return [{row["mss_bytes"]: (row["syns_total"], row["syn_acks_total"]) for row in answer[key]}
            for key in ("mss_histogram", "mss_histogram_after")]


def test_each_syn_counts_once_as_it_came_and_as_it_left():
    syns = [(1460, 1380)] * 3 + [(1460, 1340)] * 2 + [(1300, 1300)] * 4 + [(100, None)]
    answers = [(1400, 1400)] * 5
    data = many_passing(syns) + many_passing(answers, "SYN-ACK")
    answer = report(data, "--limit", "1400", code=1)
    assert both_histograms(answer) == [{1460: (5, 0), 1300: (4, 0), 100: (1, 0), 1400: (0, 5)},
                                       {1380: (3, 0), 1340: (2, 0), 1300: (4, 0), 1400: (0, 5)}]
    clamping = answer["clamping"]
    assert clamping["why"] == (
        "SYNs captured before and after this host changed them: 5; the MSS went from 1460 to 1380 (3), "
        "1460 to 1340 (2); as they came: 4. SYN-ACKs captured before and after this host: 5, all as "
        "they came.")
    assert clamping["changes"] == [
        {"flags": "SYN", "before_bytes": 1460, "after_bytes": after, "count": count}
        for after, count in ((1380, 3), (1340, 2))]
    assert (clamping["unchanged_syns_total"], clamping["unchanged_syn_acks_total"]) == (4, 5)
    assert clamping["oversize_for_limit_total"] == 8, "as they left: 1380 and 1400 + 40 bytes"
    screen = run("pcap", "-", data=data, env={**os.environ, "COLUMNS": "80"}).stdout.decode()
    for title in ("MSS in SYNs, as they came", "MSS in SYN-ACKs, as they left"):
        assert title in screen
    page = run("pcap", "-", "--html", "-", data=data).stdout.decode()
    assert page.count("as they left") >= 2


def test_nothing_changed():
    answer = report(many_passing([(1460, 1460)] * 2), code=0)
    assert both_histograms(answer) == [{1460: (2, 0)}] * 2
    assert answer["clamping"]["seen"] is None and answer["clamping"]["why"].endswith(
        " SYNs captured before and after this host: 2, all as they came.")
    assert report(capture(Talk().out))["mss_histogram_after"] is None


def test_many_changes():
    """More than are told apart: none is lost."""
    changes = [(1460, 1300 + i % 20) for i in range(60)]
    clamping = report(many_passing(changes))["clamping"]
    assert "hanged them: 60; the MSS went from 1460 to 1300 (3), 1460 to 1301 (3), 1460 to 1302 (3), " \
        "other values (51)." in clamping["why"]
    assert sum(change["count"] for change in clamping["changes"]) == 48


def test_a_syn_at_three_places():
    """On a router that clamps, and once more in front of it."""
    talk = Talk()
    for i, (hops, mss) in enumerate(((64, 1460), (63, 1360))):
        packet = bytearray(talk.out[0][1])
        packet[8] = hops - 1
        packet[42:44] = struct.pack("!H", mss)
        talk.out.insert(1 + i, (0.0001 * (i + 1), bytes(packet)))
    answer = report(capture(talk.out))
    assert both_histograms(answer) == [{1460: (1, 1)}, {1460: (0, 1), 1360: (1, 0)}]
    assert answer["clamping"]["changes"] == [
        {"flags": "SYN", "before_bytes": 1460, "after_bytes": 1360, "count": 1}]
    assert answer["clamping"]["unchanged_syns_total"] == 0


def test_an_option_that_is_added():
    data = many_passing([])
    packet = packets.ip(tcp_scenes.A, tcp_scenes.B, packets.segment(
        tcp_scenes.A, tcp_scenes.B, 40000, 80, packets.SYN, b""), ident=0)
    grown = packets.ip(tcp_scenes.A, tcp_scenes.B, packets.segment(
        tcp_scenes.A, tcp_scenes.B, 40000, 80, packets.SYN, packets.mss(1360)), ident=0)
    answer = report(data + pcapng.enhanced(packet, 10**9, 0) + pcapng.enhanced(grown, 10**9 + 9, 1))
    assert "the MSS went from none to 1360." in answer["clamping"]["why"]
    assert (answer["no_mss_total"], both_histograms(answer)) == (1, [{}, {1360: (1, 0)}])
    assert answer["clamping"]["changes"][0]["before_bytes"] is None


def test_the_limit():
    scene = Talk(mss=1400).clean(3).out + [(9, packets.ip("10.0.0.1", "10.0.0.2", bytes(1381),
                                                          protocol=17))]
    answer = report(capture(scene), "--limit", "1400", code=1)
    assert (answer["oversize_packets_total"], answer["limit_bytes"]) == (4, 1400)
    assert answer["clamping"]["oversize_for_limit_total"] == 2
    assert report(capture(scene), "--limit", "1500", code=0)["oversize_packets_total"] == 0
    assert report(capture(scene), code=0)["oversize_packets_total"] is None


def pieces(size, count=3, handshake=True, **more):
    """What one side sends in pieces of many segments."""
    talk = Talk(**more)
    for i in range(count):
        talk.put(0.1 + i, 0, size=size)
        talk.put(0.105 + i, 1)
    return talk.out if handshake else talk.out[3:]


@pytest.mark.parametrize("scene, large, unsized", [
    (pieces(2 * 1448), 6, 0),  # on the wire they are 1500 bytes
    (pieces(2 * 1448, handshake=False), 6, 0),
    (pieces(2 * 1336), 0, 3),  # a smaller path: twice 1388 bytes, or what else?
    (pieces(2 * 1336, handshake=False), 0, 3),
    (pieces(2 * 1336, mss=1348), 0, 0),  # the sender's own link
    (pieces(2 * 1288, back_mss=1300), 0, 0),  # what the receiver announced is the limit
    (Talk().clean(1).out + pieces(1448 + 300, mss=1460, sport=40001), 0, 3)],
    ids=["full", "no SYN", "smaller path", "no SYN, smaller path", "own link", "receiver", "ragged"])
def test_pieces_are_no_large_packets(scene, large, unsized):
    """What was captured before it is cut, or joined, counts as its segments."""
    answer = report(capture(scene), "--limit", "1400")
    full = sum(len(packet) == 1500 for _, packet in scene)
    assert (answer["oversize_packets_total"], answer["offloaded_packets_total"],
            answer["offloaded_unsized_total"]) == (large + full, 3, unsized)
    assert answer["largest_packet_bytes"] <= 1500


@pytest.mark.parametrize("length, fragment, found", [
    (1400, 0x4000, (0, 0, 1400)), (1401, 0x4000, (1, 0, 1401)), (1500, 0, (1, 0, 1500)),
    (1501, 0x4000, (0, 1, None)), (65535, 0, (0, 1, None)), (1501, 0x2000, (1, 0, 1501))])
def test_pieces_of_datagrams(length, fragment, found):
    """QUIC and VPN programs have UDP cut and joined, too; what is larger than Ethernet carries is that."""
    frame = packets.ip("10.0.0.1", "10.0.0.2", bytes(length - 20), protocol=17, fragment=fragment)
    answer = report(pcapng.classic([frame]), "--limit", "1400", code=int(found[0] > 0))
    assert (answer["oversize_packets_total"], answer["offloaded_unsized_total"],
            answer["largest_packet_bytes"]) == found
    assert answer["offloaded_packets_total"] == answer["offloaded_unsized_total"]


def test_segments_are_counted_not_pieces():
    """In JSON, on the screen and on the page; the last of a piece may be smaller."""
    talk = Talk()
    talk.put(0.1, 0, size=10 * tcp_scenes.FULL)
    talk.put(0.2, 0, size=2 * tcp_scenes.FULL + 100)
    talk.put(0.9, 0, size=2 * tcp_scenes.FULL, seq=talk.seq[0] - 2 * tcp_scenes.FULL - 100)
    talk.put(1, 1)
    answer = report(capture(talk.out), "--limit", "1400", code=1)
    sizes = {row["from_bytes"]: (row["sent_total"], row["retransmitted_total"])
             for row in answer["sizes"] if row["sent_total"]}
    assert sizes == {1493: (14, 2), 1: (1, 0)}
    assert (answer["oversize_packets_total"], answer["retransmissions_total"]) == (14, 2)
    screen = run("pcap", "-", "--limit", "1400", data=capture(talk.out)).stdout.decode()
    assert re.search(r"1493 to 1500 +14 +2 +14%", screen) and "1400 bytes: 14 packets" in screen
    assert "3 pieces were captured before" in screen
    assert "14, sent again 2" in run("pcap", "-", "--html", "-", data=capture(talk.out)).stdout.decode()


def test_a_piece_of_a_clamped_connection():
    """Captured on the gateway that clamps: what goes back is as large as the SYN that left allows."""
    talk = Talk(mss=1460)
    after = bytearray(talk.out[0][1])
    after[8] -= 1
    after[42:44] = struct.pack("!H", 1348)
    talk.out.insert(1, (0.0001, bytes(after)))
    talk.put(0.1, 1, size=3 * 1336)
    answer = report(capture(talk.out), "--limit", "1400")
    assert (answer["oversize_packets_total"], answer["offloaded_unsized_total"]) == (0, 0)
    assert answer["largest_packet_bytes"] == 1388


def test_fragments_are_counted():
    a, b = "10.0.0.1", "10.0.0.2"
    frames = [packets.ip(a, b, bytes(100), protocol=17, fragment=0x2000),
              packets.ip(a, b, bytes(100), protocol=17, fragment=13),
              packets.extended("2001:db8::1", "2001:db8::2", [(44, b"\0\0\1\0\0\0\7")], bytes(64)),
              packets.extended("2001:db8::1", "2001:db8::2", [(44, bytes(7))], bytes(64)),
              packets.ip(a, b, bytes(100), protocol=17, fragment=0x4000)]
    assert report(pcapng.classic(frames))["fragments_total"] == 3


def test_icmp_is_listed():
    answer = report(capture(tcp_scenes.too_big()))
    icmp, = answer["icmp_too_big"]
    assert (icmp["from"], icmp["mtu_bytes"], icmp["src"], icmp["src_port"]) == (
        "192.0.2.1", 1400, tcp_scenes.A, 40000)


def test_icmp_that_does_not_say_what_fits():
    """RFC 792 has no MTU: whether the sender heeds it cannot be told."""
    for scene, verdict in ((tcp_scenes.too_big, "loss"), (tcp_scenes.icmp_ignored, "black_hole")):
        frames = capture(scene(mtu=0))
        flow, = report(frames)["flows"]
        assert flow["verdict"] == verdict and "too big and does not say what fits" in flow["evidence"]
        assert " 0 bytes fit" not in run("pcap", "-", data=frames).stdout.decode()


def test_path_mtu_discovery_is_no_loss():
    """What ICMP calls too big and is sent again smaller: told as that, once however often ICMP says it."""
    frames = tcp_scenes.too_big()
    icmp = next(i for i, (_, packet) in enumerate(frames) if packet[9] == 1)
    frames.insert(icmp + 1, (frames[icmp][0] + .0001, frames[icmp][1]))
    answer = report(capture(frames))
    flow, = answer["flows"]
    assert flow["verdict"] == "path_mtu_told" and "1400 bytes fit, and the sender heeds it" in flow["evidence"]
    assert answer["verdicts"]["path_mtu_told"] == 1 and answer["retransmissions_total"] == 2
    assert len(answer["icmp_too_big"]) == 2
    screen = run("pcap", "-", data=capture(frames)).stdout.decode()
    assert screen.count("says that 1400 bytes fit") == 1 and " (2 times)" in screen
    lossy = Talk().clean(2)
    again = lossy.seq[0] - tcp_scenes.FULL
    lossy.put(1, 0, size=tcp_scenes.FULL, seq=again)
    assert {one["verdict"] for one in report(capture(lossy.out))["flows"]} == {"loss"}


def cut_points(data):
    return sorted({*range(0, min(len(data), 130)), *range(0, len(data), 61), len(data)})


@pytest.mark.parametrize("make", [pcapng.classic, pcapng.modern])
def test_cut_at_any_byte(make):
    """What came before is reported; a cut between two records is no damage."""
    frames = split(Talk().clean(2).out)[0]
    data = make(frames)
    whole = report(data, code=0)["packets_total"]
    last = 0
    for end in cut_points(data):
        done = run("--json", "pcap", "-", data=data[:end])
        answer = json.loads(done.stdout)
        if "error" in answer and isinstance(answer["error"], dict):
            assert end < 64 and done.returncode == 1
            assert last == 0
            continue
        assert answer["packets_total"] >= last
        last = answer["packets_total"]
        assert answer["complete"] == (answer["error"] is None) == (done.returncode != 1)
        assert done.returncode in ((0, 1) if answer["packets_total"] else (7, 1))
        if not answer["complete"]:
            assert str(end) in answer["error"] and b"the report is about" in done.stderr
    assert last == whole


def test_a_pcapng_of_many_sections():
    frame = Talk().out[0][1]
    data = b""
    for order in "<>":
        data += pcapng.section(order, options=pcapng.option(1, b"a comment", order))
        data += pcapng.interface(1, order) + pcapng.interface(
            order=order, options=pcapng.option(9, b"\x09", order))
        data += pcapng.block(0x80000bad, bytes(999), order) + pcapng.block(4, bytes(40), order)
        data += pcapng.enhanced(frame, 1700000000 * 10**9 + 5, 1, order,
                                options=pcapng.option(1, b"why", order))
        data += pcapng.enhanced(bytes(12) + b"\x08\0" + frame, 1700000000 * 10**6, 0, order)
        data += pcapng.block(5, bytes(20), order)
    answer = report(data, code=0)
    assert [syn["time"] for syn in answer["syns"]] == 2 * [
        "2023-11-14T22:13:20.000000005Z", "2023-11-14T22:13:20.000000000Z"]


@pytest.mark.parametrize("resolution, ticks, text", [
    (b"\x06", 1700000000_123456, "20.123456000Z"), (b"\x09", 1700000000_123456789, "20.123456789Z"),
    (b"\x00", 1700000000, "20.000000000Z"), (b"\x8a", 1700000000 * 1024 + 512, "20.500000000Z"),
    (b"\x0a", 1700000000_1234567891, "20.123456789Z")])
def test_resolutions(resolution, ticks, text):
    data = (pcapng.section() + pcapng.interface(options=pcapng.option(9, resolution))
            + pcapng.enhanced(Talk().out[0][1], ticks))
    assert report(data)["syns"][0]["time"].endswith(text)


def test_an_offset():
    options = pcapng.option(14, struct.pack("<q", 3600))
    data = (pcapng.section() + pcapng.interface(options=options)
            + pcapng.enhanced(Talk().out[0][1], 1700000000_000000))
    assert report(data)["syns"][0]["time"] == "2023-11-14T23:13:20.000000000Z"


def test_other_files_are_refused(tmp_path):
    for data, text in ((b"", "is empty"), (b"\x1f\x8b" + bytes(99), "packed by gzip"),
                       (b"\n", "no capture"), (b"\n\r\r\n" + bytes(40), "no capture"),
                       (b"hello, world, this is text", "neither pcap nor pcapng")):
        (tmp_path / "x").write_bytes(data)
        done = run("pcap", tmp_path / "x")
        assert (done.returncode, done.stdout) == (1, b"")
        assert text in done.stderr.decode()
    assert run("pcap", tmp_path / "none").returncode == 1
    for wrong in (["--limit", "67"], ["--limit", "x"], ["--addresses"], ["more"]):
        assert run("pcap", tmp_path / "x", *wrong).returncode == 2


def flood(count, twice=False):
    """Many connections of one SYN each, or the same SYN sent twice."""
    head = bytearray(Talk().out[0][1])
    parts = [pcapng.classic([])]
    for i in range(count):
        head[12:16] = struct.pack("!I", 0x0a000000 + i)
        parts.append(struct.pack("<4I", 1700000000 + i // 1000, i % 1000, len(head), len(head)))
        parts.append(bytes(head))
        if twice:
            head[4:6] = struct.pack("!H", 7)
            parts += [parts[-2], bytes(head)]
            head[4:6] = struct.pack("!H", 2)
    return b"".join(parts)


def test_memory_stays_bounded(tmp_path):
    """Ten times as many flows as the table holds; under a limit a process feels."""
    (tmp_path / "flood").write_bytes(flood(170000))
    script = ("import resource, subprocess, sys\n"
              "subprocess.run(sys.argv[1:], stdout=open('/dev/null', 'w'), check=False)\n"
              "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    done = subprocess.run([sys.executable, "-c", script, BUILD / "mssclampctl", "--json", "pcap",
                           tmp_path / "flood"], capture_output=True, text=True, check=True,
                          timeout=60 * SLOW)
    if "asan" not in str(BUILD):
        assert int(done.stdout) < 64 * 1024, "KiB"
    answer = json.loads(run("--json", "pcap", tmp_path / "flood").stdout)
    assert answer["flows_total"] == answer["syns_total"] == 170000
    assert answer["flows_pushed_out_total"] == 170000 - 16384
    assert (len(answer["syns"]), len(answer["flows"])) == (10000, 1000)
    assert answer["syns_left_out_total"] == 160000


def instructions(path, data):
    """That a report on it takes, however loaded the machine is."""
    path.write_bytes(data)
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                           BUILD / "mssclampctl", "pcap", path], capture_output=True, text=True,
                          check=True, timeout=100 * SLOW)
    return int(re.search("Collected : ([0-9]+)", done.stderr)[1])


@pytest.mark.skipif("asan" in str(BUILD), reason="valgrind and the sanitizers exclude each other")
def test_findings_cost_no_more_than_their_packets(tmp_path):
    """A scan: the second 10,000 connections that nobody answers, a thousand of which are listed, take
    no more than as many packets of which nothing is found."""
    file, scan = tmp_path / "file", flood(20000, twice=True)
    assert report(scan)["verdicts"]["refused"] == 20000
    found = instructions(file, scan) - instructions(file, flood(10000, twice=True))
    fine = instructions(file, flood(40000)) - instructions(file, flood(20000))
    assert found < 1.2 * fine


def test_a_black_hole_keeps_its_place_among_many(tmp_path):
    """It is listed though a thousand others came before it and many after."""
    scene = [(1700000003 + time, packet) for time, packet in tcp_scenes.black_hole()]
    data = flood(2000) + capture(scene)[24:] + flood(20000)[24:]
    answer = report(data, code=1)
    assert answer["flows"][0]["verdict"] == "black_hole"


def test_the_screen():
    for env in ({"COLUMNS": "80"}, {"COLUMNS": "80", "LC_ALL": "C", "NO_COLOR": "1"}):
        done = run("pcap", "-", "--limit", "1400", data=capture(everything()),
                   env={**os.environ, **env})
        text = done.stdout.decode()
        assert "suspected PMTU black hole" in text and done.returncode == 1
        assert max(map(len, text.splitlines())) <= 80
        assert "Clamped by somebody between here and there: " in text
        assert "LC_ALL" not in env or text.isascii()


def test_the_page(tmp_path):
    page = tmp_path / "page.html"
    done = run("pcap", "-", "--html", page, data=capture(everything()))
    assert done.returncode == 1 and done.stdout
    text = page.read_text()
    assert text.startswith("<!DOCTYPE html>") and text.count("<svg") == text.count("</svg>") == 3
    assert "suspected PMTU black hole" in text and '<th class="n">Bytes</th>' in text
    assert not re.search(r"(src|href)=|<script|url\(|@import", text)
    assert tcp_scenes.A not in text and tcp_scenes.B6 not in text and "192.0.x.x" in text
    assert "Addresses are shortened to their first parts." in text
    run("pcap", "-", "--html", page, "--addresses", data=capture(everything()))
    assert tcp_scenes.A in page.read_text()
    assert run("pcap", "-", "--html", "-", data=capture(everything())).stdout.startswith(
        b"<!DOCTYPE")


def test_the_page_in_a_browser(tmp_path):
    """Without a network: its pictures are there, and nothing stands out of it."""
    page = tmp_path / "page.html"
    run("pcap", "-", "--html", page, data=capture(everything()))
    with open(page, "a", encoding="utf-8") as file:  # of the test's own
        file.write("<script>document.title = [document.documentElement.scrollWidth,"
                   "document.querySelectorAll('svg rect').length].join()</script>")
    done = subprocess.run(["unshare", "--net", "chromium", "--headless", "--no-sandbox", "--disable-gpu",
                           f"--user-data-dir={tmp_path}/profile", "--window-size=900,1200",
                           "--dump-dom", f"file://{page}"], capture_output=True, text=True, check=True,
                          timeout=240)
    width, bars = map(int, re.search(r"<title>(\d+),(\d+)</title>", done.stdout).groups())
    assert width <= 900 and bars >= 10


@pytest.mark.parametrize("make", [pcapng.classic, pcapng.modern])
def test_flipped_bits(make):
    """A bit that is another one is read, or told; nothing else happens."""
    whole = make(split(tcp_scenes.probing())[0])
    chance = random.Random(1)
    for _ in range(12):
        data = bytearray(whole)
        for _ in range(chance.choice((1, 1, 2, 40))):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        done = run("--json", "pcap", "-", data=bytes(data))
        answer = json.loads(done.stdout)
        assert done.returncode in (0, 1), done.stderr
        assert isinstance(answer["error"], dict) or answer["flows_total"] >= len(answer["flows"])


def test_a_name_is_no_markup(tmp_path):
    name = tmp_path / "<script>alert(1)<script>\x1b[31m"
    name.write_bytes(capture(Talk().out)[:-3])
    done = run("pcap", name, "--html", tmp_path / "page")
    assert b"\x1b" not in done.stdout + done.stderr
    assert "<script" not in (tmp_path / "page").read_text()
