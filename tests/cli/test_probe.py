# SPDX-License-Identifier: GPL-2.0-or-later
"""probe and try: what they ask for, every screen, the picture of every path, progress, cancelling."""

import json
import re
import signal
import subprocess
import time

import pytest

import replies
import terminal
from fake_daemon import PROGRAM, SLOW, Error, FakeDaemon, Last, environment, read_error, read_json, run, validate
from probe_replies import (ENDED, RUNNING, address, black_hole, hop, limited, no_answer, not_sent, pieces, probe, size, target,
                           told, trial)


@pytest.fixture
def daemon(tmp_path):
    with FakeDaemon(tmp_path / "s", dict(replies.ALL)) as fake:
        yield fake


def show(daemon, reply, *options, columns=80, before=(RUNNING,)):
    daemon.replies["Probe"] = [*before, Last(reply)]
    return run("probe", "carol", *options, socket_path=daemon.path, env={"COLUMNS": str(columns)})


HEAD = """\
carol of wg0, endpoint 192.0.2.44:51820
  outside  the endpoint answers (ping)
  inside   10.8.0.9 answers (ping)

"""
SIZES = """\
SIDE     SIZE  OUTER  SENT  ANSWERED  WHAT
"""
OK = HEAD + SIZES + """\
outside  1500   1500     1         1  arrives
outside  1200   1200     1         1  arrives

  me ──1500── 198.51.100.1 ──1500── [?] ──1500── carol

OK: outer path MTU 1500: the path carries what links and routes promise.
MSS 1380/1360 (IPv4/IPv6), unchanged; next check in 10 min
To do: nothing.
Took 0.4 s and 2 packets.
"""
BLACK_HOLE_SIZES = HEAD + SIZES + """\
outside  1500   1500     3         0  lost
outside  1434   1434     3         0  lost
outside  1433   1433     1         1  arrives
outside  1200   1200     1         1  arrives
inside   1376   1436     3         0  lost
inside   1360   1420     1         1  arrives

"""
BLACK_HOLE = BLACK_HOLE_SIZES + """\
  me ──1500── 198.51.100.1 ──(1433, silent: [?])── carol

BLACK HOLE: outer path MTU 1433, and no router said so: larger packets vanish
  behind 198.51.100.1.
MSS 1380/1360 -> 1320/1300 (IPv4/IPv6), in force now; next check in 10 min
To do: nothing for TCP. Larger packets of UDP and QUIC still vanish; this tells
  their senders:
    path = { set_route_mtu = true; };
  or, for all peers and at both ends:
    ip link set wg0 mtu 1360
Took 6.2 s and 12 packets.
"""
TOO_LARGE = BLACK_HOLE_SIZES + """\
  me ──1500── 198.51.100.1 ──(1433, silent: [?])── carol

BLACK HOLE: outer path MTU 1433, and no router said so: larger packets vanish
  behind 198.51.100.1.
MSS 1380/1360 (IPv4/IPv6), unchanged; next check in 10 min
To do: the MSS in force is too large for this path. Where no rule says so, this
  lowers it:
    tunnels = ( { match = "wg0"; path_mtu = 1433; } );
Took 6.2 s and 12 packets.
"""
BLACK_HOLE_60 = BLACK_HOLE_SIZES + """\
  me --1500-- 198.51.100.1 --(1433, silent: [?])-- carol

BLACK HOLE: outer path MTU 1433, and no router said so:
  larger packets vanish behind 198.51.100.1.
MSS 1380/1360 -> 1320/1300 (IPv4/IPv6), in force now; next
  check in 10 min
To do: nothing for TCP. Larger packets of UDP and QUIC still
  vanish; this tells their senders:
    path = { set_route_mtu = true; };
  or, for all peers and at both ends:
    ip link set wg0 mtu 1360
Took 6.2 s and 12 packets.
"""
TOLD = HEAD + SIZES + """\
outside  1500   1500     1         0  too big, a router says 1400
outside  1400   1400     1         1  arrives
outside  1200   1200     1         1  arrives

  me ──1500── 198.51.100.1 ──(1400, it says so)── [?] ── carol

OK: outer path MTU 1400, and 198.51.100.1 says so. The tunnel's own packets may
  be cut, so that nobody inside hears of it.
MSS 1380/1360 -> 1288/1268 (IPv4/IPv6), in force now; next check in 10 min
To do: nothing for TCP. Larger packets of UDP and QUIC are cut outside, or lost
  where fragments are dropped; this tells their senders:
    path = { set_route_mtu = true; };
  or, for all peers and at both ends:
    ip link set wg0 mtu 1328
Took 0.4 s and 3 packets.
"""
NO_ANSWER = """\
carol of wg0, endpoint 192.0.2.44:51820
  outside  the endpoint does not answer (tried last: UDP)
  inside   10.8.0.9 does not answer (tried last: UDP)

SIDE     SIZE  OUTER  SENT  ANSWERED  WHAT
outside  1200   1200     3         0  no answer
inside   1200   1260     3         0  no answer

  me ── 198.51.100.1 ── ... ── carol (no answer)

CANNOT TELL: nobody answers even small packets, so silence at larger ones proves
  nothing. Nothing was changed.
MSS 1380/1360 (IPv4/IPv6), unchanged; next check in 10 min
Why: the far end is down, or a filter there drops both ping and UDP to closed
  ports (usual for phones, and behind carrier NAT).
To do: allow ICMP echo from this server on the peer and probe again, or write
  down what you know:
    tunnels = ( { match = "wg0"; path_mtu = N; } );
Took 0.4 s and 6 packets.
"""
FELL_SILENT = NO_ANSWER.replace("the endpoint does not answer (tried last: UDP)", "the endpoint answers (UDP)").replace(
    "outside  1200   1200     3         0  no answer", "outside  1200   1200     3         0  lost").replace(
    "carol (no answer)", "carol").replace(
    "nobody answers even small packets, so silence at larger ones proves\n  nothing. Nothing was changed.",
    "small packets were answered, then nobody did, so silence at larger\n  ones proves nothing. Nothing was changed.")
