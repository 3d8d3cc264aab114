# SPDX-License-Identifier: GPL-2.0-or-later
"""`mssclampctl doctor` on hosts with each fault built in, and on one in good health.

Not here, with the reason: MSS002, MSS007 and MSS009 need a daemon in a state that it leaves by itself
(tests/cli/test_doctor.py); MSS013, MSS014 and MSS032 need a kernel that has XFRM interfaces, WireGuard
or flow tables (tests/vm/test_doctor.sh). MSS011 needs one that has OpenVPN's interfaces (Linux 6.16 on),
which neither this one nor that of the VM has: here one of VXLAN, of which netlink's answer is made to say
"ovpn"."""

import contextlib
import fcntl
import itertools
import json
import os
import re
import socket
import struct
import subprocess
import threading
import time

import forged
import many
import netns
import packets
import pages
import pytest
import transfer
from daemon import BUILD, MSSCLAMPCTL, Ctl, Daemon, validate
from netns import SLOW, until

VXLAN = "link add {} type vxlan id 7 remote 198.51.100.2 dstport 4789\nlink set {} up mtu {}\n"


class Doctor:
    """Results by id."""

    def __init__(self, ctl, *argv, code=None, prefix=()):
        for _ in range(3):  # a machine that stands still keeps a sign of life back, for a second or two
            done = ctl("--json", "doctor", *argv, code=None, prefix=prefix)
            answer = json.loads(done.stdout)
            validate("doctor", answer)
            self.checks = {check["id"]: check for check in answer["checks"]}
            if "MSS007" not in self.checks or self["MSS007"] != "warn":
                break
            print("asked again:", self.checks["MSS007"], self.checks.get("MSS009"))
        self.code = done.returncode
        self.answer = answer
        assert code is None or self.code == code, done.stdout + done.stderr

    def bad(self):
        return {one["id"]: one["result"] for one in self.checks.values()
                if one["result"] not in ("ok", "skipped")}

    def __getitem__(self, name):
        return self.checks[name]["result"]


@pytest.fixture(scope="module")
def calm(path, daemon):
    """What other tests of this module left in the kernel's caches is no finding."""
    path.gateway.run("ip", "route", "flush", "cache")
    settle(daemon)
    return path


def nft(namespace, text):
    namespace.run("nft", "-f", "-", text=text)


@contextlib.contextmanager
def rule(namespace, tool, *words, table="filter"):
    """A rule of iptables while the block runs; the first word is the chain."""
    namespace.run(tool, "-w", "-t", table, "-I", *words)
    try:
        yield
    finally:
        namespace.run(tool, "-w", "-t", table, "-D", *words)


@contextlib.contextmanager
def table(namespace, body, name="fault"):
    nft(namespace, f"table inet {name} {{\n{body}\n}}\n")
    try:
        yield
    finally:
        namespace.run("nft", "delete", "table", "inet", name)


@contextlib.contextmanager
def sysctl(namespace, name, value):
    with namespace.entered(), open(f"/proc/sys/net/{name}", encoding="ascii") as file:
        before = file.read().strip()
    namespace.sysctl(name, value)
    try:
        yield
    finally:
        namespace.sysctl(name, before)


@contextlib.contextmanager
def link(namespace, name, commands):
    namespace.ip(commands)
    try:
        yield
    finally:
        namespace.run("ip", "link", "del", name)


@contextlib.contextmanager
def tunnel(daemon, name, commands, **known):
    """A tunnel while the block runs: the daemon knows it with those values, and behind the block knows
    it no more."""
    with link(daemon.namespace, name, commands):
        daemon.knows(name, **known)
        yield
    daemon.forgets(name)


def vxlan(daemon, mtu):
    """vx7 over a path of 1400 bytes."""
    return tunnel(daemon, "vx7", VXLAN.format("vx7", "vx7", mtu), interface_mtu_bytes=mtu)


def settle(daemon):
    """Behind a start or a reload there may be something to warn of for a moment."""
    def calm():
        status = daemon.clamps_alone()
        return status["state"] == "running" and not status["warnings"]
    until(calm, "mssclampd warns of nothing", 20)


@contextlib.contextmanager
def configured(daemon, config):
    daemon.reload(config)
    try:
        settle(daemon)
        yield
    finally:
        daemon.reload("")
        settle(daemon)


@contextlib.contextmanager
def again_and_again(act, pause):
    """Calls act() from a thread of its own, as long as the block runs."""
    end = threading.Event()

    def run():
        while not end.wait(pause):
            act()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join(10)


def test_silent_on_a_healthy_host(daemon, calm):
    doctor = Doctor(daemon)
    assert doctor.bad() == {}
    assert doctor.code == 0
    assert len(doctor.checks) == 36
    assert doctor["MSS003"] == doctor["MSS004"] == "ok"


