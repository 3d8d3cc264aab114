# SPDX-License-Identifier: GPL-2.0-or-later
"""SYNs as stacks send them and as nobody should: (name, IP packet) pairs, the same in each run."""

import random
import struct

SYN, SYN_ACK = 0x02, 0x12
SOURCE4, TARGET4 = bytes([192, 0, 2, 7]), bytes([198, 51, 100, 9])
SOURCE6 = bytes.fromhex("20010db8000000000000000000000007")
TARGET6 = bytes.fromhex("20010db8000100000000000000000009")

NOP, EOL, SACK = b"\x01", b"\x00", b"\x04\x02"
WS, TS = b"\x03\x03\x07", b"\x08\x0a" + bytes.fromhex("1a2b3c4d00000000")
MD5, AO = b"\x13\x12" + bytes(range(16)), b"\x1d\x10" + bytes(range(14))
FAST_OPEN, FAST_OPEN_COOKIE = b"\x22\x02", b"\x22\x0a" + bytes(range(0xa0, 0xa8))
FAST_OPEN_OLD = b"\xfe\x0c\xf9\x89" + bytes(range(8))
MPTCP0, MPTCP1 = b"\x1e\x0c\x00\x81" + bytes(range(8)), b"\x1e\x04\x01\x81"
MPTCP_JOIN = b"\x1e\x0c\x10\x01" + bytes(range(8))
IPV4_OPTIONS = {
    "record route": b"\x07\x07\x04" + bytes(4), "timestamp": b"\x44\x08\x05\0" + bytes(4),
    "router alert": b"\x94\x04\0\0", "source route": b"\x83\x07\x04\xcb\x00\x71\x01",
    "security": b"\x82\x0b" + bytes(9)}
VALUES = (1460, 1440, 1400, 1301, 1300, 1299, 536, 88, 1, 0, 8960, 65495, 65535)


def mss(value):
    return struct.pack("!BBH", 2, 4, value)


