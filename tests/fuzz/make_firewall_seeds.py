#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the seeds about firewalls and netlink conversations beside this script: what this machine's
kernel, nft and iptables say of our rules in a namespace (run it as root, after make), and what the
kernel might say. Handles and versions in what is recorded differ from machine to machine."""

import json
import pathlib
import shutil
import socket
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "lib"), str(HERE.parent / "cli")]

import netns  # noqa: E402
import probe_replies  # noqa: E402
import replies  # noqa: E402
from daemon import Daemon  # noqa: E402

ANSWERS, CUTS, IS_OTHER, OVERFLOWS, DISTURBS = range(5)
DUMP, ASK, BATCH, EVENTS, FDB, WIPES = 0, 1, 2, 3, 4, 0x80
ERROR, DONE = 2, 3
NETLINK_NETFILTER = 12
NFT = 10 << 8  # NFNL_SUBSYS_NFTABLES
NEWTABLE, GETTABLE, NEWCHAIN, GETCHAIN, GETRULE, GETSETELEM, NEWGEN, GETGEN = 0, 1, 3, 4, 7, 13, 15, 16
OFFLOAD = """
mode = "offload";
rules = ({ interface = "wan"; prefix = "198.18.0.9/32"; mss = 1200; },
         { interface = "wan"; prefix = "198.18.4.0/24"; mss = 1210; });
