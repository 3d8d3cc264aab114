#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the seeds of the readers of generic netlink, of nftables' events, of /proc/net and of what clients
write, the same ones in each run, beside this script: the messages and texts of the unit tests, and some that
are built from them."""

import pathlib
import re
import shutil
import struct

HERE = pathlib.Path(__file__).resolve().parent
UNIT = HERE.parent / "unit"


def arrays(header):
    """Name and bytes of each array of a header of recorded messages."""
    text = re.sub(r"/\*.*?\*/", "", (UNIT / header).read_text(), flags=re.S)
    for name, body in re.findall(r"uint8_t (\w+)\[\] = \{(.*?)\};", text, flags=re.S):
        yield name, bytes(int(byte, 16) for byte in re.findall(r"0x(\w\w)", body))


def texts(name):
    """The text of a string of test_proc_ppp.c; its #define is written out."""
    source = (UNIT / "test_proc_ppp.c").read_text()
    head = re.search(r'#define PPPOE_HEAD (".*")', source)[1]
    body = re.search(rf"{name}\[\] =(.*?);\n", source, flags=re.S)[1].replace("PPPOE_HEAD", head)
    return "".join(re.findall(r'"(.*?)"', body)).replace(r"\n", "\n").encode()


def padded(message):
    return message + bytes(-len(message) % 4)


def attr(kind, data):
    return padded(struct.pack("=HH", 4 + len(data), kind) + data)


def message(family, command, data):
    return struct.pack("=IHHIIBBH", 20 + len(data), family, 2, 1, 0, command, 1, 0) + data


def allowed(last):
    return attr(0, attr(3, b"\x20") + attr(1, struct.pack("=H", 2)) + attr(2, bytes((10, 0, 0, last))))


def wg_peer(key, *attributes, allowed_ips=()):
    nest = attr(9, b"".join(allowed(last) for last in allowed_ips)) if allowed_ips else b""
    return attr(0, attr(1, bytes([key] * 32)) + b"".join(attributes) + nest)


def wg_seeds():
    recorded = dict(arrays("wg_messages.h"))
    yield from recorded.items()
    yield "peer over messages", (
        message(32, 0, attr(6, struct.pack("=H", 51820)) + attr(8, wg_peer(1, allowed_ips=(1, 2)))) +
        message(32, 0, attr(8, wg_peer(1, allowed_ips=(3,)))) +
        message(32, 0, attr(8, wg_peer(1, allowed_ips=(4,)) + wg_peer(2))))
    yield "amneziawg", message(
        32, 0, attr(20, struct.pack("=H", 12)) + attr(27, struct.pack("=I", 0x200004)) +
        attr(26, bytes(32)) + attr(8, wg_peer(1, attr(3, bytes(4)), allowed_ips=(1,))))
    yield "recorded twice", recorded["wg_device"] * 2


def ovpn_seeds():
    recorded = dict(arrays("ovpn_messages.h"))
    yield from recorded.items()
    for prefix in ("ovpn", "dco"):
        yield prefix, b"".join(padded(m) for name, m in recorded.items() if name.startswith(prefix))


def l2tp_seeds():
    recorded = dict(arrays("l2tp_messages.h"))
    yield "tunnel", recorded["l2tp_tunnel_11"]
    yield "session", recorded["l2tp_session_1_3"]
    for version, tunnels in (("version 2", (12,)), ("version 3", (1, 7, 11, 15))):
        yield version, b"".join(padded(m) for name, m in recorded.items()
                                if int(name.split("_")[2]) in tunnels)


def genl_seeds():
    recorded = dict(arrays("genl_messages.h"))
    yield from recorded.items()
    yield "all", b"".join(padded(m) for m in recorded.values())


def events_seeds():
    """What changed, and who did it, behind a byte of switches (fuzz_firewall_events.c)."""
    def changed(kind, family, table):
        data = struct.pack("!BBH", family, 0, 0) + attr(1, table + b"\0")
        return struct.pack("=IHHII", 16 + len(data), 10 << 8 | kind, 0, 1, 0) + data

    def end(generation, pid=4711, name=b"nft"):
        data = struct.pack("!BBH", 0, 0, 0) + attr(1, struct.pack("!I", generation)) + \
            attr(2, struct.pack("!I", pid)) + attr(3, name + b"\0")
        return struct.pack("=IHHII", 16 + len(data), 10 << 8 | 15, 0, 1, 0) + data

    inet, ipv4, ipv6 = 1, 2, 10
    yield "a rule of ours", b"\0" + changed(6, inet, b"mssclamp") + end(9)
    yield "a rule of others", b"\0" + changed(6, inet, b"other") + end(9)
    yield "tables", b"\1" + changed(2, ipv4, b"mangle") + end(9) + changed(0, ipv6, b"mangle") + end(10)
    yield "our own", b"\2" + b"".join(changed(6, inet, b"mssclamp") + end(n) for n in range(19, 24))
    yield "chains and a long name", b"\3" + changed(3, inet, b"mssclamp") + changed(5, ipv4, b"mangle") + \
        end(30, 1, b"x" * 15)
    yield "without a name", b"\0" + changed(8, inet, b"mssclamp") + end(9)[:28] + end(10)
    name = end(9, name=b"x" * 15)
    yield "the last attribute over the end", b"\0" + changed(6, inet, b"mssclamp") + \
        struct.pack("=I", len(name) - 1) + name[4:]
    yield "elements", b"\0" + changed(12, inet, b"mssclamp") + end(9)


def word_seeds():
    """Flows of test_flow_text.c, and words of other kinds."""
    source = (UNIT / "test_flow_text.c").read_text()
    for number, text in enumerate(re.findall(r'^\t{ "(.*?)",', source, flags=re.M)):
        yield f"flow {number}", text.replace(r"\t", "\t").encode()
    for number, text in enumerate(("0x1/0xff", "10m", "1500ms", "18446744073709551615", "18446744073709551616",
                                   "0xffffffffffffffff", "007", "0x", "1e9", "10.0.0.0/8", "fd00::/64", "::/0",
                                   "::ffff:192.0.2.1", "10.0.0.1/33", "0", "99999999999d")):
        yield f"word {number}", text.encode()


def proc_seeds():
    yield "pppoe", texts("pppoe_recorded")
    yield "pppol2tp", texts("pppol2tp_recorded")
    yield "empty", b""


def write(folder, seeds):
    folder = HERE / "seeds" / folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, content in seeds:
        path = folder / name.replace(" ", "_")
        assert not path.exists(), path
        path.write_bytes(content)


write("genl_parse", genl_seeds())
write("wg_parse", wg_seeds())
write("ovpn_parse", ovpn_seeds())
write("l2tp_parse", l2tp_seeds())
write("proc_ppp", proc_seeds())
write("firewall_events", events_seeds())
write("words", word_seeds())
