# SPDX-License-Identifier: GPL-2.0-or-later
"""TCP connections as lists of (seconds, packet), written down by hand: what a capture would hold."""

import struct

import packets
from packets import ACK, FIN, RST, SYN

A, B = "192.0.2.2", "198.51.100.2"
A6, B6 = "2001:db8:1::2", "2001:db8:2::2"
FULL = 1448  # payload of a full segment with timestamps
NOPS = b"\x01" * 12  # as long as timestamps


class Talk:
    """Writes one connection; times in seconds."""

    def __init__(self, a=A, b=B, mss=1460, back_mss=1460, sport=40000, hops=(64, 64),
                 round_trip=0.02):
        self.ends, self.ports, self.hops = (a, b), (sport, 80), hops
        self.seq, self.acked, self.out = [1000, 9000], [0, 0], []
        self.ident = 1
        self.put(0.0, 0, SYN, options=packets.mss(mss))
        self.put(round_trip / 2, 1, SYN | ACK, options=packets.mss(back_mss))
        self.put(round_trip, 0, ACK)

    def put(self, time, side, flags=ACK, size=0, seq=None, options=NOPS, sack=None, ack=None,
            ident=None, hops=None):
        """One packet of side 0 or 1; with seq it is one sent before."""
        other = 1 - side
        if sack:
            options = b"\x01\x01\x05" + bytes([2 + 8 * len(sack)]) + b"".join(
                struct.pack("!II", *part) for part in sack)
        body = bytearray(packets.segment(
            self.ends[side], self.ends[other], self.ports[side], self.ports[other], flags, options,
            bytes(size), seq=self.seq[side] if seq is None else seq))
        body[8:12] = struct.pack("!I", (self.seq[other] if ack is None else ack)
                                 if flags & ACK else 0)
        self.ident += 1
        packet = packets.ip(self.ends[side], self.ends[other], bytes(body),
                            ident=self.ident if ident is None else ident,
                            hops=self.hops[side] if hops is None else hops)
        self.out.append((time, packet))
        if seq is None:
            self.seq[side] += size + bool(flags & SYN) + bool(flags & FIN)
        return packet

    def clean(self, count=10, start=0.1):
        for i in range(count):
            self.put(start + i / 1000, 0, size=FULL)
            self.put(start + i / 1000 + 0.0005, 1)
        return self

    def stall(self, times=(0.1, 0.3, 0.7, 1.5, 3.1), size=FULL, tail=0):
        """A segment that is sent again and again; with a tail, a small one behind it arrives."""
        begin = self.seq[0]
        for i, time in enumerate(times):
            self.put(time, 0, size=size, seq=None if i == 0 else begin)
            if i == 0 and tail:
                after = self.seq[0]
                self.put(time + 0.001, 0, size=tail)
                self.put(time + 0.002, 1, ack=begin, sack=[(after, after + tail)])
        return self


def black_hole(**more):
    return Talk(**more).stall().out


def shut_window(size=0):
    """The sender takes nothing itself: the other end probes its window, an acknowledgement each time
    that says no word about what came; with a size as others probe, with a byte of data."""
    talk = Talk()
    begin = talk.seq[0]
    talk.stall((0.1, 0.3, 0.7, 1.5, 3.1))
    for i in range(6):
        talk.put(0.2 + i / 2, 1, ack=begin, seq=talk.seq[1] - (1 - size), size=size)
        talk.put(0.201 + i / 2, 0, seq=talk.seq[0])
    talk.out.sort(key=lambda item: item[0])
    return talk.out


def probing():
    """The sender tries smaller segments after a while, and they arrive."""
    talk = Talk().stall()
    begin = talk.seq[0] - FULL
    talk.put(6.0, 0, size=1000, seq=begin)
    talk.put(6.01, 1, ack=begin + 1000)
    talk.put(6.02, 0, size=FULL - 1000, seq=begin + 1000)
    talk.put(6.03, 1)
    return talk.out


def page():
    """The upload that doc/pcap.md shows: its full segments vanish, after seconds it goes on with smaller ones."""
    talk = Talk()
    talk.put(0.05, 0, size=120)
    talk.put(0.06, 1)
    talk.stall((0.1, 0.31, 0.74, 1.6, 3.1))
    begin, talk.seq[0] = talk.seq[0] - FULL, talk.seq[0] - FULL
    for i in range(12):
        talk.put(6 + i / 50, 0, size=1024, seq=begin + i * 1024)
        talk.put(6.01 + i / 50, 1, ack=begin + (i + 1) * 1024)
    return talk.out


