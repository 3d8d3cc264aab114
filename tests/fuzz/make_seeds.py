#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the seeds of fuzz_packet, fuzz_pcap, fuzz_calc and fuzz_probe_msg, and those of fuzz_rtnl_parse that the
unit tests have too, the same ones in each run, beside this script."""

import json
import pathlib
import re
import shutil
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))

import hostile as h  # noqa: E402
import overhead_oracle as oracle  # noqa: E402

INSERT, CLAMP_AO, OTHER_FAMILY, LOW, LOW_DROPS, LOW_76 = 1, 2, 4, 8, 16, 32
MICRO, NANO = 0xa1b2c3d4, 0xa1b23c4d
MACS = bytes.fromhex("020000000001020000000002")
SHAPES = ("linux", "windows 10", "macos", "openbsd", "solaris 8", "linux mptcp join", "nmap 3",
          "window scale in front", "two at odd places", "ten", "end, then an mss", "tcp-ao",
          "length 3, then an mss", "mss, then an overrun", "overrun, then an mss", "forty nops",
          "bgp md5, option last", "masscan, hping", "mss of which the value is cut")


def packet_seeds():
    """Name and content: switches, limit, room, packet."""
    def seed(packet, switches=0, limit=1300, room=8):
        return struct.pack("!BHB", switches, limit, room) + packet

    options = h.mss(1460) + h.SACK + h.TS + h.NOP + h.WS
    for i, name in enumerate(SHAPES):
        yield name, seed(h.ip(4 if i % 2 else 6, h.tcp(4 if i % 2 else 6, h.stacks(1460)[name])))
    for version in (4, 6):
        bare = h.ip(version, h.tcp(version))
        yield f"insert into IPv{version}", seed(bare, INSERT)
        yield f"insert into IPv{version}, padding", seed(bare + bytes(6), INSERT)
        yield f"insert into IPv{version}, no room", seed(bare, INSERT, room=3)
        data = h.ip(version, h.tcp(version, b"", b"x"))
        yield f"no insert, data, IPv{version}", seed(data, INSERT)
        odd = h.ip(version, h.tcp(version, h.NOP + h.mss(1460) + h.NOP * 3, check=0xffff))
        yield f"odd, checksum ffff, IPv{version}", seed(odd)
        yield f"no limit, IPv{version}", seed(odd, OTHER_FAMILY)
        yield f"TCP-AO clamped, IPv{version}", seed(
            h.ip(version, h.tcp(version, h.stacks(1460)["tcp-ao"])), CLAMP_AO)
        yield f"cut, IPv{version}", seed(h.ip(version, h.tcp(version, options))[:-1])
    yield "IPv4 options", seed(h.ipv4(h.tcp(4, options), options=b"\x94\x04\0\0" + b"\x01" * 8))
    yield "IPv4 fragment", seed(h.ipv4(h.tcp(4, options), fragment=0x2000))
    segment = h.tcp(6, options)
    for name, kinds in {"hop-by-hop": [0], "usual order": [0, 60, 43, 60], "AH": [51],
                        "atomic": [44], "eight": [0] + [60] * 7, "nine": [0] + [60] * 8}.items():
        yield f"IPv6 {name}", seed(h.ipv6(h.chain(kinds, 0) + segment, kinds[0]), INSERT)
    yield "IPv6 jumbo", seed(h.ipv6(segment, length=0))
    yield "no insert, TCP-MD5", seed(h.ip(4, h.tcp(4, h.MD5 + h.NOP * 2)), INSERT)
    yield "no insert, TCP-AO", seed(h.ip(4, h.tcp(4, h.AO)), INSERT | CLAMP_AO)
    yield "no insert, MSS of length 3", seed(h.ip(4, h.tcp(4, b"\2\3\5\1")), INSERT)
    for version in (4, 6):
        mixed = h.ip(version, h.tcp(version, h.mss(1460) + h.mss(536) + h.mss(1300)))
        yield f"above, below and at the limit, IPv{version}", seed(mixed)
        tiny = h.ip(version, h.tcp(version, h.mss(100) + h.NOP + h.mss(1460) + h.NOP * 3))
        yield f"tiny, raised, IPv{version}", seed(tiny, LOW | LOW_76)
        yield f"tiny, raised to 532, IPv{version}", seed(tiny, LOW | 7 * LOW_76)
        yield f"tiny, dropped, IPv{version}", seed(tiny, LOW | LOW_DROPS | 7 * LOW_76)
        yield f"tiny, the limit is less, IPv{version}", seed(tiny, LOW | 7 * LOW_76, limit=200)
        kept = h.ip(version, h.tcp(version, h.mss(100) + h.mss(600), check=0xffff))
        yield f"tiny, checksum ffff, IPv{version}", seed(kept, LOW | LOW_76)
    yield "limit 1", seed(h.ip(4, segment), limit=1)


def capture(link_type, frames, order="<", magic=MICRO, snaplen=65535, snap=0):
    parts = [struct.pack(order + "IHHIIII", magic, 2, 4, 0, 0, snaplen, link_type)]
    for i, frame in enumerate(frames):
        size = len(frame) - snap
        parts.append(struct.pack(order + "4I", 1700000000 + i, i, size, len(frame)) + frame[:size])
    return b"".join(parts)


def pcap_seeds():
    four = [h.ip(4, h.tcp(4, h.mss(1460) + h.NOP * 4)), h.ip(4, h.tcp(4)), b"\x45"]
    six = [h.ip(6, h.tcp(6, h.NOP + h.mss(1460) + h.NOP * 3)), h.ip(6, h.tcp(6))]
    both = four + six
    for link_type in (12, 14, 101, 228, 229):
        yield f"link type {link_type}", capture(link_type, both)
    for name, tags in {"plain": b"", "VLAN": b"\x81\0\0\5", "QinQ": b"\x88\xa8\0\7\x81\0\0\5",
                       "old QinQ": b"\x91\0\0\7\x81\0\0\5"}.items():
        front = [tags + b"\x08\0", tags + b"\x86\xdd"]
        frames = [front[packet[0] >> 4 == 6] + packet for packet in both]
        yield f"Ethernet, {name}", capture(1, [MACS + frame + bytes(4) for frame in frames])
        yield f"cooked, {name}", capture(113, [bytes(14) + frame for frame in frames])
        yield f"cooked 2, {name}", capture(276, [f[:2] + bytes(18) + f[2:] for f in frames])
    for order, word in (("<", "little"), (">", "big")):
        yield f"{word} endian, nanoseconds", capture(101, both, order, NANO)
        yield f"{word} endian, snapped", capture(101, both[:2], order, snap=1)
        yield f"{word} endian, empty", capture(101, [], order)
    whole = capture(101, both)
    yield "snap length 0", capture(101, both, snaplen=0)
    yield "snap length outgrown", capture(101, both, snaplen=40)
    yield "check sequence bits", capture(0x24000001, [MACS + b"\x08\0" + four[0] + bytes(4)])
    yield "cut in a header", whole[:30]
    yield "cut in a frame", whole[:-1]
    yield "cut in the file header", whole[:23]
    yield "impossible length", whole + struct.pack("<4I", 1, 2, 2**32 - 1, 2**32 - 1)
    yield "captured more than there was", whole[:36] + bytes(4) + whole[40:]
    yield "other link type", capture(0, [b"\2\0\0\0" + four[0]])
    yield "pcapng", struct.pack("<IIIHHqI", 0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0, -1, 28)
    yield "modified pcap", struct.pack("<I", 0xa1b2cd34) + whole[4:]
    yield "version 2.2", whole[:6] + b"\2\0" + whole[8:]


def calc_seeds():
    """Stacks as JSON, or as words, one a line."""
    kinds = oracle.KINDS
    for number, stack in enumerate(oracle.make_stacks(len(kinds), 5)):
        yield f"stack {number:02} {kinds[number % len(kinds)]}", json.dumps(stack).encode()
    yield "words", (b"pppoe\nwireguard:outer=6,ifmtu=1420\ngre:key,fou,seq=0\n"
                    b"esp:cipher=AES-CBC,auth=SHA1-96,encap=udp,mode=transport")
    yield "words, refused", b"gre:key,key"
    yield "unknown kind", b"wiregard:outer=6"
    yield "unknown key", b"wireguard:outr=6"
    yield "numbers out of range", b'{"path_mtu":99999999999,"layers":[{"type":"gre","fou":-1}]}'
    yield "types that are none", b'{"path_mtu":[],"layers":[{"type":{}},7]}'
    yield "no room", b'{"path_mtu":68,"layers":[{"type":"vxlan"},{"type":"vxlan"}]}'


def sockaddr(version, address, port=0):
    """As Linux on x86-64 has them, like all below."""
    if version == 4:
        return struct.pack("=H", 2) + struct.pack("!H", port) + address + bytes(8)
    return struct.pack("=H", 10) + struct.pack("!H", port) + bytes(4) + address + bytes(4)


def probe_msg_seeds():
    """What recvmsg gives: which socket, the lengths, name, control messages, bytes."""
    nonce = bytes(range(0xa0, 0xb0))
    far = {4: bytes([198, 51, 100, 2]), 6: bytes.fromhex("20010db8000200000000000000000002")}
    router = {4: bytes([192, 0, 2, 2]), 6: bytes.fromhex("20010db8000100000000000000000002")}
    told = {"too big": {4: (3, 4), 6: (2, 0)}, "time exceeded": {4: (11, 0), 6: (3, 0)},
            "no port": {4: (3, 3), 6: (1, 4)}, "prohibited": {4: (3, 13), 6: (1, 1)},
            "redirect": {4: (5, 1), 6: (137, 0)}}

    def seed(version, udp, name, control, data, error=True):
        flags = (version == 6) + 2 * udp + 4 * error
        return bytes([flags, len(name), len(control)]) + name + control + data

    def control(version, icmp, offender, origin=None):
        level, kind = {4: (0, 11), 6: (41, 25)}[version]
        data = struct.pack("=I4B2I", 90, origin or {4: 2, 6: 3}[version], *icmp, 0, 1300, 0)
        data += sockaddr(version, offender)
        return struct.pack("=Qii", 16 + len(data), level, kind) + data

    for version, udp in ((4, False), (4, True), (6, False), (6, True)):
        way = f"IPv{version} {'UDP' if udp else 'ping'}"
        echo = struct.pack("!BBHHH", {4: 8, 6: 128}[version], 0, 0, 7, 40000)
        quote = (b"" if udp else echo) + nonce + b"filler"
        name = sockaddr(version, far[version], 40000 if udp else 0)
        for what, icmp in told.items():
            yield f"{way}, {what}", seed(version, udp, name,
                                         control(version, icmp[version], router[version]), quote)
        for what in ("no port", "too big"):
            said = control(version, told[what][version], far[version])
            yield f"{way}, {what}, far", seed(version, udp, name, said, quote)
            yield f"{way}, {what}, far, no nonce", seed(version, udp, name, said,
                                                        quote[:0 if udp else 8])
        over = control(version, told["time exceeded"][version], router[version])
        yield f"{way}, over, no nonce", seed(version, udp, name, over, b"" if udp else echo)
        yield f"{way}, over, padded", seed(version, udp, name, over,
                                           (b"" if udp else echo) + bytes(100))
        yield f"{way}, local", seed(version, udp, name,
                                    control(version, (0, 0), bytes(len(far[version])), 1), b"")
        yield f"{way}, cut control", seed(version, udp, name, over[:-5], quote)
        if not udp:
            reply = bytes([{4: 0, 6: 129}[version]]) + echo[1:] + nonce
            reply += bytes(1400 - {4: 20, 6: 40}[version] - len(reply))
            yield f"{way}, answer", seed(version, udp, name, b"", reply, False)
            yield f"{way}, answer, short", seed(version, udp, name, b"", reply[:-1], False)
    yield "two control messages", seed(4, True, sockaddr(4, far[4], 40000),
                                       struct.pack("=QiiI4x", 20, 0, 2, 64) +
                                       control(4, (3, 4), router[4]), nonce)


def write(folder, seeds):
    folder = HERE / "seeds" / folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, content in seeds:
        path = folder / re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        assert not path.exists(), path
        path.write_bytes(content)


def recorded_seeds():
    """Each array of bytes in the unit tests' headers of recorded rtnetlink messages."""
    for path in sorted((HERE.parent / "unit").glob("rtnl_*.h")):
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
        for name, body in re.findall(r"const uint8_t (\w+)\[\] = \{(.*?)\}", text, re.S):
            yield name, bytes(int(byte, 16) for byte in re.findall(r"0x[0-9a-f]{2}", body))


def add_recorded(folder):
    """Beside the seeds that were recorded as files."""
    for name, content in recorded_seeds():
        (HERE / "seeds" / folder / f"unit_{name}").write_bytes(content)


write("packet", packet_seeds())
add_recorded("rtnl_parse")
write("pcap", pcap_seeds())
write("probe_msg", probe_msg_seeds())
write("calc", calc_seeds())