"""
QUEUE = "queues = { first = 5000; count = 4; per_source = 500; };"


def padded(data):
    return data + bytes(-len(data) % 4)


def attr(kind, data):
    return padded(struct.pack("=HH", 4 + len(data), kind) + data)


def message(kind, data=b"", flags=2, sequence=0, port=0):
    return padded(struct.pack("=IHHII", 16 + len(data), kind, flags, sequence, port) + data)


def datagram(*messages, way=ANSWERS):
    data = b"".join(messages)
    return struct.pack("<HB", len(data), way) + data


def done(error=0, **more):
    return message(DONE, struct.pack("=i", error), **more)


def acknowledgement(error=0, **more):
    return message(ERROR, struct.pack("=i", error) + bytes(16), **more)


def netlink_seeds():
    link = message(16, bytes(16))
    yield "dump", bytes([DUMP]) + datagram(link, link) + datagram(done())
    yield "dump, wiped", bytes([DUMP | WIPES]) + datagram(link) + datagram(done())
    torn = datagram(message(16, bytes(16), flags=2 | 16), done(flags=2 | 16))
    yield "dump, torn once", bytes([DUMP]) + torn + datagram(link, done())
    yield "dump, torn always", bytes([DUMP]) + torn * 7
    yield "dump, refused", bytes([DUMP]) + datagram(acknowledgement(-95))
    yield "dump, its reader stops", bytes([DUMP]) + datagram(message(999), link) + datagram(done())
    yield "dump, of another question", bytes([DUMP]) + datagram(message(16, sequence=99)) + datagram(done())
    yield "answer", bytes([ASK]) + datagram(link) + datagram(acknowledgement())
    yield "answer, cut", bytes([ASK]) + datagram(link, way=CUTS)
    yield "answer, of another process", bytes([ASK]) + datagram(link, way=IS_OTHER) + datagram(acknowledgement())
    yield "answer, lost", bytes([ASK]) + datagram(way=OVERFLOWS)
    yield "answer, disturbed", bytes([ASK]) + datagram(way=DISTURBS) + datagram(link, acknowledgement())
    yield "answer, error without a number", bytes([ASK]) + datagram(message(ERROR))
    answers = [message(16, bytes(16), sequence=n) for n in range(5)]
    yield "batch", bytes([BATCH]) + datagram(*answers)
    yield "batch, out of order", bytes([BATCH]) + datagram(*answers[::-1]) + datagram(*answers)
    yield "batch, one refused", bytes([BATCH]) + datagram(*answers[:4], acknowledgement(-101, sequence=4))
    yield "batch, one missing", bytes([BATCH]) + datagram(*answers[:4])
    yield "events", bytes([EVENTS]) + datagram(link, acknowledgement(), link) + datagram(link)
    entry = [message(28, struct.pack("=BBHiHBB", 7, 0, 0, link, 2, 2, 0) + attr(2, bytes(6)) +
                     attr(1, bytes([192, 0, 2, link]))) for link in (3, 4, 3)]
    yield "fdb", bytes([FDB]) + datagram(*entry) + datagram(done())
    yield "fdb, torn once", bytes([FDB]) + datagram(entry[0], done(flags=2 | 16)) + datagram(
        *entry, done())
    yield "fdb, refused", bytes([FDB]) + datagram(entry[0], acknowledgement(-95))
    yield "events, lost", bytes([EVENTS]) + datagram(way=OVERFLOWS) + datagram(link)
    yield "events, too short", bytes([EVENTS]) + datagram(link, b"\x08\0\0\0")
    for length in (1 << 31, 0xffffffff):  # less than any other where lengths are signed
        yield f"answer, of {length} bytes", bytes([ASK]) + datagram(
            message(16, sequence=99), struct.pack("=IHHII", length, 16, 2, 0, 0))
    yield "events, one says too much", bytes([EVENTS]) + datagram(struct.pack("=IHHII", 999, 16, 2, 0, 0))


def ask(namespace, kind, *attributes, dump=True):
    """What nf_tables answers to one question: its datagrams without the numbers of the question."""
    request = message(NFT | kind, struct.pack("=BBH", 1, 0, 0) + b"".join(attributes),
                      flags=0x301 if dump else 5, sequence=7)
    answers = []
    with namespace.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as connection:
        connection.bind((0, 0))
        connection.send(request)
        while not answers or not ends(answers[-1]):
            answers.append(connection.recv(65536))
    return b"".join(datagram(anonymous(answer)) for answer in answers)


def each(answer):
    at = 0
    while at < len(answer):
        length, kind = struct.unpack_from("=IH", answer, at)
        yield at, kind
        at += (length + 3) // 4 * 4


def ends(answer):
    return any(kind in (ERROR, DONE) for _, kind in each(answer))


def anonymous(answer):
    answer = bytearray(answer)
    for at, _ in each(answer):
        struct.pack_into("=II", answer, at + 8, 0, 0)
    return bytes(answer)


def events_of(namespace, *commands):
    """The events of one transaction."""
    with namespace.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as connection:
        connection.bind((0, 1 << 6))  # NFNLGRP_NFTABLES
        connection.setblocking(False)
        namespace.run("nft", "-f", "-", text="\n".join(commands))
        data = b""
        try:
            while True:
                data += datagram(connection.recv(65536))
        except BlockingIOError:
            return data


def table(kind):
    return attr(kind, b"mssclamp\0")


def offload_seeds(namespace):
    yield "generation", b"\0" + ask(namespace, GETGEN, dump=False)
    rules = ask(namespace, GETRULE, table(1))
    yield "digest", b"\1" + rules + ask(namespace, GETCHAIN) + ask(namespace, GETTABLE, table(1), dump=False)
    yield "counts", b"\3" + rules
    yield "elements", b"\2" + b"".join(
        ask(namespace, GETSETELEM, table(1), attr(2, name.encode() + b"\0")) for name in maps(namespace)[:2])
    torn = datagram(message(NFT | 6, flags=2 | 16), done(flags=2 | 16))
    yield "digest, torn once", b"\1" + torn + rules + datagram(done()) * 2
    yield "digest, chains torn once", b"\1" + rules + torn + ask(namespace, GETCHAIN) + datagram(done())
    yield "counts, torn once", b"\3" + torn + rules
    rule = message(NFT | 6, b"\1\0\0\0" + table(1) + attr(2, b"offload_queue\0") + attr(
        4, attr(1, attr(1, b"counter\0") + attr(2, bytes(8))) + attr(1, attr(5, b"no name\0"))))
    yield "counts, an expression without a name", b"\3" + datagram(rule) + datagram(done())
    yield "digest, a rule in pieces", b"\1" + datagram(message(NFT | 6, b"\1\0\0\0\x40\0\2\0xy")) + datagram(done())
    yield "elements of others", b"\2" + datagram(message(NFT | 15, bytes(4))) + datagram(done()) * 2
    yield "no rules", b"\1" + datagram(acknowledgement(-2)) * 3


def maps(namespace):
    text = namespace.run("nft", "list", "maps", "inet").stdout
    names = [line.split()[1] for line in text.splitlines() if line.startswith("\tmap ")]
    return sorted(name for name in names if "elements" in namespace.run(
        "nft", "list", "map", "inet", "mssclamp", name).stdout)


def event_seeds(namespace):
    for backend, own in ((4, "nftables"), (6, "iptables"), (5, "ours")):
        yield f"events, {own}", bytes([backend]) + events_of(
            namespace, f"add table inet mssclamp; add chain inet mssclamp c{backend}",
            f"add rule inet mssclamp c{backend} counter", "add table ip mangle")
    yield "events, a culprit without an end", b"\4" + datagram(
        message(NFT | NEWTABLE, bytes(4) + table(1)),
        message(NFT | NEWGEN, bytes(4) + attr(1, struct.pack(">I", 9)) + attr(2, struct.pack(">I", 7)) +
                attr(3, b"fourteen bytes.and more")))
    yield "events, lost", b"\4" + datagram(way=OVERFLOWS) + datagram(message(NFT | NEWGEN, bytes(4)))


def list_seeds(namespace, name):
    listed = namespace.run("nft", "-j", "list", "table", "inet", "mssclamp").stdout
    plain = namespace.run("nft", "-a", "-s", "list", "table", "inet", "mssclamp").stdout
    yield name, listed.encode() + b"\0" + plain.encode()


def rules_seeds():
    """The list of our rules as libnftables writes it, where the kernel has nft queue."""
    flags = {"payload": {"protocol": "tcp", "field": "flags"}}
    syn = {"match": {"op": "==", "left": {"&": [flags, ["fin", "syn", "rst"]]}, "right": "syn"}}
    counter = {"counter": {"packets": 12, "bytes": 720}}
    for name, queue in (("many", {"num": {"range": [5000, 5003]}, "flags": ["bypass", "fanout"]}),
                        ("one", {"num": 9, "flags": "bypass"})):
        entries = [{"metainfo": {"version": "1.0.6"}}, {"table": {"family": "inet", "name": "mssclamp"}}]
        for hook in ("forward", "output", "input"):
            ours = {"family": "inet", "table": "mssclamp"}
            entries += [{"chain": {**ours, "name": hook, "type": "filter", "hook": hook, "prio": -150,
                                   "policy": "accept"}},
                        {"rule": {**ours, "chain": hook, "handle": 2, "expr": [syn, counter, {"queue": queue}]}}]
        yield f"queue, {name}", json.dumps({"nftables": entries}).encode()


def limit_seeds(namespace):
    """What is limited per source, as the kernel and nft have it."""
    namespace.run("nft", "-f", "-", text=(
        "add table inet mssclamp\n"
        "add set inet mssclamp from6_500 { type ipv6_addr; size 65535; flags dynamic,timeout; timeout 10s; }\n"
        "add chain inet mssclamp input { type filter hook input priority -150; policy accept; }\n"
        "add rule inet mssclamp input tcp flags & (fin|syn|rst|ack) == syn update @from6_500 { ip6 saddr and "
        "ffff:ffff:ffff:ffff:: limit rate over 500/second burst 1000 packets } counter accept\n"))
    yield from list_seeds(namespace, "limit per source")
    namespace.run("nft", "delete", "table", "inet", "mssclamp")


def foreign_seeds(namespace):
    namespace.run("nft", "-f", "-", text=(
        "add table inet mssclamp { flags dormant; }\n"
        "add chain inet mssclamp forward { type filter hook input priority 0; policy drop; }\n"
        "add chain inet mssclamp output\n"
        "add set inet mssclamp from4_7 { type ipv4_addr; }\n"
        'add rule inet mssclamp forward ip saddr 192.0.2.1 counter accept comment "a; b"\n'
        "add rule inet mssclamp output tcp flags syn counter drop\n"))
    yield from list_seeds(namespace, "of others")
    yield "no list", b'{"nftables": 7}'
    yield "no JSON", b"Error: no such table"


def iptables_seeds(namespace, rules):
    for family, program in ((0, "iptables"), (1, "ip6tables")):
        part = rules.split("# ip6tables")[family] if "# ip6tables" in rules else rules
        namespace.run(f"{program}-nft-restore", "--noflush", text=part.split("\n", 1)[1], check=False)
        saved = namespace.run(f"{program}-nft-save", "-c", "-t", "mangle").stdout
        yield program, bytes([family]) + without_dates(saved)
        namespace.run(f"{program}-nft", "-t", "mangle", "-A", "INPUT", "-m", "comment", "--comment",
                      " -j MSSCLAMP", "-g", "MSSCLAMP")
        saved = namespace.run(f"{program}-nft-save", "-t", "mangle").stdout
        yield f"{program}, others", bytes([family]) + without_dates(saved)
    yield "counter without an end", b"\0[12:7"
    yield "no command", b"\0[0:0])-A FORWARD -p tcp -j MSSCLAMP\n"


def without_dates(saved):
    return "".join(line + "\n" for line in saved.splitlines() if not line.startswith("#")).encode()


def proc_seeds():
    snmp, snmp6 = (pathlib.Path(f"/proc/net/{name}").read_bytes() for name in ("snmp", "snmp6"))
    yield "ipv4", snmp
    yield "ipv6", snmp6
    yield "too large", b"Ip: ReasmOKs\nIp: 18446744073709551616\nIp6ReasmOKs 18446744073709551615\n"
    yield "fewer values", b"Ip: A ReasmOKs\nIp: 7\n"


def queue_seeds():
    queues = b" 5000  31421     0 2    96     0     0       17  1\n 5001  31421     0 2    96     0     1       17  1\n"
    sockets = (b"sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n"
               b"0000000000000000 12  31421      00000000 0        0        0     2        0        4242\n")
    yield "ours", queues + b"\0" + sockets
    yield "no socket", queues
    yield "another", queues.replace(b"5000", b"   7") + b"\0" + sockets
    yield "numbers too large", queues.replace(b"31421", b"99999999999999") + b"\0" + sockets
    yield "a long line", b"5000 " * 90 + b"\n" + queues


def process_seeds():
    yield "stat", b"\0" + b"4711 (open) vpn) S 1 4711 4711 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 1 2\n"
    yield "stat, no end of the name", b"\x00" + b"4711 (open"
    yield "stat, few fields", b"\x00" + b"4711 (a) S 1 2\n"
    yield "status", b"\1" + b"Name:\topenvpn\nState:\tS\nUid:\t0\t65534\t0\t0\n"
    yield "status, a name that lies", b"\1" + b"Name:\tx\\nUid:\t0\n"
    yield "name", b"\2/usr/sbin/openvpn"
    yield "name, replaced", b"\2/usr/sbin/openvpn (deleted)"
    yield "name, long", b"\2/" + b"x" * 300
    yield "arguments", b"\3openvpn\0--config\0/etc/openvpn/server.conf\0"
    yield "environment", b"\4SHELL=/bin/sh\0PWD=/etc/openvpn\0HOME=/\0"
    yield "environment, a long folder", b"\4PWD=/" + b"y" * 4200
    yield "image", b"\5\0OpenVPN %s\0\0OpenVPN 2.6.14 x86_64-pc-linux-gnu [SSL (OpenSSL)] [LZO]\0"
    yield "image, cut", b"\5\0OpenVPN 2.6"
    yield "image, a long version", b"\5\0OpenVPN 2.66666666666666666666 [x]\0"


def screens_seeds():
    """The replies that the tests of the screens are made of; the first byte is the place of the
    command in the target's table."""
    answers = {0: replies.status(), 1: replies.stats(), 2: replies.tunnels(replies.tunnel()),
               3: replies.peers(replies.peer()), 4: replies.explain(), 5: replies.event(),
               8: replies.rules("different"), 11: replies.offload(), 12: replies.reload()}
    for place, reply in answers.items():
        for how in (0, 1, 4, 16):
            yield f"command {place}, {how}", bytes([place, how]) + varlink(reply)
    for name in ("probe", "black_hole", "told", "no_answer", "limited"):
        steps = (probe_replies.probe(None), getattr(probe_replies, name)())
        for how in (0, 4, 16):
            yield f"{name}, {how}", bytes([6, how]) + varlink(steps[0], True) + varlink(steps[1])
    yield "error", bytes([0, 0]) + b'{"error":"org.mssclamp.NotFound","parameters":{"message":"a\x1b[2J"}}\0'
    yield "del", bytes([0, 8 | 1]) + varlink(replies.status(problems=["a\x7fb"]))
    yield "offload, a way that a terminal obeys", bytes([11, 0]) + varlink(replies.offload()).replace(
        b'"way": "kernel"', b'"way": "\\u001b[2J"')
    yield "no message", bytes([0, 0]) + b"[]\0"
    yield "no answer", bytes([0, 0])


