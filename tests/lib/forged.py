# SPDX-License-Identifier: GPL-2.0-or-later
"""ICMP messages that say "too large" and embed a packet that nobody sent, as somebody off the path
would forge them."""

import struct

import packets

ICMP, UDP, ICMP6 = 1, 17, 58
ECHO_REPLY, ECHO_REQUEST = {4: 0, 6: 129}, {4: 8, 6: 128}


def _summed(head, body, pseudo=b""):
    """ICMP: a checksum at its third byte."""
    check = 0xffff - packets.fold(pseudo + head + b"\0\0" + body)
    return head + struct.pack("!H", check) + body


def icmp(source, target, kind, code, body):
    """A whole IP packet with that message."""
    version = 6 if ":" in target else 4
    pseudo = packets.pseudo(source, target, 4 + len(body), ICMP6) if version == 6 else b""
    message = _summed(struct.pack("!BB", kind, code), body, pseudo)
    return packets.ip(source, target, message, ICMP6 if version == 6 else ICMP)


def echo(source, target, reply=False, ident=7, nonce=bytes(16)):
    """Of an echo, made up."""
    kinds = ECHO_REPLY if reply else ECHO_REQUEST
    body = struct.pack("!HH", ident, 1) + nonce + bytes(1400)
    return icmp(source, target, kinds[6 if ":" in target else 4], 0, body)


def datagram(source, target, ports, nonce=bytes(16)):
    data = nonce + bytes(1400)
    return packets.ip(source, target, struct.pack("!HHHH", *ports, 8 + len(data), 0) + data, UDP)


def too_big(router, victim, mtu, embedded):
    """What that router seems to tell the victim of a packet of his."""
    if ":" in victim:
        return icmp(router, victim, 2, 0, struct.pack("!I", mtu) + embedded[:1200])
    return icmp(router, victim, 3, 4, struct.pack("!HH", 0, mtu) + embedded[:520])