def gap():
    """Behind the hole: large segments never come, the small one after them does."""
    talk = Talk()
    talk.put(0.05, 0, size=200)
    talk.put(0.06, 1)
    begin = talk.seq[1]
    talk.seq[1] += 3 * FULL
    talk.put(0.1, 1, size=600)
    talk.put(0.101, 0, ack=begin, sack=[(begin + 3 * FULL, begin + 3 * FULL + 600)])
    talk.put(9.0, 0, FIN | ACK, ack=begin)
    return talk.out


def gap_at_the_end():
    """The same, seen too briefly to know of a size."""
    *before, (_, last) = gap()
    return [*before, (2.0, last)]


def gap_that_is_young():
    """The same, and what is missing may come yet."""
    return gap()[:-1]


def gap_for_good():
    """The same, and nothing can come any more."""
    talk = Talk()
    talk.seq[1] += 3 * FULL
    talk.put(0.1, 1, size=600)
    talk.put(0.11, 0, RST | ACK, ack=talk.seq[1] - 600 - 3 * FULL)
    return talk.out


def gap_of_an_ack():
    """At the receiver: large segments never come, and what the sender acknowledges tells of them."""
    talk = Talk()
    begin = talk.seq[0]
    talk.seq[0] += 3 * FULL
    talk.put(0.1, 1, size=20, ack=begin)
    talk.put(0.11, 0)
    talk.put(1.2, 1, size=20, ack=begin)
    return talk.out


def lost_before_the_end():
    """What is sent last is lost on the way here; the FIN behind it tells of it, and it comes again."""
    talk = Talk().clean()
    begin = talk.seq[1]
    talk.seq[1] += 32
    talk.put(0.2, 1, FIN | ACK)
    talk.put(0.201, 0, ack=begin)
    talk.put(0.4, 1, size=32, seq=begin)
    talk.put(0.401, 0)
    return talk.out


def lossy():
    """One segment is lost three times in a row; the large ones behind it arrive."""
    talk = Talk()
    begin = talk.seq[0]
    talk.put(0.1, 0, size=FULL)
    for i in range(5):
        talk.put(0.1001 + i / 10000, 0, size=FULL)
        talk.put(0.12 + i / 1000, 1, ack=begin, sack=[(begin + FULL, begin + (i + 2) * FULL)])
    for time in (0.13, 0.5, 1.4):
        talk.put(time, 0, size=FULL, seq=begin)
    talk.put(1.5, 1)
    return talk.out


def lossy_to_the_end():
    """The same, and the capture ends before the lost one arrives."""
    return lossy()[:-1]


def reordering():
    talk = Talk()
    for i in range(10):
        talk.put(0.1 + i / 100, 0, size=FULL)
        talk.put(0.1 + i / 100 + 0.0001, 0, size=FULL)
        first, second = talk.out[-2:]
        talk.out[-2:] = [(first[0], second[1]), (second[0], first[1])]
        talk.put(0.105 + i / 100, 1)
    return talk.out


def hole(round_trip, late, handshake=True):
    """A segment is missing, and comes so many seconds after the one behind it."""
    talk = Talk(round_trip=round_trip).clean(1, 0.05)
    for i in range(10):
        begin, time = talk.seq[0], 0.1 + i
        talk.seq[0] += FULL
        talk.put(time, 0, size=FULL)
        talk.put(time + late, 0, size=FULL, seq=begin)
        talk.put(time + late + 0.00001, 1)
    return talk.out if handshake else talk.out[3:]


def outage():
    """All is well, then nothing comes back any more."""
    talk = Talk().clean()
    return talk.stall((0.2, 0.4, 0.8, 1.6, 3.2)).out


def changed_path():
    """Large segments pass, then small ones alone: acknowledgements of those keep coming."""
    talk = Talk().clean()
    begin = talk.seq[0]
    talk.put(0.2, 0, size=FULL)
    talk.put(0.21, 0, size=100)
    talk.put(0.22, 1, ack=begin, sack=[(begin + FULL, begin + FULL + 100)])
    for time in (0.4, 0.8, 1.6, 3.2):
        talk.put(time, 0, size=FULL, seq=begin)
    return talk.out


def small_stall():
    return Talk().stall(size=300).out


def one_direction():
    return [item for item in black_hole() if packets_source(item[1]) == A]


def packets_source(packet):
    return ".".join(str(byte) for byte in packet[12:16])


def routed_twice():
    """Captured on a router, on all its interfaces: each packet comes and goes."""
    out = []
    for time, packet in Talk().clean().out:
        gone = packet[:8] + bytes([packet[8] - 1]) + packet[9:]
        out += [(time, packet), (time + 0.00001, gone)]
    return out


