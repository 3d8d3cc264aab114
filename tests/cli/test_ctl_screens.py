# SPDX-License-Identifier: GPL-2.0-or-later
"""Every screen of mssclampctl, as it stands on a terminal of 80 columns."""

import re
import subprocess

import pytest

import replies
import terminal
from fake_daemon import PROGRAM, TOP, FakeDaemon, environment, run

HEAD = "  version 0.1.0, mode queue, up 3 d 04:12\n"
CHECKS = """\
  rules     ok         live rules are the expected ones
  queues    ok         every worker answers
  SYNs      yes        a worker has seen one
  fallback  standby    the kernel would clamp by route MTU
"""
DEGRADED = replies.status(state="degraded", rules="different", queues="stalled", sees_syns=False,
                          fallback="active", problems=["queue 5000: its worker does not answer"],
                          tunnels=1, peers=1)
CHANGED = replies.reload(
    changed=[{"path": "tunnels.wg0.extra", "old": 0, "new": 12, "file": "/etc/a.conf", "line": 9},
             {"path": "hooks", "old": None, "new": ["forward"], "file": None, "line": None}],
    needs_restart=["queues.first: 5000 -> 6000"], warnings=["a.conf:3: not active in this version"])
AUDIT = {"GetStatus": replies.status(mode="audit")}
NO_LIMIT = replies.explain(mtu_bytes=None, mss_bytes=None, decided_by=None)
ONE_ADDRESS = replies.explain(rule="rules[0]", decided_by="rules[0], on wg0")
ONE_ADDRESS["flow"].update(source=None, destination="fd00::7", family="ipv6", in_interface=None, mark=0)
ONE_ADDRESS["sides"][0].update(interface=None, address=None, inner_mtu_bytes=None, steps=[
    {"what": "this host", "value_bytes": None, "source": None}])

BARS_OF_WG0 = """\
wg0, IPv4
MSS that arrived                        MSS that left
       1460 |############    |  72%            1380 |################| 100%
       1452 |####            |  25%       1261-1279 |#               |  <1%
  1261-1279 |#               |   3%

wg0, IPv6
MSS that arrived                        MSS that left
 1440 |######################| 100%      1360 |######################| 100%

Where such an MSS usually comes from (a hint; nothing was measured):
 1460 IPv4  MTU 1500: Ethernet and nothing between [RFC 894, RFC 2464]
 1452 IPv4  MTU 1492: PPPoE (8) [RFC 2516]
 1440 IPv6  MTU 1500: Ethernet and nothing between [RFC 894, RFC 2464]
"""
STATS_OF_WG0 = """\
                  IPv4  IPv6  total
SYN seen         6,900   100  7,000
  clamped        6,899   100  6,999
  already small      1     0      1
  no MSS option      0     0      0
  no limit           0     0      0
  left alone         0     0      0

Direction      seen  clamped  already small  no MSS option  no limit  left alone
IPv4 from it  3,000    2,999              1              0         0           0
IPv4 into it  3,900    3,900              0              0         0           0
IPv6 into it    100      100              0              0         0           0

""" + BARS_OF_WG0
STATS = """\
                         IPv4    IPv6    total
SYN seen              812,334  41,207  853,541
  clamped             611,902  30,118  642,020
  already small       199,870  11,002  210,872
  no MSS option           521      80      601
  no limit                  0       0        0
  left alone               41       7       48
    fragment                1       7        8
    malformed_option       31       0       31
    tcp_ao                  9       0        9

Tunnel   seen  clamped  already small  no MSS option  no limit  left alone
tun0        0        0              0              0         0           0
wg0     7,000    6,999              1              0         0           0
_none      40        0              0              0        40           0

Queue  depth   peak  dropped  fail-open  verdict errors
 5000      0     37        0          0               2
 5001      -  1,200        -          -               0
Latency of a verdict: p50 11 us, p99 38 us, max 1.2 ms
Sent again by who got no answer: 12 of 853,541 SYNs
Probes: 1,200 sent, 1,100 answered; paths with a black hole now: 1
  measurements: 40 ok, 2 black holes, 1 unanswered
PMTU exceptions not believed: 5 contradicted, 1 unanswered, 0 below the floor

MSS that arrived                        MSS that left
 1460 |#################     |  75%      1380 |######################| 100%
 1440 |###                   |  12%
 1452 |##                    |   8%
65495 |#                     |   5%
  536 |#                     |  <1%

""" + BARS_OF_WG0
TUNNELS = """\
NAME  KIND       OUTER  PATH  SOURCE           INNER  MSS4  MSS6  IF-MTU  PEERS
wg0   wireguard  IPv4   1472  probe 3 min ago   1412  1372  1352  1420 !     37
tun0  tun        -         -  link              1500  1460  1440  1500        -
! wg0: the interface MTU is larger than the path allows
"""
ALL_TUNNELS = replies.tunnels(
    replies.tunnel(),
    replies.tunnel("tun0", kind="openvpn-dco", source="probe", age_seconds=200.5, outer_path_mtu_bytes=1492,
                   overhead_bytes=52, inner_mtu_bytes=1440, mss4_bytes=1400, mss6_bytes=1380,
                   interface_mtu_bytes=1500, peers=12,
                   warnings=["tun-mtu 1500 is larger than the 1440 bytes that the path outside leaves: UDP and "
                             "QUIC break, TCP is clamped"]),
    replies.ipsec_tunnel(), replies.unknown(replies.tunnel("wg1"), "name"), replies.bare_tunnel("tun1"))
