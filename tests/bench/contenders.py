# SPDX-License-Identifier: GPL-2.0-or-later
"""Who is compared with whom: the table, and how each is started in its gateway."""

import dataclasses
import glob
import json
import os
import pathlib
import subprocess
import tempfile
import time

from daemon import BUILD, Daemon
from topology import LIMIT4, LIMIT6, PEERS, QUEUE, host4, host6

NO_RULE, XT, NFT, PROGRAM, DAEMON = "no rule", "xt", "nft", "program", "daemon"
PEERS_A_FILE = 5000
SYN_MATCH = "-p tcp --tcp-flags FIN,SYN,RST SYN"


@dataclasses.dataclass(frozen=True)
class Contender:
    """One row. `entries` are the limits that a daemon of ours knows: peers (a /32 and a /128 each,
    which hold for both sides of a flow or, with `behind`, for those of that interface) or, with
    `routes`, prefixes with an MTU."""
    key: str
    name: str
    kind: str
    command: tuple = ()
    mode: str = "queue"
    entries: int = 0
    behind: str = ""
    routes: bool = False
    clamps: bool = True
    workers: int = 1
    base: str = "none"      # who forwards in the same way without a rule
    floor: str = "packed"   # the null loop behind the same routes

    @property
    def queues(self):
        """Whether a process reads its SYNs, as far as the table can tell."""
        return self.kind == PROGRAM or (self.kind == DAEMON and self.mode != "offload")


def ours(mode):
    """mssclampd with one limit an interface, and with more."""
    return tuple(
        Contender(f"{mode}-{entries}", f"mssclampd, {mode}, {text}", DAEMON, mode=mode,
                  entries=entries)
        for entries, text in ((1, "1 rule"), (100, "100 peers"), (1000, "1,000 peers"),
                              (10000, "10,000 peers"), (100000, "100,000 peers"))
        if mode == "queue" or entries in (1, 10000))


CONTENDERS = (
    Contender("sending", "the generator alone", NO_RULE, clamps=False),
    Contender("none", "no rule", NO_RULE, clamps=False),
    Contender("none-routes", "no rule, 100,000 routes", NO_RULE, entries=100000, routes=True,
              clamps=False),
    Contender("xt", "xt TCPMSS --set-mss", XT),
    Contender("nft", "nft maxseg size set", NFT),
    Contender("accept", "null loop, accept", PROGRAM, ("null_loop", QUEUE, "accept"),
              clamps=False),
    Contender("packed", "null loop, packed", PROGRAM, ("null_loop", QUEUE, "packed"),
              clamps=False),
    Contender("packed-routes", "null loop, packed, 100,000 routes", PROGRAM,
              ("null_loop", QUEUE, "packed"), entries=100000, routes=True, clamps=False,
              base="none-routes"),
    Contender("usual", "usual libnetfilter_queue loop", PROGRAM,
              ("usual_loop", QUEUE, LIMIT4, LIMIT6)),
    *ours("queue"),
    Contender("queue-routes", "mssclampd, queue, 100,000 prefixes", DAEMON, entries=100000,
              routes=True, base="none-routes", floor="packed-routes"),
    Contender("workers-2", "mssclampd, queue, 2 queues", DAEMON, entries=1, workers=2),
    *ours("mark"),
    *ours("offload"),
    Contender("offload-tunnel", "mssclampd, offload, 10,000 peers of one tunnel", DAEMON, mode="offload",
              entries=10000, behind="out"),
)
BY_KEY = {contender.key: contender for contender in CONTENDERS}


def rules(entries, behind=""):
    """One limit for the interface, or one for each address of each peer: several texts,
    as no file may be larger than 1 MiB."""
    where = f'interface = "{behind}"; ' if behind else ""
    if entries == 1:
        return ['{ interface = "out"; mtu = 1380; }']
    return [",\n".join(f'{{ {where}prefix = "{host4(n)}"; mtu = {1280 + n % 100}; }},\n'
                       f'{{ {where}prefix = "{host6(n)}"; mtu = {1280 + n % 100}; }}'
                       for n in range(first, min(first + PEERS_A_FILE, entries)))
            for first in range(0, entries, PEERS_A_FILE)]


def config(contender):
    return (f'mode = "{contender.mode}";\nhooks = [ "forward" ];\n'
            f"queues = {{ first = {QUEUE}; count = {contender.workers}; max_packets = 16384; }};\n")


def write_rules(contender, directory):
    """What a daemon whose files lie there finds as drop-ins."""
    folder = pathlib.Path(directory) / "mssclamp.conf.d"
    folder.mkdir()
    for number, text in enumerate(rules(0 if contender.routes else contender.entries,
                                        contender.behind)):
        (folder / f"{number:02}.conf").write_text(f"rules = (\n{text}\n);\n", encoding="ascii")


