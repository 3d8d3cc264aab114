# SPDX-License-Identifier: GPL-2.0-or-later
"""A program at a netfilter queue that reads and does not answer, as one that died in its work has, or
answers late (linux/netfilter/nfnetlink_queue.h)."""

import heapq
import select
import socket
import struct
import time

from netns import SLOW

NETLINK_NETFILTER, SUBSYSTEM = 12, 3
MESSAGE_VERDICT, MESSAGE_CONFIG, REQUEST = 1, 2, 1
COMMAND, PARAMETERS = 1, 2
BIND, COPY_PACKET = 1, 2
VERDICT_HEADER, ACCEPT = 2, 1
ATTRIBUTE_HEADER = 4
AT_ID = 24  # behind both headers and that of the first attribute


def _attribute(kind, data):
    return struct.pack("=HH", ATTRIBUTE_HEADER + len(data), kind) + data.ljust(-len(data) % 4 +
                                                                               len(data), b"\0")


def _send(reader, message, number, attributes):
    body = struct.pack("!BBH", 0, 0, number) + attributes
    reader.send(struct.pack("=IHHII", 16 + len(body), SUBSYSTEM << 8 | message, REQUEST, 1, 0) + body)


def open_queue(namespace, number, copy_bytes=0xffff):
    """A socket that owns that queue of the namespace."""
    reader = namespace.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
    reader.bind((0, 0))
    reader.settimeout(5 * SLOW)
    _send(reader, MESSAGE_CONFIG, number,
          _attribute(COMMAND, struct.pack("!BBH", BIND, 0, 0)) +
          _attribute(PARAMETERS, struct.pack("!IB", copy_bytes, COPY_PACKET)))
    return reader


def answer_late(reader, number, wait_of, is_over):
    """Lets each packet pass wait_of(its number, from 0) seconds after it came, until is_over()."""
    waiting, count = [], 0
    while not is_over():
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            verdict = struct.pack("!II", ACCEPT, heapq.heappop(waiting)[1])
            _send(reader, MESSAGE_VERDICT, number, _attribute(VERDICT_HEADER, verdict))
        if select.select([reader], [], [], min(0.05, waiting[0][0] - now) if waiting else 0.05)[0]:
            packet = struct.unpack_from("!I", reader.recv(65536), AT_ID)[0]
            heapq.heappush(waiting, (time.monotonic() + wait_of(count), packet))
            count += 1