NOT_SENT = """\
carol of wg0, endpoint 192.0.2.44:51820
  outside  no packet could be sent
  inside   10.8.0.9 does not answer (tried last: UDP)

SIDE     SIZE  OUTER  SENT  ANSWERED  WHAT
outside    96     96     0         0  not sent
inside     96    156     2         0  no answer

  me ── carol

CANNOT TELL: 4 of 6 packets could not be sent: No buffer space available. That
  says nothing of the path. Nothing was changed.
MSS 1380/1360 (IPv4/IPv6), unchanged; next check in 10 min
To do: the queue of the interface that they leave by is full or drops them: look
  at "tc -s qdisc", and probe again once it has room.
Took 0.4 s and 2 packets.
"""
LIMITED = """\
carol of wg0, endpoint 192.0.2.44:51820
  outside  the endpoint does not answer (tried last: UDP)
  inside   10.8.0.9 does not answer (tried last: UDP)

SIDE     SIZE  OUTER  SENT  ANSWERED  WHAT
outside  1500   1500     1         0  too big, a router says 1400
outside  1200   1200     3         0  no answer

  me ── 198.51.100.1 ──(1400, it says so)── ... ── carol (no answer)

LIMITED: nobody answers, but 198.51.100.1, which had seen the packets, says that
  1400 bytes fit.
MSS 1380/1360 -> 1288/1268 (IPv4/IPv6), in force now; next check in 10 min
To do: nothing. Whether more is lost behind it can be told once the peer answers
  ICMP echo from this server.
Took 0.4 s and 4 packets.
"""
PIECES = HEAD + SIZES + """\
outside  1480   1480     1         1  arrives
inside   1420   1480     1         1  in pieces

  me ──1480── carol

OK: outer path MTU 1480: so much arrives whole.
! Larger packets outside arrive in pieces: that works until somebody on the way
  drops fragments, and it costs. The MSS keeps TCP whole.
MSS 1380/1360 -> 1368/1348 (IPv4/IPv6), in force now; next check in 10 min
To do: nothing for TCP. Larger packets of UDP and QUIC are cut; this tells their
  senders:
    path = { set_route_mtu = true; };
  or, for all peers and at both ends:
    ip link set wg0 mtu 1408
Took 0.4 s and 2 packets.
"""
ADDRESS = """\
203.0.113.9, which is no peer's endpoint
  outside  it answers (UDP)

SIDE     SIZE  OUTER  SENT  ANSWERED  WHAT
outside  1500   1500     3         0  lost
outside  1433   1433     1         1  arrives

  me ──1500── 198.51.100.1 ──(1433, silent: [?])── 203.0.113.9

BLACK HOLE: outer path MTU 1433, and no router said so: larger packets vanish
  behind 198.51.100.1.
MSS unchanged: it is no peer's endpoint
To do: no tunnel leads there, so nothing goes by this. For connections to that
  host, tell mssclampd:
    rules = ( { prefix = "203.0.113.9/32"; mtu = 1433; } );
  or, where a tunnel goes this way:
    tunnels = ( { match = "..."; path_mtu = 1433; } );
Took 6.2 s and 4 packets.
"""
THROUGH = """\
203.0.113.9, behind tunnel wg0
  inside   it answers (UDP)

SIDE    SIZE  OUTER  SENT  ANSWERED  WHAT
inside  1500      -     3         0  lost
inside  1433      -     1         1  arrives

  me ──1500── 198.51.100.1 ──(1433, silent: [?])── 203.0.113.9

BLACK HOLE: inner path MTU 1433, and no router said so: larger packets vanish
  behind 198.51.100.1.
MSS unchanged: it is no peer's endpoint
"""
BEHIND_A_TUNNEL = THROUGH + """\
To do: nothing for TCP: it leaves by tunnel wg0 and may send packets of 1420
  bytes there, which arrive.
Took 6.2 s and 4 packets.
"""
BEHIND_A_WIDE_TUNNEL = THROUGH + """\
To do: it leaves by tunnel wg0, where TCP may send packets of 1440 bytes: too
  large. For connections to that host, tell mssclampd:
    rules = ( { prefix = "203.0.113.9/32"; mtu = 1433; } );
Took 6.2 s and 4 packets.
"""
CAPPED = HEAD + SIZES + """\
outside  1400   1400     1         1  arrives
outside  1200   1200     1         1  arrives

  me ──1433── carol

OK: outer packets of 1400 bytes arrive. Nothing above 1400 was tried (--max):
  the path MTU known before, 1433, stays in force.
MSS 1320/1300 (IPv4/IPv6), unchanged; next check in 10 min
To do: as before; a probe without --max tells whether larger packets vanish.
Took 0.4 s and 2 packets.
"""

