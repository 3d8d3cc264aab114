# SPDX-License-Identifier: GPL-2.0-or-later
"""`mssclampctl doctor` as a program: forms, exit codes, and what a daemon may say that it seldom says.
Other checks look at this machine, whatever it is like: they are not compared."""

import itertools
import re
import subprocess
import xml.etree.ElementTree

import pytest

import replies
from fake_daemon import SLOW, TOP, Error, FakeDaemon, Last, read_json, run, run_as_nobody, validate

RESTART = "a restart of mssclampd brings it back" # what mssclampd says then
SCALES = itertools.count(1)
REPLIES = {"GetStatus": replies.status(), "GetStats": lambda _: replies.stats(next(SCALES)),
           "GetRules": replies.rules(counters={"forward": 853102, "output": 439, "input": 7, "over_limit_total": None}),
           "ListTunnels": replies.tunnels(replies.tunnel()),
           "Capture": Error("PermissionDenied", "not you")} # then the counters tell


@pytest.fixture
def doctor(tmp_path):
    """Runs doctor against a daemon that says that."""
    def run_it(*argv, env=None, **more):
        with FakeDaemon(tmp_path / "s", {**REPLIES, **more}):
            return run("doctor", *argv, socket_path=tmp_path / "s", env=env)
    return run_it


def checks(done):
    return {one["id"]: one for one in read_json(done, "doctor")["checks"]}


SAYS = (
    # name                  what it says                                          id        result
    ("rules differ",        replies.status(rules="different"),                    "MSS002", "fail"),
    ("rules are missing",   replies.status(rules="missing"),                      "MSS002", "fail"),
    ("rules are all right", replies.status(),                                     "MSS002", "ok"),
    ("fallback is active",  replies.status(fallback="active"),                    "MSS007", "warn"),
    ("fallback stands by",  replies.status(fallback="standby"),                   "MSS007", "ok"),
    ("it warns",            replies.status(warnings=["no queue in nft"]),         "MSS009", "warn"),
    ("it is degraded",      replies.status(state="degraded", problems=["hm"]),    "MSS001", "fail"),
    ("a worker stands",     replies.status(queues="stalled"),                     "MSS006", "fail"),
    ("a queue is taken",    replies.status(queues="unbound", queues_taken=[5000]), "MSS006", "fail"),
)


@pytest.mark.parametrize("status, name, result", [case[1:] for case in SAYS], ids=[case[0] for case in SAYS])
def test_what_the_daemon_says(doctor, status, name, result):
    found = checks(doctor("--json", GetStatus=status))[name]
    assert found["result"] == result
    assert bool(found["fix"] + found["see"]) == (result != "ok")


def test_counters_that_stand_still_are_a_fault(doctor):
    """The same counters before and after the test SYN."""
    assert checks(doctor("--json"))["MSS003"]["result"] == "ok"
    assert checks(doctor("--json", GetStats=replies.stats()))["MSS003"]["result"] == "fail"


def test_what_is_watched(tmp_path):
    """One watch for both families, of our own connections alone; and a list of places where each misses."""
    begin = {"schema": 1, "finished": False, "syns": [], "matched_total": 0, "unseen_total": 0, "ended_by": None,
             "offloaded_total": None}
    syns = [{"family": "ipv4", "kind": kind, "out_interface": "lo"} for kind in ("syn", "syn_ack")]
    syns.append({"family": "ipv6", "kind": "syn", "out_interface": "lo"})
    watched = [begin, Last({**begin, "syns": syns, "finished": True, "ended_by": "time"})]
    mine = replies.rules("none", backend="none", counters=dict.fromkeys(
        ("forward", "output", "input", "over_limit_total")))
    with FakeDaemon(tmp_path / "s", {**REPLIES, "Capture": watched, "GetStatus": replies.status(rules="none"),
                                     "GetRules": mine}) as daemon:
        found = checks(run("doctor", "--json", socket_path=tmp_path / "s"))
    asked = [parameters for method, parameters in daemon.calls if method == "Capture"]
    assert len(asked) == 1 and asked[0]["seconds"] <= 5
    assert re.fullmatch(r"host 127\.0\.0\.1 and port \d+ or host ::1 and port \d+", asked[0]["filter"])
    assert found["MSS003"]["result"] == "ok" and "yours" in found["MSS003"]["detail"]
    assert found["MSS004"]["result"] == "fail" and "the SYN-ACK at no hook" in found["MSS004"]["detail"]


