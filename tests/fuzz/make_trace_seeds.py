#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the seeds of fuzz_trace, the same ones in each run: connections of every kind as captures,
and files whose lengths lie."""

import pathlib
import shutil
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))

import packets  # noqa: E402
import pcapng  # noqa: E402
import tcp_scenes  # noqa: E402

FOLDER = HERE / "seeds/trace"


def tunnels(inner):
    """One packet inside of everything that is looked into."""
    a, b = "10.0.0.1", "10.0.0.2"
    ether = bytes(12) + b"\x08\x00" + inner
    udp = {port: struct.pack("!4H", 1, port, 16 + len(ether), 0) for port in (4789, 6081)}
    yield packets.ip(a, b, inner, protocol=4)
    yield packets.ip(a, b, b"\0\0\x08\0" + inner, protocol=47)
    yield packets.ip(a, b, b"\xb0\0\x65\x58" + bytes(12) + ether, protocol=47)
    yield packets.ip(a, b, udp[4789] + b"\x08\0\0\0\0\0\1\0" + ether, protocol=17)
    yield packets.ip(a, b, udp[6081] + b"\x01\0\x65\x58\0\0\1\0" + bytes(4) + ether, protocol=17)
    yield packets.ip("2001:db8::1", "2001:db8::2", inner, protocol=4)
    yield packets.ip(a, b, inner[:64], protocol=4, fragment=0x2000)
    yield packets.extended("2001:db8::1", "2001:db8::2", [(44, b"\0\0\1\0\0\0\7")], bytes(64))


def lies(frame):
    head = pcapng.section() + pcapng.interface()
    yield "caplen", head + pcapng.enhanced(frame, caplen=0xfffffff0)
    yield "original", head + pcapng.enhanced(frame, original=1)
    yield "interface", head + pcapng.enhanced(frame, number=7)
    yield "block-4gib", head + pcapng.block(6, frame, length=0xfffffffc)
    yield "block-short", head + pcapng.block(6, frame, length=8)
    yield "block-end", head + pcapng.block(5, frame, end=16)
    yield "block-unknown", head + pcapng.block(0x0bad, frame) + pcapng.enhanced(frame)
    yield "no-interface", pcapng.section() + pcapng.simple(frame)
    yield "orders", (head + pcapng.enhanced(frame) + pcapng.section(">")
                     + pcapng.interface(order=">") + pcapng.enhanced(frame, order=">"))
    for resolution in (0, 9, 19, 127, 0x80, 0x9e, 0xff):
        options = pcapng.option(9, bytes([resolution])) + pcapng.option(14, b"\xff" * 8)
        yield f"resolution-{resolution}", (pcapng.section() + pcapng.interface(options=options)
                                           + pcapng.enhanced(frame, 1 << 63))
    yield "simple", (pcapng.section() + pcapng.interface(snaplen=40)
                     + pcapng.simple(frame[:40], original=len(frame)) + pcapng.old(frame))


def odd_blocks(frame):
    """Blocks that are too short, or say what cannot be."""
    head = pcapng.section() + pcapng.interface()
    yield "no-order", pcapng.block(pcapng.SECTION, bytes(16))
    yield "newline", b"\n" + bytes(40)
    yield "order-later", head + pcapng.block(pcapng.SECTION, bytes(16))
    yield "interface-short", pcapng.section() + pcapng.block(1, bytes(4))
    yield "option-long", pcapng.section() + pcapng.interface(options=b"\t\0\xff\0" + bytes(4))
    yield "packet-short", head + pcapng.block(6, bytes(8))
    yield "simple-short", head + pcapng.block(3, b"")
    yield "simple-long", head + pcapng.simple(frame, original=len(frame) + 40)
    yield "comment", head + pcapng.enhanced(frame, options=pcapng.option(1, b"why " * 40)) * 2
    whole = head + pcapng.enhanced(frame)
    for end in (len(whole) - 2, len(whole) - 8, len(whole) - 60, len(head) + 20, len(head) + 3,
                len(head) - 6, len(head) - 14, 31, 10, 5):
        yield f"cut-{end}", whole[:end]


def odd_packets(syn):
    """Headers that are cut, lie, or are of another kind."""
    a, b, six, other = "10.0.0.1", "10.0.0.2", "2001:db8::1", "2001:db8::2"
    yield b"\x50" + bytes(40)
    yield syn[:19]
    yield syn[:30]
    yield b"\x44" + syn[1:]
    yield syn[:2] + b"\0\0" + syn[4:]
    yield syn + bytes(14)
    yield syn[:32] + b"\x40" + syn[33:]
    for options in (b"\2\0\0\0", b"\x63\0\0\0", b"\5\1\0\0", b"\1\1\2\x30", b"\5\2\5\4\1\2\0\0"):
        yield packets.syn(a, b, options=options)
    body = packets.segment(six, other)
    for headers in ([(0, bytes(7))], [(60, bytes(7)), (43, bytes(7))], [(0, b"\xff" + bytes(6))]):
        yield packets.extended(six, other, headers, body)
    yield packets.ip(six, other, body)[:50]
    yield packets.ip(six, other, body) + bytes(9)
    yield packets.ip(six, other, body)[:30]
    yield packets.ip(six, other, bytes(4), protocol=44)
    for icmp in (b"\x08\0" + bytes(20), b"\3\4", b"\3\4" + bytes(6), b"\3\4" + bytes(30),
                 b"\3\4\0\0\0\0\5\0" + syn[:20], b"\3\4\0\0\0\0\5\0" + packets.ip(six, other, body)):
        yield packets.ip(a, b, icmp, protocol=1)
    yield packets.ip(six, other, b"\2\0\0\0\0\0\5\0" + packets.ip(six, other, body), protocol=58)
    for gre in (b"\0\0", b"\0\1\x88\x0b" + syn, b"\0\0\x88\x47" + syn, b"\0\0\x08\0\x50"):
        yield packets.ip(a, b, gre, protocol=47)
    for udp in (bytes(6), struct.pack("!4H", 1, 53, 40, 0) + bytes(32),
                struct.pack("!4H", 1, 6081, 40, 0) + b"\xc0" + bytes(31)):
        yield packets.ip(a, b, udp, protocol=17)
    inner = syn
    for _ in range(10):
        inner = packets.ip(a, b, inner, protocol=4)
    yield inner


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    for name, (make, _, _) in tcp_scenes.SCENES.items():
        scene = make()
        frames, times = [packet for _, packet in scene], [int(t * 1e9) for t, _ in scene]
        snapped = [(frame[:80], len(frame)) for frame in frames]
        kind = name.replace(" ", "-").replace(",", "")
        (FOLDER / f"{kind}.pcap").write_bytes(pcapng.classic(snapped, times=times, nano=True))
    frames = [packet for _, packet in tcp_scenes.Talk().clean(2).out]
    (FOLDER / "modern").write_bytes(pcapng.modern(frames))
    (FOLDER / "tunnels").write_bytes(pcapng.classic(list(tunnels(frames[0])), order=">"))
    pppoe = bytes(12) + b"\x88\x64\x11\0\0\1\0\x50\0\x21" + frames[0]
    tagged = bytes(12) + b"\x81\0\0\5" + pppoe[12:]
    (FOLDER / "pppoe").write_bytes(pcapng.classic([pppoe, tagged], link=pcapng.ETHERNET))
    (FOLDER / "loop").write_bytes(pcapng.classic([b"\2\0\0\0" + frames[0]], link=0))
    (FOLDER / "odd-packets").write_bytes(pcapng.classic(list(odd_packets(frames[0]))))
    cut = [bytes(12) + b"\x88\x64", bytes(12) + b"\x08\x06" + bytes(28)]
    (FOLDER / "no-ip").write_bytes(pcapng.classic(cut, link=pcapng.ETHERNET))
    (FOLDER / "no-link").write_bytes(pcapng.classic([b"\2\0\0\0"], link=0))
    (FOLDER / "other-link").write_bytes(pcapng.classic(frames[:1], link=105))
    for name, data in (*lies(frames[0]), *odd_blocks(frames[0])):
        (FOLDER / name).write_bytes(data)


main()