SCREENS = [
    # name, reply, options, columns, exit code, stdout
    ("ok", probe(), [], 80, 0, OK),
    ("black hole", black_hole(), [], 80, 1, BLACK_HOLE),
    ("black hole, not in force", black_hole(mss4_bytes=1380, mss6_bytes=1360), [], 80, 1, TOO_LARGE),
    ("black hole, narrow", black_hole(), ["--ascii"], 60, 1, BLACK_HOLE_60),
    ("told", told(), [], 80, 0, TOLD),
    ("no answer", no_answer(), [], 80, 7, NO_ANSWER),
    ("answered at first", no_answer(answers={"outside": True, "inside": False}), [], 80, 7, FELL_SILENT),
    ("not sent", not_sent(), [], 80, 7, NOT_SENT),
    ("limited", limited(), [], 80, 0, LIMITED),
    ("in pieces", pieces(), [], 80, 0, PIECES),
    ("an address", address(), [], 80, 1, BEHIND_A_TUNNEL),
    ("no more than was asked", probe(path_mtu_bytes=1433, old_path_mtu_bytes=1433, mss4_bytes=1320, mss6_bytes=1300,
                                     old_mss4_bytes=1320, old_mss6_bytes=1300, hops=[],
                                     sizes=[size("outside", 1400), size("outside", 1200)]),
     ["--max", "1400"], 80, 0, CAPPED),
    ("a tunnel with one far end", probe(target="vx0", tunnel="vx0", peer=None, name=None, endpoint="192.0.2.44"), [],
     80, 0, "vx0, endpoint 192.0.2.44\n" + OK[OK.index("  outside"):].replace("── carol", "── vx0")),
]


@pytest.mark.parametrize("reply, options, columns, code, out", [row[1:] for row in SCREENS],
                         ids=[row[0] for row in SCREENS])
def test_screen(daemon, reply, options, columns, code, out):
    done = show(daemon, reply, *options, columns=columns)
    assert (done.stdout, done.stderr, done.returncode) == (out, "", code)
    assert all(len(line) <= columns for line in out.splitlines())


@pytest.mark.parametrize("explained, out", [
    (replies.explain(mss_bytes=1400), BEHIND_A_WIDE_TUNNEL),
    ({**replies.explain(), "flow": {**replies.explain()["flow"], "out_interface": "eth0"}}, ADDRESS),
    (Error("NotFound", "no route to 203.0.113.9: Network is unreachable"), ADDRESS)],
    ids=["larger", "another interface", "nobody knows"])
def test_the_way_to_an_address(daemon, explained, out):
    daemon.replies["Explain"] = explained
    done = show(daemon, address())
    assert (done.stdout, done.stderr, done.returncode) == (out, "", 1)


@pytest.mark.parametrize("reply", [row[1] for row in SCREENS], ids=[row[0] for row in SCREENS])
@pytest.mark.parametrize("columns", [60, 132])
def test_looks(daemon, reply, columns):
    """Colour and lines are only looks: the same words without them."""
    plain = show(daemon, reply, columns=columns)
    ascii_only = show(daemon, reply, "--ascii", columns=columns)
    colour = show(daemon, reply, "--color=always", columns=columns)
    assert re.sub(r"\x1b\[\d+m", "", colour.stdout) == plain.stdout != colour.stdout
    assert plain.stdout.replace("─", "-") == ascii_only.stdout and ascii_only.stdout.isascii()
    assert all(len(line) <= columns for line in plain.stdout.splitlines())
    assert plain.returncode == ascii_only.returncode == colour.returncode


WORDS = [
    # name, reply, what stands on the screen, what does not
    ("it was so before", black_hole(old_mss4_bytes=1320, old_mss6_bytes=1300),
     ["MSS 1320/1300 (IPv4/IPv6), unchanged"], ["->"]),
    ("first time", probe(old_mss4_bytes=None, old_mss6_bytes=None), ["MSS 1380/1360 (IPv4/IPv6), in force now"], []),
    ("one family", probe(mss6_bytes=None, old_mss6_bytes=None), ["MSS 1380/- (IPv4/IPv6), unchanged"], []),
    ("no MSS, no next check", probe(mss4_bytes=None, mss6_bytes=None, interval_seconds=None), ["MSS unknown\n"],
     ["next check"]),
    ("no room for IPv6", black_hole(inner_mtu_bytes=1279, mss4_bytes=1239, mss6_bytes=1219),
     ["ip link set wg0 mtu 1279", "Below 1280 the kernel takes IPv6 off it"], []),
    ("just room for IPv6", black_hole(inner_mtu_bytes=1280, mss4_bytes=1240, mss6_bytes=1220),
     ["ip link set wg0 mtu 1280"], ["takes IPv6 off"]),
    ("no interface", black_hole(tunnel="ipsec:203.0.113.7"), ["set_route_mtu"], ["ip link"]),
    ("a router told more than gets through", black_hole(router="198.51.100.1"), ["no router said so", "(1433, silent"],
     ["says so"]),
    ("where cannot be told", black_hole(narrow_after_ttl=None), ["vanish, where cannot be told."], ["behind 198"]),
    ("on the first link", black_hole(narrow_after_ttl=0), ["vanish on the first link."], []),
    ("behind a hop without address", black_hole(narrow_after_ttl=2), ["vanish behind hop 2."], []),
    ("a black hole, and pieces", black_hole(fragmented_outside=True), ["! Larger packets outside arrive in pieces"], []),
    ("a router that has no hop", told(hops=[]), ["and 198.51.100.1 says so"], []),
    ("a router without address", limited(router=None, hops=[]), ["but a router, which"], []),
    ("a hop that told, nothing else", told(router=None), ["and 198.51.100.1 says so"], []),
    ("inside not asked", probe(inside_address=None, answers={"outside": True, "inside": None}),
     ["inside   not asked: no address is known there"], []),
    ("not sent", probe(sizes=[size("outside", 1500, sent=0, answered=0)]), ["not sent"], ["lost"]),
    ("answered against a router's word", probe(sizes=[size("outside", 1500, icmp=576)]),
     ["arrives, a router says 576"], ["too big"]),
    ("a peer without a name", probe(name=None), ["yAnz5TF+lXXJt... of wg0", "── yAnz5TF+lXXJt...\n"], []),
    ("a far end without an id", probe(name=None, peer=""), ["carol of wg0"], []),
]