LINE = r"(FAIL|WARN|\?\?  |ok  )  MSS\d{3} |      |\d+ ok, |Root |$"


def test_the_page_has_each_check():
    page = re.findall(r"^### (MSS\d{3}) (.*)$", (TOP / "doc/doctor.md").read_text(), re.M)
    done = run("--json", "-s", "/nonexistent", "doctor")
    assert page == [(one["id"], one["title"]) for one in read_json(done, "doctor")["checks"]]


TWO = {"GetStatus": replies.status(warnings=["no queue in nft", "the second"], fallback="active")}


@pytest.mark.parametrize("env", ({}, {"LC_ALL": "C"}, {"NO_COLOR": "1", "TERM": "xterm"}))
def test_screen(doctor, env):
    done = doctor(env=env, **TWO)
    assert done.returncode == 1 and done.stderr == ""
    lines = done.stdout.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert done.stdout.isascii() and "\x1b" not in done.stdout
    assert all(re.match(LINE, line) for line in lines)


@pytest.mark.parametrize("check, told", (
    ("MSS001", {"state": "degraded", "problems": [f"iptables: x; {RESTART}"]}),
    ("MSS009", {"warnings": [f"clamp-facts is gone; {RESTART}"]})))
def test_what_a_restart_mends(doctor, check, told):
    """That is the command to type, and not another look at it."""
    found = checks(doctor("--json", GetStatus=replies.status(**told)))[check]
    assert RESTART in found["detail"] and found["fix"] == ["systemctl restart mssclampd"]


def test_a_state_file_of_no_use(doctor):
    """Told once, with what mends it as mssclampd knows it."""
    commands = ["chown 7:8 /var/lib/mssclamp", "systemctl restart mssclampd"]
    status = replies.status(warnings=["/var/lib/mssclamp/paths: is not kept", "another"], state_file=replies.state_file(
        False, "Permission denied", "2026-11-27T15:42:10Z", commands))
    found = checks(doctor("--json", GetStatus=status))
    assert found["MSS009"]["detail"] == "another"
    assert found["MSS029"]["result"] == "warn" and found["MSS029"]["fix"] == commands
    assert "/paths: cannot be written since 2026-11-27T15:42:10Z: Permission denied" in found["MSS029"]["detail"]


def test_a_refused_reload(doctor):
    """What shows all that is wrong is the command to type."""
    warning = "refused since 2026-11-27T15:42:10Z: a.conf:1: mode: no; all that is wrong: mssclampd -t -c '/etc/a b.conf'"
    found = checks(doctor("--json", GetStatus=replies.status(warnings=[warning])))["MSS009"]
    assert found["detail"] == warning and found["see"] == ["mssclampd -t -c '/etc/a b.conf'"]


def test_each_finding_has_its_fix(doctor):
    """On the screen, in JSON, and counted on a pager."""
    screen = doctor(**TWO).stdout
    assert "warnings of mssclampd: no queue in nft\n      also: the second\n      see: mssclampctl status\n" in screen
    found = checks(doctor("--json", **TWO))["MSS009"]
    assert found["detail"] == "no queue in nft; the second" and found["see"] == ["mssclampctl status"]
    assert [(one["detail"], one["see"]) for one in found["findings"]] == [
        ("no queue in nft", found["see"]), ("the second", found["see"])]
    more = sum(one["result"] in ("warn", "fail") for check in checks(doctor("--json", **TWO)).values()
               for one in check["findings"]) - 1
    assert f" (and {more} more findings) | ok=" in doctor("--nagios", **TWO).stdout