def clamped_on_the_way():
    talk = Talk()
    before = talk.out[0][1]
    after = bytearray(before)
    after[8] -= 1
    after[42:44] = struct.pack("!H", 1360)
    talk.out.insert(1, (0.0001, bytes(after)))
    return talk.out


def offloaded():
    """Captured at the sender: segments that the network card will cut."""
    talk = Talk()
    for i in range(10):
        talk.put(0.1 + i / 100, 0, size=20 * FULL)
        talk.put(0.105 + i / 100, 1)
    return talk.out


def unanswered():
    talk = Talk()
    talk.put(0.1, 0, size=200)
    talk.put(0.11, 1)
    talk.put(9.0, 0, FIN | ACK)
    return talk.out


def too_big(mtu=1400):
    """A router says so, and the sender obeys."""
    talk = Talk()
    begin = talk.seq[0]
    large = talk.put(0.1, 0, size=FULL)
    quote = large[:28]
    icmp = struct.pack("!BBHHH", 3, 4, 0, 0, mtu) + quote
    talk.out.append((0.101, packets.ip("192.0.2.1", A, icmp, protocol=1)))
    talk.put(0.102, 0, size=1300, seq=begin)
    talk.put(0.11, 1, ack=begin + 1300)
    talk.put(0.12, 0, size=FULL - 1300, seq=begin + 1300)
    talk.put(0.13, 1)
    return talk.out


def icmp_ignored(mtu=1400):
    """A router says so, and the sender goes on."""
    out = black_hole()
    quote = out[3][1][:28]
    icmp = struct.pack("!BBHHH", 3, 4, 0, 0, mtu) + quote
    out.insert(4, (0.101, packets.ip("192.0.2.1", A, icmp, protocol=1)))
    return out


SCENES = {
    # name: (packets, verdict, who sent what stands)
    "clean": (lambda: Talk().clean().out, "ok", None),
    "clean over IPv6": (lambda: Talk(A6, B6, 1440, 1440).clean().out, "ok", None),
    "black hole": (black_hole, "black_hole", "src"),
    "black hole over IPv6": (lambda: black_hole(a=A6, b=B6, mss=1440, back_mss=1440), "black_hole",
                             "src"),
    "black hole, and small ones pass": (lambda: Talk().stall(tail=200).out, "black_hole", "src"),
    "a sender that tries smaller ones": (probing, "black_hole", "src"),
    "a sender that takes nothing": (shut_window, "black_hole", "src"),
    "the same, probed with a byte": (lambda: shut_window(1), "black_hole", "src"),
    "behind a black hole": (gap, "black_hole", "dst"),
    "behind it, and soon over": (gap_at_the_end, "gap", "dst"),
    "bytes that may come yet": (gap_that_is_young, "ok", None),
    "bytes that nobody waits for": (gap_for_good, "gap", "dst"),
    "behind it, and an ACK tells": (gap_of_an_ack, "gap", "src"),
    "lost on the way here": (lost_before_the_end, "loss", None),
    "a path that changed": (changed_path, "black_hole", "src"),
    "ICMP that is not heeded": (icmp_ignored, "black_hole", "src"),
    "ICMP that is heeded": (too_big, "path_mtu_told", None),
    "plain loss": (lossy, "loss", None),
    "plain loss at the end": (lossy_to_the_end, "loss", None),
    "reordering": (reordering, "reordering", None),
    "late by half of a long round trip": (lambda: hole(0.02, 0.01), "reordering", None),
    "sent again after a long one": (lambda: hole(0.02, 0.021), "loss", None),
    "late by half of a short one": (lambda: hole(0.0002, 0.0001), "reordering", None),
    "sent again after a short one": (lambda: hole(0.0002, 0.0003), "loss", None),
    "late, and who knows": (lambda: hole(0.0002, 0.002, handshake=False), "reordering", None),
    "sent again, and who knows": (lambda: hole(0.02, 0.004, handshake=False), "loss", None),
    "an outage": (outage, "stalled", "src"),
    "a small one that is lost": (small_stall, "stalled", "src"),
    "twice, too soon to tell": (lambda: Talk().stall((0.1, 0.3)).out, "loss", None),
    "one direction alone": (one_direction, "loss", None),
    "each packet twice": (routed_twice, "ok", None),
    "offloaded": (offloaded, "ok", None),
    "no answer to a request": (unanswered, "unanswered", None),
    "no handshake": (lambda: [(i, Talk().out[0][1]) for i in range(4)], "refused", None),
}
