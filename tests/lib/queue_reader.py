# SPDX-License-Identifier: GPL-2.0-or-later
"""A program at a netfilter queue that reads and does not answer, as one that died in its work has
(linux/netfilter/nfnetlink_queue.h)."""

import socket
import struct

NETLINK_NETFILTER, SUBSYSTEM = 12, 3
MESSAGE_CONFIG, REQUEST = 2, 1
COMMAND, PARAMETERS = 1, 2
BIND, COPY_PACKET = 1, 2
ATTRIBUTE_HEADER = 4


def _attribute(kind, data):
    return struct.pack("=HH", ATTRIBUTE_HEADER + len(data), kind) + data.ljust(-len(data) % 4 +
                                                                               len(data), b"\0")


def open_queue(namespace, number):
    """A socket that owns that queue of the namespace."""
    reader = namespace.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    reader.bind((0, 0))
    reader.settimeout(5)
    body = (struct.pack("!BBH", 0, 0, number) +
            _attribute(COMMAND, struct.pack("!BBH", BIND, 0, 0)) +
            _attribute(PARAMETERS, struct.pack("!IB", 0xffff, COPY_PACKET)))
    reader.send(struct.pack("=IHHII", 16 + len(body), SUBSYSTEM << 8 | MESSAGE_CONFIG, REQUEST, 1,
                            0) + body)
    return reader