def test_paths_that_the_daemon_does_not_know(doctor):
    """It tells the interface's MTU then, which says nothing of what fits."""
    rows = [replies.bare_tunnel(f"tun{i}") for i in range(5)]
    found = checks(doctor("--json", ListTunnels=replies.tunnels(*rows)))["MSS012"]
    assert found["result"] == "ok" and found["detail"] == "not judged: 5 of which nobody knows the path"
    known = replies.tunnel("tun9", kind="openvpn")
    found = checks(doctor("--json", ListTunnels=replies.tunnels(known, *rows)))["MSS012"]
    assert found["result"] == "ok"
    assert found["detail"] == ("1 tunnel, none takes more than fits; by links and routes alone for 1, "
                               "where no path is measured; not judged: 5 of which nobody knows the path")


def test_long_commands_stay_whole(doctor):
    """What a shell reads of a fix that goes on behind a backslash is the fix."""
    status = replies.status(mode="audit")
    fix = checks(doctor("--json", GetStatus=status))["MSS001"]["fix"][0]
    screen = doctor(GetStatus=status).stdout
    text = screen[screen.index("fix: echo") + len("fix: "):]
    typed = re.match(r"(.*\\\n)*.*", text).group().partition(">")[0]
    assert "\\\n" in screen or len(fix) < 70
    assert subprocess.run(["sh", "-c", typed], capture_output=True, text=True, check=True).stdout == 'mode = "queue";\n'
    assert "".join(typed.split("\\\n")).split() == fix.partition(">")[0].split()


def test_symptoms(doctor):
    for name, honest in (("web", "no MSS reaches it"), ("files", "the MSS does nothing for them"),
                         ("video", "no MSS reaches them"), ("voip", "neither the MSS nor the MTU"),
                         ("ssh", "is delay, not size")):
        screen = doctor("--symptom", name).stdout
        assert f"About {name}\n" in screen and honest in " ".join(screen.split())
    found = read_json(doctor("--json", "--symptom", "voip"), "doctor")
    assert found["symptom"] == "voip" and len(found["guide"]) == 3
    assert {one["id"]: one["result"] for one in found["checks"]}["MSS043"] == "skipped"
    screen = doctor("--symptom", "voip").stdout  # what is left out is another matter than this host
    host, beside = re.search(r" (\d+) not for this host\nLeft out: (\d+) more, which do not matter for voip\n",
                             screen).groups()
    assert int(host) + int(beside) == found["summary"]["skipped"] and int(beside) > int(host)


def test_refusals(doctor):
    assert "did you mean 'voip'" in doctor("--symptom", "void").stderr
    for argv in (("--symptom", "void"), ("--nagios", "--json"), ("--html", "-", "--json")):
        assert doctor(*argv).returncode == 2
    done = doctor("--html", "/nonexistent/x.html")
    assert done.returncode == 1 and "/nonexistent/x.html" in done.stderr


def test_nagios_and_a_page_that_cannot_be_written(doctor):
    """1 would be a WARNING, and without a line."""
    done = doctor("--nagios", "--html", "/nonexistent/a|b.html")
    assert done.returncode == 3 and done.stdout == "MSSCLAMP UNKNOWN - cannot write /nonexistent/a/b.html\n"
    assert "/nonexistent/a|b.html" in done.stderr


def test_a_daemon_that_falls_silent(tmp_path):
    """Behind the first answer to Capture, which is all that it ever says."""
    begin = {"schema": 1, "finished": False, "syns": [], "matched_total": 0, "unseen_total": 0, "ended_by": None,
             "offloaded_total": None}
    with FakeDaemon(tmp_path / "s", {**REPLIES, "Capture": [begin]}):
        found = checks(run("--timeout", f"{SLOW:g}", "--json", "doctor", socket_path=tmp_path / "s"))
    assert found["MSS003"]["result"] == "ok" # by counters


