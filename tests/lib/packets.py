# SPDX-License-Identifier: GPL-2.0-or-later
"""IP packets as bytes, made and read back without help from what is tested."""

import ipaddress
import socket
import struct
import time

from netns import SLOW

FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10
TCP, ICMP6 = 6, 58
FRAGMENT6, HOP_BY_HOP, ROUTING, DESTINATION, AH = 44, 0, 43, 60, 51
ETH_P = {4: 0x0800, 6: 0x86dd}
PACKET_OUTGOING = 4
SO_RCVBUFFORCE = 33

NOP, EOL = b"\x01", b"\x00"
SACK = b"\x04\x02"
AO = b"\x1d\x10" + bytes(range(14))  # TCP-AO, RFC 5925: kind 29, 16 bytes
MD5 = b"\x13\x12" + bytes(16)


def mss(value):
    return struct.pack("!BBH", 2, 4, value)


def fold(data):
    """The Internet checksum of data, not complemented (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xffff:
        total = (total & 0xffff) + (total >> 16)
    return total


def pseudo(source, target, length, protocol=TCP):
    """What a transport checksum covers of the IP header (RFC 9293, RFC 8200)."""
    source, target = ipaddress.ip_address(source), ipaddress.ip_address(target)
    return source.packed + target.packed + struct.pack("!IxxxB", length, protocol)


def segment(source, target, sport=40000, dport=80, flags=SYN, options=b"", data=b"",
            offset=None, wrong_by=0, seq=1000):
    """A TCP segment with the right checksum, or one that is wrong by a number of bits."""
    source, target = ipaddress.ip_address(source), ipaddress.ip_address(target)
    options += bytes(-len(options) % 4)
    words = 5 + len(options) // 4 if offset is None else offset
    head = struct.pack("!HHIIBBHHH", sport, dport, seq, 0, words << 4, flags, 64240, 0, 0)
    body = head + options + data
    check = 0xffff - fold(pseudo(source, target, len(body)) + body)
    check = (check + wrong_by) % 0xffff
    return body[:16] + struct.pack("!H", check) + body[18:]


def ip(source, target, payload, protocol=TCP, fragment=0, ident=7, options=b"", hops=64):
    """One IP packet; fragment is the IPv4 field with its flags. protocol: of the first header."""
    source, target = ipaddress.ip_address(source), ipaddress.ip_address(target)
    if source.version == 6:
        return (struct.pack("!IHBB", 6 << 28, len(payload), protocol, hops)
                + source.packed + target.packed + payload)
    head = struct.pack("!BBHHHBBH", 0x45 + len(options) // 4, 0,
                       20 + len(options) + len(payload), ident, fragment, hops, protocol, 0)
    head += source.packed + target.packed + options
    return head[:10] + struct.pack("!H", 0xffff - fold(head)) + head[12:] + payload


def syn(source, target, options=mss(1460), **more):
    return ip(source, target, segment(source, target, options=options, **more))


def extended(source, target, headers, payload):
    """An IPv6 packet with extension headers: a list of (protocol, bytes behind the first byte)."""
    protocols = [protocol for protocol, _ in headers] + [TCP]
    chain = b"".join(bytes([protocols[i + 1]]) + rest for i, (_, rest) in enumerate(headers))
    return ip(source, target, chain + payload, protocol=protocols[0])


def hop_less(packet):
    """As the gateway sends it on: TTL or hop limit one lower, and IPv4's checksum."""
    packet = bytearray(packet)
    if packet[0] >> 4 == 6:
        packet[7] -= 1
        return bytes(packet)
    packet[8] -= 1
    words = (packet[0] & 15) * 4
    packet[10:12] = b"\0\0"
    packet[10:12] = (0xffff - fold(bytes(packet[:words]))).to_bytes(2, "big")
    return bytes(packet)


