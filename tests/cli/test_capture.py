# SPDX-License-Identifier: GPL-2.0-or-later
"""capture against a stand-in: what it asks for, its screens, its JSON, its files and their errors."""

import fcntl
import json
import os
import pty
import signal
import subprocess
import termios
import time

import pytest

from fake_daemon import PROGRAM, SLOW, Error, FakeDaemon, Last, environment, read_error, run, validate

SYN = {
    "time": "2026-11-26T12:44:01.201000007Z", "kind": "syn", "family": "ipv4", "source": "192.168.1.10",
    "source_port": 50112, "destination": "10.8.0.7", "destination_port": 443, "in_interface": "eth1",
    "out_interface": "wg0", "mark": 0, "tunnel": "wg0", "peer": "yAnz5TF+lXXJte14tji3zlMNq+hd2rYUIgJBgB3fBmk=",
    "name": "alice", "mss_before_bytes": 1460, "mss_after_bytes": 1368, "limit_bytes": 1368, "reason": "clamped",
    "decided_by": "peer alice of wg0", "audit": False, "took_seconds": 1.1e-05, "before": None, "after": None,
}
ANSWER = {**SYN, "kind": "syn_ack", "source": "2001:db8::7", "source_port": 443, "destination": "2001:db8:1::10",
          "destination_port": 50112, "family": "ipv6", "in_interface": "wg0", "out_interface": "eth1",
          "mss_before_bytes": 1300, "mss_after_bytes": 1300, "reason": "already_small"}
STRANGER = {**SYN, "kind": None, "tunnel": None, "peer": None, "name": None, "source_port": None,
            "destination_port": None, "out_interface": None, "mss_before_bytes": None, "mss_after_bytes": None,
            "limit_bytes": None, "reason": "fragment", "decided_by": None}


def told(*syns, unseen=0, offloaded=None):
    return {"schema": 1, "finished": False, "syns": list(syns), "matched_total": len(syns), "unseen_total": unseen,
            "ended_by": None, "offloaded_total": offloaded}


def end(total, why="count", **more):
    return Last({**told(**more), "finished": True, "matched_total": total, "ended_by": why})


@pytest.fixture
def daemon(tmp_path):
    replies = {"Capture": [told(), told(SYN, ANSWER), told(STRANGER), end(3)]}
    with FakeDaemon(tmp_path / "s", replies) as fake:
        yield fake


def capture(daemon, *args, **more):
    more.setdefault("env", {"COLUMNS": "80", "TZ": "UTC"})
    return run("capture", *args, socket_path=daemon.path, **more)


SCREEN_80 = """\
12:44:01.201 wg0/alice SYN 192.168.1.10:50112 > 10.8.0.7:443
    mss 1460 -> 1368, peer alice of wg0, 11 us
12:44:01.201 wg0/alice SYN-ACK [2001:db8::7]:443 > [2001:db8:1::10]:50112
    mss 1300 stays, limit 1368: peer alice of wg0, 11 us
12:44:01.201 eth1>- packet 192.168.1.10 > 10.8.0.7  left alone: fragment, 11 us
"""
SCREEN_140 = """\
12:44:01.201 wg0/alice SYN 192.168.1.10:50112 > 10.8.0.7:443  mss 1460 -> 1368, peer alice of wg0, 11 us
12:44:01.201 wg0/alice SYN-ACK [2001:db8::7]:443 > [2001:db8:1::10]:50112  mss 1300 stays, limit 1368: peer alice of wg0, 11 us
12:44:01.201 eth1>- packet 192.168.1.10 > 10.8.0.7  left alone: fragment, 11 us
"""


@pytest.mark.parametrize("columns, screen", ((80, SCREEN_80), (140, SCREEN_140)))
@pytest.mark.parametrize("locale", ("C", "C.UTF-8"))
def test_screen(daemon, columns, screen, locale):
    done = capture(daemon, env={"COLUMNS": str(columns), "TZ": "UTC", "LC_ALL": locale})
    assert (done.returncode, done.stdout) == (0, screen)
    assert done.stderr == ("Ends after 20 SYNs or 60 s (-n, --seconds) or with Ctrl-C.\n"
                           "3 SYNs; that many were asked for.\n")
    assert "\033" not in done.stdout


