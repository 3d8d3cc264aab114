# SPDX-License-Identifier: GPL-2.0-or-later
"""Ten thousand of something: a WireGuard in user space that nobody ever built, by its socket."""

import base64
import contextlib
import fcntl
import os
import pathlib
import select
import socket
import struct
import threading
import time

import packets
from netns import SLOW

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454ca, 1, 0x1000
FOLDER = pathlib.Path("/var/run/wireguard")


def key(number):
    """The public key of peer `number` as the socket tells it: hexadecimal."""
    return f"{number + 1:064x}"


def address(number):
    """What lies behind peer `number`."""
    return f"10.64.{number >> 8 & 255}.{number & 255}"


def peer_id(number):
    """The same as people write it."""
    return base64.b64encode(bytes.fromhex(key(number))).decode()


class Wireguard:
    """A tun device in a namespace, and a socket that answers "get=1" for it with many peers.

    Peer n has the endpoint 10.128.x.y:51820 and the address 10.64.x.y behind it (x.y = n). What is
    changed is told after update(); `asked` counts questions. Packets for peers come out of next().
    """

    def __init__(self, namespace, ifname, count):
        self.endpoints = [f"10.128.{n >> 8 & 255}.{n & 255}:51820" for n in range(count)]
        self.handshake, self.asked = 1700000000, 0
        self.update()
        with namespace.entered():
            self.device = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
            fcntl.ioctl(self.device, TUNSETIFF,
                        struct.pack("16sH22x", ifname.encode(), IFF_TUN | IFF_NO_PI))
        FOLDER.mkdir(exist_ok=True)
        self.path = FOLDER / f"{ifname}.sock"
        self.path.unlink(missing_ok=True)
        self.listening = socket.socket(socket.AF_UNIX)
        self.listening.bind(str(self.path))
        self.listening.listen(64)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def update(self):
        """Puts what was changed into the answer."""
        secret = 64 * "0"
        peers = "".join(
            f"public_key={key(n)}\npreshared_key={secret}\nprotocol_version=1\n"
            f"endpoint={endpoint}\nlast_handshake_time_sec={self.handshake}\n"
            "last_handshake_time_nsec=0\ntx_bytes=0\nrx_bytes=0\n"
            f"persistent_keepalive_interval=0\nallowed_ip={address(n)}/32\n"
            f"allowed_ip=fd00:64::{n:x}/128\n" for n, endpoint in enumerate(self.endpoints))
        self.answer = f"private_key={secret}\nlisten_port=51820\n{peers}errno=0\n\n".encode()

    def _serve(self):
        while True:
            try:
                client, _ = self.listening.accept()
            except OSError:
                return
            with client, contextlib.suppress(OSError):
                client.recv(64)
                self.reply(client)
            self.asked += 1

    def reply(self, client):
        """What it says to one question; a test may put something worse in its place."""
        client.sendall(self.answer)

    def next(self, seconds=3.0):
        """The next TCP packet that leaves by the device."""
        end = time.monotonic() + seconds * SLOW
        while select.select([self.device], [], [], max(0, end - time.monotonic()))[0]:
            packet = os.read(self.device, 65536)
            seen = packets.Seen(packet)
            if seen.is_tcp:
                return seen
        raise AssertionError(f"no packet within {seconds * SLOW:.1f} s")

    def close(self):
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        self.thread.join()
        self.path.unlink(missing_ok=True)
        os.close(self.device)