ALL_TUNNELS_80 = """\
NAME               KIND         PATH  SOURCE           INNER  MSS4  MSS6  IF-MTU
wg0                wireguard    1500  route             1420  1380  1360  1420
tun0               openvpn-dco  1492  probe 3 min ago   1440  1400  1380  1500 !
ipsec:203.0.113.7  esp          1500  route             1438  1398  1378  -
wg1                wireguard       -  -                    -     -     -  -
tun1               tun             -  link              1500  1460  1440  1500
! tun0: tun-mtu 1500 is larger than the 1440 bytes that the path outside leaves:
  UDP and QUIC break, TCP is clamped
"""
ALL_TUNNELS_120 = """\
NAME               KIND         OUTER  PATH  SOURCE           OVERHEAD  INNER  MSS4  MSS6  IF-MTU  PEERS
wg0                wireguard    IPv4   1500  route                  60   1420  1380  1360  1420       37
tun0               openvpn-dco  IPv4   1492  probe 3 min ago        52   1440  1400  1380  1500 !     12
ipsec:203.0.113.7  esp          IPv4   1500  route                  56   1438  1398  1378  -           1
wg1                wireguard    -         -  -                       -      -     -     -  -           -
tun1               tun          -         -  link                    -   1500  1460  1440  1500        -
! tun0: tun-mtu 1500 is larger than the 1440 bytes that the path outside leaves: UDP and QUIC break, TCP is clamped
"""
PEERS_MEASURED = """\
TUNNEL  PEER   ENDPOINT         PATH  SOURCE          MSS4/MSS6  LAST SEEN
wg0     alice  192.0.2.7:51820  1433  probe 40 s ago  1320/1300       12 s
wg0     bob    192.0.2.7:51820  1500  route, silent   1380/1360       12 s
"""
PEERS = """\
TUNNEL  PEER              ENDPOINT         PATH  SOURCE  MSS4/MSS6  LAST SEEN
wg0     alice             192.0.2.7:51820  1500  route   1380/1360       12 s
wg0     yAnz5TF+lXXJt...  192.0.2.7:51820  1500  route   1380/1360       12 s
"""
ALL_PEERS = replies.peers(
    replies.peer(),
    replies.peer(None, endpoint="[2001:db8:1234:5678:9abc:def0:1234:5678]:51820", path_source="kernel_hint",
                 confidence="hint", path_mtu_bytes=1492, handshake_age_seconds=200, mss4_bytes=1368, mss6_bytes=None),
    replies.peer(None, tunnel="ipsec:203.0.113.7", peer="10.1.0.0/16 -> 10.2.0.0/16", endpoint="203.0.113.7"),
    replies.peer("Zoë Müller-Lüdenscheidt, Abteilung Einkauf, Süd", peer="zoe/0", tunnel="tun0",
                 warnings=["the ends differ: this side sends with 1500, the other with 1400"]),
    replies.unknown(replies.peer()))