class Seen:
    """A TCP packet as it was captured; .ip are the bytes without what Ethernet padded."""

    def __init__(self, packet):
        self.version = packet[0] >> 4
        if self.version == 4:
            self.ip = packet[:struct.unpack_from("!H", packet, 2)[0]]
            start, protocol = (packet[0] & 15) * 4, packet[9]
            self.is_fragment = bool(struct.unpack_from("!H", packet, 6)[0] & 0x3fff)
            self.source, self.target = (ipaddress.ip_address(packet[i:i + 4]) for i in (12, 16))
        else:
            self.ip = packet[:40 + struct.unpack_from("!H", packet, 4)[0]]
            start, protocol, self.is_fragment = self._walk(self.ip)
            self.source, self.target = (ipaddress.ip_address(packet[i:i + 16]) for i in (8, 24))
        self.is_tcp = protocol == TCP
        self.tcp = self.ip[start:]
        whole = self.is_tcp and len(self.tcp) >= 20
        self.sport, self.dport = struct.unpack_from("!HH", self.tcp) if whole else (0, 0)
        self.flags = self.tcp[13] if whole else 0

    @staticmethod
    def _walk(packet):
        protocol, at, fragment = packet[6], 40, False
        headers = (HOP_BY_HOP, ROUTING, DESTINATION, FRAGMENT6, AH)
        while protocol in headers and at + 8 <= len(packet):
            fragment |= protocol == FRAGMENT6
            words = {FRAGMENT6: 8, AH: (packet[at + 1] + 2) * 4}.get(
                protocol, (packet[at + 1] + 1) * 8)
            protocol, at = packet[at], at + words
        return at, protocol, fragment

    @property
    def options(self):
        return self.tcp[20:(self.tcp[12] >> 4) * 4]

    @property
    def data(self):
        return self.tcp[(self.tcp[12] >> 4) * 4:]

    @property
    def mss(self):
        """All MSS values in the order they stand."""
        found, at, options = [], 0, self.options
        while at < len(options) and options[at] != 0:
            if options[at] == 1:
                at += 1
                continue
            if at + 1 >= len(options) or not 2 <= options[at + 1] <= len(options) - at:
                break
            if options[at] == 2 and options[at + 1] == 4:
                found.append(struct.unpack_from("!H", options, at + 2)[0])
            at += options[at + 1]
        return found

    @property
    def checksum_error(self):
        """0 where the TCP checksum is right; else what a receiver's sum is off by."""
        return 0xffff - fold(pseudo(self.source, self.target, len(self.tcp)) + self.tcp)


class Capture:
    """TCP SYNs (or whatever match picks) that arrive on an interface from now on."""

    def __init__(self, namespace, interface, match=None, outgoing=False, buffer_bytes=1 << 22):
        self.match = match or (lambda p: p.is_tcp and p.flags & (FIN | SYN | RST) == SYN)
        self.outgoing = outgoing
        self.socket = namespace.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, buffer_bytes)
        self.socket.bind((interface, 3))  # ETH_P_ALL

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def _receive(self, seconds):
        """The next packet that matches, or None."""
        end = time.monotonic() + seconds * SLOW
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                packet, address = self.socket.recvfrom(65536)
            except TimeoutError:
                return None
            if address[1] not in ETH_P.values() or (address[2] == PACKET_OUTGOING) != self.outgoing:
                continue
            seen = Seen(packet)
            if self.match(seen):
                return seen
        return None

    def next(self, seconds=5.0):
        seen = self._receive(seconds)
        assert seen is not None, f"no packet within {seconds * SLOW:.1f} s"
        return seen

    def nothing(self, seconds=0.3):
        """Nothing may come; returns True so that it reads as an assertion."""
        seen = self._receive(seconds)
        return seen is None

    def take(self, count, seconds=5.0):
        """Up to count packets; fewer where no further one comes in time."""
        taken = []
        while len(taken) < count and (seen := self._receive(seconds)) is not None:
            taken.append(seen)
        return taken

    def take_within(self, count, seconds):
        """The same, of which the last has to have come so soon; fewer may still be lost ones."""
        begin = time.monotonic()
        taken = self.take(count)
        took = time.monotonic() - begin
        assert len(taken) < count or took < seconds * SLOW, f"{count} packets took {took:.1f} s"
        return taken

    def lost(self):
        """Packets that found no room in this capture's buffer since the last call."""
        packed = self.socket.getsockopt(263, 6, 8)  # SOL_PACKET, PACKET_STATISTICS
        return struct.unpack("II", packed)[1]


class Injector:
    """Sends IP packets out of an interface to the neighbour at the other end of the cable."""

    def __init__(self, namespace, interface, neighbour_mac):
        self.to = (interface, neighbour_mac)
        self.socket = namespace.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)

    def send(self, packet):
        interface, mac = self.to
        self.socket.sendto(packet, (interface, ETH_P[packet[0] >> 4], 0, 0, mac))

    def close(self):
        self.socket.close()
