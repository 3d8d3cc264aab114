# SPDX-License-Identifier: GPL-2.0-or-later
"""Capture files as bytes: classic pcap and pcapng, in either byte order, good ones and bad ones."""

import struct

SECTION, INTERFACE, OLD, SIMPLE, NAMES, STATISTICS, ENHANCED = 0x0a0d0d0a, 1, 2, 3, 4, 5, 6
RAW, ETHERNET = 101, 1


def pad(data):
    return data + bytes(-len(data) % 4)


def option(code, data, order="<"):
    return struct.pack(order + "HH", code, len(data)) + pad(data)


def block(kind, body, order="<", length=None, end=None):
    body = pad(body)
    length = 12 + len(body) if length is None else length
    return (struct.pack(order + "II", kind, length) + body
            + struct.pack(order + "I", length if end is None else end))


def section(order="<", options=b""):
    return block(SECTION, struct.pack(order + "IHHq", 0x1a2b3c4d, 1, 0, -1) + options, order)


def interface(link=RAW, order="<", snaplen=0, options=b""):
    return block(INTERFACE, struct.pack(order + "HHI", link, 0, snaplen) + options, order)


def enhanced(frame, ticks=0, number=0, order="<", caplen=None, original=None, options=b""):
    caplen = len(frame) if caplen is None else caplen
    original = len(frame) if original is None else original
    head = struct.pack(order + "5I", number, ticks >> 32, ticks & 0xffffffff, caplen, original)
    return block(ENHANCED, head + pad(frame) + options, order)


def old(frame, ticks=0, number=0, order="<"):
    head = struct.pack(order + "HH4I", number, 0, ticks >> 32, ticks & 0xffffffff, len(frame),
                       len(frame))
    return block(OLD, head + frame, order)


def simple(frame, order="<", original=None):
    original = len(frame) if original is None else original
    return block(SIMPLE, struct.pack(order + "I", original) + frame, order)


def classic(frames, link=RAW, order="<", nano=False, snaplen=262144, times=None):
    """frames: bytes, or (bytes, original length); times: nanoseconds, one each."""
    parts = [struct.pack(order + "IHHiIII", 0xa1b23c4d if nano else 0xa1b2c3d4, 2, 4, 0, 0, snaplen,
                         link)]
    for i, frame in enumerate(frames):
        frame, original = frame if isinstance(frame, tuple) else (frame, len(frame))
        ns = times[i] if times else i * 1000000
        parts.append(struct.pack(order + "4I", ns // 10**9,
                                 ns % 10**9 // (1 if nano else 1000), len(frame), original))
        parts.append(frame)
    return b"".join(parts)


def modern(frames, link=RAW, order="<", times=None):
    parts = [section(order), interface(link, order)]
    for i, frame in enumerate(frames):
        ticks = (times[i] if times else i * 1000000) // 1000
        parts.append(enhanced(frame, ticks, order=order))
    return b"".join(parts)
