# SPDX-License-Identifier: GPL-2.0-or-later
"""mssclampctl as scripts see it: the command line, exit codes, JSON, errors, repeating and waiting."""

import json
import os
import re
import signal
import socket
import subprocess
import time

import jsonschema
import pytest

import probe_replies
import replies
from fake_daemon import (PROGRAM, SLOW, TOP, Error, FakeDaemon, environment, read_error, read_json, run,
                         run_as_nobody, validate)

EXIT = {"Failed": 1, "InvalidArgument": 2, "NotRunning": 3, "PermissionDenied": 4, "NotFound": 5,
        "InvalidConfiguration": 6, "Unknown": 7}


@pytest.fixture
def daemon(tmp_path):
    with FakeDaemon(tmp_path / "s", dict(replies.ALL)) as fake:
        yield fake


JSON = [
    # command line, schema, exit code
    (["status"], "status", 0), (["stats"], "stats", 0), (["tunnels"], "tunnels", 0),
    (["peers"], "peers", 0), (["peers", "wg0"], "peers", 0), (["explain", "a b"], "explain", 0), (["rules"], "rules", 0), (["rules", "--diff"], "rules", 0), (["offload"], "offload", 0),
    (["rules", "--print=iptables"], "rules", 0), (["rules", "--apply"], "rules", 0),
    (["reload"], "reload", 0), (["metrics"], "metrics", 0), (["log", "info"], "log", 0), (["wait"], "wait", 0),
    (["wait", "--tunnel", "wg0"], "wait", 0), (["try", "1320", "--peer", "carol"], "try", 0),
]


@pytest.mark.parametrize("args, schema, code", JSON, ids=[" ".join(row[0]) for row in JSON])
@pytest.mark.parametrize("option", ["--json", "--json-lines"])
def test_json(daemon, args, schema, code, option):
    done = run(option, "-q", *args, socket_path=daemon.path)
    assert (done.stderr, done.returncode) == ("", code)
    read_json(done, schema)
    assert (done.stdout.count("\n") == 1) == (option == "--json-lines")


def test_json_is_the_reply(daemon):
    done = run("--json", "stats", socket_path=daemon.path)
    assert json.loads(done.stdout) == replies.stats()
    daemon.replies["GetStatus"] = replies.status(state="degraded", problems=["x"])
    done = run("--json", "status", socket_path=daemon.path)
    assert done.returncode == 1 and read_json(done, "status")["problems"] == ["x"]


@pytest.mark.parametrize("schema, value", [
    ("status", {**replies.status(), "more": 1}), ("status", replies.status(rules="fine")),
    ("stats", {**replies.stats(), "queues": [{"id": 1}]}), ("log", {**replies.LOGGED, "schema": 2}),
    ("tunnels", replies.tunnels(replies.tunnel(mss4_bytes="1380"))), ("tunnels", replies.tunnels(replies.tunnel(ifindex=0))),
    ("peers", replies.peers(replies.peer(confidence="guessed"))), ("peers", replies.peers({"peer": "x"})),
    ("peers", replies.peers(replies.peer(allowed_ips=None))), ("events", replies.event("Odd Name")),
    ("events", replies.event(time="12:44:01")), ("events", replies.event(more=1)), ("events", replies.event(old=[])), ("rules", replies.rules(None)), ("offload", replies.offload("fine")), ("offload", replies.offload(more=1)),
    ("error", {"schema": 1, "error": {"name": "org.mssclamp.Odd", "message": "x", "hint": None}})])
def test_schemas_refuse(schema, value):
    with pytest.raises(Exception, match="Failed validating"):
        validate(value, schema)


