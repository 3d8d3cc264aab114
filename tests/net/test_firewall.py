# SPDX-License-Identifier: GPL-2.0-or-later
"""The rules in the kernel: made, compared, healed, left behind, removed."""

import re

import pytest
from netns import until

SYN = ("-p", "tcp", "-m", "tcp", "--tcp-flags", "FIN,SYN,RST", "SYN")
JUMP = ("-A", "FORWARD", *SYN, "-j", "MSSCLAMP")

FLUSHES = (
    # name                    what somebody else does
    ("the whole ruleset",     ("nft", "flush", "ruleset")),
    ("table mangle",          ("iptables-nft", "-t", "mangle", "-F")),
    ("table mangle of IPv6",  ("ip6tables-nft", "-t", "mangle", "-F")),
    ("one of our jumps",      ("iptables-nft", "-t", "mangle", "-D", *JUMP[1:])),
    ("the rules of our chain", ("iptables-nft", "-t", "mangle", "-F", "MSSCLAMP")),
    ("our chain with all else", ("sh", "-c", r"printf '*mangle\nCOMMIT\n' | iptables-nft-restore")),
    ("the table",             ("nft", "delete", "table", "ip", "mangle")),
)


@pytest.fixture
def running(start):
    """A daemon with the backend that every kernel has."""
    return start('firewall = "iptables";')


def mangle(path, program="iptables-nft"):
    """What stands in table mangle, without counters."""
    return path.gateway.run(program, "-t", "mangle", "-S").stdout.splitlines()


def test_one_jump_from_each_hook(path, running):
    for program in ("iptables-nft", "ip6tables-nft"):
        rules = mangle(path, program)
        for hook in ("FORWARD", "INPUT", "OUTPUT"):
            assert rules.count(" ".join(JUMP).replace("FORWARD", hook)) == 1
        ours = [rule for rule in rules if rule.startswith("-A MSSCLAMP ")]
        assert any("NFQUEUE" in rule and "queue-bypass" in rule for rule in ours), ours
    assert running.json("rules")["state"] == "ok"


def test_rules_count_what_passes(running, left):
    before = running.json("rules")["counters"]["forward"]
    left()
    until(lambda: running.json("rules")["counters"]["forward"] == before + 1,
          "the SYN is counted", 1)


@pytest.mark.parametrize("command", [case[1] for case in FLUSHES],
                         ids=[case[0] for case in FLUSHES])
def test_a_flush_is_repaired(path, running, left, command):
    before = running.repairs()
    path.gateway.run(*command)
    until(lambda: running.repairs() > before, "the repair", 1.5)
    assert left() == 1360
    rules = running.json("rules")
    assert rules["state"] == "ok"
    assert rules["reinstalled_total"] == before + 1
    assert mangle(path).count(" ".join(JUMP)) == 1


def test_other_rules_are_left_alone(path, running):
    """A rule of somebody else stays, and is no reason to repair anything."""
    rule = ("-t", "mangle", "-A", "FORWARD", "-p", "icmp", "-j", "ACCEPT")
    path.gateway.run("iptables-nft", *rule)
    assert running.json("rules")["state"] == "ok"
    running("rules", "--apply")
    assert "-A FORWARD -p icmp -j ACCEPT" in mangle(path)
    assert running.repairs() == 0
    path.gateway.run("iptables-nft", *(word.replace("-A", "-D") for word in rule))


@pytest.mark.parametrize("program, telling", (("iptables-nft", "iptables"), ("ip6tables-nft", "ip6tables")))
def test_a_rule_before_ours_takes_each_syn(path, running, left, program, telling):
    """Ours stand as expected and get nothing: status says so and names the rule, which stays."""
    path.gateway.run(program, "-t", "mangle", "-I", "FORWARD", "-p", "tcp", "-j", "ACCEPT")
    rule = f"{telling} -t mangle -A FORWARD -p tcp -j ACCEPT"
    until(lambda: running("status", code=None).returncode == 1, "status tells of it", 5.0)
    status = running.json("status", code=1)
    assert (status["state"], status["checks"]["rules"], status["taken_before"]) == ("degraded", "ok", [rule])
    assert [text for text in status["problems"] if rule in text and "MSS031" in text]
    assert "rules unreached SYNs are taken before them: mssclampctl doctor" in running.told("status", code=1)
    assert "mssclamp_rules_ok 0" in running("metrics").stdout
    running.says(f"takes each SYN before ours do: {rule}; ")
    if program == "iptables-nft":
        assert left() == 1460
    path.gateway.run(program, "-t", "mangle", "-D", "FORWARD", "-p", "tcp", "-j", "ACCEPT")
    until(lambda: running("status", code=None).returncode == 0, "that is over", 5.0)
    assert running.json("status")["taken_before"] == [] and left() == 1360
    assert running.repairs() == 0


