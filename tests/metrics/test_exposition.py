# SPDX-License-Identifier: GPL-2.0-or-later
"""The text of metrics against what mssclampctl tells otherwise, and against promtool."""

import re
import subprocess

from conftest import TOP
from netns import until

SAMPLE = re.compile(r'^(\w+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(?:,|$)')


def samples(text):
    """[(name, {label: value}, number)]; each line has to be one."""
    found = []
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        name, labels, number = SAMPLE.match(line).groups()
        pairs = LABEL.findall(labels or "")
        assert ",".join(f'{key}="{value}"' for key, value in pairs) == (labels or "")
        found.append((name, {key: re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], value)
                             for key, value in pairs}, float(number)))
    keys = [(name, tuple(sorted(labels.items()))) for name, labels, _ in found]
    assert len(set(keys)) == len(keys), "no two samples are alike"
    return found


def total(found, name, **wanted):
    return sum(number for one, labels, number in found
               if one == name and all(labels[key] == value for key, value in wanted.items()))


def promtool(*argv, text=None):
    done = subprocess.run(["promtool", *argv], input=text, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_has_no_complaint(daemon, syns):
    syns()
    promtool("check", "metrics", text=daemon("metrics").stdout)


def test_rules_and_their_tests():
    promtool("check", "rules", str(TOP / "share/prometheus/mssclamp.rules.yml"))
    promtool("test", "rules", str(TOP / "share/prometheus/mssclamp.rules.test.yml"))


def test_each_syn_is_in_one_series(daemon, syns):
    """By tunnel and direction; the sum is seen_total, at a moment when nothing is under way."""
    before = samples(daemon("metrics").stdout)
    syns(3)

    def counted():
        found = samples(daemon("metrics").stdout)
        return total(found, "mssclamp_syn_packets_total") == (
            total(before, "mssclamp_syn_packets_total") + 12) and found
    found = until(counted, "twelve SYNs are counted")

    def gained(name, **labels):
        return total(found, name, **labels) - total(before, name, **labels)
    syn = "mssclamp_syn_packets_total"
    assert gained(syn, tunnel="vx0", direction="to_tunnel", family="ipv4", result="clamped") == 3
    assert gained(syn, tunnel="vx0", direction="from_tunnel", family="ipv4", result="clamped") == 3
    assert gained(syn, tunnel="_none", family="ipv4") == gained(syn, tunnel="_none", family="ipv6") == 3
    stats = daemon.stats()
    assert total(found, syn) == stats["syn"]["seen_total"]
    assert total(found, syn, result="left_alone") == stats["syn"]["left_alone_total"] == (
        total(found, "mssclamp_left_alone_packets_total"))
    assert gained("mssclamp_advertised_mss_bytes_count", tunnel="vx0") == 6
    assert gained("mssclamp_advertised_mss_bytes_sum", tunnel="vx0") == 3 * 1460 + 3 * 1452
    assert gained("mssclamp_forwarded_mss_bytes_sum", tunnel="vx0") == 6 * 1410


def test_histograms_only_rise(daemon, syns):
    syns()
    found = samples(daemon("metrics").stdout)
    names = {name for name, _, _ in found if name.endswith("_bucket")}
    assert len(names) == 3
    for name in names:
        series = {}
        for one, labels, number in found:
            if one == name:
                key = tuple(sorted((k, v) for k, v in labels.items() if k != "le"))
                series.setdefault(key, []).append((float(labels["le"]), number))
        for key, buckets in series.items():
            assert buckets == sorted(buckets) and buckets[-1][0] == float("inf")
            assert [number for _, number in buckets] == sorted(number for _, number in buckets)
            assert buckets[-1][1] == total(found, name.replace("_bucket", "_count"), **dict(key))


def test_peers_have_labels(daemon):
    peers = {labels["peer"]: number for name, labels, number in samples(daemon("metrics").stdout)
             if name == "mssclamp_peer_path_mtu_bytes"}
    assert peers == {'sa"y \\ this': 1500, "bob": 1400}


def test_few_labels(daemon):
    """One peer has a label of its own, the other is the rest; then there are none at all."""
    base = daemon.file.read_text().split("\ncontrol =")[0]
    try:
        daemon.reload(base + "\nmetrics = { max_peers = 1; };")
        found = samples(daemon("metrics").stdout)
        assert {labels["peer"] for name, labels, _ in found if name == "mssclamp_peer_mss_bytes"} == {
            next(peer["name"] for peer in sorted(daemon.json("peers")["peers"], key=lambda peer: peer["peer"])),
            "_other"}
        daemon.reload(base + "\nmetrics = { per_peer = false; };")
        assert "mssclamp_peer_" not in daemon("metrics").stdout
    finally:
        daemon.reload(base)


def test_a_reload_that_fails_is_told(daemon):
    base = daemon.file.read_text().split("\ncontrol =")[0]
    try:
        daemon.reload(base + "\nnonsense = 1;", code=6)
        assert "\nmssclamp_config_last_reload_successful 0\n" in daemon("metrics").stdout
    finally:
        daemon.reload(base)
    assert "\nmssclamp_config_last_reload_successful 1\n" in daemon("metrics").stdout


def test_file_for_node_exporter(daemon, tmp_path):
    """Whole, and without a daemon it says that there is none."""
    file = tmp_path / "mssclamp.prom"
    daemon("metrics", "-o", str(file))
    assert total(samples(file.read_text()), "mssclamp_up") == 1
    promtool("check", "metrics", text=file.read_text())
    daemon("-s", str(tmp_path / "nobody"), "metrics", "-o", str(file), code=None)
    assert total(samples(file.read_text()), "mssclamp_up") == 0
    assert [one.name for one in tmp_path.iterdir()] == ["mssclamp.prom"]
