# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures of real TCP over paths that are made to fail: client - gateway - server."""

import contextlib
import pathlib
import signal
import subprocess
import sys
import threading
import time

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS / "lib"))

import queue_reader  # noqa: E402
from netns import SLOW, until  # noqa: E402

QUIET = 0.2  # seconds without a packet after which no more comes


class Tcpdump:
    """Captures on one interface of a namespace until the block ends."""

    def __init__(self, namespace, interface, file, *options):
        self.process = namespace.popen(
            ["tcpdump", "-Z", "root", "-U", "--immediate-mode", "-s", "256",
             "-B", "16384", "-nn", "-i", interface, "-w", str(file), *options,
             "tcp or icmp or icmp6 or ip6 proto 44"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()
        while line and "listening on" not in line:
            line = self.process.stderr.readline()
        assert line, "tcpdump did not start"
        self.said = []
        threading.Thread(target=self._hear, daemon=True).start()

    def _hear(self):
        for line in self.process.stderr:
            self.said.append(line)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.settle()
        self.process.terminate()
        self.process.wait(10 * SLOW)

    def settle(self):
        """Until nothing more comes, and tcpdump, which may have to wait for a processor, says so."""
        counts = None
        while counts != (now := self._counts()):
            counts = now
            time.sleep(QUIET * SLOW)

    def _counts(self):
        """What the kernel has for it, and what it has written."""
        before = len(self.said)
        self.process.send_signal(signal.SIGUSR1)
        until(lambda: len(self.said) > before, "tcpdump tells what it has", 10)
        return self.said[-1]


@contextlib.contextmanager
def captured(folder, name, *places, options=()):
    """Captures at several places of (label, namespace, interface); gives their files."""
    files = {label: folder / f"{name}-{label}.pcap" for label, _, _ in places}
    with contextlib.ExitStack() as stack:
        for label, namespace, interface in places:
            stack.enter_context(Tcpdump(namespace, interface, files[label], *options))
        yield files


@contextlib.contextmanager
def overtaking(path, delay, every, more):
    """What the client sends takes `delay` seconds through the gateway, and one of `every` that much more:
    those behind it overtake it."""
    path.gateway.run("iptables", "-A", "FORWARD", "-i", "lan", "-p", "tcp", "-j", "NFQUEUE", "--queue-num", "77")
    end = threading.Event()
    with queue_reader.open_queue(path.gateway, 77, 64) as reader:
        thread = threading.Thread(target=queue_reader.answer_late, daemon=True, args=(
            reader, 77, lambda i: delay + more * (i % every == every - 1), end.is_set))
        thread.start()
        try:
            yield
        finally:
            end.set()
            thread.join()


def silence_icmp(path):
    """Routers that say nothing: what makes a narrow link a black hole."""
    path.gateway.run("iptables", "-A", "OUTPUT", "-p", "icmp", "--icmp-type",
                     "fragmentation-needed", "-j", "DROP")
    path.gateway.run("ip6tables", "-A", "OUTPUT", "-p", "icmpv6", "--icmpv6-type",
                     "packet-too-big", "-j", "DROP")