ALL_PEERS_80 = """\
TUNNEL             PEER                              PATH  MSS4/MSS6  LAST SEEN
wg0                alice                             1500  1380/1360       12 s
wg0                yAnz5TF+lXXJt...                  1492  1368/-         3 min
ipsec:203.0.113.7  10.1.0.0/16 -> 10.2.0.0/16        1500  1380/1360       12 s
tun0               Zoë Müller-Lüdenscheidt, Abte...  1500  1380/1360       12 s
wg0                yAnz5TF+lXXJt...                     -  -                  -
! tun0 Zoë Müller-Lüdenscheidt, Abte...: the ends differ: this side sends with
  1500, the other with 1400
"""
ALL_PEERS_ASCII = """\
TUNNEL             PEER                              ENDPOINT                                        PATH  MSS4/MSS6
wg0                alice                             192.0.2.7:51820                                 1500  1380/1360
wg0                yAnz5TF+lXXJt...                  [2001:db8:1234:5678:9abc:def0:1234:5678]:51820  1492  1368/-
ipsec:203.0.113.7  10.1.0.0/16 -> 10.2.0.0/16        203.0.113.7                                     1500  1380/1360
tun0               Zo? M?ller-L?denscheidt, Abte...  192.0.2.7:51820                                 1500  1380/1360
wg0                yAnz5TF+lXXJt...                  -                                                  -  -
! tun0 Zo? M?ller-L?denscheidt, Abte...: the ends differ: this side sends with 1500, the other with 1400
"""
DEEP = replies.explain(mtu_bytes=1408, mss_bytes=1368, decided_by="path MTU 1492 of peer alice, tunnel wg0, "
                       "outer path over ppp0")
DEEP["flow"].update(source="2001:db8:aaaa:bbbb:cccc:dddd:eeee:1", destination="2001:db8:aaaa:bbbb:cccc:dddd:eeee:7",
                    family="ipv6")
DEEP["sides"][1].update(inner_mtu_bytes=1408, steps=[
    {"what": "peer alice: allowed IP 10.8.0.7/32 of wg0", "value_bytes": None, "source": None},
    {"what": "outer path to [2001:db8::7]:51820 over ppp0, mark 0xca6c, table main, which is the way that the "
             "kernel gives to a socket of that mark", "value_bytes": 1492, "source": "kernel_hint"},
    {"what": "- IPv6 header (40)", "value_bytes": 1452, "source": None},
    {"what": "round down to 16: WireGuard pads the plaintext", "value_bytes": 1408, "source": None}])
DEEP_80 = """\
2001:db8:aaaa:bbbb:cccc:dddd:eeee:1 -> [2001:db8:aaaa:bbbb:cccc:dddd:eeee:7]:443
     IPv6, eth1 -> wg0, mark 0x11
in   eth1, 192.168.1.10
     link MTU of eth1           1500  link
     - IP and TCP headers (40)  1460  link
out  wg0, 10.8.0.7
     peer alice: allowed IP 10.8.0.7/32 of wg0                  -
     outer path to [2001:db8::7]:51820 over ppp0, mark       1492  kernel_hint
       0xca6c, table main, which is the way that the kernel
       gives to a socket of that mark
     - IPv6 header (40)                                      1452
     round down to 16: WireGuard pads the plaintext          1408
MSS 1368 (side out, wg0): path MTU 1492 of peer alice, tunnel wg0, outer path
     over ppp0
"""
EVENTS = """\
12:44:01 wg0: peer alice: endpoint 192.0.2.7:51820 -> [2001:db8::7]:51820
12:44:03 firewall: nft, pid 7, changed our rules; restored after 3 ms
"""
EXPLAIN = """\
192.168.1.10 -> 10.8.0.7:443   IPv4, eth1 -> wg0, mark 0x11
in   eth1, 192.168.1.10
     link MTU of eth1           1500  link
     - IP and TCP headers (40)  1460  link
out  wg0, 10.8.0.7
     link MTU of wg0          1420  link
     a step without a number     -
"""
EXPLAIN_ONE = """\
[fd00::7]:443   IPv6, this host -> wg0
in   this host
     this host  -
out  wg0, 10.8.0.7
     link MTU of wg0          1420  link
     a step without a number     -
"""
OFFLOAD = """\
Offload active: the kernel clamps the usual SYNs itself
  853,102  SYNs that the kernel has done with
      439  SYNs sent on to the queue; not for the kernel were
      400    those with options other than the usual
        9    those in fragments, or after extension headers
       30    those of a tiny MSS, or that the tables leave to the queue

INTERFACE  FAMILY   MSS   HOSTS  NETS  WAY
eth0       IPv4    1460       0     0  kernel
wg0        IPv4    1380  10,000     2  kernel
tun0       IPv4       -       0     0  queue
tun0, IPv4: a rule asks for a mark
"""
RULES = """\
  forward  853,102  SYNs
  output       439  SYNs
  input          -  SYNs
"""

