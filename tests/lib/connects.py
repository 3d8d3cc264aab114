# SPDX-License-Identifier: GPL-2.0-or-later
"""Real TCP connects through the gateway at a steady rate, and what became of each."""

import subprocess
import typing

from daemon import BUILD
from netns import SLOW

PORT = 7070
HEADERS = 12  # TCP timestamps: what TCP_MAXSEG of a connection leaves out


class Counts(typing.NamedTuple):
    all: int
    failed: int
    retried: int     # a SYN or SYN-ACK had to be sent again
    unclamped: int   # at this end
    longest_us: int


class Connects:
    """Connects from the client to the server while the block runs. limit: the MSS that both ends
    should see. Then .client and .server are what each end has counted."""

    def __init__(self, path, limit, rate=1000, address=None):
        self.path, self.limit, self.rate = path, limit - HEADERS, rate
        self.address = address or path.SERVER4

    def _run(self, namespace, first):
        return namespace.popen(
            ["setpriv", "--pdeathsig", "KILL", str(BUILD / "connects"), first, self.address,
             str(PORT), str(self.limit)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        self.taker = self._run(self.path.server, "-l")
        assert self.taker.stdout.readline() == "ready\n"
        self.maker = self._run(self.path.client, str(self.rate))
        return self

    @staticmethod
    def _end(process):
        line, _ = process.communicate("", timeout=60 * SLOW)
        assert process.returncode == 0
        return Counts(*map(int, line.split()))

    def __exit__(self, *_):
        self.client = self._end(self.maker)
        self.server = self._end(self.taker)

    def __str__(self):
        unclamped = self.client.unclamped + self.server.unclamped
        return (f"{self.client.all} connects, {self.client.failed} failed, {self.client.retried} "
                f"with a SYN sent again, {unclamped} unclamped, longest "
                f"{self.client.longest_us / 1000:.1f} ms")
