# SPDX-License-Identifier: GPL-2.0-or-later
"""A far end that answers nothing, neither inside nor outside."""

import random

from lies import attacker, lies
from netns import until
from passages import HEADERS, WIDE, TunnelLab


def silence(lab):
    """No ICMP leaves the peer, by the tunnel or around it."""
    for program, protocol, kinds in (
            ("iptables", "icmp", ((),)),
            ("ip6tables", "icmpv6", (("--icmpv6-type", "echo-reply"),
                                     ("--icmpv6-type", "destination-unreachable")))):
        for kind in kinds:
            lab.peer.run(program, "-w", "-A", "OUTPUT", "-p", protocol, *kind, "-j", "DROP")


def test_nothing_changes():
    """Nothing is known, and that is said; what somebody forges is believed by nobody."""
    with TunnelLab("wireguard", 1433, "errors", ping=True) as lab:
        silence(lab)
        daemon = lab.run_daemon()
        before = daemon.row()
        attacker(lab)(lies(lab, 1400, random.Random(1))["echo reply"])
        daemon.says("answers no probe", 10.0)
        answer = daemon.json("probe", lab.endpoint, code=7)
        assert answer["result"] == "no_answer"
        assert answer["answers"] == {"outside": False, "inside": False}
        until(lambda: daemon.stats()["probes"]["hint_rejected_total"]["no_answer"],
              "the hint is rejected", 20.0)
        assert daemon.stats()["probes"]["runs_total"]["no_answer"] >= 2
        row, peer = daemon.row(), daemon.peer()
        assert (row["source"], row["outer_path_mtu_bytes"]) == ("link", WIDE)
        assert row["mss4_bytes"] == before["mss4_bytes"] == lab.tunnel.inner(WIDE) - HEADERS[4]
        assert (peer["confidence"], peer["path_source"], peer["path_age_seconds"]) == (
            "assumed", "link", None)
        assert daemon.log().count("answers no probe") == 1


def test_a_router_that_saw_a_probe_is_believed():
    """It tells of the smaller link, and quotes the probe, which nobody off the path has."""
    with TunnelLab("vxlan", 1400, "nothing", ping=True) as lab:
        silence(lab)
        daemon = lab.run_daemon()
        daemon.finds(1400, 15.0)
        lab.check_mss(1400)
        assert daemon.stats()["probes"]["runs_total"]["limited_by_icmp"] == 1