SCREENS = [
    # name, command line, changed replies, exit code, stdout, stderr
    ("status", ["status"], {}, 0,
     "mssclampd is running and clamping: 5 tunnels\n" + HEAD + CHECKS, ""),
    ("status, quiet", ["status", "-q"], {}, 0, "", ""),
    ("status, degraded", ["status"], {"GetStatus": DEGRADED}, 1, """\
mssclampd is DEGRADED: 1 tunnel, 1 peer
""" + HEAD + """\
  rules     different  mssclampctl rules --diff shows where
  queues    stalled    a worker does not answer
  SYNs      no         the rules count some, but none reaches a worker
  fallback  active     the kernel clamps by route MTU now
! queue 5000: its worker does not answer
""", ""),
    ("status, a queue is taken", ["status"], {"GetStatus": replies.status(
        state="degraded", queues="unbound", queues_taken=[5001], problems=["another program has taken queue 5001"])}, 1,
     f"mssclampd is DEGRADED: 5 tunnels\n{HEAD}" + CHECKS.replace(
         "ok         every worker answers", "unbound    another program has queue 5001") +
     "! another program has taken queue 5001\n", ""),
    ("status, taken before our rules", ["status"], {"GetStatus": replies.status(
        state="degraded", taken_before=["iptables -t mangle -A FORWARD -j ACCEPT"])}, 1,
     "mssclampd is DEGRADED: 5 tunnels\n" + HEAD + CHECKS.replace(
         "ok         live rules are the expected ones", "unreached  SYNs are taken before them: mssclampctl doctor", 1),
     ""),
    ("status, stood still", ["status"], {"GetStatus": replies.status(
        standstills_total=2, last_standstill={"ended": "2026-11-25T12:44:01Z", "seconds": 5.24})}, 0,
     f"mssclampd is running and clamping: 5 tunnels\n{HEAD}{CHECKS}"
     "  pauses    2          up to 5.2 s until 2026-11-25 12:44:01, SYNs waited\n", ""),
    ("status, a warning", ["status"], {"GetStatus": replies.status(warnings=["one is missing"])}, 0,
     f"mssclampd is running and clamping: 5 tunnels\n{HEAD}{CHECKS}! one is missing\n", ""),
    ("status, long lines", ["status"], {"GetStatus": replies.status(
        warnings=["queues.per_source: 48 SYNs came faster from one source and passed unchanged; if those are no "
                  "flood, raise it"],
        alerts=[{"alert": "fragments_ipv4", "value": 40.0, "threshold": 5.0, "firing_seconds": 200.0,
                 "unit": "IPv4 fragments made a second"},
                {"alert": "fallback", "value": None, "threshold": 1.0, "firing_seconds": 3.0, "unit": "x"}])}, 0,
     f"mssclampd is running and clamping: 5 tunnels\n{HEAD}{CHECKS}" + """\
! queues.per_source: 48 SYNs came faster from one source and passed unchanged;
  if those are no flood, raise it
! alert fragments_ipv4: 40.0 IPv4 fragments made a second, threshold 5.0, for 3
  min 20 s
! alert fallback: unknown x, threshold 1.0, for 3 s
""", ""),
    ("status, degraded, quiet", ["-q", "status"], {"GetStatus": DEGRADED}, 1, "", ""),
    ("status, audit", ["status"], {"GetStatus": replies.status(
        mode="audit", sees_syns=None, tunnels=120, peers=10000)}, 0,
     "mssclampd is running in audit mode, it changes no SYN: 120 tunnels, 10,000 peers\n"
     + HEAD.replace("queue", "audit")
     + CHECKS.replace("yes        a worker has seen one", "unknown    none has passed so far"), ""),
    ("stats", ["stats", "--ascii"], {}, 0, STATS, ""),
    ("stats of a tunnel", ["stats", "--ascii", "--tunnel", "wg0"], {}, 0, STATS_OF_WG0, ""),
    ("stats, audit", ["stats", "--ascii"], AUDIT, 0,
     'Audit mode: nothing is changed; "clamped" counts what would be clamped.\n\n' + STATS, ""),
    ("stats, offload", ["stats", "--ascii"], {"GetStatus": replies.status(mode="offload")}, 0,
     "Mode offload: these are the queue's SYNs; the kernel's: mssclampctl offload\n\n" + STATS, ""),
    ("tunnels", ["tunnels"], {"ListTunnels": replies.tunnels(
        replies.tunnel(source="probe", age_seconds=200.5, outer_path_mtu_bytes=1472,
                       inner_mtu_bytes=1412, mss4_bytes=1372, mss6_bytes=1352,
                       warnings=["the interface MTU is larger than the path allows"]),
        replies.bare_tunnel())}, 0, TUNNELS, ""),
    ("no tunnel", ["tunnels"], {"ListTunnels": replies.tunnels()}, 0, "No tunnel found.\n", ""),
    ("tunnels of all kinds", ["tunnels"], {"ListTunnels": ALL_TUNNELS}, 0, ALL_TUNNELS_80, ""),
    ("peers", ["peers"], {}, 0, PEERS, ""),
    ("peers, measured", ["peers"], {"ListPeers": replies.peers(replies.peer(
        path_source="probe", path_age_seconds=40.7, confidence="measured", path_mtu_bytes=1433, inner_mtu_bytes=1360,
        mss4_bytes=1320, mss6_bytes=1300), replies.peer("bob", probe_result="no_answer"))}, 0, PEERS_MEASURED, ""),
    ("peers of all kinds", ["peers"], {"ListPeers": ALL_PEERS}, 0, ALL_PEERS_80, ""),
    ("no peer", ["peers"], {"ListPeers": replies.peers()}, 0, "No peer found.\n", ""),
    ("no peer of a tunnel", ["peers", "wg0"], {"ListPeers": replies.peers()}, 0, "wg0 has no peer.\n", ""),
    ("explain, long words", ["explain", "alice"], {"Explain": DEEP}, 0, DEEP_80, ""),
    ("explain", ["explain", "a", "b"], {}, 0,
     EXPLAIN + "MSS 1380 (side out, wg0): link MTU of wg0\n", ""),
    ("explain, audit", ["explain", "a", "b"], AUDIT, 0,
     EXPLAIN + "MSS 1380 (side out, wg0): link MTU of wg0\n"
     "Audit mode: nothing is changed; this is what would be clamped to.\n", ""),
    ("explain, no limit", ["explain", "a b"], {"Explain": NO_LIMIT}, 0,
     EXPLAIN + "no limit: neither side has one\n", ""),
    ("explain, one address", ["explain", "fd00::7"], {"Explain": ONE_ADDRESS}, 0,
     EXPLAIN_ONE + "MSS 1380 (side out, wg0): rules[0], on wg0\n", ""),
    ("explain, mode offload", ["explain", "a b"],
     {"Explain": {**ONE_ADDRESS, "way": {"by": "kernel", "why": "other SYNs are queued"}}}, 0,
     EXPLAIN_ONE + "MSS 1380 (side out, wg0): rules[0], on wg0\n"
     "SYNs are clamped by the kernel (offload): other SYNs are queued\n", ""),
    ("offload", ["offload"], {}, 0, OFFLOAD, ""),
    ("offload, another mode", ["offload"], {"GetOffload": replies.OFFLOAD_OFF}, 0,
     "Offload off: mssclampd runs in another mode, every SYN goes through the queue\n", ""),
    ("offload, not possible", ["offload"], {"GetOffload": replies.OFFLOAD_FAILED}, 1,
     "Offload FAILED: every SYN goes through the queue\n"
     "nftables: this kernel has no nftables\n", ""),
    ("rules", ["rules"], {}, 0,
     "Backend nftables, ok: the live rules are the expected ones; repaired 1 time\n" + RULES, ""),
    ("rules, left to others", ["rules"],
     {"GetRules": replies.rules("none", backend="none", reinstalled_total=0)}, 0,
     'Backend none, none: the rules are left to you (firewall = "none")\n' + RULES, ""),
    ("rules, missing", ["rules"], {"GetRules": replies.rules("missing", reinstalled_total=2)}, 1,
     "Backend nftables, MISSING: none of our rules is there; repaired 2 times\n" + RULES, ""),
    ("rules, missing, quiet", ["rules", "-q"], {"GetRules": replies.rules("missing")}, 1, "", ""),
    ("rules, no difference", ["rules", "--diff"], {"GetRules": replies.rules(diff=[])}, 0,
     "Backend nftables, ok: the live rules are the expected ones; repaired 1 time\n"
     "No difference.\n", ""),
    ("rules, difference", ["rules", "--diff"],
     {"GetRules": replies.rules("different", reinstalled_total=0, diff=["- a rule", "+ another"])}, 1,
     "Backend nftables, DIFFERENT: the live rules are not the expected ones\n"
     "- expected, + live:\n- a rule\n+ another\n", ""),
    ("rules, printed", ["rules", "--print", "nft"],
     {"GetRules": replies.rules("missing", text="table a {\n\tchain b\n}\n")}, 0,
     "table a {\n\tchain b\n}\n", ""),
    ("rules, applied", ["rules", "--apply"], {}, 0,
     "Backend iptables, ok: the live rules are the expected ones\n", ""),
    ("rules, applied in vain", ["rules", "--apply"],
     {"ApplyRules": {**replies.APPLIED, "state": "different"}}, 1,
     "Backend iptables, DIFFERENT: the live rules are not the expected ones\n", ""),
    ("reload, nothing", ["reload"], {}, 0, "Reloaded: 2 files, nothing changed\n", ""),
    ("reload", ["reload"], {"Reload": CHANGED}, 0, """\
Reloaded: 2 files, 2 settings changed
  tunnels.wg0.extra: 0 -> 12   (/etc/a.conf:9)
  hooks: unset -> ["forward"]
needs a restart: queues.first: 5000 -> 6000
""", "mssclampctl: warning: a.conf:3: not active in this version\n"),
    ("reload, many", ["reload"], {"Reload": replies.reload(
        changed=[{"path": f"rules[{i}].mtu", "old": 1300, "new": None, "file": None, "line": None} for i in range(53)],
        warnings=[f"rule {i}" for i in range(52)])}, 0,
     "Reloaded: 2 files, 53 settings changed\n" +
     "".join(f"  rules[{i}].mtu: 1300 -> unset\n" for i in range(50)) + "  ... and 3 more; --json has all of them\n",
     "".join(f"mssclampctl: warning: rule {i}\n" for i in range(50)) +
     "mssclampctl: warning: 2 warnings more; --json has all of them\n"),
    ("reload, quiet", ["reload", "-q"], {"Reload": CHANGED}, 0, "", ""),
    ("metrics", ["metrics"], {}, 0, replies.METRICS["text"], ""),
    ("log", ["log", "debug"], {}, 0, "Log level: info -> debug\n", ""),
    ("wait", ["wait"], {}, 0, "", ""),
]


