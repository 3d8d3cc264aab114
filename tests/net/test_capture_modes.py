# SPDX-License-Identifier: GPL-2.0-or-later
"""`capture` tells of each SYN what arrived and what left, in every mode, and tshark reads its file
and agrees on every MSS."""

import pathlib
import tempfile

import packets
import pytest
from packets import ACK, AO, NOP, SYN
from watching import WAIT, read_end, tshark, watch_json

MODES = ("queue", "mark", "audit")
CONFIG = "queues = { count = 1; };" # what several workers see comes by the time each has read it
V4, V6 = 1360, 1340  # limits of wan


@pytest.fixture(scope="module")
def shapes(path):
    """SYNs of all kinds: (packet, MSS options before, reason, MSS behind it)."""
    source, sink, six, sink6 = path.CLIENT4, path.SINK4, path.CLIENT6, path.SINK6
    mss = packets.mss
    return [
        (packets.syn(source, sink, sport=1001), 1460, "clamped", V4),
        (packets.syn(six, sink6, sport=1002), 1460, "clamped", V6),
        (packets.syn(source, sink, mss(1000), sport=1003), 1000, "already_small", 1000),
        (packets.syn(source, sink, b"", sport=1004), None, "no_mss", None),
        (packets.syn(source, sink, NOP + mss(1452), sport=1005), 1452, "clamped", V4),
        (packets.syn(source, sink, AO + mss(1460), sport=1006), None, "tcp_ao", None),
        (packets.syn(source, sink, mss(9000), sport=443, flags=SYN | ACK), 9000, "clamped", V4),
        (packets.syn(source, sink, mss(1459), sport=1007, data=bytes(700)), 1459, "clamped", V4),
        (packets.syn(six, sink6, mss(65535) + mss(1460), sport=1008), 1460, "clamped", V6),
    ]


def test_what_it_tells(daemon, mode, path, inject, shapes):
    """Each SYN once, in order, as it came and as it left; the file says the same to tshark."""
    with tempfile.TemporaryDirectory() as directory:
        file = pathlib.Path(directory) / "syns.pcapng"
        watching = watch_json(daemon, "-n", str(len(shapes)), "-w", str(file))
        with packets.Capture(path.server, "eth0", match=lambda p: p.is_tcp) as there:
            for packet, *_ in shapes:
                inject(packet)
            arrived = there.take(len(shapes))
        answer = read_end(watching.ends())
        lines = tshark(file, "frame.interface_name", "tcp.srcport", "tcp.options.mss_val",
                       "frame.comment", "frame.len", "frame.cap_len")
    assert answer["ended_by"] == "count" and not answer["unseen_total"]
    assert len(answer["syns"]) == len(arrived) == len(shapes)
    audit = mode == "audit"
    for syn, (packet, before, reason, after), there in zip(answer["syns"], shapes, arrived):
        seen = packets.Seen(packet)
        assert syn["reason"] == reason and syn["audit"] == audit
        assert (syn["source"], syn["destination"]) == (str(seen.source), str(seen.target))
        assert (syn["source_port"], syn["destination_port"]) == (seen.sport, seen.dport)
        assert (syn["in_interface"], syn["out_interface"]) == ("lan", "wan")
        assert syn["kind"] == ("syn_ack" if seen.flags & ACK else "syn")
        if reason != "tcp_ao":
            assert (syn["mss_before_bytes"], syn["mss_after_bytes"]) == (before, after)
        if reason in ("clamped", "already_small"):
            assert syn["limit_bytes"] == (V6 if seen.version == 6 else V4)
            assert syn["decided_by"] == "link MTU of wan"
        assert bytes.fromhex(syn["before"]["bytes"]) == packets.hop_less(packet)[:256]
        left = syn["after"] or syn["before"]
        assert bytes.fromhex(left["bytes"]) == there.ip[:256]
        assert left["length_bytes"] == len(there.ip)
        assert 0 < syn["took_seconds"] < WAIT
    assert len(lines) == 2 * len(shapes)
    for syn, there, first, second in zip(answer["syns"], arrived, lines[::2], lines[1::2]):
        seen = packets.Seen(bytes.fromhex(syn["before"]["bytes"])[:256])
        assert (first[0], second[0]) == ("before", "after")
        assert first[1] == second[1] == str(syn["source_port"])
        assert first[2] == ",".join(map(str, seen.mss))
        assert second[2] == ",".join(map(str, there.mss))
        assert first[3] == second[3] and (syn["reason"] in first[3] or "mss" in first[3])
        assert second[4] == str(len(there.ip)) and int(second[5]) == min(256, len(there.ip))