HOOK = "type filter hook {} priority {}; policy {};"
USUAL = """
chain input {
    type filter hook input priority filter; policy drop;
    ct state vmap { established : accept, related : accept, invalid : drop }
    iifname "lo" accept
    tcp dport { 22, 53 } accept
    udp dport { 500, 4500, 51820 } accept
    icmp type echo-request limit rate 5/second accept
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert, echo-request } accept
    reject with icmpx admin-prohibited
}
chain forward {
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    iifname "lan" oifname "wan" accept
}
"""


def test_silent_behind_a_usual_firewall(daemon, calm):
    with table(calm.gateway, USUAL):
        assert Doctor(daemon).bad() == {}


# A fault of the rules, the kernel or a link: what is done, and what must be found besides nothing.
RULES = (
    # name                              what is done                                   found
    ("iptables drops type 3",           ("iptables", "INPUT", "-p", "icmp", "--icmp-type", "3", "-j", "DROP"),
                                        {"MSS021": "fail"}),
    ("iptables drops it on its way",    ("iptables", "FORWARD", "-p", "icmp", "-j", "DROP"), {"MSS021": "fail"}),
    ("ip6tables drops packet-too-big",  ("ip6tables", "INPUT", "-p", "icmpv6", "--icmpv6-type", "2", "-j", "DROP"),
                                        {"MSS022": "fail"}),
    ("fragments are dropped",           ("iptables", "FORWARD", "-f", "-j", "DROP"), {"MSS024": "warn"}),
    ("another clamper",                 ("iptables", "FORWARD", "-p", "tcp", "--tcp-flags", "SYN,RST", "SYN",
                                         "-j", "TCPMSS", "--set-mss", "1300"), {"MSS030": "warn"}),
    ("a queue without a program",       ("iptables", "FORWARD", "-p", "tcp", "--dport", "9999", "-j", "NFQUEUE",
                                         "--queue-num", "77"), {"MSS008": "fail"}),
)


@pytest.mark.parametrize("words, found", [case[1:] for case in RULES], ids=[case[0] for case in RULES])
def test_rule_of_somebody(daemon, calm, words, found):
    with rule(calm.gateway, words[0], *words[1:]):
        doctor = Doctor(daemon, code=1)
    assert doctor.bad() == found
    assert all(doctor.checks[name]["fix"] + doctor.checks[name]["see"] for name in found)


TABLES = (
    ("nft drops ICMP",
     "chain c { " + HOOK.format("input", "filter", "accept") + "\n meta l4proto icmp counter drop\n}",
     {"MSS021": "fail"}),
    ("nft drops ICMPv6 by policy",
     "chain c { " + HOOK.format("forward", "filter", "drop") + "\n meta nfproto ipv4 accept\n"
     "tcp dport 80 accept\n}", {"MSS022": "fail"}),
    ("WireGuard's port is no way for ICMP",
     "chain c { " + HOOK.format("input", "filter", "drop") + "\n meta nfproto ipv6 accept\n"
     "udp dport { 500, 4500 } accept\n udp dport 51820 accept\n ct state new,established accept\n}",
     {"MSS021": "fail"}),
    ("a clamper that never runs",
     "chain c { " + HOOK.format("forward", "filter", "accept") + "\n accept\n"
     "tcp flags syn tcp option maxseg size set 1300\n}", {"MSS030": "warn", "MSS031": "fail"}),
    ("fragments of IPv6 are dropped",
     "chain c { " + HOOK.format("prerouting", "-450", "accept") + "\n exthdr frag exists counter drop\n}",
     {"MSS024": "warn"}),
)


@pytest.mark.parametrize("body, found", [case[1:] for case in TABLES], ids=[case[0] for case in TABLES])
def test_table_of_somebody(daemon, calm, body, found):
    with table(calm.gateway, body):
        assert Doctor(daemon, code=1).bad() == found


@pytest.mark.parametrize("hook, priority, order", (
    ("forward", "-151", "before mssclampd at forward"),
    ("forward", "-150", "at the same priority as mssclampd at forward"),
    ("forward", "0", "after mssclampd at forward"),
    ("postrouting", "-160", "after mssclampd at postrouting"),
))
def test_who_clamps_first_and_who_wins(daemon, calm, hook, priority, order):
    with table(calm.gateway, "chain c { " + HOOK.format(hook, priority, "accept") +
               "\n tcp flags syn tcp option maxseg size set 1300\n}"):
        found = Doctor(daemon, code=1).checks["MSS030"]
    assert found["result"] == "warn"
    assert f"lowers it to 1300, {order}; the smaller MSS wins" in found["detail"]