@pytest.mark.parametrize("args, changed, code, out, err", [row[1:] for row in SCREENS],
                         ids=[row[0] for row in SCREENS])
def test_screen(tmp_path, args, changed, code, out, err):
    with FakeDaemon(tmp_path / "s", {**replies.ALL, **changed}) as daemon:
        done = run(*args, socket_path=daemon.path)
    assert (done.stdout, done.stderr, done.returncode) == (out, err, code)
    assert all(len(line) <= 80 for line in done.stdout.splitlines())


WIDE = [
    # name, command line, changed replies, stdout
    ("tunnels", ["tunnels"], {"ListTunnels": ALL_TUNNELS}, ALL_TUNNELS_120),
    ("peers, ASCII", ["peers", "--ascii"], {"ListPeers": ALL_PEERS}, ALL_PEERS_ASCII),
]


@pytest.mark.parametrize("args, changed, out", [row[1:] for row in WIDE], ids=[row[0] for row in WIDE])
def test_wide_screen(tmp_path, args, changed, out):
    with FakeDaemon(tmp_path / "s", {**replies.ALL, **changed}) as daemon:
        done = run(*args, socket_path=daemon.path, env={"COLUMNS": "120"})
    assert (done.stdout, done.stderr, done.returncode) == (out, "", 0)


