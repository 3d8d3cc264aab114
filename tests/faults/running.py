# SPDX-License-Identifier: GPL-2.0-or-later
"""A daemon that runs while calls fail in it, and SYNs that have to arrive meanwhile."""

import json
import socket
import time

import netns
import packets
from attempts import LIMIT4, Stream
from faults import Faulty, is_of_library
from netns import SLOW, until


HELPER_ENDED = "a restart of mssclampd brings it back"  # the process that starts iptables


class Running:
    """One gateway with one daemon; a new one where a library has ended it."""

    def __init__(self, config=""):
        self.config, self.ended_by_library = config, 0
        self.path = netns.Path()
        self.injector = packets.Injector(self.path.client, "eth0", self.path.gateway.mac("lan"))
        self.daemon = None
        self.revive()

    def revive(self):
        if self.daemon:
            self.daemon.close()
        self.daemon = Faulty(self.path.gateway, self.config)

    def close(self):
        self.daemon.close()
        self.injector.close()
        self.path.close()

    def stream(self):
        return Stream(self.path, self.injector)

    def links(self):
        """Something for rtnetlink to tell."""
        self.path.gateway.ip("link add passing type veth\nlink set passing up mtu 1300\n"
                             "link del passing\n")

    def ask(self, method, seconds=8.0, **parameters):
        """What the daemon says, or None where it hangs up or is silent."""
        call = {"method": f"org.mssclamp.{method}", "parameters": parameters}
        data = b""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(seconds * SLOW)
                connection.connect(self.daemon.socket_path)
                connection.sendall(json.dumps(call).encode() + b"\0")
                while not data.endswith(b"\0"):
                    part = connection.recv(65536)
                    if not part:
                        return None
                    data += part
        except (OSError, TimeoutError):
            return None
        return json.loads(data[:-1])

    def is_running(self):
        """Whether it says so; who comes while it ends has no answer."""
        status = self.ask("GetStatus")
        return status is not None and status["parameters"]["state"] == "running"

    def is_gone(self):
        """Whether a library has ended it: it is there again then. Any other end is a fault, and so is
        that of a process beside it."""
        if self.daemon.process.poll() is None:
            assert HELPER_ENDED not in self.daemon.log()
            return False
        code, log = self.daemon.process.returncode, self.daemon.log()
        assert is_of_library(log), f"exit code {code}\n{log}"
        self.ended_by_library += 1
        self.revive()
        return True

    def limit(self, limit=LIMIT4, seconds=5.0):
        """SYNs are clamped to that, before long."""
        def clamped():
            with packets.Capture(self.path.server, "eth0",
                                 match=lambda p: p.is_tcp and p.sport == 999) as there:
                self.injector.send(packets.syn(self.path.CLIENT4, self.path.SINK4, sport=999))
                return any(packet.mss == [limit] for packet in there.take(1, 1.0))
        until(clamped, f"a SYN is clamped to {limit}", seconds)

    def cpu_seconds(self):
        import pathlib
        return sum(int(task.read_text(encoding="ascii").split()[0]) for task in pathlib.Path(
            f"/proc/{self.daemon.process.pid}/task").glob("*/schedstat")) / 1e9

    def share_of_cpu(self, seconds):
        begin, used = time.monotonic(), self.cpu_seconds()
        time.sleep(seconds)
        return (self.cpu_seconds() - used) / (time.monotonic() - begin)