CALLS = [
    (["explain", "A", "B:443"], "Explain", {"flow": "A B:443"}),
    (["explain", "A -> B"], "Explain", {"flow": "A -> B"}),
    (["explain", "A", "->", "B"], "Explain", {"flow": "A -> B"}),
    (["explain", "--iif", "eth1", "A", "--oif=wg0", "--mark=0x1"], "Explain",
     {"flow": "A", "iif": "eth1", "oif": "wg0", "mark": "0x1"}),
    (["explain", "alice"], "Explain", {"flow": "alice"}),
    (["explain", "10.1.0.0/16", "->", "10.2.0.0/16"], "Explain", {"flow": "10.1.0.0/16 -> 10.2.0.0/16"}),
    (["peers"], "ListPeers", {}), (["peers", "ipsec:203.0.113.7"], "ListPeers", {"tunnel": "ipsec:203.0.113.7"}),
    (["rules"], "GetRules", {}), (["rules", "--diff"], "GetRules", {"diff": True}),
    (["rules", "--print", "nft"], "GetRules", {"print": "nft"}),
    (["rules", "--apply"], "ApplyRules", {}), (["reload"], "Reload", {}),
    (["log", "notice"], "SetLogLevel", {"level": "notice"}),
    (["try", "1320", "--peer", "carol"], "Try", {"peer": "carol", "mss": 1320, "for_seconds": 600}),
    (["try", "88", "--interface=wg0", "--for=90s"], "Try", {"interface": "wg0", "mss": 88, "for_seconds": 90}),
    (["try", "--for", "1d", "65495", "--peer", "a b"], "Try", {"peer": "a b", "mss": 65495, "for_seconds": 86400}),
    (["try", "off", "--interface", "wg0"], "Try", {"interface": "wg0"}),
]


@pytest.mark.parametrize("args, method, parameters", CALLS, ids=[" ".join(row[0]) for row in CALLS])
def test_call(daemon, args, method, parameters):
    assert run(*args, socket_path=daemon.path).returncode == 0
    # The screen of explain asks for the mode too.
    more = [("GetStatus", {})] if method == "Explain" else []
    assert daemon.calls == [(method, parameters), *more]


@pytest.mark.parametrize("args", (["stats"], ["explain", "A"]), ids=" ".join)
def test_the_mode_is_for_screens(daemon, args):
    assert run("--json", *args, socket_path=daemon.path).returncode == 0
    assert len(daemon.calls) == 1
    daemon.replies["GetStatus"] = replies.status(mode="audit")
    assert run(*args, socket_path=daemon.path).stdout.count("Audit mode") == 1
    daemon.replies["GetStatus"] = Error("PermissionDenied", "no")
    done = run(*args, socket_path=daemon.path)
    assert (done.returncode, done.stderr, "Audit" in done.stdout) == (0, "", False)


def test_socket_choice(daemon, tmp_path):
    here, nowhere = {"MSSCLAMP_SOCKET": daemon.path}, {"MSSCLAMP_SOCKET": str(tmp_path / "none")}
    assert run("status", env=here).returncode == 0
    assert run("status", env=nowhere).returncode == 3
    for args in (["-s", daemon.path, "status"], ["status", f"--socket={daemon.path}"],
                 ["status", "-s" + daemon.path]):
        assert run(*args, env=nowhere).returncode == 0