@pytest.mark.parametrize("page, screen", [
    ("modes.md", "$ mssclampctl offload\n" + OFFLOAD),
    ("alerts.md", "! alert fragments_ipv4: 40.0 IPv4 fragments made a second, threshold 5.0, for 3\n  min 20 s\n"),
], ids=["modes", "alerts"])
def test_screens_of_the_pages(page, screen):
    """What a page shows is what is printed, here above."""
    assert screen + "```\n" in (TOP / "doc" / page).read_text(encoding="utf-8")
    shown = screen.split("\n", 1)[1] if screen.startswith("$") else screen
    assert any(shown in row[4] for row in SCREENS)


def test_events_screen(tmp_path):
    """The times are those of the reader's clock."""
    told = {"Subscribe": [replies.SUBSCRIBED, replies.ROAMED, replies.REPAIRED, "close"]}
    with FakeDaemon(tmp_path / "s", told) as daemon:
        done = run("events", socket_path=daemon.path, env={"TZ": "UTC"})
        assert (done.stdout, done.returncode) == (EVENTS, 3)
        assert done.stderr.startswith("mssclampctl: mssclampd at ") and "ended the connection" in done.stderr
        done = run("events", socket_path=daemon.path, env={"TZ": "UTC-2"})
        assert done.stdout == EVENTS.replace("12:44", "14:44")


