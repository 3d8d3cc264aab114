# SPDX-License-Identifier: GPL-2.0-or-later
"""Replies as src/proto/org.mssclamp.varlink describes them."""

import probe_replies
from fake_daemon import Last

REASONS = ("not_ip ip_header ip_truncated fragment jumbo ah extension_header not_tcp tcp_truncated tcp_header "
           "not_syn malformed_option tcp_ao truncated_copy bridge userns").split()


def counts(seen=0, clamped=0, small=0, no_mss=0, no_limit=0, **reasons):
    assert seen == clamped + small + no_mss + no_limit + sum(reasons.values())
    return {
        "seen_total": seen, "clamped_total": clamped, "inserted_total": 0, "raised_total": 0,
        "dropped_total": 0, "already_small_total": small, "no_mss_total": no_mss,
        "no_limit_total": no_limit, "left_alone_total": sum(reasons.values()),
        "left_alone": {reason: reasons.get(reason, 0) for reason in REASONS},
    }


def state_file(ok=True, error=None, since=None, fix=(), see=()):
    return {"path": "/var/lib/mssclamp/paths", "ok": ok, "error": error, "failing_since": since,
            "fix": list(fix), "see": list(see)}


def status(**changes):
    checks = {"rules": "ok", "queues": "ok", "sees_syns": True, "fallback": "standby"}
    checks.update({k: changes.pop(k) for k in list(changes) if k in checks})
    return {"schema": 1, "state": "running", "checks": checks, "fallback_reason": None, "taken_before": [],
            "problems": [], "warnings": [], "alerts": [], "alerts_settled": [], "queues_taken": [],
            "standstills_total": 0, "last_standstill": None, "reload_refused": None,
            "state_file": state_file(),
            "tunnels": 5, "peers": None, "mode": "queue", "version": "0.1.0", "uptime_seconds": 274320.5, **changes}


def mss_range(mss, count, smallest=None):
    return {"mss_bytes": mss, "mss_from_bytes": mss if smallest is None else smallest, "count": count}


def mss_sides(before=(), after=()):
    return {"before": [mss_range(*row) for row in before], "after": [mss_range(*row) for row in after]}


def tunnel_counts(name, directions=(), ipv4=None, ipv6=None, **sums):
    """directions: (family, direction, counts) each; sums: those of all of them."""
    return {"name": name, **counts(**sums),
            "directions": [{"family": family, "direction": direction, **counted}
                           for family, direction, counted in directions],
            "mss_histogram": {"ipv4": ipv4 or mss_sides(), "ipv6": ipv6 or mss_sides()}}


def stats(scale=1):
    return {
        "schema": 1,
        "syn": counts(853541 * scale, 642020 * scale, 210872 * scale, 601 * scale,
                      malformed_option=31 * scale, tcp_ao=9 * scale, fragment=8 * scale),
        "ipv4": counts(812334 * scale, 611902 * scale, 199870 * scale, 521 * scale,
                       malformed_option=31 * scale, tcp_ao=9 * scale, fragment=scale),
        "ipv6": counts(41207 * scale, 30118 * scale, 11002 * scale, 80 * scale, fragment=7 * scale),
        "tunnels": [
            tunnel_counts("tun0"),
            tunnel_counts("wg0", [("ipv4", "from_tunnel", counts(3000, 2999, 1)), ("ipv4", "to_tunnel", counts(3900, 3900)),
                                  ("ipv6", "to_tunnel", counts(100, 100))],
                          mss_sides([(1460, 5000), (1452, 1700), (1279, 200, 1261)], [(1380, 6899), (1279, 1, 1261)]),
                          mss_sides([(1440, 100)], [(1360, 100)]), seen=7000, clamped=6999, small=1)],
        "no_tunnel": tunnel_counts("_none", seen=40, no_limit=40),
        "queues": [
            {"id": 5000, "depth": 0, "depth_peak": 37, "dropped_total": 0, "fail_open_total": 0,
             "verdict_errors_total": 2},
            {"id": 5001, "depth": None, "depth_peak": 1200, "dropped_total": None,
             "fail_open_total": None, "verdict_errors_total": 0}],
        "verdict_latency_seconds": {"p50": 1.1e-05, "p99": 3.8e-05, "max": 0.0012},
        "retried_total": 12 * scale,
        "netlink": {"resyncs_total": 0, "malformed_total": 0, "receive_errors_total": 0},
        "probes": {"sent_total": 1200 * scale, "answered_total": 1100 * scale, "refused_total": 0,
                   "strangers_total": 3,
                   "runs_total": {"ok": 40, "black_hole": 2, "no_answer": 1, "limited_by_icmp": 0},
                   "hint_rejected_total": {"contradicted": 5, "no_answer": 1, "below_floor": 0},
                   "black_hole_paths": 1},
        "mss_histogram": {
            "before": [{"mss_bytes": 1460, "count": 750}, {"mss_bytes": 1440, "count": 120},
                       {"mss_bytes": 1452, "count": 80}, {"mss_bytes": 65495, "count": 49},
                       {"mss_bytes": 536, "count": 1}],
            "after": [{"mss_bytes": 1380, "count": 1000}]},
    }


