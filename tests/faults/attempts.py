# SPDX-License-Identifier: GPL-2.0-or-later
"""Starts in which something fails, one after the other in one gateway, and what has to hold after each:
it clamps, or it has ended, said why and left nothing; and every SYN has arrived either way."""

import re
import signal
import threading
import time

import netns
import packets
from daemon import MSSCLAMPCTL
from faults import Faulty, Plan, is_of_library
from netns import SLOW, until

ANNOUNCED, LIMIT4, LIMIT6 = 1460, 1360, 1340
FALLBACK = "table inet mssclamp"  # as rules() has it
PAUSE = 0.004  # seconds between two SYNs


class Stream:
    """SYNs to the sink all the while; .missing() of them have not arrived when it is left."""

    def __init__(self, path, injector, pause=PAUSE):
        self.path, self.injector, self.pause = path, injector, pause
        self.sent, self.running = 0, True
        self.there = packets.Capture(path.server, "eth0", buffer_bytes=1 << 23, match=lambda p: (
            p.is_tcp and p.flags & packets.SYN and p.sport >= 1024))
        self.thread = threading.Thread(target=self._run)

    def _run(self):
        while self.running:
            self.injector.send(packets.syn(self.path.CLIENT4, self.path.SINK4,
                                           sport=1024 + self.sent))
            self.sent += 1
            time.sleep(self.pause)

    def __enter__(self):
        self.there.__enter__()
        self.thread.start()
        return self

    def end(self):
        """Returns what each had when it arrived."""
        self.running = False
        self.thread.join()
        return [packet.mss[0] for packet in self.there.take(self.sent, 3.0)]

    def __exit__(self, *_):
        self.running = False
        self.thread.join()
        self.there.__exit__(*_)


class Attempts:
    def __init__(self, config=""):
        self.config, self.said = config, ""
        self.path, self.plan = netns.Path(), Plan()
        self.injector = packets.Injector(self.path.client, "eth0", self.path.gateway.mac("lan"))
        self.counts = self._count()

    def close(self):
        self.injector.close()
        self.plan.close()
        self.path.close()

    def rules(self):
        """Ours, of both families and both tools; which tables there are of nft's, for what is in
        them counts."""
        text = "".join(self.path.gateway.run(f"{tool}-save", "-t", "mangle").stdout
                       for tool in ("iptables-nft", "ip6tables-nft"))
        text += self.path.gateway.run("nft", "list", "tables").stdout
        return sorted(re.sub(r"\[\d+:\d+\]", "", line) for line in text.splitlines()
                      if "mssclamp" in line.lower())

    def of_tools(self):
        """Those of iptables."""
        return [line for line in self.rules() if line != FALLBACK]

    def queues(self):
        with self.path.gateway.entered(), open("/proc/thread-self/net/netfilter/nfnetlink_queue",
                                               encoding="ascii") as file:
            return file.read()

    def _count(self):
        """How often each call happens in a start that succeeds, and what rules it makes."""
        self.plan.count()
        with Faulty(self.path.gateway, self.config, plan=self.plan, ready=False) as daemon:
            until(daemon.is_ready, "ready", 10)
            self.plan.stop()
            self.all = self.of_tools()
            return self.plan.counts()

    def prepare(self, rules):
        """Those of an earlier run are there, if they are wanted, with the table of its fallback, which
        a call that failed may have kept out; else none: not some, as a crash may have left."""
        if rules and self.of_tools() == self.all:
            self.path.gateway.run("nft", "add", "table", "inet", "mssclamp")
        else:
            self.path.gateway.run(MSSCLAMPCTL, "-s", "/nowhere", "rules", "--remove")

    def attempt(self, call, number, error, rules=False, pause=PAUSE):
        """Returns "ends", "goes on", "unseen" (no such call came) or "library" (the process ended in
        a library that knows no better); raises where something does not hold. rules: those of an
        earlier run are there. pause: between two SYNs, in seconds."""
        self.prepare(rules)
        before = self.rules()
        with Stream(self.path, self.injector, pause) as stream:
            self.plan.fail(call, error, number, trace=True)
            daemon = Faulty(self.path.gateway, self.config, plan=self.plan, ready=False)
            try:
                until(lambda: daemon.is_ready() or daemon.process.poll() is not None,
                      "it is ready or has ended", 20)
                self.plan.stop()
                failed = self.plan.failed
                if daemon.is_ready() and daemon.process.poll() is None:
                    self._clamps(daemon)
                    outcome = "goes on" if failed else "unseen"
                else:
                    outcome = self._ended(daemon, before)
                self.said = daemon.log()
                arrived = stream.end()
                assert len(arrived) == stream.sent, f"{stream.sent - len(arrived)} SYNs are lost"
                return outcome
            except AssertionError as fault:
                fault.add_note(daemon.log())
                raise
            finally:
                self.plan.stop()
                self._end(daemon)

    def _clamps(self, daemon):
        for source, sink, limit in ((self.path.CLIENT4, self.path.SINK4, LIMIT4),
                                    (self.path.CLIENT6, self.path.SINK6, LIMIT6)):
            with packets.Capture(self.path.server, "eth0") as there:
                self.injector.send(packets.syn(source, sink, sport=999))
                until(lambda there=there, limit=limit: any(
                    packet.sport == 999 and packet.mss == [limit]
                    for packet in there.take(1, 0.5)), f"a SYN is clamped to {limit}")
        assert daemon.json("status", code=None)["state"] == "running"

    def _ended(self, daemon, before):
        code = daemon.ends()
        if code < 0 and is_of_library(daemon.log()):
            return "library"
        assert 0 < code < 128, f"exit code {code}"
        said = re.sub(r"(?m)^.*there is no group.*$", "", daemon.log())
        assert re.search(r"(?m)^<[34]>", said) or "emory" in said, "it does not say why"
        assert self.queues() == ""
        assert self.rules() == before, f"{before} -> {self.rules()}"
        assert not (daemon.directory / "control").exists()
        return "ends"

    @staticmethod
    def _end(daemon):
        if daemon.process.poll() is None:
            daemon.process.send_signal(signal.SIGTERM)
            daemon.process.wait(timeout=10 * SLOW)
        daemon._own.cleanup()