def test_fragments_are_dropped_and_counted(daemon, calm, inject):
    """What the firewall's own counter says: the difference between a rule and a loss."""
    idents = itertools.cycle(range(1, 60000))

    def piece():
        inject(packets.ip(calm.CLIENT4, calm.SINK4, bytes(64), protocol=17, fragment=13, ident=next(idents)))

    with table(calm.gateway, "chain c { " + HOOK.format("prerouting", "-450", "accept") +
               "\n ip frag-off & 0x1fff != 0 counter drop\n}"):
        assert "0 so far" in Doctor(daemon, code=1).checks["MSS024"]["detail"]
        with again_and_again(piece, 0.02):
            found = Doctor(daemon, code=1).checks["MSS024"]
    assert found["result"] == "fail" and "so far, and it goes on" in found["detail"]


SYSCTLS = (
    ("ipv4/ip_no_pmtu_disc", 1, "MSS040"),
    ("ipv4/tcp_mtu_probing", 2, "MSS041"),
    ("ipv4/tcp_window_scaling", 0, "MSS043"),
    ("ipv4/tcp_sack", 0, "MSS043"),
    ("ipv4/tcp_timestamps", 0, "MSS043"),
    ("ipv4/ip_forward_use_pmtu", 1, "MSS044"),
    ("ipv4/route/min_pmtu", 300, "MSS044"),
)


@pytest.mark.parametrize("name, value, found", SYSCTLS, ids=[case[0] for case in SYSCTLS])
def test_sysctl(daemon, calm, name, value, found):
    with sysctl(calm.gateway, name, value):
        doctor = Doctor(daemon, code=1)
    assert doctor.bad() == {found: "warn"}
    assert doctor.checks[found]["fix"][0].startswith("sysctl -w ")


def test_strict_reverse_path_with_routing_rules(daemon, calm):
    """As wg-quick leaves it: nothing is dropped, so nothing is found."""
    with sysctl(calm.gateway, "ipv4/conf/wan/rp_filter", 1):
        calm.gateway.ip("rule add fwmark 0x7 lookup 77\n")
        try:
            assert Doctor(daemon).bad() == {}
        finally:
            calm.gateway.ip("rule del fwmark 0x7 lookup 77\n")


@contextlib.contextmanager
def tun(namespace, name):
    """A tun device that is up; gives what writes a packet that comes in by it."""
    with namespace.entered():
        device = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(device, many.TUNSETIFF, struct.pack("16sH22x", name.encode(), many.IFF_TUN | many.IFF_NO_PI))
    try:
        namespace.ip(f"link set {name} up mtu 1280\n")
        yield lambda packet: os.write(device, packet)
    finally:
        os.close(device)


def test_reverse_path_filter_of_a_tunnel(daemon, calm, inject):
    """Drops are found where only a tunnel can have dropped them, by the name of the interface."""
    astray = packets.ip(calm.SERVER4, calm.GATEWAY_LAN4, bytes(40), protocol=17)
    with (sysctl(calm.gateway, "ipv4/conf/lan/rp_filter", 1),
          again_and_again(lambda: inject(astray), 0.02)):  # as forged: the server is not behind lan
        assert "MSS042" not in Doctor(daemon, code=None).bad()
        with (tun(calm.gateway, "tun7") as write, sysctl(calm.gateway, "ipv4/conf/tun7/rp_filter", 1),
              again_and_again(lambda: write(astray), 0.02)):
            assert "lan, tun7" in Doctor(daemon, code=None).checks["MSS042"]["detail"]
            assert "MSS042" not in Doctor(daemon, code=None).bad()
    with (tun(calm.gateway, "tun7") as write, sysctl(calm.gateway, "ipv4/conf/tun7/rp_filter", 1),
          again_and_again(lambda: write(astray), 0.02)):
        found = Doctor(daemon, code=None).checks["MSS042"]
    assert found["result"] == "warn" and "tun7" in found["detail"]
    assert found["fix"] == ["sysctl -w net.ipv4.conf.tun7.rp_filter=2"]


def test_interface_mtu(daemon, calm):
    with vxlan(daemon, 1400):
        doctor = Doctor(daemon, code=1)
    assert doctor.bad() == {"MSS010": "warn"}
    assert doctor.checks["MSS010"]["fix"] == ["ip link set vx7 mtu 1350"]


def test_a_tunnel_for_ipv4_alone(daemon, calm):
    """Below 1280, and nothing says that IPv6 is to go through it."""
    with vxlan(daemon, 1200):
        doctor = Doctor(daemon)
    assert doctor.bad() == {} and "IPv4 alone" in doctor.checks["MSS014"]["detail"]


