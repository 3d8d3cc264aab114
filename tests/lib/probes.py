# SPDX-License-Identifier: GPL-2.0-or-later
"""Every probe that a host sends: what leaves it by any link and is an echo request or a UDP
datagram, unless it is a tunnel's own."""

import ipaddress
import socket
import struct
import threading
import typing

from packets import ETH_P, PACKET_OUTGOING, SO_RCVBUFFORCE

ICMP, UDP, ICMP6 = 1, 17, 58
ECHO_REQUEST, ECHO_REQUEST6 = 8, 128
TUNNEL_PORTS = (1194, 4789, 51820)
SO_TIMESTAMPNS, ETH_P_ALL, DONT_FRAGMENT, MORE_OR_OFFSET = 35, 3, 0x4000, 0x3fff


class Probe(typing.NamedTuple):
    seconds: float      # since the epoch
    link: str
    source: str
    target: str
    method: str         # "ping" or "udp"
    size: int           # of the IP packet, bytes
    may_be_cut: bool
    hops: int


def _upper(protocol, head):
    """ "ping", "udp", or None for what is no probe."""
    if protocol in (ICMP, ICMP6):
        return "ping" if head[0] in (ECHO_REQUEST, ECHO_REQUEST6) else None
    if protocol == UDP:
        ports = struct.unpack_from("!HH", head)
        return None if set(ports) & set(TUNNEL_PORTS) else "udp"
    return None


def read(packet, link, seconds):
    """The probe that an IP packet is, or None. One that the kernel cut shows by its first piece."""
    if packet[0] >> 4 == 4:
        size, field = (struct.unpack_from("!H", packet, at)[0] for at in (2, 6))
        if field & 0x1fff:
            return None
        start, protocol, hops = (packet[0] & 15) * 4, packet[9], packet[8]
        source, target = (packet[at:at + 4] for at in (12, 16))
        may_be_cut = not field & DONT_FRAGMENT or bool(field & MORE_OR_OFFSET)
    else:
        size, protocol, hops = 40 + struct.unpack_from("!H", packet, 4)[0], packet[6], packet[7]
        start, (source, target) = 40, (packet[at:at + 16] for at in (8, 24))
        may_be_cut = protocol == 44
        if may_be_cut:
            protocol, start = packet[40], 48
    method = _upper(protocol, packet[start:])
    return method and Probe(seconds, link, *(str(ipaddress.ip_address(end))
                                             for end in (source, target)),
                            method, size, may_be_cut, hops)


class ProbeWatch:
    """Hears all links of a namespace from now on, also those that come later."""

    def __init__(self, namespace):
        self.probes = []
        self.socket = namespace.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                                       socket.htons(ETH_P_ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.settimeout(0.1)
        self.thread = threading.Thread(target=self._hear, daemon=True)
        self.thread.start()

    def _hear(self):
        while True:
            try:
                packet, extra, _, address = self.socket.recvmsg(65536, 64)
            except TimeoutError:
                continue
            except OSError:
                return
            if address[2] == PACKET_OUTGOING and address[1] in ETH_P.values():
                seconds, nanoseconds = struct.unpack_from("qq", extra[0][2])
                probe = read(packet, address[0], seconds + nanoseconds / 1e9)
                if probe and probe.link != "lo":
                    self.probes.append(probe)

    def close(self):
        self.socket.close()
        self.thread.join()


def busiest(probes, window=1.0):
    """The most that were sent within any time of that many seconds."""
    times = sorted(probe.seconds for probe in probes)
    most = first = 0
    for last, at in enumerate(times):
        while at - times[first] >= window:
            first += 1
        most = max(most, last - first + 1)
    return most