@pytest.mark.parametrize("reply, words, others", [row[1:] for row in WORDS], ids=[row[0] for row in WORDS])
def test_words(daemon, reply, words, others):
    validate(reply, "probe")
    out = show(daemon, reply).stdout
    out += " ".join(out.split())  # lines may break anywhere
    assert all(word in out for word in words) and not any(word in out for word in others), out


FAR = [hop(i, f"2001:db8::{i:x}:1") for i in range(1, 9)]
SILENT = [hop(i) for i in range(2, 20)]
PICTURES = [
    # name, reply, columns, the lines
    ("no hop known", probe(hops=[]), 80, ["me --1500-- carol"]),
    ("no hop between", probe(hops=[target(1)]), 80, ["me --1500-- carol"]),
    ("no hop known, a black hole", black_hole(hops=[]), 80, ["me --(1433, silent)-- carol"]),
    ("no hop between, a black hole", black_hole(hops=[target(1)], narrow_after_ttl=0), 80,
     ["me --(1433, silent)-- carol"]),
    ("no hop known, told", told(hops=[]), 80, ["me --(1400, a router says so)-- carol"]),
    ("no hop known, no answer", no_answer(hops=[]), 80, ["me -- carol (no answer)"]),
    ("narrow nobody knows where", black_hole(narrow_after_ttl=None), 80, ["me -- 198.51.100.1 -- [?] -- carol"]),
    ("narrow at once", black_hole(narrow_after_ttl=0), 80, ["me --(1433, silent)-- 198.51.100.1 -- [?] -- carol"]),
    ("narrow before the target", black_hole(narrow_after_ttl=2), 80,
     ["me --1500-- 198.51.100.1 --1500-- [?] --(1433, silent)-- carol"]),
    ("narrow between routers", black_hole(
        hops=[hop(1, "10.0.0.1"), hop(2, "10.0.1.1", how="narrow"), target(3)]), 80,
     ["me --1500-- 10.0.0.1 --(1433, silent)-- 10.0.1.1 -- carol"]),
    ("narrow somewhere among the silent", black_hole(hops=[hop(1, "10.0.0.1"), *SILENT, target(20)]), 80,
     ["me --1500-- 10.0.0.1 --(1433, silent: [?] x18)-- carol"]),
    ("narrow among silent ones, then a router", black_hole(
        hops=[hop(1, "10.0.0.1"), hop(2), hop(3), hop(4, "10.0.3.1", how="narrow"), target(5)]), 80,
     ["me --1500-- 10.0.0.1 --(1433, silent: [?] [?])-- 10.0.3.1 -- carol"]),
    ("narrow behind the last one known", black_hole(hops=[hop(1, "10.0.0.1"), hop(2)]), 80,
     ["me --1500-- 10.0.0.1 --(1433, silent: ...)-- carol"]),
    ("narrow behind one that nobody knows", black_hole(hops=[hop(1, "10.0.0.1")], narrow_after_ttl=7), 80,
     ["me --1500-- 10.0.0.1 --(1433, silent: ...)-- carol"]),
    ("narrow behind the target", black_hole(narrow_after_ttl=9), 80, ["me -- 198.51.100.1 -- [?] -- carol"]),
    ("nothing was sent", black_hole(sizes=[]), 80, ["me -- 198.51.100.1 --(1433, silent: [?])-- carol"]),
    ("told, where nobody knows", told(narrow_after_ttl=None), 80,
     ["me -- 198.51.100.1 --(1400, it says so)-- [?] -- carol"]),
    ("told by one that has no hop", told(hops=[hop(1, "10.0.0.1"), hop(2), target(3)]), 80,
     ["me --1500-- 10.0.0.1 --(1400, a router says so: [?])-- carol"]),
    ("two told", told(hops=[hop(1, "10.0.0.1", 1480), hop(2, "10.0.1.1"), hop(3, "10.0.2.1", 1400), target(4)],
                      narrow_after_ttl=3), 80,
     ["me --1500-- 10.0.0.1 --(1480, it says so)-- 10.0.1.1 --1480-- 10.0.2.1",
      "    --(1400, it says so)-- carol"]),
    ("one told, another is silent", black_hole(
        hops=[hop(1, "10.0.0.1", 1480), hop(2, "10.0.1.1"), target(3)], narrow_after_ttl=2), 80,
     ["me --1500-- 10.0.0.1 --(1480, it says so)-- 10.0.1.1 --(1433, silent)-- carol"]),
    ("the far end says nothing", limited(), 80, ["me -- 198.51.100.1 --(1400, it says so)-- ... -- carol (no answer)"]),
    ("it answers inside alone", black_hole(answers={"outside": False, "inside": True}), 80,
     ["me --1500-- 198.51.100.1 --(1433, silent: [?])-- carol (answers inside)"]),
    ("the target does not end the hops", probe(hops=[hop(1, "10.0.0.1")]), 80,
     ["me --1500-- 10.0.0.1 --1500-- ... --1500-- carol"]),
    ("silent ones are counted", probe(hops=[hop(1, "10.0.0.1"), *SILENT, target(20)]), 80,
     ["me --1500-- 10.0.0.1 --1500-- [?] x18 --1500-- carol"]),
    ("hops left out", probe(hops=[hop(2, "10.0.1.1"), target(5)]), 80,
     ["me --1500-- [?] --1500-- 10.0.1.1 --1500-- [?] --1500-- [?] --1500-- carol"]),
    ("hops in no order", probe(hops=[hop(2, "10.0.1.1"), hop(1, "10.0.0.1"), hop(2, "10.9.9.9"), target(3)]), 80,
     ["me --1500-- [?] --1500-- 10.0.1.1 --1500-- carol"]),
    ("more hops than there are", probe(hops=[hop(i, f"10.0.0.{i}") for i in range(1, 200)][61:]), 80,
     ["me --1500-- [?] x61 --1500-- 10.0.0.62 --1500-- 10.0.0.63 --1500-- 10.0.0.64", "    --1500-- ... --1500-- carol"]),
    ("a long path", probe(hops=[*FAR, target(9)]), 60,
     ["me --1500-- 2001:db8::1:1 --1500-- 2001:db8::2:1", "    --1500-- 2001:db8::3:1 --1500-- 2001:db8::4:1",
      "    --1500-- 2001:db8::5:1 --1500-- 2001:db8::6:1", "    --1500-- 2001:db8::7:1 --1500-- 2001:db8::8:1",
      "    --1500-- carol"]),
]


