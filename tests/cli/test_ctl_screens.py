# SPDX-License-Identifier: GPL-2.0-or-later
"""Every screen of mssclampctl, as it stands on a terminal of 80 columns."""

import os
import pty
import re
import subprocess

import pytest

import replies
from fake_daemon import PROGRAM, FakeDaemon, environment, run

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
NO_LIMIT = replies.explain(mtu_bytes=None, mss_bytes=None, decided_by=None)
ONE_ADDRESS = replies.explain(rule="rules[0]", decided_by="rules[0], on wg0")
ONE_ADDRESS["flow"].update(source=None, destination="fd00::7", family="ipv6", in_interface=None, mark=0)
ONE_ADDRESS["sides"][0].update(interface=None, address=None, inner_mtu_bytes=None, steps=[
    {"what": "this host", "value_bytes": None, "source": None}])

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
_none       0        0              0              0         0           0
wg0     7,000    6,999              1              0         0           0

Queue  depth   peak  dropped  fail-open  verdict errors
 5000      0     37        0          0               2
 5001      -  1,200        -          -               0
Latency of a verdict: p50 11 us, p99 38 us, max 1.2 ms

MSS that arrived                        MSS that left
 1460 |#################     |  75%      1380 |######################| 100%
 1440 |###                   |  12%
 1452 |##                    |   8%
65495 |#                     |   5%
  536 |#                     |  <1%
"""
TUNNELS = """\
NAME  KIND       OUTER  PATH  SOURCE       OVERHEAD  INNER  MSS4  MSS6  IF-MTU
wg0   wireguard  IPv4   1472  probe 3 min        60   1412  1372  1352    1420
tun0  tun        -         -  link                -   1500  1460  1440    1500
! wg0: the interface MTU is larger than the path allows
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
    ("status, degraded, quiet", ["-q", "status"], {"GetStatus": DEGRADED}, 1, "", ""),
    ("status, audit", ["status"], {"GetStatus": replies.status(mode="audit", sees_syns=None)}, 0,
     "mssclampd is running in audit mode, it counts and changes nothing: 5 tunnels\n"
     + HEAD.replace("queue", "audit")
     + CHECKS.replace("yes        a worker has seen one", "unknown    none has passed so far"), ""),
    ("stats", ["stats", "--ascii"], {}, 0, STATS, ""),
    ("tunnels", ["tunnels"], {"ListTunnels": replies.tunnels(
        replies.tunnel(source="probe", age_seconds=200.5, outer_path_mtu_bytes=1472,
                       inner_mtu_bytes=1412, mss4_bytes=1372, mss6_bytes=1352,
                       warnings=["the interface MTU is larger than the path allows"]),
        replies.bare_tunnel())}, 0, TUNNELS, ""),
    ("no tunnel", ["tunnels"], {"ListTunnels": replies.tunnels()}, 0, "No tunnel found.\n", ""),
    ("explain", ["explain", "a", "b"], {}, 0,
     EXPLAIN + "MSS 1380 (side out, wg0): link MTU of wg0\n", ""),
    ("explain, no limit", ["explain", "a b"], {"Explain": NO_LIMIT}, 0,
     EXPLAIN + "no limit: neither side has one\n", ""),
    ("explain, one address", ["explain", "fd00::7"], {"Explain": ONE_ADDRESS}, 0, """\
[fd00::7]:443   IPv6, this host -> wg0
in   this host
     this host  -
out  wg0, 10.8.0.7
     link MTU of wg0          1420  link
     a step without a number     -
MSS 1380 (side out, wg0): rules[0], on wg0
""", ""),
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
    ("reload, quiet", ["reload", "-q"], {"Reload": CHANGED}, 0, "", ""),
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


SHAPES = [["status"], ["stats"], ["tunnels"], ["explain", "a"], ["rules"], ["rules", "--diff"], ["reload"]]


@pytest.mark.parametrize("args", SHAPES, ids=" ".join)
@pytest.mark.parametrize("reply", [
    {}, {"checks": 7, "syn": [], "queues": {}, "tunnels": "x", "flow": None, "sides": [[], None, {}],
         "changed": [1], "warnings": [None], "diff": [None, {}], "mss_histogram": 0},
    {"tunnels": [None, {"name": None, "peers": -1}], "queues": [[]], "problems": [3],
     "uptime_seconds": -1, "peers": True, "state": 1}], ids=["empty", "wrong types", "more wrong types"])
def test_strange_reply_is_survived(tmp_path, args, reply):
    """What a reply lacks is unknown: no crash, whatever comes."""
    with FakeDaemon(tmp_path / "s", {name: {**reply, "schema": 1} for name in replies.ALL}) as daemon:
        done = run(*args, socket_path=daemon.path)
    assert done.returncode in (0, 1)


EVIL = "\x1b[2Jevil\x9b1m\u202e\x07\r"


def poison(value):
    """The same reply with an attack in every text that is not a fixed word."""
    fixed = ("ok", "running", "queue", "ipv4", "nftables")
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
               "GetRules": replies.rules("different", diff=["- a"])}
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
    ours, theirs = pty.openpty()
    process = subprocess.Popen([PROGRAM, *args], stdout=theirs, stderr=theirs, env=environment(**env))
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 65536):
            shown += part
    except OSError:
        pass  # the other end is closed
    os.close(ours)
    assert process.wait(30) == 0
    return shown.decode()


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