class NotActive(Exception):
    """A daemon that runs, but not in the mode that the row is about."""


class Running:
    """A contender in its gateway."""

    def __init__(self, contender, gateway):
        self.contender, self.gateway = contender, gateway
        self.process = self.daemon = self.directory = None
        begin = time.monotonic()
        if contender.routes:
            gateway.add_routes(contender.entries)
        {NO_RULE: lambda: None, XT: self._start_xt, NFT: self._start_nft,
         PROGRAM: self._start_program, DAEMON: self._start_daemon}[contender.kind]()
        self.start_seconds = time.monotonic() - begin

    def _start_xt(self):
        for program, mss in (("iptables-nft", LIMIT4), ("ip6tables-nft", LIMIT6)):
            self.gateway.namespace.run(program, "-t", "mangle", "-A", "FORWARD", *SYN_MATCH.split(),
                                       "-j", "TCPMSS", "--set-mss", str(mss))

    def _start_nft(self):
        rule = "tcp flags & (fin|syn|rst) == syn tcp option maxseg size set"
        self.gateway.namespace.run("nft", "-f", "-", text=(
            "table inet clamp {\n  chain forward {\n"
            "    type filter hook forward priority mangle; policy accept;\n"
            f"    meta nfproto ipv4 {rule} {LIMIT4}\n"
            f"    meta nfproto ipv6 {rule} {LIMIT6}\n  }}\n}}\n"))

    def _start_program(self):
        name, *arguments = self.contender.command
        self.process = self.gateway.namespace.popen(
            ["setpriv", "--pdeathsig", "KILL", str(BUILD / "bench" / name), *map(str, arguments)],
            stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n", name
        # The rules are those that mssclampd makes, a chain and a jump to it.
        for program in ("iptables-nft", "ip6tables-nft"):
            for rule in ("-N CLAMP", "-A FORWARD -j CLAMP",
                         f"-A CLAMP {SYN_MATCH} -j NFQUEUE --queue-num {QUEUE} --queue-bypass"):
                self.gateway.namespace.run(program, "-t", "mangle", *rule.split())

    def _start_daemon(self):
        self.directory = tempfile.TemporaryDirectory(prefix="mssclamp-")
        write_rules(self.contender, self.directory.name)
        self.daemon = Daemon(self.gateway.namespace, config(self.contender), ready=False,
                             directory=self.directory.name, verbose=True)
        self.process = self.daemon.process
        self.daemon("wait", "--for", "30")
        mode = json.loads(self.daemon("--json", "status", code=None).stdout)["mode"]
        if mode != self.contender.mode:
            self.close()
            raise NotActive(f"{self.contender.name}: left out, this mssclampd runs in mode {mode}")

    def place(self, cpu, first=False):
        """All threads of it on one CPU; first: nobody else there comes before it."""
        policy = os.SCHED_FIFO if first else os.SCHED_OTHER
        for task in os.listdir(f"/proc/{self.process.pid}/task") if self.process else ():
            os.sched_setaffinity(int(task), (cpu,))
            os.sched_setscheduler(int(task), policy, os.sched_param(int(first)))

    def workers(self):
        """The threads that read the queues, in the order of these."""
        names = {}
        for task in os.listdir(f"/proc/{self.process.pid}/task"):
            with open(f"/proc/{self.process.pid}/task/{task}/comm", encoding="ascii") as file:
                names[file.read().strip()] = int(task)
        return [names[name] for name in sorted(names) if name.startswith("queue")]

    def cpu_ns(self):
        """What all its threads have used."""
        total = 0
        for path in glob.glob(f"/proc/{self.process.pid}/task/*/schedstat") if self.process else ():
            with open(path, encoding="ascii") as file:
                total += int(file.read().split()[0])
        return total

    def rss_bytes(self):
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def close(self):
        if self.daemon:
            self.daemon.close()
            self.directory.cleanup()
        elif self.process:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()


def start(topology, keys):
    """Starts the rows with these keys; returns those that run, by key, and why others do not."""
    running, left_out = {}, []
    for key in keys:
        contender = BY_KEY[key]
        gateway = topology.add_gateway(contender.name, drops_at_once=key == "sending")
        try:
            running[key] = Running(contender, gateway)
            running[key].place(topology.cpus[1])
        except NotActive as reason:
            left_out.append(str(reason))
    return running, left_out


assert PEERS <= 65536  # of the addresses that frames.c makes