def test_nagios_without_a_daemon():
    done = run("-s", "/nonexistent", "doctor", "--nagios")
    assert done.returncode == 2
    assert re.fullmatch(r"MSSCLAMP CRITICAL - MSS\d{3} [^|\n]*\| ok=\d+ warn=\d+;0 fail=\d+;;0 unknown=\d+ "
                        r"skipped=\d+( fragments[46]_per_second=[\d.]+;5;;0){2}\n", done.stdout)


def test_as_nobody():
    done = run_as_nobody("--json", "-s", "/nonexistent", "doctor")
    found = checks(done)
    assert found["MSS021"]["result"] == "unknown" and "root" in found["MSS021"]["detail"]
    assert found["MSS001"]["result"] == "fail"


HOSTILE = '<script>alert("203.0.113.7")</script>'


def test_html(doctor, tmp_path):
    """Well-formed, complete in itself, nothing of it obeyed, addresses short."""
    def page(*argv):
        status = replies.status(state="degraded", problems=[f"{HOSTILE} 2001:db8::7 \x1b[31m"])
        assert doctor("--html", str(tmp_path / "x.html"), *argv, GetStatus=status).returncode == 1
        return (tmp_path / "x.html").read_text()

    text = page()
    tree = xml.etree.ElementTree.fromstring(re.sub(r"<meta[^>]*>|<!DOCTYPE html>|&middot;", "", text))
    assert tree.findall(".//svg") and not tree.findall(".//script")
    assert not re.search(r"(src|href)=|url\(|@import|\x1b", text)
    assert "203.0.x.x" in text and "203.0.113.7" not in text and "2001:db8:x" in text
    assert len(re.findall(r'class="i">MSS\d{3}', text)) == 36
    assert "203.0.113.7" in page("--addresses")


def test_page_in_a_browser(doctor, tmp_path):
    """Without a network: nothing is fetched, nothing stands out of the page, it becomes a picture."""
    assert doctor("--html", str(tmp_path / "x.html"), **TWO).returncode == 1
    with open(tmp_path / "x.html", "a", encoding="utf-8") as page:  # of the test's own
        page.write("<script>document.title = [document.documentElement.scrollWidth,"
                   "document.querySelectorAll('svg').length].join()</script>")
    browser = ("unshare", "--net", "chromium", "--headless", "--no-sandbox", "--disable-gpu",
               f"--user-data-dir={tmp_path}/profile", "--hide-scrollbars")
    done = subprocess.run([*browser, "--window-size=700,1000", "--dump-dom", f"file://{tmp_path}/x.html"],
                          capture_output=True, text=True, timeout=240, check=True)
    width, pictures = map(int, re.search(r"<title>(\d+),(\d+)</title>", done.stdout).groups())
    assert width <= 700 and pictures == 4
    subprocess.run([*browser, "--window-size=900,1200", f"--screenshot={tmp_path}/x.png",
                    f"file://{tmp_path}/x.html"], capture_output=True, timeout=240, check=True)
    picture = (tmp_path / "x.png").read_bytes()
    assert picture.startswith(b"\x89PNG") and picture[16:24] == bytes.fromhex("00000384000004b0")
    assert len(picture) > 20000


def test_html_on_standard_output(doctor):
    done = doctor("--html", "-")
    assert done.stdout.startswith("<!DOCTYPE html>") and done.stdout.endswith("</html>\n")


@pytest.mark.parametrize("argv", (("doctor",), ("--json", "doctor"), ("doctor", "--nagios"), ("doctor", "--html", "-")),
                         ids=" ".join)
def test_a_full_device(argv):
    """Short or long, what is lost and why is told once."""
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = run("-s", "/nonexistent", *argv, stdout=full)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and done.stderr.endswith("output: No space left on device\n")


def test_schema_is_closed():
    with pytest.raises(Exception):
        validate({"schema": 1, "checks": [{"id": "MSS1"}]}, "doctor")