def tunnel(name="wg0", **changes):
    return {"name": name, "ifindex": 7, "kind": "wireguard", "outer_family": "ipv4",
            "outer_path_mtu_bytes": 1500, "overhead_bytes": 60, "inner_mtu_bytes": 1420,
            "mss4_bytes": 1380, "mss6_bytes": 1360, "interface_mtu_bytes": 1420, "source": "route",
            "age_seconds": None, "peers": 37, "warnings": [], "settled": True,
            "route_mtu": False, **changes}


def bare_tunnel(name="tun0"):
    """What links alone tell."""
    return tunnel(name, kind="tun", outer_family=None, outer_path_mtu_bytes=None,
                  overhead_bytes=None, inner_mtu_bytes=1500, mss4_bytes=1460, mss6_bytes=1440,
                  interface_mtu_bytes=1500, source="link", peers=None)


def tunnels(*rows):
    return {"schema": 1, "tunnels": list(rows)}


def ipsec_tunnel(name="ipsec:203.0.113.7"):
    """Policy-based: no interface at all."""
    return tunnel(name, ifindex=None, kind="esp", overhead_bytes=56, inner_mtu_bytes=1438, mss4_bytes=1398,
                  mss6_bytes=1378, interface_mtu_bytes=None, peers=1)


def unknown(row, *known):
    """The same row with null wherever that is allowed."""
    keep = {"kind", "tunnel", "peer", *known}
    return {key: value if key in keep else [] if isinstance(value, list) else None
            for key, value in row.items()}


KEY = "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk="


def peer(name="alice", **changes):
    return {"tunnel": "wg0", "peer": KEY, "name": name, "endpoint": "192.0.2.7:51820",
            "allowed_ips": ["10.8.0.7/32", "fd00::7/128"], "path_mtu_bytes": 1500, "path_source": "route",
            "path_age_seconds": None, "confidence": "assumed", "inner_mtu_bytes": 1420,
            "mss4_bytes": 1380, "mss6_bytes": 1360, "handshake_age_seconds": 12.25,
            "probe_result": None, "warnings": [], **changes}


def peers(*rows):
    return {"schema": 1, "peers_total": len(rows), "peers": list(rows), "rates": None,
            "uncounted_per_second": None}


def peer_rate(syn, clamped, before=None, after=None):
    return {"syn_per_second": syn, "clamped_per_second": clamped, "mss_before_bytes": before,
            "mss_after_bytes": after}


def event(name="peer_changed", **changes):
    return {"schema": 1, "time": "2026-11-25T12:44:01.201Z", "event": name, "tunnel": None, "peer": None,
            "old": None, "new": None, "why": None, "message": "something changed", **changes}


SUBSCRIBED = event("subscribed", message="every change from now on is told")
ROAMED = event(tunnel="wg0", peer=KEY, old=peer(), new=peer(endpoint="[2001:db8::7]:51820"),
               message="wg0: peer alice: endpoint 192.0.2.7:51820 -> [2001:db8::7]:51820")
