# SPDX-License-Identifier: GPL-2.0-or-later
"""Bytes over real TCP between namespaces: a server in threads, and clients that compare hashes."""

import contextlib
import hashlib
import random
import socket
import struct
import threading

import packets
from netns import SLOW

DOWN, UP = b"D", b"U"
CONNECTS = 10.0  # seconds at least until a connection stands, whose SYN a busy machine may lose


def pattern(size):
    return random.Random(size).randbytes(size)


def _read(connection, size):
    """Exactly size bytes, or what came before the end of the stream."""
    parts, left = [], size
    while left and (part := connection.recv(min(left, 1 << 16))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


class Server:
    """Serves until closed: 'D' and a size sends that many bytes, 'U' takes them and answers their
    hash. Each accepted socket's MSS (TCP_MAXSEG) is kept in .mss."""

    def __init__(self, namespace, address, port=0):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.mss = []
        self.listener = namespace.socket(family, socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((address, port))
        self.listener.listen(1024)
        self.address, self.port = address, self.listener.getsockname()[1]
        self.received = 0  # bytes of uploads, of all connections
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.mss.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG))
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection:
            try:
                head = _read(connection, 9)
                if len(head) < 9:
                    return
                kind, size = struct.unpack("!cQ", head)
                if kind == DOWN:
                    connection.sendall(pattern(size))
                    return
                digest = hashlib.sha256()
                while size and (part := connection.recv(min(size, 1 << 16))):
                    digest.update(part)
                    self.received += len(part)
                    size -= len(part)
                connection.sendall(digest.digest())
            except OSError:
                pass  # the client gave up, as a client of a black hole does

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Hangs(Exception):
    """The connection stood, and nothing more came. args: bytes that did come."""


def connect(namespace, server, seconds=3.0, source=None):
    family = socket.AF_INET6 if ":" in server.address else socket.AF_INET
    client = namespace.socket(family, socket.SOCK_STREAM)
    client.settimeout(seconds * SLOW)
    if source:
        client.bind((source, 0))
    client.connect((server.address, server.port))
    return client


def count_once(count, client, server, places):
    """What count() tells more behind a connection of which each SYN came once at each of the places
    (namespace, interface): where the machine stands still TCP sends it again."""
    for _ in range(3):
        before = count()
        with contextlib.ExitStack() as stack:
            captures = [stack.enter_context(packets.Capture(*place)) for place in places]
            connect(client, server).close()
            came = [len(capture.take(9, 0.05)) for capture in captures]
        if came == [1] * len(places):
            return count() - before
    raise AssertionError(f"in none of three connections each SYN came once: {came}")


def _standing(namespace, server, seconds):
    """A connection that waits so long for what comes through it."""
    client = connect(namespace, server, max(seconds, CONNECTS))
    client.settimeout(seconds * SLOW)
    return client


def download(namespace, server, size, seconds=3.0):
    """Returns the SHA-256 of what came, which is all of it; raises Hangs."""
    with _standing(namespace, server, seconds) as client:
        client.sendall(struct.pack("!cQ", DOWN, size))
        return _hash_all(client, size)


def _hash_all(client, size):
    digest, came = hashlib.sha256(), 0
    try:
        while came < size and (part := client.recv(1 << 16)):
            digest.update(part)
            came += len(part)
    except TimeoutError:
        raise Hangs(came) from None
    assert came == size, f"the stream ended after {came} of {size} bytes"
    return digest.hexdigest()


def upload(namespace, server, size, seconds=3.0):
    """Returns the SHA-256 that the far end computed over what it received; raises Hangs."""
    with _standing(namespace, server, seconds) as client:
        try:
            client.sendall(struct.pack("!cQ", UP, size) + pattern(size))
            answer = _read(client, 32)
        except TimeoutError:
            raise Hangs(server.received) from None
        assert len(answer) == 32, "the far end closed without an answer"
        return answer.hex()


def both_ways(namespace, server, size, seconds=3.0):
    """Up and down, all of it; raises Hangs."""
    for carry in (upload, download):
        assert carry(namespace, server, size, seconds) == expected(size)


def expected(size):
    return hashlib.sha256(pattern(size)).hexdigest()