def stacks(value):
    """Option layouts by who sends them, with that MSS where there is one."""
    m = mss(value)
    return {
        "linux": m + SACK + TS + NOP + WS,
        "linux without timestamps": m + NOP * 2 + SACK + NOP + WS,
        "linux without sack": m + NOP * 2 + TS + NOP + WS,
        "linux fast open": m + SACK + TS + NOP + WS + FAST_OPEN + NOP * 2,
        "linux fast open cookie": m + SACK + TS + NOP + WS + FAST_OPEN_COOKIE + NOP * 2,
        "linux fast open, experimental": m + SACK + NOP * 2 + FAST_OPEN_OLD + NOP + WS,
        "linux mptcp v0": m + SACK + TS + NOP + WS + MPTCP0,
        "linux mptcp v1": m + SACK + TS + NOP + WS + MPTCP1,
        "linux mptcp join": m + SACK + TS + NOP + WS + MPTCP_JOIN,
        "linux 2.0": m,
        "linux md5": NOP * 2 + MD5 + m + NOP * 2 + SACK,
        "bgp md5, option last": MD5 + NOP * 2 + m,
        "bgp md5, no mss": MD5 + NOP * 2,
        "tcp-ao, no mss": AO + NOP * 4,
        "tcp-ao": m + NOP * 2 + SACK + AO,
        "tcp-ao first": AO + m,
        "tcp-ao of two bytes": m + b"\x1d\x02" + NOP * 2,
        "smc": m + SACK + TS + NOP + WS + b"\xfe\x06\xe2\xd4\xc3\xd9" + NOP * 2,
        "windows 10": m + NOP + WS + NOP * 2 + SACK,
        "windows server, timestamps": m + NOP + WS + SACK + TS,
        "windows xp": m + NOP * 2 + SACK,
        "windows 98": m + NOP + WS + NOP * 2 + TS + NOP * 2 + SACK,
        "macos": m + NOP + WS + NOP * 2 + TS + SACK + EOL * 2,
        "ios fast open": m + NOP + WS + NOP * 2 + TS + SACK + FAST_OPEN + EOL,
        "ios mptcp": m + NOP + WS + MPTCP1 + NOP * 2 + TS + SACK + EOL * 2,
        "freebsd": m + NOP + WS + SACK + TS,
        "openbsd": m + NOP * 2 + SACK + NOP + WS + NOP * 2 + TS,
        "netbsd": m + NOP + WS + SACK + NOP * 2 + NOP * 2 + TS,
        "solaris 8": NOP * 2 + TS + NOP + WS + NOP * 2 + SACK + m,
        "solaris 10": m + NOP + WS + NOP * 2 + SACK,
        "aix": m + NOP + WS + NOP * 2 + TS,
        "hp-ux": m + WS + NOP,
        "irix": m + NOP + WS + NOP * 2 + TS + NOP * 2 + SACK,
        "tru64": m + NOP + WS,
        "vxworks, lwip, uip, cisco ios": m,
        "symbian, nintendo": m + NOP * 2 + SACK,
        "zmap": m,
        "masscan, hping": b"",
        "nmap 1": WS + NOP + m + TS + SACK,
        "nmap 2": m + WS + SACK + TS + EOL,
        "nmap 3": TS + NOP * 2 + WS + NOP + m,
        "nmap 4": SACK + TS + WS + EOL,
        "nmap 6": m + SACK + TS,
        "window scale in front": WS + m + SACK + EOL * 3,
        "sack in front": SACK + m + NOP + WS,
        "t/tcp": m + NOP + WS + NOP * 2 + TS + NOP * 2 + b"\x0b\x06\x00\x00\x00\x07",
        "echo": m + b"\x06\x06\x00\x00\x00\x01" + NOP * 2,
        "alternate checksum": m + b"\x0e\x03\x01" + NOP,
        "scps": m + b"\x14\x04\x80\x00",
        "quick start": m + b"\x1b\x08" + bytes(6),
        "user timeout": m + b"\x1c\x04\x80\x05",
        "tcp-eno": m + SACK + b"\x45\x03\x21" + NOP,
        "experiment": m + b"\xfd\x05abc" + NOP * 3,
        "two, the same": m + m,
        "two, the second larger": mss(536) + m,
        "two, the second smaller": m + mss(536),
        "ten": m * 10,
        "two at odd places": NOP + m + NOP * 2 + m + NOP,
        "two, one odd, one even": m + NOP + m + NOP * 3,
        "end, then an mss": EOL + NOP * 3 + m,
        "mss, end, mss": m + EOL * 4 + m,
        "mss inside of another option": b"\xfd\x08" + m + NOP * 2 + NOP * 2,
        "length 3, then an mss": b"\x02\x03\x05" + m + NOP,
        "length 5, then an mss": b"\x02\x05\x05\xb4\x00" + m + NOP * 3,
        "length 3 only": b"\x02\x03\x05" + NOP,
        "length 6 only": b"\x02\x06\x05\xb4\x00\x00" + NOP * 2,
        "length 0, then an mss": b"\x1e\x00" + NOP * 2 + m,
        "length 1, then an mss": b"\x1e\x01" + NOP * 2 + m,
        "mss, then length 0": m + b"\x1e\x00" + m + NOP * 2,
        "mss, then an overrun": m + b"\x1e\x28" + NOP * 2,
        "overrun, then an mss": b"\x1e\x28" + NOP * 2 + m,
        "overrun of tcp-ao": m + b"\x1d\x28" + NOP * 2,
        "kind without a length at the end": m + NOP * 3 + b"\x05",
        "mss of which the value is cut": NOP * 4 + NOP * 2 + b"\x02\x04",
        "mss of which the length is cut": NOP * 3 + b"\x02",
        "nops": NOP * 8,
        "forty nops": NOP * 40,
        "ends": EOL * 8,
    }


def word_sum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    return total


def tcp(version, options=b"", payload=b"", flags=SYN, offset=None, check=None, wrong_by=0,
        seq=0x01020304, ports=(40000, 443)):
    """A segment with its checksum right, wrong by wrong_by, or what check says."""
    options += EOL * (-len(options) % 4)
    words = 5 + len(options) // 4 if offset is None else offset
    data = struct.pack("!HHIIBBHHH", *ports, seq, 0, (words & 15) << 4, flags, 64240, 0, 0)
    data += options + payload
    ends = SOURCE4 + TARGET4 if version == 4 else SOURCE6 + TARGET6
    if check is None:
        pseudo = ends + struct.pack("!IHH", len(data), 0, 6)
        check = (0xffff - word_sum(pseudo + data) + wrong_by) % 0xffff
    return data[:16] + struct.pack("!H", check) + data[18:]


def ipv4(payload, options=b"", protocol=6, fragment=0x4000, total=None, ihl=None, check=None):
    options += EOL * (-len(options) % 4)
    words = 5 + len(options) // 4 if ihl is None else ihl
    length = 20 + len(options) + len(payload) if total is None else total
    head = struct.pack("!BBHHHBBH", 0x40 + words, 0, length, 7, fragment, 64, protocol, 0)
    head += SOURCE4 + TARGET4 + options
    check = word_sum(head) ^ 0xffff if check is None else check
    return head[:10] + struct.pack("!H", check) + head[12:] + payload


def ipv6(payload, protocol=6, length=None):
    length = len(payload) if length is None else length
    head = struct.pack("!IHBB", 6 << 28 | 0x12345, length, protocol, 64)
    return head + SOURCE6 + TARGET6 + payload


