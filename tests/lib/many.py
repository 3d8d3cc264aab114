# SPDX-License-Identifier: GPL-2.0-or-later
"""Ten thousand of something: a WireGuard in user space that nobody ever built, by its socket."""

import base64
import pathlib
import socket
import threading

FOLDER = pathlib.Path("/var/run/wireguard")


def key(number):
    """The public key of peer `number` as the socket tells it: hexadecimal."""
    return f"{number + 1:064x}"


def peer_id(number):
    """The same as people write it."""
    return base64.b64encode(bytes.fromhex(key(number))).decode()


class Wireguard:
    """Answers "get=1" for a tun device with as many peers as there are.

    Peer n has the endpoint 10.9.x.y:51820 and the address 10.64.x.y behind it (x.y = n). Whatever is
    changed is told at the next question; `asked` counts those.
    """

    def __init__(self, ifname, count):
        self.endpoints = [f"10.9.{n >> 8 & 255}.{n & 255}:51820" for n in range(count)]
        self.handshakes = [1700000000] * count
        self.asked, self.answer = 0, b""
        self.update()
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
        self.answer = ("private_key=" + 64 * "0" + "\nlisten_port=51820\n" + "".join(
            f"public_key={key(n)}\npreshared_key={64 * '0'}\nprotocol_version=1\n"
            f"endpoint={endpoint}\nlast_handshake_time_sec={self.handshakes[n]}\n"
            "last_handshake_time_nsec=0\ntx_bytes=0\nrx_bytes=0\n"
            f"persistent_keepalive_interval=0\nallowed_ip=10.64.{n >> 8 & 255}.{n & 255}/32\n"
            f"allowed_ip=fd00:64::{n:x}/128\n"
            for n, endpoint in enumerate(self.endpoints)) + "errno=0\n\n").encode()

    def roam(self, number, endpoint):
        """Peer `number` is at another place from now on."""
        self.endpoints[number] = endpoint
        self.update()

    def _serve(self):
        while True:
            try:
                client, _ = self.listening.accept()
            except OSError:
                return
            with client:
                try:
                    client.recv(64)
                    client.sendall(self.answer)
                except OSError:
                    pass
            self.asked += 1

    def close(self):
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        self.thread.join()
        self.path.unlink(missing_ok=True)
