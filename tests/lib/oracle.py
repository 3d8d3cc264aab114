# SPDX-License-Identifier: GPL-2.0-or-later
"""What mssclampctl rewrite has to do, a second time: the packet contract of doc/design.md and the
promises about capture files, in plain Python. Written from the contract, not from the C code."""

import struct

HOP_BY_HOP, ROUTING, FRAGMENT, AH, DESTINATION, TCP = 0, 43, 44, 51, 60, 6
EOL, NOP, MSS, MD5, TCP_AO = 0, 1, 2, 19, 29

RAW, IPV4_ONLY, IPV6_ONLY, ETHERNET, SLL, SLL2 = (12, 14, 101), 228, 229, 1, 113, 276
TAGS = (0x8100, 0x88a8, 0x9100)
MAGICS = {0xa1b2c3d4: "micro", 0xa1b23c4d: "nano"}


class LeftAlone(Exception):
    """The packet stays as it is; the argument is the reason."""


def word(data, at):
    return data[at] << 8 | data[at + 1]


def swap(value):
    return (value & 0xff) << 8 | value >> 8


def updated(check, changes):
    """A checksum after (old, new) words changed: RFC 1624, equation 3."""
    total = check ^ 0xffff
    for old, new in changes:
        total += (old ^ 0xffff) + new
    while total > 0xffff:
        total = (total >> 16) + (total & 0xffff)
    return total ^ 0xffff


def locate_tcp4(packet):
    """Offset of the TCP header and end of the IP packet."""
    if len(packet) < 20:
        raise LeftAlone("ip_truncated")
    header, total = (packet[0] & 15) * 4, word(packet, 2)
    if header < 20 or total < header:
        raise LeftAlone("ip_header")
    if total > len(packet):
        raise LeftAlone("ip_truncated")
    if word(packet, 6) & 0x3fff:
        raise LeftAlone("fragment")
    if packet[9] != TCP:
        raise LeftAlone("not_tcp")
    return header, total


def locate_tcp6(packet):
    if len(packet) < 40:
        raise LeftAlone("ip_truncated")
    if word(packet, 4) == 0:
        raise LeftAlone("jumbo")
    end = 40 + word(packet, 4)
    if end > len(packet):
        raise LeftAlone("ip_truncated")
    protocol, at = packet[6], 40
    headers = []
    while protocol in (HOP_BY_HOP, ROUTING, DESTINATION):
        if protocol == HOP_BY_HOP and headers:
            raise LeftAlone("extension_header")
        headers.append(protocol)
        if len(headers) > 8 or at + 8 > end or at + 8 + packet[at + 1] * 8 > end:
            raise LeftAlone("extension_header")
        protocol, at = packet[at], at + 8 + packet[at + 1] * 8
    if protocol != TCP:
        raise LeftAlone({FRAGMENT: "fragment", AH: "ah"}.get(protocol, "not_tcp"))
    return at, end


def walk(options):
    """Returns the (offset, kind, length) of each sound option, and whether the walk broke."""
    found, at = [], 0
    while at < len(options):
        kind = options[at]
        if kind == EOL:
            break
        if kind == NOP:
            at += 1
            continue
        left = len(options) - at
        if left < 2 or not 2 <= options[at + 1] <= left:
            return found, True
        found.append((at, kind, options[at + 1]))
        at += options[at + 1]
    return found, False


def lowered(packet, tcp, values, limit):
    """The packet with the MSS options at those offsets (of the values) at most limit."""
    packet = bytearray(packet)
    changes = []
    for at in values:
        old = word(packet, at)
        if old > limit:
            odd = (at - tcp) % 2
            changes.append((swap(old), swap(limit)) if odd else (old, limit))
            struct.pack_into("!H", packet, at, limit)
    check = updated(word(packet, tcp + 16), changes)
    struct.pack_into("!H", packet, tcp + 16, check)
    return bytes(packet)


def inserted(packet, tcp, end, value):
    """The packet with an MSS option in front of the others."""
    packet = bytearray(packet)
    length = end - tcp
    words = word(packet, tcp + 12)
    struct.pack_into("!H", packet, tcp + 12, words + 0x1000)
    changes = [(words, words + 0x1000), (0, 0x0204), (0, value), (length, length + 4)]
    struct.pack_into("!H", packet, tcp + 16, updated(word(packet, tcp + 16), changes))
    if packet[0] >> 4 == 4:
        total = word(packet, 2)
        struct.pack_into("!H", packet, 2, total + 4)
        struct.pack_into("!H", packet, 10, updated(word(packet, 10), [(total, total + 4)]))
    else:
        struct.pack_into("!H", packet, 4, word(packet, 4) + 4)
    packet[tcp + 20:tcp + 20] = struct.pack("!BBH", MSS, 4, value)
    return bytes(packet)