def test_narrow(daemon):
    out = capture(daemon, env={"COLUMNS": "40", "TZ": "UTC"}).stdout
    assert "mss 1300 stays, limit 1368: peer" in out
    assert all(len(line) <= 40 for line in out.splitlines() if line.startswith("    "))


@pytest.mark.parametrize("argv, asked", (
    ((), {"filter": "", "count": 20, "seconds": 60.0, "packets": False}),
    (("-n", "5"), {"filter": "", "count": 5, "seconds": 0.0, "packets": False}),
    (("--seconds", "0.5"), {"filter": "", "count": 0, "seconds": 0.5, "packets": False}),
    (("-n0", "--seconds=0"), {"filter": "", "count": 0, "seconds": 0.0, "packets": False}),
    (("-n", "7", "--seconds", "2m"), {"filter": "", "count": 7, "seconds": 120.0, "packets": False}),
    (("-w", "/dev/null"), {"filter": "", "count": 10000, "seconds": 60.0, "packets": True}),
    (("--json", "--seconds", "9"), {"filter": "", "count": 10000, "seconds": 9.0, "packets": False}),
    (("--json", "-w", "/dev/null", "--seconds", "9"), {"filter": "", "count": 0, "seconds": 9.0, "packets": True}),
    (("--json-lines", "--seconds", "9"), {"filter": "", "count": 0, "seconds": 9.0, "packets": False}),
    (("peer", "alice", "and", "port", "443"),
     {"filter": "peer alice and port 443", "count": 20, "seconds": 60.0, "packets": False}),
    (("peer", "a b", "or", "tunnel", "wg0"),
     {"filter": 'peer "a b" or tunnel wg0', "count": 20, "seconds": 60.0, "packets": False}),
    (("(host", "10.0.0.1", "or", "net", "10.0.0.0/8)"),
     {"filter": "(host 10.0.0.1 or net 10.0.0.0/8)", "count": 20, "seconds": 60.0, "packets": False}),
    (("(peer", "tun (1))", "or", "(tunnel", "wg0)", "or", "peer", "host", "or", "not", "(", "port", "1", ")"),
     {"filter": '(peer "tun (1)") or (tunnel wg0) or peer host or not ( port 1 )', "count": 20, "seconds": 60.0,
      "packets": False}),
    (("(port 1 or port 2) and tunnel wg0",),
     {"filter": "(port 1 or port 2) and tunnel wg0", "count": 20, "seconds": 60.0, "packets": False}),
))
def test_what_it_asks_for(daemon, argv, asked):
    assert capture(daemon, *argv).returncode == 0
    assert daemon.calls == [("Capture", asked)]


@pytest.mark.parametrize("argv, text", (
    (("-n", "x"), "capture: -n x: must be a number of SYNs"),
    (("-n", "-1"), "capture: -n -1: must be a number of SYNs"),
    (("--seconds", "soon"), "capture: --seconds soon: must be seconds"),
    (("-w", ""), "capture: -w: the name is empty"),
    (("--json", "-n", "0"), "--json is one object"),
    (("--json", "-n", "10001"), "of 10000 SYNs at most"),
    (("port", "\udcff"), "the filter is no UTF-8 text"),
))
def test_wrong_command_lines(daemon, argv, text):
    done = capture(daemon, *argv)
    assert done.returncode == 2 and daemon.calls == []
    assert text in (done.stdout if "--json" in argv else done.stderr)


def test_json(daemon, tmp_path):
    for argv, file in (([], None), (["-w", str(tmp_path / "f")], str(tmp_path / "f"))):
        value = json.loads(capture(daemon, "--json", *argv).stdout)
        validate(value, "capture")
        assert value["syns"] == [SYN, ANSWER, STRANGER]
        assert (value["matched_total"], value["ended_by"], value["file"]) == (3, "count", file)


def test_json_of_a_large_file(daemon, tmp_path):
    """The file has all of them, the object the first 10,000."""
    daemon.replies["Capture"] = [told(), *[told(*[SYN] * 1000)] * 12, end(12000)]
    value = json.loads(capture(daemon, "--json", "-n", "12000", "-w", str(tmp_path / "f")).stdout)
    assert len(value["syns"]) == 10000