def test_advice_about_an_mtu_is_no_other_finding(daemon, calm):
    """Less fits than IPv6 needs: the MTU that is advised and the other one that is told both end it."""
    calm.gateway.ip(f"route add {calm.SERVER4} dev wan mtu 1290\n")
    try:
        with vxlan(daemon, 1400):
            daemon.knows("vx7", inner_mtu_bytes=1240)
            doctor = Doctor(daemon, code=1)
            assert doctor.bad() == {"MSS010": "warn"}
            assert doctor.checks["MSS010"]["fix"] == ["ip link set vx7 mtu 1280"]
            assert "1240 only where it is for IPv4 alone" in doctor.checks["MSS010"]["detail"]
            for mtu in (1280, 1240):
                calm.gateway.ip(f"link set vx7 mtu {mtu}")
                daemon.knows("vx7", interface_mtu_bytes=mtu)
                assert Doctor(daemon).bad() == {}
    finally:
        calm.gateway.ip(f"route del {calm.SERVER4} dev wan mtu 1290\n")


def test_a_rule_raises_what_a_tunnel_carries(daemon, calm):
    with (configured(daemon, 'rules = ({ interface = "vx7"; mss = 1460; });'),
          vxlan(daemon, 1350)):
        assert Doctor(daemon, code=1).bad() == {"MSS015": "warn"}


OPENVPN = 'tunnels = ({ match = "tun7"; kind = "openvpn"; cipher = "AES-256-GCM"; path_mtu = 1400; });'


def test_tun_mtu(daemon, calm):
    with (configured(daemon, OPENVPN),
          tunnel(daemon, "tun7", "tuntap add tun7 mode tun\nlink set tun7 up\n", seconds=8)):
        doctor = Doctor(daemon, code=1)
    assert doctor.bad() == {"MSS012": "warn"}


def test_bridged_tunnel(daemon, calm):
    with (link(calm.gateway, "br7", "link add br7 type bridge\nlink add d7 type veth peer name e7\n"
               "link set d7 master br7\n"),
          tunnel(daemon, "vx7", VXLAN.format("vx7", "vx7", 1350) + "link set vx7 master br7\n",
                 interface_mtu_bytes=1350),
          sysctl(calm.gateway, "bridge/bridge-nf-call-iptables", 0)):
        try:
            assert Doctor(daemon, code=1).bad() == {"MSS052": "warn"}
        finally:
            calm.gateway.run("ip", "link", "del", "d7")


@contextlib.contextmanager
def taken_before(daemon, tool, *chains):
    """Each SYN of these chains is accepted before our rules, and mssclampd knows it, until the block ends."""
    def known(count):
        return len(daemon.json("status", code=None)["taken_before"]) == count
    with contextlib.ExitStack() as rules:
        for chain in chains:
            rules.enter_context(rule(daemon.namespace, tool, chain, "-j", "ACCEPT", table="mangle"))
        until(lambda: known(len(chains)), "mssclampd knows of the rules", 10)
        yield
    until(lambda: known(0), "mssclampd knows that they are gone", 10)


def test_syns_are_accepted_before_us(daemon, calm):
    with taken_before(daemon, "iptables", "OUTPUT", "INPUT"):
        doctor = Doctor(daemon, code=1)
    assert doctor.bad() == {"MSS001": "fail", "MSS003": "fail", "MSS031": "fail"}


def test_syns_of_ipv6_are_accepted_before_us(daemon, calm):
    with taken_before(daemon, "ip6tables", "OUTPUT", "INPUT"):
        doctor = Doctor(daemon, code=1)
    assert doctor.bad() == {"MSS001": "fail", "MSS004": "fail", "MSS031": "fail"}


def test_syns_of_others_do_not_hide_it(daemon, calm, inject):
    """What a busy gateway forwards moves all counters; our own SYN is looked for by its port."""
    ports = itertools.cycle(range(2000, 60000))
    with (taken_before(daemon, "iptables", "INPUT"),
          again_and_again(lambda: inject(packets.syn(calm.CLIENT4, calm.SERVER4, sport=next(ports))), 0.01)):
        doctor = Doctor(daemon, code=1)
    assert (doctor["MSS003"], doctor["MSS004"]) == ("fail", "ok")
    assert doctor.checks["MSS003"]["detail"].endswith("did not see the SYN at input, the SYN-ACK at input")


def test_lo_is_down(daemon, calm):
    calm.gateway.run("ip", "link", "set", "lo", "down")
    try:
        doctor = Doctor(daemon, code=7)
        assert doctor["MSS003"] == "unknown"
    finally:
        calm.gateway.run("ip", "link", "set", "lo", "up")


def test_forward_is_no_hook(daemon, calm):
    with configured(daemon, 'hooks = [ "output", "input" ];'):
        assert Doctor(daemon, code=1).bad() == {"MSS005": "warn"}