@pytest.mark.parametrize("reply, columns, lines", [row[1:] for row in PICTURES], ids=[row[0] for row in PICTURES])
def test_picture(daemon, reply, columns, lines):
    out = show(daemon, reply, "--ascii", columns=columns).stdout
    drawn = out[out.index("\n  me ") + 3:].split("\n\n")[0].splitlines()
    assert [line if i == 0 else line[2:] for i, line in enumerate(drawn)] == lines


def test_audit(daemon):
    """Nothing is clamped, and no sentence says that anything is, or is in force."""
    daemon.replies["GetStatus"] = replies.status(mode="audit")
    out = show(daemon, black_hole()).stdout
    assert "Audit mode: nothing is changed" in out and "in force now" not in out
    assert out[out.index("To do:"):] == """\
To do: mode audit clamps nothing, so that TCP sends larger packets too, and they
  still vanish. This clamps it:
    mode = "queue";
  and this tells senders of UDP and QUIC:
    path = { set_route_mtu = true; };
  or, for all peers and at both ends:
    ip link set wg0 mtu 1360
Took 6.2 s and 12 packets.
"""
    words = " ".join(show(daemon, pieces()).stdout.split())
    assert "keeps TCP whole" not in words and "In mode audit TCP's are among them." in words
    words = " ".join(show(daemon, address()).stdout.split())
    assert "would be let send packets of 1420 bytes there" in words


NOTHING = "To do: nothing.\n"
VXLAN = {"name": "wg0", "kind": "vxlan", "interface_mtu_bytes": 1450}
AROUND = [
    # name, the tunnel, reply, what stands on the screen, what does not
    ("routes tell UDP", {"route_mtu": True}, black_hole(),
     ["To do: nothing: TCP is clamped, and routes tell senders of UDP and QUIC what fits (path.set_route_mtu)."],
     ["ip link", "still vanish"]),
    ("the interface fits", {"interface_mtu_bytes": 1360}, black_hole(), ["To do: nothing.", "BLACK HOLE"],
     ["ip link"]),
    ("VXLAN, told", VXLAN, told(inner_mtu_bytes=1350, mss4_bytes=1310, mss6_bytes=1290),
     ["1400, and 198.51.100.1 says so. The tunnel's own packets may be cut", "are cut outside, or lost",
      "ip link set wg0 mtu 1350"], ["refused", NOTHING]),
    ("VXLAN, a black hole", VXLAN, black_hole(inner_mtu_bytes=1383, sizes=[size("outside", 1433)]),
     ["larger packets that may not be cut vanish behind", "Larger packets of UDP and QUIC are cut outside, or lost"],
     ["still vanish"]),
    ("VXLAN outside of IPv6", {**VXLAN, "outer_family": "ipv6"}, black_hole(sizes=[size("outside", 1433)]),
     ["UDP and QUIC still vanish"], ["may not be cut"]),
    ("lost inside as well", VXLAN, black_hole(inner_mtu_bytes=1383), ["UDP and QUIC still vanish"],
     ["may not be cut"]),
    ("GRE, told", {"kind": "gre"}, told(), ["refused with a word", NOTHING], ["ip link"]),
    ("GRE, a black hole", {"kind": "gre"}, black_hole(sizes=[size("outside", 1433)]),
     ["UDP and QUIC still vanish"], []),
    ("OpenVPN, told", {"kind": "openvpn"}, told(), ["may be cut, so that nobody inside"], ["refused"]),
]


