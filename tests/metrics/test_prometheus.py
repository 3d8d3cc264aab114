# SPDX-License-Identifier: GPL-2.0-or-later
"""A real Prometheus scrapes the exporter, and answers every query of the dashboard and of the rules."""

import json
import re
import urllib.parse

import pytest
from conftest import TOP, Exporter, get
from netns import SLOW, until

DASHBOARD = TOP / "share/grafana/mssclamp.json"
RULES = TOP / "share/prometheus/mssclamp.rules.yml"
WHERE = ("127.0.0.1", 9090)
PATIENCE = 60  # a scrape may come late, or too late for Prometheus
# Of a tunnel: a scrape is a SYN over lo itself.
SEEN = 'sum(mssclamp_syn_packets_total{tunnel="vx0"})'
CONFIG = """
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
rule_files: ["{rules}"]
scrape_configs:
  - job_name: mssclamp
    static_configs: [targets: ["{host}:{port}"]]
"""
# What the variables of the dashboard stand for here.
VARIABLES = {"$__rate_interval": "1m", "$instance": ".*", "$tunnel": ".*"}


def queries():
    """Every expression of every panel, with the title of its panel."""
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            expression = target["expr"]
            for name, value in VARIABLES.items():
                expression = expression.replace(name, value)
            yield panel["title"], expression


QUERIES = list(queries())


class Prometheus:
    def __init__(self, namespace, folder):
        host, port = Exporter.WHERE
        config = folder / "prometheus.yml"
        config.write_text(CONFIG.format(rules=RULES, host=host, port=port), encoding="utf-8")
        self.namespace, self.log = namespace, folder / "log"
        with open(self.log, "wb") as log:
            self.process = namespace.popen(
                ["setpriv", "--pdeathsig", "KILL", "prometheus", f"--config.file={config}",
                 f"--storage.tsdb.path={folder / 'data'}", "--storage.tsdb.retention.time=1h",
                 f"--web.listen-address={WHERE[0]}:{WHERE[1]}", "--log.level=warn"],
                stdout=log, stderr=log)

    def ask(self, what, **parameters):
        """The data of an answer of its API, or None where it does not answer yet."""
        try:
            status, _, text = get(self.namespace, WHERE, f"/api/v1/{what}?{urllib.parse.urlencode(parameters)}")
        except OSError:
            assert self.process.poll() is None, self.log.read_text()
            return None
        answer = json.loads(text) if status in (200, 400, 422) else {"status": "none"}
        assert answer["status"] != "error", answer
        return answer.get("data")

    def query(self, expression):
        data = self.ask("query", query=expression)
        return data["result"] if data else []

    def number(self, expression):
        """The first number of an answer; None where there is none, as behind a scrape that took too long."""
        result = self.query(expression)
        return float(result[0]["value"][1]) if result else None

    def close(self):
        self.process.terminate()
        self.process.wait(30 * SLOW)


@pytest.fixture(scope="module")
def prometheus(path, exporter, syns, tmp_path_factory):
    """It has seen SYNs come over several scrapes."""
    prometheus = Prometheus(path.gateway, tmp_path_factory.mktemp("prometheus"))
    try:
        until(lambda: prometheus.query("mssclamp_up == 1"), "it has scraped the exporter", PATIENCE)
        for _ in range(3):
            before = prometheus.number(SEEN) or 0
            syns(5)
            until(lambda before=before: (prometheus.number(SEEN) or 0) > before, "the SYNs are scraped", PATIENCE)
        yield prometheus
    finally:
        prometheus.close()
        assert exporter.process.poll() is None


@pytest.mark.parametrize("title, expression", QUERIES, ids=[f"{title}-{i}" for i, (title, _) in enumerate(QUERIES)])
def test_every_panel_has_data(prometheus, title, expression):
    def numbers():
        result = prometheus.query(expression)
        return result if any(row["value"][1] != "NaN" for row in result) else None
    until(numbers, f"{title}: {expression} has data", PATIENCE)


def test_variables_of_the_dashboard_have_values(prometheus):
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    expected = {"instance": {"127.0.0.1:9863"}, "tunnel": {"_none", "tun7", "vx0"}}
    asked = {variable["name"]: re.match(r"label_values\((.*), (\w+)\)$", variable["query"]["query"]).groups()
             for variable in dashboard["templating"]["list"] if variable["type"] == "query"}
    assert set(asked) == set(expected)
    for name, (metric, label) in asked.items():
        until(lambda metric=metric, label=label, name=name: {
            row["metric"].get(label) for row in prometheus.query(metric.replace("$instance", ".*"))
        } == expected[name], f"{name} has {expected[name]}", PATIENCE)


def test_panels_are_all_different_and_bytes_are_not_rounded():
    """Grafana's own unit "bytes" writes an MSS of 1380 as 1.35 KiB."""
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    for what in ([panel["title"] for panel in panels], [panel["id"] for panel in panels],
                 [expression for _, expression in QUERIES]):
        assert len(what) == len(set(what))
    for panel in panels:
        in_bytes = any(re.search(r"_bytes\b", target["expr"]) or "_bytes_" in target["expr"]
                       for target in panel["targets"])
        assert (panel["fieldConfig"]["defaults"]["unit"] == "suffix: B") == in_bytes, panel["title"]


def test_rules_are_evaluated_without_an_error(prometheus):
    def evaluated():
        groups = (prometheus.ask("rules") or {"groups": []})["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        return rules if rules and all(rule["health"] != "unknown" for rule in rules) else None
    rules = until(evaluated, "each rule is evaluated", PATIENCE)
    assert [(rule["name"], rule.get("lastError")) for rule in rules if rule["health"] != "ok"] == []
    fires = {rule["name"] for rule in rules if rule.get("state") == "firing"}
    assert fires <= {"MssclampRulesFight"}, "nothing is wrong here"


def test_what_is_scraped_is_what_the_daemon_says(prometheus, daemon):
    (seen,) = [row["seen_total"] for row in daemon.stats()["tunnels"] if row["name"] == "vx0"]
    until(lambda: prometheus.number(SEEN) == seen, f"{seen} SYNs", PATIENCE)
    until(lambda: prometheus.number('mssclamp_peer_path_mtu_bytes{tunnel="tun7",peer="sa\\"y \\\\ this"}') == 1500,
          "the peer with a name of quotes", PATIENCE)


def test_dashboard_names_only_what_there_is(daemon):
    """Each metric that a panel or a rule asks for is one of ours, or Prometheus' own."""
    ours = set(re.findall(r"^# TYPE (\w+) ", daemon("metrics").stdout, re.MULTILINE))
    text = " ".join(expression for _, expression in QUERIES) + re.sub(r"(?m)^ *(#|record|summary|description).*$", "",
                                                                      RULES.read_text(encoding="utf-8"))
    named = {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"\bmssclamp_\w+", text)}
    # In mode offload alone.
    assert named <= ours | {"mssclamp_offload_packets_total"}