def test_audit(daemon, calm):
    """Where nothing is clamped no text says so."""
    with configured(daemon, 'mode = "audit";'):
        assert Doctor(daemon, code=1).bad() == {"MSS001": "warn"}
        with vxlan(daemon, 1400):
            doctor = Doctor(daemon, code=1)
            warning = daemon.knows("vx7")["warnings"][0]
    assert doctor.bad() == {"MSS001": "warn", "MSS010": "warn"}
    for text in (doctor.checks["MSS010"]["detail"], warning):
        assert "udit clamps nothing: TCP, UDP and QUIC are too large" in text and "is clamped" not in text


def test_routes_tell_udp(daemon, calm):
    with configured(daemon, "path = { probe = false; set_route_mtu = true; };"), vxlan(daemon, 1400):
        doctor = Doctor(daemon)
    assert doctor.bad() == {} and "path.set_route_mtu" in doctor.checks["MSS010"]["detail"]


def test_queue_was_full():
    """In a gateway of its own: what its counters tell stays found."""
    path = netns.Path()
    injector = packets.Injector(path.client, "eth0", path.gateway.mac("lan"))
    try:
        with (Daemon(path.gateway, "queues = { count = 1; max_packets = 64; };") as daemon,
              packets.Capture(path.server, "eth0") as there):
            daemon.hold()
            for i in range(600):
                injector.send(packets.syn(path.CLIENT4, path.SINK4, sport=2000 + i))
            there.next()  # none passes but by the full queue
            daemon.go_on()
            until(lambda: path.gateway.queued() == 0, "none waits", 10)
            settle(daemon)
            assert Doctor(daemon, code=1).bad() == {"MSS006": "warn"}
    finally:
        injector.close()
        path.close()


def test_a_black_hole_outside():
    """At a client: the gateway's link to the far end carries 1400 bytes, and nobody says so. What clamps
    fits; what does not is told of."""
    path = netns.Path(wan_mtu=1400)
    probing = "path = { probe = true; };"
    try:
        with rule(path.gateway, "iptables", "OUTPUT", "-p", "icmp", "--icmp-type", "fragmentation-needed",
                  "-j", "DROP"), Daemon(path.client, probing) as daemon, \
                link(path.client, "vx7", VXLAN.format("vx7", "vx7", 1450)):
            daemon.knows("vx7", 60, outer_path_mtu_bytes=1400, source="probe")
            settle(daemon)
            found = Doctor(daemon, code=1).checks["MSS028"]  # the interface's MTU is too large, too
            assert found["result"] == "ok" and "1 measured path swallows larger packets" in found["detail"]
            daemon.reload(probing + ' mode = "audit";')
            settle(daemon)
            found = Doctor(daemon, code=1).checks["MSS028"]
            assert found["result"] == "warn" and "TCP may hang there" in found["detail"]
            assert found["fix"][-1] == "mssclampctl reload"
    finally:
        path.close()


def test_forged_path_mtu(daemon, path, inject):
    """The gateway's own connection to the server, of which somebody says that 600 bytes fit."""
    with path.gateway.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
        ours.connect((path.CLIENT4, 9))
        port = ours.getsockname()[1]
        sent = forged.datagram(path.GATEWAY_LAN4, path.CLIENT4, (port, 9))
        inject(forged.too_big(path.CLIENT4, path.GATEWAY_LAN4, 600, sent))
        try:
            until(lambda: "mtu 600" in path.gateway.run("ip", "route", "get", path.CLIENT4).stdout,
                  "the kernel believes it")
            doctor = Doctor(daemon, code=1)
        finally:
            path.gateway.run("ip", "route", "flush", "cache")
    assert doctor.bad() == {"MSS020": "warn"}
    assert path.CLIENT4 in doctor.checks["MSS020"]["detail"]


def test_icmp_errors_are_dropped_and_counted(daemon, path, inject):
    """By a rule that lets through what belongs to a connection, so the firewall as such is right."""
    message = forged.too_big(path.SERVER4, path.GATEWAY_LAN4, 1300,
                             forged.datagram(path.GATEWAY_LAN4, path.SERVER4, (7, 9)))
    body = ("chain c { " + HOOK.format("input", "filter", "accept") +
            "\n ct state related accept\n icmp type destination-unreachable counter drop\n}")
    with table(path.gateway, body):
        inject(message)
        until(lambda: "packets 0" not in path.gateway.run("nft", "list", "table", "inet", "fault").stdout,
              "one was dropped")
        assert Doctor(daemon, code=1).bad() == {"MSS023": "warn"}
        with again_and_again(lambda: inject(message), 0.05):
            assert Doctor(daemon, code=1).bad() == {"MSS023": "fail"}


def test_packets_leave_in_fragments(daemon, calm):
    with calm.gateway.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
        ours.setsockopt(socket.IPPROTO_IP, 10, 0)  # IP_MTU_DISCOVER, IP_PMTUDISC_DONT
        with again_and_again(lambda: [ours.sendto(bytes(4000), (calm.SERVER4, 9)) for _ in range(10)], 0.02):
            assert Doctor(daemon, code=1)["MSS025"] == "warn"