def test_a_rule_before_ours_takes_some(path, running, left):
    """What else goes by nobody knows: nothing is said."""
    path.gateway.run("iptables-nft", "-t", "mangle", "-I", "FORWARD", "-i", "wan", "-j", "ACCEPT")
    assert running.json("rules", "--diff")["diff"] == [] # looks anew
    assert running.json("status")["taken_before"] == [] and left() == 1360
    path.gateway.run("iptables-nft", "-t", "mangle", "-D", "FORWARD", "-i", "wan", "-j", "ACCEPT")


def test_stop_leaves_the_rules_and_traffic_passes(running, path, left):
    running.stop()
    assert " ".join(JUMP) in mangle(path)
    assert left() == 1360, "by the kernel"


def test_stop_without_a_fallback(path, start, left):
    running = start('firewall = "iptables"; fallback = false;')
    running.stop()
    assert " ".join(JUMP) in mangle(path)
    assert left() == 1460


def test_start_twice_is_like_once(running, path, left):
    once = mangle(path)
    running.stop()
    running.start()
    running.wait_ready()
    assert mangle(path) == once
    assert left() == 1360


def test_kill_and_traffic_passes(path, start, left):
    running = start('firewall = "iptables"; fallback = false;')
    running.kill()
    assert left() == 1460
    running.start()
    running.wait_ready()
    assert left() == 1360


def test_remove_is_refused_while_a_daemon_runs(running, path):
    done = running("rules", "--remove", code=1)
    assert "running" in done.stderr
    assert " ".join(JUMP) in mangle(path)


def test_remove_takes_exactly_what_start_made(path, start):
    other = ("-t", "mangle", "-A", "POSTROUTING", "-p", "udp", "-j", "ACCEPT")
    path.gateway.run("iptables-nft", *other)
    before = {program: mangle(path, program) for program in ("iptables-nft", "ip6tables-nft")}
    running = start('firewall = "iptables";')
    running.stop()
    running("rules", "--remove")
    for program, rules in before.items():
        assert mangle(path, program) == rules
    running("rules", "--remove")  # nothing there is no error
    path.gateway.run("iptables-nft", *(word.replace("-A", "-D") for word in other))


def test_print_names_queue_and_hooks(running):
    for kind in ("nft", "iptables"):
        text = running("rules", "--print", kind).stdout
        assert "5000" in text
        assert "bypass" in text
    assert "table inet mssclamp" in running("rules", "--print", "nft").stdout


def test_printed_rules_are_rules(running, path):
    """What --print iptables says can be loaded; nft text is read by the stock kernel's suite."""
    text = running("rules", "--print", "iptables").stdout
    files = [part for part in re.split(r"(?m)^(?=# )", text) if "*mangle" in part]
    assert len(files) == 2
    for program, file in zip(("iptables-nft-restore", "ip6tables-nft-restore"), files):
        path.gateway.run(program, "--test", "--noflush", text=file)


def test_diff_of_right_rules_is_empty(running):
    assert running.json("rules", "--diff")["diff"] == []


def test_apply_is_like_the_repair(running, path, left):
    path.gateway.run("iptables-nft", "-t", "mangle", "-F", "MSSCLAMP")
    assert running.json("rules", "--apply")["state"] == "ok"
    assert left() == 1360


def test_backend_none_touches_nothing(path, start):
    before = path.gateway.run("nft", "list", "ruleset").stdout
    running = start('firewall = "none";')
    assert path.gateway.run("nft", "list", "ruleset").stdout == before
    rules = running.json("rules")
    assert (rules["backend"], rules["state"]) == ("none", "none")