USAGE = [
    # command line, what the message holds
    ([], "no command given"),
    (["stauts"], "unknown command 'stauts', did you mean 'status'?"),
    (["xyzzy", "--max", "3"], "unknown command 'xyzzy'"),
    (["status", "--jsn"], "unknown option --jsn, did you mean --json?"),
    (["status", "now"], "'now' is one word too many"),
    (["explain"], "something is missing: FLOW"),
    (["explain", "a", "b", "c", "d"], "'d' is one word too many"),
    (["explain", "x" * 300], "longer than"),
    (["explain", "a", "--iif"], "--iif needs a value"),
    (["peers", "wg0", "wg1"], "'wg1' is one word too many"),
    (["events", "wg0"], "'wg0' is one word too many"),
    (["events", "--every", "1"], "--every does not go with it"),
    (["log"], "something is missing: LEVEL"),
    (["log", "debgu"], "unknown level 'debgu', did you mean 'debug'?"),
    (["rules", "--print", "pf"], "must be nft or iptables"),
    (["rules", "--apply", "--remove"], "exclude each other"),
    (["rules", "--apply", "--every", "1"], "--every"),
    (["reload", "--every", "1"], "--every does not go with it"),
    (["wait", "--for", "soon"], "--for soon: must be seconds"),
    (["status", "--timeout", "0"], "--timeout 0: must be seconds"),
    (["status", "--color", "red"], "must be auto, always or never"),
    (["status", "--timeout", "0x1.5"], "--timeout 0x1.5: must be seconds"),
    (["probe"], "something is missing: PEER|ADDR"),
    (["probe", "a", "b"], "'b' is one word too many"),
    (["probe", "a", "--max", "67"], "--max 67: must be bytes, 68 to 65535"),
    (["probe", "a", "--max", "65536"], "--max 65536: must be"),
    (["probe", "a", "--max", "15x"], "--max 15x: must be"),
    (["probe", "a", "--tries", "0"], "--tries 0: must be 1 to 20"),
    (["probe", "a", "--tries=21"], "--tries 21: must be"),
    (["probe", "a", "--every", "1"], "--every does not go with it"),
    (["try", "1320"], "--interface IF or --peer P is missing"),
    (["try", "1320", "--peer", "a", "--interface", "b"], "exclude each other"),
    (["try", "--peer", "a"], "something is missing: MSS|off"),
    (["try", "87", "--peer", "a"], "87: must be off, or 88 to 65495 bytes"),
    (["try", "65496", "--peer", "a"], "65496: must be off"),
    (["try", "none", "--peer", "a"], "none: must be off"),
    (["try", "off", "--peer", "a", "--for", "10m"], "--for does not go with it"),
    (["try", "1320", "--peer", "a", "--for", "soon"], "--for soon: must be a time"),
    (["try", "1320", "--peer", "a", "--for", "999ms"], "--for 999ms: must be a time"),
    (["try", "1320", "--peer", "a", "--for", "25h"], "--for 25h: must be a time"),
    (["help", "xyzzy"], "no command 'xyzzy'"),
    (["help", "stauts"], "no command 'stauts', did you mean 'status'?"),
]


@pytest.mark.parametrize("args, hint", (
    (["rules", "--print"], "Write --print nft or --print iptables."),
    (["rules", "--print", "pf"], "Write --print nft or --print iptables."),
    (["status", "--color"], "Write --color auto, --color always or --color never."),
    (["capture", "--tunnel", "wg0"], "mssclampctl help capture tells more."),
    (["doctor", "--symptom"], "mssclampctl help doctor tells more."),
    (["-x", "tunnels"], "mssclampctl --help lists commands and options."),
))
def test_hint_names_the_values(args, hint):
    done = run(*args)
    assert (done.returncode, done.stderr.splitlines()[1]) == (2, "  " + hint)


@pytest.mark.parametrize("args, text", USAGE, ids=[" ".join(row[0])[:40] for row in USAGE])
def test_bad_command_line(daemon, args, text):
    done = run(*args, socket_path=daemon.path)
    what, hint = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (2, "")
    assert what.startswith("mssclampctl: ") and text in what and hint.startswith("  ")
    error = read_error(run("--json-lines", *args, socket_path=daemon.path))
    assert error["name"] == "org.mssclamp.InvalidArgument"
    assert daemon.calls == []


def test_text_that_is_no_utf8(daemon):
    for args in (["explain", b"\xff"], ["explain", "a", "--iif", b"\xff"], ["peers", b"\xff"], ["probe", b"\xff"],
                 ["try", "off", "--peer", b"\xff"], [b"\xff"]):
        assert run(*args, socket_path=daemon.path).returncode == 2
        assert read_error(run("--json", *args, socket_path=daemon.path))
    assert daemon.calls == []


ANSWERS = [(Error(name, "it cannot be: so", "do this"), name, code) for name, code in EXIT.items()
           if name != "NotRunning"] + [
    (Error("org.varlink.service.InvalidParameter", parameter="flow"), "InvalidArgument", 2),
    (Error("org.varlink.service.MethodNotFound", method="x"), "Failed", 1),
    (Error("org.example.Other"), "Failed", 1),
    ("close", "Failed", 1),
    (None, "Unknown", 7),
    (b"hello\0", "Failed", 1),
    (b"[]\0", "Failed", 1),
    (b"{\"parameters\":{\"schema\":", "Failed", 1),
    (b"{}\0", "Failed", 1),
    ({"schema": 2}, "Failed", 1),
    ({"state": "running"}, "Failed", 1),
]