def test_json_lines(daemon):
    lines = [json.loads(line) for line in capture(daemon, "--json-lines").stdout.splitlines()]
    for line in lines:
        validate(line, "capture")
    assert [line.get("reason") for line in lines] == ["clamped", "already_small", "fragment", None]


def test_what_was_not_seen(daemon):
    daemon.replies["Capture"] = [told(offloaded=10), end(0, "time", unseen=1234, offloaded=17)]
    done = capture(daemon)
    assert "warning: mode offload: the kernel clamps most SYNs itself" in done.stderr
    assert "warning: 1,234 SYNs came faster than they could be told" in done.stderr
    assert "small enough, which are not among these: 7\n" in done.stderr
    assert done.stderr.endswith("0 SYNs; the time is over.\n")
    value = json.loads(capture(daemon, "--json").stdout)
    assert (value["unseen_total"], value["offloaded_total"]) == (1234, 7)
    assert capture(daemon, "-q").stderr == ""


def test_names_that_a_terminal_would_obey(daemon):
    daemon.replies["Capture"] = [told({**SYN, "name": "a\033[2Jb\r", "decided_by": "peer \u202e\033]0;x\a of wg0",
                                       "source": "\033[31m", "reason": "clamped"}), end(1)]
    out = capture(daemon).stdout
    assert "\033" not in out and "\r" not in out and "\a" not in out and "\u202e" not in out
    assert "wg0/a?[2Jb?" in out


def test_daemon_hangs_up(daemon, tmp_path):
    daemon.replies["Capture"] = [told(SYN), "close"]
    done = capture(daemon)
    assert done.returncode == 3 and done.stderr.endswith("1 SYN; mssclampd went away.\n")
    value = json.loads(capture(daemon, "--json").stdout)
    validate(value, "capture")
    assert (value["ended_by"], len(value["syns"])) == ("daemon", 1)


@pytest.mark.parametrize("error, code", (
    (Error("PermissionDenied", "Capture is for uid 0", "run it with sudo"), 4),
    (Error("InvalidArgument", 'filter: column 6: "x" is no port from 1 to 65535\nport x\n     ^', "help"), 2),
    (Error("NotFound", 'filter: column 6: no peer is called "x"\npeer x\n     ^', "help"), 5),
    ("close", 1),
))
def test_errors(daemon, tmp_path, error, code):
    """What was in the file before is not lost for it."""
    file = tmp_path / "syns.pcapng"
    file.write_text("precious")
    daemon.replies["Capture"] = error
    done = capture(daemon, "-w", str(file))
    assert done.returncode == code and done.stdout == "" and "SYN;" not in done.stderr
    if "column" in str(getattr(error, "parameters", "")):
        assert "\n       ^\n" in done.stderr
    assert file.read_text() == "precious"
    done = capture(daemon, "--json")
    assert done.returncode == code and read_error(done)


def test_files(daemon, tmp_path):
    packet = {"length_bytes": 44, "bytes": "45" + "00" * 43}
    daemon.replies["Capture"] = [told({**SYN, "before": packet, "after": {**packet, "bytes": "46" + "00" * 43}},
                                      {**SYN, "reason": "dropped", "before": packet},
                                      {**SYN, "reason": "no_mss", "before": packet}), end(3)]
    file = tmp_path / "syns.pcapng"
    done = capture(daemon, "-w", str(file))
    assert (done.returncode, done.stdout) == (0, "")
    written = file.read_bytes()
    piped = capture(daemon, "-w", "-", encoding=None)
    assert piped.stdout == written and b"3 SYNs" in piped.stderr
    read = subprocess.run(["tshark", "-n", "-r", str(file), "-Tfields", "-e", "frame.interface_name", "-e",
                           "frame.time_epoch", "-e", "frame.comment"], capture_output=True, text=True, check=True)
    assert read.stdout.splitlines() == [
        "before\t1795697041.201000007\tmss 1460 -> 1368, peer alice of wg0, 11 us",
        "after\t1795697041.201011007\tmss 1460 -> 1368, peer alice of wg0, 11 us",
        "before\t1795697041.201000007\tmss 1460, dropped, peer alice of wg0, 11 us",
        "before\t1795697041.201000007\tno mss, peer alice of wg0, 11 us",
        "after\t1795697041.201011007\tno mss, peer alice of wg0, 11 us"]