def test_fragments_that_make_no_packet(daemon, path, inject):
    """First fragments alone; the kernel gives up on them after a second."""
    idents = iter(range(1, 60000))

    def first():
        for _ in range(20):
            inject(packets.ip(path.CLIENT4, path.GATEWAY_LAN4, bytes(64), protocol=17, fragment=0x2000,
                              ident=next(idents)))

    with sysctl(path.gateway, "ipv4/ipfrag_time", 1), again_and_again(first, 0.05):
        until(lambda: Doctor(daemon, code=None)["MSS026"] == "warn", "they are found", 20)
    until(lambda: Doctor(daemon, code=None)["MSS026"] == "ok", "the last are given up", 20)


def test_segments_are_sent_again(daemon, path):
    """Each twelfth packet that the gateway itself sends gets lost at the server."""
    server = transfer.Server(path.server, path.SERVER4)
    try:
        with rule(path.server, "iptables", "INPUT", "-p", "tcp", "--dport", str(server.port), "-m", "statistic",
                  "--mode", "nth", "--every", "12", "--packet", "4", "-j", "DROP"):
            with contextlib.ExitStack() as pushes: # one alone stands still at times, and sends too few
                for _ in range(6):
                    pushes.enter_context(again_and_again(lambda: push(path, server), 0.01))
                until(lambda: Doctor(daemon, code=None)["MSS027"] == "warn", "it is found", 60)
    finally:
        server.close()


def push(path, server):
    with contextlib.suppress(OSError), path.gateway.socket(socket.AF_INET, socket.SOCK_STREAM) as ours:
        ours.settimeout(1)
        ours.connect((path.SERVER4, server.port))
        ours.sendall(bytes(2000000))


GENERIC = r"""
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
int socket(int family, int type, int protocol)
{
	int (*next)(int, int, int) = dlsym(RTLD_NEXT, "socket");
	FILE *told = family == 16 && protocol == 16 ? fopen(getenv("TOLD"), "a") : NULL;
	if (told) {
		fputs("once\n", told);
		fclose(told);
	}
	return next(family, type, protocol);
}
"""


@pytest.mark.skipif("san" in BUILD.name, reason="sanitizers want to be loaded first")
def test_peers_are_asked_for_once(calm, tmp_path):
    """Both what fits and what IPv6 there is come from one dump (sockets of NETLINK_GENERIC)."""
    shim, told = tmp_path / "generic.so", tmp_path / "told"
    subprocess.run(["cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", shim, "-x", "c", "-"], input=GENERIC, text=True,
                   check=True)
    with link(calm.gateway, "vx7", VXLAN.format("vx7", "vx7", 1200)):
        Doctor(Ctl(calm.gateway, "/nonexistent/control"), code=1, prefix=("env", f"LD_PRELOAD={shim}", f"TOLD={told}"))
    assert told.read_text() == "once\n"


def test_user_namespace(calm):
    """Its own network, no daemon: what stands there besides is told too."""
    ctl = Ctl(calm.gateway, "/nonexistent/control")
    doctor = Doctor(ctl, prefix=("unshare", "--user", "--map-root-user", "--net"))
    assert doctor["MSS051"] == "warn"


# Who cannot see the processes of others cannot see that of this module's daemon either.
ALONE = ("unshare", "--pid", "--fork", "--mount-proc")


def test_without_the_daemon(path):
    """It reads what it needs by itself."""
    ctl = Ctl(path.gateway, "/nonexistent/control")
    with (link(path.gateway, "vx7", VXLAN.format("vx7", "vx7", 1400)),
          rule(path.gateway, "iptables", "FORWARD", "-o", "wan", "-p", "tcp", "--tcp-flags", "SYN,RST", "SYN",
               "-j", "TCPMSS", "--clamp-mss-to-pmtu", table="mangle")):
        doctor = Doctor(ctl, code=1, prefix=ALONE)
    assert doctor.bad() == {"MSS001": "warn", "MSS005": "warn", "MSS010": "warn"}
    assert "1350" in doctor.checks["MSS010"]["fix"][0]
    assert Doctor(ctl, code=1, prefix=ALONE).bad() == {"MSS001": "fail"}


def test_a_daemon_whose_socket_is_not_there(daemon, calm):
    """It runs, so that it does not run is not said; nor what only it knows."""
    doctor = Doctor(Ctl(calm.gateway, "/nonexistent/control"), code=1)
    found = doctor.checks["MSS001"]
    assert doctor["MSS001"] == "fail" and doctor["MSS002"] == "unknown"
    assert f"as process {daemon.process.pid}: the file of its socket is not there" in found["detail"]
    assert (found["fix"], found["see"]) == ([], [f"ps -fp {daemon.process.pid}"])