@pytest.mark.parametrize("reply, name, code", ANSWERS)
def test_error(daemon, reply, name, code):
    """However long an answer takes that does come."""
    patience = f"--timeout={0.3 if reply is None else 10 * SLOW:g}"
    for method in daemon.replies:
        daemon.replies[method] = reply
    for args in (["status"], ["reload"], ["peers", "wg9"], ["explain", "a"], ["events"], ["rules", "--print", "nft"],
                 ["probe", "a"], ["try", "off", "--peer", "a"]):
        done = run(*args, patience, socket_path=daemon.path)
        assert (done.returncode, done.stdout) == (code, "")
        assert done.stderr.startswith("mssclampctl: ")
        done = run("--json", *args, patience, socket_path=daemon.path)
        error = read_error(done)
        assert (done.returncode, error["name"]) == (code, "org.mssclamp." + name)


def test_error_says_all(daemon):
    message = "2 errors, nothing changed\n/etc/a.conf:4: hook: unknown\n/etc/a.conf:9: \x1b[31mred"
    daemon.replies["Reload"] = Error("InvalidConfiguration", message, "mssclampd -t shows them")
    done = run("reload", socket_path=daemon.path)
    assert done.returncode == 6
    assert done.stderr == ("mssclampctl: 2 errors, nothing changed\n  /etc/a.conf:4: hook: unknown\n"
                           "  /etc/a.conf:9: ?[31mred\n  mssclampd -t shows them\n")
    error = read_error(run("reload", "--json", socket_path=daemon.path))
    assert (error["message"], error["hint"]) == (message, "mssclampd -t shows them")


def test_long_error_says_all(daemon):
    lines = ["the configuration is invalid"] + [f"/etc/a.conf:{i}: rules[{i}].mss: too small" for i in range(3000)]
    daemon.replies["Reload"] = Error("InvalidConfiguration", "\n".join(lines), "mend it " + "x" * 2000)
    done = run("reload", socket_path=daemon.path)
    assert done.returncode == 6
    assert done.stderr.splitlines() == ["mssclampctl: " + lines[0]] + ["  " + line for line in lines[1:]] + [
        "  mend it " + "x" * 2000]
    assert read_error(run("reload", "--json", socket_path=daemon.path))["message"] == "\n".join(lines)
    daemon.replies["GetStatus"] = daemon.replies["Reload"]
    done = run("wait", f"--for={SLOW:g}", socket_path=daemon.path)
    assert all(line in done.stderr for line in lines)


def test_not_running(tmp_path):
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(tmp_path / "stale"))
    stale.close()
    (tmp_path / "file").write_text("")
    for name in ("none", "stale", "file", "none/none"):
        done = run("stats", socket_path=tmp_path / name)
        assert done.returncode == 3
        assert "cannot reach mssclampd" in done.stderr and "systemctl start" in done.stderr
        error = read_error(run("--json", "stats", socket_path=tmp_path / name))
        assert error["name"] == "org.mssclamp.NotRunning"
    done = run("stats", socket_path="/" + "x" * 107)
    assert done.returncode == 2 and "107 bytes" in done.stderr


def test_not_permitted(daemon):
    os.chmod(daemon.path, 0o600)
    done = run_as_nobody("status", socket_path=daemon.path)
    assert done.returncode == 4 and "Permission denied" in done.stderr
    assert read_error(run_as_nobody("status", "--json", socket_path=daemon.path))["hint"]


def test_full_backlog(tmp_path):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "s"))
    listener.listen(0)
    waiting = socket.socket(socket.AF_UNIX)
    waiting.connect(str(tmp_path / "s"))
    done = run("status", "--timeout", "0.2", socket_path=tmp_path / "s")
    assert done.returncode == 7 and "no answer within 0.2 s" in done.stderr
    waiting.close()
    listener.close()