def ip(version, payload):
    return ipv4(payload) if version == 4 else ipv6(payload)


def layouts():
    """Each stack, pushed by 0 to 3 NOPs, with each value, as SYN and SYN-ACK."""
    for value in VALUES:
        for name, options in stacks(value).items():
            for push in range(4):
                if push + len(options) > 40:
                    continue
                flags = SYN_ACK if (push + value) % 2 else SYN
                for version in (4, 6):
                    yield (f"{name}, {push} NOPs in front, MSS {value}",
                           ip(version, tcp(version, NOP * push + options, flags=flags)))


def told(version, segment, size):
    """A packet whose length field says size."""
    return ipv4(segment, total=size) if version == 4 else ipv6(segment, length=size)


def cuts():
    """Each length of buffer and of the length field, alone and together."""
    options = mss(1460) + SACK + TS + NOP + WS
    for version, pack in ((4, ipv4), (6, ipv6)):
        segment = tcp(version, options, b"data")
        whole = pack(segment)
        for size in range(len(whole) + 1):
            yield f"IPv{version} buffer cut at {size}", whole[:size]
        for size in range(len(segment) + 3):
            part = pack(segment[:size])
            yield f"IPv{version} segment of {size}", part
            yield f"IPv{version} segment of {size}, bytes behind it", part + b"\x02\x04\x05\xb4" * 3
        for size in (*range(len(whole) + 3), 65535):
            yield f"IPv{version} length field says {size}", told(version, segment, size)


def headers():
    """Every data offset, header length, flag byte, option length, protocol and fragment field."""
    options = mss(1460) + SACK + TS + NOP + WS
    for version in (4, 6):
        for offset in range(16):
            for payload in (b"", b"x" * 60):
                yield (f"data offset {offset}, {len(payload)} bytes of data",
                       ip(version, tcp(version, options, payload, offset=offset)))
        for flags in range(256):
            yield f"flags {flags:#x}", ip(version, tcp(version, options, flags=flags))
        for length in range(256):
            for kind in (2, 5, 29, 19, 254):
                shape = NOP * 2 + mss(1460) + bytes([kind, length]) + mss(1460) * 7
                yield f"kind {kind} of length {length}", ip(version, tcp(version, shape))
        for size in range(0, 41, 4):
            yield f"{size} bytes of NOPs", ip(version, tcp(version, NOP * size))
            yield (f"{size} bytes of options, data",
                   ip(version, tcp(version, NOP * size, b"GET / HTTP/1.0\r\n")))
    for ihl in range(16):
        segment = tcp(4, options, bytes(60))
        yield f"IHL {ihl}", ipv4(segment, ihl=ihl)
        yield f"IHL {ihl} with options", ipv4(segment, options=NOP * (max(ihl, 5) * 4 - 20))
    for name, extra in IPV4_OPTIONS.items():
        for value in (1460, 1200):
            yield f"IPv4 option {name}", ipv4(tcp(4, mss(value)), options=extra)
        yield f"IPv4 option {name}, no MSS", ipv4(tcp(4), options=extra)
    for bit in range(16):
        yield f"fragment field bit {bit}", ipv4(tcp(4, options), fragment=1 << bit)
    for protocol in range(256):
        yield f"IPv4 protocol {protocol}", ipv4(tcp(4, options), protocol=protocol)
        yield f"IPv6 next header {protocol}", ipv6(tcp(6, options), protocol=protocol)
    for version in range(16):
        packet = ipv4(tcp(4, options))
        yield f"version {version}", bytes([version << 4 | 5]) + packet[1:]
        packet = ipv6(tcp(6, options))
        yield f"version {version} on IPv6", bytes([version << 4]) + packet[1:]


def chain(kinds, last, lengths=None, claimed=None):
    """An IPv6 packet with those extension headers before the segment."""
    data = b""
    for i, kind in enumerate(kinds):
        following = kinds[i + 1] if i + 1 < len(kinds) else 6
        units = lengths[i] if lengths else 0
        said = claimed if claimed is not None and i + 1 == len(kinds) else units
        if kind == 44:
            data += struct.pack("!BBHI", following, 0, last, 7)
        elif kind == 51:
            data += struct.pack("!BBHII", following, 4, 0, 1, 1) + bytes(12)
        else:
            data += bytes([following, said]) + b"\x01\x04" + bytes(4 + 8 * units)
    return data