@pytest.mark.parametrize("tunnel, reply, words, others", [row[1:] for row in AROUND], ids=[row[0] for row in AROUND])
def test_what_becomes_of_larger_packets(daemon, tunnel, reply, words, others):
    daemon.replies["ListTunnels"] = replies.tunnels(replies.tunnel(**tunnel))
    out = show(daemon, reply).stdout
    out += " ".join(out.split())
    assert all(word in out for word in words) and not any(word in out for word in others), out


def test_more_arrives_than_fits_in_the_tunnel(daemon):
    """Packets of 1450 bytes come through a tunnel of 1350: somebody outside cut them."""
    daemon.replies["ListTunnels"] = replies.tunnels(replies.tunnel(**VXLAN))
    explained = replies.explain(mss_bytes=1310)
    explained["sides"][1]["inner_mtu_bytes"] = 1350
    daemon.replies["Explain"] = explained
    reply = {**address(path_mtu_bytes=1450, hops=[], narrow_after_ttl=None,
                       sizes=[size("outside", 1450), size("outside", 96)]), "result": "ok"}
    done = show(daemon, reply)
    assert (done.returncode, done.stdout) == (0, """\
203.0.113.9, behind tunnel wg0
  inside   it answers (UDP)

SIDE    SIZE  OUTER  SENT  ANSWERED  WHAT
inside  1450      -     1         1  arrives
inside    96      -     1         1  arrives

  me ──1450── 203.0.113.9

OK: inner path MTU 1350: so much fits in tunnel wg0. Larger packets, up to 1450
  bytes, arrive too: outside they are cut.
MSS unchanged: it is no peer's endpoint
To do: nothing for TCP: it leaves by tunnel wg0 and may send packets of 1350
  bytes there, which arrive.
  Larger packets of UDP and QUIC are cut; this tells their senders:
    path = { set_route_mtu = true; };
  or, for all peers and at both ends:
    ip link set wg0 mtu 1350
Took 6.2 s and 2 packets.
""")


CALLS = [
    (["carol"], {"target": "carol"}),
    (["192.0.2.9", "--max", "1500", "--tries=3"], {"target": "192.0.2.9", "max": 1500, "tries": 3}),
    (["--max=68", "--tries", "20", "10.1.0.0/16 === 10.2.0.0/16"],
     {"target": "10.1.0.0/16 === 10.2.0.0/16", "max": 68, "tries": 20}),
    (["--max=65535", "--tries=1", "x"], {"target": "x", "max": 65535, "tries": 1}),
]


@pytest.mark.parametrize("args, parameters", CALLS, ids=[" ".join(row[0]) for row in CALLS])
def test_call(daemon, args, parameters):
    assert run("--json", "probe", *args, socket_path=daemon.path).returncode == 0
    assert daemon.calls == [("Probe", parameters)]


@pytest.mark.parametrize("reply, code", [(row[1], row[4]) for row in SCREENS], ids=[row[0] for row in SCREENS])
def test_json(daemon, reply, code):
    """--json is the last reply alone, --json-lines all of them as they come."""
    done = show(daemon, reply, "--json", before=[RUNNING] * 3)
    assert (read_json(done, "probe"), done.stderr, done.returncode) == (reply, "", code)
    done = show(daemon, reply, "--json-lines", before=[RUNNING] * 3)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert (lines, done.stderr, done.returncode) == ([RUNNING] * 3 + [reply], "", code)
    for line in lines:
        validate(line, "probe")


@pytest.mark.parametrize("value", [
    probe(finished=False), {**RUNNING, "finished": True}, probe("odd"), probe(more=1), probe(hops=[{"ttl": 1}]),
    probe(sizes=[size("between", 1500)]), probe(hops=[hop(0, "10.0.0.1")]), probe(answers={"outside": True})],
    ids=range(8))
def test_schema_refuses(value):
    with pytest.raises(Exception, match="Failed validating"):
        validate(value, "probe")