def test_help():
    done = run("--help")
    assert done.returncode == 0 and all(len(line) <= 80 for line in done.stdout.splitlines())
    assert run("help").stdout == run("-h").stdout == done.stdout
    names = [line.split()[0] for line in done.stdout.split("Commands:\n")[1].split("\n\n")[0].splitlines()]
    assert names == ("status stats top tunnels peers explain events probe capture try rules offload metrics reload log wait doctor calc "
                     "pcap tune rewrite help"
                     .split())
    for name in names:
        page = run("help", name)
        assert page.returncode == 0 and page.stdout.startswith(f"Usage: mssclampctl {name}")
        assert run(name, "--help").stdout == page.stdout == run("-h", name).stdout
        assert all(len(line) <= 80 for line in page.stdout.splitlines())
    version = run("-V")
    assert version.returncode == 0 and version.stdout.split()[0] == "mssclampctl"
    told = read_json(run("-V", "--json"), "version")
    assert f"mssclampctl {told['version']}\n" == version.stdout


def test_rules_without_daemon(tmp_path):
    for form, backend, text in (("nft", "nftables", "inet mssclamp"), ("iptables", "iptables", "MSSCLAMP")):
        done = run("rules", "--print", form, socket_path=tmp_path / "none")
        assert done.returncode == 0 and text in done.stdout and "5000" in done.stdout
        assert "warning: cannot reach mssclampd" in done.stderr
        value = read_json(run("--json", "-q", "rules", "--print", form, socket_path=tmp_path / "none"),
                          "rules")
        assert (value["text"], value["backend"], value["state"]) == (done.stdout, backend, None)
    for args in (["rules"], ["rules", "--diff"], ["rules", "--apply"]):
        assert run(*args, socket_path=tmp_path / "none").returncode == 3


def test_rules_that_could_not_be_printed(daemon):
    daemon.replies["GetRules"] = replies.rules(text=None)
    done = run("rules", "--print", "nft", socket_path=daemon.path)
    assert (done.returncode, done.stdout) == (1, "") and "could not write them as nft" in done.stderr
    assert read_error(run("rules", "--print=nft", "--json", socket_path=daemon.path))["hint"]


def test_rules_remove(daemon, tmp_path):
    refused = run("rules", "--remove", socket_path=daemon.path)
    assert refused.returncode == 1 and f"somebody listens on {daemon.path}" in refused.stderr
    assert "systemctl stop mssclampd.socket mssclampd" in refused.stderr and daemon.calls == []
    unclear = run("rules", "--remove", socket_path="/" + "x" * 200)
    assert unclear.returncode == 2 and "the path is too long" in unclear.stderr
    assert "107 bytes" in unclear.stderr
    denied = run_as_nobody("rules", "--remove", socket_path=tmp_path / "none")
    assert denied.returncode == 4 and "CAP_NET_ADMIN" in denied.stderr
    # In a network of its own, where nothing is: that is no error.
    for args, out in (([], "Removed: no rule of ours is left.\n"), (["-q"], "")):
        done = subprocess.run(["unshare", "-n", PROGRAM, "-s", tmp_path / "none", "rules", "--remove", *args],
                              capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stdout, done.stderr) == (0, out, "")
    done = subprocess.run(["unshare", "-n", PROGRAM, "-s", tmp_path / "none", "--json", "rules", "--remove"],
                          capture_output=True, text=True, timeout=60)
    assert read_json(done, "rules") == {"schema": 1, "removed": True}