def clamp(packet, limits, insert=False):
    """One IP packet and what lies behind it, with limits {4: MSS or None, 6: ...}.
    Returns the bytes afterwards and the result's name."""
    try:
        version = packet[0] >> 4 if packet else 0
        if version not in (4, 6):
            raise LeftAlone("not_ip")
        tcp, end = locate_tcp4(packet) if version == 4 else locate_tcp6(packet)
        if end - tcp < 20:
            raise LeftAlone("tcp_truncated")
        header = (packet[tcp + 12] >> 4) * 4
        if not 20 <= header <= end - tcp:
            raise LeftAlone("tcp_header")
        if packet[tcp + 13] & 7 != 2:
            raise LeftAlone("not_syn")
    except LeftAlone as reason:
        return packet, reason.args[0]
    limit = limits[version]
    options, broken = walk(packet[tcp + 20:tcp + header])
    kinds = {kind for _, kind, _ in options}
    values = [tcp + 22 + at for at, kind, length in options if (kind, length) == (MSS, 4)]
    if TCP_AO in kinds:
        return packet, "tcp_ao"
    if limit and any(word(packet, at) > limit for at in values):
        return lowered(packet, tcp, values, limit), "clamped"
    if broken:
        return packet, "malformed_option"
    if (limit and insert and not kinds & {MSS, MD5} and header == end - tcp and header < 60
            and end - (40 if version == 6 else 0) + 4 <= 65535):
        return inserted(packet, tcp, end, min(limit, 536 if version == 4 else 1220)), "inserted"
    if not values:
        return packet, "no_mss"
    return packet, "already_small" if limit else "no_limit"


def find_ip(link_type, frame):
    """Offset of the IP packet in a frame, or None."""
    version = {IPV4_ONLY: 4, IPV6_ONLY: 6}.get(link_type, 0)
    at = 0
    if link_type in (ETHERNET, SLL, SLL2):
        protocol_at, at = {ETHERNET: (12, 14), SLL: (14, 16), SLL2: (0, 20)}[link_type]
        if len(frame) < at:
            return None
        protocol = word(frame, protocol_at)
        while protocol in TAGS:
            if len(frame) < at + 4:
                return None
            protocol, at = word(frame, at + 2), at + 4
        version = {0x0800: 4, 0x86dd: 6}.get(protocol)
        if version is None:
            return None
    if version and at < len(frame) and frame[at] >> 4 != version:
        return None
    return at


def rewrite_frame(link_type, frame, original_len, limits, insert=False):
    """Returns frame, original length and result as they are afterwards."""
    if len(frame) < original_len:
        return frame, original_len, "truncated_copy"
    at = find_ip(link_type, frame)
    if at is None:
        return frame, original_len, "not_ip"
    packet, result = clamp(frame[at:], limits, insert)
    grown = len(packet) - (len(frame) - at)
    return frame[:at] + packet, original_len + grown, result


def read(capture):
    """Byte order as struct writes it, the file header, and (seconds, fraction, frame, length)s."""
    order = "<" if struct.unpack("<I", capture[:4])[0] in MAGICS else ">"
    header, records, at = capture[:24], [], 24
    while at < len(capture):
        seconds, fraction, size, original = struct.unpack(order + "4I", capture[at:at + 16])
        records.append((seconds, fraction, capture[at + 16:at + 16 + size], original))
        at += 16 + size
    return order, header, records


def write(order, header, records):
    parts = [header]
    for seconds, fraction, frame, original in records:
        parts += [struct.pack(order + "4I", seconds, fraction, len(frame), original), frame]
    return b"".join(parts)


def rewrite(capture, limits, insert=False):
    """A whole capture. Returns the bytes of OUT and the list of results."""
    order, header, records = read(capture)
    snaplen, link_type = struct.unpack(order + "2I", header[16:24])
    results, longest = [], 0
    for i, (seconds, fraction, frame, original) in enumerate(records):
        new, original, result = rewrite_frame(link_type & 0x03ffffff, frame, original, limits,
                                              insert)
        if len(new) > len(frame):
            longest = max(longest, len(new))
        records[i] = (seconds, fraction, new, original)
        results.append(result)
    if snaplen and longest > snaplen:
        header = header[:16] + struct.pack(order + "I", longest) + header[20:]
    return write(order, header, records), results