STRANGE = [
    # name, changes to the reply that ends it, exit code
    ("nothing but its end", None, 7),
    ("no result", {"result": None}, 7),
    ("an unknown result", {"result": "fine"}, 7),
    ("wrong types", dict.fromkeys(probe(), 7), 7),
    ("more wrong types", {**dict.fromkeys(probe(), []), "result": "black_hole"}, 1),
    ("members of wrong types", {"sizes": [None, 3, {}, [], {"sent": -1, "answered": 1 << 62}],
                                "hops": [None, 3, {}, [], {"ttl": -1}, {"ttl": 1 << 62}, {"ttl": "1"}]}, 0),
    ("numbers beyond all", {"path_mtu_bytes": 1 << 62, "narrow_after_ttl": 1 << 62, "interval_seconds": 1e300,
                            "duration_seconds": 1e300, "mss4_bytes": -5, "old_mss6_bytes": 1 << 62}, 0),
    ("a hole behind less than nothing", {"result": "black_hole", "narrow_after_ttl": -1}, 1),
    ("huge arrays", {"sizes": [size("outside", i) for i in range(20000)],
                     "hops": [hop(i, f"10.0.{i >> 8}.{i & 255}") for i in range(1, 20000)]}, 0),
    ("long names", {"name": "x" * 100000, "tunnel": "y" * 5000, "endpoint": "z" * 5000}, 0),
    ("a long address", {"hops": [hop(1, "1" * 100000), target(2)]}, 0),
]


@pytest.mark.parametrize("changes, code", [row[1:] for row in STRANGE], ids=[row[0] for row in STRANGE])
@pytest.mark.parametrize("columns", [20, 80])
def test_strange_reply_is_survived(daemon, changes, code, columns):
    reply = {"schema": 1} if changes is None else {**probe(), **changes, "schema": 1}
    done = show(daemon, {**reply, "finished": True}, columns=columns)
    assert (done.stderr, done.returncode) == ("", code)
    assert "Took" in done.stdout and len(done.stdout) < 30000


EVIL = "\x1b[2J\x9b1m\u202e\x07\r\n"


@pytest.mark.parametrize("reply", [row[1] for row in SCREENS], ids=[row[0] for row in SCREENS])
def test_terminal_obeys_nothing_from_outside(daemon, reply):
    poisoned = {key: value + EVIL if isinstance(value, str) and key != "result" else value
                for key, value in reply.items()}
    poisoned["hops"] = [{**row, "address": "1.2.3.4" + EVIL} for row in reply["hops"]]
    poisoned["sizes"] = [{**row, "side": EVIL} for row in reply["sizes"]]
    before = {**RUNNING, "name": EVIL}
    shown, _ = on_terminal(daemon, [before, Last(poisoned)], "--color=never")
    left = shown.replace("\r\x1b[K", "")
    assert not re.search(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u202e]", left) and "\r" not in left.replace("\r\n", "")


ERRORS = [
    # name, what the daemon does, exit code, the name of the error
    ("no such peer", Error("NotFound", "there is no peer carol", "mssclampctl peers lists them"), 5, "NotFound"),
    ("not permitted", Error("PermissionDenied", "no", "sudo"), 4, "PermissionDenied"),
    ("a bad value", Error("InvalidArgument", "tries: 1 to 20"), 2, "InvalidArgument"),
    ("an error at once", [Error("Failed", "no socket")], 1, "Failed"),
    ("an error in the middle", [RUNNING, Error("Failed", "the peer has gone", "try again")], 1, "Failed"),
    ("it hangs up", [RUNNING, "close"], 3, "NotRunning"),
    ("no first answer", None, 7, "Unknown"),
    ("a last reply that is none", [RUNNING, Last(RUNNING)], 1, "Failed"),
]


@pytest.mark.parametrize("reply, code, name", [row[1:] for row in ERRORS], ids=[row[0] for row in ERRORS])
def test_error(daemon, reply, code, name):
    daemon.replies["Probe"] = reply
    patience = f"--timeout={0.5 if reply is None else 10 * SLOW:g}"
    done = run("probe", "carol", patience, socket_path=daemon.path)
    assert (done.returncode, done.stdout) == (code, "") and done.stderr.startswith("mssclampctl: ")
    done = run("--json", "probe", "carol", patience, socket_path=daemon.path)
    assert (done.returncode, read_error(done)["name"]) == (code, "org.mssclamp." + name)