def repeat(daemon, *args, turns):
    """Runs a repeated command until it printed for `turns` calls, then interrupts it."""
    process = subprocess.Popen([PROGRAM, "-s", daemon.path, "--every", "0.05", *args], encoding="utf-8",
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
    until = time.monotonic() + 30
    while len(daemon.calls) <= turns and time.monotonic() < until and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    return process.returncode, out, err


def test_every(daemon):
    code, out, err = repeat(daemon, "--json-lines", "status", turns=3)
    assert (code, err) == (0, "") and len(out.splitlines()) >= 3
    assert all(json.loads(line) == replies.status() for line in out.splitlines())
    daemon.calls.clear()
    daemon.replies["GetStatus"] = replies.status(state="degraded")
    code, out, err = repeat(daemon, "status", turns=2)
    assert (code, err) == (0, "") and out.count("\n\nmssclampd is DEGRADED") >= 1
    daemon.calls.clear()
    daemon.replies["GetRules"] = replies.rules("missing")
    code, out, err = repeat(daemon, "rules", turns=2)
    assert (code, err) == (0, "") and out.count("MISSING") >= 2


@pytest.mark.parametrize("name, code", [("PermissionDenied", 4), ("Failed", 1)])
def test_every_ends_with_an_error(daemon, name, code):
    daemon.replies["GetStatus"] = Error(name, "no")
    assert repeat(daemon, "status", turns=3)[0] == code
    assert len(daemon.calls) == 1


def test_rates(daemon):
    daemon.replies["GetStats"] = lambda _: replies.stats(len(daemon.calls))
    code, out, err = repeat(daemon, "stats", turns=4)  # each asks for the mode too
    first, second = out.split("\n\n                ")[:2]
    assert (code, err) == (0, "")
    assert first.splitlines()[0].endswith("/s") and first.splitlines()[1].endswith(" -")
    assert float(second.splitlines()[1].split()[-1]) > 853541  # as many in under a second


def test_interrupted_in_a_call(daemon):
    daemon.replies["GetStatus"] = None
    assert repeat(daemon, "status", turns=0)[0] == 0


def test_output_that_does_not_arrive(daemon):
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = run("stats", socket_path=daemon.path, stdout=full)
    assert done.returncode == 1 and "cannot write the output: No space left" in done.stderr
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = run("--every", "0.1", "stats", socket_path=daemon.path, stdout=full)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    reader, writer = os.pipe()
    os.close(reader)
    done = run("--json", "stats", socket_path=daemon.path, stdout=writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


WAITS = [
    # name, replies, options, exit code, what the message holds
    ("rules missing", {"GetStatus": replies.status(rules="missing", state="degraded")}, [], 1,
     "the rules are missing"),
    ("queues unbound", {"GetStatus": replies.status(queues="unbound", state="degraded")}, [], 1,
     "the queues are unbound"),
    ("degraded", {"GetStatus": replies.status(state="degraded", problems=["no luck"])}, [], 1,
     "mssclampd is degraded: no luck"),
    ("rules left to others", {"GetStatus": replies.status(rules="none")}, [], 0, ""),
    ("no such tunnel", {}, ["--tunnel", "wg9"], 5, "there is no tunnel wg9"),
    ("tunnel without MSS", {"ListTunnels": replies.tunnels(
        replies.tunnel(mss4_bytes=None, mss6_bytes=None))}, ["--tunnel=wg0"], 1, "tunnel wg0 has no MSS"),
    ("tunnel that is looked at", {"ListTunnels": replies.tunnels(replies.tunnel(settled=False))},
     ["--tunnel=wg0"], 1, "still looking at tunnel wg0"),
    ("tunnel without interface", {"ListTunnels": replies.tunnels(replies.ipsec_tunnel())},
     ["--tunnel", "ipsec:203.0.113.7"], 0, ""),
    ("tunnel with one MSS", {"ListTunnels": replies.tunnels(replies.tunnel(mss6_bytes=None))},
     ["--tunnel=wg0"], 0, ""),
    ("no answer", {"GetStatus": None}, [], 7, "no answer within"),
    ("answers, then hangs up", {"ListTunnels": "close"}, ["--tunnel=wg0"], 1, "closed the connection"),
]


@pytest.mark.parametrize("changed, options, code, text", [row[1:] for row in WAITS],
                         ids=[row[0] for row in WAITS])
def test_wait(daemon, changed, options, code, text):
    daemon.replies.update(changed)
    start = time.monotonic()
    done = run("wait", "--for", f"{0.7 * SLOW:g}", *options, socket_path=daemon.path)
    assert (done.returncode, done.stdout) == (code, "")
    assert text in done.stderr and bool(done.stderr) == bool(code)
    assert time.monotonic() - start < 5 * SLOW
    assert len(daemon.calls) > 1 or code in (0, 7)


@pytest.mark.parametrize("reply", [None, "close"], ids=["silent", "hangs up"])
def test_a_file_of_metrics_tells_of_a_daemon_that_does_not_answer(daemon, tmp_path, reply):
    """And the unit that writes it does not fail by that."""
    daemon.replies["GetMetrics"] = reply
    file = tmp_path / "mssclamp.prom"
    unit = (TOP / "systemd" / "mssclamp-metrics.service").read_text(encoding="utf-8")
    good = re.search("^SuccessExitStatus=(.*)$", unit, re.MULTILINE)[1].split()
    done = run("--timeout", "0.3", "metrics", "-o", str(file), socket_path=daemon.path)
    assert done.returncode == 7 and "7" in good and "3" in good
    assert "mssclamp_up 0" in file.read_text(encoding="utf-8").splitlines()


def test_wait_for_a_daemon_that_comes_later(tmp_path):
    done = run("wait", "--for=0.3", socket_path=tmp_path / "s")
    assert done.returncode == 3 and "cannot reach mssclampd" in done.stderr
    process = subprocess.Popen([PROGRAM, "-s", tmp_path / "s", "--json", "wait"], stdout=subprocess.PIPE)
    time.sleep(2)
    states = [replies.status(queues="unbound", state="degraded")] * 2
    answer = lambda _: states.pop() if states else replies.status()  # noqa: E731
    with FakeDaemon(tmp_path / "s", {"GetStatus": answer}) as fake:
        value = json.loads(process.communicate(timeout=30)[0])
        assert process.returncode == 0 and len(fake.calls) == 3
    validate(value, "wait")
    assert 1 < value["waited_seconds"] < 20  # for the daemon, and two answers that were not good enough


def test_large_reply(daemon):
    rows = [replies.tunnel(f"wg{i}", warnings=["x" * 100]) for i in range(20000)]
    daemon.replies["ListTunnels"] = replies.tunnels(*rows)
    done = run("--json", "tunnels", socket_path=daemon.path)
    assert done.returncode == 0 and json.loads(done.stdout) == replies.tunnels(*rows)


NULLS = [
    # the IDL's words, the schema, a row, the reply with that row
    ("type Tunnel (", "tunnels", replies.tunnel(), replies.tunnels),
    ("type Peer (", "peers", replies.peer(), replies.peers),
    ("method Subscribe() -> (", "events", replies.event(), dict),
    ("method Probe(target: string, max: ?int, tries: ?int) -> (", "probe", probe_replies.RUNNING, dict),
    ("type ProbeSize (", "probe", probe_replies.size("outside", 1500),
     lambda row: probe_replies.probe(sizes=[row])),
    ("type ProbeHop (", "probe", probe_replies.hop(1, "10.0.0.1"), lambda row: probe_replies.probe(hops=[row])),
    ("method Try(mss: ?int, interface: ?string, peer: ?string, for_seconds: ?float) -> (", "try",
     probe_replies.trial(), dict),
]


@pytest.mark.parametrize("words, schema, row, reply", NULLS, ids=[row[0].rstrip(" (") for row in NULLS])
def test_null_is_allowed_where_the_schema_says(words, schema, row, reply):
    """Each field on its own, in schema and description alike: text of a row is never null."""
    text = (TOP / "src/proto/org.mssclamp.varlink").read_text()
    fields = dict(re.findall(r"^  (\w+): (.+?),?$", text.split(words)[1].split("\n)")[0], re.MULTILINE))
    assert list(fields) == list(row)
    for name, kind in fields.items():
        try:
            validate(reply({**row, name: None}), schema)
        except jsonschema.ValidationError:
            assert not kind.startswith("?"), name
        else:
            assert kind.startswith("?"), name


def start_events(daemon, *args):
    process = subprocess.Popen([PROGRAM, "-s", daemon.path, *args], encoding="utf-8", stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=environment(TZ="UTC"))
    return process


@pytest.mark.parametrize("option", ["--json", "--json-lines"])
def test_events(daemon, option):
    """A line each as it happens, until SIGINT; longer than the time-out of an answer."""
    daemon.replies["Subscribe"] = [replies.SUBSCRIBED]
    process = start_events(daemon, option, "events", "--timeout", f"{SLOW:g}")
    assert json.loads(process.stdout.readline()) == replies.SUBSCRIBED
    time.sleep(1.2 * SLOW)
    for event in (replies.ROAMED, replies.REPAIRED):
        daemon.send(event)
        told = json.loads(process.stdout.readline())
        assert told == event
        validate(told, "events")
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30) == ("", "") and process.returncode == 0
    assert daemon.calls == [("Subscribe", {})]


def test_events_end_with_the_daemon(daemon):
    daemon.replies["Subscribe"] = [replies.SUBSCRIBED, "close"]
    done = run("events", "--json", socket_path=daemon.path)
    first, last = (json.loads(line) for line in done.stdout.splitlines())
    assert (done.returncode, done.stderr, first) == (3, "", replies.SUBSCRIBED)
    assert last["error"]["name"] == "org.mssclamp.NotRunning" and last["error"]["hint"]
    validate(last, "error")


def test_events_that_end(daemon):
    """By an error in the middle, by a last reply, without any."""
    daemon.replies["Subscribe"] = [replies.SUBSCRIBED, Error("Failed", "no more of them", "rest")]
    done = run("events", socket_path=daemon.path)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "mssclampctl: no more of them\n  rest\n")
    daemon.replies["Subscribe"] = replies.REPAIRED
    done = run("events", socket_path=daemon.path)
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.count("\n") == 1
    daemon.replies["Subscribe"] = [b""]
    done = run("events", "--timeout", "0.2", socket_path=daemon.path)
    assert done.returncode == 7 and "no answer within 0.2 s" in done.stderr
    done = run("events", socket_path=daemon.path + "x")
    assert done.returncode == 3 and "cannot reach mssclampd" in done.stderr


