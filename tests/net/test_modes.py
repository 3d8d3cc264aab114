# SPDX-License-Identifier: GPL-2.0-or-later
"""The same random SYNs through each mode: what arrives is the packet contract's answer, byte for
byte, as the oracle gives it."""

import random
import struct

import hostile
import oracle
import packets
import pytest
from daemon import Daemon

COUNT, BATCH, SEED = 10_000, 250, 6
LIMITS = {4: 1360, 6: 1340}
INSERTED = ("", "insert_missing = true;")
MODES = ("queue", "mark")


def options(rng):
    """What stacks send, pushed to odd places and put together, and what nobody should."""
    value = rng.choice((*hostile.VALUES, 1360, 1361, 1340, 1341, rng.randrange(65536)))
    layouts = list(hostile.stacks(value).values())
    kind = rng.random()
    if kind < 0.6:
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


def hop_less(packet):
    """As the gateway sends it on: TTL or hop limit one lower, and IPv4's checksum."""
    packet = bytearray(packet)
    if packet[0] >> 4 == 6:
        packet[7] -= 1
        return bytes(packet)
    packet[8] -= 1
    words = (packet[0] & 15) * 4
    packet[10:12] = b"\0\0"
    packet[10:12] = (0xffff - packets.fold(bytes(packet[:words]))).to_bytes(2, "big")
    return bytes(packet)


def number_of(seen):
    return struct.unpack_from("!I", seen.tcp, 4)[0]


@pytest.fixture(scope="module", params=INSERTED, ids=("as it comes", "inserting"))
def running(path, mode, request):
    with Daemon(path.gateway, request.param, mode=mode) as daemon:
        assert daemon.json("status")["mode"] == mode
        yield daemon, bool(request.param)


@pytest.mark.parametrize("mode", MODES, indirect=True)
def test_random_syns(path, running, inject, mode):
    """Nothing is lost, nothing comes twice, and each byte is the oracle's."""
    daemon, insert = running
    rng = random.Random(SEED + insert)
    before = daemon.stats()["syn"]
    results = {}
    with packets.Capture(path.server, "eth0", buffer_bytes=1 << 24,
                         match=lambda p: p.is_tcp and str(p.target) in (path.SINK4, path.SINK6)
                         ) as there:
        for first in range(0, COUNT, BATCH):
            wanted = {}
            for number in range(first, first + BATCH):
                sent = random_syn(rng, number)
                clamped, result = oracle.clamp(sent, LIMITS, insert)
                wanted[number] = (hop_less(clamped), result)
                results[result] = results.get(result, 0) + 1
                inject(sent)
            for seen in there.take(BATCH, 2):
                want, result = wanted.pop(number_of(seen))
                assert seen.ip == want, f"{result} by {mode}\n{seen.ip.hex()}\n{want.hex()}"
            assert not wanted, [result for _, result in wanted.values()]
    after = daemon.stats()["syn"]
    assert after["seen_total"] - before["seen_total"] == COUNT
    for name in ("clamped", "already_small", "no_mss", "inserted"):
        assert after[f"{name}_total"] - before[f"{name}_total"] == results.get(name, 0), name
    assert results["clamped"] > COUNT / 5 and len(results) >= 5
    assert not daemon.stats()["queues"][0]["verdict_errors_total"]