def test_the_timeout_is_for_the_first_reply(daemon):
    daemon.replies["Probe"] = [RUNNING]
    process = subprocess.Popen([PROGRAM, "-s", daemon.path, f"--timeout={SLOW:g}", "probe", "carol"],
                               encoding="utf-8", stdout=subprocess.PIPE, env=environment())
    time.sleep(1.5 * SLOW)
    assert process.poll() is None
    daemon.send(probe())
    assert process.communicate(timeout=30)[0] == OK and process.returncode == 0


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["screen", "json"])
def test_cancelled(daemon, options):
    """Ctrl-C hangs up, which is how the daemon hears of it."""
    daemon.replies["Probe"] = [RUNNING]
    process = subprocess.Popen([PROGRAM, "-s", daemon.path, *options, "probe", "carol"], encoding="utf-8",
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
    until = time.monotonic() + 10 * SLOW
    while not daemon.kept and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 1 and "probe: cancelled" in out + err
    assert daemon.kept[0].recv(1) == b""
    if options:
        validate(json.loads(out), "error")


def on_terminal(daemon, told_replies, *options, env=None):
    """What arrives at a pseudo terminal of 80 columns, and the exit code."""
    daemon.replies["Probe"] = told_replies
    process, shown = terminal.show(lambda theirs: subprocess.Popen(
        [PROGRAM, "-s", daemon.path, *options, "probe", "carol"], stdout=theirs, stderr=theirs,
        env=environment(**{"TERM": "xterm", **(env or {})})), 80)
    return shown, process.wait(30)


PROGRESS = "probing carol: 3 packets, 1200 bytes arrive, trying 1500, 2 s"


def test_progress(daemon):
    """One line, drawn anew, gone before anything else is said."""
    shown, code = on_terminal(daemon, [RUNNING, RUNNING, Last(probe())], "--color=never")
    assert code == 0
    assert shown == f"\r\x1b[K{PROGRESS}" * 2 + "\r\x1b[K" + OK.replace("\n", "\r\n")
    shown, code = on_terminal(daemon, [RUNNING, Error("Failed", "no more")])
    assert (shown, code) == (f"\r\x1b[K{PROGRESS}\r\x1b[Kmssclampctl: no more\r\n", 1)
    wide = {**RUNNING, "name": "x" * 32, "duration_seconds": 1e9}
    shown, _ = on_terminal(daemon, [wide, Last(probe())])
    assert max(len(line) for line in re.findall(r"\r\x1b\[K([^\r\n]*)", shown)) <= 79


@pytest.mark.parametrize("options, env", [(["-q"], {}), (["--json-lines"], {}), ([], {"TERM": "dumb"}), ([], {"TERM": ""})],
                         ids=["quiet", "lines", "dumb", "no TERM"])
def test_no_progress(daemon, options, env):
    shown, code = on_terminal(daemon, [RUNNING, Last(probe())], *options, env=env)
    assert code == 0 and "probing" not in shown and "\x1b[K" not in shown


def test_progress_goes_to_a_terminal_alone(daemon):
    assert show(daemon, probe(), before=[RUNNING] * 5).stderr == ""


TRIES = [
    # name, command line, reply, stdout
    ("a peer", ["1320", "--peer", "carol"], trial(), """\
carol: MSS 1320, until 2031-11-25 12:54:01 (10 min from now)
Connections that begin from now on get it. It ends by itself; at once:
  mssclampctl try off --peer carol
"""),
    ("an interface, for the second time", ["88", "--interface", "wg0", "--for", "2h"],
     trial(interface="wg0", peer=None, mss_bytes=88, for_seconds=7200, replaced=True), """\
wg0: MSS 88, until 2031-11-25 12:54:01 (2 h from now)
It takes the place of the one that was tried there before.
Connections that begin from now on get it. It ends by itself; at once:
  mssclampctl try off --interface wg0
"""),
    ("a name that a shell would split", ["1320", "--peer", "10.1.0.0/16 === 10.2.0.0/16"], trial(), """\
10.1.0.0/16 === 10.2.0.0/16: MSS 1320, until 2031-11-25 12:54:01 (10 min from now)
Connections that begin from now on get it. It ends by itself; at once:
  mssclampctl try off --peer '10.1.0.0/16 === 10.2.0.0/16'
"""),
    ("quiet", ["1320", "--peer", "carol", "-q"], trial(),
     "carol: MSS 1320, until 2031-11-25 12:54:01 (10 min from now)\n"),
    ("more than fits", ["1400", "--interface", "wg0"], trial(
        interface="wg0", peer=None, mss_bytes=1400,
        warnings=["try (interface=wg0 mss=1400) allows IPv4 MSS 1400, but the path to carol carries 1310"]), """\
wg0: MSS 1400, until 2031-11-25 12:54:01 (10 min from now)
! wg0: try (interface=wg0 mss=1400) allows IPv4 MSS 1400, but the path to carol
  carries 1310
It raises the MSS above what is known to fit: larger segments will be lost.
Connections that begin from now on get it. It ends by itself; at once:
  mssclampctl try off --interface wg0
"""),
    ("off", ["off", "--peer", "carol"], ENDED,
     "carol: the try is over; what was found and configured holds again\n"),
]


@pytest.mark.parametrize("args, reply, out", [row[1:] for row in TRIES], ids=[row[0] for row in TRIES])
def test_try(daemon, args, reply, out):
    daemon.replies["Try"] = reply
    done = run("try", *args, socket_path=daemon.path, env={"TZ": "UTC"})
    assert (done.stdout, done.stderr, done.returncode) == (out, "", 0)
    done = run("--json", "try", *args, socket_path=daemon.path)
    assert read_json(done, "try") == reply


def test_try_nothing_to_end(daemon):
    daemon.replies["Try"] = Error("NotFound", "no try is in force for peer carol", "mssclampctl status lists them")
    done = run("try", "off", "--peer", "carol", socket_path=daemon.path)
    assert (done.returncode, done.stdout) == (5, "") and "no try is in force" in done.stderr


def test_try_until_today(daemon):
    """The reader's clock; the day only where it is another one."""
    now = time.time()
    daemon.replies["Try"] = trial(until=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)))
    zone = "UTC" if time.gmtime(now).tm_hour > 1 else "UTC-6"
    out = run("try", "1320", "--peer", "a", socket_path=daemon.path, env={"TZ": zone}).stdout
    assert re.search(r", until \d\d:\d\d:\d\d \(10 min", out)
    daemon.replies["Try"] = trial(until="2031-11-25T23:30:00Z")
    out = run("try", "1320", "--peer", "a", socket_path=daemon.path, env={"TZ": "UTC-2"}).stdout
    assert "until 2031-11-26 01:30:00" in out