def test_a_daemon_that_is_gone():
    """Its fallback acts."""
    path = netns.Path()
    try:
        with Daemon(path.gateway) as gone:
            gone.kill()
            doctor = Doctor(gone, code=1)
            assert doctor.bad() == {"MSS001": "fail"}
            assert "clamps by the rules that it left" in doctor.checks["MSS001"]["detail"]
    finally:
        path.close()


def test_a_tun_device_without_the_daemon(path):
    """Which program has it, and what that adds, nobody tells: unknown."""
    ctl = Ctl(path.gateway, "/nonexistent/control")
    with tun(path.gateway, "tun7"):
        found = Doctor(ctl, code=1, prefix=ALONE).checks["MSS012"]
    assert found["result"] == "unknown" and "without mssclampd" in found["detail"]


UNAME = """
#include <dlfcn.h>
#include <string.h>
#include <sys/utsname.h>
int uname(struct utsname *name)
{
	int (*next)(struct utsname *) = dlsym(RTLD_NEXT, "uname");
	int r = next(name);
	strcpy(name->release, "6.18.20-test");
	return r;
}
"""


@pytest.mark.skipif("san" in BUILD.name, reason="sanitizers want to be loaded first")
def test_a_kernel_with_a_known_fault(path, tmp_path):
    """uname(2) gives another release; the daemon's two queues matter, one would not."""
    shim = tmp_path / "uname.so"
    subprocess.run(["cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", shim, "-x", "c", "-"], input=UNAME, text=True,
                   check=True)
    prefix = ("env", f"LD_PRELOAD={shim}")
    for count, result in ((2, "warn"), (1, "ok")):
        with Daemon(path.client, f"queues = {{ count = {count}; }};") as running:
            found = Doctor(running, code=None, prefix=prefix).checks["MSS050"]
            assert found["result"] == result and "6.18.20-test" in found["detail"]


OVPN = r"""
#include <dlfcn.h>
#include <string.h>
#include <sys/socket.h>
/* IFLA_INFO_KIND "vxlan" becomes the attribute that the kernel has for "ovpn". */
ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	static const char is[10] = "\12\0\1\0vxlan", becomes[10] = "\11\0\1\0ovpn";
	ssize_t (*next)(int, struct msghdr *, int) = dlsym(RTLD_NEXT, "recvmsg");
	ssize_t len = next(fd, message, flags);
	char *at = message->msg_iov[0].iov_base, *end = at + (len > 0 ? len : 0);
	while ((at = memmem(at, end - at, is, sizeof(is))))
		memcpy(at, becomes, sizeof(becomes));
	return len;
}
"""