SHAPES = [["status"], ["stats"], ["tunnels"], ["peers"], ["events"], ["explain", "a"], ["rules"],
          ["rules", "--diff"], ["reload"], ["metrics"], ["probe", "carol"], ["try", "off", "--peer", "carol"]]


@pytest.mark.parametrize("args", SHAPES, ids=" ".join)
@pytest.mark.parametrize("reply", [
    {}, {"checks": 7, "syn": [], "queues": {}, "tunnels": "x", "flow": None, "sides": [[], None, {}],
         "changed": [1], "warnings": [None], "diff": [None, {}], "mss_histogram": 0,
         "peers": [[], 1, {"warnings": [1], "peer": 3, "name": []}], "time": 7, "event": [], "message": {}},
    {"tunnels": [None, {"name": None, "peers": -1, "interface_mtu_bytes": 1 << 62, "inner_mtu_bytes": 1}],
     "peers": [{"peer": "", "warnings": [""], "mss4_bytes": -(1 << 62), "mss6_bytes": 1 << 62}],
     "time": "2026-13-99T99:99:99Z", "queues": [[]], "problems": [3], "sides": [{"steps": [[], {"what": " " * 300}]}],
     "uptime_seconds": -1, "state": 1},
    {"peers": True}], ids=["empty", "wrong types", "more wrong types", "peers that are none"])
def test_strange_reply_is_survived(tmp_path, args, reply):
    """What a reply lacks is unknown: no crash, whatever comes."""
    strange = {name: {**reply, "schema": 1} for name in replies.ALL}
    strange["Subscribe"] = [strange["Subscribe"]] * 2 + ["close"]
    strange["Probe"] = [strange["Probe"], {**strange["Probe"], "finished": True}]
    with FakeDaemon(tmp_path / "s", strange) as daemon:
        done = run(*args, socket_path=daemon.path)
    assert done.returncode in {"events": (3,), "probe": (1, 3, 7)}.get(args[0], (0, 1))


EVIL = "\x1b[2Jevil\x9b1m\u202e\x07\r"


def poison(value):
    """The same reply with an attack in every text that is not a fixed word."""
    fixed = ("ok", "running", "queue", "ipv4", "nftables", "close")
    if isinstance(value, str):
        return value if value in fixed else value + EVIL
    if isinstance(value, list):
        return [poison(item) for item in value]
    if isinstance(value, dict):
        return {key if key.endswith("_total") or key.islower() else key: poison(item)
                for key, item in value.items()}
    return value


