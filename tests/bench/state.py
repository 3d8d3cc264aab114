# SPDX-License-Identifier: GPL-2.0-or-later
"""What the daemon's state costs: memory, rebuilds, and how soon a change reaches the next SYN."""

import contextlib
import json
import statistics
import subprocess
import time

import packets
from contenders import config
from daemon import BUILD
from meanwhile import repeated
from rounds import summary

TARGET, SOURCE = "10.80.0.1", "10.80.0.2"  # behind the sink; nobody's prefix but the changed one
EVERY_SECONDS = 0.0002
SYN_OPTIONS = packets.mss(1460) + bytes.fromhex("0402080a000000010000000001030307")


def memory(running):
    """Resident memory of each daemon, by key."""
    return {key: {"entries": one.contender.entries, "rss_bytes": one.rss_bytes()}
            for key, one in running.items() if one.daemon}


def programs():
    """Look-ups and rebuilds without a kernel, as `lookup` and `rebuild` measure them."""
    return {name: json.loads(subprocess.check_output([str(BUILD / "bench" / name)]))
            for name in ("lookup", "rebuild")}


@contextlib.contextmanager
def syns_to_target(topology, gateway):
    """One SYN after the other to the address whose limit changes."""
    injector = packets.Injector(topology.generator_end, gateway.generator_link,
                                gateway.namespace.mac("in"))
    packet = packets.syn(SOURCE, TARGET, options=SYN_OPTIONS)
    try:
        with repeated(lambda _: injector.send(packet), EVERY_SECONDS):
            yield
    finally:
        injector.close()


class Route:
    """ip(8), which stands ready: what is written to it is done at once."""

    first_mtu = 1200

    def __init__(self, running):
        self.process = running.gateway.namespace.popen(["ip", "-batch", "-"], text=True,
                                                       stdin=subprocess.PIPE, bufsize=1)

    def change(self, mtu):
        self.process.stdin.write(f"route replace {TARGET}/32 via 198.51.100.2 dev out mtu {mtu}\n")

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Reload:
    """A rule in the configuration file, and a reload."""

    first_mtu = 1100

    def __init__(self, running):
        self.running = running

    def change(self, mtu):
        self.running.daemon.write(config(self.running.contender) + (
            f'rules = ( {{ prefix = "{TARGET}/32"; mtu = {mtu}; }} );\n'))
        self.running.daemon.call("Reload")

    def close(self):
        self.running.daemon.write(config(self.running.contender))
        self.running.daemon.call("Reload")


def took_ms(topology, running, source, mtu):
    """From just before a change to the first SYN that arrives with the new MSS."""
    topology.watch(running.gateway)
    time.sleep(0.05)
    begin_ns = time.clock_gettime_ns(time.CLOCK_REALTIME)
    source.change(mtu)
    time.sleep(0.7)  # the next look may be due after 200 ms only
    changes = [at for at, mss in topology.seen()["changes"] if mss == mtu - 40 and at > begin_ns]
    if not changes:
        raise RuntimeError(f"{running.contender.name}: no SYN got MSS {mtu - 40}")
    return (changes[0] - begin_ns) / 1e6


def event_to_effect(topology, running, how, times):
    """Milliseconds from a change to its effect: how is Route or Reload."""
    source, taken = how(running), []
    with syns_to_target(topology, running.gateway):
        try:
            for number in range(times):
                taken.append(took_ms(topology, running, source, how.first_mtu + number))
        finally:
            source.close()
    return {**summary(taken), "max": max(taken)}


def effects(topology, running, keys, times):
    return {key: {how.__name__.lower() + "_ms": event_to_effect(topology, running[key], how, times)
                  for how in (Route, Reload)}
            for key in keys if key in running}


def built_us(running):
    """What the daemon itself says that its rebuilds took; the median of those in its log."""
    found = [int(line.rsplit("built in ", 1)[1].split()[0])
             for line in running.daemon.log().splitlines() if "built in " in line]
    return statistics.median(found) if found else None
