# SPDX-License-Identifier: GPL-2.0-or-later
"""generator - gateway - sink, with a gateway for each contender, and the two programs at the ends.

    generator gN --- in  gateway N  out --- sN sink

Every contender has links, rules and routes of its own, so all of them can stand side by side and a
round can go from one to the other within milliseconds. The sink drops at its links, before its IP.
"""

import json
import os

from load import Program, Sent
from netns import Namespace, veth

FLOWS, PEERS = 50_000, 10_000
HOSTS4, HOSTS6 = "10.64.0.0/10", "fd00:64::/32"
LINK_MTU = 1400
LIMIT4, LIMIT6 = LINK_MTU - 40, LINK_MTU - 60
QUEUE = 5000


def host4(number):
    return f"10.{64 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"


def host6(number):
    return f"fd00:64::{number >> 16:x}:{number & 0xffff:x}"


class Topology:
    """Both ends; gateways are added. cpus: of the generator (and so of all that forwards), and of
    those who read queues."""

    def __init__(self, cpus):
        self.cpus = cpus
        self.generator_end, self.sink_end = Namespace("generator"), Namespace("sink")
        self.generators = [Program(self.generator_end, "generator", FLOWS, PEERS, cpu=cpu)
                           for cpu in cpus]
        self.sink = Program(self.sink_end, "sink", cpu=cpus[1])
        for program in (*self.generators, self.sink):  # before all others, as softirqs would be
            os.setpriority(os.PRIO_PROCESS, program.process.pid, -20)
        self.gateways = []

    def add_gateway(self, label, drops_at_once=False):
        """Another gateway; one that drops at once shows what the sending alone costs."""
        gateway = Gateway(self, len(self.gateways), label)
        self.gateways.append(gateway)
        drop_at(gateway.namespace if drops_at_once else self.sink_end,
                "in" if drops_at_once else gateway.sink_link)
        mac = gateway.namespace.mac("in").hex(":")
        for generator in self.generators:
            answer = generator.ask(f"link {gateway.generator_link} {mac}")
            assert answer == f"ok {gateway.number}\n", answer
        return gateway

    def send(self, gateway, count, rate=0, group=64, stamp=False):
        return self.send_from(self.generators[:1], gateway, count, rate, group, stamp)[0]

    @staticmethod
    def send_from(generators, gateway, count, rate=0, group=64, stamp=False):
        """From several cores at once: each sends so many."""
        for generator in generators:
            generator.tell(f"send {gateway.number} {count} {rate:.0f} {group} {int(stamp)}")
        return [Sent(generator.answer()) for generator in generators]

    def watch(self, gateway, limits=(LIMIT4, LIMIT6)):
        """From now on the sink counts what arrives from one gateway, until seen()."""
        answer = self.sink.ask(f"open {gateway.sink_link} {limits[0]} {limits[1]}")
        assert answer == "ok\n", answer

    def seen(self):
        return json.loads(self.sink.ask("close"))

    def close(self):
        for program in (*self.generators, self.sink):
            program.close()
        for gateway in self.gateways:
            gateway.namespace.close()
        self.generator_end.close()
        self.sink_end.close()


def drop_at(namespace, link):
    namespace.run("nft", "-f", "-", text=(
        f"table netdev drop_{link} {{\n  chain early {{\n"
        f'    type filter hook ingress device "{link}" priority 0; policy drop;\n  }}\n}}\n'))


class Gateway:
    """A router between generator and sink. It knows both neighbours, so nobody has to answer."""

    def __init__(self, topology, number, label):
        self.number, self.label = number, label
        self.generator_link, self.sink_link = f"g{number}", f"s{number}"
        self.namespace = Namespace(label)
        self.namespace.forward()
        veth(topology.generator_end, self.generator_link, self.namespace, "in")
        veth(self.namespace, "out", topology.sink_end, self.sink_link, left_mtu=LINK_MTU)
        mac = topology.sink_end.mac(self.sink_link).hex(":")
        self.namespace.ip(
            "addr add 192.0.2.1/24 dev in\naddr add 2001:db8:1::1/64 dev in nodad\n"
            "addr add 198.51.100.1/24 dev out\naddr add 2001:db8:2::1/64 dev out nodad\n"
            f"neigh add 198.51.100.2 lladdr {mac} dev out\n"
            f"neigh add 2001:db8:2::2 lladdr {mac} dev out\n"
            f"route add {HOSTS4} via 198.51.100.2\nroute add {HOSTS6} via 2001:db8:2::2\n")

    def add_routes(self, count):
        """Prefixes with an MTU of their own, half of each family: the hosts that are sent to,
        then networks that nobody sends to."""
        half = count // 2
        lines = [f"route add {host4(n)}/32 via 198.51.100.2 dev out mtu {1300 + n % 100}\n"
                 f"route add {host6(n)}/128 via 2001:db8:2::2 dev out mtu {1300 + n % 100}\n"
                 for n in range(min(half, PEERS))]
        lines += [f"route add 20.{n >> 8}.{n & 255}.0/24 via 198.51.100.2 dev out mtu 1320\n"
                  f"route add 2001:db8:{n:x}::/48 via 2001:db8:2::2 dev out mtu 1320\n"
                  for n in range(0x10, 0x10 + half - PEERS)]
        self.namespace.ip("".join(lines))


def choose_cpus(wanted=None):
    """The CPU of the generator and that of the readers: the first two that we may use."""
    usable = wanted or sorted(os.sched_getaffinity(0))
    return usable[0], usable[1 % len(usable)]