def test_events_that_nobody_reads(daemon):
    """The end of the pipe is seen at once, not with the next event."""
    daemon.replies["Subscribe"] = [replies.SUBSCRIBED]
    process = start_events(daemon, "events", "--json")
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(30) == 1
    assert process.stderr.read() == ""
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = run("events", "--json", socket_path=daemon.path, stdout=full)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert "cannot write the output: No space left" in done.stderr


def test_unknown_tunnel(daemon):
    daemon.replies["ListPeers"] = Error("NotFound", "there is no tunnel wg9", "mssclampctl tunnels lists them")
    done = run("peers", "wg9", socket_path=daemon.path)
    assert (done.returncode, done.stdout) == (5, "")
    assert done.stderr == "mssclampctl: there is no tunnel wg9\n  mssclampctl tunnels lists them\n"


@pytest.mark.parametrize("args, shown", (
    (("--last", "2"), ["e3", "e4"]), (("-n", "100"), [f"e{i}" for i in range(5)]),
    (("--last=2", "--tunnel", "wg0"), ["e2", "e4"]), (("-n1", "--tunnel", "wg9"), []),
))
def test_events_that_were(daemon, args, shown):
    done = run("events", *args, socket_path=daemon.path)
    assert done.returncode == 0 and [line.split()[-1] for line in done.stdout.splitlines()] == shown
    assert ("remembers no such change" in done.stderr) == (not shown)
    lines = [json.loads(line) for line in run("events", "--json", *args, socket_path=daemon.path).stdout.splitlines()]
    for line in lines:
        validate(line, "events")
    assert [line["message"] for line in lines] == shown
    assert daemon.calls[0] == ("ListEvents", {})


def test_events_of_one_tunnel(daemon):
    daemon.replies["Subscribe"] = [replies.SUBSCRIBED, replies.event(message="no", tunnel="wg1"),
                                   replies.event(message="yes", tunnel="wg0"), "close"]
    out = run("events", "--tunnel", "wg0", socket_path=daemon.path).stdout
    assert "yes" in out and "no" not in out
    assert run("events", "--last", "0", socket_path=daemon.path).returncode == 2


def test_stats_of_one_tunnel(daemon):
    tunnels = json.loads(run("--json", "stats", "--tunnel", "wg0", socket_path=daemon.path).stdout)["tunnels"]
    assert [tunnel["name"] for tunnel in tunnels] == ["wg0"]
    done = run("stats", "--tunnel", "wg9", socket_path=daemon.path)
    assert (done.returncode, done.stdout) == (5, "")
    assert "there is no tunnel wg9" in done.stderr