REPAIRED = event("rules_repaired", time="2026-11-25T12:44:03Z", new={"reinstalled_total": 1}, why="nft, pid 7",
                 message="firewall: nft, pid 7, changed our rules; restored after 3 ms")


def explain(**result):
    return {
        "schema": 1,
        "flow": {"family": "ipv4", "source": "192.168.1.10", "destination": "10.8.0.7", "port": 443,
                 "in_interface": "eth1", "out_interface": "wg0", "mark": 17},
        "sides": [
            {"interface": "eth1", "address": "192.168.1.10", "inner_mtu_bytes": 1500,
             "steps": [{"what": "link MTU of eth1", "value_bytes": 1500, "source": "link"},
                       {"what": "- IP and TCP headers (40)", "value_bytes": 1460, "source": "link"}]},
            {"interface": "wg0", "address": "10.8.0.7", "inner_mtu_bytes": 1420,
             "steps": [{"what": "link MTU of wg0", "value_bytes": 1420, "source": "link"},
                       {"what": "a step without a number", "value_bytes": None, "source": None}]}],
        "result": {"mtu_bytes": 1420, "mss_bytes": 1380, "rule": None,
                   "decided_by": "link MTU of wg0", **result},
        "way": {"by": "queue", "why": None},
    }


def offload(state="active", **changes):
    return {"schema": 1, "state": state, "why": None, "backend": "nft", "hooks": ["forward", "input"],
            "taken_total": 853102, "queued_total": 439,
            "queued": {"odd_layout_total": 400, "odd_header_total": 9, "not_known_total": 30},
            "interfaces": [
                {"interface": "eth0", "ifindex": 2, "family": "ipv4", "way": "kernel", "why": None,
                 "mss_bytes": 1460, "hosts": 0, "nets": 0},
                {"interface": "wg0", "ifindex": 7, "family": "ipv4", "way": "kernel", "why": None,
                 "mss_bytes": 1380, "hosts": 10000, "nets": 2},
                {"interface": "tun0", "ifindex": 9, "family": "ipv4", "way": "queue",
                 "why": "a rule asks for a mark", "mss_bytes": None,
                 "hosts": 0, "nets": 0}],
            "counters": [{"chain": "queue", "packets_total": 439}], "last_change_seconds": 0.004,
            **changes}


OFFLOAD_OFF = offload("off", hooks=[], taken_total=None, queued_total=None, interfaces=[], counters=[],
                      queued=dict.fromkeys(offload()["queued"]), last_change_seconds=None)
OFFLOAD_FAILED = {**OFFLOAD_OFF, "state": "failed", "why": "nftables: this kernel has no nftables"}


def rules(state="ok", **changes):
    return {"schema": 1, "backend": "nftables", "state": state, "reinstalled_total": 1,
            "counters": {"forward": 853102, "output": 439, "input": None, "over_limit_total": None},
            "text": None, "diff": None, **changes}


def rules_asked(parameters):
    """With the text of the rules only where it was asked for."""
    return rules(text="the rules\n" if "print" in parameters else None)


def reload(**changes):
    return {"schema": 1, "files": 2, "changed": [], "needs_restart": [], "warnings": [], **changes}


APPLIED = {"schema": 1, "backend": "iptables", "state": "ok"}
METRICS = {"schema": 1, "text": "# HELP mssclamp_up 1 where mssclampd answers.\n# TYPE mssclamp_up gauge\nmssclamp_up 1\n"}
LOGGED = {"schema": 1, "level": "debug", "previous": "info"}
ALL = {"GetStatus": status(), "GetStats": stats(), "ListTunnels": tunnels(tunnel(), bare_tunnel()),
       "Explain": explain(), "GetOffload": offload(), "GetRules": rules_asked, "ApplyRules": APPLIED, "Reload": reload(),
       "SetLogLevel": LOGGED, "GetMetrics": METRICS, "ListPeers": peers(peer(), peer(None)), "Subscribe": [SUBSCRIBED, ROAMED, "close"],
       "ListEvents": {"schema": 1, "events": [event(message=f"e{i}", tunnel=f"wg{i % 2}") for i in range(5)]},
       "Probe": [probe_replies.RUNNING, Last(probe_replies.probe())], "Try": probe_replies.trial()}