def control_seeds():
    """The calls that the target's commands know, and the seeds of Varlink as a client of ours."""
    def call(method, parameters=None, **more):
        return json.dumps({"method": f"org.mssclamp.{method}", "parameters": parameters or {},
                           **more}).encode() + b"\0"
    status, subscribe = call("GetStatus"), call("Subscribe", more=True)
    probe = call("Probe", {"target": "carol"}, more=True)
    yield "calls", b"\5" + status + call("Explain", {"flow": "ab"}) + call("Explain", {"flow": "abc"})
    yield "an admin", b"\1" + call("Reload") + status
    yield "no admin", b"\0" + call("Reload") + probe + status
    yield "a stream", b"\x09" + status + subscribe + status
    yield "a stream, in pieces, half closed", b"\x0f" + subscribe
    yield "probes", b"\1" + probe + probe + status
    yield "a probe, one reply", b"\1" + call("Probe", {"target": "carol"})
    yield "a probe, oneway", b"\1" + call("Probe", {"target": "carol"}, oneway=True)
    yield "half a call, half closed", b"\2" + status[:-5]
    yield "behind a refusal", b"\0[]\0" + status * 20
    for seed in sorted((HERE / "seeds" / "varlink").iterdir()):
        yield f"varlink, {seed.name}", b"\4" + seed.read_bytes()


def varlink(reply, continues=False):
    return json.dumps({"parameters": reply, "continues": continues}).encode() + b"\0"


def write(folder, seeds):
    folder = HERE / "seeds" / folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, content in seeds:
        path = folder / name.replace(",", "").replace(" ", "-")
        assert not path.exists(), path
        path.write_bytes(content)


def record():
    """The seeds that need rules in a namespace."""
    path = netns.Path()
    gateway = path.gateway
    with Daemon(gateway, OFFLOAD):
        nft = list(offload_seeds(gateway))
        lists = list(list_seeds(gateway, "offload"))
    with Daemon(gateway, QUEUE) as daemon:
        nft += event_seeds(gateway)
        rules = daemon("rules", "--print", "iptables").stdout
    other = netns.Namespace("other")
    lists += [*rules_seeds(), *limit_seeds(other), *foreign_seeds(other)]
    write("nft", nft)
    write("nft_list", lists)
    write("iptables_list", iptables_seeds(other, rules))
    other.close()
    path.close()


write("netlink", netlink_seeds())
write("snmp", proc_seeds())
write("queue_proc", queue_seeds())
write("process", process_seeds())
write("screens", screens_seeds())
write("control", control_seeds())
record()