def chains():
    """Extension headers in all orders that matter."""
    segments = {"MSS": tcp(6, mss(1460)), "odd MSS": tcp(6, NOP + mss(1460) + NOP * 3),
                "no MSS": tcp(6), "data": tcp(6, mss(1460), b"data")}
    known = {0: "hop-by-hop", 43: "routing", 60: "destination", 44: "fragment", 51: "AH", 50: "ESP",
             59: "none", 135: "mobility", 139: "HIP", 140: "shim6", 253: "experiment", 17: "UDP"}
    for what, segment in segments.items():
        for first in known:
            yield f"{known[first]}, {what}", ipv6(chain([first], 0) + segment, first)
            for second in known:
                yield (f"{known[first]}, {known[second]}, {what}",
                       ipv6(chain([first, second], 0) + segment, first))
        for count in range(1, 12):
            for kind in (60, 43):
                kinds = [kind] * count
                yield f"{count} of {known[kind]}, {what}", ipv6(chain(kinds, 0) + segment, kind)
            kinds = [0] + [60, 43] * 6
            yield f"{count} mixed, {what}", ipv6(chain(kinds[:count], 0) + segment, 0)
            kinds = [60] * (count - 1) + [44]
            yield f"{count}th is a fragment, {what}", ipv6(chain(kinds, 0) + segment, kinds[0])
        for field in (0, 1, 8, 9, 0xfff8):
            yield f"fragment field {field:#x}, {what}", ipv6(chain([44], field) + segment, 44)
        for units in (1, 2, 31, 255):
            data = chain([60], 0, [units])
            yield f"header of {units} units, {what}", ipv6(data + segment, 60)
        for claimed in range(8):
            data = chain([0, 60], 0, claimed=claimed)
            yield f"header that claims {claimed} units, {what}", ipv6(data + segment, 0)
    for size in range(0, 40):
        data = chain([0, 60, 43], 0) + segments["MSS"]
        yield f"chain cut after {size}", ipv6(data[:size], 0)
        yield f"length ends within the chain at {size}", ipv6(data, 0, length=size)


def checksums():
    """Right, wrong and extreme checksums, and what lies behind the IP packet."""
    shapes = {"even": mss(1460), "odd": NOP + mss(1460), "two": mss(1460) + NOP + mss(9000),
              "none": b"", "equal steps": mss(1500) + NOP + mss(1500)}
    for name, options in shapes.items():
        for version in (4, 6):
            for check in (0, 1, 0x00ff, 0xff00, 0x7fff, 0x8000, 0xfffe, 0xffff):
                segment = tcp(version, options, check=check)
                yield f"{name}, checksum {check:#x}", ip(version, segment)
            for wrong in (1, 2, 0x100, 0x1234, 0xfffd):
                segment = tcp(version, options, wrong_by=wrong)
                yield f"{name}, wrong by {wrong}", ip(version, segment)
            for seq in range(0, 65536, 641):
                yield f"{name}, sequence {seq}", ip(version, tcp(version, options, seq=seq))
            for want in (0, 160, 0xff5f, 0xfffe, 1300):  # becomes extreme with 1460 -> 1300
                seq = (word(tcp(version, options, seq=0), 16) - want) % 0xffff
                yield f"{name}, right, {want:#x}", ip(version, tcp(version, options, seq=seq))
            for size in (1, 2, 3, 4, 5, 6, 18, 46):
                packet = ip(version, tcp(version, options))
                yield f"{name}, {size} bytes behind it", packet + b"\x02" * size
            for size in (1, 2, 3, 100, 536, 1400):
                data = (b"\x02\x04\x05\xb4" * 350)[:size]
                yield f"{name}, {size} bytes of data", ip(version, tcp(version, options, data))
        for check in (0, 1, 0xfffe, 0xffff, 0xfffb, 0xfffc):
            yield f"{name}, IPv4 checksum {check:#x}", ipv4(tcp(4, options), check=check)


def word(data, at):
    return data[at] << 8 | data[at + 1]


def noise(count=4000, seed=20):
    """SYNs with random options and random bytes turned over."""
    rng = random.Random(seed)
    pieces = list(stacks(1460).values())
    for i in range(count):
        options = b"".join(rng.sample(pieces, 2)) if i % 2 else rng.randbytes(rng.randrange(41))
        options = bytes(rng.choice((0, 1, 2, 4, 29, octet)) if rng.random() < 0.1 else octet
                        for octet in options[:40])
        version = rng.choice((4, 6))
        payload = rng.choice((b"", b"", rng.randbytes(rng.randrange(9))))
        packet = bytearray(ip(version, tcp(version, options, payload, seq=rng.getrandbits(32))))
        for _ in range(rng.choice((0, 0, 0, 1, 2))):
            packet[rng.randrange(len(packet))] = rng.getrandbits(8)
        yield f"noise {i}", bytes(packet)


def everything():
    for part in (layouts, cuts, headers, chains, checksums, noise):
        yield from part()