@pytest.mark.skipif("san" in BUILD.name, reason="sanitizers want to be loaded first")
def test_openvpn_in_the_kernel(daemon, calm, tmp_path):
    """Its mssfix does nothing: a fault where nobody else clamps, none where mssclampd does."""
    shim = tmp_path / "ovpn.so"
    subprocess.run(["cc", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", shim, "-x", "c", "-"], input=OVPN, text=True,
                   check=True)
    prefix = ("env", f"LD_PRELOAD={shim}")
    absent = Ctl(calm.gateway, "/nonexistent/control")
    assert Doctor(absent, code=1, prefix=prefix)["MSS011"] == "skipped"
    with link(calm.gateway, "dco7", VXLAN.format("dco7", "dco7", 1350)):
        found = Doctor(absent, code=1, prefix=(*ALONE, *prefix)).checks["MSS011"]
        assert found["result"] == "fail" and found["detail"].startswith("dco7: the kernel carries OpenVPN's data")
        assert found["fix"] == ["systemctl enable --now mssclampd.socket mssclampd"]
        assert Doctor(absent, code=1, prefix=prefix)["MSS011"] == "unknown"
        found = Doctor(daemon, code=None, prefix=prefix).checks["MSS011"]
        assert found["result"] == "ok" and found["detail"].startswith("dco7: ")
        assert Doctor(absent, code=1)["MSS011"] == "skipped"


SCREENS = (  # a page, and what its host has: a tunnel, rules in two tables of iptables, ICMP errors that came
    ("README.md", "vx0", ("INPUT",), ("--clamp-mss-to-pmtu",), 4),
    ("doc/doctor.md", "vx1", ("INPUT", "FORWARD"), ("--clamp-mss-to-pmtu", "--set-mss 1300"), 0),
)


@pytest.mark.parametrize("page, name, drop, clamp, errors", SCREENS, ids=[case[0] for case in SCREENS])
def test_screen_of_a_page(page, name, drop, clamp, errors):
    """To the letter, but for times."""
    expected = re.search(r"^FAIL  MSS.*?for this host$", (pages.TOP / page).read_text(), re.M | re.S).group()
    with contextlib.ExitStack() as built:
        path = netns.Path(wan_mtu=1500)
        built.callback(path.close)
        path.server.run("iptables", "-w", "-A", "INPUT", "-p", "udp", "-j", "DROP")  # or it says that nothing listens
        for chain in drop:
            path.gateway.run("iptables", "-w", "-A", chain, *"-p icmp --icmp-type 3 -j DROP".split())
        for how in reversed(clamp):
            path.gateway.run("iptables", "-w", "-t", "mangle", "-I", "FORWARD",
                             *f"-p tcp --tcp-flags SYN,RST SYN -j TCPMSS {how}".split())
        daemon = built.enter_context(Daemon(path.gateway, "queues = { count = 2; };"))
        built.enter_context(tunnel(daemon, name, VXLAN.format(name, name, 1500)))
        settle(daemon)
        with contextlib.closing(packets.Injector(path.client, "eth0", path.gateway.mac("lan"))) as injector:
            for _ in range(errors):
                injector.send(forged.too_big(path.SERVER4, path.GATEWAY_LAN4, 1300,
                                             forged.datagram(path.GATEWAY_LAN4, path.SERVER4, (7, 9))))

        def is_shown():
            print(shown := daemon("doctor", code=1).stdout)
            return pages.same(expected, shown, pages.VARIES)

        until(is_shown, f"the screen of {page}")


def test_as_somebody_else(daemon, calm):
    """No guess: what root alone can see is unknown, and nothing is found that is not there."""
    doctor = Doctor(daemon, prefix=("setpriv", "--reuid", "65534", "--clear-groups", "--bounding-set", "-all"))
    assert doctor.code == 7
    assert set(doctor.bad().values()) == {"unknown"}
    assert doctor["MSS021"] == "unknown" and doctor["MSS040"] == "ok"
    assert not doctor.answer["net_admin"]


def test_nagios(daemon, calm):
    def line(begin, code):  # a sign of life that is late makes it another one, for a moment
        done = daemon("doctor", "--nagios", code=None)
        return done.returncode == code and done.stdout.startswith(begin) and done.stdout
    good = until(lambda: line("MSSCLAMP OK - ", 0), "all is well", 10)
    assert good.count("|") == 1 and good.count("\n") == 1
    with sysctl(calm.gateway, "ipv4/ip_no_pmtu_disc", 1):
        until(lambda: line("MSSCLAMP WARNING - MSS040", 1), "a warning", 10)
    with rule(calm.gateway, "iptables", "INPUT", "-p", "icmp", "-j", "DROP"):
        until(lambda: line("MSSCLAMP CRITICAL - MSS021", 2), "a failure", 10)


def test_many_rules(daemon, calm):
    """A hundred thousand: neither minutes, nor memory without bound."""
    lines = "\n".join(f"-A MANY -s 10.{i >> 16}.{i >> 8 & 255}.{i & 255}/32 -p tcp --dport 22 -j DROP"
                      for i in range(100000))
    calm.gateway.run("iptables-legacy-restore", "-w", text=f"*filter\n:MANY - [0:0]\n{lines}\n"
                     "-A INPUT -j MANY\n-A INPUT -p icmp --icmp-type 3 -j DROP\nCOMMIT\n")
    limit = "" if "san" in BUILD.name else "ulimit -v 400000; "  # sanitizers take all there is
    try:
        begun = time.monotonic()
        done = calm.gateway.run("/bin/sh", "-c", f"{limit}exec {MSSCLAMPCTL} -s {daemon.socket_path} "
                                f"--timeout {10 * SLOW:g} --json doctor", check=False)
        assert done.returncode == 1, done.stdout + done.stderr
        assert time.monotonic() - begun < 30 * SLOW
        assert {one["id"] for one in json.loads(done.stdout)["checks"] if one["result"] == "fail"} == {"MSS021"}
    finally:
        calm.gateway.run("iptables-legacy", "-w", "-F")
        calm.gateway.run("iptables-legacy", "-w", "-X")


def test_a_tool_that_hangs(daemon, calm, tmp_path):
    """In a mount namespace nft is a script that waits for a lock, or so it says."""
    script = tmp_path / "nft"
    script.write_text("#!/bin/sh\nexec sleep 600\n")
    script.chmod(0o755)
    begun = time.monotonic()
    done = calm.gateway.run("unshare", "--mount", "/bin/sh", "-c",
                            f"mount --bind {script} /usr/sbin/nft && exec {MSSCLAMPCTL} "
                            f"-s {daemon.socket_path} --timeout 1 --json doctor", check=False)
    assert done.returncode in (1, 7), done.stdout + done.stderr
    assert "gave no answer in 3 s" in done.stdout
    assert time.monotonic() - begun < 40 * SLOW
