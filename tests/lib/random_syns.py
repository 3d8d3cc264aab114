# SPDX-License-Identifier: GPL-2.0-or-later
"""SYNs that routers take, with random options: from a client to the sinks behind the server of
netns.Path. Each has its number as TCP sequence number."""

import struct

import hostile
import packets


def options(rng):
    """What stacks send, pushed to odd places and put together, and what nobody should."""
    value = rng.choice((*hostile.VALUES, 1360, 1361, 1340, 1341, rng.randrange(65536)))
    layouts = list(hostile.stacks(value).values())
    kind = rng.random()
    if kind < 0.3:
        chosen = rng.choice(layouts)
    elif kind < 0.6:
        chosen = packets.NOP * rng.randrange(4) + rng.choice(layouts)
    elif kind < 0.8:
        chosen = rng.choice(layouts) + rng.choice(layouts)
    else:
        chosen = rng.randbytes(rng.randrange(41))
    chosen = chosen[:40]
    return chosen + bytes(-len(chosen) % 4)


def random_syn(rng, number):
    """A packet that routers take, with its number as TCP sequence number."""
    version = rng.choice((4, 6))
    source, target = (("192.0.2.2", "198.18.0.1") if version == 4 else
                      ("2001:db8:1::2", "2001:db8:f::1"))
    segment = packets.segment(
        source, target, options=options(rng), seq=number, dport=rng.choice((80, 443)),
        flags=packets.SYN | rng.choice((0, packets.ACK, 0xc0)),
        data=rng.choice((b"", b"", b"", rng.randbytes(rng.randrange(80)))),
        wrong_by=rng.choice((0, 0, 0, rng.randrange(1, 0xffff))))
    if version == 4:
        return packets.ip(source, target, segment, ident=number & 0xffff,
                          fragment=rng.choice((0, 0x4000)),
                          options=rng.choice((b"", b"", b"\x01" * 4)))
    if rng.random() < 0.2:
        return packets.extended(source, target, [(packets.DESTINATION, b"\0\1\4\0\0\0\0")], segment)
    return packets.ip(source, target, segment)


def number_of(seen):
    return struct.unpack_from("!I", seen.tcp, 4)[0]