def test_what_tshark_calls_sent_again(daemon, tmp_path):
    """doc/capture.md: the second copy of each SYN; on the first copy it is true."""
    header, tcp = "4500002c00004000400600000a0000010a000002", "005000000001000000006002040000000000020405b4"
    packets = [header + port + tcp for port in ("c001", "c002")]
    syns = [{**SYN, "time": f"2026-11-26T12:44:{second:02}Z", "before": {"length_bytes": 44, "bytes": packet},
             "after": {"length_bytes": 44, "bytes": packet}}
            for second, packet in enumerate((packets[0], packets[1], packets[1]))]
    daemon.replies["Capture"] = [told(*syns), end(3)]
    file = str(tmp_path / "syns.pcapng")
    assert capture(daemon, "-w", file).returncode == 0

    def again(*argv):
        done = subprocess.run(["tshark", "-n", "-r", file, "-Tfields", "-e", "frame.number", "-Y",
                               "tcp.analysis.retransmission" + argv[0], *argv[1:]], capture_output=True, text=True,
                              check=True)
        return done.stdout.split()
    assert again("") == ["2", "4", "5", "6"]
    assert again(' and frame.interface_name == "before"') == ["5"]
    assert again("", "-o", "tcp.analyze_sequence_numbers:FALSE") == []


@pytest.mark.parametrize("place, text", (("no/such/folder", "No such file or directory"), (".", "Is a directory")))
def test_files_that_cannot_be(daemon, tmp_path, place, text):
    done = capture(daemon, "-w", str(tmp_path / place))
    assert done.returncode == 1 and f"cannot write {tmp_path / place}: {text}" in done.stderr


def test_full_disk(daemon):
    done = capture(daemon, "-w", "/dev/full")
    assert done.returncode == 1 and "capture: cannot write /dev/full: No space left on device" in done.stderr


def test_not_onto_a_terminal(daemon):
    ours, theirs = pty.openpty()
    done = capture(daemon, "-w", "-", stdout=theirs)
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 2 and "wireshark -k -i -" in done.stderr and daemon.calls == []


def test_reader_that_leaves(daemon):
    """Ends without a word."""
    daemon.replies["Capture"] = [told(SYN)]
    process = subprocess.Popen([PROGRAM, "-s", daemon.path, "capture", "-q"], env=environment(),
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline()
    process.stdout.close()
    assert process.wait(20) == 1 and process.stderr.read() == b""
    process.stderr.close()


@pytest.mark.parametrize("number", (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
def test_signals(daemon, number):
    daemon.replies["Capture"] = [told(SYN)]
    with subprocess.Popen([PROGRAM, "-s", daemon.path, "capture", "-q"], env=environment(),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            assert process.stdout.readline()
            process.send_signal(number)
            assert process.wait(20 * SLOW) == 0 and process.stderr.read() == b""
        finally:
            process.kill()


@pytest.mark.parametrize("number", (signal.SIGINT, signal.SIGTERM))
@pytest.mark.parametrize("argv, both", ((("-w", "-", "-n", "0"), False), (("-n", "0", "--seconds", "0"), True)))
def test_reader_that_stands_still(daemon, argv, both, number):
    """A signal ends it all the same, though nobody takes what it has written."""
    packet = {"length_bytes": 60, "bytes": "45" * 60}
    daemon.replies["Capture"] = [told(), told(*[{**SYN, "before": packet, "after": packet}] * 2000)]
    ours, theirs = os.pipe()
    full = fcntl.fcntl(ours, fcntl.F_GETPIPE_SZ)
    with subprocess.Popen([PROGRAM, "-s", daemon.path, "capture", *argv], env=environment(), stdout=theirs,
                          stderr=theirs if both else subprocess.DEVNULL) as process:
        os.close(theirs)
        try:
            held, end_at = bytearray(4), time.monotonic() + 20 * SLOW
            while int.from_bytes(held, "little") < full // 2 and time.monotonic() < end_at:
                time.sleep(0.02)
                fcntl.ioctl(ours, termios.FIONREAD, held)
            process.send_signal(number)
            assert process.wait(30 * SLOW) == -number
        finally:
            os.close(ours)
            process.kill()
