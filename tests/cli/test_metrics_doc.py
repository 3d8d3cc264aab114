# SPDX-License-Identifier: GPL-2.0-or-later
"""doc/metrics.md has the table of metrics as the program has it."""
import re
import subprocess

from fake_daemon import BUILD, TOP
# The contract with whoever has dashboards: these never change.
NAMES = """
mssclamp_build_info{version,kernel,mode} mssclamp_up mssclamp_start_time_seconds
mssclamp_syn_packets_total{tunnel,family,direction,result} mssclamp_left_alone_packets_total{reason}
mssclamp_fallback_active mssclamp_advertised_mss_bytes{tunnel,family}
mssclamp_forwarded_mss_bytes{tunnel,family} mssclamp_verdict_latency_seconds
mssclamp_queue_packets_total{queue} mssclamp_queue_depth_packets{queue}
mssclamp_queue_dropped_packets_total{queue} mssclamp_queue_fail_open_packets_total{queue}
mssclamp_tunnel_path_mtu_bytes{tunnel} mssclamp_peer_path_mtu_bytes{tunnel,peer}
mssclamp_peer_mss_bytes{tunnel,peer,family} mssclamp_probe_runs_total{result}
mssclamp_pmtu_hint_rejected_total{reason} mssclamp_rules_reinstalled_total mssclamp_rules_ok
mssclamp_config_last_reload_successful mssclamp_outer_fragments_total
mssclamp_alerts_firing{alert}
""".split()


def printed():
    return subprocess.run([BUILD / "print-metrics"], stdout=subprocess.PIPE, check=True, text=True).stdout


def rows():
    """name -> (type, labels)."""
    found = re.findall(r"^\| `(\w+)` \| (\w+) \| ((?:`\w+` )*)\| .+ \|$", printed(), re.MULTILINE)
    return {name: (kind, re.findall(r"\w+", labels)) for name, kind, labels in found}


def test_document_is_the_table():
    text = (TOP / "doc" / "metrics.md").read_text(encoding="utf-8")
    table = text.split("<!-- metrics -->\n")[1].split("<!-- end -->")[0]
    assert table == printed(), "put what build/print-metrics prints into doc/metrics.md"


def test_names_are_those_of_the_contract():
    found = rows()
    for wanted in NAMES:
        name, _, labels = wanted.partition("{")
        assert found[name][1] == re.findall(r"\w+", labels), name


def test_names_follow_the_customs():
    assert len(rows()) == printed().count("\n") - 2
    for name, (kind, _) in rows().items():
        assert name.startswith("mssclamp_")
        assert (kind == "counter") == name.endswith("_total"), name