@pytest.mark.parametrize("args", SHAPES + [["log", "info"]], ids=" ".join)
def test_terminal_obeys_nothing_from_outside(tmp_path, args):
    changed = {**replies.ALL, "Reload": CHANGED, "GetStatus": DEGRADED,
               "ListTunnels": ALL_TUNNELS, "ListPeers": ALL_PEERS, "Explain": DEEP, "GetRules": replies.rules("different", diff=["- a"])}
    changed["GetStats"] = replies.stats()
    changed["GetStats"]["syn"]["left_alone"][EVIL] = 3
    with FakeDaemon(tmp_path / "s", {name: poison(reply) for name, reply in changed.items()}) as daemon:
        done = run(*args, socket_path=daemon.path)
    assert done.stdout
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", done.stdout + done.stderr)


LOOKS = [
    # name, options, environment, colour, blocks
    ("a pipe", [], {}, False, True),
    ("a pipe, asked for", ["--color=always"], {}, True, True),
    ("ASCII asked for", ["--ascii"], {}, False, False),
    ("an ASCII locale", [], {"LC_ALL": "C"}, False, False),
]


@pytest.mark.parametrize("options, env, colour, blocks", [row[1:] for row in LOOKS],
                         ids=[row[0] for row in LOOKS])
def test_looks(tmp_path, options, env, colour, blocks):
    with FakeDaemon(tmp_path / "s", replies.ALL) as daemon:
        done = run("stats", *options, socket_path=daemon.path, env=env)
    assert ("\x1b[" in done.stdout) == colour
    assert ("█" in done.stdout) == blocks
    assert done.stdout.isascii() != blocks


TERMINALS = [
    # name, options, environment, colour
    ("a terminal", [], {"TERM": "xterm"}, True),
    ("NO_COLOR", [], {"TERM": "xterm", "NO_COLOR": "1"}, False),
    ("NO_COLOR, empty", [], {"TERM": "xterm", "NO_COLOR": ""}, True),
    ("a dumb terminal", [], {"TERM": "dumb"}, False),
    ("no TERM", [], {}, False),
    ("--color=never", ["--color", "never"], {"TERM": "xterm"}, False),
    ("--color=always", ["--color=always"], {"TERM": "dumb", "NO_COLOR": "1"}, True),
]


def run_on_terminal(args, env):
    """What arrives at a pseudo terminal."""
    process, shown = terminal.show(lambda theirs: subprocess.Popen(
        [PROGRAM, *args], stdout=theirs, stderr=theirs, env=environment(**env)))
    assert process.wait(30) == 0
    return shown


@pytest.mark.parametrize("options, env, colour", [row[1:] for row in TERMINALS],
                         ids=[row[0] for row in TERMINALS])
def test_colour_on_a_terminal(tmp_path, options, env, colour):
    with FakeDaemon(tmp_path / "s", replies.ALL) as daemon:
        shown = run_on_terminal(["-s", daemon.path, "status", *options], env)
    assert "running and clamping" in shown
    assert ("\x1b[" in shown) == colour


def test_json_on_a_terminal_is_ascii(tmp_path):
    named = {"ListTunnels": replies.tunnels(replies.tunnel("w\x9b1mü"))}
    with FakeDaemon(tmp_path / "s", named) as daemon:
        shown = run_on_terminal(["-s", daemon.path, "--json", "tunnels"], {"TERM": "xterm"})
    assert shown.isascii() and "\\u009B1m\\u00FC" in shown


@pytest.mark.parametrize("columns, shown, gone", [
    (200, "PEERS", None), (91, "OVERHEAD", "PEERS"), (80, "OUTER", "OVERHEAD"), (70, "PATH", "OUTER"),
    (62, "SOURCE", "PATH"), (50, "INNER", "SOURCE")])
def test_columns_go_on_a_narrow_screen(tmp_path, columns, shown, gone):
    long_names = {"ListTunnels": replies.tunnels(replies.tunnel("a-long-name", source="kernel_hint"))}
    with FakeDaemon(tmp_path / "s", long_names) as daemon:
        done = run("tunnels", socket_path=daemon.path, env={"COLUMNS": str(columns)})
    titles = done.stdout.splitlines()[0].split()
    assert shown in titles and gone not in titles
    assert all(len(line) <= columns for line in done.stdout.splitlines())
