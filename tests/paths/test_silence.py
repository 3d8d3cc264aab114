# SPDX-License-Identifier: GPL-2.0-or-later
"""A far end that answers nothing, neither inside nor outside: nothing is known, nothing changes, and
that is said."""

from netns import until
from passages import HEADERS, WIDE, TunnelLab


def silence(lab):
    """No ICMP leaves the peer, by the tunnel or around it."""
    for program, protocol in (("iptables", "icmp"), ("ip6tables", "icmpv6")):
        kinds = ((), ) if protocol == "icmp" else (
            ("--icmpv6-type", "echo-reply"), ("--icmpv6-type", "destination-unreachable"))
        for kind in kinds:
            lab.peer.run(program, "-w", "-A", "OUTPUT", "-p", protocol, *kind, "-j", "DROP")


def test_nothing_changes():
    with TunnelLab("wireguard", 1433, "icmp", ping=True) as lab:
        silence(lab)
        daemon = lab.run_daemon()
        before = daemon.row()
        daemon.says("answers no probe", 10.0)
        until(lambda: daemon.stats()["probes"]["runs_total"]["no_answer"] >= 1, "it has ended")
        row, peer = daemon.row(), daemon.peer()
        assert (row["source"], row["outer_path_mtu_bytes"]) == ("link", WIDE)
        assert row["mss4_bytes"] == before["mss4_bytes"] == lab.tunnel.inner(WIDE) - HEADERS[4]
        assert (peer["confidence"], peer["path_source"], peer["path_age_seconds"]) == (
            "assumed", "link", None)
        answer = daemon.json("probe", lab.endpoint, code=7)
        assert answer["result"] == "no_answer"
        assert answer["answers"] == {"outside": False, "inside": False}
        assert len([line for line in daemon.log().splitlines() if "answers no probe" in line]) == 1
