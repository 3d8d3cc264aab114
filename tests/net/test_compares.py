# SPDX-License-Identifier: GPL-2.0-or-later
"""What README.md says under "How it compares" of the kernel's own clampers, by the packets. What mssclampd
does with the same is in test_options.py, test_forward.py and test_policy_routing.py."""

import pathlib
import socket
import struct

import packets
import pytest
from clampers import MAXSEG, TCPMSS
from netns import SLOW
from packets import AO, EOL, NOP, SACK, mss

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"
LIMIT = {4: 1360, 6: 1340}  # the route by wan: 1400 less headers
ADDED = {4: 536, 6: 1220}


@pytest.fixture(scope="module", params=("TCPMSS", "maxseg"))
def clamper(path, request):
    """The rule of README's table, by the column's name."""
    if request.param == "TCPMSS":
        for program in ("iptables", "ip6tables"):
            path.gateway.run(program, "-w", "-t", "mangle", "-A", *TCPMSS)
    else:
        path.gateway.run("nft", "-f", "-", text=MAXSEG)
    yield request.param
    if request.param == "TCPMSS":
        for program in ("iptables", "ip6tables"):
            path.gateway.run(program, "-w", "-t", "mangle", "-D", *TCPMSS)
    else:
        path.gateway.run("nft", "delete", "table", "inet", "other")


def lowered(family):
    return mss(LIMIT[family])


CASES = {
    # row of README.md              options               left with, by TCPMSS and by maxseg
    "MSS at an odd offset (`NOP, MSS`)": (NOP + mss(1460), lambda f: NOP + lowered(f), lambda f: NOP + lowered(f)),
    "two MSS options": (mss(1460) + mss(1450), lambda f: lowered(f) + mss(1450), lambda f: lowered(f) + mss(1450)),
    "options after the end-of-list": (2 * EOL + mss(1460), lambda f: 2 * EOL + lowered(f),
                                      lambda f: 2 * EOL + lowered(f)),
    "SYN without MSS": (SACK + 2 * NOP, lambda f: mss(ADDED[f]) + SACK + 2 * NOP, lambda f: SACK + 2 * NOP),
    "beside TCP-AO": (mss(1460) + AO, lambda f: lowered(f) + AO, lambda f: lowered(f) + AO),
}


@pytest.mark.parametrize("family", (4, 6))
@pytest.mark.parametrize("name", CASES)
def test_options(path, inject, arrivals, clamper, name, family):
    sent, by_tcpmss, by_maxseg = CASES[name]
    source, target = {4: (path.CLIENT4, path.SINK4), 6: (path.CLIENT6, path.SINK6)}[family]
    inject(packets.syn(source, target, options=sent))
    got, want = arrivals.next(), (by_tcpmss if clamper == "TCPMSS" else by_maxseg)(family)
    assert got.options[:len(want)] == want
    # Whoever lowers at an odd place leaves a wrong checksum there.
    assert (got.checksum_error != 0) == ("odd" in name)


def test_a_broken_header(path, inject, clamper):
    """Its data offset is larger than the packet."""
    whole = packets.segment(path.CLIENT4, path.SINK4, options=mss(1460))
    broken = packets.ip(path.CLIENT4, path.SINK4, whole[:12] + b"\xf0" + whole[13:])
    with packets.Capture(path.server, "eth0", match=lambda seen: str(seen.target) == path.SINK4) as there:
        inject(broken)
        if clamper == "TCPMSS":
            there.nothing()
        else:
            assert there.next().tcp == packets.Seen(broken).tcp


def acknowledge(syn_ack):
    """The third packet of a handshake, whose first was packets.syn's."""
    source, target = str(syn_ack.target), str(syn_ack.source)
    tcp = bytearray(packets.segment(source, target, sport=syn_ack.dport, dport=syn_ack.sport, seq=1001,
                                    flags=packets.ACK))
    tcp[8:12] = struct.pack("!I", struct.unpack_from("!I", syn_ack.tcp, 4)[0] + 1 & 0xffffffff)
    tcp[16:18] = b"\0\0"
    tcp[16:18] = struct.pack("!H", 0xffff - packets.fold(packets.pseudo(source, target, len(tcp)) + bytes(tcp)))
    return packets.ip(source, target, bytes(tcp))


@pytest.mark.parametrize("options, obeyed", ((mss(1200) + mss(900), 900), (mss(900) + mss(1200), 1200)))
def test_linux_obeys_the_last_of_two(path, inject, options, obeyed):
    """A server that no clamper is in front of."""
    with path.server.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.bind((path.SERVER4, 0))
        listener.listen()
        listener.settimeout(5 * SLOW)
        port = listener.getsockname()[1]
        with packets.Capture(path.client, "eth0", match=lambda seen: seen.sport == port) as answers:
            inject(packets.syn(path.OTHER_CLIENT4, path.SERVER4, dport=port, options=options))
            inject(acknowledge(answers.next()))
        with listener.accept()[0] as connection:
            assert connection.getsockopt(socket.SOL_TCP, socket.TCP_MAXSEG) == obeyed


SAID = (
    ("MSS at an odd offset (`NOP, MSS`)", "lowered, with a wrong checksum: the SYN is lost", "the same",
     "lowered, checksum right"),
    ("two MSS options", "the first is lowered; Linux obeys the last", "the same", "all are lowered"),
    ("options after the end-of-list", "changed", "changed", "left"),
    ("SYN without MSS", "gets one (at most 536, 1220)", "left", "left; `insert_missing` adds one"),
    ("broken TCP header", "dropped", "passed", "passed and counted"),
    ("beside TCP-AO", "changed", "changed", 'left and counted; `tcp_ao = "clamp"` changes it'),
)


@pytest.mark.parametrize("row", SAID, ids=[row[0] for row in SAID])
def test_the_table_says_what_is_tried_here(row):
    assert f"| {' | '.join(row)} |\n" in README.read_text(encoding="utf-8")
